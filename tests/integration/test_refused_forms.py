"""Posts of employees that are refused, other than that of the supplier's form:
what was chosen and typed is on the page, which leads to the preview."""
import html
import re

import pytest

from form_pages import SUPPLIER, rows, saved, title_of
from test_chosen import CHANGE, END, LOOK, field, form_of, make_ids
from test_roles import USER
from test_sign_in import SAME, basic, make_file

BROWSER = {"Origin": None, "Referer": "http://cafe.example/admin"}
ANN, BOB = {USER: "ann@example.com"}, {USER: "bob"}
VALUE = "Perú <b> & \"more\""


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

    def refuse(self, path, fields):
        page = self.daemon.post(path, fields, **self.wrong)
        assert page.status == self.status, page.text
        assert page.headers["Cache-Control"] == "private, no-cache"
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


def go_on(refuser, kind, page, path, fields):
    """Press the page's button; for a reader, reload as an editor."""
    if kind == "role":
        assert "<button" not in page.text
        assert "then reload this page" in page.text
        return refuser.post(path, fields)
    return refuser.post(LOOK, form_of(page.text, LOOK))


def but_key(fields):
    """The list has no key: the preview gives one."""
    return [(name, value) for name, value in fields if name != "form_key"]


# Many suppliers at once.

@pytest.mark.parametrize("fields, said", [
    ({"deed": "set", "field": "country", "value": VALUE},
     {"What to do": "Set a field: Country", "New value": VALUE}),
    ({**END, "ended_reason": VALUE},
     {"What to do": "No longer supplies", "Since": "2026-11-20",
      "Why": VALUE}),
    ({"deed": "again"}, {"What to do": "Supplies again"}),
    ({"do": "delete"}, {"What to do": "Delete them"}),
    ({"do": "ask"}, {})], ids=["set", "end", "again", "delete", "ask"])
def test_the_choice_leads_to_the_preview(refuser, kind, database, ids, fields,
                                         said):
    before = rows(database)
    posted = [*form_of(refuser.get("/admin/suppliers").text, LOOK),
              *(("supplier", str(i)) for i in ids[:3]), *fields.items()]
    page = refuser.refuse(LOOK, posted)
    assert {"Suppliers": "3", **said} == shown(page)
    assert rows(database) == before
    preview = go_on(refuser, kind, page, LOOK, posted)
    plain = refuser.post(LOOK, posted)
    assert preview.status == plain.status == 200
    assert title_of(preview) == title_of(plain)
    action = LOOK if fields == {"do": "ask"} else CHANGE
    assert but_key(form_of(preview.text, action)) == \
        but_key(form_of(plain.text, action))


def preview_of(refuser, ids, **fields):
    """A preview's form, as it is sent to confirm."""
    listed = form_of(refuser.get("/admin/suppliers").text, LOOK)
    page = refuser.post(LOOK, [*listed, *(("supplier", str(i)) for i in ids),
                               *fields.items()])
    assert page.status == 200, page.text
    return form_of(page.text, CHANGE)


def test_a_refused_change_is_previewed_again_and_done_once(
        refuser, kind, database, ids):
    posted = preview_of(refuser, ids[:3], deed="set", field="country",
                        value=VALUE)
    page = refuser.refuse(CHANGE, posted)
    assert shown(page) == {"Suppliers": "3", "New value": VALUE,
                           "What to do": "Set a field: Country"}
    assert field(database, "country") == ["Colombia"] * 6
    if kind == "role":
        done = go_on(refuser, kind, page, CHANGE, posted)
    else:
        preview = go_on(refuser, kind, page, CHANGE, posted)
        assert preview.status == 200
        assert title_of(preview).startswith("Change 3 suppliers?")
        assert form_of(preview.text, CHANGE) == posted
        assert field(database, "country") == ["Colombia"] * 6
        done = refuser.post(CHANGE, form_of(preview.text, CHANGE))
    assert field(database, "country") == [VALUE] * 3 + ["Colombia"] * 3
    assert saved(refuser.post(CHANGE, posted)) == saved(done)


def test_what_is_too_large_can_be_shortened(employee, database, ids):
    posted = [("supplier", str(i)) for i in ids[:2]]
    for fields, typed in (
            ({"deed": "set", "field": "notes"}, "value"),
            ({"deed": "end", "ended_on": "2026-11-20"}, "ended_reason")):
        long = "x" * (600 * 1024)
        page = employee.post(LOOK, [*posted, *fields.items(), (typed, long)])
        assert page.status == 413 and "too large" in page.text
        assert re.search(rf'type="text" id="{typed}" name="{typed}"'
                         f' value="{long}"', page.text)
        again = employee.post(LOOK, [*form_of(page.text, LOOK),
                                     ("ended_on", "2026-11-20"),
                                     (typed, "short")])
        assert again.status == 200
        assert title_of(again).startswith(
            "Change 2 suppliers?" if typed == "value"
            else "Mark 2 suppliers as no longer supplying?")
    assert field(database, "notes") == [SUPPLIER["notes"]] * 6


@pytest.mark.parametrize("headers", [
    {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"},
    {"Sec_Fetch_Site": "cross-site", "Origin": None}])
@pytest.mark.parametrize("path", [LOOK, CHANGE])
def test_from_another_site_nothing_comes_back(employee, ids, path, headers):
    page = employee.post(path, [("supplier", str(ids[0])), ("do", "delete")],
                         **headers)
    assert page.status == 403 and "came from another site" in page.text
    assert "<form" not in page.text and "What you chose" not in page.text


def test_only_fields_of_the_form_come_back(employee, ids):
    page = employee.post(LOOK, [
        ("supplier", str(ids[0])), ("evil", "evil-value"), ("do", "delete"),
        ("formaction", "evil-value"), ("supplier", '"><evil-tag>')], **BROWSER)
    assert page.status == 403
    assert "evil-value" not in page.text and "<evil-tag>" not in page.text
    assert [name for name, _ in form_of(page.text, LOOK)] == \
        ["supplier", "do", "supplier"]


def test_more_fields_than_a_form_takes(employee, database):
    page = employee.post(LOOK, [("supplier", "1")] * 1201, **BROWSER)
    assert page.status == 403 and "<form" not in page.text
    page = employee.post(LOOK, [("supplier", "1")] * 1200, **BROWSER)
    assert page.status == 403 and shown(page) == {"Suppliers": "1,200"}


__all__ = ["make_file", "make_ids"]
