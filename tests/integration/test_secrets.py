"""Canaries: secrets that a daemon is given, looked for in all that it shows."""
import base64
import os
import pathlib
import signal
import subprocess

import pytest

import harness
from test_keys import add as add_key
from test_keys import bearer
from test_sign_in import add_user, basic
from test_tokens import FIELD, make_keys, make_stock, settings, token  # noqa: F401

ACCOUNT = harness.PASSWORDS["employee"]  # of the database
PASSWORD = "canary of Ann's 7f3a"
WRONG = "canary of nobody 9b1c"
PATHS = ("/admin", "/admin/suppliers", "/admin/history", "/admin/none",
         "/admin/supplier-update/1", "/admin/suppliers?q=%ff",
         "/admin/api/v1/suppliers", "/admin/api/v1/history?x=1", "/readyz")


def spellings(secret):
    """How it could be written down."""
    raw = secret if isinstance(secret, bytes) else secret.encode()
    return {raw, raw.hex().encode(), raw.hex().upper().encode(),
            base64.b64encode(raw).rstrip(b"="),
            harness.urllib.parse.quote(raw).encode(),
            harness.urllib.parse.quote_plus(raw).encode()}


def assert_hidden(secrets, **places):
    for name, place in places.items():
        text = place if isinstance(place, bytes) else place.encode()
        for secret in secrets:
            for spelt in spellings(secret):
                assert spelt not in text, (name, secret)


def shown(daemon, answers):
    """All that others get to see of a daemon."""
    process = pathlib.Path(f"/proc/{daemon.process.pid}")
    for client in (daemon, daemon.ops):
        for path in ("/metrics", "/readyz", "/healthz"):
            answers.append(client.get(path))
    return {"log": daemon.process.output(),
            "argv": (process / "cmdline").read_bytes(),
            "environ": (process / "environ").read_bytes(),
            "answers": "".join(f"{a.status}{a.headers}{a.text}"
                               for a in answers)}


def ask(daemon, fields):
    """Pages, and refusals for every reason, by somebody who sends these."""
    answers = [daemon.request("GET", path, None, fields) for path in PATHS]
    for path in ("/admin/supplier-add", "/admin/none",
                 "/admin/api/v1/suppliers"):
        for body, more in ((b"name=x", {}), (b"x" * 600000, {}),
                           (b"%ff=\0", {"Origin": "http://evil.example"}),
                           (b"{", {"Content-Type": "application/json"}),
                           (b"name=x", {"Host": "evil.example"}),
                           (b"name=x", {"X-Forwarded-For": "8.8.8.8"})):
            answers.append(daemon.request("POST", path, body,
                                          {**fields, **more}))
    return answers


@pytest.fixture(name="begin")
def make_begin(start, database):
    """Start a daemon with its port for operators, which logs all it can."""
    def begin(name="employee", **more):
        return start(name, database, APP_OPS_PORT=harness.free_port(),
                     APP_LOG_LEVEL="debug", **more)
    return begin


@pytest.fixture(name="people", scope="module")
def make_people(tmp_path_factory):
    path = tmp_path_factory.mktemp("people") / "htpasswd"
    done = add_user(path, "ann", PASSWORD)
    assert done.returncode == 0
    assert_hidden([PASSWORD], out=done.stdout + done.stderr)
    return path


def test_passwords_and_keys(begin, database, people):
    employee = begin(APP_IDENTITY_HTPASSWD=people, APP_EDITORS="ann")
    key = add_key(database, "k", "write")
    answers = []
    for fields in (basic("ann", PASSWORD), basic("ann", WRONG),
                   basic("nobody", WRONG), bearer(key), bearer(key + "x"),
                   {"Authorization": PASSWORD},
                   {"Authorization": f"Basic {PASSWORD}"},
                   {"Authorization": f"Digest {key}"}):
        answers += ask(employee, fields)
    assert {200, 400, 401, 403, 404, 413, 421} <= {a.status for a in answers}
    hashed = people.read_text().strip().split(":")[1]
    assert_hidden([ACCOUNT, PASSWORD, WRONG, key, key[5:], f"ann:{PASSWORD}",
                   hashed], **shown(employee, answers))


def test_tokens(begin, stock, keys):
    employee = begin(**settings(stock))
    good = token(keys[0])
    bad = token(keys[1])
    answers = ask(employee, {FIELD: good}) + ask(employee, {FIELD: bad})
    assert {200, 400} <= {a.status for a in answers}
    assert_hidden([ACCOUNT, good, bad, *good.split(b"."), *bad.split(b".")],
                  **shown(employee, answers))


@pytest.mark.parametrize("name", ["customer", "employee"])
def test_a_database_that_refuses_the_password(begin, name):
    """Errors of the database quote what they were sent."""
    daemon = begin(name, APP_DB_PASSWORD=WRONG, APP_CATALOG_WAIT_MS=100)
    harness.wait_until(lambda: "Access denied" in daemon.process.output(),
                       "it is refused")
    answers = [daemon.get(path) for path in (*PATHS, "/suppliers", "/")]
    assert 503 in {a.status for a in answers}
    assert_hidden([WRONG], **shown(daemon, answers))


@pytest.mark.parametrize("argv", [("--db-password", WRONG),
                                  (f"--db-password={WRONG}",)])
def test_a_password_on_the_command_line(begin, argv):
    """It is overwritten, and still in force after the options are read again.
    """
    daemon = begin("customer", argv=argv, APP_CATALOG_WAIT_MS=100)
    daemon.process.send(signal.SIGHUP)
    harness.wait_until(lambda: "configuration reloaded" in
                       daemon.process.output(), "it is reloaded")
    assert_hidden([WRONG, harness.PASSWORDS["customer"]],
                  **shown(daemon, [daemon.get("/suppliers")]))
    assert "db.password" not in daemon.process.output()


@pytest.mark.parametrize("argv", [
    ("--print-config",), ("--sample-config",), ("--check-config",),
    ("--check-config=connect",), ("--add-key", "a", "--may", "read"),
    ("--migrate", "--dry-run"), ("--list-keys",), ("--forget", "1"),
    ("--db-password",), ("--db-pasword", "x")])
def test_commands(database, argv):
    """Whether they succeed or not."""
    for password in (WRONG, ACCOUNT):
        done = subprocess.run(
            [harness.BIN / "employee", *argv], capture_output=True, check=False,
            env={**database.environment("employee"),
                 "APP_DB_PASSWORD": password})
        assert_hidden([password], out=done.stdout + done.stderr)


def death(process):
    """How it ended: CLD_KILLED, or CLD_DUMPED with a core."""
    process.send(signal.SIGABRT)
    code = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT).si_code
    process.wait()
    return code


@pytest.mark.parametrize("name", ["customer", "employee"])
def test_no_core_is_written(start, database, folder, name):
    """Though the limit would allow it, as for another program."""
    prefix = "prlimit", "--core=unlimited"
    other = harness.Process("other", [*prefix, "sleep", str(harness.WAIT_S)],
                            folder, cwd=folder)
    harness.wait_until(lambda: pathlib.Path(
        f"/proc/{other.pid}/comm").read_text() == "sleep\n", "it runs")
    if death(other) != os.CLD_DUMPED:
        pytest.skip("this machine writes no cores at all")
    daemon = start(name, database, prefix=prefix)
    assert death(daemon.process) == os.CLD_KILLED
