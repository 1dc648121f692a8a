"""The authorities of databases that go into the images."""
import hashlib
import json
import os
import shutil
import subprocess

import pytest

import harness
import spdx

# In the place of an installation of the preset release, which an image has.
CMAKE = """#!/bin/sh
mkdir -p "$DESTDIR/usr/bin"
cp {program} "$DESTDIR/usr/bin/customer"
"""


@pytest.fixture(name="make")
def fixture_make(tmp_path):
    """Lay out an image, with these files among the authorities."""
    def make(**files):
        shutil.copytree(harness.ROOT / "deploy/packaging",
                        tmp_path / "deploy/packaging")
        for name, text in files.items():
            path = tmp_path / f"deploy/packaging/authorities/{name}.pem"
            path.write_text(text)
        (tmp_path / "build/release").mkdir(parents=True)
        shutil.copy(harness.BIN.parent / "CMakeCache.txt",
                    tmp_path / "build/release")
        command = tmp_path / "bin/cmake"
        command.parent.mkdir()
        command.write_text(CMAKE.format(program=harness.BIN / "customer"))
        command.chmod(0o755)
        done = subprocess.run(
            ["sh", "deploy/packaging/image.sh", "customer",
             tmp_path / "image"], cwd=tmp_path, text=True, check=False,
            env={"PATH": f"{command.parent}:{os.environ['PATH']}"},
            capture_output=True)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "image/etc/passwd").exists()
        return tmp_path / "image/etc/ssl/databases.pem"
    return make


def test_an_image_has_the_authorities_of_its_database(make):
    made = make(one="first\n", two="second\n")
    assert made.read_text() == "first\nsecond\n"
    assert made.stat().st_mode & 0o444 == 0o444
    document = json.loads(
        (made.parents[2] / "usr/share/doc/customer/sbom.spdx.json").read_text())
    assert spdx.faults(document) == []
    given = {one["name"]: one for one in document["packages"]
             if "checksums" in one}
    assert {name: one["checksums"][0]["checksumValue"]
            for name, one in given.items()} == {
        "one.pem": hashlib.sha256(b"first\n").hexdigest(),
        "two.pem": hashlib.sha256(b"second\n").hexdigest()}
    for one in given.values():
        assert one["sourceInfo"].endswith("files: /etc/ssl/databases.pem")
        assert (one["name"], one["versionInfo"]) in spdx.related(
            document, "CONTAINS")


def test_without_such_files_there_is_none(make):
    assert not make().exists()


def test_no_certificate_is_committed():
    done = subprocess.run(["git", "check-ignore", "-q",
                           "deploy/packaging/authorities/rds.pem"],
                          cwd=harness.ROOT, check=False)
    assert done.returncode == 0
