"""employee --migrate --unescape and --forget, as an operator runs them."""
import re
import subprocess

import pytest

import harness
from test_employee import add, rows

MIGRATE = "migrate"
ESCAPED = ("INSERT INTO suppliers (name, address, city, state, email, phone)"
           " VALUES ('Ben &amp;amp; Jerry&amp;#x27;s', '1 A&#x2F;B', 'c', 's',"
           " 'e', 'p'), ('fine', 'a', 'c', 's', 'e', 'p')")
REPAIRS = [
    'supplier 1, name: "Ben &amp;amp; Jerry&amp;#x27;s" -> "Ben & Jerry\'s"',
    'supplier 1, address: "1 A&#x2F;B" -> "1 A/B"',
]


@pytest.fixture(name="run")
def make_runner(server):
    """Run employee with flags, as an account; its exit status and output."""
    def run(*flags, account=MIGRATE, **settings):
        return subprocess.run(
            [harness.BIN / "employee", *flags], text=True,
            capture_output=True, check=False,
            env={**server.environment(account), **settings})
    return run


def last_lines(done):
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return [line for line in done.stdout.splitlines() if "supplier" in line
            and "0003" not in line][-3:]


def one_line(done):
    """The complaint of a command that has failed."""
    assert done.returncode == 1 and not done.stdout, done.stdout
    lines = done.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("employee: "), lines
    return lines[0]


def test_unescape_repairs_what_the_original_escaped(database, run):
    database.sql(ESCAPED)
    dry = last_lines(run("--migrate", "--unescape", "--dry-run"))
    assert dry == REPAIRS + [
        "1 supplier with escaped text: nothing was changed"]
    assert "&amp;amp;" in rows(database)[0]["name"]
    done = last_lines(run("--migrate", "--unescape"))
    assert done == REPAIRS + ["1 supplier with escaped text: repaired"]
    assert rows(database)[0]["name"] == "Ben & Jerry's"
    assert database.sql("SELECT action, supplier_id, actor, name"
                        " FROM supplier_changes ORDER BY revision DESC"
                        " LIMIT 1") == [
        ["update", "1", "employee --migrate --unescape", "Ben & Jerry's"]]
    assert last_lines(run("--migrate", "--unescape"))[-1] == \
        "0 suppliers with escaped text: repaired"


def test_a_dry_run_before_the_table_is_adopted(server, run):
    """The operator looks first: nothing of ours is there yet."""
    server.make_empty()
    none = run("--migrate", "--unescape", "--dry-run")
    assert none.returncode == 0, none.stderr
    assert none.stdout.endswith(
        "0 suppliers with escaped text: nothing was changed\n")
    server.sql(
        "CREATE TABLE suppliers (id INT AUTO_INCREMENT PRIMARY KEY,"
        " name VARCHAR(255) NOT NULL, address VARCHAR(255) NOT NULL,"
        " city VARCHAR(255) NOT NULL, state VARCHAR(255) NOT NULL,"
        " email VARCHAR(255) NOT NULL, phone VARCHAR(100) NOT NULL);"
        + ESCAPED)
    dry = run("--migrate", "--unescape", "--dry-run")
    assert last_lines(dry)[:2] == REPAIRS
    assert server.sql("SHOW TABLES") == [["suppliers"]]
    assert last_lines(run("--migrate", "--unescape"))[:2] == REPAIRS
    assert server.sql("SELECT action, actor FROM supplier_changes"
                      " WHERE supplier_id = 1 ORDER BY revision") == [
        ["adopt", "NULL"], ["update", "employee --migrate --unescape"]]


def test_forget_empties_the_history_of_one_supplier(database, employee, run):
    add(employee, name="Somebody")
    add(employee, name="Another")
    number = rows(database)[0]["id"]
    employee.post("/admin/supplier-update",
                  {"id": number, **harness.SUPPLIER, "name": "Present"})
    done = run("--forget", number)
    assert done.returncode == 0 and not done.stderr
    assert done.stdout == \
        "supplier 1: 1 history entry erased\n"
    assert database.sql("SELECT name, writer = '', actor"
                        " FROM supplier_changes ORDER BY revision") == [
        ["", "1", "NULL"], ["Another", "0", "127.0.0.1"],
        ["Present", "0", "127.0.0.1"]]
    assert rows(database)[0]["name"] == "Present"
    database.sql("DELETE FROM suppliers WHERE id = 1")
    assert run(f"--forget={number}").stdout == \
        "supplier 1: 2 history entries erased\n"
    assert "Present" not in str(database.sql("SELECT * FROM supplier_changes"))
    assert "Another" in employee.get("/admin/suppliers").text


@pytest.mark.parametrize("number", [
    "0", "-0", "x", "01", "", "1 OR 1=1", "2147483648", "--dry-run"])
def test_forget_needs_an_id(database, run, number):
    assert "needs the numeric id of a supplier" in one_line(
        run("--forget", number))


def test_forget_says_what_is_wrong(database, run):
    assert one_line(run("--forget", "7")) == \
        "employee: nothing was erased: the history has no such supplier"
    assert one_line(run("--forget")) == \
        "employee: --forget needs a value: ID"
    assert "given twice" in one_line(run("--forget", "1", "--forget", "2"))
    database.sql(ESCAPED)
    refused = one_line(run("--forget", "1", account="employee"))
    assert "command denied" in refused
    assert refused.endswith("; use the account that migrates")
    away = one_line(run("--forget", "1", APP_DB_SOCKET="/nonexistent/s"))
    assert "Can't connect" in away
    database.sql("DROP TABLE supplier_changes")
    assert one_line(run("--forget", "1")).endswith(
        "; run employee --migrate first")


def test_flags_that_do_not_go_together(database, run):
    for flags, words in (
            (["--unescape"], "--unescape needs --migrate"),
            (["--dry-run"], "--dry-run needs --migrate"),
            (["--forget", "1", "--dry-run"], "--forget can't be combined with "
                                             "other commands"),
            (["--forget", "1", "--migrate"], "--forget can't be combined with "
                                             "other commands"),
            (["--migrate", "--unescape=1"], "--unescape takes no value")):
        assert words in one_line(run(*flags))


def test_unescape_needs_the_account_that_migrates(database, run):
    database.sql(ESCAPED)
    done = run("--migrate", "--unescape", account="customer")
    assert done.returncode == 1
    assert "denied" in done.stderr
    assert done.stderr.splitlines()[-1].startswith(
        "employee: not everything was migrated and repaired")
    assert "&amp;amp;" in rows(database)[0]["name"]


def test_help_names_the_id(run):
    text = run("--help").stdout
    assert "\n  --forget ID\n" in text and "\n  --unescape\n" in text


@pytest.mark.parametrize("name", ["customer", "employee"])
@pytest.mark.parametrize("command", ["--print-config", "--sample-config"])
def test_a_group_of_options_is_named_once(name, command):
    """A key that stands twice is refused when the file is read again."""
    lines = subprocess.run([harness.BIN / name, command], text=True, check=True,
                           capture_output=True).stdout.splitlines()
    keys = [line.lstrip("# ").split(":")[0] for line in lines
            if re.match(r"#? ?[a-z_]+:", line)]
    groups = [key for key in keys if keys.count(key) > 1]
    assert len(keys) > 10 and not groups
