"""A build is made of the files that are there, not of those that were."""
import shutil
import subprocess

import pytest

import harness

MADE = "libcafe/suppliers/migrations.c"
PARTS = ("CMakeLists.txt", "cmake", "libcafe", "views", "customer", "employee")


@pytest.fixture
def tree(tmp_path):
    """A copy of the sources, configured."""
    for part in PARTS:
        source = harness.ROOT / part
        if source.is_dir():
            shutil.copytree(source, tmp_path / part)
        else:
            shutil.copy(source, tmp_path)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/CMakeLists.txt").touch()
    for daemon in "customer", "employee":
        (tmp_path / daemon / "static/extra.css").write_text("body {}")
    (tmp_path / "views/extra.html").touch()
    run("cmake", "-S", tmp_path, "-B", tmp_path / "build", "-G", "Ninja")
    return tmp_path


def run(*argv):
    done = subprocess.run(argv, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def build(tree):
    run("cmake", "--build", tree / "build", "--target", MADE,
        "customer_static", "employee_static")


def test_what_is_removed_or_added_is_so_in_the_next_build(tree):
    migration = sorted((tree / "libcafe/suppliers/migrations").iterdir())[-1]
    build(tree)
    made = tree / "build" / MADE
    share = tree / "build/share/cafe"
    assert migration.stem in made.read_text()
    assert (share / "customer/static/extra.css.br").exists()
    assert (share / "employee/views/extra.html").exists()
    migration.unlink()
    for daemon in "customer", "employee":
        (tree / daemon / "static/extra.css").unlink()
    (tree / "views/extra.html").unlink()
    build(tree)
    assert migration.stem not in made.read_text()
    assert not list(share.glob("*/static/extra.*"))
    assert not list(share.glob("*/views/extra.html"))
    assert (share / "customer/static/cafe.css.br").exists()
    assert (share / "customer/views/as-of.html").exists()
    migration.with_name(migration.stem + "-again.sql").write_text("SELECT 1")
    build(tree)
    assert migration.stem + "-again" in made.read_text()


def test_fuzz_targets_compile():
    """They are in no other build than their own, so a struct that changes is
    noticed here. The differential one needs llhttp, which is not ours."""
    flags = subprocess.run(["pkg-config", "--cflags", "libevent_core"],
                           text=True, check=True, capture_output=True).stdout
    sources = [path for path in (harness.ROOT / "tests/fuzz").glob("*.c")
               if "llhttp.h" not in path.read_text()]
    assert len(sources) > 15
    run("cc", "-std=c17", "-D_GNU_SOURCE", "-fsyntax-only", "-Wall", "-Werror",
        *flags.split(), *[f"-I{harness.ROOT / folder}" for folder in
                          ("libcafe/include", "libcafe/http",
                           "libcafe/suppliers", "deploy/cafe-deploy")],
        *sources)
