"""What one client asks for does not keep the event loop from others."""
import pathlib
import select
import signal
import socket
import urllib.parse

import pytest

import harness
from form_pages import SUPPLIER
from readers import drained
from writers import connect, insert, query

TURNS_MAX = 20


def answered(daemon):
    """The paths of its requests in the order in which they were answered."""
    return [line["path"] for line in daemon.lines() if line["msg"] == "request"]


def test_many_requests_at_once_let_others_in(customer):
    """Hundreds on one connection: somebody else's comes after a few."""
    many, one = (socket.create_connection(("127.0.0.1", customer.port),
                                          harness.WAIT_S) for _ in range(2))
    request = b"GET /many HTTP/1.1\r\nHost:x\r\n\r\n"
    for peer in (many, one):  # both are accepted
        peer.sendall(request)
        assert peer.recv(12) == b"HTTP/1.1 404"
    customer.process.send(signal.SIGSTOP)
    many.sendall(500 * request)
    one.sendall(request.replace(b"many", b"one"))
    customer.process.send(signal.SIGCONT)
    got = b""
    while got.count(b"HTTP/1.1 404") < 500:
        got += many.recv(65536)
    paths = harness.wait_until(
        lambda: len(answered(customer)) == 503 and answered(customer),
        "all are in the log")
    assert paths[2:].index("/one") <= 32
    many.close()
    one.close()


# Lists within lists and empty lines: nothing is known to take longer.
# A form with it is read at once.
HOSTILE = "- " * 95 + "a" + "\n" * 4500 + "x"


def at_once(daemon, *requests, others=()):
    """Send requests on a connection each, all there before the first is looked
    at, in an order that nobody knows; the statuses, once all are answered.
    others: at which positions the client is not 127.0.0.1 but another each."""
    sources = [f"127.0.0.{2 + others.index(n) if n in others else 1}"
               for n in range(len(requests))]
    peers = [socket.create_connection(("127.0.0.1", daemon.port),
                                      harness.WAIT_S, (source, 0))
             for source in sources]
    for peer in peers:  # all are accepted
        peer.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert peer.recv(12) == b"HTTP/1.1 200"
    daemon.process.send(signal.SIGSTOP)
    for peer, request in zip(peers, requests):
        peer.sendall(request)
    daemon.process.send(signal.SIGCONT)
    return [drained(peer).split(b"HTTP/1.1 ")[-1][:3] for peer in peers]


def get(path):
    return (f"GET {path} HTTP/1.1\r\nHost: localhost\r\n"
            "Connection: close\r\n\r\n").encode()


def addition(**fields):
    body = urllib.parse.urlencode({**SUPPLIER, **fields})
    return (f"POST /admin/supplier-add HTTP/1.1\r\nHost: localhost\r\n"
            f"Connection: close\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode()


def preview(notes):
    return addition(notes=notes, preview="1")


def test_hostile_previews_let_others_in(employee):
    """What takes long to render is not rendered on the loop."""
    before = len(answered(employee))
    statuses = at_once(employee, *[preview(f"{n}\n\n{HOSTILE}")
                                   for n in range(4)],
                       get("/admin/supplier-add"))
    assert statuses == [b"200"] * 5
    methods = [line["method"] for line in employee.lines()
               if line["msg"] == "request"]
    assert methods[before] == "GET", methods


def test_hostile_notes_let_others_in(customer, database):
    """The same for notes that were stored by SQL."""
    admin = connect(database)
    long = HOSTILE.replace("\n", 10 * "\n")
    numbers = [insert(admin, notes=f"{n}\n\n{long}") for n in range(3)]
    assert customer.get("/suppliers").status == 200
    before = len(answered(customer))
    statuses = at_once(customer, *[get(f"/suppliers/{n}") for n in numbers],
                       get("/suppliers"))
    assert statuses == [b"200"] * 4
    assert answered(customer)[before] == "/suppliers"


def test_notes_are_rendered_once_for_all(customer, database):
    """Each of many that ask gets the same page."""
    number = insert(connect(database), notes="# a\n\n" + 300 * "*b* c\n")
    pages = {customer.get(f"/suppliers/{number}").body for _ in range(3)}
    assert all(page.count(b"<em>b</em>") == 300 for page in pages)


def test_too_many_previews_are_refused_with_what_was_typed(employee):
    """A client may have some that wait, and nothing is lost."""
    statuses = at_once(employee, *[preview(f"{n}\n\n{HOSTILE}")
                                   for n in range(24)])
    assert b"200" in statuses and b"503" in statuses
    refused = next(line for line in employee.lines()
                   if line.get("status") == 503)
    assert refused["reason"] == "limit"


def thread_times(daemon):
    """Nanoseconds of processor time by thread; the event loop has the id of the
    process."""
    tasks = pathlib.Path(f"/proc/{daemon.process.pid}/task").iterdir()
    return {int(task.name): int((task / "schedstat").read_text().split()[0])
            for task in tasks}


def expect_small_share(daemon, before):
    """Since then another thread has worked at least twice as much as the
    loop."""
    took = {thread: time - before.get(thread, 0)
            for thread, time in thread_times(daemon).items()}
    loop = took.pop(daemon.process.pid)
    assert max(took.values()) > 2 * loop, (loop, took)


def insert_many(database):
    query(connect(database), "INSERT INTO suppliers"
          " (name, address, city, state, email, phone)"
          " SELECT CONCAT('s', seq), 'a', 'c', 's', '', CONCAT('555', seq)"
          " FROM seq_1_to_20000")


def test_searches_of_one_client_let_others_search(start, own):
    """Clients take turns: nobody's only search comes after fifty of another."""
    insert_many(own)
    customer = start("customer", own)
    assert "20,000" in customer.get("/suppliers").text
    at_once(customer, *[get(f"/suppliers?q=none{n}") for n in range(50)],
            others=(0, 12, 25, 37, 49))

    def all_logged():
        clients = [line["client_ip"] for line in customer.lines()
                   if line.get("path") == "/suppliers"]
        return clients if len(clients) == 51 else None

    clients = harness.wait_until(all_logged, "each answer has its line")
    for number in range(2, 7):
        assert clients.index(f"127.0.0.{number}") <= 8, clients


@pytest.fixture(name="many")
def make_many(own, start):
    """An employee daemon with 20,000 suppliers, that waits for no answer when
    it stops, and closes in its own time."""
    insert_many(own)
    employee = start("employee", own, APP_STOP_MAX_MS=0)
    harness.wait_until(lambda: "20,000" in employee.get("/admin/suppliers")
                       .text, "all are there")
    return employee


def test_duplicates_are_not_looked_for_on_the_loop(many):
    """Each form is compared with all suppliers: on another thread."""
    before = thread_times(many)
    statuses = at_once(many, *[addition(name=f"New {n}") for n in range(40)])
    assert set(statuses) <= {b"303", b"409"}
    expect_small_share(many, before)


def test_forms_that_are_compared_when_the_daemon_stops(many):
    """They go on to the database as long as that is there."""
    peers = halted_amid_forms(many)
    many.process.send(signal.SIGTERM)
    many.process.send(signal.SIGCONT)
    many.process.wait()
    assert many.stop() == 0
    answers = [drained(peer)[9:12] for peer in peers]
    assert set(answers) <= {b"303", b"409", b"503", b""}


def halted_amid_forms(daemon):
    """Clients whose forms have been sent: some are answered, some are not,
    and the daemon stands still. A slow client sends them once more."""
    for turn in range(TURNS_MAX):
        peers = [socket.create_connection(("127.0.0.1", daemon.port),
                                          harness.WAIT_S) for _ in range(60)]
        for number, peer in enumerate(peers):
            peer.sendall(addition(name=f"New {turn} {number}"))
        select.select(peers, [], [], harness.WAIT_S)
        daemon.process.send(signal.SIGSTOP)
        ready, _, _ = select.select(peers, [], [], 0)
        if 0 < len(ready) < len(peers):
            return peers
        daemon.process.send(signal.SIGCONT)
    raise AssertionError("all were answered before it could be halted")


def test_large_texts_are_not_rendered_on_the_loop(employee, database):
    """By SQL a text may be as long as its column, and five times as long in
    HTML."""
    admin = connect(database)
    number = insert(admin, notes="&" * 60000)
    for length in range(8):
        query(admin, "UPDATE suppliers SET notes = CONCAT(%s, notes)", length)
    paths = [f"/admin/supplier-history/{number}",
             f"/admin/supplier-update/{number}",
             f"/admin/supplier-remove/{number}", "/admin", "/admin/history"]
    before = thread_times(employee)
    assert at_once(employee, *[get(path) for path in paths]) == [b"200"] * 5
    expect_small_share(employee, before)


@pytest.mark.parametrize("path", ["/suppliers.json", "/suppliers.vcf",
                                  "/suppliers.csv",
                                  "/api/v1/suppliers?limit=100"])
def test_few_suppliers_with_large_texts(start, own, path):
    """They are written on the other thread, as many with short ones are."""
    admin = connect(own)
    for number in range(20):
        insert(admin, name=f"Long {number}", notes="&\n" * 30000)
    customer = start("customer", own)
    assert customer.get("/suppliers").status == 200
    before = thread_times(customer)
    assert at_once(customer, get(path)) == [b"200"]
    expect_small_share(customer, before)
