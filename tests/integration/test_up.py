"""./cafe up in a clean clone, as a person would run it."""
import contextlib
import hashlib
import pathlib
import re
import signal
import subprocess

import pytest

import front
import harness
from test_employee import SUPPLIER

pytestmark = pytest.mark.thorough  # builds the project in a clone


def cafe(clone, *args):
    return subprocess.run(["./cafe", *args], cwd=clone, text=True,
                          capture_output=True, timeout=600, check=False,
                          stdin=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def clone():
    folder = harness.make_folder(large=True)
    path = pathlib.Path(folder) / "clone"
    subprocess.run(["git", "clone", "-q", harness.ROOT, path], check=True)
    yield path
    cafe(path, "down")
    harness.remove_folder(folder)


def up(clone, port):
    done = cafe(clone, "up", "--detach", "--port", str(port))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"http://127.0.0.1:{port}"]
    return harness.Client(port)


def test_up_down_and_data_survive(clone):
    port = harness.free_port()
    site = up(clone, port)
    assert "1–20 of 20" in site.get("/suppliers").text
    # One of the samples has the same telephone.
    assert site.post("/admin/supplier-add",
                     {**SUPPLIER, "anyway": "1"}).status == 303
    assert "1–21 of 21" in site.get("/suppliers").text

    again = cafe(clone, "up", "--port", str(port))
    assert again.returncode == 1 and "already running" in again.stderr

    assert cafe(clone, "down").returncode == 0
    with contextlib.suppress(ConnectionError):
        site.get("/")
        raise AssertionError("it still answers")
    site = up(clone, harness.free_port())
    assert SUPPLIER["city"] in site.get("/suppliers?per=200").text
    assert "1–21 of 21" in site.get("/suppliers").text
    assert cafe(clone, "down").returncode == 0


def test_a_build_in_another_folder_has_the_same_bytes(clone, folder):
    """This folder's, which other suites need, or another clone's where this one
    is not as it was committed."""
    other = harness.ROOT
    if git(other, "status", "--porcelain"):
        other = folder / "a-folder-with-another-name" / "source"
        git(folder, "clone", "-q", harness.ROOT, other)
    assert built_customer(other) == built_customer(clone)


def git(folder, *args):
    return subprocess.run(["git", *args], cwd=folder, text=True, check=True,
                          stdout=subprocess.PIPE).stdout


def built_customer(source):
    harness.build("release", "customer", folder=source)
    program = source / "build/release/bin/customer"
    return hashlib.sha256(program.read_bytes()).hexdigest()


@pytest.mark.parametrize("first", [18080, 18180, 23306],
                         ids=["customer", "employee", "database"])
def test_no_daemon_takes_the_port_that_was_asked_for(clone, first):
    """The one that up.sh would give it."""
    port = next(port for port in range(first, first + 100) if is_free(port))
    site = up(clone, port)
    for path in ("/suppliers", "/admin/suppliers"):
        assert site.get(path).status == 200
    assert cafe(clone, "down").returncode == 0


def is_free(port):
    with harness.socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_proxies_in_front_are_named(clone):
    """What they say counts; what other peers say locks /admin."""
    port = harness.free_port()
    done = cafe(clone, "up", "--detach", "--port", str(port), "--proxies",
                "127.0.0.2, 10.0.0.0/8")
    assert done.returncode == 0, done.stderr
    for source, forwarded, status in (
            ("127.0.0.1", None, 200), ("127.0.0.1", "192.168.0.7", 404),
            ("127.0.0.2", None, 404), ("127.0.0.2", "192.168.0.7", 200),
            ("127.0.0.2", "203.0.113.9", 404),
            ("127.0.0.2", "203.0.113.9, 10.1.2.3", 404),
            ("127.0.0.2", "192.168.0.7, 10.1.2.3", 200)):
        fields = [("X-Forwarded-For", forwarded)] if forwarded else []
        assert front.visit(port, "/admin/", source, fields) == status, (
            source, forwarded)
        assert front.visit(port, "/", source, fields) == 200
    assert cafe(clone, "down").returncode == 0


def test_proxies_that_are_no_addresses_are_said(clone):
    for proxies in ("cafe.example", "loopback", "127.0.0.1;x", "$(x)"):
        done = cafe(clone, "up", "--proxies", proxies)
        assert done.returncode == 2 and f"'{proxies}'" in done.stderr


def test_a_taken_port_is_said(clone):
    with harness.socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = cafe(clone, "up", "--port", str(port))
    assert done.returncode == 1
    assert f"Port {port} is taken" in done.stderr


def test_a_bad_port_is_said(clone):
    for port in ("0", "65536", "x", "08080", ""):
        done = cafe(clone, "up", "--port", port)
        assert done.returncode == 2 and "--port" in done.stderr


@pytest.mark.parametrize("args", [
    ("up", "--port"), ("up", "--proxies"), ("up", "now"), ("down", "now"),
    ("down", "--force"), ("rehearse", "--bake"), ("rehearse", "now"), ("test", "now"), ("now",)])
def test_a_wrong_command_is_told_how_it_is_used(args):
    done = cafe(harness.ROOT, *args)
    assert done.returncode == 2 and not done.stdout
    assert "./cafe" in done.stderr and ".sh" not in done.stderr


@pytest.mark.parametrize("command", ["up", "down", "rehearse", "test", "bench"])
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_does_nothing_else(command, flag):
    done = cafe(harness.ROOT, command, flag)
    assert done.returncode == 0 and not done.stderr
    assert done.stdout.removeprefix("usage: ").startswith(f"./cafe {command}")


def children(pid):
    path = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()]


def test_ctrl_c_stops_all_of_it(clone):
    port = harness.free_port()
    # Ctrl-C reaches it also where the tests run in the background.
    process = harness.Process(
        "up", ["env", "--default-signal=INT", "./cafe", "up", "--port",
               str(port)], clone, cwd=clone)
    harness.wait_until(
        lambda: re.search(r"^http://", process.output(), re.M) or
        not process.running(), "it is up", 300)
    started = children(process.pid)
    assert len(started) >= 4, process.output()
    process.send(signal.SIGINT)
    assert process.wait(60) == 0
    for pid in started:
        assert not pathlib.Path(f"/proc/{pid}").exists()
