#!/usr/bin/python3
"""Measures many customer tasks that share one MariaDB behind a network.

    tests/bench/fleet.py [--quick] [--tasks 32] [--rounds N] [--seconds N]

Between the tasks and MariaDB is bench_delay, with which a round trip takes a
millisecond longer. wrk asks every task for the list at a given total rate, and
then as often as it can; one client changes a supplier a thousand times a
minute; others ask any task for that supplier, to see how old an answer is.
This is done with each catalog.max_age_ms, in turn. Printed are medians of all
rounds:

questions  for the latest revision, each for all requests that wait
fetches    of what has changed, after a question that found a change
app, db    CPU time of the tasks and of the database for each request
stale      answers that lack a change committed before they were requested
oldest     how long before the request that change was committed, at most

The list is rendered again after each change, which counts: with few requests
that is most of a request's cost.
"""
import argparse
import concurrent.futures
import contextlib
import os
import pathlib
import random
import re
import signal
import statistics
import subprocess
import sys
import threading
import time

os.environ["CAFE_PRESET"] = "release"
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import pymysql  # noqa: E402

import contenders  # noqa: E402
import harness  # noqa: E402
import measure  # noqa: E402

SUPPLIERS = 1000
AGES_MS = (0, 50, 500)
RATES = (320, 3200, None)  # requests a second of all tasks; None: no limit
CONNECTIONS = 4            # to each task
WRITES_PER_MINUTE = 1000
PROBES = 8                 # clients, each with one request after the other
PROBE_PAUSE_S = 0.05
CHANGED = 1                # the supplier that is changed and looked at
DELAY_US = 1000
LATER = "function delay() return math.random(0, %d) end\n"
COLUMNS = (("requests_per_s", "requests/s", 0),
           ("questions_per_s", "questions/s", 0),
           ("fetches_per_s", "fetches/s", 0),
           ("app_cpu_us", "app µs", 1), ("db_cpu_us", "db µs", 1),
           ("p50_ms", "p50 ms", 2),
           ("p99_ms", "p99 ms", 2), ("stale_percent", "stale %", 1),
           ("oldest_ms", "oldest ms", 0))


def cpu_us(*pids):
    """CPU time to the nanosecond: tasks that hardly work use less than a tick
    of the clock."""
    spent = 0
    for pid in pids:
        for file in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                spent += int(file.read_text().split()[0])
    return spent / 1000


class Fleet:
    """The tasks, the network and the database."""

    def __init__(self, stack, folder, database, tasks, **settings):
        self.database = database
        self.folder = pathlib.Path(folder)
        port = harness.free_port()
        self.delay = harness.Process("delay", [
            harness.BIN / "bench_delay", port, database.socket, DELAY_US],
            folder)
        stack.callback(self.delay.stop)
        daemons = [contenders.launch_daemon(
            stack, folder, database, APP_DB_SOCKET="",
            APP_DB_HOST="127.0.0.1", APP_DB_PORT=port, **settings)
            for _ in range(tasks)]
        self.pids = [daemon.process.pid for daemon in daemons]
        ready = [harness.wait_until(daemon.find_ready, "customer is ready")
                 for daemon in daemons]
        self.tasks = [harness.Client(one["port"]) for one in ready]
        for task in self.tasks:
            harness.wait_until(lambda task=task: task.get(
                "/suppliers").status == 200, "the suppliers are read")

    def load(self, rate, seconds):
        """wrk for each task at once; the requests of all, and percentiles of
        a task, each the median of all tasks."""
        script = self.folder / "later.lua"
        script.write_text("" if rate is None else LATER % round(
            2000 * CONNECTIONS * len(self.tasks) / rate))
        running = [subprocess.Popen(
            ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency",
             "--timeout", "30s", "-H", "Accept-Encoding: identity",
             "-s", script, f"http://{task.host}/suppliers"],
            stdout=subprocess.PIPE, text=True) for task in self.tasks]
        found = [measure.parse_wrk(one.communicate()[0]) for one in running]
        if any(one.returncode for one in running) or any(
                one["errors"] for one in found):
            raise RuntimeError(f"requests failed: {found}")
        return (sum(one["requests"] for one in found),
                *(statistics.median(one[which] for one in found)
                  for which in ("p50_ms", "p99_ms")))


class Changes:
    """Commits a version of a supplier at a steady pace."""

    def __init__(self, database):
        self.database = database
        self.committed = [time.monotonic()]  # by version
        self.ended = threading.Event()

    @property
    def count(self):
        return len(self.committed) - 1

    def connect(self):
        return contextlib.closing(pymysql.connect(
            **self.database.address, user="employee", database="COFFEE",
            password=harness.PASSWORDS["employee"], autocommit=True))

    def write(self):
        due = time.monotonic()
        with self.connect() as connection, connection.cursor() as cursor:
            while not self.ended.is_set():
                cursor.execute("UPDATE suppliers SET city = %s WHERE id = %s",
                               (f"Version {len(self.committed)}", CHANGED))
                self.committed.append(time.monotonic())
                due += 60 / WRITES_PER_MINUTE
                self.ended.wait(max(0, due - time.monotonic()))

    def age_ms(self, page, asked, latest):
        """How long before a request that page was overtaken: 0 if it has the
        latest version that was committed by then."""
        shown = int(re.search(r"Version (\d+)", page)[1])
        if shown >= latest:
            return 0
        return (asked - self.committed[shown + 1]) * 1000

    def probe(self, tasks):
        ages = []
        while not self.ended.is_set():
            latest, asked = self.count, time.monotonic()
            answer = random.choice(tasks).get(f"/suppliers/{CHANGED}")
            if answer.status != 200 or "Cafe-As-Of" in answer.headers:
                raise RuntimeError(f"a probe got {answer.status}: "
                                   f"{answer.headers}")
            ages.append(self.age_ms(answer.text, asked, latest))
            self.ended.wait(PROBE_PAUSE_S)
        return ages


def statements(database):
    """Of all clients so far, and how many of them read a range: what fetches
    changes does, and neither a question nor a write."""
    found = dict(database.sql("SHOW GLOBAL STATUS WHERE Variable_name IN "
                              "('Questions', 'Select_range')"))
    return int(found["Questions"]), int(found["Select_range"])


def write_cpu_us(database, seconds):
    """What a write costs the database when nobody asks."""
    changes = Changes(database)
    before = cpu_us(database.process.pid)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        writer = pool.submit(changes.write)
        changes.ended.wait(seconds)
        changes.ended.set()
        writer.result()
    return (cpu_us(database.process.pid) - before) / changes.count


def run(fleet, rate, seconds, write_us=0):
    """One rate for some seconds, with changes and probes.

    write_us  CPU time of a write, which counts as nobody's request.
    """
    database = fleet.database
    database.sql("UPDATE suppliers SET city = 'Version 0' "
                 f"WHERE id = {CHANGED}")
    changes = Changes(database)
    asked, fetched = statements(database)
    app, db = cpu_us(*fleet.pids), cpu_us(database.process.pid)
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(PROBES + 1) as pool:
        writer = pool.submit(changes.write)
        probes = [pool.submit(changes.probe, fleet.tasks)
                  for _ in range(PROBES)]
        try:
            requests, p50, p99 = fleet.load(rate, seconds)
        finally:
            changes.ended.set()
        writer.result()
        ages = [age for probe in probes for age in probe.result()]
    took = time.monotonic() - began
    app = cpu_us(*fleet.pids) - app
    db = cpu_us(database.process.pid) - db - changes.count * write_us
    all_asked, all_fetched = statements(database)
    fetched = all_fetched - fetched
    asked = all_asked - asked - changes.count - fetched
    requests += len(ages)
    return {
        "requests_per_s": requests / took, "questions_per_s": asked / took,
        "fetches_per_s": fetched / took, "app_cpu_us": app / requests,
        "db_cpu_us": db / requests, "db_share_us": db / took,
        "p50_ms": p50, "p99_ms": p99,
        "stale_percent": 100 * sum(age > 0 for age in ages) / len(ages),
        "oldest_ms": max(ages)}


def middle(runs):
    return {name: statistics.median(one[name] for one in runs)
            for name in runs[0]}


def show(medians, args):
    print(f"{args.tasks} tasks, a round trip of {DELAY_US / 1000:.0f} ms more, "
          f"{WRITES_PER_MINUTE} writes a minute, {SUPPLIERS} suppliers")
    print("max_age_ms" + "".join(f"{label:>14}" for _, label, _ in COLUMNS))
    for (age, _), row in medians.items():
        print(f"{age:10}" + "".join(f"{row[name]:14.{digits}f}"
                                    for name, _, digits in COLUMNS))


def costs_us(rows):
    """What a question and a fetch cost the database, by least squares."""
    x, y, z = (("questions_per_s", "fetches_per_s", "db_share_us"))
    xx, xy, yy, xz, yz = (
        sum(row[a] * row[b] for row in rows)
        for a, b in ((x, x), (x, y), (y, y), (x, z), (y, z)))
    both = xx * yy - xy * xy
    return (xz * yy - yz * xy) / both, (yz * xx - xz * xy) / both


def show_end(question_us, fetch_us, write_us):
    """What one core of the database carries."""
    writes = WRITES_PER_MINUTE / 60
    print(f"CPU of the database: {question_us:.1f} µs for a question, "
          f"{fetch_us:.0f} µs for a fetch, {write_us:.0f} µs for a write")
    for age in AGES_MS:
        asked = 1_000_000 / max(DELAY_US, age * 1000)
        each = asked * question_us + min(asked, writes) * fetch_us
        print(f"max_age_ms {age}: a task asks at most {asked:.0f} times a "
              f"second; a core of the database carries "
              f"{(1_000_000 - writes * write_us) / each:.0f} such tasks")


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--tasks", type=int, default=32)
    parser.add_argument("--rounds", type=int, help="3")
    parser.add_argument("--seconds", type=int, help="of each run (10)")
    parser.add_argument("--quick", action="store_true",
                        help="one short round, to see that all of it works")
    args = parser.parse_args(argv)
    args.rounds = args.rounds or (1 if args.quick else 3)
    args.seconds = args.seconds or (2 if args.quick else 10)
    return args


def measure_all(folder, database, args, write_us):
    runs = {}
    for number in range(args.rounds):
        for age in AGES_MS:
            print(f"  round {number + 1}, max_age_ms {age}", file=sys.stderr,
                  flush=True)
            with contextlib.ExitStack() as stack:
                fleet = Fleet(stack, folder, database, args.tasks,
                              APP_CATALOG_MAX_AGE_MS=age)
                for rate in RATES:
                    runs.setdefault((age, rate), []).append(
                        run(fleet, rate, args.seconds, write_us))
    return {case: middle(found) for case, found in runs.items()}


def main(argv):
    args = parse(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = harness.make_folder()
    with contextlib.ExitStack() as stack:
        stack.callback(harness.remove_folder, folder)
        database = harness.Database(folder, "--max-connections=500")
        stack.callback(database.stop)
        database.start()
        contenders.load_suppliers(database, SUPPLIERS)
        write_us = write_cpu_us(database, args.seconds)
        medians = measure_all(folder, database, args, write_us)
    show(medians, args)
    show_end(*costs_us(list(medians.values())), write_us)


if __name__ == "__main__":
    main(sys.argv[1:])
