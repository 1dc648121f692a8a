"""The history by person, supplier, day and action, as a page and as a table; and
who is named where something was changed."""
import csv
import html
import io
import re
import urllib.parse

import pytest

import harness
from form_pages import SUPPLIER, add, open_form, save, saved
from test_history import entries
from writers import connect, query

USER = "Remote-User"
COLUMNS = ["at", "person", "account", "action", "revision", "id",
           "group", "name", "address", "city", "state", "country", "email",
           "phone", "website", "notes", "ended_on", "ended_reason"]


@pytest.fixture(name="named")
def make_named(start, database):
    return start("employee", database, APP_IDENTITY_HEADER=USER)


def post(daemon, person, path, form):
    return daemon.post(path, form, **{"Remote_User": person} if person else {})


@pytest.fixture(name="past")
def make_past(named, database):
    """Five changes: the revisions of each, by person."""
    ann, bob = "Ann Example", "bob@example.com"
    made = {}
    made["ann_adds"] = saved(post(named, ann, "/admin/supplier-add",
                                  {**SUPPLIER, "name": "Caf\u00e9 One"}))
    number = int(database.sql("SELECT MAX(id) FROM suppliers")[0][0])
    made["bob_changes"] = saved(post(
        named, bob, "/admin/supplier-update",
        {**open_form(named, number), "city": "=1+1"}))
    made["bob_adds"] = saved(post(
        named, bob, "/admin/supplier-add",
        {**SUPPLIER, "name": "100%_Two", "anyway": "1"}))
    made["ann_removes"] = saved(post(
        named, ann, f"/admin/supplier-remove/{number}", {}))
    database.sql("INSERT INTO suppliers (name, address, city, state, email,"
                 " phone) VALUES ('By SQL', '', '', '', '', '')")
    made["sql_adds"] = made["ann_removes"] + 1
    database.sql("UPDATE supplier_changes SET at = '2026-02-28 23:59:59.999999'"
                 f" WHERE revision = {made['ann_adds']}")
    database.sql("UPDATE supplier_changes SET at = '2026-03-01 00:00:00'"
                 f" WHERE revision = {made['bob_changes']}")
    return made


FILTERS = {
    "": "sql_adds ann_removes bob_adds bob_changes ann_adds",
    "person=Ann+Example": "ann_removes ann_adds",
    "person=ann": "ann_removes ann_adds",
    "person=+example": "ann_removes bob_adds bob_changes ann_adds",
    "person=localhost": "sql_adds",
    "person=An%25": "",
    "person=_": "",
    "person='+OR+1=1--+": "",
    "supplier=cafe+one": "ann_removes bob_changes ann_adds",
    "supplier=100%25_": "bob_adds",
    "supplier=%25": "bob_adds",
    "action=remove": "ann_removes",
    "action=add": "sql_adds bob_adds ann_adds",
    "action=restore": "",
    "day=2026-02-28": "ann_adds",
    "day=2026-03-01": "bob_changes",
    "day=2026-03-02": "",
    "person=bob&action=add&supplier=two": "bob_adds",
    "person=&supplier=&action=&day=":
        "sql_adds ann_removes bob_adds bob_changes ann_adds",
}


def table(daemon, asked):
    """The records of the table, by their columns' names."""
    got = daemon.get("/admin/history.csv?" + asked)
    assert got.status == 200, got.text
    assert got.headers["Content-Type"].startswith("text/csv")
    assert got.headers["Content-Disposition"] == \
        'attachment; filename="history.csv"'
    assert got.headers["Cache-Control"] == "no-store"
    text = got.body.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows[0] == COLUMNS
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows[1:]]


def test_page_and_table_have_what_is_asked_for(named, past):
    for asked, wanted in FILTERS.items():
        revisions = [past[name] for name in wanted.split()]
        assert list(entries(named.get("/admin/history?" + asked))) == \
            revisions, asked
        assert [int(row["revision"]) for row in table(named, asked)] == \
            revisions, asked


def test_the_form_shows_what_was_asked_for(named, past):
    assert past
    asked = urllib.parse.urlencode({
        "person": 'A"<b>', "supplier": "x&y", "action": "update",
        "day": "2026-03-01"})
    text = named.get("/admin/history?" + asked).text
    for part in ('value="A&quot;&lt;b&gt;"', 'value="x&amp;y"',
                 '<option value="update" selected>', 'value="2026-03-01"',
                 '<a href="/admin/history">All changes</a>'):
        assert part in text, part
    link = html.unescape(re.search(r'href="(/admin/history.csv[^"]*)"',
                                   text)[1])
    assert urllib.parse.parse_qs(urllib.parse.urlsplit(link).query) == \
        urllib.parse.parse_qs(asked)


@pytest.mark.parametrize("asked", [
    "day=2026-02-29", "day=2026-11-31", "day=2026-1-01", "day=x",
    "day=2026-03-01T00:00", "day=+026-03-01", "page=0", "page=x",
    "group=x", "action=drop", "action=ADD",
    "person=" + "x" * 255, "supplier=" + "x" * 255, "before=x", "before=-1"])
def test_what_can_t_be_asked_for(named, asked):
    assert named.get("/admin/history?" + asked).status == 404
    assert named.get("/admin/history.csv?" + asked).status == 404


def test_pages_of_what_is_asked_for(named, database):
    values = ", ".join(f"('n{n}', '', '{'x' if n % 2 else ''}', '', '', '')"
                       for n in range(120))
    database.sql("INSERT INTO suppliers (name, address, city, state, email,"
                 f" phone) VALUES {values}")
    seen, url = [], "/admin/history?supplier=n1"
    while url:
        page = named.get(url)
        seen += entries(page)
        found = re.search(r'rel="next" href="(\?[^"]*)"', page.text)
        url = found and "/admin/history" + html.unescape(found[1])
        assert not url or "supplier=n1&page=" in url
    wanted = [n + 1 for n in reversed(range(120)) if str(n).startswith("1")]
    assert seen == wanted
    assert [int(row["revision"]) for row in table(named, "supplier=n1")] == \
        wanted


def test_a_table_of_a_long_history(named, database):
    """More than one reading, and a link to the rest."""
    database.sql(
        "INSERT INTO suppliers (name, address, city, state, email, phone)"
        " SELECT CONCAT('n', seq), '', '', '', '', '' FROM seq_1_to_10100")
    rows = table(named, "")
    assert len(rows) == 10000
    assert [int(row["revision"]) for row in rows] == list(
        range(10100, 100, -1))
    got = named.get("/admin/history.csv?action=add")
    link = re.fullmatch(r"</admin/history.csv\?(.*)>; rel=\"next\"",
                        got.headers["Link"])[1]
    assert len(table(named, link)) == 100
    assert got.headers.get_all("Link") and not named.get(
        "/admin/history.csv?" + link).headers["Link"]


def test_the_table_runs_nothing_in_a_spreadsheet(named, past):
    changed = {int(row["revision"]): row for row in table(named, "")}[
        past["bob_changes"]]
    assert changed["city"] == "'=1+1"
    assert changed["person"] == "bob@example.com"
    assert changed["at"] == "2026-03-01T00:00:00.000Z"
    post(named, "=cmd|' /C calc'!A0", "/admin/supplier-add",
         {**SUPPLIER, "name": "Three", "anyway": "1"})
    assert table(named, "supplier=three")[0]["person"] == \
        "'=cmd|' /C calc'!A0"


def test_forgotten_changes_are_of_nobody(named, past, database):
    database.sql("UPDATE supplier_changes SET name = '', actor = NULL,"
                 f" writer = '' WHERE revision = {past['ann_adds']}")
    assert list(entries(named.get("/admin/history?person=ann"))) == \
        [past["ann_removes"]]
    row = table(named, "day=2026-02-28")[0]
    assert (row["person"], row["account"], row["name"]) == ("", "", "")


def test_the_clash_names_the_person(named, database):
    done = saved(post(named, "Ann", "/admin/supplier-add", SUPPLIER))
    number = int(database.sql("SELECT MAX(id) FROM suppliers")[0][0])
    mine = open_form(named, number)
    saved(post(named, "Ann <b>", "/admin/supplier-update",
               {**mine, "form_key": "", "city": "Theirs"}))
    assert done
    page = post(named, "Bob", "/admin/supplier-update",
                {**mine, "city": "Mine"})
    assert page.status == 409
    assert "<bdi>Ann &lt;b&gt;</bdi> changed this on <time " in page.text
    page = save(named, mine, city="Mine")
    saved(post(named, None, "/admin/supplier-update",
               {**mine, "form_key": "", "city": "Third", "revision": "",
                "revision_at": ""}))
    page = save(named, mine, city="Mine")
    assert "<bdi>Somebody at 127.0.0.1</bdi> changed this" in page.text


def test_each_change_has_a_line_in_the_log(named, past, database):
    number, _ = add(named)
    same = {**open_form(named, number), "city": "Other"}
    saved(post(named, "Ann", "/admin/supplier-update", same))
    saved(post(named, "Ann", "/admin/supplier-update", same))  # no change
    restored = saved(post(
        named, "Bob", f"/admin/supplier-restore/{past['ann_removes']}", {}))
    lines = harness.wait_until(lambda: [
        line for line in named.lines() if line["msg"] == "supplier changed"
        and line["revision"] == restored] and [
        line for line in named.lines() if line["msg"] == "supplier changed"],
        "it is logged")
    assert [(line["user"], line["action"]) for line in lines] == [
        ("Ann Example", "add"), ("bob@example.com", "update"),
        ("bob@example.com", "add"), ("Ann Example", "remove"), ("", "add"),
        ("Ann", "update"), ("Bob", "restore")]
    logged = dict(query(connect(database),
                        "SELECT revision, supplier_id FROM supplier_changes"))
    for line in lines:
        assert logged[line["revision"]] == line["supplier_id"]
        assert line["client_ip"] == "127.0.0.1" and line["request_id"]
