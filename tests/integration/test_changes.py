"""Changes for programs that follow them: what each answer has, what ends a wait,
and copies that stay equal to the table whatever happens."""
import contextlib
import http.client
import http.server
import json
import os
import random
import re
import resource
import signal
import socket
import threading
import time

import pymysql
import pytest

import harness
from api import PROBLEM, SUPPLIERS, Api
from fields import NAMES
from writers import (ENOUGH_S, Background, connect, insert, query,
                     transact)

CHANGES = "/api/v1/changes"
LONG = "CAFE_LONG" in os.environ
WAITING_MAX = 1000
SET_CITY = "UPDATE suppliers SET city = %s WHERE id = %s"


class Followed(Api):
    """The API with what this file asks for."""

    def changes(self, **fields):
        return self.get(f"{CHANGES}?" + "&".join(
            f"{name}={value}" for name, value in fields.items()))

    def now(self):
        answer = self.changes()
        assert answer.status == 200, answer.text
        assert answer.json["changes"] == []
        return answer.json["revision"]

    def after(self, since, **fields):
        answer = self.changes(since=since, **fields)
        assert answer.status == 200, answer.text
        return answer.json


def serve(start, database, **settings):
    """A customer daemon that says how many wait."""
    return start("customer", database, APP_OPS_PORT=harness.free_port(),
                 **settings)


@pytest.fixture(name="customer")
def start_customer(start, database):
    return serve(start, database)


@pytest.fixture(name="api")
def make_api(customer):
    return Followed(customer)


def number(revision):
    return int(revision.split("-")[0])


def problem(answer, status):
    assert answer.status == status, answer.text
    assert answer.headers["Content-Type"] == PROBLEM
    return answer.json


def gone(api, since):
    """It says with which revision to go on."""
    revision = problem(api.changes(since=since), 410)["revision"]
    assert api.after(revision) == {"changes": [], "revision": revision}
    return revision


def test_each_change_with_what_it_led_to(database, api):
    admin = connect(database)
    begin = api.now()
    one = insert(admin, name="One")
    two = insert(admin, name="Two")
    query(admin, SET_CITY, "moved", one)
    query(admin, "DELETE FROM suppliers WHERE id = %s", two)
    query(admin, "SET @cafe_action = 'restore'")
    insert(admin, id=two, name="Two again")
    query(admin, "SET @cafe_action = NULL")
    query(admin, "UPDATE suppliers SET id = 77 WHERE id = %s", one)
    answer = api.changes(since=begin)
    assert answer.headers["Cache-Control"] == "no-store"
    assert list(answer.json) == ["changes", "revision"]
    found = answer.json["changes"]
    assert list(found[0]) == ["revision", "at", "action", "id", "supplier"]
    assert [(c["action"], c["id"]) for c in found] == [
        ("add", one), ("add", two), ("update", one), ("remove", two),
        ("restore", two), ("remove", one), ("add", 77)]
    first = number(begin)
    assert [number(c["revision"]) for c in found] == \
        list(range(first + 1, first + 8))
    assert answer.json["revision"] == found[-1]["revision"] == api.now()
    present = {two: api.get(f"{SUPPLIERS}/{two}").json,
               77: api.get(f"{SUPPLIERS}/77").json}
    assert [c["supplier"] for c in found] == \
        [present.get(c["id"]) for c in found]
    log = query(admin, "SELECT DATE_FORMAT(at, '%%Y-%%m-%%dT%%H:%%i:%%s.%%f')"
                " FROM supplier_changes WHERE revision > %s ORDER BY revision",
                first)
    assert [c["at"] for c in found] == [row[0][:-3] + "Z" for row in log]
    # In parts of any size, and from any change on.
    for limit in 1, 3, 200:
        since, parts = begin, []
        while part := api.after(since, limit=limit)["changes"]:
            assert len(part) <= limit
            parts += part
            since = part[-1]["revision"]
        assert parts == found


def test_nobody_is_named(database, employee, api):
    begin = api.now()
    answer = employee.post("/admin/supplier-add", harness.SUPPLIER)
    assert answer.status == 303
    text = api.changes(since=begin).text
    for word in "actor", "writer", "person", "account", "employee", "localhost":
        assert word not in text


def test_what_was_replaced_or_forgotten_stays_so(database, api):
    admin = connect(database)
    begin = api.now()
    kept = insert(admin, name="Secret", notes="private")
    lost = insert(admin, name="Secret, too")
    query(admin, "UPDATE suppliers SET name = 'Open', notes = ''"
          " WHERE id = %s", kept)
    query(admin, "DELETE FROM suppliers WHERE id = %s", lost)
    answer = api.changes(since=begin)
    assert "Secret" not in answer.text and "private" not in answer.text
    assert [c["supplier"] and c["supplier"]["name"]
            for c in answer.json["changes"]] == ["Open", None, "Open", None]


def test_any_text_and_id(database, api):
    admin = connect(database)
    begin = api.now()
    insert(admin, name="".join(map(chr, range(1, 0xd800)))[:255],
           notes="\u2028\0\U0010ffff")
    insert(admin, id=-5)
    for change in api.after(begin)["changes"]:
        assert change["supplier"] == \
            api.get(f"{SUPPLIERS}/{change['id']}").json


def test_large_texts_come_in_smaller_parts(database, api):
    admin = connect(database)
    begin = api.now()
    for _ in range(40):
        insert(admin, notes="x" * 60000)
    found, since = [], begin
    while part := api.after(since, limit=200)["changes"]:
        assert len(part) < 20
        found += part
        since = part[-1]["revision"]
    assert len(found) == 40


FAULTY = [("since", value) for value in
          ("", "0", "4711", "-1-1", "1-", "-1", "1-1-1", "01-1", "1-x", "x",
           "1-18446744073709551616", "9" * 30 + "-1")] + \
         [("limit", value) for value in ("0", "201", "-1", "", "x")] + \
         [("wait", value) for value in ("31", "-1", "1.5", "", "x")] + \
         [("until", "1")]


@pytest.mark.parametrize("name, value", FAULTY)
def test_faulty_parameters(api, name, value):
    assert problem(api.changes(**{name: value}), 400)["parameter"] == name


def test_a_parameter_given_twice(api):
    answer = api.get(f"{CHANGES}?wait=0&wait=0")
    assert problem(answer, 400)["parameter"] == "wait"


def test_description_has_the_parameters_that_are_taken(api):
    described = api.operation("GET", CHANGES)["parameters"]
    detail = problem(api.changes(sort="x"), 400)["detail"]
    for parameter in described:
        assert parameter["name"] in detail
        schema = api.resolve(parameter["schema"])
        if "maximum" in schema:
            for value, status in ((schema["minimum"], 200),
                                  (schema["minimum"] - 1, 400),
                                  (schema["maximum"] + 1, 400)):
                answer = api.changes(**{parameter["name"]: value})
                assert answer.status == status, answer.text


# What the log doesn't lead on from.


def test_revisions_that_never_were(database, api):
    admin = connect(database)
    insert(admin)
    now = api.now()
    at = now.split("-")[1]
    for since in (f"{number(now) + 1}-{at}", f"{number(now)}-{int(at) + 1}",
                  f"{2 ** 63 - 1}-{at}", f"{number(now)}-0"):
        assert gone(api, since) == now


def test_the_beginning_of_everything(database, api):
    begin = api.now()
    assert number(begin) == 0
    one = insert(connect(database))
    assert [c["id"] for c in api.after(begin)["changes"]] == [one]


def test_a_shortened_log(database, api):
    admin = connect(database)
    revisions = [api.now()]
    for _ in range(4):
        insert(admin)
        revisions.append(api.now())
    query(admin, "DELETE FROM supplier_changes WHERE revision <= %s",
          number(revisions[2]))
    for since in revisions[1:3]:
        assert gone(api, since) == revisions[4]
    assert len(api.after(revisions[3])["changes"]) == 1
    # All of it: nothing has changed since the last one, and that is known.
    query(admin, "DELETE FROM supplier_changes")
    assert api.after(revisions[4])["changes"] == []
    insert(admin)
    gone(api, revisions[4])


def test_an_older_backup_was_restored(database, customer, api):
    """The log counts on from an older number, and uses numbers again."""
    admin = connect(database)
    for _ in range(3):
        insert(admin)
    old = api.now()
    backup = query(admin, "SELECT n, at FROM supplier_revision")[0]
    insert(admin)
    insert(admin)
    lost = api.now()
    waiting = Waiting(api, lost, 30)
    until_waiting(customer, 1)
    transact(connect(database, autocommit=False), [
        ("DELETE FROM suppliers WHERE id > 3",),
        ("DELETE FROM supplier_changes WHERE revision > %s", backup[0]),
        ("UPDATE supplier_revision SET n = %s, at = %s", *backup)])
    problem(waiting.answer(), 410)
    assert gone(api, lost) == old
    insert(admin)
    insert(admin)
    now = api.now()
    assert number(now) == number(lost) and now != lost
    assert gone(api, lost) == now
    assert len(api.after(old)["changes"]) == 2


def test_a_change_that_is_not_visible_yet(database, api):
    """A later one must not be shown before it, or it would be missed."""
    admin, other = connect(database), connect(database, autocommit=False)
    insert(admin)
    begin = api.now()
    first = number(begin)
    query(admin, "UPDATE supplier_revision SET n = n + 1")
    query(other, "INSERT INTO supplier_changes SELECT revision + 1,"
          f" {', '.join(column_names(admin)[1:])} FROM supplier_changes"
          " WHERE revision = %s", first)
    insert(admin)
    for wait in 0, 1:
        assert api.after(begin, wait=wait) == {"changes": [],
                                               "revision": begin}
    other.commit()
    assert [number(c["revision"]) for c in api.after(begin)["changes"]] == \
        [first + 1, first + 2]
    # One that will never come.
    query(admin, "DELETE FROM supplier_changes WHERE revision = %s", first + 1)
    gone(api, begin)


def column_names(admin):
    return [row[0] for row in query(admin, "SHOW COLUMNS FROM"
                                    " supplier_changes")]


# Waiting.


class Waiting:
    """A request under way on a thread."""

    def __init__(self, api, since, seconds, **fields):
        self.result = []
        self.began = time.monotonic()
        self.thread = threading.Thread(target=self.ask, args=(
            api, {"since": since, "wait": seconds, **fields}))
        self.thread.start()

    def ask(self, api, fields):
        self.result.append(api.changes(**fields))

    def answer(self):
        self.thread.join()
        return self.result[0]


def waiting_count(daemon):
    return daemon.samples()["cafe_changes_waiting"]


def until_waiting(daemon, count):
    harness.wait_until(lambda: waiting_count(daemon) == count,
                       f"{count} requests wait")


def test_a_wait_ends_with_a_change(database, customer, api):
    begin = api.now()
    several = [Waiting(api, begin, 30) for _ in range(3)]
    until_waiting(customer, 3)
    one = insert(connect(database))
    for waiting in several:
        answer = waiting.answer()
        assert [c["id"] for c in answer.json["changes"]] == [one]
        assert time.monotonic() - waiting.began < 30
    assert waiting_count(customer) == 0


def test_a_wait_without_since_is_for_the_next_change(database, customer, api):
    insert(connect(database))
    answers = []
    thread = threading.Thread(
        target=lambda: answers.append(api.changes(wait=30)))
    thread.start()
    until_waiting(customer, 1)
    two = insert(connect(database))
    thread.join()
    assert [c["id"] for c in answers[0].json["changes"]] == [two]


def test_a_wait_ends_without_a_change(database, api):
    begin = api.now()
    waiting = Waiting(api, begin, 1)
    assert waiting.answer().json == {"changes": [], "revision": begin}
    assert time.monotonic() - waiting.began >= 1


def test_a_wait_ends_before_the_server_gives_up(start, database):
    api = Followed(start("customer", database, APP_HTTP_HANDLE_MS=2000))
    assert api.changes(since=api.now(), wait=30).json["changes"] == []


def threads_of(daemon):
    return len(os.listdir(f"/proc/{daemon.process.pid}/task"))


def connections_of(database):
    return database.sql("SELECT COUNT(*) FROM information_schema.PROCESSLIST"
                        " WHERE USER = 'customer'")[0][0]


@pytest.fixture(name="many")
def wait_with_many(customer, api):
    """As many sockets as may wait, each with its request sent."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 2 * WAITING_MAX:
        resource.setrlimit(resource.RLIMIT_NOFILE, (
            hard if hard != resource.RLIM_INFINITY else 2 * WAITING_MAX, hard))
    sockets = []
    api.now()
    request = (f"GET {CHANGES}?wait=30 HTTP/1.1\r\nHost: x\r\n\r\n").encode()
    with contextlib.ExitStack() as stack:
        for _ in range(WAITING_MAX):
            sockets.append(stack.enter_context(socket.create_connection(
                ("127.0.0.1", customer.port), harness.WAIT_S)))
            sockets[-1].sendall(request)
        until_waiting(customer, WAITING_MAX)
        yield sockets


def read_answer(sock):
    response = http.client.HTTPResponse(sock)
    response.begin()
    return response.status, json.loads(response.read())


def test_as_many_as_may_wait(database, customer, api, request):
    api.now()
    before = threads_of(customer), connections_of(database)
    sockets = request.getfixturevalue("many")
    assert (threads_of(customer), connections_of(database)) == before
    answer = api.changes(wait=30)
    assert problem(answer, 503)["detail"].startswith("Too many programs")
    assert answer.headers["Retry-After"]
    assert api.now()
    # Those that close are noticed, and make room.
    for sock in sockets[:10]:
        sock.close()
    until_waiting(customer, WAITING_MAX - 10)
    waiting = Waiting(api, api.now(), 30)
    until_waiting(customer, WAITING_MAX - 9)
    one = insert(connect(database))
    assert [c["id"] for c in waiting.answer().json["changes"]] == [one]
    for sock in sockets[10:]:
        status, found = read_answer(sock)
        assert status == 200
        assert [c["id"] for c in found["changes"]] == [one]
    assert waiting_count(customer) == 0


def test_a_stop_ends_all_waits(customer, many):
    began = time.monotonic()
    assert customer.stop() == 0
    assert time.monotonic() - began < 25  # each waits for 30 s
    for sock in many:
        status, found = read_answer(sock)
        assert status == 200 and found["changes"] == []
        assert sock.recv(1) == b""


def test_without_a_database(start, own):
    """What is known is told, and marked; what is not known is not."""
    customer = serve(start, own, APP_CATALOG_WAIT_MS=500)
    api = Followed(customer)
    old = api.now()
    insert(connect(own))
    now = api.now()
    waiting = Waiting(api, now, 30)
    until_waiting(customer, 1)
    own.stop()
    for fields in {}, {"since": now}, {"since": now, "wait": 1}:
        answer = api.changes(**fields)
        assert answer.status == 200
        assert answer.json["changes"] == [] and answer.json["revision"] == now
        assert answer.json["as_of"] == answer.headers["Cafe-As-Of"]
    answer = api.changes(since=old)
    assert problem(answer, 503) and answer.headers["Retry-After"]
    own.start()
    two = insert(connect(own))
    answer = waiting.answer()
    if answer.json["changes"] == []:  # the database took long to come back
        answer = api.changes(since=answer.json["revision"], wait=30)
    assert [c["id"] for c in answer.json["changes"]] == [two]


def test_load_balancers_wait_longer(api):
    """None of those in deploy/ cuts a wait off."""
    wait = next(parameter for parameter in api.operation("GET", CHANGES)["parameters"]
                if parameter["name"] == "wait")["schema"]["maximum"]
    for path in ("compose/haproxy.cfg", "local/haproxy.cfg",
                 "cafe-deploy/balancer_config.c"):
        text = (harness.ROOT / "deploy" / path).read_text()
        found = re.findall(r"timeout (?:server|client) +(\d+)s", text)
        assert len(found) == 2 and min(map(int, found)) > wait + 10, path


@pytest.mark.skipif(not LONG, reason="takes half a minute")
def test_the_longest_wait_through_a_load_balancer(proxy):
    api = Followed(proxy)
    began = time.monotonic()
    assert api.changes(since=api.now(), wait=30).json["changes"] == []
    assert time.monotonic() - began >= 30


class Receiver(http.server.BaseHTTPRequestHandler):
    """Takes changes; the first attempts fail."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.attempts.append(json.loads(body))
        failed = len(self.server.attempts) in (1, 3)
        self.send_response(400 if failed else 204)
        self.end_headers()

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def receive():
    with http.server.HTTPServer(("127.0.0.1", 0), Receiver) as server:
        server.attempts = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@contextlib.contextmanager
def run_printed(text, folder, *args):
    """The script of docs/api.md."""
    lines = re.search(r"\n    (#!/bin/bash\n.*?)\n\n", text, re.S)[1]
    script = folder / "changes.sh"
    script.write_text(lines.replace("\n    ", "\n") + "\n")
    process = harness.Process("changes", ["bash", script, *args], folder,
                              env=dict(os.environ), cwd=folder)
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def test_the_webhook_as_printed(database, customer, api, folder):
    admin = connect(database)
    text = (harness.ROOT / "docs/api.md").read_text()
    with receive() as server:
        hook = f"http://127.0.0.1:{server.server_address[1]}/hook"

        def all_taken(*ids):
            """Each has come with its last attempt, in this order."""
            last = list(dict.fromkeys(
                change["id"] for change in server.attempts))
            return last == list(ids) and \
                (folder / "since").exists() and \
                (folder / "since").read_text().strip() == api.now()

        site = f"http://{customer.host}"
        with run_printed(text, folder, site, hook):
            until_waiting(customer, 1)
            one = insert(admin, notes="'\"\\ $x\n" + "ü" * 30000)
            two = insert(admin)
            harness.wait_until(lambda: all_taken(one, two), "both are taken")
        assert len(server.attempts) >= 4
        assert server.attempts[-1]["supplier"] == \
            api.get(f"{SUPPLIERS}/{two}").json
        three = insert(admin)  # while nobody follows
        with run_printed(text, folder, site, hook):
            harness.wait_until(lambda: all_taken(one, two, three),
                               "it goes on where it was")


# Copies.


class Copy:
    """
    What a program has that follows the changes. It never gives up: it asks
    again whatever goes wrong on the way.
    """

    def __init__(self, port, ended):
        self.port, self.ended = port, ended
        self.suppliers, self.seen = {}, []
        self.since = None
        self.again = 0
        self.limit = random.choice([7, 50, 200])
        self.thread = threading.Thread(target=self.follow)
        self.fault = None

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                timeout=60)
        with contextlib.closing(connection):
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

    def begin(self):
        """All suppliers, and where to go on; None: not now."""
        status, found = self.get(CHANGES)
        path, suppliers = f"{SUPPLIERS}?limit=20", {}
        while status == 200 and path:
            status, part = self.get(path)
            if status != 200 or "as_of" in part:
                return
            suppliers.update((one["id"], one) for one in part["suppliers"])
            path = part["next"]
        if status == 200:
            self.suppliers, self.since = suppliers, found["revision"]
            self.again += 1

    def step(self):
        if self.since is None:
            self.begin()
            return
        status, found = self.get(f"{CHANGES}?since={self.since}&wait=2"
                                 f"&limit={self.limit}")
        if status == 410:
            raise AssertionError(f"gone: {found}")
        if status != 200:
            return
        for change in found["changes"]:
            self.seen.append(number(change["revision"]))
            if change["supplier"] is None:
                self.suppliers.pop(change["id"], None)
            else:
                self.suppliers[change["id"]] = change["supplier"]
        self.since = found["revision"]

    def follow(self):
        try:
            while not self.ended.is_set():
                with contextlib.suppress(OSError, http.client.HTTPException,
                                         json.JSONDecodeError):
                    self.step()
        except BaseException as fault:
            self.fault = fault


TROUBLE = (OSError, http.client.HTTPException, pymysql.MySQLError,
           json.JSONDecodeError)


def sql_writer(database, counts):
    """Another program, with transactions of its own and some undone."""
    def step():
        with contextlib.suppress(*TROUBLE), \
                contextlib.closing(connect(database, "migrate",
                                           autocommit=False)) as connection:
            for _ in range(20):
                which = random.randrange(6)
                if which == 0:
                    insert(connection, name=f"s{random.random()}")
                elif which == 1:
                    query(connection, "DELETE FROM suppliers ORDER BY RAND()"
                          " LIMIT 1")
                elif which == 2:
                    query(connection, "SET @cafe_action = 'restore'")
                    insert(connection, name="restored")
                    query(connection, "SET @cafe_action = NULL")
                else:
                    query(connection, "UPDATE suppliers SET city = RAND()"
                          " ORDER BY RAND() LIMIT %s", which)
                connection.rollback() if random.randrange(4) == 0 \
                    else connection.commit()
                counts.append(which)
    return step


def api_writer(employee, counts):
    """A page of the employees' site."""
    fields = {"Content-Type": "application/json",
              "Origin": f"http://{employee.host}"}
    path = "/admin" + SUPPLIERS

    def write(method, more="", body=None):
        sent = {**fields, **({} if method == "POST" else {"If-Match": "*"})}
        answer = employee.request(
            method, path + more, None if body is None else json.dumps(body),
            sent)
        return json.loads(answer.text) if answer.status == 201 else {}

    def step():
        with contextlib.suppress(*TROUBLE):
            one = write("POST", "?anyway=1", {
                **harness.SUPPLIER, "name": f"a{random.random()}"}).get("id")
            if one is None:
                return
            write("PATCH", f"/{one}", {"notes": str(random.random())})
            write("PUT", f"/{one}", {**harness.SUPPLIER, "name": "put"})
            if random.randrange(2):
                write("DELETE", f"/{one}")
            counts.append("api")
    return step


def table_of(database):
    rows = query(connect(database),
                 f"SELECT id, {', '.join(NAMES)} FROM suppliers")
    return {row[0]: dict(zip(("id", *NAMES), row)) for row in rows}


@pytest.mark.parametrize("rounds", [8 if LONG else 1])
def test_copies_equal_the_table(start, own, rounds):
    """Four clients, eight writers, restarts of daemon and database."""
    port = harness.free_port()

    def serve_again():
        return start("customer", own, APP_PORT=port, APP_CATALOG_WAIT_MS=500)

    customer = serve_again()
    employee = start("employee", own)
    for count in range(30):
        insert(connect(own), name=f"first {count}")
    ended, counts = threading.Event(), []
    copies = [Copy(port, ended) for _ in range(4)]
    for copy in copies:
        copy.thread.start()
    steps = [sql_writer(own, counts) for _ in range(4)] + \
        [api_writer(employee, counts) for _ in range(4)]

    def progress(background):
        before = len(counts), [len(copy.seen) for copy in copies]
        background.go_on(1, lambda: len(counts) > before[0] + 50 and all(
            copy.fault or len(copy.seen) > seen
            for copy, seen in zip(copies, before[1])))

    try:
        with Background(steps) as background:
            for turn in range(rounds):
                progress(background)
                customer.stop(random.choice([signal.SIGKILL, signal.SIGTERM]))
                customer = serve_again()
                progress(background)
                own.stop()
                own.start()
            progress(background)
        last = query(connect(own), "SELECT n FROM supplier_revision")[0][0]
        harness.wait_until(
            lambda: all(copy.fault or number(copy.since) == last
                        for copy in copies), "all have followed", ENOUGH_S)
    finally:
        ended.set()
        for copy in copies:
            copy.thread.join()
    expected = table_of(own)
    versions = dict(query(connect(own), "SELECT supplier_id, MAX(revision)"
                          " FROM supplier_changes GROUP BY supplier_id"))
    for copy in copies:
        if copy.fault:
            raise copy.fault
        assert copy.again == 1
        assert copy.seen == list(range(last - len(copy.seen) + 1, last + 1))
        assert {one: {name: value[name] for name in ("id", *NAMES)}
                for one, value in copy.suppliers.items()} == expected
        assert all(value["version"] == versions[one]
                   for one, value in copy.suppliers.items())
    print(f"{last} changes, {len(expected)} suppliers,"
          f" limits {[copy.limit for copy in copies]}")
