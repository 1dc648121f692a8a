"""Fingers hit what calls and writes."""
from test_browser import fill_sample, walk
from test_browser import playwright  # noqa: F401 pylint: disable=W0611


def test_targets_on_a_phone(playwright, database, start):  # noqa: F811
    fill_sample(database)
    customer = start("customer", database,
                     APP_REPORT_ADDRESS="office@example.com")
    walk("touch.js", f"http://{customer.host}", seconds=180)
