"""Probes and requests that wait for the database: each gets its answer."""
import os
import signal
import socket

import pytest

import harness
from test_employee import add

READYZ = b"GET /readyz HTTP/1.1\r\nHost: test\r\n\r\n"
LAST = READYZ.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
ROUNDS = 40


def dial(daemon):
    return socket.create_connection(("127.0.0.1", daemon.port),
                                    harness.WAIT_S)


def read_all(sock):
    got = b""
    while chunk := sock.recv(65536):
        got += chunk
    return got


def descriptors(daemon):
    return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))


@pytest.mark.parametrize("name", ["customer", "employee"])
def test_every_pipelined_probe_is_answered(start, database, name):
    """One that comes while others are answered asks for itself."""
    daemon = start(name, database, APP_STOP_MAX_MS=600000)
    before = descriptors(daemon)
    for _ in range(ROUNDS):
        with dial(daemon) as one, dial(daemon) as other:
            one.sendall(READYZ * 2 + LAST)
            other.sendall(READYZ + LAST)
            for sock, count in (one, 3), (other, 2):
                assert read_all(sock).count(b"HTTP/1.1 200 ") == count
    # the pool of database connections may have grown meanwhile
    harness.wait_until(lambda: descriptors(daemon) <= before + 8,
                       "all connections are closed")
    assert daemon.stop() == 0  # does not wait for stop_max_ms


def test_no_request_is_handled_for_ever(start, own):
    """A handler that waits too long is answered for, and may answer late."""
    daemon = start("employee", own, APP_HTTP_HANDLE_MS=1000,
                   APP_DB_READ_TIMEOUT_S=300, APP_DB_THREADS=1)
    assert daemon.get("/readyz").status == 200
    before = descriptors(daemon)
    own.process.send(signal.SIGSTOP)
    with dial(daemon) as sock:
        sock.sendall(READYZ * 3)
        answer = read_all(sock)  # the server closes
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"HTTP/1.1 503 " in answer and b"took too long" in answer
    assert b"Connection: close" in answer and b"Retry-After" in answer
    with dial(daemon) as sock:  # gone before its answer
        sock.sendall(READYZ)
    late = daemon.get("/readyz")
    assert late.status == 503 and "took too long" in late.text
    harness.wait_until(lambda: descriptors(daemon) <= before,
                       "all connections are closed")
    assert any(line["msg"] == "a request was not answered in time"
               for line in daemon.lines())
    own.process.send(signal.SIGCONT)
    harness.wait_until(lambda: daemon.get("/readyz").status == 200,
                       "employee is ready")
    add(daemon)


def test_a_late_answer_is_dropped_while_stopping(start, own):
    daemon = start("employee", own, APP_HTTP_HANDLE_MS=1000,
                   APP_DB_READ_TIMEOUT_S=3, APP_STOP_MAX_MS=600000)
    assert daemon.get("/readyz").status == 200
    own.process.send(signal.SIGSTOP)
    assert "took too long" in daemon.get("/readyz").text
    assert daemon.stop() == 0
