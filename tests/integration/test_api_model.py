"""Sequences of requests to the API for editors against a model of it, with
restarts of the daemon between: no difference."""
import os
import random

from test_keys import add
from test_write_api import Program

STEPS = 5000 if os.environ.get("CAFE_LONG") else 300
RESTART_EVERY = STEPS // 5
FIELDS = ("name", "address", "city", "state", "country", "email", "phone",
          "website", "notes")


class Model:
    """What the suppliers are, and what each request has to answer."""

    def __init__(self):
        self.suppliers = {}  # id: the last answer that showed it
        self.tags = {}       # id: its ETag
        self.first = {}      # Idempotency-Key: body, answer, tag

    def status(self, method, number, tag):
        """Of a change of one supplier that has no other fault."""
        if number not in self.suppliers:
            return 404
        if tag is None:
            return 428
        if tag not in ("*", self.tags[number]):
            return 412
        return {"PUT": 200, "PATCH": 200, "DELETE": 204}[method]

    def wanted(self, method, number, body):
        """The fields after it."""
        before = self.suppliers.get(number, {}) if method == "PATCH" else {}
        return {name: (body.get(name, before.get(name)) or "")
                for name in FIELDS}

    def took(self, method, number, body, answer, tag):
        """A change was done: its answer has the fields, and a later version."""
        if method == "DELETE":
            del self.suppliers[number], self.tags[number]
            return
        number = answer["id"] if method == "POST" else number
        assert {name: answer[name] for name in FIELDS} == \
            self.wanted(method, number, body)
        before = self.suppliers.get(number)
        assert answer["id"] == number
        assert (before is None) == (method == "POST")
        assert before is None or answer["version"] > before["version"]
        self.suppliers[number], self.tags[number] = answer, tag


class Steps:
    """Chooses requests, sends them, and compares the answers."""

    def __init__(self, program, seed):
        self.program, self.model = program, Model()
        self.random = random.Random(seed)
        self.old_tags = ['"1-1"', "x"]
        self.gone = [999999]
        self.keys = 0

    def body(self, whole):
        texts = {name: f"{name} {self.random.randrange(10 ** 6)}"
                 for name in FIELDS}
        texts.update(email="", phone=f"+1 555 {texts['phone'][6:]:>07}",
                     website="https://www.example.com/")
        optional = ("country", "email", "website", "notes") if whole else FIELDS
        return {name: text for name, text in texts.items()
                if name not in optional or self.random.random() < 0.5}

    def target(self):
        known = list(self.model.suppliers)
        if not known or self.random.random() < 0.1:
            return self.random.choice(self.gone)
        return self.random.choice(known)

    def tag_for(self, number):
        own = self.model.tags.get(number, '"1-1"')
        return self.random.choice([own, own, own, "*", None,
                                   self.random.choice(self.old_tags)])

    def post(self):
        body = self.body(True)
        key = None
        if self.random.random() < 0.5:
            self.keys += 1
            key = f"k{self.keys}"
        if self.model.first and self.random.random() < 0.3:
            key = self.random.choice(list(self.model.first))
            if self.random.random() < 0.5:
                body = self.model.first[key][0]
        fields = {"Idempotency_Key": key} if key else {}
        answer = self.program("POST", "?anyway=1", body, **fields)
        if key in self.model.first:
            sent, shown, tag = self.model.first[key]
            if sent != body:
                assert answer.status == 422
            else:
                assert (answer.status, answer.json) == (201, shown)
                assert answer.headers["ETag"] == tag
            return
        assert answer.status == 201, answer.text
        tag = answer.headers["ETag"]
        self.model.took("POST", None, body, answer.json, tag)
        if key:
            self.model.first[key] = (body, answer.json, tag)

    def change(self):
        method = self.random.choice(["PUT", "PATCH", "PATCH", "DELETE"])
        number = self.target()
        tag = self.tag_for(number)
        body = None if method == "DELETE" else self.body(method == "PUT")
        wanted = self.model.status(method, number, tag)
        fields = {"If_Match": tag} if tag else {}
        answer = self.program(method, f"/{number}?anyway=1", body, **fields)
        # Without a condition it is not looked for.
        assert answer.status == (428 if tag is None else wanted), answer.text
        if answer.status == 412:
            assert answer.json["current"] == self.model.suppliers[number]
            assert answer.headers["ETag"] == self.model.tags[number]
        elif answer.status < 300:
            self.done(method, number, body, answer.json,
                      answer.headers["ETag"])

    def done(self, method, number, body, shown, tag):
        if number in self.model.tags:
            self.old_tags.append(self.model.tags[number])
        if method == "DELETE":
            self.gone.append(number)
        self.model.took(method, number, body, shown, tag)

    def batch(self):
        operations, wanted = [], []
        known = self.random.sample(list(self.model.suppliers),
                                   min(3, len(self.model.suppliers)))
        for number in [None, *known]:
            method = self.random.choice(["PUT", "PATCH", "DELETE"]) \
                if number else "POST"
            operation = {"method": method}
            if number:
                tag = self.tag_for(number) or "*"
                operation.update(id=number, if_match=tag)
                wanted.append(self.model.status(method, number, tag))
            if method != "DELETE":
                operation["supplier"] = self.body(method in ("POST", "PUT"))
            operations.append(operation)
        answer = self.program("POST", ":batch?anyway=1",
                              {"operations": operations})
        if 412 in wanted:
            assert answer.status == 412
            assert [each["pointer"] for each in answer.json["errors"]] == [
                f"/operations/{i}/if_match" for i, each in enumerate(wanted, 1)
                if each == 412]
            return
        assert answer.status == 200, answer.text
        assert [each["status"] for each in answer.json["results"]] == \
            [201, *wanted]
        for operation, result in zip(operations, answer.json["results"]):
            self.done(operation["method"], operation.get("id"),
                      operation.get("supplier"), result.get("supplier"),
                      result.get("etag"))

    def get(self):
        number = self.target()
        answer = self.program("GET", f"/{number}")
        if number not in self.model.suppliers:
            # the first one has never been there
            assert answer.status == (410 if number in self.gone[1:] else 404)
            return
        assert answer.json == self.model.suppliers[number]
        assert answer.headers["ETag"] == self.model.tags[number]

    def compare_all(self):
        after, rows = "?limit=200", []
        while after:
            answer = self.program("GET", after)
            rows += answer.json["suppliers"]
            after = answer.json["next"] and \
                answer.json["next"].partition("suppliers")[2]
        assert rows == [self.model.suppliers[number]
                        for number in sorted(self.model.suppliers)]

    def step(self):
        self.random.choices([self.post, self.change, self.batch, self.get],
                            [4, 8, 2, 3])[0]()


def test_it_is_as_the_model_says(start, database):
    key = add(database, "till", "write")

    def program():
        return Program(start("employee", database,
                             APP_IDENTITY_KEY_PER_MINUTE=1000000), key)

    steps = Steps(program(), 11)
    for count in range(1, STEPS + 1):
        steps.step()
        if count % RESTART_EVERY == 0:
            steps.compare_all()
            assert steps.program.daemon.stop() == 0
            steps.program = program()
            steps.compare_all()
    assert len(steps.model.suppliers) > 10 and len(steps.gone) > 10
