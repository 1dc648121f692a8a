"""How it is measured: load by wrk, CPU time and memory from /proc, and the
times that need a client of their own."""
import contextlib
import http.client
import os
import pathlib
import re
import socket
import statistics
import subprocess
import time

import pymysql

import contenders
import harness

TICK_US = 1_000_000 // os.sysconf("SC_CLK_TCK")
UNIT_MS = {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000}
CHANGES = 50
CONNECTIONS = 1000


def cpu_us(pid):
    """User and system time of a process, in microseconds."""
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_US


def settle(*pids):
    """Wait until these processes rest, for at most two seconds."""
    end = time.monotonic() + 2
    while time.monotonic() < end:
        before = sum(cpu_us(pid) for pid in pids)
        time.sleep(0.1)
        if sum(cpu_us(pid) for pid in pids) <= before + TICK_US:
            return


def parse_wrk(text):
    def number(pattern):
        found = re.search(pattern, text)
        return float(found[1]) if found else 0

    def percentile(which):
        found = re.search(rf"^ +{which}% +([\d.]+)(us|ms|s|m) *$", text,
                          re.M)
        return float(found[1]) * UNIT_MS[found[2]]

    broken = re.search(r"Socket errors: connect (\d+), read (\d+), "
                       r"write (\d+), timeout (\d+)", text)
    return {
        "requests": int(number(r"(\d+) requests in")),
        "requests_per_s": number(r"Requests/sec: +([\d.]+)"),
        "p50_ms": percentile("50"), "p99_ms": percentile("99"),
        "errors": int(number(r"Non-2xx or 3xx responses: (\d+)")) +
        sum(map(int, broken.groups() if broken else ())),
    }


def wrk(contender, connections, seconds):
    done = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency",
         "--timeout", "30s", "-H", f"Accept-Encoding: {contender.encoding}",
         contender.url], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"wrk ended with {done.returncode}: "
                           f"{done.stdout}{done.stderr}")
    return parse_wrk(done.stdout)


def run(contender, database, connections, seconds):
    """One run of wrk with the CPU time that it cost."""
    db_pid = database.process.pid
    contender.check()
    settle(contender.pid, db_pid)
    app, db = cpu_us(contender.pid), cpu_us(db_pid)
    result = wrk(contender, connections, seconds)
    app, db = cpu_us(contender.pid) - app, cpu_us(db_pid) - db
    requests = result["requests"]
    result["app_cpu_us"] = app / requests if requests else None
    result["db_cpu_us"] = db / requests if requests else None
    result["rss_mb"] = rss_mb(contender.pid)
    contender.check()
    return result


def rss_mb(pid):
    return harness.resident_kib(pid) * 1024 / 1_000_000


def read_answer(stream):
    """Read one answer of known length; returns its status line."""
    status = stream.readline()
    length = 0
    while (line := stream.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    stream.read(length)
    return status


def memory_with_connections(contender):
    """Resident memory while many clients that asked once stay connected."""
    with contextlib.ExitStack() as stack:
        for _ in range(CONNECTIONS):
            sock = stack.enter_context(socket.create_connection(
                ("127.0.0.1", contender.port), harness.WAIT_S))
            sock.sendall(b"GET /suppliers HTTP/1.1\r\nHost: bench\r\n"
                         b"Accept-Encoding: identity\r\n\r\n")
            stream = stack.enter_context(sock.makefile("rb"))
            status = read_answer(stream)
            if b" 200 " not in status:
                raise RuntimeError(f"/suppliers answers {status}")
        return rss_mb(contender.pid)


def start_times_ms(folder, database):
    """From exec to the log line "ready", and to the first page."""
    port = harness.free_port()
    client = harness.Client(port)
    with contextlib.ExitStack() as stack:
        began = time.monotonic()
        daemon = contenders.launch_daemon(stack, folder, database,
                                          APP_PORT=port)
        while not daemon.find_ready():
            time.sleep(0.0005)
        ready = time.monotonic()
        while client.get("/suppliers").status != 200:
            if time.monotonic() > began + harness.WAIT_S:
                raise RuntimeError("no page after the start")
        return (ready - began) * 1000, (time.monotonic() - began) * 1000


def rows_read(cursor):
    cursor.execute("SHOW GLOBAL STATUS LIKE 'Rows_read'")
    return int(cursor.fetchone()[1])


def one_change(cursor, client, phone):
    """Commit a change, then ask until a page shows it.

    Returns the milliseconds from the commit to the end of that page and how
    many pages were asked for.
    """
    cursor.execute("UPDATE suppliers SET phone = %s WHERE id = 1", (phone,))
    committed = time.monotonic()
    for pages in range(1, 10_000):
        client.request("GET", "/suppliers")
        if phone.encode() in client.getresponse().read():
            return (time.monotonic() - committed) * 1000, pages
    raise RuntimeError("a change does not reach the page")


def freshness(contender, database):
    """Changes beside the daemon, to the first supplier of the first page."""
    writer = pymysql.connect(
        unix_socket=database.socket, user="employee", database="COFFEE",
        password=harness.PASSWORDS["employee"], autocommit=True)
    client = http.client.HTTPConnection("127.0.0.1", contender.port,
                                        timeout=harness.WAIT_S)
    times, pages, rows = [], [], []
    with contextlib.closing(writer), contextlib.closing(client):
        cursor = writer.cursor()
        for number in range(CHANGES):
            before = rows_read(cursor)
            took, asked = one_change(cursor, client,
                                     f"+1 802 555 {number:05}")
            times.append(took)
            pages.append(asked)
            rows.append(rows_read(cursor) - before)
    return {"median_ms": statistics.median(times), "worst_ms": max(times),
            "pages": max(pages), "rows": statistics.median(rows)}
