"""
Somebody holds a lock in the database: requests that need it are told in time,
and all others are served meanwhile.
"""
import contextlib
import threading

import pytest

import harness
from forms import new_key, supplier
from thorough import at_desk
from writers import Background, connect, insert, query

THREADS = 4  # of the daemon

# What each does to the table, and takes back.
LOCKS = {
    "LOCK TABLES suppliers READ": "UNLOCK TABLES",
    "FLUSH TABLES WITH READ LOCK": "UNLOCK TABLES",
    "ALTER TABLE suppliers COMMENT 'for a while'":
        "ALTER TABLE suppliers COMMENT ''",
}


def waiting(admin):
    """How many connections of the daemon wait for a lock."""
    return query(admin, """
        SELECT COUNT(*) FROM information_schema.PROCESSLIST
        WHERE user = 'employee' AND (info LIKE '%%FOR UPDATE'
                                     OR state LIKE 'Waiting for %%lock')
        """)[0][0]


class Saver:
    """A step: a save of the same supplier that has to wait for a lock."""

    def __init__(self, employee, number):
        self.employee = employee
        self.number = number
        self.answers = []

    def __call__(self):
        self.answers.append(self.employee.post("/admin/supplier-update", {
            **supplier(self.number), "id": self.number, "city": "Locked",
            "anyway": 1, "form_key": new_key()}))


def check_told(savers):
    """Nothing of it was saved, and that is said."""
    answers = [answer for saver in savers for answer in saver.answers]
    assert answers
    for answer in answers:
        assert answer.status == 503 and "Nothing was" in answer.text
        assert ("took too long" in answer.text or
                "busy with earlier requests" in answer.text)


@contextlib.contextmanager
def locked(database, lock):
    """Hold a lock; the one that others queue up for waits for a transaction."""
    holder = connect(database, autocommit=False)
    other = connect(database)
    if lock.startswith("ALTER"):
        query(holder, "SELECT COUNT(*) FROM suppliers")
        thread = threading.Thread(target=query, args=(other, lock))
        thread.start()
        admin = connect(database)
        harness.wait_until(
            lambda: query(admin, "SELECT 1 FROM information_schema.PROCESSLIST"
                          " WHERE state = 'Waiting for table metadata lock'"),
            "it waits")
        yield
        holder.rollback()
        thread.join()
    else:
        query(other, lock)
        yield
    query(other, LOCKS[lock])


def test_a_locked_row_holds_nobody_else(start, database):
    """Saves of it, again and again, have one of the threads."""
    employee = start("employee", database, APP_DB_THREADS=THREADS,
                     APP_DB_QUEUE_MS=60000)
    admin = connect(database)
    number = insert(admin, **supplier(1))
    holder = connect(database, autocommit=False)
    query(holder, "SELECT id FROM suppliers WHERE id = %s FOR UPDATE", number)
    savers = [Saver(employee, number) for _ in range(2 * THREADS)]
    with Background(savers) as work:
        harness.wait_until(lambda: waiting(admin), "a save waits")
        for mark in range(2, 22):
            done = employee.post("/admin/supplier-add", supplier(mark))
            assert done.status == 303, done.text
            page = employee.get("/admin/history")
            assert page.status == 200 and f"Name {mark}<" in page.text
            assert waiting(admin) <= 1
        work.ended.set()
        holder.rollback()
    assert {answer.status for saver in savers
            for answer in saver.answers} <= {303, 503}


@pytest.mark.parametrize("lock", at_desk(list(LOCKS)[:1], LOCKS))
def test_a_locked_table_leaves_the_history(start, database, lock):
    """Saves wait, on all threads but one."""
    employee = start("employee", database, APP_DB_THREADS=THREADS)
    admin = connect(database)
    numbers = [insert(admin, **supplier(mark))
               for mark in range(2 * THREADS)]
    savers = [Saver(employee, number) for number in numbers]
    assert employee.get("/admin/suppliers").status == 200  # has read them
    with locked(database, lock):
        with Background(savers):
            for _ in range(10):
                harness.wait_until(lambda: waiting(admin) == THREADS - 1,
                                   "saves wait")
                assert employee.get("/admin/history").status == 200
                assert waiting(admin) < THREADS
    check_told(savers)
    assert query(admin, "SELECT COUNT(*) FROM suppliers"
                 " WHERE city = 'Locked'") == ((0,),)


def test_a_locked_row_is_said_to_be_so(employee, database):
    admin = connect(database)
    saver = Saver(employee, insert(admin, **supplier(1)))
    holder = connect(database, autocommit=False)
    query(holder, "SELECT id FROM suppliers FOR UPDATE")
    saver()
    holder.rollback()
    check_told([saver])
