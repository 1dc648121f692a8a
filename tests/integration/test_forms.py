"""Forms: what they carry, what comes back, and what is never done twice."""
import re
import unicodedata
import urllib.parse

import pytest

import harness
from form_pages import (KEY, SUPPLIER, add, anyway, names, open_form, raw_post,
                   rows, save, saved, title_of, typed_of, values_of)

FORMS = ("/admin/supplier-add", "/admin/supplier-update")


def test_each_form_has_a_key_of_its_own(employee):
    number, revision = add(employee)
    pages = ["/admin/supplier-add", f"/admin/supplier-update/{number}",
             f"/admin/supplier-remove/{number}"]
    keys = set()
    for path in pages + pages:
        values = values_of(employee.get(path).text)
        assert KEY.fullmatch(values["form_key"]), path
        keys.add(values["form_key"])
        assert values["revision"] == (
            "" if path.endswith("add") else str(revision)), path
    assert len(keys) == 6


def test_a_faulty_form_keeps_key_and_revision(employee):
    number, _ = add(employee)
    values = open_form(employee, number)
    page = save(employee, values, phone="?")
    assert page.status == 422
    again = values_of(page.text)
    assert {**again, "phone": values["phone"]} == values


def test_a_form_that_is_sent_twice_is_saved_once(employee, database):
    """A double click, a resent form: both end on the same page."""
    values = {**values_of(employee.get("/admin/supplier-add").text),
              **SUPPLIER}
    first = employee.post("/admin/supplier-add", values)
    second = employee.post("/admin/supplier-add", values)
    assert saved(first) == saved(second)
    assert names(database) == [SUPPLIER["name"]]
    number = rows(database)[0]["id"]
    values = {**open_form(employee, number), "city": "Łódź"}
    first, second = save(employee, values), save(employee, values)
    assert saved(first) == saved(second)
    assert database.sql("SELECT COUNT(*) FROM supplier_changes") == [["2"]]


def test_typed_on_after_it_was_saved_is_an_edit(employee, database):
    """The first answer got lost; the person went on and sent it again."""
    values = {**values_of(employee.get("/admin/supplier-add").text),
              **SUPPLIER}
    saved(employee.post("/admin/supplier-add", values))
    saved(employee.post("/admin/supplier-add", {**values, "city": "Łódź"}))
    assert [row["city"] for row in rows(database)] == ["Łódź"]


def test_typed_on_and_changed_by_others_can_be_resolved(employee, database):
    """The clash page of a form that was saved before leads on, not back."""
    values = {**values_of(employee.get("/admin/supplier-add").text),
              **SUPPLIER}
    saved(employee.post("/admin/supplier-add", values))
    database.sql("UPDATE suppliers SET city = 'Theirs'")
    page = employee.post("/admin/supplier-add", {**values, "city": "Mine"})
    assert page.status == 409 and "Update supplier" in title_of(page)
    saved(save(employee, values_of(page.text)))
    assert [row["city"] for row in rows(database)] == ["Mine"]


def test_scripts_need_no_hidden_fields(employee, database):
    saved(employee.post("/admin/supplier-add", SUPPLIER))
    number = rows(database)[0]["id"]
    saved(employee.post("/admin/supplier-update",
                        {**SUPPLIER, "id": number, "city": "Łódź"}))
    saved(employee.post("/admin/supplier-update",
                        {**SUPPLIER, "id": number, "city": "Gdańsk",
                         "revision": "", "form_key": "", "list": ""}))
    assert rows(database)[0]["city"] == "Gdańsk"
    saved(employee.request("POST", f"/admin/supplier-remove/{number}", b"",
                           {"Origin": f"http://{employee.host}"}))
    assert rows(database) == []


@pytest.mark.parametrize("value", ["short", "x" * 23, "ä" * 22, "." * 22])
def test_a_damaged_key_comes_back_fresh(employee, database, value):
    number, revision = add(employee)
    values = {**open_form(employee, number), "city": "typed"}
    page = save(employee, values, form_key=value)
    assert page.status == 400 and "damaged" in page.text
    assert title_of(page).startswith("Error: ")
    again = values_of(page.text)
    assert again["city"] == "typed"
    assert again["revision"] == str(revision)
    assert KEY.fullmatch(again["form_key"])
    assert rows(database)[0]["city"] == SUPPLIER["city"]
    assert save(employee, again).status == 303


@pytest.mark.parametrize("origin, status", [("null", 403), ("own", 400)])
@pytest.mark.parametrize("value", ["9x", "-1", "01", "9" * 30])
def test_a_damaged_revision_makes_each_difference_a_clash(
        employee, database, value, origin, status):
    """What others made of it meanwhile is not lost."""
    number, _ = add(employee)
    values = {**open_form(employee, number), "city": "typed"}
    database.sql("UPDATE suppliers SET name = 'Theirs'")
    origin = origin if origin == "null" else f"http://{employee.host}"
    page = employee.post("/admin/supplier-update",
                         {**values, "revision": value}, Origin=origin)
    assert page.status == status and title_of(page).startswith("Error: ")
    assert values_of(page.text)["city"] == "typed"
    page = save(employee, values_of(page.text))
    assert page.status == 409
    assert re.findall(r'<li><a href="#(\w+)"', page.text) == ["name", "city"]
    assert rows(database)[0]["name"] == "Theirs"
    saved(save(employee, values_of(page.text)))


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("field", ["name", "notes", "form_key", "list",
                                   "anyway"])
def test_repeated_fields(employee, database, path, field):
    number, _ = add(employee)
    values = {**SUPPLIER, "id": number, "city": "typed"}
    first = {**values, field: values.get(field, "x" * 22)}
    body = urllib.parse.urlencode([*first.items(), (field, "second")])
    page = raw_post(employee, path, body)
    assert page.status == 400 and "more than once" in page.text
    assert typed_of(page.text) == {**SUPPLIER, "city": "typed"}
    assert len(rows(database)) == 1
    assert rows(database)[0]["city"] == SUPPLIER["city"]


def test_a_repeated_id_or_revision(employee, database):
    number, _ = add(employee)
    for field in ("id", "revision"):
        body = urllib.parse.urlencode(
            [*{**SUPPLIER, "id": number, "revision": 1, "city": "x"}.items(),
             (field, 1)])
        page = raw_post(employee, "/admin/supplier-update", body)
        assert page.status == 400 and typed_of(page.text)["city"] == "x"
    assert rows(database)[0]["city"] == SUPPLIER["city"]


def test_unknown_fields_are_ignored(employee, database):
    body = urllib.parse.urlencode([*SUPPLIER.items(), ("fax", "1"),
                                   ("fax", "2")])
    saved(raw_post(employee, "/admin/supplier-add", body))
    assert names(database) == [SUPPLIER["name"]]


def test_enter_saves(employee):
    """The first button of the form is what the Enter key presses."""
    number, _ = add(employee)
    for path in ("/admin/supplier-add", f"/admin/supplier-update/{number}"):
        form = re.search(r'<form method="post".*?</form>',
                         employee.get(path).text, re.S)[0]
        buttons = re.findall(r"<button([^>]*)>(.*?)</button>", form)
        assert buttons[0][1] == "Save" and "name=" not in buttons[0][0]
        assert 'name="preview"' in buttons[1][0]


# Notes.

def test_preview_shows_and_saves_nothing(employee, database):
    number, _ = add(employee)
    values = {**open_form(employee, number), "phone": "?",
              "notes": "**bold** <script>alert(1)</script> [x](javascript:y)"}
    page = save(employee, values, preview="1")
    assert page.status == 200
    assert "<strong>bold</strong>" in page.text
    assert "<script" not in page.text and 'href="javascript' not in page.text
    assert values_of(page.text) == values
    assert rows(database)[0]["notes"] == SUPPLIER["notes"]
    page = employee.post("/admin/supplier-add",
                         {"notes": "- one\n- two", "preview": "1"})
    assert page.status == 200 and "<li>one</li>" in page.text
    assert len(rows(database)) == 1


@pytest.mark.parametrize("notes", [
    "> " * 100 + "Ring twice", "- " * 1000 + "Ring twice",
    "1. " * 3000 + "Ring twice", "<div>Ring twice</div>",
    "<!-- Ring twice -->"],
    ids=["quotes", "lists", "numbers", "HTML", "comment"])
def test_notes_never_vanish(employee, customer, notes):
    """What can't be formatted is shown as plain text."""
    number, _ = add(employee, notes=notes)
    page = customer.get(f"/suppliers/{number}")
    assert page.status == 200 and "Ring twice" in page.text
    assert "<div>Ring" not in page.text and "<!-- Ring" not in page.text
    values = open_form(employee, number)
    assert values["notes"] == notes
    preview = save(employee, values, preview="1").text
    assert "plain text" in preview
    shown = preview[preview.index("Preview of the notes"):]
    assert "Ring twice" in shown[:shown.index("</section>")]


# Posts that are refused.

def test_too_large_comes_back_filled_in(employee, database):
    typed = {**SUPPLIER, "notes": "x" * (200 * 1024)}
    page = employee.post("/admin/supplier-add", typed)
    assert page.status == 413 and "too large" in page.text
    assert typed_of(page.text) == typed
    assert "Shorten the supplier notes by" in page.text
    assert KEY.fullmatch(values_of(page.text)["form_key"])
    number, _ = add(employee)
    page = save(employee, open_form(employee, number), notes=typed["notes"])
    assert page.status == 413 and values_of(page.text)["id"] == str(number)
    whole = employee.post("/admin/supplier-add",
                          {"notes": "&" * (1024 * 1024 // 3 - 10)})
    assert whole.status == 413 and typed_of(whole.text)["notes"][:2] == "&&"
    more = employee.post("/admin/supplier-add", {"notes": "x" * 1024 * 1024})
    assert more.status == 413 and "<textarea" not in more.text
    assert len(rows(database)) == 1


@pytest.mark.parametrize("origin", [None, "null"])
def test_without_an_origin_it_comes_back_filled_in(employee, database, origin):
    page = employee.post("/admin/supplier-add", SUPPLIER, Origin=origin)
    assert page.status == 403
    assert typed_of(page.text) == SUPPLIER
    assert "did not say from which page" in page.text
    assert rows(database) == []
    number, revision = add(employee)
    values = {**open_form(employee, number), "city": "typed"}
    page = employee.post("/admin/supplier-update", values, Origin=origin)
    assert page.status == 403 and values_of(page.text) == values
    assert rows(database)[0]["city"] == SUPPLIER["city"]
    assert save(employee, values_of(page.text)).status == 303
    large = employee.post("/admin/supplier-add", {"notes": "x" * 300000},
                          Origin=origin)
    assert large.status == 403 and len(typed_of(large.text)["notes"]) == 300000


@pytest.mark.parametrize("headers", [
    {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"},
    {"Sec_Fetch_Site": "cross-site", "Origin": "null"},
    {"Sec_Fetch_Site": "cross-site", "Origin": None},
    {"Origin": "http://evil.example"}])
def test_from_another_site_nothing_comes_back(employee, headers):
    page = employee.post("/admin/supplier-add", SUPPLIER, **headers)
    assert page.status == 403
    assert "<textarea" not in page.text and SUPPLIER["city"] not in page.text


def test_without_access_nothing_comes_back(start, database, customer):
    employee = start("employee", database, APP_ALLOW="192.0.2.0/24")
    for origin in (None, "null", f"http://{employee.host}"):
        page = employee.post("/admin/supplier-add", SUPPLIER, Origin=origin)
        assert page.status == 404 and "Administrator link" in page.text
        assert SUPPLIER["city"] not in page.text


def test_the_database_away_and_back(start, folder):
    """The form is still there, and sending it again adds once."""
    own = harness.Database(folder)
    own.start()
    own.make_ready()
    employee = start("employee", own, APP_CATALOG_WAIT_MS=500)
    number, _ = add(employee)
    values = {**open_form(employee, number), "city": "typed"}
    adding = {**values_of(employee.get("/admin/supplier-add").text),
              **anyway(name="Other")}
    own.kill()
    page = save(employee, values)
    assert page.status == 503 and page.headers["Retry-After"]
    assert values_of(page.text) == values
    assert "is still here" in page.text
    assert employee.post("/admin/supplier-add", adding).status == 503
    home = employee.get("/admin")
    assert home.status == 200 and "not available right now" in home.text
    own.start()
    try:
        harness.wait_until(
            lambda: employee.get("/readyz").status == 200, "it is back")
        again = save(employee, values_of(page.text))
        assert saved(again) == saved(save(employee, values))
        saved(employee.post("/admin/supplier-add", adding))
        saved(employee.post("/admin/supplier-add", adding))
        assert sorted(names(own)) == sorted([SUPPLIER["name"], "Other"])
        assert rows(own)[0]["city"] == "typed"
    finally:
        own.stop()


def test_a_row_that_somebody_holds(employee, database):
    """A transaction left open at a prompt: 503 after 3 s, the form kept."""
    from writers import connect, query
    number, _ = add(employee)
    values = {**open_form(employee, number), "city": "typed"}
    prompt = connect(database, autocommit=False)
    query(prompt, "SELECT id FROM suppliers WHERE id = %s FOR UPDATE", number)
    page = save(employee, values)
    assert page.status == 503 and "could not do this in time" in page.text
    assert values_of(page.text) == values
    prompt.rollback()
    saved(save(employee, values_of(page.text)))


# Texts of the world.

WORLD = {
    "four bytes": "\U0001F375" * 255,
    "right to left": "مقهى الحبوب العربية",
    "hebrew": "בית קפה",
    "combining": "Cafe\u0301 Łódź",
    "many marks": "e\u0301" * 120,
}


@pytest.mark.parametrize("kind", WORLD)
def test_texts_of_the_world(employee, database, customer, kind):
    text = WORLD[kind]
    fields = {name: text for name in ("name", "address", "city", "state",
                                      "country", "notes")}
    fields["email"] = text[:100] + "@" + text[:100] if " " not in text \
        else "a@b"
    number, _ = add(employee, **fields)
    stored = rows(database)[0]
    for name, value in fields.items():
        assert stored[name] == unicodedata.normalize("NFC", value), name
    form = typed_of(employee.get(f"/admin/supplier-update/{number}").text)
    assert form["name"] == unicodedata.normalize("NFC", text)
    assert unicodedata.normalize("NFC", text) in customer.get(
        "/suppliers").text


@pytest.mark.parametrize("field", ["name", "address", "city", "state",
                                   "country", "email", "phone"])
@pytest.mark.parametrize("text", ["one\ttwo", "one\ntwo", "one\r\ntwo"])
def test_one_line_is_asked_for_kindly(employee, database, field, text):
    page = employee.post("/admin/supplier-add", {**SUPPLIER, field: text})
    assert page.status == 422
    assert f'href="#{field}"' in page.text
    assert f'aria-describedby="{field}-hint {field}-message"' in page.text or \
        f'aria-describedby=" {field}-message"' in page.text
    assert typed_of(page.text)[field] == text
    assert rows(database) == []


def test_the_summary_has_the_focus(employee):
    page = employee.post("/admin/supplier-add", {})
    summary = re.search(r'<div class="summary"[^>]*>', page.text)[0]
    assert "autofocus" in summary and 'tabindex="-1"' in summary
    assert page.text.count('aria-invalid="true"') == 5
