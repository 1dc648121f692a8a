"""Under systemd: what it is told, and sockets that it has opened already."""
import os
import shutil
import socket
import subprocess

import pytest

import harness

# A program that is given sockets from descriptor 3 on, and its own number.
WITH_SOCKETS = 'exec {aside}; export LISTEN_PID=$$; exec "$@" {moved}'


@pytest.fixture(params=["path", "abstract"])
def manager(request, folder):
    """A socket such as systemd's, and its name for NOTIFY_SOCKET."""
    name = f"{folder}/notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(name if request.param == "path" else "\0" + name)
        sock.settimeout(harness.WAIT_S)
        yield sock, name if request.param == "path" else "@" + name


def lines(sock):
    """The next datagram."""
    return sock.recv(4096).decode().splitlines()


def waiting(sock):
    """All lines of the datagrams that are there."""
    got = []
    sock.setblocking(False)
    try:
        while True:
            got += lines(sock)
    except BlockingIOError:
        return got


def test_the_manager_is_told_of_start_and_stop(start, database, manager):
    sock, name = manager
    daemon = start("customer", database, NOTIFY_SOCKET=name)
    assert lines(sock) == ["READY=1"]
    assert daemon.get("/healthz").status == 200
    assert daemon.stop() == 0
    assert waiting(sock) == ["STOPPING=1"]


def test_the_loop_feeds_the_watchdog(start, database, manager):
    sock, name = manager
    start("employee", database, NOTIFY_SOCKET=name, WATCHDOG_USEC=100000)
    assert lines(sock) == ["READY=1"]
    for _ in range(3):
        assert lines(sock) == ["WATCHDOG=1"]


def test_the_watchdog_of_another_process_is_left_alone(start, database,
                                                       manager):
    sock, name = manager
    daemon = start("customer", database, NOTIFY_SOCKET=name,
                   WATCHDOG_USEC=2000, WATCHDOG_PID=1)
    for _ in range(20):  # turns of a loop that would have found it due
        assert daemon.get("/healthz").status == 200
    assert daemon.stop() == 0
    assert waiting(sock) == ["READY=1", "STOPPING=1"]


def test_a_manager_that_does_not_read_loses_no_message(start, database,
                                                       manager):
    """Its queue is full: the daemon serves, and tells it once there is room."""
    sock, name = manager
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as filler:
        filler.setblocking(False)
        with pytest.raises(BlockingIOError):
            while True:
                filler.sendto(b"FULL=1", sock.getsockname())
    daemon = start("customer", database, NOTIFY_SOCKET=name,
                   WATCHDOG_USEC=1000)
    assert daemon.get("/healthz").status == 200
    while (got := lines(sock)) == ["FULL=1"]:
        pass
    assert got[0] == "READY=1"


@pytest.mark.parametrize("env, message", [
    ({"NOTIFY_SOCKET": "run/notify"},
     "NOTIFY_SOCKET: 'run/notify' is not the name of a socket"),
    ({"NOTIFY_SOCKET": "@"}, "NOTIFY_SOCKET: '@' is not the name of a socket"),
    ({"NOTIFY_SOCKET": "/" + "x" * 108}, "is not the name of a socket"),
    ({"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "1s"},
     "WATCHDOG_USEC: '1s' is not a number"),
    ({"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "0"},
     "WATCHDOG_USEC: '0' is not a number"),
    ({"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "18446744073709551616"},
     "WATCHDOG_USEC: '18446744073709551616' is not a number"),
    ({"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "1", "WATCHDOG_PID": "-1"},
     "WATCHDOG_PID: '-1' is not a number"),
])
def test_what_is_no_manager_is_refused(database, env, message):
    assert message in refused(database, [harness.BIN / "customer"], env)


def refused(database, argv, env, fds=()):
    """The one line of a daemon that does not start."""
    done = subprocess.run(
        [str(arg) for arg in argv], text=True, capture_output=True,
        timeout=harness.WAIT_S, check=False, pass_fds=fds,
        env={**database.environment("customer"), "APP_PORT": "0",
             "APP_BIND": "127.0.0.1", "APP_OPS_PORT": "0", **env})
    assert done.returncode == 1 and done.stderr.count("\n") == 1, done
    return done.stderr


def with_sockets(*descriptors):
    """A shell in front of a daemon that passes these descriptors on."""
    aside = " ".join(f"{20 + n}<&{fd}" for n, fd in enumerate(descriptors))
    moved = " ".join(f"{3 + n}<&{20 + n} {20 + n}<&-"
                     for n in range(len(descriptors)))
    return ("bash", "-c", WITH_SOCKETS.format(aside=aside, moved=moved),
            "bash")


def listener(address="127.0.0.1"):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.create_server((address, 0), family=family)


def start_with(start, database, *descriptors, **settings):
    return start("customer", database, prefix=with_sockets(*descriptors),
                 pass_fds=descriptors, LISTEN_FDS=len(descriptors),
                 **settings)


def test_a_socket_that_was_opened_before_is_served(start, database):
    with listener() as sock, socket.create_connection(sock.getsockname()) as \
            early:
        early.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        daemon = start_with(start, database, sock.fileno())
        assert daemon.port == sock.getsockname()[1]
        assert early.recv(4096).startswith(b"HTTP/1.1 200 ")
        assert daemon.get("/suppliers").status == 200
        assert daemon.stop() == 0
        # it is the manager's: the next daemon accepts the clients that wait
        with socket.create_connection(sock.getsockname()) as late:
            late.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            start_with(start, database, sock.fileno())
            assert late.recv(4096).startswith(b"HTTP/1.1 200 ")


def test_both_ports_are_told_apart_by_name(start, database):
    with listener() as ops, listener() as main:
        daemon = start_with(start, database, ops.fileno(), main.fileno(),
                            LISTEN_FDNAMES="ops:customer.socket")
        assert daemon.ready["ops_port"] == ops.getsockname()[1]
        assert daemon.port == main.getsockname()[1]
        assert daemon.get("/suppliers").status == 200
        assert daemon.ops.get("/suppliers").status == 404
        assert daemon.ops.get("/healthz").status == 200


def test_the_ops_port_alone_can_be_passed(start, database):
    with listener() as ops:
        daemon = start_with(start, database, ops.fileno(),
                            LISTEN_FDNAMES="ops")
        assert daemon.ops.port == ops.getsockname()[1]
        assert daemon.get("/suppliers").status == 200


def test_sockets_of_another_process_are_left_alone(start, database):
    """A shell that was given them has started the daemon."""
    with listener() as sock:
        daemon = start("customer", database, pass_fds=(sock.fileno(),),
                       LISTEN_FDS=1, LISTEN_PID=1)
        assert daemon.port != sock.getsockname()[1]


def test_what_is_no_listening_socket_is_refused(database, folder):
    path = f"{folder}/unix"
    with listener() as one, listener() as two, listener() as three, \
            socket.socket() as closed, \
            socket.socket(type=socket.SOCK_DGRAM) as datagrams, \
            socket.socket(socket.AF_UNIX) as unix, \
            open(folder / "file", "w", encoding="utf-8") as file:
        unix.bind(path)
        unix.listen()
        for given, env, message in (
                ([closed], {}, "descriptor 3 is not a listening TCP socket"),
                ([datagrams], {}, "descriptor 3 is not a listening TCP"),
                ([unix], {}, "descriptor 3 is not a listening TCP socket"),
                ([file], {}, "descriptor 3 is not a listening TCP socket"),
                ([], {"LISTEN_FDS": "1"}, "descriptor 3 is not a listening"),
                ([one, two], {}, "descriptor 4: there is already one for "
                                 "pages; name the other one 'ops'"),
                ([one, two], {"LISTEN_FDNAMES": "ops:ops"},
                 "descriptor 4: there is already one named 'ops'"),
                ([one, two, three], {}, "LISTEN_FDS: '3' is not a number "
                                        "from 1 to 2"),
                ([one], {"LISTEN_FDS": "0"}, "LISTEN_FDS: '0' is not a num"),
                ([one], {"LISTEN_FDS": "one"}, "LISTEN_FDS: 'one' is not"),
                ([one], {"LISTEN_FDNAMES": "a:b"},
                 "LISTEN_FDNAMES: has 2 names for 1 socket")):
            fds = [each.fileno() for each in given]
            line = refused(
                database, [*with_sockets(*fds), harness.BIN / "customer"],
                {"LISTEN_FDS": str(len(fds)), **env}, fds)
            assert message in line, line


@pytest.mark.skipif(not shutil.which("systemd-socket-activate"),
                    reason="systemd is not installed")
def test_systemd_itself_passes_a_socket(database, folder):
    port = harness.free_port()
    env = {**database.environment("customer"), "APP_OPS_PORT": "0", "APP_PORT": "0",
           "APP_DRAIN_DELAY_MS": "0"}
    process = harness.Process("activate", [
        "systemd-socket-activate", f"--listen=127.0.0.1:{port}",
        *(f"--setenv={name}={value}" for name, value in env.items()),
        harness.BIN / "customer"], folder, dict(os.environ))
    try:
        client = harness.Client(port)

        def served():
            try:
                return client.get("/healthz").status == 200
            except OSError:
                return False

        harness.wait_until(served, "the daemon is started by a connection")
    finally:
        assert process.stop() == 0, process.output()
