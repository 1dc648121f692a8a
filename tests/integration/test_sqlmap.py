"""sqlmap on every place of input. It takes minutes, and is for the long run:
test_markup.py sends a few texts to the same places each time."""
import itertools
import os
import shutil
import subprocess
import urllib.parse

import pytest

import harness
from places import FORM, json_body, places
from test_keys import add as add_key
from test_markup import as_before, make_admin, make_known  # noqa: F401

pytestmark = [
    pytest.mark.skipif(not os.environ.get("CAFE_LONG"),
                       reason="takes minutes; CAFE_LONG=1 runs it"),
    pytest.mark.skipif(not shutil.which("sqlmap"),
                       reason="sqlmap is not installed")]

# Boolean, error and union: the others tell by time. The marks are sqlmap's.
OPTIONS = ("--batch", "--flush-session", "--technique=BEU", "--dbms=MySQL",
           "--ignore-code=*", "--disable-coloring", "--skip-waf",
           "--unstable", "--fresh-queries", "--param-del=&")


def requests(daemon, known):
    """Method, target, body and fields with a mark in each place."""
    by_route = itertools.groupby(places(daemon), lambda place: place[1:4])
    for (method, path, where), group in by_route:
        names = [place.name for place in group]
        target = path
        for name, value in known.items():
            target = target.replace(f"{{{name}}}", f"{value}*"
                                    if where == "path" else str(value))
        body, fields = None, {}
        if where == "query":
            target += "?" + "&".join(f"{name}=1*" for name in names)
        if where in ("form", "path") and method == "POST":
            form = {**harness.SUPPLIER, "id": str(known["id"])}
            body = urllib.parse.urlencode(form)
            fields["Content-Type"] = FORM
        if where == "form":
            body = "&".join(
                f"{name}={urllib.parse.quote(form.get(name, '1'))}*"
                for name in names)
        if where == "json":
            body = json_body(path, {name: "1*" for name in names})
            fields["Content-Type"] = "application/json"
        if where == "field":
            fields |= {name: "1*" for name in names if name in (
                "Remote-User", "Remote-Groups", "X-Forwarded-For", "Cookie",
                "X-Request-Id", "Idempotency-Key", "If-None-Match", "Referer")}
        yield method, target, body, fields


def run(daemon, folder, method, target, body, fields):
    """What it prints."""
    argv = ["sqlmap", *OPTIONS, f"--output-dir={folder}", f"--method={method}",
            "-u", f"http://{daemon.host}{target}"]
    if body is not None:
        argv.append(f"--data={body}")
    for name, value in fields.items():
        argv += ["-H", f"{name}: {value}"]
    return subprocess.run(argv, text=True, capture_output=True, check=False,
                          stdin=subprocess.DEVNULL).stdout


@pytest.mark.parametrize("name", ["customer", "employee"])
def test_sqlmap_finds_nothing(start, database, folder, admin, known, name):
    daemon = start(name, database, APP_IDENTITY_HEADER="Remote-User")
    key = add_key(database, "till", "write")
    for method, target, body, fields in requests(name, known):
        as_before(admin, known)
        sent = {"Sec-Fetch-Site": "same-origin", **fields}
        if "/admin/api/" in target:
            sent |= {"Authorization": f"Bearer {key}", "If-Match": "*"}
        said = run(daemon, folder, method, target, body, sent)
        marks = [target, body or "", *fields.values()]
        # It says so of each place that has a mark.
        assert said.count("does not seem to be injectable") >= sum(
            text.count("*") for text in marks), (method, target, body, said)
        assert "all tested parameters do not appear to be injectable" in said
    for line in daemon.lines():
        assert line["msg"] != "database job failed", line
