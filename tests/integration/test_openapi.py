"""What the descriptions of the APIs promise, and what the daemons answer."""
import copy
import itertools
import json
import os
import pathlib
import re
import shutil
import subprocess
import urllib.parse

import pytest

import harness
from api import Api
from described import Described, as_text
from test_keys import add, bearer

FOLDER = pathlib.Path(__file__).resolve().parent / "openapi"
DESCRIPTION = "/admin/api/v1/openapi.json"
FILES = {name: harness.ROOT / name / "content" / "openapi.json"
         for name in ("customer", "employee")}
LONG = bool(os.environ.get("CAFE_LONG"))
ROUNDS = 200 if LONG else 6
STEP = 1 if LONG else 4  # of what is not allowed, one in so many is sent


def node_version():
    if shutil.which("node") is None or shutil.which("npm") is None:
        return (0, 0)
    text = subprocess.run(["node", "--version"], text=True, check=True,
                          capture_output=True).stdout
    return tuple(int(part) for part in re.findall(r"\d+", text)[:2])


def redocly_says(document, folder):
    path = folder / "openapi.json"
    path.write_text(json.dumps(document))
    done = subprocess.run(
        [FOLDER / "node_modules/.bin/redocly", "lint", "--format=json", path],
        text=True, capture_output=True, check=False, cwd=folder,
        env={**os.environ, "REDOCLY_TELEMETRY": "off",
             "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"})
    said = json.loads(done.stdout)["problems"]
    assert (done.returncode != 0) == any(each["severity"] == "error"
                                         for each in said), done.stderr
    return [each["message"] for each in said]


@pytest.mark.skipif(node_version() < (20, 19),
                    reason="NOT CHECKED: Redocly needs node 20.19")
def test_redocly_finds_nothing(folder):
    harness.install_node_packages(FOLDER)
    for path in FILES.values():
        assert not redocly_says(json.loads(path.read_text()), folder)
    faulty = json.loads(FILES["employee"].read_text())
    del faulty["paths"]["/admin/api/v1/suppliers/{id}"]["parameters"]
    assert redocly_says(faulty, folder)


def routes(name):
    """(method, path) of each row of an API, as the C source has them."""
    text = (harness.ROOT / name / "routes.c").read_text()
    defined = dict(re.findall(
        r"#define (API_\w+) (.+)",
        (harness.ROOT / name / f"{name}.h").read_text()))

    def spelled(expression):
        return "".join(
            part[1:-1] if part.startswith('"') else spelled(defined[part])
            for part in re.findall(r'"[^"]*"|\w+', expression))

    return {(method, spelled(path)) for method, path in
            re.findall(r"\{ (\w+), (API_[^,]+),", text)}


@pytest.mark.parametrize("name", FILES)
def test_each_route_is_described(name):
    document = json.loads(FILES[name].read_text())
    assert {(method, path) for method, path, _ in
            Described(document, 0).operations()} == routes(name)


class Driver:
    """Sends what a description allows, or does not."""

    def __init__(self, employee, key, seed):
        self.api = Api(employee, DESCRIPTION, **bearer(key))
        self.made = Described(self.api.document, seed)
        self.answers = {}
        self.ids = []

    def some_supplier(self):
        """The id of one that is there, mostly."""
        if not self.ids or self.made.random.random() < 0.2:
            return None
        return self.made.random.choice(self.ids)

    def parameters(self, operation):
        """Name to (where, text), as the schemas allow them."""
        chosen = {}
        for each in operation["parameters"]:
            if each["name"] == "cursor":  # "copy it unchanged"
                continue
            if each.get("required") or self.made.random.random() < 0.3:
                chosen[each["name"]] = (each["in"], as_text(
                    self.made.valid(each["schema"])))
        supplier = self.some_supplier()
        if "id" in chosen and supplier:
            chosen["id"] = ("path", str(supplier))
        if "wait" in chosen:
            chosen["wait"] = ("query", "0")
        if "If-Match" in chosen and self.made.random.random() < 0.6:
            chosen["If-Match"] = ("header", "*")
        return chosen

    def body(self, operation):
        """(type, value), or nothing."""
        content = operation.get("requestBody", {}).get("content")
        if content is None:
            return None
        kind = self.made.random.choice(list(content))
        value = self.made.valid(content[kind]["schema"])
        for each in value.get("operations", []):
            if "id" in each:
                each["id"] = self.some_supplier() or each["id"]
                each["if_match"] = "*"
        return kind, value

    def send(self, method, path, parameters, body):
        query, headers = {}, {}
        for name, (where, text) in parameters.items():
            if where == "path":
                path = path.replace(f"{{{name}}}", urllib.parse.quote(text, ""))
            elif where == "query":
                query[name] = text
            else:
                headers[name] = text.encode()
        if query:
            path += "?" + urllib.parse.urlencode(query)
        data = None
        if body is not None:
            headers["Content-Type"] = body[0]
            data = json.dumps(body[1]).encode()
        answer = self.api.request(method, path, data, **headers)
        key = (method, answer.status)
        self.answers[key] = self.answers.get(key, 0) + 1
        if answer.status == 201:
            self.ids.append(answer.json["id"])
        return answer

    def allowed(self, method, path, operation):
        parameters, body = self.parameters(operation), self.body(operation)
        answer = self.send(method, path, parameters, body)
        fine = {200, 201, 204, 304, 404, 409, 410, 412}
        if method == "POST" and path.endswith("batch"):
            fine.add(422)  # one supplier named twice
        if method == "PATCH" and {"state", "country"} & set(body[1]):
            fine.add(422)  # neither is left
        if method == "PATCH" and {"ended_on", "ended_reason"} & set(body[1]):
            fine.add(422)  # the date is there without the reason
        assert answer.status in fine, (method, path, parameters, body,
                                       answer.text)

    def refused(self, method, path, parameters, body):
        answer = self.send(method, path, parameters, body)
        assert 400 <= answer.status < 500, (method, path, parameters, body,
                                            answer.text)

    def some_invalid(self, schema):
        return itertools.islice(self.made.invalid(schema),
                                self.made.random.randrange(STEP), None, STEP)

    def not_allowed(self, method, path, operation):
        """Each place that can be wrong, one by one."""
        for each in operation["parameters"]:
            name, where = each["name"], each["in"]
            good = self.parameters(operation)
            if where == "header" and each.get("required"):
                self.refused(method, path, {n: v for n, v in good.items()
                                            if n != name},
                             self.body(operation))
            for value in self.some_invalid(each["schema"]):
                text = as_text(value)
                if self.fits_as_text(each["schema"], text) or \
                        (where == "path" and text == ""):  # another path
                    continue
                self.refused(method, path, {**good, name: (where, text)},
                             self.body(operation))
        self.refused(method, path, {**self.parameters(operation),
                                    "unknown": ("query", "1")},
                     self.body(operation))
        content = operation.get("requestBody", {}).get("content", {})
        for kind, described in content.items():
            for value in self.some_invalid(described["schema"]):
                self.refused(method, path, self.parameters(operation),
                             (kind, value))

    def fits_as_text(self, schema, text):
        """A text says less than the value that it was made of."""
        schema = self.made.resolve(schema)
        if self.made.fits(schema, text):
            return True
        if schema.get("type") == "integer" and re.fullmatch(r"-?\d+", text):
            return self.made.fits(schema, int(text))
        return False


def test_each_operation_answers_as_described(start, database):
    """Inputs that the description allows are done or refused for a reason
    that it names; those that it does not allow are refused, each of them."""
    employee = start("employee", database,
                     APP_IDENTITY_KEY_PER_MINUTE=1000000)
    driver = Driver(employee, add(database, "till", "write"), 7)
    for _ in range(ROUNDS):
        for method, path, operation in driver.made.operations():
            driver.allowed(method, path, operation)
    for method, path, operation in driver.made.operations():
        driver.not_allowed(method, path, operation)
    assert {201, 200, 204, 404, 422, 428, 400} <= {
        status for _, status in driver.answers}


def test_an_answer_that_is_not_described_is_seen(start, database):
    """A status, a member and a type."""
    employee = start("employee", database)
    driver = Driver(employee, add(database, "till", "read"), 7)
    whole = copy.deepcopy(driver.api.document)
    listed = "/admin/api/v1/suppliers"
    for change in (
            lambda api: [api["paths"][listed]["get"]["responses"].pop(each)
                         for each in ("200", "default")],
            lambda api: api["components"]["schemas"]["Part"]["properties"]
            .pop("total"),
            lambda api: api["components"]["schemas"]["Part"]["properties"]
            .update(total={"type": "string"})):
        driver.api.document = copy.deepcopy(whole)
        driver.api.get(listed)
        change(driver.api.document)
        with pytest.raises(Exception):
            driver.api.get(listed)
