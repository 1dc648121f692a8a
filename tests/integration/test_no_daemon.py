"""No daemon is there, or none that answers: the load balancer's own page."""
import signal

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


def test_pages_tell_how_to_keep_what_was_typed():
    """A reload sends the form again, which is safe."""
    text = " ".join((PAGES / "employee.html").read_text().split())
    assert "may not have been saved. Reload this page" in text
    assert "form" not in (PAGES / "customer.html").read_text()
