"""What daemons do before an import is written or undone: by ranges of rows."""
import signal

import pytest

import harness
from form_pages import title_of
from import_rows import BUSY, KEY, Imports
from test_import_command import supplier
from test_import_pages import CHUNK, buttons, counts, page_of, press, progress
from test_import_worker import wait_logged

RANGE = 1000  # rows that one statement prepares
COUNT = 2 * RANGE + 100


@pytest.fixture(name="imports")
def make_imports(database, tmp_path):
    return Imports(database, tmp_path)


def start_import(employee, key, **fields):
    done = employee.post(f"/admin/import/{key}/start", fields)
    assert done.status == 303, done.text


def make_removals(imports, _):
    """An import that removes suppliers, and what begins it."""
    key = imports.removals(COUNT)
    return key, lambda employee: start_import(employee, key, remove_missing=1)


def make_undo(imports, employee):
    """An import that was written, and what begins to undo it."""
    key = imports.many(COUNT)
    start_import(employee, key)
    imports.wait(key, "done")
    return key, lambda daemon: press(daemon, key, "undo")


BOTH = pytest.mark.parametrize("make, state, end, outcome", [
    (make_removals, "paused", "done", "done"),
    (make_undo, "done", "undone", "undone")])


def check_prepared(imports, key, count):
    """What comes before this row waits, and nothing else."""
    before = imports.waiting(
        key, f"n < {count} AND (kind = 'missing' OR outcome = 'done')")
    assert imports.waiting(key) == before > 0


def check_removed_once(imports, key, outcome):
    assert imports.outcomes(key) == {outcome: str(COUNT)}
    assert imports.database.sql(
        "SELECT COUNT(*), COUNT(DISTINCT supplier_id) FROM supplier_changes"
        " WHERE action = 'remove'") == [[str(COUNT)] * 2]
    assert imports.waiting(key) == 0


@BOTH
def test_a_task_is_killed_between_two_ranges(imports, start, make, state, end,
                                             outcome):
    """Another one goes on, and no row is written twice. An older program sees
    a state in which it has nothing to do."""
    killed = start("employee", imports.database)
    key, begin = make(imports, killed)
    with imports.held_range(key, 2 * RANGE) as wait:
        begin(killed)
        wait()
        killed.process.stop(signal.SIGKILL)
    assert imports.state(key) == state
    check_prepared(imports, key, 2 * RANGE)
    other = start("employee", imports.database)
    assert imports.end_preparing()
    assert wait_logged(other, "import taken up")["state"] == "preparing"
    imports.wait(key, end)
    check_removed_once(imports, key, outcome)


@BOTH
def test_a_task_that_stops_while_it_prepares(imports, start, make, state, end,
                                             outcome):
    stopped = start("employee", imports.database)
    key, begin = make(imports, stopped)
    with imports.held_range(key, RANGE) as wait:
        begin(stopped)
        wait()
        stopped.process.send(signal.SIGTERM)
        wait_logged(stopped, "stopping")
    assert stopped.process.wait() == 0
    assert imports.state(key) == state
    start("employee", imports.database)
    imports.wait(key, end)
    check_removed_once(imports, key, outcome)


def prepare(imports, employee, key, begin, button):
    """Press a button while the second range is prepared."""
    with imports.held_range(key, RANGE) as wait:
        begin(employee)
        wait()
        page = page_of(employee, key)
        assert title_of(page).startswith(("Importing",
                                          "Undoing the import"))
        assert "Preparing…" in page.text and " value=" not in page.text
        assert buttons(page, key) == ["pause", "cancel"]
        assert '<noscript><meta http-equiv="refresh"' in page.text
        assert "being prepared" in employee.get("/admin/import").text
        press(employee, key, button)


@BOTH
def test_it_is_paused_while_it_is_prepared(imports, employee, make, state, end,
                                           outcome):
    key, begin = make(imports, employee)
    resume = "undo" if state == "done" else "resume"
    prepare(imports, employee, key, begin, "pause")
    check_prepared(imports, key, RANGE)
    page = page_of(employee, key)
    assert title_of(page).startswith(("Import paused", "Undo paused"))
    assert buttons(page, key) == [resume, "cancel"]
    assert imports.state(key) == state
    press(employee, key, resume)
    imports.wait(key, end)
    check_removed_once(imports, key, outcome)


@BOTH
def test_it_is_cancelled_while_it_is_prepared(imports, employee, make, state,
                                              end, outcome):
    key, begin = make(imports, employee)
    before = imports.database.sql("SELECT * FROM suppliers")
    prepare(imports, employee, key, begin, "cancel")
    page = page_of(employee, key)
    assert imports.state(key) == "cancelled"
    assert title_of(page).startswith(
        "Undo cancelled" if state == "done" else "Import cancelled")
    assert imports.database.sql("SELECT * FROM suppliers") == before
    if state == "done":
        assert counts(page) == {"Added": str(COUNT)}
        press(employee, key, "undo")
        imports.wait(key, end)
        check_removed_once(imports, key, outcome)


def test_an_undoing_is_paused_and_resumed(imports, employee):
    key = imports.changes(3 * CHUNK)
    start_import(employee, key)
    imports.wait(key, "done")
    with imports.held_at(key, f"n{CHUNK + 50}", "undoing"):
        assert buttons(page_of(employee, key), key) == ["pause", "cancel"]
        press(employee, key, "pause")
    page = page_of(employee, key)
    assert title_of(page).startswith("Undo paused")
    assert progress(page) == [CHUNK, 3 * CHUNK]
    assert buttons(page, key) == ["undo", "cancel"]
    assert "refresh" not in page.text and "<script" not in page.text
    press(employee, key, "undo")
    imports.wait(key, "undone")
    assert imports.outcomes(key) == {"undone": str(3 * CHUNK)}
    assert imports.database.sql("SELECT DISTINCT address FROM suppliers"
                                ) == [["1 Hill Road"]]


def test_what_was_undone_before_a_cancellation_stays_undone(imports, employee):
    key = imports.changes(2 * CHUNK)
    start_import(employee, key)
    imports.wait(key, "done")
    with imports.held_at(key, f"n{CHUNK + 50}", "undoing"):
        press(employee, key, "pause")
    press(employee, key, "cancel")
    page = page_of(employee, key)
    assert title_of(page).startswith("Undo cancelled")
    assert counts(page) == {"Changed": str(CHUNK), "Undone": str(CHUNK)}
    assert buttons(page, key) == ["undo"]


def test_another_import_waits_while_one_is_prepared(imports, employee):
    key, begin = make_removals(imports, employee)
    with imports.held_range(key, RANGE) as wait:
        begin(employee)
        wait()
        imports.database.sql(BUSY.replace("'running'", "'paused'"))
        page = employee.post(f"/admin/import/{KEY}/resume", {})
        assert page.status == 409
        assert "Another import is running" in page.text
    imports.wait(key, "done")


def test_it_waits_for_an_import_that_an_older_program_has_begun(imports,
                                                                start):
    """Such a program does not know that another one is being prepared."""
    daemon = start("employee", imports.database,
                   APP_OPS_PORT=harness.free_port())
    key, begin = make_removals(imports, daemon)
    with imports.held_range(key, RANGE) as wait:
        begin(daemon)
        wait()
        imports.database.sql(BUSY)
    harness.wait_until(lambda: daemon.samples()["cafe_import_at_work"] == 0,
                       "it is let go")
    assert imports.state(key) == "paused"
    check_prepared(imports, key, 2 * RANGE)
    imports.database.sql(
        f"DELETE FROM supplier_imports WHERE import_key = '{KEY}'")
    imports.wait(key, "done")
    check_removed_once(imports, key, "done")


def test_what_was_entered_since_the_preview_is_asked_about(imports, employee):
    """In each range."""
    key = imports.many(COUNT)
    for name in ("n3", f"n{RANGE + 3}", f"n{COUNT - 1}"):
        imports.database.sql(
            "INSERT INTO suppliers (name, email, address, city, state, country,"
            f" phone) VALUES ('{name}', '{supplier(name)['email']}', 'a', 'b',"
            " 'c', 'DE', '')")
    start_import(employee, key)
    imports.wait(key, "done")
    assert imports.outcomes(key) == {"done": str(COUNT - 3)}
    assert [n for n, in imports.database.sql(
        "SELECT n - 1 FROM supplier_import_rows WHERE kind = 'ambiguous'"
        " ORDER BY n")] == ["3", str(RANGE + 3), str(COUNT - 1)]
