"""docker-compose.yml as a whole: what is open, what survives, what is said."""
import contextlib
import json
import time

import pytest

import containers
import harness
import outages
from outages import Reading, check_our_page, check_pages_stay
from test_graceful import check_load, load
from test_images import IMAGE_MAX_BYTES
from writers import Background, Kept, connect, query


def served(project, container, since):
    """How many lists a daemon has logged since then."""
    return project.engine.run("logs", "--since", f"{since:.3f}",
                              container).count('"route":"/suppliers"')


@pytest.fixture
def sample(database):
    database.sql((harness.ROOT / "deploy/local/sample-suppliers.sql")
                 .read_text())


@pytest.mark.parametrize("version", [1, 2])
def test_from_an_empty_volume_to_the_first_page(engine, images, folder,
                                                 project, version):
    """
    As a person starts it, without images: version 1 has the classic builder,
    version 2 BuildKit. It has sample suppliers.
    """
    made = containers.Project(engine, folder, "first", version=version,
                              CAFE_SUBNET="10.83.10.0/24", CAFE_TAG="first")
    try:
        began = time.monotonic()
        made.up()
        print(f"first page after {time.monotonic() - began:.1f} s")
        for name in ("customer:first", "employee:first"):
            assert engine.inspect(name)["Size"] <= IMAGE_MAX_BYTES
        page = harness.Client(made.port).get("/suppliers")
        assert "1–20 of 20" in page.text
        again = made.up()
        assert again.returncode == 0
        for port in (made.port, made.test_port):
            site = harness.Client(port)
            assert "1–20 of 20" in site.get("/suppliers").text
            for path in ("/admin", "/admin/", "/admin/suppliers"):
                assert "Manage coffee suppliers" in site.get(path).text
            assert "Manage" not in site.get("/administration").text
    finally:
        made.down()
        engine.try_run("rmi", "customer:first", "employee:first")


def test_containers_are_hardened(project, engine):
    for service in ("db", "customer", "employee", "lb"):
        for container in project.containers(service):
            found = engine.inspect(container)
            host = found["HostConfig"]
            assert host["ReadonlyRootfs"], service
            assert host["CapDrop"] == ["ALL"], service
            assert "no-new-privileges:true" in host["SecurityOpt"], service
            assert found["Config"]["User"] not in ("", "root", "0"), service
            assert host["Memory"] > 0 and host["PidsLimit"] > 0, service
            ports = host["PortBindings"] or {}
            if service != "lb":
                assert not ports, service
            for bindings in ports.values():
                assert [b["HostIp"] for b in bindings] == ["127.0.0.1"]
            for line in found["Config"]["Env"]:
                assert "password" not in line.split("=", 1)[1].replace(
                    ".password", ""), line
    internal = engine.inspect("cafe_data")["Internal"]
    assert internal


def test_scaled_up_all_of_them_serve(project, site, sample):
    project.up("--scale", "customer=3")
    try:
        began = time.time()
        three = project.containers("customer")
        assert len(three) == 3
        site.get("/suppliers")

        def all_serve():
            site.get("/suppliers")
            return all(served(project, one, began) for one in three)

        harness.wait_until(all_serve, "all three serve")
    finally:
        project.up("--scale", "customer=2")


@pytest.mark.parametrize("options", [(), ("-H", "Connection: close")],
                         ids=["keep-alive", "a connection a request"])
def test_one_of_three_stops_under_load(project, site, sample, options):
    project.up("--scale", "customer=3")
    try:
        three = project.containers("customer")
        began = time.time()
        wrk = load(project.port, *options)
        harness.wait_until(
            lambda: all(served(project, one, began) for one in three),
            "all are under load")
        project.engine.run("stop", "--time", "30", three[1])
        assert project.engine.inspect(three[1])["State"]["ExitCode"] == 0
        check_load(wrk)
    finally:
        project.up("--scale", "customer=2")


def test_the_load_would_see_a_failure(project, site, sample):
    """All are killed, not stopped: what the test before this must not see."""
    both = project.containers("customer")
    began = time.time()
    wrk = load(project.port)
    harness.wait_until(lambda: served(project, both[0], began),
                       "it is under load")
    project.engine.run("kill", *both)
    try:
        # a load balancer tries for a while before it answers for a daemon
        harness.wait_until(lambda: site.get("/suppliers").status == 503,
                           "requests fail")
        with pytest.raises(AssertionError, match="Non-2xx|Socket errors"):
            check_load(wrk)
    finally:
        project.engine.run("start", *both)
        project.settle()


class Adding:
    """Adds suppliers through the load balancer and notes what was promised."""

    def __init__(self, port):
        self.client = Kept(port)
        self.port = port
        self.promised = set()
        self.number = 0

    def step(self):
        self.number += 1
        name = f"Promised {self.number}"
        try:
            done = self.client.post("/admin/supplier-add",
                                    {**harness.SUPPLIER, "name": name,
                                     "phone": f"+44 20 {self.number:08}",
                                     "email": "", "anyway": "1"})
        except (OSError, harness.http.client.HTTPException):
            self.client = Kept(self.port)
            return
        if done.status == 303:
            self.promised.add(name)


@pytest.mark.parametrize("service", ["db", "customer", "employee", "lb"])
def test_restarting_one_loses_nothing(project, site, database, service):
    """What was promised is there, and the directory answers meanwhile."""
    if service == "lb":  # it is the way in: ask a daemon behind it
        container = project.containers("customer")[0]
        url = (project.address(container, "front"), 8080)

        def ask():
            connection = harness.http.client.HTTPConnection(*url, timeout=30)
            with contextlib.closing(connection):
                connection.request("GET", "/suppliers")
                return connection.getresponse()
    else:
        def ask():
            return site.get("/suppliers")
    adding, reading = Adding(project.port), Reading(ask)
    with Background([adding.step, reading.step]):
        harness.wait_until(lambda: len(adding.promised) > 20, "it writes")
        began = time.monotonic()
        project.engine.run("restart", "--time", "30",
                           project.containers(service)[0])
        before = len(adding.promised)
        harness.wait_until(lambda: len(adding.promised) > before + 20,
                           "it writes again")
        print(f"{service}: writes again {time.monotonic() - began:.1f} s after"
              " the restart began")
    reading.check(project)
    rows = query(connect(database), "SELECT name FROM suppliers")
    assert adding.promised <= {name for name, in rows}
    project.settle()
    assert f"of {len(rows):,}<" in site.get("/suppliers?per=1").text


@pytest.mark.parametrize("way", outages.WAYS)
def test_pages_stay_while_the_database_is_away(project, site, sample, engine,
                                               way):
    check_pages_stay(engine, project.containers("db")[0], site, way)


@pytest.mark.parametrize("name, path", [("customer", "/suppliers"),
                                        ("employee", "/admin/suppliers")])
def test_no_read_fails_when_one_is_killed_without_a_database(
        project, site, sample, engine, name, path):
    """The other one has its pages; this one has none when it starts again."""
    assert site.get(path).status == 200
    reading = Reading(lambda: site.get(path))
    container = project.containers(name)[0]
    with outages.outage(engine, project.containers("db")[0], "stopped"):
        with Background([reading.step]) as work:
            for _ in range(3):
                engine.run("kill", container)
                work.go_on(3)
                engine.run("start", container)
                work.go_on(3)
    project.settle()
    reading.check(project)


@pytest.mark.parametrize("name, path, other", [
    ("customer", "/suppliers", "/admin/suppliers"),
    ("employee", "/admin/suppliers", "/suppliers")])
def test_without_a_daemon_our_page_is_shown(project, site, engine, name, path,
                                            other):
    both = project.containers(name)
    engine.run("kill", *both)
    try:
        for port in (project.port, project.test_port):
            check_our_page(harness.Client(port).get(path), name)
            assert harness.Client(port).get(other).status == 200
    finally:
        engine.run("start", *both)
        project.settle()


def test_a_wrong_password_is_a_line_of_each_pool(project, engine):
    secret = project.secrets / "customer.password"
    container = project.containers("customer")[0]
    secret.chmod(0o644)
    secret.write_text("not-the-password")
    try:
        began = time.time()
        engine.run("restart", "--time", "30", container)
        # what the process before it said while it stopped does not count
        since = engine.inspect(container)["State"]["StartedAt"]
        lines = harness.wait_until(
            lambda: [line for line in engine.run(
                "logs", "--since", since, container).splitlines()
                if '"level":"error"' in line], "it says so")
        pools = [json.loads(line)["pool"] for line in lines]
        assert len(set(pools)) == len(pools) <= 2
        for line in lines:
            assert "Access denied for user 'customer'" in line
            assert "APP_DB_PASSWORD" in line
        assert engine.inspect(container)["State"]["Running"]
    finally:
        secret.write_text(containers.PASSWORDS["customer"])
        harness.wait_until(lambda: "database is available again" in engine.run(
            "logs", "--since", f"{began:.3f}", container), "it is back")
        project.settle()


@pytest.mark.parametrize("account", ["root", "migrate", "customer"])
def test_new_secrets_on_an_old_volume(project, account):
    """Said once, by name and with what to do, before anything else begins."""
    secret = project.secrets / f"{account}.password"
    secret.chmod(0o644)
    secret.write_text("a-new-one")
    try:
        done = project.compose("run", "--rm", "--no-deps", "-T", "passwords")
    finally:
        secret.write_text(containers.PASSWORDS[account])
    assert done.returncode == 1, done.stderr
    lines = [line for line in done.stderr.splitlines()
             if line.startswith("passwords: ")]
    assert len(lines) == 1, done.stderr
    assert f"the password of {account} in the volume differs" in lines[0]
    assert "older one" in lines[0] and "ALTER USER" in lines[0]
    done = project.compose("run", "--rm", "--no-deps", "-T", "passwords")
    assert done.returncode == 0 and "passwords: " not in done.stderr


def fails(engine, folder, name, service, override):
    """Start a system that can't come up; what this service has logged."""
    file = folder / f"{name}.yml"
    file.write_text(override)
    made = containers.Project(engine, folder, name, [file],
                              CAFE_SUBNET="10.83.10.0/24")
    try:
        done = made.compose("up", "--detach")
        assert done.returncode != 0
        return made.said_by(service)
    finally:
        made.down()


def test_an_old_database_is_refused(engine, images, folder):
    lines = fails(engine, folder, "old", "migrate", """
services:
  db: { command: [mariadbd, --version=10.1.48-MariaDB] }
""")
    assert "This server is 10.1.48-MariaDB; this program needs" in lines[0]
    assert sum("This server is" in line for line in lines) == 1


def test_a_volume_that_cannot_be_written(engine, images, folder):
    volume = folder / "volume"
    volume.mkdir(mode=0o755)
    lines = fails(engine, folder, "volume", "db", f"""
services:
  db: {{ volumes: ["{volume}:/var/lib/mysql"] }}
""")
    assert set(lines) == {"database: /var/lib/mysql cannot be written to by user"
                     " 999"}


def test_a_missing_secret_is_said(engine, images, folder):
    made = containers.Project(engine, folder, "secret",
                              CAFE_SUBNET="10.83.10.0/24")
    (made.secrets / "customer.password").unlink()
    try:
        done = made.compose("up", "--detach")
        assert done.returncode != 0
        assert "customer.password" in done.stderr
    finally:
        made.down()
