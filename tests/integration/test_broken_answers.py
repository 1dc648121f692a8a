"""
An exchange with the database that breaks at any packet, in either direction:
what a form is told is true, it can be sent again, and pages are fresh in time.
"""
import os
import re
import threading

import pytest

import harness
from cutter import BREAKS, Cutter, at_each_packet
from forms import new_key, supplier
from thorough import at_desk
from writers import connect, insert, kind_of, query

ALL_BREAKS = pytest.mark.parametrize("name", at_desk(
    ("after_an_ask", "inside_an_answer"), BREAKS))


@pytest.fixture(name="cutter")
def make_cutter(database):
    cutter = Cutter(database)
    yield cutter
    cutter.close()


def check_log(daemon):
    """Each failure that was logged says what it was."""
    for line in daemon.lines():
        assert line.get("db_error") != 0, line


def broken(start, database, cutter, name, **settings):
    """A daemon whose connections can be broken."""
    return start(name, database, APP_DB_SOCKET=cutter.path,
                 APP_CATALOG_WAIT_MS=30000, APP_DB_QUEUE_MS=30000, **settings)


def answered(ask):
    """Ask until the daemon is connected again: it waits between attempts."""
    def once():
        answer = ask()
        return answer.status != 503 and answer
    return harness.wait_until(once, "an answer")


class Forms:
    """Forms of each kind, and whether what they are told is true."""

    def __init__(self, database, employee, cutter):
        self.admin = connect(database)
        self.employee = employee
        self.cutter = cutter
        self.mark = 0

    def insert(self):
        """A supplier of its own, unlike any other."""
        self.mark += 1
        return insert(self.admin, **supplier(self.mark))

    def entries(self, key):
        """What is in the log under a form key."""
        return query(self.admin, "SELECT supplier_id, action, city FROM"
                     " supplier_changes WHERE form_key = %s", key)

    def rows(self, number):
        return query(self.admin, "SELECT city FROM suppliers WHERE id = %s",
                     number)

    def send(self, path, fields, wanted):
        """
        Send a form, compare the answer with the table, and send it once more:
        it is done then, and once only.
        """
        fields = {**fields, "form_key": new_key()}
        answer = self.employee.post(path, fields)
        found = self.entries(fields["form_key"])
        assert answer.status in (wanted, 503), answer.text
        if answer.status == 303:
            assert len(found) == 1
        elif answer.status != 503 or "Nothing was" in answer.text:
            assert not found, answer.text
        self.cutter.disarm()
        again = answered(lambda: self.employee.post(path, fields))
        assert again.status == wanted, again.text
        found = self.entries(fields["form_key"])
        assert len(found) == (wanted == 303)
        return found

    def add(self, _):
        self.mark += 1
        found = self.send("/admin/supplier-add", supplier(self.mark), 303)
        assert self.rows(found[0][0]) == ((f"City {self.mark}",),)

    def update(self, _):
        number = self.insert()
        self.send("/admin/supplier-update",
                  {**supplier(self.mark), "id": number, "city": "New"}, 303)
        assert self.rows(number) == (("New",),)

    def remove(self, _):
        number = self.insert()
        self.send(f"/admin/supplier-remove/{number}", {}, 303)
        assert not self.rows(number)

    def restore(self, _):
        number = self.insert()
        first = query(self.admin, "SELECT MAX(revision) FROM supplier_changes"
                      " WHERE supplier_id = %s", number)[0][0]
        query(self.admin, "DELETE FROM suppliers WHERE id = %s", number)
        self.send(f"/admin/supplier-restore/{first}",
                  {"revision": first + 1}, 303)
        assert self.rows(number) == ((f"City {self.mark}",),)

    def clash(self, _):
        number = self.insert()
        first = query(self.admin, "SELECT MAX(revision) FROM supplier_changes"
                      " WHERE supplier_id = %s", number)[0][0]
        query(self.admin, "UPDATE suppliers SET city = 'Theirs' WHERE id = %s",
              number)
        self.send("/admin/supplier-update", {
            **supplier(self.mark), "id": number, "city": "Mine",
            "revision": first}, 409)
        assert self.rows(number) == (("Theirs",),)

    def gone(self, _):
        number = self.insert()
        query(self.admin, "DELETE FROM suppliers WHERE id = %s", number)
        self.send("/admin/supplier-update",
                  {**supplier(self.mark), "id": number}, 404)

    def refuse(self, _):
        """Needs a table that takes no city of Atlantis."""
        number = self.insert()
        self.send("/admin/supplier-update", {
            **supplier(self.mark), "id": number, "city": "Atlantis"}, 422)
        assert self.rows(number) == ((f"City {self.mark}",),)

    def steps(self, name):
        """
        All of them in a long run; else a change, and another with each break.
        """
        others = self.add, self.remove, self.restore, self.clash, self.gone
        if not os.environ.get("CAFE_LONG"):
            place = list(BREAKS).index(name)
            others = others[place % len(others)],
        return self.update, *others


@ALL_BREAKS
def test_what_a_form_is_told_is_true(start, database, cutter, name):
    employee = broken(start, database, cutter, "employee")
    forms = Forms(database, employee, cutter)
    for step in forms.steps(name):
        at_each_packet(cutter, BREAKS[name], step)
    check_log(employee)


@pytest.mark.parametrize("name", ["after_an_answer", "interrupted"])
def test_what_a_table_refuses_is_told_truly(start, database, cutter, name):
    database.sql("ALTER TABLE suppliers ADD CHECK (city <> 'Atlantis')")
    employee = broken(start, database, cutter, "employee")
    forms = Forms(database, employee, cutter)
    at_each_packet(cutter, BREAKS[name], forms.refuse)
    check_log(employee)


@ALL_BREAKS
def test_pages_are_fresh_in_time(start, database, cutter, name):
    """The list, and what a search finds, as the database has them now."""
    customer = broken(start, database, cutter, "customer")
    admin = connect(database)

    def look(packets):
        mark = f"Cut {packets}"
        insert(admin, name=mark)
        for path in "/suppliers?per=200", f"/suppliers?q=Cut+{packets}":
            page = customer.get(path)
            assert kind_of(page) == "fresh"
            assert f"{mark}<" in page.text

    at_each_packet(cutter, BREAKS[name], look)
    check_log(customer)


@ALL_BREAKS
def test_the_history_is_whole_or_refused(start, database, cutter, name):
    employee = broken(start, database, cutter, "employee")
    admin = connect(database)
    number = insert(admin)
    path = f"/admin/supplier-history/{number}"

    def look(packets):
        query(admin, "UPDATE suppliers SET city = %s WHERE id = %s",
              f"City {packets}", number)
        page = employee.get(path)
        assert page.status in (200, 503), page.text
        assert page.status == 503 or f"City {packets}<" in page.text
        cutter.disarm()
        assert answered(lambda: employee.get(path)).status == 200

    at_each_packet(cutter, BREAKS[name], look)
    check_log(employee)


@ALL_BREAKS
def test_the_first_load_goes_on(start, database, cutter, name):
    """Each connection gets one packet further than the one before."""
    insert(connect(database))
    cutter.arm_ladder(*BREAKS[name])
    customer = broken(start, database, cutter, "customer")
    page = customer.get("/suppliers")
    assert kind_of(page) == "fresh" and harness.SUPPLIER["name"] in page.text
    assert cutter.rung > 5
    check_log(customer)


def test_a_removal_of_unknown_outcome_is_not_denied(start, database, cutter):
    """It was done: the answer is not that there is no such supplier."""
    admin = connect(database)
    number = insert(admin, **supplier(1))
    # The answer waits for a fresh catalog, too: cut off, it never comes.
    employee = start("employee", database, APP_DB_SOCKET=cutter.path,
                     APP_CATALOG_WAIT_MS=1000, APP_DB_QUEUE_MS=1000)
    path, form = f"/admin/supplier-remove/{number}", {"form_key": new_key()}
    assert answered(lambda: employee.get(path)).status == 200
    cutter.lose_commits(True)
    answer = employee.post(path, form)
    assert not query(admin, "SELECT 1 FROM suppliers")
    assert answer.status == 503 and "Nothing was" not in answer.text
    cutter.lose_commits(False)
    done = answered(lambda: employee.post(path, form))
    assert done.status == 303
    harness.wait_until(
        lambda: re.search("Deleted.*Undo",
                          employee.get(done.headers["Location"]).text, re.S),
        "a list that is fresh again")
    check_log(employee)


class Held:
    """A save that waits for a row, which another session has locked."""

    def __init__(self, database, employee):
        self.admin = connect(database)
        self.number = insert(self.admin, city="0")
        self.holder = connect(database, autocommit=False)
        query(self.holder, "SELECT id FROM suppliers WHERE id = %s FOR UPDATE",
              self.number)
        self.answer = None
        self.thread = threading.Thread(target=self.save, args=(employee,))
        self.thread.start()

    def save(self, employee):
        self.answer = employee.post("/admin/supplier-update", {
            **harness.SUPPLIER, "id": self.number, "city": "1",
            "form_key": new_key()})

    def connection(self):
        """The connection that waits, once it does."""
        return harness.wait_until(
            lambda: query(self.admin, "SELECT id FROM"
                          " information_schema.PROCESSLIST WHERE user ="
                          " 'employee' AND info LIKE '%%FOR UPDATE'"),
            "the save waits")[0][0]

    def city(self):
        return query(self.admin, "SELECT city FROM suppliers WHERE id = %s",
                     self.number)[0][0]

    def end(self):
        """Let go of the row; the answer to the save."""
        self.holder.rollback()
        self.thread.join()
        return self.answer


def test_a_statement_that_is_killed_changes_nothing(employee, database):
    held = Held(database, employee)
    query(held.admin, f"KILL QUERY {held.connection()}")
    held.thread.join()
    assert held.answer.status == 503 and "Nothing was" in held.answer.text
    held.end()
    assert held.city() == "0"


def test_a_statement_that_takes_too_long_changes_nothing(start, database):
    """Shorter than it would wait for the row."""
    database.sql("SET GLOBAL max_statement_time = 1")
    try:
        held = Held(database, start("employee", database))
        held.thread.join()
        assert held.answer.status == 503 and "Nothing was" in held.answer.text
        held.end()
        assert held.city() == "0"
    finally:
        database.sql("SET GLOBAL max_statement_time = DEFAULT")


def test_a_save_goes_on_after_its_connection_is_killed(start, database):
    held = Held(database, start("employee", database, APP_DB_QUEUE_MS=30000))
    first = held.connection()
    query(held.admin, f"KILL {first}")
    harness.wait_until(lambda: held.connection() != first,
                       "it waits on another connection")
    assert held.end().status == 303
    assert held.city() == "1"
