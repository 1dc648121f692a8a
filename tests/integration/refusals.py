"""Posts of employees that are refused: by whom, and what the page has."""
import html
import re

import pytest

import harness
from test_outage import until_fresh
from test_roles import USER
from test_sign_in import SAME, basic, make_file

KEPT = "private, no-cache"
BROWSER = {"Origin": None, "Referer": "http://cafe.example/admin"}
ANN, BOB = {USER: "ann@example.com"}, {USER: "bob"}


def shown(page):
    """The rows that say what was chosen."""
    found = re.findall(r"<dt>(.*?)</dt>\s*<dd[^>]*>(.*?)</dd>", page.text,
                       re.S)
    return {html.unescape(name): html.unescape(value)
            for name, value in found}


class Refuser:
    """A daemon, how to be refused there, and how to be let in."""

    def __init__(self, daemon, wrong, right, status):
        self.daemon = daemon
        self.wrong = wrong
        self.right = right
        self.status = status

    def post(self, path, fields=None, **headers):
        return self.daemon.post(path, fields, **{**self.right, **headers})

    def get(self, path):
        return self.daemon.request("GET", path, None, self.right)

    def request(self, method, path, body, headers):
        return self.daemon.request(method, path, body,
                                   {**headers, **self.right})

    @property
    def host(self):
        return self.daemon.host

    def refuse(self, path, fields):
        page = self.daemon.post(path, fields, **self.wrong)
        assert page.status == self.status, page.text
        assert page.headers["Cache-Control"] == KEPT
        return page


def by_origin(start, database, _request):
    return Refuser(start("employee", database), BROWSER, {}, 403)


def by_named_origin(start, database, _request):
    return Refuser(start("employee", database),
                   {"Origin": "http://proxy.example"}, {}, 403)


def by_role(start, database, _request):
    daemon = start("employee", database, APP_IDENTITY_HEADER=USER,
                   APP_EDITORS="ann@example.com")
    return Refuser(daemon, BOB, ANN, 403)


def by_password(start, database, request):
    daemon = start("employee", database,
                   APP_IDENTITY_HTPASSWD=request.getfixturevalue("file"))
    wrong = {**basic("ann", "wrong"), **SAME, "X-Forwarded-For": "10.0.0.1"}
    for _ in range(5):
        page = daemon.request("GET", "/admin", None, wrong)
        assert page.status == 401
    return Refuser(daemon, wrong, {**basic("ann"), **SAME}, 429)


REFUSERS = {"origin": by_origin, "named_origin": by_named_origin,
            "role": by_role, "password": by_password}


@pytest.fixture(name="kind", params=REFUSERS)
def make_kind(request):
    return request.param


@pytest.fixture(name="refuser")
def make_refuser(start, database, request, kind):
    return REFUSERS[kind](start, database, request)


def link_of(page):
    return html.unescape(
        re.search(r'<a class="btn btn-primary" href="([^"]*)"', page.text)[1])


@pytest.fixture(name="away")
def make_away(start, folder):
    """A database, and what kills it and starts a daemon without it."""
    own = harness.Database(folder)
    own.start()
    own.make_ready()

    def kill():
        own.kill()
        return start("employee", own, APP_CATALOG_WAIT_MS=1000)

    yield own, kill
    own.stop()


def come_back(own, employee):
    """The feed has a connection of its own: what is posted has others."""
    own.start()
    until_fresh(employee, "/admin/suppliers")
    harness.wait_until(lambda: employee.get("/admin/import").status == 200,
                       "the pool is back")


__all__ = ["make_file"]
