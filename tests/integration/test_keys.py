"""Keys of programs: made, used, refused, and shown nowhere."""
import base64
import itertools
import json
import os
import pathlib
import re
import subprocess
import time

import pytest

import harness
from change_log import Session
from form_pages import SUPPLIER
from test_roles import (ADDRESSES, ANSWERS, Asker, CHANGES, EDITORS, METHODS,
                        OPEN, ORIGINS, ROWS_STEP, USER, expected)

API = "/admin/api/v1"
PROBLEM = "application/problem+json"


def run(database, *argv, account="migrate", **more):
    return subprocess.run(
        [harness.BIN / "employee", *argv], text=True, capture_output=True,
        timeout=harness.WAIT_S, check=False,
        env={**database.environment(account), **more})


def add(database, name, may, *more):
    """The key."""
    done = run(database, "--add-key", name, "--may", may, *more)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"cafe_[0-9a-f]{64}\n", done.stdout)
    return done.stdout.strip()


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


def ask(daemon, path, key, **fields):
    return daemon.request("GET", API + path, None,
                          {**bearer(key), **harness.dashed(fields)})


def assert_refused(answer, status, *words):
    """It is a problem that says so."""
    assert answer.status == status, answer.text
    assert answer.headers["Content-Type"] == PROBLEM
    problem = json.loads(answer.text)
    assert problem["status"] == status
    for word in words:
        assert word in problem["detail"], problem
    if status == 401:
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


def count_keys(database):
    return int(database.sql("SELECT COUNT(*) FROM cafe_keys")[0][0])


def test_a_key_is_printed_once_and_only_its_digest_is_kept(database):
    key = add(database, "till 4", "read", "--days", "30")
    row, = database.sql(
        f"SELECT name, digest = UNHEX(SHA2('{key}', 256)), may,"
        " DATEDIFF(expires, created), last_used FROM cafe_keys")
    assert row == ["till 4", "1", "read", "30", "NULL"]
    listed = run(database, "--list-keys", account="employee")
    assert listed.returncode == 0 and key not in listed.stdout
    assert re.fullmatch(r"till 4\tread\tcreated \S+\tlast used never\t"
                        r"expires \S+ \S+\n", listed.stdout)
    removed = run(database, "--remove-key", "till 4")
    assert removed.returncode == 0 and count_keys(database) == 0


def audited(done):
    """The one line that a command leaves in the log."""
    line, = (json.loads(line) for line in done.stderr.splitlines()
             if line.startswith("{"))
    assert (line["level"], line["service"], line["uid"]) == (
        "info", "employee", os.getuid())
    return line


def test_adding_and_removing_is_logged(database, tmp_path):
    """As lines of the daemon's log, without the secret."""
    done = run(database, "--add-key", "till 4", "--may", "write", "--days", "9")
    line = audited(done)
    assert (line["msg"], line["key"], line["may"], line["days"]) == (
        "key added", "till 4", "write", 9)
    assert done.stdout.strip() not in done.stderr
    line = audited(run(database, "--remove-key", "till 4"))
    assert (line["msg"], line["key"]) == ("key removed", "till 4")
    secret = tmp_path / "secret"
    secret.write_text("correct horse\n")
    for msg in "person added", "password changed":
        done = run(database, "--add-user", "ann", "--password-file",
                   str(secret), APP_IDENTITY_HTPASSWD=str(tmp_path / "people"))
        line = audited(done)
        assert (line["msg"], line["person"]) == (msg, "ann")
        assert "correct horse" not in done.stderr + done.stdout
    for argv in (("--remove-key", "none"), ("--list-keys",),
                 ("--add-key", "a", "--may", "all")):
        assert "{" not in run(database, *argv).stderr


@pytest.mark.parametrize("argv, said", [
    (("--add-key", "a"), "--may read or --may write"),
    (("--add-key", "a", "--may", "all"), "--may read or --may write"),
    (("--add-key", "", "--may", "read"), "name"),
    (("--add-key", "a\nb", "--may", "read"), "a name must be 1 to 100 bytes"),
    (("--add-key", "a\u202eb", "--may", "read"), "a name must be 1 to 100 bytes"),
    (("--add-key", "a" * 101, "--may", "read"), "a name must be 1 to 100 bytes"),
    (("--add-key", "a", "--may", "read", "--days", "0"), "--days"),
    (("--add-key", "a", "--may", "read", "--days", "3651"), "--days"),
    (("--add-key", "a", "--may", "read", "--days", "x"), "--days"),
    (("--add-key", "there", "--may", "read"), "there is already a key with this name"),
    (("--remove-key", "a"), "there is no key with this name"),
    (("--may", "read"), "need --add-key"),
    (("--list-keys", "--migrate"), "can't be combined"),
    (("--list-keys", "--forget", "1"), "can't be combined"),
    (("--remove-key", "a", "--list-keys"), "can't be combined"),
])
def test_commands_that_make_no_sense_change_nothing(database, argv, said):
    add(database, "there", "read")
    done = run(database, *argv)
    assert done.returncode == 1 and said in done.stderr, done.stderr
    assert done.stdout == "" and count_keys(database) == 1


def test_the_daemons_account_may_not_add_or_remove_keys(database):
    add(database, "there", "read")
    for argv in (("--add-key", "a", "--may", "write"),
                 ("--remove-key", "there")):
        done = run(database, *argv, account="employee")
        assert done.returncode == 1
        assert "use the account that migrates" in done.stderr
    assert count_keys(database) == 1


def test_the_number_of_keys_has_a_limit(database):
    database.sql("INSERT INTO cafe_keys SELECT seq, UNHEX(SHA2(seq, 256)),"
                 " 'read', NOW(), NULL, NULL FROM seq_1_to_256")
    done = run(database, "--add-key", "one more", "--may", "read")
    assert done.returncode == 1 and "256 keys" in done.stderr
    assert count_keys(database) == 256


def test_a_key_nobody_could_be_given_is_removed(database):
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run(
            [harness.BIN / "employee", "--add-key", "a", "--may", "read"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
            timeout=harness.WAIT_S, env=database.environment("migrate"))
    assert done.returncode == 1 and count_keys(database) == 0, done.stderr


def test_a_program_reads_with_a_key(database, employee, customer):
    """The same list as on the customers' side."""
    assert employee.post("/admin/supplier-add", SUPPLIER).status == 303
    number = int(database.sql("SELECT id FROM suppliers")[0][0])
    for may in "read", "write":
        key = add(database, may, may)
        for path in ("/suppliers", "/suppliers?q=" + SUPPLIER["name"][:3],
                     "/suppliers?limit=1", f"/suppliers/{number}"):
            mine = ask(employee, path, key)
            theirs = customer.get("/api/v1" + path)
            assert mine.status == theirs.status == 200
            assert mine.text == theirs.text
            assert (mine.headers["ETag"] == theirs.headers["ETag"]) == \
                ("?" in path or path == "/suppliers")
            assert mine.headers["Cache-Control"] == "no-store"
        again = ask(employee, "/suppliers", key,
                    If_None_Match=ask(employee, "/suppliers",
                                      key).headers["ETag"])
        assert again.status == 304
    for path, word in (("/suppliers?lmit=1", "no such parameter"),
                       ("/suppliers?limit=201", "1 to 200"),
                       ("/suppliers?q=a&q=b", "only once"),
                       (f"/suppliers/{number}?a=1", "no parameters")):
        assert_refused(ask(employee, path, key), 400, word)
    assert_refused(ask(employee, f"/suppliers/{number + 1}", key), 404,
                   "no supplier")
    harness.wait_until(
        lambda: {line["user"] for line in employee.lines()
                 if line["msg"] == "request" and line["path"].startswith(API)}
        == {"key read", "key write"}, "both are logged")
    used = database.sql("SELECT last_used = UTC_DATE() FROM cafe_keys")
    assert used == [["1"], ["1"]]


def test_next_leads_through_the_list_of_the_same_api(database, employee):
    for name in "abc":
        database.sql(f"INSERT INTO suppliers (name, address, city, state, email,"
                     f" phone) VALUES ('{name}', 'a', 'c', 's', '', '1')")
    key = add(database, "k", "read")
    answer = ask(employee, "/suppliers?limit=2", key)
    after = json.loads(answer.text)["next"]
    assert after.startswith(API + "/suppliers?limit=2&cursor=")
    assert answer.headers["Link"] == f'<{after}>; rel="next"'
    rest = json.loads(employee.request("GET", after, None, bearer(key)).text)
    assert [each["name"] for each in rest["suppliers"]] == ["c"]


def test_the_history_is_there_for_programs(database, employee):
    key = add(database, "k", "read")
    assert employee.post("/admin/supplier-add", SUPPLIER).status == 303
    number = int(database.sql("SELECT id FROM suppliers")[0][0])
    assert employee.post(f"/admin/supplier-remove/{number}").status == 303
    got = json.loads(ask(employee, "/history", key).text)
    assert got["next"] is None
    gone, added = got["changes"]
    assert (gone["action"], added["action"]) == ("remove", "add")
    assert added["version"] < gone["version"] and added["id"] == number
    assert added["person"] == "127.0.0.1"
    assert added["account"] == "employee@localhost"
    assert {name: added[name] for name in SUPPLIER} == SUPPLIER
    one = ask(employee, "/history?limit=1&action=", key)
    part = json.loads(one.text)
    assert part["changes"] == [gone]
    assert one.headers["Link"] == f'<{part["next"]}>; rel="next"'
    rest = json.loads(employee.request("GET", part["next"], None,
                                       bearer(key)).text)
    assert rest == {"next": None, "changes": [added]}
    filtered = json.loads(ask(employee, "/history?action=add", key).text)
    assert filtered["changes"] == [added]
    for query in ("limit=0", "limit=201", "action=x", "day=2026-02-30",
                  "before=x", "person=" + "x" * 255, "supplier=" + "x" * 255,
                  "nobody=1", "limit=1&limit=1"):
        assert_refused(ask(employee, "/history?" + query, key), 400)
    assert run(database, "--forget", str(number)).returncode == 0
    for change in json.loads(ask(employee, "/history", key).text)["changes"]:
        assert change["person"] is None and change["account"] is None
        assert "name" not in change


def test_a_key_that_was_removed_opens_nothing_from_then_on(database, employee):
    key = add(database, "k", "read")
    assert ask(employee, "/suppliers", key).status == 200
    assert run(database, "--remove-key", "k").returncode == 0
    assert_refused(ask(employee, "/suppliers", key), 401, "no such key")


def test_keys_that_are_none(database, employee):
    good = add(database, "k", "write")
    add(database, "old", "write", "--days", "1")
    database.sql("UPDATE cafe_keys SET digest = UNHEX(SHA2("
                 f"'cafe_{'0' * 64}', 256)), expires = UTC_TIMESTAMP()"
                 " WHERE name = 'old'")
    assert_refused(ask(employee, "/suppliers", f"cafe_{'0' * 64}"), 401,
                   "expired")
    assert database.sql("SELECT last_used FROM cafe_keys"
                        " WHERE name = 'old'") == [["NULL"]]
    assert_refused(ask(employee, "/suppliers", f"cafe_{'1' * 64}"), 401,
                   "no such key")
    for key in ("", good[:-1], good + "0", good.upper(), f"{good} {good}",
                good[5:], f'"{good}"', good[:-1] + "g", "\xe9" * 69,
                "x" * 8000):
        assert_refused(ask(employee, "/suppliers", key), 401, "not a key")
    assert ask(employee, "/suppliers", good).status == 200
    refused = harness.wait_until(
        lambda: (lines := [line["key"] for line in employee.lines()
                           if line["msg"] == "a key was refused"]) and
        len(lines) >= 12 and lines, "each is logged")
    assert len(refused) == 12 and set(refused) == {"", "old"}


@pytest.mark.parametrize("name", ["employee", "customer"])
def test_several_authorization_fields_are_refused_everywhere(start, database,
                                                             name):
    """With one answer, whichever of them would count."""
    daemon = start(name, database)
    good = f"Bearer {add(database, 'k', 'read')}"
    paths = {"employee": (API + "/suppliers", "/admin/suppliers",
                          "/admin/none"),
             "customer": ("/api/v1/suppliers", "/suppliers")}[name]
    for path, (first, second) in itertools.product(paths, (
            (good, good), (good, "Basic YTpi"), (good, ""), ("", good),
            ("Basic YTpi", "Basic YTpi"))):
        got = daemon.raw(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n"
                         f"Authorization: {first}\r\n"
                         f"authorization: {second}\r\n"
                         "Connection: close\r\n\r\n".encode())
        assert got.startswith(b"HTTP/1.1 400 "), (path, first, second)
        assert (b"several Authorization fields" in got) == ("/api/" in path)
    harness.wait_until(
        lambda: [line["reason"] for line in daemon.lines() if
                 line.get("status") == 400] == ["identity"] * 5 * len(paths),
        "each is logged")


# What a key is worth: its right; None: nothing.
KEYS = {"read": "read", "write": "write", "unknown": None, "malformed": None}


def expected_of_key(method, path, right, origin, inside):
    """The rule: below /admin/api the key alone counts, whatever the origin;
    elsewhere it means nothing, and nobody has a name."""
    if path in OPEN or not path.startswith("/admin/api") or not inside:
        return expected(method, path, False, ORIGINS[origin][1], inside)
    if right is None:
        return 401
    if (method, path) in CHANGES and right != "write":
        return 403
    known = ANSWERS[path]
    if not known:
        return 404
    return {"OPTIONS": 204, "HEAD": known.get("GET", 405)}.get(
        method, known.get(method, 405))


@pytest.mark.parametrize("person", [{}, {USER: "ann@example.com"}])
def test_every_method_path_key_origin_and_address(start, database, person):
    """Beside a proxy that signs people in; its name does not add to a key."""
    employee = start("employee", database, APP_IDENTITY_HEADER=USER,
                     APP_EDITORS=EDITORS.split(",", maxsplit=1)[0],
                     APP_IDENTITY_KEY_PER_MINUTE="1000000")
    texts = {"read": add(database, "r", "read"),
             "write": add(database, "w", "write"),
             "unknown": f"cafe_{'0' * 64}", "malformed": "x"}
    asker, wrong, count = Asker(employee.port), [], 0
    paths = [path for path in [*ANSWERS, *OPEN]
             if not person or path.startswith("/admin/api")]
    rows = itertools.product(METHODS, paths, KEYS, ORIGINS, ADDRESSES)
    for method, path, name, origin, address in itertools.islice(
            rows, 0, None, ROWS_STEP):
        got = asker(method, path, {**person, **ORIGINS[origin][0],
                                   **ADDRESSES[address][0],
                                   **bearer(texts[name])})
        want = expected_of_key(method, path, KEYS[name], origin,
                               ADDRESSES[address][1])
        count += 1
        if got != want:
            wrong.append((method, path, name, origin, address, got, want))
    assert not wrong, (len(wrong), wrong[:20])
    assert count == -(-7 * len(paths) * 4 * 8 * 5 // ROWS_STEP)


def test_a_key_counts_beside_passwords(start, database, tmp_path):
    path = tmp_path / "htpasswd"
    secret = tmp_path / "secret"
    secret.write_text("correct horse\n")
    assert run(database, "--add-user", "ann", "--password-file", str(secret),
               APP_IDENTITY_HTPASSWD=str(path)).returncode == 0
    employee = start("employee", database, APP_IDENTITY_HTPASSWD=path)
    key = add(database, "k", "read")
    basic = base64.b64encode(b"ann:correct horse").decode()
    assert ask(employee, "/suppliers", key).status == 200
    assert employee.get(API + "/suppliers",
                        Authorization=f"Basic {basic}").status == 200
    assert employee.get(API + "/suppliers").status == 401
    assert employee.request("GET", "/admin/suppliers", None,
                            bearer(key)).status == 401
    assert employee.request("GET", "/admin/api-of-others", None,
                            bearer(key)).status == 401


@pytest.mark.parametrize("name", ["key k", "KEY k", "key "])
def test_no_person_is_named_like_a_key(start, database, tmp_path, name):
    employee = start("employee", database, APP_IDENTITY_HEADER=USER)
    got = employee.request("GET", "/admin", None, {USER: name + "x"})
    assert got.status == 400
    secret = tmp_path / "secret"
    secret.write_text("correct horse\n")
    done = run(database, "--add-user", name + "x", "--password-file",
               str(secret), APP_IDENTITY_HTPASSWD=str(tmp_path / "people"))
    assert done.returncode == 1
    for other in ("keyk", "Key", "keynes john"):
        got = employee.request("GET", "/admin", None, {USER: other})
        assert got.status == 200, other


def test_a_key_has_its_pace_and_others_theirs(start, database):
    employee = start("employee", database, APP_IDENTITY_KEY_PER_MINUTE="3")
    key, other = add(database, "a", "read"), add(database, "b", "read")
    begun = time.monotonic()
    answers = [ask(employee, "/suppliers", key) for _ in range(8)]
    if time.monotonic() - begun > 20:
        pytest.skip("too slow: a share of the minute is over")
    assert [answer.status for answer in answers] == [200] * 3 + [429] * 5
    for answer in answers[3:]:
        assert_refused(answer, 429, "too many requests")
        assert 1 <= int(answer.headers["Retry-After"]) <= 21
    assert ask(employee, "/suppliers", other).status == 200


def test_without_a_database_nobody_is_let_in(start, own):
    employee = start("employee", own)
    key = add(own, "k", "read")
    assert ask(employee, "/suppliers", key).status == 200
    own.stop()
    assert_refused(ask(employee, "/suppliers", key), 503)
    own.start()
    harness.wait_until(lambda: ask(employee, "/suppliers", key).status == 200,
                       "the key is looked up again")


def test_that_the_use_cannot_be_noted_lets_programs_read(database, employee):
    key = add(database, "k", "read")
    database.sql("REVOKE UPDATE (last_used) ON COFFEE.cafe_keys"
                 " FROM employee@'%'")
    try:
        assert ask(employee, "/suppliers", key).status == 200
    finally:
        database.sql("GRANT UPDATE (last_used) ON COFFEE.cafe_keys"
                     " TO employee@'%'")


def stored(database):
    """Every value of every table, in hex."""
    found = []
    for table, in database.sql("SHOW TABLES"):
        columns = [line[0] for line in
                   database.sql(f"SHOW COLUMNS FROM {table}")]
        found += database.sql("SELECT " + ", ".join(
            f"HEX({column})" for column in columns) + f" FROM {table}")
    return str(found)


def test_a_key_shows_up_nowhere(database, start, folder):
    """Not in logs, the database's own one included, tables, arguments,
    environments and answers."""
    queries = folder / "queries"
    database.sql(f"SET GLOBAL general_log_file = '{queries}';"
                 "SET GLOBAL general_log = ON")
    employee = start("employee", database, APP_LOG_LEVEL="debug")
    key = add(database, "k", "read")
    bad = f"cafe_{'ab' * 32}"
    answers = []
    for text in (key, bad, key + "x", f"{key}, {key}"):
        for path in ("/suppliers", "/history", "/history?x=1", "/nothing"):
            answers.append(ask(employee, path, text))
        answers.append(employee.request("GET", "/admin", None, bearer(text)))
        answers.append(employee.request("POST", API + "/suppliers", b"{}",
                                        bearer(text)))
    database.sql("SET GLOBAL general_log = OFF")
    assert "cafe_keys" in queries.read_text(errors="replace")
    process = pathlib.Path(f"/proc/{employee.process.pid}")
    tables = stored(database)
    assert f"'{b'k'.hex().upper()}'" in tables
    seen = [employee.process.output(), tables,
            queries.read_text(errors="replace"),
            (process / "cmdline").read_text(),
            (process / "environ").read_text(),
            *(f"{answer.headers}{answer.text}" for answer in answers)]
    for text in seen:
        for secret in (key, bad):
            assert secret[10:40] not in text
            assert secret[10:40].encode().hex().upper() not in text


def test_the_history_names_the_key_as_one(database, employee):
    """Who wrote by SQL as a key would be shown."""
    with Session(database, "employee") as session:
        session.run("SET @cafe_actor = 'key till 4'")
        session.run("INSERT INTO suppliers (name, address, city, state, email,"
                    " phone) VALUES ('n', 'a', 'c', 's', '', '1')")
    shown = employee.get("/admin/history").text
    assert "by key till 4" in shown
