"""Contacts as the programs that import them read them."""
import json
import re
import shutil
import subprocess

import pytest
import vobject

import harness
from writers import connect, insert, query

FOLDER = harness.ROOT / "tests" / "integration" / "contacts"

ROWS = (
    {"name": "Café Łódź; \"fine\", & sons", "address": "Yard; 2, left",
     "city": "Łódź", "state": "Łódzkie", "country": "Polska",
     "email": "orders@example.com", "phone": "+44 (0)20 7946-0958 ext. 12",
     "website": "https://www.example.com/kawy?łódź=1&a=b;c#d",
     "notes": "Ask; for: *María*,\n\n- a \\ b\n- " + "long " * 40 + "end"},
    {"name": "Acme", "address": "1 High Street", "city": "Leeds", "state": "",
     "country": "UK", "email": "", "phone": "(0113) 496 0000 x3",
     "website": "", "notes": ""},
    {"name": "O'Malley", "address": "", "city": "", "state": "",
     "country": "", "email": "Sales <sales@example.com>", "phone": "tel:555-0100",
     "website": "", "notes": "\\n is no line break"},
)
PLAIN = {"+44 (0)20 7946-0958 ext. 12": "+44 20 7946-0958 ext. 12",
         "tel:555-0100": "555-0100",
         "Sales <sales@example.com>": "sales@example.com"}


def plain(text):
    return PLAIN.get(text, text)


@pytest.fixture(params=["", "?version=3"], ids=["4.0", "3.0"])
def cards(request, database, customer):
    """The list as one text, its version, and what it should say."""
    admin = connect(database)
    rows = {insert(admin, **fields): fields for fields in ROWS}
    answer = customer.get("/suppliers.vcf" + request.param)
    assert answer.status == 200
    uids = dict(re.findall(r"\r\nUID[^:]*:(\S+-(\d+))\r\n", answer.text))
    assert len(uids) == len(rows)
    return answer.body.decode(), request.param, {
        uid: rows[int(number)] for uid, number in uids.items()}


def lines_of(text):
    return text.replace("\r\n ", "").split("\r\n")


def test_grammar(cards):
    """RFC 6350 escapes semicolons in values of parts only."""
    text, old, _ = cards
    for line in lines_of(text):
        name = re.match("[A-Z]*", line)[0]
        if not old and name not in ("ORG", "ADR"):
            assert r"\;" not in line
        if old and name in ("FN", "NOTE", "EMAIL", "TEL"):
            assert not re.search(r"(?<!\\);", line.split(":", 1)[1])
        if name in ("TEL", "ADR", "EMAIL"):
            assert "WORK" in line.split(":")[0].upper()
            assert "VALUE=uri" not in line
    assert text.count("\r\nVERSION:" + ("3.0" if old else "4.0")) == 3
    assert text.count("\r\nN:") == (3 if old else 0)


def test_vobject(cards):
    text, _, rows = cards
    for card in vobject.readComponents(text):
        row = rows[card.uid.value]
        assert card.fn.value == row["name"]
        assert card.org.value == [row["name"]]
        assert card.tel.value == plain(row["phone"])
        assert card.tel.type_param.lower() == "work"
        if row["email"]:
            assert card.email.value == plain(row["email"])
        if row["notes"]:
            assert card.note.value == row["notes"]
        if row["website"]:
            assert card.url.value == row["website"]
        assert ("url" in card.contents) == bool(row["website"])
        if row["address"]:
            assert card.adr.type_param.lower() == "work"
            assert (card.adr.value.street, card.adr.value.city,
                    card.adr.value.region, card.adr.value.country) == (
                row["address"], row["city"], row["state"], row["country"])


@pytest.fixture(scope="session")
def ical_js():
    if not shutil.which("npm"):
        pytest.skip("npm is not installed")
    harness.install_node_packages(FOLDER)


def test_ical_js(ical_js, cards):
    text, _, rows = cards
    done = subprocess.run(["node", "read.js"], cwd=FOLDER, input=text,
                          check=True, capture_output=True, text=True)
    read = json.loads(done.stdout)
    assert len(read) == len(rows)
    for card in read:
        values = {one["name"]: one["values"] for one in card}
        row = rows[values["uid"][0]]
        assert values["fn"] == [row["name"]]
        assert values["org"] == [row["name"]]
        assert values["tel"] == [plain(row["phone"])]
        assert values.get("email", [""]) == [plain(row["email"])]
        assert values.get("note", [""]) == [row["notes"]]
        assert values.get("adr", [[""] * 7]) == [[
            "", "", row["address"], row["city"], row["state"], "",
            row["country"]]]


def test_khard(cards, tmp_path):
    if not shutil.which("khard"):
        pytest.skip("khard is not installed")
    text, _, rows = cards
    folder = tmp_path / "cards"
    folder.mkdir()
    for number, card in enumerate(text.split("BEGIN:VCARD")[1:]):
        (folder / f"{number}.vcf").write_text("BEGIN:VCARD" + card,
                                              newline="")
    config = tmp_path / "khard.conf"
    config.write_text(f"[addressbooks]\n[[cafe]]\npath = {folder}\n")
    done = subprocess.run(
        ["khard", "-c", str(config), "ls", "-p", "-F",
         "uid,formatted_name,phone,email"],
        check=True, capture_output=True, text=True)
    read = [line.split("\t") for line in done.stdout.splitlines()]
    assert len(read) == len(rows)
    for uid, name, phone, email in read:
        row = rows[uid]
        assert name == row["name"]
        assert phone.endswith(": " + plain(row["phone"]))
        assert email.endswith(plain(row["email"]))


def test_evolution_data_server(cards):
    """GNOME's reader parts texts of version 4.0 at semicolons as well."""
    try:
        import gi
        gi.require_version("EBookContacts", "1.2")
        from gi.repository import EBookContacts
    except (ImportError, ValueError):
        pytest.skip("gir1.2-ebookcontacts-1.2 or python3-gi is not installed")
    text, old, rows = cards
    for part in text.split("BEGIN:VCARD")[1:]:
        card = EBookContacts.Contact.new_from_vcard("BEGIN:VCARD" + part)
        row = rows[card.get_property("id")]

        assert card.get_property("business-phone") == plain(row["phone"])
        assert (card.get_property("email-1") or "") == plain(row["email"])
        assert card.get_property("org") == row["name"]
        for name, text in (("FN", row["name"]), ("NOTE", row["notes"])):
            found = card.get_attribute(name)
            parts = found.get_values() if found else [""]
            if old:
                assert parts == [text]
            assert ";".join(parts).replace("; ", ";") == \
                text.replace("; ", ";")
        if row["address"]:
            address = card.get_property("address-work")
            assert (address.street, address.locality, address.region,
                    address.country) == (row["address"], row["city"],
                                         row["state"], row["country"])


def uid_of(daemon, number):
    return re.search(r"\r\nUID[^:]*:(\S+)", daemon.get(
        f"/suppliers/{number}.vcf").text)[1]


def test_a_uid_is_that_of_one_directory(start, database, folder):
    """The same from every task and after a restart, another one elsewhere."""
    number = insert(connect(database))
    first, second = start("customer", database), start("customer", database)
    uid = uid_of(first, number)
    assert uid == uid_of(second, number)
    query(connect(database), "UPDATE suppliers SET city = 'Moved'")
    assert uid == uid_of(first, number) == uid_of(second, number)
    assert uid in first.get(f"/suppliers/{number}.vcf?version=3").text
    own = harness.Database(folder)
    own.start()
    own.make_ready()
    try:
        other = insert(connect(own), id=number)
        assert other == number
        assert uid_of(start("customer", own), number) != uid
    finally:
        own.stop()


def test_version_3_is_a_page_of_its_own(customer, database):
    number = insert(connect(database))
    for path in (f"/suppliers/{number}.vcf", "/suppliers.vcf"):
        for _ in range(3):  # written, kept, from the cache
            assert "VERSION:4.0" in customer.get(path).text
            assert "VERSION:3.0" in customer.get(path + "?version=3").text
            assert "VERSION:4.0" in customer.get(path + "?version=4").text
    page = customer.get("/suppliers?q=a").text
    assert "/suppliers.vcf?q=a&amp;version=3" in page
    assert f'href="/suppliers/{number}.vcf?version=3"' in \
        customer.get(f"/suppliers/{number}").text
