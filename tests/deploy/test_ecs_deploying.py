"""ECS's own blue/green in deploy/aws; a defect of each part is seen."""
import copy

import pytest

import contracts
import ecs_deploying
from contracts import CHECKS, DAEMONS
from defects import change, inside, loaded, make_tests, remove, scripts
from ecs_deploying import Native


def settings(it):
    return it.service["deploymentConfiguration"]


def balancer(it):
    return it.service["loadBalancers"][0]


def hook(it):
    return settings(it)["lifecycleHooks"][0]


def last_action(it):
    """That of the pipelines where ECS deploys."""
    return it.resource("pipeline", "Pipeline")["Stages"][-1]["Actions"][0][
        "Fn::If"][2]


def action(**changes):
    return inside(lambda it: last_action(it)["Configuration"], **changes)


def condition(template, name, value):
    return lambda it: it.templates[template]["Resources"][name].update(
        Condition=value)


def mix_statements(it):
    """Both controllers' rights where CodeDeploy deploys."""
    (then, _), (otherwise, _) = ecs_deploying.conditional_statements(it)
    then["Action"] += otherwise["Action"]
    otherwise["Action"] = then["Action"]


DEFECTS = [
    ("services_are_blue_green", lambda it: it.service.update(
        deploymentController={"type": "CODE_DEPLOY"}), "controller"),
    ("services_are_blue_green", inside(settings, strategy="ROLLING"),
     "strategy"),
    ("services_are_blue_green", inside(settings, bakeTimeInMinutes=0),
     "minutes of both"),
    ("services_are_blue_green", inside(settings, minimumHealthyPercent=50),
     "tasks in percent"),
    ("services_are_blue_green", inside(
        settings, deploymentCircuitBreaker={"enable": True}),
     "circuit breaker"),
    ("services_are_blue_green", inside(
        lambda it: settings(it)["alarms"], alarmNames=["customer-errors"]),
     "employee: alarms"),
    ("services_are_blue_green", change(
        "codedeploy", "EmployeeErrors", AlarmName="errors"),
     "employee: alarms"),
    ("services_are_blue_green", inside(
        lambda it: settings(it)["alarms"], rollback=False), "what they do"),
    ("services_are_blue_green", inside(
        hook, lifecycleStages=["PRE_SCALE_UP"]), "hooks"),
    ("services_are_blue_green", inside(
        lambda it: hook(it)["timeoutConfiguration"], action="ROLLBACK"),
     "hooks"),

    ("traffic_changes_over", inside(
        balancer, targetGroupArn="OTHER-TG-ARN"), "the groups and rules"),
    ("traffic_changes_over", inside(
        lambda it: balancer(it)["advancedConfiguration"],
        testListenerRule="PRODUCTION-RULE-ARN"), "the groups and rules"),
    ("traffic_changes_over", inside(
        lambda it: balancer(it)["advancedConfiguration"],
        roleArn="arn:aws:iam::<ACCOUNT-ID>:role/CafeCodeDeployRole"),
     "the role"),
    ("traffic_changes_over", remove("roles", "TrafficRole"), "the role"),
    *scripts("traffic_changes_over",
             ('TEST-RULE-ARN "$test_rule"',
              'TEST-RULE-ARN "$production_rule"',
              "what fills in groups and rules")),

    ("each_way_has_its_own", condition("codedeploy", "Application", None),
     "Application: condition"),
    ("each_way_has_its_own",
     condition("codedeploy", "CustomerErrors", "CodeDeploy"),
     "CustomerErrors: condition"),
    ("each_way_has_its_own", condition("roles", "TrafficRole", None),
     "TrafficRole: condition"),
    ("each_way_has_its_own", condition("roles", "CodeDeployRole", "Ecs"),
     "CodeDeployRole: condition"),
    ("each_way_has_its_own", lambda it: it.templates["roles"][
        "Conditions"].update(Ecs=it.templates["roles"]["Conditions"][
            "CodeDeploy"]), "roles: Ecs"),
    ("each_way_has_its_own", lambda it: it.templates["pipeline"][
        "Parameters"]["Controller"].update(AllowedValues=["ecs"]),
     "pipeline: the controllers"),
    ("each_way_has_its_own", mix_statements, "is for Ecs"),

    ("pipelines_ask_ecs", inside(
        lambda it: last_action(it)["ActionTypeId"],
        Provider="CodeDeployToECS"), "provider"),
    ("pipelines_ask_ecs", inside(last_action, InputArtifacts=[
        {"Name": {"Fn::Sub": "image-${Service}"}}]), "input"),
    ("pipelines_ask_ecs", inside(last_action, InputArtifacts=[
        {"Name": "x"}]), "inputs"),
    ("pipelines_ask_ecs", action(ServiceName={"Ref": "Service"}),
     "cluster and service"),
    ("pipelines_ask_ecs", action(FileName="imagedefinitions.json"), "file"),
    ("pipelines_ask_ecs", action(DeploymentTimeout="10"),
     "gives up before 10 minutes"),
    ("pipelines_ask_ecs", inside(lambda it: it.images[0], name="web"),
     "container"),
    ("pipelines_ask_ecs", inside(
        lambda it: it.images[0], imageUri="<REGISTRY>/<SERVICE>:v1"),
     "image"),
    *scripts("pipelines_ask_ecs",
             ("imagedefinitions-$name.json", "images-$name.json",
              "nobody makes the file")),

    *scripts("alarms_come_first",
             ('[ "$controller" != ecs ] || apply_codedeploy', ":",
              "before their alarms")),
]

test_the_files_keep, test_a_defect_is_seen, test_each_check_has_a_defect = (
    make_tests(ecs_deploying, DEFECTS))


@pytest.mark.parametrize("name", DAEMONS)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_service_keeps_what_the_other_keeps(check, name):
    assert check(Native(name, loaded())) == []


def test_the_controllers_are_not_exchanged():
    it = Native("customer", loaded())
    it.service = contracts.Deployment("customer").service
    assert "CODE_DEPLOY deploys, not ECS" in "\n".join(
        contracts.service_is_out_of_reach(it))


def test_only_how_it_is_deployed_differs():
    """All else of a service is as where CodeDeploy deploys."""
    for name in DAEMONS:
        one = copy.deepcopy(Native(name, loaded()).service)
        other = contracts.Deployment(name).service
        one.pop("deploymentConfiguration")
        one["loadBalancers"][0].pop("advancedConfiguration")
        for service in one, other:
            service.pop("deploymentController")
            service["loadBalancers"][0].pop("targetGroupArn")
        assert one == other
