"""Each role of deploy/aws/roles.yaml may do what it needs, and nothing else.

A right that is missing shows on AWS only, in the middle of a deployment: so
each one is taken away here, and has to be missed.
"""
import copy
import json
import subprocess

import pytest

import aws_command
import permissions
from infrastructure import Infrastructure, branches

INFRASTRUCTURE = Infrastructure()
ROLES = {properties["RoleName"]: name for _, name, properties in
         INFRASTRUCTURE.of_type("IAM::Role")}
RIGHTS = sorted(permissions.given(INFRASTRUCTURE))


@pytest.fixture(name="it")
def fixture_it():
    return copy.deepcopy(INFRASTRUCTURE)


def statements(it, role):
    for policy in it.resource("roles", ROLES[role]).get("Policies", []):
        for one in policy["PolicyDocument"]["Statement"]:
            yield from branches(one)


def complaints(it):
    return "\n".join(permissions.roles_may_what_they_need(it))


def test_the_roles_have_what_they_need(it):
    assert complaints(it) == ""
    assert permissions.managed_policies_are_followed() == []


@pytest.mark.parametrize("role, action, resource", RIGHTS)
def test_a_right_is_missed(it, role, action, resource):
    """Taken away from its statement, with its resource or altogether."""
    for statement in statements(it, role):
        actions = permissions.as_list(statement["Action"])
        resources = permissions.as_list(statement["Resource"])
        if action in actions and resource in map(permissions.resource_of,
                                                 resources):
            break
    statement["Resource"] = [one for one in resources
                             if permissions.resource_of(one) != resource]
    assert f"{role} lacks {action} on {resource}" in complaints(it)
    statement["Resource"] = resources
    statement["Action"] = [one for one in actions if one != action]
    assert f"{role} lacks {action} on {resource}" in complaints(it)


@pytest.mark.parametrize("role", sorted(
    role for role in ROLES if role != "CafeTaskRole"))
def test_a_role_is_missed(it, role):
    it.templates["roles"]["Resources"].pop(ROLES[role])
    assert f"{role} lacks " in complaints(it)


@pytest.mark.parametrize("role", sorted(ROLES))
@pytest.mark.parametrize("action, resource", [
    ("ecs:DeleteService", "*"), ("s3:GetObject", "arn:aws:s3:::other/*")])
def test_a_right_too_many_is_seen(it, role, action, resource):
    it.resource("roles", ROLES[role]).setdefault("Policies", []).append(
        {"PolicyName": "more", "PolicyDocument": {"Statement": [
            {"Effect": "Allow", "Action": action, "Resource": resource}]}})
    assert f"{role} needs no {action} on " in complaints(it)


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_that_nobody_can_take_is_seen(it, role):
    trust = it.resource("roles", ROLES[role])["AssumeRolePolicyDocument"]
    trust["Statement"][0]["Action"] = "sts:TagSession"
    assert f"nobody can take {role}" in complaints(it)


def test_a_managed_policy_is_seen(it):
    it.resource("roles", "TaskRole")["ManagedPolicyArns"] = [
        "arn:aws:iam::aws:policy/AdministratorAccess"]
    assert "AdministratorAccess attached" in complaints(it)


def test_the_managed_policies_are_aws_own():
    """As moto has them, which takes them from AWS."""
    program = aws_command.python_of(aws_command.find("moto_server"),
                                    "moto.iam.aws_managed_policies")
    if program is None:
        pytest.skip("NOT CHECKED: managed policies: there is no moto")
    names = list(permissions.MANAGED)
    code = ("import json, sys; from moto.iam.aws_managed_policies import "
            "aws_managed_policies_data as data; policies = json.loads(data); "
            "print(json.dumps({name: policies[name]['Document'] "
            "for name in sys.argv[1:]}))")
    done = subprocess.run([program, "-c", code, *names], text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    for name, document in json.loads(done.stdout).items():
        actions = {action for statement in document["Statement"]
                   for action in permissions.as_list(statement["Action"])}
        assert actions == set(permissions.MANAGED[name].split()), name
