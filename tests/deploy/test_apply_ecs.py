"""apply.sh --controller ecs takes an account through the phases, and down.

account.py says what of AWS is there; test_apply.py has what is the same under
either controller.
"""
import json

import pytest

from account import applied, one_line
from account_state import (
    deployment_files, group, made_listeners, pushed, rules_of, services)
from contracts import CLUSTER, DAEMONS
from signing_in import PROVIDER

TASKS = 2
ACCOUNT = {"MOTO_ECS_SERVICE_RUNNING": str(TASKS)}
OFFICE = ("--office", "192.0.2.0/24")


def found_services(account):
    return {row["serviceName"].removesuffix("-microservice"): row
            for row in account.aws(
                "ecs", "describe-services", "--cluster", CLUSTER,
                "--services", *(f"{n}-microservice" for n in DAEMONS))[
                    "services"] if row["status"] == "ACTIVE"}


def default_rule(account, listener):
    rule, = [rule for rule in account.aws(
        "elbv2", "describe-rules", "--listener-arn", listener["ListenerArn"])[
            "Rules"] if rule["IsDefault"]]
    return rule["RuleArn"]


def rules(account, name, port):
    """The rule by which a service is reached on a port."""
    listener = made_listeners(account)[port]
    if name == "customer":
        return default_rule(account, listener)
    rule, = rules_of(account, listener)
    return rule["RuleArn"]


def stack_calls(account):
    """What was given to stacks, by name, of the last calls."""
    calls = {}
    for line in account.calls():
        if line.startswith(("cloudformation create-stack",
                            "cloudformation update-stack")):
            calls[line.split("--stack-name cafe-")[1].split()[0]] = line
    return calls


# In this order: each needs the one before, as the phases do.


def test_phases_2_to_5_prepare(account):
    for phase in "23":
        applied(account, phase)
    account.give_what_stacks_lack()
    said = one_line(account.apply("4", *OFFICE, "--controller", "ecs"))
    assert "no image customer:latest" in said
    account.push_images()
    applied(account, "4", *OFFICE)
    assert "Controller,ParameterValue=ecs" in stack_calls(account)["roles"]
    applied(account, "5")
    roles = {row["RoleName"] for row in account.aws(
        "iam", "list-roles")["Roles"]}
    assert "CafeTrafficRole" in roles and "CafeCodeDeployRole" not in roles


def test_nobody_signs_in_where_ecs_deploys(account):
    file = account.folder / "provider"
    file.write_text(PROVIDER)
    certificate = account.aws("acm", "request-certificate", "--domain-name",
                              "cafe.example")["CertificateArn"]
    account.calls()
    said = one_line(account.apply("--certificate", certificate, "--oidc", file,
                                  "5"))
    assert "--oidc and --controller ecs exclude each other" in said
    assert stack_calls(account) == {}


def test_the_files_are_those_of_ecs(account):
    assert deployment_files(account) == {
        f"imagedefinitions-{name}.json" for name in DAEMONS}
    for name in DAEMONS:
        assert json.loads(pushed(account, f"imagedefinitions-{name}.json")) == [
            {"name": name, "imageUri": "123456789012.dkr.ecr.us-east-1."
                                       f"amazonaws.com/{name}:latest"}]


def test_phase_6_makes_alarms_and_services(account):
    account.calls()
    applied(account, "--tasks", str(TASKS), "6")
    calls = account.calls()
    order = [line.split(" --")[0] + line.partition("--stack-name")[2].split(
        " --")[0] for line in calls if "create-s" in line and
             " wait " not in line and "--generate-cli" not in line]
    assert order == ["cloudformation create-stack cafe-watch",
                     "cloudformation create-stack cafe-codedeploy",
                     "ecs create-service", "ecs create-service"]
    assert len([line for line in calls
                if line.startswith("ecs wait services-stable")]) == 2
    assert services(account) == {f"{n}-microservice": TASKS for n in DAEMONS}
    for name, service in found_services(account).items():
        assert service["deploymentController"] == {"type": "ECS"}
        balancer, = service["loadBalancers"]
        assert balancer == {
            "targetGroupArn": group(account, f"{name}-tg-two"),
            "containerName": name, "containerPort": 8080,
            "advancedConfiguration": {
                "alternateTargetGroupArn": group(account, f"{name}-tg-one"),
                "productionListenerRule": rules(account, name, 80),
                "testListenerRule": rules(account, name, 8080),
                "roleArn":
                    "arn:aws:iam::123456789012:role/CafeTrafficRole"}}
        file = json.loads(pushed(
            account, f"create-{name}-microservice-ecs.json"))
        assert file["deploymentConfiguration"]["strategy"] == "BLUE_GREEN"
        assert file["deploymentConfiguration"]["alarms"]["alarmNames"] == [
            f"{name}-errors", f"{name}-unhealthy"]
        assert file["loadBalancers"] == service["loadBalancers"]


def test_phase_7_makes_pipelines_of_ecs(account):
    account.calls()
    applied(account, "7")
    calls = stack_calls(account)
    for name in "codedeploy", "pipeline-customer", "pipeline-employee":
        assert "Controller,ParameterValue=ecs" in calls[name], name
    pytest.skip("NOT CHECKED: moto's CloudFormation passes over CodePipeline "
                "and alarms, so nothing here has run phase 7's templates; "
                "cfn-lint and the contracts look at them")


def test_phase_8_says_where_production_leads(account):
    """After deployments: an action has both groups, and weights."""
    weights = "ForwardConfig={TargetGroups=[%s]}" % ",".join(
        "{TargetGroupArn=%s,Weight=%d}" % (group(account, f"employee-tg-{n}"),
                                           weight)
        for n, weight in (("two", 0), ("one", 100)))
    account.aws("elbv2", "modify-rule", "--rule-arn",
                rules(account, "employee", 80), "--actions",
                f"Type=forward,{weights}")
    said = applied(account, "8")
    assert ("ProductionAdmin leads to "
            f"{group(account, 'employee-tg-one')}") in said
    assert services(account)["customer-microservice"] == 3


def test_another_office_is_deployed_by_ecs(account):
    account.calls()
    said = applied(account, "--dry-run", "--office", "198.51.100.0/24", "4")
    assert "would run: aws ecs update-service" in said
    before = {name: row["taskDefinition"]
              for name, row in found_services(account).items()}
    account.calls()
    applied(account, "--office", "198.51.100.0/24", "4")
    updates = [line for line in account.calls()
               if line.startswith("ecs update-service")]
    after = {name: row["taskDefinition"]
             for name, row in found_services(account).items()}
    assert updates == [f"ecs update-service --cluster {CLUSTER} --service "
                       "employee-microservice --task-definition "
                       f"{after['employee']}"]
    assert after["customer"] == before["customer"]
    assert after["employee"] != before["employee"]


def test_a_deployment_is_not_disturbed(account):
    certificate = account.aws(
        "acm", "request-certificate", "--domain-name", "cafe.example")[
            "CertificateArn"]
    account.put_under_way("ecs list-service-deployments", "arn:deployment")
    said = one_line(account.apply("--certificate", certificate, "5"))
    account.end_what_is_under_way()
    assert "customer is being deployed (arn:deployment)" in said
    assert sorted(made_listeners(account)) == [80, 8080]


def test_services_follow_a_certificate(account):
    certificate = account.aws("acm", "list-certificates")[
        "CertificateSummaryList"][0]["CertificateArn"]
    applied(account, "--certificate", certificate, "5")
    for rule in rules_of(account, made_listeners(account)[80]):
        account.aws("elbv2", "delete-rule", "--rule-arn", rule["RuleArn"])
    for name, service in found_services(account).items():
        balancer, = service["loadBalancers"]
        advanced = balancer["advancedConfiguration"]
        assert balancer["targetGroupArn"] == group(account, f"{name}-tg-two")
        assert advanced == {
            "alternateTargetGroupArn": group(account, f"{name}-tg-one"),
            "productionListenerRule": rules(account, name, 443),
            "testListenerRule": rules(account, name, 8080),
            "roleArn": "arn:aws:iam::123456789012:role/CafeTrafficRole"}
    rule, = rules_of(account, made_listeners(account)[443])
    assert rule["Actions"][0]["TargetGroupArn"] == group(
        account, "employee-tg-one")


def test_all_phases_again_change_nothing(account):
    account.calls()
    for phase in "345678":
        applied(account, phase)
    harmless = ("sts get-caller-identity", "cloudformation update-stack",
                "elbv2 modify-rule", "ecs create-service --generate-cli",
                f"ecs update-service --cluster {CLUSTER} --service "
                "customer-microservice --desired-count 3")
    assert [line for line in account.changes()
            if not line.startswith(harmless)] == []


def test_the_controller_is_not_changed_under_a_service(account):
    assert "ECS deploys in this account; for CodeDeploy run" in one_line(
        account.apply("--controller", "codedeploy", "4"))
    account.put_under_way("ecs describe-services", "CODE_DEPLOY")
    said = one_line(account.apply("--controller", "ecs", "4"))
    account.end_what_is_under_way()
    assert "CodeDeploy deploys customer-microservice: delete both" in said


def test_destroy_takes_all_down(account):
    account.empty_registry()
    account.calls()
    done = account.apply("destroy", "--yes")
    # moto wants to delete the VPC before what is in it; a second run goes on.
    assert done.returncode == 0 or "DependencyViolation" in done.stderr
    applied(account, "destroy", "--yes")
    assert account.aws("cloudformation", "describe-stacks")["Stacks"] == []
    assert services(account) == {}
