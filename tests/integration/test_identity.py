"""The name of the person that a proxy has signed in: who is believed, what is
refused, and where it is shown."""
import http.client
import itertools
import re
import urllib.parse

import pytest

import harness
from form_pages import SUPPLIER
from test_proxies import LISTENERS, NEAR, compose_config
from writers import connect, query

FIELD = "X-Forwarded-User"
OWN_FIELD = "X-Staff-Name"  # of no product
SAME = {"Sec-Fetch-Site": "same-origin"}
CLIENT = "10.1.2.3"  # of the proxy that signs people in

# Fields that products use for a name. A client that sends one is nobody.
FORGED = ["X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Groups",
          "X-Forwarded-Preferred-Username", "X-Auth-Request-User",
          "X-Auth-Request-Email", "X-Auth-Request-Groups",
          "X-Auth-Request-Preferred-Username", "Remote-User", "Remote-Email",
          "Remote-Name", "Remote-Groups", "X-Remote-User", "X-Remote-Group",
          "X-Webauth-User", "X-Webauth-Email", "X-Authenticated-User",
          "X-User", "X-Username", "X-Email",
          "Cf-Access-Authenticated-User-Email", "Cf-Access-Jwt-Assertion",
          "X-Goog-Authenticated-User-Email", "X-Goog-Authenticated-User-Id",
          "X-Ms-Client-Principal-Name", "X-Ms-Client-Principal",
          "Tailscale-User-Login", "Tailscale-User-Name",
          "X-Amzn-Oidc-Identity"]

numbers = itertools.count()

UNREADABLE = {
    "not_utf8": b"Ann \xff",
    "cut_utf8": b"Ann \xc3",
    "too_long": b"a" * 255,
    "much_too_long": b"a" * 10000,
    "mark": "Ann\u200f".encode(),
    "isolate": "\u2067Ann\u2069".encode(),
    "right_to_left_mark": "Ann \u202eExample".encode(),
    "zero_width": "Ann\u200b".encode(),
    "line_separator": "Ann\u2028Example".encode(),
    "next_line": "Ann\u0085".encode(),
    "unassigned": "Ann\U0003ffff".encode(),
    "private": "Ann\ue000".encode(),
    "nothing_to_see": "\u3164".encode(),
}


def signed_in(daemon, *fields):
    """Post as a proxy does that signs people in."""
    return add(daemon, ("X-Forwarded-For", CLIENT), *fields)


def add(daemon, *fields):
    """Post a supplier with these fields, bytes as they are; the status."""
    number = next(numbers)  # no two are alike
    body = urllib.parse.urlencode({
        **SUPPLIER, "name": f"Roastery {number}", "phone": f"555 01{number:04}",
        "email": f"r{number}@example.com"})
    connection = http.client.HTTPConnection("127.0.0.1", daemon.port,
                                            timeout=harness.WAIT_S)
    connection.putrequest("POST", "/admin/supplier-add")
    for name, value in [("Content-Type", "application/x-www-form-urlencoded"),
                        ("Content-Length", str(len(body))),
                        *SAME.items(), *fields]:
        connection.putheader(name, value)
    connection.endheaders(body.encode())
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def actors(database):
    return [actor for actor, in query(
        connect(database),
        "SELECT actor FROM supplier_changes ORDER BY revision")]


def users(daemon):
    """Those of the log's POST lines."""
    return [line["user"] for line in posts(daemon)]


def posts(daemon):
    """The lines of posts, once there is one."""
    return harness.wait_until(lambda: [line for line in daemon.lines()
                                       if line.get("method") == "POST"],
                              "the post is logged")


@pytest.fixture(name="named")
def make_named(start, database):
    """An employee daemon that takes names from the loopback address."""
    return start("employee", database, APP_IDENTITY_HEADER=FIELD)


@pytest.mark.parametrize("name", ["ann@example.com", "Ann Example",
                                  "\u0141ucja \u017b\u00f3\u0142\u0107",
                                  "\u5c71\u7530 \u592a\u90ce", "a" * 254,
                                  "<b>Ann</b> & \"Co\""])
def test_a_name_is_in_history_and_log(named, database, name):
    assert signed_in(named, (FIELD.lower(), name.encode())) == 303
    assert actors(database) == [name] and users(named) == [name]
    page = named.get("/admin/history").text
    shown = name.replace("&", "&amp;").replace("<", "&lt;").replace(
        ">", "&gt;").replace('"', "&quot;")
    assert f"by {shown}" in page and CLIENT not in page


@pytest.mark.parametrize("value", [None, b"", b"  "])
def test_without_a_name_it_is_the_address(named, database, value):
    fields = [] if value is None else [(FIELD, value)]
    assert signed_in(named, *fields) == 303
    assert actors(database) == [CLIENT] and users(named) == [""]


@pytest.mark.parametrize("value", UNREADABLE.values(), ids=UNREADABLE)
def test_an_unreadable_name_is_refused(named, database, value):
    assert signed_in(named, (FIELD, value)) == 400
    assert not actors(database)
    assert posts(named)[-1]["reason"] == "identity"
    assert users(named) == [""]


@pytest.mark.parametrize("value", ["ann\nbob", "ann\rbob", "ann\r\n bob",
                                   "ann\n\tbob", "ann\0bob", "ann\x1b[1m"])
def test_a_name_of_two_lines_is_refused(named, database, value):
    """The request is malformed: nobody knows what it would be to a proxy."""
    got = named.raw(f"GET /admin HTTP/1.1\r\nHost: localhost\r\n{FIELD}: "
                    f"{value}\r\nConnection: close\r\n\r\n".encode())
    assert got.startswith(b"HTTP/1.1 400 ") and b"bob" not in got
    line = harness.wait_until(lambda: [
        line for line in named.lines() if line.get("status") == 400],
        "it is logged")[0]
    assert (line["reason"], line["user"]) == ("syntax", "")


def test_two_names_are_refused(named, database):
    assert signed_in(named, (FIELD, b"ann"), (FIELD.upper(), b"bob")) == 400
    assert signed_in(named, (FIELD, b""), (FIELD, b"bob")) == 400
    assert not actors(database)


def test_only_a_trusted_proxy_is_believed(start, database):
    employee = start("employee", database, APP_IDENTITY_HEADER="Remote-User",
                     APP_TRUSTED_PROXIES="192.0.2.1")
    assert add(employee, ("Remote-User", b"ann")) == 303
    assert add(employee, ("Remote-User", b"\xff"),
               ("Remote-User", b"x")) == 303
    assert actors(database) == ["127.0.0.1"] * 2


def test_off_unless_asked_for(employee, database):
    assert signed_in(employee, *((name, b"ann") for name in FORGED)) == 303
    assert actors(database) == [CLIENT]


@pytest.mark.parametrize("field", ["X Forwarded User", "User:", "n\u00e4me",
                                   "Authorization", "Cookie",
                                   "X-Forwarded-For",
                                   "X-Amzn-Oidc-Accesstoken"])
def test_a_field_that_holds_no_name_is_refused_at_start(start, database,
                                                        field):
    employee = start("employee", database, wait=False,
                     APP_IDENTITY_HEADER=field)
    assert employee.process.wait() == 1
    said = employee.process.output()
    assert "APP_IDENTITY_HEADER" in said and "X-Forwarded-User" in said


@pytest.mark.parametrize("listener", LISTENERS)
def test_the_load_balancer_removes_names_from_outside(
        start, balance, database, folder, listener, monkeypatch):
    config = (compose_config(folder) if listener == "compose" else
              harness.ROOT / "deploy/local/haproxy.cfg")
    customer = start("customer", database)
    for field in [*FORGED, OWN_FIELD]:
        if field.lower() in ("x-amzn-oidc-data", "cf-access-jwt-assertion"):
            continue  # refused at start: a token
        if field == OWN_FIELD:
            monkeypatch.setenv("APP_IDENTITY_HEADER", field)
        employee = start("employee", database, APP_IDENTITY_HEADER=field)
        proxy = balance(customer, employee, config)
        status = add(proxy, (field, b"mallory"), (field.upper(), b"x"))
        proxy.stop()
        assert employee.stop() == 0
        # X-Forwarded-… tells of a proxy that is not named: nobody comes in.
        assert status == (404 if "forwarded" in field.lower() else 303), field
        query(connect(database), "DELETE FROM suppliers")
    assert set(actors(database)) == {"127.0.0.1", None}


def test_the_rehearsal_removes_the_same_fields():
    """Of everybody: no proxy is named there."""
    source = (harness.ROOT / "deploy/cafe-deploy/balancer_config.c").read_text()
    table = source[source.index("char rules[]"):]
    made = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"',
                              table[:table.index(";\n\n")]))
    made = made.encode().decode("unicode_escape").splitlines()
    config = (harness.ROOT / "deploy/local/haproxy.cfg").read_text()
    rules = re.findall(r"( +http-request del-header .* -m reg) unless named\n",
                       config)
    assert len(rules) == 3
    assert [line for line in made if line in rules] == rules


@pytest.mark.parametrize("listener", LISTENERS)
def test_the_load_balancer_hands_on_those_of_named_proxies(
        start, balance, database, folder, listener):
    config = (compose_config(folder) if listener == "compose" else
              harness.ROOT / "deploy/local/haproxy.cfg")
    employee = start("employee", database, APP_IDENTITY_HEADER=FIELD)
    proxy = balance(start("customer", database), employee, config,
                    f"127.0.0.1 {NEAR}")
    assert add(proxy, (FIELD, b"ann"),
               ("X-Forwarded-For", b"127.0.0.50")) == 303
    assert actors(database) == ["ann"]


def test_another_field_after_sighup(start, database, folder):
    config = folder / "cafe.yaml"
    config.write_text(f"identity:\n  header: {FIELD}\n")
    employee = start("employee", database, argv=("--config", str(config)))
    assert signed_in(employee, (FIELD, b"ann"),
                     ("Remote-User", b"bob")) == 303
    config.write_text("identity:\n  header: Remote-User\n")
    employee.process.send(harness.signal.SIGHUP)
    harness.wait_until(lambda: any(line["msg"] == "configuration reloaded"
                                   for line in employee.lines()), "read again")
    assert signed_in(employee, (FIELD, b"ann"),
                     ("Remote-User", b"bob")) == 303
    assert actors(database) == ["ann", "bob"]
