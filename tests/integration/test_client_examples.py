"""The programs that docs/api.md prints do what it says, as they are printed."""
import os
import re
import subprocess
import textwrap

import pytest

import harness
from test_keys import add
from writers import connect, insert, query

LINES_MAX = 42


def printed(name, folder):
    """A program of the document, by what its second line says."""
    text = (harness.ROOT / "docs/api.md").read_text()
    blocks = re.findall(r"(?m)(?:^    .*\n|^\n(?=    ))+", text)
    program, = [block for block in map(textwrap.dedent, blocks)
                if block.lstrip().startswith("#!") and f"{name} SITE" in block]
    assert len(program.splitlines()) <= LINES_MAX
    path = folder / name
    path.write_text(program.lstrip())
    path.chmod(0o755)
    return path


@pytest.fixture(name="run")
def make_run(database, employee, tmp_path):
    key = add(database, "till", "write")

    def run(name, *argv, key=key):
        return subprocess.run(
            [printed(name, tmp_path), f"http://{employee.host}", *argv],
            env={**os.environ, "CAFE_KEY": key}, cwd=tmp_path, text=True,
            capture_output=True, timeout=harness.WAIT_S, check=False)
    return run


def phones(database):
    return dict(query(connect(database), "SELECT name, phone FROM suppliers"))


def test_python(database, run):
    for number in ("+44 20 7946 0958", "+44 20 7946 0959"):  # adds, changes
        done = run("set-phone.py", "Café & Sons", number)
        assert done.returncode == 0, done.stderr
        assert phones(database) == {"Café & Sons": number}
    done = run("set-phone.py", "Café & Sons", "12")
    assert done.returncode == 1 and "/phone" in done.stderr
    assert run("set-phone.py", "x", "1", key="cafe_x").returncode == 1


def test_curl(database, run):
    number = insert(connect(database), name="a")
    done = run("set-phone.sh", str(number), "+44 20 7946 0959")
    assert done.returncode == 0, done.stderr
    assert phones(database) == {"a": "+44 20 7946 0959"}
    done = run("set-phone.sh", str(number), "12")
    assert done.returncode == 1 and "/phone" in done.stderr
    assert run("set-phone.sh", "999999", "+44 20 7946 0959").returncode != 0
