"""cafe-deploy is killed while it starts or ends a task: at the very moments,
not by chance. The next command puts right what it left, unnoticed."""
import shutil

import pytest

import harness
from rehearsal import Load
from test_rehearsal_pipelines import no_leftovers

# The subcommand of docker, a word of it, when; whether the new version serves.
# Only once the original tasks are told to end there is no way back.
MOMENTS = [
    ("pull", "", "after", False),
    ("run", "", "before", False),
    ("run", "", "after", False),
    ("stop", "customer-", "before", True),
    ("stop", "customer-", "after", True),
    ("rm", "customer-", "after", True),
]


def deploy_and_die(rehearsal, at, word, when):
    """With a docker program in front that kills it."""
    programs, mark = rehearsal.folder / "programs", rehearsal.folder / "mark"
    programs.mkdir(exist_ok=True)
    shutil.copy(harness.ROOT / "tests/deploy/killer.sh", programs / "docker")
    over = mark.with_suffix(".over")
    for file in (mark, over):
        file.unlink(missing_ok=True)
    done = rehearsal.run("--bake", 1, "deploy", "customer",
                         PATH=f"{programs}:{rehearsal.env['PATH']}",
                         KILL_AT=at, KILL_WITH=word, KILL_WHEN=when,
                         KILL_MARK=str(mark))
    assert done.returncode == -9, done.stdout + done.stderr
    if when == "before":
        harness.wait_until(over.exists, "what it had started ends")


@pytest.mark.parametrize("at, word, when, is_new", MOMENTS)
def test_killed_at_a_moment(rehearsal, at, word, when, is_new):
    serving = rehearsal.version()
    version = "one" if serving == "two" else "two"
    rehearsal.push("customer", version)
    with Load():
        deploy_and_die(rehearsal, at, word, when)
        rehearsal.do("recover")
    rehearsal.check("customer", version if is_new else serving)
    no_leftovers(rehearsal)


def start_draining(rehearsal):
    """Scaling down, with a task that gets no more requests; None where that
    was over before it was seen."""
    rehearsal.do("scale", "customer", "3")
    running = rehearsal.start("scale", "customer", "1")
    harness.wait_until(lambda: running.poll() is not None or
                       0 in rehearsal.servers().values(), "a task leaves")
    return running if running.poll() is None else None


def test_killed_while_scaling(rehearsal):
    serving = rehearsal.version()
    with Load():
        running = rehearsal.start("scale", "customer", "3")
        harness.wait_until(lambda: len(rehearsal.tasks("customer")) > 1,
                           "a task is started")
        running.kill()
        running.wait()
        rehearsal.do("recover")
        rehearsal.check("customer", serving, 3)
        running = harness.wait_until(lambda: start_draining(rehearsal),
                                     "a task is drained", 300)
        running.kill()
        running.wait()
        rehearsal.do("recover")
    rehearsal.check("customer", serving)
    no_leftovers(rehearsal)
