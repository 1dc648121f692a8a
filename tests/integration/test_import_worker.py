"""Imports that employee daemons write in the background."""
import signal

import pytest

import harness
from import_rows import Imports
from test_import_command import supplier


@pytest.fixture(name="imports")
def make_imports(database, tmp_path):
    return Imports(database, tmp_path)


def logged(daemon, msg):
    return [line for line in daemon.lines() if line["msg"] == msg]


def wait_logged(daemon, msg):
    return harness.wait_until(lambda: logged(daemon, msg), msg)[0]


def test_an_import_is_written_by_a_daemon(imports, start):
    key = imports.many(600)
    daemon = start("employee", imports.database,
                   APP_OPS_PORT=harness.free_port())
    imports.set(key, "running")
    imports.wait(key, "done")
    imports.check_once(600)
    assert imports.outcomes(key) == {"done": "600"}
    assert wait_logged(daemon, "import taken up")["import"] == key
    ended = wait_logged(daemon, "import ended")
    assert (ended["import"], ended["state"]) == (key, "done")
    figures = daemon.ops.get("/metrics").text
    assert 'cafe_imports_total{event="ended"} 1' in figures
    assert "cafe_import_chunks_total 4" in figures  # one finds nothing more


def test_an_import_is_taken_back_by_a_daemon(imports, start):
    key = imports.many(300)
    start("employee", imports.database)
    imports.set(key, "running")
    imports.wait(key, "done")
    imports.database.sql("UPDATE suppliers SET address = 'x' WHERE name = 'n7'")
    imports.database.sql("UPDATE supplier_import_rows SET todo = 1")
    imports.set(key, "undoing")
    imports.wait(key, "undone")
    assert imports.outcomes(key) == {"kept": "1", "undone": "299"}
    assert imports.importer.names() == ["n7"]


def test_a_task_that_stops_gives_the_import_back(imports, start):
    """SIGTERM in the middle of a chunk, which waits for a lock."""
    key = imports.many(1000)
    daemon = start("employee", imports.database)
    with imports.held(key):
        daemon.process.send(signal.SIGTERM)
        wait_logged(daemon, "stopping")
    assert daemon.process.wait() == 0
    assert imports.state(key) == "running"
    assert imports.written() == 250
    assert logged(daemon, "import given back")[0]["import"] == key
    assert imports.database.sql("SELECT task, lease_until FROM supplier_imports"
                                ) == [["", "NULL"]]
    start("employee", imports.database)
    imports.wait(key, "done")
    imports.check_once(1000)
