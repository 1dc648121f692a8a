"""From the command line to the end: faults at start, signals, the log."""
import os
import re
import signal
import socket
import subprocess

import pytest

import harness


def run(name, *argv, **env):
    return subprocess.run(
        [harness.BIN / name, *argv], text=True, capture_output=True,
        timeout=harness.WAIT_S, check=False,
        env={"PATH": os.environ["PATH"], **harness.sanitizer_options(),
             "APP_OPS_PORT": "0", "APP_BIND": "127.0.0.1", **env})


def one_line(done):
    assert done.returncode == 1, done
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_unknown_yaml_key(folder):
    path = folder / "cafe.yaml"
    path.write_text("port: 0\ndb:\n  hosst: x\n")
    line = one_line(run("customer", "--config", str(path)))
    assert f"{path}:3:3" in line and "host" in line


def test_bad_template(folder):
    views = folder / "views"
    subprocess.run(["cp", "-rL", harness.BIN.parent /
                    "share/cafe/customer/views", views], check=True)
    (views / "nav.html").write_text("\n{{#open}}\n")
    line = one_line(run("customer", APP_VIEWS=str(views), APP_PORT="0"))
    assert f"{views}/nav.html:2: section 'open' is not closed" in line


# Leaves of /proc what LeakSanitizer reads, and hides the rest.
HIDE_PROC = """
mount --rbind /proc "$1" && mount -t tmpfs none /proc &&
mkdir -p /proc/$$/task && ln -s $$ /proc/self && touch /proc/$$/maps &&
mount --bind "$1/$$/task" /proc/$$/task &&
mount --bind "$1/$$/maps" /proc/$$/maps && shift && exec "$@"
"""


@pytest.fixture(name="check_without_proc")
def make_check_without_proc(folder):
    words = ("unshare", "--map-root-user", "--mount", "sh", "-c", HIDE_PROC,
             "sh", folder)
    if subprocess.run([*words, "true"], capture_output=True,
                      check=False).returncode != 0:
        pytest.skip("this kernel lets nobody hide /proc")

    def check(**env):
        done = subprocess.run(
            [*words, harness.BIN / "customer", "--check-config"], text=True,
            capture_output=True, timeout=harness.WAIT_S, check=False,
            env={"PATH": os.environ["PATH"], **harness.sanitizer_options(),
                 **env})
        # AddressSanitizer misses the name, too.
        done.stderr = re.sub(r"(?m)^==\d+==WARNING: reading executable name.*\n",
                             "", done.stderr)
        return done

    return check


def test_without_proc_it_says_what_to_do(check_without_proc):
    assert one_line(check_without_proc()) == (
        "customer: cannot find the installed folders: /proc/self/exe: "
        "No such file or directory; mount /proc, or set views, statics and "
        "content")


def test_folders_that_are_set_need_no_proc(check_without_proc):
    share = harness.BIN.parent / "share/cafe/customer"
    done = check_without_proc(APP_VIEWS=f"{share}/views",
                              APP_STATICS=f"{share}/static",
                              APP_CONTENT=f"{share}/content")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("option, argv, env, place", [
    ("port", (), {"APP_PORT": "{port}"}, "environment APP_PORT"),
    ("port", ("--port", "{port}"), {}, "flag --port"),
    ("ops.port", (), {"APP_OPS_PORT": "{port}"}, "environment APP_OPS_PORT"),
    ("ops.port", ("--ops-port={port}",), {}, "flag --ops-port"),
])
def test_a_taken_port_names_its_option(option, argv, env, place):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        line = one_line(run(
            "customer", *(word.format(port=port) for word in argv),
            **{"APP_PORT": "0", "APP_OPS_BIND": "127.0.0.1",
               **{k: v.format(port=port) for k, v in env.items()}}))
    assert line == (f"customer: {place}: 127.0.0.1:{port}: Address already "
                    "in use"), option


def test_a_taken_port_in_a_file_names_its_place(folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        path = folder / "cafe.yaml"
        path.write_text(f"port: {port}\n")
        line = one_line(run("customer", "--config", str(path)))
    assert line == (f"customer: {path}:1:7: port: 127.0.0.1:{port}: Address "
                    "already in use")


def test_both_daemons_fit_on_one_machine():
    """Their ports for operators differ by default."""
    for name, port in ("customer", 9090), ("employee", 9091):
        shown = subprocess.run([harness.BIN / name, "--print-config"],
                               env={}, text=True, capture_output=True,
                               check=True).stdout
        assert f"ops:\n  port: {port}  # default\n" in shown


def test_commands_without_serving():
    assert "--db-host" in run("customer", "--help").stdout
    version, compiler, *libraries = run("employee",
                                        "--version").stdout.splitlines()
    assert re.fullmatch(r"employee \d+\.\d+\.\d+\+(dev|g[0-9a-f.dirty]+)",
                        version)
    assert re.fullmatch(r"Compiler: (GNU|Clang) \d[\d.]+", compiler)
    assert {line.split(": ")[0] for line in libraries} >= {
        "libevent", "MariaDB Connector/C", "cmark", "libyaml"}
    assert all(re.search(r": \d", line) for line in libraries)
    for short, long in ("-h", "--help"), ("-V", "--version"):
        assert run("customer", short).stdout == run("customer", long).stdout
    assert "  -h, --help\n" in run("customer", "-h").stdout
    shown = run("customer", "--print-config", APP_DB_PASSWORD="s3cr3t").stdout
    assert "environment APP_DB_PASSWORD" in shown and "s3cr3t" not in shown
    assert run("customer", "--check-config").returncode == 0
    assert "port:" in run("customer", "--sample-config").stdout
    assert run("employee", "--dry-run").returncode == 1
    assert run("customer", "--healthcheck", "--port", "1").returncode == 1


@pytest.mark.parametrize("name", ["customer", "employee"])
def test_manual_page(name):
    """Without a fault for groff, and with every option."""
    page = run(name, "--man-page").stdout
    shown = subprocess.run(["groff", "-man", "-Tascii", "-ww", "-P-cbou"],
                           input=page, text=True, capture_output=True,
                           check=True)
    assert shown.stderr == ""
    options = re.findall(r"^  (--[a-z-]+)", run(name, "--help").stdout,
                         re.MULTILINE)
    assert len(options) > 30
    for option in options:
        assert re.search(rf"^ +{option}\b", shown.stdout, re.MULTILINE), option
    for heading in ("NAME", "COMMANDS", "OPTIONS", "SIGNALS", "EXIT STATUS",
                    "ENVIRONMENT"):
        assert re.search(rf"^{heading}$", shown.stdout, re.MULTILINE)


def test_healthcheck(customer):
    done = run("customer", "--healthcheck", "--port", str(customer.port))
    assert done.returncode == 0


def test_ops_port(start, database):
    customer = start("customer", database, APP_OPS_PORT=harness.free_port(),
                     APP_OPS_BIND="127.0.0.1")
    assert customer.ops.get("/healthz").text == "healthy\n"
    assert customer.ops.get("/readyz").text.startswith("ready\n")
    assert customer.ops.get("/suppliers").status == 404


def test_every_log_line_is_json(start, database):
    customer = start("customer", database)
    customer.get("/suppliers", X_Request_Id="abc-1")
    customer.get('/%22%5c"', User_Agent="x")
    customer.stop()
    lines = customer.lines()
    assert len(lines) == len(customer.process.output().splitlines())
    request = [line for line in lines if line.get("request_id") == "abc-1"][0]
    assert request["route"] == "/suppliers" and request["status"] == 200
    for name in ("ts", "level", "service", "version", "method", "path",
                 "duration_ms", "bytes_out", "client_ip"):
        assert name in request


def test_sigterm_drains_then_ends(start, database):
    customer = start("customer", database, APP_DRAIN_DELAY_MS=1000)
    idle = socket.create_connection(("127.0.0.1", customer.port))
    customer.process.send()
    harness.wait_until(lambda: customer.get("/readyz").status == 503,
                       "not ready while draining")
    page = customer.get("/suppliers")
    assert page.status == 200 and page.headers["Connection"] == "close"
    assert customer.process.wait() == 0
    assert idle.recv(1) == b""
    assert customer.lines()[-1]["msg"] == "stopped"


def test_a_request_in_flight_is_answered(start, database):
    customer = start("customer", database)
    with socket.create_connection(("127.0.0.1", customer.port)) as slow:
        slow.sendall(b"GET /suppliers HTTP/1.1\r\n")
        harness.wait_until(lambda: customer.get("/healthz").status == 200,
                           "the first line has arrived")
        customer.process.send()
        slow.sendall(b"Host: x\r\n\r\n")
        assert slow.recv(65536).startswith(b"HTTP/1.1 200 ")
    assert customer.process.wait() == 0


def test_a_second_signal_ends_at_once(start, database):
    customer = start("customer", database, APP_DRAIN_DELAY_MS=500000,
                     APP_STOP_MAX_MS=600000)
    assert customer.get("/readyz").status == 200
    customer.process.send()
    harness.wait_until(lambda: customer.get("/readyz").status == 503,
                       "draining")
    customer.process.send()
    assert customer.process.wait(5) == 1


def test_sighup_reads_the_configuration_again(start, database, folder):
    path = folder / "cafe.yaml"
    path.write_text("allow: loopback\n")
    employee = start("employee", database, argv=("--config", str(path)))
    assert employee.get("/admin").status == 200

    def logged(message):
        return [line for line in employee.lines() if message in line["msg"]]

    path.write_text("allow: 192.0.2.0/24\n")
    employee.process.send(signal.SIGHUP)
    harness.wait_until(lambda: logged("reloaded"), "read again")
    assert employee.get("/admin").status == 404
    for count, faulty in enumerate(
            ("alow: loopback\n", "allow: loopback\n"
             "db: {password_file: /dev/null}\n"), 1):  # beside the password
        path.write_text(faulty)
        employee.process.send(signal.SIGHUP)
        harness.wait_until(
            lambda: len(logged("keeping the old")) == count, "refused")
        assert employee.get("/admin").status == 404


def test_sighup_says_what_needs_a_restart(start, database, folder):
    path = folder / "cafe.yaml"
    path.write_text("allow: loopback\n")
    daemon = start("customer", database, argv=("--config", str(path)))

    def waiting(text):
        """What waits for a restart after this has been read."""
        before = len(logged(daemon, "reloaded"))
        path.write_text(text)
        daemon.process.send(signal.SIGHUP)
        harness.wait_until(
            lambda: len(logged(daemon, "reloaded")) > before and
            daemon.get("/healthz"), "read again, and the turn is over")
        return [line["options"] for line in
                logged(daemon, "need a restart")]

    live = ("allow: private,loopback\ntrusted_proxies: private\n"
            "origins: https://cafe.example\nlog_level: debug\n"
            "log_requests: off\nstop_max_ms: 20000\n"
            "http: {head_ms: 1000, idle_ms: 2000, requests_max: 9}\n")
    assert waiting(live) == []
    names = waiting(live + "cache: {max_bytes: 0}\n"
                    "db: {threads: 5, queue_max: 7}\n"
                    "map_url: https://map.example/{query}\n")
    assert names == ["db.threads, db.queue_max, cache.max_bytes, map_url"]
    assert waiting(live) == names, "what runs is what is configured again"


def logged(daemon, message):
    return [line for line in daemon.lines() if message in line["msg"]]


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGUSR2])
def test_signals_without_a_meaning_end_nobody(start, database, number):
    for name in "customer", "employee":
        daemon = start(name, database)
        daemon.process.send(number)
        assert daemon.get("/healthz").status == 200
        assert daemon.stop() == 0


def test_nobody_waits_for_a_load_balancer_that_is_not_there(start, database):
    quiet = start("customer", database, APP_DRAIN_DELAY_MS=20000)
    assert quiet.stop() == 0
    asked = start("customer", database, APP_DRAIN_DELAY_MS=100,
                  APP_OPS_PORT=harness.free_port(), APP_OPS_BIND="127.0.0.1")
    assert asked.ops.get("/healthz").status == 200
    assert asked.ops.get("/readyz").status == 200
    assert asked.stop() == 0
    alive = start("customer", database, APP_DRAIN_DELAY_MS=20000,
                  APP_OPS_PORT=harness.free_port(), APP_OPS_BIND="127.0.0.1")
    assert alive.ops.get("/healthz").status == 200  # a container's own check
    assert alive.stop() == 0
    used = start("customer", database, APP_DRAIN_DELAY_MS=100)
    assert used.get("/healthz").status == 200
    assert used.stop() == 0
    delays = [logged(daemon, "stopping")[0]["drain_delay_ms"]
              for daemon in (quiet, asked, alive, used)]
    assert delays == [0, 100, 0, 100]


def test_the_time_to_stop_holds_while_the_database_hangs(start, folder):
    """Threads that wait for an answer of the database are not waited for."""
    path, port = str(folder / "silent"), harness.free_port()
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(path)
        silent.listen()
        daemon = start("employee", wait=False, APP_DB_SOCKET=path,
                       APP_DB_CONNECT_TIMEOUT_S=60, APP_PORT=port,
                       APP_STOP_MAX_MS=2000)
        client = harness.Client(port)
        harness.wait_until(lambda: serves(client), "it serves")
        with socket.create_connection(("127.0.0.1", port)) as sock:
            sock.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
            peers = [silent.accept()[0] for _ in range(2)]
            daemon.process.send()
            assert daemon.process.wait(30) == 0
            for peer in peers:
                peer.close()
    assert daemon.lines()[-1]["msg"] == "stopped"


def serves(client):
    try:
        return client.get("/healthz").status == 200
    except OSError:
        return False
