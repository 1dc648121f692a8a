"""Every place in which a client can put a text. Pages come from the tables of
routes, so a new one is among them by itself."""
import collections
import http.client
import itertools
import re
import urllib.parse

import harness
from fields import NAMES

Place = collections.namedtuple("Place", "daemon method path where name")

FORM = "application/x-www-form-urlencoded"
API = "/admin/api/v1/suppliers"
QUERY = ("q", "state", "city", "ended", "kept", "sort", "page", "per", "saved", "merged",
         "person", "supplier", "action", "day", "before", "version", "for",
         "limit", "cursor", "since", "wait", "list", "id", "other")
HIDDEN = ("id", "revision", "revision_at", "form_key", "list", "anyway",
          "shown", "supplier", "left", "deed", "field", "value", "do",
          "preview", "seen", "lines-notes", "use-city", "theirs-city", "other")
OPERATION = ("method", "id", "if_match")  # of a batch, beside the supplier
FIELDS = ("Host", "Origin", "Referer", "User-Agent", "Cookie", "Accept",
          "Accept-Language", "Accept-Encoding", "Sec-Fetch-Site",
          "Authorization", "X-Forwarded-For", "X-Forwarded-Host",
          "X-Forwarded-Proto", "X-Request-Id", "X-Amzn-Trace-Id",
          "traceparent", "If-Match", "If-None-Match", "If-Modified-Since",
          "Idempotency-Key", "Content-Type", "Remote-User", "Remote-Groups")


def macros(daemon):
    """The paths that a daemon's header has names for."""
    found = {}
    for name, parts in re.findall(
            r"^#define (API_\w+) (.+)$",
            (harness.ROOT / daemon / f"{daemon}.h").read_text(), re.M):
        found[name] = join(parts, found)
    return found


def join(parts, known):
    return "".join(known.get(part) or part[1:-1]
                   for part in re.findall(r'"[^"]*"|\w+', parts))


def routes(daemon):
    """Method and path of each row of its table."""
    text = (harness.ROOT / daemon / "routes.c").read_text()
    known = macros(daemon)
    return [(method, join(path, known)) for method, path in re.findall(
        r"\{ (GET|POST|PUT|PATCH|DELETE), ([^,]+),", text)]


def places(daemon):
    """All of a daemon: path, query, header fields, forms and JSON."""
    for method, path in routes(daemon):
        yield from (Place(daemon, method, path, "path", part)
                    for part in re.findall(r"\{\w+\}", path))
        yield from (Place(daemon, method, path, "query", name)
                    for name in QUERY if method == "GET")
        if method == "POST" and "/api/" not in path:
            yield from (Place(daemon, method, path, "form", name)
                        for name in (*NAMES, *HIDDEN))
        if method in ("POST", "PUT", "PATCH") and "/api/" in path:
            yield from (Place(daemon, method, path, "json", name)
                        for name in (*NAMES, *OPERATION, "other"))
    for (method, path), name in itertools.product(
            (("GET", "/"), ("GET", "/suppliers"), ("GET", "/admin/suppliers"),
             ("GET", "/admin/none"), ("POST", "/admin/supplier-add"),
             ("POST", "/admin/supplier-update"), ("PUT", API + "/1")), FIELDS):
        if path.startswith("/admin") == (daemon == "employee"):
            yield Place(daemon, method, path, "field", name)


def json_body(path, members):
    """What a program sends: a supplier, or one operation of a batch."""
    operation = {name: members[name] for name in OPERATION if name in members}
    supplier = {name: text for name, text in members.items()
                if name not in operation}
    sent = {"operations": [{"method": "POST", "supplier": supplier,
                            **operation}]} if path.endswith(":batch") else \
        members
    return harness.json.dumps(sent)


def percent(text):
    return urllib.parse.quote(text, safe="")


class Sender:
    """Sends texts to places on one connection.

    fields  Of each request, beside what it takes.
    known   What stands for "{id}" and "{revision}" in paths where the text
            goes elsewhere."""

    def __init__(self, daemon, fields=(), **known):
        self.daemon = daemon
        self.fields = dict(fields)
        self.known = known
        self.connection = http.client.HTTPConnection(
            "127.0.0.1", daemon.port, timeout=harness.WAIT_S)

    def __call__(self, place, text):
        fields = {"Sec-Fetch-Site": "same-origin", **self.fields}
        path, body = place.path, None
        for name, value in self.known.items():
            if place.where != "path":
                path = path.replace(f"{{{name}}}", str(value))
        if place.where == "path":
            path = path.replace(place.name, percent(text))
        if place.where == "query":
            path += f"?{place.name}={percent(text)}"
        if place.method == "POST":
            form = {**harness.SUPPLIER, "id": self.known.get("id", "")}
            if place.where == "form":
                form[place.name] = text
            body = urllib.parse.urlencode(form).encode()
            fields["Content-Type"] = FORM
        if "/api/" in place.path and place.method != "GET":
            body = json_body(place.path, {place.name: text}).encode()
            fields |= {"Content-Type": "application/json", "If-Match": "*"}
        if place.where == "field":
            fields[place.name] = text.encode()
        return self.send(place.method, path, body, fields)

    def send(self, method, path, body, fields):
        self.connection.request(method, path, body, fields)
        return harness.Response(self.connection.getresponse())
