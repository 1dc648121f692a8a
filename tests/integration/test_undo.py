"""Undo this change, and restore as of then: a page says what will be there
afterwards, and that is what is there."""
import html
import re

import pytest

from form_pages import (SUPPLIER, add, hidden_of, open_form, rows, save, saved,
                        title_of)


def change(employee, number, **fields):
    """Change a supplier; the revision."""
    return saved(save(employee, open_form(employee, number), **fields))


def undo_of(revision):
    return f"/admin/supplier-undo/{revision}"


def restore_of(revision):
    return f"/admin/supplier-restore/{revision}"


def lists(page):
    """What the page says will change and what stays: {label: text}."""
    assert page.status in (200, 409), page.text
    found = {}
    for title, body in re.findall(r"<h2>(What [^<]*)</h2>\s*<dl.*?>(.*?)</dl>",
                                  page.text, re.S):
        found[title] = {
            label: " ".join(html.unescape(
                re.sub(r"<[^>]*>", " ", text)).split())
            for label, text in re.findall(r"<dt>(.*?)</dt>\s*<dd[^>]*>(.*?)"
                                          r"</dd>", body, re.S)}
    return found


def go(employee, path, **fields):
    """Press the button of a page that asks."""
    page = employee.get(path)
    assert page.status == 200, page.text
    return employee.post(path, {**hidden_of(page.text, path), **fields})


def test_the_newest_change_is_undone(employee, database):
    """What was before that change is there afterwards, and the page says so."""
    number, _ = add(employee)
    wrong = change(employee, number, phone="020 7946 0958", city="Hel")
    page = employee.get(undo_of(wrong))
    assert lists(page)["What will change"] == {
        "City": f"from Hel → to {SUPPLIER['city']}",
        "Phone": f"from 020 7946 0958 → to {SUPPLIER['phone']}"}
    assert lists(page)["What stays as it is"]["Name"] == SUPPLIER["name"]
    before = rows(database)[0]
    done = go(employee, undo_of(wrong))
    now = rows(database)[0]
    assert now["phone"] == SUPPLIER["phone"] and now["city"] == \
        SUPPLIER["city"]
    assert {name for name in now if now[name] != before[name]} == \
        {"phone", "city"}
    assert "was restored" in employee.get("/admin/history").text
    assert "Restored <a " in employee.get(done.headers["Location"]).text


def test_beside_each_change_stands_what_can_be_done(employee):
    number, first = add(employee)
    second = change(employee, number, city="Second")
    third = change(employee, number, city="Third")
    same = change(employee, number)
    for path in f"/admin/supplier-history/{number}", "/admin/history":
        text = employee.get(path).text
        assert {int(n) for n in re.findall(r"supplier-undo/(\d+)", text)} == \
            {second, third}, path
        assert {int(n) for n in re.findall(r"supplier-restore/(\d+)", text)
                } == {first, second, third}, path
        assert "Restore this version" not in text
    assert same == third + 1


def test_a_restored_version_is_the_whole_supplier(employee, database):
    number, _ = add(employee)
    then = change(employee, number, phone="020 7946 0958", city="Hel")
    change(employee, number, city="Third", state="Here")
    told = lists(employee.get(restore_of(then)))["What will change"]
    assert told == {"City": "from Third → to Hel",
                    "State": f"from Here → to {SUPPLIER['state']}"}
    go(employee, restore_of(then))
    row = rows(database)[0]
    assert (row["phone"], row["city"], row["state"]) == (
        "020 7946 0958", "Hel", SUPPLIER["state"])


def test_an_older_change_leaves_what_came_after_it(employee, database):
    number, _ = add(employee)
    wrong = change(employee, number, phone="020 7946 0958")
    change(employee, number, city="Kept")
    assert lists(employee.get(undo_of(wrong)))["What will change"] == {
        "Phone": f"from 020 7946 0958 → to {SUPPLIER['phone']}"}
    go(employee, undo_of(wrong))
    row = rows(database)[0]
    assert row["phone"] == SUPPLIER["phone"] and row["city"] == "Kept"


@pytest.mark.parametrize("pick, city", [("now", "Third"),
                                        ("before", SUPPLIER["city"])])
def test_what_was_changed_again_since_is_asked_about(employee, database, pick,
                                                     city):
    number, _ = add(employee)
    wrong = change(employee, number, phone="020 7946 0958", city="Second")
    change(employee, number, city="Third")
    path = undo_of(wrong)
    page = employee.get(path)
    assert page.headers["Cache-Control"] == "private, no-cache"
    assert "City: changed again since" in page.text
    assert "City" not in lists(page)["What will change"]
    assert not re.search(r"<input[^>]*\schecked", page.text)
    asked = employee.post(path, hidden_of(page.text, path))
    assert asked.status == 409 and title_of(asked).startswith("Error: ")
    assert "Nothing has been undone yet: choose" in asked.text
    assert rows(database)[0]["city"] == "Third"
    done = employee.post(path, {**hidden_of(asked.text, path),
                                "use-city": pick})
    saved(done)
    row = rows(database)[0]
    assert (row["city"], row["phone"]) == (city, SUPPLIER["phone"])


def test_a_change_in_between_asks_again(employee, database):
    number, _ = add(employee)
    wrong = change(employee, number, phone="020 7946 0958")
    path = undo_of(wrong)
    fields = hidden_of(employee.get(path).text, path)
    change(employee, number, city="Since")
    page = employee.post(path, fields)
    assert page.status == 409 and "Somebody else has changed" in page.text
    assert lists(page)["What stays as it is"]["City"] == "Since"
    assert rows(database)[0]["phone"] == "020 7946 0958"
    saved(employee.post(path, hidden_of(page.text, path)))
    row = rows(database)[0]
    assert row["phone"] == SUPPLIER["phone"] and row["city"] == "Since"


def test_the_same_form_undoes_once(employee, database):
    number, _ = add(employee)
    wrong = change(employee, number, city="Wrong")
    path = undo_of(wrong)
    fields = hidden_of(employee.get(path).text, path)
    one, two = employee.post(path, fields), employee.post(path, fields)
    assert saved(one) == saved(two) == wrong + 1


def undo_form(page):
    """The form of the notice on top of the list: its path and fields."""
    action = re.search(r'class="done".*?action="([^"]*)"', page.text, re.S)[1]
    return action, hidden_of(page.text, action)


def test_undo_follows_every_change_but_an_addition(employee, database):
    """Also a restoration, and the undoing of a deletion."""
    number, first = add(employee)
    page = employee.get(f"/admin/suppliers?saved={first}")
    assert 'class="done"' in page.text and "Undo" not in page.text
    states = [SUPPLIER["city"], "Second"]
    done = save(employee, open_form(employee, number), city="Second")
    for turn in range(3):
        done = employee.post(*undo_form(employee.get(
            done.headers["Location"])))
        saved(done)
        assert rows(database)[0]["city"] == states[turn % 2]
    done = go(employee, restore_of(first + 1))
    done = employee.post(*undo_form(employee.get(done.headers["Location"])))
    path = f"/admin/supplier-remove/{number}"
    done = employee.post(path, hidden_of(employee.get(path).text, path))
    for turn in range(4):
        assert bool(rows(database)) == (turn % 2 == 1)
        done = employee.post(*undo_form(employee.get(
            done.headers["Location"])))
        saved(done)


def test_what_has_nothing_before_it_is_not_undone(employee, database):
    """An addition, a restoration of what was deleted, and a change of what is
    not there."""
    number, first = add(employee)
    second = change(employee, number, city="Second")
    gone = saved(employee.post(f"/admin/supplier-remove/{number}"))
    for revision in first, second:
        assert employee.get(undo_of(revision)).status == 404
        assert employee.post(undo_of(revision)).status == 404
    assert "did not exist before" in employee.get(undo_of(first)).text
    back = saved(go(employee, undo_of(gone)))
    assert employee.get(undo_of(back)).status == 404
    assert f"supplier-undo/{back}" not in employee.get("/admin/history").text
    assert rows(database)[0]["city"] == "Second"


def test_nothing_to_do_has_no_button(employee):
    number, _ = add(employee)
    wrong = change(employee, number, city="Wrong")
    change(employee, number, city=SUPPLIER["city"])
    page = employee.get(undo_of(wrong))
    assert "Nothing would change" in page.text
    assert "<button" not in page.text.split("<main")[1]


def test_a_reader_sees_no_way_back(start, database):
    employee = start("employee", database, APP_IDENTITY_HEADER="Remote-User",
                     APP_EDITORS="ann", APP_TRUSTED_PROXIES="127.0.0.1")
    done = employee.post("/admin/supplier-add", SUPPLIER, Remote_User="ann")
    assert done.status == 303, done.text
    page = employee.get("/admin/history", Remote_User="bob")
    assert page.status == 200 and "supplier-undo" not in page.text
    for path in undo_of(1), restore_of(1):
        assert employee.get(path, Remote_User="bob").status == 403
