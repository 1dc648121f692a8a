"""What is wrong with the original application is right here."""
import re

import pytest

import harness
from test_employee import SUPPLIER, add, rows, values_of


def test_names_survive_many_saves(employee, customer, database):
    name = "Ben & Jerry's \"Best\" <Beans>"
    add(employee, name=name)
    number = rows(database)[0]["id"]
    for _ in range(3):
        form = values_of(employee.get(f"/admin/supplier-update/{number}").text)
        assert employee.post("/admin/supplier-update", form).status == 303
    assert rows(database)[0]["name"] == name
    assert "Ben &amp; Jerry&#39;s" in customer.get("/suppliers").text


def test_an_id_is_no_sql(employee, database):
    add(employee)
    assert employee.get("/admin/supplier-update/0%20OR%201=1").status == 404


@pytest.mark.parametrize("phone", [
    "+44 20 7946 0958", "(312) 555-0100 ext. 12", "030/2312.5118",
    "555-0100x7", "0119 496 0123"])
def test_phones_of_the_world(employee, database, phone):
    add(employee, phone=phone)
    assert rows(database)[0]["phone"] == phone


def test_no_state_where_there_is_none(employee, database):
    add(employee, state="", country="Ísland")
    assert rows(database)[0]["state"] == ""
    page = employee.post("/admin/supplier-add",
                         {**SUPPLIER, "state": "", "country": ""})
    assert page.status == 422
    assert "The supplier state is required" in page.text


def test_rows_and_forms_are_not_logged(employee, customer, database):
    add(employee, name="SECRETNAME", notes="SECRETNOTE")
    customer.get("/suppliers?q=SECRETQUERY")
    employee.post("/admin/supplier-add", {"name": "SECRETFORM"})
    for daemon in (employee, customer):
        daemon.stop()
        assert "SECRET" not in daemon.process.output()


def test_no_other_origin_is_allowed(employee):
    page = employee.get("/admin", Origin="http://evil.example")
    assert not [name for name in page.headers if name.lower().startswith(
        "access-control")]


def test_deleting_needs_no_script(employee, database):
    add(employee)
    number = rows(database)[0]["id"]
    form = employee.get(f"/admin/supplier-update/{number}").text
    assert 'value="delete" form="edit">Delete this supplier' in form
    assert 'type="submit" name="preview" value="delete"' in form
    ask = employee.get(f"/admin/supplier-remove/{number}").text
    assert f'action="/admin/supplier-remove/{number}"' in ask


def test_admin_itself_goes_to_employee(proxy):
    for path in ("/admin", "/admin/", "/admin/suppliers"):
        assert "Administrator home" in proxy.get(path).text
    for path in ("/", "/suppliers", "/administrator", "/adminx"):
        assert "Administrator link" in proxy.get(path).text


@pytest.fixture
def tutorial(folder, customer, employee):
    """The load balancer with the tutorial's rule alone: /admin/*."""
    text = (harness.ROOT / "deploy/local/haproxy.cfg").read_text()
    path = folder / "tutorial.cfg"
    path.write_text(text.replace("    acl admin path /admin\n", ""))
    assert path.read_text() != text
    balancer = harness.Proxy(folder, customer, employee, path)
    yield balancer
    balancer.stop()


LINK = re.compile(r'(?:href|action|src)="(/[^"#]*)')


def test_every_link_leads_somewhere_by_the_tutorials_rule(
        tutorial, employee, customer, database, start):
    """It has no /admin; /admin/ is served by either rule."""
    add(tutorial)
    assert "Administrator link" in tutorial.get("/admin").text
    seen, left = set(), ["/", "/admin/", "/nothing", "/admin/nothing"]
    while left:
        path = left.pop()
        page = tutorial.get(path)
        assert page.status == (404 if "nothing" in path else 200), path
        seen.add(path)
        for link in LINK.findall(page.text):
            link = link.replace("&amp;", "&")
            if link not in seen and link not in left:
                left.append(link)
        # What is only posted to, and lists that differ in order alone.
        left = [link for link in left if "?" not in link and not re.search(
            r"/admin/supplier(-(restore/|update$)|s-chosen$)", link)]
    assert {"/suppliers", "/admin/suppliers", "/admin/history"} <= seen
    assert "/admin" not in seen
    stranger = start("employee", database, APP_ALLOW="192.0.2.0/24")
    assert 'href="/admin/"' in stranger.get("/admin/").text
    done = tutorial.post("/admin/supplier-add", {**SUPPLIER, "anyway": "1"})
    assert done.status == 303 and done.headers["Location"] != "/admin"


def test_no_view_and_no_code_leads_to_the_bare_path():
    """Pages that the walk does not reach: errors, outages, printing."""
    found = [
        (path, line) for folder in ("customer", "employee", "views", "libcafe")
        for path in sorted((harness.ROOT / folder).rglob("*"))
        if path.suffix in (".html", ".md", ".js", ".c", ".json")
        for line in path.read_text().splitlines()
        if re.search(r"""["'(]/admin(["')?#]|\\")""", line)
        and not line.strip().startswith('{ GET, "/admin"')]
    assert found == []


def test_each_daemon_has_its_own_styles(proxy):
    for path, prefix in (("/", "/static/"), ("/admin", "/admin/static/")):
        text = proxy.get(path).text
        for link in [part.split('"')[0] for part in
                     text.split('<link rel="stylesheet" href="')[1:]]:
            assert link.startswith(prefix)
            assert proxy.get(link).status == 200


def test_json_is_refused_not_half_read(employee, database):
    done = employee.request("POST", "/admin/supplier-add", b'{"name": "x"}',
                            {"Content-Type": "application/json"})
    assert done.status == 415
    assert rows(database) == []
