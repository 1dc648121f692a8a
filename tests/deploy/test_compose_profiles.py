"""The profiles https and backup of docker-compose.yml, used as
docs/operators.md prints it, in the system that the other tests share."""
import os
import subprocess

import pytest

import harness
from debian_server import blocks
from elsewhere import OFFICE, OUTSIDE, Machine, Visitor
from test_https import NAME, make_certificate
from writers import connect, insert, query


class Operator:
    """Types the guide's commands in a folder of its own."""

    def __init__(self, project):
        self.project = project
        self.engine = project.engine
        self.folder = project.folder / "operator"
        self.folder.mkdir()
        (self.folder / ".env").touch()
        self.https, self.http = harness.free_port(), harness.free_port()
        self.elsewhere = Machine()

    def type(self, commands, backup=""):
        files = " ".join(f"-f '{file}'" for file in self.project.files)
        function = (
            f"docker() {{ shift; '{self.project.program}' --project-name "
            f"{self.project.name} --project-directory '{harness.ROOT}' "
            f"--env-file .env {files} \"$@\"; }}\n")
        commands = commands.replace("suppliers-….sql.gz", backup)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", function + commands],
            text=True, capture_output=True, check=False, cwd=self.folder,
            stdin=subprocess.DEVNULL, timeout=harness.WAIT_S * 4,
            env={**os.environ, **self.engine.env, **self.project.env,
                 "CAFE_CERTIFICATE": str(self.folder / "certificate/live"),
                 "CAFE_HTTPS_PORT": str(self.https),
                 "CAFE_HTTP_PORT": str(self.http)})
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def certify(self, commands):
        """What comes from the authority, then the guide's commands for it."""
        chain, _ = make_certificate(self.folder)
        self.type(commands)
        return chain.read_text()

    def client(self, trusted, network=None):
        chain = self.folder / "trusted.pem"
        chain.write_text(trusted)
        return Visitor(self.https, chain, self.elsewhere, network)

    def leave(self):
        """The system is as it was."""
        self.elsewhere.remove()
        self.project.compose("rm", "--stop", "--force", "https", "backup")
        self.project.up()


@pytest.fixture(name="operator", scope="module")
def make_operator(project):
    made = Operator(project)
    yield made
    made.leave()


def test_https(operator, database):
    certificate, settings, renewal = blocks("../operators.md",
                                            "HTTPS with Compose")
    trusted = operator.certify(certificate)
    operator.type(settings)
    office = operator.client(trusted, OFFICE)
    harness.wait_until(lambda: office.answers("/admin/suppliers"),
                       "the office is served")
    outside = operator.client(trusted, OUTSIDE)
    harness.wait_until(lambda: outside.answers("/suppliers"),
                       "customers are served, by the other service")
    page = outside.get("/suppliers")
    assert page.headers["Strict-Transport-Security"]
    saved = office.post("/admin/supplier-add",
                        {**harness.SUPPLIER, "anyway": "1"})
    assert saved.status == 303
    assert harness.SUPPLIER["name"] in outside.get("/suppliers").text
    plain = harness.Client(operator.http).get("/suppliers?q=x", Host=NAME)
    assert plain.status == 308
    assert plain.headers["Location"] == f"https://{NAME}/suppliers?q=x"

    # the server itself comes through Docker's own proxy
    server = operator.client(trusted)
    for client in outside, server:
        assert client.get("/suppliers").status == 200
        assert client.get("/admin/suppliers").status == 404
    local = harness.Client(operator.project.port)
    assert local.get("/admin/suppliers").status == 200

    renewed = operator.certify(certificate)
    assert renewed != trusted
    operator.type(renewal)
    harness.wait_until(
        lambda: operator.client(renewed, OFFICE).answers("/suppliers"),
        "the new certificate is served")


def test_backups(operator, database):
    start, by_hand, restore, copy = blocks("../operators.md",
                                           "Backups with Compose")
    see = by_hand.split("\n")[1]
    assert see.endswith(" list")
    names = "SELECT name FROM suppliers ORDER BY name"
    operator.type(start)
    harness.wait_until(lambda: operator.type(see).strip(), "the first backup")
    insert(connect(database), name="Before")
    before = query(connect(database), names)
    operator.type(by_hand)
    newest, *older = operator.type(see).split()
    assert older
    service, = operator.project.containers("backup")
    check = operator.engine.inspect(service)["Config"]["Healthcheck"]["Test"]
    operator.engine.run("exec", service, *check[1:])

    insert(connect(database), name="After")
    operator.type(restore, newest)
    assert query(connect(database), names) == before
    shown = harness.Client(operator.project.port)
    harness.wait_until(
        lambda: "Before" in shown.get("/suppliers").text, "it is shown")
    assert "After" not in shown.get("/suppliers").text

    database.sql("DELETE FROM suppliers")
    operator.type(copy, newest)
    assert query(connect(database), names) == before


@pytest.mark.parametrize("service", ["https", "backup"])
def test_what_they_may(operator, service):
    container, = operator.project.containers(service)
    found = operator.engine.inspect(container)
    host = found["HostConfig"]
    assert host["ReadonlyRootfs"] and host["CapDrop"] == ["ALL"]
    assert found["Config"]["User"] not in ("", "root", "0")
    assert host["LogConfig"]["Config"]["max-size"] == "10m"
    assert host["Memory"] > 0 and host["NanoCpus"] > 0
    assert host["PidsLimit"] > 0
