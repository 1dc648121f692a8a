"""An import, its undoing and a batch are one entry each in the history, which
opens to their changes; pages have numbers."""
import csv
import html
import io
import json
import re

import pytest

from form_pages import add, open_form, save, saved
from test_history import PATH, entries
from test_import_command import Importer, supplier, table
from test_write_batch import batch, done, make_program, post


@pytest.fixture(name="importer")
def make_importer(database, folder):
    return Importer(database, folder)


def history(employee, query=""):
    return json.loads(employee.get("/admin/api/v1/history" + query).text)


def link(page, text):
    """Where the link with this text leads."""
    found = re.search(rf'<a href="(\?[^"]*)">{text}', page.text)
    assert found, page.text
    return PATH + html.unescape(found[1])


def every_page(daemon, url):
    """The entries of this page and those that follow by number."""
    seen = {}
    while url:
        page = daemon.get(url)
        seen.update(entries(page))
        found = re.search(r'rel="next" href="(\?[^"]*)"', page.text)
        url = found and PATH + html.unescape(found[1])
    return seen


def logged(database, key):
    return [int(row[0]) for row in database.sql(
        "SELECT revision FROM supplier_changes WHERE form_key ="
        f" '{key}' ORDER BY revision DESC")]


def test_an_import_and_its_undoing_open_to_their_changes(employee, importer):
    number, first = add(employee, name="Before")
    importer(table(*(supplier(f"new {n}") for n in range(600))),
             "--actor", "Ann")
    saved(save(employee, open_form(employee, number), city="After"))
    undo_key = importer.database.sql("SELECT undo_key FROM supplier_imports")
    importer.undo("--actor", "Bob")
    page = employee.get(PATH)
    shown = entries(page)
    assert list(shown) == [603, 602, 2, first]
    assert shown[603].startswith("The import of list.csv was undone")
    assert ", by Bob Show all 600 changes" in shown[603]
    assert shown[2].startswith("Import of list.csv ")
    assert ", by Ann Show all 600 changes" in shown[2]
    for text, key in (("Show all 600 changes", undo_key[0][0]),
                      ("Show all 600 changes", importer.key[0])):
        opened = PATH + f"?group={key}"
        assert f'href="?group={key}">{text}' in page.text
        assert "600 changes · " in entries_head(employee.get(opened))
        assert list(every_page(employee, opened)) == logged(
            importer.database, key)
    assert "new 599 was added" in entries(employee.get(
        f"{PATH}?group={importer.key[0]}"))[601]


def entries_head(page):
    return " ".join(re.sub("<[^>]*>", " ", page.text).split())


def test_what_others_save_during_an_import_stays_outside(
        employee, importer, database):
    """Two stretches of one import, and a change between them."""
    importer(table(supplier("one"), supplier("two")))
    _, between = add(employee, name="Between")
    database.sql(
        f"SET @cafe_form_key = '{importer.key[0]}';"
        "UPDATE suppliers SET city = 'x' WHERE name IN ('one', 'two');"
        "INSERT INTO supplier_change_groups VALUES"
        f" (4, 5, '{importer.key[0]}', 0, 2)")
    assert list(entries(employee.get(PATH))) == [between, 1]
    assert list(entries(employee.get(f"{PATH}?group={importer.key[0]}"))) == \
        [5, 4, 2, 1]


def test_a_filter_finds_the_entry_and_its_changes(employee, importer):
    importer(table(*(supplier(f"new {n}") for n in range(40))),
             "--actor", "Ann")
    add(employee, name="new 7, by hand")
    page = employee.get(PATH + "?supplier=new+7")
    shown = entries(page)
    assert len(shown) == 2 and list(shown)[0] == 41
    assert "Show the matching changes" in list(shown.values())[1]
    opened = employee.get(link(page, "Show the matching"))
    assert [text.split(" was added")[0]
            for text in entries(opened).values()] == ["new 7"]
    assert list(entries(employee.get(PATH + "?person=ann"))) == [40]
    day = "1999-12-31"
    assert entries(employee.get(f"{PATH}?day={day}")) == {}


def test_a_batch_is_one_entry(program, employee):
    done(batch(program, *(post(supplier(f"b{n}")) for n in range(3))))
    page = employee.get(PATH)
    shown = entries(page)
    assert list(shown) == [1]
    assert shown[1].startswith("3 changes at once ")
    assert list(entries(employee.get(link(page, "Show all 3 changes")))) == \
        [3, 2, 1]
    add(employee, name="alone")
    changes = history(employee)["changes"]
    group = {change["group"] for change in changes[1:]}
    assert changes[0]["group"] is None and len(changes) == 4
    assert len(group) == 1
    part = history(employee, f"?group={group.pop()}&limit=2")
    assert [change["version"] for change in part["changes"]] == [3, 2]
    part = employee.get(part["next"])
    assert [change["version"] for change in json.loads(part.text)["changes"]
            ] == [1]
    assert json.loads(part.text)["next"] is None


def test_a_batch_of_one_is_a_change(program, employee):
    done(batch(program, post(supplier("one"))))
    assert "one was added" in entries(employee.get(PATH))[1]


def test_the_table_names_the_group(employee, importer):
    importer(table(supplier("a"), supplier("b")))
    add(employee, name="c")
    text = employee.get("/admin/history.csv").body.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["group"] for row in rows] == ["", *importer.key * 2]
    text = employee.get(f"/admin/history.csv?group={importer.key[0]}").text
    assert len(text.splitlines()) == 3


def test_one_of_a_supplier_leads_to_the_others(employee, importer, database):
    importer(table(supplier("a"), supplier("b")))
    number = database.sql("SELECT MIN(id) FROM suppliers")[0][0]
    page = employee.get(f"/admin/supplier-history/{number}")
    assert "Changed together with others" in entries(page)[1]
    assert f'href="/admin/history?group={importer.key[0]}"' in page.text


def test_there_is_no_such_group(employee):
    assert employee.get(PATH + "?group=" + "A" * 22).status == 404
    assert employee.get(PATH + "?group=" + "A" * 22 +
                        "&person=a").status == 404


def numbers(page):
    """The pages that a page leads to, the shown one in brackets."""
    found = re.search(r'<ol class="pages">(.*?)</ol>', page.text, re.S)
    text = re.sub(r'<span class="current"[^>]*>(.*?)</span>(\d+)</span>',
                  r"[\2]", found[1] if found else "", flags=re.S)
    return " ".join(re.sub("<[^>]*>|Page ", " ", text).split())


@pytest.mark.parametrize("path", [PATH, "/admin/suppliers",
                                  "/admin/supplier-history/1"])
def test_pages_have_numbers(employee, database, path):
    database.sql("INSERT INTO suppliers (name, address, city, state, email,"
                 " phone) SELECT CONCAT('n', seq), '', '', '', '', ''"
                 " FROM seq_1_to_501")
    database.sql("UPDATE suppliers SET city = 'x' WHERE id = 1;" * 499)
    last = {PATH: 40, "/admin/suppliers": 11}.get(path, 20)
    assert numbers(employee.get(path)) == f"[1] 2 3 … {last}"
    assert numbers(employee.get(f"{path}?page=4")) == \
        f"1 2 3 [4] 5 6 … {last}"
    assert numbers(employee.get(f"{path}?page=6")).startswith(
        "1 … 4 5 [6] 7 8 ")
    for page in last, last + 1, 1000000000:
        shown = employee.get(f"{path}?page={page}")
        assert numbers(shown) == f"1 … {last - 2} {last - 1} [{last}]"
        assert 'rel="next"' not in shown.text


def test_the_daemon_serves_customers_numbers_too(start, database):
    database.sql("INSERT INTO suppliers (name, address, city, state, email,"
                 " phone) SELECT CONCAT('n', seq), '', '', '', '', ''"
                 " FROM seq_1_to_101")
    customer = start("customer", database)
    assert numbers(customer.get("/suppliers?page=2")) == "1 [2] 3"
    assert numbers(customer.get("/suppliers?q=n101")) == ""
