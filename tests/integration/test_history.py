"""The history: who, when, from what to what; and back to any of it."""
import html
import re

from form_pages import (SUPPLIER, add, hidden_of, names, open_form, rows, save,
                   saved, title_of)

PATH = "/admin/history"


def entries(page):
    """The texts of the entries, tags taken out."""
    assert page.status == 200, page.text
    found = re.findall(r'<li class="entry" id="r(\d+)">(.*?)</li>', page.text,
                       re.S)
    return {int(number): " ".join(html.unescape(
        re.sub(r"<[^>]*>", " ", text)).split()) for number, text in found}


def test_who_when_what(employee, database):
    number, first = add(employee, name="Old <name>")
    second = saved(employee.post(
        "/admin/supplier-update",
        {**open_form(employee, number), "name": "New name",
         "notes": "**two**\nlines"}, X_Forwarded_For="10.1.2.3"))
    shown = entries(employee.get(PATH))
    assert list(shown) == [second, first]
    assert "New name was changed" in shown[second]
    assert " UTC , by 10.1.2.3 " in shown[second]
    assert "Name from Old <name> → to New name" in shown[second]
    assert "**two** lines" in shown[second]
    assert "City" not in shown[second]
    assert "Old <name> was added" in shown[first]
    assert f"City {SUPPLIER['city']}" in shown[first]
    assert entries(employee.get(f"/admin/supplier-history/{number}")).keys() \
        == shown.keys()


def test_changes_made_outside(employee, database):
    database.sql("SET @cafe_actor = NULL;"
                 " INSERT INTO suppliers (name, address, city, state, email,"
                 " phone) VALUES ('Sql', '', '', '', '', '')")
    text, = entries(employee.get(PATH)).values()
    assert re.search(r" UTC , by SQL, account \w+@localhost ", text)


def test_saved_as_it_was(employee):
    number, _ = add(employee)
    revision = saved(save(employee, open_form(employee, number)))
    assert "Saved without changes" in entries(employee.get(PATH))[revision]


def test_no_such_history(employee):
    for path in ("/admin/supplier-history/99", "/admin/supplier-history/x",
                 PATH + "?before=x", PATH + "?before=-1"):
        assert employee.get(path).status == 404, path
    assert "There are no changes to show" in employee.get(PATH).text


def test_pages_of_the_log(employee, database):
    """Every change once, newest first."""
    values = ", ".join(f"('n{n}', '', '', '', '', '')" for n in range(60))
    database.sql("INSERT INTO suppliers (name, address, city, state, email,"
                 f" phone) VALUES {values}")
    seen, url = [], PATH
    while url:
        page = employee.get(url)
        seen += entries(page)
        found = re.search(r'rel="next" href="(\?page=\d+)"', page.text)
        url = found and PATH + found[1]
    assert seen == list(range(60, 0, -1))


def test_restore_a_version(employee, database):
    number, first = add(employee)
    saved(save(employee, open_form(employee, number), city="Second"))
    saved(save(employee, open_form(employee, number), city="Third"))
    path = f"/admin/supplier-history/{number}"
    page = employee.get(path)
    assert page.text.count("current version") == 1
    assert page.text.count("Restore as of then") == 2
    action = f"/admin/supplier-restore/{first}"
    fields = hidden_of(employee.get(action).text, action)
    done, again = employee.post(action, fields), employee.post(action, fields)
    assert saved(done) == saved(again)
    assert rows(database)[0]["city"] == SUPPLIER["city"]
    told = employee.get(done.headers["Location"])
    assert "Restored <a " in told.text
    assert "was restored" in entries(employee.get(path))[saved(done)]


def test_restoring_what_was_changed_meanwhile_asks(employee, database):
    number, first = add(employee)
    saved(save(employee, open_form(employee, number), city="Second"))
    action = f"/admin/supplier-restore/{first}"
    fields = hidden_of(employee.get(action).text, action)
    saved(save(employee, open_form(employee, number), city="Third"))
    page = employee.post(action, fields)
    assert page.status == 409 and rows(database)[0]["city"] == "Third"
    assert "Third" in page.text and title_of(page).startswith("Error: ")
    saved(employee.post(action, hidden_of(page.text, action)))
    assert rows(database)[0]["city"] == SUPPLIER["city"]


def test_undo_after_somebody_brought_it_back_asks(employee, database):
    number, _ = add(employee)
    done = employee.post(f"/admin/supplier-remove/{number}")
    action = f"/admin/supplier-restore/{saved(done)}"
    first = hidden_of(employee.get(done.headers["Location"]).text, action)
    second = hidden_of(employee.get(done.headers["Location"]).text, action)
    assert first["form_key"] != second["form_key"]
    saved(employee.post(action, first))
    assert employee.post(action, second).status == 409
    late = employee.get(done.headers["Location"])
    assert "somebody has restored it since" in late.text
    assert "Undo" not in late.text
    assert names(database) == [SUPPLIER["name"]]


def test_a_deleted_supplier_keeps_its_history(employee, database):
    number, first = add(employee)
    gone = saved(employee.post(f"/admin/supplier-remove/{number}"))
    page = employee.get(f"/admin/supplier-history/{number}")
    assert "was deleted" in entries(page)[gone]
    assert "Edit this supplier" not in page.text
    for action in (f"/admin/supplier-restore/{gone}",
                   f"/admin/supplier-restore/{first}"):
        assert f'href="{action}"' in page.text
        assert hidden_of(employee.get(action).text,
                         action)["revision"] == str(gone)
    action = f"/admin/supplier-restore/{gone}"
    assert "Bring it back" in page.text
    assert "Undo this change" not in page.text
    saved(employee.post(action, hidden_of(employee.get(action).text, action)))
    assert [row["id"] for row in rows(database)] == [str(number)]


def test_restoring_what_is_not_there(employee):
    for number in ("0", "x", "999", "-1", "99999999999999999999"):
        for what in "restore", "undo":
            path = f"/admin/supplier-{what}/{number}"
            assert employee.post(path).status == 404, path
            assert employee.get(path).status == 404, path


def test_forgotten_entries_say_so(employee, database):
    number, first = add(employee, name="Secret")
    second = saved(save(employee, open_form(employee, number), name="Public"))
    database.sql("UPDATE supplier_changes SET name = '', address = '',"
                 " city = '', state = '', country = '', email = '',"
                 " phone = '', notes = '', actor = NULL, writer = ''"
                 f" WHERE revision = {first}")
    page = employee.get(f"/admin/supplier-history/{number}")
    assert "erased from the history" in entries(page)[first]
    assert f"/admin/supplier-restore/{first}" not in page.text
    assert "by SQL" not in entries(page)[first]
    assert "from" not in entries(page)[second].split(" UTC")[1]
    page = employee.post(f"/admin/supplier-restore/{first}")
    assert page.status == 404
    assert "There is nothing to restore" in page.text


def test_home_shows_the_last_ten(employee, database):
    assert "There are no changes yet" in employee.get("/admin").text
    number, _ = add(employee)
    for turn in range(11):
        saved(save(employee, open_form(employee, number), city=f"c{turn}"))
    home = employee.get("/admin")
    recent = re.findall(r"<li><a href=\"/admin/supplier-history/\d+#r\d+\"",
                        home.text)
    assert len(recent) == 10 and "was changed: City" in home.text


def test_the_list_says_what_was_done(employee):
    number, revision = add(employee)
    for query, said in ((f"?saved={revision}", True), ("?saved=99", False),
                        ("?saved=x", False), ("?saved=0", False),
                        ("?saved=9223372036854775807", False)):
        page = employee.get("/admin/suppliers" + query)
        assert page.status == 200
        assert ('class="done"' in page.text) == said, query
    page = employee.get(f"/admin/suppliers?saved={revision}")
    assert re.search(r"<p>Added <a href=\"/admin/supplier-update/"
                     rf"{number}\"><bdi>Finca", page.text)


def test_old_form_keys_go(employee, database):
    """After a save, once an hour at most."""
    def old():
        return int(database.sql("SELECT COUNT(*) FROM supplier_form_keys"
                                " WHERE form_key LIKE 'old%'")[0][0])

    def put(name):
        database.sql(
            "INSERT INTO supplier_form_keys VALUES (RPAD('old', 22, "
            f"'{name}'), REPEAT('d', 32), NULL, NULL,"
            " UTC_TIMESTAMP(6) - INTERVAL 30 DAY)")

    import harness
    put("a")
    add(employee)
    harness.wait_until(lambda: old() == 0, "the old key is gone")
    put("b")
    add(employee)
    add(employee)
    assert old() == 1
