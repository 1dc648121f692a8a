"""Posts of employees that are refused, other than that of the supplier's form:
what was chosen and typed is on the page, which leads to the preview."""
import re

import pytest

from form_pages import (SUPPLIER, add, hidden_of, open_form, rows, save, saved,
                        title_of, typed_of)
from refusals import (BROWSER, come_back, link_of, make_away, make_file,
                      make_kind, make_refuser, shown)
from test_chosen import CHANGE, END, LOOK, field, form_of, make_ids
from test_delete_and_keep import hidden, seen
from test_undo import change, restore_of, undo_of

VALUE = "Perú <b> & \"more\""


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


# One supplier: deleting, going back.

def check_role(path, page):
    """A reader finds no way on; an editor reloads and has done it."""
    assert "<button" not in page.text and path not in page.text
    assert "then reload this page" in page.text
    assert 'href="/admin/suppliers?q=Old"' in page.text


def follow(refuser, kind, database, page, path, form):
    """What the page that asks would send: that form again, with its choices."""
    if kind == "role":
        check_role(path, page)
        return form
    before = rows(database)
    asked = refuser.get(link_of(page))
    assert rows(database) == before
    fields = {**hidden_of(asked.text, path), **dict(re.findall(
        r'name="(use-\w+)" value="(\w+)" required checked', asked.text))}
    assert {**fields, "form_key": ""} == {
        **{name: form[name] for name in fields}, "form_key": ""}
    return fields


def asked_about(refuser):
    """A change of which one field was changed again since; its revision."""
    number, _ = add(refuser)
    wrong = change(refuser, number, phone="020 7946 0958", city="Second",
                   state="Second")
    change(refuser, number, city="Third", state="Third")
    return number, wrong


def test_the_choices_of_an_undo_lead_to_its_question(refuser, kind, database):
    _, wrong = asked_about(refuser)
    path = undo_of(wrong)
    form = {**hidden_of(refuser.get(path).text, path), "list": "q=Old",
            "use-city": "before", "use-state": "now"}
    before = rows(database)
    page = refuser.refuse(path, {**form, "use-evil": "before",
                                 "use-phone": "evil"})
    assert shown(page) == {"City": "Put back what was there before",
                           "State": "Keep what is there now"}
    assert "evil" not in page.text
    assert rows(database) == before
    done = refuser.post(path, follow(refuser, kind, database, page, path,
                                     form))
    saved(done)
    assert done.headers["Location"].startswith("/admin/suppliers?q=Old&")
    row, = rows(database)
    assert (row["phone"], row["city"], row["state"]) == \
        (SUPPLIER["phone"], SUPPLIER["city"], "Third")


@pytest.mark.parametrize("deed", ["restore", "remove", "undo all"])
def test_without_choices_it_leads_to_the_question(refuser, kind, database,
                                                  deed):
    number, wrong = asked_about(refuser)
    path = {"restore": restore_of(wrong),
            "remove": f"/admin/supplier-remove/{number}"}.get(deed)
    if path is None:
        other, _ = add(refuser, name="Other")
        form = preview_of(refuser, [number, other], deed="delete")
        done = refuser.post(CHANGE, form)
        path = re.search(r"/admin/changes-undo/[\w-]{22}", refuser.get(
            done.headers["Location"]).text)[0]
    before = rows(database)
    form = {**hidden_of(refuser.get(path).text, path), "list": "q=Old"}
    page = refuser.refuse(path, form)
    assert shown(page) == {} and "What you chose" not in page.text
    assert rows(database) == before
    form = follow(refuser, kind, database, page, path, form)
    done = refuser.post(path, form)
    assert saved(done) == saved(refuser.post(path, form))
    after = rows(database)
    assert [row["phone"] for row in after] == {
        "restore": ["020 7946 0958"], "remove": [],
        "undo all": ["020 7946 0958", SUPPLIER["phone"]]}[deed]


def question_of(refuser, number, typed):
    """Delete, pressed in a form in which something was typed."""
    question = save(refuser, open_form(refuser, number, "?q=Old"),
                    preview="delete", **typed)
    assert question.status == 200
    return {**hidden(question.text), "seen": seen(question.text)}


TYPED = {"name": VALUE, "city": "", "notes": "Two\r\nlines <b>"}


def test_what_was_typed_before_deleting_is_kept(refuser, kind, database):
    number, _ = add(refuser)
    form = question_of(refuser, number, TYPED)
    path = f"/admin/supplier-remove/{number}"
    page = refuser.refuse(path, {**form, "evil": "evil"})
    assert shown(page)["Name"] == VALUE
    assert shown(page)["Notes"].split() == TYPED["notes"].split()
    assert len(rows(database)) == 1 and "evil" not in page.text
    if kind == "role":
        check_role(path, page)
        done = refuser.post(path, form)
    else:
        update = "/admin/supplier-update"
        question = refuser.post(update, {**hidden_of_all(page, update),
                                         "preview": "delete"})
        assert 'name="preview" value="delete">Continue<' in page.text
        assert title_of(question).startswith("Delete this supplier")
        assert but_key(sorted(hidden(question.text).items())) == \
            but_key(sorted((k, v) for k, v in form.items() if k != "seen"))
        kept = save(refuser, hidden(question.text), preview="keep")
        assert typed_of(kept.text) == {
            **SUPPLIER, **TYPED, "notes": "Two\nlines <b>"}
        done = refuser.post(path, {**hidden(question.text),
                                   "seen": seen(question.text)})
    saved(done)
    assert rows(database) == []


def hidden_of_all(page, action):
    return dict(form_of(page.text, action))


# The database away.

def test_without_a_database_what_was_typed_is_kept(start, away):
    """The daemon has seen no supplier, so it can't show the question."""
    own, kill = away
    employee = start("employee", own)
    number, _ = add(employee)
    form = question_of(employee, number, TYPED)
    path = f"/admin/supplier-remove/{number}"
    employee = kill()
    page = employee.post(path, form)
    assert page.status == 503 and page.headers["Retry-After"]
    assert title_of(page).startswith("The directory is not available")
    assert shown(page)["Name"] == VALUE
    update = "/admin/supplier-update"
    fields = {**hidden_of_all(page, update), "preview": "delete"}
    come_back(own, employee)
    question = employee.post(update, fields)
    assert title_of(question).startswith("Delete this supplier")
    saved(employee.post(path, {**hidden(question.text),
                               "seen": seen(question.text)}))
    assert rows(own) == []


def test_without_a_database_the_choices_of_an_undo_are_kept(start, away):
    own, kill = away
    employee = start("employee", own)
    _, wrong = asked_about(employee)
    path = undo_of(wrong)
    picks = {"use-city": "before", "use-state": "now"}
    form = {**hidden_of(employee.get(path).text, path), **picks}
    employee = kill()
    page = employee.post(path, form)
    assert page.status == 503
    sent = hidden_of_all(page, path)
    assert {name: sent[name] for name in picks} == picks
    come_back(own, employee)
    saved(employee.post(path, sent))
    row, = rows(own)
    assert (row["city"], row["state"]) == (SUPPLIER["city"], "Third")


__all__ = ["make_away", "make_file", "make_ids", "make_kind", "make_refuser"]
