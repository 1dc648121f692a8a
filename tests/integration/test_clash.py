"""Two people, one supplier: both see what happened, and nothing is lost."""
import html
import re
import threading

import pytest

import harness
from form_pages import (SUPPLIER, add, anyway, hidden_of, names, open_form, rows,
                   save, saved, title_of, typed_of, values_of)
from writers import Kept, connect, query


def test_a_clash_is_shown_and_resolved(employee, database):
    number, _ = add(employee)
    mine = open_form(employee, number)
    theirs = saved(employee.post(
        "/admin/supplier-update",
        {**open_form(employee, number), "city": "Their <city>",
         "phone": "555-0199", "state": "Theirs"}, X_Forwarded_For="10.1.2.3"))
    page = save(employee, mine, city="My city", phone="555-0123",
                name="My name")
    assert page.status == 409
    assert title_of(page).startswith("Update supplier")
    text = html.unescape(page.text)
    for part in ("Before", SUPPLIER["city"], "Their version", "Their <city>",
                 "Somebody at 10.1.2.3</bdi> changed this",
                 f"/admin/supplier-history/{number}"):
        assert part in text, part
    values = values_of(page.text)
    assert values["city"] == "My city" and values["name"] == "My name"
    assert values["state"] == "Theirs"      # merged, and said so
    assert "Changed by somebody else from" in page.text
    assert page.text.count("Changed by somebody else from") == 1
    assert re.findall(r'<li><a href="#(\w+)"', page.text) == ["city", "phone"]
    assert values["revision"] == str(theirs)
    assert rows(database)[0]["city"] == "Their <city>"
    # one button saves: the person keeps her city and takes their phone
    done = save(employee, values, **{
        "use-city": "mine", "theirs-city": "Their <city>",
        "use-phone": "theirs", "theirs-phone": "555-0199"})
    saved(done)
    row = rows(database)[0]
    assert (row["city"], row["phone"], row["name"], row["state"]) == (
        "My city", "555-0199", "My name", "Theirs")


def test_the_clash_page_holds_what_they_typed(employee, database):
    """Also notes of many lines, unchanged."""
    number, _ = add(employee)
    mine = open_form(employee, number)
    notes = "# Theirs\n\n<b>&amp;\n  two"
    saved(save(employee, open_form(employee, number), notes=notes))
    page = save(employee, mine, notes="mine")
    kept = html.unescape(re.search(r'name="theirs-notes" value="([^"]*)"',
                                   page.text)[1])
    assert kept == notes
    saved(save(employee, values_of(page.text),
               **{"use-notes": "theirs", "theirs-notes": kept}))
    assert database.sql("SELECT notes = '# Theirs\n\n<b>&amp;\n  two'"
                        " FROM suppliers") == [["1"]]


CHOICE = re.compile(r'name="theirs-(\w+)" value="([^"]*)">.*?'
                    r'name="use-\1" value="theirs"([^>]*)>.*?'
                    r'name="use-\1" value="mine"([^>]*)>', re.S)
WAS = re.compile(r'name="was-(\w+)" value="([^"]*)"')


def choices_of(text):
    """What a page lets people choose: theirs, and which one is checked."""
    return {name: (html.unescape(theirs),
                   "theirs" if "checked" in first else
                   "mine" if "checked" in second else None)
            for name, theirs, first, second in CHOICE.findall(text)}


def chosen(text, **uses):
    """The form of a clash page, with a choice where one is made."""
    form = values_of(text)
    for name, was in WAS.findall(text):
        form[f"was-{name}"] = html.unescape(was)
    for name, (theirs, use) in choices_of(text).items():
        form[f"theirs-{name}"] = theirs
        if uses.get(name, use):
            form[f"use-{name}"] = uses.get(name, use)
    return form


def clash_of(employee, number):
    """A clash page's form: their name was chosen, and the own city."""
    mine = open_form(employee, number)
    saved(save(employee, open_form(employee, number), name="Their <name>",
               city="Their city"))
    page = save(employee, mine, name="My name", city="My city")
    assert page.status == 409
    assert choices_of(page.text) == {"name": ("Their <name>", None),
                                     "city": ("Their city", None)}
    return chosen(page.text, name="theirs", city="mine")


@pytest.mark.parametrize("use", [None, "", "other"])
def test_what_is_not_chosen_is_asked_again(employee, database, use):
    """Neither version is taken by accident, and nothing typed is lost."""
    number, _ = add(employee)
    form = {**clash_of(employee, number), "use-city": use, "state": "Mine"}
    if use is None:
        del form["use-city"]
    page = save(employee, form)
    assert page.status == 422
    assert re.findall(r'<li><a href="#(\w+)">([^<]*)', page.text) == [
        ("city", "City: choose their version or yours")]
    assert choices_of(page.text) == {"name": ("Their <name>", "theirs"),
                                     "city": ("Their city", None)}
    assert WAS.findall(page.text) == [("name", html.escape(SUPPLIER["name"])),
                                      ("city", html.escape(SUPPLIER["city"]))]
    assert {**typed_of(page.text)} == {
        **SUPPLIER, "name": "My name", "city": "My city", "state": "Mine"}
    assert rows(database)[0]["city"] == "Their city"
    saved(save(employee, chosen(page.text, city="mine")))
    row = rows(database)[0]
    assert (row["name"], row["city"], row["state"]) == (
        "Their <name>", "My city", "Mine")


@pytest.mark.parametrize("stored, carried", [(5461, 1), (21845, 0)])
def test_the_longest_notes_can_be_chosen(employee, database, stored, carried):
    """As long as can be typed, and as long as SQL can store: a form carries
    the text before only where that leaves room for the others."""
    number, _ = add(employee)
    sql = (f"UPDATE suppliers SET notes = CONCAT('%s',"
           f" REPEAT('\u20ac', {stored - 1}))")
    database.sql(sql % "A")
    mine = open_form(employee, number)
    database.sql(sql % "B")
    typed = 5461 * "\u20ac"
    page = save(employee, mine, notes=typed)
    assert page.status == 409 and len(WAS.findall(page.text)) == carried
    page = save(employee, chosen(page.text))
    assert page.status == 422 and typed_of(page.text)["notes"] == typed
    assert len(WAS.findall(page.text)) == carried
    saved(save(employee, chosen(page.text, notes="theirs")))
    assert rows(database)[0]["notes"] == "B" + (stored - 1) * "\u20ac"


def test_each_version_has_a_column(employee):
    """Before, theirs, yours, in this order, each in its own box."""
    number, _ = add(employee)
    mine = open_form(employee, number)
    saved(save(employee, open_form(employee, number), city="Their city"))
    page = save(employee, mine, city="My city")
    columns = page.text.split('<div class="version">')[1:]
    assert [re.findall("Before|Their version|Your version", column)[0]
            for column in columns] == ["Before", "Their version",
                                       "Your version"]
    for column, text in zip(columns, (SUPPLIER["city"], "Their city",
                                      'value="My city"')):
        assert text in html.unescape(column), text


def test_typing_the_same_needs_no_choice(employee, database):
    number, _ = add(employee)
    form = clash_of(employee, number)
    del form["use-city"]
    saved(save(employee, form, city="Their city"))
    assert rows(database)[0]["city"] == "Their city"


def test_the_saved_notice_gets_the_focus(employee):
    """As the summary of errors does, so that it is announced."""
    number, _ = add(employee)
    done = save(employee, open_form(employee, number), city="New")
    page = employee.get(done.headers["Location"])
    assert re.search(r'<div class="done" role="status" tabindex="-1"'
                     r" autofocus[^>]*>\n<p>Saved", page.text)
    assert page.text.count("autofocus") == 1


@pytest.mark.parametrize("fields, origin, status", [
    ({"preview": "1"}, None, 200), ({"phone": "?"}, None, 422),
    ({"email": "alike@example.com"}, None, 409), ({}, "null", 403)])
def test_a_choice_survives_what_stands_in_the_way(employee, database, fields,
                                                  origin, status):
    """Nothing is saved yet, so both texts and the choice come back."""
    add(employee, name="Alike", email="alike@example.com", phone="1234567")
    number, _ = add(employee)
    form = clash_of(employee, number)
    origin = origin or f"http://{employee.host}"
    page = employee.post("/admin/supplier-update", {**form, **fields},
                         Origin=origin)
    assert page.status == status
    assert typed_of(page.text)["name"] == "My name"
    assert choices_of(page.text) == {"name": ("Their <name>", "theirs"),
                                     "city": ("Their city", "mine")}
    saved(save(employee, chosen(page.text), phone="1234568", anyway="1"))
    row = rows(database)[1]
    assert (row["name"], row["city"]) == ("Their <name>", "My city")


def test_a_choice_survives_a_row_that_somebody_holds(employee, database):
    number, _ = add(employee)
    form = clash_of(employee, number)
    prompt = connect(database, autocommit=False)
    query(prompt, "SELECT id FROM suppliers WHERE id = %s FOR UPDATE", number)
    page = save(employee, form)
    prompt.rollback()
    assert page.status == 503 and chosen(page.text) == form


def test_a_choice_survives_the_next_clash(employee, database):
    """Their newest is shown; where theirs was taken, that still is. What was
    preferred to their older text is asked again."""
    number, _ = add(employee)
    form = clash_of(employee, number)
    saved(save(employee, open_form(employee, number), name="Newer name",
               city="Newer city"))
    page = save(employee, form)
    assert page.status == 409
    assert typed_of(page.text)["name"] == "My name"
    assert choices_of(page.text) == {"name": ("Newer name", "theirs"),
                                     "city": ("Newer city", None)}
    assert save(employee, chosen(page.text)).status == 422
    saved(save(employee, chosen(page.text, city="mine")))
    row, = rows(database)
    assert (row["name"], row["city"]) == ("Newer name", "My city")


def test_what_does_not_clash_is_merged_and_said(employee, database):
    number, _ = add(employee)
    mine = open_form(employee, number)
    saved(save(employee, open_form(employee, number), city="Theirs"))
    done = save(employee, mine, name="Mine")
    page = employee.get(done.headers["Location"])
    assert "Both changes have been saved" in page.text
    row = rows(database)[0]
    assert (row["name"], row["city"]) == ("Mine", "Theirs")
    same = save(employee, open_form(employee, number), city="Other")
    assert "Both changes" not in employee.get(same.headers["Location"]).text


def test_a_change_by_sql_clashes_too(employee, database):
    number, _ = add(employee)
    mine = open_form(employee, number)
    database.sql("UPDATE suppliers SET city = 'By SQL'")
    page = save(employee, mine, city="Mine")
    assert page.status == 409
    assert re.search(r"<bdi>The SQL account \w+@localhost</bdi> changed this "
                     r"on <time datetime=\"\S+Z\">\d+ \w+ \d+, \d+:\d+ UTC"
                     r"</time>, while you were typing\. <strong>", page.text)
    path = f"/admin/supplier-remove/{number}"
    page = employee.post(path, {"revision": mine["revision"]})
    assert page.status == 409
    assert re.search(r"This supplier was changed on <time datetime=\"\S+Z\">"
                     r"\d+ \w+ \d+, \d+:\d+ UTC</time>,"
                     r" by SQL, account \w+@localhost\. Nothing", page.text)


def test_gone_meanwhile_can_be_added_again(employee, database):
    number, _ = add(employee)
    mine = {**open_form(employee, number), "city": "Mine"}
    saved(employee.post(f"/admin/supplier-remove/{number}"))
    page = save(employee, mine)
    assert page.status == 404
    assert typed_of(page.text)["city"] == "Mine"
    assert 'action="/admin/supplier-add"' in page.text
    assert "Add as a new supplier" in page.text
    saved(employee.post("/admin/supplier-add", values_of(page.text)))
    assert [row["city"] for row in rows(database)] == ["Mine"]


def test_what_a_form_has_saved_is_gone_and_added_again(employee, database):
    """Its key would lead back to a supplier that is no longer there."""
    adding = {**values_of(employee.get("/admin/supplier-add").text),
              **SUPPLIER}
    saved(employee.post("/admin/supplier-add", adding))
    number = rows(database)[0]["id"]
    mine = {**open_form(employee, number), "city": "Mine"}
    saved(save(employee, mine))
    saved(employee.post(f"/admin/supplier-remove/{number}"))
    for path, values in (("/admin/supplier-add", adding),
                         ("/admin/supplier-update", mine)):
        page = employee.post(path, {**values, "city": "Typed on"})
        assert page.status == 404, path
        assert "Add as a new supplier" in page.text
        again = values_of(page.text)
        first = employee.post("/admin/supplier-add", {**again, "anyway": "1"})
        second = employee.post("/admin/supplier-add", {**again, "anyway": "1"})
        assert saved(first) == saved(second), path
    assert [row["city"] for row in rows(database)] == 2 * ["Typed on"]


def test_every_loser_sees_the_clash(employee, database):
    """Eight people, one field: each 303 took a revision; the others saw the
    page, and none of their texts was written."""
    number, first = add(employee)
    counts = {303: 0, 409: 0}
    lock = threading.Lock()

    def write(name):
        client = Kept(employee.port)
        for turn in range(10):
            values = values_of(client.get(
                f"/admin/supplier-update/{number}").text)
            done = client.post("/admin/supplier-update",
                               {**values, "city": f"{name} {turn}"})
            with lock:
                counts[done.status] += 1

    threads = [threading.Thread(target=write, args=(name,))
               for name in "abcdefgh"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts[303] + counts[409] == 80 and counts[409] > 0, counts
    assert database.sql(f"SELECT COUNT(*) FROM supplier_changes"
                        f" WHERE revision > {first}") == [[str(counts[303])]]


# Deleting.

def test_delete_undo_delete(employee, database):
    number, _ = add(employee, name="Zażółć <b>")
    path = f"/admin/supplier-remove/{number}"
    ask = employee.get(path + "?q=x&page=2")
    fields = hidden_of(ask.text, path)
    assert fields["list"] == "q=x&page=2"
    done = employee.post(path, fields)
    again = employee.post(path, fields)
    assert saved(done) == saved(again)
    page = employee.get(done.headers["Location"])
    assert "Deleted <bdi>Zażółć &lt;b&gt;</bdi>" in page.text
    assert rows(database) == []
    undo = f"/admin/supplier-restore/{saved(done)}"
    fields = hidden_of(page.text, undo)
    first, second = employee.post(undo, fields), employee.post(undo, fields)
    assert saved(first) == saved(second)
    assert "q=x" in first.headers["Location"]
    page = employee.get(first.headers["Location"])
    assert "</bdi></a> is back." in page.text
    assert [row["id"] for row in rows(database)] == [str(number)]


def test_a_deletion_sent_again_after_an_undo_deletes_nothing(employee,
                                                             database):
    """It was done once; what has become of it since is said."""
    number, _ = add(employee)
    path = f"/admin/supplier-remove/{number}"
    fields = hidden_of(employee.get(path).text, path)
    done = employee.post(path, fields)
    undo = f"/admin/supplier-restore/{saved(done)}"
    page = employee.get(done.headers["Location"])
    saved(employee.post(undo, hidden_of(page.text, undo)))
    again = employee.post(path, fields)
    assert saved(again) == saved(done)
    page = employee.get(again.headers["Location"])
    assert "</bdi></a> was deleted, but somebody has restored it since." \
        in page.text
    assert "Deleted" not in page.text
    assert names(database) == [SUPPLIER["name"]]
    saved(employee.post(path))
    page = employee.get(again.headers["Location"])
    assert "Deleted <bdi>" in page.text
    assert "changed again since" in page.text


def test_deleting_what_was_changed_asks_again(employee, database):
    number, _ = add(employee)
    path = f"/admin/supplier-remove/{number}"
    fields = hidden_of(employee.get(path).text, path)
    saved(save(employee, open_form(employee, number), city="Newer",
               name="New name"))
    saved(save(employee, open_form(employee, number), state="Newest"))
    page = employee.post(path, fields)
    assert page.status == 409 and len(rows(database)) == 1
    for part in ("Somebody else has changed", "Newer", SUPPLIER["city"],
                 "Newest", "Delete <bdi>New name"):
        assert part in page.text, part
    saved(employee.post(path, hidden_of(page.text, path)))
    assert rows(database) == []


def test_deleting_twice_is_404(employee):
    number, _ = add(employee)
    path = f"/admin/supplier-remove/{number}"
    fields = hidden_of(employee.get(path).text, path)
    saved(employee.post(path))
    page = employee.post(path, fields)
    assert page.status == 404
    assert f"/admin/supplier-history/{number}" in page.text


def test_a_damaged_question_is_asked_again(employee, database):
    number, revision = add(employee)
    path = f"/admin/supplier-remove/{number}"
    for field, value in (("revision", "x"), ("form_key", "y")):
        page = employee.post(path, {field: value})
        assert page.status == 400 and "damaged" in page.text
        fields = hidden_of(page.text, path)
    assert len(rows(database)) == 1
    saved(employee.post(path, fields))


def test_deleting_while_the_database_is_away(start, folder):
    own = harness.Database(folder)
    own.start()
    own.make_ready()
    employee = start("employee", own, APP_CATALOG_WAIT_MS=500)
    number, _ = add(employee)
    path = f"/admin/supplier-remove/{number}"
    fields = hidden_of(employee.get(path).text, path)
    own.kill()
    page = employee.post(path, fields)
    assert page.status == 503 and SUPPLIER["name"] in page.text
    assert hidden_of(page.text, path) == fields
    own.start()
    harness.wait_until(lambda: employee.get("/readyz").status == 200, "back")
    saved(employee.post(path, fields))
    assert rows(own) == []
    own.stop()


# Possible duplicates.

def test_duplicates_are_shown_not_forbidden(employee, database):
    number, _ = add(employee)
    values = {**values_of(employee.get("/admin/supplier-add").text),
              **SUPPLIER, "name": "Another", "email": ""}
    page = employee.post("/admin/supplier-add", values)
    assert page.status == 409 and len(rows(database)) == 1
    assert "Is it one of these?" in page.text and "Same phone" in page.text
    assert f'href="/admin/supplier-update/{number}"' in page.text
    assert "Same e-mail" not in page.text
    again = values_of(page.text)
    assert again == values
    assert 'name="anyway"' in page.text
    saved(employee.post("/admin/supplier-add", {**again, "anyway": "1"}))
    assert names(database) == [SUPPLIER["name"], "Another"]


def test_each_kind_of_duplicate(employee):
    add(employee, name="Café Łódź", city="Łódź", email="Beans@Example.com",
        phone="+48 (42) 555-0101")
    other = {"name": "x", "city": "y", "email": "z@z", "phone": "1234567"}
    for fields, reason in (({"phone": "48.42.555.0101"}, "phone"),
                           ({"email": "beans@EXAMPLE.COM"}, "e-mail"),
                           ({"name": "CAFE LODZ", "city": "lodz"},
                            "name and city")):
        page = employee.post("/admin/supplier-add",
                             {**SUPPLIER, **other, **fields})
        assert page.status == 409, reason
        assert re.findall("Same ([a-z -]+)", page.text) == [reason]
    for fields in ({"name": "cafe lodz"},
                   {"phone": "48 42 555 010", "email": "y@y"}):
        page = employee.post("/admin/supplier-add",
                             {**SUPPLIER, **other, **fields, "city": "z"})
        assert page.status == 303, page.text


def test_an_update_asks_only_for_what_it_changes(employee, database):
    add(employee)
    number, _ = add(employee, name="Second")
    saved(save(employee, open_form(employee, number), notes="new"))
    add(employee, name="Third", email="third@x", phone="1234567")
    own = rows(database)[2]["id"]
    saved(save(employee, open_form(employee, own), email="Third@x",
               phone="123-4567"))
    page = save(employee, open_form(employee, number),
                name=SUPPLIER["name"])
    assert page.status == 409 and "Same name and city" in page.text
    saved(save(employee, values_of(page.text), anyway="1"))
    assert names(database)[:2] == 2 * [SUPPLIER["name"]]


# The list is where one was.

def test_the_list_state_is_kept(employee, database):
    number, _ = add(employee)
    query = "?page=1&q=Finca+%C3%91&evil=1&sort=city&per=20"
    page = employee.get("/admin/suppliers" + query)
    link = html.unescape(re.search(
        r'href="(/admin/supplier-update/\d+[^"]*)"', page.text)[1])
    state = link.split("?")[1]
    assert "evil" not in state and "per=20" in state and "sort=city" in state
    form = employee.get(link)
    cancel = html.unescape(re.search(r'<a href="([^"]*)">Cancel', form.text)[1])
    assert cancel == "/admin/suppliers?" + state
    assert values_of(form.text)["list"] == state
    faulty = save(employee, values_of(form.text), phone="?")
    done = save(employee, values_of(faulty.text), phone="555-0100")
    assert done.headers["Location"].startswith(cancel + "&saved=")
    back = employee.get(done.headers["Location"])
    assert "Saved" in back.text and "saved=" not in re.sub(
        r'action="[^"]*"', "", back.text)
    adding = html.unescape(re.search(r'href="(/admin/supplier-add[^"]*)"',
                                     page.text)[1])
    values = values_of(employee.get(adding).text)
    done = employee.post("/admin/supplier-add",
                         {**values, **anyway(name="Other")})
    assert done.headers["Location"].startswith(cancel + "&saved=")
