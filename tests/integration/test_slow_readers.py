"""Clients that hardly read keep nobody from a list, and take little memory."""
import contextlib

import pytest

import harness
from readers import SteadyReader, drained, never_read
from thorough import at_desk
from writers import NAMES, connect, query

TAKE_MAX = 8000000  # so that two lists of make_long_lists() fit
PATHS = [f"/suppliers{kind}?sort={way}{name}"
         for kind in (".csv", ".vcf", ".json", "/print")
         for way in ("", "-") for name in NAMES[1:]]
LONG = 4000000
LONGEST = 5800000  # the contacts
PEERS_MAX = 1000


def make_long_lists(database, rows=3400):
    """Lists of more than LONG bytes, of as few rows as make them."""
    query(connect(database), "INSERT INTO suppliers"
          " (name, address, city, state, email, phone)"
          " SELECT long_.text, long_.text, long_.text, long_.text, long_.text,"
          " '' FROM (SELECT REPEAT('x', 250) AS text) AS long_,"
          f" seq_1_to_{rows}")


@pytest.fixture
def slow(start, database):
    """A daemon with long lists, of which two fit, and patience for all else."""
    make_long_lists(database)
    daemon = start("customer", database, APP_TAKE_MAX_BYTES=TAKE_MAX,
                   APP_CATALOG_WAIT_MS=30000, APP_HTTP_WRITE_MS=600000)
    assert daemon.get("/suppliers").status == 200
    return daemon


def held_bytes(daemon):
    return daemon.metric("cafe_http_answers_bytes")


@pytest.fixture
def counted(start, database):
    """The same with a port for operators."""
    make_long_lists(database)
    daemon = start("customer", database, APP_TAKE_MAX_BYTES=TAKE_MAX,
                   APP_CATALOG_WAIT_MS=30000, APP_HTTP_WRITE_MS=600000,
                   APP_OPS_PORT=harness.free_port())
    assert daemon.get("/suppliers").status == 200
    return daemon


def hang(port, several):
    """A hundred clients that ask for lists and never read: at one address, or
    at one each."""
    return [never_read(port, PATHS[n % len(PATHS)],
                       f"127.0.1.{n + 1 if several else 1}")
            for n in range(100)]


def hang_full(port, several, daemon):
    """More of them, until their lists leave no room for the longest, and nothing
    is being written for them."""
    peers = hang(port, several)
    for peer in peers:
        with contextlib.suppress(ConnectionResetError):
            peer.recv(12)
    while held_bytes(daemon) + LONGEST <= 2 * TAKE_MAX:
        number = len(peers)
        assert number < PEERS_MAX, "their memory does not fill"
        source = number % 200 + 1 if several else 1
        peers.append(never_read(port, PATHS[number % len(PATHS)],
                                f"127.0.1.{source}"))
        peers[-1].recv(12)
    return peers


def assert_served(port, daemon):
    """Somebody else gets each kind of list, whole, and memory is bounded."""
    client = harness.Client(port)
    for kind in (".csv", ".vcf", ".json", "/print"):
        def answered():
            answer = client.get(f"/suppliers{kind}")
            assert held_bytes(daemon) <= 2 * TAKE_MAX
            assert answer.status in (200, 503)
            return answer.status == 200 and len(answer.body) > LONG
        harness.wait_until(answered, f"somebody else gets {kind}")


@pytest.fixture(name="balancer")
def make_balancer(balance, counted, employee):
    return balance(counted, employee)


@pytest.mark.parametrize("several", (False, True))
@pytest.mark.parametrize(
    "balanced", at_desk((False,), (False, True)))
def test_a_hundred_that_never_read_keep_nobody_out(
        request, counted, several, balanced):
    """At one address or many, directly and through HAProxy."""
    port = counted.port
    if balanced:
        port = request.getfixturevalue("balancer").port
    peers = hang_full(port, several, counted)
    assert_served(port, counted)
    for peer in peers:
        peer.close()
    harness.wait_until(lambda: held_bytes(counted) == 0, "it is free again")


def test_once_they_hang_nobody_is_refused(counted):
    """Each of many lists comes at once, and whole."""
    peers = hang_full(counted.port, True, counted)
    harness.wait_until(lambda: counted.get(PATHS[0]).status == 200,
                       "the first one is served")
    for path in [path for path in PATHS if ".vcf" in path][:8]:
        answer = counted.get(path)
        assert answer.status == 200 and len(answer.body) > LONGEST, path
    assert "an answer was cut off" in counted.process.output()
    for peer in peers:
        peer.close()


@pytest.mark.thorough
def test_one_that_reads_is_not_cut_off_for_others(counted):
    """While those who hang come and go, and others are served."""
    reader = SteadyReader(counted.port, "/suppliers.csv", "127.0.2.1")
    harness.wait_until(lambda: reader.size, "it has begun")
    peers = hang(counted.port, several=True)
    for path in PATHS[1:4]:
        harness.wait_until(lambda p=path: counted.get(p).status == 200, path)
    reader.join(harness.HANG_S)
    assert reader.size == reader.length > LONG
    for peer in peers:
        peer.close()


def test_one_address_leaves_room_for_others(start, database):
    """Also where all its clients read on, however slowly. Two lists of 13 MB
    fit into 36 MB, a third one does not; and the kernel takes none whole."""
    make_long_lists(database, rows=10000)
    daemon = start("customer", database, APP_TAKE_MAX_BYTES=18000000,
                   APP_CATALOG_WAIT_MS=30000, APP_HTTP_WRITE_MS=600000,
                   APP_OPS_PORT=harness.free_port())
    assert daemon.get("/suppliers").status == 200
    greedy = []
    for path in PATHS[:2]:  # not two at once: no address may make so much
        greedy.append(SteadyReader(daemon.port, path, "127.0.1.1", 4096, 0.1))
        harness.wait_until(lambda: greedy[-1].size, "it has its list")
    assert held_bytes(daemon) > 24000000
    assert daemon.get(PATHS[2]).status == 200
    assert "an answer was cut off" in daemon.process.output()
    harness.wait_until(lambda: not all(one.is_alive() for one in greedy),
                       "one of them makes room")
    for one in greedy:
        one.stop()
    assert any(one.size < one.length for one in greedy)


def test_one_that_stands_still_is_given_up(start, database):
    """Nobody else needs the memory: it is its own deadline that has passed."""
    make_long_lists(database)
    customer = start("customer", database, APP_CATALOG_WAIT_MS=30000,
                     APP_HTTP_WRITE_MS=1000)
    peer = never_read(customer.port, "/suppliers.csv")
    assert peer.recv(12) == b"HTTP/1.1 200"
    harness.wait_until(
        lambda: '"reason":"hardly anything read in http.write_ms"' in
        customer.process.output(), "it is cut off")
    assert len(drained(peer)) < LONG


@pytest.mark.thorough
def test_one_that_reads_slowly_gets_it_whole(start, database):
    """However much longer that takes than it may stand still."""
    make_long_lists(database)
    customer = start("customer", database, APP_CATALOG_WAIT_MS=30000,
                     APP_HTTP_WRITE_MS=1500)
    reader = SteadyReader(customer.port, "/suppliers.csv", pause_s=0.015)
    reader.join(2 * harness.WAIT_S)
    assert reader.size == reader.length > LONG


def test_the_whole_has_a_deadline(start, database):
    """For those, too, that read on and on."""
    make_long_lists(database)
    customer = start("customer", database, APP_CATALOG_WAIT_MS=30000,
                     APP_HTTP_WRITE_MAX_MS=1000)
    reader = SteadyReader(customer.port, "/suppliers.csv", pause_s=0.1)
    reader.join(harness.HANG_S)
    assert not reader.is_alive() and 0 < reader.size < reader.length
    assert '"reason":"not read in http.write_max_ms"' in \
        customer.process.output()


def test_short_lists_are_answered_beside_slow_readers(slow):
    """Those of 200 suppliers at most are never refused."""
    peers = hang(slow.port, several=True)
    for _ in range(20):
        assert slow.get("/api/v1/suppliers?limit=200").status == 200
        assert slow.get("/suppliers.csv?q=nobody").status == 200
    for peer in peers:
        peer.close()


def test_a_refusal_says_why(slow, database):
    """Nobody here is slow yet: it is the daemon that has too much to do."""
    refused = []

    def one_is_refused():
        peers = [never_read(slow.port, path) for path in PATHS[:12]]
        for peer in peers:
            head = peer.recv(12)
            if head == b"HTTP/1.1 503":
                refused.append(drained_now(peer))
            peer.close()
        return refused
    harness.wait_until(one_is_refused, "one is refused")
    assert b"too busy" in refused[0] and b"database" not in refused[0]


def drained_now(peer):
    """The rest of a short answer."""
    got = b""
    while b"</html>" not in got:
        chunk = peer.recv(65536)
        assert chunk
        got += chunk
    return got


def test_a_list_counts_as_its_length(start, database):
    """Not as the buffer it was written to, which is up to twice as large."""
    customer = start("customer", database, APP_TAKE_MAX_BYTES=8000000)
    make_long_lists(database)
    held = never_read(customer.port, "/suppliers.csv")
    assert held.recv(12) == b"HTTP/1.1 200"
    assert customer.get("/suppliers.csv?sort=city").status == 200
    held.close()
