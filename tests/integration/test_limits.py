"""Deadlines and exhaustion: what is too slow, too many or too much."""
import os
import pathlib
import re
import resource
import socket
import time

import pytest

import harness

RELEASE = harness.ROOT / "build/release/bin/customer"
COUNT = 1000 if "CAFE_LONG" in os.environ else 100  # maximal forms at once
GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


def connect(client, timeout=harness.WAIT_S):
    sock = socket.create_connection(("127.0.0.1", client.port), timeout)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def trickle(sock, data, pause_s):
    """Send a byte at a time until the peer answers or closes; what it said."""
    sock.settimeout(pause_s)
    for byte in data:
        try:
            sock.sendall(bytes([byte]))
            got = sock.recv(4096)
        except (BrokenPipeError, ConnectionResetError):
            return b""
        except TimeoutError:
            continue
        return got
    raise AssertionError("it took all bytes")


def cpu_ticks(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().split()
    return int(fields[13]) + int(fields[14])


def test_a_slow_head_is_cut_off_at_its_deadline(start, database):
    customer = start("customer", database, APP_HTTP_HEAD_MS=1500)
    with connect(customer) as sock:
        began = time.monotonic()
        got = trickle(sock, b"GET /healthz HTTP/1.1\r\nX-Slow: " + 100 * b"x",
                      0.2)
        took = time.monotonic() - began
    assert got.startswith(b"HTTP/1.1 408 ")
    print(f"a head of 1.5 s was cut off after {took:.2f} s")
    assert took > 1.4


def test_a_slow_body_is_cut_off_at_its_deadline(start, database):
    employee = start("employee", database, APP_HTTP_BODY_MS=1500)
    head = (b"POST /admin/supplier-add HTTP/1.1\r\nHost: [::1]\r\n"
            b"Origin: http://[::1]\r\nContent-Length: 1000\r\n\r\n")
    with connect(employee) as sock:
        sock.sendall(head)
        began = time.monotonic()
        got = trickle(sock, 100 * b"x", 0.2)
        took = time.monotonic() - began
    assert got.startswith(b"HTTP/1.1 408 ")
    print(f"a body of 1.5 s was cut off after {took:.2f} s")
    assert took > 1.4


@pytest.mark.parametrize("sent, slow", [
    (b"", b"1;" + 100 * b"x"), (b"", 14 * b"0"), (b"3e8\r\n", 100 * b"x"),
    (b"", 50 * b"1\r\nx\r\n"), (b"1\r\nx\r\n0\r\n", b"A:" + 100 * b"b"),
    (b"1\r\nx\r\n0\r\n", 20 * b"A: b\r\n")])
def test_a_slow_chunked_body_is_cut_off_at_its_deadline(start, database, sent,
                                                        slow):
    """Wherever it is slow: only bytes of the body itself earn it time."""
    employee = start("employee", database, APP_HTTP_BODY_MS=1500)
    head = (b"POST /admin/supplier-add HTTP/1.1\r\nHost: [::1]\r\n"
            b"Origin: http://[::1]\r\nTransfer-Encoding: chunked\r\n\r\n")
    with connect(employee) as sock:
        sock.sendall(head + sent)
        began = time.monotonic()
        got = trickle(sock, slow, 0.2)
        took = time.monotonic() - began
    assert got.startswith(b"HTTP/1.1 408 ")
    assert 1.4 < took < 10  # on a busy machine, too


def test_a_chunked_body_at_its_least_rate_is_read(start, database):
    """4 bytes a second earn a second each four: more than it may take."""
    employee = start("employee", database, APP_HTTP_BODY_MS=1000,
                     APP_HTTP_BODY_MIN_RATE=4)
    head = (b"POST /admin/supplier-add HTTP/1.1\r\nHost: [::1]\r\n"
            b"Origin: http://[::1]\r\nTransfer-Encoding: chunked\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\n")
    with connect(employee) as sock:
        sock.sendall(head)
        began = time.monotonic()
        while time.monotonic() - began < 3:
            sock.sendall(b"2\r\na&\r\n")
            sock.settimeout(0.2)
            with pytest.raises(TimeoutError):
                sock.recv(4096)
        sock.settimeout(harness.WAIT_S)
        sock.sendall(b"0\r\n\r\n")
        assert sock.recv(65536).startswith(b"HTTP/1.1 422 ")


def test_an_idle_connection_ends(start, database):
    customer = start("customer", database, APP_HTTP_IDLE_MS=1000)
    with connect(customer) as sock:
        sock.sendall(GET)
        assert sock.recv(4096)
        began = time.monotonic()
        assert sock.recv(4096) == b""
        assert time.monotonic() - began > 0.9


def test_connections_have_a_cap(start, database):
    customer = start("customer", database, APP_HTTP_CONNECTIONS_MAX=10)
    first = [connect(customer) for _ in range(10)]
    for sock in first:
        sock.sendall(GET)
        assert sock.recv(4096).startswith(b"HTTP/1.1 200 ")
    with connect(customer) as one_more:
        assert one_more.recv(4096).startswith(b"HTTP/1.1 503 ")
        assert one_more.recv(4096) == b""
    first.pop().close()
    harness.wait_until(lambda: customer.get("/healthz").status == 200,
                       "one is free")
    for sock in first:
        sock.close()


def test_requests_on_a_connection_have_a_cap(start, database):
    customer = start("customer", database, APP_HTTP_REQUESTS_MAX=3)
    with connect(customer) as sock:
        for number in range(3):
            sock.sendall(GET)
            closing = b"Connection: close" in sock.recv(4096)
            assert closing == (number == 2)
        assert sock.recv(4096) == b""


def test_without_descriptors_it_waits_calmly(folder, database):
    """40 descriptors, 80 clients: no spinning, a quiet log, and back soon."""
    env = {**database.environment("customer"), "APP_PORT": "0",
           "APP_BIND": "127.0.0.1", "APP_OPS_PORT": "0"}
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    program = folder / "few"
    program.write_text(f"#!/bin/sh\nulimit -n 40\nexec {harness.BIN}/customer")
    program.chmod(0o755)
    process = harness.Process("customer", [program], folder, env)
    clients = []
    try:
        found = harness.wait_until(
            lambda: re.search(r'"listening","port":(\d+)', process.output()),
            "it is ready")
        port = int(found[1])
        for _ in range(80):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
            clients.append(sock)
        harness.wait_until(lambda: "cannot accept" in process.output(),
                           "it has run out")
        lines, ticks = process.output().count("cannot accept"), \
            cpu_ticks(process.pid)
        began = time.monotonic()
        harness.wait_until(lambda: time.monotonic() - began > 3, "3 s")
        used = (cpu_ticks(process.pid) - ticks) / \
            os.sysconf("SC_CLK_TCK") / 3
        said = process.output().count("cannot accept") - lines
        print(f"without descriptors: {used:.1%} CPU, {said} lines in 3 s")
        assert used < 0.05 and said <= 4
        for sock in clients:
            sock.close()
        began = time.monotonic()
        harness.wait_until(
            lambda: harness.Client(port).get("/healthz").status == 200,
            "it serves again")
        print(f"serves again after {time.monotonic() - began:.2f} s")
    finally:
        for sock in clients:
            sock.close()
        process.stop()
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == before


@pytest.mark.skipif(harness.PRESET == "tsan",
                    reason="ThreadSanitizer keeps several bytes of its own for "
                           "each byte of memory: it is measured without")
def test_readers_that_stop_hold_no_copy(start, database):
    """A large page is shared: a client that doesn't read costs little."""
    row = "REPEAT('x', 255)"
    database.sql("INSERT INTO suppliers (name, address, city, state, email,"
                 f" phone) SELECT {row}, {row}, {row}, {row}, {row}, '5550100'"
                 " FROM seq_1_to_200")
    customer = start("customer", database)
    path = "/suppliers?per=200"
    size = len(customer.get(path).body)
    assert size > 250000
    customer.get(path)
    before = harness.resident_kib(customer.process.pid)
    readers = []
    for _ in range(100):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect(("127.0.0.1", customer.port))
        sock.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        readers.append(sock)
    for sock in readers:
        assert sock.recv(1, socket.MSG_PEEK)
    grown = harness.resident_kib(customer.process.pid) - before
    print(f"100 readers of {size} bytes: {grown} KiB more")
    for sock in readers:
        sock.close()
    assert grown < 100 * size / 1024 / 4


def test_large_bodies_at_once(start, database):
    """As many maximal forms at once as there may be: bounded, and given back.
    """
    employee = start("employee", database)
    body = b"notes=" + (512 * 1024 - 6) * b"x"
    head = (b"POST /admin/supplier-add HTTP/1.1\r\nHost: [::1]\r\n"
            b"Origin: http://[::1]\r\nContent-Length: %d\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
            % len(body))
    before = harness.resident_kib(employee.process.pid)
    socks = [connect(employee) for _ in range(COUNT)]
    for sock in socks:
        sock.sendall(head + body[:-1])
    harness.wait_until(
        lambda: employee.get("/healthz").status == 200, "it has read them")
    peak = harness.resident_kib(employee.process.pid)
    for sock in socks:
        sock.sendall(body[-1:])
    for sock in socks:
        assert sock.recv(65536).startswith(b"HTTP/1.1 422 ")
        sock.close()
    print(f"{COUNT} forms of 512 KiB: {(peak - before) / COUNT:.0f} KiB each")
    assert employee.get("/admin").status == 200


@pytest.mark.thorough  # takes a release build
def test_idle_connections_cost_a_kibibyte(folder, database):
    harness.build("release", "customer")
    count = min(10000, resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 200)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    env = {**database.environment("customer"), "APP_PORT": "0",
           "APP_BIND": "127.0.0.1", "APP_OPS_PORT": "0",
           "APP_LOG_REQUESTS": "off", "APP_DRAIN_DELAY_MS": "0"}
    process = harness.Process("customer", [RELEASE], folder, env)
    idle = []
    try:
        found = harness.wait_until(
            lambda: re.search(r'"listening","port":(\d+)', process.output()),
            "it is ready")
        client = harness.Client(int(found[1]))
        assert client.get("/suppliers").status == 200
        before = harness.resident_kib(process.pid)
        for _ in range(count):
            sock = connect(client)
            sock.sendall(GET)
            assert sock.recv(4096)
            idle.append(sock)
        each = (harness.resident_kib(process.pid) - before) / count
        print(f"{count} idle connections: {each:.2f} KiB each")
        assert each <= 1
    finally:
        for sock in idle:
            sock.close()
        process.stop()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
