"""The other supported release of Debian, from nothing to the first page.

What a person does there, in a root of its own: ./cafe test, then ./cafe up.
Both install their packages by themselves.
"""
import os
import pathlib
import platform
import re
import shutil
import subprocess

import pytest

import harness

RELEASES = ("bookworm", "trixie")
OTHER = [name for name in RELEASES if name !=
         platform.freedesktop_os_release().get("VERSION_CODENAME")]


class Root:
    """
    A minimal Debian in a folder. Its mounts are in a mount namespace of each
    command's own, so they are gone with it and never in the way of removal.
    """

    def __init__(self, folder, release):
        self.path = pathlib.Path(folder) / "root"
        done = subprocess.run(
            ["debootstrap", "--variant=minbase", release, self.path],
            text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr
        # what is thrown away need not survive a power cut
        (self.path / "etc/dpkg/dpkg.cfg.d/unsafe-io").write_text(
            "force-unsafe-io\n")

    def copy_project(self):
        """The files that git knows, as a clone has them, and shared/."""
        target = self.path / "src/cafe"
        target.mkdir(parents=True)
        names = subprocess.run(["git", "ls-files"], cwd=harness.ROOT,
                               text=True, capture_output=True,
                               check=True).stdout.splitlines()
        for name in names:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(harness.ROOT / name, target / name)
        shared = harness.ROOT.parent / "shared"
        if shared.is_dir():
            shutil.copytree(shared, self.path / "src/shared")
        for words in (["init", "--quiet"], ["add", "."]):
            subprocess.run(["git", *words], cwd=target, check=True)
        return target

    def run(self, command):
        """A shell command in the project's folder; its whole output."""
        script = ('mount -t proc proc "$0/proc" && '
                  'mount -t tmpfs tmpfs "$0/dev/shm" && '
                  'exec chroot "$0" sh -c "cd /src/cafe && $1"')
        return subprocess.run(
            ["unshare", "--mount", "sh", "-c", script, self.path, command],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, check=False, timeout=1800,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
                 "LANG": "C.UTF-8", "CI": "1"})


@pytest.fixture(name="root", scope="module", params=OTHER)
def fixture_root(request):
    if os.getuid() != 0 or not shutil.which("debootstrap"):
        pytest.skip("NOT TESTED ON ANOTHER DEBIAN: this takes root and "
                    "debootstrap")
    folder = harness.make_folder(large=True)
    made = Root(folder, request.param)
    made.project = made.copy_project()
    yield made
    harness.remove_folder(folder)


def test_unit_tests(root):
    done = root.run("./cafe test unit")
    assert done.returncode == 0, done.stdout[-6000:]
    last = done.stdout.splitlines()[-1]
    passed = int(re.fullmatch(r"(\d+) passed, 0 failed, \d+ skipped", last)[1])
    assert passed > 50, last


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
    log = (root.project / "var/log/build-release.log").read_text()
    assert "Linking C executable bin/employee" in log
    assert "warning:" not in log, log[-4000:]
