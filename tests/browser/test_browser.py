"""A person's way through the pages, in headless Chromium through HAProxy."""
import http.server
import shutil
import subprocess
import sys
import threading
import urllib.parse

import pytest

import harness
from thorough import at_desk

sys.path.insert(0, str(harness.ROOT / "tests/integration"))
from writers import NAMES, connect, insert  # noqa: E402

HOSTILE = (
    "<script>alert(1)</script>", "'\"><img src=//evil.test/n onerror=alert(1)>",
    "</title></textarea><script src=https://evil.test/c.js></script>",
    "<meta http-equiv=refresh content='0;url=http://evil.test/'>",
    "<svg onload=alert(1)>{{name}}{{{name}}}", "javascript:alert(1)",
    "</td></table></main><iframe src=http://evil.test/></iframe>",
    "\" autofocus onfocus=alert(1) x=\"", "<!-- <style>*{background:"
    "url(//evil.test/k)}</style>",
)

SCRIPTS = pytest.mark.parametrize("scripts", at_desk(("on",), ("off", "on")))
FOLDER = harness.ROOT / "tests" / "browser"
SCREENSHOTS = harness.ARTIFACTS / "screenshots"


@pytest.fixture(scope="session")
def playwright():
    if not shutil.which("chromium-headless-shell") or not shutil.which("npm"):
        pytest.skip("chromium-headless-shell or npm is not installed")
    harness.install_node_packages(FOLDER)


@SCRIPTS
def test_add_edit_delete(playwright, database, proxy, scripts):
    fill_sample(database)
    walk("edit.js", f"http://{proxy.host}", scripts, SCREENSHOTS, seconds=180)


@SCRIPTS
def test_import(playwright, database, proxy, scripts):
    walk("importing.js", f"http://{proxy.host}", scripts, SCREENSHOTS,
         seconds=300)


class Switch(http.server.ThreadingHTTPServer):
    """GET /stop kills the database, /start starts it again, /fill fills it,
    /gone adds and deletes the supplier 9000, /old makes the last supplier one that today's rules refuse."""

    def __init__(self, database, employee):
        self.database = database
        self.employee = employee
        super().__init__(("127.0.0.1", 0), SwitchHandler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def turn(self, path):
        if path == "/stop":
            self.database.kill()
        elif path == "/fill":
            fill(self.database)
        elif path == "/gone":
            self.database.sql("INSERT INTO suppliers (id, name, address, city,"
                              " state, email, phone) VALUES"
                              " (9000, 'Gone', '', '', '', '', '');"
                              " DELETE FROM suppliers WHERE id = 9000")
        elif path == "/old":
            self.database.sql("""
                UPDATE suppliers SET phone = 'CALL-BEANS',
                  address = 'Floor 2\n1 High Street', email = 'a@x; b@x'
                ORDER BY id DESC LIMIT 1""")
        else:
            self.database.start()
            harness.wait_until(
                lambda: not self.employee.get(
                    "/admin/suppliers").headers["Cafe-As-Of"] and
                self.employee.get("/admin/history").status == 200,
                "lists and saves have the database again")


class SwitchHandler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.turn(self.path)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        """Be quiet."""


@pytest.fixture
def switch(database, employee):
    server = Switch(database, employee)
    yield server
    server.shutdown()
    server.server_close()
    if not database.process.running():
        database.start()


def fill_sample(database):
    """The twenty suppliers that ./cafe up shows."""
    sample = harness.ROOT / "deploy/local/sample-suppliers.sql"
    database.sql(sample.read_text())


def fill(database):
    """The sample suppliers, and 120 roasteries of realistic size."""
    fill_sample(database)
    database.sql("""
        INSERT INTO suppliers
          (name, address, city, state, country, email, phone)
        SELECT CONCAT(ELT(1 + seq % 7, 'Morning', 'Harbour', 'Old Town',
                          'Golden Bean', 'Two Brothers', 'Night Owl', 'Corner'),
                      ' Roastery ', seq),
          CONCAT(seq, ELT(1 + seq % 5, ' Hill Road', ' Mühlenweg',
                          ' rue du Port', ' Maple Street', ' via Roma')),
          ELT(1 + seq % 5, 'Waterbury', 'Köln', 'Brest', 'Portland', 'Torino'),
          ELT(1 + seq % 5, 'VT', 'Nordrhein-Westfalen', '', 'Oregon', ''),
          ELT(1 + seq % 5, 'USA', 'Deutschland', 'France', 'USA', 'Italia'),
          CONCAT(LEFT(MD5(seq), 4 + seq % 9), '@', LEFT(SHA1(seq), 9),
                 '.example'),
          CONCAT('+1 802 555 ', LPAD(37 * seq % 10000, 4, '0'))
        FROM seq_1_to_120""")


def walk(script, *args, seconds=900):
    """Run a walk through the pages; it ends with what it has found out."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["node", FOLDER / script, *args], text=True,
                          capture_output=True, timeout=seconds, check=False)
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    return done.stdout


@pytest.mark.parametrize("scripts, kind", [
    pytest.param("off", "plain", marks=pytest.mark.thorough), ("on", "plain"),
    pytest.param("on", "hostile", marks=pytest.mark.thorough)])
def test_two_employees(playwright, database, proxy, switch, scripts, kind):
    """Whatever is typed, nothing runs and nothing is asked of elsewhere."""
    if kind == "plain":
        fill_sample(database)
    walk("employees.js", f"http://{proxy.host}", scripts, kind, SCREENSHOTS,
         switch.address)


@SCRIPTS
def test_many_at_once(playwright, database, proxy, switch, scripts):
    """Chosen, previewed, changed and undone, by keyboard alone."""
    fill_sample(database)
    walk("choosing.js", f"http://{proxy.host}", scripts, SCREENSHOTS,
         switch.address)


@pytest.fixture
def lost(start, database, folder):
    """A daemon whose database has never answered."""
    return start("customer", database, APP_DB_SOCKET=folder / "none.sock",
                 APP_CATALOG_WAIT_MS=50)


@SCRIPTS
def test_a_manager(playwright, database, proxy, switch, lost, scripts):
    """Finds, reaches, takes along and prints suppliers; with scripts, each
    page is looked at."""
    walk("customers.js", f"http://{proxy.host}", scripts, "plain",
         SCREENSHOTS, switch.address, f"http://{lost.host}")


@pytest.mark.thorough
def test_hostile_suppliers(playwright, database, proxy, switch, lost):
    admin = connect(database)
    for number in range(60):
        text = HOSTILE[number % len(HOSTILE)]
        insert(admin, **{name: text for name in NAMES
                         if name not in ("phone", "ended_on")})
    walk("customers.js", f"http://{proxy.host}", "on", "hostile", SCREENSHOTS,
         switch.address, f"http://{lost.host}")


def test_a_hostile_name(playwright, start, database):
    """Of a person, and of what is asked for in the address."""
    employee = start("employee", database, APP_IDENTITY_HEADER="Remote-User",
                     APP_IDENTITY_LOGOUT_URL="/out")
    name, asked = HOSTILE[1], urllib.parse.quote(HOSTILE[1])
    texts = {field: name for field in ("name", "address", "city", "notes")}
    assert employee.post("/admin/supplier-add", {**harness.SUPPLIER, **texts},
                         Remote_User=name).status == 303
    walk("names.js", f"http://{employee.host}", name, "/admin",
         f"/admin/suppliers?q={asked}&city={asked}", "/admin/supplier-add",
         f"/admin/history?person={asked}&supplier={asked}", "/admin/history",
         "/admin/supplier-history/1", "/admin/supplier-update/1", seconds=180)


def test_searching_while_typing(playwright, database, customer):
    fill(database)
    walk("typing.js", f"http://{customer.host}", seconds=180)


def test_page_weight(playwright, database, customer):
    fill(database)
    for _ in range(3):  # from the second on it is kept, and well compressed
        customer.get("/suppliers", Accept_Encoding="br")
    walk("weight.js", f"http://{customer.host}", seconds=180)
    customer.get("/nothing")
    # the daemon has seen what Chromium counts and no more: page, two styles,
    # mark and script, then three pages
    seen = harness.wait_until(lambda: requests_until(customer, 404),
                              "the log has the last request")
    assert len(seen) == 3 + 6 + 3 + 1


def requests_until(daemon, status):
    """The requests in its log, when that has one of this status."""
    found = [line for line in daemon.lines() if "route" in line]
    return [line["status"] for line in found] if any(
        line["status"] == status for line in found) else None
