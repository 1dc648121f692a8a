"""deploy/aws agrees with itself, with deploy/deployment and with its script.

Each check is a function of infrastructure.py; a table of defects shows that
each can fail. cfn-lint looks at the form of every template.
"""
import re
import shutil
import subprocess

import pytest

import contracts
import documents
import harness
import infrastructure
from defects import change, drop, inside, remove, script, scripts, make_tests
from infrastructure import FOLDER, TEMPLATES


def statement(it, role, number):
    policy = it.resource("roles", role)["Policies"][0]
    return policy["PolicyDocument"]["Statement"][number]


def trust(it, role):
    document = it.resource("roles", role)["AssumeRolePolicyDocument"]
    return document["Statement"][0]


def container(number, **changes):
    return inside(lambda it: it.migration["containerDefinitions"][number],
                  **changes)


def secret_in_the_open(it):
    it.migration["containerDefinitions"][0]["environment"].append(
        {"name": "ADMIN_PASSWORD", "value": "coffee"})


DEFECTS = [
    ("names_are_the_tutorials",
     change("cluster", "Cluster", ClusterName="cafe"), "the clusters"),
    ("names_are_the_tutorials",
     change("registry", "Customer", RepositoryName="cafe"), "the registry"),
    ("names_are_the_tutorials",
     change("balancer", "Balancer", Name="cafe"), "the load balancer"),
    ("names_are_the_tutorials",
     change("balancer", "CustomerTgOne", Name="customer-tg-1"),
     "the target groups"),
    ("names_are_the_tutorials",
     change("codedeploy", "Application", ApplicationName="cafe"),
     "the application"),
    ("names_are_the_tutorials",
     change("pipeline", "Pipeline", Name={"Fn::Sub": "${Service}"}),
     "the pipelines"),
    ("names_are_the_tutorials",
     change("cluster", "Log", LogGroupName="cafe"), "the log group"),
    ("names_are_the_tutorials", script("microservices deployment; do", "x"),
     "apply.sh does not have"),

    ("roles_have_one_purpose", remove("roles", "EventsRole"),
     "there is no role CafeEventsRole"),
    ("roles_have_one_purpose", change("roles", "EventsRole", RoleName="Other"),
     "nobody needs Other"),
    ("roles_have_one_purpose", inside(
        lambda it: trust(it, "TaskRole"),
        Principal={"Service": "ec2.amazonaws.com"}), "who takes them"),
    ("roles_have_one_purpose",
     lambda it: trust(it, "PipelineRole").pop("Condition"), "any account"),
    ("roles_have_one_purpose", lambda it: it.deployments["customer"].taskdef
     .update(taskRoleArn="arn:aws:iam::<ACCOUNT-ID>:role/PipelineRole"),
     "there is no role PipelineRole"),

    ("roles_are_narrow", inside(
        lambda it: statement(it, "ExecutionRole", 1), Action="ecr:*"),
     "CafeExecutionRole may do ecr:*"),
    ("roles_are_narrow", inside(
        lambda it: statement(it, "ExecutionRole", 2), Resource="*"),
     "GetSecretValue to everything"),
    ("roles_are_narrow", inside(
        lambda it: statement(it, "MigrationRole", 2),
        Resource=[{"Fn::Sub": "arn:aws:secretsmanager:…:secret:rds!db-*"}]),
     "CafeMigrationRole may read"),
    ("roles_are_narrow", inside(
        lambda it: statement(it, "ExecutionRole", 2),
        Resource=[{"Ref": "AdminSecret"}]), "CafeExecutionRole may read"),
    ("roles_are_narrow", inside(
        lambda it: statement(it, "PipelineRole", -1),
        Resource=[{"Fn::GetAtt": ["MigrationRole", "Arn"]}]), "may pass"),
    ("roles_are_narrow",
     lambda it: statement(it, "PipelineRole", -1).pop("Condition"),
     "whom it passes roles to"),
    ("roles_are_narrow", change("roles", "TaskRole", ManagedPolicyArns=["x"]),
     "the containers themselves"),

    ("nobody_is_everybody",
     inside(lambda it: trust(it, "TaskRole"), Principal="*"),
     "everybody is allowed something in roles"),
    ("nobody_is_everybody", change("registry", "Customer",
                                   RepositoryPolicyText={"Statement": [
                                       {"Effect": "Allow",
                                        "Principal": {"AWS": ["*"]}}]}),
     "everybody is allowed something in registry"),

    ("database_suits", inside(lambda it: it.resource(
        "database", "Parameters")["Parameters"],
        log_bin_trust_function_creators="0"), "the parameters"),
    ("database_suits", change("database", "Database", EngineVersion="11.4"),
     "the engine"),
    ("database_suits", drop("database", "Database", "DBParameterGroupName"),
     "the parameter group"),
    ("database_suits", lambda it: it.templates["database"]["Resources"]
     ["Database"].pop("DeletionPolicy"), "what deletion leaves"),
    ("database_suits", drop("database", "Database", "StorageEncrypted"),
     "StorageEncrypted"),

    ("passwords_are_made_there", remove("database", "MigrateSecret"),
     "the secrets"),
    ("passwords_are_made_there",
     change("database", "CustomerSecret", SecretString="coffee"),
     "a password in database"),
    ("passwords_are_made_there",
     change("database", "CustomerSecret", GenerateSecretString={}),
     "not made under the key"),
    ("passwords_are_made_there",
     change("database", "Database", MasterUserPassword="coffee"),
     "a password in database"),
    ("passwords_are_made_there", secret_in_the_open, "is no secret"),
    ("passwords_are_made_there", container(1, secrets=[
        {"name": "APP_DB_PASSWORD", "valueFrom": "coffee"}]), "'coffee'"),

    ("migration_runs_in_order", container(2, essential=False), "the order"),
    ("migration_runs_in_order", container(1, dependsOn=[
        {"containerName": "accounts", "condition": "START"}]), "the order"),
    ("migration_runs_in_order", container(1, command=[]), "the command"),
    ("migration_runs_in_order",
     lambda it: it.migration.update(memory="256"), "256 MiB"),
    ("migration_runs_in_order", lambda it: it.migration.update(
        executionRoleArn="arn:aws:iam::<ACCOUNT-ID>:role/CafeExecutionRole"),
     "the roles"),
    ("migration_runs_in_order", change("cluster", "Log", LogGroupName="x"),
     "the log groups"),

    ("everything_runs_on_fargate",
     change("cluster", "Cluster", CapacityProviders=["FARGATE"]),
     "CapacityProviders"),
    ("everything_runs_on_fargate", script("--launch-type FARGATE ", ""),
     "launch types"),

    ("placeholders_are_filled_in", container(1, image="<IMAGE2_NAME>"),
     "nobody fills in <IMAGE2_NAME>"),
    *scripts("placeholders_are_filled_in",
             ("<OFFICE-CIDR>", "<OFFICE>", "nobody fills in <OFFICE-CIDR>"),
             ("SECURITY-GROUP-ID", "GROUP", "in SECURITY-GROUP-ID"),
             ("<GRANTS-SQL>", "<GRANT-SQL>", "in <GRANT-SQL>, which stands")),

    *scripts("defaults_are_replaced",
             ("\'\"cpuArchitecture\": \"X86_64\"\'", "x",
              "does not look for"),
             ("'\"value\": \"require\"'", "x", "does not look for"),
             ("fill_task \"$here", "fill \"$here", "what the script fills")),
    ("defaults_are_replaced", lambda it: it.tasks.update(
        {"taskdef-migrate.json": '"awslogs-region": "eu-west-1"'}),
     "taskdef-migrate.json has another awslogs-region"),
    ("defaults_are_replaced", lambda it: it.tasks.update(
        {"taskdef-customer.json": it.tasks["taskdef-customer.json"].replace(
            "require", "off")}),
     "taskdef-customer.json has another APP_DB_TLS"),

    *scripts("stacks_get_their_parameters",
             ("network.BalancerGroup", "", "what balancer is given"),
             ("listeners.Test ", "listeners.Tests ", "has no output Tests"),
             (" network.DatabaseGroup", "", "what database is given"),
             ("AdminSecret=", "Secret=", "what roles is given"),
             ("stack cluster cluster", ":", "the stacks of the script")),
    ("stacks_get_their_parameters",
     lambda it: it.templates["balancer"]["Outputs"].pop("BalancerName"),
     "balancer has no output BalancerName"),

    ("images_are_kept", drop("registry", "Employee", "LifecyclePolicy"),
     "Employee: the lifecycle policy"),
    ("images_are_kept", change("registry", "Employee",
                               ImageScanningConfiguration={}), "ScanOnPush"),
    ("images_are_kept",
     change("registry", "Employee", RepositoryPolicyText="x"),
     "repository policy"),

    ("no_account_number", change("roles", "TaskRole",
                                 Path="/210987654321/"), "210987654321"),
    ("no_account_number", script("supplierdb", "210987654321"), "apply.sh"),
]


test_the_files_keep, test_a_defect_is_seen, test_each_check_has_a_defect = (
    make_tests(infrastructure, DEFECTS))


def test_every_template_is_looked_at():
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(TEMPLATES)


def test_the_phases_name_what_the_rehearsal_runs():
    text = (harness.ROOT / "deploy/local/rehearse.sh").read_text()
    run = set(re.findall(r"step cafe-deploy (?:\"\S+ )?(\w+)", text))
    told = (harness.ROOT / "deploy/PHASES.md").read_text()
    assert {"up", "migrate", "service"} <= run
    assert [name for name in sorted(run)
            if f"`cafe-deploy {name}" not in told] == []


@pytest.mark.parametrize("text, words", [
    ("a: &x 1\nb: *x", "no aliases"),
    ("Resources:\n  A: 1\n  A: 2", "'A' stands twice"),
])
def test_templates_are_read_strictly(text, words):
    with pytest.raises(documents.Malformed, match=re.escape(words)):
        documents.read_template(text)


# With informational findings. One kind is not for these templates: an ARN with
# the partition written out. apply.sh takes regions of this partition only.
CFN_LINT = ("cfn-lint", "--include-checks", "I", "--ignore-checks", "I3042",
            "--regions", contracts.REGION, "--")


def test_cfn_lint_accepts_the_templates():
    if shutil.which("cfn-lint") is None:
        pytest.skip("NOT CHECKED: there is no cfn-lint (pip install cfn-lint) "
                    "to look at the templates")
    done = subprocess.run(
        [*CFN_LINT, *sorted(FOLDER.glob("*.yaml"))],
        text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name, old, new, words", [
    ("codedeploy", "TestTrafficRoute", "TestingRoute", "TestingRoute"),
    ("cluster", "    DeletionPolicy: Delete\n", "", "I3011")])
def test_cfn_lint_would_refuse_a_faulty_template(tmp_path, name, old, new,
                                                 words):
    if shutil.which("cfn-lint") is None:
        pytest.skip("NOT CHECKED: there is no cfn-lint")
    text = (FOLDER / f"{name}.yaml").read_text()
    assert old in text
    faulty = tmp_path / f"{name}.yaml"
    faulty.write_text(text.replace(old, new))
    done = subprocess.run([*CFN_LINT, faulty], text=True, capture_output=True,
                          check=False)
    assert done.returncode != 0 and words in done.stdout
