"""Suppliers that no longer supply: customers don't see them, employees do, and
they come back."""
import csv
import html
import io
import json
import re

import pytest

from form_pages import SUPPLIER, add, open_form, rows, save, saved, values_of
from test_employee import SHORT_FORM
from writers import connect, insert, query

ENDED = {"ended_on": "2026-11-20", "ended_reason": "closed down"}
WHY = "Say why it no longer supplies"
LISTS = ("/suppliers", "/suppliers?q=Bean", "/suppliers/print",
         "/suppliers.csv", "/suppliers.csv?for=excel", "/suppliers.json",
         "/suppliers.vcf", "/api/v1/suppliers", "/api/v1/suppliers?q=Bean")
ONES = ("/suppliers/{}", "/suppliers/{}.vcf", "/suppliers/{}.json",
        "/api/v1/suppliers/{}")


def short_form(employee, number):
    """The form beside that of the supplier, as it was shown."""
    text = employee.get(f"/admin/supplier-update/{number}").text
    form, = SHORT_FORM.findall(text)
    assert 'action="/admin/supplier-update"' in form
    return {name: value for name, value in
            values_of(form.split(">", 1)[1]).items() if name != "notes"}


def end(employee, number, **fields):
    return employee.post("/admin/supplier-update", {
        **short_form(employee, number), **ENDED, **fields})


@pytest.fixture(name="number")
def make_number(employee):
    number, _ = add(employee, name="Bean Brothers")
    add(employee, name="Other Beans", phone="+44 20 7946 0123",
        email="other@example.com")
    return number


def test_customers_see_no_such_supplier(employee, customer, number):
    for path in LISTS:
        assert "Bean Brothers" in customer.get(path).text, path
    saved(end(employee, number))
    for path in LISTS:
        page = customer.get(path)
        assert page.status == 200 and "Other Beans" in page.text, path
        assert "Bean Brothers" not in page.text, path
    for path in ONES:
        assert customer.get(path.format(number)).status == 410, path
    assert "1 supplier" in customer.get("/").text


def test_also_where_the_daemon_starts_with_it(employee, database, start,
                                              number):
    saved(end(employee, number))
    customer = start("customer", database)
    assert "Bean Brothers" not in customer.get("/suppliers").text
    assert customer.get(f"/suppliers/{number}").status == 410


def test_employees_find_it_and_read_why(employee, number):
    saved(end(employee, number))
    for path in "/admin/suppliers", "/admin/suppliers?q=brothers":
        text = employee.get(path).text
        assert re.search("Bean Brothers <span[^>]*>no longer supplies<", text)
        assert text.count("no longer supplies<") == 1
    text = employee.get(f"/admin/supplier-update/{number}").text
    assert "No longer supplies since 2026-11-20: <bdi>closed down" in text
    history = html.unescape(employee.get("/admin/history").text)
    assert "No longer supplies since" in history and "closed down" in history
    answer = json.loads(employee.get(
        f"/admin/api/v1/suppliers/{number}").text)
    assert {name: answer[name] for name in ENDED} == ENDED


def test_back_with_one_click(employee, customer, database, number):
    before = rows(database)
    saved(end(employee, number))
    done = employee.post("/admin/supplier-update",
                         short_form(employee, number))
    saved(done)
    assert rows(database) == before
    assert "Bean Brothers" in customer.get("/suppliers").text
    assert customer.get(f"/suppliers/{number}").status == 200


def test_undo_brings_it_back_too(employee, customer, number):
    done = end(employee, number)
    page = employee.get(done.headers["Location"])
    action = re.search(r'class="done".*?action="([^"]*)"', page.text, re.S)[1]
    form = re.search(rf'action="{action}".*?</form>', page.text, re.S)[0]
    saved(employee.post(action, values_of(form)))
    assert customer.get(f"/suppliers/{number}").status == 200


def test_the_short_form_changes_nothing_else(employee, database, number):
    form = short_form(employee, number)
    saved(save(employee, open_form(employee, number), city="Meanwhile"))
    saved(employee.post("/admin/supplier-update", {**form, **ENDED}))
    row, = [row for row in rows(database) if row["id"] == str(number)]
    assert row["city"] == "Meanwhile" and row["name"] == "Bean Brothers"
    assert query(connect(database), "SELECT ended_on, ended_reason FROM"
                 f" suppliers WHERE id = {number}") == (
                     tuple(ENDED.values()),)
    saved(save(employee, open_form(employee, number), city="Later"))
    assert query(connect(database), "SELECT ended_on FROM suppliers"
                 f" WHERE id = {number}") == ((ENDED["ended_on"],),)


@pytest.mark.parametrize("fields, message", [
    ({"ended_on": "yesterday"}, "Write the date like this: 2026-11-28"),
    ({"ended_on": "2026-02-30"}, "Write the date like this: 2026-11-28"),
    ({"ended_reason": "x" * 256}, "by 1 character"),
    ({"ended_reason": ""}, WHY),
    ({"ended_reason": " "}, WHY),
])
def test_what_is_wrong_is_said(employee, customer, database, number, fields,
                               message):
    page = end(employee, number, **fields)
    assert page.status == 422 and message in html.unescape(page.text)
    typed = {**ENDED, **fields}
    shown = values_of(page.text)
    assert {name: shown[name] for name in typed} == {
        name: text.strip() for name, text in typed.items()}
    assert "Bean Brothers" in customer.get("/suppliers").text
    saved(employee.post("/admin/supplier-update", {**shown, **ENDED}))
    row, = [row for row in rows(database) if row["id"] == str(number)]
    assert row["city"] == SUPPLIER["city"]


def test_a_form_without_the_field_gets_it(employee, database, number):
    """A script's, which knows nothing of the reason."""
    before = rows(database)
    form = {name: value for name, value in short_form(employee, number).items()
            if name != "ended_reason"}
    page = employee.post("/admin/supplier-update",
                         {**form, "ended_on": ENDED["ended_on"]})
    assert page.status == 422 and 'href="#ended_reason"' in page.text
    assert re.search(r'id="ended_reason-message">.*' + WHY, page.text)
    assert rows(database) == before
    saved(employee.post("/admin/supplier-update", {
        **values_of(page.text), "ended_reason": "closed down"}))


def test_one_ended_by_sql_without_a_reason_can_be_changed(employee, database,
                                                         number):
    query(connect(database), "UPDATE suppliers SET ended_on = 'long ago'"
          f" WHERE id = {number}")
    saved(save(employee, open_form(employee, number), city="Cali"))


def test_followers_are_told(employee, customer, number):
    """Of customers' changes it is gone, of employees' it is there."""
    path = "api/v1/changes"
    since = json.loads(customer.get(f"/{path}").text)["revision"]
    saved(end(employee, number))
    for client, root, gone in ((customer, "/", True), (employee, "/admin/",
                                                       False)):
        change, = json.loads(client.get(
            f"{root}{path}?since={since}").text)["changes"]
        assert change["id"] == number and change["action"] == "update"
        assert (change["supplier"] is None) == gone


def test_the_edited_table_keeps_it(employee, number):
    """The export of employees has it, and says since when and why."""
    saved(end(employee, number))
    text = employee.get("/admin/suppliers.csv").body.decode("utf-8-sig")
    row, = [row for row in csv.DictReader(io.StringIO(text, newline=""))
            if row["name"] == "Bean Brothers"]
    assert row["ended_on"].lstrip("'") == ENDED["ended_on"]
    assert row["ended_reason"] == ENDED["ended_reason"]


def test_sql_may_end_it_without_a_reason(customer, database):
    admin = connect(database)
    number = insert(admin, name="By SQL")
    assert customer.get(f"/suppliers/{number}").status == 200
    query(admin, "UPDATE suppliers SET ended_on = 'long ago'")
    assert customer.get(f"/suppliers/{number}").status == 410
    query(admin, "UPDATE suppliers SET ended_on = ''")
    assert customer.get(f"/suppliers/{number}").status == 200
