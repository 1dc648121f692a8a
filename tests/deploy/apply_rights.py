"""What apply.sh asks of AWS, and what apply-policy.json allows: the same.

The calls are those that the script was seen to make (test_apply.py), or those
that stand in its text. A right that belongs to no call has its reason in
EXPLAINED; what CloudFormation does in the name of whoever runs the script is
allowed by service, and only to CloudFormation.
"""
import re

from documents import read
from infrastructure import FOLDER, as_list

# The aws command's names of services that IAM calls otherwise.
SERVICES = {"elbv2": "elasticloadbalancing", "deploy": "codedeploy",
            "s3api": "s3"}
# Commands that are not one call of their own name.
COMMANDS = {
    "sts get-caller-identity": (),  # needs no right
    "codecommit credential-helper": (),  # signs, and asks nobody
    "ecr get-login-password": ("ecr:GetAuthorizationToken",),
    "s3 rm": ("s3:ListBucket", "s3:DeleteObject"),
    "s3api head-bucket": ("s3:ListBucket",),
    "cloudformation wait": ("cloudformation:DescribeStacks",),
    "ecs wait services-inactive": ("ecs:DescribeServices",),
    "ecs wait services-stable": ("ecs:DescribeServices",),
    "ecs wait tasks-stopped": ("ecs:DescribeTasks",),
    "elbv2 wait": ("elasticloadbalancing:DescribeTargetHealth",),
}
ITS_NAME = "get-connection, by the name in the connection's ARN"
PUSH = "docker push, as phase 4 shows it"
EXPLAINED = {
    "ecr:GetAuthorizationToken": PUSH, "ecr:BatchGetImage": PUSH,
    "ecr:BatchCheckLayerAvailability": PUSH, "ecr:CompleteLayerUpload": PUSH,
    "ecr:InitiateLayerUpload": PUSH, "ecr:PutImage": PUSH,
    "ecr:UploadLayerPart": PUSH,
    "codecommit:GitPull": "git fetch", "codecommit:GitPush": "git push",
    "codeconnections:GetConnection": ITS_NAME,
    "codestar-connections:GetConnection": ITS_NAME,
    "cloudformation:SetStackPolicy": "create-stack with a policy, and "
                                     "update-stack with another meanwhile",
    "ecs:TagResource": "register-task-definition with tags",
    "iam:PassRole": "the roles that task definitions and services name",
    "iam:CreateServiceLinkedRole": "the first service, load balancer or "
                                   "database of an account",
}
# Services by the types of resources in the templates.
TYPES = {"ElasticLoadBalancingV2": "elasticloadbalancing",
         "ApplicationAutoScaling": "application-autoscaling"}
# What CloudFormation does with the connection of a pipeline, by either name.
CONNECTIONS = {f"{service}:{action}Connection"
               for service in ("codeconnections", "codestar-connections")
               for action in ("Pass", "Use")}
# For these IAM knows no resource, or the script no name.
ANYWHERE = {"acm:DescribeCertificate", "cloudformation:DescribeStacks",
            "codedeploy:ListDeployments", "ecr:GetAuthorizationToken",
            "ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions",
            "ecs:DeregisterTaskDefinition", "ecs:RegisterTaskDefinition",
            "ecs:TagResource", "elasticloadbalancing:DescribeListeners",
            "elasticloadbalancing:DescribeRules",
            "elasticloadbalancing:DescribeTargetHealth",
            "rds:DescribeDBInstances"}
# To whom the script may pass which roles.
PASSED = (
    ("ecs-tasks.amazonaws.com",
     {"CafeExecutionRole", "CafeMigrationRole", "CafeTaskRole"}),
    ("ecs.amazonaws.com", {"CafeTrafficRole"}))
VIA = {"ForAnyValue:StringEquals":
       {"aws:CalledVia": "cloudformation.amazonaws.com"}}


def read_policy():
    return read(FOLDER / "apply-policy.json")


def calls_in(script):
    """The commands that stand in the script: "ecs wait services-inactive"."""
    found = re.findall(r"(?:\b(?:ask|await|aws)|\$\(aws|!aws) "
                       r"([a-z0-9]+ (?:wait )?[a-z]+(?:-[a-z]+)*)", script)
    return {one for one in found if "-" in one or one == "s3 rm"}


def rights_of(call):
    """The rights, in small letters, that a command needs; IAM does not tell
    large letters from small ones."""
    words = call.split()
    for length in 3, 2:
        known = COMMANDS.get(" ".join(words[:length]))
        if known is not None:
            return {one.lower() for one in known}
    service, operation = words[:2]
    return {f"{SERVICES.get(service, service)}:{operation.replace('-', '')}"}


def direct(policy):
    """(action, statement) of what the script may do itself."""
    return [(action, statement) for statement in policy["Statement"]
            if statement.get("Condition") != VIA
            for action in as_list(statement["Action"])]


def rights_fit_calls(policy, calls):
    """Calls minus rights is nothing; rights minus calls is explained."""
    have = {action.lower(): action for action, _ in direct(policy)}
    need = {right: call for call in calls for right in rights_of(call)}
    explained = {action.lower() for action in EXPLAINED}
    wrong = [f"no right {right} for {need[right]}"
             for right in sorted(set(need) - set(have))]
    wrong += [f"{have[right]} is for no call and has no reason"
              for right in sorted(set(have) - set(need) - explained)]
    wrong += [f"{action} has a reason, but is not allowed"
              for action in EXPLAINED if action.lower() not in have]
    return wrong


def passed(statement):
    """Which roles a statement lets pass, and to whom."""
    to = statement.get("Condition", {}).get("StringEquals", {}).get(
        "iam:PassedToService", "any service")
    return to, {one.rpartition("/")[2] for one in
                as_list(statement["Resource"])}


def rights_are_narrow(policy):
    """No wildcard of actions, "*" as a resource only where there is none."""
    wrong = []
    for action, statement in direct(policy):
        if "*" in action:
            wrong.append(f"{action} is more than one call")
        if "*" in as_list(statement["Resource"]) and action not in ANYWHERE:
            wrong.append(f"{action} is allowed everywhere")
        if statement["Effect"] != "Allow":
            wrong.append(f"{action} is not allowed")
        if action == "iam:PassRole" and passed(statement) not in PASSED:
            wrong.append("roles may be passed to {}: {}".format(
                *passed(statement)))
    return wrong


def stacks_may_be_made(policy, it):
    """CloudFormation may use the services of the templates and no other; of
    IAM only our own roles. Secrets are read for stacks only: --oidc has one."""
    kinds = {resource["Type"].split("::")[1]
             for template in it.templates.values()
             for resource in template["Resources"].values()}
    need = {TYPES.get(kind, kind.lower()) for kind in kinds} | CONNECTIONS
    have = {action.removesuffix(":*"): statement["Resource"]
            for statement in policy["Statement"]
            if statement.get("Condition") == VIA
            for action in as_list(statement["Action"])}
    wrong = [f"stacks may not use {name}" for name in sorted(need - set(have))]
    wrong += [f"no stack uses {name}" for name in sorted(set(have) - need)]
    wrong += [f"{action} is allowed without a stack"
              for action, _ in direct(policy)
              if action == "secretsmanager:GetSecretValue"]
    if have.get("iam") != "arn:aws:iam::*:role/Cafe*":
        wrong.append(f"stacks may change {have.get('iam')}")
    return wrong
