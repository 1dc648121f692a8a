"""
MariaDB keeps a trigger that it could not read, and refuses every write with
1064 until the table is closed. A connection that is killed while it opens the
table does that; here the trigger's file is damaged while it is read.
"""
import json

import pytest

import harness
from forms import supplier
from writers import connect, insert, query

CHANGE = "UPDATE suppliers SET city = city"


@pytest.fixture(name="spoiled")
def make_spoiled(own):
    """The file is whole again; what the server holds is not."""
    insert(connect(own), **supplier(9))
    file = own.data / "COFFEE" / "suppliers.TRG"
    whole = file.read_bytes()
    query(connect(own), "FLUSH TABLES suppliers")
    file.write_bytes(whole.replace(b"INSERT INTO", b"INSRET INTO"))
    assert "1064" in own.refused(CHANGE)
    file.write_bytes(whole)
    assert "1064" in own.refused(CHANGE)
    return own


def test_spoiled_triggers_are_said_and_cured(start, spoiled):
    employee = start("employee", spoiled)
    done = employee.post("/admin/supplier-add", supplier(1))
    assert done.status == 503 and "employee --migrate" in done.text
    assert typed(done) == "Name 1"
    logged = harness.wait_until(
        lambda: [line for line in employee.lines()
                 if line.get("db_error") == 1064], "it is logged")
    assert "FLUSH TABLES" in logged[0]["remedy"]
    ready = employee.get("/readyz")  # pages are served all the same
    assert ready.status == 200
    assert "saves: refused since" in ready.text
    assert "employee --migrate" in ready.text
    saves = json.loads(employee.get("/readyz", Accept="application/json").body)
    assert "employee --migrate" in saves["saves"]["reason"]
    cure = spoiled.migrate()
    assert cure.returncode == 0, cure.stderr
    assert "broken: a trigger" in cure.stdout
    assert employee.post("/admin/supplier-add", supplier(1)).status == 303
    assert "saves" not in employee.get("/readyz").text
    assert "spoiled" not in spoiled.migrate().stdout


def typed(page):
    return page.text.split('name="name"')[1].split('value="')[1].split('"')[0]
