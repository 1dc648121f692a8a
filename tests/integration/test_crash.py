"""A database that stands still or crashes: pages stay up, and right."""
import datetime
import os
import random
import pathlib
import signal
import time

import pymysql
import pytest

import harness
from writers import (Background, connect, insert, kind_of, query,
                     shown, stored)

STOP_SECONDS = float(os.environ.get("CAFE_STOP_SECONDS", "6"))
ROUNDS = int(os.environ.get("CAFE_CRASH_ROUNDS", "4"))
WAIT_MS = 500           # the default of catalog.wait_ms
# What a busy machine may take longer: less than the 10 s after which a page
# that waits for the database would give up.
BUSY_MACHINE_MS = 8000
RESTARTED_MS = 10000    # after kill -9, on a busy machine


def words_of(answer):
    """The time of a stale page as it says it: with the day, and the zone."""
    at = datetime.datetime.fromisoformat(answer.headers["Cafe-As-Of"][:16])
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def stand_still(own):
    """Stop every thread of the database, and wait until it is so."""
    own.process.send(signal.SIGSTOP)
    tasks = pathlib.Path(f"/proc/{own.process.pid}/task")
    harness.wait_until(
        lambda: all(" T " in (task / "stat").read_text()
                    for task in tasks.iterdir()), "it stands still")


@pytest.fixture
def own(folder):
    """A database of the test's own, which a crash robs of its last commits."""
    database = harness.Database(folder,
                                "--innodb-flush-log-at-trx-commit=0")
    database.start()
    database.make_ready()
    yield database
    if database.process.running():
        database.process.send(signal.SIGCONT)
        database.stop()


def ms_since(began):
    return 1000 * (time.monotonic() - began)


def timed(client, path):
    """An answer and the milliseconds that it took."""
    began = time.monotonic()
    answer = client.get(path)
    return answer, ms_since(began)


def wait_fresh(client, path, since, seconds):
    """Ask until the page is fresh; the milliseconds since then."""
    harness.wait_until(lambda: kind_of(client.get(path)) == "fresh",
                       f"{path} is fresh again", seconds)
    return ms_since(since)


def test_a_database_that_stands_still(start, own):
    """
    Pages go on within wait_ms and say since when; a write that was not
    acknowledged is not in them; they are fresh soon after it goes on.
    """
    customer = start("customer", own, APP_CATALOG_WAIT_MS=WAIT_MS)
    admin = connect(own)
    number = insert(admin, name="Before the stop")
    paths = ("/suppliers", f"/suppliers/{number}", "/suppliers?per=200")
    for path in paths:
        assert kind_of(customer.get(path)) == "fresh"
    stand_still(own)
    took = []
    end = time.monotonic() + STOP_SECONDS
    while time.monotonic() < end:
        answer, ms = timed(customer, paths[len(took) % len(paths)])
        took.append(ms)
        assert kind_of(answer) == "stale"
        assert "Before the stop" in answer.text
        assert f">{words_of(answer)}</time>." in answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        assert not answer.headers["ETag"]
    assert kind_of(customer.get("/")) == "stale"  # it counts the suppliers
    own.process.send(signal.SIGCONT)
    fresh_ms = wait_fresh(customer, "/suppliers", time.monotonic(), 30)
    print(f"stopped for {STOP_SECONDS:g} s: {len(took)} pages, the first after"
          f" {took[0]:.0f} ms, the longest of the others {max(took[1:]):.1f}"
          f" ms; fresh {fresh_ms:.0f} ms after SIGCONT")
    assert max(took) < WAIT_MS + BUSY_MACHINE_MS
    query(admin, "UPDATE suppliers SET name = 'After the stop'")
    for path in paths:
        answer = customer.get(path)
        assert kind_of(answer) == "fresh" and "After the stop" in answer.text


def test_many_wait_for_a_database_that_stands_still(start, own):
    """All waiting requests are answered, also those that came later."""
    customer = start("customer", own, APP_CATALOG_WAIT_MS=WAIT_MS)
    insert(connect(own))
    assert kind_of(customer.get("/suppliers")) == "fresh"
    stand_still(own)
    began = time.monotonic()
    took = []

    def reader():
        answer, ms = timed(customer, "/suppliers")
        assert kind_of(answer) == "stale"
        took.append((ms_since(began), ms))

    with Background(20 * [reader]) as background:
        background.go_on(2)
    assert max(ms for _, ms in took) < WAIT_MS + BUSY_MACHINE_MS
    assert min(at for at, _ in took) > WAIT_MS * 0.8
    own.process.send(signal.SIGCONT)
    wait_fresh(customer, "/suppliers", time.monotonic(), 30)


class Writer:
    """A step that adds, changes and removes by SQL; it outlives crashes."""

    def __init__(self, database, name):
        self.database = database
        self.name = name
        self.connection = None
        self.count = 0

    def __call__(self):
        try:
            if self.connection is None:
                self.connection = connect(self.database, "migrate")
            self.change()
        except (pymysql.err.Error, OSError):
            self.connection = None

    def change(self):
        self.count += 1
        text = f"{self.name} {self.count}"
        kind = random.choice(("insert", "update", "update", "delete"))
        if kind == "insert":
            insert(self.connection, name=text, city=text)
        elif kind == "update":
            query(self.connection, "UPDATE suppliers SET name = %s, city = %s"
                  " ORDER BY RAND() LIMIT 3", text, text)
        else:
            query(self.connection, "DELETE FROM suppliers"
                  " ORDER BY RAND() LIMIT 1")


def form_writer(employee):
    """A step that adds by the employee daemon; 503 while it is away."""
    def step():
        done = employee.post("/admin/supplier-add", {
            **harness.SUPPLIER, "anyway": "1",
            "name": f"by form {random.random()}"})
        assert done.status in (303, 503), done.text
    return step


def reader(daemon, path, statuses):
    """A step that keeps a daemon's catalog following."""
    def step():
        assert daemon.get(path).status in statuses
    return step


def crash(own, daemons, figures):
    """kill -9, start again, and wait until all pages are fresh."""
    own.kill()
    own.start()
    began = time.monotonic()
    for daemon, path in daemons:
        figures.append(wait_fresh(daemon, path, began, RESTARTED_MS / 1000))


@pytest.mark.thorough
def test_crashes_of_the_database_under_writes(start, own):
    """
    What the catalogs show after each crash is what a SELECT shows, also where
    the crash undid what had been visible. Every other crash comes when the
    writers have paused, which shows what was undone.
    """
    customer = start("customer", own, APP_CATALOG_WAIT_MS=WAIT_MS)
    employee = start("employee", own)
    daemons = ((customer, "/suppliers?per=200"),
               (employee, "/admin/suppliers?per=200"))
    steps = [Writer(own, "one"), Writer(own, "two"), form_writer(employee),
             reader(*daemons[0], (200,)), reader(*daemons[1], (200, 503))]
    admin = connect(own)
    for number in range(250):
        insert(admin, name=f"Supplier {number}")
    figures = []
    undone = 0
    for place in range(ROUNDS):
        paused = place % 2 == 0
        with Background(steps) as background:
            background.go_on(random.uniform(0.3, 1.2))
            if not paused:
                crash(own, daemons, figures)
                background.go_on(random.uniform(0, 0.3))
        if paused:
            seen = shown(customer)
            crash(own, daemons, figures)
            undone += seen != stored(own)
        table = stored(own)
        assert shown(customer) == table
        assert shown(employee, "/admin/suppliers") == table
    figures.sort()
    print(f"{ROUNDS} crashes, of which {undone} of {(ROUNDS + 1) // 2} undid"
          f" what had been visible; fresh after"
          f" {figures[len(figures) // 2]:.0f} ms (median),"
          f" {figures[-1]:.0f} ms (longest)")
    for daemon in (customer, employee):
        assert not [line for line in daemon.lines()
                    if "without a log entry" in line["msg"]]


def test_revisions_that_are_taken_a_second_time(start, own):
    """
    A crash undoes changes that were visible, and before the daemon asks again
    others have taken their numbers and gone beyond.
    """
    customer = start("customer", own, APP_CATALOG_WAIT_MS=WAIT_MS)
    admin = connect(own)
    number = insert(admin, name="durable")
    query(admin, "FLUSH ENGINE LOGS")
    for place in range(max(ROUNDS // 2, 1)):
        for again in range(5):
            query(admin, "UPDATE suppliers SET name = %s WHERE id = %s",
                  f"visible {place} {again}", number)
        before = query(admin, "SELECT n FROM supplier_revision")[0][0]
        seen = shown(customer)
        customer.process.send(signal.SIGSTOP)
        own.kill()
        own.start()
        admin = connect(own)
        lost = stored(own) != seen
        while query(admin, "SELECT n FROM supplier_revision")[0][0] <= before:
            insert(admin, name=f"another {place}")
        customer.process.send(signal.SIGCONT)
        wait_fresh(customer, "/suppliers", time.monotonic(), 10)
        print(f"round {place}: the crash undid visible changes: {lost}")
        assert shown(customer) == stored(own)


def test_values_outlive_a_crash_of_the_daemon(start, own):
    """A daemon that is killed comes back with what is stored."""
    customer = start("customer", own, APP_CATALOG_WAIT_MS=WAIT_MS)
    insert(connect(own), name="stored")
    assert shown(customer) == stored(own)
    customer.process.send(signal.SIGKILL)
    customer.process.wait()
    assert shown(start("customer", own)) == stored(own)
