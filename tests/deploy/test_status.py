"""What a person is shown: by cafe-deploy status, and while things compile."""
# pylint: disable=redefined-outer-name
import os
import pathlib
import re
import subprocess
import tempfile

import pytest

import harness
from stand_ins import HOOK, Stage, read_until

COLUMNS = 80


@pytest.fixture
def stage(folder):
    made = Stage(pathlib.Path(folder) / "stage")
    yield made
    made.close()


def assert_narrow(shown):
    for line in shown.splitlines():
        assert len(line) <= COLUMNS, line


def stop(running):
    running.kill()
    running.communicate()


def test_the_seconds_left_of_a_wait(stage):
    running = stage.start("--bake", "3600", "deploy", "customer")
    read_until(running, "4/5")
    seen = []

    def renewed():
        seen.append(int(re.search(r"4/5 waiting, (\d+) s left\n",
                                  stage.do("status"))[1]))
        return seen[-1] < seen[0]

    harness.wait_until(renewed, "less is left")
    assert 3000 < seen[-1] < seen[0] <= 3600
    stop(running)
    shown = stage.do("status")
    assert "4/5 waiting\n" in shown and "s left" not in shown


def test_pipelines(stage):
    assert "Pipeline" not in stage.do("status")
    stage.do("pipeline", "create", "customer")
    assert "Pipeline update-customer-microservice: has not run yet\n" in \
        stage.do("status")
    (stage.state / "pipelines/customer").write_text(
        f"{'0123456789abcdef' * 2}\nsha256:{'0' * 64}\nfailed\n")
    assert "Pipeline update-customer-microservice: failed, deployment " \
        "0123456789ab\n" in stage.do("status")


@pytest.mark.parametrize("office, shown", [
    (["192.0.2.0/24"], "Office: 192.0.2.0/24\n"),
    (["0.0.0.0/0", "::/0"], "Office: 0.0.0.0/0, ::/0\n"),
    ([f"192.0.2.{n}/32" for n in range(100, 120)],
     "Office: 192.0.2.100/32, 192.0.2.101/32, 192.0.2.102/32, and 17 more\n"),
])
def test_the_office(stage, office, shown):
    stage.do("restrict", ",".join(office))
    assert shown in stage.do("status")


@pytest.mark.parametrize("healthy", [True, False])
@pytest.mark.parametrize("words", [["status"], ["status", "--watch"]])
def test_no_line_is_too_wide(stage, words, healthy):
    """In the middle of a deployment, with large numbers."""
    file = stage.state / "services/customer"
    stage.do("scale", "customer", "3")
    file.write_text(re.sub("deployments .*", "deployments 998", re.sub(
        "next_task .*", "next_task 9990", file.read_text())))
    revision = stage.state / "taskdefs/customer-microservice-1.json"
    revision.rename(revision.with_name("customer-microservice-998.json"))
    file.write_text(file.read_text().replace("blue 1 ", "blue 998 "))
    stage.do("restrict", ",".join(["2001:db8:aaaa:bbbb:cccc:dddd::/96"] * 9))
    stage.do("pipeline", "create", "customer")
    if not healthy:
        stage.add_hook("BeforeInstall", HOOK)
        stage.balancer.healthy = False
    deploying = stage.start("--bake", "3600", "deploy", "customer")
    read_until(deploying, "4/5" if healthy else "1/5")
    if "--watch" in words:
        watching = stage.start(*words)
        frames = []
        for line in watching.stdout:
            frames.append(line)
            if frames.count("Listener 80, http://127.0.0.1:8080\n") == 3:
                break
        stop(watching)
        shown = "".join(frames)
        assert "requests/s" in shown
    else:
        shown = stage.do(*words)
    (stage.folder / "held").unlink(missing_ok=True)
    stop(deploying)
    assert "revision 999" in shown
    assert_narrow(shown)


def test_a_watch_that_nobody_reads_ends(stage):
    watching = stage.start("status", "--watch")
    watching.stdout.readline()
    watching.stdout.close()
    watching.wait(harness.WAIT_S)


def test_one_task_is_no_tasks(stage):
    assert stage.do("scale", "customer", "2").endswith(": 2 tasks\n")
    assert stage.do("scale", "customer", "1").endswith(": 1 task\n")


# Scripts.

NINJA = "".join(f"[{n}/40] Building C object a/b{n}.c.o\n"
                for n in range(1, 41))


def words(script):
    return ["bash", "-euo", "pipefail", "-c",
            f". {harness.ROOT}/deploy/local/output.sh; {script}"]


def on_a_terminal(script, **env):
    ours, theirs = os.openpty()
    with tempfile.TemporaryFile("w+") as ninja:  # which not all read
        ninja.write(NINJA)
        ninja.seek(0)
        process = subprocess.Popen(
            words(script), stdout=theirs, stdin=ninja,
            env={**os.environ, "TERM": "xterm", **env})
    with process:
        os.close(theirs)
        said = b"".join(iter(lambda: harness.read_terminal(ours), b""))
    os.close(ours)
    return said.decode()


def in_a_file(script, said=NINJA):
    return subprocess.run(words(script), input=said, text=True, check=True,
                          capture_output=True,
                          env={**os.environ, "TERM": "xterm"}).stdout


def test_colours_are_for_terminals():
    assert "\x1b[1mPhase 1\x1b[0m" in on_a_terminal("heading 'Phase 1'")
    for said in (in_a_file("heading 'Phase 1'"),
                 on_a_terminal("heading 'Phase 1'", NO_COLOR="1"),
                 on_a_terminal("heading 'Phase 1'", TERM="dumb")):
        assert said.strip() == "Phase 1"


def test_compiling_shows_how_far_it_is():
    said = on_a_terminal("show_progress")
    assert said.startswith("\rCompiling: 1 of 40\rCompiling: 2 of 40")
    assert said.endswith("\rCompiling: 40 of 40\r\n")
    lines = in_a_file("show_progress").splitlines()
    assert lines[0] == "Compiling: 1 of 40"
    assert lines[-1] == "Compiling: 40 of 40" and len(lines) == 11
    assert in_a_file("show_progress", "ninja: no work to do.\n") == ""
