"""Many suppliers at once: chosen on the employees' list, previewed, changed in
one transaction, undone together."""
import html
import re

import pytest

from form_pages import rows, saved, values_of
from test_roles import USER
from writers import connect, insert, query

LOOK, CHANGE = "/admin/suppliers-chosen", "/admin/suppliers-change"
END = {"deed": "end", "ended_on": "2026-11-20", "ended_reason": "closed down"}


@pytest.fixture(name="ids")
def make_ids(database):
    admin = connect(database)
    return [insert(admin, name=f"Bean {i}", city="Cali", email="",
                   phone=f"+1 802 555 010{i}") for i in range(6)]


def form_of(text, action):
    """The fields of a form, in their order, many of one name among them."""
    form, = re.findall(rf'<form method="post" action="{action}".*?</form>',
                       text, re.S)
    return [(html.unescape(name), html.unescape(value)) for name, value in
            re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"',
                       form)]


def listed(employee, query_text=""):
    text = employee.get(f"/admin/suppliers{query_text}").text
    return form_of(text, LOOK)


def choose(employee, ids, *more, query_text=""):
    """Tick these on the list, and press a button."""
    return employee.post(LOOK, [*listed(employee, query_text),
                                *(("supplier", str(i)) for i in ids), *more])


def deletion(employee, ids):
    return choose(employee, ids, ("do", "delete"))


def setting(employee, ids, **fields):
    return choose(employee, ids, ("do", "preview"), *fields.items())


def confirm(employee, page, *more):
    assert page.status == 200, page.text
    return employee.post(CHANGE, [*form_of(page.text, CHANGE), *more])


def told(employee, done):
    """What the list says after a change, and the form that undoes it."""
    saved(done)
    text = employee.get(done.headers["Location"]).text
    notice = re.search(r'<div class="done".*?</div>', text, re.S)[0]
    undo = re.search(r'action="(/admin/changes-undo/[^"]*)"', notice)
    return html.unescape(re.sub(r"\s+", " ", re.sub("<[^>]*>", "", notice))), \
        (undo[1], values_of(notice)) if undo else None


def undo_all(employee, done):
    _, (action, fields) = told(employee, done)
    return employee.post(action, fields)


def names(database):
    return [row["name"] for row in rows(database)]


def field(database, name):
    return [row[0] for row in query(connect(database),
                                    f"SELECT {name} FROM suppliers ORDER BY"
                                    " id")]


def test_delete_chosen_and_undo_all(employee, customer, database, ids):
    before = rows(database)
    page = deletion(employee, ids[1:4])
    text = html.unescape(page.text)
    assert "<h1>Delete 3 suppliers?</h1>" in text
    assert re.findall(r"<h2><bdi>(.*?)</bdi>", text) == [
        "Bean 1", "Bean 2", "Bean 3"]
    assert rows(database) == before  # nothing yet
    done = confirm(employee, page)
    said, _ = told(employee, done)
    assert "Deleted 3 suppliers at once." in said
    assert names(database) == ["Bean 0", "Bean 4", "Bean 5"]
    assert "Bean 2" not in customer.get("/suppliers").text
    undone = undo_all(employee, done)
    said, _ = told(employee, undone)
    assert "Restored 3 suppliers at once." in said
    assert rows(database) == before
    assert "Bean 2" in customer.get("/suppliers").text
    again = undo_all(employee, undone)  # of the undoing: they go again
    said, _ = told(employee, again)
    assert "Deleted 3 suppliers at once." in said
    assert names(database) == ["Bean 0", "Bean 4", "Bean 5"]


def test_set_one_field_and_undo_all(employee, database, ids):
    before = rows(database)
    page = setting(employee, ids[:2], deed="set", field="city", value=" Lima ")
    text = html.unescape(page.text)
    assert "<h1>Change 2 suppliers?</h1>" in text
    assert text.count("Cali</del>") == 2 and text.count("Lima</ins>") == 2
    done = confirm(employee, page)
    assert "Changed 2 suppliers at once." in told(employee, done)[0]
    assert field(database, "city") == ["Lima", "Lima", *["Cali"] * 4]
    assert [{**row, "city": "Cali"} for row in rows(database)] == before
    undo_all(employee, done)
    assert rows(database) == before


def test_no_longer_supplies_and_again(employee, customer, database, ids):
    page = setting(employee, ids[:3], **END)
    assert page.text.count("closed down</ins>") == 3
    saved(confirm(employee, page))
    assert field(database, "ended_reason") == [*["closed down"] * 3, *[""] * 3]
    assert "Bean 1" not in customer.get("/suppliers").text
    page = setting(employee, ids[:4], deed="again")
    assert "Need no change</dt><dd>1<" in page.text
    saved(confirm(employee, page))
    assert field(database, "ended_on") == [""] * 6
    assert "Bean 1" in customer.get("/suppliers").text


def test_it_is_one_entry_of_the_history(employee, ids):
    done = confirm(employee, deletion(employee, ids[:3]))
    text = html.unescape(employee.get("/admin/history").text)
    assert text.count('<li class="entry"') == 7  # six additions
    assert "3 changes at once" in text
    opened = re.search(r'href="(\?group=[\w-]+)">Show all 3', text)[1]
    group = employee.get("/admin/history" + opened).text
    assert [f"Bean {i}" in group for i in range(4)] == [True] * 3 + [False]
    ask = re.search(r'href="(/admin/changes-undo/[\w-]+)">Undo all 3', group)[1]
    assert ask in text
    page = employee.get(ask)
    assert "Undo all 3 changes?" in page.text
    saved(employee.post(ask, form_of(page.text, ask)))
    assert saved(done) > 0


def test_what_was_changed_since_stays(employee, database, ids):
    done = confirm(employee, setting(employee, ids[:3], deed="set",
                                     field="city", value="Lima"))
    admin = connect(database)
    query(admin, f"UPDATE suppliers SET city = 'Oslo' WHERE id = {ids[1]}")
    query(admin, f"UPDATE suppliers SET notes = 'New' WHERE id = {ids[2]}")
    undone = undo_all(employee, done)
    assert "Restored 2 suppliers at once. Left as they are, because somebody" \
        " has changed them since: 1." in told(employee, undone)[0]
    assert field(database, "city") == ["Cali", "Oslo", *["Cali"] * 4]
    assert field(database, "notes")[2] == "New"  # another field


def test_nothing_is_left_to_undo(employee, database, ids):
    done = confirm(employee, setting(employee, ids[:2], deed="set",
                                     field="city", value="Lima"))
    query(connect(database), "UPDATE suppliers SET city = 'Oslo'")
    page = undo_all(employee, done)
    assert page.status == 409 and "Nothing was undone" in page.text
    assert field(database, "city") == ["Oslo"] * 6


def test_brought_back_by_somebody_else_stays(employee, database, ids):
    done = confirm(employee, deletion(employee, ids[:2]))
    entry = query(connect(database), "SELECT revision FROM supplier_changes"
                  f" WHERE supplier_id = {ids[0]} AND action = 'remove'")[0][0]
    saved(employee.post(f"/admin/supplier-restore/{entry}", {}))
    query(connect(database), "UPDATE suppliers SET city = 'Oslo' WHERE id ="
          f" {ids[0]}")
    saved(undo_all(employee, done))
    assert field(database, "city") == ["Oslo", *["Cali"] * 5]


@pytest.mark.parametrize("gone", [False, True])
def test_changed_since_it_was_chosen(employee, database, ids, gone):
    """Before the preview, and between it and the confirmation."""
    form = [*listed(employee), *(("supplier", str(i)) for i in ids[:3])]
    admin = connect(database)
    query(admin, f"UPDATE suppliers SET state = 'S1' WHERE id = {ids[0]}")
    fields = [("do", "preview"), ("deed", "set"), ("field", "city"),
              ("value", "Lima")]
    page = employee.post(LOOK, form + fields)
    assert page.text.count(">changed since<") == 1
    assert "Somebody has changed 1 of these suppliers since" in page.text
    query(admin, f"DELETE FROM suppliers WHERE id = {ids[1]}" if gone else
          f"UPDATE suppliers SET city = 'Lima' WHERE id = {ids[1]}")
    after = rows(database)
    again = confirm(employee, page)
    assert again.status == 409 and "Nothing was changed" in again.text
    assert rows(database) == after
    assert again.text.count(">changed since<") == (0 if gone else 1)
    assert ("Deleted by somebody else</dt><dd>1<" if gone else
            "Need no change</dt><dd>1<") in again.text
    done = employee.post(CHANGE, form_of(again.text, CHANGE))
    assert "Changed 2 suppliers at once." in told(employee, done)[0]


def test_one_alone_is_an_ordinary_change(employee, database, ids):
    done = confirm(employee, deletion(employee, ids[:1]))
    saved(done)
    text = employee.get(done.headers["Location"]).text
    assert "Deleted <bdi>Bean 0</bdi>" in html.unescape(text)
    assert len(names(database)) == 5


def test_confirmed_twice_it_is_done_once(employee, database, ids):
    page = deletion(employee, ids[:2])
    first, second = confirm(employee, page), confirm(employee, page)
    assert first.headers["Location"] == second.headers["Location"]
    assert query(connect(database), "SELECT COUNT(*) FROM supplier_changes"
                 " WHERE action = 'remove'") == ((2,),)


def test_the_list_travels(employee, ids):
    query_text = "?q=bean&sort=-city&per=3"
    page = choose(employee, ids[:2], ("do", "delete"), query_text=query_text)
    link = html.unescape(re.search(r'<a href="([^"]*)">Keep them', page.text)[1])
    assert link == "/admin/suppliers?q=bean&sort=-city&per=3"
    done = confirm(employee, page)
    assert done.headers["Location"].startswith(link + "&saved=")


def problems(page, status=422):
    assert page.status == status, page.text
    return html.unescape(page.text)


def test_nothing_chosen(employee, ids):
    text = problems(deletion(employee, []))
    assert "You have not chosen any suppliers" in text and ids
    assert 'href="/admin/suppliers">Back to the list' in text


def test_more_than_a_batch_takes(employee, database, ids):
    before = rows(database)
    page = choose(employee, range(1, 1002), ("do", "delete"))
    assert "1001 suppliers, but at most 1000" in problems(page)
    assert employee.post(LOOK, [("supplier", str(i)) for i in range(1, 1300)]
                         ).status == 400
    assert rows(database) == before and ids


def test_as_many_as_a_batch_takes(employee, database):
    admin = connect(database)
    with admin.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO suppliers (name, address, city, state, email, phone)"
            " VALUES (%s, 'a', 'Cali', 's', '', '555-0100')",
            [(f"n{i}",) for i in range(1000)])
    first = query(admin, "SELECT MIN(id) FROM suppliers")[0][0]
    page = choose(employee, range(first, first + 1000), ("do", "delete"))
    done = confirm(employee, page)
    assert "Deleted 1,000 suppliers at once." in told(employee, done)[0]
    assert not names(database)
    said, _ = told(employee, undo_all(employee, done))
    assert "Restored 1,000 suppliers at once." in said


@pytest.mark.parametrize("fields, message, anchor", [
    ({"deed": "set"}, "Choose which field to set", "field"),
    ({"deed": "set", "field": "name", "value": "x"},
     "Choose which field to set", "field"),
    ({"deed": "set", "field": "phone", "value": "12"}, "7 to 15 digits",
     "value"),
    ({"deed": "set", "field": "city", "value": ""},
     "The supplier city is required", "value"),
    ({**END, "ended_reason": " "}, "Say why it no longer supplies",
     "ended_reason"),
    ({**END, "ended_on": "soon"}, "Enter the date like this", "ended_on"),
    ({**END, "ended_on": ""}, "Enter the date like this", "ended_on"),
])
def test_what_is_wrong_is_said_and_kept(employee, database, ids, fields,
                                        message, anchor):
    before = rows(database)
    page = setting(employee, ids[:2], **fields)
    assert message in problems(page)
    assert f'id="{anchor}"' in page.text
    shown = values_of(page.text)
    for name, value in fields.items():
        if name in ("value", "ended_on", "ended_reason"):
            assert shown[name] == value, name
    sent = form_of(page.text, LOOK)
    assert [value for name, value in sent if name == "supplier"] == [
        str(i) for i in ids[:2]]
    assert rows(database) == before
    good = [("do", "preview"), ("deed", "end"), *list(END.items())[1:]]
    saved(confirm(employee, employee.post(LOOK, sent + good)))


def test_what_does_not_fit_one_supplier_is_left_out(employee, database, ids):
    query(connect(database), "UPDATE suppliers SET state = '' WHERE id ="
          f" {ids[0]}")
    query(connect(database), "UPDATE suppliers SET country = '' WHERE id ="
          f" {ids[1]}")
    page = setting(employee, ids[:3], deed="set", field="country", value="")
    text = html.unescape(page.text)
    assert "Can't be changed this way</dt><dd>1<" in text
    assert "Need no change</dt><dd>1<" in text
    assert "The supplier state is required, unless you enter a country" in text
    saved(confirm(employee, page))
    assert field(database, "country")[:4] == ["Colombia", "", "", "Colombia"]
    back = employee.post(LOOK, [*form_of(page.text, CHANGE), ("do", "ask")])
    assert "Set one field of 3 suppliers" in back.text


@pytest.mark.parametrize("sent", ["x", "1-", "1-2", "1-2-3-4", "-1", "0",
                                  "99999999999999999999"])
def test_damaged_values(employee, database, ids, sent):
    before = rows(database)
    for path in LOOK, CHANGE:
        page = employee.post(path, [("supplier", sent), ("do", "delete"),
                                    ("deed", "delete")])
        assert page.status == 422, page.text
    assert rows(database) == before and ids


def test_unknown_ones_and_repeated_ones(employee, database, ids):
    page = deletion(employee, [ids[0], ids[0], 10 ** 9])
    assert "Delete 1 supplier?" in page.text
    assert "Deleted by somebody else</dt><dd>1<" in page.text
    saved(confirm(employee, page))
    assert len(names(database)) == 5


def test_no_change_without_a_preview(employee, database, ids):
    before = rows(database)
    page = employee.post(CHANGE, [("supplier", str(ids[0])),
                                  ("deed", "delete")])
    assert page.status == 200 and "Delete 1 supplier?" in page.text
    assert rows(database) == before


@pytest.mark.parametrize("path", [LOOK, CHANGE])
def test_no_form_at_all(employee, path):
    assert employee.request("POST", path, b"{}", {
        "Content-Type": "application/json"}).status == 415


def test_readers_see_no_such_thing(start, database, ids):
    employee = start("employee", database, APP_IDENTITY_HEADER=USER,
                     APP_EDITORS="ann@example.com")
    reader, editor = ({USER: "bob"}, {USER: "ann@example.com"})
    text = employee.request("GET", "/admin/suppliers", None, editor).text
    assert 'type="checkbox"' in text and LOOK in text
    assert re.findall(r"<script[^>]*/(\w+\.js)", text) == ["choose.js"]
    page = employee.request("GET", "/admin/suppliers", None, reader)
    assert 'type="checkbox"' not in page.text and LOOK not in page.text
    assert "<script" not in page.text
    body = f"supplier={ids[0]}&do=delete&deed=delete".encode()
    sent = {**reader, "Content-Type": "application/x-www-form-urlencoded"}
    for path in (LOOK, CHANGE, f"/admin/changes-undo/{'x' * 22}"):
        assert employee.request("POST", path, body, sent).status == 403
    assert len(names(database)) == 6
