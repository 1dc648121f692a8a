"""Imports as the pages find them: a file that was compared, then its state."""
import contextlib

import harness
from test_import_command import Importer, supplier, table
from writers import connect, query

KEY = "k" * 22  # of an import that another task works on
BUSY = ("INSERT INTO supplier_imports (import_key, undo_key, state, task,"
        " file_name, settings, clear_empty, remove_missing, created, changed,"
        f" lease_until) VALUES ('{KEY}', '{KEY}', 'running', '{KEY}', 'f', '',"
        " 0, 0, NOW(6), NOW(6), UTC_TIMESTAMP(6) + INTERVAL 1 DAY)")


class Imports:
    """Makes previews, and looks at imports."""

    def __init__(self, database, folder):
        self.database = database
        self.importer = Importer(database, folder)

    def preview(self, *rows, argv=()):
        """Compare a file with the directory; returns the import's key."""
        self.database.sql(BUSY)
        self.importer.path.write_text(table(*rows), encoding="utf-8")
        done = self.importer.run("--import", self.importer.path, *argv)
        assert "another import is running" in done.stderr, done.stderr
        self.database.sql(
            f"DELETE FROM supplier_imports WHERE import_key = '{KEY}'")
        [[key]] = self.database.sql(
            "SELECT import_key FROM supplier_imports WHERE state = 'preview'")
        return key

    def many(self, count, **argv):
        return self.preview(*(supplier(f"n{i}") for i in range(count)), **argv)

    def changes(self, count):
        """Suppliers that are there, each of which a file changes."""
        self.importer(table(*(supplier(f"n{i}") for i in range(count))))
        return self.preview(*(supplier(f"n{i}", address="new")
                              for i in range(count)))

    def removals(self, count):
        """Suppliers that are there, of which a file has none."""
        self.importer(table(*(supplier(f"n{i}") for i in range(count + 1))))
        return self.preview(supplier("n0"), argv=("--remove-missing",))

    def end_lease(self):
        """Whether there was one to end."""
        return self.database.sql(
            "UPDATE supplier_imports SET lease_until = UTC_TIMESTAMP(6)"
            " - INTERVAL 1 MINUTE WHERE state = 'running' AND task <> '';"
            " SELECT ROW_COUNT()") == [["1"]]

    def end_preparing(self):
        """Let others prepare it; whether somebody has."""
        return self.database.sql(
            "UPDATE supplier_imports SET lease_until = UTC_TIMESTAMP(6)"
            " - INTERVAL 1 SECOND WHERE task LIKE '~_%';"
            " SELECT ROW_COUNT()") == [["1"]]

    def set(self, key, state):
        self.database.sql("UPDATE supplier_import_rows SET todo = 1"
                          " WHERE kind = 'missing' AND import_id IN (SELECT id"
                          " FROM supplier_imports WHERE remove_missing);"
                          f"UPDATE supplier_imports SET state = '{state}'"
                          f" WHERE import_key = '{key}'")

    def mark_written(self, key):
        """As it is done before they are undone."""
        self.database.sql(
            "UPDATE supplier_import_rows r JOIN supplier_imports i"
            " ON i.id = r.import_id SET todo = 1"
            f" WHERE import_key = '{key}' AND outcome = 'done'")

    def state(self, key):
        [[state]] = self.database.sql(
            f"SELECT state FROM supplier_imports WHERE import_key = '{key}'")
        return state

    def wait(self, key, *states, seconds=harness.WAIT_S):
        return harness.wait_until(
            lambda: self.state(key) in states and self.state(key),
            f"the import is {' or '.join(states)}", seconds)

    @contextlib.contextmanager
    def held(self, key, state="running"):
        """Within it, a daemon that works on this import waits for the counter
        of revisions, in the middle of a chunk."""
        holder, admin = connect(self.database, autocommit=False), connect(
            self.database)
        try:
            query(holder, "SELECT n FROM supplier_revision FOR UPDATE")
            self.set(key, state)
            harness.wait_until(
                lambda: query(admin, "SELECT 1 FROM"
                              " information_schema.PROCESSLIST WHERE info LIKE"
                              " 'UPDATE supplier_revision%'"),
                "a chunk waits")
            yield
        finally:
            holder.rollback()
            holder.close()
            admin.close()

    @contextlib.contextmanager
    def held_at(self, key, name, state="running"):
        """Within it, a daemon has written what is before the chunk of this
        supplier, or undone it, and waits for that supplier."""
        holder = connect(self.database, autocommit=False)
        number = self.number(name)
        try:
            query(holder, "SELECT id FROM suppliers WHERE id = %s FOR UPDATE",
                  number)
            before = self.outcomes(key)
            if state == "undoing":
                self.mark_written(key)
            self.set(key, state)
            harness.wait_until(lambda: self.outcomes(key) != before,
                               "a chunk is written")
            yield holder
        finally:
            holder.rollback()
            holder.close()

    def number(self, name):
        """The id of the supplier."""
        [[number]] = self.database.sql(
            f"SELECT id FROM suppliers WHERE name = '{name}'")
        return int(number)

    def outcomes(self, key):
        return dict(self.database.sql(
            "SELECT r.outcome, COUNT(*) FROM supplier_import_rows r"
            " JOIN supplier_imports i ON i.id = r.import_id"
            f" WHERE import_key = '{key}' AND r.outcome IS NOT NULL"
            " GROUP BY r.outcome"))

    def written(self):
        return int(self.database.sql("SELECT COUNT(*) FROM suppliers")[0][0])

    def check_once(self, count):
        """Each row of an import of new suppliers was written once."""
        sql = self.database.sql
        assert sql("SELECT COUNT(*), COUNT(DISTINCT name) FROM suppliers"
                   ) == [[str(count)] * 2]
        assert sql("SELECT action, COUNT(*) FROM supplier_changes"
                   " GROUP BY action") == [["add", str(count)]]

    @contextlib.contextmanager
    def held_range(self, key, n):
        """Within it, a daemon that prepares this import waits in the range
        that begins with row n; call the result to wait until it does. Its
        second row is held: MariaDB 11 locks the first with the range before."""
        holder, admin = connect(self.database, autocommit=False), connect(
            self.database)
        [[number]] = query(admin, "SELECT id FROM supplier_imports"
                           " WHERE import_key = %s", key)
        try:
            query(holder, "SELECT n FROM supplier_import_rows WHERE"
                  " import_id = %s AND n = %s FOR UPDATE", number, n + 1)
            yield lambda: harness.wait_until(
                lambda: query(admin, "SELECT 1 FROM supplier_import_rows,"
                              " information_schema.PROCESSLIST"
                              " WHERE import_id = %s AND n = %s AND todo = 1"
                              " AND info LIKE"
                              " 'UPDATE supplier_import_rows FORCE%%'",
                              number, n - 1), "a range waits")
        finally:
            holder.rollback()
            holder.close()
            admin.close()

    def waiting(self, key, of="todo = 1"):
        """How many rows wait, or fulfil something else."""
        [[count]] = self.database.sql(
            "SELECT COUNT(*) FROM supplier_import_rows r"
            " JOIN supplier_imports i ON i.id = r.import_id"
            f" WHERE import_key = '{key}' AND {of}")
        return int(count)
