"""The other supported release of Debian, from nothing to the first page.

What a person does there, in a root of its own: ./cafe test, then ./cafe up.
Both install their packages by themselves. Unless a long run is asked for, the
unit tests are built as releases are: ./cafe up then needs most of that again.
"""
import os
import re
import shutil

import pytest

import debian_packages
import harness
from debian_root import OTHER, Root

# What `./cafe test unit` does, but for the preset.
UNIT = ("bash -c 'set -o pipefail; mkdir -p var/log; "
        ". deploy/local/packages.sh; install_for build unit; "
        "build release --target tests/unit/all' && "
        "CAFE_PRESET=release /usr/bin/python3 tests/run.py unit")


@pytest.fixture(name="root", scope="module", params=OTHER)
def fixture_root(request):
    if os.getuid() != 0 or not shutil.which("mmdebstrap"):
        pytest.skip("NOT TESTED ON ANOTHER DEBIAN: this takes root and "
                    "mmdebstrap")
    folder = harness.make_folder(large=True)
    made = Root(folder, request.param)
    made.project = made.copy_project()
    yield made
    harness.remove_folder(folder)


def test_unit_tests(root):
    done = root.run("./cafe test unit" if "CAFE_LONG" in os.environ else UNIT)
    assert done.returncode == 0, done.stdout[-6000:]
    last = done.stdout.splitlines()[-1]
    passed = int(re.fullmatch(r"(\d+) passed, 0 failed, \d+ skipped", last)[1])
    assert passed > 50, last
    without_warnings(root)


def test_up_to_the_first_page(root):
    port = harness.free_port()
    done = root.run(f"./cafe up --detach --port {port}")
    assert done.returncode == 0, done.stdout[-6000:]
    try:
        site = harness.Client(port)
        assert "1–20 of 20" in site.get("/suppliers").text
        assert site.post("/admin/supplier-add",
                         {**harness.SUPPLIER, "anyway": "1"}).status == 303
        assert "1–21 of 21" in site.get("/suppliers").text
    finally:
        down = root.run("./cafe down")
    assert down.returncode == 0, down.stdout


def test_the_release_build_has_no_warnings(root):
    """What ./cafe up has built, by the compiler of that release."""
    assert "Linking C executable bin/employee" in without_warnings(root)


def without_warnings(root):
    """What the last build of each preset has printed."""
    said = "".join(log.read_text() for log in
                   (root.project / "var/log").glob("build-*.log"))
    assert "Linking C executable" in said
    assert "warning:" not in said, said[-4000:]
    return said


def test_packages(root, own):
    """Those that this release builds: installed, used, upgraded, purged."""
    done = root.run("bash -c '. deploy/local/packages.sh; install_for build' && "
                    "apt-get install -y -qq --no-install-recommends "
                    "dpkg-dev file lintian && cmake --preset release")
    assert done.returncode == 0, done.stdout[-4000:]
    for number, version in enumerate(debian_packages.VERSIONS):
        targets = " ".join(debian_packages.TARGETS[number])
        done = root.run(
            f"CAFE_VERSION={version} cmake --build --preset release "
            f"--target {targets} && cd build/release && cpack && "
            f"mv packages /packages-{number}")
        assert done.returncode == 0, done.stdout[-4000:]
    done = root.run(debian_packages.LINTIAN, folder="/packages-1")
    assert done.returncode == 0, done.stdout[-4000:]
    debian_packages.walk(root, own)
