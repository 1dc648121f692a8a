"""Times as a reader far away sees them."""
from test_browser import fill_sample, walk
from test_browser import playwright  # noqa: F401 pylint: disable=W0611


def test_times(playwright, database, proxy):  # noqa: F811
    fill_sample(database)
    walk("times.js", f"http://{proxy.host}", "/suppliers/2",
         "/admin/history", "/admin/supplier-history/3", seconds=180)
