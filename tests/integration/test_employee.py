"""The employee daemon: add, change, remove; nothing typed is lost."""
import html
import re

import pytest

import harness

SUPPLIER = harness.SUPPLIER


# The short forms beside that of a supplier: that it no longer supplies.
SHORT_FORM = re.compile(r'<details class="end">.*?</details>|'
                        r'<form class="done ended".*?</form>', re.S)


def values_of(text):
    """What the fields of a form hold, hidden ones too."""
    text = SHORT_FORM.sub("", text)
    found = dict(re.findall(r'<input [^>]*?name="(\w+)"[^>]*?value="([^"]*)"',
                            text))
    found["notes"] = ""
    found |= dict(re.findall(r'<input type="hidden" name="(lines-\w+)"'
                             r' value="(1)">', text))
    found |= dict(re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>\n(.*?)'
                             r"</textarea>", text, re.S))
    return {name: html.unescape(value) for name, value in found.items()}


def typed_of(text):
    """What the fields hold that a person sees."""
    return {name: value for name, value in values_of(text).items()
            if name in SUPPLIER}


def anyway(**fields):
    """A form whose sender has seen the possible duplicates."""
    return {**SUPPLIER, "anyway": "1", **fields}


def rows(database):
    names = ", ".join(SUPPLIER)
    return [dict(zip(("id", *SUPPLIER), row)) for row in
            database.sql(f"SELECT id, {names} FROM suppliers ORDER BY id")]


def add(employee, **fields):
    done = employee.post("/admin/supplier-add", anyway(**fields))
    assert done.status == 303, done.text
    assert re.fullmatch(r"/admin/suppliers\?saved=\d+",
                        done.headers["Location"])


def test_home_and_texts(employee):
    page = employee.get("/admin")
    assert page.status == 200
    assert "Manage coffee suppliers</title>" in page.text
    for link in ("Administrator home", "Suppliers list", "Customer home"):
        assert link in page.text
    assert employee.get("/admin/").status == 200
    assert employee.get("/").status == 404


def test_add_change_remove(employee, customer, database):
    add(employee)
    row = rows(database)[0]
    assert {k: row[k] for k in SUPPLIER} == SUPPLIER
    assert html.escape(SUPPLIER["name"]) in customer.get("/suppliers").text

    form = employee.get(f"/admin/supplier-update/{row['id']}")
    values = values_of(form.text)
    assert values["id"] == row["id"] and typed_of(form.text) == SUPPLIER
    values["city"] = "Łódź"
    assert employee.post("/admin/supplier-update", values).status == 303
    assert rows(database)[0]["city"] == "Łódź"
    assert "Łódź" in customer.get("/suppliers").text

    ask = employee.get(f"/admin/supplier-remove/{row['id']}")
    assert "Delete this supplier" in ask.text and SUPPLIER["name"] in ask.text
    assert len(rows(database)) == 1
    done = employee.post(f"/admin/supplier-remove/{row['id']}")
    assert done.status == 303
    assert rows(database) == []
    assert SUPPLIER["name"] not in customer.get("/suppliers").text


def test_a_row_with_a_negative_id(employee, database):
    """The column is signed; other programs fill it, too."""
    add(employee)
    database.sql("UPDATE suppliers SET id = -5")
    values = values_of(employee.get("/admin/supplier-update/-5").text)
    assert values["id"] == "-5"
    values["city"] = "Gdynia"
    assert employee.post("/admin/supplier-update", values).status == 303
    assert [(row["id"], row["city"]) for row in rows(database)] == \
        [("-5", "Gdynia")]
    assert employee.post("/admin/supplier-remove/-5").status == 303
    assert rows(database) == []


def test_the_log_says_who(employee, database):
    add(employee)
    row = {"id": rows(database)[0]["id"], **SUPPLIER}
    assert employee.post("/admin/supplier-update", row,
                         X_Forwarded_For="10.1.2.3").status == 303
    assert employee.post(
        f"/admin/supplier-remove/{row['id']}").status == 303
    assert database.sql("SELECT action, actor FROM supplier_changes"
                        " ORDER BY revision") == [
        ["add", "127.0.0.1"], ["update", "10.1.2.3"], ["remove", "127.0.0.1"]]


def test_saving_what_is_there_is_a_success(employee, database):
    add(employee)
    same = {"id": rows(database)[0]["id"], **SUPPLIER}
    assert employee.post("/admin/supplier-update", same).status == 303


def test_faulty_form_comes_back_with_everything(employee, database):
    typed = {"name": "", "address": " x<y ", "city": "", "state": "",
             "country": "", "email": "no at sign", "phone": "12",
             "website": "", "notes": "& <b>\n\nkept"}
    page = employee.post("/admin/supplier-add", typed)
    assert page.status == 422
    assert typed_of(page.text) == {**typed, "address": "x<y"}
    assert "<title>Error: " in page.text and "There is a problem" in page.text
    for message in ("The supplier name is required",
                    "The supplier city is required"):
        assert page.text.count(message) == 2, message
    assert 'href="#phone"' in page.text
    assert 'aria-describedby="phone-hint phone-message"' in page.text
    assert rows(database) == []


def test_faulty_update_comes_back(employee, database):
    add(employee)
    number = rows(database)[0]["id"]
    page = employee.post("/admin/supplier-update",
                         {"id": number, **SUPPLIER, "phone": "?"})
    assert page.status == 422
    assert values_of(page.text)["id"] == number
    assert values_of(page.text)["phone"] == "?"


def test_update_of_a_deleted_supplier_keeps_the_form(employee):
    page = employee.post("/admin/supplier-update", {"id": "77", **SUPPLIER})
    assert page.status == 404
    assert "deleted this supplier in the meantime" in page.text
    assert values_of(page.text)["name"] == SUPPLIER["name"]


def test_bad_ids_are_404(employee):
    for number in ("0", "-1", "x", "01", "1", "0%20OR%201=1", "4294967297"):
        for page in ("update", "remove"):
            path = f"/admin/supplier-{page}/{number}"
            assert employee.get(path).status == 404, path
        assert employee.post(
            f"/admin/supplier-remove/{number}").status == 404
    for number in ("", "0 OR 1=1", "-1"):
        assert employee.post("/admin/supplier-update",
                             {**SUPPLIER, "id": number}).status == 404


@pytest.mark.parametrize("path", [
    "/nothing", "/admin/nothing", "/admin/supplier-update/x"])
def test_no_such_page_as_the_tutorial_finds_it(employee, path):
    page = employee.get(path)
    assert page.status == 404 and harness.NO_SUCH_PAGE in page.text


def test_posts_from_elsewhere_are_403(employee, database):
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"},
                    {"Origin": None, "Cookie": "a=b"},
                    {"Sec_Fetch_Site": "cross-site"},
                    {"Sec_Fetch_Site": "same-site"}):
        done = employee.post("/admin/supplier-add", SUPPLIER, **headers)
        assert done.status == 403, headers
    assert rows(database) == []
    for headers in ({"Sec_Fetch_Site": "same-origin", "Origin": None},
                    {"Sec_Fetch_Site": "none", "Origin": None},
                    {"Origin": f"https://{employee.host}"},
                    {"Origin": None}):
        done = employee.post("/admin/supplier-add", anyway(), **headers)
        assert done.status == 303, headers


def test_unreadable_posts(employee):
    def post(body, kind="application/x-www-form-urlencoded"):
        return employee.request(
            "POST", "/admin/supplier-add", body,
            {"Content-Type": kind, "Origin": f"http://{employee.host}"})

    assert post(b"name=%zz").status == 400
    assert post(b"name=%ff").status == 400
    assert post(b"name=%00").status == 400
    assert post(b"&".join(b"a=%d" % n for n in range(1201))).status == 400
    assert post(b"{}", "application/json").status == 415
    assert post(b"notes=" + b"x" * (512 * 1024)).status == 413


def test_pages_are_kept_nowhere(employee, database):
    """The forms are, in the browser that typed: see test_browser_fields."""
    add(employee)
    number = rows(database)[0]["id"]
    for path in ("/admin", "/admin/suppliers", "/admin/nothing",
                 f"/admin/supplier-remove/{number}"):
        assert employee.get(path).headers["Cache-Control"] == "no-store"


def test_refused_sees_the_customers_404(start, database, customer):
    employee = start("employee", database, APP_ALLOW="192.0.2.0/24")
    theirs = re.sub(r"/static/\w+/", "/static/",
                    customer.get("/nothing").text)
    for path in ("/admin", "/admin/suppliers", "/admin/nothing"):
        page = employee.get(path)
        assert page.status == 404 and harness.NO_SUCH_PAGE in page.text
        shown = re.sub(r"/admin/static/\w+/", "/static/", page.text)
        assert [line for line in shown.splitlines() if line] == \
            [line for line in theirs.splitlines() if line]
    assert employee.post("/admin/supplier-add", SUPPLIER).status == 404
    style = re.search(r'href="(/admin/static/[^"]*)"',
                      employee.get("/admin").text)[1]
    assert employee.get(style).status == 200
    assert employee.get("/healthz").status == 200


def test_the_client_behind_a_trusted_proxy_counts(start, database):
    employee = start("employee", database, APP_ALLOW="192.0.2.0/24")
    for forwarded, status in (("192.0.2.7", 200), ("198.51.100.1", 404),
                              ("192.0.2.7, 198.51.100.1", 404),
                              ("198.51.100.1, 192.0.2.7", 200),
                              ("192.0.2.7, 127.0.0.1", 200),
                              ("192.0.2.7, junk", 404)):
        assert employee.get(
            "/admin", X_Forwarded_For=forwarded).status == status, forwarded
    strict = start("employee", database, APP_ALLOW="192.0.2.0/24",
                   APP_TRUSTED_PROXIES="10.0.0.0/8")
    assert strict.get("/admin", X_Forwarded_For="192.0.2.7").status == 404


def test_the_world_is_not_let_in_by_default(employee):
    assert employee.get("/admin",
                        X_Forwarded_For="198.51.100.1").status == 404
    assert employee.get("/admin", X_Forwarded_For="10.1.2.3").status == 200


def test_account_cannot_change_the_schema(database):
    account = {"user": "employee", "password": "employee-password"}
    for statement in ("DROP TABLE suppliers", "CREATE TABLE other (id INT)",
                      "ALTER TABLE suppliers ADD x INT",
                      "DELETE FROM cafe_migrations"):
        assert "1142" in database.refused(statement, **account)


def test_where_people_type_a_script_reaches_nothing(employee, database):
    """None runs but the one that keeps what was typed, and that for times."""
    add(employee)
    form = "/admin/supplier-update/1"
    for page, scripts in (
            (employee.get("/admin/supplier-add"), ["draft.js"]),
            (employee.post("/admin/supplier-add", {"name": "x"}),
             ["draft.js"]),
            (employee.get(form), ["draft.js"]),
            (employee.get(form.replace("update", "remove")), []),
            (employee.get("/admin"), ["times.js"]),
            (employee.get("/admin/import"), []),
            (employee.get("/admin/nothing"), [])):
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert policy.endswith("; script-src 'self'")
        assert "connect-src" not in policy
        assert re.findall(r"<script[^>]*/(\w+\.js)", page.text) == scripts
