"""
An older backup of the database is restored, and the log counts on from there:
what a form from before was based on is another revision by then.
"""
import pytest

from form_pages import hidden_of, open_form, save
from forms import supplier
from writers import connect, insert, query

CITY = "SELECT city FROM suppliers WHERE id = %s"


@pytest.fixture(name="admin")
def make_admin(database):
    return connect(database)


def change(admin, number, city):
    query(admin, "UPDATE suppliers SET city = %s WHERE id = %s", city, number)


def restore(admin, number):
    """What a backup has from the time of the first revision."""
    change(admin, number, "City 1")
    query(admin, "DELETE FROM supplier_changes WHERE revision > 1")
    query(admin, "UPDATE supplier_revision SET n = 1, at ="
          " (SELECT at FROM supplier_changes WHERE revision = 1)")


@pytest.fixture(name="number")
def make_number(admin):
    """A supplier whose second revision is about to be shown."""
    number = insert(admin, **supplier(1))
    change(admin, number, "Shown")
    return number


def lose(admin, number):
    """The second revision is another one from now on."""
    restore(admin, number)
    change(admin, number, "Theirs")


def test_a_form_from_before_overwrites_nothing(admin, employee, number):
    form = open_form(employee, number)
    assert form["revision"] == "2"
    lose(admin, number)
    done = save(employee, form, address="Mine")
    assert done.status == 409
    assert query(admin, CITY, number) == (("Theirs",),)
    values = hidden_of(done.text, "/admin/supplier-update")
    again = save(employee, {**form, **values}, city="Mine")
    assert again.status == 303
    assert query(admin, CITY, number) == (("Mine",),)


def test_a_form_from_before_removes_nothing(admin, employee, number):
    path = f"/admin/supplier-remove/{number}"
    form = hidden_of(employee.get(path).text, path)
    lose(admin, number)
    assert employee.post(path, form).status == 409
    assert query(admin, CITY, number) == (("Theirs",),)


def test_a_form_from_before_brings_nothing_back(admin, employee, number):
    page = employee.get("/admin/supplier-restore/1")
    form = hidden_of(page.text, "/admin/supplier-restore/1")
    lose(admin, number)
    done = employee.post("/admin/supplier-restore/1", form)
    assert done.status == 409
    assert query(admin, CITY, number) == (("Theirs",),)


def test_a_form_without_the_time_is_compared_by_its_number(
        admin, employee, number):
    form = open_form(employee, number)
    form["revision_at"] = ""
    assert save(employee, form, city="Mine").status == 303
    assert save(employee, {**form, "form_key": ""},
                city="Stale").status == 409
    assert query(admin, CITY, number) == (("Mine",),)


def test_a_damaged_time_changes_nothing(admin, employee, number):
    form = open_form(employee, number)
    for time in "x", "-1", "9" * 30:
        done = save(employee, {**form, "revision_at": time}, city="Mine")
        assert done.status == 400 and "arrived damaged" in done.text
    assert query(admin, CITY, number) == (("Shown",),)


def test_the_undo_of_a_removal_from_before(admin, employee, number):
    """Another removal has its number: what it removed stays removed."""
    path = f"/admin/supplier-remove/{number}"
    done = employee.post(path, hidden_of(employee.get(path).text, path))
    assert done.status == 303
    undo = hidden_of(employee.get(done.headers["Location"]).text,
                     "/admin/supplier-restore/3")
    query(admin, "DELETE FROM supplier_changes WHERE revision > 2")
    query(admin, "UPDATE supplier_revision SET n = 2")
    insert(admin, **{**supplier(2), "id": number})
    assert employee.post("/admin/supplier-restore/3", undo).status == 409
    assert query(admin, "SELECT name FROM suppliers") == (("Name 2",),)
