"""deploy/compose/backup.sh, which the profile backup of docker-compose.yml runs,
with the database's own tools and a MariaDB of the test's own."""
import gzip
import os
import re
import signal
import subprocess

import pytest

import harness
from writers import connect, insert, query

SCRIPT = harness.ROOT / "deploy/compose/backup.sh"
ROWS = "SELECT * FROM suppliers ORDER BY id"


class Backups:
    """The script with the folder and database of a test."""

    def __init__(self, folder, database):
        self.folder = folder / "backups"
        self.folder.mkdir()
        self.secret = folder / "migrate.password"
        self.secret.write_text(database.passwords["migrate"])
        self.database = database
        self.log = folder

    def environment(self, **settings):
        return {"PATH": os.environ["PATH"], "CAFE_BACKUP_HOST": "127.0.0.1",
                "MYSQL_TCP_PORT": str(self.database.port),
                "CAFE_BACKUP_FOLDER": str(self.folder),
                "CAFE_BACKUP_SECRET": str(self.secret), **settings}

    def run(self, *words, data=b"", **settings):
        return subprocess.run(
            ["bash", SCRIPT, *words], input=data, capture_output=True,
            check=False, timeout=harness.WAIT_S,
            env=self.environment(**settings))

    def once(self, **settings):
        done = self.run("once", **settings)
        assert done.returncode == 0, done.stderr
        return self.names()[0]

    def names(self):
        done = self.run("list")
        assert done.returncode == 0, done.stderr
        return done.stdout.decode().split()

    def files(self):
        return {path.name for path in self.folder.iterdir()}


@pytest.fixture(name="backups")
def make_backups(folder, own):
    return Backups(folder, own)


def refused(backups, *words, **options):
    done = backups.run(*words, **options)
    assert done.returncode, done
    return done.stderr.decode()


def test_a_backup_is_restored(backups, own):
    admin = connect(own)
    number = insert(admin, name="Before ☕")
    rows = query(admin, ROWS)
    name = backups.once()
    query(admin, "DELETE FROM suppliers")
    insert(admin, name="After")
    done = backups.run("restore", name)
    assert done.returncode == 0, done.stderr
    assert query(admin, ROWS) == rows
    changes = query(admin, "SELECT supplier_id FROM supplier_changes")
    assert changes == ((number,),)
    # as `docker compose up` does then
    done = own.migrate()
    assert done.returncode == 0, done.stderr
    own.sql((harness.ROOT / "deploy/local/grants.sql").read_text())
    insert(admin, name="Later")
    assert len(query(admin, "SELECT 1 FROM supplier_changes")) == 2


def test_a_backup_is_restored_from_elsewhere(backups, own):
    admin = connect(own)
    insert(admin, name="Before")
    data = (backups.folder / backups.once()).read_bytes()
    query(admin, "DELETE FROM suppliers")
    done = backups.run("restore", "-", data=data)
    assert done.returncode == 0, done.stderr
    assert [row[0] for row in query(admin, "SELECT name FROM suppliers")] == [
        "Before"]
    assert ".restore" not in backups.files()


def damaged(data):
    yield "cut", data[:-20]
    yield "another byte", data[:-4] + bytes([data[-4] ^ 1]) + data[-3:]
    text = gzip.decompress(data)
    yield "no end", gzip.compress(text[:text.rindex(b"-- Dump completed")])
    yield "no backup", gzip.compress(b"DROP DATABASE COFFEE;\n")
    yield "not compressed", text
    yield "empty", b""


def test_what_is_damaged_changes_nothing(backups, own):
    admin = connect(own)
    data = (backups.folder / backups.once()).read_bytes()
    insert(admin, name="After")
    for what, bad in damaged(data):
        (backups.folder / "suppliers-bad.sql.gz").write_bytes(bad)
        for words in (("suppliers-bad.sql.gz",), ("-",)):
            said = refused(backups, "restore", *words, data=bad)
            assert "is damaged or no backup" in said, what
        assert len(query(admin, ROWS)) == 1, what
    assert "there is no backup x" in refused(backups, "restore", "x")
    assert "there is no backup passwd" in refused(backups, "restore",
                                                  "../../etc/passwd")


def test_the_newest_are_kept(backups):
    (backups.folder / "mine.txt").write_text("not a backup")
    made = [backups.once(CAFE_BACKUP_KEEP="3") for _ in range(5)]
    assert backups.names() == made[:1:-1]
    assert backups.files() == {*made[2:], "mine.txt", ".lock"}


def test_a_backup_that_fails_leaves_the_others(backups, own):
    kept = backups.once()
    backups.secret.write_text("wrong")
    assert "denied" in refused(backups, "once", CAFE_BACKUP_KEEP="1")
    own.kill()
    refused(backups, "once", CAFE_BACKUP_KEEP="1")
    assert backups.names() == [kept]


def test_one_that_is_due_is_made(backups):
    """And no other one before its time, also after a restart."""
    kept = []
    for _ in range(2):
        process = harness.Process(
            "backup", ["bash", SCRIPT], backups.log,
            backups.environment(CAFE_BACKUP_EVERY="1d"))
        harness.wait_until(
            lambda: re.search(r"due in (?!0 )\d+ s", process.output()),
            "none is due")
        kept = kept or backups.names()
        assert len(kept) == 1
        assert process.running()
        assert process.stop() == 0
        assert backups.names() == kept
    os.utime(backups.folder / kept[0], (1, 1))
    assert "the newest one is" in refused(backups, "check")
    process = harness.Process("backup", ["bash", SCRIPT], backups.log,
                              backups.environment(CAFE_BACKUP_EVERY="1d"))
    harness.wait_until(lambda: len(backups.names()) == 2, "another is made")
    assert process.stop(signal.SIGINT) == 0
    assert backups.run("check").returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_while_one_is_made(backups, own, number):
    """It is not there then, and nothing else is left at work."""
    admin = connect(own)
    query(admin, "LOCK TABLES suppliers WRITE")  # the dump waits for it
    process = harness.Process("backup", ["bash", SCRIPT], backups.log,
                              backups.environment(CAFE_BACKUP_EVERY="1d"))
    harness.wait_until(
        lambda: own.sql("SELECT 1 FROM information_schema.PROCESSLIST"
                        " WHERE USER = 'migrate' AND STATE LIKE"
                        " '%metadata lock%'"), "it is being made")
    assert process.stop(number) == 0
    query(admin, "UNLOCK TABLES")
    harness.wait_until(
        lambda: not own.sql("SELECT 1 FROM information_schema.PROCESSLIST"
                            " WHERE USER = 'migrate'"), "the dump ends")
    assert backups.names() == []


def test_they_come_at_intervals(backups):
    process = harness.Process(
        "backup", ["bash", SCRIPT], backups.log,
        backups.environment(CAFE_BACKUP_EVERY="1s", CAFE_BACKUP_KEEP="2"))
    harness.wait_until(lambda: process.output().count("removed") >= 2,
                       "older ones are removed")
    assert process.stop() == 0
    assert len(backups.names()) <= 3


@pytest.mark.parametrize("settings, message", [
    ({"CAFE_BACKUP_EVERY": "0h"}, "CAFE_BACKUP_EVERY=0h is not a time"),
    ({"CAFE_BACKUP_EVERY": "1w"}, "CAFE_BACKUP_EVERY=1w is not a time"),
    ({"CAFE_BACKUP_EVERY": "$(id)h"}, "is not a time"),
    ({"CAFE_BACKUP_KEEP": "0"}, "CAFE_BACKUP_KEEP=0 is not a number"),
    ({"CAFE_BACKUP_KEEP": "x[$(id)]"}, "is not a number from 1 to 9999"),
    ({"CAFE_BACKUP_SECRET": "/none"}, "cannot read the secret none"),
    ({"CAFE_BACKUP_FOLDER": "/none"}, "/none cannot be written to"),
])
def test_what_is_set_wrongly_is_said(backups, settings, message):
    assert message in refused(backups, "once", **settings)


def test_what_is_no_command(backups):
    assert "unknown command" in refused(backups, "twice")
    assert "there is none yet" in refused(backups, "check")
