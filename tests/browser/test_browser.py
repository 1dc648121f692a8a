"""A person's way through the pages, in headless Chromium through HAProxy."""
import http.server
import shutil
import subprocess
import threading

import pytest

import harness

FOLDER = harness.ROOT / "tests" / "browser"
SCREENSHOTS = harness.ARTIFACTS / "screenshots"


@pytest.fixture(scope="session")
def playwright():
    if not shutil.which("chromium") or not shutil.which("npm"):
        pytest.skip("chromium or npm is not installed")
    if not (FOLDER / "node_modules/axe-core").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=FOLDER,
                       check=True, capture_output=True)


@pytest.mark.parametrize("scripts", ["off", "on"])
def test_add_edit_delete(playwright, database, proxy, scripts):
    sample = harness.ROOT / "deploy/local/sample-suppliers.sql"
    database.sql(sample.read_text())
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["node", FOLDER / "edit.js", f"http://127.0.0.1:{proxy.port}",
         scripts, SCREENSHOTS],
        text=True, capture_output=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr


class Switch(http.server.ThreadingHTTPServer):
    """GET /stop kills the database, GET /start starts it again."""

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
        else:
            self.database.start()
            harness.wait_until(
                lambda: self.employee.get("/admin/suppliers").status == 200,
                "the list is back")


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


@pytest.mark.parametrize("scripts, kind", [
    ("off", "plain"), ("on", "plain"), ("on", "hostile")])
def test_two_employees(playwright, database, proxy, switch, scripts, kind):
    """Whatever is typed, nothing runs and nothing is asked of elsewhere."""
    if kind == "plain":
        sample = harness.ROOT / "deploy/local/sample-suppliers.sql"
        database.sql(sample.read_text())
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["node", FOLDER / "employees.js", f"http://127.0.0.1:{proxy.port}",
         scripts, kind, SCREENSHOTS, switch.address],
        text=True, capture_output=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr
