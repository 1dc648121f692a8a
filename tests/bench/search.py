#!/usr/bin/python3
"""Measures searches in the customer daemon, first ones and cached ones.

    tests/bench/search.py [SUPPLIERS…]     10000 and 100000 by default

CPU time a request is from /proc, over many different searches; how long the
loop is held shows in what a probe waits meanwhile. Nothing here can fail.
"""
import os
import pathlib
import sys
import threading
import time

os.environ["CAFE_PRESET"] = "release"
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import contenders  # noqa: E402
import harness  # noqa: E402

COUNT = 300
TICKS_S = os.sysconf("SC_CLK_TCK")


def cpu_ms(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")")[1]
    user, system = fields.split()[11:13]
    return (int(user) + int(system)) * 1000 / TICKS_S


def cost_ms(customer, paths):
    """CPU time of the daemon for each of them, with what the page costs."""
    before = cpu_ms(customer.process.pid)
    for path in paths:
        assert customer.get(path).status == 200
    return (cpu_ms(customer.process.pid) - before) / len(paths)


def probe_while(customer, paths):
    """The longest that a probe waited while these were asked for at once."""
    waited, ended = [], threading.Event()

    def probe():
        while not ended.is_set():
            start = time.monotonic()
            assert customer.get("/healthz").status == 200
            waited.append((time.monotonic() - start) * 1000)

    threads = [threading.Thread(target=customer.get, args=(path,))
               for path in paths]
    prober = threading.Thread(target=probe)
    prober.start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ended.set()
    prober.join()
    waited.sort()
    return waited[len(waited) // 2], waited[-1]


def searches(word, count=COUNT):
    return [f"/suppliers?q={word}{number:03}" for number in range(count)]


def measure(folder, database, count):
    contenders.load_suppliers(database, count)
    start = time.monotonic()
    customer = harness.Daemon("customer", folder, database,
                              APP_LOG_REQUESTS="off")
    ready = time.monotonic() - start
    harness.wait_until(lambda: customer.get("/suppliers").status == 200,
                       "the suppliers are read")
    loaded = time.monotonic() - start
    print(f"{count} suppliers: serves after {ready * 1000:.0f} ms, "
          f"first list after {loaded * 1000:.0f} ms, "
          f"{harness.resident_kib(customer.process.pid) / 1024:.1f} MB")
    rows = (
        ("one page of the plain list", ["/suppliers"] * COUNT),
        ("none found, first time", searches("nowhere")),
        ("a few found, first time", searches("armenia+")),
        ("all found, first time",
         [f"/suppliers?q=finca+{'a' * (n % 2)}&per={n // 2 + 40}" if n < 2
          else f"/suppliers?q=sons+finca+nandu&state=Quind%C3%ADo+{n % 32}"
               f"&city=&per={40 + n}" for n in range(32)]),
        ("the same again, cached", ["/suppliers?q=finca"] * COUNT),
    )
    for what, paths in rows:
        print(f"  {cost_ms(customer, paths):8.2f} ms CPU  {what}")
    middle, longest = probe_while(customer, searches("finca+", 40))
    print(f"  a probe beside 40 searches waits {middle:.1f} ms, "
          f"{longest:.1f} ms at most; "
          f"{harness.resident_kib(customer.process.pid) / 1024:.1f} MB")
    customer.stop()


def main():
    folder = harness.make_folder()
    database = harness.Database(folder)
    database.start()
    try:
        database.make_ready()
        for count in map(int, sys.argv[1:] or ("10000", "100000")):
            measure(folder, database, count)
    finally:
        database.stop()
        harness.remove_folder(folder)


if __name__ == "__main__":
    main()
