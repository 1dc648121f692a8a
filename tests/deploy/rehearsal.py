"""cafe-deploy as a person uses it, and load on what it deploys."""
import csv
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess

import harness

BALANCER = "10.83.9.3"  # the load balancer's own address: 80 and 8080
SERVICES = ("customer", "employee")
KEEP_ALIVE, ONE_EACH = (), ("-H", "Connection: close")
PACE = harness.ROOT / "tests/deploy/pace.lua"
STEPS = ("Deploying replacement task set", "Test traffic route setup",
         "Rerouting production traffic", "Wait", "Terminate original task set")

DRAIN_DELAY = """"name": "APP_DRAIN_DELAY_MS",
                    "value": "5000\""""

# Enough suppliers for a list that "broken" can't send.
MANY = ("INSERT INTO suppliers (name, address, city, state, email, phone) "
        "SELECT CONCAT('Supplier ', seq), REPEAT('x', 200), 'Lima', 'Lima', "
        "'a@b.example', '5550142' FROM seq_1_to_600")

# A version that is fine, as far as health checks see.
BROKEN = """
defaults
    mode http
    timeout client 5s
    timeout connect 5s
    timeout server 5s
frontend broken
    bind :8080
    http-request return status 503 if { path /suppliers.csv }
    http-request return status 200
"""


class Rehearsal:
    """A rehearsal on ports of its own, with deployment files to spoil."""

    def __init__(self, engine, folder):
        self.engine = engine
        self.folder = pathlib.Path(folder)
        self.state = self.folder / "state"
        self.files = self.folder / "files"
        self.hooks = self.folder / "hooks"
        self.ports = [harness.free_port() for _ in range(3)]
        self.hooks.mkdir()
        self.restore_files()
        self.env = {**os.environ, **engine.env}
        self.up_options = ["--port", self.ports[0], "--test-port",
                           self.ports[1], "--registry-port", self.ports[2],
                           "--bake", 1, "--healthy", 120]

    def restore_files(self):
        """Those of deploy/, except for one wait: see end_quickly()."""
        self.use_files_of_deploy()
        for service in SERVICES:
            self.end_quickly(service)

    def use_files_of_deploy(self):
        shutil.rmtree(self.files, ignore_errors=True)
        shutil.copytree(harness.ROOT / "deploy/deployment", self.files)

    def end_quickly(self, service):
        """
        The load balancer has drained a task before it is stopped, so the task
        need not wait for clients as well.
        """
        path = self.files / f"taskdef-{service}.json"
        text = path.read_text()
        assert text.count(DRAIN_DELAY) == 1
        path.write_text(text.replace(DRAIN_DELAY,
                                     DRAIN_DELAY.replace("5000", "100")))

    def words(self, *words):
        return [str(word) for word in
                (harness.BIN / "cafe-deploy", "--state", self.state, "--root",
                 harness.ROOT, "--files", self.files, "--hooks", self.hooks,
                 *words)]

    def run(self, *words, **env):
        """A command to its end: status, standard output and error."""
        return subprocess.run(self.words(*words), text=True, check=False,
                              capture_output=True, timeout=300,
                              env={**self.env, **env})

    def do(self, *words):
        """A command that has to succeed; what it prints."""
        done = self.run(*words)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def start(self, *words):
        """A command that is watched: its output line by line."""
        return subprocess.Popen(self.words(*words), text=True, env=self.env,
                                stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)

    def complete(self):
        """From revision 1 of customer to two services that serve MANY."""
        self.do("push", "employee")
        self.do("register", "employee")
        self.do("migrate")
        for service in SERVICES:
            self.do("service", "create", service)
        self.images = {service: versions(self.engine, service, self.folder)
                       for service in SERVICES}
        self.sql(MANY)

    def sql(self, text):
        self.engine.run("exec", "cafe-db", "sh", "-c",
                        "MYSQL_PWD=$(cat /run/secrets/root.password) "
                        "exec mariadb --user=root COFFEE --execute \"$0\"",
                        text)

    def push(self, service, version):
        """By Docker alone, as a build machine does."""
        target = f"127.0.0.1:{self.ports[2]}/{service}:latest"
        self.engine.run("tag", self.images[service][version], target)
        self.engine.run("push", "--quiet", target)

    def down(self):
        self.do("down")

    # What there is.

    def tasks(self, service):
        return sorted(self.engine.run(
            "ps", "--all", "--format", "{{.Names}}", "--filter",
            f"label=cafe.service={service}").split())

    def rules(self):
        """Where the load balancer really leads: "80:default" and so on."""
        return dict(line.split()[1:] for line in
                    self.ask("show map /etc/cafe/rules.map").splitlines()
                    if line)

    def servers(self):
        """Servers of the load balancer as "group/name", with their weight."""
        rows = [line.split() for line in
                self.ask("show servers state").splitlines()[2:]]
        return {f"{row[1]}/{row[3]}": int(row[7]) for row in rows if row}

    def ask(self, question):
        """The admin socket, by a path that is short enough."""
        folder = os.open(self.state / "balancer", os.O_RDONLY)
        try:
            with socket.socket(socket.AF_UNIX) as admin:
                admin.settimeout(harness.WAIT_S)
                admin.connect(f"/proc/self/fd/{folder}/admin.sock")
                admin.sendall(question.encode() + b"\n")
                got = b""
                while chunk := admin.recv(65536):
                    got += chunk
                return got.decode()
        finally:
            os.close(folder)

    def site(self, listener=80):
        return Site(listener)

    def version(self, service="customer", listener=80):
        """Which of the images of versions() is served."""
        path = "/suppliers" if service == "customer" else "/admin/suppliers"
        page = self.site(listener).get(path)
        assert page.status == 200, page.status
        found = re.search(r'data-version="(\w+)"', page.text)
        return found[1] if found else "plain"

    def check(self, service, version, count=1):
        """Just one task set serves, of this version, and nothing else is."""
        group = self.rules()[f"80:{'default' if service == 'customer' else 'admin'}"]
        tasks = self.tasks(service)
        assert len(tasks) == count, tasks
        ours = {name: weight for name, weight in self.servers().items()
                if name.startswith(f"{service}-")}
        assert ours == {f"{group}/{task}": 100 for task in tasks}
        harness.wait_until(lambda: self.healthy(service) >= len(tasks),
                           "all are healthy")
        assert self.version(service) == version
        state = (self.state / "services" / service).read_text()
        assert "step" not in state and "green" not in state, state
        assert not list((self.state / "services").glob("*.env"))
        assert not list(self.state.rglob("*.new"))

    def push_files(self, message):
        """Commit the files to the repository "deployment", as a person does."""
        work = self.folder / "work"
        if not work.exists():
            work.mkdir()
            self.git("init", "--quiet", "-b", "dev")
        for file in self.files.iterdir():
            (work / file.name).write_bytes(file.read_bytes())
        self.git("add", ".")
        self.git("-c", "user.name=x", "-c", "user.email=x@x.example", "commit",
                 "--quiet", "--allow-empty", "-m", message)
        self.git("push", "--quiet",
                 self.state / "repositories/deployment.git", "dev")

    def git(self, *words):
        done = self.engine.try_run(*words, program="git",
                                   cwd=self.folder / "work")
        assert done.returncode == 0, done.stderr

    def healthy(self, service):
        """How many servers of it are up, as the last check of each found."""
        rows = csv.DictReader(self.ask("show stat").lstrip("# ").splitlines())
        return sum(row["svname"].startswith(f"{service}-") and
                   row["status"] == "UP" and
                   row["check_status"].endswith("L7OK")
                   for row in rows)


class Site(harness.Client):
    """The load balancer at its own address, without Docker's proxy."""

    def __init__(self, listener):
        super().__init__(listener)
        self.host = f"{BALANCER}:{listener}"

    def request(self, method, path, body=None, headers=None):
        import http.client
        connection = http.client.HTTPConnection(BALANCER, self.port,
                                                timeout=harness.WAIT_S)
        try:
            connection.request(method, path, body, headers or {})
            return harness.Response(connection.getresponse())
        finally:
            connection.close()


class Load:
    """
    wrk on a path until it is told to stop, once with kept connections and once
    with one for each request; in a long run, or where it has to be fast, as
    fast as they are answered. Leaving the block fails if any request has.
    """

    def __init__(self, path="/suppliers", fast="CAFE_LONG" in os.environ):
        self.path = path
        self.fast = fast

    def __enter__(self):
        pace = () if self.fast else ("-s", PACE)
        self.runs = [subprocess.Popen(
            ["wrk", "-t1", "-c4", "-d600", "--timeout", "20s", *options, *pace,
             f"http://{BALANCER}{self.path}"], text=True,
            stdout=subprocess.PIPE) for options in (KEEP_ALIVE, ONE_EACH)]
        return self

    def reports(self):
        for run in self.runs:
            run.send_signal(signal.SIGINT)
        return [run.communicate(timeout=harness.WAIT_S)[0]
                for run in self.runs]

    def __exit__(self, kind, *_):
        reports = self.reports()
        if kind is None:
            for report in reports:
                assert "Non-2xx" not in report, report
                assert "Socket errors" not in report, report
                # some for each connection, however soon the block was over
                assert int(re.search(r"(\d+) requests in",
                                     report)[1]) > 12, report


def ask_from_elsewhere(engine, listener):
    """The page of employees, asked for from an address of the network."""
    return engine.run(
        "run", "--rm", "--network", "cafe-vpc", "debian:bookworm-slim", "bash",
        "-c", f"exec 3<>/dev/tcp/{BALANCER}/{listener}; printf 'GET "
        f"/admin/suppliers HTTP/1.1\\r\\nHost: {BALANCER}\\r\\n"
        "Connection: close\\r\\n\\r\\n' >&3; cat <&3")


def versions(engine, service, folder):
    """
    Images made of a service's: "one" and "two" say so in each page; "crash"
    ends at once; "deaf" lives and answers nobody; "broken" is healthy and has
    an error for the list as a file.
    """
    views = f"/usr/share/cafe/{service}/views"
    footer = (harness.ROOT / "views/footer.html").read_text()
    newest = f"FROM {service}:latest\n"
    recipes = {"crash": f"{newest}ENV APP_PORT=never\n",
               "deaf": f"{newest}ENV APP_PORT=9999\n",
               "broken": "FROM haproxy:2.6\nCOPY broken.cfg /broken.cfg\n"
                         'CMD ["-f", "/broken.cfg"]\n'}
    context = folder / "context"
    context.mkdir(exist_ok=True)
    (context / "broken.cfg").write_text(BROKEN)
    for name in ("one", "two"):
        (context / f"{name}.html").write_text(
            f'<p data-version="{name}">Version {name}</p>\n{footer}')
        recipes[name] = f"{newest}COPY {name}.html {views}/footer.html\n"
    names = {}
    for name, text in recipes.items():
        recipe = folder / f"{name}.Dockerfile"
        recipe.write_text(text)
        names[name] = f"{service}-{name}"
        engine.run("build", "--quiet", "--tag", names[name], "-f", recipe,
                   context)
    return names


def volumes_of_rehearsals(engine):
    """The volumes that containers of a rehearsal use."""
    containers = engine.run("ps", "--all", "--quiet", "--filter",
                            "label=cafe.rehearsal").split()
    return {mount["Name"] for container in containers
            for mount in engine.inspect(container)["Mounts"]
            if mount["Type"] == "volume"}


def left_over(engine):
    return (engine.run("ps", "--all", "--quiet", "--filter",
                       "label=cafe.rehearsal") +
            engine.run("network", "ls", "--quiet", "--filter",
                       "label=cafe.rehearsal"))


def refused(rehearsal, *words):
    """Its one line of complaint."""
    done = rehearsal.run(*words)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.startswith("cafe-deploy: "), done.stderr
    assert done.stderr.count("\n") == 1 and done.stderr.endswith("\n")
    assert not rehearsal.tasks("customer") + rehearsal.tasks("employee")
    return done.stderr
