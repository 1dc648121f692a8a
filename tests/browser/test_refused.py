"""Posts that a proxy robs of the fields which say where they are from."""
import http.client
import http.server
import threading

import pytest

import harness
from test_browser import SCREENSHOTS, fill_sample, walk
from test_browser import playwright  # noqa: F401 pylint: disable=W0611

ORIGINS = ("origin", "sec-fetch-site")


class Robber(http.server.ThreadingHTTPServer):
    """Hands on to a daemon, and takes the fields from the first post to each
    page."""

    def __init__(self, employee):
        self.port = employee.port
        self.robbed = set()
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def robs(self, method, path):
        first = method == "POST" and path not in self.robbed
        if first:
            self.robbed.add(path)
        return first


class Handler(http.server.BaseHTTPRequestHandler):
    def hand_on(self):
        robs = self.server.robs(self.command, self.path)
        fields = {name: value for name, value in self.headers.items()
                  if not (robs and name.lower() in ORIGINS)}
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        daemon = http.client.HTTPConnection("127.0.0.1", self.server.port,
                                            timeout=harness.WAIT_S)
        daemon.request(self.command, self.path, body,
                       {**fields, "Connection": "close"})
        answer = daemon.getresponse()
        whole = answer.read()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(whole)
        daemon.close()

    do_GET = do_POST = hand_on

    def log_message(self, *_):
        """Be quiet."""


@pytest.fixture(name="robber")
def make_robber(employee):
    server = Robber(employee)
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("scripts", ["off", "on"])
def test_a_refused_choice_is_continued(playwright, database,  # noqa: F811
                                       robber, scripts):
    """Three are chosen, refused, chosen still, previewed, changed, undone."""
    fill_sample(database)
    walk("refused.js", f"http://127.0.0.1:{robber.server_address[1]}", scripts,
         SCREENSHOTS)
    assert {"/admin/suppliers-chosen",
            "/admin/suppliers-change"} < robber.robbed
