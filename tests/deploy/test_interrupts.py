"""Ctrl-C, SIGTERM, a terminal or a reader that goes away: a deployment is
rolled back, or goes on; it never stays half done. Nor does anything else than
the commands for it change what an interrupted one left."""
# pylint: disable=redefined-outer-name
import copy
import os
import pathlib
import signal
import subprocess

import pytest

import harness
from stand_ins import HOOK, Stage, read_until

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture
def stage(folder):
    made = Stage(pathlib.Path(folder) / "stage")
    yield made
    made.close()


def look(stage):
    return copy.deepcopy(stage.snapshot())


def end(process):
    said, complaint = process.communicate(timeout=harness.WAIT_S)
    return process.returncode, said, complaint


def assert_rolled_back(ended, number):
    status, said, complaint = ended
    assert status == 1, (status, said, complaint)
    assert f"interrupted by {number.name}" in complaint, complaint
    assert "Rolling back" in said, said


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("step", ["1/5", "4/5"])
def test_a_signal_while_it_waits(stage, number, step):
    before = look(stage)
    stage.balancer.healthy = step != "1/5"
    running = stage.start("deploy", "customer")
    read_until(running, step)
    os.killpg(running.pid, number)
    assert_rolled_back(end(running), number)
    assert look(stage) == before


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("event", [
    "BeforeInstall", "AfterInstall", "AfterAllowTestTraffic",
    "BeforeAllowTraffic", "AfterAllowTraffic"])
def test_a_signal_while_a_hook_runs(stage, number, event):
    """The terminal sends it to all; the hook is not cut short."""
    before = look(stage)
    stage.add_hook(event, HOOK)
    running = stage.start("deploy", "customer")
    harness.wait_until((stage.folder / "hook").exists, "the hook runs")
    os.killpg(running.pid, number)
    (stage.folder / "held").unlink()
    assert_rolled_back(end(running), number)
    assert (stage.folder / "hook.over").exists()
    assert look(stage) == before


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_while_docker_runs(stage, number):
    before = look(stage)
    stage.slow_down("run")
    running = stage.start("deploy", "customer")
    harness.wait_until((stage.folder / "begun").exists, "docker run")
    os.killpg(running.pid, number)
    stage.balancer.healthy = False
    stage.speed_up()
    ended = end(running)
    stage.balancer.healthy = True
    assert_rolled_back(ended, number)
    assert (stage.folder / "ended").exists()
    assert look(stage) == before


def test_a_second_signal_does_not_stop_the_way_back(stage):
    before = look(stage)
    running = stage.start("deploy", "customer")
    read_until(running, "4/5")
    stage.slow_down("stop")
    os.killpg(running.pid, signal.SIGINT)
    harness.wait_until((stage.folder / "begun").exists, "docker stop")
    for number in SIGNALS:
        os.killpg(running.pid, number)
    stage.speed_up()
    assert_rolled_back(end(running), signal.SIGINT)
    assert look(stage) == before


def test_a_signal_before_anything_has_begun(stage):
    """Pulling an image may take minutes: an interrupt ends it at once."""
    before = look(stage)
    stage.slow_down("pull")
    running = stage.start("deploy", "customer")
    harness.wait_until((stage.folder / "begun").exists, "docker pull")
    running.send_signal(signal.SIGINT)
    status, said, complaint = end(running)
    assert (status, said) == (1, "")
    assert complaint == "cafe-deploy: interrupted by SIGINT\n"
    assert look(stage) == before


def test_a_signal_that_comes_too_late(stage):
    """Nothing leads back once the original tasks end."""
    running = stage.start("--bake", "1", "deploy", "customer")
    stage.slow_down("stop")
    harness.wait_until((stage.folder / "begun").exists, "docker stop")
    os.killpg(running.pid, signal.SIGTERM)
    stage.speed_up()
    status, said, complaint = end(running)
    assert status == 0 and "Succeeded" in said
    assert "SIGTERM came too late" in complaint
    assert "green" not in look(stage)[0]


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_while_scaling(stage, number):
    before = look(stage)
    stage.balancer.healthy = False
    running = stage.start("scale", "customer", "3")
    harness.wait_until(lambda: len(stage.balancer.servers) == 3,
                       "tasks are started")
    os.killpg(running.pid, number)
    status, said, complaint = end(running)
    assert status == 1 and "Rolling back: 1 task\n" in said, said
    assert f"interrupted by {number.name}" in complaint
    assert look(stage) == before


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_while_a_pipeline_runs(stage, number):
    """It has failed, and is not begun again unasked."""
    stage.do("pipeline", "create", "customer")
    stage.add_sources()
    before = look(stage)
    running = stage.start("pipeline", "release", "customer")
    read_until(running, "4/5")
    os.killpg(running.pid, number)
    assert_rolled_back(end(running), number)
    assert look(stage) == before
    assert "customer-microservice: failed, deployment" in stage.do("status")


def test_down_waits_for_who_rolls_back(stage):
    """They would start tasks again that it has removed."""
    running = stage.start("deploy", "customer")
    read_until(running, "4/5")
    down = stage.start("down")
    read_until(down, "Waiting for the running command for customer")
    assert stage.snapshot()[-1] == ["customer-1", "customer-2"]
    os.killpg(running.pid, signal.SIGTERM)
    assert_rolled_back(end(running), signal.SIGTERM)
    status, _, complaint = end(down)
    assert status == 0, complaint
    assert not list((stage.folder / "containers").iterdir())
    assert not stage.state.exists()


def test_what_nohup_ignores_stays_ignored(stage):
    running = stage.start(
        "--bake", "1", "deploy", "customer",
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    read_until(running, "4/5")
    os.killpg(running.pid, signal.SIGHUP)
    assert end(running)[0] == 0


@pytest.mark.parametrize("both", [False, True])
def test_nobody_reads(stage, both):
    """`cafe-deploy deploy customer | head -1`"""
    options = {"stderr": subprocess.STDOUT} if both else {}
    running = stage.start("--bake", "1", "deploy", "customer", **options)
    running.stdout.readline()
    running.stdout.close()
    assert running.wait(harness.WAIT_S) == 0
    service = look(stage)[0]
    assert "blue 2 customer-tg-one" in service and "step" not in service


def test_a_terminal_that_goes_away(stage):
    """Whose programs get SIGHUP, and errors for what they write."""
    before = look(stage)
    ours, theirs = os.openpty()
    running = subprocess.Popen(
        ["setsid", "--ctty", "--wait", *stage.words("deploy", "customer")],
        env=stage.env, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    said = b""
    while b"4/5" not in said:
        said += os.read(ours, 1000)
    os.close(ours)
    assert running.wait(harness.WAIT_S) == 1
    assert look(stage) == before


def test_programs_see_no_signal_that_is_held_or_ignored(stage):
    stage.add_hook("BeforeInstall", "#!/bin/sh\n"
                   "exec grep ^Sig /proc/self/status "
                   f">{stage.folder}/hook\n")
    stage.do("--bake", "1", "deploy", "customer")
    masks = dict(line.split() for line in
                 (stage.folder / "hook").read_text().splitlines())
    assert int(masks["SigBlk:"], 16) == 0
    assert not int(masks["SigIgn:"], 16) & 1 << signal.SIGPIPE - 1


def interrupt(stage, step):
    """As a crash does: the process is gone at once."""
    running = stage.start("--bake", "1", "deploy", "customer")
    read_until(running, step)
    if step == "5/5":
        harness.wait_until((stage.folder / "begun").exists, "docker stop")
    running.kill()
    running.communicate()


@pytest.mark.parametrize("step, what", [
    ("1/5", "rolls it back"), ("3/5", "rolls it back"),
    ("5/5", "completes it")])
def test_status_reports_and_changes_nothing(stage, step, what):
    before = look(stage)
    if step == "5/5":
        stage.slow_down("stop")
    else:
        stage.add_hook({"1/5": "AfterInstall",
                        "3/5": "AfterAllowTraffic"}[step], HOOK)
    interrupt(stage, step)
    for name in ("slow", "held"):
        (stage.folder / name).unlink(missing_ok=True)
    if step == "5/5":
        harness.wait_until((stage.folder / "ended").exists, "docker ends")
    left = look(stage)
    files = {path: path.read_bytes() for path in
             (stage.state / "services").iterdir()}
    for _ in range(2):
        shown = stage.do("status")
        assert f"interrupted; cafe-deploy recover {what}" in shown
    assert look(stage) == left
    assert files == {path: path.read_bytes() for path in
                     (stage.state / "services").iterdir()}
    said = stage.do("recover")
    assert "was interrupted" in said
    assert "interrupted" not in stage.do("status")
    if step == "5/5":
        assert "blue 2 customer-tg-one" in look(stage)[0]
    else:
        assert look(stage) == before


def test_what_is_under_way_is_not_interrupted(stage):
    running = stage.start("deploy", "customer")
    read_until(running, "4/5")
    shown = stage.do("status")
    assert "4/5 waiting" in shown and "interrupted" not in shown
    said = stage.do("recover")
    assert "another command is running for customer" in said
    os.killpg(running.pid, signal.SIGINT)
    assert_rolled_back(end(running), signal.SIGINT)
