"""Markup, control characters and SQL in every place of input: it stays text on
each page, in each header field, line of the log and statement."""
import html.parser
import json
import os
import re

import pytest

import harness
from places import Sender, places, routes
from test_hostile_rows import check_url
from test_keys import add as add_key
from test_keys import bearer
from writers import connect, insert, query

MARK = "cn4ry"
MARKUP = (f"\"'></title></textarea></script><{MARK} onload=alert(1)>"
          f"<!--{{{{{{name}}}}}}--> javascript:{MARK}")
PERSON = f"Ann <{MARK} onload=alert(1)>\"'&"
CONTROLS = (f"{MARK}\r\nX-{MARK}: 1\r\n\r\n<{MARK}>\"}}\n"
            f"{{\"level\":\"info\",\"msg\":\"{MARK}\"}}\n\x1b[31m\x9b\x7f\b")
NUL = f"{MARK}\0<{MARK}>"
# What each place is sent, and the fewest answers that show it.
TEXTS = {"markup": (MARKUP, 100), "controls": (CONTROLS, 50)}
# Pairs that differ in what they make of a condition, but not in their length.
# The others are for the long run.
CONDITIONS = [f"{start} OR {end}1{end}={end}{{}}" for start, end in (
    (f"{MARK}'", "'"), ("1", ""), (f'{MARK}"', '"'), (f"{MARK}\\'", "'"),
    (f"{MARK}`", "`"), ("-1)", ""), (f"{MARK}\u02bc", "\u02bc"))]
if os.environ.get("CAFE_LONG"):
    TEXTS["nul"] = NUL, 0
else:
    CONDITIONS = CONDITIONS[:1]


class Page(html.parser.HTMLParser):
    """Refuses what no page of ours has."""

    def handle_starttag(self, tag, attrs):
        assert tag != MARK, "a tag of the text"
        for name, value in attrs:
            assert not name.startswith("on") and name != "style", (tag, name)
            if name in ("href", "src"):
                check_url(tag, value)
        if tag == "script":
            assert dict(attrs)["src"].startswith(
                ("/static/", "/admin/static/")), attrs

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data[:80]}")

    unknown_decl = handle_pi = handle_comment


def check(answer, what=None):
    """An answer is what it says it is."""
    kind = answer.headers["Content-Type"] or ""
    assert answer.headers["X-Content-Type-Options"] == "nosniff", what
    assert not any(MARK in name.lower() for name in answer.headers), what
    for value in answer.headers.values():
        assert not re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value), what
    where = answer.headers["Location"]
    assert where is None or re.match(r"/(?!/)", where), (what, where)
    if kind.startswith("text/html"):
        assert "frame-ancestors 'none'" in \
            answer.headers["Content-Security-Policy"], what
        assert answer.headers["Cross-Origin-Opener-Policy"], what
        assert f"<{MARK}" not in answer.text.lower(), what
        page = Page()
        page.feed(answer.text)
        page.close()
    else:
        assert answer.status in (204, 303, 304) or re.match(
            r"(application/(problem\+)?json|text/(csv|vcard|plain));?|"
            r"application/openapi\+json|application/vnd|image/svg\+xml$",
            kind), (what, kind)
    if kind == "image/svg+xml":  # squares, and no text
        assert re.fullmatch("(<(svg|path) [^<>]*>)+(</svg>)\n", answer.text)
    if "json" in kind:
        json.loads(answer.text)
    return answer


STATEMENT = re.compile(r"^(?:\d{6}[ \d:]+|)\t+ *\d+ (\w+)\t(.*?)"
                       r"(?=^(?:\d{6}[ \d:]+|)\t+ *\d+ \w+\t|\Z)", re.M | re.S)


@pytest.fixture(name="statements")
def make_statements(database, folder):
    """The texts arrive at the database as values, and in no other place."""
    path = folder / "statements"
    database.sql(f"SET GLOBAL general_log_file = '{path}';"
                 "SET GLOBAL general_log = ON")
    yield path
    database.sql("SET GLOBAL general_log = OFF")
    found = STATEMENT.findall(path.read_text(errors="replace"))
    assert {kind for kind, sql in found if MARK in sql} == {"Execute"}
    assert {"Prepare", "Query"} <= {kind for kind, _ in found}


def check_log(daemon):
    """Its lines are its own, and drive no terminal."""
    output = daemon.process.log.read_bytes()
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", output)
    output.decode()
    for line in daemon.lines():
        assert MARK not in line["msg"] and line["level"] in (
            "info", "warning"), line
        assert line["msg"] != "database job failed", line


@pytest.fixture(name="site")
def make_site(start, database):
    """Both daemons; a proxy signs people in, and PERSON may edit."""
    return {"customer": start("customer", database),
            "employee": start("employee", database,
                              APP_IDENTITY_HEADER="Remote-User",
                              APP_IDENTITY_GROUPS_HEADER="Remote-Groups",
                              APP_IDENTITY_LOGOUT_URL="/out",
                              APP_EDITORS=PERSON)}


@pytest.fixture(name="admin")
def make_admin(database):
    return connect(database)


@pytest.fixture(name="known")
def make_known(admin):
    """A supplier that is there, and its version."""
    return {"id": insert(admin), "revision": query(
        admin, "SELECT MAX(revision) FROM supplier_changes")[0][0]}


def as_before(admin, known):
    """That supplier as it was, and no other."""
    row = {"id": known["id"], **harness.SUPPLIER}
    query(admin, f"REPLACE INTO suppliers ({', '.join(row)}) VALUES"
          f" ({', '.join(['%s'] * len(row))})", *row.values())
    query(admin, "DELETE FROM suppliers WHERE id <> %s", known["id"])


@pytest.fixture(name="senders")
def make_senders(site, database, known):
    """For each daemon, as a person and as a program."""
    key = add_key(database, "till", "write")
    person = {"Remote-User": PERSON}
    return {name: [Sender(daemon, person, **known),
                   Sender(daemon, bearer(key), **known)]
            for name, daemon in site.items()}


def sweep(senders, text, prepare=None):
    """Send it to each place; the places, with their answers.

    prepare  Called before each request that may change something."""
    for name, (person, program) in senders.items():
        for place in places(name):
            sender = program if "/api/" in place.path and \
                name == "employee" else person
            given = "".join(byte for byte in text if byte not in "\r\n\0") \
                if place.where == "field" else text
            if prepare and place.method != "GET":
                prepare()
            yield place, check(sender(place, given), place)


@pytest.mark.parametrize("text, least", TEXTS.values(), ids=TEXTS)
def test_every_place(site, senders, statements, text, least):
    shown = sum(MARK in answer.text
                for _, answer in sweep(senders, text))
    assert shown >= least
    for daemon in site.values():
        daemon.stop()
        check_log(daemon)


@pytest.mark.thorough  # the statements of test_every_place tell as much
@pytest.mark.parametrize("condition", CONDITIONS)
def test_no_condition_counts(site, senders, statements, admin, known,
                             condition):
    """Of two texts, one true and one false as SQL, each place makes the same.
    """
    # Revisions grow meanwhile, and are shown: all with three digits.
    while query(admin, "SELECT n FROM supplier_revision")[0][0] < 100:
        as_before(admin, known)
    pairs = zip(*(sweep(senders, condition.format(number),
                        lambda: as_before(admin, known)) for number in (1, 2)))
    for (place, one), (_, two) in pairs:
        assert one.status == two.status, place
        if place.method == "GET":
            assert len(one.body) == len(two.body), (place, one.text, two.text)
    for daemon in site.values():
        daemon.stop()
        check_log(daemon)


def test_routes_are_found():
    """So that the sweep leaves no page out."""
    assert ("GET", "/admin/api/v1/suppliers/{id}") in routes("employee")
    for daemon in "customer", "employee":
        text = (harness.ROOT / daemon / "routes.c").read_text()
        assert len(routes(daemon)) == text.count("\n    { ") - 1
