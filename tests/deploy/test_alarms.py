"""A deployment ends as AWS's alarm on errors would end it, on stand-ins."""
# pylint: disable=redefined-outer-name
import copy
import pathlib

import pytest

import harness
from stand_ins import HOOK, Stage, read_until

GREEN, BLUE = "customer-tg-one/customer-2", "customer-tg-two/customer-1"
MANY = 1_000_000


@pytest.fixture
def stage(folder):
    made = Stage(pathlib.Path(folder) / "stage")
    yield made
    made.close()


def wait(running):
    said, complaint = running.communicate(timeout=harness.WAIT_S)
    return running.returncode, said, complaint


@pytest.mark.parametrize("server", [GREEN, BLUE])
def test_five_errors_whatever_else_went_well(stage, server):
    stage.balancer.answers[BLUE] = MANY, 100  # of before
    before = copy.deepcopy(stage.snapshot())
    running = stage.start("deploy", "customer")
    read_until(running, "4/5")
    good, errors = stage.balancer.answers.get(server, (0, 0))
    stage.balancer.answers[server] = good + MANY, errors + 5
    status, said, complaint = wait(running)
    assert status == 1 and "Rolling back" in said
    assert "5 of the answers within 60 s were errors (5xx): the alarm " \
        "customer-errors, raised by 5\n" in complaint
    assert stage.snapshot() == before


def test_four_errors_of_many_are_none_too_many(stage):
    running = stage.start("--bake", "2", "deploy", "customer")
    read_until(running, "4/5")
    stage.balancer.answers[GREEN] = MANY, 4
    status, said, complaint = wait(running)
    assert status == 0, said + complaint


def test_few_answers_have_a_stricter_rule(stage):
    running = stage.start("deploy", "customer")
    read_until(running, "4/5")
    before = stage.balancer.looks
    harness.wait_until(lambda: stage.balancer.looks > before + 1,
                       "it has begun to watch")
    stage.balancer.answers[GREEN] = 10, 3
    status, _, complaint = wait(running)
    assert status == 1 and "3 of the last 13 answers" in complaint


@pytest.mark.parametrize("event", ["AfterAllowTestTraffic",
                                   "AfterAllowTraffic"])
def test_what_a_hook_asks_for_counts(stage, event):
    stage.add_hook(event, HOOK)
    running = stage.start("deploy", "customer")
    harness.wait_until((stage.folder / "hook").exists, "the hook runs")
    stage.balancer.answers[GREEN] = MANY, 5
    (stage.folder / "held").unlink()
    status, said, complaint = wait(running)
    assert status == 1 and "the alarm customer-errors" in complaint
    assert ("3/5" in said) == (event == "AfterAllowTraffic")
