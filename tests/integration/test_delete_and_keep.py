"""Delete, pressed in the form of a supplier, and "Keep it": what was typed
comes back, also after somebody has changed the supplier meanwhile."""
import html
import re

import pytest

from form_pages import add, open_form, rows, save, saved, title_of, values_of

NOTES = "# Notes\r\n\r\n<b>&amp; \"two\""


def hidden(text):
    """All hidden fields of a page, with those that a clash adds."""
    return {name: html.unescape(value) for name, value in re.findall(
        r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', text)}


def seen(text):
    return re.search(r'name="seen" value="([^"]*)"', text)[1]


def ask(employee, values, **fields):
    """Press Delete in the form."""
    return save(employee, values, preview="delete", **fields)


def keep(employee, question):
    return save(employee, hidden(question.text), preview="keep")


def remove(employee, number, question, **fields):
    return employee.post(f"/admin/supplier-remove/{number}", {
        **hidden(question.text), "seen": seen(question.text), **fields})


def test_what_was_typed_comes_back(employee, database):
    number, _ = add(employee)
    before = rows(database)
    values = open_form(employee, number, "?q=x&page=2")
    typed = {"name": "Zażółć \" <b>", "phone": "not yet known", "city": "",
             "notes": NOTES}
    question = ask(employee, values, **typed)
    assert question.status == 200
    assert title_of(question).startswith("Delete this supplier")
    assert question.headers["Cache-Control"] == "private, no-cache"
    form = keep(employee, question)
    assert form.status == 200 and "was not deleted" in form.text
    back = values_of(form.text)
    assert {name: back[name] for name in typed} == {
        **typed, "notes": NOTES.replace("\r\n", "\n")}
    for name in "id", "revision", "revision_at", "list":
        assert back[name] == values[name], name
    assert back["form_key"] not in (values["form_key"],
                                    hidden(question.text)["form_key"])
    assert rows(database) == before
    saved(save(employee, back, phone="555-0100", city="Hel"))
    row = rows(database)[0]
    assert (row["name"], row["city"]) == ("Zażółć \" <b>", "Hel")


def test_what_others_saved_meanwhile_is_not_overwritten(employee, database):
    """Before Delete, while it asks, and after Keep it."""
    number, _ = add(employee)
    mine = open_form(employee, number)
    saved(save(employee, open_form(employee, number), city="One"))
    question = ask(employee, mine, city="Mine", state="Mine")
    saved(save(employee, open_form(employee, number), country="Two"))
    back = values_of(keep(employee, question).text)
    assert back["revision"] == mine["revision"]
    clash = save(employee, back)
    assert clash.status == 409 and "One" in clash.text
    row, = rows(database)
    assert (row["city"], row["country"]) == ("One", "Two")
    # and the form of the clash goes through the same question
    fields = {**values_of(clash.text), **hidden(clash.text),
              "use-city": "theirs"}
    again = keep(employee, ask(employee, fields))
    assert re.search(r'name="use-city" value="theirs"[^>]* checked',
                     again.text)
    assert values_of(again.text)["city"] == "Mine"
    saved(save(employee, {**values_of(again.text), **hidden(again.text),
                          "use-city": "theirs"}))
    row, = rows(database)
    assert (row["city"], row["state"], row["country"]) == ("One", "Mine", "Two")


def test_delete_deletes_what_its_question_showed(employee, database):
    number, _ = add(employee)
    mine = open_form(employee, number)
    saved(save(employee, open_form(employee, number), city="One"))
    question = ask(employee, mine, state="Typed")
    assert "One" in question.text  # the newer version is what it asks about
    revision = saved(save(employee, open_form(employee, number), city="Two"))
    again = remove(employee, number, question)
    assert again.status == 409 and len(rows(database)) == 1
    assert seen(again.text).startswith(f"{revision}.")
    back = values_of(keep(employee, again).text)
    assert back["state"] == "Typed" and back["revision"] == mine["revision"]
    done = remove(employee, number, again)
    assert saved(done) == saved(remove(employee, number, again))
    assert rows(database) == []


@pytest.mark.parametrize("value", ["", ".", "1", "x.1", "1.x", "-1.1", "1.1.1",
                                   "99999999999999999999.1", "1." + "9" * 99])
def test_a_damaged_version_deletes_nothing(employee, database, value):
    number, _ = add(employee)
    question = ask(employee, open_form(employee, number), city="Typed")
    answer = remove(employee, number, question, seen=value)
    assert answer.status == 400 and "damaged" in answer.text
    assert len(rows(database)) == 1
    assert values_of(keep(employee, answer).text)["city"] == "Typed"
    saved(remove(employee, number, answer))
    assert rows(database) == []


def test_a_supplier_that_is_gone_is_not_asked_about(employee, database):
    number, _ = add(employee)
    mine = open_form(employee, number)
    saved(employee.post(f"/admin/supplier-remove/{number}"))
    page = ask(employee, mine, city="Typed")
    assert page.status == 404
    assert "add it as a new supplier" in page.text
    back = values_of(page.text)
    assert back["city"] == "Typed"
    saved(employee.post("/admin/supplier-add", back))
    assert rows(database)[0]["city"] == "Typed"


def test_a_form_that_adds_has_nothing_to_delete(employee, database):
    page = employee.post("/admin/supplier-add",
                         {"name": "Typed", "preview": "delete"})
    assert page.status == 200 and rows(database) == []
    assert values_of(page.text)["name"] == "Typed"


def test_keep_it_without_a_form(employee, database):
    """From a link to the question, there is only the supplier to go back to."""
    number, _ = add(employee)
    page = employee.get(f"/admin/supplier-remove/{number}?q=x")
    assert 'name="preview"' not in page.text
    assert f'<a href="/admin/supplier-update/{number}?q=x">Keep it</a>' in \
        page.text
