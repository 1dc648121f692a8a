"""Names that lead here and are not this site's (DNS rebinding)."""
import contextlib
import signal

import pytest

import harness
from form_pages import SUPPLIER, names
from test_proxies import LISTENERS, compose_config

INTERNAL = ("localhost", "LOCALHOST:8080", "127.0.0.1", "127.9.9.9:1",
            "[::1]:8080", "10.1.2.3:8080", "172.16.0.9", "192.168.0.1",
            "169.254.0.1", "[fd00::1]", "[fe80::1]:8080")
FOREIGN = ("evil.example", "evil.example:8080", "cafe.example",
           "localhost.evil.example", "127.0.0.1.evil.example", "8.8.8.8",
           "[2001:db8::1]", "0.0.0.0:8080", "2130706433")
# Those that the settings below name.
NAMED = ("cafe.example", "CAFE.example.:8080", "203.0.113.5:80",
         "front.example")
SETTINGS = {"APP_HOSTS": "cafe.example,203.0.113.5",
            "APP_ORIGINS": "https://front.example"}

PATHS = {"employee": ("/admin", "/admin/suppliers?q=a", "/admin/history",
                      "/admin/supplier-add"),
         "customer": ("/", "/suppliers", "/suppliers.csv", "/suppliers/print",
                      "/api/v1/suppliers")}


def status(client, path, host, **headers):
    return client.get(path, Host=host, **headers).status


def served(client, name, hosts):
    """Each page and what is none; a name learns nothing about either."""
    for host in hosts:
        for path in PATHS[name]:
            assert status(client, path, host) == 200, (path, host)
        assert status(client, f"{PATHS[name][0]}/no-such-page".replace(
            "//", "/"), host) == 404, host


def refused(client, name, hosts):
    for host in hosts:
        for path in (*PATHS[name], "/admin/no-such-page", "/no-such-page"):
            # a proxy that is believed about its client, not about this
            page = client.get(path, Host=host, X_Forwarded_For="127.0.0.1",
                              X_Forwarded_Host="localhost")
            assert page.status == 421, (path, host)
            assert "APP_HOSTS" in page.text and "evil" not in page.text


def test_employee_serves_names_of_its_own_network(start, database):
    employee = start("employee", database)
    served(employee, "employee", INTERNAL)
    refused(employee, "employee", FOREIGN)


def test_employee_serves_names_that_are_configured(start, database):
    employee = start("employee", database, **SETTINGS)
    served(employee, "employee", INTERNAL + NAMED)
    refused(employee, "employee", set(FOREIGN) - set(NAMED))


def test_employee_serves_any_name_where_it_is_told_to(start, database):
    employee = start("employee", database, APP_HOSTS="any")
    served(employee, "employee", INTERNAL + FOREIGN)


def test_customer_serves_any_name_unless_it_is_told_which(start, database):
    served(start("customer", database), "customer", INTERNAL + FOREIGN)
    customer = start("customer", database, **SETTINGS)
    served(customer, "customer", INTERNAL + NAMED)
    refused(customer, "customer", set(FOREIGN) - set(NAMED))
    problem = customer.get("/api/v1/suppliers", Host="evil.example")
    assert problem.headers["Content-Type"] == "application/problem+json"


def test_probes_and_static_files_are_served_under_any_name(start, database):
    """Load balancers ask by names of their own."""
    employee = start("employee", database)
    page = employee.get("/admin", Host="localhost").text
    style = page.split('rel="stylesheet" href="')[1].split('"')[0]
    for path in ("/healthz", "/readyz", style):
        assert status(employee, path, "evil.example") == 200, path


def test_a_stranger_does_not_learn_that_there_is_a_daemon(start, database):
    employee = start("employee", database, APP_ALLOW="192.0.2.0/24")
    for host in ("localhost", "evil.example"):
        assert status(employee, "/admin", host) == 404


# What a browser sends from a page of http://evil.example once that name leads
# here: the site and the origin are its own.
REBOUND = ({"Origin": "http://evil.example"},
           {"Origin": "http://evil.example", "Sec_Fetch_Site": "same-origin"},
           {"Origin": None}, {"Origin": None, "Sec_Fetch_Site": "none"})


def check_rebound(client, database):
    """Nothing is read, nothing is saved, nothing comes back."""
    for headers in REBOUND:
        page = client.post("/admin/supplier-add", SUPPLIER,
                           Host="evil.example", **headers)
        assert page.status == 421, headers
        assert SUPPLIER["city"] not in page.text
        page = client.get("/admin/suppliers", Host="evil.example")
        assert page.status == 421 and "Known" not in page.text
    assert names(database) == ["Known"]


@pytest.fixture(name="known")
def fixture_known(database):
    row = {**harness.SUPPLIER, "name": "Known"}
    values = ", ".join(f"'{value}'" for value in row.values())
    database.sql(f"INSERT INTO suppliers ({', '.join(row)}) VALUES ({values})")
    return database


def test_a_rebound_name_reads_and_writes_nothing(start, known):
    check_rebound(start("employee", known), known)
    check_rebound(start("employee", known, **SETTINGS), known)


@pytest.mark.parametrize("listener", LISTENERS)
def test_nor_does_it_through_the_load_balancer(start, known, folder,
                                               listener):
    daemons = [start(name, known) for name in ("customer", "employee")]
    config = (compose_config(folder) if listener == "compose" else
              harness.ROOT / "deploy/local/haproxy.cfg")
    balancer = harness.Proxy(folder, *daemons, config)
    with contextlib.ExitStack() as parts:
        parts.callback(balancer.stop)
        check_rebound(balancer, known)
        served(balancer, "employee", INTERNAL)
        served(balancer, "customer", INTERNAL + FOREIGN)


def test_the_names_change_with_the_configuration(start, database, folder):
    file = folder / "employee.yaml"
    file.write_text("hosts: [a.example]\n")
    employee = start("employee", database, argv=("--config", file))
    assert status(employee, "/admin", "a.example") == 200
    assert status(employee, "/admin", "b.example") == 421
    file.write_text("hosts:\n  - b.example\n")
    employee.process.send(signal.SIGHUP)
    harness.wait_until(
        lambda: status(employee, "/admin", "b.example") == 200, "SIGHUP")
    assert status(employee, "/admin", "a.example") == 421
    file.write_text("hosts: ['http://c.example']\n")
    employee.process.send(signal.SIGHUP)
    harness.wait_until(lambda: "'http://c.example' is not a host name" in
                       employee.process.output(), "SIGHUP")
    assert status(employee, "/admin", "b.example") == 200


def test_a_connection_goes_on_after_a_refusal(start, database):
    employee = start("employee", database)
    got = employee.raw(
        b"GET /admin HTTP/1.1\r\nHost: evil.example\r\n\r\n"
        b"GET http://localhost/admin HTTP/1.1\r\nHost: localhost\r\n\r\n"
        b"GET http://evil.example/admin HTTP/1.1\r\nHost: evil.example\r\n"
        b"Connection: close\r\n\r\n")
    assert [part.split(b" ", 1)[0] for part in got.split(b"HTTP/1.1 ")[1:]] \
        == [b"421", b"200", b"421"]
    assert employee.raw(b"GET /admin HTTP/1.0\r\n\r\n").startswith(
        b"HTTP/1.1 200")
