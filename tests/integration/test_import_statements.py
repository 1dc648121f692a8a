"""No statement of an import looks at more than a bounded number of rows: it
would outlast the time limits, and lock what others wait for."""
import re

import pytest

import fields
from import_rows import Imports
from test_import_command import supplier, table
from test_import_pages import faulty, page_of, press
from test_import_upload import Pages

ROWS = 6000
MOST = 5000  # of what a statement may look at; ranges have 1,000

# These do look at all: the one counts by an index alone, the other is not of an
# import, but reads the directory for the daemon's pages.
ALLOWED = ("SELECT kind + 0, COALESCE(outcome + 0, 0), todo, COUNT(*)",
           "SELECT r.n, TIMESTAMPDIFF(MICROSECOND, '1970-01-01', r.at)")


@pytest.fixture(name="watched")
def make_watched(own):
    """A database that notes which statements look at more rows."""
    own.sql("SET GLOBAL log_output = 'TABLE', GLOBAL long_query_time = 0,"
            f" GLOBAL min_examined_row_limit = {MOST},"
            " GLOBAL slow_query_log = 1")
    yield own
    own.sql("SET GLOBAL slow_query_log = 0, GLOBAL log_output = DEFAULT,"
            " GLOBAL long_query_time = DEFAULT,"
            " GLOBAL min_examined_row_limit = DEFAULT;"
            " TRUNCATE mysql.slow_log")


def wide(database):
    """What our programs have sent that looked at more rows."""
    return [(rows, sql) for rows, sql in database.sql(
        "SELECT rows_examined, LEFT(CONVERT(sql_text USING utf8mb4), 300)"
        " FROM mysql.slow_log WHERE"
        f" user_host NOT LIKE '{database.admin}[%'")
        if not sql.startswith(ALLOWED)]


def write(pages, rows, **form):
    """Import a file; its preview is looked through."""
    page = pages.upload(table(*rows))
    assert 'name="remove_missing"' in page.text or not form
    for link in ("?page=60", *(f"?kind={kind}&page=60" for kind in (
            "new", "changed", "same", "missing", "faulty"))):
        assert pages.daemon.get(pages.url + link).status == 200
    pages.start(**form)
    return re.search(r"import/(\S{22})", pages.url)[1]


def test_statements_are_bounded(watched, tmp_path, start):
    imports = Imports(watched, tmp_path)
    daemon = start("employee", watched)
    pages = Pages(daemon, watched)
    rows = [supplier(f"n{i}", phone=f"+1 802 {i:07}") for i in range(ROWS)]
    first = write(pages, rows)
    assert imports.outcomes(first) == {"done": str(ROWS)}
    # Every tenth is changed, so rows to write are far apart; the last are not
    # in the file.
    rows = [{**row, "address": "new"} if i % 10 == 0 else row
            for i, row in enumerate(rows[:ROWS - 500])]
    second = write(pages, [*rows, supplier("x", email="none")],
                   remove_missing="1")
    touched = (ROWS - 500) // 10 + 500
    assert imports.outcomes(second) == {"done": str(touched)}
    assert len(faulty(daemon, second)) == 1
    for key in (second, first):
        press(daemon, key, "undo")
        imports.wait(key, "undone")
    assert imports.outcomes(first) == {"undone": str(ROWS - touched),
                                       "kept": str(touched)}
    assert page_of(daemon, first).status == 200
    assert wide(watched) == []


def test_a_supplier_is_forgotten_in_large_imports(watched, tmp_path):
    """Rows of two imports, in different ranges; those of others stay."""
    imports = Imports(watched, tmp_path)
    copied = ", ".join(("import_id", "line", "kind", "todo", "given", "place",
                        "reason", "candidates", *fields.NAMES))
    for import_id, name in enumerate(("a", "b"), 1):
        imports.importer(table(supplier(name)))
        watched.sql(f"INSERT INTO supplier_import_rows ({copied}, n,"
                    f" supplier_id) SELECT {copied}, 9 + seq,"
                    " 7 + (seq % 1000 = 0) FROM supplier_import_rows,"
                    f" seq_1_to_{ROWS}"
                    f" WHERE n = 1 AND import_id = {import_id}")
    watched.sql("UPDATE supplier_import_rows SET supplier_id ="
                " (SELECT MIN(id) FROM suppliers) WHERE supplier_id = 8")
    number = imports.number("a")
    done = imports.importer.run("--forget", str(number), account="migrate")
    assert done.returncode == 0, done.stderr
    assert watched.sql("SELECT import_id, COUNT(*), SUM(supplier_id = 7) FROM"
                       " supplier_import_rows GROUP BY import_id") == [
        ["1", str(ROWS - 6), str(ROWS - 6)],
        ["2", str(ROWS - 5), str(ROWS - 6)]]
    assert wide(watched) == []
