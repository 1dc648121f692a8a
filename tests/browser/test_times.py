"""Times as a reader far away sees them."""
from test_browser import fill_sample, walk
from test_browser import playwright  # noqa: F401 pylint: disable=W0611


def test_times(playwright, database, proxy):  # noqa: F811
    fill_sample(database)
    database.sql("UPDATE suppliers SET city = 'Elsewhere' WHERE id = 3")
    [[version]] = database.sql("SELECT MAX(revision) FROM supplier_changes")
    walk("times.js", f"http://{proxy.host}", "/suppliers/2", "/admin",
         "/admin/history", "/admin/supplier-history/3", "/admin/import",
         f"/admin/supplier-undo/{version}", seconds=180)
