"""What tests/bench/fleet.py finds of tasks behind a slow network."""
import contextlib
import pathlib
import sys
import time

import pymysql

import harness

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "bench"))

import contenders  # noqa: E402
import fleet  # noqa: E402

SECONDS = 1
AGE_MS = 500


def test_a_delayed_answer_arrives_whole(folder, database):
    port = harness.free_port()
    delay = harness.Process("delay", [
        harness.BIN / "bench_delay", port, database.socket, 50_000], folder)
    try:
        harness.wait_until(lambda: connects(port), "it listens")
        with contextlib.closing(connect(port)) as connection:
            cursor = connection.cursor()
            began = time.monotonic()
            cursor.execute("SELECT REPEAT('bean ', 100000)")
            assert cursor.fetchone()[0] == "bean " * 100_000
            assert time.monotonic() - began >= 0.05
    finally:
        delay.stop()


def connect(port):
    return pymysql.connect(host="127.0.0.1", port=port, user="customer",
                           password=harness.PASSWORDS["customer"])


def connects(port):
    with contextlib.suppress(pymysql.err.OperationalError):
        connect(port).close()
        return True
    return False


def found(stack, folder, server, age_ms):
    tasks = fleet.Fleet(stack, folder, server, 2, APP_CATALOG_MAX_AGE_MS=age_ms)
    return fleet.run(tasks, 100, SECONDS)


def test_pages_are_as_old_as_allowed(folder, server):
    """Without max_age_ms none is out of date, whichever task answers; with it
    many are, which costs the database less."""
    contenders.load_suppliers(server, 20)
    with contextlib.ExitStack() as stack:
        fresh = found(stack, folder, server, 0)
        aged = found(stack, folder, server, AGE_MS)
    assert fresh["stale_percent"] == 0 == fresh["oldest_ms"]
    assert aged["stale_percent"] > 0 and 0 < aged["oldest_ms"] <= AGE_MS
    assert aged["questions_per_s"] < fresh["questions_per_s"]
    assert min(fresh["fetches_per_s"], aged["fetches_per_s"]) > 0


def test_costs_are_found_by_least_squares():
    rows = [{"questions_per_s": asked, "fetches_per_s": fetched,
             "db_share_us": 20 * asked + 150 * fetched}
            for asked, fetched in ((1000, 10), (500, 400), (64, 62))]
    question_us, fetch_us = fleet.costs_us(rows)
    assert round(question_us, 6) == 20 and round(fetch_us, 6) == 150
