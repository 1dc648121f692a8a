"""
Every route at once, from clients that hurry and clients that don't, while the
database fails in one way after the other: promises hold, and memory,
descriptors, threads and prepared statements stay as they were.
"""
import contextlib
import http.client
import os
import pathlib
import random
import socket
import statistics
import sys
import threading
import time

import pytest

import harness
import plot

sys.path.insert(0, str(harness.ROOT / "tests/integration"))
from forms import Writer, supplier  # noqa: E402
from test_writes_survive import (check_forms, check_table,  # noqa: E402
                                 finish)
from writers import (Background, Checker, Kept, Relay,  # noqa: E402
                     connect, insert, query)

SUPPLIERS = 2000
REST_S = 30
DB_CONNECTIONS = 6  # of a daemon's threads, its catalog and its searches
PATHS = {
    "customer": (
        "/", "/suppliers", "/suppliers?q=hill&sort=-city&page=2",
        "/suppliers?q={n}", "/suppliers?state=State+{n}", "/suppliers/{id}",
        "/suppliers/{id}.vcf", "/suppliers/{id}.vcf?version=3",
        "/suppliers/{id}.json", "/suppliers/{id}.svg", "/suppliers.csv", "/suppliers.csv?for=excel",
        "/suppliers.vcf?q=hill", "/suppliers.json", "/suppliers/print",
        "/api/v1/suppliers?limit=200", "/api/v1/suppliers/{id}",
        "/api/v1/openapi.json", "/nothing/{n}"),
    "employee": (
        "/admin", "/admin/suppliers", "/admin/suppliers?q={n}",
        "/admin/supplier-add", "/admin/supplier-update/{id}",
        "/admin/supplier-remove/{id}", "/admin/history",
        "/admin/supplier-history/{id}", "/admin/nothing/{n}"),
}
SLOW_PATHS = ("/suppliers.csv", "/suppliers.json", "/suppliers/print")
ENCODINGS = ("identity", "gzip", "br")


class Cut(Relay):
    """A relay whose connections can all be cut at once."""

    def __init__(self, database, seconds):
        self.open = []
        super().__init__(database, seconds)

    def copy(self, source, sink, answers):
        self.open.append(sink)
        super().copy(source, sink, answers)
        self.open.remove(sink)

    def cut(self):
        for sock in list(self.open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


class Faults:
    """A step: the next fault of the database, in a random order."""

    def __init__(self, database, relay):
        self.database, self.relay = database, relay
        self.dice = random.Random()
        self.pace = threading.Event()
        self.seen = {name: 0 for name in ("cut", "stop", "kill", "slow",
                                          "lock")}

    def __call__(self):
        self.pace.wait(self.dice.uniform(1, 4))
        # each comes before any of them comes once more
        least = min(self.seen.values())
        name = self.dice.choice([name for name, count in self.seen.items()
                                 if count == least])
        getattr(self, name)()
        self.seen[name] += 1

    def cut(self):
        self.relay.cut()

    def stop(self):
        self.database.process.send(harness.signal.SIGSTOP)
        self.pace.wait(self.dice.uniform(0.1, 4))
        self.database.process.send(harness.signal.SIGCONT)

    def kill(self):
        self.database.kill()
        self.pace.wait(self.dice.uniform(0, 2))
        self.database.start()

    def slow(self):
        self.relay.seconds = self.dice.uniform(0.01, 0.3)
        self.pace.wait(3)
        self.relay.seconds = 0

    def lock(self):
        admin = connect(self.database)
        with contextlib.closing(admin):
            query(admin, "LOCK TABLES suppliers WRITE")
            self.pace.wait(self.dice.uniform(0.5, 4))


def make_visitor(daemon, paths, ids):
    """A step: any page, as a browser asks that may have seen it before."""
    client = Kept(daemon.port)
    tags = {}

    def visit():
        path = random.choice(paths).format(id=random.choice(ids),
                                           n=random.randrange(500))
        headers = {"Accept-Encoding": random.choice(ENCODINGS)}
        if path in tags and random.random() < 0.5:
            headers["If-None-Match"] = tags[path]
        answer = client.request(random.choice(("GET", "GET", "HEAD")), path,
                                headers=headers)
        assert answer.status in (200, 304, 404, 503), (path, answer.status)
        if len(tags) < 100 and "ETag" in answer.headers:
            tags[path] = answer.headers["ETag"]
    return visit


def make_slow_client(daemon):
    """A step: a list that is hardly read, or a request that never ends."""
    pace = threading.Event()

    def crawl():
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.connect(("127.0.0.1", daemon.port))
            line = f"GET {random.choice(SLOW_PATHS)} HTTP/1.1\r\nHost: cafe\r\n"
            whole = random.random() < 0.7
            with contextlib.suppress(ConnectionError):
                sock.sendall(line.encode() + (b"\r\n" if whole else b"X-"))
                for _ in range(20):
                    pace.wait(0.2)
                    if whole and not sock.recv(512):
                        break
    return crawl


def make_freshness(checker):
    """Writers, and readers that see no page older than what was saved."""
    pages = [
        (checker.customer, "/suppliers/{}",
         r'<h1 dir="auto">Supplier (\d+)<.*?City</dt><dd[^>]*>(\d+)<'),
        (checker.employee, "/admin/supplier-update/{}",
         r'name="id" value="(\d+)".*?name="city"[^>]*? value="(\d+)"')]
    return [checker.form_writer(number) for number in checker.ids] + [
        checker.reader(*page) for page in pages for _ in range(2)]


def count_of(pid, folder):
    return len(os.listdir(f"/proc/{pid}/{folder}"))


class Sampler:
    """What the daemons hold, over time."""

    def __init__(self, daemons, database):
        self.daemons, self.database = daemons, database
        self.samples = []
        self.began = time.monotonic()
        self.pace = threading.Event()

    def statements(self):
        """Prepared statements at the database; of before, while it is away."""
        try:
            admin = connect(self.database, read_timeout=1, connect_timeout=1)
            with contextlib.closing(admin):
                return int(query(admin, "SHOW GLOBAL STATUS LIKE"
                                 " 'Prepared_stmt_count'")[0][1])
        except Exception:
            return self.samples[-1]["statements"] if self.samples else 0

    def sample(self):
        found = {"seconds": round(time.monotonic() - self.began, 1),
                 "statements": self.statements()}
        for name, daemon in self.daemons.items():
            pid = daemon.process.pid
            found[f"{name} KiB"] = harness.resident_kib(pid)
            found[f"{name} descriptors"] = count_of(pid, "fd")
            found[f"{name} threads"] = count_of(pid, "task")
        return found

    def __call__(self):
        self.samples.append(self.sample())
        self.pace.wait(1)

    def median(self, name, begin, end):
        """Of the samples between two parts of the whole time."""
        count = len(self.samples)
        return statistics.median(
            sample[name] for sample in
            self.samples[int(begin * count):int(end * count)])


@pytest.fixture(scope="session", autouse=True)
def binaries():
    """Sanitizers keep what was freed: memory is that of a release build."""
    assert harness.PRESET == "release", "run it by ./cafe test soak"


@pytest.fixture(name="system")
def make_system(start, own):
    admin = connect(own)
    query(admin, "INSERT INTO suppliers"
          " (name, address, city, state, country, email, phone, notes)"
          " SELECT CONCAT('Roastery ', seq), CONCAT(seq, ' Hill Road'),"
          " CONCAT('City ', seq % 90), CONCAT('State ', seq % 20), 'USA',"
          " CONCAT('r', seq, '@example.com'), CONCAT('+1 802 555 ', seq),"
          f" REPEAT('Beans. ', seq % 60) FROM seq_1_to_{SUPPLIERS}")
    admin.close()
    often = {"APP_CATALOG_COMPARE_MS": 3000}  # not just once in a short run
    with Cut(own, 0) as relay:
        daemons = {name: start(name, own, APP_DB_SOCKET=relay.path, **often)
                   for name in ("customer", "employee")}
        yield own, relay, daemons


def wait_for_rest(sampler, least):
    """
    Until a daemon has as few descriptors and threads as at first, beside its
    connections to the database: one that is cut stays open until its next use.
    """
    names = [f"{name} {kind}" for name in sampler.daemons
             for kind in ("descriptors", "threads")]
    seen = []

    def settled():
        seen.append(sampler.sample())
        return all(seen[-1][name] <= least[name] + (
            DB_CONNECTIONS if "descriptors" in name else 0) for name in names)

    try:
        harness.wait_until(settled, "what clients took is given back", REST_S)
    except AssertionError as late:
        raise AssertionError(f"{late}\nonce {least}\nnow  {seen[-1]}")
    return seen[-1]


def report(sampler, name):
    harness.ARTIFACTS.mkdir(parents=True, exist_ok=True)
    path = pathlib.Path(harness.ARTIFACTS / name)
    plot.write_csv(path.with_suffix(".csv"), sampler.samples)
    plot.write_svg(path.with_suffix(".svg"), sampler.samples)


def run_load(daemons, ids, checker, others, enough, seconds):
    """Everything at once, from clients that are gone at the end."""
    steps = [*others, *make_freshness(checker)]
    steps += [make_visitor(daemons[name], PATHS[name], ids)
              for name in PATHS for _ in range(2)]
    steps += [make_slow_client(daemons["customer"]) for _ in range(3)]
    with Background(steps) as work:
        work.go_on(seconds, enough)
    steps.clear()


def test_soak(system, request):
    database, relay, daemons = system
    seconds = 60 * request.config.getoption("--minutes")
    checker = Checker(database, *daemons.values(), 4)
    writers = [Writer(database, daemons["employee"].port, number)
               for number in (1, 2)]
    admin = connect(database)
    for writer in writers:
        writer.own = insert(admin, **supplier(writer.number * 1000000 + 999999))
    ids = [row[0] for row in query(admin, "SELECT id FROM suppliers LIMIT 200")]
    admin.close()
    sampler = Sampler(daemons, database)
    first = sampler.sample()
    for half in (1, 2):
        faults = Faults(database, relay)
        run_load(daemons, ids, checker, [sampler, faults, *writers],
                 lambda: min(faults.seen.values()) > 0, seconds / 2)
        report(sampler, "soak")
        finish(writers)
        rest = wait_for_rest(sampler, first)
        print(f"half {half}: {dict(checker.count())}, faults {faults.seen}, "
              f"at rest {rest}")
    assert checker.violations == []
    admin = connect(database)
    check_forms(admin, writers, others=True)
    check_table(admin, writers)
    check_flat(sampler, seconds / 60)


def check_flat(sampler, minutes):
    """
    From one quarter of the time to the next nothing grows any more. Lists on
    their way take some MiB now and then: in a short run the medians still move.
    """
    slack_kib = 512 + 8192 / minutes
    for name in sampler.daemons:
        kib = f"{name} KiB"
        third = sampler.median(kib, 0.5, 0.75)
        last = sampler.median(kib, 0.75, 1)
        print(f"{name}: {third} and {last} KiB in the last two quarters")
        assert last <= third * 1.02 + slack_kib, kib
    assert sampler.median("statements", 0.75, 1) <= \
        sampler.median("statements", 0.5, 0.75) + 8
