"""The API for programs: what it answers, and what it says is wrong."""
import copy
import gzip
import json
import shutil
import subprocess
import urllib.parse

import jsonschema
import pytest

import harness
from api import DESCRIPTION, PROBLEM, SUPPLIERS, Api
from test_downloads import HOSTILE
from writers import NAMES, connect, insert, query

MEMBERS = ["id", "version", "updated_at", *NAMES]
MANY = ("INSERT INTO suppliers (name, address, city, state, email, phone)"
        " SELECT CONCAT('s', seq), 'a', IF(seq % 2, 'Odd', 'Even'),"
        " IF(seq % 3, 'B', 'A'), '', '5550100' FROM seq_1_to_{}")


@pytest.fixture
def api(customer):
    return Api(customer)


def refusals(document, folder):
    """What openapi-spec-validator says of a description."""
    path = folder / "openapi.json"
    path.write_text(json.dumps(document))
    done = subprocess.run(["openapi-spec-validator", path], text=True,
                          capture_output=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_description_is_openapi(api, folder):
    if shutil.which("openapi-spec-validator") is None:
        pytest.skip("NOT CHECKED: there is no openapi-spec-validator (of the "
                    "Python package openapi-spec-validator) to read the "
                    "description of the API")
    assert refusals(api.document, folder) == ""
    faulty = copy.deepcopy(api.document)
    faulty["paths"][SUPPLIERS]["get"]["parameters"][0]["in"] = "nowhere"
    assert "nowhere" in refusals(faulty, folder)


def test_schemas_are_schemas(api):
    for schema in api.document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_description_has_the_fields_that_answers_have(api, database):
    insert(connect(database))
    schema = api.document["components"]["schemas"]["Supplier"]
    assert list(schema["properties"]) == MEMBERS == schema["required"]
    assert list(schema["examples"][0]) == MEMBERS
    assert list(api.list().json["suppliers"][0]) == MEMBERS
    assert list(api.get(f"{SUPPLIERS}/1").json) == MEMBERS
    assert list(api.list().json) == ["total", "next", "suppliers"]


def test_description_has_the_parameters_that_are_taken(api):
    described = api.operation("GET", SUPPLIERS)["parameters"]
    names = [parameter["name"] for parameter in described]
    refused = api.list(sort="name")
    assert refused.status == 400
    for name in names:
        assert name in refused.json["detail"]
        assert api.list(**{name: "x"}).status == \
            (400 if name in ("limit", "cursor") else 200)
    for parameter in described:
        name, schema = parameter["name"], parameter["schema"]
        if "maxLength" in schema:
            for sign in ("x", "é", "🫘"):
                fits = sign * schema["maxLength"]
                assert api.list(**{name: fits}).status == 200
                assert api.list(**{name: fits + sign}).status == 400
        if "maximum" in schema:
            low, high = schema["minimum"], schema["maximum"]
            assert api.list(**{name: low}).status == 200
            assert api.list(**{name: high}).status == 200
            assert api.list(**{name: low - 1}).status == 400
            assert api.list(**{name: high + 1}).status == 400


def test_suppliers_read_back(api, database):
    admin = connect(database)
    for fields in HOSTILE:
        insert(admin, **fields)
    insert(admin, name="".join(map(chr, range(1, 0xd800)))[:255],
           notes="".join(map(chr, range(0, 0xa0))) + "\u2028\u2029\ufeff"
           "\ufffe\U0001f600\U0010ffff")
    rows = query(admin, f"SELECT id, {', '.join(NAMES)} FROM suppliers"
                 " ORDER BY id")
    stored = [dict(zip(("id", *NAMES), row)) for row in rows]
    log = dict(query(admin, "SELECT supplier_id, MAX(revision)"
                     " FROM supplier_changes GROUP BY supplier_id"))
    for limit in (1, 3, 200):
        read = api.all(limit=limit)
        assert [{k: v for k, v in one.items()
                 if k not in ("version", "updated_at")}
                for one in read] == stored
        assert {one["id"]: one["version"] for one in read} == log
    for one in read:
        assert api.get(f"{SUPPLIERS}/{one['id']}").json == one
    raw = api.list(limit=200).text
    assert not set(raw) & set(map(chr, (*range(0, 10), *range(11, 32),
                                        *range(127, 160), 0x2028, 0x2029)))


def test_time_and_version_of_a_change(api, database):
    admin = connect(database)
    number = insert(admin)
    before = api.get(f"{SUPPLIERS}/{number}").json
    query(admin, "UPDATE suppliers SET city = 'x' WHERE id = %s", number)
    after = api.get(f"{SUPPLIERS}/{number}").json
    assert after["version"] == before["version"] + 1
    at = query(admin, "SELECT DATE_FORMAT(at, '%%Y-%%m-%%dT%%H:%%i:%%s.%%f')"
               " FROM supplier_changes WHERE revision = %s",
               after["version"])[0][0]
    assert after["updated_at"] == at[:-3] + "Z"


def test_filters_are_those_of_the_list(api, database):
    query(connect(database), MANY.format(700))

    def numbers(**fields):
        found = api.all(limit=200, **fields)
        assert api.list(**fields).json["total"] == len(found)
        return [one["id"] for one in found]

    assert numbers() == list(range(1, 701))
    assert numbers(city="ODD", state="a") == list(range(3, 701, 6))
    assert numbers(q="S7") == [7, *range(70, 80), 700]
    assert numbers(q="s7 even", state="b") == [70, 74, 76, 700]
    assert numbers(q="nobody") == []
    assert len(api.list().json["suppliers"]) == 50
    assert api.list(limit=200).json["next"].startswith(
        f"{SUPPLIERS}?limit=200&cursor=")
    assert api.list(q="s  & even", limit=1).json["next"].startswith(
        f"{SUPPLIERS}?q=s%20%26%20even&limit=1&cursor=")


def test_ids_of_any_size(api, database):
    admin = connect(database)
    numbers = [-2147483648, -5, 3, 2147483647]
    for number in numbers[::-1]:
        insert(admin, id=number)
    assert [one["id"] for one in api.all(limit=1)] == numbers
    table = api.client.get("/suppliers.csv").text.splitlines()[1:]
    assert sorted(int(line.split(",")[0]) for line in table) == numbers
    for number in numbers:
        assert api.get(f"{SUPPLIERS}/{number}").json["id"] == number
        assert api.client.get(f"/suppliers/{number}").status == 200
        card = api.client.get(f"/suppliers/{number}.vcf").text
        assert f"-{number}\r\n" in card.split("UID;VALUE=text:")[1]


PATHS = (SUPPLIERS, f"{SUPPLIERS}?limit=2", f"{SUPPLIERS}?q=s1&state=b",
         f"{SUPPLIERS}/1", DESCRIPTION)


def test_kept_compared_and_compressed(api, database):
    admin = connect(database)
    query(admin, MANY.format(60))
    for path in PATHS:
        tags = set()
        for _ in range(3):  # written, kept, from the cache
            answer = api.get(path)
            assert answer.headers["Cache-Control"] == "no-cache"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "same-origin"
            assert answer.headers["Content-Security-Policy"] == \
                "default-src 'none'; frame-ancestors 'none'"
            assert answer.headers["Vary"] == "Accept-Encoding"
            assert "Content-Disposition" not in answer.headers
            tags.add(answer.headers["ETag"])
        assert len(tags) == 1 and not tags.pop().startswith("W/")
        tag = answer.headers["ETag"]
        assert api.get(path, If_None_Match=tag).status == 304
        assert api.get(path, If_None_Match='"other"').status == 200
        head = api.request("HEAD", path)
        assert head.status == 200 and head.body == b""
        assert head.headers["Content-Length"] == str(len(answer.body))
        assert head.headers["ETag"] == tag
        packed = api.client.get(path, Accept_Encoding="gzip")
        if packed.headers["Content-Encoding"]:
            assert gzip.decompress(packed.body) == answer.body
            assert packed.headers["ETag"] != tag
        else:
            assert len(packed.body) < 512
    query(admin, "UPDATE suppliers SET city = 'moved' WHERE id = 1")
    for path in (SUPPLIERS, f"{SUPPLIERS}/1"):
        tag = api.get(DESCRIPTION).headers["ETag"]
        assert "moved" in api.get(path, If_None_Match=tag).text
    assert api.get(DESCRIPTION, If_None_Match=tag).status == 304


def test_same_lists_are_the_same_answer(api, database):
    query(connect(database), MANY.format(60))
    first = api.list(limit=50, cursor="", q="").headers["ETag"]
    assert api.get(SUPPLIERS + "/").headers["ETag"] == first
    assert api.list(state="", city="").headers["ETag"] == first
    assert api.list(limit=51).headers["ETag"] != first


def problem(answer, status, parameter=None):
    assert answer.status == status, answer.text
    assert answer.headers["Content-Type"] == PROBLEM
    assert answer.json["type"] == "about:blank"
    assert answer.json.get("parameter") == parameter
    assert len(answer.json["detail"]) > 20
    return answer.json["detail"]


def test_what_is_not_there(api, database):
    number = insert(connect(database))
    for name in ("0", "01", "-1", "-0", "-01", "-", "-2147483649", "x",
                 str(number + 1), "2147483648", "1.json", "%31", "9" * 400):
        detail = problem(api.get(f"{SUPPLIERS}/{name}"), 404)
        assert "no supplier with this id" in detail
    for path in ("/api", "/api/", "/api/v1", "/api/v2/suppliers",
                 "/api/v1/suppliers.json", f"{SUPPLIERS}/1/x", "/api/%3Cb%3E"):
        assert DESCRIPTION in problem(api.get(path), 404)
    assert "text/html" in api.client.get("/apis").headers["Content-Type"]


def test_only_get_and_head(api):
    for path in PATHS:
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            answer = api.request(method, path, b"x=1",
                                 Origin="https://other.example")
            problem(answer, 405)
            assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert api.request("HEAD", "/api/nothing").status == 404
    problem(api.request("GET", SUPPLIERS, b"body"), 413)


LIMITS = ("0", "201", "-1", "+1", "01", "1.0", "1e2", " 1", "1 ", "", "x",
          "٣", "9" * 5000, "18446744073709551617", "50\x01", "0x10")


@pytest.mark.parametrize("limit", LIMITS, ids=range(len(LIMITS)))
def test_faulty_limits(api, limit):
    assert "1 to 200" in problem(api.list(limit=limit), 400, "limit")


def cursor_of(answer):
    return urllib.parse.parse_qs(answer.json["next"].split("?")[1])["cursor"][0]


def test_faulty_cursors(api, database):
    query(connect(database), MANY.format(3))
    good = cursor_of(api.list(limit=1))
    assert api.list(cursor=good).json["suppliers"][0]["id"] == 2
    faulty = ["x", "1", "0", "-1", " ", good[:-1], good + "0", good.upper(),
              " " + good, good + "\n", "0" * 16, "f" * 16, "💥", "é" * 8,
              "../../etc/passwd", "' OR 1=1 --", "9" * 7000, "<b>", "%00"]
    faulty += [good[:at] + ("1" if good[at] == "0" else "0") + good[at + 1:]
               for at in range(len(good))]
    for cursor in faulty:
        if cursor != good:
            detail = problem(api.list(cursor=cursor), 400, "cursor")
            assert "unchanged" in detail


def test_faulty_parameters(api):
    problem(api.list(q="x" * 101), 400, "q")
    problem(api.list(q="x" * 6000), 400, "q")
    problem(api.list(state="x" * 256), 400, "state")
    problem(api.list(city="é" * 256), 400, "city")
    problem(api.list(sate="VT"), 400, "sate")
    problem(api.list(page=2), 400, "page")
    problem(api.get(f"{SUPPLIERS}?<script>=1".replace("<", "%3C")
                    .replace(">", "%3E")), 400, "<script>")
    problem(api.get(f"{SUPPLIERS}?=1"), 400, "")
    for twice in ("q=a&q=a", "limit=1&limit=2", "cursor=&cursor="):
        detail = problem(api.get(f"{SUPPLIERS}?{twice}"), 400,
                         twice.split("=")[0])
        assert "once" in detail
    for unreadable in ("q=%ff", "q=%c3", "%80=1", "q=%ed%a0%80"):
        problem(api.get(f"{SUPPLIERS}?{unreadable}"), 400)
    problem(api.get(f"{SUPPLIERS}?" + "&".join("q=" for _ in range(1201))), 400)
    assert api.list(q="", state="", city="", cursor="").status == 200


def test_filters_with_nothing_to_compare_by(api):
    """A mark or a space alone would find all suppliers."""
    for nothing in (" ", "\t", "\u0301", "\u200b", " \u0301\u200b "):
        for name in ("q", "state", "city"):
            detail = problem(api.list(**{name: nothing}), 400, name)
            assert "nothing to search" in detail
    assert api.list(q="&", state="-").status == 200
    assert api.list(q="020 7946").status == 200


def test_paths_without_parameters(api, database):
    number = insert(connect(database))
    for path in (f"{SUPPLIERS}/{number}", DESCRIPTION):
        assert "takes no parameters" in problem(api.get(f"{path}?x=1"), 400,
                                                "x")
        problem(api.get(f"{path}?q="), 400, "q")
        problem(api.get(f"{path}?x=%ff"), 400)
        assert api.get(f"{path}?").status == 200


def test_too_large_an_answer_says_so(start, database):
    api = Api(start("customer", database, APP_TAKE_MAX_BYTES=65536))
    admin = connect(database)
    for _ in range(20):
        insert(admin, notes="\t" * 8000)
    assert "limit" in problem(api.list(), 422)
    assert len(api.all(limit=3)) == 20


def test_strangers_get_a_problem(start, database):
    insert(connect(database))
    api = Api(start("customer", database))
    document = api.document
    stranger = start("customer", database, APP_ALLOW="192.0.2.1/32")
    api.client = stranger
    answers = {path: api.get(path) for path in (*PATHS, "/api/nothing")}
    assert len({problem(answer, 404) for answer in answers.values()}) == 1
    assert api.document is document


def test_stale_answers_say_so(start, folder):
    own = harness.Database(folder)
    own.start()
    own.make_ready()
    try:
        api = Api(start("customer", own, APP_CATALOG_WAIT_MS=500))
        query(connect(own), MANY.format(150))
        fresh = {path: api.get(path) for path in PATHS}
        own.kill()
        for path in PATHS[:-1]:
            answer = api.get(path, If_None_Match=fresh[path].headers["ETag"])
            assert answer.status == 200 and "ETag" not in answer.headers
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.json.pop("as_of") == answer.headers["Cafe-As-Of"]
            assert answer.json == fresh[path].json
        assert [one["id"] for one in api.all(limit=20)] == \
            list(range(1, 151))
        problem(api.get(f"{SUPPLIERS}/151"), 404)
        problem(api.list(limit=0), 400, "limit")
        assert api.get(DESCRIPTION, If_None_Match=fresh[DESCRIPTION]
                       .headers["ETag"]).status == 304
    finally:
        own.stop()


def test_never_reached_database(start):
    api = Api(start("customer", None, APP_DB_SOCKET="/nonexistent/db.sock",
                    APP_DB_USER="customer", APP_CATALOG_WAIT_MS=100))
    for path in PATHS[:-1]:
        answer = api.get(path)
        assert "reach the database" in problem(answer, 503)
        assert int(answer.headers["Retry-After"]) > 0
        head = api.request("HEAD", path)
        assert head.status == 503 and head.headers["Content-Type"] == PROBLEM
    problem(api.get("/api/nothing"), 404)
    problem(api.request("POST", SUPPLIERS), 405)


def test_older_schema_is_said(start, server):
    server.make_empty()
    server.sql("GRANT SELECT ON COFFEE.* TO customer@'%'")
    api = Api(start("customer", server, APP_CATALOG_WAIT_MS=100))
    assert "employee --migrate" in problem(api.list(), 503)


def test_through_the_load_balancer(proxy, database):
    insert(connect(database), name="Łódź")
    api = Api(proxy)
    assert [one["name"] for one in api.all()] == ["Łódź"]
    problem(api.get("/api/admin"), 404)


def test_the_list_links_to_the_description(customer, database):
    insert(connect(database))
    assert f'href="{DESCRIPTION}"' in customer.get("/suppliers").text
