"""Release builds in two folders have the same bytes."""
import hashlib
import subprocess

import pytest

import harness


@pytest.mark.thorough  # builds a program twice
def test_two_builds_are_the_same(folder):
    digests = set()
    for name in ("one", "a-folder-with-another-name"):
        clone = folder / name / "source"
        subprocess.run(["git", "clone", "-q", harness.ROOT, clone], check=True)
        for command in (["cmake", "--preset", "release"],
                        ["cmake", "--build", "--preset", "release",
                         "--target", "customer"]):
            subprocess.run(command, cwd=clone, check=True, capture_output=True)
        program = clone / "build/release/bin/customer"
        digests.add(hashlib.sha256(program.read_bytes()).hexdigest())
    assert len(digests) == 1
