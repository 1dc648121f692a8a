"""The Dockerfiles are those that dockerfiles.sh makes."""
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("daemon", ["customer", "employee"])
def test_dockerfile_is_the_generated_one(daemon, tmp_path):
    subprocess.run([ROOT / "deploy/packaging/dockerfiles.sh", tmp_path],
                   check=True)
    made = (tmp_path / daemon / "Dockerfile").read_text()
    assert "@" not in made
    assert (ROOT / daemon / "Dockerfile").read_text() == made, \
        "run deploy/packaging/dockerfiles.sh"
