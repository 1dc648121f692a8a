"""Starts what the tests need: a private MariaDB, daemons, a load balancer.

Everything listens on loopback on free ports, and is ended by whoever started
it. CAFE_PRESET chooses the build (dev), CAFE_TEST_WRAP a program to put in
front of each daemon, for instance "valgrind -q --error-exitcode=99".
"""
import contextlib
import errno
import fcntl
import getpass
import hashlib
import http.client
import json
import os
import pathlib
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse

# What is started here is interrupted as in a terminal, whoever ignores the
# signals around it (nohup, a shell's background).
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

ROOT = pathlib.Path(__file__).resolve().parent.parent
PRESET = os.environ.get("CAFE_PRESET", "dev")
# ./cafe test without arguments: less of what takes long.
DESK = bool(os.environ.get("CAFE_DESK"))
BIN = ROOT / "build" / PRESET / "bin"
ARTIFACTS = ROOT / "tests" / "artifacts"
WAIT_S = 30
HANG_S = 600  # ends what hangs where the work itself may take long
PATIENCE_MS = 12000  # of a daemon with its database, before it shows a stale page
PORTS = range(10081, 32000)  # browsers refuse port 10080
MEMORY = "/dev/shm"
MEMORY_MIN = 4 * 1024 ** 3  # bytes that must be free in it
LONGEST_SQL = 1024 ** 2  # characters in one message to the server
LOG_FILE_SIZE = "16M"  # MariaDB's; its default of 96 MiB is long to copy

# What the tutorial shows where access is refused, to the letter.
NO_SUCH_PAGE = ("<p class=\"lead\">Sorry, we don't seem to have that page in "
                "stock</p>")

PASSWORDS = {name: f"{name}-password" for name in
             ("customer", "employee", "migrate")}


@contextlib.contextmanager
def locked(path, mode="w"):
    """One process at a time: tests run in several. The file, open."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, mode, encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def build(preset, *targets, out=None, folder=ROOT, **env):
    """Build targets of a preset in this folder or a clone, as ./cafe does: one
    build of a preset at a time. What it prints goes to a file, or where ours
    goes."""
    subprocess.run(
        ["bash", "-c", 'set -o pipefail; mkdir -p var/log; '
         '. deploy/local/packages.sh; build "$@"',
         "build", preset, "--target", *targets],
        cwd=folder, check=True, stdout=out, stderr=out,
        env={**os.environ, **env})


def install_node_packages(folder):
    """The packages of package.json in a folder, as its lock file names them."""
    wanted = json.loads((folder / "package.json").read_text())["dependencies"]
    with locked(ARTIFACTS / f"{folder.name}-npm.lock"):
        if not all((folder / "node_modules" / name).exists()
                   for name in wanted):
            done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund"],
                                  cwd=folder, text=True, check=False,
                                  capture_output=True)
            assert done.returncode == 0, (
                f"npm cannot install what {folder}/package.json names:\n"
                f"{done.stderr[-2000:]}")


# where the last port is that free_port() gave to any process
PORTS_FILE = pathlib.Path(tempfile.gettempdir()) / "cafe-test-ports.lock"


def free_port():
    """
    A port for a server, another one at each call of any process. It is below
    those from which the kernel takes the ports of clients: one of these could
    take it before the server is there.
    """
    with locked(PORTS_FILE, "a+") as file:
        file.seek(0)
        last = int(file.read() or PORTS.start)
        while True:
            last = last + 1 if last + 1 in PORTS else PORTS.start
            with socket.socket() as probe, contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", last))
                break
        file.truncate(0)
        file.write(str(last))
        return last


def wait_until(condition, what, seconds=WAIT_S):
    """Ask until the condition holds; its last value is returned."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"{what}: not within {seconds} s")


def read_terminal(terminal):
    """What came from the programs at the other end of a pseudo-terminal; b""
    when they have ended and all was read.

    Linux reports that end as EIO, and may do so before what a program wrote
    last has arrived; one more read waits for that."""
    for _ in range(2):
        try:
            return os.read(terminal, 4096)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
    return b""


# All that makes a database what it is, except the rows that tests write: its
# definitions, what was migrated, and what each account may do.
DEFINITIONS = """
SELECT MD5(GROUP_CONCAT(fact ORDER BY fact SEPARATOR '\n')) FROM (
  SELECT CONCAT_WS('|', TABLE_NAME, ORDINAL_POSITION, COLUMN_NAME, COLUMN_TYPE,
    IS_NULLABLE, COLUMN_DEFAULT, EXTRA, COLLATION_NAME, GENERATION_EXPRESSION)
    AS fact FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'COFFEE'
  UNION ALL SELECT CONCAT_WS('|', TABLE_NAME, TABLE_TYPE, ENGINE, ROW_FORMAT,
    TABLE_COLLATION, CREATE_OPTIONS)
    FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'COFFEE'
  UNION ALL SELECT CONCAT_WS('|', TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX,
    COLUMN_NAME, NON_UNIQUE, SUB_PART)
    FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = 'COFFEE'
  UNION ALL SELECT CONCAT_WS('|', TABLE_NAME, CONSTRAINT_NAME, CONSTRAINT_TYPE)
    FROM information_schema.TABLE_CONSTRAINTS
    WHERE CONSTRAINT_SCHEMA = 'COFFEE'
  UNION ALL SELECT CONCAT_WS('|', TRIGGER_NAME, EVENT_OBJECT_TABLE,
    EVENT_MANIPULATION, ACTION_TIMING, ACTION_STATEMENT, DEFINER, SQL_MODE)
    FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'COFFEE'
  UNION ALL SELECT CONCAT_WS('|', ROUTINE_NAME, ROUTINE_DEFINITION, DEFINER,
    SECURITY_TYPE, SQL_MODE)
    FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'COFFEE'
  UNION ALL SELECT CONCAT_WS('|', SCHEMA_NAME, DEFAULT_COLLATION_NAME)
    FROM information_schema.SCHEMATA) AS facts;
CHECKSUM TABLE mysql.global_priv, mysql.db, mysql.tables_priv,
  mysql.columns_priv, mysql.procs_priv, COFFEE.cafe_migrations;
"""
EMPTY_TABLES = """
USE COFFEE;
TRUNCATE suppliers; TRUNCATE supplier_changes; TRUNCATE supplier_form_keys;
TRUNCATE cafe_keys;
DELETE FROM supplier_imports; DELETE FROM supplier_import_files;
DELETE FROM supplier_import_rows; DELETE FROM supplier_change_groups;
UPDATE supplier_revision SET n = 0, at = UTC_TIMESTAMP(6);
"""


class Process:
    """A program with its output in a file."""

    def __init__(self, name, argv, folder, env=None, cwd=None, pass_fds=()):
        self.name = name
        self.log = pathlib.Path(folder) / f"{name}-{time.monotonic_ns()}.log"
        with open(self.log, "wb") as out:
            self.process = subprocess.Popen(
                [str(a) for a in argv], stdout=out, stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL, env=env, start_new_session=True,
                cwd=cwd, pass_fds=pass_fds)

    @property
    def pid(self):
        return self.process.pid

    def output(self):
        return self.log.read_text(errors="replace")

    def running(self):
        return self.process.poll() is None

    def send(self, number=signal.SIGTERM):
        """A signal; SIGSTOP until all threads stand still."""
        self.process.send_signal(number)
        if number == signal.SIGSTOP:
            os.waitid(os.P_PID, self.pid,
                      os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def wait(self, seconds=WAIT_S):
        return self.process.wait(seconds)

    def stop(self, number=signal.SIGTERM):
        if self.running():
            self.send(number)
        try:
            return self.wait()
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


def system_tables():
    """
    A data folder with the system tables and nothing else, to be copied: to
    make one takes ten times as long.
    """
    version = subprocess.run(["/usr/sbin/mariadbd", "--version"], text=True,
                             capture_output=True, check=True).stdout
    path = ROOT / "build" / ("mariadb-" + hashlib.sha256(
        version.encode()).hexdigest()[:8])
    with locked(ROOT / "build" / "mariadb.lock"):
        if not path.exists():
            new = path.with_suffix(".new")
            shutil.rmtree(new, ignore_errors=True)
            install_system_tables(new)
            new.rename(path)
    return path


def install_system_tables(data):
    user = getpass.getuser()
    with tempfile.TemporaryDirectory(prefix="cafe-test-") as folder:
        done = subprocess.run(
            ["mariadb-install-db", "--no-defaults", f"--datadir={data}",
             f"--tmpdir={folder}",
             "--auth-root-authentication-method=socket", "--skip-test-db",
             f"--auth-root-socket-user={user}", f"--user={user}",
             f"--innodb-log-file-size={LOG_FILE_SIZE}"],
            capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)


def text_of(value):
    """A column as the command line client shows it."""
    if value is None:
        return "NULL"
    return value.decode() if isinstance(value, bytes) else value


class Database:
    """
    A MariaDB of our own, on a unix socket and a free port. Its temporary
    tables are in its own folder: another one that starts would remove them.
    """

    admin = getpass.getuser()
    passwords = PASSWORDS

    @property
    def address(self):
        """Where it is, for pymysql."""
        return {"unix_socket": self.socket}

    def __init__(self, folder, *options):
        self.folder = pathlib.Path(folder)
        self.socket = str(self.folder / "db.sock")
        self.data = self.folder / "data"
        self.options = options
        self.port = free_port()
        self.process = None
        self.made = None  # the definitions when it was made
        shutil.copytree(system_tables(), self.data)

    def start(self):
        self.process = Process("mariadb", [
            "/usr/sbin/mariadbd", "--no-defaults", f"--datadir={self.data}",
            f"--user={getpass.getuser()}", f"--socket={self.socket}",
            f"--tmpdir={self.folder}",
            "--bind-address=127.0.0.1", f"--port={self.port}",
            "--character-set-server=utf8mb4", "--innodb-buffer-pool-size=64M",
            f"--innodb-log-file-size={LOG_FILE_SIZE}", *self.options],
            self.folder)
        wait_until(self.answers, "MariaDB starts")

    def answers(self):
        if not self.process.running():
            raise RuntimeError(self.process.output())
        with contextlib.suppress(RuntimeError):
            return self.sql("SELECT 1", None)
        return None

    def client(self, *args, user=None, password=None, text=None):
        """Run the command line client, by default as administrator."""
        argv = ["mariadb", "--no-defaults", "--skip-ssl",
                f"--socket={self.socket}",
                "--default-character-set=utf8mb4", "--batch", "--raw",
                "--skip-column-names", f"--user={user or getpass.getuser()}"]
        if password is not None:
            argv.append(f"--password={password}")
        return subprocess.run(argv + list(args), input=text, text=True,
                              capture_output=True, check=False)

    def sql(self, text, database="COFFEE", user=None, password=""):
        """
        Run SQL in a session of its own; rows come back as lists of texts. A
        connection takes a twentieth of the time of the command line client.
        """
        if "DELIMITER" in text or len(text) > LONGEST_SQL:
            return self.sql_by_client(text, database, user=user,
                                      password=password)
        import pymysql  # pylint: disable=import-outside-toplevel
        try:
            with contextlib.closing(pymysql.connect(
                    unix_socket=self.socket, user=user or self.admin,
                    password=password, database=database, charset="utf8mb4",
                    autocommit=None, conv={}, connect_timeout=HANG_S,
                    client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS)
                    ) as connection, connection.cursor() as cursor:
                cursor.execute(text)
                rows = list(cursor.fetchall())
                while cursor.nextset():
                    rows += cursor.fetchall()
        except pymysql.MySQLError as error:
            raise RuntimeError(str(error)) from error
        return [[text_of(value) for value in row] for row in rows]

    def sql_by_client(self, text, database="COFFEE", **account):
        """The same with the command line client."""
        done = self.client(*([database] if database else []), text=text,
                           **account)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return [line.split("\t") for line in done.stdout.splitlines()]

    def refused(self, text, **account):
        """The message with which MariaDB refuses a statement."""
        done = self.client("COFFEE", text=text, **account)
        assert done.returncode, f"not refused: {text}"
        return done.stderr

    def make_empty(self):
        """The accounts, and a database without tables."""
        passwords = "".join(f"SET @{n} = '{p}';\n"
                            for n, p in PASSWORDS.items())
        accounts = (ROOT / "deploy/local/accounts.sql").read_text()
        self.sql("DROP DATABASE IF EXISTS COFFEE;" + passwords + accounts,
                 "mysql")

    def migrate(self, *flags):
        done = subprocess.run(
            [BIN / "employee", "--migrate", *flags], text=True,
            capture_output=True, check=False,
            env=self.environment("migrate"))
        return done

    def make_ready(self):
        """
        A fresh database as the operator makes it. Where a test has changed
        nothing but rows since it was made, they are removed instead.
        """
        if self.made and self.made == self.definitions(EMPTY_TABLES):
            return
        self.make_anew()
        self.made = self.definitions()

    def definitions(self, then=""):
        """Those of now; None where there is no such database, or what is
        done then fails."""
        with contextlib.suppress(RuntimeError):
            return self.sql(DEFINITIONS + then, None)
        return None

    def make_anew(self):
        self.make_empty()
        done = self.migrate()
        assert done.returncode == 0, done.stdout + done.stderr
        self.sql((ROOT / "deploy/local/grants.sql").read_text())

    def environment(self, account):
        return {"PATH": os.environ["PATH"], "APP_DB_SOCKET": self.socket,
                "APP_DB_USER": account,
                "APP_DB_PASSWORD": PASSWORDS[account],
                **sanitizer_options()}

    def stop(self):
        if self.process:
            self.process.stop()

    def kill(self):
        self.process.stop(signal.SIGKILL)


def sanitizer_options():
    options = {"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0",
               "UBSAN_OPTIONS": "print_stacktrace=1",
               "TSAN_OPTIONS": "halt_on_error=0:exitcode=66"}
    if "LLVM_PROFILE_FILE" in os.environ:  # reach.py: where counts are written
        options["LLVM_PROFILE_FILE"] = os.environ["LLVM_PROFILE_FILE"]
    return options


class Response:
    """An answer with its body read."""

    def __init__(self, response):
        self.status = response.status
        self.reason = response.reason
        self.headers = response.headers
        self.body = response.read()

    @property
    def text(self):
        return self.body.decode()


class Client:
    """A small HTTP client that follows nothing and adds nothing."""

    seconds = WAIT_S  # to wait for an answer

    def __init__(self, port):
        self.port = port
        self.host = f"127.0.0.1:{port}"

    def request(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                timeout=self.seconds)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers or {})
            return Response(connection.getresponse())

    def get(self, path, **headers):
        return self.request("GET", path, headers=dashed(headers))

    def post(self, path, form=None, **headers):
        """Send a form as a browser does from a page of the same site."""
        body = urllib.parse.urlencode(form or {}).encode()
        sent = {"Content-Type": "application/x-www-form-urlencoded",
                "Origin": f"http://{self.host}"}
        sent.update(dashed(headers))
        return self.request("POST", path, body,
                            {k: v for k, v in sent.items() if v is not None})

    def raw(self, data, seconds=WAIT_S):
        """Send bytes, read until the peer closes."""
        with socket.create_connection(("127.0.0.1", self.port),
                                      seconds) as sock:
            sock.sendall(data)
            got = b""
            while chunk := sock.recv(65536):
                got += chunk
            return got


def dashed(headers):
    return {name.replace("_", "-"): value for name, value in headers.items()}


class Daemon(Client):
    """
    A customer or employee daemon, ready to answer.

    prefix    A program that is started in its place and becomes it.
    pass_fds  Descriptors that it is given.
    program   Its file, if not that of the build.
    """

    def __init__(self, name, folder, database=None, wait=True, argv=(),
                 prefix=(), pass_fds=(), program=None, **settings):
        env = database.environment(name) if database else {
            "PATH": os.environ["PATH"], **sanitizer_options()}
        env.update({"APP_PORT": "0", "APP_BIND": "127.0.0.1",
                    "APP_OPS_PORT": "0", "APP_DRAIN_DELAY_MS": "0",
                    # a busy machine is no database that is away
                    "APP_CATALOG_WAIT_MS": str(PATIENCE_MS)})
        env.update({k: str(v) for k, v in settings.items()})
        wrap = shlex.split(os.environ.get("CAFE_TEST_WRAP", ""))
        self.process = Process(name, [*prefix, *wrap,
                                      program or BIN / name, *argv],
                               folder, env, pass_fds=pass_fds)
        self.ready = None
        self._parsed = []
        self._bytes_parsed = 0
        if wait:
            self.ready = wait_until(self.find_ready, f"{name} is ready")
            super().__init__(self.ready["port"])

    def lines(self):
        """The log as a list of objects; a torn line is a fault. The last one
        may be half-written while the daemon runs. A line is parsed once,
        however often a test asks."""
        running = self.process.running()
        with self.process.log.open("rb") as log:
            log.seek(self._bytes_parsed)
            output = log.read()
        if running:
            output = output[:output.rfind(b"\n") + 1]
        self._bytes_parsed += len(output)
        text = output.decode(errors="replace")
        self._parsed += [json.loads(line) for line in text.split("\n")
                         if line.startswith("{")]
        return list(self._parsed)

    def find_ready(self):
        for line in self.lines():
            if line["msg"] == "listening":
                return line
        if not self.process.running():
            raise AssertionError(self.process.output())
        return None

    @property
    def ops(self):
        return Client(self.ready["ops_port"])

    def samples(self):
        """All of /metrics: values by name and labels, as they are written."""
        answer = self.ops.get("/metrics")
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith(
            "text/plain; version=0.0.4")
        return {sample: float(value) for sample, value in
                (line.rsplit(" ", 1) for line in answer.text.splitlines()
                 if not line.startswith("#"))}

    def metric(self, sample):
        """One value of /metrics; 0 where there was nothing to count yet."""
        return self.samples().get(sample, 0)

    def requests(self, route, status=200, method="GET"):
        """How many of a route were answered so, by /metrics."""
        return self.metric(
            "http_server_request_duration_seconds_count{"
            f'http_request_method="{method}",http_route="{route}",'
            f'http_response_status_code="{status}"}}')

    def stop(self, number=signal.SIGTERM):
        status = self.process.stop(number)
        output = self.process.output()
        assert "Sanitizer" not in output and "runtime error" not in output, \
            output
        return status


class Proxy(Client):
    """
    HAProxy with the configuration of ./cafe up, or another file.

    proxies   Those in front of it, by address, with spaces between.
    """

    def __init__(self, folder, customer, employee,
                 config=ROOT / "deploy/local/haproxy.cfg", proxies=""):
        port = free_port()
        env = dict(os.environ, CAFE_PORT=str(port), CAFE_PROXIES=proxies,
                   CAFE_PAGES=str(ROOT / "deploy/pages"),
                   CAFE_CUSTOMER_PORT=str(customer.port),
                   CAFE_EMPLOYEE_PORT=str(employee.port))
        self.process = Process("haproxy", [
            "/usr/sbin/haproxy", "-db", "-f", config], folder, env)
        super().__init__(port)
        wait_until(self.serves, "HAProxy serves")

    def serves(self):
        if not self.process.running():
            raise AssertionError(self.process.output())
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.get("/").status == 200
        return False

    def stop(self):
        self.process.stop()


def make_folder(large=False):
    """
    A folder with a short name: unix socket paths are short. It is in memory
    where that has room, which spares a fifth of the CPU time of tests with
    databases; large: it is on disk in any case.
    """
    roomy = not large and free_bytes(MEMORY) >= MEMORY_MIN
    return tempfile.mkdtemp(prefix="cafe-test-", dir=MEMORY if roomy else None)


def free_bytes(folder):
    """What programs may write and run there; 0 if they may not."""
    if not os.access(folder, os.W_OK):
        return 0
    found = os.statvfs(folder)
    noexec = found.f_flag & os.ST_NOEXEC
    return 0 if noexec else found.f_bavail * found.f_frsize


def remove_folder(folder):
    shutil.rmtree(folder, ignore_errors=True)


def resident_kib(pid):
    """Resident memory from /proc, in KiB."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("no VmRSS")


SUPPLIER = {
    "name": "Finca Ñandú", "address": "Calle 8 № 5", "city": "Armenia",
    "state": "Quindío", "country": "Colombia", "email": "a@nandu.example",
    "phone": "+57 606 555 0118 ext. 3", "website": "https://nandu.example",
    "notes": "Ask for **María**.",
}
