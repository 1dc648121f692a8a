#!/usr/bin/python3
"""Measures imports: speed, memory, and what customers notice of them.

    tests/bench/imports.py [ROWS…]        10000 100000 by default

Each number of rows is imported into an empty directory by employee --import,
from CSV: rows a second in all, and by the time of the processors that the
command and MariaDB have used, which hardly depends on what else the machine
does; and the most memory that the command has had. Then a file of 100,000 rows
is imported while wrk asks a customer daemon for a list 200 times a second, in
turn with quiet times, and the longest turns of both daemons' event loops are
read. Medians and ratios; nothing here can fail.
"""
import csv
import os
import pathlib
import re
import resource
import statistics
import subprocess
import sys
import time

os.environ["CAFE_PRESET"] = "release"
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/integration")]

import harness  # noqa: E402
import measure  # noqa: E402

HEADER = ("name", "address", "city", "state", "country", "email", "phone",
          "website", "notes")
BESIDE_ROWS = 100000
ROUNDS = 3
SECONDS = 4
PEOPLE = 20
PAUSE_MS = 100
PAGE = "/suppliers?page=2"


def write_list(path, rows):
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(HEADER)
        for n in range(rows):
            writer.writerow((
                f"Roaster {n}", f"{n} Main Street", f"City {n % 500}", "Vermont",
                "United States", f"office{n}@example.com",
                f"+1 802 {n:07}", f"https://roaster{n}.example",
                "Ask for Maria. Delivers on Tuesdays." if n % 4 == 0 else ""))
    return path


def command(database, path):
    return subprocess.Popen(
        [harness.BIN / "employee", "--import", path],
        env=database.environment("employee"), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)


def peak_kib(pid):
    """The most memory that a process has had; 0 once it has ended."""
    try:
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"^VmHWM:\s+(\d+)", text, re.M)
    return int(found[1]) if found else 0


def import_one(database, path):
    """Seconds in all, of processors (command, MariaDB), and KiB of memory."""
    before = measure.cpu_us(database.process.process.pid)
    already = resource.getrusage(resource.RUSAGE_CHILDREN)
    already = already.ru_utime + already.ru_stime
    began = time.monotonic()
    running = command(database, path)
    memory = 0
    while running.poll() is None:
        memory = max(memory, peak_kib(running.pid))
        time.sleep(.02)
    took = time.monotonic() - began
    said = "".join(running.communicate())
    if running.returncode:
        raise RuntimeError(said)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (took, used.ru_utime + used.ru_stime - already,
            (measure.cpu_us(database.process.process.pid) - before) / 1e6,
            memory)


def alone(folder, sizes):
    for rows in sizes:
        path = write_list(folder / f"{rows}.csv", rows)
        runs = []
        for _ in range(1 if rows > BESIDE_ROWS else ROUNDS):
            database = harness.Database(harness.make_folder(large=True))
            database.start()
            database.make_ready()
            runs.append(import_one(database, path))
            database.stop()
            harness.remove_folder(database.folder)
        took, own, theirs, memory = (statistics.median(each)
                                     for each in zip(*runs))
        print(f"{rows:7} rows: {rows / took:6.0f} a second, processor time"
              f" {own * 1e6 / rows:4.0f} + {theirs * 1e6 / rows:4.0f} µs a row"
              f" (command, MariaDB): {rows / (own + theirs):6.0f} a second;"
              f" memory {memory / 1024:.1f} MiB", flush=True)


def ask(customer, folder):
    """p50 and p99 in ms, of people who ask 200 times a second in all."""
    script = folder / "pace.lua"
    script.write_text(f"function delay() return {PAUSE_MS} end")
    done = subprocess.run(
        ["wrk", "-t1", f"-c{PEOPLE}", f"-d{SECONDS}s", "--latency", "-s",
         script, f"http://{customer.host}{PAGE}"], capture_output=True,
        text=True, check=True)
    found = measure.parse_wrk(done.stdout)
    return found["p50_ms"], found["p99_ms"]


def longest_turn(daemon):
    return 1000 * daemon.metric("cafe_loop_longest_turn_seconds")


def beside(folder):
    database = harness.Database(harness.make_folder(large=True))
    database.start()
    database.make_ready()
    daemons = [harness.Daemon(name, folder, database, APP_LOG_REQUESTS="off",
                              APP_OPS_PORT=harness.free_port(),
                              APP_OPS_BIND="127.0.0.1")
               for name in ("customer", "employee")]
    import_one(database, write_list(folder / "first.csv", 1000))
    path = write_list(folder / "beside.csv", BESIDE_ROWS)
    quiet, busy = [], []
    running = None
    try:
        for _ in range(ROUNDS):
            quiet.append(ask(daemons[0], folder))
            database.sql("DELETE FROM suppliers WHERE id > 1000")
            running = command(database, path)
            while running.poll() is None:
                found = ask(daemons[0], folder)
                if running.poll() is None:
                    busy.append(found)
            running.communicate()
        calm, loud = (
            [statistics.median(values) for values in zip(*runs)]
            for runs in (quiet, busy))
        print(f"customer, quiet: p50 {calm[0]:.2f} ms p99 {calm[1]:.2f} ms;"
              f" beside an import: p50 {loud[0]:.2f} ms p99 {loud[1]:.2f} ms,"
              f" {loud[1] / calm[1]:.2f} of the quiet p99")
        for daemon in daemons:
            print(f"longest turn of {daemon.process.name}:"
                  f" {longest_turn(daemon):.2f} ms")
    finally:
        if running is not None and running.poll() is None:
            running.kill()
        for daemon in daemons:
            daemon.stop()
        database.stop()
        harness.remove_folder(database.folder)


def main():
    sizes = [int(argument) for argument in sys.argv[1:]] or [10000, 100000]
    folder = pathlib.Path(harness.make_folder(large=True))
    try:
        alone(folder, sizes)
        beside(folder)
    finally:
        harness.remove_folder(folder)


if __name__ == "__main__":
    main()
