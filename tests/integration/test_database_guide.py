"""The commands of docs/operators/database.md do what it says, as printed."""
import contextlib
import subprocess

import pytest

import harness
from debian_server import Readers, Server, blocks
from writers import connect, insert, query

ROWS = "SELECT * FROM suppliers ORDER BY id"
CHANGES = "SELECT revision, supplier_id, name FROM supplier_changes"


@pytest.fixture(name="debian")
def make_debian(folder, start):
    """With an empty MariaDB, and none of our accounts."""
    database = harness.Database(folder)
    database.start()
    server = Server(folder, database, start)
    yield server
    for name in list(server.daemons):
        server.stop(name)
    server.close()
    database.stop()


@pytest.fixture(name="running")
def make_running(debian):
    """Set up as the guide says, with both daemons."""
    set_up(debian)
    debian.run("systemctl start cafe-customer.socket cafe-employee.socket")
    return debian


def set_up(debian):
    _, commands = blocks("database.md", "Accounts and tables")[:2]
    assert "accounts.sql" in commands
    debian.run(commands)


def back_up(debian):
    commands, = blocks("database.md", "Back up")
    done = debian.run(commands)
    assert done.stdout.startswith("-- Dump completed on ")


def restore(debian):
    commands, = blocks("database.md", "Restore")
    return debian.run(commands)


def names(client, path):
    page = client.get(path)
    assert page.status == 200
    return {name for name in ("Before", "After") if name in page.text}


def test_backup_and_restore(running):
    admin = connect(running.database)
    insert(admin, name="Before")
    rows, changes = query(admin, ROWS), query(admin, CHANGES)
    back_up(running)
    insert(admin, name="After")
    customer, employee = (running.client(n) for n in ("customer", "employee"))
    assert names(customer, "/suppliers") == {"Before", "After"}
    with Readers((customer, "/suppliers")) as readers:
        restore(running)
        readers.more()
    assert not readers.failed
    assert running.said[-2:] == [
        "stop cafe-employee.socket cafe-employee.service",
        "start cafe-employee.socket"]
    assert query(admin, ROWS) == rows and query(admin, CHANGES) == changes
    harness.wait_until(
        lambda: names(customer, "/suppliers") == {"Before"},
        "customer shows what was restored")
    assert names(employee, "/admin/suppliers") == {"Before"}
    # it is logged again: the triggers are there
    number = insert(admin, name="After")
    assert names(customer, "/suppliers") == {"Before", "After"}
    page = employee.get(f"/admin/supplier-history/{number}")
    assert page.status == 200 and "After" in page.text
    assert customer.get("/readyz").status == 200
    assert employee.get("/readyz").status == 200


def test_restore_on_a_new_server(running, tmp_path_factory, start):
    insert(connect(running.database), name="Before")
    back_up(running)
    with contextlib.ExitStack() as stack:
        folder = harness.make_folder()
        stack.callback(harness.remove_folder, folder)
        other = harness.Database(folder)
        other.start()
        stack.callback(other.stop)
        debian = Server(other.folder, other, start)
        stack.callback(debian.close)
        set_up(debian)
        debian.run("systemctl start cafe-customer cafe-employee")
        (other.folder / "suppliers.sql").write_bytes(
            (running.folder / "suppliers.sql").read_bytes())
        restore(debian)
        for name, path in (("customer", "/suppliers"),
                           ("employee", "/admin/suppliers")):
            assert names(debian.client(name), path) == {"Before"}
            debian.stop(name)


def reconnect(database, account, readers):
    """Close the connections of an account; the daemon opens others."""
    database.sql(f"KILL HARD USER {account}", "mysql")
    readers.more()
    harness.wait_until(
        lambda: database.sql("SELECT 1 FROM information_schema.PROCESSLIST"
                             f" WHERE USER = '{account}'"),
        "the daemon has connected again")


def refused(database, account, password):
    return database.client("-e", "DO 0", user=account,
                           password=password).returncode != 0


def test_a_password_is_changed_while_people_read(running):
    """The daemons' connections are closed between any two commands, so that
    others are opened: the password of the moment must be accepted."""
    commands, *_ = blocks("database.md", "Change a password")
    database = running.database
    insert(connect(database), name="Before")
    pages = ((running.client("customer"), "/suppliers"),
             (running.client("employee"), "/admin/suppliers"))
    for account in ("customer", "employee"):
        secret = running.etc / f"{account}.password"
        old = secret.read_text().strip()
        with Readers(*pages) as readers:
            readers.more()
            running.run(commands.replace("account=customer",
                                         f"account={account}"),
                        lambda: reconnect(database, account, readers))
            new = secret.read_text().strip()
            reconnect(database, account, readers)
        assert not readers.failed
        assert new != old and refused(database, account, old)
        assert not refused(database, account, new)
        assert f"restart cafe-{account}" in running.said
        assert secret.stat().st_mode & 0o777 == 0o600
        for daemon in running.daemons.values():
            assert not [line for line in daemon.lines()
                        if "denied" in line.get("reason", "")]


MYSQL = harness.ROOT / "tests/integration/mysql"
SHELL = """
mysql() { cat; }
account=customer file=password
echo 'N3w/+=' >password.new
"""


def faults(statements, version):
    """What MySQL's own grammar finds wrong. No MySQL runs here."""
    harness.install_node_packages(MYSQL)
    return subprocess.run(["node", "read.js", version], cwd=MYSQL, text=True,
                          input=statements, capture_output=True,
                          check=True).stdout


@pytest.mark.thorough
def test_a_password_is_changed_in_mysql(tmp_path):
    """The statements, as the shell passes them to the oldest MySQL that the
    guide names; it refuses MariaDB's, and older ones refuse these."""
    mariadb, *commands = blocks("database.md", "Change a password")
    assert len(commands) == 2
    said = subprocess.run(
        ["bash", "-euc", SHELL + "".join(commands)], cwd=tmp_path, text=True,
        capture_output=True, check=True).stdout
    keep, discard, end = said.split(";")
    assert keep.split()[:5] == ["ALTER", "USER", "customer@'%'", "IDENTIFIED",
                                "BY"] and "'N3w/+='" in keep
    assert discard.split()[:3] == keep.split()[:3] and not end.strip()
    oldest = "8.0.23"
    assert f"or MySQL {oldest}, or newer" in (
        harness.ROOT / "docs/operators/database.md").read_text()
    assert faults(said, oldest) == ""
    for statement, version in ((keep, "8.0.13"), (discard, "8.0.13"),
                               (mariadb.split("SQL\n")[1], oldest)):
        assert "is not valid" in faults(statement, version), statement
