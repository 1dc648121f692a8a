"""Many slow clients beside good ones, and what a request costs in calls."""
import re
import shutil
import signal
import subprocess
import time

import pytest

import harness
from thorough import at_desk

SLOW = {
    "heads": ["-H", "-i", "1"],
    "bodies": ["-B", "-i", "1", "-s", "8192"],
    "reads": ["-X", "-w", "1", "-y", "2", "-n", "1", "-z", "1", "-k", "3"],
}


def p99_ms(port, seconds=3):
    report = subprocess.run(
        ["wrk", "-t1", "-c8", "--timeout", "20s", "--latency", f"-d{seconds}",
         f"http://127.0.0.1:{port}/suppliers"], text=True, check=True,
        capture_output=True).stdout
    assert "Non-2xx" not in report and "Socket errors" not in report, report
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", report).groups()
    return float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


@pytest.mark.skipif(not shutil.which("slowhttptest"),
                    reason="slowhttptest is not installed")
@pytest.mark.parametrize("kind", at_desk(("heads",), SLOW))
def test_good_requests_beside_1000_slow_ones(start, database, folder, kind):
    database.sql((harness.ROOT / "deploy/local/sample-suppliers.sql")
                 .read_text())
    customer = start("customer", database, APP_LOG_REQUESTS="off")
    quiet = p99_ms(customer.port)
    slow = harness.Process("slow", [
        "slowhttptest", "-c", "1000", "-r", "1000", "-l", "20", "-p", "3",
        "-u", f"http://127.0.0.1:{customer.port}/suppliers", *SLOW[kind]],
        folder)
    harness.wait_until(lambda: connections(customer) > 300 or
                       not slow.running(), "the slow ones are there")
    beside = p99_ms(customer.port)
    slow.stop(signal.SIGINT)
    print(f"p99 quiet {quiet:.2f} ms, beside 1000 slow {kind} {beside:.2f} ms:"
          f" {beside / quiet:.2f} times")
    assert customer.get("/suppliers").status == 200
    assert beside < 20 * max(quiet, 1)  # a busy machine is no failure


def connections(daemon):
    lines = subprocess.run(
        ["ss", "-Htn", "state", "established", "sport", "=",
         f":{daemon.port}"], text=True, capture_output=True,
        check=True).stdout
    return len(lines.splitlines())


@pytest.mark.skipif(not shutil.which("strace"),
                    reason="strace is not installed")
def test_three_system_calls_a_request(start, database, folder):
    """recv, writev, epoll_wait; on a page that asks no database. Processor time
    is asked for by time, not by request: every 5 ms at most."""
    customer = start("customer", database, APP_LOG_REQUESTS="off")
    report = folder / "calls"
    tracer = harness.Process("strace", [
        "strace", "-f", "-c", "-o", report, "-p", customer.process.pid],
        folder)
    harness.wait_until(lambda: "attached" in tracer.output(), "it is traced")
    sock = harness.socket.create_connection(("127.0.0.1", customer.port))
    began = time.monotonic()
    for _ in range(900):
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert sock.recv(4096)
    sock.close()
    tracer.stop(signal.SIGINT)
    took_ms = (time.monotonic() - began) * 1000
    calls = {fields[-1]: int(fields[3]) for fields in
             (line.split() for line in report.read_text().splitlines())
             if len(fields) in (5, 6) and fields[3].isdigit()}
    calls.pop("total", None)
    print(calls)
    assert calls.pop("clock_gettime", 0) <= 10 + took_ms / 5
    assert sum(calls.values()) <= 3.1 * 900
