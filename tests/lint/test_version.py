"""Which version a build says it is: cmake/version.cmake."""
import os
import re
import subprocess

import pytest

import harness

FAULT = "Use letters, digits and"


def run(*argv, folder):
    return subprocess.run(argv, cwd=folder, check=True, text=True,
                          capture_output=True).stdout.strip()


def git(folder, *argv):
    return run("git", "-c", "user.name=a", "-c", "user.email=a@b.example",
               *argv, folder=folder)


def version_of(source, version=""):
    """What a build of this folder would say."""
    out = source / "version_text.h"
    done = subprocess.run(
        ["cmake", f"-DSOURCE={source}", "-DRELEASED=0.1.0",
         "-DBUILD=Compiler: GNU 12.2.0|zlib: 1.2.13", f"-DOUT={out}", "-P",
         source / "cmake/version.cmake"], check=False, text=True,
        capture_output=True, env={**os.environ, "CAFE_VERSION": version})
    if done.returncode:
        return done.stderr
    text = out.read_text()
    out.unlink()
    assert '#define VERSION_BUILD "Compiler: GNU 12.2.0\\nzlib: 1.2.13\\n"' \
        in text
    return re.search(r'VERSION_TEXT "(.*)"', text)[1]


@pytest.fixture(name="source")
def make_source(tmp_path):
    """A repository with what the script reads, in one commit."""
    source = tmp_path / "source"
    source.mkdir()
    git(source, "init", "-q")
    for path in (".gitattributes", "cmake/version.cmake", "cmake/commit.txt",
                 "libcafe/base/version_text.h.in"):
        target = source / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text((harness.ROOT / path).read_text())
    git(source, "add", ".")
    git(source, "commit", "-qm", "Begin")
    return source


def test_a_commit_is_named(source):
    commit = git(source, "rev-parse", "--short", "HEAD")
    assert version_of(source) == f"0.1.0+g{commit}"
    (source / "cmake/commit.txt").write_text("changed\n")
    assert version_of(source) == f"0.1.0+g{commit}.dirty"


def test_a_release_is_its_tag(source):
    git(source, "tag", "other")
    git(source, "tag", "-a", "-m", "0.2.0", "v0.2.0")
    assert version_of(source) == "0.2.0"
    git(source, "commit", "-q", "--allow-empty", "-m", "Go on")
    assert version_of(source).startswith("0.1.0+g")


def test_an_archive_knows_its_commit(source, tmp_path):
    commit = git(source, "rev-parse", "--short", "HEAD")
    archive = tmp_path / "archive"
    archive.mkdir()
    git(source, "archive", "-o", tmp_path / "a.tar", "HEAD")
    run("tar", "xf", tmp_path / "a.tar", folder=archive)
    assert version_of(archive) == f"0.1.0+g{commit}"


def test_without_git_it_is_the_last_release(source):
    (source / ".git").rename(source / "git")
    assert version_of(source) == "0.1.0"


@pytest.mark.parametrize("version, said", [
    ("1.2.0-3+deb12u1", "1.2.0-3+deb12u1"), ('1"', FAULT), ("1 2", FAULT)])
def test_the_environment_decides(source, version, said):
    assert said in version_of(source, version)
