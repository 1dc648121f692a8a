"""How the pages look: mark, palette, lists that fit a laptop and a phone."""
from test_browser import fill_sample, walk
from test_browser import playwright  # noqa: F401 pylint: disable=W0611


def test_face(playwright, database, proxy):  # noqa: F811
    fill_sample(database)
    walk("face.js", f"http://{proxy.host}", seconds=180)
