"""Fields with which a client could pretend to be somebody: sixty and more,
generated, none of which makes an editor."""
import itertools

import pytest

from test_identity import FORGED, OWN_FIELD, actors, signed_in, users

WHO = ("User", "Username", "Email", "Name", "Groups", "Role", "Id")
WHENCE = ("X", "X-Forwarded", "X-Auth-Request", "X-Remote", "X-Auth",
          "X-Authenticated", "X-Webauth", "Remote", "X-Client")
NAMES = sorted({f"{whence}-{who}"
                for whence, who in itertools.product(WHENCE, WHO)} |
               set(FORGED) |
               {OWN_FIELD.replace("-", "_"), OWN_FIELD + "-", "X-" + OWN_FIELD,
                "Authorization", "Cookie", "X-Amzn-Oidc-Data", "From"})


@pytest.fixture(name="employee")
def make_employee(start, database):
    """Its one editor is ann, whom a proxy names in a field of its own."""
    return start("employee", database, APP_IDENTITY_HEADER=OWN_FIELD,
                 APP_EDITORS="ann")


def test_no_other_field_makes_an_editor(employee, database):
    assert len(NAMES) >= 60
    for name in NAMES:
        assert signed_in(employee, (name, b"ann")) == 403, name
    assert actors(database) == []
    assert set(users(employee)) == {""}
    assert signed_in(employee, (OWN_FIELD, b"ann")) == 303
    assert actors(database) == ["ann"]


def test_all_at_once(employee, database):
    fields = [(name, b"ann") for name in NAMES]
    for some in (fields[:50], fields[50:]):
        assert signed_in(employee, *some) == 403
    assert actors(database) == []


def test_the_own_field_of_strangers(start, database):
    """Of a peer that is no trusted proxy."""
    employee = start("employee", database, APP_IDENTITY_HEADER=OWN_FIELD,
                     APP_EDITORS="ann", APP_TRUSTED_PROXIES="192.0.2.1",
                     APP_ALLOW="0.0.0.0/0")
    for name in (OWN_FIELD, OWN_FIELD.lower(), OWN_FIELD.upper()):
        answer = employee.post("/admin/supplier-add", {"name": "x"},
                               **{name.replace("-", "_"): "ann"})
        assert answer.status == 403
    assert actors(database) == []
