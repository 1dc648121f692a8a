"""The employees' list as a table to edit, and back by an import."""
import csv
import html
import io
import re
import uuid

import pytest

from test_import_command import Importer
from test_import_upload import Pages, multipart, problem

PATH = "/admin/suppliers.csv"


def fill(database):
    database.sql(
        "INSERT INTO suppliers (name, address, city, state, country, email,"
        " phone, website, notes) SELECT CONCAT('Roaster ', seq),"
        " CONCAT(seq, ' Hill Road'), IF(seq % 2, 'Odense', 'Fyn'), '',"
        " 'Danmark', CONCAT('a', seq, '@example.com'),"
        " CONCAT('+45 33 12 ', 1000 + seq), '',"
        " IF(seq % 3, '=1+1', '') FROM seq_1_to_300")


def table(answer):
    assert answer.status == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.headers["Content-Disposition"] == \
        'attachment; filename="suppliers-excel.csv"'
    return answer.body.decode("utf-8-sig")


def test_it_has_what_the_search_finds(employee, database):
    fill(database)
    rows = list(csv.DictReader(io.StringIO(
        table(employee.get(PATH + "?q=roaster&city=Odense&page=2&per=20")),
        newline="")))
    assert len(rows) == 150
    assert {row["city"] for row in rows} == {"Odense"}
    assert {int(row["id"]) for row in rows} == {
        int(row[0]) for row in database.sql(
            "SELECT id FROM suppliers WHERE city = 'Odense'")}


def test_it_comes_back_as_it_was_and_as_edited(employee, database, folder):
    fill(database)
    importer = Importer(database, folder)
    text = table(employee.get(PATH + "?city=Odense"))
    assert importer(text, "--dry-run") == {"same": 150, "missing": 150}
    edited = text.replace("7 Hill Road", "7 High Road")
    assert importer(edited) == {"changed": 30, "same": 120, "missing": 150,
                                "written": 30}
    assert database.sql("SELECT COUNT(*) FROM suppliers WHERE address LIKE"
                        " '%7 High Road'") == [["30"]]


def test_the_list_links_to_it_with_its_search(employee, database):
    page = employee.get("/admin/suppliers")
    assert PATH not in page.text
    fill(database)
    page = employee.get("/admin/suppliers")
    assert f'<a href="{PATH}">Export all to edit (CSV)</a>' in page.text
    page = employee.get("/admin/suppliers?q=roaster&city=Odense&page=2")
    assert f'<a href="{PATH}?q=roaster&amp;city=Odense&amp;page=2">' \
        "Export these to edit (CSV)</a>" in page.text
    assert '<a href="/admin/import?q=roaster&amp;city=Odense&amp;page=2">' \
        "Import the edited file</a>" in page.text


class FromList(Pages):
    """Imports a file from the page that the list leads to."""

    def __init__(self, daemon, database, query):
        super().__init__(daemon, database)
        self.query = query

    def post(self, data=b"", **_):
        page = self.daemon.get("/admin/import?" + self.query).text
        self.sent = html.unescape(
            re.search(r'name="list" value="([^"]*)"', page)[1])
        boundary = uuid.uuid4().hex
        return self.send(multipart(
            [("form_key", None, self.key().encode()),
             ("list", None, self.sent.encode()), ("file", "list.csv", data)],
            boundary), f"multipart/form-data; boundary={boundary}")


def test_after_the_import_a_link_leads_back_to_the_search(employee, database):
    fill(database)
    pages = FromList(employee, database, "q=roaster+7&city=Odense&evil=1")
    text = table(employee.get(f"{PATH}?q=roaster+7&city=Odense"))
    pages.upload(text.replace("7 Hill Road", "7 High Road"))
    page = pages.start()
    back = '<a href="/admin/suppliers?q=roaster%207&amp;city=Odense">' \
        "Back to your search</a>"
    assert pages.sent == "q=roaster%207&city=Odense"
    assert back in page.text


def test_the_search_survives_a_corrected_mapping(employee, database):
    fill(database)
    pages = FromList(employee, database, "q=roaster")
    page = pages.upload("Wer,Wo\r\nAnn,Bern\r\n")
    assert problem(page) == "Choose the column that contains the name."
    pages.press("reading", kind=0, charset=0, delimiter=ord(","), c0=0, c1=2)
    assert 'href="/admin/suppliers?q=roaster">Back to' in pages.start().text


@pytest.mark.parametrize("asked", ["q=" + "x" * 5000, "%zz", "\0"])
def test_no_other_text_becomes_a_link(employee, database, asked):
    pages = Pages(employee, database)
    boundary = uuid.uuid4().hex
    done = pages.send(multipart(
        [("form_key", None, pages.key().encode()),
         ("list", None, asked.encode()), ("file", "a.csv", b"name\r\nAnn\r\n")],
        boundary), f"multipart/form-data; boundary={boundary}")
    assert done.status == 303
    pages.url = done.headers["Location"]
    pages.show(pages.url)
    text = pages.start().text
    assert "%zz" not in text and "x" * 101 not in text
    assert ("Back to your" in text) == asked.startswith("q=")
