"""Markup that is stored: in each field of a supplier, the names of people and
programs, and all that a form keeps. Every route shows it, as text."""
import csv
import html
import io
import json
import re

import pytest

import harness
from fields import NAMES
from form_pages import hidden_of, save, saved, values_of
from places import routes
from test_import_upload import Pages
from test_keys import add as add_key
from test_keys import bearer
from test_markup import (MARK, MARKUP, PERSON, check, check_log, make_admin,  # noqa: F401
                         make_site)
from writers import insert, query

# One that no longer supplies would not be shown to customers.
HOSTILE = {**{name: MARKUP for name in NAMES}, "ended_on": ""}
# What the form takes: the others have a form of their own.
TYPED = {**HOSTILE, "email": f"{MARK}@example.com", "phone": "+49 30 123456",
         "website": f"https://example.com/{MARK}"}
PROGRAM = f"till <{MARK} onload=1>"
CHANGES = "/api/v1/changes"
READER = f"Bob <{MARK}>"


class Person:
    """Somebody at the employees' pages; each answer is checked."""

    def __init__(self, daemon, name):
        self.daemon = daemon
        self.fields = {"Remote_User": name}

    def get(self, path, **fields):
        return shows(self.daemon.get(path, **self.fields, **fields), path)

    def post(self, path, form=None, **fields):
        return shows(self.daemon.post(path, form, **{**self.fields, **fields}),
                     path)


def shows(answer, path):
    """It has the text, in a spelling that is none of markup."""
    check(answer, path)
    if answer.status not in (303, 304):
        assert MARK in answer.text, (path, answer.status, answer.text)
    return answer


@pytest.fixture(name="ann")
def make_ann(site):
    return Person(site["employee"], PERSON)


def check_forms(ann):
    """Faults, a preview, a possible duplicate, a save; the new one's id."""
    check(ann.daemon.get("/admin/supplier-add", **ann.fields))
    assert ann.post("/admin/supplier-add", HOSTILE).status == 422
    assert ann.post("/admin/supplier-add",
                    {**TYPED, "preview": "1"}).status == 200
    done = ann.post("/admin/supplier-add", {**TYPED, "anyway": "1"})
    assert done.status == 303, done.text
    page = ann.get(done.headers["Location"])
    assert ann.post("/admin/supplier-add", TYPED).status == 409
    return int(page.text.split("/admin/supplier-update/")[1].split('"')[0])


def check_changes(ann, number):
    """A clash, a removal, what comes after it, and a restored version."""
    path = f"/admin/supplier-update/{number}"
    first, second = (values_of(ann.get(path).text) for _ in range(2))
    done = save(ann, first, city=MARKUP + " one", notes=MARKUP + "\n1")
    ann.get(done.headers["Location"])
    page = save(ann, second, city=MARKUP + " two", notes=MARKUP + "\n2")
    assert page.status == 409
    assert PERSON in html.unescape(page.text)
    done = ann.post("/admin/supplier-update", {
        **values_of(page.text), "use-city": "mine", "use-notes": "mine",
        "theirs-city": MARKUP + " one", "theirs-notes": MARKUP + "\n1"})
    last = saved(done)
    remove = f"/admin/supplier-remove/{number}"
    ann.get(remove)
    assert ann.post(remove, {"revision": "1"}).status == 409
    gone = saved(ann.post(remove, {"revision": last}))
    page = ann.get(f"/admin/suppliers?saved={gone}")
    assert ann.post("/admin/supplier-update",
                    {**second, "city": MARKUP}).status == 404
    action = f"/admin/supplier-restore/{gone}"
    fields = hidden_of(page.text, action)
    ann.get(ann.post(action, fields).headers["Location"])
    assert ann.post(action, {**fields, "form_key": ""}).status == 409
    assert ann.get(action).status == 200
    undo = f"/admin/supplier-undo/{last}"
    assert ann.get(undo).status == 200
    assert ann.post(undo, {"revision": "1"}).status == 409
    saved(ann.post(undo, {}))


def check_choice(ann, number):
    """Many at once: the pages on the way, and what is said afterwards."""
    other = saved(ann.post("/admin/supplier-add", {**TYPED, "anyway": "1"}))
    ids = [number, int(ann.get(f"/admin/suppliers?saved={other}").text.split(
        "/admin/supplier-update/")[1].split('"')[0])]
    fields = [*(("supplier", each) for each in ids), ("value", MARKUP + "2"),
              ("ended_on", MARKUP), ("ended_reason", MARKUP)]
    look, change = "/admin/suppliers-chosen", "/admin/suppliers-change"
    for more in ([("do", "ask")], [("deed", "set"), ("field", "phone")],
                 [("deed", "end")]):
        assert ann.post(look, [*fields, *more]).status in (200, 422)
    for more in ([("deed", "set"), ("field", "city")], [("deed", "delete")]):
        page = ann.post(look, [*fields, *more])
        assert page.status == 200
        based = [("supplier", each) for each in re.findall(
            r'name="supplier" value="([^"]*)"', page.text)]
        assert len(based) == 2
        done = ann.post(change, [*fields[2:], *more, *based])
        page = ann.get(f"/admin/suppliers?saved={saved(done)}")
    action = re.search(r"/admin/changes-undo/[\w-]{22}", page.text)[0]
    assert ann.get(action).status == 200
    saved(ann.post(action, {}))
    assert ann.post(action, {}).status == 409


def check_refusals(site, number):
    """Forms that come back unsaved."""
    bob = Person(site["employee"], READER)
    form = {**TYPED, "id": number, "revision": 1}
    for path in "/admin/supplier-add", "/admin/supplier-update":
        assert bob.post(path, form).status == 403
        ann = Person(site["employee"], PERSON)
        assert ann.post(path, form,
                        Origin=f"http://<{MARK}>.example").status == 403
        form["notes"] = MARKUP + "x" * 600000
        assert ann.post(path, form).status == 413
        form["notes"] = MARKUP
    for path in "/admin/suppliers-chosen", "/admin/suppliers-change":
        form = {name: MARKUP for name in ("supplier", "deed", "field", "value",
                                          "ended_on", "ended_reason", "list")}
        assert bob.post(path, form).status == 403
        assert ann.post(path, form, Origin="null").status == 403
        form["value"] += "x" * 600000
        assert ann.post(path, form).status == 413
    for person, origin in ((bob, {}), (ann, {"Origin": "null"})):
        assert person.post(f"/admin/supplier-remove/{number}",
                           {**TYPED, "id": number, "form_key": MARKUP,
                            "list": MARKUP}, **origin).status == 403
        assert person.post("/admin/supplier-undo/1",
                           {"list": MARKUP, "use-city": MARKUP},
                           **origin).status == 403
        for name in "reading", "answers", "start":
            assert person.post(f"/admin/import/{MARK}/{name}",
                               {"n": MARKUP, "choice": MARKUP, MARKUP: "1"},
                               **origin).status == 403


def check_program(ann, database, begin):
    """What a program writes, and how the history names it."""
    key = bearer(add_key(database, PROGRAM, "write"))
    api = "/admin/api/v1/suppliers"
    sent = {**key, "Content-Type": "application/json"}

    def ask(method, path, body=None, **fields):
        answer = ann.daemon.request(
            method, path, body and json.dumps(body).encode(),
            {**sent, **harness.dashed(fields)})
        return (shows if answer.status in (200, 201) else check)(answer, path)

    assert ask("POST", api, HOSTILE).status == 422
    done = ask("POST", api + "?anyway=1", TYPED)
    assert done.status == 201, done.text
    path = done.headers["Location"]
    for method, kind in (("PUT", "json"), ("PATCH", "merge-patch+json")):
        done = ask(method, path, {**TYPED, "city": MARKUP + method},
                   If_Match=done.headers["ETag"],
                   Content_Type=f"application/{kind}")
        assert done.status == 200, done.text
    batch = {"operations": [
        {"method": "PUT", "supplier": TYPED, "if_match": tag,
         "id": int(path.rsplit("/", 1)[1])} for tag in ("*", f"<{MARK}>")]}
    assert ask("POST", api + ":batch", batch).status == 422
    del batch["operations"][1]
    done = ask("POST", api + ":batch", batch)
    assert done.status == 200, done.text
    done.headers["ETag"] = json.loads(done.text)["results"][0]["etag"]
    assert ask("PUT", path, TYPED, If_Match='"1"').status == 412
    assert ask("GET", path).status == 200
    assert ask("DELETE", path, If_Match=done.headers["ETag"]).status == 204
    for path in (api, "/admin/api/v1/history",
                 f"/admin/api/v1/changes?since={begin}"):
        assert ask("GET", path).status == 200
    path = "/admin/api/v1/openapi.json"  # shows no supplier
    assert check(ann.daemon.get(path, **key), path).status == 200


def check_imports(ann, admin, number):
    """An import under way, and the result of one."""
    for key, state in (("p" * 22, "paused"), ("d" * 22, "done")):
        query(admin, "INSERT INTO supplier_imports (import_key, undo_key,"
              " state, person, file_name, settings, clear_empty,"
              " remove_missing, created, changed) VALUES (%s, %s, %s, %s, %s,"
              " '', 0, 0, NOW(6), NOW(6))", key, key, state, MARKUP, MARKUP)
        query(admin, "INSERT INTO supplier_import_rows SELECT MAX(i.id), 1, 2,"
              " 'faulty', 0, NULL, %s, NULL, NULL, '', %s, %s, '', %s, '', '',"
              " '', '', '', '', '', '', '', '' FROM supplier_imports i",
              number, MARKUP, MARKUP, MARKUP)
        shows(ann.get(f"/admin/import/{key}"), key)
        for button in ("pause", "cancel", "resume", "undo"):
            assert ann.post(f"/admin/import/{key}/{button}",
                            {}).status == 303, button
            harness.wait_until(lambda: not query(
                admin, "SELECT 1 FROM supplier_imports"
                " WHERE state IN ('running', 'undoing') OR task <> ''"),
                               "it has ended")
    shows(ann.get(f"/admin/import/{key}/faulty.csv"), key)


class Uploads(Pages):
    """As that person."""

    def __init__(self, ann, database):
        super().__init__(ann.daemon, database)
        self.ann = ann

    def send(self, body, content_type, **headers):
        return super().send(body, content_type, **headers,
                            **{"Remote-User": PERSON})

    def key(self):
        page = self.ann.daemon.get("/admin/import", **self.ann.fields)
        check(page, "/admin/import")
        return re.search(r'name="form_key" value="(\S{22})"', page.text)[1]

    def show(self, url):
        return harness.wait_until(
            lambda: "Preview of" in (page := self.ann.get(url)).text and page,
            "the file is read")


def check_uploads(ann, database):
    """A file with it in each column, and what is posted about that."""
    pages = Uploads(ann, database)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([MARKUP, *HOSTILE])
    writer.writerow([MARKUP, *HOSTILE.values()])
    shows(pages.post(text=text.getvalue() + MARKUP, data=b"x"), "both")
    for name in (MARKUP.replace('"', "%22").replace("\n", " "), "list.csv"):
        page = pages.upload(text.getvalue(), name=name)
        shows(page, "preview")
    assert ann.post(f"{pages.url}/answers",
                    {"n": 1, "choice": "leave"}).status == 303
    assert ann.post(f"{pages.url}/reading",
                    {"kind": 0, "charset": 0, "delimiter": 44}).status == 303
    shows(pages.show(pages.url), "preview")
    assert ann.post(f"{pages.url}/start", {}).status == 303
    shows(ann.get("/admin/import"), "imports")


def asked(daemon):
    """The routes that have answered."""
    return {(line["method"], line["route"]) for line in daemon.lines()
            if line["msg"] == "request" and line["status"] < 400}


def test_every_route_shows_it(site, database, admin):
    ann = Person(site["employee"], PERSON)
    begin = json.loads(site["customer"].get(CHANGES).text)["revision"]
    number = check_forms(ann)
    check_changes(ann, number)
    check_choice(ann, number)
    check_refusals(site, number)
    check_program(ann, database, begin)
    number = insert(admin, **HOSTILE)
    form = values_of(ann.get(f"/admin/supplier-update/{number}").text)
    assert save(ann, form, email=MARKUP + "x").status == 422
    for path in ("/admin", "/admin/suppliers",
                 "/admin/suppliers.csv", "/admin/history",
                 "/admin/history.csv", f"/admin/supplier-history/{number}",
                 f"/admin/supplier-remove/{number}"):
        assert ann.get(path).status == 200
    check_imports(ann, admin, number)
    check_uploads(ann, database)
    page = ann.get("/admin/history")
    assert PERSON in html.unescape(page.text)
    assert f"key {PROGRAM}" in html.unescape(page.text)
    for method, route in routes("customer"):
        path = route.replace("{id}", str(number))
        assert check(site["customer"].get(path), path).status == 200
    shows(site["customer"].get(f"{CHANGES}?since={begin}"), CHANGES)
    for name, daemon in site.items():
        daemon.stop()
        check_log(daemon)
        missing = set(routes(name)) - asked(daemon)
        assert not missing, f"no request here for {missing}: add one"
