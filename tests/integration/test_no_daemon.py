"""No daemon is there, or none that answers: the load balancer's own page."""
import csv
import signal
import socket

import pytest

import harness
from test_employee import SUPPLIER
from test_proxies import LISTENERS, compose_config

PAGES = harness.ROOT / "deploy/pages"
PATHS = {"customer": ("/", "/suppliers?q=x", "/api/v1/suppliers"),
         "employee": ("/admin", "/admin/", "/admin/suppliers")}


@pytest.fixture(params=LISTENERS)
def balanced(request, folder, customer, employee):
    config = (compose_config(folder) if request.param == "compose" else
              harness.ROOT / "deploy/local/haproxy.cfg")
    balancer = harness.Proxy(folder, customer, employee, config)
    yield balancer
    balancer.stop()


def assert_away(answer, name, status=503):
    page = (PAGES / f"{name}.html").read_text()
    assert answer.status == status and answer.text == page
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "script" not in answer.headers["Content-Security-Policy"]


def kill(daemon):
    daemon.process.send(signal.SIGKILL)
    daemon.process.wait()


@pytest.mark.parametrize("gone, there", [("customer", "employee"),
                                         ("employee", "customer")])
def test_a_daemon_that_is_gone_has_its_page(balanced, customer, employee, gone,
                                            there):
    kill({"customer": customer, "employee": employee}[gone])
    for path in PATHS[gone]:
        assert_away(balanced.get(path), gone)
        head = balanced.request("HEAD", path)
        assert head.status == 503 and not head.body
    for path in PATHS[there]:
        assert balanced.get(path).status == 200
    if gone == "employee":
        assert_away(balanced.post("/admin/supplier-add", SUPPLIER), gone)


class Two(harness.Proxy):
    """The load balancer of compose with a second customer daemon."""

    def __init__(self, folder, customer, employee, second):
        config = compose_config(folder)
        self.stats = folder / "stats.sock"
        first = 'server customer1 "127.0.0.1:$CAFE_CUSTOMER_PORT"\n'
        text = config.read_text().replace(
            "\nglobal\n", f"\nglobal\n    stats socket {self.stats}\n").replace(
            first, f"{first}    server customer2 127.0.0.1:{second.port}\n")
        assert text.count("customer2") == 2
        config.write_text(text)
        super().__init__(folder, customer, employee, config)

    def checked(self, server):
        """Each backend that has it, and what came of its last check."""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(harness.WAIT_S)
            sock.connect(str(self.stats))
            sock.sendall(b"show stat\n")
            got = b""
            while chunk := sock.recv(65536):
                got += chunk
        rows = csv.DictReader(got.decode().lstrip("# ").splitlines())
        return {row["pxname"]: (row["status"], row["check_status"])
                for row in rows if row["svname"] == server}


def test_one_with_nothing_to_show_is_passed_by(folder, start, customer,
                                               employee):
    """Until there is no other: then its own page says what is wrong."""
    empty = start("customer", None, APP_DB_SOCKET="/nonexistent/db.sock",
                  APP_CATALOG_WAIT_MS=100)
    balancer = Two(folder, customer, employee, empty)
    up = ("UP", "L7OK")
    try:
        harness.wait_until(
            lambda: balancer.checked("customer1") == {"customer": up,
                                                      "any-customer": up} and
            balancer.checked("customer2") == {"customer": ("DOWN", "L7RSP"),
                                              "any-customer": up},
            "all are checked")
        for _ in range(20):
            assert balancer.get("/suppliers").status == 200
        kill(customer)
        page = harness.wait_until(
            lambda: "Request ID: " in
            (page := balancer.get("/suppliers")).text and page,
            "the empty one answers")
        assert page.status == 503
        assert balancer.get("/admin/suppliers").status == 200
        assert empty.get("/readyz").status == 503
    finally:
        balancer.stop()


def test_pages_tell_how_to_keep_what_was_typed():
    """A reload sends the form again, which is safe."""
    text = " ".join((PAGES / "employee.html").read_text().split())
    assert "may not have been saved. Reload this page" in text
    assert "form" not in (PAGES / "customer.html").read_text()
