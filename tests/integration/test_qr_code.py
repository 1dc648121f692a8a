"""Suppliers as QR codes, read by zbar as a phone reads them off a screen."""
import re
import subprocess

import pytest
import vobject

import harness
from writers import connect, insert

SCALE = 4
LONGEST = {"name": "Ž" * 255, "address": "ß;" * 127, "city": "漢" * 255,
           "state": "x" * 255, "country": "y" * 255, "website": "",
           "email": "a" * 60 + "@" + ".".join(["b" * 60] * 3) + ".example",
           "phone": "+44 20 7946 0958 ext. " + "1" * 20}


def pixels(svg):
    """The picture as a bitmap (PGM): its squares and runs are all it has."""
    side = int(re.search(r'viewBox="0 0 (\d+) \1"', svg)[1])
    rows = [bytearray(b"\xff" * side) for _ in range(side)]
    path = re.fullmatch(r'<svg [^>]*><path fill="#fff" d="M0 0h\d+v\d+H0z"/>'
                        r'<path d="([^"]*)"/></svg>\n', svg)[1]
    for x, y, wide in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", path):
        rows[int(y)][int(x):int(x) + int(wide)] = b"\0" * int(wide)
    lines = [bytes(value for value in row for _ in range(SCALE))
             for row in rows for _ in range(SCALE)]
    return (f"P5 {side * SCALE} {side * SCALE} 255\n".encode() +
            b"".join(lines)), side


def read(client, number, folder):
    """What a phone makes of the code, and how many squares wide it is."""
    answer = client.get(f"/suppliers/{number}.svg")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "image/svg+xml"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    picture, side = pixels(answer.text)
    (folder / "code.pgm").write_bytes(picture)
    done = subprocess.run(["zbarimg", "--raw", "-q", folder / "code.pgm"],
                          capture_output=True, text=True, check=True)
    return vobject.readOne(done.stdout.strip()), side


def test_it_is_the_contact(customer, database, folder):
    number = insert(connect(database), name="Café Ñandú", notes="n" * 5000)
    card, side = read(customer, number, folder)
    assert card.fn.value == "Café Ñandú"
    assert card.tel.value == harness.SUPPLIER["phone"]
    assert card.email.value == harness.SUPPLIER["email"]
    assert card.adr.value.city == harness.SUPPLIER["city"]
    assert side <= 85 + 8 and "note" not in card.contents
    saved = vobject.readOne(
        customer.get(f"/suppliers/{number}.vcf?version=3").text)
    assert card.uid.value == saved.uid.value  # so it is saved once


@pytest.mark.parametrize("fields", [
    {}, LONGEST, {**LONGEST, "phone": "0" * 64, "email": "x" * 255},
    {name: ";" * 255 for name in ("name", "address", "city", "email")},
    {**dict.fromkeys(harness.SUPPLIER, ""), "name": ""}])
def test_any_supplier_has_one(customer, database, folder, fields):
    number = insert(connect(database), **fields)
    card, side = read(customer, number, folder)
    assert side <= 113 + 8
    assert fields.get("name", harness.SUPPLIER["name"]).startswith(
        card.fn.value) or card.fn.value == "(no name)"
    if fields is LONGEST:
        assert card.tel.value == LONGEST["phone"]
        assert card.email.value == LONGEST["email"]


def test_the_page_shows_it(customer, database):
    number = insert(connect(database))
    page = customer.get(f"/suppliers/{number}").text
    assert f'<img src="/suppliers/{number}.svg"' in page
    assert customer.get("/suppliers/99999.svg").status == 404
