"""Rows that another program wrote: absurd content renders harmlessly."""
import html.parser
import re

import pytest

from fields import LISTED, NAMES
from writers import Table, connect, insert, kind_of, query

LIMITS = {"phone": 100, "notes": 16 * 1024}
CONTROLS = "".join(map(chr, range(32))) + "\x7f" + "".join(
    map(chr, range(0x80, 0xa0))) + "\u2028\u2029\ufeff\ufffe\uffff"
MARKUP = ("\"'><script>alert(1)</script><img src=x onerror=alert(1)>"
          "</td></table></main><style>*{}</style><!-- ]]> <![CDATA[ ]]>"
          "<svg/onload=alert(1)>&lt;b&gt;&#60;&amp;lt; javascript:alert(1)"
          " {{name}} {{{notes}}} %s %n ${7*7}")
ROWS = {
    "four bytes": "\U0001f600\U00010348\U000e0041\U0010ffff",
    "controls": CONTROLS,
    "nul": "\0",
    "markup": MARKUP,
    "half a tag": "<a href=\"x\" <",
    "quotes": "'\"`",
    "ampersands": "&",
    "cdata": "]]>",
    "overrides": "\u202eabc\u202d\u2066\u2067\u2068 def\u200f",
    "marks": "a" + "\u0301\u0489",
    "ligature": "\ufdfa",  # its fold is 18 letters long
    "lines": "a\r\nb\n\n\tc\v\f",
    "header": "x\r\nSet-Cookie: a=b\r\n\r\n<html>",
    "json": "\"}\n{\"level\":\"error\",\"msg\":\"forged\"}\n",
    "blank": " \u00a0\u3000",
    "empty": "",
}
DEEP = 16 * 1024
NOTES = {
    "quotes": ">" * DEEP,
    "lists": "".join("  " * n + "* x\n" for n in range(120)),
    "numbered": "1. " * (DEEP // 3),
    "brackets": "[" * DEEP,
    "images": "![" * (DEEP // 2),
    "links": "[a](" * (DEEP // 4),
    "stars": "*a **a " * (DEEP // 7),
    "underscores": "_" * DEEP,
    "ticks": "".join("`" * n + " " for n in range(1, 170)),
    "tables": "|a" * 100 + "\n" + "|-" * 100,
    "references": "[a]: /b\n\n" + "[a]" * 5000,
    "entities": "&#x110000; &#0; &#xd800; &quot; &NotEqualTilde; " * 300,
    "tags": "<div><b><i>" * (DEEP // 11),
    "comment": "<!--" * (DEEP // 4),
    "script": "<script>\nalert(1)\n</script>\n\n" * 400,
    "inline": "text <img src=x onerror=alert(1)> <a href=\"javascript:1\">x"
              "</a> <svg onload=1> <iframe srcdoc=\"<script>\">" * 100,
    "schemes": "\n\n".join(
        f"[x]({url}) ![x]({url}) <{url}> [y]: {url}" for url in (
            "javascript:alert(1)", "JaVaScRiPt:alert(1)", "&#106;avascript:1",
            "java\\script:1", "vbscript:1", "data:text/html;base64,PHNjcmlwdD4",
            "//evil.example/", "\\\\evil.example", "file:///etc/passwd",
            "https://a.example/\"onmouseover=\"alert(1)", "x' onclick='1",
            "https://a.example/<script>", "%6aavascript:1", "\x01javascript:1",
            "javascript&colon;alert(1)", "feed:javascript:1")),
    "titles": "[x](/y \"a\\\" onclick=\\\"alert(1)\") `\"><script>`",
    "fence": "```\" onclick=\"alert(1)\"><script>\n<script>\n```",
    "headings": "".join("#" * n + " <b>h</b>\n\n" for n in range(1, 8)),
    "controls": CONTROLS + "\n\n[x](/y" + CONTROLS[1:9] + ")",
    "four bytes": "\U0001f600" * (DEEP // 4),
}
# What Markdown makes, beside what the page has anyway.
MADE = {"p": set(), "strong": set(), "em": set(), "br": set(), "hr": set(),
        "a": {"href", "title"}, "img": {"src", "alt", "title"},
        "ul": set(), "ol": {"start"}, "li": set(), "blockquote": set(),
        "pre": set(), "code": {"class"}, **{f"h{n}": set() for n in
                                            range(2, 7)}}
FIELDS = {"href", "src"}


class Tags(html.parser.HTMLParser):
    """Every tag of a page with its attributes; nothing else may be there."""

    def __init__(self, text):
        super().__init__()
        self.found = set()
        self.urls = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.add((tag, frozenset(name for name, _ in attrs)))
        self.urls += [(tag, value) for name, value in attrs if name in FIELDS]

    def handle_data(self, data):
        self.text += data

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data[:80]}")

    def unknown_decl(self, data):
        raise AssertionError(f"a declaration: {data[:80]}")

    handle_pi = handle_comment


def check_url(tag, url):
    """What a link leads to, or a picture comes from."""
    if tag == "img":
        assert not re.match(r"\s*([a-z][a-z0-9+.-]*:|[/\\]{2})", url, re.I)
    elif ":" in re.split(r"[/?#]", url)[0]:
        assert re.match(r"(https?|mailto|tel)", url), url
    else:
        assert not re.match(r"[\s\x00-\x20]*[/\\]{2}", url), url


def check_page(client, path, known, made=()):
    """The page has no tag that it hasn't with harmless content."""
    page = client.get(path)
    assert kind_of(page) == "fresh", (path, page.status)
    tags = Tags(page.text)
    for tag, names in tags.found - known:
        assert tag in made and names <= made[tag], (path, tag, names)
    for tag, url in tags.urls:
        check_url(tag, url)
    return page


def pages_of(number):
    return {"/suppliers?per=200": "customer",
            f"/suppliers/{number}": "customer",
            "/admin/suppliers?per=200": "employee",
            f"/admin/supplier-update/{number}": "employee",
            f"/admin/supplier-remove/{number}": "employee",
            f"/admin/supplier-history/{number}": "employee",
            "/admin/history": "employee", "/admin": "employee"}


@pytest.fixture
def daemons(customer, employee):
    """Both, which must not have logged an error in the end."""
    both = {"customer": customer, "employee": employee}
    yield both
    for daemon in both.values():
        assert daemon.process.running()
        for line in daemon.lines():
            assert line["level"] == "info", line
        assert "forged" not in daemon.process.output()


@pytest.fixture
def known(database, daemons):
    """The tags of each page with a supplier that is harmless."""
    number = insert(connect(database), name="Harmless", notes="text")
    return {re.sub(r"\d+$", "", path):
            Tags(daemons[name].get(path).text).found
            for path, name in pages_of(number).items()}


def filled(text, name):
    """The text repeated until the column is full."""
    limit = LIMITS.get(name, 255)
    if not text:
        return ""
    whole = text * (limit // len(text) + 1)
    if name == "notes":
        return whole.encode()[:limit].decode(errors="ignore")
    return whole[:limit]


# One that no longer supplies would not be shown to customers.
FILLED = [name for name in NAMES if name != "ended_on"]


@pytest.mark.parametrize("kind", ROWS)
def test_absurd_fields(kind, database, daemons, known):
    """Every field full of it, and once as it is."""
    admin = connect(database)
    values = {name: filled(ROWS[kind], name) for name in FILLED}
    number = insert(admin, **values)
    insert(admin, **{name: ROWS[kind][:LIMITS.get(name, 255)]
                     for name in FILLED})
    for path, name in pages_of(number).items():
        kept = known[re.sub(r"\d+$", "", path)]
        notes = MADE if path.startswith("/suppliers/") else ()
        check_page(daemons[name], path, kept, notes)
    row = [cells for cells in Table(daemons["customer"].get(
        "/suppliers?per=200").text).rows if cells[0] == number][0]
    values["name"] = values["name"] or "(no name)"
    assert [re.sub("\r\n?", "\n", text) for text in row[1:]] == \
        [re.sub("\r\n?", "\n", values[name]) for name in LISTED]


@pytest.mark.parametrize("kind", NOTES)
def test_absurd_notes(kind, database, daemons, known):
    admin = connect(database)
    number = insert(admin, notes=NOTES[kind].encode()[:DEEP].decode(
        errors="ignore"))
    path = f"/suppliers/{number}"
    check_page(daemons["customer"], path, known["/suppliers/"], MADE)
    check_page(daemons["employee"], f"/admin/supplier-update/{number}",
               known["/admin/supplier-update/"])


def test_a_whole_page_of_the_longest_rows(database, daemons):
    """200 rows of 255 characters with the longest references of HTML."""
    admin = connect(database)
    for number in range(200):
        insert(admin, **{name: filled('"', name) for name in FILLED})
    for encoding in ("identity", "gzip", "br"):
        page = daemons["customer"].get("/suppliers?per=200",
                                       Accept_Encoding=encoding)
        assert kind_of(page) == "fresh"
    rows = Table(daemons["customer"].get("/suppliers?per=200").text).rows
    assert len(rows) == 200 and rows[0][1] == '"' * 255


def test_nulls_are_shown_as_nothing(database, start):
    """Columns that were altered by hand."""
    admin = connect(database)
    for name in NAMES:
        kind = "TEXT" if name == "notes" else "VARCHAR(255)"
        query(admin, f"ALTER TABLE suppliers MODIFY {name} {kind} NULL")
    query(admin, f"INSERT INTO suppliers (id, {', '.join(NAMES)}) VALUES"
          f" (5{', NULL' * len(NAMES)})")
    for name in ("customer", "employee"):
        daemon = start(name, database)
        for path, owner in pages_of(5).items():
            if owner == name:
                assert kind_of(daemon.get(path)) == "fresh", path
        assert not [line for line in daemon.lines()
                    if line["level"] != "info"]
        path = "/suppliers" if name == "customer" else "/admin/suppliers"
        assert Table(daemon.get(path).text).rows[0][:8] == [
            5, "(no name)"] + 6 * [""]
