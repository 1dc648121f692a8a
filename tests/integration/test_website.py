"""A supplier's website: typed as people type it, linked to only where that is
safe, and carried wherever the other fields are."""
import re

import pytest

import harness
from form_pages import add, open_form, rows, save, saved
from writers import connect, insert, query

SITE = "https://www.example.com/beans?fresh=1&for=all"
LINKS = re.compile(r'<a [^>]*href="([^"]*)"[^>]*>([^<]*)</a>')


def links_of(client, number):
    """The page's links that lead elsewhere: URL and what it says."""
    page = client.get(f"/suppliers/{number}")
    assert page.status == 200
    return [link for link in LINKS.findall(page.text)
            if not link[0].startswith(("/", "#", "tel:", "mailto:"))
            and link[1] != "Show on a map"]


def test_it_is_everywhere(employee, customer):
    number, _ = add(employee, website=SITE)
    escaped = SITE.replace("&", "&amp;")
    page = customer.get(f"/suppliers/{number}")
    assert f'href="{escaped}" rel="external nofollow noopener">Website</a>' in \
        page.text
    assert links_of(customer, number) == [(escaped, "Website"),
                                          (escaped, escaped)]
    assert open_form(employee, number)["website"] == SITE
    assert f"URL:{SITE}\r\n" in customer.get(f"/suppliers/{number}.vcf").text
    assert SITE in customer.get("/suppliers.csv").text
    api = customer.get(f"/api/v1/suppliers/{number}")
    assert f'"website":"{SITE}"' in api.text.replace('": "', '":"')
    found = customer.get("/suppliers?q=www.example.com")
    assert harness.SUPPLIER["name"] in found.text
    assert "none found" not in customer.get("/suppliers?q=fresh%3D1").text
    history = employee.get(f"/admin/supplier-history/{number}")
    assert escaped in history.text


def test_the_scheme_can_be_left_out(employee, customer):
    number, _ = add(employee, website=" www.example.com/beans ")
    assert links_of(customer, number)[0][0] == "https://www.example.com/beans"
    assert open_form(employee, number)["website"] == \
        "https://www.example.com/beans"


@pytest.mark.parametrize("text, advice", [
    ("javascript:alert(1)", "begins with https:// or http://"),
    ("none", "for example https://www.example.com"),
    ("https://bank.example@evil.example", "begins with https:// or http://"),
    ("https://example.com/a b", "a space as character 22"),
    ("https://example.com/" + "x" * 481, "Shorten the supplier website by 1"),
])
def test_others_are_refused_with_advice(employee, database, text, advice):
    page = employee.post("/admin/supplier-add",
                         {**harness.SUPPLIER, "website": text})
    assert page.status == 422
    assert advice in page.text and 'href="#website"' in page.text
    assert text in page.text
    assert rows(database) == []


@pytest.mark.parametrize("text", [
    "javascript:alert(1)", "JAVASCRIPT://example.com/%0aalert(1)",
    " javascript:alert(1)", "java\nscript:alert(1)", "data:text/html,<b>",
    "vbscript:x", "https:\\\\evil.example", "https://a\" onclick=\"x",
    "https://bank.example@evil.example", "file:///etc/passwd", "\x01https://a",
    "https://a.example/\nhttps://b.example",
])
def test_nothing_else_is_linked_to(database, customer, text):
    """Whatever another program has written: it is shown as a text."""
    number = insert(connect(database), website=text)
    assert links_of(customer, number) == []
    assert "<dt>Website</dt>" in customer.get(f"/suppliers/{number}").text
    assert "URL:" not in customer.get(f"/suppliers/{number}.vcf").text


def test_a_stored_text_stays_until_it_is_changed(employee, database):
    number = insert(connect(database), website="ask first")
    values = open_form(employee, number)
    assert values["website"] == "ask first"
    saved(save(employee, values, city="Elsewhere"))
    assert rows(database)[0]["website"] == "ask first"
    assert save(employee, open_form(employee, number),
                website="ask again").status == 422


def test_a_form_that_does_not_know_it_leaves_it_alone(employee, database):
    """As one that a daemon of the version before has shown."""
    number, _ = add(employee, website=SITE)
    values = open_form(employee, number)
    del values["website"]
    refused = save(employee, values, phone="12")
    assert refused.status == 422 and 'name="website"' not in refused.text
    query(connect(database), "UPDATE suppliers SET state = 'there'")
    saved(save(employee, values, city="Elsewhere"))
    row = rows(database)[0]
    assert (row["city"], row["state"], row["website"]) == \
        ("Elsewhere", "there", SITE)
    saved(save(employee, open_form(employee, number), website=""))
    assert rows(database)[0]["website"] == ""
