#!/usr/bin/env python3
"""What monitoring costs: the processor time of a scrape, and of requests with
and without one each second. Needs the release build and wrk.

    tests/bench/scrape.py [SECONDS]
"""
import os
import pathlib
import re
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
os.environ.setdefault("CAFE_PRESET", "release")
import harness  # pylint: disable=wrong-import-position

ROUNDS, SCRAPES = 5, 1000


def cpu_s(daemon):
    """Processor time that it has used, of all its threads."""
    ns = 0
    for task in pathlib.Path(f"/proc/{daemon.process.pid}/task").iterdir():
        ns += int((task / "schedstat").read_text().split()[0])
    return ns / 1e9


def load(daemon, seconds):
    """Requests, and the processor time of each."""
    before = cpu_s(daemon)
    report = subprocess.run(
        ["wrk", "-t1", "-c64", f"-d{seconds}",
         f"http://127.0.0.1:{daemon.port}/suppliers"], text=True, check=True,
        capture_output=True).stdout
    count = int(re.search(r"(\d+) requests in", report)[1])
    return count, (cpu_s(daemon) - before) / count


def scraped(daemon, run):
    """What run() returns, with a scrape a second meanwhile."""
    done = threading.Event()

    def scrape():
        while not done.wait(1):
            daemon.ops.get("/metrics")
    thread = threading.Thread(target=scrape)
    thread.start()
    try:
        return run()
    finally:
        done.set()
        thread.join()


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    folder = harness.make_folder()
    database = harness.Database(folder)
    database.start()
    daemon = None
    try:
        database.make_ready()
        daemon = harness.Daemon("customer", folder, database,
                                APP_OPS_PORT=harness.free_port(),
                                APP_OPS_BIND="127.0.0.1")
        load(daemon, 1)
        plain, watched = [], []
        for _ in range(ROUNDS):
            plain.append(load(daemon, seconds))
            watched.append(scraped(daemon, lambda: load(daemon, seconds)))
        before = cpu_s(daemon)
        for _ in range(SCRAPES):
            size = len(daemon.ops.get("/metrics").body)
        scrape = (cpu_s(daemon) - before) / SCRAPES
        alone = min(cost for _, cost in plain)
        beside = min(cost for _, cost in watched)
        print(f"scrape of {size} bytes: {scrape * 1e6:.0f} us, that of "
              f"{scrape / alone:.0f} requests\n"
              f"request: {alone * 1e6:.2f} us, with a scrape a second "
              f"{beside * 1e6:.2f} us: {beside / alone:.3f}")
    finally:
        if daemon:
            daemon.stop()
        database.stop()
        harness.remove_folder(folder)


if __name__ == "__main__":
    main()
