"""JSON and YAML, read strictly, and walks through what was read."""
import json

import yaml


class Malformed(ValueError):
    """A file that two readers could take for two things."""


def no_key_twice(pairs):
    """Make a mapping; a later key must not hide an earlier one."""
    keys = [key for key, _ in pairs]
    for key in keys:
        if keys.count(key) > 1:
            raise Malformed(f"the key {key!r} stands twice")
    return dict(pairs)


def no_constant(name):
    raise Malformed(f"{name} is no JSON")


def read_json(text):
    return json.loads(text, object_pairs_hook=no_key_twice,
                      parse_constant=no_constant)


class StrictLoader(yaml.SafeLoader):
    """YAML as JSON has it: no key twice, no merging."""

    def construct_mapping(self, node, deep=False):
        return no_key_twice(self.construct_pairs(node, deep=True))


StrictLoader.add_constructor(
    yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG,
    lambda loader, node: loader.construct_mapping(node))


def read_yaml(text):
    return yaml.load(text, StrictLoader)


class TemplateLoader(StrictLoader):
    """YAML with CloudFormation's short forms: !Ref X is {"Ref": "X"}."""

    def compose_node(self, parent, index):
        if self.check_event(yaml.AliasEvent):
            raise Malformed("CloudFormation takes no aliases")
        return super().compose_node(parent, index)

    def short_form(self, tag, node):
        if isinstance(node, yaml.ScalarNode):
            value = self.construct_scalar(node)
        elif isinstance(node, yaml.SequenceNode):
            value = self.construct_sequence(node, deep=True)
        else:
            value = self.construct_mapping(node, deep=True)
        if tag == "GetAtt" and isinstance(value, str):
            value = value.split(".", 1)
        return {tag if tag in ("Ref", "Condition") else f"Fn::{tag}": value}


TemplateLoader.add_multi_constructor("!", TemplateLoader.short_form)


def read_template(text):
    return yaml.load(text, TemplateLoader)


def read(path):
    """A document of either kind; a fault names the file."""
    try:
        text = path.read_text(encoding="utf-8")
        return read_json(text) if path.suffix == ".json" else read_yaml(text)
    except (ValueError, yaml.YAMLError) as error:
        raise Malformed(f"{path.name}: {error}") from error


def strings(node, place=""):
    """Every key and every text of a document, each with its place."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield place, str(key)
            yield from strings(value, f"{place}.{key}")
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from strings(value, f"{place}[{number}]")
    elif isinstance(node, str):
        yield place, node


def mappings(node):
    if isinstance(node, dict):
        yield node
    for value in (node.values() if isinstance(node, dict) else
                  node if isinstance(node, list) else ()):
        yield from mappings(value)
