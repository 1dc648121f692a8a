#!/usr/bin/python3
"""Measures writing through the API beside SQL, and the API beside nginx.

    tests/bench/writes.py [ROUNDS]        5 by default

PATCH of one supplier for each of eight connections by wrk, and the same UPDATE
by eight clients of MariaDB, in turn; both write the change log, and each change
is on the disk before it is answered. Then a list of the API at 64 connections
beside nginx with the same bytes. Medians and ratios; nothing here can fail.
"""
import contextlib
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

os.environ["CAFE_PRESET"] = "release"
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/integration")]

import contenders  # noqa: E402
import harness  # noqa: E402
import measure  # noqa: E402
from test_keys import add as add_key  # noqa: E402

AT_ONCE = 8
SECONDS = 5
UPDATES = 1500  # of each client: a few seconds
READERS = 64
SUPPLIERS = 1000
LIST = "/api/v1/suppliers"
LUA = """
local threads = 0
function setup(thread)
    threads = threads + 1
    thread:set("number", threads)
end
function init()
    count = 0
    wrk.headers["Authorization"] = "Bearer {key}"
    wrk.headers["Content-Type"] = "application/merge-patch+json"
    wrk.headers["If-Match"] = "*"
end
function request()
    count = count + 1
    return wrk.format("PATCH", "{path}/" .. number, nil,
        '{{"city":"City ' .. count .. '"}}')
end
"""


def patches(employee, script):
    """Requests a second, and milliseconds by percentile."""
    done = subprocess.run(
        ["wrk", f"-t{AT_ONCE}", f"-c{AT_ONCE}", f"-d{SECONDS}s", "--latency",
         "-s", script, f"http://{employee.host}"], capture_output=True,
        text=True, check=True)
    result = measure.parse_wrk(done.stdout)
    if result["errors"] or not result["requests"]:
        raise RuntimeError(done.stdout)
    return result["requests_per_s"], result["p50_ms"], result["p99_ms"]


def updates(database, folder):
    """The same by eight clients, which time each statement to a millisecond."""
    running = []
    for number in range(1, AT_ONCE + 1):
        statements = pathlib.Path(folder) / f"{number}.sql"
        statements.write_text("".join(
            f"UPDATE suppliers SET city = 'City {count}' WHERE id = {number};\n"
            for count in range(UPDATES)))
        running.append((statements.open("rb"), number))
    began = time.monotonic()
    clients = [subprocess.Popen(
        ["mariadb", "--no-defaults", f"--socket={database.socket}", "-uroot",
         "-vvv", "COFFEE"], stdin=file, stdout=subprocess.PIPE, text=True)
        for file, _ in running]
    said = "".join(client.communicate()[0] for client in clients)
    took = time.monotonic() - began
    for file, _ in running:
        file.close()
    times = sorted(1000 * float(one) for one in
                   re.findall(r"Query OK, .* \(([\d.]+) sec\)", said))
    if len(times) != AT_ONCE * UPDATES:
        raise RuntimeError(said[-2000:])
    return (len(times) / took, times[len(times) // 2],
            times[len(times) * 99 // 100])


def show(name, runs):
    middle = [statistics.median(values) for values in zip(*runs)]
    print(f"{name:24} {middle[0]:8.0f} a second  p50 {middle[1]:6.2f} ms  "
          f"p99 {middle[2]:6.2f} ms", flush=True)
    return middle


def measure_writes(database, folder, rounds):
    employee = harness.Daemon("employee", folder, database,
                              APP_LOG_REQUESTS="off",
                              APP_IDENTITY_KEY_PER_MINUTE="1000000")
    script = pathlib.Path(folder) / "patch.lua"
    script.write_text(LUA.format(key=add_key(database, "bench", "write"),
                                 path=f"/admin{LIST}"))
    ours, sql = [], []
    for _ in range(rounds):
        ours.append(patches(employee, script))
        sql.append(updates(database, folder))
    employee.stop()
    patch, update = show("PATCH by the API", ours), show("UPDATE by SQL", sql)
    print(f"PATCH / UPDATE: {patch[0] / update[0]:.2f} of the throughput, "
          f"{patch[2] / update[2]:.2f} of the p99")


def measure_reads(database, folder, rounds):
    with contextlib.ExitStack() as stack:
        daemon = contenders.launch_daemon(stack, folder, database)
        ready = harness.wait_until(daemon.find_ready, "customer is ready")
        ours = contenders.Contender("cafe", ready["port"], daemon.process.pid,
                                    LIST)
        harness.wait_until(lambda: ours.get().status == 200, "it has suppliers")
        body = ours.get().body
        nginx = contenders.start_nginx(stack, folder, body)[0]
        results = {ours: [], nginx: []}
        for _ in range(rounds):
            for one in results:
                found = measure.wrk(one, READERS, SECONDS)
                results[one].append((found["requests_per_s"], found["p50_ms"],
                                     found["p99_ms"]))
        api, files = (show(f"GET {LIST} of {one.name}"[:24], runs)
                      for one, runs in results.items())
        print(f"API / nginx with the same {len(body)} bytes: "
              f"{api[0] / files[0]:.2f} of the throughput")


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    folder = harness.make_folder(large=True)  # on the disk: writes wait for it
    database = harness.Database(folder)
    database.start()
    contenders.load_suppliers(database, SUPPLIERS)
    try:
        measure_writes(database, folder, rounds)
        measure_reads(database, folder, rounds)
    finally:
        database.stop()
        harness.remove_folder(folder)


if __name__ == "__main__":
    main()
