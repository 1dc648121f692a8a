"""Several people change the same supplier: nobody's change is lost."""
import collections
import threading
import time

import pytest

import harness
from fields import IN_FORM as FIELDS
from forms import new_key, supplier
from test_employee import values_of
from writers import Kept, connect, insert, query

CLIENTS = 8
EDITS = 2000
LOCK_WAIT_S = 3
BUSY_MACHINE_S = 6  # in all less than any other limit

# The supplier as it is, and the revision that it is of, as one page shows it.
LOAD = (
    "SELECT s.*, s.country, s.notes, (SELECT c.revision"
    " FROM supplier_changes c WHERE c.supplier_id = s.id"
    " ORDER BY c.revision DESC LIMIT 1) AS revision"
    " FROM suppliers s WHERE s.id = %s")


class Editor:
    """Someone who opens the form of a supplier, changes it and sends it."""

    def __init__(self, database, employee, number):
        self.connection = connect(database)
        self.client = Kept(employee.port)
        self.number = number
        self.answers = []  # (status, name, the revision that was loaded)

    def load(self):
        with self.connection.cursor() as cursor:
            cursor.execute(LOAD, self.number)
            names = [column[0] for column in cursor.description]
            return dict(zip(names, cursor.fetchone()))

    def edit(self, **changed):
        loaded = self.load()
        done = self.client.post("/admin/supplier-update", {
            **loaded, **changed, "form_key": new_key()})
        self.answers.append((done.status, changed, loaded["revision"]))
        return done


def at_once(tasks):
    """Run each on a thread of its own; what one raises is raised here."""
    faults = []

    def run(task):
        try:
            task()
        except BaseException as fault:  # raised again below
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]


def test_of_two_thousand_edits_none_is_lost(start, database):
    """
    Eight clients change the name of one supplier, each based on the revision
    that it had loaded: acknowledged are as many as there are revisions, each
    based on the one before, and late ones are told so.
    """
    employee = start("employee", database)
    admin = connect(database)
    number = insert(admin, name="as it was")
    editors = [Editor(database, employee, number) for _ in range(CLIENTS)]

    def client(place):
        for edit in range(EDITS // CLIENTS):
            editors[place].edit(name=f"client {place}, edit {edit}")

    began = time.monotonic()
    at_once([lambda place=place: client(place) for place in range(CLIENTS)])
    took = time.monotonic() - began
    answers = [answer for editor in editors for answer in editor.answers]
    counts = collections.Counter(answer[0] for answer in answers)
    assert set(counts) == {303, 409}
    log = query(admin, "SELECT name, revision FROM supplier_changes"
                " WHERE action = 'update' ORDER BY revision")
    saved = {changed["name"]: loaded for status, changed, loaded in answers
             if status == 303}
    assert len(log) == counts[303] == len(saved)
    before = log[0][1] - 1
    for name, revision in log:
        assert saved[name] == before
        assert revision == before + 1
        before = revision
    assert query(admin, "SELECT name FROM suppliers") == ((log[-1][0],),)
    print(f"{EDITS} edits by {CLIENTS} clients in {took:.1f} s:"
          f" {counts[303]} acknowledged = {len(log)} revisions,"
          f" {counts[409]} told of a clash, 0 lost")


def test_edits_of_different_fields_are_merged(start, database):
    """Each of eight clients has a field of its own: no clash."""
    employee = start("employee", database)
    admin = connect(database)
    number = insert(admin, **supplier(0))
    editors = [Editor(database, employee, number) for _ in FIELDS]

    def client(place):
        field = FIELDS[place]
        for mark in range(1, 51):
            done = editors[place].edit(**{field: supplier(mark)[field]})
            assert done.status == 303, done.text

    at_once([lambda place=place: client(place)
             for place in range(len(FIELDS))])
    row = query(admin, f"SELECT {', '.join(FIELDS)} FROM suppliers")[0]
    assert row == tuple(supplier(50)[field] for field in FIELDS)
    log = query(admin, f"SELECT {', '.join(FIELDS)} FROM supplier_changes"
                " ORDER BY revision")
    for place in range(len(FIELDS)):
        values = [mark_in(entry[place]) for entry in log]
        assert values == sorted(values)
    assert len(log) == 1 + 50 * len(FIELDS)


def mark_in(text):
    """The mark in a text of supplier()."""
    return int("".join(c for c in text.replace("+49 30 ", "") if c.isdigit()))


@pytest.mark.parametrize("statement", [
    "SELECT id FROM suppliers FOR UPDATE",       # the row itself
    "UPDATE suppliers SET city = 'x' WHERE id = 1",  # the log's counter
], ids=["row", "counter"])
def test_a_transaction_left_open_at_a_prompt(start, database, statement):
    """It delays a save by 3 s, which then says so and keeps the form."""
    employee = start("employee", database)
    admin = connect(database)
    insert(admin, name="another")
    number = insert(admin, **supplier(1))
    holder = connect(database, autocommit=False)
    form = {"id": number, **supplier(2), "form_key": new_key(),
            "revision": query(admin, "SELECT MAX(revision)"
                              " FROM supplier_changes")[0][0]}
    query(holder, statement)
    began = time.monotonic()
    done = employee.post("/admin/supplier-update", form)
    took = time.monotonic() - began
    assert done.status == 503
    assert LOCK_WAIT_S - 0.5 < took < LOCK_WAIT_S + BUSY_MACHINE_S
    typed = values_of(done.text)
    assert {name: typed[name] for name in supplier(2)} == supplier(2)
    assert query(admin, "SELECT COUNT(*) FROM supplier_form_keys")[0][0] == 0
    holder.rollback()
    assert employee.post("/admin/supplier-update", form).status == 303
    assert query(admin, "SELECT name FROM suppliers WHERE id = %s",
                 number)[0][0] == "Name 2"
    print(f"503 after {took:.2f} s")


def test_a_double_click_adds_once(start, database):
    """Eight times the same form at once: each is told that it is saved."""
    employee = start("employee", database)
    form = {**harness.SUPPLIER, "form_key": new_key()}
    answers = []
    at_once(8 * [lambda: answers.append(
        employee.post("/admin/supplier-add", form))])
    assert {answer.status for answer in answers} == {303}
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert database.sql("SELECT COUNT(*) FROM suppliers") == [["1"]]
    typed_on = employee.post("/admin/supplier-add", {**form, "city": "Odense"})
    assert typed_on.status == 409
    assert "Is this a different supplier?" in typed_on.text
    assert database.sql("SELECT COUNT(*) FROM suppliers") == [["1"]]
