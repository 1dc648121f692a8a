"""Folders of static files: the later one wins, whatever a client accepts."""
import gzip
import re

import harness

OWN = harness.BIN.parent / "share/cafe/customer/static"


def test_the_last_of_many_folders_wins(start, database, folder):
    folders = [OWN]
    for number in range(12):
        made = folder / f"static-{number}"
        made.mkdir()
        text = f"body {{ order: {number} }}"
        (made / "cafe.css").write_text(text)
        if number < 11:
            (made / "cafe.css.gz").write_bytes(gzip.compress(text.encode()))
        folders.append(made)
    customer = start("customer", database,
                     APP_STATICS=",".join(map(str, folders)))
    home = customer.get("/").text
    path = re.search(r'href="(/static/[^"]*/cafe.css)"', home)[1]
    for accepted in "identity", "gzip", "br", "br, gzip":
        answer = customer.get(path, Accept_Encoding=accepted)
        assert answer.status == 200
        assert answer.text == "body { order: 11 }", accepted
        assert not answer.headers["Content-Encoding"]


def test_a_file_that_is_not_there(start, database):
    """Its error page is the daemon's, though its route is not."""
    for name, prefix in (("customer", "/static"), ("employee", "/admin/static")):
        daemon = start(name, database)
        for path in ("/none.css", "/0123456789abcdef/cafe.css", "/a/b/c"):
            page = daemon.get(prefix + path)
            assert page.status == 404 and "Page not found" in page.text, path
            assert "cafe.css" in page.text
