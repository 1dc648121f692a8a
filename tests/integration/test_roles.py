"""Who may change, and who may only look: every method, path, person, origin and
address, against the rule as it is stated here."""
import http.client
import itertools
import os
import re

import pytest

import harness
from form_pages import SUPPLIER, names, saved
from test_proxies import LISTENERS, NEAR, compose_config

USER, GROUPS = "Remote-User", "Remote-Groups"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
NOBODY = "99999999"  # a supplier and a revision that are not there
NO_IMPORT = "x" * 22  # nor an import, nor changes at once

# What each path answers to each method once nothing is in the way; for POST an
# empty form. Only those of CHANGES are for editors alone.
ANSWERS = {
    "/admin": {"GET": 200},
    "/admin/": {"GET": 200},
    "/admin/suppliers": {"GET": 200},
    "/admin/suppliers.csv": {"GET": 200},
    "/admin/supplier-add": {"GET": 200, "POST": 422},
    "/admin/supplier-update": {"POST": 404},
    f"/admin/supplier-update/{NOBODY}": {"GET": 404},
    f"/admin/supplier-remove/{NOBODY}": {"GET": 404, "POST": 404},
    "/admin/history": {"GET": 200},
    "/admin/history.csv": {"GET": 200},
    f"/admin/supplier-history/{NOBODY}": {"GET": 404},
    f"/admin/supplier-restore/{NOBODY}": {"GET": 404, "POST": 404},
    f"/admin/supplier-undo/{NOBODY}": {"GET": 404, "POST": 404},
    "/admin/suppliers-chosen": {"POST": 422},
    "/admin/suppliers-change": {"POST": 422},
    f"/admin/changes-undo/{NO_IMPORT}": {"GET": 404, "POST": 404},
    "/admin/import": {"GET": 200, "POST": 415},
    f"/admin/import/{NO_IMPORT}": {"GET": 404},
    f"/admin/import/{NO_IMPORT}/reading": {"POST": 400},
    f"/admin/import/{NO_IMPORT}/answers": {"POST": 400},
    f"/admin/import/{NO_IMPORT}/start": {"POST": 404},
    f"/admin/import/{NO_IMPORT}/faulty.csv": {"GET": 404},
    f"/admin/import/{NO_IMPORT}/pause": {"POST": 404},
    f"/admin/import/{NO_IMPORT}/resume": {"POST": 404},
    f"/admin/import/{NO_IMPORT}/cancel": {"POST": 404},
    f"/admin/import/{NO_IMPORT}/undo": {"POST": 404},
    "/admin/api/v1/suppliers": {"GET": 200, "POST": 415},
    "/admin/api/v1/suppliers:batch": {"POST": 415},
    f"/admin/api/v1/suppliers/{NOBODY}": {"GET": 404, "PUT": 428, "PATCH": 428,
                                          "DELETE": 428},
    "/admin/api/v1/changes": {"GET": 200},
    "/admin/api/v1/history": {"GET": 200},
    "/admin/api/v1/openapi.json": {"GET": 200},
    "/admin/api/no-such-path": {},
    "/admin/no-such-page": {},
    "/": {},
}
CHANGES = {("GET", "/admin/import"),
           ("POST", "/admin/import"),
           ("GET", "/admin/supplier-add"),
           ("POST", "/admin/supplier-add"),
           ("POST", "/admin/supplier-update"),
           ("GET", f"/admin/supplier-remove/{NOBODY}"),
           ("POST", f"/admin/supplier-remove/{NOBODY}"),
           *((method, f"/admin/supplier-{what}/{NOBODY}")
             for method in ("GET", "POST") for what in ("restore", "undo")),
           *((("GET" if below in ("", "/faulty.csv") else "POST"),
              f"/admin/import/{NO_IMPORT}{below}")
             for below in ("", "/faulty.csv", "/reading", "/answers", "/start",
                           "/pause", "/resume", "/cancel", "/undo")),
           ("POST", "/admin/suppliers-chosen"),
           ("POST", "/admin/suppliers-change"),
           *((method, f"/admin/changes-undo/{NO_IMPORT}")
             for method in ("GET", "POST")),
           ("POST", "/admin/api/v1/suppliers"),
           ("POST", "/admin/api/v1/suppliers:batch"),
           ("PUT", f"/admin/api/v1/suppliers/{NOBODY}"),
           ("PATCH", f"/admin/api/v1/suppliers/{NOBODY}"),
           ("DELETE", f"/admin/api/v1/suppliers/{NOBODY}")}
OPEN = {"/healthz": 200, "/readyz": 200, "/admin/static/nothing.css": 404}
# One in so many rows is tried: each method, path and person with three origins
# or addresses or more, and all of these with each other.
ROWS_STEP = 1 if os.environ.get("CAFE_LONG") else 13
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

# Fields of the proxy that signs people in, and whether they make an editor.
PEOPLE = {
    "editor": ({USER: "ann@example.com"}, True),
    "editor_in_no_group": ({USER: "ann@example.com", GROUPS: "a, b"}, True),
    "of_a_group": ({USER: "bob", GROUPS: "staff,  Buyers of coffee ,x"}, True),
    "reader": ({USER: "bob", GROUPS: "staff"}, False),
    "nobody": ({}, False),
    "groups_without_name": ({GROUPS: "Buyers of coffee"}, False),
    "other_case": ({USER: "Ann@example.com"}, False),
    "named_like_the_group": ({USER: "Buyers of coffee"}, False),
    "named_with_prefix": ({USER: "group:Buyers of coffee"}, False),
    "group_like_the_name": ({USER: "bob", GROUPS: "ann@example.com"}, False),
    "part_of_the_group": ({USER: "bob", GROUPS: "Buyers"}, False),
}
EDITORS = "ann@example.com, group:Buyers of coffee"

# Whether a post with these fields is from this site.
ORIGINS = {
    "program": ({}, True),
    "same_origin": ({"Sec-Fetch-Site": "same-origin"}, True),
    "typed": ({"Sec-Fetch-Site": "none"}, True),
    "cross_site": ({"Sec-Fetch-Site": "cross-site"}, False),
    "same_site": ({"Sec-Fetch-Site": "same-site"}, False),
    "other": ({"Origin": "https://evil.example"}, False),
    "null": ({"Origin": "null"}, False),
    "browser": ({"Cookie": "a=b"}, False),
}

# Whether a client that a trusted proxy names so is let in.
ADDRESSES = {
    "loopback": ({}, True),
    "office": ({"X-Forwarded-For": "10.1.2.3"}, True),
    "outside": ({"X-Forwarded-For": "203.0.113.5"}, False),
    "unknown": ({"X-Forwarded-For": "unknown"}, False),
    "forged": ({"X-Forwarded-For": "10.1.2.3, 203.0.113.5"}, False),
}


def expected(method, path, editor, own, inside):
    """The rule: an address, then the role, then the origin, then the page."""
    if path in OPEN:
        return {"GET": OPEN[path], "HEAD": OPEN[path],
                "OPTIONS": 204}.get(method, 405)
    if not inside:
        return 404
    asked = "GET" if method == "HEAD" else method
    if (asked, path) in CHANGES and not editor:
        return 403
    if asked not in ("GET", "OPTIONS") and not own:
        return 403
    known = ANSWERS[path]
    if not known:
        return 404
    if asked == "OPTIONS":
        return 204
    return known.get(asked, 405)


class Asker:
    """One connection after the other, each for as many requests as it takes."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection(
            "127.0.0.1", port, timeout=harness.WAIT_S)

    def __call__(self, method, path, fields):
        body = b"name=" if method == "POST" else None
        sent = {**fields, **(FORM if body else {})}
        self.connection.request(method, path, body, sent)
        answer = self.connection.getresponse()
        answer.read()
        return answer.status


def check(port, people, everybody=None):
    """Ask for all of it; what differs from the rule, and how many asked.

    everybody  Whether all are editors, or none; None: as PEOPLE says.
    """
    ask, wrong, count = Asker(port), [], 0
    for method, path, who, origin, address in itertools.islice(
            itertools.product(METHODS, [*ANSWERS, *OPEN], people, ORIGINS,
                              ADDRESSES), 0, None, ROWS_STEP):
        fields, editor = PEOPLE[who]
        editor = editor if everybody is None else everybody
        sent = {**fields, **ORIGINS[origin][0], **ADDRESSES[address][0]}
        got = ask(method, path, sent)
        want = expected(method, path, editor, ORIGINS[origin][1],
                        ADDRESSES[address][1])
        count += 1
        if got != want:
            wrong.append((method, path, who, origin, address, got, want))
    return wrong, count


@pytest.fixture(name="roles")
def make_roles(start, database):
    return start("employee", database, APP_IDENTITY_HEADER=USER,
                 APP_IDENTITY_GROUPS_HEADER=GROUPS, APP_EDITORS=EDITORS)


def test_every_method_path_role_origin_and_address(roles, database):
    wrong, count = check(roles.port, PEOPLE)
    assert not wrong, (len(wrong), wrong[:20])
    assert count == -(-7 * 38 * 11 * 8 * 5 // ROWS_STEP)
    assert not names(database)


def test_everybody_edits_where_no_editors_are_named(start, database):
    employee = start("employee", database, APP_IDENTITY_HEADER=USER)
    wrong, count = check(employee.port, ["editor", "nobody"], everybody=True)
    assert not wrong, (len(wrong), wrong[:20])
    assert count == -(-7 * 38 * 2 * 8 * 5 // ROWS_STEP)


def test_each_person_has_one_role(roles):
    for who, (fields, editor) in PEOPLE.items():
        page = roles.request("GET", "/admin/supplier-add", None, fields)
        assert page.status == (200 if editor else 403), who
        page = roles.request("GET", "/admin/suppliers", None, fields)
        assert page.status == 200, who
        assert ("Add a new supplier" in page.text) == editor, who


def test_only_a_trusted_proxy_names_groups(start, database):
    employee = start("employee", database, APP_IDENTITY_HEADER=USER,
                     APP_IDENTITY_GROUPS_HEADER=GROUPS,
                     APP_EDITORS="ann, group:buyers",
                     APP_TRUSTED_PROXIES="192.0.2.1")
    for fields in ({USER: "ann"}, {USER: "bob", GROUPS: "buyers"}, {}):
        assert employee.request("GET", "/admin", None, fields).status == 200
        assert employee.request("GET", "/admin/supplier-add", None,
                                fields).status == 403


@pytest.mark.parametrize("groups", [
    b"buyers, \xff", b"a,\xe2\x80\xae,b", b"a" * 255,
    b",".join([b"g"] * 1025)],
    ids=["not_utf8", "right_to_left", "too_long", "too_many"])
def test_unreadable_groups_are_refused(roles, groups):
    got = roles.request("GET", "/admin", None, {USER: "ann", GROUPS: groups})
    assert got.status == 400
    assert harness.wait_until(lambda: [
        line["reason"] for line in roles.lines() if line["msg"] == "request"],
        "it is logged") == ["identity"]


def test_two_fields_of_groups_are_refused(roles):
    head = (f"GET /admin HTTP/1.1\r\nHost: x\r\n{USER}: ann@example.com\r\n"
            f"{GROUPS}: a\r\n{GROUPS.upper()}: b\r\nConnection: close\r\n\r\n")
    assert roles.raw(head.replace("Host: x", "Host: localhost").encode()
                     ).startswith(b"HTTP/1.1 400 ")


def buttons(text):
    """What a page has to change something with."""
    return re.findall(r"method=\"post\"|supplier-(?:add|remove|restore)\b",
                      text)


def test_a_reader_sees_no_way_to_change(roles, database):
    ann, bob = {USER: "ann@example.com"}, {USER: "bob"}
    own = {"Sec-Fetch-Site": "same-origin", **FORM}
    number = first_supplier(roles, ann)
    for path in ("/admin", "/admin/suppliers", "/admin/history",
                 f"/admin/supplier-update/{number}",
                 f"/admin/supplier-history/{number}"):
        page = roles.request("GET", path, None, bob)
        assert page.status == 200, path
        assert buttons(page.text) == [], path
        assert SUPPLIER["name"] in page.text, path
    shown = roles.request("GET", f"/admin/supplier-update/{number}", None,
                          bob).text
    for value in SUPPLIER.values():
        assert value in shown, value
    done = roles.request("POST", f"/admin/supplier-remove/{number}", b"",
                         {**ann, **own})
    gone = saved(done)
    told = done.headers["Location"]
    assert "Undo" in roles.request("GET", told, None, ann).text
    assert "Undo" not in roles.request("GET", told, None, bob).text
    page = roles.request("GET", f"/admin/supplier-history/{number}", None, bob)
    assert buttons(page.text) == []
    refused = roles.request("POST", f"/admin/supplier-restore/{gone}", b"",
                            {**bob, **own})
    assert refused.status == 403
    assert "The version was not restored." in refused.text
    refused = roles.request("POST", f"/admin/supplier-undo/{gone}", b"",
                            {**bob, **own})
    assert refused.status == 403
    assert "The change was not undone." in refused.text
    assert not names(database)


def first_supplier(roles, person):
    """Add one as this person; its id."""
    body = harness.urllib.parse.urlencode(SUPPLIER)
    done = roles.request("POST", "/admin/supplier-add", body.encode(),
                         {**person, **FORM, "Sec-Fetch-Site": "same-origin"})
    listed = roles.request("GET", done.headers["Location"], None, person).text
    return int(re.search(r"/admin/supplier-update/(\d+)", listed)[1])


def test_what_a_reader_typed_comes_back(roles, database):
    """Also where the right was taken while the form was open."""
    ann, bob = {USER: "ann@example.com"}, {USER: "bob <b>"}
    number = first_supplier(roles, ann)
    form = {**SUPPLIER, "id": number, "name": "Typed <by> bob"}
    page = roles.post("/admin/supplier-update", form, **{USER: "bob <b>"})
    assert page.status == 403
    assert "Your changes were not saved." in page.text
    assert 'value="Typed &lt;by&gt; bob" readonly' in page.text
    assert "add bob &lt;b&gt; to the editors" in page.text
    assert "<button" not in page.text
    page = roles.post("/admin/supplier-add", form, **bob)
    assert page.status == 403 and "Typed &lt;by&gt; bob" in page.text
    page = roles.post(f"/admin/supplier-remove/{number}", {}, **bob)
    assert page.status == 403
    assert "The supplier was not deleted." in page.text
    # What another site makes a browser send is not read.
    page = roles.post("/admin/supplier-add", form, Origin=None,
                      Sec_Fetch_Site="cross-site", **bob)
    assert page.status == 403 and "Typed" not in page.text
    assert names(database) == [SUPPLIER["name"]]
    reasons = harness.wait_until(
        lambda: (lines := [line["reason"] for line in roles.lines()
                           if line.get("status") == 403]) and
        len(lines) >= 4 and lines, "each is logged")
    assert reasons == ["role"] * 4


def test_editors_are_read_again(start, database, folder):
    config = folder / "cafe.yaml"
    text = "identity:\n  header: Remote-User\neditors: [{}]\n"
    config.write_text(text.format("ann"))
    employee = start("employee", database, argv=("--config", str(config)))

    def edits(name):
        return employee.request("GET", "/admin/supplier-add", None,
                                {USER: name}).status == 200

    assert edits("ann") and not edits("bob")
    config.write_text(text.format("bob"))
    employee.process.send(harness.signal.SIGHUP)
    harness.wait_until(lambda: edits("bob"), "bob edits")
    assert not edits("ann")


@pytest.mark.parametrize("settings, said", [
    ({"APP_EDITORS": "ann"}, "APP_EDITORS: needs identity.header"),
    ({"APP_EDITORS": "group:buyers", "APP_IDENTITY_HEADER": USER},
     "APP_EDITORS: has a group, which needs identity.groups_header"),
    ({"APP_EDITORS": "group:", "APP_IDENTITY_HEADER": USER},
     "APP_EDITORS: member 1 is not a name"),
    ({"APP_EDITORS": "ann,b\u202eb", "APP_IDENTITY_HEADER": USER},
     "APP_EDITORS: member 2 is not a name"),
    ({"APP_EDITORS": ",".join(f"n{i}" for i in range(257)),
      "APP_IDENTITY_HEADER": USER}, "APP_EDITORS: more than 256 names"),
    ({"APP_IDENTITY_GROUPS_HEADER": GROUPS},
     "APP_IDENTITY_GROUPS_HEADER: needs identity.header"),
    ({"APP_IDENTITY_GROUPS_HEADER": USER.lower(),
      "APP_IDENTITY_HEADER": USER},
     "APP_IDENTITY_GROUPS_HEADER: is the field of identity.header"),
    ({"APP_IDENTITY_GROUPS_HEADER": "Cookie", "APP_IDENTITY_HEADER": USER},
     "APP_IDENTITY_GROUPS_HEADER: Cookie does not contain"),
])
def test_settings_that_make_no_sense_are_refused(start, settings, said):
    employee = start("employee", wait=False, **settings)
    assert employee.process.wait() == 1
    assert said in employee.process.output()


@pytest.mark.parametrize("listener", LISTENERS)
def test_the_load_balancer_removes_groups_from_outside(
        start, balance, database, folder, listener, monkeypatch):
    config = (compose_config(folder) if listener == "compose" else
              harness.ROOT / "deploy/local/haproxy.cfg")
    monkeypatch.setenv("APP_IDENTITY_GROUPS_HEADER", "X-Staff-Teams")
    customer = start("customer", database)
    for field in (GROUPS, "X-Staff-Teams"):
        employee = start("employee", database, APP_IDENTITY_HEADER=USER,
                         APP_IDENTITY_GROUPS_HEADER=field,
                         APP_EDITORS="group:buyers")
        fields = {USER: "bob", field: "buyers"}
        for named, status in (("", 403), (f"127.0.0.1 {NEAR}", 200)):
            proxy = balance(customer, employee, config, named)
            sent = {**fields, **({"X-Forwarded-For": "127.0.0.50"}
                                 if named else {})}
            assert proxy.request("GET", "/admin/supplier-add", None,
                                 sent).status == status, (field, named)
