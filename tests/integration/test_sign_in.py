"""Signing in by name and password: who is let in, what is refused, and what the
file may contain."""
import base64
import concurrent.futures
import http.client
import os
import pty
import re
import select
import signal
import stat
import subprocess

import pytest

import harness
from form_pages import SUPPLIER, names
from test_roles import ANSWERS, CHANGES, FORM, METHODS, OPEN, ORIGINS
from writers import connect, query

SAME = {"Sec-Fetch-Site": "same-origin"}
PASSWORD = "correct horse"


def run(*argv, **env):
    return subprocess.run(
        [harness.BIN / "employee", *argv], text=True, capture_output=True,
        timeout=harness.WAIT_S, check=False, stdin=subprocess.DEVNULL,
        start_new_session=True,
        env={"PATH": os.environ["PATH"], **harness.sanitizer_options(), **env})


def add_user(path, name, password=PASSWORD, **more):
    secret = path.parent / "secret"
    secret.write_text(password + "\n")
    return run("--add-user", name, "--password-file", str(secret),
               APP_IDENTITY_HTPASSWD=str(path), **more)


def basic(name, password=PASSWORD):
    text = name if isinstance(name, bytes) else name.encode()
    secret = password if isinstance(password, bytes) else password.encode()
    return {"Authorization": "Basic " + base64.b64encode(
        text + b":" + secret).decode()}


@pytest.fixture(name="file", scope="module")
def make_file(tmp_path_factory):
    """ann and böb, added once: hashes take their time."""
    path = tmp_path_factory.mktemp("people") / "htpasswd"
    for name in ("ann", "b\u00f6b"):
        done = add_user(path, name)
        assert done.returncode == 0, done.stderr
    return path


@pytest.fixture(name="signed")
def make_signed(start, database, file):
    return start("employee", database, APP_IDENTITY_HTPASSWD=file)


def status(daemon, fields=None, path="/admin/suppliers"):
    return daemon.request("GET", path, None, fields or {}).status


def test_who_has_a_password_is_let_in(signed, database):
    asked = signed.get("/admin/suppliers")
    assert asked.status == 401 and "Sign in to continue" in asked.text
    assert asked.headers["WWW-Authenticate"] == \
        'Basic realm="Coffee suppliers", charset="UTF-8"'
    assert asked.headers["Cache-Control"] == "no-store"
    assert status(signed, basic("ann")) == 200
    assert status(signed, basic("b\u00f6b")) == 200
    for fields in (basic("ann", "wrong horse"), basic("ann", PASSWORD + "x"),
                   basic("carl"), basic("Ann"), basic("ann "),
                   {"Authorization": "Bearer abc"}, {"Authorization": ""}):
        page = signed.request("GET", "/admin/suppliers", None, fields)
        assert page.status == 401, fields
        assert "WWW-Authenticate" in page.headers
    done = signed.request(
        "POST", "/admin/supplier-add",
        harness.urllib.parse.urlencode(SUPPLIER).encode(),
        {**basic("b\u00f6b"), **FORM, **SAME})
    assert done.status == 303 and names(database) == [SUPPLIER["name"]]
    assert query(connect(database), "SELECT actor FROM supplier_changes") == \
        (("b\u00f6b",),)
    line = harness.wait_until(
        lambda: [line for line in signed.lines()
                 if line.get("status") == 303], "it is logged")[0]
    assert line["user"] == "b\u00f6b"


def test_probes_and_files_need_no_password(signed):
    assert signed.get("/healthz").status == 200
    assert signed.get("/readyz").status == 200
    css = re.search(r'href="([^"]*employee.css)"', signed.get("/admin").text)
    assert signed.get(css[1]).status == 200
    done = run("--healthcheck", APP_PORT=str(signed.port), APP_OPS_PORT="0",
               APP_BIND="127.0.0.1")
    assert done.returncode == 0


MALFORMED = {
    "no_base64": "Basic a!b=",
    "not_padded": "Basic YW5uOng",
    "padded_too_much": "Basic YW5uOng====",
    "other_spelling": "Basic YW5uOnh=",
    "bits_at_the_end": "Basic YW5uOnR=",
    "url_alphabet": "Basic YW5uOj8_",
    "spaces": "Basic YW5u Onh4",
    "empty": "Basic",
    "empty_text": "Basic =",
    "no_colon": "Basic " + base64.b64encode(b"ann").decode(),
    "nul": "Basic " + base64.b64encode(b"ann\0:x").decode(),
    "nul_in_password": "Basic " + base64.b64encode(
        b"ann:" + PASSWORD.encode() + b"\0").decode(),
    "newline": "Basic " + base64.b64encode(b"ann\nx:x").decode(),
    "delete": "Basic " + base64.b64encode(b"ann\x7f:x").decode(),
}
IMPOSSIBLE = {
    "no_name": basic(""), "no_password": basic("ann", ""),
    "long": basic("a" * 255), "very_long": basic("a" * 10000),
    "long_password": basic("ann", "x" * 256),
    "very_long_password": basic("ann", "x" * 10000),
    "right_to_left": basic("a\u202enn"), "mark": basic("ann\u200f"),
    "not_utf8": basic(b"ann\xff"), "latin": basic(b"b\xf6b"),
    "invisible": basic("\u3164"),
}


@pytest.mark.parametrize("value", MALFORMED.values(), ids=MALFORMED)
def test_malformed_credentials_are_refused(signed, value):
    page = signed.request("GET", "/admin", None, {"Authorization": value})
    assert page.status == 400
    assert "We could not read that request" in page.text
    assert harness.wait_until(lambda: [
        line["reason"] for line in signed.lines() if line["msg"] == "request"],
        "it is logged") == ["identity"]


@pytest.mark.parametrize("fields", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_no_account_can_have_is_refused(signed, fields):
    assert status(signed, fields) == 401


def test_two_fields_are_refused(signed):
    value = basic("ann")["Authorization"]
    for second in (value, "Basic x", ""):
        got = signed.raw(
            f"GET /admin HTTP/1.1\r\nHost: localhost\r\nAuthorization: {value}"
            f"\r\nauthorization: {second}\r\nConnection: close\r\n\r\n"
            .encode())
        assert got.startswith(b"HTTP/1.1 400 "), second


def test_five_failures_then_a_minute(start, database, file):
    """For an address and a name; others, and who is known, are let in."""
    employee = start("employee", database, APP_IDENTITY_HTPASSWD=file)
    here, there = ({"X-Forwarded-For": f"10.0.0.{n}"} for n in (1, 2))
    assert status(employee, {**basic("ann"), **here}) == 200
    for number in range(5):
        assert status(employee,
                      {**basic("ann", f"wrong {number}"), **here}) == 401
    page = employee.request("GET", "/admin", None,
                            {**basic("ann", "wrong 5"), **here})
    assert page.status == 429 and "Too many wrong passwords" in page.text
    assert 1 <= int(page.headers["Retry-After"]) <= 60
    assert status(employee, {**basic("ann"), **here}) == 200  # remembered
    assert status(employee, {**basic("b\u00f6b", "wrong"), **here}) == 401
    assert status(employee, {**basic("ann", "wrong"), **there}) == 401
    page = employee.request(
        "POST", "/admin/supplier-add", b"name=Typed+%3Cby%3E+hand",
        {**basic("ann", "wrong"), **here, **FORM, **SAME})
    assert page.status == 429 and "Typed &lt;by&gt; hand" in page.text
    # So too for names that are in no file: nothing tells them apart.
    for number in range(5):
        assert status(employee, basic("nobody", f"wrong {number}")) == 401
    assert status(employee, basic("nobody", "wrong")) == 429


def test_same_password_at_once_is_one_attempt(signed):
    """As from many tabs of a browser that starts again."""
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        assert set(pool.map(lambda _: status(signed, basic("ann")),
                            range(12))) == {200}
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        assert set(pool.map(lambda _: status(signed, basic("ann", "wrong")),
                            range(12))) <= {401, 429}


def test_a_post_waits_for_its_password(signed, database):
    """Its body arrives before, while and after the password is compared."""
    body = harness.urllib.parse.urlencode(SUPPLIER).encode()
    fields = {**basic("ann"), **FORM, **SAME, "Host": "localhost",
              "Content-Length": str(len(body)), "Expect": "100-continue",
              "Connection": "close"}
    head = "POST /admin/supplier-add HTTP/1.1\r\n" + "".join(
        f"{name}: {value}\r\n" for name, value in fields.items()) + "\r\n"
    with harness.socket.create_connection(("127.0.0.1", signed.port),
                                          harness.WAIT_S) as sock:
        sock.sendall(head.encode())
        assert sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(body)
        assert sock.recv(100).startswith(b"HTTP/1.1 303 ")
    assert names(database) == [SUPPLIER["name"]]
    # Several on one connection, the first of them before its turn.
    get = (f"GET /admin/no HTTP/1.1\r\nHost: localhost\r\nAuthorization: "
           f"{basic('b' + chr(246) + 'b')['Authorization']}\r\n")
    got = signed.raw((get + "\r\n" + get + "Connection: close\r\n\r\n")
                     .encode())
    assert got.count(b"HTTP/1.1 404 ") == 2


def test_pages_are_served_while_passwords_are_compared(signed):
    """No comparison holds the loop."""
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        waiting = [pool.submit(status, signed, basic(f"n{number}"))
                   for number in range(6)]
        while not all(one.done() for one in waiting):
            assert signed.get("/healthz").status == 200
        assert {one.result() for one in waiting} == {401}


def active(daemon):
    """Requests that it has begun to read and not answered, this one among
    them."""
    return daemon.metric("http_server_active_requests")


def test_stopping_answers_those_who_wait(start, database, file):
    """What a daemon has not begun to read when it stops, it need not answer."""
    signed = start("employee", database, APP_IDENTITY_HTPASSWD=file,
                   APP_OPS_PORT=harness.free_port())
    idle = active(signed)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(status, signed, basic(f"n{number}"))
                   for number in range(8)]
        harness.wait_until(lambda: any(one.done() for one in waiting),
                           "one was answered")
        harness.wait_until(
            lambda: active(signed) - idle + sum(one.done() for one in waiting)
            >= len(waiting), "all have arrived")
        assert signed.stop() == 0
        for one in waiting:
            assert one.result() in (401, 503)


def rule(method, path, editor, own, known):
    """An unknown person is asked; for the others the roles decide."""
    if path in OPEN:
        return {"GET": OPEN[path], "HEAD": OPEN[path],
                "OPTIONS": 204}.get(method, 405)
    asked = "GET" if method == "HEAD" else method
    if not known:
        return 401
    if (asked, path) in CHANGES and not editor:
        return 403
    if asked not in ("GET", "OPTIONS") and not own:
        return 403
    if not ANSWERS[path]:
        return 404
    return 204 if asked == "OPTIONS" else ANSWERS[path].get(asked, 405)


def test_every_method_path_and_role(start, database, file):
    employee = start("employee", database, APP_IDENTITY_HTPASSWD=file,
                     APP_EDITORS="ann")
    connection = http.client.HTTPConnection("127.0.0.1", employee.port,
                                            timeout=harness.WAIT_S)
    wrong, count = [], 0
    for who, editor, known in ((basic("ann"), True, True),
                               (basic("b\u00f6b"), False, True),
                               ({}, False, False),
                               ({"Remote-User": "ann"}, False, False)):
        for method in METHODS:
            for path in (*ANSWERS, *OPEN):
                for fields, own in ORIGINS.values():
                    # Browsers send a password by themselves, as a cookie.
                    own = own and (fields or "Authorization" not in who)
                    body = b"name=" if method == "POST" else None
                    connection.request(method, path, body,
                                       {**who, **fields,
                                        **(FORM if body else {})})
                    answer = connection.getresponse()
                    answer.read()
                    want = rule(method, path, editor, own, known)
                    count += 1
                    if answer.status != want:
                        wrong.append((method, path, who, fields,
                                      answer.status, want))
    assert not wrong, (len(wrong), wrong[:20])
    assert count == 4 * 7 * 38 * 8


def test_the_file_is_read_again(start, database, folder, file):
    path = folder / "htpasswd"
    lines = file.read_text().splitlines()
    path.write_text(lines[0] + "\n")
    path.chmod(0o600)
    employee = start("employee", database, APP_IDENTITY_HTPASSWD=path)
    assert status(employee, basic("ann")) == 200
    assert status(employee, basic("b\u00f6b")) == 401

    def reload(message):
        before = len(employee.lines())
        employee.process.send(signal.SIGHUP)
        return harness.wait_until(lambda: [
            line for line in employee.lines()[before:]
            if line["msg"] == message], message)[0]

    path.write_text(lines[1] + "\n")
    reload("configuration reloaded")
    assert status(employee, basic("ann")) == 401  # though it was remembered
    assert status(employee, basic("b\u00f6b")) == 200
    path.write_text("ann:plain\n")
    said = reload("configuration is invalid; keeping the old one")
    assert f"{path}:1: the line is not a yescrypt" in said["reason"]
    assert "plain" not in said["reason"]
    assert status(employee, basic("b\u00f6b")) == 200


HASH53 = "a" * 53
FAULTY = {
    "plain": ("ann:secret", "is not a yescrypt ($y$) or bcrypt"),
    "md5": ("ann:$apr1$x$y", "is not a yescrypt"),
    "sha": ("ann:{SHA}x", "is not a yescrypt"),
    "sha512": ("ann:$6$x$y", "is not a yescrypt"),
    "bcrypt_2x": (f"ann:$2x$10${HASH53}", "is not a yescrypt"),
    "short": ("ann:$2b$10$abc", "has a damaged hash"),
    "cheap": (f"ann:$2b$03${HASH53}", "has a damaged hash"),
    "costly": (f"ann:$2b$15${HASH53}", "has a hash that takes too much time or memory"),
    "letters": (f"ann:$2b$10${HASH53[1:]}*", "has a damaged hash"),
    "yescrypt_costly": (f"ann:$y$jCT$salt${'a' * 43}", "takes too much time or memory"),
    "yescrypt_short": ("ann:$y$j9T$salt$abc", "has a damaged hash"),
    "more_columns": (f"ann:$2b$10${HASH53}:x", "has a damaged hash"),
    "windows": (f"ann:$2b$10${HASH53}\r", "has a damaged hash"),
    "no_colon": ("ann", "is not NAME:HASH"),
    "no_name": (f":$2b$10${HASH53}", "does not begin with a name"),
    "name_with_mark": (f"a\u202e:$2b$10${HASH53}", "does not begin with a"),
    "twice": (f"ann:$2b$10${HASH53}\nann:$2b$10${HASH53}",
              "has a name that is in the file already"),
}


@pytest.mark.parametrize("text, said", FAULTY.values(), ids=FAULTY)
def test_a_faulty_file_is_refused_at_start(folder, text, said):
    path = folder / "htpasswd"
    path.write_bytes(f"# people\n\n{text}\n".encode())
    path.chmod(0o600)
    done = run(APP_IDENTITY_HTPASSWD=str(path), APP_PORT="0",
               APP_OPS_PORT="0")
    assert done.returncode == 1
    number = 3 + text.count("\n")
    assert (f"employee: environment APP_IDENTITY_HTPASSWD: {path}:{number}: "
            f"the line ") in done.stderr
    assert said in done.stderr and done.stderr.count("\n") == 1
    assert "secret" not in done.stderr and HASH53 not in done.stderr


def test_a_file_that_can_t_be_used_is_refused_at_start(folder, file):
    path = folder / "htpasswd"
    for make, said in (
            (lambda: None, "No such file or directory"),
            (lambda: path.write_text(""), "names nobody"),
            (lambda: path.write_text("# nobody\n\n"), "names nobody"),
            (lambda: path.write_bytes(b"ann\0:x\n"), "contains a NUL"),
            (lambda: path.write_text("x" * 600000), "larger than"),
            (lambda: path.write_text("".join(
                f"n{n}:$2b$10${HASH53}\n" for n in range(1001))),
             "is one too many"),
            (lambda: (path.write_text(file.read_text()), path.chmod(0o620)),
             "others may write to it"),
            (lambda: path.chmod(0o602), "others may write to it"),
            (lambda: (path.unlink(), path.mkdir()), "is not a regular file")):
        make()
        done = run("--check-config", APP_IDENTITY_HTPASSWD=str(path))
        assert done.returncode == 1 and said in done.stderr, said
    done = run("--check-config", APP_IDENTITY_HTPASSWD=str(file),
               APP_IDENTITY_HEADER="Remote-User")
    assert "APP_IDENTITY_HTPASSWD: can't be used with identity.header" in \
        done.stderr
    assert run("--check-config",
               APP_IDENTITY_HTPASSWD=str(file)).returncode == 0


def test_hashes_of_other_programs_are_read(start, database, folder):
    """bcrypt as Apache's htpasswd writes it, and yescrypt of lower cost."""
    path = folder / "htpasswd"
    made = {}
    for name, setting in (("b", "$2y$04$abcdefghijklmnopqrstuu"),
                          ("a", "$2a$05$abcdefghijklmnopqrstuu"),
                          ("y", "$y$j75$abcdefgh")):
        made[name] = crypt(PASSWORD, setting)
    path.write_text("".join(f"{n}:{h}\n" for n, h in made.items()))
    path.chmod(0o600)
    employee = start("employee", database, APP_IDENTITY_HTPASSWD=path)
    for name in made:
        assert status(employee, basic(name)) == 200, name
        assert status(employee, basic(name, "wrong")) == 401, name


def crypt(password, setting):
    import ctypes
    import ctypes.util
    library = ctypes.CDLL(ctypes.util.find_library("crypt"))
    library.crypt.restype = ctypes.c_char_p
    return library.crypt(password.encode(), setting.encode()).decode()


def test_adding_people(folder):
    path = folder / "htpasswd"
    done = add_user(path, "ann")
    assert (done.returncode, done.stdout) == (
        0, f"{path}: the password of ann was added\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    first = path.read_text()
    assert re.fullmatch(r"ann:\$y\$j9T\$[./\w]+\$[./\w]{43}\n", first)
    path.write_text("# the office\n" + first)
    path.chmod(0o664)
    done = add_user(path, "bob")
    assert done.returncode == 1 and "others may write to it" in done.stderr
    path.chmod(0o644)
    assert add_user(path, "bob").returncode == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    done = add_user(path, "ann", "another horse")
    assert done.stdout == f"{path}: the password of ann was changed\n"
    lines = path.read_text().splitlines()
    assert lines[0] == "# the office" and len(lines) == 3
    assert {line.split(":")[0] for line in lines[1:]} == {"ann", "bob"}
    assert first not in path.read_text()
    assert sorted(p.name for p in folder.iterdir()) == ["htpasswd", "secret"]


@pytest.mark.parametrize("name, password, said", [
    ("ann", "short", "at least 8 characters"),
    ("ann", "tab\tcharacter", "must not contain control characters"),
    ("ann", "x" * 256, "too long"),
    ("a:b", PASSWORD, "without a colon"),
    ("#a", PASSWORD, "must not begin with #"),
    ("a\u202eb", PASSWORD, "without control or format characters"),
    ("", PASSWORD, "1 to 254 bytes"), ("a" * 255, PASSWORD, "1 to 254 bytes"),
])
def test_people_who_can_t_be_added(folder, name, password, said):
    path = folder / "htpasswd"
    done = add_user(path, name, password)
    assert done.returncode == 1 and said in done.stderr
    assert not path.exists()


def test_adding_without_what_it_takes(folder):
    path = folder / "htpasswd"
    for argv, env, said in (
            (("--add-user", "ann"), {}, "set identity.htpasswd"),
            (("--add-user", "ann"), {"APP_IDENTITY_HTPASSWD": str(path)},
             "there is no terminal"),
            (("--add-user", "ann", "--password-file", "/nowhere"),
             {"APP_IDENTITY_HTPASSWD": str(path)}, "/nowhere: No such file"),
            (("--password-file", "x"), {}, "needs --add-user"),
            (("--add-user", "ann", "--migrate"), {}, "can't be combined")):
        done = run(*argv, **env)
        assert done.returncode == 1 and said in done.stderr, argv
    (folder / "secret").write_text(PASSWORD + "\n")
    done = run("--add-user", "ann", "--password-file", str(folder / "secret"),
               APP_IDENTITY_HTPASSWD=str(folder / "no/htpasswd"))
    assert done.returncode == 1 and "No such file" in done.stderr


def type_at_terminal(path, *lines):
    """Run --add-user at a terminal; its status and all that is shown."""
    child, terminal = pty.fork()
    if child == 0:
        os.execve(harness.BIN / "employee",
                  ["employee", "--add-user", "ann"],
                  {"APP_IDENTITY_HTPASSWD": str(path),
                   **harness.sanitizer_options()})
    shown = b""
    waiting = [*lines]
    while select.select([terminal], [], [], harness.WAIT_S)[0]:
        said = harness.read_terminal(terminal)
        if not said:
            break
        shown += said
        if shown.endswith(b": ") and waiting:
            os.write(terminal, waiting.pop(0))
    else:
        os.kill(child, signal.SIGKILL)
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown.decode()


def test_a_password_is_typed_unseen(folder):
    path = folder / "htpasswd"
    done, shown = type_at_terminal(path, b"correct horse\n",
                                   b"correct horse\n")
    assert done == 0 and "was added" in shown and "horse" not in shown
    done, shown = type_at_terminal(path, b"correct horse\n",
                                   b"correct house\n")
    assert done == 1 and "the two passwords differ" in shown
    done, shown = type_at_terminal(path, b"corr\x03")
    assert done == 1 and "nobody was added: Interrupted" in shown
    assert path.read_text().count("\n") == 1


def test_two_who_add_at_once_both_succeed(folder):
    path = folder / "htpasswd"
    (folder / "secret").write_text(PASSWORD + "\n")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        done = list(pool.map(
            lambda n: run("--add-user", f"n{n}", "--password-file",
                          str(folder / "secret"),
                          APP_IDENTITY_HTPASSWD=str(path)), range(6)))
    assert [one.returncode for one in done] == [0] * 6
    assert path.read_text().count("\n") == 6


def test_plain_passwords_from_a_network_are_warned_of_once(start, database,
                                                           file):
    employee = start("employee", database, APP_IDENTITY_HTPASSWD=file)

    def warnings():
        return [line for line in employee.lines()
                if line["msg"] == "a password came without encryption"]

    office = {"X-Forwarded-For": "10.1.2.3"}
    assert status(employee, basic("ann")) == 200
    assert status(employee, {**basic("ann"), **office,
                             "X-Forwarded-Proto": "https"}) == 200
    assert not warnings()
    assert status(employee, {**basic("ann"), **office}) == 200
    assert status(employee, {**basic("ann"), **office}) == 200
    said, = harness.wait_until(warnings, "it is said")
    assert said["client_ip"] == "10.1.2.3" and "TLS" in said["reason"]


def test_no_password_is_logged(start, database, file):
    canary = "canary-" + "4711-horse-battery"
    employee = start("employee", database, APP_IDENTITY_HTPASSWD=file)
    assert status(employee, basic("ann", canary)) == 401
    assert status(employee, basic("nobody", canary)) == 401
    assert canary not in employee.process.output()
    assert basic("ann", canary)["Authorization"][6:] not in \
        employee.process.output()


def test_unknown_names_take_as_long(signed):
    """Both compare one hash: of known and unknown names the daemon's
    processor time tells the same."""
    def spent(name, number):
        before = ticks(signed.process.pid)
        assert status(signed, {**basic(name, f"wrong {number}"),
                               "X-Forwarded-For": f"10.0.1.{number}"}) == 401
        return ticks(signed.process.pid) - before

    known = sum(spent("ann", n) for n in range(5))
    unknown = sum(spent("nobody", n) for n in range(5))
    assert unknown > known / 3 and known > unknown / 3


def ticks(pid):
    fields = (harness.pathlib.Path(f"/proc/{pid}/stat").read_text()
              .rsplit(")", 1)[1].split())
    return int(fields[11]) + int(fields[12])
