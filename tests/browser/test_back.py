"""
The browser's Back button and what browsers make of a form, in Chromium and
Firefox as people have them.
"""
import json
import shutil
import subprocess
import sys

import pytest

import harness
from test_browser import FOLDER, playwright, switch  # noqa: F401
from thorough import at_desk

sys.path.insert(0, str(harness.ROOT / "tests/integration"))
from writers import connect, insert, query  # noqa: E402

BROWSERS = {"chrome": "chromium", "forgetful": "chromium",
            "firefox": "firefox-esr"}


@pytest.fixture(scope="session")
def browsers():
    """Each browser is started once: that takes longer than most steps."""
    running = {}
    yield running
    for browser in running.values():
        browser.stdin.close()
        browser.wait(harness.WAIT_S)


def start_browser(kind):
    return subprocess.Popen(["node", FOLDER / "back.js", kind], text=True,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)


@pytest.fixture(name="go", params=at_desk(("chrome",), ("chrome", "firefox")))
def make_go(request, playwright, browsers, proxy, employee):  # noqa: F811
    """Do a step in this browser; what was posted was pressed there."""
    kind = request.param
    if not shutil.which(BROWSERS[kind]):
        pytest.skip(f"{BROWSERS[kind]} is not installed")

    def go(step, *args):
        if kind not in browsers or browsers[kind].poll() is not None:
            browsers[kind] = start_browser(kind)
        line = json.dumps([f"http://{proxy.host}", step, *args])
        browsers[kind].stdin.write(line + "\n")
        browsers[kind].stdin.flush()
        said = json.loads(browsers[kind].stdout.readline())
        assert "error" not in said, said["error"]
        posted = [line for line in employee.lines()
                  if line.get("method") == "POST"]
        assert len(posted) == said["posts"]

    return go


def ask(database, sql):
    admin = connect(database)
    try:
        return query(admin, sql)
    finally:
        admin.close()


def roastery(database, **fields):
    """The supplier that the steps look for; its id."""
    admin = connect(database)
    try:
        return insert(admin, **{
            "name": "Roastery 1", "address": "1 Bean St", "city": "City 1",
            "state": "State 1", "country": "Denmark", "phone": "+45 66000011",
            "email": "r1@example.com", **fields})
    finally:
        admin.close()


def names(database):
    return [name for name, in ask(
        database, "SELECT name FROM suppliers ORDER BY id")]


def test_add_back_add(go, database):
    """Three suppliers, typed one after the other with Back: three are there."""
    go("three")
    assert names(database) == ["Roastery 1", "Roastery 2", "Roastery 3"]


def test_add_back_correct(go, database):
    go("correction")
    assert ask(database, "SELECT name, city FROM suppliers") == (
        ("Roastery 1", "Corrected"),)


def test_edit_back_edit(go, database):
    roastery(database)
    go("edits")
    assert ask(database, "SELECT city, state FROM suppliers") == (
        ("First", "Second"),)


def test_back_after_faults_preview_and_save_anyway(go, database):
    go("ways")
    assert names(database) == ["Roastery 1", "Roastery 2", "Roastery 3"]


def test_back_after_deleting_and_restoring(go, database):
    roastery(database)
    database.sql("UPDATE suppliers SET city = 'Newer'")
    go("removal")
    assert names(database) == ["Roastery 1"]


@pytest.mark.thorough
def test_a_link_and_back(go, database, switch):  # noqa: F811
    """The links of each page that answers a post."""
    roastery(database)
    database.sql("UPDATE suppliers SET city = 'Newer'")
    go("answers", switch.address)


@pytest.mark.parametrize("fields", [
    {"name": "Roastery 1\nLtd", "address": "Floor 2\r\n1 High Street",
     "city": "one\rtwo", "country": "\none\n", "phone": "555\n0100"},
    {"name": " Roastery 1 ", "address": "\u00a0padded\u3000",
     "city": "Cafe\u0301", "phone": "CALL-BEANS", "email": "a@x; b@x",
     "country": "a\tb\u200b"},
    {"email": "Orders@b\u00fccher.example", "city": "a\0b",
     "notes": "\n\n one\r\ntwo\rthree\n\t"},
    {"email": " a@xn--bcher-kva.example\n", "notes": "x" * 65535,
     "address": "a\u2028b\x07"},
    {"notes": "豆" * 21845, "phone": ""},
])
def test_what_is_only_shown_stays(go, database, fields):
    """Byte for byte, when another field is changed."""
    roastery(database, **fields)
    columns = "name, address, city, country, email, phone, notes"
    before = ask(database, f"SELECT {columns} FROM suppliers")
    go("untouched")
    assert ask(database, f"SELECT {columns} FROM suppliers") == before
    assert ask(database, "SELECT state FROM suppliers") == (("Changed",),)


KINDS = pytest.mark.parametrize("go, scripts", [
    ("chrome", "off"), ("chrome", "on"), *(
        pytest.param(*way, marks=pytest.mark.thorough)
        for way in (("forgetful", "off"), ("forgetful", "on"),
                    ("firefox", "on")))],
    indirect=["go"])


@KINDS
def test_what_was_typed_stays(go, database, scripts):
    """And not over what somebody else has saved meanwhile."""
    roastery(database)
    go("typed", scripts)
    assert ask(database, "SELECT name, city FROM suppliers") == (
        ("Roastery 1", "Theirs"),)


@KINDS
def test_what_was_chosen_for_an_undo_stays(go, database, scripts):
    number = roastery(database)
    for city in "Second", "Third":
        database.sql(f"UPDATE suppliers SET city = '{city}'")
    (wrong,), = ask(database, "SELECT MAX(revision) - 1 FROM supplier_changes"
                    f" WHERE supplier_id = {number}")
    go("choices", f"/admin/supplier-undo/{wrong}", scripts)


@KINDS
def test_what_was_chosen_for_an_import_stays(go, scripts):
    go("mapping", scripts)
