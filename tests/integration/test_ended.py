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


def listed(employee, query_text):
    """Names on a page of the employees' list, in order."""
    page = employee.get(f"/admin/suppliers{query_text}")
    assert page.status == 200
    return [html.unescape(name) for name in re.findall(
        r'<th scope="row"[^>]*>([^<]*?) ?<', page.text)]


@pytest.fixture(name="several")
def make_several(employee, database):
    """Three that supply and three that don't."""
    admin = connect(database)
    for i in range(6):
        insert(admin, name=f"Bean {i}", city="Cali" if i < 4 else "Lima",
               ended_on=ENDED["ended_on"] if i % 2 else "",
               ended_reason="closed" if i % 2 else "")
    return employee


@pytest.mark.parametrize("query_text, found", [
    ("", [0, 1, 2, 3, 4, 5]), ("?ended=", [0, 1, 2, 3, 4, 5]),
    ("?ended=ONLY", [0, 1, 2, 3, 4, 5]),
    ("?ended=only", [1, 3, 5]), ("?ended=hide", [0, 2, 4]),
    ("?ended=only&q=bean", [1, 3, 5]), ("?ended=hide&q=bean+2", [2]),
    ("?ended=only&city=cali", [1, 3]), ("?ended=hide&city=Lima", [4]),
    ("?ended=only&sort=-name", [5, 3, 1]),
    ("?ended=only&per=2", [1, 3]), ("?ended=only&per=2&page=2", [5]),
])
def test_employees_filter_by_it(several, query_text, found):
    assert listed(several, query_text) == [f"Bean {i}" for i in found]


def test_the_filter_stays_with_the_list(several):
    text = several.get("/admin/suppliers?ended=only&per=2&q=bean").text
    links = html.unescape(" ".join(re.findall('href="([^"]*)"', text)))
    for path in ("/admin/suppliers?q=bean&ended=only&page=2&per=2",
                 "/admin/suppliers?q=bean&ended=only&sort=city&per=2",
                 "/admin/suppliers.csv?q=bean&ended=only&per=2"):
        assert f"{path} " in links, path
    assert re.search(r"/admin/supplier-update/\d+\?q=bean&ended=only", links)
    assert "/suppliers/print" not in links  # customers' page has none of them
    options = re.search(r'<select[^>]*name="ended">(.*?)</select>', text,
                        re.S)[1]
    assert re.findall(r'value="(\w*)"( selected)?>([^<]*)<', options) == [
        ("", "", "Show"), ("hide", "", "Hide"),
        ("only", " selected", "Show only these")]
    assert "<details id=\"filters\" data-live open>" in text
    assert 'href="/admin/suppliers?per=2"' in text  # clears it
    hidden = html.unescape(several.get("/admin/suppliers?ended=hide").text)
    assert 'href="/suppliers/print"' in hidden


def test_the_filter_counts_what_it_leaves(several):
    text = several.get("/admin/suppliers?ended=only").text
    assert "1–3 of 3" in text
    assert '<option value="Quindío">Quindío (3)</option>' in text
    none = several.get("/admin/suppliers?ended=only&q=bean+2").text
    assert "with these filters" in none


def test_downloads_are_filtered_too(several):
    def table(text):
        body = several.get(f"/admin/suppliers.csv{text}").body
        return [row["name"] for row in csv.DictReader(
            io.StringIO(body.decode("utf-8-sig"), newline=""))]
    assert table("?ended=only") == ["Bean 1", "Bean 3", "Bean 5"]
    assert table("?ended=hide") == ["Bean 0", "Bean 2", "Bean 4"]
    assert table("?ended=hide&city=lima") == ["Bean 4"]
    assert len(table("")) == 6


def test_customers_have_no_such_filter(several, customer):
    assert several.get("/admin/suppliers").status == 200
    plain = customer.get("/suppliers").text
    assert 'name="ended"' not in plain
    for path in "/suppliers", "/suppliers.csv", "/suppliers/print":
        for value in "only", "hide":
            assert customer.get(f"{path}?ended={value}").body == \
                customer.get(path).body, (path, value)


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
    ({"ended_on": "yesterday"}, "Enter the date like this: 2026-11-28"),
    ({"ended_on": "2026-02-30"}, "Enter the date like this: 2026-11-28"),
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
