"""The change log has every change of a supplier, whatever made it."""
import collections
import random
import re
import threading

import pymysql
import pytest

from change_log import COLUMNS, FIELDS, INTO, WRITER, Log, Session, row, values

WRITERS = 8
TRANSACTIONS = 200
ER_DUP_ENTRY, ER_LOCK_WAIT_TIMEOUT, ER_DEADLOCK = 1062, 1205, 1213
ER_DATA_TOO_LONG = 1406
DEADLOCKS = (ER_DEADLOCK, ER_LOCK_WAIT_TIMEOUT, ER_DUP_ENTRY)

Case = collections.namedtuple("Case", "sql affected last_id changes")

WITH_ID = "INTO suppliers (id, name, address, city, state, email, phone)"
LOAD = "LOAD DATA LOCAL INFILE 'ROWS' {} TABLE suppliers" \
       " FIELDS TERMINATED BY ',' ({}, name, address, city, state, email," \
       " phone)"
FILE = "2,n,a,c,s,e,5550100\n8,o,a,c,s,e,5550100\n"
ONE_AND_THREE = "(SELECT 1 AS id UNION SELECT 3) d ON s.id = d.id"


def numbered(*rows):
    return ", ".join(f"({number}, '{name}', 'a', 'c', 's', 'e', '5550100')"
                     for number, name in rows)


def add(number, name, **changed):
    return "add", number, row(name, **changed)


def update(number, name, **changed):
    return "update", number, row(name, **changed)


def remove(number, name, **changed):
    return "remove", number, row(name, **changed)


# Before each there are 1 'a', 2 'b' and 3 'c'.
CASES = {
    "insert": Case(f"INSERT {INTO} VALUES {values('n')}", 1, 4,
                   [add(4, "n")]),
    "insert_set": Case(
        "INSERT INTO suppliers SET name = '☕', address = '', city = '',"
        " state = '', email = '', phone = ''", 1, 4,
        [add(4, "☕", address="", city="", state="", email="", phone="")]),
    "insert_every_column": Case(
        f"INSERT INTO suppliers ({COLUMNS}) VALUES"
        f" ({', '.join(repr(name) for name in FIELDS)})", 1, 4,
        [add(4, **{name: name for name in FIELDS})]),
    "insert_of_several": Case(
        f"INSERT {INTO} VALUES {values('n', 'o', 'p')}", 3, 4,
        [add(4, "n"), add(5, "o"), add(6, "p")]),
    "insert_with_an_id": Case(
        f"INSERT {WITH_ID} VALUES {numbered((9, 'n'))}", 1, 0,
        [add(9, "n")]),
    "insert_select": Case(
        f"INSERT {INTO} SELECT CONCAT(name, '2'), address, city, state,"
        " email, phone FROM suppliers WHERE id <= 2 ORDER BY id", 2, 4,
        [add(4, "a2"), add(5, "b2")]),
    "insert_ignore": Case(
        f"INSERT IGNORE {WITH_ID} VALUES {numbered((2, 'n'), (8, 'o'))}",
        1, 0, [add(8, "o")]),
    "insert_ignore_of_a_duplicate_only": Case(
        f"INSERT IGNORE {WITH_ID} VALUES {numbered((2, 'n'))}", 0, 0, []),
    "on_duplicate_key": Case(
        f"INSERT {WITH_ID} VALUES {numbered((2, 'n'), (8, 'o'))}"
        " ON DUPLICATE KEY UPDATE name = VALUES(name)", 3, 0,
        [update(2, "n"), add(8, "o")]),
    "on_duplicate_key_with_id_asked_for": Case(
        f"INSERT {WITH_ID} VALUES {numbered((2, 'n'))}"
        " ON DUPLICATE KEY UPDATE name = 'N', id = LAST_INSERT_ID(id)", 2, 2,
        [update(2, "N")]),
    "on_duplicate_key_without_effect": Case(
        f"INSERT {WITH_ID} VALUES {numbered((2, 'b'))}"
        " ON DUPLICATE KEY UPDATE name = VALUES(name)", 0, 0,
        [update(2, "b")]),
    "replace": Case(
        f"REPLACE {WITH_ID} VALUES {numbered((2, 'n'), (8, 'o'))}", 3, 0,
        [remove(2, "b"), add(2, "n"), add(8, "o")]),
    "replace_without_an_id": Case(
        f"REPLACE {INTO} VALUES {values('n')}", 1, 4, [add(4, "n")]),
    "update": Case(
        "UPDATE suppliers SET country = 'x', notes = '* y' WHERE id = 2", 1,
        0, [update(2, "b", country="x", notes="* y")]),
    "update_of_many": Case(
        "UPDATE suppliers SET phone = '1'", 3, 0,
        [update(1, "a", phone="1"), update(2, "b", phone="1"),
         update(3, "c", phone="1")]),
    "update_of_none": Case(
        "UPDATE suppliers SET phone = '1' WHERE id = 7", 0, 0, []),
    "update_that_changes_nothing": Case(
        "UPDATE suppliers SET name = name WHERE id < 3", 0, 0,
        [update(1, "a"), update(2, "b")]),
    "update_of_the_case": Case(
        "UPDATE suppliers SET name = 'A' WHERE name = 'a'", 1, 0,
        [update(1, "A")]),
    "update_of_an_accent": Case(
        "UPDATE suppliers SET name = 'á' WHERE name = 'a'", 1, 0,
        [update(1, "á")]),
    "update_of_the_id": Case(
        "UPDATE suppliers SET id = 10, name = 'n' WHERE id = 2", 1, 0,
        [remove(2, "b"), add(10, "n")]),
    "update_of_all_ids": Case(
        "UPDATE suppliers SET id = id + 1 ORDER BY id DESC", 3, 0,
        [remove(3, "c"), add(4, "c"), remove(2, "b"), add(3, "b"),
         remove(1, "a"), add(2, "a")]),
    "update_ignore": Case(
        "UPDATE IGNORE suppliers SET phone = REPEAT('1', 101)"
        " WHERE id = 2", 1, 0, [update(2, "b", phone="1" * 100)]),
    "update_ignore_of_an_id": Case(
        "UPDATE IGNORE suppliers SET id = id + 1 WHERE id >= 2 ORDER BY id",
        1, 0, [remove(3, "c"), add(4, "c")]),
    "update_with_a_join": Case(
        f"UPDATE suppliers s JOIN {ONE_AND_THREE} SET s.name = 'n'", 2, 0,
        [update(1, "n"), update(3, "n")]),
    "delete": Case("DELETE FROM suppliers WHERE id = 2", 1, 0,
                   [remove(2, "b")]),
    "delete_of_all": Case("DELETE FROM suppliers", 3, 0,
                          [remove(1, "a"), remove(2, "b"), remove(3, "c")]),
    "delete_of_none": Case("DELETE FROM suppliers WHERE id = 7", 0, 0, []),
    "delete_with_a_join": Case(
        f"DELETE s FROM suppliers s JOIN {ONE_AND_THREE}", 2, 0,
        [remove(1, "a"), remove(3, "c")]),
    "load_data": Case(LOAD.format("INTO", "id"), 1, 0, [add(8, "o")]),
    "load_data_without_ids": Case(LOAD.format("INTO", "@none"), 2, 4,
                                  [add(4, "n"), add(5, "o")]),
    "load_data_replace": Case(
        LOAD.format("REPLACE INTO", "id"), 3, 0,
        [remove(2, "b"), add(2, "n"), add(8, "o")]),
}


@pytest.fixture(name="log")
def make_log(database):
    """The log after three suppliers, and beside them a table of the same
    rows that nothing watches."""
    database.sql(
        "CREATE TABLE plain LIKE suppliers;" + WRITER +
        "GRANT SELECT, INSERT, UPDATE, DELETE ON COFFEE.plain TO writer@'%';"
        "SET GLOBAL local_infile = 1;")
    with Session(database, "migrate") as session:
        for table in ("suppliers", "plain"):
            session.run(f"INSERT {INTO} VALUES".replace("suppliers", table) +
                        values("a", "b", "c"))
    log = Log(database)
    assert log.known == 3
    yield log
    log.session.connection.close()


@pytest.fixture(name="writer")
def make_writer(database, log):
    with Session(database, "writer") as session:
        yield session


def effect(database, sql):
    """All that a client learns of a statement: the rows affected, the id of
    the answer, the one asked for, and the warnings."""
    with Session(database, "writer", local_infile=True) as session:
        affected = session.run(sql)
        answered = session.cursor.lastrowid
        warnings = session.ask("SHOW WARNINGS")
        return affected, session.ask_one("SELECT LAST_INSERT_ID()")[0], \
            answered, warnings


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_statement_is_logged_and_has_the_effect_it_had(database, folder,
                                                         log, case):
    (folder / "rows.csv").write_text(FILE)
    sql = case.sql.replace("ROWS", str(folder / "rows.csv"))
    seen = effect(database, sql)
    assert seen[:2] == (case.affected, case.last_id)
    log.expect(*case.changes)
    assert effect(database, re.sub(r"\bsuppliers\b", "plain", sql)) == seen
    assert log.table("plain") == log.table()
    log.expect()


def test_a_row_replaced_by_the_same_is_logged(log, writer):
    """With triggers MariaDB counts two rows here, without them one."""
    assert writer.run(f"REPLACE {WITH_ID} VALUES {numbered((2, 'b'))}") == 2
    log.expect(remove(2, "b"), add(2, "b"))


def test_names_are_logged_as_they_are_written(log, writer):
    for name in ("A", "á", "Á", "a", "a "):
        assert writer.run("UPDATE suppliers SET name = %s WHERE id = 1",
                          name) == 1
        log.expect(update(1, name))


def test_a_rollback_leaves_no_trace(log, writer):
    writer.run("BEGIN")
    writer.run(f"INSERT {INTO} VALUES {values('n', 'o')}")
    writer.run("UPDATE suppliers SET name = 'x'")
    writer.run("DELETE FROM suppliers WHERE id = 2")
    writer.run("ROLLBACK")
    log.expect()
    writer.run("DELETE FROM suppliers WHERE id = 3")
    log.expect(remove(3, "c"))


def test_a_transaction_is_logged_when_it_commits(log, writer):
    writer.run("BEGIN")
    writer.run(f"INSERT {INTO} VALUES {values('n')}")
    writer.run("UPDATE suppliers SET id = 9 WHERE name = 'n'")
    log.expect()
    writer.run("COMMIT")
    log.expect(add(4, "n"), remove(4, "n"), add(9, "n"))


def test_a_savepoint_takes_back_what_came_after_it(log, writer):
    writer.run("BEGIN")
    writer.run("UPDATE suppliers SET name = 'x' WHERE id = 1")
    writer.run("SAVEPOINT here")
    writer.run("DELETE FROM suppliers")
    writer.run("ROLLBACK TO SAVEPOINT here")
    writer.run("UPDATE suppliers SET name = 'y' WHERE id = 2")
    writer.run("COMMIT")
    log.expect(update(1, "x"), update(2, "y"))


def test_a_failing_statement_is_not_logged(log, writer):
    two = f"INSERT {WITH_ID} VALUES {numbered((8, 'n'), (2, 'o'))}"
    assert writer.refused(two) == ER_DUP_ENTRY
    assert writer.refused("UPDATE suppliers SET id = IF(id = 1, 9, 3)"
                          " ORDER BY id") == ER_DUP_ENTRY
    assert writer.refused("UPDATE suppliers SET phone = IF(id < 3, '1',"
                          " REPEAT('1', 101))") == ER_DATA_TOO_LONG
    log.expect()
    writer.run("BEGIN")
    writer.run(f"INSERT {INTO} VALUES {values('p')}")
    number = writer.ask_one("SELECT LAST_INSERT_ID()")[0]
    assert writer.refused(two) == ER_DUP_ENTRY
    writer.run("COMMIT")
    log.expect(add(number, "p"))


def test_a_writer_that_gives_up_waiting_changes_nothing(database, log,
                                                        writer):
    writer.run("SET innodb_lock_wait_timeout = 0")
    with Session(database, "writer") as other:
        other.run("BEGIN")
        other.run("UPDATE suppliers SET name = 'x' WHERE id = 1")
        assert writer.refused("DELETE FROM suppliers WHERE id = 2") == \
            ER_LOCK_WAIT_TIMEOUT
        other.run("COMMIT")
    log.expect(update(1, "x"))


def test_who_changed_it_is_logged(log, writer):
    writer.run("SET @cafe_actor = 'Zoë 咖啡', @cafe_form_key = %s", "k" * 22)
    writer.run(f"REPLACE {WITH_ID} VALUES {numbered((2, 'n'), (8, 'o'))}")
    writer.run("UPDATE suppliers SET id = 9 WHERE id = 8")
    log.expect(remove(2, "b"), add(2, "n"), add(8, "o"), remove(8, "o"),
               add(9, "o"), actor="Zoë 咖啡", form_key="k" * 22)
    writer.run("SET @cafe_actor = NULL, @cafe_form_key = NULL")
    writer.run("UPDATE suppliers SET name = 'x' WHERE id = 9")
    log.expect(update(9, "x"))


def test_who_changed_it_is_cut(log, writer):
    writer.run("SET @cafe_actor = %s, @cafe_form_key = %s", "é" * 300,
               "k" * 30)
    writer.run("UPDATE suppliers SET name = 'x' WHERE id = 1")
    log.expect(update(1, "x"), actor="é" * 255, form_key="k" * 22)
    writer.run(f"INSERT {INTO} VALUES {values('n')}")
    writer.run("DELETE FROM suppliers WHERE id = 2")
    log.expect(add(4, "n"), remove(2, "b"), actor="é" * 255,
               form_key="k" * 22)


def test_a_restore_is_logged_as_such(log, writer):
    writer.run("DELETE FROM suppliers WHERE id = 2")
    writer.run("SET @cafe_action = 'restore'")
    writer.run(f"INSERT {WITH_ID} VALUES {numbered((2, 'b'))}")
    writer.run("UPDATE suppliers SET name = 'x' WHERE id = 1")
    writer.run("DELETE FROM suppliers WHERE id = 3")
    writer.run("UPDATE suppliers SET id = 9 WHERE id = 2")
    writer.run("SET @cafe_action = NULL")
    writer.run("UPDATE suppliers SET name = 'y' WHERE id = 1")
    log.expect(remove(2, "b"), ("restore", 2, row("b")),
               ("restore", 1, row("x")), remove(3, "c"), remove(2, "b"),
               add(9, "b"), update(1, "y"))


def test_another_session_setup_makes_no_difference(database, log):
    with Session(database, "writer", charset="latin1") as writer:
        writer.run("SET time_zone = '+05:30', sql_mode = '',"
                   " tx_isolation = 'SERIALIZABLE'")
        writer.run("SET @cafe_actor = 'é'")
        writer.run("UPDATE suppliers SET name = REPEAT('é', 300)"
                   " WHERE id = 1")
        writer.run("INSERT INTO suppliers (name) VALUES ('n')")
    log.expect(update(1, "é" * 255),
               add(4, "n", address="", city="", state="", email="",
                   phone=""), actor="é")


class Many:
    """One of many writers: transactions of a few changes each, some of them
    taken back. It knows how many changes it committed."""

    def __init__(self, database, name, stopped):
        self.session = Session(database, "writer")
        self.session.run("SET innodb_lock_wait_timeout = 3")
        self.name = name
        self.stopped = stopped
        self.random = random.Random(name)
        self.committed = {}
        self.failure = None
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        try:
            for number in range(TRANSACTIONS):
                if self.stopped.is_set():
                    return
                self.transaction(f"{self.name}-{number}")
        except Exception as error:  # shown by the test's own thread
            self.failure = error
        finally:
            self.session.connection.close()

    def transaction(self, actor):
        self.session.run("BEGIN")
        self.session.run("SET @cafe_actor = %s", actor)
        changes = 0
        try:
            for number in range(self.random.randint(1, 4)):
                changes += self.change(f"{actor}-{number}")
        except pymysql.OperationalError as error:
            assert error.args[0] in DEADLOCKS, error
            self.session.run("ROLLBACK")
            return
        keep = self.random.random() < 0.7
        self.session.run("COMMIT" if keep else "ROLLBACK")
        if keep and changes:
            self.committed[actor] = changes

    def change(self, name):
        number = self.random.randint(1, 20)
        what = self.random.randint(0, 4)
        if what == 0:
            return self.insert(f"INSERT {INTO} VALUES {values(name)}")
        if what == 1:
            return self.session.run("DELETE FROM suppliers WHERE id = %s",
                                    number)
        if what == 2:
            self.session.run("SAVEPOINT here")
            self.session.run("UPDATE suppliers SET name = %s WHERE id = %s",
                             name, number)
            self.session.run("ROLLBACK TO SAVEPOINT here")
            return 0
        if what == 3:
            return self.insert(f"REPLACE {WITH_ID} VALUES" +
                               numbered((number, name)))
        return self.session.run("UPDATE suppliers SET name = %s"
                                " WHERE id BETWEEN %s AND %s", name, number,
                                number + 1)

    def insert(self, statement):
        """InnoDB may refuse it where somebody else replaces the row with the
        same id, chosen or given by the counter of ids."""
        try:
            return self.session.run(statement)
        except pymysql.IntegrityError as error:
            assert error.args[0] == ER_DUP_ENTRY and re.fullmatch(
                "Duplicate entry '(1?[0-9]|20)' for key 'PRIMARY'",
                error.args[1]), error
            raise pymysql.OperationalError(*error.args) from error


def look(reader, first):
    """One view of the counter and the log: no number is missing."""
    reader.run("START TRANSACTION WITH CONSISTENT SNAPSHOT")
    number, at = reader.ask_one("SELECT n, at FROM supplier_revision")
    last, count, last_at = reader.ask_one(
        "SELECT MAX(revision), COUNT(IF(revision > %s, 1, NULL)),"
        " MAX(IF(revision = %s, at, NULL)) FROM supplier_changes", first,
        number)
    reader.run("COMMIT")
    assert (last, count, last_at) == (number, number - first, at)
    return number


def follow(reader, first):
    """What a follower does: the counter first, then the log up to it. Who
    commits later has a higher number."""
    number, at = reader.ask_one("SELECT n, at FROM supplier_revision")
    rows = reader.ask("SELECT revision, at FROM supplier_changes"
                      " WHERE revision > %s ORDER BY revision", first)
    assert [row[0] for row in rows] == \
        list(range(first + 1, first + 1 + len(rows)))
    assert len(rows) >= number - first
    if number > first:
        assert rows[number - first - 1] == (number, at)
    return number


def test_revisions_are_in_the_order_of_commits(database, log):
    first = log.known
    stopped = threading.Event()
    writers = [Many(database, f"w{i}", stopped) for i in range(WRITERS)]
    seen = set()
    with Session(database, "migrate") as reader:
        try:
            while any(writer.thread.is_alive() for writer in writers):
                seen |= {look(reader, first), follow(reader, first)}
        finally:
            stopped.set()  # after the last one, or at a fault
            for writer in writers:
                writer.thread.join()
    assert [w.failure for w in writers if w.failure] == []
    assert len(seen) > WRITERS
    entries = log.new()
    blocks = [entries[0].actor]
    for before, entry in zip(entries, entries[1:]):
        if entry.actor != before.actor:
            blocks.append(entry.actor)
    committed = {a: n for w in writers for a, n in w.committed.items()}
    assert len(blocks) == len(set(blocks)), "a transaction was interrupted"
    assert collections.Counter(e.actor for e in entries) == committed
    for writer in writers:
        assert [a for a in blocks if a.startswith(f"{writer.name}-")] == \
            list(writer.committed)
