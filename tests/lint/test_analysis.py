"""What clang-tidy and cppcheck find: nothing, by the committed settings."""
import concurrent.futures
import json
import re
import shutil
import subprocess

import pytest

import harness

# Other versions of clang-tidy have other checks than .clang-tidy chooses from.
TIDY_VERSION = "14"
PARTS = ("libcafe", "customer", "employee", "deploy/cafe-deploy")
RUNS = 2  # at a time
BAD = """#include <string.h>
int differs(const char *a, const char *b);
int differs(const char *a, const char *b)
{
    int unset;

    if (strcmp(a, b))
        return unset;
    return 0;
}
"""


def tidy_program():
    name = shutil.which(f"clang-tidy-{TIDY_VERSION}") or \
        shutil.which("clang-tidy")
    if not name:
        pytest.skip("clang-tidy is not installed")
    said = subprocess.run([name, "--version"], text=True, check=True,
                          capture_output=True).stdout
    version = re.search(r"version (\d+)", said)[1]
    if version != TIDY_VERSION:
        pytest.skip(f"clang-tidy is {version}, not {TIDY_VERSION}")
    return name


def sources():
    """The product's sources in the build's list of compile commands."""
    commands = json.loads(
        (harness.BIN.parent / "compile_commands.json").read_text())
    inside = tuple(f"{harness.ROOT / part}/" for part in PARTS)
    return [row["file"] for row in commands if row["file"].startswith(inside)]


def tidy(program, *arguments):
    """Findings: lines of clang-tidy's that name a check."""
    done = subprocess.run(
        [program, "--quiet", f"--config-file={harness.ROOT}/.clang-tidy",
         *arguments],
        text=True, capture_output=True, check=False)
    found = [line for line in done.stdout.splitlines()
             if re.search(r"(error|warning): ", line)]
    assert found or done.returncode == 0, done.stderr
    return found


@pytest.mark.thorough
def test_clang_tidy_finds_nothing():
    program, files = tidy_program(), sources()
    assert len(files) > 100, "not built?"
    shares = [files[first::RUNS] for first in range(RUNS)]
    with concurrent.futures.ThreadPoolExecutor(RUNS) as pool:
        found = sum(pool.map(
            lambda share: tidy(program, f"-p={harness.BIN.parent}", *share),
            shares), [])
    assert not found, found


def test_clang_tidy_would_find_something(tmp_path):
    (tmp_path / "bad.c").write_text(BAD)
    found = tidy(tidy_program(), tmp_path / "bad.c", "--")
    assert any("bugprone-suspicious-string-compare" in line for line in found)


def cppcheck(*paths):
    if not shutil.which("cppcheck"):
        pytest.skip("cppcheck is not installed")
    done = subprocess.run(
        ["cppcheck", "--enable=warning,performance,portability", "--std=c11",
         "--quiet", "--inline-suppr", f"-j{RUNS}", "-D_GNU_SOURCE",
         f"--suppressions-list={harness.ROOT}/.cppcheck", "-Ilibcafe/include",
         "--template={file}:{line}: {id}: {message}", "--error-exitcode=1",
         *paths], cwd=harness.ROOT, text=True, capture_output=True, check=False)
    found = done.stderr.splitlines()
    assert found or done.returncode == 0, done.stdout
    return found


def test_cppcheck_finds_nothing():
    found = cppcheck(*PARTS)
    assert not found, found


def test_cppcheck_would_find_something(tmp_path):
    (tmp_path / "bad.c").write_text(BAD)
    assert any("uninitvar" in line for line in cppcheck(tmp_path / "bad.c"))
