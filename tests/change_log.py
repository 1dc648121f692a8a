"""Reads the change log as the tests do, and holds it against the table."""
import collections

import pymysql

import fields
import harness

FIELDS = fields.NAMES
COLUMNS = ", ".join(FIELDS)

# Any account that may change suppliers and nothing else.
WRITER = """
CREATE OR REPLACE USER writer@'%' IDENTIFIED BY 'writer-password';
GRANT SELECT, INSERT, UPDATE, DELETE ON COFFEE.suppliers TO writer@'%';
"""

Entry = collections.namedtuple(
    "Entry", "revision action id fields actor writer form_key at")


def row(name, **changed):
    """The fields of a supplier that has little to say."""
    texts = {"name": name, "address": "a", "city": "c", "state": "s",
             "email": "e", "phone": "5550100", **changed}
    return tuple(texts.get(field, "") for field in FIELDS)


def values(*names):
    """Rows for an INSERT with the original's columns."""
    return ", ".join(f"('{name}', 'a', 'c', 's', 'e', '5550100')"
                     for name in names)


INTO = "INTO suppliers (name, address, city, state, email, phone)"


class Session:
    """A connection of one account to the database, autocommit at first."""

    def __init__(self, database, account, **options):
        self.connection = pymysql.connect(
            unix_socket=database.socket, user=account,
            password=harness.PASSWORDS.get(account, f"{account}-password"),
            database="COFFEE", autocommit=True, read_timeout=harness.WAIT_S,
            **{"charset": "utf8mb4", **options})
        self.cursor = self.connection.cursor()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def run(self, sql, *args):
        """Run a statement; the number of rows that it affected."""
        return self.cursor.execute(sql, args or None)

    def ask(self, sql, *args):
        self.run(sql, *args)
        return self.cursor.fetchall()

    def ask_one(self, sql, *args):
        answer, = self.ask(sql, *args)
        return answer

    def refused(self, sql, *args):
        """The number of the error that a statement ends with."""
        try:
            self.run(sql, *args)
        except pymysql.MySQLError as error:
            return error.args[0]
        raise AssertionError(f"not refused: {sql}")


class Log:
    """The change log. What was there at first is taken as it is."""

    def __init__(self, database):
        self.session = Session(database, "migrate")
        self.known, self.at = self.counter()
        self.since = self.now()
        self.rows = self.table()

    def counter(self):
        return self.session.ask_one("SELECT n, at FROM supplier_revision")

    def now(self):
        return self.session.ask_one("SELECT UTC_TIMESTAMP(6)")[0]

    def table(self, name="suppliers"):
        return {answer[0]: answer[1:] for answer in
                self.session.ask(f"SELECT id, {COLUMNS} FROM {name}")}

    def entries(self, after=0):
        end = 3 + len(FIELDS)
        return [Entry(*answer[:3], answer[3:end], *answer[end:])
                for answer in self.session.ask(
                    f"SELECT revision, action, supplier_id, {COLUMNS}, actor,"
                    " writer, form_key, at FROM supplier_changes"
                    " WHERE revision > %s ORDER BY revision", after)]

    def new(self):
        """What was logged since the last time. The numbers have no gap, the
        counter is the last one's, the times are later than this log's, and
        what it tells, one entry after the other, is what the table holds."""
        entries = self.entries(self.known)
        number, at = self.counter()
        until = self.now()
        assert [e.revision for e in entries] == \
            list(range(self.known + 1, number + 1))
        assert at == (entries[-1].at if entries else self.at)
        assert all(self.since <= e.at <= until for e in entries)
        self.rows = replay(entries, self.rows)
        assert self.rows == self.table()
        self.known, self.at = number, at
        return entries

    def expect(self, *changes, actor=None, form_key=None,
               writer="writer@localhost"):
        """Exactly these changes are new: action, id, fields."""
        entries = self.new()
        assert [(e.action, e.id, e.fields) for e in entries] == list(changes)
        assert all((e.actor, e.form_key, e.writer) ==
                   (actor, form_key, writer) for e in entries), entries


def replay(entries, rows):
    """The suppliers after these entries, given those before."""
    rows = dict(rows)
    for entry in entries:
        if entry.action in ("update", "remove"):
            assert entry.id in rows, entry
        elif entry.action in ("adopt", "add"):
            assert entry.id not in rows, entry
        if entry.action == "remove":
            assert rows.pop(entry.id) == entry.fields
        else:
            rows[entry.id] = entry.fields
    return rows
