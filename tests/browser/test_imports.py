"""An import in headless Chromium, from its beginning to its end."""
import sys

import pytest

import harness
from test_browser import SCREENSHOTS, Switch, fill_sample, walk
from test_browser import playwright  # noqa: F401 pylint: disable=W0611

sys.path.insert(0, str(harness.ROOT / "tests/integration"))
from import_rows import KEY, Imports  # noqa: E402
from test_import_command import supplier, table  # noqa: E402
from writers import connect, query  # noqa: E402

ROWS = 600
LEASES = {"/read": 1, "/break": -1}
FAULTY = [supplier("Somebody", city=""), supplier("", email="no address")]


class Held(Switch):
    """GET /read and /break show the import while its file is read, by a command
    that works or has been killed; /run begins the import; /hold keeps a daemon
    from the second chunk, /edit changes a supplier of it, /release lets the
    daemon go on."""

    def __init__(self, imports, key, employee):
        super().__init__(imports.database, employee)
        self.imports, self.key = imports, key
        self.number = imports.number("n300")
        self.other = imports.number("n301")
        self.holder = None

    def turn(self, path):
        if path == "/hold":
            self.holder = connect(self.database, autocommit=False)
            query(self.holder, "SELECT id FROM suppliers WHERE id = %s"
                  " FOR UPDATE", self.number)
        elif path == "/edit":
            query(self.holder, "UPDATE suppliers SET city = 'Elsewhere'"
                  " WHERE id = %s", self.number)
            self.number, self.other = self.other, self.number
        elif path == "/release":
            self.holder.commit()
            self.holder.close()
        elif path in LEASES:
            self.imports.set(self.key, "reading")
            self.database.sql(
                f"UPDATE supplier_imports SET task = '{KEY}', lease_until ="
                f" UTC_TIMESTAMP(6) + INTERVAL {LEASES[path]} DAY"
                f" WHERE import_key = '{self.key}'")
        else:
            self.imports.set(self.key, {"/run": "running", "/pause": "paused",
                                        "/cancel": "cancelled"}[path])


@pytest.fixture(name="imports")
def make_imports(database, tmp_path):
    fill_sample(database)
    return Imports(database, tmp_path)


@pytest.fixture(name="held")
def make_held(imports, employee):
    rows = [supplier(f"n{i}") for i in range(ROWS)]
    imports.importer(table(*rows))
    key = imports.preview(*({**row, "address": "2 Hill Road"} for row in rows),
                          *FAULTY)
    server = Held(imports, key, employee)
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.thorough
@pytest.mark.parametrize("scripts", ["off", "on"])
def test_an_import(playwright, proxy, held, scripts):  # noqa: F811 pylint: disable=W0621,W0613
    walk("imports.js", f"http://{proxy.host}", scripts, SCREENSHOTS, held.key,
         held.address, seconds=300)
