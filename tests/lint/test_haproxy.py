"""The configurations of the load balancers, where HAProxy itself is silent."""
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "deploy").rglob("haproxy.cfg"))


def faults(text):
    """
    A section's http-check rules take the place of those of its defaults: one
    that only says what it expects would ask OPTIONS, as HTTP/1.0.
    """
    sections = re.split(r"^(?=\w)", text, flags=re.M)
    return [section.splitlines()[0] for section in sections
            if "http-check expect" in section and
            "http-check send" not in section]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_checks_say_what_they_ask(file):
    text = file.read_text()
    assert "http-check expect" in text
    assert faults(text) == []
    without = re.sub(r"^ +http-check send.*\n", "", text, flags=re.M)
    assert faults(without)
