"""The customers' home page: what there is, and where."""
import collections
import html
import re

import pytest

import harness
from writers import connect, insert

PLACES_MAX = 24
LATEST_MAX = 6


def sections_of(page):
    """Heading to the texts and URLs of its links."""
    parts = re.split(r'<h2 id="(\w+)">', page)[1:]
    return {name: [(html.unescape(re.sub("<.*?>", "", text)),
                    html.unescape(url)) for url, text in
                   re.findall(r'<a[^>]* href="([^"]*)">(.*?)</a>', part)
                   if "All suppliers" not in text]
            for name, part in zip(parts[::2],
                                  (part.split("</section>")[0]
                                   for part in parts[1::2]))}


def expect_places(customer, links, values):
    """The most frequent ones, each leading to as many suppliers as it says."""
    counts = collections.Counter(value for value in values if value)
    shown = {text.rpartition(" (")[0]:
             int(text.rpartition(" (")[2].rstrip(")").replace(",", ""))
             for text, _ in links}
    assert len(links) == min(len(counts), PLACES_MAX)
    assert sorted(shown.values()) == sorted(
        count for _, count in counts.most_common(PLACES_MAX))
    assert shown == {label: counts[label] for label in shown}
    for (text, url), count in zip(links[:3], shown.values()):
        page = customer.get(url)
        assert re.search(rf"of {count:,}<|^$", page.text), (text, url)


def test_without_suppliers(customer):
    page = customer.get("/").text
    assert not sections_of(page)
    assert "No suppliers yet" in page and 'name="q"' in page


def test_with_one_supplier(customer, database):
    number = insert(connect(database), name="A <b>", city="R&D", country="")
    assert sections_of(customer.get("/").text) == {
        "latest": [("A <b>", f"/suppliers/{number}")],
        "cities": [("R&D (1)", "/suppliers?city=R%26D")]}


def test_with_the_sample(customer, database):
    database.sql((harness.ROOT / "deploy/local/sample-suppliers.sql")
                 .read_text())
    rows = database.sql("SELECT id, name, city, country FROM suppliers"
                        " ORDER BY id DESC")
    found = sections_of(customer.get("/").text)
    assert found["latest"] == [(name, f"/suppliers/{number}") for
                               number, name, *_ in rows[:LATEST_MAX]]
    expect_places(customer, found["cities"], [row[2] for row in rows])
    expect_places(customer, found["countries"], [row[3] for row in rows])


@pytest.mark.parametrize("cities", (150, 3000))
def test_with_thousands(customer, database, cities):
    """Many cities have as many suppliers as others; some have more."""
    database.sql(f"""
        INSERT INTO suppliers (name, address, city, state, country, email,
                               phone)
        SELECT CONCAT('Roastery ', LPAD(seq, 5, '0')), '1 Hill Road',
          CONCAT('City ', LPAD(FLOOR(SQRT(seq * 13)) % {cities}, 4, '0')), '',
          ELT(1 + FLOOR(SQRT(seq)) % 9, 'Brasil', 'Colombia', 'Kenya', 'Peru',
              'India', 'Mexico', 'Uganda', 'Honduras', ''), '', '555-0100'
        FROM seq_1_to_5009""")
    rows = database.sql("SELECT city, country FROM suppliers ORDER BY name")
    page = customer.get("/").text
    found = sections_of(page)
    assert "5,009 suppliers" in page
    assert found["latest"][0][0] == "Roastery 05009"
    expect_places(customer, found["countries"], [row[1] for row in rows])
    # of too many cities, those that come first are considered
    considered = list(dict.fromkeys(row[0] for row in rows))[:200]
    expect_places(customer, found["cities"],
                  [row[0] for row in rows if row[0] in considered])
    assert "For other cities" in page


def test_a_change_is_on_the_next_page(customer, database):
    number = insert(connect(database), name="First", city="Leeds")
    assert "Leeds</bdi> (1)" in customer.get("/").text
    insert(connect(database), name="Second", city="Leeds")
    page = customer.get("/").text
    assert "Leeds</bdi> (2)" in page and page.index("Second") < \
        page.index("First")
    database.sql(f"DELETE FROM suppliers WHERE id = {number}")
    page = customer.get("/").text
    assert "Leeds</bdi> (1)" in page and "First" not in page
