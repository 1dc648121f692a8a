"""What a migrated database loses, --migrate names and brings back; until then
the daemons say what to run."""
import json
import pathlib

import pytest

import harness
from change_log import INTO, WRITER, Log, Session, values

NAMES = ("suppliers_added", "suppliers_changed", "suppliers_removed")
ALL_TRIGGERS = "; ".join(f"DROP TRIGGER {name}" for name in NAMES)
COPY = "id, name, address, city, state, email, phone"

# What is lost, and the words for it.
LOSSES = {
    "one_trigger": ("DROP TRIGGER suppliers_changed",
                    ["the trigger suppliers_changed on suppliers"]),
    "all_triggers": (ALL_TRIGGERS, [f"the trigger {n}" for n in NAMES]),
    "older_body": (
        "DROP TRIGGER suppliers_added; CREATE TRIGGER suppliers_added"
        " AFTER INSERT ON suppliers FOR EACH ROW UPDATE supplier_revision"
        " SET n = n WHERE one = 1",
        ["suppliers_added", "it differs from this"]),
    "other_event": (
        "DROP TRIGGER suppliers_added; CREATE TRIGGER suppliers_added"
        " AFTER DELETE ON suppliers FOR EACH ROW SET @x = 1",
        ["suppliers_added", "it differs from this"]),
    "swapped": (
        "CREATE TABLE other LIKE suppliers;"
        "INSERT INTO other SELECT * FROM suppliers;"
        "RENAME TABLE suppliers TO old, other TO suppliers",
        [f"the trigger {n} on suppliers: it is on old" for n in NAMES]),
    "swapped_for_the_originals": (
        "CREATE TABLE other (id INT AUTO_INCREMENT PRIMARY KEY,"
        " name VARCHAR(255) NOT NULL, address VARCHAR(255) NOT NULL,"
        " city VARCHAR(255) NOT NULL, state VARCHAR(255) NOT NULL,"
        " email VARCHAR(255) NOT NULL, phone VARCHAR(100) NOT NULL)"
        " ENGINE=MyISAM DEFAULT CHARSET=latin1;"
        f"INSERT INTO other ({COPY}) SELECT {COPY} FROM suppliers;"
        "DROP TABLE suppliers; RENAME TABLE other TO suppliers",
        ["the column suppliers.country", "the column suppliers.notes",
         "suppliers is MyISAM", "suppliers.name is latin1",
         "the trigger suppliers_added"]),
    "no_log": ("DROP TABLE supplier_changes", ["the table supplier_changes"]),
    "no_keys": ("DROP TABLE supplier_form_keys",
                ["the table supplier_form_keys"]),
    "no_imports": ("DROP TABLE supplier_imports, supplier_import_rows",
                   ["the table supplier_imports",
                    "the table supplier_import_rows"]),
    "no_groups": ("DROP TABLE supplier_change_groups",
                  ["the table supplier_change_groups"]),
    "no_counter": ("DELETE FROM supplier_revision", ["the counter"]),
    "counter_behind": ("UPDATE supplier_revision SET n = 1", ["the counter"]),
    "truncated": ("TRUNCATE suppliers",
                  ["in the log: supplier 1 and 2 more"]),
    "cascade": ("CREATE TABLE cities (id INT PRIMARY KEY);"
                "INSERT INTO cities VALUES (1);"
                "ALTER TABLE suppliers ADD town INT NULL INVISIBLE,"
                " ADD FOREIGN KEY (town) REFERENCES cities (id)"
                " ON DELETE CASCADE; UPDATE suppliers SET town = 1;"
                "DELETE FROM cities", ["in the log: supplier 1 and 2 more"]),
    "everything_but_the_rows": (
        "DROP TABLE supplier_changes, supplier_revision, supplier_form_keys;"
        + ALL_TRIGGERS, ["the table supplier_revision"]),
}


@pytest.fixture(name="three")
def make_three(database):
    """A migrated database with three suppliers."""
    database.sql(f"INSERT {INTO} VALUES" + values("n", "o", "p") + ";" + WRITER)
    return database


def migrate(server, *flags):
    done = server.migrate(*flags)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def assert_the_log_is_whole(server):
    """Nobody's change is missing in it, and the next ones are logged."""
    log = Log(server)
    entries = log.entries()
    last = {e.id: e for e in entries}
    assert {i: e.fields for i, e in last.items() if e.action != "remove"} == \
        log.table()
    assert len({e.revision for e in entries}) == len(entries)
    server.sql(f"INSERT {INTO} VALUES" + values("later") +
               ";UPDATE suppliers SET city = 'elsewhere';"
               "DELETE FROM suppliers WHERE name = 'later'")
    actions = [e.action for e in log.new()]
    assert actions[0] == "add" and actions[-1] == "remove"
    assert actions.count("update") == len(actions) - 2


@pytest.mark.parametrize("loss", LOSSES)
def test_what_is_missing_is_named_and_comes_back(three, loss):
    sql, words = LOSSES[loss]
    three.sql(sql)
    dry = migrate(three, "--dry-run")
    assert all(word in dry for word in words), dry
    output = migrate(three)
    assert all(word in output for word in words), output
    assert "Everything that was missing has been restored" in output
    assert "missing: " not in migrate(three)
    assert_the_log_is_whole(three)


def test_changes_without_triggers_enter_the_log_afterwards(three):
    """Byte by byte, as a collation would not."""
    log = Log(three)
    three.sql(ALL_TRIGGERS + ";UPDATE suppliers SET name = 'N' WHERE id = 1;"
              "DELETE FROM suppliers WHERE id = 2;"
              "UPDATE suppliers SET city = 'ç' WHERE id = 3;"
              f"INSERT {INTO} VALUES" + values("q"))
    output = migrate(three)
    assert "in the log: supplier 1 and 3 more" in output, output
    entries = log.new()
    assert sorted((e.id, e.action) for e in entries) == [
        (1, "update"), (2, "remove"), (3, "update"), (4, "adopt")]
    migrate(three)
    log.expect()


def test_who_comes_again_after_a_removal_is_added(three):
    log = Log(three)
    three.sql("DELETE FROM suppliers WHERE id = 2")
    three.sql("DROP TRIGGER suppliers_added; INSERT INTO suppliers VALUES"
              " (2, 'o', 'a', 'c', 's', 'e', '5550100')")
    migrate(three)
    assert [(e.action, e.id) for e in log.new()] == \
        [("remove", 2), ("add", 2)]


def test_suppliers_that_are_gone_are_not_taken_for_removed(three):
    log = Log(three)
    three.sql("RENAME TABLE suppliers TO elsewhere")
    done = three.migrate()
    assert done.returncode == 1 and "The table suppliers is missing" in \
        done.stderr, done.stderr
    assert ["suppliers"] not in three.sql("SHOW TABLES")
    three.sql("RENAME TABLE elsewhere TO suppliers")
    migrate(three)
    log.expect()
    assert_the_log_is_whole(three)


def restore_a_dump(server, triggers=True, definer="`migrate`@`%`"):
    """The tables in another database of the same name, as a dump brings them:
    without functions, and perhaps without triggers or their account."""
    made = [server.sql(f"SHOW CREATE TRIGGER {name}") for name in NAMES]
    bodies = ["\n".join("\t".join(line) for line in lines).split("\t")[2]
              for lines in made]
    tables = [line[0] for line in server.sql("SHOW TABLES")]
    server.sql(ALL_TRIGGERS + ";CREATE OR REPLACE DATABASE kept;" +
               "".join(f"RENAME TABLE {t} TO kept.{t};" for t in tables) +
               "DROP DATABASE COFFEE; CREATE DATABASE COFFEE;" +
               "".join(f"RENAME TABLE kept.{t} TO COFFEE.{t};"
                       for t in tables) + "DROP DATABASE kept")
    if triggers:
        with Session(server, server.admin) as session:
            for body in bodies:
                session.run(body.replace("`migrate`@`%`", definer))


@pytest.mark.parametrize("triggers", (True, False))
def test_a_dump_comes_back_whole(three, triggers):
    restore_a_dump(three, triggers)
    assert ("missing: the trigger" in migrate(three)) != triggers
    assert_the_log_is_whole(three)


def test_triggers_of_an_account_that_is_gone_are_made_anew(three):
    restore_a_dump(three, definer="`gone`@`elsewhere`")
    assert "gone" in three.refused("UPDATE suppliers SET city = 'x'")
    output = migrate(three)
    assert "it runs as another account, gone@elsewhere" in output, output
    assert_the_log_is_whole(three)


# Daemons.

def logged_with_remedy(daemon, words):
    """What the log says of a failure that has a remedy, once it does."""
    return harness.wait_until(
        lambda: next((line for line in daemon.lines() if line.get("remedy")
                      and words in line.get("error", line["msg"])), None),
        f"{words} is in the log")


@pytest.mark.parametrize("name", ("customer", "employee"))
@pytest.mark.parametrize("loss", ("one_trigger", "all_triggers", "swapped",
                                  "older_body"))
def test_a_daemon_says_that_triggers_are_missing(three, start, name, loss):
    daemon = start(name, three)
    assert daemon.get("/readyz").status == 200
    three.sql(LOSSES[loss][0])
    answer = daemon.get("/readyz")
    assert answer.status == 503
    assert "triggers" in answer.text and "employee --migrate" in answer.text
    line = logged_with_remedy(daemon, "triggers")
    assert "employee --migrate" in line["remedy"]
    migrate(three)
    three.sql((harness.ROOT / "deploy/local/grants.sql").read_text())
    assert daemon.get("/readyz").status == 200


def test_a_daemon_says_it_also_when_nobody_asks(three, start):
    customer = start("customer", three, APP_CATALOG_COMPARE_MS=100)
    three.sql(ALL_TRIGGERS)
    logged_with_remedy(customer, "triggers")


def test_what_no_trigger_has_seen_is_shown_and_told(three, start):
    """Without the right to ask for the triggers."""
    three.sql("REVOKE EXECUTE ON FUNCTION supplier_triggers"
              " FROM customer@'%'")
    customer = start("customer", three, APP_CATALOG_COMPARE_MS=100)
    # it is ready before it has read them
    assert len(json.loads(customer.get("/suppliers.json").body)) == 3
    three.sql("TRUNCATE suppliers")
    harness.wait_until(
        lambda: customer.get("/suppliers.json").body.strip() == b"[]",
        "the pages show it")
    line = logged_with_remedy(customer, "without a log entry")
    assert "TRUNCATE" in line["remedy"]
    assert "employee --migrate" in line["remedy"]


def test_nothing_is_saved_without_triggers(three, start):
    employee = start("employee", three)
    three.sql("DROP TRIGGER suppliers_added")
    done = employee.post("/admin/supplier-add", harness.SUPPLIER)
    assert done.status == 503
    assert "employee --migrate" in done.text
    assert harness.SUPPLIER["name"] in done.text
    assert three.sql("SELECT COUNT(*) FROM suppliers") == [["3"]]
    assert "older" not in logged_with_remedy(employee, "triggers")["error"]
    migrate(three)
    done = employee.post("/admin/supplier-add", harness.SUPPLIER)
    assert done.status == 303, done.text


# Accounts and servers.

def test_an_account_may_lack_the_right_to_functions(server):
    server.make_empty()
    server.sql("REVOKE CREATE ROUTINE ON COFFEE.* FROM migrate@'%'")
    output = migrate(server)
    assert "CREATE ROUTINE" in output and "note: " in output
    server.sql("GRANT CREATE ROUTINE ON COFFEE.* TO migrate@'%'")
    assert "CREATE ROUTINE" not in migrate(server)


@pytest.fixture(name="strict", scope="module")
def start_strict_server():
    """A server with a binary log of statements."""
    folder = pathlib.Path(harness.make_folder())
    server = harness.Database(folder, "--log-bin", "--server-id=1",
                              "--binlog-format=STATEMENT",
                              "--log-bin-trust-function-creators=1")
    server.start()
    yield server
    server.stop()
    harness.remove_folder(folder)


def assert_advised(server, *words):
    server.make_empty()
    done = server.migrate()
    assert done.returncode == 1
    output = done.stdout + done.stderr
    assert all(word in output for word in words), output
    assert server.sql("SHOW TABLES") == []
    return output


def test_a_log_of_statements_is_named(strict, start):
    assert_advised(strict, "binlog_format = ROW", "(1665)",
                   "Cannot execute statement: impossible to write to binary",
                   "Nothing was changed")
    strict.sql("SET GLOBAL binlog_format = 'MIXED'", "mysql")
    strict.make_ready()
    strict.sql("SET GLOBAL binlog_format = 'STATEMENT'", "mysql")
    employee = start("employee", strict)
    assert employee.post("/admin/supplier-add",
                         harness.SUPPLIER).status == 503
    line = logged_with_remedy(employee, "database is unavailable")
    assert "binlog_format = ROW" in line["remedy"]
    assert "impossible to write to binary log" in line["reason"]


def test_a_read_only_server_is_named(strict):
    strict.sql("SET GLOBAL binlog_format = 'MIXED'", "mysql")
    strict.make_empty()
    strict.sql("SET GLOBAL read_only = 1", "mysql")
    try:
        done = strict.migrate()
    finally:
        strict.sql("SET GLOBAL read_only = 0", "mysql")
    output = done.stdout + done.stderr
    assert done.returncode == 1
    for word in ("(1290)", "--read-only option", "read_only = 0",
                 "Nothing was changed"):
        assert word in output, output
    assert strict.sql("SHOW TABLES") == []


def test_a_lock_that_is_held_is_named(three):
    three.sql("DROP TRIGGER suppliers_added")
    with Session(three, "migrate") as other:
        other.run("BEGIN")
        other.run("UPDATE supplier_revision SET n = n")
        done = three.migrate()
    output = done.stdout + done.stderr
    assert done.returncode == 1
    assert "(1205)" in output and "holds the lock" in output, output
    assert "Everything that was missing has been restored" in migrate(three)
    assert_the_log_is_whole(three)
