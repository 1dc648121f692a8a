"""What each answer says to browsers, and the links that operators choose."""
import re

import pytest

import harness

FIELDS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), "
                          "payment=(), usb=()",
}
CUSTOMERS = ["/", "/suppliers", "/suppliers/1", "/suppliers.csv",
             "/suppliers.vcf", "/suppliers.json", "/suppliers/print",
             "/api/v1/suppliers", "/api/v1/openapi.json", "/none", "/static/x",
             "/healthz", "/readyz"]
EMPLOYEES = ["/admin", "/admin/suppliers", "/admin/supplier-add",
             "/admin/supplier-update/1", "/admin/history", "/admin/none",
             "/admin/static/x", "/healthz", "/readyz"]


def check(answer, path):
    for name, value in FIELDS.items():
        assert answer.headers.get_all(name) == [value], (path, name)
    policy, = answer.headers.get_all("Content-Security-Policy")
    assert "default-src 'none'" in policy, path
    assert "frame-ancestors 'none'" in policy, path
    assert "unsafe" not in policy, path


def test_every_answer_has_the_fields(customer, employee):
    for daemon, paths in ((customer, CUSTOMERS), (employee, EMPLOYEES)):
        for path in paths:
            check(daemon.get(path), path)
            check(daemon.request("PUT", path), path)
        css = re.search(r'href="([^"]*cafe.css)"', daemon.get(paths[0]).text)
        check(daemon.get(css[1]), css[1])
    check(employee.post("/admin/supplier-add", {"name": ""}), "post")
    check(employee.post("/admin/supplier-add", Origin="null"), "refused")


HSTS = "Strict-Transport-Security"
HTTPS = {"X-Forwarded-Proto": "https"}


def hsts(daemon, path, method="GET", fields=None):
    return daemon.request(method, path,
                          headers=fields).headers.get_all(HSTS) or []


def test_https_is_asked_for_behind_a_proxy_that_has_it(customer, employee):
    """Refusals and static files have it, too (RFC 6797 7.1)."""
    for daemon, paths in ((customer, CUSTOMERS), (employee, EMPLOYEES)):
        for path in paths:
            for method in ("GET", "HEAD", "PUT", "OPTIONS"):
                assert hsts(daemon, path, method, HTTPS) == [
                    "max-age=31536000"], (method, path)
    etag = customer.get("/suppliers").headers["ETag"]
    answer = customer.request("GET", "/suppliers", headers={
        "If-None-Match": etag, **HTTPS})
    assert answer.status == 304 and answer.headers.get_all(HSTS)


@pytest.mark.parametrize("proxies, scheme", [
    ("loopback", None), ("loopback", "http"), ("loopback", "https, http"),
    ("loopback", ""), ("none", "https"), ("192.0.2.1", "https")])
def test_https_is_asked_for_by_no_one_else(start, database, proxies, scheme):
    daemon = start("customer", database, APP_TRUSTED_PROXIES=proxies)
    fields = {} if scheme is None else {"X-Forwarded-Proto": scheme}
    for path in ("/", "/none", "/healthz"):
        assert hsts(daemon, path, fields=fields) == [], path


def test_two_schemes_are_not_https(customer):
    answer = customer.raw(
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-Proto: https\r\n"
        b"X-Forwarded-Proto: http\r\nConnection: close\r\n\r\n")
    assert b" 200 OK" in answer and HSTS.encode() not in answer


def test_pages_of_employees_are_stored_nowhere(start, database, employee):
    """But one may go back to a form and to the answer to a POST, in the same
    browser."""
    employee.post("/admin/supplier-add", harness.SUPPLIER)
    forms = ["/admin/supplier-add", "/admin/supplier-update/1"]
    for path in EMPLOYEES:
        assert employee.get(path).headers["Cache-Control"] == (
            "private, no-cache" if path in forms else "no-store"), path
        assert employee.request("PUT", path).headers["Cache-Control"] == \
            "no-store", path
    assert employee.post("/admin/supplier-add", {"name": ""}).headers[
        "Cache-Control"] == "private, no-cache"
    outside = start("employee", database, APP_ALLOW="192.0.2.1")
    for path in ("/admin", "/"):
        assert outside.get(path).headers["Cache-Control"] == "no-store"


def test_a_link_to_sign_out(start, database, employee):
    assert "Sign out" not in employee.get("/admin").text
    signed = start("employee", database, APP_IDENTITY_HEADER="Remote-User",
                   APP_IDENTITY_LOGOUT_URL="/oauth2/sign_out?rd=%2F&a=\"")
    link = '<a href="/oauth2/sign_out?rd=%2F&amp;a=&quot;">Sign out'
    for path in ("/admin", "/admin/suppliers", "/admin/none", "/admin/static/x"):
        assert link + " <bdi>a &lt;b&gt;</bdi></a>" in signed.get(
            path, Remote_User="a <b>").text or path == "/admin/static/x"
        assert link in signed.get(path).text, path


@pytest.mark.parametrize("url", [
    "javascript:alert(1)", "//evil.example", "data:x", "sign_out",
    "HTTPS://x", " /x", "\\\\evil"])
def test_no_other_link_to_sign_out(start, url):
    employee = start("employee", wait=False, APP_IDENTITY_LOGOUT_URL=url)
    assert employee.process.wait() == 1
    assert "is neither a path nor an http or https URL" in \
        employee.process.output()


def test_customers_see_the_link_to_admin_unless_it_is_off(start, database):
    for value, shown in (("on", True), ("off", False)):
        customer = start("customer", database, APP_CUSTOMER_ADMIN_LINK=value)
        employee = start("employee", database, APP_CUSTOMER_ADMIN_LINK=value,
                         APP_ALLOW="192.0.2.1")
        for daemon, path in ((customer, "/"), (customer, "/suppliers"),
                             (customer, "/none"), (employee, "/admin")):
            text = daemon.get(path).text
            assert ("Administrator link" in text) == shown, path
            assert ("/admin" in text.replace("/admin/static", "")) == shown
