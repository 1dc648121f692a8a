"""deploy/packaging/release-notes.sh prints what CHANGELOG.md says of a version."""
import os
import re
import subprocess

import pytest

import harness

SCRIPT = harness.ROOT / "deploy/packaging/release-notes.sh"
CHANGELOG = """# Changelog

## 1.10.0 (unreleased)

- New.

## 1.1.0 (2026-11-01)

- One, with `code`
  on two lines.

- Two.
## 1x1.0

- Not 1.1.0.
"""


@pytest.fixture(name="notes")
def make_notes(tmp_path):
    changelog = tmp_path / "CHANGELOG.md"
    changelog.write_text(CHANGELOG)

    def run(*words):
        return subprocess.run(
            [SCRIPT, *words], text=True, capture_output=True, check=False,
            env={**os.environ, "CAFE_CHANGELOG": str(changelog)})
    return run


@pytest.mark.parametrize("words, said", [
    ((), "- New.\n"),
    (("1.10.0",), "- New.\n"),
    (("v1.1.0",), "- One, with `code`\n  on two lines.\n\n- Two.\n"),
    (("--debian",), "  * New.\n"),
])
def test_the_notes_of_a_version(notes, words, said):
    done = notes(*words)
    assert done.returncode == 0 and done.stdout == said


@pytest.mark.parametrize("version", ["1.1", "1.1.0.", ".*", "(unreleased)"])
def test_a_version_that_is_not_there(notes, version):
    done = notes(version)
    assert done.returncode == 1 and not done.stdout
    assert done.stderr == (f"CHANGELOG.md says nothing of version {version}; "
                           "it has: 1.10.0 1.1.0 1x1.0\n")
    assert notes("--html").returncode == 2


def test_our_changelog_has_notes_of_each_version():
    text = (harness.ROOT / "CHANGELOG.md").read_text()
    versions = re.findall(r"^## (\S+)", text, re.M)
    assert versions
    for version in versions:
        done = subprocess.run([SCRIPT, version], text=True, check=True,
                              capture_output=True)
        assert done.stdout.startswith("- ") and done.stdout in text


def test_debians_changelog_has_short_lines(tmp_path):
    """A line of 80 characters grows by two; words and paragraphs stay."""
    changelog = tmp_path / "CHANGELOG.md"
    changelog.write_text(f"""# Changelog

## 1.0.0

Text before
the list.

- {"word " * 15}end
  {"more " * 14}
- Two:
  - {"below " * 13}

  Its end.
""")
    done = subprocess.run(
        [SCRIPT, "--debian"], text=True, capture_output=True, check=True,
        env={**os.environ, "CAFE_CHANGELOG": str(changelog)})
    assert done.stdout == f"""\
  Text before the list.

  * {("word " * 15).strip()}
    end {("more " * 14).strip()}
  * Two:
    * {("below " * 12).strip()}
      below

    Its end.
"""
