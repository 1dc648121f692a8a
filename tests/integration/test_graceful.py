"""Daemons come and go under load, and no request is lost."""
import os
import re
import shutil
import signal
import socket
import subprocess

import pytest

import harness

RELOADS = 20
ROUNDS = int(os.environ.get("CAFE_STOP_ROUNDS", "5"))

# As a load balancer has it: a request that fails is not tried again.
CONFIG = """
defaults
    mode http
    retries 0
    timeout connect 2s
    timeout client 30s
    timeout server 30s
    timeout check 10s
    option httpchk
    http-check send meth GET uri /readyz ver HTTP/1.1 hdr Host cafe
    default-server check inter 100ms fall 2 rise 1
frontend cafe
    bind 127.0.0.1:{port}
    default_backend customer
backend customer
    http-reuse always
    server a 127.0.0.1:{a}
    server b 127.0.0.1:{b}
"""


@pytest.fixture
def balanced(folder, start, database):
    """Two customer daemons on fixed ports behind HAProxy."""
    database.sql((harness.ROOT / "deploy/local/sample-suppliers.sql")
                 .read_text())
    ports = [harness.free_port(), harness.free_port()]

    def customer(which):
        return start("customer", database, APP_PORT=ports[which],
                     APP_OPS_PORT=harness.free_port(), APP_DRAIN_DELAY_MS=1000)

    daemons = [customer(0), customer(1)]
    port = harness.free_port()
    config = folder / "haproxy.cfg"
    config.write_text(CONFIG.format(port=port, a=ports[0], b=ports[1]))
    proxy = harness.Process("haproxy", ["/usr/sbin/haproxy", "-db", "-f",
                                        config], folder)
    client = harness.Client(port)
    harness.wait_until(lambda: reachable(client), "HAProxy serves")
    yield client, daemons, customer
    proxy.stop()


def reachable(client):
    try:
        return client.get("/suppliers").status == 200
    except OSError:
        return False


def until_served(daemon, what):
    """One more request than there were when this was called."""
    served = daemon.requests("/suppliers")
    harness.wait_until(lambda: daemon.requests("/suppliers") > served, what)


def load(port, *options):
    """Requests over and over, until check_load() ends it."""
    return subprocess.Popen(
        ["wrk", "-t1", "-c16", "-d300", "--timeout", "20s", *options,
         f"http://127.0.0.1:{port}/suppliers"], text=True,
        stdout=subprocess.PIPE)


def check_load(wrk):
    wrk.send_signal(signal.SIGINT)
    report = wrk.communicate(timeout=harness.WAIT_S)[0]
    assert "Non-2xx" not in report, report
    assert "Socket errors" not in report, report
    assert int(re.search(r"(\d+) requests in", report)[1]) > 100


@pytest.mark.skipif(not shutil.which("wrk"), reason="wrk is not installed")
def test_stopping_under_load_fails_no_request(balanced):
    client, daemons, customer = balanced
    for turn in range(ROUNDS):
        which = turn % 2
        wrk = load(client.port)
        until_served(daemons[which], "it is under load")
        assert daemons[which].stop() == 0
        daemons[which] = customer(which)
        until_served(daemons[which], "the new one is under load")
        check_load(wrk)


@pytest.mark.skipif(not shutil.which("wrk"), reason="wrk is not installed")
def test_reloading_under_load_fails_no_request(start, database):
    customer = start("customer", database, APP_OPS_PORT=harness.free_port())
    wrk = load(customer.port)
    for _ in range(RELOADS):
        customer.process.send(signal.SIGHUP)
        until_served(customer, "it serves after reading its options again")
    check_load(wrk)
    assert any("reloaded" in line["msg"] for line in customer.lines())


def test_idle_connections_are_closed(start, database):
    customer = start("customer", database)
    idle = [socket.create_connection(("127.0.0.1", customer.port))
            for _ in range(20)]
    for sock in idle[:10]:
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert sock.recv(4096).startswith(b"HTTP/1.1 200 ")
    customer.process.send()
    for sock in idle:
        sock.settimeout(harness.WAIT_S)
        assert sock.recv(4096) == b""
        sock.close()
    assert customer.process.wait() == 0


def refuses(port):
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_new_connection_may_still_ask(start, database):
    """Its request was on its way when the daemon was told to stop."""
    customer = start("customer", database)
    with socket.create_connection(("127.0.0.1", customer.port)) as sock:
        sock.settimeout(harness.WAIT_S)
        assert customer.get("/healthz").status == 200  # it is accepted by now
        customer.process.send()
        harness.wait_until(lambda: refuses(customer.port), "it stops")
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        got = b""
        while chunk := sock.recv(4096):
            got += chunk
    assert got.startswith(b"HTTP/1.1 200 ")
    assert b"Connection: close" in got
    assert customer.process.wait() == 0


def ask_many(port, times):
    """Requests on one connection, each waited for."""
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.settimeout(harness.WAIT_S)
        for _ in range(times):
            sock.sendall(b"GET /suppliers HTTP/1.1\r\nHost: x\r\n\r\n")
            got = b""
            while b"</html>" not in got:
                chunk = sock.recv(65536)
                assert chunk, "closed"
                got += chunk


def test_a_log_that_nobody_reads_stalls_nothing(database):
    """More lines than a pipe holds: dropped and counted, never waited for."""
    env = {**database.environment("customer"), "APP_PORT": "0",
           "APP_BIND": "127.0.0.1", "APP_OPS_PORT": "0",
           "APP_DRAIN_DELAY_MS": "0"}
    process = subprocess.Popen([harness.BIN / "customer"], env=env,
                               stdout=subprocess.PIPE)
    try:
        line = process.stdout.readline()
        port = int(re.search(rb'"port":(\d+)', line)[1])
        for _ in range(4):
            ask_many(port, 500)
        for _ in range(3):
            assert harness.Client(port).get("/suppliers").status == 200
        process.terminate()
        assert process.wait(harness.WAIT_S) == 0
    finally:
        process.kill()
        process.stdout.close()
