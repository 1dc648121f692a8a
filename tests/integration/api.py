"""A client of the API that holds every answer to its description."""
import datetime
import json
import re
import urllib.parse

import jsonschema

DESCRIPTION = "/api/v1/openapi.json"
SUPPLIERS = "/api/v1/suppliers"
PROBLEM = "application/problem+json"

formats = jsonschema.FormatChecker(())


def resolve(document, node):
    """What a node of a description refers to, or the node itself."""
    while "$ref" in node:
        found = document
        for part in node["$ref"].split("/")[1:]:
            found = found[part]
        node = found
    return node


@formats.checks("date-time")
def is_time(text):
    """RFC 3339 in UTC with milliseconds, as every time here."""
    if not isinstance(text, str):
        return True
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text):
        return False
    datetime.datetime.fromisoformat(text[:-1])
    return True


@formats.checks("uri-reference")
def is_reference(text):
    return not isinstance(text, str) or not re.search(r"[^!-~]|[<>\"]", text)


def once(pairs):
    """An object; no name may be there twice."""
    made = dict(pairs)
    assert len(made) == len(pairs), pairs
    return made


class Api:
    """Wraps a client: answers come back with `json`, and are as described."""

    def __init__(self, client, description=DESCRIPTION, **headers):
        self.client = client
        self.headers = headers
        self.document = json.loads(client.get(description, **headers).text)

    def resolve(self, node):
        return resolve(self.document, node)

    def operation(self, method, path):
        method = "get" if method == "HEAD" else method.lower()
        for template, item in self.document["paths"].items():
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
            if re.fullmatch(pattern, path.rstrip("/")) and method in item:
                return item[method]
        return {"responses": {"default": {"$ref":
                                          "#/components/responses/Problem"}}}

    def check(self, method, path, answer):
        """The status, type, fields and body are described so."""
        responses = self.operation(method, path)["responses"]
        described = self.resolve(responses.get(str(answer.status)) or
                                 responses["default"])
        headers = described.get("headers", {})
        assert answer.headers["Cafe-As-Of"] is None or "Cafe-As-Of" in headers
        assert ("Retry-After" in headers) == ("Retry-After" in answer.headers)
        if "content" not in described:
            assert answer.status in (204, 304) and answer.body == b""
            return
        kind = answer.headers["Content-Type"]
        schema = {"allOf": [described["content"][kind]["schema"]],
                  "unevaluatedProperties": False,
                  "components": self.document["components"]}
        if answer.body:
            answer.json = json.loads(answer.text, object_pairs_hook=once)
            wrong = jsonschema.exceptions.best_match(
                jsonschema.Draft202012Validator(
                    schema, format_checker=formats).iter_errors(answer.json))
            assert wrong is None, (wrong.message, wrong.json_path, answer.text)
        if kind == PROBLEM:
            assert answer.headers["Cache-Control"] == "no-store"
        if kind == PROBLEM and answer.body:
            assert answer.json["status"] == answer.status
            assert answer.json["title"] == answer.reason
            assert answer.json["request_id"] == answer.headers["X-Request-Id"]

    def request(self, method, path, body=None, **headers):
        answer = self.client.request(
            method, path, body,
            {name.replace("_", "-"): value
             for name, value in {**self.headers, **headers}.items()})
        self.check(method, path.split("?")[0], answer)
        assert "html" not in answer.headers.get("Content-Type", "")
        assert "Access-Control-Allow-Origin" not in answer.headers
        return answer

    def get(self, path, **headers):
        return self.request("GET", path, **headers)

    def list(self, **fields):
        return self.get(f"{SUPPLIERS}?{urllib.parse.urlencode(fields)}")

    def parts(self, between=None, **fields):
        """All parts of a list; `between` is called before each next one."""
        answer = self.list(**fields)
        asked = set()
        while True:
            assert answer.status == 200, answer.text
            yield answer.json
            after = answer.json["next"]
            assert answer.headers["Link"] == \
                (f'<{after}>; rel="next"' if after else None)
            if after is None:
                return
            assert after not in asked, "it goes on and on"
            asked.add(after)
            if between:
                between(answer.json["suppliers"])
            answer = self.get(after)

    def all(self, between=None, **fields):
        return [supplier for part in self.parts(between, **fields)
                for supplier in part["suppliers"]]
