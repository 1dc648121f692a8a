"""The customer daemon: what managers see, and that they can only read."""
import html
import re
import subprocess
import urllib.parse

import harness


def add(database, **fields):
    row = {**harness.SUPPLIER, **fields}
    names = ", ".join(row)
    values = ", ".join("'" + v.replace("\\", "\\\\").replace("'", "''") + "'"
                       for v in row.values())
    return database.sql(f"INSERT INTO suppliers ({names}) VALUES ({values});"
                        "SELECT LAST_INSERT_ID()")[0][0]


def test_home(customer):
    page = customer.get("/")
    assert page.status == 200
    assert "<title>Welcome – Coffee suppliers</title>" in page.text
    for link in ("Customer home", "Suppliers list", "Administrator link"):
        assert link in page.text
    assert "Use this app to keep track of your coffee suppliers" in page.text


def test_home_counts_suppliers(customer, database):
    def count():
        return customer.get("/").text.split('<p class="count">')[1] \
            .split("</p>")[0]

    assert count() == "No suppliers yet. The corporate office adds them."
    add(database)
    assert [count() for _ in range(3)] == ["1 supplier"] * 3
    database.sql("INSERT INTO suppliers"
                 " (name, address, city, state, email, phone)"
                 " SELECT 's', 'a', 'c', 's', '', '5550100'"
                 " FROM seq_1_to_1999")
    assert [count() for _ in range(3)] == ["2,000 suppliers"] * 3


def test_list_and_supplier(customer, database):
    assert "No suppliers yet" in customer.get("/suppliers").text
    number = add(database)
    page = customer.get("/suppliers")
    assert page.status == 200 and "All suppliers" in page.text
    assert f'href="/suppliers/{number}"' in page.text
    for name in ("name", "city", "state", "country", "email", "phone"):
        assert html.escape(harness.SUPPLIER[name]) in page.text
    one = customer.get(f"/suppliers/{number}")
    assert one.status == 200
    assert "Ask for <strong>María</strong>." in one.text


def test_list_is_sorted_and_paged(customer, database):
    for name in ("zebra", "Ärger", "apple", "Zoë", "łąka", "moss"):
        add(database, name=name)
    text = customer.get("/suppliers").text
    places = [text.index(f">{n}<") for n in
              ("apple", "Ärger", "łąka", "moss", "zebra", "Zoë")]
    assert places == sorted(places)
    page = customer.get("/suppliers?per=2&page=2")
    assert "3–4 of 6" in page.text
    assert 'rel="prev" href="/suppliers?per=2"' in page.text
    assert "/suppliers?page=3&amp;per=2" in page.text
    assert "łąka" in page.text and "apple" not in page.text


def test_5000_suppliers_are_not_one_page(customer, database):
    database.sql("INSERT INTO suppliers"
                 " (name, address, city, state, email, phone)"
                 " SELECT CONCAT('s', seq), 'a', 'c', 's', '', '5550100'"
                 " FROM seq_1_to_5000")
    page = customer.get("/suppliers")
    assert "1–50 of 5,000" in page.text
    assert page.text.count('<th scope="row"') == 50


def test_every_field_is_escaped_once(customer, database):
    hostile = "<script>alert(1)</script> & \"'"
    number = add(database, **{name: hostile for name in
                              ("name", "address", "city", "state", "country",
                               "email", "phone", "notes")})
    for path in ("/suppliers", f"/suppliers/{number}"):
        text = customer.get(path).text
        assert text.count("<script") == \
            text.count('<script type="module" src="/static/') <= 2
        assert "&amp;lt;" not in text and "&amp;amp;" not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp;" in text


def test_unknown_pages_are_404(customer):
    for path in ("/nothing", "/suppliers/0", "/suppliers/-1", "/suppliers/01",
                 "/suppliers/x", "/suppliers/99999999999", "/suppliers/1",
                 "/suppliers/1%20OR%201=1", "/static/x/cafe.css"):
        page = customer.get(path)
        assert page.status == 404, path
        assert harness.NO_SUCH_PAGE in page.text
        assert "Return to home page" in page.text


def test_trailing_slash_makes_no_difference(customer):
    assert customer.get("/suppliers/").status == 200


def test_only_get_and_head(customer):
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for path in ("/", "/suppliers", "/suppliers/1"):
            answer = customer.request(method, path)
            assert answer.status == 405, (method, path)
            assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_options_tells_what_a_path_takes(customer, employee):
    both = "GET, HEAD, POST, OPTIONS"
    for daemon, path, allow in (
            (customer, "/", None), (customer, "/suppliers.csv", None),
            (customer, "/api/v1/suppliers", None), (customer, "/healthz", None),
            (customer, "/static/x/y.css", None), (employee, "/admin/", None),
            (employee, "/admin/static/x/y.css", None),
            (employee, "/admin/supplier-add", both),
            (employee, "/admin/supplier-restore/7", both),
                (employee, "/admin/supplier-update", "POST, OPTIONS"),
            (employee, "*", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
            (customer, "*", None)):
        answer = daemon.request("OPTIONS", path)
        assert (answer.status, answer.body) == (204, b""), path
        assert answer.headers["Allow"] == (allow or
                                           "GET, HEAD, OPTIONS"), path
        assert "Content-Length" not in answer.headers
        assert "Access-Control-Allow-Origin" not in answer.headers
    for path in ("/nothing", "/api/v2"):
        assert customer.request("OPTIONS", path).status == 404


def test_options_tells_strangers_nothing(start, database):
    employee = start("employee", database, APP_ALLOW="192.0.2.0/24")
    for path in ("/admin", "/admin/supplier-add", "*"):
        assert employee.request("OPTIONS", path).status == 404
    for path in ("/healthz", "/admin/static/x/y.css"):
        assert employee.request("OPTIONS", path).status == 204


def test_head_is_get_without_body(customer, database):
    add(database)
    for path in ("/", "/suppliers", "/nothing"):
        get, head = customer.get(path), customer.request("HEAD", path)
        assert head.status == get.status and head.body == b""
        for name in ("Content-Length", "Content-Type", "ETag"):
            assert head.headers[name] == get.headers[name]


def test_etag_answers_304(customer, database):
    add(database)
    for path in ("/", "/suppliers", "/suppliers/1"):
        etag = customer.get(path).headers["ETag"]
        again = customer.get(path, If_None_Match=etag)
        assert again.status == 304 and again.body == b""
    add(database, name="another")
    assert customer.get("/suppliers", If_None_Match=etag).status == 200


def test_security_fields(customer):
    for path in ("/", "/nothing"):
        headers = customer.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        # 128 bits of the daemon, or a UUID of the load balancer
        assert re.fullmatch("[0-9a-f]{32}|[0-9a-f-]{36}",
                            headers["X-Request-Id"])
        assert "Access-Control-Allow-Origin" not in headers


def test_static_files_are_immutable(customer):
    text = customer.get("/").text
    path = text.split('href="')[1].split('"')[0]
    plain = customer.get(path)
    packed = customer.get(path, Accept_Encoding="br, gzip")
    assert plain.status == packed.status == 200
    assert "immutable" in plain.headers["Cache-Control"]
    assert packed.headers["Content-Encoding"] == "br"
    assert len(packed.body) < len(plain.body) / 3
    assert plain.headers["ETag"] != packed.headers["ETag"]


def test_its_own_script_may_run_and_nothing_else(customer, database):
    add(database)
    for path in ("/", "/suppliers", "/suppliers/1", "/suppliers/print",
                 "/nothing"):
        policy = customer.get(path).headers["Content-Security-Policy"]
        assert "; script-src 'self'; connect-src 'self'" in policy
        assert "unsafe" not in policy


def test_the_script_is_small_and_immutable(customer):
    path = re.search('<script type="module" src="([^"]+/search.js)"></script>',
                     customer.get("/").text)[1]
    script = customer.get(path)
    assert script.headers["Content-Type"].startswith("text/javascript")
    assert "immutable" in script.headers["Cache-Control"]
    assert 0 < len(script.body) <= 6 * 1024  # before it is compressed
    assert customer.get(path, Accept_Encoding="br") \
        .headers["Content-Encoding"] == "br"


def test_account_can_only_read(database):
    account = {"user": "customer", "password": "customer-password"}
    assert database.sql("SELECT COUNT(*) FROM suppliers", **account)
    for statement in (
            "INSERT INTO suppliers (name, address, city, state, email, phone)"
            " VALUES ('a', 'b', 'c', 'd', 'e', 'f')",
            "UPDATE suppliers SET name = 'x'", "DELETE FROM suppliers",
            "DROP TABLE suppliers", "CREATE TABLE other (id INT)"):
        assert "1142" in database.refused(statement, **account)


def test_links_no_write_code():
    listed = subprocess.run(["nm", harness.BIN / "customer"], text=True,
                            capture_output=True, check=True).stdout
    symbols = {line.split()[-1] for line in listed.splitlines()}
    assert "catalog_when_fresh" in symbols
    assert not {name for name in symbols if name.startswith("store_")}


def test_a_supplier_without_a_name_can_be_opened(customer, database):
    number = add(database, name="")
    assert f'<a href="/suppliers/{number}">(no name)</a>' in \
        customer.get("/suppliers").text
    assert "(no name)</h1>" in customer.get(f"/suppliers/{number}").text


def test_a_supplier_is_reached_by_links(customer, database):
    number = add(database)
    text = customer.get(f"/suppliers/{number}").text
    assert '<a href="tel:+576065550118;ext=3">+57 606 555 0118 ext. 3</a>' \
        in text
    assert '<a href="mailto:a@nandu.example" aria-label="a@nandu.example">' \
        'a@<wbr>nandu.<wbr>example<wbr></a>' in text
    assert 'href="https://www.openstreetmap.org/search?query=Calle%208%20' \
        '%E2%84%96%205%2C%20Armenia%2C%20Quind%C3%ADo%2C%20Colombia"' in text
    number = add(database, phone="none yet", email="", address="", city="",
                 state="", country="")
    text = customer.get(f"/suppliers/{number}").text
    assert "none yet" in text
    for link in ("tel:", "mailto:", "openstreetmap"):
        assert link not in text


def test_the_map_is_configured(start, database):
    number = add(database, address="1 R&D", city="", state="", country="")
    off = start("customer", database, APP_MAP_URL="none")
    other = start("customer", database,
                  APP_MAP_URL="https://maps.example/?a=b&q={query}#x")
    assert "on a map" not in off.get(f"/suppliers/{number}").text
    assert 'href="https://maps.example/?a=b&amp;q=1%20R%26D#x"' in \
        other.get(f"/suppliers/{number}").text


def test_a_mistake_is_reported_to_the_office(start, database):
    number = add(database, name="A & B? 50 %\nBcc: x@y")
    off = start("customer", database)
    assert "Report a mistake" not in off.get(f"/suppliers/{number}").text
    told = start("customer", database, APP_REPORT_ADDRESS="o'office@x.example")
    link = re.search('href="([^"]*)">Report a mistake<',
                     told.get(f"/suppliers/{number}").text)[1]
    url = urllib.parse.urlsplit(html.unescape(link))
    assert (url.scheme, urllib.parse.unquote(url.path)) == \
        ("mailto", "o'office@x.example")
    # one parameter, whatever the supplier is called (RFC 6068 5)
    assert urllib.parse.parse_qs(url.query, strict_parsing=True) == {
        "subject": ["Mistake in the directory: A & B? 50 %\nBcc: x@y "
                    f"(supplier {number})"]}


def test_when_a_supplier_was_last_changed(customer, database):
    number = add(database)
    customer.get("/suppliers")
    database.sql(f"UPDATE suppliers SET city = 'x' WHERE id = {number}")
    (at,), = database.sql(
        "SELECT DATE_FORMAT(MAX(at), '%e %M %Y, %H:%i') FROM supplier_changes")
    assert f">{at} UTC</time>" in customer.get(f"/suppliers/{number}").text


def test_last_changed_is_read_at_the_start(start, database):
    number = add(database)
    database.sql("SET time_zone = '+05:30';"
                 "UPDATE supplier_changes SET at = '2001-02-03 04:05:06.789'")
    text = start("customer", database).get(f"/suppliers/{number}").text
    assert "2001-02-03T04:05:06" in text
    assert ">3 February 2001, 04:05 UTC</time>" in text
