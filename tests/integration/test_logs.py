"""What an operator finds in the log: requests with reason, trace and time in
the database, and states that last without flooding it."""
import json
import time

import pytest

import harness
from test_employee import SUPPLIER, add

W3C = "0af7651916cd43dd8448eb211c80319c"
AMAZON = "67891233abcdef012345678912345678"
ROOT = "Root=1-67891233-abcdef012345678912345678"


def find(daemon, **wanted):
    """The line with these values, once it is there."""
    return harness.wait_until(
        lambda: next((line for line in daemon.lines() if
                      wanted.items() <= line.items()), None),
        f"a line with {wanted}")


def asked(daemon, path, **headers):
    """The line of a request."""
    answer = daemon.get(path, **headers)
    return find(daemon, msg="request",
                request_id=answer.headers["X-Request-Id"])


def test_a_request_has_its_database_time_and_level(start, database):
    customer = start("customer", database)
    line = asked(customer, "/suppliers")
    assert line["level"] == "info" and line["reason"] == ""
    assert 0 < line["db_ms"] <= line["duration_ms"]
    assert asked(customer, "/static/none.css")["db_ms"] == 0
    assert asked(customer, "/nothing")["level"] == "info"


def test_a_save_has_its_database_time(start, database):
    employee = start("employee", database)
    add(employee)
    line = find(employee, msg="request", status=303)
    assert 0 < line["db_ms"] <= line["duration_ms"]


def test_a_failure_is_an_error(start):
    customer = start("customer", None, APP_DB_SOCKET="/nonexistent/db.sock",
                     APP_CATALOG_WAIT_MS=100)
    assert asked(customer, "/suppliers")["level"] == "error"


def test_traces_are_taken_over(start, database):
    customer = start("customer", database)
    for headers, wanted in (
            ({"traceparent": f"00-{W3C}-b7ad6b7169203331-01"}, W3C),
            ({"X_Amzn_Trace_Id": ROOT}, AMAZON),
            ({"traceparent": f"00-{W3C}-b7ad6b7169203331-01",
              "X_Amzn_Trace_Id": ROOT}, W3C),
            ({"traceparent": "00-forged\"}-x-01"}, ""), ({}, "")):
        assert asked(customer, "/suppliers",
                     **headers)["trace_id"] == wanted, headers


@pytest.mark.parametrize("proxies, taken", [("loopback", True),
                                            ("192.0.2.1", False)])
def test_ids_are_taken_from_trusted_proxies_only(start, database, proxies,
                                                 taken):
    customer = start("customer", database, APP_TRUSTED_PROXIES=proxies)
    for path in ("/suppliers", "/healthz", "/nothing"):
        answer = customer.get(path, X_Request_Id="mine")
        assert (answer.headers["X-Request-Id"] == "mine") == taken, path


def test_refusals_have_a_reason(start, database):
    employee = start("employee", database, APP_ALLOW="192.0.2.0/24",
                     APP_TRUSTED_PROXIES="loopback")
    line = asked(employee, "/admin", X_Forwarded_For="203.0.113.9")
    assert (line["reason"], line["status"]) == ("access", 404)
    employee.post("/admin/supplier-add", SUPPLIER, X_Forwarded_For="192.0.2.1",
                  Origin="http://evil.example")
    assert find(employee, reason="origin")["status"] == 403
    employee.post("/admin/supplier-add", {"notes": "x" * 600000},
                  X_Forwarded_For="192.0.2.1")
    assert find(employee, reason="limit")["status"] == 413
    employee.raw(b"GARBAGE\r\n\r\n")
    assert find(employee, reason="syntax")["status"] == 400
    employee.raw(b"GET / HTTP/1.1\r\nA: " + b"x" * 20000 + b"\r\n\r\n")
    assert find(employee, reason="limit", status=431)


def test_a_slow_head_has_its_reason(start, database):
    customer = start("customer", database, APP_HTTP_HEAD_MS=100)
    customer.raw(b"GET / HTTP/1.1\r\n")
    assert find(customer, reason="slow")["status"] == 408


def test_lines_of_database_threads_name_the_request(start, database):
    """A save into a table that is gone."""
    employee = start("employee", database)
    add(employee)
    database.sql("RENAME TABLE supplier_form_keys TO elsewhere")
    answer = employee.post("/admin/supplier-add", SUPPLIER)
    assert answer.status >= 500
    line = find(employee, msg="database job failed",
                request_id=answer.headers["X-Request-Id"])
    assert line["db_ms"] > 0 and line["operation"] in ("save", "form key")
    assert "supplier_form_keys" in line["reason"]
    assert line["remedy"] == "run: employee --migrate"
    database.sql("RENAME TABLE elsewhere TO supplier_form_keys")


# States that last.

def watch(daemon, seconds):
    """Lines about states, as far as they come in this time."""
    first = len(daemon.lines())
    time.sleep(seconds)
    return [line for line in daemon.lines()[first:] if
            line["msg"] != "request"]


def check_rate(lines, intervals):
    """At most ten lines in each interval, and at least one."""
    assert intervals - 1 <= len(lines) <= 10 * (intervals + 1), lines


@pytest.mark.parametrize("name", ["customer", "employee"])
def test_a_wrong_password_is_said_now_and_then(start, database, name):
    daemon = start(name, database, APP_DB_PASSWORD="wrong",
                   APP_LOG_REPEAT_S=1, APP_CATALOG_WAIT_MS=100)
    line = find(daemon, msg="database is unavailable", pool="feed")
    assert line["level"] == "error" and line["age_s"] == 0
    assert "Access denied" in line["reason"]
    assert "APP_DB_PASSWORD" in line["reason"]
    lines = watch(daemon, 3)
    check_rate(lines, 3)
    assert any(line["msg"] == "database is unavailable" and line["age_s"] >= 1
               for line in lines)


def test_an_empty_schema_is_said_now_and_then_with_its_remedy(start, database):
    database.make_empty()
    database.sql("GRANT ALL ON COFFEE.* TO customer@'%'", "mysql")
    customer = start("customer", database, APP_LOG_REPEAT_S=1,
                     APP_CATALOG_WAIT_MS=100)
    line = find(customer, msg="database job failed", operation="ask")
    assert line["remedy"] == "run: employee --migrate"
    assert line["age_s"] == 0
    check_rate(watch(customer, 3), 3)
    assert find(customer, msg="catalog is stale")


def test_ready_is_said_once_there_are_suppliers(start, folder):
    own = harness.Database(folder)
    customer = start("customer", own, APP_CATALOG_WAIT_MS=100)
    assert customer.get("/suppliers").status == 503
    listening = find(customer, msg="listening")
    assert listening["port"] == customer.port
    assert "ready" not in [line["msg"] for line in customer.lines()]
    own.start()
    try:
        own.make_ready()
        find(customer, msg="ready")
        assert customer.get("/suppliers").status == 200
        own.kill()
        harness.wait_until(
            lambda: customer.get("/suppliers").headers["Cafe-As-Of"],
            "it is stale")
        own.start()
        find(customer, msg="catalog is fresh again")
        assert [line["msg"] for line in customer.lines()].count("ready") == 1
    finally:
        own.stop()


def test_what_has_ended_is_said(start, folder):
    own = harness.Database(folder)
    customer = start("customer", own, APP_CATALOG_WAIT_MS=100)
    assert customer.get("/suppliers").status == 503
    for msg in ("database is unavailable", "catalog is stale"):
        find(customer, msg=msg)
    own.start()
    try:
        own.make_ready()
        line = find(customer, msg="database is available again", pool="feed")
        assert line["lasted_s"] >= 0 and line["level"] == "info"
        find(customer, msg="catalog is fresh again")
        assert [line["msg"] for line in customer.lines()].count(
            "database is unavailable") == 1, "once a minute"
    finally:
        own.stop()


def test_lines_are_whole(start, database):
    customer = start("customer", database)
    customer.get("/suppliers", traceparent="\"}\\")
    customer.stop()
    for line in customer.process.output().splitlines():
        json.loads(line)
