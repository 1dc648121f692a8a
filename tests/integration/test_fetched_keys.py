"""Keys of tokens that come while the daemon runs: it finds them, and asks
deploy/aws/fetch-keys.sh for them, which asks a server over HTTPS."""
import concurrent.futures
import http.server
import os
import select
import signal
import ssl
import stat
import subprocess
import threading
import uuid

import pytest

import harness
from test_chosen import LOOK, form_of
from test_employee import SUPPLIER
from test_identity import CLIENT, actors, signed_in
from test_tokens import (FIELD, KID, NO_KEY, SIGNER, fault, make_keys,
                         make_stock, openssl, put, reasons, settings, token)

__all__ = ["make_keys", "make_stock"]  # fixtures
SCRIPT = harness.ROOT / "deploy/aws/fetch-keys.sh"


class KeyServer:
    """As AWS's: a key at its name, over HTTPS."""

    def __init__(self, folder):
        self.answers, self.asked = {}, []
        self.may_answer = threading.Event()
        self.may_answer.set()
        made = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                made.asked.append(self.path)
                made.may_answer.wait(harness.WAIT_S)
                body = made.answers.get(self.path)
                self.send_response(200 if body is not None else 404)
                self.end_headers()
                self.wfile.write(body or b"no such key\n")

            def log_message(self, *_):
                pass

        self.authority = folder / "authority.pem"
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout",
                folder / "server.key", "-out", self.authority, "-days", "1",
                "-subj", "/CN=127.0.0.1", "-addext",
                "subjectAltName=IP:127.0.0.1")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.authority, folder / "server.key")
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket,
                                                 server_side=True)
        self.url = f"https://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever).start()

    def stop(self):
        self.may_answer.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(name="origin")
def make_origin(folder):
    made = KeyServer(folder)
    yield made
    made.stop()


class Fetcher:
    """The script, and the folder that it shares with a daemon."""

    def __init__(self, folder, origin, **environment):
        self.folder = folder / "shared"
        self.folder.mkdir(exist_ok=True)
        self.keys, self.pipe = self.folder / "keys", self.folder / "wanted"
        self.process = harness.Process(
            "fetch-keys", ["sh", SCRIPT, self.folder, origin.url], folder,
            {"PATH": os.environ["PATH"],
             "CURL_CA_BUNDLE": str(origin.authority), **environment})
        harness.wait_until(self.pipe.exists, "the pipe is made")

    def settings(self):
        return settings(self.keys, APP_IDENTITY_WANTED=self.pipe)

    def says(self, text):
        harness.wait_until(lambda: text in self.process.output(), text)


@pytest.fixture(name="fetcher")
def make_fetcher(folder, origin):
    made = Fetcher(folder, origin)
    yield made
    made.process.stop(signal.SIGKILL)


class Pipe:
    """A pipe that nobody empties but the test."""

    def __init__(self, path):
        os.mkfifo(path)
        self.path = path
        self.end = os.open(path, os.O_RDWR | os.O_NONBLOCK)

    def lines(self, count):
        got = b""
        while got.count(b"\n") < count:
            assert select.select([self.end], [], [], harness.WAIT_S)[0]
            got += os.read(self.end, 4096)
        return got.decode().split()

    def is_empty(self):
        return not select.select([self.end], [], [], 0)[0]


@pytest.fixture(name="pipe")
def make_pipe(folder):
    made = Pipe(folder / "wanted")
    yield made
    os.close(made.end)


@pytest.fixture(name="empty")
def make_empty(folder):
    made = folder / "empty"
    made.mkdir()
    return made


@pytest.fixture(name="alone")
def make_alone(start, database, empty, pipe):
    """A daemon for which nobody fetches."""
    return start("employee", database,
                 **settings(empty, APP_IDENTITY_WANTED=pipe.path))


def messages(daemon, message):
    return [line for line in daemon.lines() if line["msg"] == message]


def public(key):
    return key.public.read_bytes()


# Without a pipe.


def test_a_new_key_is_found_without_a_signal(start, database, stock, keys):
    employee = start("employee", database, **settings(stock))
    for end in "", ".pem":
        given = token(keys[1], {"kid": f"next{end[1:]}"})
        assert signed_in(employee, (FIELD, given)) == 400
        put(stock / f"next{end[1:]}{end}", keys[1])
        assert signed_in(employee, (FIELD, given)) == 303
    harness.wait_until(lambda: reasons(employee) == [NO_KEY, NO_KEY],
                       "the log says why")


def test_a_new_key_that_can_t_be_used(start, database, stock, keys):
    employee = start("employee", database, **settings(stock))
    given = token(keys[1], {"kid": "next"})
    put(stock / "next", keys[1])
    (stock / "next").chmod(0o664)
    assert signed_in(employee, (FIELD, given)) == 400
    (stock / "next").write_text("nonsense")
    (stock / "next").chmod(0o644)
    assert signed_in(employee, (FIELD, given)) == 400
    put(stock / "next", keys[1])
    stock.chmod(0o775)
    assert signed_in(employee, (FIELD, given)) == 400
    stock.chmod(0o755)
    assert signed_in(employee, (FIELD, given)) == 303
    harness.wait_until(lambda: len(reasons(employee)) == 3, "the log says why")
    shared, nonsense, folder = reasons(employee)
    assert f"{stock}/next: others may write to it" in shared
    assert f"{stock}/next: is not a PEM file" in nonsense
    assert f"{stock}: others may write to it" in folder


def test_more_keys_than_are_kept(start, database, stock, keys):
    """The oldest one is forgotten, and found again."""
    employee = start("employee", database, **settings(stock))
    names = [KID, *(f"key-{number}" for number in range(70))]
    for name in names[1:]:
        put(stock / name, keys[0])
        given = token(keys[0], {"kid": name})
        assert signed_in(employee, (FIELD, given)) == 303
    for name in names[:5]:
        given = token(keys[0], {"kid": name})
        assert signed_in(employee, (FIELD, given)) == 303
        assert signed_in(employee, (FIELD, token(keys[1], {"kid": name}))) == 400


# With the script.


def test_a_save_waits_for_the_key(start, database, fetcher, origin, keys):
    """The daemon starts without any key, and many people come at once."""
    origin.answers[f"/{KID}"] = public(keys[0])
    origin.may_answer.clear()
    employee = start("employee", database, **fetcher.settings())
    given = token(keys[0])
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        saves = [pool.submit(signed_in, employee, (FIELD, given))
                 for _ in range(12)]
        harness.wait_until(lambda: origin.asked, "the key is asked for")
        assert not any(save.done() for save in saves)
        origin.may_answer.set()
        assert {save.result() for save in saves} == {303}
    assert actors(database) == ["ann@example.com"] * 12
    assert origin.asked == [f"/{KID}"]
    assert stat.S_IMODE((fetcher.keys / KID).stat().st_mode) == 0o644
    page = employee.get("/admin/history", **{
        "X-Forwarded-For": CLIENT, FIELD: given.decode()})
    assert page.status == 200 and "ann@example.com" in page.text
    assert reasons(employee) == []


def test_a_fetched_key_verifies(start, database, fetcher, origin, keys):
    """A token that another key has signed under its name is refused."""
    origin.answers[f"/{KID}"] = public(keys[0])
    employee = start("employee", database, **fetcher.settings())
    assert signed_in(employee, (FIELD, token(keys[1]))) == 400
    harness.wait_until(lambda: reasons(employee) == ["its signature is wrong"],
                       "the log says why")
    assert actors(database) == []


@pytest.mark.parametrize("answer", [
    b"a" * 2 ** 20, b"", b"<html>Sign in to this network</html>\n",
    b"-----BEGIN PUBLIC KEY-----\nMFkwEwYH"
], ids=["long", "empty", "a page", "broken off"])
def test_what_a_server_sends_that_is_no_key(start, database, fetcher, origin,
                                            keys, answer):
    """Then it is fetched again when it is wanted again, and a daemon starts
    meanwhile."""
    employee = start("employee", database, **fetcher.settings())
    origin.answers[f"/{KID}"] = answer
    assert signed_in(employee, (FIELD, token(keys[0]))) == 503
    fetcher.says(f"could not fetch the key {KID}")
    start("employee", database, **fetcher.settings())
    origin.answers[f"/{KID}"] = public(keys[0])
    assert signed_in(employee, (FIELD, token(keys[0]))) == 303


def test_a_file_that_is_no_key(folder, start, database, origin, keys):
    """One that was there before the script is removed, one that has become so
    is fetched again."""
    stock = folder / "shared/keys"
    stock.mkdir(parents=True)
    (stock / KID).write_text("nonsense")
    fetcher = Fetcher(folder, origin)
    try:
        assert list(stock.iterdir()) == []
        employee = start("employee", database, **fetcher.settings())
        (stock / KID).write_text("nonsense")
        origin.answers[f"/{KID}"] = public(keys[0])
        wish(fetcher, KID)
        fetcher.says(f"fetched the key {KID}")
        assert signed_in(employee, (FIELD, token(keys[0]))) == 303
    finally:
        fetcher.process.stop(signal.SIGKILL)


LOOKS_LIKE_A_KEY = (b"-----BEGIN PUBLIC KEY-----\n%s\n"
                    b"-----END PUBLIC KEY-----\n")


def wish(fetcher, *lines):
    with fetcher.pipe.open("w", encoding="ascii") as pipe:
        pipe.writelines(f"{line}\n" for line in lines)


def test_the_script_fetches_keys_alone(fetcher, origin):
    """Names that are none lead nowhere; a key that is there stays."""
    wish(fetcher, "", "../../etc/passwd", KID[:-1], f"{KID}0", f"{KID[:-1]}/",
         KID.replace("1", "A"), "-" * 35, KID)
    fetcher.says("could not fetch the key")
    assert origin.asked == [f"/{KID}"]
    assert fetcher.process.output().count("is not the name of a key") == 7
    assert list(fetcher.keys.iterdir()) == []
    origin.answers[f"/{KID}"] = LOOKS_LIKE_A_KEY % b"first"
    wish(fetcher, KID)
    fetcher.says(f"fetched the key {KID}")
    last = str(uuid.uuid4())
    wish(fetcher, KID, last)
    fetcher.says(f"could not fetch the key {last}")
    assert origin.asked == [f"/{KID}", f"/{KID}", f"/{last}"]


def test_the_script_keeps_no_more_than_it_needs(fetcher, origin):
    names = [str(uuid.uuid4()) for _ in range(40)]
    origin.answers = {f"/{name}": LOOKS_LIKE_A_KEY % b"AAAA"
                      for name in names}
    for number, name in enumerate(names):
        wish(fetcher, name)
        fetcher.says(f"fetched the key {name}")
        os.utime(fetcher.keys / name, (number, number))
    assert {path.name for path in fetcher.keys.iterdir()} == set(names[-32:])


def test_the_script_believes_no_other_server(folder, origin):
    """Its certificate is checked, as the system's authorities vouch for it."""
    origin.answers[f"/{KID}"] = b"key"
    fetcher = Fetcher(folder, origin, CURL_CA_BUNDLE="")
    try:
        wish(fetcher, KID)
        fetcher.says(f"could not fetch the key {KID}")
        assert origin.asked == []
    finally:
        fetcher.process.stop(signal.SIGKILL)


# With nobody who fetches.


def test_a_form_comes_back_without_a_key(alone, pipe, keys):
    field = {FIELD: token(keys[0]).decode(), "X-Forwarded-For": CLIENT}
    page = alone.post("/admin/supplier-add",
                      {**SUPPLIER, "name": "Typed <by> hand"}, **field)
    assert page.status == 503
    assert "Typed &lt;by&gt; hand" in page.text
    assert "its key is being fetched" in page.text
    assert int(page.headers["Retry-After"]) == 5
    assert pipe.lines(1) == [KID]
    chosen = [("supplier", "17"), ("supplier", "18"), ("do", "delete")]
    page = alone.post(LOOK, chosen, **field)
    assert page.status == 503 and form_of(page.text, LOOK) == chosen
    assert "its key is being fetched" in page.text
    assert pipe.lines(1) == [KID]
    page = alone.get("/admin/suppliers", **field)
    assert page.status == 503 and "reload this page" in page.text
    assert pipe.lines(1) == [KID]
    late = ["it has not come in time"] * 3
    harness.wait_until(lambda: late == [
        line["reason"] for line in messages(alone, "a wanted key is missing")],
        "the log says why")


def test_others_wait_for_nothing(alone, keys):
    """Whoever has no token, or one of a key that is there."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(signed_in, alone, (FIELD, token(keys[0])))
        harness.wait_until(lambda: messages(alone, "a key is wanted"), "asked")
        assert alone.get("/admin/suppliers").status == 200
        assert not waiting.done()
        assert waiting.result() == 503


def test_a_flood_of_names(alone, pipe, keys):
    """Eight keys are asked for at a time; who comes then is told at once."""
    names = [str(uuid.uuid4()) for _ in range(40)]
    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        done = list(pool.map(lambda name: signed_in(
            alone, (FIELD, token(keys[0], {"kid": name}))), names))
    assert set(done) == {503}
    asked = pipe.lines(8)
    assert set(asked) < set(names)
    assert len(asked) == len(set(asked)) <= 16  # once more if it took long
    assert alone.get("/admin/suppliers").status == 200


@pytest.mark.parametrize("header", [
    {"kid": "next"}, {"kid": KID.upper().replace("1", "A")},
    {"kid": KID + "0"}, {"kid": f"{KID[:-1]}_"}, {"signer": SIGNER + "x"},
    {"signer": None}, {"exp": 1}, {"exp": None}, {"alg": "HS256"}],
    ids=lambda header: "-".join(map(str, *header.items()))[:20])
def test_what_no_balancer_signs_asks_for_nothing(alone, pipe, keys, header):
    assert signed_in(alone, (FIELD, token(keys[0], header))) == 400
    assert pipe.is_empty()


def test_a_stop_answers_who_waits(alone, keys, pipe):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(signed_in, alone, (FIELD, token(keys[0])))
        pipe.lines(1)
        assert alone.stop() == 0
        assert waiting.result() == 503


def test_a_reload_while_somebody_waits(alone, keys, pipe, empty):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(signed_in, alone, (FIELD, token(keys[0])))
        pipe.lines(1)
        alone.process.send(signal.SIGHUP)
        harness.wait_until(lambda: messages(alone, "configuration reloaded"),
                           "it is reloaded")
        put(empty / KID, keys[0])
        assert waiting.result() == 303


def test_a_full_pipe_holds_nobody_up(alone, pipe, keys):
    """The log says who should read it."""
    written = 0
    try:
        while True:
            written += os.write(pipe.end, b"x" * 4096)
    except BlockingIOError:
        assert written >= 4096
    assert signed_in(alone, (FIELD, token(keys[0]))) == 503
    line, = harness.wait_until(lambda: messages(alone, "a key is wanted"),
                               "the log says why")
    assert line["reason"] == "nobody reads identity.wanted"


def test_pipes_that_are_refused(stock, pipe, folder, empty):
    def said(keys=stock, **more):
        return fault(**settings(keys, **more))

    name = "APP_IDENTITY_WANTED"
    assert "is not a named pipe; make it with mkfifo" in said(
        **{name: stock / f"{KID}.pem"})
    assert "No such file" in said(**{name: folder / "nowhere"})
    assert "is not a folder, which identity.wanted needs" in said(
        stock / f"{KID}.pem", **{name: pipe.path})
    assert "needs identity.keys, the folder for the keys" in fault(
        **{name: pipe.path})
    assert "has no keys" in said(empty)
    done = subprocess.run(
        [harness.BIN / "employee", "--check-config"], check=False, env={
            **harness.sanitizer_options(), **{
                k: str(v) for k, v in settings(
                    empty, APP_IDENTITY_WANTED=pipe.path).items()}})
    assert done.returncode == 0
