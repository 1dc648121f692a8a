"""Programs change suppliers: versions, retries, faults, and who may."""
import concurrent.futures
import json
import uuid

import pytest

import harness
from form_pages import names
from test_keys import PROBLEM, add, bearer, run
from test_roles import USER

API = "/admin/api/v1/suppliers"
SUPPLIER = harness.SUPPLIER
PATCHED = "application/merge-patch+json"


class Program:
    """A client with a key."""

    def __init__(self, daemon, key, **fields):
        self.daemon = daemon
        self.fields = {**(bearer(key) if key else {}),
                       **harness.dashed(fields)}

    def __call__(self, method, path="", body=None, **fields):
        """body: what becomes JSON; bytes are sent as they are."""
        sent = {"Content-Type": "application/json", **self.fields,
                **harness.dashed(fields)}
        data = body if body is None or isinstance(body, bytes) else \
            json.dumps(body).encode()
        if data is None:
            del sent["Content-Type"]
        answer = self.daemon.request(method, API + path, data, sent)
        if answer.status >= 400:
            assert answer.headers["Content-Type"] == PROBLEM, answer.text
            assert answer.headers["Cache-Control"] == "no-store"
        answer.json = json.loads(answer.text) if answer.body else None
        if answer.status >= 400:
            assert answer.json["status"] == answer.status
        return answer


@pytest.fixture(name="program")
def make_program(database, employee):
    return Program(employee, add(database, "till", "write"))


def added(program, **more):
    answer = program("POST", "", {**SUPPLIER, **more})
    assert answer.status == 201, answer.text
    return answer


def errors(answer, status=422):
    assert answer.status == status, answer.text
    return {fault["pointer"]: fault["detail"]
            for fault in answer.json["errors"]}


def count(database, table="suppliers"):
    return int(database.sql(f"SELECT COUNT(*) FROM {table}")[0][0])


def test_a_supplier_from_post_to_delete(program, database, employee):
    new = added(program)
    number = new.json["id"]
    assert new.headers["Location"] == f"{API}/{number}"
    assert new.json.items() >= SUPPLIER.items()
    read = program("GET", f"/{number}")
    assert read.json == new.json
    assert read.headers["ETag"] == new.headers["ETag"]

    patched = program("PATCH", f"/{number}", {"city": "Cali", "website": None},
                      If_Match=read.headers["ETag"], Content_Type=PATCHED)
    assert patched.status == 200
    assert patched.json == {**read.json, "city": "Cali", "website": "",
                            "version": patched.json["version"],
                            "updated_at": patched.json["updated_at"]}
    assert patched.json["version"] > read.json["version"]
    assert patched.headers["ETag"] != read.headers["ETag"]

    whole = {"name": "Other", "address": "a", "city": "c", "state": "s",
             "phone": "+1 802 555 0101"}
    put = program("PUT", f"/{number}", whole, If_Match=patched.headers["ETag"])
    assert put.status == 200 and put.json["notes"] == ""
    assert put.json.items() >= whole.items()
    got = program("GET", f"/{number}")
    assert got.json == put.json and got.headers["ETag"] == put.headers["ETag"]

    gone = program("DELETE", f"/{number}", If_Match=put.headers["ETag"])
    assert gone.status == 204 and gone.body == b""
    assert program("GET", f"/{number}").status == 410
    for method, body in (("DELETE", None), ("PUT", whole), ("PATCH", {})):
        again = program(method, f"/{number}", body,
                        If_Match=put.headers["ETag"])
        assert again.status == 404 and "deleted" in again.json["detail"]
    actions = database.sql("SELECT action, actor FROM supplier_changes"
                           " ORDER BY revision")
    assert actions == [["add", "key till"], ["update", "key till"],
                       ["update", "key till"], ["remove", "key till"]]
    lines = harness.wait_until(
        lambda: (lines := [line for line in employee.lines()
                           if line["msg"] == "supplier changed"]) and
        len(lines) >= 4 and lines, "each is logged")
    assert [line["action"] for line in lines] == ["add", "update", "update",
                                                  "remove"]
    assert {line["user"] for line in lines} == {"key till"}
    assert "by key till" in employee.get("/admin/history").text


def another_time(tag):
    """The tag of the same version at a time that differs in its last digit."""
    return f'{tag[:-2]}{(int(tag[-2]) + 1) % 10}"'


def test_a_change_needs_the_version_that_it_is_based_on(program, database):
    new = added(program)
    number = new.json["id"]
    old = new.headers["ETag"]
    now = program("PATCH", f"/{number}", {"city": "Cali"}, If_Match=old)
    before = database.sql("SELECT * FROM supplier_changes")
    for method, body in (("PUT", {**SUPPLIER, "state": "x"}),
                         ("PATCH", {"state": "x"}), ("DELETE", None)):
        none = program(method, f"/{number}", body)
        assert none.status == 428 and "If-Match" in none.json["detail"]
        for tag in (old, "x", '"x"', f"W/{now.headers['ETag']}",
                    '"1-2-3"', '"-"', '"99999999999999999999-1"',
                    another_time(now.headers["ETag"])):
            late = program(method, f"/{number}", body, If_Match=tag)
            assert late.status == 412, (tag, late.text)
            assert late.json["current"] == now.json
            assert late.headers["ETag"] == now.headers["ETag"]
        for tag in (f"{old}, {now.headers['ETag']}", '"a", "b"'):
            many = program(method, f"/{number}", body, If_Match=tag)
            assert many.status == 400 and "one ETag" in many.json["detail"]
    assert database.sql("SELECT * FROM supplier_changes") == before
    for body in ({"state": "y"}, {}):
        assert program("PATCH", f"/{number}", body,
                       If_Match="*").status == 200
    assert program("DELETE", f"/{number}", If_Match="*").status == 204


def test_of_many_at_once_one_wins(program):
    new = added(program)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(
            lambda i: program("PATCH", f"/{new.json['id']}", {"city": f"c{i}"},
                              If_Match=new.headers["ETag"]), range(8)))
    assert sorted(answer.status for answer in answers) == [200] + [412] * 7


def test_a_post_may_be_sent_again(program, database):
    key = str(uuid.uuid4())
    first = program("POST", "", SUPPLIER, Idempotency_Key=key)
    assert first.status == 201
    number = first.json["id"]
    assert program("PATCH", f"/{number}", {"city": "Cali"},
                   If_Match=first.headers["ETag"]).status == 200
    again = program("POST", "", SUPPLIER, Idempotency_Key=key)
    assert (again.status, again.json, again.headers["ETag"]) == \
        (201, first.json, first.headers["ETag"])
    other = program("POST", "", {**SUPPLIER, "name": "Another"},
                    Idempotency_Key=key)
    assert other.status == 422 and "another body" in other.json["detail"]
    assert program("DELETE", f"/{number}", If_Match="*").status == 204
    other = program("POST", "", {**SUPPLIER, "name": "Another"},
                    Idempotency_Key=key)
    assert other.status == 422 and "another body" in other.json["detail"]
    for bad in ("", "x" * 256):
        assert program("POST", "", SUPPLIER,
                       Idempotency_Key=bad).status == 400
    assert count(database) == 0


def test_an_idempotency_key_is_one_programs_own(program, database, employee):
    other = Program(employee, add(database, "other", "write"))
    for each in program, other:
        answer = each("POST", "?anyway=1", SUPPLIER, Idempotency_Key="1")
        assert answer.status == 201
    assert count(database) == 2


def test_at_once_the_same_post_is_done_once(program, database):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(
            lambda _: program("POST", "", SUPPLIER, Idempotency_Key="k"),
            range(8)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert count(database) == 1


def test_what_looks_like_a_duplicate_is_asked_about(program, database):
    first = added(program)
    asked = program("POST", "", SUPPLIER)
    assert asked.status == 409 and asked.json["duplicates"] == [first.json]
    assert program("POST", "?anyway=1", SUPPLIER).status == 201
    for query in ("?anyway=yes", "?anyway=1&anyway=1", "?any=1"):
        assert program("POST", query, SUPPLIER).status == 400
    assert count(database) == 2


BAD_JSON = {
    b"": "ends too early", b"{": "ends too early", b"nul": "not JSON",
    b"{} {}": "follows its end", b'{"name":"a","name":"b"}': "twice",
    b'{"name":"\xff"}': "not UTF-8", b'{"name":"\xed\xa0\x80"}': "not UTF-8",
    b'{"name":"\\ud800"}': "surrogate", b'{"name":"\\udc00x"}': "surrogate",
    b'{"name":"a\\u0000"}': "NUL", b'{"a\\u0000":""}': "NUL",
    b'{"name":' + b"9" * 400 + b"}": "number is too large",
    b'{"name":1e999}': "number is too large",
    b'{"name":' + b"[" * 5000: "nested too deeply",
    b'{"city":""\0}': "NUL", b'{}\0': "NUL",
    b"[]": "Send one JSON object", b'"x"': "Send one JSON object",
    b"null": "Send one JSON object", b"1": "Send one JSON object",
}


@pytest.mark.parametrize("body", BAD_JSON, ids=lambda body: repr(body[:16]))
def test_what_is_no_json_object_is_refused(program, database, body):
    number = added(program).json["id"]
    before = count(database, "supplier_changes")
    for method, path, fields in (
            ("POST", "", {}), ("PUT", f"/{number}", {"If_Match": "*"}),
            ("PATCH", f"/{number}", {"If_Match": "*"})):
        fault = errors(program(method, path, body, **fields), 400)
        assert list(fault) == [""] and BAD_JSON[body] in fault[""], fault
    assert count(database, "supplier_changes") == before


def test_members_are_refused_by_name(program, database):
    number = added(program).json["id"]
    before = count(database, "supplier_changes")
    bad = {"name": 1, "city": [], "state": {}, "phone": True, "nmae": "x",
           "id": 1, "version": 2, "updated_at": "", "a/b~c": "", "N" * 65: ""}
    expected = {"/name", "/city", "/state", "/phone", "/nmae", "/id",
                "/version", "/updated_at", "/a~1b~0c", ""}
    for method, path in (("POST", ""), ("PUT", f"/{number}"),
                         ("PATCH", f"/{number}")):
        fault = errors(program(method, path, bad, If_Match="*"))
        assert set(fault) == expected
        assert "The server sets" in fault["/id"]
        assert "no such member" in fault["/nmae"]
    fault = errors(program("POST", "", {**SUPPLIER, "city": None}))
    assert fault == {"/city": "Send a text."}
    many = errors(program("POST", "", {f"m{i}": "" for i in range(1000)}))
    assert len(many) == 20
    assert count(database, "supplier_changes") == before


def test_texts_are_checked_like_those_of_the_form(program, database, employee):
    """The same messages, at the same fields."""
    new = added(program)
    number = new.json["id"]
    bad = {"name": "", "email": "x", "phone": "y" * 101, "website": "ftp://x",
           "notes": "x" * 16385}
    shown = employee.post("/admin/supplier-update",
                          {**SUPPLIER, **bad, "id": number}).text
    for method, path in (("POST", ""), ("PUT", f"/{number}"),
                         ("PATCH", f"/{number}")):
        fault = errors(program(method, path, {**SUPPLIER, **bad},
                               If_Match="*"))
        assert set(fault) == {"/" + name for name in bad}
        for detail in fault.values():
            assert detail.replace("'", "&#39;") in shown, detail
    assert set(errors(program("POST", "", {}))) >= {"/name"}
    tidied = program("PATCH", f"/{number}", {"city": "  Cali \n"},
                     If_Match=new.headers["ETag"])
    assert tidied.json["city"] == "Cali"
    assert count(database, "supplier_changes") == 2


def test_what_was_not_sent_stays_as_it_is_stored(program, database):
    """Also a text that today's rules refuse."""
    number = added(program).json["id"]
    database.sql("UPDATE suppliers SET email = 'no address', notes ="
                 f" 'a\\r\\nb ' WHERE id = {number}")
    answer = program("PATCH", f"/{number}", {"city": "Cali"}, If_Match="*")
    assert answer.status == 200
    assert database.sql("SELECT email, HEX(notes), city FROM suppliers") == \
        [["no address", b"a\r\nb ".hex().upper(), "Cali"]]
    refused = program("PATCH", f"/{number}", {"email": "none either"},
                      If_Match="*")
    assert set(errors(refused)) == {"/email"}


def test_bodies_of_other_types_and_sizes_are_refused(program, database):
    number = added(program, notes="é" * 8192).json["id"]
    body = json.dumps(SUPPLIER).encode()
    for kind in ("application/x-www-form-urlencoded", "text/plain", "",
                 "application/jsonx", PATCHED):
        assert program("POST", "", body, Content_Type=kind).status == 415
        assert program("PUT", f"/{number}", body, Content_Type=kind,
                       If_Match="*").status == 415
    assert program("PATCH", f"/{number}", b"{}", Content_Type="text/json",
                   If_Match="*").status == 415
    assert program("POST", "", b" " * (128 * 1024 + 1)).status == 413
    assert program("DELETE", f"/{number}", {}, If_Match="*").status == 413
    largest = program("PATCH", f"/{number}", b'{"notes":"%s"}' %
                      (b"\\u00e8" * 8192), If_Match="*",
                      Content_Type="Application/JSON; charset=utf-8")
    assert largest.status == 200 and largest.json["notes"] == "è" * 8192
    for path in ("/x", "/0", "/007", "/99999999999"):
        assert program("DELETE", path, If_Match="*").status == 404
    assert count(database) == 1


def test_a_key_that_may_read_changes_nothing(database, employee):
    writer = Program(employee, add(database, "w", "write"))
    reader = Program(employee, add(database, "r", "read"))
    number = added(writer).json["id"]
    for method, path, body in (("POST", "", SUPPLIER),
                               ("PUT", f"/{number}", SUPPLIER),
                               ("PATCH", f"/{number}", {}),
                               ("DELETE", f"/{number}", None)):
        answer = reader(method, path, body, If_Match="*")
        assert answer.status == 403
        assert "this key may only read" in answer.json["detail"]
    assert reader("GET", f"/{number}").status == 200
    assert count(database, "supplier_changes") == 1


def test_a_browser_may_write_as_its_person(start, database):
    """From this site, and as an editor."""
    employee = start("employee", database, APP_IDENTITY_HEADER=USER,
                     APP_EDITORS="ann")
    own = {"Sec_Fetch_Site": "same-origin"}
    ann = Program(employee, None, **own, **{USER: "ann"})
    number = added(ann).json["id"]
    assert database.sql("SELECT actor FROM supplier_changes") == [["ann"]]
    bob = Program(employee, None, **own, **{USER: "bob"})
    refused = bob("PATCH", f"/{number}", {}, If_Match="*")
    assert refused.status == 403 and "editors" in refused.json["detail"]
    for fields in ({"Sec_Fetch_Site": "cross-site"},
                   {"Origin": "https://evil.example"}, {"Cookie": "a=b"}):
        evil = Program(employee, None, **fields, **{USER: "ann"})
        assert evil("POST", "", SUPPLIER).status == 403
    assert count(database, "supplier_changes") == 1


def test_the_tables_own_rules_are_named(program, database):
    number = added(program).json["id"]
    database.sql("ALTER TABLE suppliers MODIFY city VARCHAR(10) NOT NULL")
    try:
        fault = errors(program("PATCH", f"/{number}", {"city": "x" * 11},
                               If_Match="*"))
        assert set(fault) == {"/city"}
    finally:
        database.sql("ALTER TABLE suppliers MODIFY city VARCHAR(255) NOT NULL")


def test_without_a_database_nothing_is_promised(start, own):
    employee = start("employee", own)
    program = Program(employee, add(own, "k", "write"))
    new = added(program)
    own.stop()
    answer = program("PATCH", f"/{new.json['id']}", {}, If_Match="*")
    assert answer.status == 503 and answer.headers["Retry-After"]
    own.start()
    harness.wait_until(
        lambda: program("PATCH", f"/{new.json['id']}", {"city": "c"},
                        If_Match="*").status == 200, "it writes again")
    assert names(own) == [SUPPLIER["name"]]


def test_a_restored_backup_makes_old_tags_wrong(program, database):
    """The number of the version is another one's then."""
    new = added(program)
    database.sql("UPDATE supplier_changes SET at = at - INTERVAL 1 DAY")
    late = program("PATCH", f"/{new.json['id']}", {"city": "c"},
                   If_Match=new.headers["ETag"])
    assert late.status == 412


def test_a_forgotten_first_answer_is_said(program, database):
    first = program("POST", "", SUPPLIER, Idempotency_Key="k")
    number = str(first.json["id"])
    assert program("DELETE", f"/{number}", If_Match="*").status == 204
    assert run(database, "--forget", number).returncode == 0
    again = program("POST", "", SUPPLIER, Idempotency_Key="k")
    assert again.status == 404 and "erased" in again.json["detail"]
    assert count(database) == 0


ENDED_ON = {"ended_on": "2026-11-20"}
WHY = "Say why it no longer supplies"


def test_no_longer_supplying_needs_a_reason(program):
    assert errors(program("POST", "", {**SUPPLIER, **ENDED_ON})) == {
        "/ended_reason": WHY}
    first = added(program)
    path = f"/{first.json['id']}"
    for method, body in (("PUT", {**SUPPLIER, **ENDED_ON}),
                         ("PATCH", ENDED_ON),
                         ("PATCH", {**ENDED_ON, "ended_reason": None})):
        assert errors(program(method, path, body, If_Match="*")) == {
            "/ended_reason": WHY}, (method, body)
    assert program("GET", path).json == first.json
    done = program("PATCH", path, {**ENDED_ON, "ended_reason": "closed"},
                   If_Match="*")
    assert done.status == 200
    assert errors(program("PATCH", path, {"ended_reason": ""},
                          If_Match="*")) == {"/ended_reason": WHY}
    assert program("PATCH", path, {"ended_on": None},
                   If_Match="*").json["ended_on"] == ""
