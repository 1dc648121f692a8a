"""Pages that are kept: the same to all clients, in every encoding."""
import concurrent.futures
import gzip
import subprocess

import pytest

import harness
from writers import Background, Table, connect, insert, kind_of, query

ENCODINGS = ("identity", "gzip", "br")
LONG = "x\u00e9\u4e2d\U0001f600 <&>" * 30
PATHS = ("/suppliers", "/suppliers?per=200", "/suppliers?page=2&per=5",
         "/suppliers/1")


def unpack(answer):
    """The body as it was before it was encoded."""
    encoding = answer.headers["Content-Encoding"]
    if encoding == "gzip":
        return gzip.decompress(answer.body)
    if encoding == "br":
        return subprocess.run(["brotli", "-dc"], input=answer.body,
                              capture_output=True, check=True).stdout
    assert encoding is None
    return answer.body


def get(customer, path, encoding="identity", **headers):
    answer = customer.get(path, Accept_Encoding=encoding, **headers)
    if answer.status == 200:
        assert kind_of(answer) == "fresh"
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert answer.headers["Cache-Control"] == "no-cache"
        assert int(answer.headers["Content-Length"]) == len(answer.body)
    return answer


@pytest.fixture
def filled(database, customer):
    """Twelve suppliers, the first with the id 1."""
    admin = connect(database)
    for number in range(12):
        insert(admin, name=f"Supplier {number}", notes="Ask for *her*. " * 99)
    return customer


def test_the_same_page_has_the_same_etag(filled):
    """Strong for its own bytes, weak for what is made of them."""
    for path in PATHS:
        etags = {}
        for encoding in ENCODINGS:
            get(filled, path, encoding)
            answers = [get(filled, path, encoding) for _ in range(5)]
            assert len({answer.body for answer in answers}) == 1
            found = {answer.headers["ETag"] for answer in answers}
            assert len(found) == 1
            etags[encoding] = found.pop()
        plain = etags["identity"]
        assert plain[0] == plain[-1] == '"'
        assert etags["gzip"] == etags["br"] == f"W/{plain}"


def test_the_first_answer_has_the_etag_of_the_kept_one(filled):
    """A request that has it is answered that nothing has changed."""
    for path in PATHS:
        for encoding in ENCODINGS:
            etag = get(filled, path, encoding).headers["ETag"]
            for _ in range(3):
                assert get(filled, path, encoding,
                           If_None_Match=etag).status == 304


def test_every_daemon_gives_the_same_etag(filled, start, database):
    """Behind a load balancer one has the page kept, another has just begun."""
    other = start("customer", database)
    for path in PATHS:
        for encoding in ENCODINGS:
            for _ in range(3):
                etag = get(filled, path, encoding).headers["ETag"]
            assert get(other, path, encoding,
                       If_None_Match=etag).status == 304


def test_encodings_hold_the_same_page(filled):
    for path in PATHS:
        plain = get(filled, path).body
        for encoding in ENCODINGS[1:]:
            for _ in range(3):
                answer = get(filled, path, encoding)
                assert answer.headers["Content-Encoding"] == encoding
                assert len(answer.body) < len(plain)
                assert unpack(answer) == plain


def test_304_without_a_body(filled):
    for path in PATHS:
        for encoding in ENCODINGS:
            get(filled, path, encoding)
            page = get(filled, path, encoding)
            etag = page.headers["ETag"]
            strong = etag.removeprefix("W/")
            for given in (strong, f'"other", {strong}', f"W/{strong}", "*"):
                same = get(filled, path, encoding, If_None_Match=given)
                assert same.status == 304 and same.body == b""
                assert same.headers["ETag"] == etag
                assert same.headers["Vary"] == page.headers["Vary"]
            assert get(filled, path, encoding,
                       If_None_Match='"other"').status == 200


def test_a_change_makes_another_page(filled, database):
    admin = connect(database)
    for encoding in ENCODINGS:
        before = {}
        for path in PATHS:
            get(filled, path, encoding)
            before[path] = get(filled, path, encoding).headers["ETag"]
        query(admin, "UPDATE suppliers SET city = CONCAT(city, %s)",
              f" {encoding}")
        for path in PATHS:
            after = get(filled, path, encoding, If_None_Match=before[path])
            assert after.status == 200
            assert after.headers["ETag"] != before[path]
            assert f" {encoding}<".encode() in unpack(after)


def test_another_suppliers_change_leaves_a_page_as_it_was(filled, database):
    """The ETag is made from the page: what is the same is not sent again."""
    admin = connect(database)
    for encoding in ENCODINGS:
        get(filled, "/suppliers/1", encoding)
        etag = get(filled, "/suppliers/1", encoding).headers["ETag"]
        query(admin, "UPDATE suppliers SET city = CONCAT(city, 'x')"
              " WHERE id = 2")
        for _ in range(3):
            assert get(filled, "/suppliers/1", encoding,
                       If_None_Match=etag).status == 304


@pytest.mark.thorough
def test_large_pages_at_once(customer, database):
    """Beyond 48 KiB bodies are compressed beside the loop."""
    admin = connect(database)
    for number in range(400):
        insert(admin, name=f"{number} {LONG}"[:255], address=LONG[:255],
               city=LONG[:255], state=LONG[:255], country=LONG[:255])
    paths = ("/suppliers?per=200", "/suppliers?page=2&per=200")
    for again in range(3):
        query(admin, "UPDATE suppliers SET phone = %s", f"55501{again:02}")
        plain = {path: get(customer, path).body for path in paths}
        assert all(len(body) > 200 * 1024 for body in plain.values())
        asked = [(paths[n % 2], ENCODINGS[n % 3]) for n in range(60)]
        with concurrent.futures.ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(lambda one: get(customer, *one), asked))
        for (path, encoding), answer in zip(asked, answers):
            assert unpack(answer) == plain[path], encoding
            assert encoding == (answer.headers["Content-Encoding"] or
                                "identity")


def test_large_pages_while_the_suppliers_change(start, database):
    """A page that takes long to compress never passes for a newer one."""
    # Three compressors and a writer keep a small machine busy for long.
    customer = start("customer", database, APP_CATALOG_WAIT_MS=25000)
    admin = connect(database)
    for number in range(200):
        insert(admin, name=f"{number} {LONG}"[:255], address=LONG[:255])
    acknowledged = [0]

    def writer():
        query(admin, "UPDATE suppliers SET city = %s", acknowledged[0] + 1)
        acknowledged[0] += 1

    counts = []

    def reader(encoding):
        def step():
            noted = acknowledged[0]
            page = unpack(get(customer, "/suppliers?per=200", encoding))
            cities = {int(row[3]) if row[3].isdigit() else 0
                      for row in Table(page.decode()).rows}
            assert len(cities) == 1 and min(cities) >= noted
            counts.append(encoding)
        return step

    with Background([writer] + [reader(one) for one in 2 * ENCODINGS]) as all_:
        all_.go_on(4, lambda: len(counts) > 20 and acknowledged[0] > 4)
    print(f"{acknowledged[0]} changes, {len(counts)} pages")
