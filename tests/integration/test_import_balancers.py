"""Uploads through each load balancer of deploy/: whole, too large, slow, torn."""
import hashlib
import http.client
import socket
import time

import pytest

import harness
from balancers import CONFIGS
from form_pages import title_of
from test_import_upload import MIB, Pages, multipart, problem
from thorough import at_desk

RATE = 96 * 1024  # bytes per second, of a phone far from its mast
FILE_BYTES = 5 * MIB // 4  # what is over 1 MiB is an upload
TYPE = "multipart/form-data; boundary=b"


class Balanced(Pages):
    """Sends an upload piece by piece through a load balancer."""

    def body(self, data):
        return multipart([("form_key", None, self.key().encode()),
                          ("file", "list.csv", data), ("text", None, b"")],
                         "b")

    def begin(self, body):
        """The socket, after the head."""
        sock = socket.create_connection(("127.0.0.1", self.daemon.port),
                                        harness.WAIT_S)
        sock.sendall((f"POST /admin/import HTTP/1.1\r\n"
                      f"Host: {self.daemon.host}\r\n"
                      f"Origin: http://{self.daemon.host}\r\n"
                      f"Content-Type: {TYPE}\r\nConnection: close\r\n"
                      f"Content-Length: {len(body)}\r\n\r\n").encode())
        return sock

    def stored(self):
        """The digests of the parts that were stored."""
        return [digest for digest, in self.database.sql(
            "SELECT SHA2(bytes, 256) FROM supplier_import_files"
            " ORDER BY import_id, part")]


def digests(data):
    return [hashlib.sha256(data[at:at + MIB]).hexdigest()
            for at in range(0, len(data), MIB)]


def answer(sock):
    """A load balancer leaves the connection open while the body is missing."""
    got = http.client.HTTPResponse(sock)
    got.begin()
    return harness.Response(got)


def rows_of(size):
    """A table of exactly so many bytes."""
    row = "a" * 1000
    text = "name,address,city,state,email,phone\n" + "\n".join(
        f"n{i},{row},,,{i}@example.com,+1 802 {i:07}"
        for i in range(size // 1050))
    return (text + "x" * (size - len(text))).encode()


@pytest.fixture(name="behind")
def make_behind(folder, start, database, balance):
    """Start the daemons, employee with these settings, and a balancer."""
    def make(name, **settings):
        proxy = balance(start("customer", database),
                        start("employee", database, **settings),
                        CONFIGS[name](folder))
        return Balanced(proxy, database)
    return make


each_balancer = pytest.mark.parametrize(
    "name", at_desk(("compose",), CONFIGS))


@pytest.mark.thorough
@each_balancer
def test_a_file_of_the_largest_size_arrives_whole(behind, name):
    pages = behind(name)
    data = rows_of(32 * MIB)
    done = pages.send(pages.body(data), TYPE)
    assert done.status == 303, done.text
    assert pages.stored() == digests(data) and len(data) == 32 * MIB
    assert title_of(pages.show(done.headers["Location"])).startswith("Preview")


@pytest.mark.parametrize("more", [1, 8 * MIB], ids=["a byte", "8 MiB"])
@each_balancer
def test_a_file_over_the_limit_says_so(behind, name, more):
    pages = behind(name)
    page = pages.send(pages.body(b"x" * (32 * MIB + more)), TYPE)
    assert page.status == 413
    assert problem(page) == ("The file is larger than 32 MiB. Split it into "
                             "smaller files.")
    assert pages.stored() == []


@pytest.mark.thorough
@each_balancer
def test_a_slow_upload_arrives(behind, name):
    """Slower than a form may be, but no slower than an upload may."""
    pages = behind(name)
    data = rows_of(FILE_BYTES)
    body = pages.body(data)
    began = time.monotonic()
    with pages.begin(body) as sock:
        for at in range(0, len(body), RATE // 8):
            time.sleep(max(0, began + at / RATE - time.monotonic()))
            sock.sendall(body[at:at + RATE // 8])
        assert answer(sock).status == 303
    assert time.monotonic() - began > 12  # more than any timeout of 10 s
    assert pages.stored() == digests(data)


@each_balancer
def test_an_upload_that_stops_is_refused_by_the_daemon(behind, name):
    pages = behind(name, APP_HTTP_BODY_MS=500, APP_HTTP_BODY_MIN_RATE=10 ** 7)
    body = pages.body(rows_of(FILE_BYTES))
    with pages.begin(body) as sock:
        sock.sendall(body[:MIB])
        said = answer(sock)
    assert said.status == 408
    assert problem(said) == (
        "The file arrived too slowly. Send it again over a faster connection, "
        "or split it into smaller files.")
    assert 'name="file"' in said.text
    assert pages.stored() == []


@each_balancer
def test_an_upload_that_breaks_off_makes_room(behind, name):
    pages = behind(name)
    body = pages.body(rows_of(FILE_BYTES))
    no_form = multipart([("text", None, b"x" * FILE_BYTES)], "b")

    def begun():
        """An upload that is being read: another one has to wait."""
        sock = pages.begin(body)
        sock.sendall(body[:MIB])
        if pages.send(no_form, TYPE).status == 503:
            return sock
        sock.close()  # the other one was first
        return None
    harness.wait_until(begun, "an upload is being read").close()
    data = rows_of(FILE_BYTES)

    def sent():
        done = pages.post(data)
        assert done.status in (303, 503), done.text
        return done.status == 303 and done
    harness.wait_until(sent, "there is room again")
    assert pages.stored() == digests(data)
    assert pages.database.sql("SELECT COUNT(*) FROM supplier_imports"
                              ) == [["1"]]
