#!/usr/bin/python3
"""Measures downloads of lists and the API in the customer daemon.

    tests/bench/api.py [SUPPLIERS…]        10000 by default

CPU time a request is from /proc: of answers that are cached, beside a page, under
wrk; and of those that are written anew, by a daemon that keeps none. Nothing
here can fail.
"""
import os
import pathlib
import re
import sys

os.environ["CAFE_PRESET"] = "release"
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import contenders  # noqa: E402
import harness  # noqa: E402
import measure  # noqa: E402

API = "/api/v1/suppliers"
SECONDS = 5
CONNECTIONS = 64
CACHED = ("/suppliers", API, f"{API}?limit=200", f"{API}/17",
        "/api/v1/openapi.json")
LISTS = ("/suppliers.csv", "/suppliers.vcf", "/suppliers.json")
ANEW = ("/suppliers", API, f"{API}?limit=200", f"{API}/17")


def launch(folder, database, **settings):
    customer = harness.Daemon("customer", folder, database,
                              APP_LOG_REQUESTS="off", **settings)
    harness.wait_until(lambda: customer.get("/suppliers").status == 200,
                       "the suppliers are read")
    return customer


def peak_mb(pid):
    """The most memory that it ever had, in MB."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) * 1024 / 1_000_000


def cost_ms(customer, path, count, encoding="identity"):
    """CPU time of the daemon for each, and the bytes of one."""
    pid = customer.process.pid
    before = measure.cpu_us(pid)
    for _ in range(count):
        answer = customer.get(path, Accept_Encoding=encoding)
        assert answer.status == 200 and "Cafe-As-Of" not in answer.headers
    return (measure.cpu_us(pid) - before) / count / 1000, len(answer.body)


def measure_cached(folder, database):
    customer = launch(folder, database)
    for path in CACHED:
        contender = contenders.Contender("customer", customer.port,
                                         customer.process.pid, path)
        result = measure.run(contender, database, CONNECTIONS, SECONDS)
        print(f"  {result['app_cpu_us']:8.2f} µs CPU, cached  {path}, "
              f"{len(contender.get().body)} bytes")
    customer.stop()


def measure_anew(folder, database):
    customer = launch(folder, database, APP_CACHE_MAX_BYTES=0)
    for path in ANEW:
        cost, size = cost_ms(customer, path, 500)
        print(f"  {cost * 1000:8.0f} µs CPU, anew  {path}, {size} bytes")
    customer.stop()


def measure_lists(folder, database):
    for path in LISTS:
        customer = launch(folder, database, APP_CACHE_MAX_BYTES=0)
        before = peak_mb(customer.process.pid)
        cost, size = cost_ms(customer, path, 20)
        peak = peak_mb(customer.process.pid)
        packed, packed_size = cost_ms(customer, path, 20, "gzip")
        print(f"  {cost:8.1f} ms CPU, anew  {path}, {size} bytes, "
              f"{peak - before:.1f} MB more at most; with gzip {packed:.1f} ms,"
              f" {packed_size} bytes")
        customer.stop()


def main():
    folder = harness.make_folder()
    database = harness.Database(folder)
    database.start()
    try:
        for count in map(int, sys.argv[1:] or ("10000",)):
            contenders.load_suppliers(database, count)
            print(f"{count} suppliers, {CONNECTIONS} connections")
            measure_cached(folder, database)
            measure_anew(folder, database)
            measure_lists(folder, database)
    finally:
        database.stop()
        harness.remove_folder(folder)


if __name__ == "__main__":
    main()
