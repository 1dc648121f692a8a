"""The directory and its peers, each with the processes that answer for it.

A peer is an app below tests/bench/peers/ that shows the same list from the same
database, with the settings that its documentation recommends for production.
Each function starts one and leaves its end to an ExitStack.
"""
import dataclasses
import getpass
import html.parser
import os
import pathlib
import shutil
import subprocess

import contenders
import harness
import measure

APPS = pathlib.Path(__file__).resolve().parent / "peers"
CACHED_S = 1
CORES = len(os.sched_getaffinity(0))
FPM = ("/usr/sbin", "php-fpm*")
GO_ENV = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": ""}
MICRO_CACHE = """
    fastcgi_cache_path {folder}/cache keys_zone=pages:1m;
    fastcgi_cache pages;
    fastcgi_cache_key $request_uri;
    fastcgi_cache_valid 200 %ds;
    fastcgi_cache_lock on;
    fastcgi_cache_use_stale updating;
    fastcgi_cache_background_update on;
""" % CACHED_S


def children(pid):
    tasks = pathlib.Path(f"/proc/{pid}/task")
    return [int(child) for file in tasks.glob("*/children")
            for child in file.read_text().split()]


@dataclasses.dataclass(frozen=True)
class Entrant:
    """A program of one or more processes.

    contender  Its page.
    roots      The processes that were started for it.
    fresh      Whether each page is as new as its request.
    """
    contender: contenders.Contender
    roots: tuple
    fresh: bool = True

    @property
    def name(self):
        return self.contender.name

    def processes(self):
        found, waiting = [], list(self.roots)
        while waiting:
            pid = waiting.pop()
            found.append(pid)
            waiting += children(pid)
        return found

    def cpu_us(self):
        return sum(map(measure.cpu_us, self.processes()))

    def memory_mb(self):
        """Of all its processes; what they share counts once."""
        return sum(map(proportional_mb, self.processes()))

    def at(self, path):
        """The same program, asked for another path."""
        return dataclasses.replace(self, contender=dataclasses.replace(
            self.contender, path=path))


def proportional_mb(pid):
    rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    kib = next(line.split()[1] for line in rollup.splitlines()
               if line.startswith("Pss:"))
    return int(kib) * 1024 / 1_000_000


def run(entrant, database, load):
    """What load() finds, with the CPU time of both sides of each request."""
    database_pid = database.process.pid
    measure.settle(*entrant.processes(), database_pid)
    app, db = entrant.cpu_us(), measure.cpu_us(database_pid)
    result = load()
    app = entrant.cpu_us() - app
    db = measure.cpu_us(database_pid) - db
    if not result["requests"] or result["errors"]:
        raise RuntimeError(f"{entrant.name}: {result}")
    return {"requests_per_s": result["requests_per_s"],
            "p50_ms": result["p50_ms"], "p99_ms": result["p99_ms"],
            "app_cpu_us": app / result["requests"],
            "db_cpu_us": db / result["requests"],
            "cpu_us": (app + db) / result["requests"],
            "memory_mb": entrant.memory_mb()}


class Rows(html.parser.HTMLParser):
    """The texts in the body of a table, row by row."""

    def __init__(self, page):
        super().__init__()
        self.rows = []
        self.cell = None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        elif tag == "td" or (tag == "th" and ("scope", "row") in attrs):
            self.cell = ""

    def handle_data(self, data):
        if self.cell is not None:
            self.cell += data

    def handle_endtag(self, tag):
        if tag in ("td", "th") and self.cell is not None:
            self.rows[-1].append(self.cell.strip())
            self.cell = None


def visible_rows(page):
    return [row for row in Rows(page.decode()).rows if row]


def compare_rows(ours, peers):
    """All show the same rows."""
    wanted = visible_rows(ours.contender.check().body)
    for peer in peers:
        shown = visible_rows(peer.contender.check().body)
        if not wanted or shown != wanted:
            raise RuntimeError(f"{peer.name} shows other rows at "
                               f"{peer.contender.path}: {shown[:3]}, the "
                               f"directory {wanted[:3]}")


def compare(ours, peers):
    """All show the same rows, in pages of about the same size; a smaller one
    is to the peer's advantage."""
    compare_rows(ours, peers)
    size = len(ours.contender.get().body)
    for peer in peers:
        sent = len(peer.contender.get().body)
        if not 0.7 <= sent / size <= 1.05:
            raise RuntimeError(f"{peer.name} sends {sent} bytes, the directory "
                               f"{size}")


def start_daemon(stack, folder, database, name, path):
    daemon = harness.Daemon(name, folder, database, APP_LOG_REQUESTS="off")
    stack.callback(daemon.stop)
    ours = contenders.Contender("cafe", daemon.port, daemon.process.pid, path)
    harness.wait_until(lambda: ours.get().status == 200, "the list is read")
    return Entrant(ours, (daemon.process.pid,))


def start_customer(stack, folder, database):
    return start_daemon(stack, folder, database, "customer", "/suppliers")


def start_employee(stack, folder, database):
    return start_daemon(stack, folder, database, "employee",
                        "/admin/suppliers")


def start(stack, folder, database, name, argv, cwd, beside=(), fresh=True,
          **settings):
    """One app, told by its environment where the database is."""
    port = settings.pop("port", None) or harness.free_port()
    env = {**database.environment("employee"), "APP_PORT": str(port),
           **settings}
    process = harness.Process(name, argv(port), folder, env, cwd=cwd)
    stack.callback(process.stop)
    contender = contenders.Contender(name, port, process.pid, "/suppliers")
    contenders.wait_for_page(contender, process)
    return Entrant(contender, (process.pid, *beside), fresh)


def start_node(stack, folder, database, name, program, **settings):
    harness.install_node_packages(APPS / "node")
    return start(stack, folder, database, name, lambda _: ["node", program],
                 APPS / "node", fresh="CACHE_MS" not in settings,
                 NODE_ENV="production", **settings)


def start_express(stack, folder, database):
    return start_node(stack, folder, database, "express", "express.js")


def start_express_cached(stack, folder, database):
    return start_node(stack, folder, database, "express, cache", "express.js",
                      CACHE_MS=str(CACHED_S * 1000))


def start_fastify(stack, folder, database):
    return start_node(stack, folder, database, "fastify", "fastify.js")


def start_go(stack, folder, database):
    program = pathlib.Path(folder) / "peer-go"
    cache = harness.ROOT / "build/go"
    cache.mkdir(parents=True, exist_ok=True)
    subprocess.run(["go", "build", "-o", program, "main.go"], cwd=APPS / "go",
                   check=True, env={**os.environ, **GO_ENV,
                                    "GOCACHE": str(cache)})
    return start(stack, folder, database, "go", lambda _: [program], folder,
                 APP_TEMPLATE=str(APPS / "go/list.html"))


def start_django(stack, folder, database):
    """gunicorn's page "Design": two workers a core and one. With threads, a
    worker keeps connections open, and needs no proxy before it."""
    workers = 2 * CORES + 1
    return start(
        stack, folder, database, "django", lambda port: [
            "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", workers,
            "--worker-class", "gthread", "--threads", "4", "--keep-alive",
            "75", "--worker-tmp-dir", folder, "--preload",
            "--log-level", "warning", "wsgi:application"],
        APPS / "django", PYTHONDONTWRITEBYTECODE="1")


def fpm_program():
    found = sorted(pathlib.Path(FPM[0]).glob(FPM[1]))
    if not found:
        raise RuntimeError("no php-fpm in /usr/sbin")
    return found[-1]


def start_fpm(stack, folder):
    user = getpass.getuser()
    as_root = os.getuid() == 0
    config = folder / "fpm.conf"
    config.write_text((APPS / "php/fpm.conf").read_text().format(
        folder=folder, children=8 * CORES,
        user=f"user = {user}\ngroup = {user}" if as_root else ""))
    process = harness.Process("php-fpm", [
        fpm_program(), "--nodaemonize", "--fpm-config", config,
        *(["--allow-to-run-as-root"] if as_root else [])], folder)
    stack.callback(process.stop)
    harness.wait_until((folder / "fpm.sock").exists, "php-fpm listens")
    return process.pid


def start_php(stack, folder, database, name="php", cache=""):
    folder = pathlib.Path(folder) / name.replace(", ", "-")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o711)
    fpm = start_fpm(stack, folder)
    port = harness.free_port()
    config = folder / "nginx.conf"
    config.write_text((APPS / "php/nginx.conf").read_text().format(
        folder=folder, port=port, app=APPS / "php", socket=database.socket,
        account="employee", password=harness.PASSWORDS["employee"],
        cache=cache.format(folder=folder),
        user=f"user {getpass.getuser()};" if os.getuid() == 0 else ""))
    return start(stack, folder, database, name, lambda _: [
        "/usr/sbin/nginx", "-p", folder, "-e", folder / "nginx-error.log",
        "-c", config], folder, (fpm,), not cache, port=port)


def start_php_cached(stack, folder, database):
    """nginx's article "The Benefits of Microcaching"."""
    return start_php(stack, folder, database, "php, cache", MICRO_CACHE)


PEERS = (start_express, start_fastify, start_go, start_django, start_php,
         start_express_cached, start_php_cached)
EDITORS = (start_express, start_django)
