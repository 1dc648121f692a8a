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
    assert daemon.metric('cafe_imports_total{event="ended"}') == 1
    assert daemon.metric("cafe_import_chunks_total") == 4  # one finds nothing more


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


def test_a_task_that_hangs_in_a_chunk_writes_nothing_more(imports, start):
    """The database ends its transaction, another task goes on."""
    key = imports.many(1000)
    hanging = start("employee", imports.database)
    with imports.held(key):
        hanging.process.send(signal.SIGSTOP)
    try:
        start("employee", imports.database)
        imports.wait(key, "done")
        imports.check_once(1000)
    finally:
        hanging.process.send(signal.SIGCONT)
    wait_logged(hanging, "import does not go on")
    assert hanging.stop() == 0
    imports.check_once(1000)


def test_a_task_that_hangs_beyond_its_lease_writes_nothing_more(imports,
                                                                start):
    key = imports.changes(1000)
    hanging = start("employee", imports.database)
    with imports.held_at(key, "n300"):
        wait_logged(hanging, "import does not go on")
        hanging.process.send(signal.SIGSTOP)
    try:
        other = start("employee", imports.database)
        harness.wait_until(imports.end_lease, "the lease has ended")
        wait_logged(other, "import ended")
    finally:
        hanging.process.send(signal.SIGCONT)
    assert hanging.stop() == 0
    assert imports.state(key) == "done"
    assert imports.outcomes(key) == {"done": "1000"}
    assert imports.database.sql(
        "SELECT COUNT(*), COUNT(DISTINCT supplier_id) FROM supplier_changes"
        " WHERE action = 'update'") == [["1000", "1000"]]


def check_kept_from(daemon, imports, key, remedy):
    """Nothing is written, the log says why, and the pages go on."""
    line = wait_logged(daemon, "import does not go on")
    assert remedy in line["remedy"], line
    assert (imports.state(key), imports.outcomes(key)) == ("running", {})
    assert daemon.get("/admin/suppliers").status == 200
    assert daemon.get(f"/admin/import/{key}").status == 200


def test_an_import_goes_on_once_the_database_takes_writes(own, tmp_path,
                                                          start):
    imports = Imports(own, tmp_path)
    key = imports.many(600)
    daemon = start("employee", own)
    own.sql("SET GLOBAL read_only = 1")
    imports.set(key, "running")
    check_kept_from(daemon, imports, key, "read_only")
    own.sql("SET GLOBAL read_only = 0")
    imports.wait(key, "done")
    imports.check_once(600)
    wait_logged(daemon, "import goes on")


@pytest.mark.parametrize("trigger, make", [
    ("suppliers_added", lambda imports: imports.many(300)),
    ("suppliers_changed", lambda imports: imports.changes(300)),
    ("suppliers_removed", lambda imports: imports.removals(300)),
])
def test_an_import_waits_for_the_triggers(imports, start, trigger, make):
    key = make(imports)
    before = imports.database.sql("SELECT * FROM suppliers")
    daemon = start("employee", imports.database)
    imports.database.sql(f"DROP TRIGGER {trigger}")
    imports.set(key, "running")
    check_kept_from(daemon, imports, key, "employee --migrate")
    assert imports.database.sql("SELECT * FROM suppliers") == before
    assert imports.database.migrate().returncode == 0
    imports.wait(key, "done")
    assert imports.outcomes(key) == {"done": "300"}


def test_without_its_tables_a_daemon_says_so_and_serves(imports, start):
    imports.database.sql("DROP TABLE supplier_imports, supplier_import_rows,"
                         " supplier_import_files")
    daemon = start("employee", imports.database)
    line = wait_logged(daemon, "imports are not taken up")
    assert line["remedy"] == "run: employee --migrate"
    assert daemon.get("/admin/suppliers").status == 200
    assert daemon.get(f"/admin/import/{'x' * 22}").status == 503
    assert imports.database.migrate().returncode == 0
    wait_logged(daemon, "imports are taken up again")
    key = imports.many(3)
    imports.set(key, "running")
    imports.wait(key, "done")
