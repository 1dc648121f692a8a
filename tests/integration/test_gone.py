"""A link to a supplier that is no longer listed: 410, with a way on."""
import json

import pytest

from writers import connect, insert, query

PATHS = ("/suppliers/{}", "/suppliers/{}.vcf", "/suppliers/{}.json")


@pytest.fixture(name="deleted")
def make_deleted(database):
    admin = connect(database)
    number = insert(admin, name="Gone")
    query(admin, "DELETE FROM suppliers")
    return number


@pytest.mark.parametrize("path", PATHS)
def test_a_deleted_one_is_gone(customer, deleted, path):
    page = customer.get(path.format(deleted))
    assert page.status == 410 and page.headers["Cache-Control"] == "no-store"
    assert "This supplier is no longer listed" in page.text
    assert 'role="search" action="/suppliers"' in page.text
    assert "have that page in stock" not in page.text
    assert customer.request("HEAD", path.format(deleted)).status == 410
    assert customer.get(path.format(deleted + 1)).status == 404


@pytest.mark.parametrize("daemon, root", [("customer", "/api"),
                                          ("employee", "/admin/api")])
def test_programs_are_told_too(start, database, deleted, daemon, root):
    client = start(daemon, database)
    path = f"{root}/v1/suppliers"
    for number, status, words in ((deleted, 410, "was deleted"),
                                  (deleted + 1, 404, "There is no supplier")):
        answer = client.get(f"{path}/{number}")
        assert answer.status == status
        assert words in json.loads(answer.text)["detail"]


def test_one_that_is_back_is_shown(customer, database, deleted):
    assert customer.get(f"/suppliers/{deleted}").status == 410
    insert(connect(database), id=str(deleted), name="Back")
    assert "Back" in customer.get(f"/suppliers/{deleted}").text


def test_what_cannot_be_asked_is_not_found(start, own):
    """While the database is away, nobody knows whether it was there."""
    number = insert(connect(own), name="Gone")
    insert(connect(own), name="Here")
    query(connect(own), f"DELETE FROM suppliers WHERE id = {number}")
    customer = start("customer", own)
    assert customer.get(f"/suppliers/{number}").status == 410
    own.kill()
    assert customer.get(f"/suppliers/{number}").status in (404, 503)
    assert customer.get(f"/suppliers/{number + 1}").status == 200
