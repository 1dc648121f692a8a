"""CodeDeploy and pipelines of deploy/aws; a defect of each is seen."""
import deploying
from defects import inside, remove, make_tests
from infrastructure import branches


def action(number, **changes):
    """Change the settings of an action: 0 files, 1 image, 2 deployment."""
    def get(it):
        stages = it.resource("pipeline", "Pipeline")["Stages"]
        actions = [row for stage in stages for row in stage["Actions"]]
        return branches(actions[number])[0 if number else -1]["Configuration"]
    return inside(get, **changes)


def on_github(**changes):
    """Change the settings of the files' source, if that is GitHub."""
    return inside(lambda it: branches(it.resource("pipeline", "Pipeline")[
        "Stages"][0]["Actions"][0])[0]["Configuration"], **changes)


def group(it):
    return it.resource("codedeploy", "Customer")


def pair(it):
    return group(it)["LoadBalancerInfo"]["TargetGroupPairInfoList"][0]


DEFECTS = [
    ("deployment_groups_fit", inside(group, DeploymentGroupName="x"), "name"),
    ("deployment_groups_fit", inside(
        group, DeploymentConfigName="CodeDeployDefault.AllAtOnce"),
     "configuration"),
    ("deployment_groups_fit", inside(
        lambda it: group(it)["DeploymentStyle"],
        DeploymentType="IN_PLACE"), "style"),
    ("deployment_groups_fit", inside(
        lambda it: group(it)["ECSServices"][0], ServiceName="customer"),
     "customer: service"),
    ("deployment_groups_fit", inside(pair, TargetGroups=[
        {"Name": "customer-tg-one"}, {"Name": "employee-tg-two"}]), "pair"),
    ("deployment_groups_fit", inside(pair, ProdTrafficRoute={
        "ListenerArns": [{"Ref": "Test"}]}), "production"),
    ("deployment_groups_fit",
     lambda it: pair(it).pop("TestTrafficRoute"), "customer: test"),
    ("deployment_groups_fit", inside(
        lambda it: group(it)["AutoRollbackConfiguration"],
        Events=["DEPLOYMENT_FAILURE"]), "roll-back"),
    ("deployment_groups_fit", inside(
        lambda it: group(it)["AlarmConfiguration"], Enabled=False), "alarms"),
    ("deployment_groups_fit", lambda it: it.resource(
        "codedeploy", "CustomerErrors")["Metrics"].pop(), "alarms watch"),

    ("pipelines_find_everything", action(0, RepositoryName="deploy"),
     "customer: source"),
    ("pipelines_find_everything", action(0, BranchName="main"), "branch"),
    ("pipelines_find_everything", on_github(BranchName="main"),
     "customer: source on GitHub"),
    ("pipelines_find_everything", on_github(DetectChanges="false"),
     "customer: source on GitHub"),
    ("pipelines_find_everything", action(1, ImageTag="v1"), "tag"),
    ("pipelines_find_everything", action(1, RepositoryName="coffee"),
     "the registry has no coffee"),
    ("pipelines_find_everything", action(2, AppSpecTemplateArtifact="source"),
     "AppSpecTemplateArtifact source is no input"),
    ("pipelines_find_everything",
     action(2, TaskDefinitionTemplatePath="t.json"), "there is no t.json"),
    ("pipelines_find_everything", action(2, Image1ContainerName="IMAGE"),
     "has no <IMAGE>"),
    ("pipelines_find_everything", action(2, DeploymentGroupName="customer"),
     "no deployment group customer"),
    ("pipelines_find_everything", action(2, ApplicationName="cafe"),
     "application"),
    ("pipelines_find_everything", lambda it: it.resource(
        "pipeline", "Pipeline")["Stages"][0]["Actions"].pop(),
     "nothing makes the artifact image-customer"),

    ("each_source_has_its_rule", remove("pipeline", "ImagePushed"),
     "rule for the image is None"),
    ("each_source_has_its_rule", remove("pipeline", "DeploymentChanged"),
     "rule for the repository is None"),
    ("each_source_has_its_rule", inside(lambda it: it.resource(
        "pipeline", "ImagePushed")["EventPattern"]["detail"],
        **{"image-tag": ["dev"]}), "rule for the image"),
    ("each_source_has_its_rule", inside(lambda it: it.resource(
        "pipeline", "ImagePushed")["Targets"][0], RoleArn="x"),
     "ImagePushed: role"),
    ("each_source_has_its_rule", action(0, PollForSourceChanges="true"),
     "polling"),
    ("each_source_has_its_rule", lambda it: it.templates["pipeline"][
        "Resources"]["DeploymentChanged"].pop("Condition"),
     "the condition of the rule"),
    ("each_source_has_its_rule", lambda it: it.templates["pipeline"][
        "Conditions"].update(GitHub={"Fn::Equals": ["", ""]}),
     "the conditions"),
    ("each_source_has_its_rule", lambda it: it.resource(
        "pipeline", "Pipeline")["Stages"][0]["Actions"][0].update(
            {"Fn::If": ["Branch", {}, it.actions("customer", "GitHub")[0]]}),
     "the sources"),
]

test_the_files_keep, test_a_defect_is_seen, test_each_check_has_a_defect = (
    make_tests(deploying, DEFECTS))
