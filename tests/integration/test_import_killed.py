"""An import whose program or database is killed, and that is run again."""
import os
import random
import signal
import subprocess

import pytest

import harness
from import_rows import Imports
from test_import_command import Importer, supplier, table
from thorough import at_desk

ROUNDS = 20 if os.environ.get("CAFE_LONG") else 3
ROWS = 1500
END_LEASE = ("UPDATE supplier_imports SET lease_until = UTC_TIMESTAMP(6)"
             " - INTERVAL 1 MINUTE"
             " WHERE state = 'running'")


@pytest.fixture(name="own", scope="module")
def make_own_database():
    folder = harness.make_folder()
    database = harness.Database(folder)
    database.start()
    database.make_ready()
    yield database
    database.stop()
    harness.remove_folder(folder)


def written(database):
    return int(database.sql("SELECT COUNT(*) FROM suppliers")[0][0])


def kill_after(importer, rows, kill):
    """Begin an import, and call kill(process) when so many are written."""
    process = subprocess.Popen(
        [harness.BIN / "employee", "--import", importer.path],
        env=importer.database.environment("employee"),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        harness.wait_until(
            lambda: process.poll() is not None or
            written(importer.database) >= rows, "some rows are written")
        kill(process)
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", range(ROUNDS))
def test_no_row_is_written_twice(own, tmp_path, number):
    chance = random.Random(number)
    own.make_ready()
    importer = Importer(own, tmp_path)
    text = table(*(supplier(f"n{i}") for i in range(ROWS)))
    importer.path.write_text(text)

    def kill_program(process):
        process.send_signal(signal.SIGKILL)

    def kill_database(_):
        own.kill()
        own.start()

    for kill in chance.sample([kill_program, kill_database], 2):
        kill_after(importer, chance.randrange(1, ROWS // 2), kill)
        own.sql(END_LEASE)
    done = importer(text)
    assert done.get("new", 0) == done.get("written", 0)
    assert done.get("new", 0) + done.get("same", 0) == ROWS
    assert own.sql("SELECT COUNT(*), COUNT(DISTINCT name) FROM suppliers"
                   ) == [[str(ROWS)] * 2]
    assert own.sql("SELECT action, COUNT(*) FROM supplier_changes"
                   " GROUP BY action") == [["add", str(ROWS)]]
    assert own.sql("SELECT COUNT(*) FROM supplier_import_rows"
                   " WHERE outcome = 'done'") == [[str(ROWS)]]


class Tasks:
    """Two employee daemons; one that is killed is replaced."""

    def __init__(self, start, database):
        self.start = lambda: start("employee", database)
        self.running = [self.start(), self.start()]

    def at_work(self):
        """The one that has taken up the import last."""
        taken = {max((line["ts"] for line in task.lines()
                      if line["msg"] == "import taken up"), default=""): task
                 for task in self.running}
        return taken[max(taken)]

    def kill(self):
        task = self.at_work()
        task.process.stop(signal.SIGKILL)
        self.running.remove(task)
        self.running.append(self.start())


@pytest.mark.parametrize("number", at_desk((0,), range(ROUNDS)))
def test_tasks_go_on_and_write_no_row_twice(own, tmp_path, start, number):
    """A task is killed, and the database, at any point of an import."""
    chance = random.Random(number)
    own.make_ready()
    imports = Imports(own, tmp_path)
    key = imports.many(ROWS)
    tasks = Tasks(start, own)

    def kill_task():
        tasks.kill()
        own.sql(END_LEASE)

    def kill_database():
        own.kill()
        own.start()

    imports.set(key, "running")
    for kill in chance.sample([kill_task, kill_database], 2):
        enough = imports.written() + chance.randrange(1, ROWS // 2)
        harness.wait_until(lambda most=enough: imports.written() >= most
                           or imports.state(key) == "done", "rows are written")
        kill()
    imports.wait(key, "done")
    imports.check_once(ROWS)
    assert imports.outcomes(key) == {"done": str(ROWS)}
    assert [task.stop() for task in tasks.running] == [0, 0]
