"""sqlmap on every place of input. It takes minutes, and is for the long run:
test_markup.py sends a few texts to the same places each time, also with
"If-Match: *", whose star sqlmap would take for a mark."""
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

SENT = ("Remote-User", "Remote-Groups", "X-Forwarded-For", "Cookie", "Referer",
        "X-Request-Id", "Idempotency-Key", "If-None-Match")
# Boolean, error and union: the others tell by time. The marks are sqlmap's.
OPTIONS = ("--batch", "--flush-session", "--technique=BEU", "--dbms=MySQL",
           "--ignore-code=*", "--disable-coloring", "--skip-waf",
           "--unstable", "--fresh-queries", "--param-del=&")


# A form with one of these is not saved: they are tried in one of their own.
UNSAVED = "preview", "form_key"


def marked(names, values):
    """Parameters with sqlmap's mark after a value that is fine."""
    return "&".join(f"{name}={urllib.parse.quote(values.get(name, '1'))}*"
                    for name in names)


def splits(where, names, ask):
    """Which parameters go together. One alone where a page refuses others."""
    if where == "form":
        return [[name for name in names if name not in UNSAVED],
                [name for name in names if name in UNSAVED]]
    if where == "query" and ask(names).status >= 400:
        return [[name] for name in names
                if "no such parameter" not in ask([name]).text]
    return [names]


def requests(daemon, known, fields):
    """Method, target, body and fields, with a mark in each place."""
    by_route = itertools.groupby(places(daemon.process.name),
                                 lambda place: place[1:4])
    form = {**harness.SUPPLIER, "id": str(known["id"])}
    for (method, path, where), group in by_route:
        target = path
        for name, value in known.items():
            target = target.replace(f"{{{name}}}", f"{value}*"
                                    if where == "path" else str(value))

        def ask(names, target=target):
            return daemon.request("GET", f"{target}?" + "&".join(
                f"{name}=1" for name in names), None, fields)

        for names in splits(where, [place.name for place in group], ask):
            body, more = None, {}
            if method == "POST":
                body = urllib.parse.urlencode(form)
                more = {"Content-Type": FORM}
            if where == "form":
                body = marked(names, form)
            if method in ("POST", "PUT", "PATCH") and "/api/" in path:
                body = json_body(path, {name: f"{text}*" for name, text in
                                        harness.SUPPLIER.items()})
                more = {"Content-Type": "application/json"}
            if where == "field":
                more |= {name: "1*" for name in names if name in SENT}
            yield (method, f"{target}?{marked(names, {})}"
                   if where == "query" else target, body, more)


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
    daemon = start(name, database, APP_IDENTITY_HEADER="Remote-User",
                   APP_IDENTITY_KEY_PER_MINUTE=1000000)
    key = {"Authorization": f"Bearer {add_key(database, 'till', 'write')}"}
    for method, target, body, fields in requests(daemon, known, key):
        as_before(admin, known)
        sent = {"Sec-Fetch-Site": "same-origin", **fields}
        if "/admin/api/" in target:
            sent |= key
        said = run(daemon, folder, method, target, body, sent)
        marks = [target, body or "", *fields.values()]
        # It says so of each place that has a mark.
        assert said.count("does not seem to be injectable") >= sum(
            text.count("*") for text in marks), (method, target, body, said)
        assert "all tested parameters do not appear to be injectable" in said
    for line in daemon.lines():
        assert line["msg"] != "database job failed", line
