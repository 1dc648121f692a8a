#!/usr/bin/python3
"""Measures how the directory grows, up to a million suppliers.

    tests/bench/million.py [--quick] [--rounds N] [SUPPLIERS…]

10,000, 100,000 and 1,000,000 by default. Printed is, for each size, the median
of all rounds, and the exponent by which each figure grows: 0 is constant, 1 is
linear, 2 is quadratic. An exponent above the bar is marked: what grows faster
than the directory has to be fixed.

A million suppliers take about 2 GB of memory, and as much on the disk.
"""
import argparse
import contextlib
import http.client
import itertools
import json
import math
import os
import pathlib
import secrets
import signal
import statistics
import sys
import time
import urllib.parse

os.environ["CAFE_PRESET"] = "release"
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import pymysql  # noqa: E402

import contenders  # noqa: E402
import harness  # noqa: E402
import measure  # noqa: E402

SIZES = (10_000, 100_000, 1_000_000)
EXPONENT_MAX = 1.15  # n log n from 10,000 to 1,000,000, and some noise
LOAD_S = 900
SEARCHES = 100
CHANGES = 30
BURST = 1000
SETTINGS = {"APP_LOG_REQUESTS": "off", "APP_CATALOG_MAX_BYTES": 8 << 30,
            "APP_CATALOG_COMPARE_MS": 86_400_000}
FIGURES = (
    ("sql_s", "INSERT of all of them, s"),
    ("load_s", "start to first list, s"),
    ("load_cpu_s", "CPU of that, customer, s"),
    ("load_db_cpu_s", "CPU of that, database, s"),
    ("bytes_each", "memory for a supplier, bytes"),
    ("list_p50_ms", "plain list after a change, p50 ms"),
    ("none_p50_ms", "search, none found, p50 ms"),
    ("none_p99_ms", "search, none found, p99 ms"),
    ("few_p50_ms", "search, some found, p50 ms"),
    ("few_p99_ms", "search, some found, p99 ms"),
    ("all_p50_ms", "search, all found and sorted, p50 ms"),
    ("last_ms", "last page of the list, ms"),
    ("api_s", "API, all of them in parts of 200, s"),
    ("api_found_s", "API, some found in parts of 200, s"),
    ("change_p50_ms", "commit to page of a supplier, p50 ms"),
    ("change_p99_ms", "commit to page of a supplier, p99 ms"),
    ("save_p50_ms", "save by the form, p50 ms"),
    ("save_p99_ms", "save by the form, p99 ms"),
    ("add_p50_ms", "adding one, compared with all, p50 ms"),
    ("burst_s", "1,000 changes at once, s"),
    ("compare_cpu_s", "comparison with the table, CPU s"),
)


def note(text):
    print(f"  {time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def percentiles(times_ms, name):
    ordered = sorted(times_ms)
    return {f"{name}_p50_ms": statistics.median(ordered),
            f"{name}_p99_ms": ordered[(len(ordered) * 99) // 100]}


class Asker:
    """One connection, of which each request is timed."""

    def __init__(self, port):
        self.host = f"127.0.0.1:{port}"
        self.connection = http.client.HTTPConnection("127.0.0.1", port,
                                                     timeout=harness.WAIT_S)

    def ask(self, path, form=None, status=200):
        """Milliseconds to the last byte, and the text."""
        body, headers = None, {}
        if form is not None:
            body = urllib.parse.urlencode(form)
            headers = {"Content-Type": "application/x-www-form-urlencoded",
                       "Origin": f"http://{self.host}"}
        began = time.monotonic()
        self.connection.request("POST" if body else "GET", path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        took = (time.monotonic() - began) * 1000
        if answer.status != status or "Cafe-As-Of" in answer.headers:
            raise RuntimeError(f"{path} answers {answer.status} "
                               f"{answer.headers}{text[:500]}")
        return took, text

    def times(self, paths):
        return [self.ask(path)[0] for path in paths]


def connect(database):
    return contextlib.closing(pymysql.connect(
        **database.address, user="employee", database="COFFEE",
        password=harness.PASSWORDS["employee"], autocommit=True))


def start(stack, folder, database, name, **settings):
    daemon = harness.Daemon(name, folder, database, **{**SETTINGS, **settings})
    stack.callback(daemon.stop)
    return daemon


def measure_load(daemon, database, count):
    pid, db_pid = daemon.process.pid, database.process.pid
    began, db = time.monotonic(), measure.cpu_us(db_pid)
    empty = measure.rss_mb(pid)

    def listed():
        with contextlib.suppress(OSError):
            return daemon.get("/suppliers").status == 200
        return False

    harness.wait_until(listed, "the suppliers are read", LOAD_S)
    return {"load_s": time.monotonic() - began,
            "load_cpu_s": measure.cpu_us(pid) / 1e6,
            "load_db_cpu_s": (measure.cpu_us(db_pid) - db) / 1e6,
            "bytes_each": (measure.rss_mb(pid) - empty) * 1e6 / count}


def measure_searches(asker, count):
    """Each search is a new one: no result of it is cached."""
    few = [f"/suppliers?q=armenia+{number}" for number in range(SEARCHES)]
    none = [f"/suppliers?q=nowhere{number}" for number in range(SEARCHES)]
    every = [f"/suppliers?q=finca+sons&sort={sort}" for sort in
             ("-name", "city", "state", "email", "-phone", "-address")]
    return {**percentiles(asker.times(none), "none"),
            **percentiles(asker.times(few), "few"),
            "all_p50_ms": statistics.median(asker.times(every)),
            "last_ms": asker.ask(f"/suppliers?page={count // 50}")[0],
            "api_s": read_parts(asker, "/api/v1/suppliers?limit=200"),
            "api_found_s": read_parts(
                asker, "/api/v1/suppliers?limit=200&q=armenia+7")}


def read_parts(asker, path):
    """Seconds to follow an API's list to its end."""
    took = 0
    while path:
        ms, text = asker.ask(path)
        took += ms / 1000
        path = json.loads(text)["next"]
    return took


def measure_changes(asker, database, count):
    """From the commit to the page of the supplier, and to a list."""
    changes, lists = [], []
    with connect(database) as connection, connection.cursor() as cursor:
        for number in range(CHANGES):
            chosen = 1 + number * (count // CHANGES)
            city = f"Medellín {secrets.token_hex(4)}"
            cursor.execute("UPDATE suppliers SET city = %s WHERE id = %s",
                           (city, chosen))
            took, page = asker.ask(f"/suppliers/{chosen}")
            if city.encode() not in page:
                raise RuntimeError("a page lacks a change")
            changes.append(took)
            lists.append(asker.ask("/suppliers")[0])
        began = time.monotonic()
        last = min(count, BURST)
        cursor.execute("UPDATE suppliers SET state = 'Cauca' WHERE id <= %s",
                       (last,))
        page = asker.ask(f"/suppliers/{last}")[1]
        if b"Cauca" not in page:
            raise RuntimeError("a page lacks a change")
        took = time.monotonic() - began
    return {**percentiles(changes, "change"),
            "list_p50_ms": statistics.median(lists), "burst_s": took}


def form(number, **fields):
    return {**harness.SUPPLIER, "name": f"Hacienda {number}",
            "email": f"h{number}@hacienda.example", "form_key":
            secrets.token_urlsafe(16), "phone": f"+57 1 {number:07}", **fields}


def measure_saves(folder, database):
    """Of the form, without what its page would ask first."""
    with contextlib.ExitStack() as stack:
        daemon = start(stack, folder, database, "employee")
        harness.wait_until(lambda: daemon.get("/admin/suppliers").status == 200,
                           "the suppliers are read", LOAD_S)
        asker = Asker(daemon.port)
        saves = [asker.ask("/admin/supplier-update", form(
            number, id=7, anyway=1), 303)[0] for number in range(CHANGES)]
        adds = [asker.ask("/admin/supplier-add", form(1000 + number), 303)[0]
                for number in range(CHANGES)]
    return {**percentiles(saves, "save"),
            "add_p50_ms": statistics.median(adds)}


def compared(database):
    """How many times rows of a table have been sorted: each comparison does."""
    return sum(int(count) for _, count in database.sql(
        "SHOW GLOBAL STATUS WHERE Variable_name IN "
        "('Sort_range', 'Sort_scan')"))


def measure_comparison(folder, database):
    """CPU time of the customer daemon and the database for one of them."""
    with contextlib.ExitStack() as stack:
        daemon = start(stack, folder, database, "customer",
                       APP_CATALOG_COMPARE_MS=1000)
        harness.wait_until(lambda: daemon.get("/suppliers").status == 200,
                           "the suppliers are read", LOAD_S)
        pids = daemon.process.pid, database.process.pid
        done = compared(database)
        harness.wait_until(lambda: compared(database) > done,
                           "the table is compared", LOAD_S)
        before, done = sum(map(measure.cpu_us, pids)), compared(database)
        harness.wait_until(lambda: compared(database) > done,
                           "the table is compared again", LOAD_S)
        return {"compare_cpu_s":
                (sum(map(measure.cpu_us, pids)) - before) / 1e6}


def measure_size(folder, database, count):
    began = time.monotonic()
    contenders.load_suppliers(database, count)
    figures = {"sql_s": time.monotonic() - began}
    with contextlib.ExitStack() as stack:
        daemon = start(stack, folder, database, "customer")
        note("load")
        figures.update(measure_load(daemon, database, count))
        asker = Asker(daemon.port)
        note("searches")
        figures.update(measure_searches(asker, count))
        note("changes")
        figures.update(measure_changes(asker, database, count))
    note("saves")
    figures.update(measure_saves(folder, database))
    note("comparison")
    figures.update(measure_comparison(folder, database))
    return figures


def exponent(sizes, values):
    """The slope of a straight line through logarithms, by least squares."""
    x, y = list(map(math.log, sizes)), list(map(math.log, values))
    middle_x, middle_y = statistics.fmean(x), statistics.fmean(y)
    return (sum((a - middle_x) * (b - middle_y) for a, b in zip(x, y)) /
            sum((a - middle_x) ** 2 for a in x))


def show(sizes, runs):
    print(f"{'':40}" + "".join(f"{size:>12,}" for size in sizes) +
          f"{'exponent':>12}")
    for name, label in FIGURES:
        if name not in runs[0][sizes[0]]:
            continue
        values = [statistics.median(run[size][name] for run in runs)
                  for size in sizes]
        line = f"{label:40}" + "".join(f"{value:12.2f}" for value in values)
        if len(sizes) > 1 and min(values) > 0:
            grows = exponent(sizes, values)
            line += f"{grows:12.2f}"
            line += "  above the bar" if grows > EXPONENT_MAX else ""
        print(line, flush=True)


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("sizes", nargs="*", type=int, metavar="SUPPLIERS")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--quick", action="store_true",
                        help="1,000 and 10,000, to see that all of it works")
    args = parser.parse_args(argv)
    args.sizes = sorted(args.sizes) or (
        [1000, 10_000] if args.quick else list(SIZES))
    return args


def main(argv):
    args = parse(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = harness.make_folder(large=True)
    runs = [{} for _ in range(args.rounds)]
    with contextlib.ExitStack() as stack:
        stack.callback(harness.remove_folder, folder)
        database = harness.Database(folder, "--innodb-buffer-pool-size=2G",
                                    "--innodb-log-file-size=1G")
        stack.callback(database.stop)
        database.start()
        for run, size in itertools.product(runs, args.sizes):
            note(f"{size:,} suppliers")
            run[size] = measure_size(folder, database, size)
    show(args.sizes, runs)


if __name__ == "__main__":
    main(sys.argv[1:])
