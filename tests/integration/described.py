"""Makes requests from the description of an API: those that it allows, and
those that it does not."""
import json
import random
import string

import jsonschema

import api

LETTERS = string.ascii_letters + string.digits + "éŁß中カ🫘'&<\"\\"


class Described:
    """The operations of a description, and inputs for them."""

    def __init__(self, document, seed):
        self.document = document
        self.random = random.Random(seed)

    def resolve(self, node):
        return api.resolve(self.document, node)

    def operations(self):
        """(method, path, operation), with the parameters of the path."""
        for path, item in self.document["paths"].items():
            for method in ("get", "post", "put", "patch", "delete"):
                if method in item:
                    own = item[method]
                    shared = item.get("parameters", [])
                    yield method.upper(), path, {**own, "parameters": [
                        self.resolve(each)
                        for each in [*shared, *own.get("parameters", [])]]}

    def fits(self, schema, value):
        whole = {**schema, "components": self.document["components"]}
        return jsonschema.Draft202012Validator(whole).is_valid(value)

    # What a schema allows.

    def valid(self, schema):
        schema = self.resolve(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self.random.choice(schema["enum"])
        if "oneOf" in schema:
            return self.valid(self.random.choice(schema["oneOf"]))
        kind = schema["type"]
        if isinstance(kind, list):
            kind = self.random.choice(kind)
        return getattr(self, "valid_" + kind)(schema)

    def valid_null(self, _):
        return None

    def valid_integer(self, schema):
        return self.random.randint(schema.get("minimum", 1),
                                   schema.get("maximum", 2 ** 31 - 1))

    def valid_string(self, schema):
        digits = f"{self.random.randrange(10 ** 9):09}"
        made = {"email": f"a{digits}@example.com", "phone": f"+1 555 {digits}",
                "uri": f"https://www.example.com/{digits}",
                "date": f"20{digits[:2]}-11-15"}.get(schema.get("format"))
        if made is not None:
            return made
        if "examples" in schema:
            return self.random.choice(schema["examples"])
        most = min(schema.get("maxLength", 50), 300)
        length = self.random.choice([1, 2, 10, most])
        length = max(schema.get("minLength", 0), min(length, most))
        plain = "pattern" in schema or "x-max-bytes" in schema
        letters = string.ascii_letters if plain else LETTERS
        return "".join(self.random.choices(letters, k=length))

    def valid_array(self, schema):
        least = schema.get("minItems", 0)
        count = self.random.randint(least, min(schema["maxItems"], least + 3))
        return [self.valid(schema["items"]) for _ in range(count)]

    def valid_object(self, schema):
        wanted = set(schema.get("required", []))
        for branch in [self.random.choice(schema["anyOf"])] \
                if "anyOf" in schema else []:
            wanted |= set(branch["required"])
        made = {name: self.valid_member(each, name in wanted)
                for name, each in schema["properties"].items()
                if name in wanted or self.random.random() < 0.4}
        if "if" in schema and self.fits(schema["if"], made):
            for name in schema["then"]["required"]:
                made[name] = self.valid_member(schema["properties"][name],
                                               True)
        return made

    def valid_member(self, schema, wanted):
        value = self.valid(schema)
        while wanted and value == "":
            value = self.valid(schema)
        return value

    # What it does not.

    def invalid(self, schema):
        """Values that are wrong in one place."""
        for value in self.wrong(schema):
            if not self.fits(schema, value):
                yield value

    def wrong(self, schema):
        schema = self.resolve(schema)
        yield from (None, True, 1.5, -1, "", [], {}, {"unknown": 1}, ["x"])
        for branch in schema.get("oneOf", []):
            yield from self.wrong(branch)
        if "maxLength" in schema:
            yield "x" * (schema["maxLength"] + 1)
        if "maxItems" in schema:
            one = self.valid(schema["items"])
            yield [one] * (schema["maxItems"] + 1)
        if "items" in schema:
            for bad in self.invalid(schema["items"]):
                yield [self.valid(schema["items"]), bad]
        if "properties" in schema:
            yield from self.wrong_objects(schema)

    def wrong_objects(self, schema):
        good = self.valid_object(schema)
        for name in schema.get("required", []):
            yield {each: good[each] for each in good if each != name}
        yield {**good, "unknown": "x"}
        for name, each in schema["properties"].items():
            for bad in self.invalid(each):
                yield {**good, name: bad}


def as_text(value):
    """A value as it stands in a query or a field."""
    return value if isinstance(value, str) else json.dumps(value)
