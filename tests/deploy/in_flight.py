"""Requests that take seconds: stopping a task too early breaks one."""
import http.client
import socket
import threading
import time

import harness
from rehearsal import BALANCER

PIECES = 12
ENOUGH_S = 300  # far more than any machine needs
# A list takes longer than a deployment waits after it has shifted traffic and
# before it ends tasks. A form has to be there after ten seconds.
LIST_PAUSE_S, FORM_PAUSE_S = 1, 0.5
# More than the sockets between reader and daemon hold.
LIST_MIN_BYTES = 3_000_000
FILL = """INSERT INTO suppliers (name, address, city, state, email, phone)
    SELECT CONCAT('Bean ', seq), REPEAT('Long Street ', 20), 'Lima', 'Lima',
           '', '5550142' FROM seq_1_to_20000"""
FORM = (b"name=Slow+Beans&address=1&city=Lima&state=Lima&country=&email="
        b"&phone=2075550199&notes=&anyway=1")


def connect():
    """With a window so small that the other side has to wait for us."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
    sock.settimeout(harness.WAIT_S)
    sock.connect((BALANCER, 80))
    return sock


def answer(sock, status):
    response = http.client.HTTPResponse(sock)
    response.begin()
    assert response.status == status, response.status
    return response


def read_slowly():
    """The list of all as a file; it has to come whole."""
    with connect() as sock:
        sock.sendall(b"GET /suppliers.csv HTTP/1.1\r\nHost: x\r\n\r\n")
        response = answer(sock, 200)
        length = response.length
        assert length > LIST_MIN_BYTES, "it fits into buffers"
        got = 0
        for _ in range(PIECES):
            got += len(response.read(4096))
            time.sleep(LIST_PAUSE_S)  # a slow line is what is tested
        got += len(response.read())
        assert got == length, f"{got} of {length} bytes"


def post_slowly():
    """A form that comes in pieces; it has to be saved."""
    with connect() as sock:
        sock.sendall(
            b"POST /admin/supplier-add HTTP/1.1\r\nHost: [::1]\r\n"
            b"Origin: http://[::1]\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            b"Content-Length: %d\r\n\r\n" % len(FORM))
        step = -(-len(FORM) // PIECES)
        for at in range(0, len(FORM), step):
            time.sleep(FORM_PAUSE_S)
            sock.sendall(FORM[at:at + step])
        answer(sock, 303)


class InFlight:
    """
    Two slow readers and two slow writers, over and over, each at another
    point. Leaving the block fails if any of their requests has.
    """

    def __init__(self):
        self.over = threading.Event()
        self.done = {read_slowly: 0, post_slowly: 0}
        self.faults = []
        pauses = {read_slowly: LIST_PAUSE_S, post_slowly: FORM_PAUSE_S}
        self.threads = [threading.Thread(
            target=self.repeat, args=(work, turn * PIECES * pauses[work] / 2))
                        for work in self.done for turn in range(2)]

    def repeat(self, work, delay_s):
        self.over.wait(delay_s)
        while not self.over.is_set():
            try:
                work()
                self.done[work] += 1
            except (OSError, http.client.HTTPException,
                    AssertionError) as fault:
                self.faults.append(f"{work.__name__}: {fault!r}")

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def enough(self):
        return self.faults or all(count > 2 for count in self.done.values())

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                harness.wait_until(self.enough, "requests are answered",
                                   ENOUGH_S)
        finally:
            self.over.set()
            for thread in self.threads:
                thread.join()
        if kind is None:
            assert not self.faults, self.faults
