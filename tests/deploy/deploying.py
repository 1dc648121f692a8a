"""What must hold of CodeDeploy and the pipelines in deploy/aws.

As in infrastructure.py, a check gives back what is wrong, a list of lines.
"""
import contracts
from contracts import DAEMONS
from infrastructure import compare, substitute

SOURCES = ("CodeCommit", "GitHub")
GITHUB = {"ConnectionArn": {"Ref": "Connection"},
          "FullRepositoryId": {"Ref": "Repository"},
          "BranchName": {"Ref": "Branch"}, "DetectChanges": "true"}
VARIANTS = [(name, (source, "CodeDeploy"))
            for name in DAEMONS for source in SOURCES]


def deployment_groups_fit(it):
    """Service, listeners, pair, alarms: all there, and rolled back on both."""
    wrong = []
    for name in DAEMONS:
        title = name.title()
        group = it.resource("codedeploy", title)
        pair = group["LoadBalancerInfo"]["TargetGroupPairInfoList"][0]
        blue = group["BlueGreenDeploymentConfiguration"]
        ended = blue["TerminateBlueInstancesOnDeploymentSuccess"]
        alarms = [row["Name"]["Ref"]
                  for row in group["AlarmConfiguration"]["Alarms"]]
        wrong += compare([
            (f"{name}: name", group["DeploymentGroupName"],
             f"microservices-{name}"),
            (f"{name}: configuration", group["DeploymentConfigName"],
             "CodeDeployDefault.ECSAllAtOnce"),
            (f"{name}: style", group["DeploymentStyle"],
             {"DeploymentType": "BLUE_GREEN",
              "DeploymentOption": "WITH_TRAFFIC_CONTROL"}),
            (f"{name}: service", group["ECSServices"],
             [{"ClusterName": it.deployments[name].service["cluster"],
               "ServiceName": it.deployments[name].service["serviceName"]}]),
            (f"{name}: pair", [row["Name"] for row in pair["TargetGroups"]],
             [f"{name}-tg-two", f"{name}-tg-one"]),
            (f"{name}: production", pair["ProdTrafficRoute"],
             {"ListenerArns": [{"Ref": "Production"}]}),
            (f"{name}: test", pair.get("TestTrafficRoute"),
             {"ListenerArns": [{"Ref": "Test"}]}),
            (f"{name}: the end of blue",
             (ended["Action"], ended["TerminationWaitTimeInMinutes"]),
             ("TERMINATE", 5)),
            (f"{name}: roll-back", group["AutoRollbackConfiguration"],
             {"Enabled": True, "Events": ["DEPLOYMENT_FAILURE",
                                          "DEPLOYMENT_STOP_ON_ALARM"]}),
            (f"{name}: alarms",
             (group["AlarmConfiguration"]["Enabled"], alarms),
             (True, [f"{title}Errors", f"{title}Unhealthy"])),
            (f"{name}: what the alarms watch", watched(it, title),
             sorted((metric, f"{title}Tg{number}")
                    for metric in ("HTTPCode_Target_5XX_Count",
                                   "UnHealthyHostCount")
                    for number in ("One", "Two")))])
    return wrong


def watched(it, title):
    """(metric, target group) of both alarms of a service."""
    found = []
    for alarm in (f"{title}Errors", f"{title}Unhealthy"):
        for row in it.resource("codedeploy", alarm)["Metrics"]:
            if "MetricStat" in row:
                metric = row["MetricStat"]["Metric"]
                split = metric["Dimensions"][1]["Value"]["Fn::Select"][1]
                found.append((metric["MetricName"],
                              split["Fn::Split"][1]["Ref"]))
    return sorted(found)


def pipelines_find_everything(it):
    """Repositories, artifacts, files, placeholder, application and group."""
    wrong = []
    registry = it.names("ECR::Repository", "RepositoryName")
    groups = it.names("CodeDeploy::DeploymentGroup", "DeploymentGroupName")
    for name, conditions in VARIANTS:
        made = {row["Name"] for action in it.actions(name, *conditions)
                for row in action.get("OutputArtifacts", [])}
        for action in it.actions(name, *conditions):
            provider = action["ActionTypeId"]["Provider"]
            settings = action["Configuration"]
            for row in action.get("InputArtifacts", []):
                if row["Name"] not in made:
                    wrong.append(f"{name}: nothing makes the artifact "
                                 f"{row['Name']}")
            if provider == "ECR":
                wrong += compare([
                    (f"{name}: tag", settings["ImageTag"], "latest"),
                    (f"{name}: image", settings["RepositoryName"], name)])
                if settings["RepositoryName"] not in registry:
                    wrong.append(f"{name}: the registry has no "
                                 f"{settings['RepositoryName']}")
            elif provider == "CodeCommit":
                wrong += compare([
                    (f"{name}: source", settings["RepositoryName"],
                     "deployment"),
                    (f"{name}: branch", settings["BranchName"], "dev")])
            elif provider == "CodeStarSourceConnection":
                wrong += compare([
                    (f"{name}: source on GitHub", settings, GITHUB)])
            else:
                wrong += deploys(it, name, action, made, groups)
    return wrong


def deploys(it, name, action, made, groups):
    """What is wrong in the action that asks CodeDeploy."""
    settings = action["Configuration"]
    given = {row["Name"] for row in action["InputArtifacts"]}
    wrong = compare([
        (f"{name}: provider", action["ActionTypeId"]["Provider"],
         "CodeDeployToECS"),
        (f"{name}: application", settings["ApplicationName"],
         it.resource("codedeploy", "Application")["ApplicationName"])])
    if settings["DeploymentGroupName"] not in groups:
        wrong.append(f"{name}: no deployment group "
                     f"{settings['DeploymentGroupName']}")
    for key in ("TaskDefinitionTemplateArtifact", "AppSpecTemplateArtifact",
                "Image1ArtifactName"):
        if settings[key] not in given & made:
            wrong.append(f"{name}: {key} {settings[key]} is no input")
    for key, path in (("TaskDefinitionTemplatePath", f"taskdef-{name}.json"),
                      ("AppSpecTemplatePath", f"appspec-{name}.yaml")):
        wrong += compare([(f"{name}: {key}", settings[key], path)])
        if not (contracts.FOLDER / settings[key]).exists():
            wrong.append(f"{name}: there is no {settings[key]}")
    placeholder = f"<{settings['Image1ContainerName']}>"
    if it.deployments[name].container["image"] != placeholder:
        wrong.append(f"{name}: the task definition has no {placeholder}")
    return wrong


def each_source_has_its_rule(it):
    """A push starts the pipeline, and nothing polls. What comes from GitHub
    needs no rule, so there is none."""
    rule = it.templates["pipeline"]["Resources"].get("DeploymentChanged", {})
    conditions = it.templates["pipeline"].get("Conditions")
    empty = {"Fn::Equals": [{"Ref": "Connection"}, ""]}
    wrong = compare([
        ("the condition of the rule for the repository",
         rule.get("Condition"), "CodeCommit"),
        ("the conditions", conditions,
         {"GitHub": {"Fn::Not": [empty]}, "CodeCommit": empty,
          "CodeDeploy": {"Fn::Equals": [{"Ref": "Controller"},
                                        "codedeploy"]}}),
        ("the sources", [it.actions("customer", source)[0]["ActionTypeId"][
            "Provider"] for source in SOURCES],
         ["CodeCommit", "CodeStarSourceConnection"])])
    for name in DAEMONS:
        events = {}
        for template, rule, properties in it.of_type("Events::Rule"):
            if template != "pipeline":
                continue
            row = substitute(properties, name)
            events[row["EventPattern"]["source"][0]] = row["EventPattern"]
            target = row["Targets"][0]
            wrong += compare([
                (f"{rule}: role", target["RoleArn"],
                 "arn:aws:iam::${AWS::AccountId}:role/CafeEventsRole"),
                (f"{rule}: target", target["Arn"],
                 "arn:aws:codepipeline:${AWS::Region}:${AWS::AccountId}:"
                 "${Pipeline}")])
        for action in it.actions(name, "CodeCommit"):
            settings = action["Configuration"]
            provider = action["ActionTypeId"]["Provider"]
            if provider == "ECR":
                want = {"action-type": ["PUSH"], "result": ["SUCCESS"],
                        "repository-name": [settings["RepositoryName"]],
                        "image-tag": [settings["ImageTag"]]}
                wrong += compare([
                    (f"{name}: rule for the image",
                     events.get("aws.ecr", {}).get("detail"), want)])
            elif provider == "CodeCommit":
                want = {"event": ["referenceCreated", "referenceUpdated"],
                        "referenceType": ["branch"],
                        "referenceName": [settings["BranchName"]]}
                have = events.get("aws.codecommit", {})
                arn = have.get("resources", [""])[0]
                wrong += compare([
                    (f"{name}: rule for the repository", have.get("detail"),
                     want),
                    (f"{name}: repository of the rule",
                     arn.rpartition(":")[2], settings["RepositoryName"]),
                    (f"{name}: polling", settings.get("PollForSourceChanges"),
                     "false")])
    return wrong


CHECKS = (deployment_groups_fit, pipelines_find_everything,
          each_source_has_its_rule)
