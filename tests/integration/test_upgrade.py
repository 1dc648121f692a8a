"""A database of the version before is migrated while everybody goes on writing,
and daemons of both versions share it afterwards."""
import re

import pymysql
import pytest

import fields
import harness
from change_log import INTO, Log, Session, values
from writers import Background, connect, query

FOLDER = harness.ROOT / "libcafe/suppliers/migrations"
FILES = sorted(FOLDER.glob("*.sql"))
NEWEST = max(field.since for field in fields.TABLE)
NEW = [field.name for field in fields.TABLE if field.since == NEWEST]
OLD = [field.name for field in fields.TABLE if field.since < NEWEST]
# What the triggers in the files of migrations log. Programs put their own there.
LOGGED = [field.name for field in fields.TABLE if field.since <= 3]

NOTES = """CREATE TABLE cafe_migrations (number INT NOT NULL PRIMARY KEY,
 name VARCHAR(255) NOT NULL, checksum CHAR(64) NOT NULL,
 at DATETIME(6) NOT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"""

WATCH = """CREATE FUNCTION supplier_triggers() RETURNS INT READS SQL DATA
 RETURN (SELECT COUNT(*) FROM information_schema.TRIGGERS
 WHERE TRIGGER_SCHEMA = DATABASE() AND EVENT_OBJECT_TABLE = 'suppliers'
 AND ACTION_STATEMENT LIKE '%INSERT INTO supplier_changes%')"""


def steps_of(path):
    return [step for step in path.read_text().split("\n-- step\n")
            if step.strip()]


def steps_of_grants():
    """Those of this version: the one before had fewer tables."""
    text = (harness.ROOT / "deploy/local/grants.sql").read_text()
    return re.findall(r"GRANT [^;]*;", text)


def make_older(server):
    """A database as the version before the newest field left it."""
    server.make_empty()
    with Session(server, "migrate") as session:
        session.run(NOTES)
        for number, path in enumerate(FILES[:NEWEST - 1], 1):
            for step in steps_of(path):
                session.run(step)
            session.run("INSERT INTO cafe_migrations VALUES"
                        " (%s, %s, SHA2(%s, 256), UTC_TIMESTAMP(6))",
                        number, path.stem, path.read_text())
        session.run(WATCH)
    server.sql("".join(grant for grant in steps_of_grants()
                       if not re.search("cafe_keys|supplier_import|change_groups",
                                     grant)))


@pytest.fixture(name="older")
def make_older_with_suppliers(server):
    make_older(server)
    server.sql(f"INSERT {INTO} VALUES" + values(*"abcdef"))
    yield server
    server.make_empty()


def migrate(server):
    done = server.migrate()
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Writers:
    """Programs that write by SQL, each statement a transaction of its own."""

    def __init__(self, server):
        self.server = server
        self.writes = {number: 0 for number in range(1, 5)}
        self.added = 0
        self.new = 0

    def updater(self, number):
        """What daemons of the version before write."""
        connection = connect(self.server)
        columns = ", ".join(f"{name} = %s" for name in LOGGED)

        def step():
            query(connection, f"UPDATE suppliers SET {columns} WHERE id = %s",
                  *(f"{name} {self.writes[number] + 1}" for name in LOGGED),
                  number)
            self.writes[number] += 1
        return step

    def adder(self):
        connection = connect(self.server)

        def step():
            query(connection, f"INSERT {INTO} VALUES" + values("new"))
            query(connection, "DELETE FROM suppliers WHERE name = 'new'")
            self.added += 1
        return step

    def early(self):
        """Writes the new column as soon as it is there."""
        connection = connect(self.server)

        def step():
            try:
                query(connection, f"UPDATE suppliers SET {NEW[0]} = %s"
                      " WHERE id = 5", f"https://{self.new + 1}.example")
                self.new += 1
            except pymysql.err.OperationalError as error:
                assert error.args[0] == 1054, error  # no such column yet
        return step

    def steps(self):
        return [*(self.updater(number) for number in self.writes),
                self.adder(), self.early()]

    def done(self):
        return min(*self.writes.values(), self.added)


def await_more(writers, count=5):
    least = writers.done() + count
    harness.wait_until(lambda: writers.done() >= least, "writers go on")


def test_no_change_is_missed_while_it_is_migrated(older):
    """Each is logged once; nobody is refused."""
    log = Log.__new__(Log)
    writers = Writers(older)
    with Background(writers.steps()) as background:
        await_more(writers)
        assert "applied" in migrate(older)
        await_more(writers)
        harness.wait_until(lambda: writers.new > 3, "the column is written")
        background.ended.set()
    log.session = Session(older, "migrate")
    entries = log.entries()
    last = {entry.id: entry for entry in entries}
    assert [e.revision for e in entries] == list(range(1, len(entries) + 1))
    for number, count in writers.writes.items():
        assert sum(e.id == number for e in entries) == count + 1
    assert {i: e.fields for i, e in last.items() if e.action != "remove"} == \
        log.table()
    assert sum(e.action == "remove" for e in entries) == writers.added
    assert "missing: " not in migrate(older)


def test_new_daemons_wait_for_the_migration(older, start):
    daemons = {name: start(name, older) for name in ("customer", "employee")}
    for daemon in daemons.values():
        answer = daemon.get("/readyz")
        assert answer.status == 503 and "employee --migrate" in answer.text
    migrate(older)
    for name, daemon in daemons.items():
        harness.wait_until(lambda d=daemon: d.get("/readyz").status == 200,
                           f"{name} serves")
    assert ">a</a>" in daemons["customer"].get("/suppliers").text


def test_what_was_there_is_whole(older):
    before = older.sql("SELECT * FROM suppliers ORDER BY id")
    log = older.sql(f"SELECT revision, {', '.join(OLD)} FROM supplier_changes")
    migrate(older)
    assert older.sql("SELECT * FROM suppliers ORDER BY id") == before
    assert older.sql(f"SELECT revision, {', '.join(OLD)}"
                     " FROM supplier_changes") == log


def test_daemons_of_the_version_before_go_on(older):
    """Their statements, beside the new schema: what they don't know stays."""
    migrate(older)
    older.sql(f"UPDATE suppliers SET {NEW[0]} = 'https://a.example'"
              " WHERE id = 1")
    log = Log(older)
    names, marks = ", ".join(OLD), ", ".join(f"'{name}'" for name in OLD)
    older.sql(f"UPDATE suppliers SET {', '.join(f'{n} = 1' for n in OLD)}"
              " WHERE id = 1;"
              f"INSERT INTO suppliers ({names}) VALUES ({marks});"
              f"INSERT INTO suppliers ({names}, id) VALUES ({marks}, 99);"
              "DELETE FROM suppliers WHERE id = 99;"
              "INSERT INTO suppliers VALUES"
              " (100, 'n', 'a', 'c', 's', 'e', '5550100')")
    entries = log.new()
    assert [e.action for e in entries] == \
        ["update", "add", "add", "remove", "add"]
    assert older.sql(f"SELECT {NEW[0]} FROM suppliers WHERE id = 1") == \
        [["https://a.example"]]
    assert older.sql("SELECT supplier_triggers()") == [["3"]]


def test_triggers_of_the_version_before_are_exchanged_again(older, start):
    """Its --migrate puts them back; the next one of this version notices."""
    migrate(older)
    steps = [step for path in FILES[:NEWEST - 1] for step in steps_of(path)
             if re.search(r"(CREATE|DROP) TRIGGER", step)]
    with Session(older, "migrate") as session:
        for step in steps:
            session.run(step)
    older.sql(f"UPDATE suppliers SET city = 'x', {NEW[0]} = 'https://a.example'"
              " WHERE id = 1")
    output = migrate(older)
    assert "it differs from this program's" in output
    assert "in the log: supplier 1" in output
    entries = [e for e in Log(older).entries() if e.id == 1]
    assert [e.action for e in entries] == ["add", "update", "update"]
    assert "https://a.example" in entries[-1].fields
    assert start("customer", older).get("/readyz").status == 200
