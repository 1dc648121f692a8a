"""
What is stored and would be refused or altered today stops no other change: a
field that nobody touched stays as it is.
"""
import html
import re

import pytest

import harness
from fields import OF_ONE_LINE
from form_pages import (SUPPLIER, add, hidden_of, open_form, rows, save,
                        saved, typed_of, values_of)
from writers import connect, query

LONG_NOTES = "x" * 65535
OLD = {
    "two addresses": ("email", "a@x; b@x"),
    "no address": ("email", "none"),
    "an address with a blank": ("email", "a b@x"),
    "too long an address": ("email", "a" * 245 + "@x.example"),
    "no phone": ("phone", ""),
    "letters": ("phone", "CALL-BEANS"),
    "a tab": ("phone", "555\t0100"),
    "no name": ("name", ""),
    "a blank name": ("name", " "),
    "an address of two lines": ("address", "Floor 2\n1 High Street"),
    "a bell": ("address", "1 High\x07 Street"),
    "NUL": ("address", "1 High\0 Street"),
    "no city": ("city", ""),
    "a separator": ("city", "one\u2028two"),
    "a city of two lines": ("city", "one\r\ntwo"),
    "an old Mac's line end": ("city", "one\rtwo"),
    "neither state nor country": ("state", ""),
    "a country of two lines": ("country", "one\ntwo"),
    "large notes": ("notes", LONG_NOTES),
    "large notes of three bytes a letter": ("notes", "豆" * 21845),
    "notes with an escape": ("notes", "one\x1b[1m"),
}


@pytest.fixture(name="stored")
def make_stored(employee, database):
    """Store a supplier as it is today by SQL; its id."""
    admin = connect(database)

    def store(**fields):
        number, _ = add(employee)
        for name, text in fields.items():
            query(admin, f"UPDATE suppliers SET {name} = %s WHERE id = %s",
                  text, number)
        return number

    yield store
    admin.close()


def cell(database, name):
    admin = connect(database)
    text = query(admin, f"SELECT {name} FROM suppliers")[0][0]
    admin.close()
    return text


def sent_by_input(values):
    """As a page without <textarea> for broken lines would have sent it."""
    return {name: text if name == "notes" else re.sub("[\r\n]", "", text)
            for name, text in values.items() if not name.startswith("lines-")}


def sent_by_browser(values):
    """As a browser sends each line end, and what the parser makes of NUL."""
    return {name: re.sub("\r\n|\r|\n", "\r\n", text).replace("\0", "\ufffd")
            for name, text in values.items()}


def other_field(field):
    return "city" if field != "city" else "address"


@pytest.mark.parametrize("sent", [dict, sent_by_input, sent_by_browser])
@pytest.mark.parametrize("kind", OLD)
def test_another_field_can_be_changed(employee, database, stored, kind, sent):
    field, text = OLD[kind]
    if "\0" in text and sent is not sent_by_browser:
        pytest.skip("no form may have a NUL")
    other = other_field(field)
    number = stored(**{field: text}, **(
        {"country": ""} if kind.startswith("neither") else {}))
    values = sent(open_form(employee, number))
    saved(save(employee, values, **{other: "Changed"}))
    assert cell(database, other) == "Changed"
    assert cell(database, field) == text


@pytest.mark.parametrize("text", [" padded ", "\u00a0padded", "Cafe\u0301",
                                  "one\ntwo", "\u200bpadded"])
def test_nothing_is_altered_without_a_word(employee, database, stored, text):
    number = stored(name=text, notes=f"\n\n{text}\n")
    values = sent_by_input(open_form(employee, number))
    saved(save(employee, values, city="Changed"))
    assert cell(database, "name") == text
    assert cell(database, "notes") == f"\n\n{text}\n"


@pytest.mark.parametrize("kind", [kind for kind in OLD if kind not in (
    "a blank name", "NUL")])
def test_it_is_a_remark_beside_the_field(employee, stored, kind):
    field, text = OLD[kind]
    number = stored(**{field: text}, **(
        {"country": ""} if kind.startswith("neither") else {}))
    page = employee.get(f"/admin/supplier-update/{number}")
    assert "There is a problem" not in page.text
    assert "Error:" not in page.text
    assert re.findall(r'id="(\w+)-remark">You can leave this as it is',
                      page.text) == [field]
    assert re.search(rf'name="{field}"[^>]*aria-describedby="[^"]*'
                     rf'{field}-remark"', page.text)
    # also where another field is faulty: that one alone is in the way
    other = other_field(field)
    page = save(employee, values_of(page.text), **{other: ""})
    assert page.status == 422
    assert re.findall(r'<li><a href="#(\w+)"', page.text) == [other]
    assert f'id="{field}-remark"' in page.text
    assert values_of(page.text)[field] == (
        text.replace("\r\n", "\n") if field == "notes" else text)


@pytest.mark.parametrize("kind", ["two addresses", "letters",
                                  "an address of two lines", "no name"])
def test_whoever_changes_it_keeps_to_the_rule(employee, database, stored,
                                              kind):
    field, text = OLD[kind]
    number = stored(**{field: text})
    values = open_form(employee, number)
    page = save(employee, values, **{field: f"one\ttwo{text};"})
    assert page.status == 422 and f'href="#{field}"' in page.text
    assert cell(database, field) == text
    good = SUPPLIER[field]
    saved(save(employee, values, **{field: good}))
    assert cell(database, field) == good
    # a form that claims to begin with the old text does not
    page = save(employee, open_form(employee, number), **{field: text})
    assert page.status == 422
    page = save(employee, values, **{field: text, "form_key": "x" * 22})
    assert cell(database, field) == good
    assert page.status == 303  # the older form was not touched there


def test_a_form_that_was_sent_before_brings_no_old_text_back(employee,
                                                             database, stored):
    number = stored(phone="CALL-BEANS")
    values = open_form(employee, number)
    saved(save(employee, values, phone="555-0100"))
    page = save(employee, values, city="Changed")
    assert page.status == 422 and 'href="#phone"' in page.text
    assert cell(database, "phone") == "555-0100"


def test_taking_the_country_away_is_no_old_fault(employee, stored):
    number = stored(state="", country="Danmark")
    page = save(employee, open_form(employee, number), country="")
    assert page.status == 422 and 'href="#state"' in page.text


def test_without_a_revision_it_is_compared_with_the_row(employee, database,
                                                        stored):
    """As scripts send it."""
    number = stored(phone="CALL-BEANS", address="Floor 2\n1 High Street")
    row = {**SUPPLIER, "id": number, "phone": "CALL-BEANS",
           "address": "Floor 2\n1 High Street"}
    saved(employee.post("/admin/supplier-update", {**row, "city": "Changed",
                                                   "anyway": "1"}))
    assert cell(database, "phone") == "CALL-BEANS"
    assert cell(database, "address") == "Floor 2\n1 High Street"
    page = employee.post("/admin/supplier-update", {**row, "phone": "BEANS"})
    assert page.status == 422


def test_others_have_changed_it_meanwhile(employee, database, stored):
    """The catalog has another version by then: the store compares."""
    number = stored(phone="CALL-BEANS", email="a@x; b@x",
                    address="Floor 2\n1 High Street")
    values = sent_by_input(open_form(employee, number))
    database.sql("UPDATE suppliers SET state = 'Theirs', phone = '555-0199'")
    saved(save(employee, values, city="Changed"))
    for name, text in {"state": "Theirs", "city": "Changed",
                       "phone": "555-0199", "email": "a@x; b@x",
                       "address": "Floor 2\n1 High Street"}.items():
        assert cell(database, name) == text
    database.sql("UPDATE suppliers SET state = 'Newer'")
    page = save(employee, values, city="Changed", email="c@x; d@x",
                form_key="x" * 22)
    assert page.status == 422
    assert re.findall(r'<li><a href="#(\w+)"', page.text) == ["email"]
    assert typed_of(page.text)["email"] == "c@x; d@x"
    saved(save(employee, values_of(page.text), email="e@x"))
    assert cell(database, "state") == "Newer"


def test_a_clash_page_takes_their_old_text(employee, database, stored):
    number = stored(phone="555-0100")
    values = open_form(employee, number)
    database.sql("UPDATE suppliers SET phone = 'CALL\\nBEANS'")
    page = save(employee, values, phone="555-0123")
    assert page.status == 409
    saved(save(employee, values_of(page.text), **{
        "use-phone": "theirs", "theirs-phone": "CALL\r\nBEANS"}))
    assert cell(database, "phone") == "CALL\nBEANS"


def test_neither_takes_the_other_s_place_away(employee, database, stored):
    """One takes the country away, the other the state: both is too much."""
    number = stored(state="VT", country="USA")
    values = open_form(employee, number)
    database.sql("UPDATE suppliers SET state = ''")
    page = save(employee, values, country="")
    assert page.status == 422 and 'href="#state"' in page.text
    assert "Changed by somebody else from" in page.text
    assert typed_of(page.text)["state"] == ""
    assert rows(database)[0]["country"] == "USA"
    saved(save(employee, values_of(page.text), state="NH"))
    assert (rows(database)[0]["state"], rows(database)[0]["country"]) == \
        ("NH", "")


@pytest.mark.parametrize("field", OF_ONE_LINE)
def test_a_line_break_is_shown_in_a_textarea(employee, database, stored,
                                             field):
    number = stored(**{field: "12345\n67890"})
    page = employee.get(f"/admin/supplier-update/{number}")
    assert re.search(rf'<textarea[^>]* name="{field}"[^>]*>\n12345\n67890'
                     "</textarea>", page.text)
    values = values_of(page.text)
    assert values[f"lines-{field}"] == "1"
    # joining the lines there is a change
    if field in ("email", "website"):
        return
    saved(save(employee, values, **{field: "1234567890"}))
    assert cell(database, field) == "1234567890"
    page = employee.get(f"/admin/supplier-update/{number}")
    assert f"lines-{field}" not in page.text


def test_deleting_undoing_and_restoring_need_no_rule(employee, database,
                                                     stored):
    number = stored(phone="CALL-BEANS", email="a@x; b@x", name="",
                    address="Floor 2\n1 High Street", notes=LONG_NOTES)
    old = rows(database)
    path = f"/admin/supplier-remove/{number}"
    done = employee.post(path, hidden_of(employee.get(path).text, path))
    undo = f"/admin/supplier-restore/{saved(done)}"
    page = employee.get(done.headers["Location"])
    saved(employee.post(undo, hidden_of(page.text, undo)))
    assert rows(database) == old
    saved(save(employee, open_form(employee, number), **SUPPLIER))
    page = employee.get(f"/admin/supplier-history/{number}")
    back = html.unescape(re.findall(
        r'href="(/admin/supplier-restore/\d+)"', page.text)[0])
    page = employee.get(back)
    saved(employee.post(back, hidden_of(page.text, back)))
    assert rows(database) == old


def test_the_preview_of_an_old_supplier(employee, stored):
    number = stored(address="Floor 2\n1 High Street", phone="CALL-BEANS")
    values = open_form(employee, number)
    page = save(employee, values, preview="1")
    assert page.status == 200 and values_of(page.text) == values


def test_old_texts_while_the_database_is_away(start, folder):
    own = harness.Database(folder)
    own.start()
    own.make_ready()
    employee = start("employee", own, APP_CATALOG_WAIT_MS=500)
    number, _ = add(employee)
    own.sql("UPDATE suppliers SET phone = 'CALL-BEANS'")
    values = open_form(employee, number)
    own.kill()
    page = save(employee, values, city="typed")
    assert page.status == 503 and "There is a problem" in page.text
    assert values_of(page.text) == {**values, "city": "typed"}
    own.start()
    harness.wait_until(lambda: employee.get("/readyz").status == 200, "back")
    saved(save(employee, values_of(page.text)))
    own.stop()
