"""What the HTTP server accepts and refuses, from outside, byte by byte."""
import concurrent.futures
import email.utils
import random
import re
import socket
import time

import client
import compare
import drive
import harness
import proxied
import pytest
import table

ACCEPTED = table.pairs(lambda case: case.accepted)
REUSE = {"as up": None, "always": "always"}


def named(values):
    """The ids of parametrised tests."""
    return [f"{daemon}: {case.rule}: {case.name}" for daemon, case in values]


def each(values=None):
    values = table.pairs() if values is None else values
    return pytest.mark.parametrize("daemon, case", values, ids=named(values))


def explain(daemon, case, outcome):
    """What a failed case shows."""
    raw = case.for_daemon(daemon)
    shown = raw if len(raw) <= 400 else raw[:300] + b" ... " + raw[-60:]
    return (f"{case.rule}: {case.name} ({daemon})\n  sent {len(raw)} bytes: "
            f"{shown!r}\n  wanted {case.statuses} {case.state}, got {outcome}"
            f"\n  {case.note}")


def test_the_table_is_sound():
    assert len(table.CASES) >= 180
    assert len({(c.rule, c.name) for c in table.CASES}) == len(table.CASES)
    for rule in {case.rule for case in table.CASES}:
        cases = [case for case in table.CASES if case.rule == rule]
        assert any(case.accepted for case in cases), rule
        if rule not in ("keep-alive", "answers"):
            assert not all(case.accepted for case in cases), rule


@each()
def test_direct(runs, daemon, case):
    outcome = runs.direct(daemon)[0][case.rule, case.name]
    shown = explain(daemon, case, outcome)
    assert outcome.statuses == case.statuses, shown
    assert (outcome.state, outcome.error) == (case.state, ""), shown
    allow = [answer.field("allow") for answer in outcome.answers
             if answer.status in (204, 405)]
    assert allow == [case.allow.encode()] * (
        case.statuses.count(204) + case.statuses.count(405)), shown


@pytest.mark.parametrize("daemon", table.PREFIX)
def test_the_log_has_each_answer_once(runs, daemon):
    outcomes, logged = runs.direct(daemon)
    assert logged == proxied.answered(outcomes.values())


@pytest.mark.parametrize("daemon", table.PREFIX)
def test_every_answer_has_its_fields(runs, daemon):
    for key, outcome in runs.direct(daemon)[0].items():
        for answer in outcome.answers:
            assert answer.head.startswith(b"HTTP/1.1 "), key
            date = answer.field("date").decode()
            when = email.utils.parsedate_to_datetime(date)
            assert email.utils.format_datetime(when, usegmt=True) == date, key
            assert abs(when.timestamp() - time.time()) < 300, key
            assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", answer.id), key
            assert answer.field("x-content-type-options") == b"nosniff", key
            assert answer.field("referrer-policy") == b"same-origin", key
            policy = answer.field("content-security-policy")
            assert b"frame-ancestors 'none'" in policy, key
            assert b"unsafe" not in policy, key


@pytest.mark.parametrize("daemon", table.PREFIX)
def test_ids_of_a_run_differ(runs, daemon):
    given = {"a-Z_0.9", "a", *(f"pipelined-{i}" for i in range(10))}
    ids = [answer.id for outcome in runs.direct(daemon)[0].values()
           for answer in outcome.answers if answer.id not in given]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch("[0-9a-f]{32}", name) for name in ids)


@each()
def test_byte_by_byte(runs, daemon, case):
    whole = runs.direct(daemon)[0][case.rule, case.name]
    bytewise = runs.bytewise(daemon)[case.rule, case.name]
    shown = explain(daemon, case, bytewise) + f"\n  in one write: {whole}"
    assert bytewise.statuses == whole.statuses, shown
    assert bytewise.state == whole.state, shown
    if case.accepted:
        assert bytewise.lasting == whole.lasting, shown


@each(ACCEPTED)
def test_split_in_two(runs, daemon, case):
    counts, faults = runs.split(daemon)
    key = (case.rule, case.name)
    if key not in counts:
        pytest.fail("in one write it is not as it should be")
    length = len(case.for_daemon(daemon))
    assert counts[key] == len(drive.places(length))
    assert counts[key] == length - 1 or length >= drive.SPLIT_ALL_BYTES
    assert not faults[key], faults[key][:5]


@pytest.mark.parametrize("reuse", REUSE)
@each()
def test_behind_haproxy(runs, daemon, case, reuse):
    outcomes, _ = runs.behind_proxy(REUSE[reuse])
    outcome = outcomes[daemon, case.rule, case.name]
    complaint = proxied.judge(case, outcome)
    assert not complaint, explain(daemon, case, outcome) + "\n" + complaint


@pytest.mark.parametrize("reuse", REUSE)
def test_behind_haproxy_nothing_is_smuggled(runs, reuse):
    """What a daemon has read, some client has asked for and got."""
    outcomes, logged = runs.behind_proxy(REUSE[reuse])
    assert logged == proxied.answered(outcomes.values())


MARK = re.compile(rb"mark-\d+-\d+")
HOSTILE = [case for case in table.CASES if len(case.raw) < 20000]


def ask(connection, mark, number):
    """One good request with a mark; its answer has to be its own."""
    mine = mark.encode()
    field = b"Host: cafe\r\nX-Request-Id: " + mine + b"\r\n"
    if number % 3 == 0:
        raw = b"GET /nothing/" + mine + b" HTTP/1.1\r\n" + field + b"\r\n"
        status, path = 404, f"/nothing/{mark}"
    elif number % 3 == 1:
        raw = b"GET /admin/suppliers?" + mine + b" HTTP/1.1\r\n" + field + \
            b"\r\n"
        status, path = 200, "/admin/suppliers"
    else:
        body = b"name=" + mine
        raw = (b"POST /admin/supplier-add HTTP/1.1\r\n" + field +
               b"Sec-Fetch-Site: same-origin\r\nContent-Type: "
               b"application/x-www-form-urlencoded\r\nContent-Length: %d\r\n"
               b"\r\n" % len(body) + body)
        status, path = 422, "/admin/supplier-add"
    assert connection.send(raw)
    answer = connection.read_answer()
    assert answer is not None, mark
    assert (answer.status, answer.id) == (status, mark)
    found = set(MARK.findall(answer.body))
    assert found == {mine} if status == 422 else found <= {mine}
    return mark, path, status


def attack(port, dice):
    """A case on a connection of its own, often given up half-way."""
    case = dice.choice(HOSTILE)
    raw = case.for_daemon(dice.choice(case.daemons))
    connection = client.Connection(port, 0.2)
    if dice.random() < 0.5:
        raw = raw[:dice.randrange(len(raw)) + 1]
    connection.send(raw)
    if dice.random() < 0.3:
        try:
            connection.read_answer()
        except (client.Malformed, OSError):
            pass
    connection.close()


def be_a_client(port, thread, count):
    """Good requests on connections that last, bad ones in between."""
    dice = random.Random(thread)
    connection = client.Connection(port)
    asked = []
    for number in range(count):
        if number % 10 == 9:
            connection.close()
            connection = client.Connection(port)
        asked.append(ask(connection, f"mark-{thread}-{number}", number))
        attack(port, dice)
    connection.close()
    return asked


def marked(runs):
    """What the log has of good requests, in order."""
    return sorted(
        (line["request_id"], line["path"], line["status"])
        for daemon in runs.daemons.values() for line in daemon.lines()
        if line["msg"] == "request" and line["request_id"].startswith("mark-"))


@pytest.mark.parametrize("reuse", REUSE)
def test_no_client_gets_the_answer_of_another(runs, reuse):
    proxy, stats = runs.proxy(REUSE[reuse])
    before = proxied.reused(stats)
    earlier = len(marked(runs))  # another configuration uses the same marks
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        asked = [entry for part in pool.map(
            lambda thread: be_a_client(proxy.port, thread, 60), range(8))
            for entry in part]
    after = proxied.reused(stats)
    assert len(asked) == 8 * 60
    for name, count in after.items():
        assert count - before[name] > 80, "connections were not reused"

    harness.wait_until(lambda: len(marked(runs)) >= earlier + len(asked),
                       "all requests are in the log")
    assert set(marked(runs)) == set(asked)
    assert len(marked(runs)) == earlier + len(asked)


@pytest.mark.parametrize("daemon, path", [
    ("customer", "/"), ("customer", "/suppliers"), ("customer", "/nothing"),
    ("customer", "/healthz"), ("employee", "/admin"),
    ("employee", "/admin/suppliers"), ("employee", "/admin/supplier-add"),
    ("employee", "/admin/supplier-update")])
def test_head_is_get_without_body(runs, daemon, path):
    connection = client.Connection(runs.daemons[daemon].port)
    answers = []
    for method in ("GET", "HEAD"):
        connection.send(f"{method} {path} HTTP/1.1\r\nHost: cafe\r\n"
                        "X-Request-Id: one\r\n\r\n".encode())
        answers.append(connection.read_answer(method == "HEAD"))
    assert answers[0].body and not answers[1].body
    assert [f for f in answers[0].fields if f[0] != b"date"] == \
        [f for f in answers[1].fields if f[0] != b"date"]
    assert answers[0].status == answers[1].status
    assert client.find_state(connection, answers[1:]) == "open"
    connection.close()


FORM = ("POST {path} HTTP/{version}\r\nHost: cafe\r\n"
        "Sec-Fetch-Site: same-origin\r\nExpect: 100-continue\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        "Content-Length: {length}\r\n\r\n")


def expect(runs, length, path="/admin/supplier-add", version="1.1"):
    """Send a head that expects 100 to the employee daemon."""
    connection = client.Connection(runs.daemons["employee"].port)
    connection.send(FORM.format(path=path, version=version,
                                length=length).encode())
    return connection


def test_continue_comes_before_the_body(runs):
    connection = expect(runs, 3)
    deadline = time.monotonic() + client.ANSWER_S
    while not connection.buffer.endswith(b"\r\n\r\n"):
        assert connection.fill(deadline)
    assert connection.buffer == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.send(b"a")
    connection.send(b"=1")
    answer = connection.read_answer()
    assert (answer.status, connection.interim) == (422, 1)
    assert client.find_state(connection, [answer]) == "open"
    connection.close()


def test_continue_comes_for_a_body_that_is_read_in_vain(runs):
    connection = expect(runs, 1024 * 1024)
    connection.fill(time.monotonic() + client.ANSWER_S)
    connection.send(b"a" * 1024 * 1024)
    answer = connection.read_answer()
    assert (answer.status, connection.interim) == (413, 1)
    assert client.find_state(connection, [answer]) == "open"
    connection.close()


@pytest.mark.parametrize("length, path, status", [
    (1024 * 1024 + 1, "/admin/supplier-add", 413), (3, "/admin/nothing", 404),
    (3, "/admin/suppliers", 405), (3, "/admin/%zz", 400)])
def test_no_continue_for_a_body_that_is_not_read(runs, length, path, status):
    connection = expect(runs, length, path)
    answer = connection.read_answer()
    assert (answer.status, connection.interim) == (status, 0)
    assert client.find_state(connection, [answer]) == "closed"
    connection.close()


def test_no_continue_on_1_0(runs):
    connection = expect(runs, 3, version="1.0")
    with pytest.raises(TimeoutError):
        connection.fill(time.monotonic() + 0.3)
    connection.send(b"a=1")
    answer = connection.read_answer()
    assert (answer.status, connection.interim) == (422, 0)
    assert client.find_state(connection, [answer]) == "closed"
    connection.close()


@pytest.mark.parametrize("daemon", table.PREFIX)
def test_a_connection_serves_1000_requests(runs, daemon):
    """1,001 are sent; the answer to the last but one says that it closes."""
    connection = client.Connection(runs.daemons[daemon].port)
    connection.send(b"GET /healthz HTTP/1.1\r\nHost: cafe\r\n\r\n" * 1001)
    answers = [connection.read_answer() for _ in range(1000)]
    assert {answer.status for answer in answers} == {200}
    assert [answer.closes for answer in answers] == [False] * 999 + [True]
    assert client.find_state(connection, answers) == "closed"
    connection.close()


@pytest.mark.parametrize("head, status", [
    (b"GET / HTTP/1.1\r\nA : b\r\n\r\n", 400),
    (b"GET /" + b"a" * 20000, 414),
    (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 65, 431),
    (b"BREW / HTTP/1.1\r\n\r\n", 501), (b"GET / HTTP/2.0\r\n\r\n", 505),
    (b"GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
    (b"GET /admin HTTP/1.1\r\nHost: cafe\r\nTransfer-Encoding: chunked\r\n"
     b"\r\n1\r\n", 413),
    (b"POST /admin/supplier-add HTTP/1.1\r\nHost: cafe\r\n"
     b"Sec-Fetch-Site: same-origin\r\nTransfer-Encoding: chunked\r\n\r\n"
     b"1\n", 400),
    (b"POST /admin/supplier-add HTTP/1.1\r\nHost: cafe\r\n"
     b"Sec-Fetch-Site: same-origin\r\nContent-Length: 9000000\r\n\r\n", 413),
    (b"POST /nothing HTTP/1.1\r\nHost: cafe\r\n"
     b"Sec-Fetch-Site: same-origin\r\nContent-Length: 9000000\r\n\r\n", 404)])
def test_an_answer_survives_what_is_still_on_its_way(runs, head, status):
    """The peer goes on sending before it reads: no reset takes the answer."""
    connection = client.Connection(runs.daemons["employee"].port)
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.send(head)
    for _ in range(64):
        assert connection.send(b"a" * 65536)
    answer = connection.read_answer()
    assert answer.status == status
    assert client.find_state(connection, [answer]) == "closed"
    connection.close()


def test_the_comparison_with_nginx_is_written(runs):
    if not compare.NGINX.exists():
        pytest.skip("nginx is not installed: apt-get install nginx-light")
    text = compare.report(runs.nginx(),
                          {name: runs.direct(name)[0] for name in
                           runs.daemons})
    compare.write(text)
    print(text)
    assert compare.REPORT.read_text().count("\n") > len(table.CASES)
