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


class Spoiled:
    """A database that holds a broken trigger; the file is whole or not."""

    def __init__(self, database):
        self.database = database
        self.number = insert(connect(database), **supplier(9))
        query(connect(database), "UPDATE suppliers SET city = 'Changed'")
        self.file = database.data / "COFFEE" / "suppliers.TRG"
        self.whole = self.file.read_bytes()
        query(connect(database), "FLUSH TABLES suppliers")
        self.file.write_bytes(self.whole.replace(b"INSERT INTO",
                                                 b"INSRET INTO"))
        assert "1064" in database.refused(CHANGE)

    def restore_file(self):
        self.file.write_bytes(self.whole)
        assert "1064" in self.database.refused(CHANGE)

    def forms(self):
        """A post of each kind that saves something."""
        revision = query(connect(self.database), "SELECT MAX(revision)"
                         " FROM supplier_changes")[0][0]
        return {
            "add": ("/admin/supplier-add", supplier(1)),
            "update": ("/admin/supplier-update",
                       {**supplier(1), "id": self.number}),
            "remove": (f"/admin/supplier-remove/{self.number}", {}),
            "restore": (f"/admin/supplier-restore/{revision}", {}),
            "undo": (f"/admin/supplier-undo/{revision}", {}),
        }


@pytest.fixture(name="spoiled")
def make_spoiled(own):
    return Spoiled(own)


@pytest.mark.parametrize("kind", ["add", "update", "remove", "restore",
                                  "undo"])
def test_the_next_save_cures_them(start, spoiled, kind):
    """The daemon has the server load them again, and saves."""
    spoiled.restore_file()
    employee = start("employee", spoiled.database)
    assert employee.post(*spoiled.forms()[kind]).status == 303
    assert "saves" not in employee.get("/readyz").text
    line, = [line for line in employee.lines() if "load the triggers" in
             line["msg"]]
    assert line["level"] == "warning" and line["request_id"]
    query(connect(spoiled.database), CHANGE)


def test_a_broken_file_is_not_cured_by_a_save(start, spoiled):
    employee = start("employee", spoiled.database)
    form = spoiled.forms()["update"]
    done = employee.post(*form)
    assert done.status == 503 and "employee --migrate" in done.text
    assert typed(done) == "Name 1"
    assert not [line for line in employee.lines()
                if "load the triggers" in line["msg"]]
    spoiled.restore_file()
    assert employee.post(*form).status == 303


def test_what_the_account_may_not_cure_is_said(start, spoiled):
    database = spoiled.database
    spoiled.restore_file()
    query(connect(database), "REVOKE INSERT ON suppliers FROM employee@'%'")
    employee = start("employee", database)
    form = spoiled.forms()["update"]
    done = employee.post(*form)
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
    cure = database.migrate()
    assert cure.returncode == 0, cure.stderr
    assert "broken: a trigger" in cure.stdout
    assert employee.post(*form).status == 303
    assert "saves" not in employee.get("/readyz").text
    assert "broken" not in database.migrate().stdout


def typed(page):
    return page.text.split('name="name"')[1].split('value="')[1].split('"')[0]
