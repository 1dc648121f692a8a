"""What was typed and not saved is there when the form is opened again."""
from test_browser import fill_sample, walk, SCREENSHOTS
from test_browser import playwright, switch  # noqa: F401 pylint: disable=W0611


def test_drafts(playwright, database, start, employee, switch):  # noqa: F811
    fill_sample(database)
    named = start("employee", database, APP_IDENTITY_HEADER="Remote-User")
    walk("drafts.js", f"http://{named.host}", SCREENSHOTS, switch.address,
         seconds=400)
