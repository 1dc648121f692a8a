"""What a daemon gives up once it serves. The filter of system calls is in
builds without sanitizers only, and so is the memory that others can't read:
these tests look at a release build, too. What the filter refuses is in
tests/unit/test_hardening.c."""
import os
import pathlib
import shutil
import signal
import subprocess

import pytest

import harness
from thorough import at_desk

NAMES = "customer", "employee"
PRESETS = at_desk((harness.PRESET,), sorted({harness.PRESET, "release"}))


def built(preset, name):
    """The program of a build."""
    if preset != harness.PRESET:
        harness.build(preset, name)
    return harness.ROOT / "build" / preset / "bin" / name


def status(daemon, task=None):
    """Fields of /proc/PID/status."""
    folder = pathlib.Path("/proc", str(daemon.process.pid))
    if task:
        folder = folder / "task" / task
    return dict(line.split(":\t", 1) for line in
                (folder / "status").read_text().splitlines() if ":\t" in line)


def hardened(daemon):
    return harness.wait_until(
        lambda: [line for line in daemon.lines() if line["msg"] == "hardened"],
        "it says what it has given up")[0]


@pytest.mark.parametrize("name", NAMES)
def test_privileges_and_cores(start, database, name):
    daemon = start(name, database)
    tasks = os.listdir(f"/proc/{daemon.process.pid}/task")
    assert len(tasks) > 3
    for task in tasks:
        assert status(daemon, task)["NoNewPrivs"] == "1"
    limits = pathlib.Path(f"/proc/{daemon.process.pid}/limits").read_text()
    core, = (line for line in limits.splitlines() if "core file" in line)
    assert core.split()[4:6] == ["0", "0"]
    line = hardened(daemon)
    assert line["new_privileges"] == "off" and line["core_dumps"] == "off"
    assert line["uid"] == os.geteuid() and line["level"] == "info"


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("name", NAMES)
def test_every_thread_is_filtered(start, database, name, preset):
    daemon = start(name, database, program=built(preset, name))
    said = hardened(daemon)["seccomp"]
    tasks = os.listdir(f"/proc/{daemon.process.pid}/task")
    assert len(tasks) > 3
    for task in tasks:
        assert status(daemon, task)["Seccomp"] == (
            "2" if preset == "release" else "0")
    assert said == ("on" if preset == "release" else "off")


@pytest.mark.thorough  # takes a release build
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_others_cannot_read_the_memory(start, database, folder):
    """Files of a process that is not dumpable belong to root, whoever runs it.
    """
    build = built("release", "customer").parent.parent
    copy = folder / "installed"  # where each user can read it
    (copy / "bin").mkdir(parents=True)
    shutil.copy(build / "bin/customer", copy / "bin")
    shutil.copytree(build / "share", copy / "share")
    folder.chmod(0o755)
    daemon = start("customer", database, program=copy / "bin/customer",
                   prefix=("setpriv", "--reuid=1", "--regid=1",
                           "--clear-groups"))
    assert status(daemon)["Uid"].split()[0] == "1"
    assert os.stat(f"/proc/{daemon.process.pid}/mem").st_uid == 0
    assert hardened(daemon)["memory_readable"] == "off"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize("name", NAMES)
def test_root_becomes_the_user(installed, start, name):
    """With nothing left of root, on all threads, and a reload works."""
    daemon = start(name, program=installed / "bin" / name,
                   APP_USER="nobody", APP_DB_PORT=1)
    for task in os.listdir(f"/proc/{daemon.process.pid}/task"):
        fields = status(daemon, task)
        assert set(fields["Uid"].split()) == {"65534"}
        assert set(fields["Gid"].split()) == {"65534"}
        assert set(fields["Groups"].split()) == {"65534"}
        assert int(fields["CapPrm"], 16) == 0
    assert hardened(daemon)["uid"] == 65534
    daemon.process.send(signal.SIGHUP)
    harness.wait_until(lambda: "configuration reloaded" in
                       daemon.process.output(), "it is reloaded")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize("check", [(), ("--check-config",)])
def test_the_user_must_be_able_to_read(installed, folder, check):
    """Not only root, who starts it: files are opened as the user."""
    accounts = folder / "people"
    accounts.write_text("ann:x\n")
    accounts.chmod(0o600)
    done = run("employee", *check, program=installed / "bin/employee",
               APP_USER="nobody", APP_PORT="0", APP_OPS_PORT="0",
               APP_IDENTITY_HTPASSWD=str(accounts))
    assert done.returncode == 1
    assert "Permission denied" in done.stderr


@pytest.fixture
def installed():
    """The daemons where each user can read them."""
    folder = harness.make_folder()
    subprocess.run(["cmake", "--install", harness.BIN.parent, "--prefix",
                    folder], check=True, capture_output=True)
    os.chmod(folder, 0o755)
    yield pathlib.Path(folder)
    shutil.rmtree(folder)


def run(name, *argv, program=None, **env):
    return subprocess.run(
        [program or harness.BIN / name, *argv], text=True,
        capture_output=True, check=False, timeout=harness.WAIT_S,
        env={"PATH": os.environ["PATH"], **harness.sanitizer_options(), **env})


@pytest.mark.parametrize("check", [(), ("--check-config",)])
def test_an_unknown_user_is_refused(check):
    done = run("customer", *check, APP_USER="no-such-user")
    assert done.returncode == 1
    assert done.stderr == ("customer: environment APP_USER: there is no user "
                           "'no-such-user'\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_only_root_becomes_another_user(installed):
    done = subprocess.run(
        ["setpriv", "--reuid=1", "--regid=1", "--clear-groups",
         installed / "bin/customer", "--check-config"], text=True,
        capture_output=True, check=False, timeout=harness.WAIT_S,
        env={**harness.sanitizer_options(), "APP_USER": "nobody"})
    assert done.returncode == 1
    assert "only root can become nobody" in done.stderr
