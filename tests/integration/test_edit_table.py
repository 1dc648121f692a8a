"""The employees' list as a table to edit, and back by an import."""
import csv
import io

from test_import_command import Importer

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
