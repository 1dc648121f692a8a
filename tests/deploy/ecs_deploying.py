"""What must hold in deploy/aws where ECS deploys, in place of CodeDeploy.

As in infrastructure.py, a check gives back what is wrong, a list of lines.
"""
import json
import re

import documents
from contracts import CLUSTER, DAEMONS, EXAMPLE_ACCOUNT, REGION, Deployment
from deploying import SOURCES
from infrastructure import FOR_ECS, compare

BALANCING = f"arn:aws:elasticloadbalancing:{REGION}:{EXAMPLE_ACCOUNT}"
PRODUCTION, OTHER, PRODUCTION_RULE, TEST_RULE = FOR_ECS
ARNS = {PRODUCTION: f"{BALANCING}:targetgroup/tg-two/0123456789abcdef",
        OTHER: f"{BALANCING}:targetgroup/tg-one/0123456789abcdef",
        PRODUCTION_RULE: f"{BALANCING}:listener-rule/app/lb/0/1/2",
        TEST_RULE: f"{BALANCING}:listener-rule/app/lb/0/3/4"}
# What a template has of CodeDeploy alone, or of ECS alone.
CONDITIONS = {"CodeDeploy": {"Fn::Equals": [{"Ref": "Controller"},
                                            "codedeploy"]},
              "Ecs": {"Fn::Equals": [{"Ref": "Controller"}, "ecs"]}}


class Native(Deployment):
    """The documents of one daemon where ECS deploys it."""

    controller = "ECS"

    def __init__(self, name, it):
        super().__init__(name)
        text = json.dumps(it.service).replace("<SERVICE>", name)
        for placeholder, arn in ARNS.items():
            text = text.replace(placeholder, arn)
        self.service = documents.read_json(text)


def alarm_names(it, name):
    """Those that end a deployment of a service, under either controller."""
    return [it.resource("codedeploy", f"{name.title()}{kind}")["AlarmName"]
            for kind in ("Errors", "Unhealthy")]


def services_are_blue_green(it):
    """
    Of ECS's own kind, ended by the same alarms. A circuit breaker is for
    rolling updates only. The pause is for whoever looks at the test listener.
    """
    wrong = []
    for name in DAEMONS:
        service = Native(name, it).service
        settings = service["deploymentConfiguration"]
        alarms = settings.get("alarms", {})
        wrong += compare([
            (f"{name}: controller", service["deploymentController"],
             {"type": "ECS"}),
            (f"{name}: strategy", settings.get("strategy"), "BLUE_GREEN"),
            (f"{name}: minutes of both", settings.get("bakeTimeInMinutes"),
             it.resource("codedeploy", name.title())[
                 "BlueGreenDeploymentConfiguration"][
                     "TerminateBlueInstancesOnDeploymentSuccess"][
                         "TerminationWaitTimeInMinutes"]),
            (f"{name}: tasks in percent",
             (settings.get("minimumHealthyPercent"),
              settings.get("maximumPercent")), (100, 200)),
            (f"{name}: circuit breaker",
             settings.get("deploymentCircuitBreaker"), None),
            (f"{name}: alarms", alarms.get("alarmNames"),
             alarm_names(it, name)),
            (f"{name}: what they do",
             (alarms.get("enable"), alarms.get("rollback")), (True, True)),
            (f"{name}: hooks",
             [(hook["targetType"], hook["lifecycleStages"],
               hook["timeoutConfiguration"]["action"])
              for hook in settings.get("lifecycleHooks", [])],
             [("PAUSE", ["POST_TEST_TRAFFIC_SHIFT"], "CONTINUE")])])
    return wrong


def traffic_changes_over(it):
    """Two groups, two rules, and a role of ECS that may change them."""
    balancer, = it.service["loadBalancers"]
    advanced = balancer["advancedConfiguration"]
    role = it.templates["roles"]["Resources"].get("TrafficRole", {})
    return compare([
        ("the groups and rules",
         (balancer["targetGroupArn"], advanced.get("alternateTargetGroupArn"),
          advanced.get("productionListenerRule"),
          advanced.get("testListenerRule")), FOR_ECS),
        ("the role", advanced.get("roleArn"),
         "arn:aws:iam::<ACCOUNT-ID>:role/"
         f"{role.get('Properties', {}).get('RoleName')}"),
        ("what fills in groups and rules",
         dict(re.findall(r'([A-Z]+(?:-[A-Z]+)+) "\$(\w+)"',
                         it.script.partition("fill_native()")[2].partition(
                             "\n}")[0])),
         dict(zip(FOR_ECS, ("group", "other", "production_rule",
                            "test_rule"))))])


def each_way_has_its_own(it):
    """Nothing of CodeDeploy where ECS deploys, and the reverse; alarms and
    their topic in both."""
    wrong = []
    conditions = {
        (template, name): row.get("Condition")
        for template, document in it.templates.items()
        for name, row in document["Resources"].items()
        if row["Type"].startswith("AWS::CodeDeploy::") or
        row["Type"] == "AWS::CloudWatch::Alarm" and template == "codedeploy"
        or row["Type"] == "AWS::IAM::Role"}
    for (template, name), condition in conditions.items():
        kind = it.templates[template]["Resources"][name]["Type"]
        want = ("CodeDeploy" if "CodeDeploy" in kind + name else
                "Ecs" if name == "TrafficRole" else None)
        wrong += compare([(f"{name}: condition", condition, want)])
    for template, names in (("roles", ("CodeDeploy", "Ecs")),
                            ("codedeploy", ("CodeDeploy",)),
                            ("pipeline", ("CodeDeploy",))):
        have = it.templates[template]["Conditions"]
        wrong += compare([
            (f"{template}: {name}", have.get(name), CONDITIONS[name])
            for name in names])
        wrong += compare([
            (f"{template}: the controllers",
             it.templates[template]["Parameters"]["Controller"],
             {"Type": "String", "AllowedValues": ["codedeploy", "ecs"]})])
    for statement, condition in conditional_statements(it):
        ways = {action.split(":")[0] for action in statement["Action"]}
        if ("codedeploy" in ways) != (condition == "CodeDeploy"):
            wrong.append(f"{sorted(statement['Action'])} is for {condition}")
    return wrong


def conditional_statements(it):
    """(statement, condition) of the pipelines' role, of either controller."""
    policy, = it.resource("roles", "PipelineRole")["Policies"]
    found = []
    for row in policy["PolicyDocument"]["Statement"]:
        condition, then, otherwise = row.get("Fn::If", ("", None, None))
        if condition == "CodeDeploy":
            found += [(then, "CodeDeploy"), (otherwise, "Ecs")]
    return found


def pipelines_ask_ecs(it):
    """The action finds cluster, service, file, and the container in it."""
    wrong = []
    for name in DAEMONS:
        for source in SOURCES:
            actions = it.actions(name, source)
            made = {row["Name"] for action in actions
                    for row in action.get("OutputArtifacts", [])}
            action, image = actions[-1], actions[-2]
            settings = action["Configuration"]
            inside, = json.loads(json.dumps(it.images).replace(
                "<SERVICE>", name))
            wrong += compare([
                (f"{name}: provider", action["ActionTypeId"]["Provider"],
                 "ECS"),
                (f"{name}: inputs",
                 [row["Name"] in made for row in action["InputArtifacts"]],
                 [True]),
                (f"{name}: input", action["InputArtifacts"],
                 actions[0]["OutputArtifacts"]),
                (f"{name}: cluster and service",
                 (settings["ClusterName"], settings["ServiceName"]),
                 (CLUSTER, Native(name, it).service["serviceName"])),
                (f"{name}: file", settings["FileName"],
                 f"imagedefinitions-{name}.json"),
                (f"{name}: container", inside["name"],
                 it.deployments[name].container["name"]),
                (f"{name}: image", inside["imageUri"],
                 "<REGISTRY>/{RepositoryName}:{ImageTag}".format(
                     **image["Configuration"]))])
            least = minutes(it)
            if int(settings["DeploymentTimeout"]) <= least:
                wrong.append(f"{name}: the action gives up before {least} "
                             "minutes")
    if '"$folder/imagedefinitions-$name.json"' not in it.script:
        wrong.append("nobody makes the file that the action reads")
    return wrong


def minutes(it):
    """How long a deployment takes by its own settings."""
    settings = it.service["deploymentConfiguration"]
    return settings["bakeTimeInMinutes"] + sum(
        hook["timeoutConfiguration"]["timeoutInMinutes"]
        for hook in settings.get("lifecycleHooks", []))


def alarms_come_first(it):
    """A service can't name an alarm that does not exist."""
    phase = it.script.partition("phase_6() {")[2].partition("\n}")[0]
    at = phase.find('[ "$controller" != ecs ] || apply_codedeploy')
    if not 0 <= at < phase.find("create_service "):
        return ["phase 6 makes services before their alarms"]
    return []


CHECKS = (services_are_blue_green, traffic_changes_over, each_way_has_its_own,
          pipelines_ask_ecs, alarms_come_first)
