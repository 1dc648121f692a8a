"""The page that is printed: all that a search has found, as it is stored."""
import html
import re

import harness
from writers import connect, insert, query

PLACE = ("address", "city", "state", "country")
HOSTILE = (
    {"name": "<script>alert(1)</script>", "address": "</td></tr><b>"},
    {"name": "A & B", "city": "", "state": "", "country": ""},
    {"name": "", "address": "", "city": "", "state": "", "country": "",
     "email": "", "phone": ""},
    {"name": "{{name}}{{{name}}}", "address": "", "city": "{{>header}}"},
    {"name": "a" * 255, "phone": "no phone"},
)


def rows_of(page):
    """The texts of each row."""
    assert page.status == 200
    return [tuple(html.unescape(cell) for cell in
                  re.findall(r"<t[hd] [^>]*>([^<]*)</t[hd]>", row))
            for row in re.findall("<tr><th scope=.row.*?</tr>", page.text)]


def fill(admin, count):
    query(admin, "INSERT INTO suppliers"
          " (name, address, city, state, email, phone)"
          " SELECT CONCAT('s', 10000 + seq), 'a',"
          " IF(seq % 2, 'Odd', 'Even'), '', '', '5550100'"
          f" FROM seq_1_to_{count}")


def test_every_text_is_printed_as_it_is_stored(customer, database):
    admin = connect(database)
    expected = set()
    for fields in HOSTILE:
        insert(admin, **fields)
        row = {**harness.SUPPLIER, **fields}
        expected.add((row["name"] or "(no name)",
                      ", ".join(row[part] for part in PLACE if row[part]),
                      row["email"], row["phone"]))
    page = customer.get("/suppliers/print")
    assert set(rows_of(page)) == expected
    assert len(rows_of(page)) == len(HOSTILE)
    assert "<script>" not in page.text and "5 suppliers<" in page.text


def test_all_of_a_list_are_printed(customer, database):
    """More than a page of the list has, and more than are written at once."""
    admin = connect(database)
    fill(admin, 1201)
    everybody = [f"s{10000 + n}" for n in range(1, 1202)]

    def names(query_string=""):
        page = customer.get("/suppliers/print" + query_string)
        return [row[0] for row in rows_of(page)]

    assert names() == everybody
    assert names("?page=3&per=10") == everybody
    assert names("?city=odd&sort=-name") == everybody[::-2]
    assert names("?q=s10007") == ["s10007"]
    assert names("?q=nobody") == []
    assert "1,201 suppliers<" in customer.get("/suppliers/print").text
    assert "600 suppliers, City: <bdi>Even</bdi><" in \
        customer.get("/suppliers/print?city=Even").text


def test_the_list_leads_to_it_and_back(customer, database):
    fill(connect(database), 60)
    assert 'href="/suppliers/print">Print all 60</a>' in \
        customer.get("/suppliers").text
    link = ' href="/suppliers/print?q=s1&amp;city=odd&amp;sort=-city">Print'
    page = customer.get("/suppliers?q=s1&city=odd&sort=-city&page=2&per=20")
    assert link + " all 30</a>" in page.text
    page = customer.get("/suppliers?q=s1&city=odd&sort=-city")
    assert link + "</a>" in page.text
    page = customer.get("/suppliers/print?q=s1&city=odd&sort=-city")
    assert 'href="/suppliers?q=s1&amp;city=odd&amp;sort=-city">Back' in \
        page.text


def test_it_is_kept_and_fresh(customer, database):
    admin = connect(database)
    fill(admin, 3)
    pages = [customer.get("/suppliers/print") for _ in range(4)]
    assert len({page.headers["ETag"] for page in pages}) == 1
    assert pages[0].headers["Cache-Control"] == "no-cache"
    query(admin, "UPDATE suppliers SET name = 'changed' WHERE id = 2")
    assert [row[0] for row in rows_of(customer.get("/suppliers/print"))] == \
        ["changed", "s10001", "s10003"]


def test_a_stale_one_says_so(start, folder):
    own = harness.Database(folder)
    own.start()
    own.make_ready()
    try:
        customer = start("customer", own, APP_CATALOG_WAIT_MS=500)
        insert(connect(own))
        fresh = customer.get("/suppliers/print")
        own.kill()
        stale = customer.get("/suppliers/print")
        assert rows_of(stale) == rows_of(fresh)
        assert "This page shows the data as of" in stale.text
        assert "This page shows the data as of" not in fresh.text
        assert stale.headers["Cache-Control"] == "no-store"
        assert stale.headers["Cafe-As-Of"] and "ETag" not in stale.headers
    finally:
        own.stop()
