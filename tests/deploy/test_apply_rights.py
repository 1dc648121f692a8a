"""Whoever runs apply.sh may do what it does, and no more.

Each right is taken away once and has to be missed; test_apply.py compares with
the calls that the script was seen to make.
"""
import copy

import pytest

import apply_rights
from infrastructure import Infrastructure

INFRASTRUCTURE = Infrastructure()
POLICY = apply_rights.read_policy()
CALLS = apply_rights.calls_in(INFRASTRUCTURE.script)
DIRECT = sorted(action for action, _ in apply_rights.direct(POLICY))
STACKS = sorted(action for statement in POLICY["Statement"]
                if statement.get("Condition") == apply_rights.VIA
                for action in apply_rights.as_list(statement["Action"]))


@pytest.fixture(name="policy")
def fixture_policy():
    return copy.deepcopy(POLICY)


def take(policy, action):
    for statement in policy["Statement"]:
        actions = apply_rights.as_list(statement["Action"])
        statement["Action"] = [one for one in actions if one != action]


def add(policy, action, **more):
    policy["Statement"].append({"Effect": "Allow", "Action": action,
                                "Resource": "*", **more})


def test_the_policy_fits(policy):
    assert apply_rights.rights_fit_calls(policy, CALLS) == []
    assert apply_rights.rights_are_narrow(policy) == []
    assert apply_rights.stacks_may_be_made(policy, INFRASTRUCTURE) == []


@pytest.mark.parametrize("action", DIRECT)
def test_a_right_is_missed(policy, action):
    take(policy, action)
    said = "\n".join(apply_rights.rights_fit_calls(policy, CALLS))
    assert action.lower() in said.lower()


@pytest.mark.parametrize("action", STACKS)
def test_a_service_of_stacks_is_missed(policy, action):
    take(policy, action)
    assert f"stacks may not use {action.removesuffix(':*')}" in (
        apply_rights.stacks_may_be_made(policy, INFRASTRUCTURE))


def test_a_call_without_a_right_is_seen(policy):
    assert apply_rights.rights_fit_calls(
        policy, CALLS | {"ecs delete-cluster"}) == [
            "no right ecs:deletecluster for ecs delete-cluster"]


def test_a_right_without_a_call_is_seen(policy):
    add(policy, "ecs:DeleteCluster")
    assert apply_rights.rights_fit_calls(policy, CALLS) == [
        "ecs:DeleteCluster is for no call and has no reason"]
    assert "ecs:DeleteCluster is allowed everywhere" in (
        apply_rights.rights_are_narrow(policy))


@pytest.mark.parametrize("action, words", [
    ("ecs:*", "more than one call"), ("iam:PassRole", "to any service")])
def test_a_wide_right_is_seen(policy, action, words):
    add(policy, action)
    assert words in "\n".join(apply_rights.rights_are_narrow(policy))


def test_a_role_passed_to_another_service_is_seen(policy):
    statement, = [one for one in policy["Statement"]
                  if one["Sid"] == "TrafficRole"]
    statement["Resource"] = "arn:aws:iam::*:role/CafeTaskRole"
    assert apply_rights.rights_are_narrow(policy) == [
        "roles may be passed to ecs.amazonaws.com: {'CafeTaskRole'}"]


def test_a_service_that_no_stack_uses_is_seen(policy):
    add(policy, "lambda:*", Condition=apply_rights.VIA)
    assert apply_rights.stacks_may_be_made(policy, INFRASTRUCTURE) == [
        "no stack uses lambda"]


def test_a_secret_that_the_script_may_read_is_seen(policy):
    add(policy, "secretsmanager:GetSecretValue")
    assert apply_rights.stacks_may_be_made(policy, INFRASTRUCTURE) == [
        "secretsmanager:GetSecretValue is allowed without a stack"]


def test_roles_of_others_are_seen(policy):
    policy["Statement"][-1]["Resource"] = "*"
    assert apply_rights.stacks_may_be_made(policy, INFRASTRUCTURE) == [
        "stacks may change *"]
