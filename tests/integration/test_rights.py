"""What each account may do, and a migration that may not make triggers."""
import pathlib

import pytest

import harness
from change_log import INTO, Log, Session, row, values
from test_adoption import adopt, original_rows

ER_DENIED = 1142, 1143  # on a table, on a column
ER_DB_DENIED = 1044
IMPORTS = {"supplier_imports", "supplier_import_files",
           "supplier_import_rows"}
TABLES = {"cafe_keys", "cafe_migrations", "supplier_change_groups",
          "supplier_changes",
          "supplier_form_keys", "supplier_revision", "suppliers"} | IMPORTS
MAY_WRITE = {"customer": set(), "employee": {
    "suppliers", "supplier_form_keys", "supplier_change_groups"} | IMPORTS}
CUSTOMER_MAY_READ = {
    "suppliers": None, "supplier_revision": None, "cafe_migrations": None,
    "supplier_changes": {"revision", "supplier_id", "action", "at"},
    "supplier_form_keys": set(), "cafe_keys": set(),
    "supplier_change_groups": set(),
    **dict.fromkeys(IMPORTS, set())}
DEFINITIONS = (
    "TRUNCATE {}", "DROP TABLE {}", "ALTER TABLE {} ADD COLUMN x INT",
    "CREATE INDEX x ON {} (at)",
    "CREATE TRIGGER x AFTER INSERT ON {} FOR EACH ROW SET @x = 1")

# What a daemon follows the log with.
FEED = (
    "SELECT n, at FROM supplier_revision WHERE one = 1",
    "SELECT r.n, r.at, s.id, s.name, s.country, s.notes,"
    " (SELECT c.revision FROM supplier_changes c WHERE c.supplier_id = s.id"
    "   ORDER BY c.revision DESC LIMIT 1)"
    " FROM supplier_revision r LEFT JOIN suppliers s ON TRUE"
    " WHERE r.one = 1",
    "SELECT c.revision, c.at, c.supplier_id, s.id, s.name"
    " FROM supplier_changes c FORCE INDEX (PRIMARY)"
    " LEFT JOIN suppliers s ON s.id = c.supplier_id"
    " WHERE c.revision >= 1 ORDER BY c.revision LIMIT 10")


def columns(database, table):
    return [line[0] for line in database.sql(f"SHOW COLUMNS FROM {table}")]


@pytest.fixture(name="as_account")
def make_sessions(database):
    """Sessions of any account; there is one supplier."""
    assert {line[0] for line in database.sql("SHOW TABLES")} == TABLES
    database.sql(f"INSERT {INTO} VALUES" + values("n"))
    sessions = []

    def open_session(account):
        sessions.append(Session(database, account))
        return sessions[-1]

    yield open_session
    for session in sessions:
        session.connection.close()


@pytest.mark.parametrize("account", MAY_WRITE)
def test_what_an_account_may_write(database, as_account, account):
    session = as_account(account)
    before = Log(database)
    for table in sorted(TABLES - MAY_WRITE[account]):
        first = columns(database, table)[0]
        for sql in (f"INSERT INTO {table} ({first}) VALUES (1)",
                    f"INSERT INTO {table} SELECT * FROM {table}",
                    f"REPLACE INTO {table} ({first}) VALUES (1)",
                    f"UPDATE {table} SET {first} = 1",
                    f"DELETE FROM {table}"):
            assert session.refused(sql) in ER_DENIED, sql
    before.expect()


@pytest.mark.parametrize("account", MAY_WRITE)
def test_no_account_may_change_definitions(as_account, account):
    session = as_account(account)
    for table in sorted(TABLES):
        for sql in DEFINITIONS:
            assert session.refused(sql.format(table)) in ER_DENIED, sql
    assert session.refused("CREATE TABLE x (id INT)") in ER_DENIED
    assert session.refused("DROP TRIGGER suppliers_added") in ER_DENIED
    assert session.refused("DROP DATABASE COFFEE") == ER_DB_DENIED


def test_the_customer_reads_no_names_of_people(database, as_account):
    session = as_account("customer")
    for table, allowed in CUSTOMER_MAY_READ.items():
        for column in columns(database, table):
            if allowed is None or column in allowed:
                session.ask(f"SELECT {column} FROM {table}")
                continue
            for sql in (f"SELECT {column} FROM {table}",
                        f"SELECT COUNT(*) FROM {table} WHERE {column} = 1",
                        f"SELECT 1 FROM {table} ORDER BY {column}"):
                assert session.refused(sql) in ER_DENIED, sql
    for table in "supplier_changes", "supplier_form_keys", "cafe_keys":
        assert session.refused(f"SELECT * FROM {table}") in ER_DENIED


@pytest.mark.parametrize("account", MAY_WRITE)
def test_a_daemon_may_follow_the_log(as_account, account):
    session = as_account(account)
    for sql in FEED:
        assert len(session.ask(sql)) == 1, sql


def test_the_employee_reads_the_whole_log(database, as_account):
    session = as_account("employee")
    for table in sorted(TABLES - IMPORTS - {
            "supplier_form_keys", "cafe_keys", "supplier_change_groups"}):
        everything = ", ".join(columns(database, table))
        assert session.ask(f"SELECT {everything} FROM {table}")
    assert session.ask("SELECT * FROM supplier_form_keys") == ()


def test_what_the_employee_writes_is_logged(database, as_account):
    session = as_account("employee")
    log = Log(database)
    assert session.run(f"INSERT {INTO} VALUES" + values("o")) == 1
    assert session.run("UPDATE suppliers SET notes = 'x' WHERE id = 1") == 1
    assert session.run("DELETE FROM suppliers WHERE id = 2") == 1
    log.expect(("add", 2, row("o")), ("update", 1, row("n", notes="x")),
               ("remove", 2, row("o")), writer="employee@localhost")


def test_the_employee_keeps_form_keys(as_account):
    session = as_account("employee")
    session.run("INSERT INTO supplier_form_keys VALUES"
                " (REPEAT('k', 22), REPEAT('d', 32), NULL, NULL, NOW(6))")
    assert session.run("UPDATE supplier_form_keys SET supplier_id = 1") == 1
    assert session.run("DELETE FROM supplier_form_keys") == 1


def test_the_employee_keeps_groups_and_removes_none(as_account):
    session = as_account("employee")
    session.run("INSERT INTO supplier_change_groups VALUES"
                " (1, 2, REPEAT('k', 22), 1, 0)")
    assert session.run("UPDATE supplier_change_groups SET last_revision = 3"
                       ) == 1
    assert session.refused("DELETE FROM supplier_change_groups") in ER_DENIED


def test_the_employee_only_notes_when_a_key_was_used(as_account):
    session = as_account("employee")
    assert session.ask("SELECT * FROM cafe_keys") == ()
    assert session.run("UPDATE cafe_keys SET last_used = NOW()") == 0
    for column in ("name", "digest", "may", "created", "expires"):
        assert session.refused(f"UPDATE cafe_keys SET {column} = NULL"
                               ) in ER_DENIED, column


def test_the_employee_daemon_is_logged(database, employee):
    log = Log(database)
    answer = employee.post("/admin/supplier-add", harness.SUPPLIER)
    assert answer.status == 303
    entry, = log.new()
    assert (entry.action, entry.writer) == ("add", "employee@localhost")
    assert entry.fields == row(**harness.SUPPLIER)


@pytest.fixture(name="strict", scope="module")
def start_strict_server():
    """A server with a binary log, that takes triggers from nobody but its
    administrator."""
    folder = pathlib.Path(harness.make_folder())
    server = harness.Database(folder, "--log-bin", "--server-id=1")
    server.start()
    yield server
    server.stop()
    harness.remove_folder(folder)


def everything(server):
    """The tables with their definitions and rows, and other objects."""
    tables = [line[0] for line in server.sql("SHOW TABLES")]
    return [tables, [server.sql(f"SHOW CREATE TABLE {t}") for t in tables],
            original_rows(server), server.sql("SHOW TRIGGERS"),
            server.sql("SHOW PROCEDURE STATUS WHERE Db = 'COFFEE'")]


def assert_refused(server, *words):
    """Migrating fails, says so, and changes nothing."""
    before = everything(server)
    assert before[0] == ["suppliers"]
    for _ in range(2):
        done = server.migrate()
        output = done.stdout + done.stderr
        assert done.returncode == 1, output
        assert all(word in output for word in words), output
        assert "Nothing was changed" in output
        assert everything(server) == before


def assert_migrates(server):
    done = server.migrate()
    assert done.returncode == 0, done.stdout + done.stderr
    assert server.sql("SELECT TRIGGER_NAME FROM information_schema.TRIGGERS"
                      " WHERE TRIGGER_SCHEMA = 'COFFEE' ORDER BY 1") == \
        [["suppliers_added"], ["suppliers_changed"], ["suppliers_removed"]]
    log = Log(server)
    assert [e.action for e in log.entries()] == ["adopt"] * 3
    with Session(server, "migrate") as session:
        session.run(f"INSERT {INTO} VALUES" + values("n"))
    log.expect(("add", 10, row("n")), writer="migrate@localhost")


def test_a_binary_log_may_forbid_triggers(strict):
    strict.sql("SET GLOBAL log_bin_trust_function_creators = 0", "mysql")
    adopt(strict)
    assert_refused(strict, "log_bin_trust_function_creators", "1419")
    strict.sql("SET GLOBAL log_bin_trust_function_creators = 1", "mysql")
    assert_migrates(strict)


def test_a_new_database_is_left_empty_where_triggers_are_forbidden(strict):
    strict.sql("SET GLOBAL log_bin_trust_function_creators = 0", "mysql")
    strict.make_empty()
    done = strict.migrate()
    assert done.returncode == 1
    assert "log_bin_trust_function_creators" in done.stdout + done.stderr
    assert strict.sql("SHOW TABLES") == []


def test_the_account_may_lack_the_right_to_triggers(server):
    adopt(server)
    server.sql("REVOKE TRIGGER ON COFFEE.* FROM migrate@'%'")
    assert_refused(server, "TRIGGER", "1142")
    server.sql("GRANT TRIGGER ON COFFEE.* TO migrate@'%'")
    assert_migrates(server)


def test_a_daemon_is_not_ready_where_migration_was_refused(strict, start):
    strict.sql("SET GLOBAL log_bin_trust_function_creators = 0", "mysql")
    adopt(strict)
    strict.sql("GRANT SELECT ON COFFEE.* TO customer@'%'")
    assert strict.migrate().returncode == 1
    daemon = start("customer", strict)
    answer = daemon.get("/readyz")
    assert answer.status == 503
    assert "employee --migrate" in answer.text, answer.text
    assert daemon.get("/suppliers").status == 503
