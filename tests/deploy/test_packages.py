"""The packages of this machine's release of Debian; see test_debian.py for the
other release."""
import json
import os
import shutil
import subprocess

import pytest

import debian_packages
import harness
import spdx
from debian_root import HERE, Root

BUILD = harness.ROOT / "build/release"


def run(*argv, **options):
    done = subprocess.run(argv, cwd=harness.ROOT, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          **options)
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout


@pytest.fixture(name="packages", scope="module")
def make_packages():
    """Two folders with the same packages, of two versions."""
    folder = harness.make_folder(large=True)
    for version, targets in zip(debian_packages.VERSIONS,
                                debian_packages.TARGETS):
        harness.build("release", *targets, CAFE_VERSION=version)
        run("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", folder,
            "-D", f"CPACK_OUTPUT_FILE_PREFIX={folder}/{version}")
    yield [os.path.join(folder, version)
           for version in debian_packages.VERSIONS]
    harness.remove_folder(folder)


def deb_files(folder):
    found = sorted(os.path.join(folder, name) for name in os.listdir(folder)
                   if name.endswith(".deb"))
    assert len(found) == 4
    return found


@pytest.mark.skipif(not shutil.which("lintian"), reason="needs lintian")
def test_lintian_finds_no_error_nor_warning(packages):
    run("sh", "-c", f"cd {packages[1]} && {debian_packages.LINTIAN}")


def test_changelogs_have_the_release_notes(packages, tmp_path):
    notes = run("deploy/packaging/release-notes.sh").split()
    for path in deb_files(packages[1]):
        name = os.path.basename(path).partition("_")[0]
        packed = run("sh", "-c", f"dpkg-deb --fsys-tarfile '{path}' | tar -xO "
                     f"./usr/share/doc/{name}/changelog.gz | gzip -d "
                     f">{tmp_path}/changelog && dpkg-parsechangelog "
                     f"-l {tmp_path}/changelog")
        assert f"Source: {name}\n" in packed
        assert f"Version: {debian_packages.VERSIONS[1]}\n" in packed
        words = packed.partition("urgency=medium")[2].split()
        assert [word for word in words if word not in "*-."] == [
            word for word in notes if word not in "*-."]


def test_each_has_a_bill_of_materials(packages, tmp_path):
    for path in deb_files(packages[1]):
        name = os.path.basename(path).partition("_")[0]
        root = tmp_path / name
        run("dpkg-deb", "-x", path, root)
        document = json.loads(
            (root / f"usr/share/doc/{name}/sbom.spdx.json").read_text())
        assert spdx.faults(document) == []
        product = document["packages"][0]
        assert (product["name"], product["versionInfo"]) == (
            name, debian_packages.VERSIONS[1])
        programs = [*root.glob("usr/bin/*"), *root.glob("usr/sbin/*")]
        assert len(programs) == (name != "cafe-common")
        assert spdx.related(document, "DEPENDS_ON") == {
            one for program in programs
            for one in spdx.linked_packages(program)}
        copied = {one for one, _ in spdx.related(document, "CONTAINS")}
        styles = list(root.rglob("bootstrap*.css"))
        assert copied == ({"libjs-bootstrap5"} if styles else set())


def test_from_installation_to_purge(packages, own):
    if os.getuid() != 0 or not shutil.which("mmdebstrap"):
        pytest.skip("PACKAGES ARE NOT INSTALLED: this takes root and "
                    "mmdebstrap")
    folder = harness.make_folder(large=True)
    try:
        root = Root(folder, HERE)
        for number, source in enumerate(packages):
            shutil.copytree(source, root.path / f"packages-{number}")
        debian_packages.walk(root, own)
    finally:
        harness.remove_folder(folder)


@pytest.mark.parametrize("name", debian_packages.DAEMONS)
def test_units_are_understood(packages, tmp_path, name):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd is not installed")
    found = [path for path in deb_files(packages[1])
             if f"/cafe-{name}_" in path]
    run("dpkg-deb", "-x", found[0], tmp_path)
    units = tmp_path / "usr/lib/systemd/system"
    text = (units / f"cafe-{name}.service").read_text()
    for line in ("Type=notify", "DynamicUser=yes", "WatchdogSec=10",
                 f"ExecStart=/usr/sbin/cafe-{name} "
                 f"--config /etc/cafe/{name}.yaml"):
        assert f"\n{line}\n" in text
    (units / f"cafe-{name}.service").write_text(
        text.replace("/usr/sbin/", f"{tmp_path}/usr/sbin/")
        .replace("Documentation=", "#"))
    done = subprocess.run(
        ["systemd-analyze", "verify", units / f"cafe-{name}.service",
         units / f"cafe-{name}.socket"],
        text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not [line for line in done.stderr.splitlines() if "cafe-" in line]
