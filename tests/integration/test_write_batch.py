"""Programs change many suppliers at once: all of them or none."""
import concurrent.futures
import json
import uuid

import pytest

import harness
from form_pages import names
from test_keys import add, run
from test_write_api import API, SUPPLIER, Program, added, count, errors

BATCH = ":batch"


def supplier(number, **more):
    """One that looks like no other."""
    return {**SUPPLIER, "name": f"Beans {number}", "email": "",
            "phone": f"+1 802 555 {number:04}", **more}


def post(body):
    return {"method": "POST", "supplier": body}


def batch(program, *operations, query="", **fields):
    return program("POST", BATCH + query, {"operations": operations}, **fields)


def done(answer):
    assert answer.status == 200, answer.text
    return answer.json["results"]


@pytest.fixture(name="program")
def make_program(database, employee):
    return Program(employee, add(database, "till", "write"))


def test_each_method_in_one_batch(program, database, employee):
    first, second, third = done(batch(
        program, *(post(supplier(i)) for i in range(3))))
    assert first["status"] == 201
    ids = [each["supplier"]["id"] for each in (first, second, third)]
    read = program("GET", f"/{ids[0]}")
    assert read.json == first["supplier"]
    assert read.headers["ETag"] == first["etag"]
    whole = {"name": "New", "address": "a", "city": "c", "state": "s",
             "phone": "+1 802 555 9999"}
    results = done(batch(
        program,
        {"method": "DELETE", "id": ids[2], "if_match": third["etag"]},
        {"method": "PATCH", "id": ids[0], "if_match": first["etag"],
         "supplier": {"city": "Cali", "website": None}},
        post(supplier(4)),
        {"method": "PUT", "id": ids[1], "if_match": "*", "supplier": whole}))
    assert results[0] == {"status": 204}
    assert [each["status"] for each in results] == [204, 200, 201, 200]
    assert results[1]["supplier"] == {
        **first["supplier"], "city": "Cali", "website": "",
        "version": results[1]["supplier"]["version"],
        "updated_at": results[1]["supplier"]["updated_at"]}
    assert results[3]["supplier"]["notes"] == ""
    for each in results[1:]:
        now = program("GET", f"/{each['supplier']['id']}")
        assert now.json == each["supplier"]
        assert now.headers["ETag"] == each["etag"]
    assert program("GET", f"/{ids[2]}").status == 410
    assert database.sql("SELECT action, actor FROM supplier_changes"
                        " ORDER BY revision") == [
        [action, "key till"] for action in
        ("add", "add", "add", "remove", "update", "add", "update")]
    lines = harness.wait_until(
        lambda: (found := [line for line in employee.lines()
                           if line["msg"] == "suppliers changed"]) and
        len(found) == 2 and found, "each batch is logged")
    assert [(line["changes"], line["first_revision"], line["last_revision"])
            for line in lines] == [(3, 1, 3), (4, 4, 7)]
    assert lines[0]["user"] == "key till"


def test_all_or_nothing(program, database):
    """What is wrong with the last one undoes the first, and each fault has the
    index of its operation."""
    new = added(program)
    number = new.json["id"]
    now = program("PATCH", f"/{number}", {"city": "x"}, If_Match="*")
    before = database.sql("SELECT * FROM supplier_changes")
    good = post(supplier(1))
    stale = {"method": "PATCH", "id": number, "if_match": new.headers["ETag"],
             "supplier": {"city": "y"}}
    answer = batch(program, good, stale)
    assert list(errors(answer, 412)) == ["/operations/1/if_match"]
    assert answer.json["errors"][0]["current"] == now.json
    gone = {"method": "DELETE", "id": 99999, "if_match": "*"}
    answer = batch(program, good, gone, stale)
    assert list(errors(answer, 404)) == ["/operations/1/id",
                                         "/operations/2/if_match"]
    bad = post({**supplier(2), "name": "", "email": "x"})
    assert list(errors(batch(program, good, bad))) == [
        "/operations/1/supplier/name", "/operations/1/supplier/email"]
    unlike = {**stale, "if_match": "*", "supplier": {"email": "x"}}
    assert list(errors(batch(program, good, unlike))) == [
        "/operations/1/supplier/email"]
    assert database.sql("SELECT * FROM supplier_changes") == before
    assert names(database) == [SUPPLIER["name"]]
    assert count(database, "supplier_form_keys") == 2


FAULTY = [
    ({}, {"/operations"}), ({"operations": []}, {"/operations"}),
    ({"operations": {}}, {"/operations"}),
    ({"operations": [{}] * 1001}, {"/operations"}),
    ({"operations": [post(SUPPLIER)], "more": 1}, {""}),
    ({"operations": [1, {}]}, {"/operations/0", "/operations/1/method"}),
    ({"operations": [{"method": "GET"}]}, {"/operations/0/method"}),
    ({"operations": [{"method": "POST"}]}, {"/operations/0/supplier"}),
    ({"operations": [{**post(SUPPLIER), "id": 1, "if_match": "*", "a/b": 1}]},
     {"/operations/0/id", "/operations/0/if_match", "/operations/0/a~1b"}),
    ({"operations": [post({"nmae": "", "city": 1})]},
     {"/operations/0/supplier/nmae", "/operations/0/supplier/city"}),
    ({"operations": [{"method": "DELETE", "id": 1, "if_match": "*",
                      "supplier": {}}]}, {"/operations/0/supplier"}),
    ({"operations": [{"method": "DELETE", "id": "1", "if_match": 1}]},
     {"/operations/0/id", "/operations/0/if_match"}),
    ({"operations": [{"method": "DELETE", "id": -1, "if_match": "*"}]},
     {"/operations/0/id"}),
    ({"operations": [{"method": "DELETE", "id": 7, "if_match": "*"}] * 2},
     {"/operations/1/id"}),
]


@pytest.mark.parametrize("body, pointers", FAULTY)
def test_faulty_batches_are_refused_by_place(program, database, body,
                                             pointers):
    assert set(errors(program("POST", BATCH, body))) == pointers
    assert count(database, "supplier_changes") == 0


def test_a_change_without_its_version_is_refused(program):
    for method, more in (("DELETE", {}), ("PATCH", {"supplier": {}}),
                         ("PUT", {"supplier": SUPPLIER})):
        answer = batch(program, post(SUPPLIER),
                       {"method": method, "id": 1, **more})
        assert list(errors(answer, 428)) == ["/operations/1/if_match"]


def test_bodies_that_are_no_batch_are_refused(program, database):
    body = json.dumps({"operations": [post(SUPPLIER)]}).encode()
    for kind in ("text/plain", "application/merge-patch+json"):
        assert program("POST", BATCH, body, Content_Type=kind).status == 415
    assert program("POST", BATCH, b" " * (1024 * 1024 + 1)).status == 413
    for bad in (b"", b"[]", b"{}x", body + b"\0", body[:-2],
                b'{"operations":[' + b"[" * 5000):
        assert errors(program("POST", BATCH, bad), 400)
    assert program("POST", BATCH + "?anyway=yes", body).status == 400
    assert program("POST", BATCH, body, Idempotency_Key="").status == 400
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        assert program(method, BATCH).status == 405
    assert count(database, "supplier_changes") == 0


def test_a_batch_may_be_sent_again(program, database):
    key = str(uuid.uuid4())
    operations = [post(supplier(i)) for i in range(3)]
    first = batch(program, *operations, Idempotency_Key=key)
    ids = [each["supplier"]["id"] for each in done(first)]
    assert program("PATCH", f"/{ids[1]}", {"city": "x"},
                   If_Match="*").status == 200
    again = batch(program, *operations, Idempotency_Key=key)
    assert (again.status, again.text) == (200, first.text)
    for other in (batch(program, *operations[:2], Idempotency_Key=key),
                  program("POST", "", supplier(9), Idempotency_Key=key)):
        assert other.status == 422 and "another body" in other.json["detail"]
    assert program("POST", "", supplier(8), Idempotency_Key="p").status == 201
    other = batch(program, *operations, Idempotency_Key="p", query="?anyway=1")
    assert other.status == 422 and "another body" in other.json["detail"]
    assert count(database) == 4
    assert program("DELETE", f"/{ids[1]}", If_Match="*").status == 204
    assert run(database, "--forget", str(ids[1])).returncode == 0
    again = batch(program, *operations, Idempotency_Key=key)
    assert [len(each) for each in done(again)] == [3, 1, 3]


def test_at_once_the_same_batch_is_done_once(program, database):
    operations = [post(supplier(i)) for i in range(5)]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(
            lambda _: batch(program, *operations, Idempotency_Key="k"),
            range(6)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert count(database) == 5


def test_batches_and_forms_cross_without_a_deadlock(program, employee):
    """Batches of the same suppliers in opposite orders, and single changes of
    them: each is done."""
    ids = [each["supplier"]["id"] for each in done(batch(
        program, *(post(supplier(i)) for i in range(12))))]

    def change(worker):
        order = ids if worker % 2 else ids[::-1]
        for turn in range(6):
            city = {"city": f"{worker}.{turn}"}
            if worker < 4:
                yield batch(program, *(
                    {"method": "PATCH", "id": each, "if_match": "*",
                     "supplier": city} for each in order))
            else:
                yield program("PATCH", f"/{order[turn]}", city, If_Match="*")

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda worker: list(change(worker)), range(8)))
    assert {answer.status for each in answers for answer in each} == {200}
    cities = {json.loads(employee.request(
        "GET", f"{API}/{each}", None, program.fields).text)["city"]
        for each in ids}
    assert cities


def test_what_looks_like_a_duplicate_is_asked_about(program, database):
    first = added(program)
    other = added(program, **supplier(1))
    answer = batch(
        program, post(supplier(2)), post({**SUPPLIER, "name": "Same mail"}),
        post(supplier(2, name="Same phone")),
        {"method": "PATCH", "id": other.json["id"], "if_match": "*",
         "supplier": {"phone": SUPPLIER["phone"]}},
        {"method": "PATCH", "id": first.json["id"], "if_match": "*",
         "supplier": {"notes": ""}})
    assert answer.status == 409
    found = {each["pointer"]: each for each in answer.json["errors"]}
    assert set(found) == {f"/operations/{i}/supplier" for i in (1, 2, 3)}
    for i in (1, 3):
        assert found[f"/operations/{i}/supplier"]["duplicates"] == [first.json]
    twin = found["/operations/2/supplier"]
    assert "/operations/0" in twin["detail"] and "duplicates" not in twin
    assert count(database, "supplier_changes") == 2
    assert batch(program, post(SUPPLIER), post(SUPPLIER),
                 query="?anyway=1").status == 200
    assert count(database) == 4


def test_what_the_table_refuses_is_said_by_place(program, database):
    database.sql("ALTER TABLE suppliers MODIFY city VARCHAR(8) NOT NULL")
    fault = errors(batch(program, post(supplier(1, city="short")),
                         post(supplier(2, city="longer than eight"))))
    assert list(fault) == ["/operations/1/supplier/city"]
    database.sql("ALTER TABLE suppliers MODIFY city VARCHAR(255) NOT NULL,"
                 " ADD CONSTRAINT mine CHECK (state <> 'no')")
    fault = errors(batch(program, post(supplier(1)),
                         post(supplier(2, state="no"))))
    assert list(fault) == ["/operations/1/supplier"]
    assert count(database) == 0


def test_nothing_is_saved_without_triggers(program, database):
    done(batch(program, post(supplier(1)), post(supplier(2))))
    ids = [row[0] for row in database.sql("SELECT id FROM suppliers")]
    database.sql("DROP TRIGGER suppliers_changed")
    answer = batch(program, post(supplier(3)), *(
        {"method": "PATCH", "id": int(each), "if_match": "*", "supplier": {}}
        for each in ids))
    assert answer.status == 503
    assert count(database, "supplier_changes") == 2 and count(database) == 2


def longest_turn(daemon):
    """Of the event loop, in seconds of processor time: whatever else runs on
    this machine does not count."""
    return daemon.metric("cafe_loop_longest_turn_seconds")


def test_the_largest_batch_does_not_hold_the_loop(start, database):
    employee = start("employee", database, APP_OPS_PORT=harness.free_port(),
                     APP_OPS_BIND="127.0.0.1")
    program = Program(employee, add(database, "till", "write"))
    results = done(batch(program, *(post(supplier(i, notes="x" * 400))
                                    for i in range(1000))))
    assert [each["supplier"]["name"] for each in results] == \
        [f"Beans {i}" for i in range(1000)]
    patches = [{"method": "PATCH", "id": each["supplier"]["id"],
                "if_match": each["etag"], "supplier": {"city": "Cali"}}
               for each in results]
    again = done(batch(program, *patches))
    assert {each["supplier"]["city"] for each in again} == {"Cali"}
    late = batch(program, *patches)
    assert late.status == 412 and len(late.json["errors"]) == 20
    assert database.sql("SELECT COUNT(*), MAX(revision)"
                        " FROM supplier_changes") == [["2000", "2000"]]
    assert longest_turn(employee) < 0.02


def test_no_longer_supplying_needs_a_reason(program):
    first = added(program)
    answer = batch(program, {
        "method": "PATCH", "id": first.json["id"], "if_match": "*",
        "supplier": {"ended_on": "2026-11-20"}})
    assert "Say why" in errors(answer)["/operations/0/supplier/ended_reason"]
