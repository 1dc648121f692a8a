"""The pages of an import under way and of its result, as employees use them."""
import csv
import io
import re

import pytest

from form_pages import open_form, save, title_of
from import_rows import BUSY, Imports
from test_import_command import supplier
from writers import query

CHUNK = 250
BUTTONS = re.compile(r'<form method="post" action="(\S+)">')


@pytest.fixture(name="imports")
def make_imports(database, tmp_path):
    return Imports(database, tmp_path)


def page_of(employee, key):
    page = employee.get(f"/admin/import/{key}")
    assert page.status == 200, page.text
    return page


def press(employee, key, button, status=303):
    assert f"/admin/import/{key}/{button}" in BUTTONS.findall(
        page_of(employee, key).text)
    done = employee.post(f"/admin/import/{key}/{button}", {})
    assert done.status == status, done.text
    if status == 303:
        assert done.headers["Location"] == f"/admin/import/{key}"
    return done


def buttons(page, key):
    return [url.removeprefix(f"/admin/import/{key}/")
            for url in BUTTONS.findall(page.text)]


def progress(page):
    return [int(n) for n in re.search(
        r"(\d+) of (\d+) rows (?:imported|undone)", page.text).groups()]


def counts(page):
    return dict(re.findall(r"<dt>(.*?)</dt><dd>(\d+)</dd>", page.text))


def listed(page):
    return [re.sub(r"<.*?>", "", row) for row in re.findall(
        r"<li>(.*?)</li>", page.text.split('class="import-rows"')[1])]


def faulty(employee, key, query_text=""):
    got = employee.get(f"/admin/import/{key}/faulty.csv{query_text}")
    assert got.status == 200
    assert got.headers["Content-Disposition"] == (
        'attachment; filename="faulty.csv"')
    return list(csv.DictReader(io.StringIO(got.body.decode("utf-8-sig"),
                                           newline="")))


def test_an_import_is_paused_resumed_and_done(imports, employee):
    key = imports.changes(3 * CHUNK)
    with imports.held_at(key, f"n{CHUNK + 50}"):
        page = page_of(employee, key)
        assert title_of(page).startswith("Importing")
        assert progress(page) == [CHUNK, 3 * CHUNK]
        assert buttons(page, key) == ["pause", "cancel"]
        assert '<noscript><meta http-equiv="refresh"' in page.text
        press(employee, key, "pause")
    page = page_of(employee, key)
    assert title_of(page).startswith("Import paused")
    assert progress(page) == [CHUNK, 3 * CHUNK]
    assert buttons(page, key) == ["resume", "cancel", "undo"]
    assert "refresh" not in page.text and "<script" not in page.text
    press(employee, key, "resume")
    imports.wait(key, "done")
    page = page_of(employee, key)
    assert title_of(page).startswith("Import done")
    assert counts(page) == {"Changed": str(3 * CHUNK)}
    assert buttons(page, key) == ["undo"]
    actions = [line["action"] for line in employee.lines()
               if line["msg"] == "import changed"]
    assert actions == ["pause", "resume"]


def test_what_was_written_before_a_cancellation_stays(imports, employee):
    key = imports.changes(2 * CHUNK)
    with imports.held_at(key, f"n{CHUNK + 50}"):
        press(employee, key, "cancel")
    page = page_of(employee, key)
    assert title_of(page).startswith("Import cancelled")
    assert counts(page) == {"Changed": str(CHUNK),
                            "Not imported: cancelled": str(CHUNK)}
    press(employee, key, "undo")
    imports.wait(key, "undone")
    assert imports.database.sql("SELECT DISTINCT address FROM suppliers"
                                ) == [["1 Hill Road"]]


def test_what_somebody_edits_meanwhile_is_not_overwritten(imports, employee):
    """One in the chunk under way, one in a later chunk, by the form."""
    key = imports.changes(3 * CHUNK)
    held, later = f"n{CHUNK + 50}", f"n{2 * CHUNK + 50}"
    number = imports.number(later)
    with imports.held_at(key, held) as holder:
        done = save(employee, open_form(employee, number), address="edited",
                    anyway=1)
        assert done.status == 303, done.text
        query(holder, "UPDATE suppliers SET address = 'edited' WHERE id = %s",
              imports.number(held))
        holder.commit()
    imports.wait(key, "done")
    assert imports.database.sql(
        "SELECT name FROM suppliers WHERE address = 'edited' ORDER BY id"
    ) == [[held], [later]]
    page = page_of(employee, key)
    assert counts(page) == {
        "Changed": str(3 * CHUNK - 2),
        "Not imported: changed by somebody since the preview": "2"}
    assert [row.split(":")[1].split("Somebody")[0].strip()
            for row in listed(page)] == [held, later]
    rows = faulty(employee, key)
    assert [(row["name"].lstrip("'"), row["address"]) for row in rows] == [
        (held, "new"), (later, "new")]
    assert all("Somebody has changed this supplier" in row["reason"]
               for row in rows)


def test_an_import_is_undone_except_what_was_changed_since(imports, employee):
    key = imports.changes(4)
    imports.set(key, "running")
    imports.wait(key, "done")
    done = save(employee, open_form(employee, 2), address="edited", anyway=1)
    assert done.status == 303
    press(employee, key, "undo")
    imports.wait(key, "undone")
    page = page_of(employee, key)
    assert title_of(page).startswith("Import undone")
    assert counts(page) == {"Undone": "3", "Not undone: changed since": "1"}
    assert listed(page) == [
        "Row 3: n1Somebody has changed this supplier since the import"]
    assert buttons(page, key) == []
    assert [address for address, in imports.database.sql(
        "SELECT address FROM suppliers ORDER BY id")] == [
            "1 Hill Road", "edited", "1 Hill Road", "1 Hill Road"]
    assert imports.database.sql(
        "SELECT DISTINCT actor FROM supplier_changes WHERE action = 'restore'"
    ) == [["127.0.0.1"]]


def test_faulty_rows_come_back_to_be_corrected(imports, employee):
    key = imports.preview(supplier("a"), supplier("", city="Ü<b>"),
                          supplier("b", email=supplier("a")["email"]),
                          supplier("x" * 300))
    imports.set(key, "running")
    imports.wait(key, "done")
    page = page_of(employee, key)
    assert counts(page) == {"Added": "1", "Not imported: with errors": "2",
                            "Not imported: same supplier as an earlier row": "1"}
    assert len(listed(page)) == 3 and "Ü<b>" not in page.text
    rows = faulty(employee, key)
    assert [row["name"] for row in rows] == ["", "b", "x" * 300]
    assert all(row["reason"].startswith(f"Row {n}")
               for row, n in zip(rows, (3, 4, 5)))
    assert faulty(employee, key, "?part=2") == []
    for part in ("0", "51", "-1", "x", ""):
        assert employee.get(f"/admin/import/{key}/faulty.csv?part={part}"
                            ).status == 404


def test_rows_of_a_table_in_parts(imports, employee):
    key = imports.many(1)
    imports.database.sql(
        "INSERT INTO supplier_import_rows SELECT import_id, 1 + seq, 2 + seq,"
        " 'faulty', 0, NULL, NULL, NULL, NULL, '', '', CONCAT('reason ', seq),"
        " '', seq, '', '', '', '', '', '', '', '', '', ''"
        " FROM supplier_import_rows, seq_1_to_10001")
    imports.set(key, "running")
    imports.wait(key, "done")
    page = page_of(employee, key)
    assert len(listed(page)) == 50
    assert "first 50 of 10001" in page.text
    assert re.findall(r"faulty\.csv(\S*)\"", page.text) == ["?part=1",
                                                           "?part=2"]
    assert len(faulty(employee, key, "?part=1")) == 10000
    assert [row["name"] for row in faulty(employee, key, "?part=2")] == [
        "'10001"]  # no formula begins so


def test_a_second_import_waits_for_the_first(imports, employee):
    key = imports.many(3)
    imports.set(key, "paused")
    imports.database.sql(BUSY)
    done = press(employee, key, "resume", 409)
    assert "Another import is running" in done.text
    assert title_of(done).startswith("Error: Import paused")
    assert imports.state(key) == "paused"


def test_a_button_pressed_twice_leads_to_the_state(imports, employee):
    key = imports.many(3)
    imports.set(key, "done")
    for button in ("pause", "cancel", "resume"):
        done = employee.post(f"/admin/import/{key}/{button}", {})
        assert (done.status, done.headers["Location"]) == (
            303, f"/admin/import/{key}")
        assert imports.state(key) == "done"


@pytest.mark.parametrize("key", ["x", "x" * 22, "x" * 23, "%41" * 22, "ü"])
def test_an_import_that_is_not_there(employee, key):
    for below in ("", "/faulty.csv"):
        assert employee.get(f"/admin/import/{key.replace('ü', '%c3%bc')}"
                            f"{below}").status == 404
    for button in ("pause", "resume", "cancel", "undo"):
        assert employee.post(f"/admin/import/{key.replace('ü', '%c3%bc')}"
                             f"/{button}", {}).status == 404


def test_an_import_that_does_not_go_on_says_so(imports, employee):
    key = imports.many(3)
    imports.database.sql(
        "UPDATE supplier_imports SET state = 'running', task = REPEAT('z', 22),"
        " lease_until = UTC_TIMESTAMP(6) + INTERVAL 1 DAY,"
        " changed = UTC_TIMESTAMP(6) - INTERVAL 1 MINUTE")
    assert "Nothing has been imported for 6" in page_of(employee, key).text
