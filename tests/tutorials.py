"""The tutorials of docs/developers.md, followed to the letter in a clone."""
import re
import subprocess

import harness

TUTORIALS = harness.ROOT / "docs" / "developers.md"


def run(folder, *words, **options):
    return subprocess.run(words, cwd=folder, check=True, text=True, **options)


def follow(clone, heading):
    """Apply the patches of a tutorial as printed."""
    text = TUTORIALS.read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    patches = re.findall(r"```diff\n(.*?)```", text, re.S)
    assert patches, heading
    for patch in patches:
        run(clone, "git", "apply", "-", input=patch)


def clone_with_both(folder):
    """A clone in which the page and the option have been added."""
    clone = folder / "clone"
    run(folder, "git", "clone", "-q", harness.ROOT, clone)
    follow(clone, "Add a page")
    follow(clone, "Add an option")
    return clone
