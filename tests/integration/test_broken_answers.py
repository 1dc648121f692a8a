"""
A connection to the database that breaks after any packet, in either
direction: what a form is told is true, and pages are fresh in time.
"""
import contextlib
import itertools
import socket
import threading
import time

import pytest

import harness
from forms import new_key
from writers import connect, insert, kind_of, query

PACKETS_MAX = 200  # more than any request needs
SIDES = ("asks", "answers")


class Cutter:
    """A relay that breaks a connection once, after the nth packet."""

    def __init__(self, database):
        self.database = database
        self.lock = threading.Lock()
        self.side, self.left = None, 0
        self.path = str(database.folder / f"cut-{time.monotonic_ns()}.sock")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def arm(self, side, packets):
        with self.lock:
            self.side, self.left = side, packets

    def disarm(self):
        """Whether it has cut."""
        with self.lock:
            self.side = None
            return self.left == 0

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                near = self.listener.accept()[0]
                far = socket.socket(socket.AF_UNIX)
                far.connect(self.database.socket)
                for args in ((near, far, "asks"), (far, near, "answers")):
                    threading.Thread(target=self.copy, args=args,
                                     daemon=True).start()

    def is_last(self, side):
        with self.lock:
            if side != self.side or self.left == 0:
                return False
            self.left -= 1
            return self.left == 0

    def copy(self, source, sink, side):
        """Packet by packet: three bytes of length, a number, the body."""
        with contextlib.suppress(OSError), source.makefile("rb") as reader:
            while len(head := reader.read(4)) == 4:
                size = int.from_bytes(head[:3], "little")
                last = self.is_last(side)
                sink.sendall(head + reader.read(size))
                if last:
                    break
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@pytest.fixture(name="cutter")
def make_cutter(database):
    cutter = Cutter(database)
    yield cutter
    cutter.close()


def until_uncut(cutter, side, step):
    """Do a step with a cut after each packet, until it needs no more."""
    for packets in itertools.count(1):
        assert packets < PACKETS_MAX
        cutter.arm(side, packets)
        step(packets)
        if not cutter.disarm():
            return


def says_nothing_was_done(answer):
    return "Nothing was" in answer.text


@pytest.mark.parametrize("side", SIDES)
def test_what_a_save_is_told_is_true(start, database, cutter, side):
    employee = start("employee", database, APP_DB_SOCKET=cutter.path)
    admin = connect(database)
    number = insert(admin, city="0")

    def save(packets):
        done = employee.post("/admin/supplier-update", {
            **harness.SUPPLIER, "id": number, "city": packets,
            "form_key": new_key()})
        city = query(admin, "SELECT city FROM suppliers WHERE id = %s",
                     number)[0][0]
        assert done.status in (303, 503), done.text
        if done.status == 303:
            assert city == str(packets)
        elif says_nothing_was_done(done):
            assert city != str(packets)

    until_uncut(cutter, side, save)


@pytest.mark.parametrize("side", SIDES)
def test_what_a_removal_is_told_is_true(start, database, cutter, side):
    employee = start("employee", database, APP_DB_SOCKET=cutter.path)
    admin = connect(database)

    def remove(_):
        number = insert(admin)
        done = employee.post(f"/admin/supplier-remove/{number}",
                             {"form_key": new_key()})
        there = query(admin, "SELECT 1 FROM suppliers WHERE id = %s", number)
        assert done.status in (303, 503), done.text
        if done.status == 303:
            assert not there
        elif says_nothing_was_done(done):
            assert there

    until_uncut(cutter, side, remove)


@pytest.mark.parametrize("side", SIDES)
def test_pages_are_fresh_in_time(start, database, cutter, side):
    customer = start("customer", database, APP_DB_SOCKET=cutter.path,
                     APP_CATALOG_WAIT_MS=30000)
    admin = connect(database)

    def look(packets):
        insert(admin, name=f"Cut {side} {packets}")
        page = customer.get("/suppliers?per=200")
        assert kind_of(page) == "fresh"
        assert f"Cut {side} {packets}<" in page.text

    until_uncut(cutter, side, look)


@pytest.mark.parametrize("lock", ["LOCK TABLES suppliers READ",
                                  "FLUSH TABLES WITH READ LOCK"])
def test_a_locked_table_is_said_to_be_so(employee, database, lock):
    admin = connect(database)
    number = insert(admin, city="0")
    query(admin, lock)
    try:
        done = employee.post("/admin/supplier-update", {
            **harness.SUPPLIER, "id": number, "city": "1",
            "form_key": new_key()})
    finally:
        query(admin, "UNLOCK TABLES")
    assert done.status == 503
    assert "could not do this in time" in done.text
    assert query(admin, "SELECT city FROM suppliers WHERE id = %s",
                 number) == (("0",),)
