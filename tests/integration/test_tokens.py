"""Tokens of AWS's load balancers: whose name is believed, and what is refused.
Keys and signatures are openssl's own."""
import base64
import contextlib
import json
import signal
import socket
import subprocess
import time

import pytest

import harness
from test_identity import actors, signed_in

FIELD = "X-Amzn-Oidc-Data"
KID = "12345678-1234-1234-1234-123456789012"
SIGNER = ("arn:aws:elasticloadbalancing:eu-north-1:123456789012:loadbalancer/"
          "app/cafe/50dc6c495c0c9188")
HOUR_S = 3600


def openssl(*argv, text=b""):
    return subprocess.run(["openssl", *map(str, argv)], input=text, check=True,
                          capture_output=True).stdout


class Key:
    """A key pair; its public half is in a file."""

    def __init__(self, folder, name, *kind):
        self.private = folder / f"{name}.private"
        self.public = folder / f"{name}.pem"
        self.private.write_bytes(openssl("genpkey", *kind))
        self.public.write_bytes(openssl("pkey", "-in", self.private, "-pubout"))
        self.public.chmod(0o644)

    def sign(self, text):
        """r and s, 32 bytes each: OpenSSL writes them as ASN.1."""
        der = openssl("dgst", "-sha256", "-sign", self.private, text=text)
        numbers, at = [], 2
        for _ in range(2):
            length = der[at + 1]
            numbers.append(int.from_bytes(der[at + 2:at + 2 + length], "big"))
            at += 2 + length
        return b"".join(number.to_bytes(32, "big") for number in numbers)


P256 = "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"


@pytest.fixture(name="keys", scope="module")
def make_keys(tmp_path_factory):
    """The load balancer's pair, and another one."""
    folder = tmp_path_factory.mktemp("keys")
    return Key(folder, KID, *P256), Key(folder, "other", *P256)


@pytest.fixture(name="stock")
def make_stock(folder, keys):
    """The folder that the operator keeps."""
    stock = folder / "keys"
    stock.mkdir()
    put(stock / f"{KID}.pem", keys[0])
    return stock


def put(path, key):
    path.write_bytes(key.public.read_bytes())
    path.chmod(0o644)


def encode(data, padded=True):
    text = base64.urlsafe_b64encode(data)
    return text if padded else text.rstrip(b"=")


def parts(header=None, claims=None):
    """As a load balancer fills them in."""
    now = int(time.time())
    return ({"typ": "JWT", "kid": KID, "alg": "ES256", "iss": "https://idp",
             "client": "cafe", "signer": SIGNER, "exp": now + HOUR_S,
             **(header or {})},
            {"sub": "42", "email": "ann@example.com", "exp": now + HOUR_S,
             "iss": "https://idp", **(claims or {})})


def join(key, header, claims, padded=True):
    raw = [part if isinstance(part, bytes) else json.dumps(
        {k: v for k, v in part.items() if v is not None}).encode()
        for part in (header, claims)]
    text = b".".join(encode(part, padded) for part in raw)
    return text + b"." + encode(key.sign(text), padded)


def token(key, header=None, claims=None, padded=True):
    return join(key, *parts(header, claims), padded)


def settings(keys, **more):
    return {"APP_IDENTITY_HEADER": FIELD, "APP_IDENTITY_KEYS": keys,
            "APP_IDENTITY_SIGNER": SIGNER, **more}


@pytest.fixture(name="employee")
def make_employee(start, database, stock):
    return start("employee", database, **settings(stock))


def reasons(daemon):
    return [line["reason"] for line in daemon.lines()
            if line["msg"] == "a token was refused"]


@pytest.mark.parametrize("padded", [True, False])
def test_the_claim_is_the_name(employee, database, keys, padded):
    assert signed_in(employee, (FIELD, token(keys[0], padded=padded))) == 303
    assert actors(database) == ["ann@example.com"]


def test_lengths_of_padding(employee, database, keys):
    """All remainders of three, in both parts."""
    for more in range(3):
        given = token(keys[0], {"client": "c" * more},
                      {"sub": "s" * more})
        assert signed_in(employee, (FIELD, given)) == 303
    assert set(actors(database)) == {"ann@example.com"}


def test_another_claim(start, database, stock, keys):
    employee = start("employee", database, **settings(
        stock, APP_IDENTITY_CLAIM="preferred_username"))
    name = "\u0141ucja \u017b\u00f3\u0142\u0107"
    given = token(keys[0], claims={"preferred_username": name})
    assert signed_in(employee, (FIELD, given)) == 303
    assert signed_in(employee, (FIELD, token(keys[0]))) == 400
    assert actors(database) == [name]


def test_a_single_file_verifies_any_kid(start, database, stock, keys):
    employee = start("employee", database,
                     **settings(stock / f"{KID}.pem"))
    assert signed_in(employee, (FIELD, token(keys[0], {"kid": "x"}))) == 303
    assert signed_in(employee, (FIELD, token(keys[1]))) == 400


def test_without_a_token_nobody_has_a_name(employee, database):
    """Who has no name may look, but not edit."""
    assert signed_in(employee) == 403
    assert employee.get("/admin/suppliers").status == 200
    assert actors(database) == []


def test_only_a_trusted_proxy_is_believed(start, database, stock, keys):
    employee = start("employee", database, **settings(
        stock, APP_TRUSTED_PROXIES="192.0.2.1"))
    answer = employee.get("/admin/suppliers", **{
        FIELD.replace("-", "_"): token(keys[0]).decode()})
    assert answer.status == 200
    line, = harness.wait_until(
        lambda: [line for line in employee.lines()
                 if line.get("path") == "/admin/suppliers"], "it is logged")
    assert line["user"] == ""


ALGORITHM = "its algorithm is not ES256"
NO_NAME = "its claim of identity.claim is not a name"
NOT_PARTS = "it is not three parts in base64url"
PAST = "it has expired"
NO_KEY = "identity.keys has no key of its name"
WRONG = "its signature is wrong"
REFUSED = {
    "none": ({"alg": "none"}, {}, ALGORITHM),
    "hs256": ({"alg": "HS256"}, {}, ALGORITHM),
    "rs256": ({"alg": "RS256"}, {}, ALGORITHM),
    "es384": ({"alg": "ES384"}, {}, ALGORITHM),
    "lower_case": ({"alg": "es256"}, {}, ALGORITHM),
    "no_algorithm": ({"alg": None}, {}, ALGORITHM),
    "algorithms": ({"alg": ["ES256"]}, {}, ALGORITHM),
    "critical": ({"crit": ["b64"]}, {}, "it has extensions that must be "
                                        "understood"),
    "expired": ({"exp": 1}, {}, PAST),
    "expired_claims": ({}, {"exp": 1}, PAST),
    "never": ({"exp": None}, {"exp": None}, "it never expires"),
    "time_as_text": ({"exp": "9999999999"}, {}, "its expiry is not a time"),
    "negative_time": ({}, {"exp": -1}, "its expiry is not a time"),
    "signer": ({"signer": SIGNER + "x"}, {}, "its signer is not "
                                             "identity.signer"),
    "no_signer": ({"signer": None}, {}, "its signer is not identity.signer"),
    "no_kid": ({"kid": None}, {}, "it names no key"),
    "path": ({"kid": f"../keys/{KID}"}, {}, "it names no key"),
    "unknown_kid": ({"kid": "other"}, {}, NO_KEY),
    "no_email": ({}, {"email": None}, NO_NAME),
    "email_list": ({}, {"email": ["ann@example.com"]}, NO_NAME),
    "empty": ({}, {"email": ""}, NO_NAME),
    "newline": ({}, {"email": "ann\nbob"}, NO_NAME),
    "rtl": ({}, {"email": "ann\u202e"}, NO_NAME),
    "nul": ({}, {"email": "ann\0"}, "its payload is not a JSON object"),
    "long": ({}, {"email": "a" * 255}, NO_NAME),
}


@pytest.mark.parametrize("header, claims, reason", REFUSED.values(),
                         ids=REFUSED)
def test_a_signed_token_that_is_refused(employee, database, keys, header,
                                        claims, reason):
    given = token(keys[0], header, claims)
    assert signed_in(employee, (FIELD, given)) == 400
    assert actors(database) == []
    harness.wait_until(lambda: reasons(employee) == [reason],
                       f"the log says {reason}")


def spoiled(keys):
    """Tokens that no load balancer has made, each with its reason."""
    good = token(keys[0])
    head, claims, mark = good.split(b".")
    _, other_claims, _ = token(keys[0], claims={"email": "eve@example.com"}
                               ).split(b".")
    yield token(keys[1]), WRONG
    yield b".".join((head, other_claims, mark)), WRONG
    yield b".".join((head, claims, encode(bytes(64)))), WRONG
    yield b".".join((head, claims, encode(b"\xff" * 64))), WRONG
    yield b".".join((head, claims, b"")), "its signature is not 64 bytes"
    yield (b".".join((head, claims, encode(keys[0].sign(b"x") + b"\0"))),
           "its signature is not 64 bytes")
    yield b".".join((head, claims)), NOT_PARTS
    yield good + b".", NOT_PARTS
    yield b"." + good, NOT_PARTS
    yield good.replace(b".", b"=.", 1), NOT_PARTS
    yield b"+" + good[1:], NOT_PARTS
    yield b"ann@example.com", NOT_PARTS
    ends, _ = parts()
    text = json.dumps(ends)
    doubled = (text[:-1] + ', "alg": "none"}').encode()
    yield join(keys[0], doubled, parts()[1]), "its header is not a JSON object"
    yield join(keys[0], b"[]", parts()[1]), "its header is not a JSON object"
    yield join(keys[0], b"", parts()[1]), "its header is not a JSON object"
    yield join(keys[0], parts()[0], b"[" * 3000), ("its payload is not a JSON "
                                                   "object")


def test_tokens_of_others_are_refused(employee, database, keys):
    wanted = []
    for given, reason in spoiled(keys):
        assert signed_in(employee, (FIELD, given)) == 400, reason
        wanted.append(reason)
    assert actors(database) == []
    harness.wait_until(lambda: reasons(employee) == wanted,
                       "the log has all reasons")
    for given, _ in spoiled(keys):
        assert given.decode() not in employee.process.output()


def test_several_fields_are_refused(employee, database, keys):
    good = token(keys[0])
    assert signed_in(employee, (FIELD, good), (FIELD, good)) == 400
    assert actors(database) == []


def test_a_token_of_a_megabyte_is_refused(employee, database):
    """The head of a request may have 16 KiB; what follows is not kept."""
    with socket.create_connection(("127.0.0.1", employee.port),
                                  harness.WAIT_S) as sock:
        sock.sendall(b"GET /admin/suppliers HTTP/1.1\r\nHost: localhost\r\n"
                     + FIELD.encode() + b": " + b"a" * (20 * 1024))
        assert sock.recv(100).startswith(b"HTTP/1.1 431")
        with contextlib.suppress(OSError):  # it may be closed by now
            sock.sendall(b"a" * 2 ** 20)
    assert actors(database) == []


def test_keys_are_read_again(start, database, stock, keys):
    employee = start("employee", database, **settings(stock))
    given = token(keys[1], {"kid": "next"})
    assert signed_in(employee, (FIELD, given)) == 400
    put(stock / "next", keys[1])
    (stock / f"{KID}.pem").unlink()
    employee.process.send(signal.SIGHUP)
    harness.wait_until(lambda: "configuration reloaded" in
                       employee.process.output(), "it is reloaded")
    assert signed_in(employee, (FIELD, given)) == 303
    assert signed_in(employee, (FIELD, token(keys[0]))) == 400
    assert actors(database) == ["ann@example.com"]


def test_a_faulty_key_keeps_the_old_ones(start, database, stock, keys):
    employee = start("employee", database, **settings(stock))
    (stock / "next").write_text("nonsense")
    employee.process.send(signal.SIGHUP)
    harness.wait_until(lambda: "keeping the old one" in
                       employee.process.output(), "it is refused")
    assert signed_in(employee, (FIELD, token(keys[0]))) == 303


def fault(**env):
    done = subprocess.run([harness.BIN / "employee", "--check-config"],
                          text=True, capture_output=True, check=False,
                          env={**harness.sanitizer_options(),
                               **{k: str(v) for k, v in env.items()}})
    assert done.returncode == 1, done
    line, = done.stderr.splitlines()
    return line


def test_files_that_are_refused(stock, keys, folder):
    key = stock / f"{KID}.pem"
    shared = f"{key}: others may write to it; run chmod go-w on it"
    for mode in (0o664, 0o646):
        key.chmod(mode)
        assert fault(**settings(stock)).endswith(shared)
        assert fault(**settings(key)).endswith(shared)
    key.chmod(0o644)
    for mode in (0o775, 0o757):
        stock.chmod(mode)
        assert "others may write to it" in fault(**settings(stock))
    stock.chmod(0o755)
    no_key = "is not a PEM file with a public key of P-256"
    for kind in (("-algorithm", "RSA"), ("-algorithm", "ED25519"),
                 ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384")):
        put(key, Key(folder, "another", *kind))
        assert no_key in fault(**settings(stock))
    key.write_bytes(keys[0].private.read_bytes())
    assert no_key in fault(**settings(stock))
    put(key, keys[0])
    put(stock / KID, keys[1])
    assert "names a key that another file has" in fault(**settings(stock))
    (stock / KID).rename(stock / "read.me")
    assert "is not named after a key" in fault(**settings(stock))
    (stock / "read.me").unlink()
    key.unlink()
    assert "has no keys" in fault(**settings(stock))
    assert "No such file" in fault(**settings(key))


@pytest.mark.parametrize("without, said", [
    ("APP_IDENTITY_KEYS", "identity.keys"),
    ("APP_IDENTITY_SIGNER", "identity.signer")])
def test_no_token_is_read_without_being_verified(stock, without, said):
    given = settings(stock)
    del given[without]
    line = fault(**given)
    assert said in line and f"is empty, but identity.header is {FIELD}" in line


@pytest.mark.parametrize("name", ["APP_IDENTITY_KEYS", "APP_IDENTITY_SIGNER"])
def test_options_of_tokens_need_the_field(stock, name):
    line = fault(APP_IDENTITY_HEADER="X-Forwarded-User",
                 **{name: settings(stock)[name]})
    assert f"{name}: needs identity.header x-amzn-oidc-data" in line
