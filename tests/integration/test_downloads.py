"""Downloads: what a program reads is what was stored."""
import csv
import gzip
import io
import json
import re
import select
import time
import urllib.parse

import pytest
import vobject

import harness
from readers import never_read
from writers import NAMES, connect, insert, query

HOSTILE = (
    {"name": "Café Łódź, \"fine\"; \\ & 'sons'", "notes": "a\r\nb\nc\n\n- d"},
    {"name": "=HYPERLINK(\"http://x\")", "address": "+1", "city": "-1",
     "state": "@SUM(1)", "country": "\tx", "email": "'=1", "phone": "''+1",
     "notes": "\rcr"},
    {"name": "\\n \\, \\; \\\\", "address": ";;;", "city": ",,,",
     "state": ";", "country": "\\", "notes": "\\"},
    {"name": "END:VCARD", "notes": "\r\nEND:VCARD\r\nBEGIN:VCARD\r\nFN:no"},
    {"name": "漢字☕🫘" * 50, "notes": "e\u0301" * 300 + "\u2028\u0085x"},
    {"name": "a" * 255, "notes": "b " * 5000},
    {"name": "", "address": "", "city": "", "state": "", "country": "",
     "email": "", "phone": "", "notes": ""},
    {"name": "\"", "address": "'", "city": "''", "notes": ",\"\r\n\""},
    {"name": "x\x01\x7fy", "notes": "\x00\x1b"},
    {"name": "Global", "phone": "+44 (20) 7946-0958 ext. 12"},
)


@pytest.fixture
def rows(database, customer):
    """What is stored: names and texts by id."""
    admin = connect(database)
    for fields in HOSTILE:
        insert(admin, **fields)
    return {row[0]: dict(zip(NAMES, row[1:])) for row in
            query(admin, f"SELECT id, {', '.join(NAMES)} FROM suppliers")}


def read_table(answer):
    records = list(csv.reader(io.StringIO(answer.body.decode(), newline="")))
    assert records[0] == ["id", *NAMES]
    return {int(record[0]): dict(zip(NAMES, record[1:]))
            for record in records[1:]}


def test_table_reads_back(customer, rows):
    assert read_table(customer.get("/suppliers.csv")) == rows


def test_table_for_spreadsheets_reads_back(customer, rows):
    answer = customer.get("/suppliers.csv?for=excel")
    assert answer.body.startswith(b"\xef\xbb\xbf")
    answer.body = answer.body[3:]
    table = read_table(answer)
    assert table.keys() == rows.keys()
    for number, texts in table.items():
        for name, text in texts.items():
            assert text[:1] not in tuple("=+-@\t\r")
            assert text in (rows[number][name], "'" + rows[number][name])


def in_card(text):
    """As a card can have it: no control characters, one kind of line end."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", text)


def value(card, name):
    found = card.contents.get(name)
    return found[0].value if found else ""


def assert_card(card, number, row):
    assert value(card, "version") == "4.0"
    assert re.fullmatch(rf"cafe-supplier-[0-9a-f]+-{number}",
                        value(card, "uid"))
    assert value(card, "fn") == in_card(row["name"] or "(no name)")
    assert value(card, "note") == in_card(row["notes"])
    assert value(card, "email") == in_card(row["email"])
    assert value(card, "tel") == in_card(row["phone"])
    address = card.contents.get("adr")
    for name, part in (("address", "street"), ("city", "city"),
                       ("state", "region"), ("country", "country")):
        text = getattr(address[0].value, part) if address else ""
        assert text == in_card(row[name]), name


def test_contacts_read_back(customer, rows):
    answer = customer.get("/suppliers.vcf")
    for line in answer.body.split(b"\r\n"):
        assert len(line) <= 75 and b"\n" not in line
        line.decode()
    cards = list(vobject.readComponents(answer.body.decode()))
    assert len(cards) == len(rows)
    for card in cards:
        number = int(value(card, "uid").rsplit("-", 1)[1])
        assert_card(card, number, rows[number])


def test_one_contact_is_that_of_the_list(customer, rows):
    whole = customer.get("/suppliers.vcf").body
    for number, row in rows.items():
        body = customer.get(f"/suppliers/{number}.vcf").body
        assert_card(vobject.readOne(body.decode()), number, row)
        assert body in whole


def read_objects(answer):
    """Names and texts by id, as they are in the order of the file."""
    return {one["id"]: {name: one[name] for name in NAMES}
            for one in json.loads(answer.text)}


def test_objects_read_back(customer, rows):
    answer = customer.get("/suppliers.json")
    assert read_objects(answer) == rows
    for one in json.loads(answer.text):
        assert list(one) == ["id", "version", "updated_at", *NAMES]
        single = customer.get(f"/suppliers/{one['id']}.json")
        assert json.loads(single.text) == one
        assert single.text.endswith("}\n")


def test_an_empty_list_is_json(customer):
    assert json.loads(customer.get("/suppliers.json").text) == []


def test_uid_stays_and_rev_moves(customer, database):
    admin = connect(database)
    number = insert(admin)
    first = vobject.readOne(customer.get(f"/suppliers/{number}.vcf").text)
    time.sleep(1.1)
    query(admin, "UPDATE suppliers SET city = 'x' WHERE id = %s", number)
    second = vobject.readOne(customer.get(f"/suppliers/{number}.vcf").text)
    assert value(first, "uid") == value(second, "uid")
    assert re.fullmatch(r"\d{8}T\d{6}Z", value(first, "rev"))
    assert value(first, "rev") < value(second, "rev")


FILES = (
    ("/suppliers.csv", "text/csv; charset=utf-8; header=present",
     'attachment; filename="suppliers.csv"'),
    ("/suppliers.csv?for=excel", "text/csv; charset=utf-8; header=present",
     'attachment; filename="suppliers-excel.csv"'),
    ("/suppliers.vcf", "text/vcard; charset=utf-8",
     'attachment; filename="suppliers.vcf"'),
    ("/suppliers.json", "application/json",
     'attachment; filename="suppliers.json"'),
    ("/suppliers/1.json", "application/json",
     'attachment; filename="supplier-1.json";'
     " filename*=UTF-8''Caf%C3%A9%20%22%3B%2F.json"),
    ("/suppliers/1.vcf", "text/vcard; charset=utf-8",
     'attachment; filename="supplier-1.vcf";'
     " filename*=UTF-8''Caf%C3%A9%20%22%3B%2F.vcf"),
)


def test_types_and_file_names(customer, database):
    insert(connect(database), name='Café ";/')
    for path, kind, disposition in FILES:
        for _ in range(3):  # written, kept, from the cache
            answer = customer.get(path)
            assert answer.status == 200
            assert answer.headers["Content-Type"] == kind
            assert answer.headers["Content-Disposition"] == disposition
            assert answer.headers["Cache-Control"] == "no-cache"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "default-src 'none'" in \
                answer.headers["Content-Security-Policy"]
        again = customer.get(path, If_None_Match=answer.headers["ETag"])
        assert again.status == 304 and again.body == b""
        head = customer.request("HEAD", path)
        assert head.status == 200 and head.body == b""
        assert head.headers["Content-Length"] == str(len(answer.body))


def test_long_names_of_files_are_cut(customer, database):
    number = insert(connect(database), name="é" * 255)
    name = customer.get(f"/suppliers/{number}.vcf").headers[
        "Content-Disposition"].split("''")[1]
    assert urllib.parse.unquote(name, errors="strict") == "é" * 60 + ".vcf"


def test_lists_are_searched_sorted_and_whole(customer, database):
    admin = connect(database)
    query(admin, "INSERT INTO suppliers"
          " (name, address, city, state, email, phone)"
          " SELECT CONCAT('s', 1000 + seq), 'a', IF(seq % 2, 'Odd', 'Even'),"
          " IF(seq % 3, 'B', 'A'), '', '5550100' FROM seq_1_to_700")

    def names(**fields):
        url = "/suppliers.csv?" + urllib.parse.urlencode(fields)
        found = [row["name"] for row in read_table(customer.get(url)).values()]
        cards = vobject.readComponents(
            customer.get(url.replace("csv", "vcf", 1)).text)
        assert [value(card, "fn") for card in cards] == found
        objects = customer.get(url.replace("csv", "json", 1))
        assert [row["name"] for row in read_objects(objects).values()] == found
        return found

    everybody = [f"s{1000 + n}" for n in range(1, 701)]
    assert names() == everybody
    assert names(page=3, per=10) == everybody
    assert names(city="odd", state="a") == everybody[2::6]
    assert names(sort="-city")[:2] == ["s1001", "s1003"]
    assert names(sort="-name") == everybody[::-1]
    assert names(q="s1007") == ["s1007"]
    assert names(q="nobody") == []


def test_links_lead_to_the_list_that_is_shown(customer, database):
    number = insert(connect(database), name="A & B", city="Łódź")
    page = customer.get("/suppliers?q=a+%26+b&city=%C5%81%C3%B3d%C5%BA&per=1")
    links = {text: url.replace("&amp;", "&") for url, text in
             re.findall(r'<a href="([^"]+)">([^<]+)</a>', page.text)}
    chosen = "?q=a%20%26%20b&city=%C5%81%C3%B3d%C5%BA"
    assert links["Contacts (vCard)"] == "/suppliers.vcf" + chosen
    assert links["Table (CSV)"] == "/suppliers.csv" + chosen
    assert links["Data (JSON)"] == "/suppliers.json" + chosen
    assert links["Table for Excel (CSV)"] == \
        "/suppliers.csv" + chosen + "&for=excel"
    for text, url in links.items():
        if text.endswith(("(vCard)", "(CSV)", "(JSON)")):
            assert b"A & B" in customer.get(url).body
    assert 'href="/suppliers.csv?for=excel"' in customer.get("/suppliers").text
    one = customer.get(f"/suppliers/{number}").text
    assert re.search(rf'href="/suppliers/{number}\.vcf">Save contact<', one)
    assert f'href="/suppliers/{number}.json">Data (JSON)<' in one


def test_no_such_contact(customer):
    for path in ("/suppliers/1.vcf", "/suppliers/x.vcf", "/suppliers/.vcf",
                 "/suppliers/01.vcf", "/suppliers/1.csv", "/suppliers.txt",
                 "/suppliers/1.json", "/suppliers/x.json", "/suppliers/.json"):
        page = customer.get(path)
        assert page.status == 404, path
        assert "have that page in stock" in page.text


def test_large_lists_are_compressed_and_fresh(customer, database):
    admin = connect(database)
    query(admin, "INSERT INTO suppliers"
          " (name, address, city, state, email, phone)"
          " SELECT CONCAT('s', seq), 'a', 'c', 's', '', '5550100'"
          " FROM seq_1_to_5000")
    for turn in range(3):
        for path in ("/suppliers.csv", "/suppliers.vcf", "/suppliers.json",
                     "/suppliers/print"):
            plain = customer.get(path)
            packed = customer.get(path, Accept_Encoding="gzip")
            assert packed.headers["Content-Encoding"] == "gzip"
            assert gzip.decompress(packed.body) == plain.body
            assert packed.headers["ETag"] != plain.headers["ETag"]
            same = customer.get(path, If_None_Match=plain.headers["ETag"])
            assert same.status == 304
    query(admin, "UPDATE suppliers SET name = 'changed' WHERE name = 's77'")
    assert "changed" in customer.get("/suppliers.csv").text
    assert "changed" in customer.get("/suppliers.vcf").text
    assert "changed" in customer.get("/suppliers.json").text
    assert "changed" in customer.get("/suppliers/print").text


def test_too_long_is_said(start, database):
    customer = start("customer", database, APP_TAKE_MAX_BYTES=65536)
    query(connect(database), "INSERT INTO suppliers"
          " (name, address, city, state, email, phone)"
          " SELECT 's', REPEAT('x', 200), IF(seq = 1, 'one', ''), '', '', ''"
          " FROM seq_1_to_1000")
    for path in ("/suppliers.csv", "/suppliers.vcf", "/suppliers.json",
                 "/suppliers/print"):
        page = customer.get(path)
        assert page.status == 422 and "too long to download" in page.text
        assert page.headers["Cache-Control"] == "no-store"
        assert customer.get(path + "?city=one").status == 200


def test_lists_that_nobody_began_don_t_hold_up_the_end(start, database):
    """Past the time to stop, a request that waits for a list gets 503."""
    customer = start("customer", database, APP_STOP_MAX_MS=0,
                     APP_TAKE_MAX_BYTES=1 << 30)
    query(connect(database), "INSERT INTO suppliers"
          " (name, address, city, state, email, phone)"
          " SELECT 's', '', '', '', '', '' FROM seq_1_to_20000")
    assert customer.get("/suppliers").status == 200
    peers = [never_read(customer.port, f"/suppliers{kind}?sort={way}{name}")
             for kind in ("/print", ".vcf", ".csv", ".json")
             for way in ("", "-") for name in NAMES[1:7]]
    begun, _, _ = select.select(peers, [], [], harness.WAIT_S)
    assert begun, "no list is written"
    assert customer.stop() == 0
    assert b"HTTP/1.1 503" in [peer.recv(12) for peer in peers]


def test_stale_files_are_kept_nowhere(start, folder):
    own = harness.Database(folder)
    own.start()
    own.make_ready()
    try:
        customer = start("customer", own, APP_CATALOG_WAIT_MS=500)
        insert(connect(own))
        paths = [path for path, _, _ in FILES]
        fresh = {path: customer.get(path).body for path in paths}
        own.kill()
        for path in paths:
            answer = customer.get(path)
            assert answer.status == 200 and answer.body == fresh[path]
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["Cafe-As-Of"] and \
                "ETag" not in answer.headers
    finally:
        own.stop()
