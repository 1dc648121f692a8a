"""Proxies in front of the shipped load balancer: who the client is."""
import contextlib
import re

import pytest

import front
import harness
from balancers import compose_config
from form_pages import SUPPLIER, anyway, names, typed_of

OFFICE, OUTSIDE = "127.0.0.50", "127.0.0.66"
NEAR, FAR = "127.0.0.2", "127.0.0.3"
APPEND = "$proxy_add_x_forwarded_for"
LISTENERS = ("local", "compose")

pytestmark = pytest.mark.skipif(not front.NGINX.exists(),
                                reason="nginx is not installed")


class Site:
    """Both daemons behind the load balancer, and nginx where it is told."""

    def __init__(self, folder, start, database):
        self.folder, self.start, self.database = folder, start, database
        self.parts = contextlib.ExitStack()

    def serve(self, proxies="", listener="local", **settings):
        """
        proxies   In front of the load balancer, named as such.
        settings  Of the employee daemon.
        """
        trusted = ",".join(["127.0.0.1", *proxies.split()])
        daemons = [self.start("customer", self.database,
                              APP_TRUSTED_PROXIES=trusted),
                   self.start("employee", self.database,
                              **{"APP_TRUSTED_PROXIES": trusted, **settings})]
        config = (compose_config(self.folder) if listener == "compose" else
                  harness.ROOT / "deploy/local/haproxy.cfg")
        self.balancer = harness.Proxy(self.folder, *daemons, config, proxies)
        self.parts.callback(self.balancer.stop)
        return self.balancer

    def nginx(self, upstream=None, address=NEAR, **fields):
        made = front.Nginx(self.folder,
                           (upstream or self.balancer).port, address, **fields)
        self.parts.callback(made.stop)
        return made


@pytest.fixture
def site(folder, start, database):
    made = Site(folder, start, database)
    with made.parts:
        yield made


def admin(proxy, source="127.0.0.1", *fields):
    """The status of the employees' list; the customers' is there for all."""
    assert front.visit(proxy.port, "/suppliers", source, fields) == 200
    status = front.visit(proxy.port, "/admin/suppliers", source, fields)
    for path in ("/admin", "/admin/"):
        assert front.visit(proxy.port, path, source, fields) == status, path
    return status


def forwarded(value, name="X-Forwarded-For"):
    return (name, value)


@pytest.mark.parametrize("listener", LISTENERS)
def test_a_named_proxy_gives_the_true_client(site, listener):
    site.serve(NEAR, listener, APP_ALLOW=OFFICE)
    nginx = site.nginx(X_Forwarded_For=APPEND)
    assert admin(nginx, OFFICE) == 200
    assert admin(nginx, OUTSIDE) == 404


LIES = [
    [forwarded(OFFICE)], [forwarded(f"{OFFICE}, {OFFICE}")],
    [forwarded("127.0.0.1")], [forwarded(NEAR)], [forwarded("")],
    [forwarded("junk")], [forwarded("[]"), forwarded(":80")],
    [forwarded(OFFICE), forwarded(OFFICE)],
    [("X-Real-IP", OFFICE), ("Forwarded", f"for={OFFICE}")],
]


def test_nothing_that_an_outsider_says_lets_him_in(site):
    site.serve(NEAR, APP_ALLOW=f"{OFFICE},127.0.0.1")
    nginx = site.nginx(X_Forwarded_For=APPEND)
    assert admin(nginx, OFFICE) == 200
    for fields in LIES:
        assert admin(nginx, OUTSIDE, *fields) == 404, fields
        assert admin(site.balancer, OUTSIDE, *fields) == 404, fields


STYLES = {
    "nginx": {"X_Forwarded_For": APPEND},
    "nginx, one address": {"X_Forwarded_For": "$remote_addr"},
    "nginx, X-Real-IP alone": {"X_Real_IP": "$remote_addr"},
    "nginx, only the scheme": {"X_Forwarded_Proto": "$scheme"},
    "Caddy": {"X_Forwarded_For": "$remote_addr", "Host": "$http_host",
              "X_Forwarded_Proto": "https", "Via": '"1.1 Caddy"',
              "X_Forwarded_Host": "$http_host"},
    "Apache": {"X_Forwarded_For": APPEND, "X_Forwarded_Host": "$http_host",
               "X_Forwarded_Server": "cafe.example"},
    "RFC 7239": {"Forwarded": "for=$remote_addr"},
}


def test_an_unnamed_proxy_lets_nobody_in(site):
    """With everything as it is by default."""
    site.serve(APP_TRUSTED_PROXIES="loopback", APP_ALLOW="loopback,private")
    assert admin(site.balancer) == 200
    for name, style in STYLES.items():
        nginx = site.nginx(address="127.0.0.1", **style)
        for source in (OUTSIDE, OFFICE, "127.0.0.1"):
            assert admin(nginx, source) == 404, name
            assert admin(nginx, source, forwarded("127.0.0.1")) == 404, name


def test_an_unnamed_proxy_before_a_daemon_lets_nobody_in(site, start,
                                                         database):
    employee = start("employee", database, APP_ALLOW="loopback",
                     APP_TRUSTED_PROXIES="127.0.0.9")
    assert front.visit(employee.port, "/admin", NEAR) == 200
    for name, style in STYLES.items():
        nginx = site.nginx(employee, **style)
        for source in (OUTSIDE, OFFICE):
            assert front.visit(nginx.port, "/admin", source) == 404, name


@pytest.mark.parametrize("listener", LISTENERS)
@pytest.mark.parametrize("fields", [{}, {"X_Real_IP": "$remote_addr"}])
def test_a_named_proxy_that_does_not_say_who_lets_nobody_in(
        site, listener, fields):
    """As nginx does by default."""
    site.serve(NEAR, listener, APP_ALLOW="loopback")
    nginx = site.nginx(**fields)
    for source in (OFFICE, OUTSIDE):
        assert admin(nginx, source) == 404


PUBLIC, OTHER = "203.0.113.9", "198.51.100.1"


@pytest.mark.parametrize("listener", LISTENERS)
def test_a_chain_of_two_gives_the_true_client(site, listener):
    """The far one is played here: it says that it was asked by others."""
    site.serve(f"{NEAR} {FAR}", listener, APP_ALLOW="203.0.113.0/24")
    nginx = site.nginx(X_Forwarded_For=APPEND)
    for fields, status in (
            ([forwarded(PUBLIC)], 200), ([forwarded(OTHER)], 404),
            ([forwarded(f"{PUBLIC}:4711")], 200),
            ([forwarded(f"{PUBLIC}, {OTHER}")], 404),
            ([forwarded(f"{OTHER}, {PUBLIC}")], 200),
            ([forwarded(PUBLIC), forwarded(OTHER)], 404),
            ([forwarded(OTHER), forwarded(PUBLIC)], 200),
            ([forwarded(f"{PUBLIC}, unknown")], 404), ([], 404)):
        assert admin(nginx, FAR, *fields) == status, fields


def test_a_real_chain_of_two(site):
    site.serve(f"{NEAR} {FAR}", APP_ALLOW=OFFICE)
    near = site.nginx(X_Forwarded_For=APPEND)
    far = site.nginx(near, FAR, X_Forwarded_For=APPEND)
    assert admin(far, OFFICE) == 200
    assert admin(far, OUTSIDE) == 404
    assert admin(far, OUTSIDE, forwarded(OFFICE)) == 404
    assert admin(near, OFFICE) == 200
    assert admin(near, OUTSIDE) == 404


def test_a_named_one_at_the_end_of_a_chain_has_to_say_who(site):
    """Nor is a named address a client: another one there may be silent."""
    site.serve(f"{NEAR} {FAR}", APP_ALLOW="loopback")
    near = site.nginx(X_Forwarded_For=APPEND)
    far = site.nginx(near, FAR)
    assert admin(near, OUTSIDE) == 200
    assert admin(far, OUTSIDE) == 404
    for silent in (FAR, NEAR):
        assert admin(near, silent) == 404
        assert admin(near, silent, forwarded("")) == 404
        assert admin(near, silent, forwarded(NEAR)) == 404


def test_an_unnamed_one_within_a_chain_lets_nobody_in(site):
    site.serve(NEAR, APP_ALLOW="loopback,203.0.113.0/24")
    near = site.nginx(X_Forwarded_For=APPEND)
    far = site.nginx(near, FAR, X_Forwarded_For=APPEND)
    assert admin(near, OUTSIDE) == 200
    assert admin(far, OUTSIDE) == 404
    assert admin(near, FAR, forwarded(PUBLIC)) == 404


@pytest.mark.parametrize("listener", LISTENERS)
def test_daemon_and_load_balancer_know_the_same_signs(site, listener):
    """Each field by which the daemon knows a proxy."""
    source = (harness.ROOT / "libcafe/service/access.c").read_text()
    table = re.search(r"proxy_fields\[\] = \{(.*?)\};", source, re.S)[1]
    fields = re.findall(r'"([\w-]+)"', table) + ["X-Forwarded-For",
                                                "X-Forwarded-Scheme"]
    assert len(fields) > 12
    balancer = site.serve(listener=listener, APP_TRUSTED_PROXIES="loopback")
    rehearsal = (harness.ROOT / "deploy/cafe-deploy/balancer_config.c"
                 ).read_text().replace('"\n    "', "")
    config = (harness.ROOT / f"deploy/{listener}/haproxy.cfg").read_text()
    signs = re.findall(r"acl forwards .*-i (\S+)\n", config)
    assert len(signs) == 3
    for sign in signs:
        assert f"acl forwards req.hdr_names -m reg -i {sign}\\n" in rehearsal
    assert admin(balancer, "127.0.0.1", ("Accept", "x"), ("Forward", "x"),
                 ("X-Via", "x"), ("Client", "x")) == 200
    for name in fields:
        assert admin(balancer, "127.0.0.1", (name, "x")) == 404, name


# A proxy that changes Host.

def post(client, form=SUPPLIER, **headers):
    """As a browser over plain HTTP: it names the origin that it sees."""
    return client.post("/admin/supplier-add", form, **headers)


def test_where_host_is_changed_the_text_is_kept(site, database):
    site.serve(NEAR)
    nginx = site.nginx(X_Forwarded_For=APPEND)
    page = post(nginx)
    assert page.status == 403
    assert typed_of(page.text) == SUPPLIER
    assert f"sent from http://{nginx.host}, which" in page.text
    assert "APP_ORIGINS" in page.text
    assert names(database) == []
    assert post(nginx, Sec_Fetch_Site="same-origin").status == 303


def test_from_another_site_nothing_is_kept_behind_a_proxy(site):
    site.serve(NEAR)
    nginx = site.nginx(X_Forwarded_For=APPEND)
    for where in ("cross-site", "same-site"):
        page = post(nginx, Sec_Fetch_Site=where)
        assert page.status == 403 and "<textarea" not in page.text


def test_named_origins_are_the_sites_own(site, database):
    site.serve(NEAR)
    nginx = site.nginx(X_Forwarded_For=APPEND)
    employee = site.start("employee", database, APP_TRUSTED_PROXIES=NEAR,
                          APP_ORIGINS=f"http://{nginx.host}")
    behind = site.nginx(employee, X_Forwarded_For=APPEND)
    for origin, status in ((f"http://{nginx.host}", 303),
                           (f"http://{behind.host}", 403),
                           (f"http://{employee.host}", 403),
                           (f"https://{nginx.host}", 403)):
        done = post(behind, anyway(), Origin=origin)
        assert done.status == status, origin
        assert status == 303 or typed_of(done.text) == SUPPLIER


@pytest.mark.parametrize("fields", [{"Host": "$http_host"},
                                    {"X_Forwarded_Host": "$http_host"}])
def test_a_proxy_that_names_the_host_needs_no_option(site, fields):
    site.serve(NEAR)
    nginx = site.nginx(X_Forwarded_For=APPEND, **fields)
    assert post(nginx).status == 303
    page = post(nginx, Origin="http://evil.example")
    assert page.status == 403 and "http://evil.example" in page.text


def test_the_host_that_a_stranger_names_does_not_count(site):
    balancer = site.serve()
    assert post(balancer, Origin="http://evil.example",
                X_Forwarded_Host="evil.example").status in (403, 404)
