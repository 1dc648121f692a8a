"""Suppliers from before the change log enter it once, also under writes."""
import contextlib
import threading

import harness
from change_log import WRITER, Log, Session, row
from test_adoption import adopt

ENTER = ("INSERT INTO suppliers SET name = %s, address = 'a', city = 'c',"
         " state = 's', email = 'e', phone = '5550100'")
WAITING = ("SELECT COUNT(*) FROM information_schema.PROCESSLIST"
           " WHERE USER = '{}' AND STATE LIKE 'Waiting for table metadata%'")


def migrate(server):
    done = server.migrate()
    assert done.returncode == 0, done.stdout + done.stderr


def migrate_the_log_again(server):
    """As after a migration that broke off before it was noted."""
    server.sql("DELETE FROM cafe_migrations WHERE name LIKE '0003%'")
    migrate(server)


def written_by_the_migration(log):
    entries = log.entries()
    assert {(e.actor, e.writer, e.form_key) for e in entries} <= \
        {(None, "migrate@localhost", None)}
    return [(e.revision, e.action, e.id, e.fields) for e in entries]


def assert_the_log_ends_as_the_table(log):
    """The last entry of each supplier is what it is now, or its removal."""
    entries = log.entries()
    number, at = log.counter()
    assert [e.revision for e in entries] == list(range(1, number + 1))
    assert entries[-1].at == at
    last = {e.id: e for e in entries}
    ends = {i: e.fields for i, e in last.items() if e.action != "remove"}
    assert ends == log.table()


def test_every_supplier_is_adopted_once(server):
    adopt(server)
    migrate(server)
    log = Log(server)
    adopted = written_by_the_migration(log)
    assert adopted == [
        (1, "adopt", 1, row("Ben &amp; Jerry", address="1 Hill Road",
                            city="Waterbury", state="VT", email="",
                            phone="8025550101")),
        (2, "adopt", 3, row("Café Łódź", address="x", city="y", state="z",
                            email="a@b.example")),
        (3, "adopt", 9, row("☕ 咖啡", address="x", city="y", state="z",
                            email="q", phone="+44 20 7946 0958"))]
    assert_the_log_ends_as_the_table(log)
    migrate(server)
    migrate_the_log_again(server)
    assert written_by_the_migration(log) == adopted
    log.expect()


def test_a_table_without_rows_leaves_the_counter_at_zero(server):
    server.make_empty()
    migrate(server)
    log = Log(server)
    assert log.entries() == [] and log.known == 0
    migrate_the_log_again(server)
    log.expect()


def test_the_first_change_after_adoption_has_the_next_number(server):
    adopt(server)
    migrate(server)
    log = Log(server)
    server.sql(WRITER)
    with Session(server, "writer") as writer:
        writer.run(ENTER, "n")
        writer.run("DELETE FROM suppliers WHERE id = 3")
    entries = log.new()
    assert [(e.revision, e.action, e.id) for e in entries] == \
        [(4, "add", 10), (5, "remove", 3)]
    migrate_the_log_again(server)
    log.expect()


def test_only_what_the_log_misses_is_adopted_later(server):
    """A supplier that came while there were no triggers."""
    adopt(server)
    migrate(server)
    log = Log(server)
    server.sql("DROP TRIGGER suppliers_added;"
               "INSERT INTO suppliers VALUES"
               " (20, 'n', 'a', 'c', 's', 'e', '5550100')")
    migrate_the_log_again(server)
    entries = log.entries(after=3)
    assert [(e.revision, e.action, e.id, e.fields) for e in entries] == \
        [(4, "adopt", 20, row("n"))]
    assert_the_log_ends_as_the_table(log)


def test_a_migration_that_breaks_off_can_go_on(server):
    """Rows are adopted with no gap between them and earlier numbers."""
    adopt(server)
    migrate(server)
    server.sql("DELETE FROM supplier_changes;"
               "UPDATE supplier_revision SET n = 0;"
               "DROP TRIGGER suppliers_changed; DROP TRIGGER suppliers_added;"
               "DELETE FROM suppliers WHERE id = 3")
    migrate_the_log_again(server)
    log = Log(server)
    assert [(e.revision, e.action, e.id) for e in log.entries()] == \
        [(1, "remove", 3), (2, "adopt", 1), (3, "adopt", 9)]
    assert_the_log_ends_as_the_table(log)


class Original:
    """The original app: enters suppliers one after the other."""

    def __init__(self, server):
        self.session = Session(server, "writer")
        self.entered = []
        self.failure = None
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        try:
            while not self.stopped.is_set():
                name = f"n{len(self.entered)}"
                self.session.run(ENTER, name)
                self.entered.append(name)
        except Exception as error:  # shown by the test's own thread
            self.failure = error

    def goes_on(self):
        enough = len(self.entered) + 20
        harness.wait_until(
            lambda: self.failure or len(self.entered) >= enough,
            "the original writes on")

    def stop(self):
        self.stopped.set()
        self.thread.join()
        self.session.connection.close()


def test_a_writer_meanwhile_loses_nothing(server):
    for _ in range(4):
        adopt(server)
        server.sql(WRITER)
        original = Original(server)
        try:
            original.goes_on()
            migrate(server)
            original.goes_on()
        finally:
            original.stop()
        assert original.failure is None
        log = Log(server)
        names = [fields[0] for _, fields in sorted(log.table().items())]
        assert names[3:] == original.entered
        assert_the_log_ends_as_the_table(log)
        assert len(log.entries()) == len(names)
        assert {"adopt", "add"} == {e.action for e in log.entries()}


def change(server, statements):
    """One transaction of the account writer."""
    with Session(server, "writer") as writer:
        writer.run("BEGIN")
        for statement in statements:
            writer.run(statement)
        writer.run("COMMIT")


@contextlib.contextmanager
def table_in_use(server):
    """A transaction that holds up every change of the table itself."""
    with Session(server, "writer") as reader:
        reader.run("BEGIN")
        reader.ask("SELECT id FROM suppliers")
        yield
        reader.run("COMMIT")


def wait_for(server, account):
    harness.wait_until(
        lambda: server.sql(WAITING.format(account)) == [["1"]],
        f"{account} waits")


def between_the_triggers(server, *statements):
    """Run a transaction after the first trigger was made: while the table is
    in use the migration waits to make it, the transaction after that."""
    adopt(server)
    migrate(server)
    server.sql("DROP TRIGGER suppliers_added;"
               "DROP TRIGGER suppliers_changed;"
               "DROP TRIGGER suppliers_removed;"
               "DROP TABLE supplier_changes, supplier_revision;" + WRITER)
    migration = threading.Thread(target=migrate_the_log_again,
                                 args=(server,))
    writer = threading.Thread(target=change, args=(server, statements))
    with table_in_use(server):
        migration.start()
        wait_for(server, "migrate")
        writer.start()
        wait_for(server, "writer")
    writer.join()
    migration.join()
    return Log(server)


def test_an_update_between_the_triggers_is_not_lost(server):
    log = between_the_triggers(server, ENTER.replace("%s", "'n'"),
                               "UPDATE suppliers SET name = 'x'")
    assert {fields[0] for fields in log.table().values()} == {"x"}
    assert_the_log_ends_as_the_table(log)


def test_a_removal_between_the_triggers_is_not_lost(server):
    log = between_the_triggers(server, ENTER.replace("%s", "'n'"),
                               "DELETE FROM suppliers WHERE name = 'n'",
                               "DELETE FROM suppliers WHERE id = 3")
    assert sorted(log.table()) == [1, 9]
    assert_the_log_ends_as_the_table(log)
