"""Forms: what they carry, what comes back, and what is never done twice."""
import re
import subprocess
import unicodedata
import urllib.parse

import pytest

import harness
from fields import OF_ONE_LINE
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


# The key of a form that has saved something, with another text: typed on after
# a broken connection, or the next one after going back in the browser.

NEXT = {"name": "Next", "address": "2 Next St", "city": "Odense",
        "state": "", "country": "Danmark", "email": "next@example.com",
        "phone": "+45 66 12 34 56", "website": "", "notes": ""}


def asked(page):
    """The form of the page that asks which supplier is meant."""
    assert page.status == 409 and "Is this a different supplier?" in page.text
    assert "Save as a new supplier" in page.text
    assert 'formaction="/admin/supplier-update"' in page.text
    assert 'name="preview"' not in page.text
    return values_of(page.text)


def add_form(employee, **fields):
    return {**values_of(employee.get("/admin/supplier-add").text), **fields}


def test_the_next_supplier_in_the_same_form_is_asked_about(employee,
                                                           database):
    """Three are added by going back each time: three are there."""
    form = add_form(employee, **SUPPLIER)
    saved(employee.post("/admin/supplier-add", form))
    typed = [{**NEXT, "name": f"Next {n}", "email": f"n{n}@example.com",
              "phone": f"+45 66 12 34 5{n}"} for n in range(2)]
    page = employee.post("/admin/supplier-add", {**form, **typed[0]})
    question = asked(page)
    assert typed_of(page.text) == typed[0]
    assert SUPPLIER["name"] in page.text
    assert names(database) == [SUPPLIER["name"]]
    saved(employee.post("/admin/supplier-add", question))
    # back to the question, and the third one typed there
    page = employee.post("/admin/supplier-add", {**question, **typed[1]})
    again = asked(page)
    assert "already added <a" in page.text and ">Next 0</a>" in page.text
    first = employee.post("/admin/supplier-add", again)
    second = employee.post("/admin/supplier-add", again)
    assert saved(first) == saved(second)
    assert names(database) == [SUPPLIER["name"], "Next 0", "Next 1"]


def test_a_correction_in_the_same_form(employee, database):
    """The first answer got lost; the person went on and sent it again."""
    form = add_form(employee, **SUPPLIER)
    saved(employee.post("/admin/supplier-add", form))
    question = asked(employee.post("/admin/supplier-add",
                                   {**form, "city": "Łódź"}))
    database.sql("UPDATE suppliers SET state = 'Theirs'")
    first, second = save(employee, question), save(employee, question)
    assert saved(first) == saved(second)
    row, = rows(database)
    assert (row["city"], row["state"]) == ("Łódź", "Theirs")


@pytest.mark.parametrize("fields, button", [
    ({"phone": "?"}, {}), ({}, {"preview": "1"})])
def test_a_fault_or_a_preview_does_not_answer_the_question(
        employee, database, fields, button):
    """A form that came back in between keeps the used key: it is asked."""
    form = add_form(employee, **SUPPLIER)
    saved(employee.post("/admin/supplier-add", form))
    page = employee.post("/admin/supplier-add",
                         {**form, **NEXT, **fields, **button})
    assert page.status == 200 if button else 422
    asked(employee.post("/admin/supplier-add",
                        {**values_of(page.text), **NEXT}))
    assert names(database) == [SUPPLIER["name"]]


def test_save_anyway_does_not_answer_the_question(employee, database):
    form = add_form(employee, **SUPPLIER, anyway="1")
    saved(employee.post("/admin/supplier-add", form))
    question = asked(employee.post("/admin/supplier-add",
                                   {**form, **SUPPLIER, "city": "Odense"}))
    assert "anyway" not in question
    page = employee.post("/admin/supplier-add", question)
    assert page.status == 409 and "Is it one of these?" in page.text
    assert names(database) == [SUPPLIER["name"]]


def test_a_correction_that_others_have_made_too(employee, database):
    form = add_form(employee, **SUPPLIER)
    saved(employee.post("/admin/supplier-add", form))
    database.sql("UPDATE suppliers SET city = 'Theirs'")
    question = asked(employee.post("/admin/supplier-add",
                                   {**form, "city": "Mine"}))
    page = save(employee, question)
    assert page.status == 409 and "Update supplier" in title_of(page)
    saved(save(employee, values_of(page.text)))
    assert [row["city"] for row in rows(database)] == ["Mine"]


def test_the_next_edit_in_the_same_form(employee, database):
    """It is based on what the form shows: what others had changed before its
    first save stays, and so does what they changed after it."""
    number, _ = add(employee)
    form = open_form(employee, number)
    database.sql("UPDATE suppliers SET city = 'Theirs'")
    saved(save(employee, form, name="Mine"))
    database.sql("UPDATE suppliers SET state = 'Theirs, too'")
    saved(save(employee, form, name="Mine", address="Mine, too"))
    saved(save(employee, form, name=form["name"], address="Mine, too"))
    row, = rows(database)
    assert (row["name"], row["address"], row["city"], row["state"]) == (
        SUPPLIER["name"], "Mine, too", "Theirs", "Theirs, too")


FORM = "application/x-www-form-urlencoded"

# What a program sends that knows nothing of browsers.
PROGRAMS = {
    "http.client": {},
    "curl": {"User-Agent": "curl/7.88.1", "Accept": "*/*"},
    "requests": {"User-Agent": "python-requests/2.28.1", "Accept": "*/*",
                 "Accept-Encoding": "gzip, deflate"},
    "PowerShell": {"User-Agent": "Mozilla/5.0 (Windows NT; Windows NT 10.0; "
                   "en-US) WindowsPowerShell/5.1"},
    "fetch in Node": {"User-Agent": "node", "Accept-Language": "*",
                      "Sec-Fetch-Mode": "cors"},
    "a token": {"Authorization": "Bearer abc"},
}


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("chunked", [False, True])
def test_scripts_need_nothing_but_a_form(employee, database, program, chunked):
    """No Origin, no hidden field, and a body with or without a length."""
    def send(path, fields):
        body = urllib.parse.urlencode(fields).encode()
        pieces = (body[i:i + 7] for i in range(0, len(body), 7))
        return employee.request("POST", path, pieces if chunked else body,
                                {"Content-Type": FORM, **PROGRAMS[program]})

    saved(send("/admin/supplier-add", SUPPLIER))
    number = rows(database)[0]["id"]
    saved(send("/admin/supplier-update",
               {**SUPPLIER, "id": number, "city": "Łódź"}))
    saved(send("/admin/supplier-update",
               {**SUPPLIER, "id": number, "city": "Gdańsk",
                "revision": "", "form_key": "", "list": ""}))
    assert rows(database)[0]["city"] == "Gdańsk"
    saved(employee.request("POST", f"/admin/supplier-remove/{number}", b"",
                           PROGRAMS[program]))
    assert rows(database) == []


def test_curl_posts(employee, database):
    """The very lines of docs/api.md."""
    text = (harness.ROOT / "docs/api.md").read_text()
    lines = re.search(r"    (curl -sS .*?supplier-add)\n", text, re.S)[1]
    done = subprocess.run(
        ["bash", "-c", lines.replace("127.0.0.1:8080", employee.host) +
         " -o /dev/null -w '%{http_code}'"],
        capture_output=True, text=True, check=False)
    assert done.stdout == "303", done.stderr
    assert len(rows(database)) == 1


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data",
                                  "text/plain", None])
def test_a_post_that_is_no_form_changes_nothing(employee, database, kind):
    """A revision in it would not be read: nothing is removed in spite of it."""
    number, revision = add(employee)
    fields = {"Content-Type": kind} if kind else {}
    for path in ("/admin/supplier-add", "/admin/supplier-update",
                 f"/admin/supplier-remove/{number}",
                 f"/admin/supplier-restore/{revision}"):
        done = employee.request("POST", path, b'{"revision":1}', fields)
        assert done.status == 415, path
        assert FORM in done.text
    assert len(rows(database)) == 1


# What a browser sends that names no origin.
BROWSERS = [
    {"Origin": None, "Cookie": "a=b"},
    {"Origin": None, "Referer": "http://cafe.example/admin/supplier-add"},
    {"Origin": None, "Authorization": "Basic YTpi"},
    {"Origin": None, "User-Agent": "Mozilla/5.0 (X11) Firefox/60.0",
     "Accept-Language": "en"},
    {"Origin": "null"},
]


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
    assert "<script>" not in page.text and 'href="javascript' not in page.text
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
    typed = {**SUPPLIER, "notes": "x" * (600 * 1024)}
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


@pytest.mark.parametrize("sent", BROWSERS)
def test_without_an_origin_it_comes_back_filled_in(employee, database, sent):
    page = employee.post("/admin/supplier-add", SUPPLIER, **sent)
    assert page.status == 403
    assert typed_of(page.text) == SUPPLIER
    assert "did not say which site" in page.text
    assert rows(database) == []
    number, revision = add(employee)
    values = {**open_form(employee, number), "city": "typed"}
    page = employee.post("/admin/supplier-update", values, **sent)
    assert page.status == 403 and values_of(page.text) == values
    assert rows(database)[0]["city"] == SUPPLIER["city"]
    assert save(employee, values_of(page.text)).status == 303
    large = employee.post("/admin/supplier-add", {"notes": "x" * 300000},
                          **sent)
    assert large.status == 403 and len(typed_of(large.text)["notes"]) == 300000


@pytest.mark.parametrize("headers", [
    {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"},
    {"Sec_Fetch_Site": "cross-site", "Origin": "null"},
    {"Sec_Fetch_Site": "cross-site", "Origin": None},
    {"Sec_Fetch_Site": "cross-site", "Origin": "http://evil.example"}])
def test_from_another_site_nothing_comes_back(employee, headers):
    page = employee.post("/admin/supplier-add", SUPPLIER, **headers)
    assert page.status == 403
    assert "<textarea" not in page.text and SUPPLIER["city"] not in page.text


def test_from_an_unknown_origin_it_comes_back_with_a_warning(employee,
                                                            database):
    """It may be this site behind a proxy that changes Host, or another one."""
    origin = "http://evil.example"
    page = employee.post("/admin/supplier-add", SUPPLIER, Origin=origin)
    assert page.status == 403 and typed_of(page.text) == SUPPLIER
    assert f"sent from {origin}, which" in page.text
    assert "another site tried" in page.text
    for origin in ("http://<b>", "http://" + "a" * 300, "ftp://a", "\xff"):
        page = employee.post("/admin/supplier-add", SUPPLIER, Origin=origin)
        assert page.status == 403 and typed_of(page.text) == SUPPLIER
        assert "did not say which site" in page.text, origin
    assert rows(database) == []


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
    assert page.status == 503 and "took too long" in page.text
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


@pytest.mark.parametrize("field", OF_ONE_LINE)
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
