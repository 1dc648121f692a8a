"""Docker's engine for the tests, and the system of docker-compose.yml in it.

The engine has a data directory of its own under build/, so that images are
kept for the next run. All processes of a run share it: the first one that needs
it starts it, and the process that the run began with stops it in the end.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tarfile
import time
import urllib.request

import pytest

import harness

ROOT = harness.ROOT
DATA = ROOT / "build" / "engine"
COMPOSE = ROOT / "build" / "compose"
NEEDED = ("dockerd", "docker-compose", "mmdebstrap", "iptables")
# The rehearsal, which runs beside these tests, builds customer:latest anew.
TAG = "compose"
PASSWORDS = {"root": "root-password", **harness.PASSWORDS}
OPS_PORTS = {"customer": 9090, "employee": 9091}
# Of Go's garbage, by the many short programs that Docker starts.
FEW_COLLECTIONS = {"GOGC": "400"}


def missing():
    """Why no engine can be started here; None if one can."""
    if os.getuid() != 0:
        return "only root can start a Docker engine"
    absent = [name for name in NEEDED
              if not shutil.which(name, path=search_path())]
    if absent:
        return (f"{', '.join(absent)} not found; apt-get install docker.io "
                "docker-compose mmdebstrap iptables")
    if subprocess.run(["pidof", "dockerd"], capture_output=True,
                      check=False).returncode == 0:
        return ("another Docker engine runs here, and two would share one "
                "bridge and one firewall: stop it first")
    return None


def search_path():
    """Debian's programs first: its client goes with its engine."""
    return f"/usr/bin:/usr/sbin:/sbin:{os.environ['PATH']}"


def remove_stale_bridges():
    """
    Networks of an engine that was killed, perhaps in a run of these tests:
    two with the same addresses, and packets take the dead one. No other
    engine runs, see missing().
    """
    links = json.loads(subprocess.run(["ip", "-json", "link"], text=True,
                                      capture_output=True, check=True).stdout)
    for link in links:
        if re.fullmatch("br-[0-9a-f]{12}", link["ifname"]):
            subprocess.run(["ip", "link", "delete", link["ifname"]],
                           check=True)


class Engine:
    """dockerd, and the clients to talk to it. The folder is the run's."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.socket = self.folder / "docker.sock"
        self.pid = self.folder / "docker.pid"
        self.env = {"PATH": search_path(), "HOME": str(self.folder),
                    "DOCKER_HOST": f"unix://{self.socket}", **FEW_COLLECTIONS}

    def start(self):
        """
        Unless another process of this run has started it. Why it can't be
        started, if so: asked here, where no process of this run starts one.
        """
        with self.locked("engine"):
            if self.pid.exists():
                return None
            reason = missing()
            if reason:
                return reason
            DATA.mkdir(parents=True, exist_ok=True)
            remove_stale_bridges()
            process = harness.Process("dockerd", [
                "dockerd", "--data-root", DATA, "--exec-root",
                self.folder / "exec", "--host", self.env["DOCKER_HOST"],
                "--pidfile", self.pid], self.folder,
                env={**os.environ, "PATH": search_path(), **FEW_COLLECTIONS})
            try:
                harness.wait_until(lambda: self.answers(process),
                                   "Docker's engine starts")
            except AssertionError as fault:
                process.stop()
                raise RuntimeError(process.output()[-4000:]) from fault
            self.clear()  # a run of the tests that was killed has left it
        return None

    def answers(self, process):
        if not process.running():
            raise RuntimeError(process.output()[-4000:])
        return self.try_run("version").returncode == 0

    def locked(self, name):
        """One process of the run at a time."""
        return harness.locked(self.folder / f"{name}.lock")

    def try_run(self, *args, program="docker", **options):
        env = {**self.env, **options.pop("env", {})}
        return subprocess.run(
            [program, *map(str, args)], text=True, check=False, env=env,
            capture_output=True, **{"cwd": ROOT, "timeout": 900, **options})

    def run(self, *args, **options):
        """What a docker command prints; it has to succeed."""
        done = self.try_run(*args, **options)
        assert done.returncode == 0, f"{args}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def pause(self, container):
        """Docker gives up where processes don't stop soon on a busy machine."""
        harness.wait_until(
            lambda: self.try_run("pause", container).returncode == 0,
            f"{container} is paused")

    def build(self, name, context=ROOT, tag="latest", **env):
        """As the tutorial has it; what the builder says."""
        done = self.try_run("build", "--tag", f"{name}:{tag}", "-f",
                            f"{name}/Dockerfile", ".", cwd=context, env=env)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        return done.stdout + done.stderr

    def compose(self, version):
        """
        The program of Docker Compose 1 or 2. A machine has one of them; the
        other one, if it is 2, comes from Debian 13.
        """
        said = self.run("version", "--short", program="docker-compose")
        if said.startswith(f"{version}."):
            return "docker-compose"
        if version == 1:
            pytest.skip(f"DOCKER COMPOSE 1 IS NOT TESTED: {said} is installed")
        with self.locked("compose"):
            self.run(COMPOSE, program=ROOT / "tests/images/compose.sh")
        return COMPOSE / "docker-compose"

    def inspect(self, name):
        return json.loads(self.run("inspect", name))[0]

    def files(self, image):
        """The paths of all files in an image, links among them."""
        container = self.run("create", image)
        with subprocess.Popen(["docker", "export", container], env=self.env,
                              stdout=subprocess.PIPE) as export:
            with tarfile.open(fileobj=export.stdout, mode="r|") as archive:
                names = {member.name for member in archive
                         if not member.isdir()}
        self.run("rm", container)
        return names

    def clear(self):
        """Whatever runs, its volumes and networks go; images stay."""
        running = self.run("ps", "--all", "--quiet").split()
        if running:
            self.run("rm", "--force", "--volumes", *running)
        self.run("network", "prune", "--force")
        self.run("volume", "prune", "--force")

    def stop(self):
        """If it was started: by the process that the run began with."""
        if not self.pid.exists():
            return
        self.clear()
        os.kill(int(self.pid.read_text()), signal.SIGTERM)
        harness.wait_until(lambda: not self.pid.exists(), "the engine ends")


class Site(harness.Client):
    """Both daemons behind the load balancer."""

    def __init__(self, project, port):
        super().__init__(port)
        self.project = project
        self.began = time.time()

    def lines(self):
        """What the daemons have logged since this was made."""
        return [line for service in ("customer", "employee")
                for line in self.project.lines(service, self.began)]


def checks(ops):
    """How often a daemon has told whether it is ready, since it started."""
    try:
        with urllib.request.urlopen(f"http://{ops}/metrics",
                                    timeout=harness.WAIT_S) as answer:
            text = answer.read().decode()
    except OSError:
        return 0
    return sum(int(count) for count in re.findall(
        r'^\w+_count\{.*http_route="/readyz".*\} (\d+)$', text, re.M))


class Project:
    """
    The system of docker-compose.yml under a name of its own, by that version
    of Docker Compose.
    """

    def __init__(self, engine, folder, name, files=(), version=2, **env):
        self.engine = engine
        self.program = engine.compose(version)
        self.name = name
        self.folder = pathlib.Path(folder)
        self.files = [ROOT / "docker-compose.yml", *files]
        self.port, self.test_port = harness.free_port(), harness.free_port()
        self.secrets = self.folder / f"secrets-{name}"
        self.secrets.mkdir()
        for account, password in PASSWORDS.items():
            path = self.secrets / f"{account}.password"
            path.write_text(password)
            path.chmod(0o444)
        self.env = {"CAFE_PORT": f"127.0.0.1:{self.port}",
                    "CAFE_TEST_PORT": f"127.0.0.1:{self.test_port}",
                    "CAFE_SECRETS": str(self.secrets), "CAFE_TAG": TAG,
                    **env}
        self.heard = None  # a status or a fault

    def compose(self, *args):
        files = [word for file in self.files for word in ("-f", str(file))]
        return self.engine.try_run(
            "--project-name", self.name, "--project-directory", str(ROOT),
            *files, *args, program=self.program, env=self.env)

    def up(self, *args):
        done = self.compose("up", "--detach", *args)
        assert done.returncode == 0, done.stderr + self.logs()
        try:
            harness.wait_until(self.serves, f"{self.name} serves")
        except AssertionError as fault:
            raise AssertionError(f"{self.heard}\n{self.logs()}") from fault
        return done

    def serves(self):
        """A connection that was made too early may hang: then another is."""
        client = harness.Client(self.port)
        client.seconds = harness.WAIT_S / 6
        try:
            self.heard = client.get("/suppliers").status
        except (OSError, harness.http.client.HTTPException) as fault:
            self.heard = fault
        return self.heard == 200

    def settle(self):
        """
        Until the load balancer knows who serves, after a daemon was started. A
        check that begins before the container has its network fails late, when
        the daemon has long answered others; not after three of them.
        """
        for service, port in OPS_PORTS.items():
            for container in self.containers(service):
                ops = f"{self.address(container, 'front')}:{port}"
                harness.wait_until(lambda to=ops: checks(to) >= 3,
                                   f"the load balancer has checked {service}")

    def logs(self, service=""):
        return self.compose("logs", "--no-color", *service.split()).stdout

    def said_by(self, service):
        """The lines of its log, without what Compose writes before each."""
        return re.findall(rf"^(?:\x1b\[2K)?{service}[-_]\d+ *\| (.*)$",
                          self.logs(service), re.M)

    def containers(self, service):
        return sorted(self.compose("ps", "--quiet", service).stdout.split())

    def lines(self, service, since=0):
        """A service's log lines as objects, of all its containers."""
        return [json.loads(line) for container in self.containers(service)
                for line in self.engine.run("logs", "--since", f"{since:.3f}",
                                            container).splitlines()
                if line.startswith("{")]

    def address(self, container, network):
        networks = self.engine.inspect(container)["NetworkSettings"]["Networks"]
        return networks[f"{self.name}_{network}"]["IPAddress"]

    def down(self):
        self.compose("down", "--volumes", "--remove-orphans")


class Database(harness.Database):
    """The database in its container, as the tests of the daemons use it."""

    admin = "root"
    passwords = PASSWORDS

    def __init__(self, project):  # pylint: disable=super-init-not-called
        self.project = project
        self.container = project.containers("db")[0]

    @property
    def address(self):
        return {"host": self.project.address(self.container, "data")}

    def client(self, *args, user=None, password=None, text=None):
        user = user or self.admin
        return self.project.engine.try_run(
            "exec", "--interactive", "--env",
            f"MYSQL_PWD={password or PASSWORDS[user]}", self.container,
            "mariadb", f"--user={user}", "--default-character-set=utf8mb4",
            "--batch", "--raw", "--skip-column-names", *args, input=text)

    sql = harness.Database.sql_by_client

    def make_ready(self):
        """Nobody has ever entered a supplier; the accounts stay."""
        self.sql(harness.EMPTY_TABLES)
