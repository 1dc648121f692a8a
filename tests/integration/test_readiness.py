"""Probes are answered at once, from what is known; requests that wait for the
database each get their answer."""
import json
import os
import re
import signal
import socket

import pytest

import harness
from test_employee import add
from writers import connect, query

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


WORD = re.compile(r"(ready|not ready: [^\n]+|stopping)\n"
                  r"since: ([0-9T:.Z-]+)\n"
                  r"database: (no answer yet|last answer [0-9T:.Z-]+, "
                  r"\d+ ms ago)\n"
                  r"schema: ([^\n]+)\n"
                  r"pages: (none yet|as of [0-9T:.Z-]+)"
                  r"(, not up to date since ([0-9T:.Z-]+) \([^)\n]+\))?\n")


def state(daemon):
    return json.loads(daemon.get("/readyz", Accept="application/json").text)


def when(daemon, status):
    """What it says once that is its status, and it has pages to show."""
    def found():
        now = state(daemon)
        return now["status"] == status and now["pages"]["as_of"] and now

    return harness.wait_until(found, status)


def report(daemon):
    """Both forms, which have to say the same while nothing changes."""
    text = daemon.get("/readyz")
    answer = daemon.get("/readyz", Accept="application/json")
    found = json.loads(answer.text)
    assert answer.headers["Content-Type"] == "application/json"
    assert text.headers["Content-Type"] == "text/plain; charset=utf-8"
    for one in text, answer:
        assert one.headers["Vary"] == "Accept"
        assert one.headers["Cache-Control"] == "no-store"
        assert one.status == (200 if found["status"] == "ready" else 503)
    words = WORD.fullmatch(text.text)
    assert words, text.text
    first = found["status"] + (f": {found['reason']}" if found["reason"]
                               else "")
    assert words[1] == first and words[2] == found["since"]
    assert words[4] == found["database"]["schema"]
    assert (words[3] == "no answer yet") == (
        found["database"]["answered_at"] is None)
    assert (words[5] == "none yet") == (found["pages"]["as_of"] is None)
    assert words[7] == found["pages"]["stale_since"]
    return found


def test_ready_says_since_when(start, database):
    daemon = start("customer", database)
    when(daemon, "ready")
    first = report(daemon)
    assert first["status"] == "ready" and first["reason"] is None
    assert first["database"]["schema"] == "current"
    assert first["pages"]["as_of"] and not first["pages"]["stale_since"]
    second = report(daemon)
    assert second["since"] == first["since"]
    assert second["database"]["answered_at"] > first["database"]["answered_at"]


def test_a_browser_gets_text(start, database):
    daemon = start("customer", database)
    answer = daemon.get("/readyz", Accept="text/html,application/xhtml+xml,"
                        "application/xml;q=0.9,*/*;q=0.8")
    assert WORD.fullmatch(answer.text)


@pytest.mark.parametrize("wait_ms", [500, 60000])
@pytest.mark.parametrize("name", ["customer", "employee"])
def test_a_database_that_hangs_delays_no_probe(start, own, name, wait_ms):
    """The read time-out is 5 minutes: a probe can't wait for it. Nor can it for
    a minute, where pages may."""
    daemon = start(name, own, APP_CATALOG_WAIT_MS=wait_ms,
                   APP_DB_READ_TIMEOUT_S=300, APP_DB_THREADS=1)
    daemon.get("/suppliers" if name == "customer" else "/admin/suppliers")
    before = when(daemon, "ready")
    own.process.send(signal.SIGSTOP)
    answers = [report(daemon) for _ in range(10)]
    assert {one["status"] for one in answers} == {"not ready"}
    assert {one["reason"] for one in answers} == {
        "the database does not answer in time"}
    assert len({one["since"] for one in answers}) == 1
    assert answers[0]["since"] > before["since"]
    assert answers[0]["database"]["schema"] == "current"
    assert answers[-1]["database"]["age_ms"] >= 500
    assert answers[-1]["pages"]["as_of"]
    own.process.send(signal.SIGCONT)
    assert when(daemon, "ready")["since"] > answers[0]["since"]


def test_it_becomes_ready_though_nobody_asks(start, own):
    """One probe that finds it away is enough to find it back."""
    daemon = start("customer", own)
    when(daemon, "ready")
    own.kill()
    away = report(daemon)
    assert away["status"] == "not ready" and "database" in away["reason"]
    own.start()
    back = connect(own)
    harness.wait_until(lambda: query(
        back, "SELECT COUNT(*) FROM information_schema.processlist WHERE "
              "user = 'customer' AND command = 'Sleep'")[0][0] > 0,
        "it has connected by itself")
    when(daemon, "ready")


def test_nothing_to_show_is_said(start):
    daemon = start("customer", None, APP_DB_SOCKET="/nonexistent/db.sock",
                   APP_CATALOG_WAIT_MS=100)
    found = report(daemon)
    assert found["status"] == "not ready"
    assert found["database"] == {"answered_at": None, "age_ms": None,
                                 "schema": "unknown"}
    assert found["pages"]["as_of"] is None
    assert "\npages: none yet" in daemon.get("/readyz").text


def test_stopping_is_said_with_its_time(start, database):
    daemon = start("customer", database, APP_DRAIN_DELAY_MS=500000,
                   APP_STOP_MAX_MS=600000)
    when(daemon, "ready")
    daemon.process.send()
    found = when(daemon, "stopping")
    assert found["reason"] is None
    assert report(daemon)["since"] == found["since"]
    assert daemon.get("/readyz").text.startswith("stopping\n")
    daemon.process.send()  # at once
    assert daemon.process.wait() == 1


def hanging(own, *paths):
    """A form whose answer waits for a database that hangs."""
    own.process.send(signal.SIGSTOP)
    return b"".join(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
                    for path in paths)


def test_no_request_is_handled_for_ever(start, own):
    """A handler that waits too long is answered for, and may answer late."""
    daemon = start("employee", own, APP_HTTP_HANDLE_MS=1000,
                   APP_DB_READ_TIMEOUT_S=300, APP_DB_THREADS=1)
    assert daemon.get("/admin/history").status == 200
    before = descriptors(daemon)
    asked = hanging(own, *["/admin/history"] * 3)
    with dial(daemon) as sock:
        sock.sendall(asked)
        answer = read_all(sock)  # the server closes
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"HTTP/1.1 503 " in answer and b"took too long" in answer
    assert b"Connection: close" in answer and b"Retry-After" in answer
    with dial(daemon) as sock:  # gone before its answer
        sock.sendall(asked)
    late = daemon.get("/admin/history")
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
    assert daemon.get("/admin/history").status == 200
    own.process.send(signal.SIGSTOP)
    assert "took too long" in daemon.get("/admin/history").text
    assert daemon.stop() == 0
