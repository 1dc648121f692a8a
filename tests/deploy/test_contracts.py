"""The files for AWS agree with each other and with the daemons.

Each check is a function of contracts.py. That it can fail is shown here, too:
a copy of the files gets one defect, and the check has to name it.
"""
import copy
import re

import pytest

import contracts
import documents
import harness
from contracts import CHECKS, DAEMONS, FOLDER, Deployment

FILES = [form.format(name)
         for form in ("taskdef-{}.json", "appspec-{}.yaml",
                      "create-{}-microservice-tg-two.json")
         for name in DAEMONS]


def set_variable(it, name, value):
    """Set a variable of the task definition; None takes it away."""
    rows = it.container["environment"]
    rows[:] = [row for row in rows if row["name"] != name]
    if value is not None:
        rows.append({"name": name, "value": value})


def variable(name, value=None):
    return lambda it: set_variable(it, name, value)


def task(**changes):
    return lambda it: it.taskdef.update(changes)


def container(**changes):
    return lambda it: it.container.update(changes)


def without(key):
    return lambda it: it.container.pop(key)


def service(**changes):
    return lambda it: it.service.update(changes)


def network(**changes):
    return lambda it: it.network.update(changes)


def secret(**changes):
    return lambda it: it.container["secrets"][0].update(changes)


def add_container(it):
    it.taskdef["containerDefinitions"].append(copy.deepcopy(it.container))


def add_port(**port):
    return lambda it: it.container["portMappings"].append(port)


def log_option(key, value):
    def change(it):
        it.container["logConfiguration"]["options"][key] = value
    return change


def set_spec(**changes):
    def change(it):
        it.appspec["Resources"][0]["TargetService"].update(changes)
    return change


def set_task_definition(text):
    def change(it):
        resource = it.appspec["Resources"][0]["TargetService"]
        resource["Properties"]["TaskDefinition"] = text
    return change


CAPABILITIES = {"initProcessEnabled": True,
                "capabilities": {"drop": ["ALL"], "add": ["SYS_PTRACE"]}}
HEALTH = {"interval": 10, "timeout": 5, "retries": 3, "startPeriod": 10}

# The check, what is done to the files, and what the complaint has to say.
DEFECTS = [
    ("names_and_ports_agree", container(name="web"),
     "task definition calls the container 'web'"),
    ("names_and_ports_agree", lambda it: it.target.update(ContainerName="cust"),
     "AppSpec calls the container 'cust'"),
    ("names_and_ports_agree", lambda it: it.balancer.update(containerName="x"),
     "service calls the container 'x'"),
    ("names_and_ports_agree", add_container, "more than one container"),
    ("names_and_ports_agree",
     lambda it: it.service["loadBalancers"].append(it.balancer),
     "more than one target group"),
    ("names_and_ports_agree", lambda it: it.target.update(ContainerPort=80),
     "AppSpec has the port 80,"),
    ("names_and_ports_agree", lambda it: it.target.update(ContainerPort="8080"),
     "AppSpec has the port 8080,"),
    ("names_and_ports_agree", lambda it: it.balancer.update(containerPort=9090),
     "service has the port 9090"),
    ("names_and_ports_agree", variable("APP_PORT", "8081"),
     "daemon has the port 8081"),
    ("names_and_ports_agree", add_port(containerPort=9090),
     "task definition has the port 9090"),
    ("names_and_ports_agree", add_port(containerPort=8080, hostPort=80),
     "hostPort 80"),
    ("names_and_ports_agree", add_port(containerPort=8080, protocol="udp"),
     "protocol is udp"),

    ("names_are_the_tutorials", task(family="customer"), "the family"),
    ("names_are_the_tutorials", service(taskDefinition="customer:1"),
     "the service's task definition"),
    ("names_are_the_tutorials", service(serviceName="customer"),
     "the service is 'customer'"),
    ("names_are_the_tutorials", lambda it: it.service.pop("serviceName"),
     "the service is None"),
    ("names_are_the_tutorials", service(cluster="default"), "the cluster"),
    ("names_are_the_tutorials",
     lambda it: service(taskDefinition=f"{it.name}-microservice:<NEW>")(it),
     "no revision"),
    ("names_are_the_tutorials", set_spec(Type="AWS::Lambda::Function"),
     "is for AWS::Lambda::Function"),
    ("names_are_the_tutorials", lambda it: it.appspec.update(version=1.0),
     "version is not 0.0"),

    ("placeholders_stand_once", container(image="customer"),
     "'customer' where the pipeline replaces <IMAGE1_NAME>"),
    ("placeholders_stand_once", container(image="<IMAGE1_NAME>:latest"),
     "where the pipeline replaces"),
    ("placeholders_stand_once", variable("APP_BIND", "<IMAGE1_NAME>"),
     "stands 2 times in the task definition"),
    ("placeholders_stand_once", service(serviceName="<IMAGE1_NAME>"),
     "stands 1 times in the service"),
    ("placeholders_stand_once", set_task_definition("customer:1"),
     "replaces <TASK_DEFINITION>"),
    ("placeholders_stand_once", service(cluster="<TASK_DEFINITION>"),
     "stands 1 times in the service"),
    ("placeholders_stand_once", variable("APP_DB_HOST", "<RDS_ENDPOINT>"),
     "<RDS_ENDPOINT> in the task definition"),
    ("placeholders_stand_once", network(subnets=["PUBLIC-SUBNET-1-ID"]),
     "PUBLIC-SUBNET-1-ID in the service"),

    ("runs_on_fargate", task(networkMode="bridge"), "networkMode"),
    ("runs_on_fargate", task(requiresCompatibilities=["EC2"]),
     "requiresCompatibilities"),
    ("runs_on_fargate", service(launchType="EC2"), "launchType"),
    ("runs_on_fargate", lambda it: it.taskdef.pop("runtimePlatform"),
     "runtimePlatform is None"),
    ("runs_on_fargate", task(cpu="256", memory="4096"),
     "no task of 256 CPU units and 4096 MiB"),
    ("runs_on_fargate", task(cpu="256", memory="1536"), "1536 MiB"),
    ("runs_on_fargate", task(cpu="512", memory="512"), "512 MiB"),
    ("runs_on_fargate", task(cpu="300", memory="512"), "300 CPU units"),
    ("runs_on_fargate", task(cpu="8192", memory="17408"), "17408 MiB"),

    ("memory_suffices", variable("APP_CATALOG_MAX_BYTES", str(2 ** 30)),
     "may take 1120 MiB, the task has 512 MiB"),
    ("memory_suffices", variable("APP_PORT", "no"), "does not take"),

    ("passwords_are_secrets", variable("APP_DB_PASSWORD", "coffee"),
     "a password in the task definition at .containerDefinitions"),
    ("passwords_are_secrets", without("secrets"),
     "not among the container's secrets"),
    ("passwords_are_secrets", container(command=["--db-password", "coffee"]),
     "command[0]: '--db-password'"),
    ("passwords_are_secrets", variable("APP_DB_HOST", "mysql://a:b@db/COFFEE"),
     "a URL with a password"),
    ("passwords_are_secrets", secret(valueFrom="coffee"), "no full ARN"),
    ("passwords_are_secrets",
     secret(valueFrom="arn:aws:secretsmanager:us-east-1:123456789012:"
                      "secret:cafe:password::"), "no full ARN"),
    ("passwords_are_secrets", service(tags=[{"key": "Password", "value": "x"}]),
     "a password in the service"),

    ("variables_are_options", variable("APP_DB_HOSTNAME", "db"),
     "has no option APP_DB_HOSTNAME"),
    ("variables_are_options", secret(name="DB_PASSWORD"),
     "has no option DB_PASSWORD"),
    ("variables_are_options", secret(name="APP_DB_HOST"),
     "APP_DB_HOST stands twice"),
    ("variables_are_options", variable("APP_DB_HOST"),
     "APP_DB_HOST is missing"),

    ("daemon_takes_them", variable("APP_LOG", "jsn"), "APP_LOG: 'jsn'"),
    ("daemon_takes_them", variable("APP_TRUSTED_PROXIES", "the-balancer"),
     "'the-balancer' is not an address range"),
    ("daemon_takes_them", variable("APP_ALLOW", "<OFFICE>"),
     "'<OFFICE>' is not an address range"),
    ("daemon_takes_them", variable("APP_DRAIN_DELAY_MS", "5s"),
     "APP_DRAIN_DELAY_MS: '5s'"),

    ("health_check_exists", without("healthCheck"), "health check is None"),
    ("health_check_exists", container(healthCheck={
        "command": ["CMD-SHELL", "curl -f http://localhost:8080/"], **HEALTH}),
     "CMD-SHELL"),
    ("health_check_exists", container(healthCheck={
        "command": ["CMD", "/bin/customer", "--healthcheck"], **HEALTH}),
     "/bin/customer"),

    ("is_confined", without("user"), "user is None"),
    ("is_confined", container(user="root"), "user is 'root'"),
    ("is_confined", container(readonlyRootFilesystem=False), "readonlyRoot"),
    ("is_confined", container(privileged=True), "privileged"),
    ("is_confined", without("linuxParameters"), "capabilities is None"),
    ("is_confined", container(linuxParameters=CAPABILITIES), "SYS_PTRACE"),

    ("stops_in_time", container(stopTimeout=25),
     "stopTimeout is 25000 ms, the daemon may take"),
    ("stops_in_time", variable("APP_STOP_MAX_MS", "30000"),
     "stop_max_ms, 30000 ms"),
    ("stops_in_time", variable("APP_DRAIN_DELAY_MS", "20000"),
     "drain_delay_ms, 20000 ms"),
    ("stops_in_time", container(stopTimeout=300), "longest stopTimeout"),
    ("stops_in_time", variable("APP_STOP_MAX_MS", "long"), "does not take"),

    ("logs_are_kept", without("logConfiguration"), "logDriver is None"),
    ("logs_are_kept", log_option("awslogs-create-group", "true"),
     "awslogs-create-group needs a right"),
    ("logs_are_kept", log_option("awslogs-group", "cafe"), "awslogs-group"),
    ("logs_are_kept", log_option("awslogs-region", "eu-central-1"), "region"),
    ("logs_are_kept", log_option("awslogs-stream-prefix", ""), "prefix"),
    ("logs_are_kept", log_option("mode", "non-blocking"), "mode"),
    ("logs_are_kept", variable("APP_LOG", "text"), "APP_LOG is 'text'"),

    ("database_is_encrypted", variable("APP_DB_TLS"), "not encrypted"),
    ("database_is_encrypted", variable("APP_DB_TLS", "off"), "not encrypted"),
    ("database_is_encrypted", variable("APP_DB_TLS", "verify"),
     "verify without APP_DB_TLS_CA"),

    ("stands_behind_the_balancer", variable("APP_TRUSTED_PROXIES"),
     "APP_TRUSTED_PROXIES"),
    ("stands_behind_the_balancer",
     variable("APP_TRUSTED_PROXIES", "0.0.0.0/0"), "strangers"),
    ("stands_behind_the_balancer", variable("APP_HTTP_IDLE_MS", "30000"),
     "http.idle_ms is 30000"),
    ("stands_behind_the_balancer", variable("APP_HTTP_IDLE_MS", "-"),
     "does not take"),

    ("roles_are_two", lambda it: it.taskdef.pop("taskRoleArn"),
     "taskRoleArn is ''"),
    ("roles_are_two", task(executionRoleArn="PipelineRole"),
     "executionRoleArn is 'PipelineRole'"),
    ("roles_are_two",
     task(taskRoleArn="arn:aws:iam::<ACCOUNT-ID>:role/PipelineRole",
          executionRoleArn="arn:aws:iam::<ACCOUNT-ID>:role/PipelineRole"),
     "one role"),

    ("service_is_out_of_reach", network(assignPublicIp="ENABLED"),
     "public address"),
    ("service_is_out_of_reach",
     network(subnets=["PUBLIC-SUBNET-1-ID", "PUBLIC-SUBNET-2-ID"]),
     "public subnet"),
    ("service_is_out_of_reach", network(subnets=["PRIVATE-SUBNET-1-ID"] * 2),
     "two zones"),
    ("service_is_out_of_reach", network(securityGroups=["a", "b"]),
     "security group"),
    ("service_is_out_of_reach", lambda it: it.service.pop(
        "deploymentController"), "not CODE_DEPLOY"),
    ("service_is_out_of_reach", service(schedulingStrategy="DAEMON"),
     "not REPLICA"),
    ("service_is_out_of_reach", service(desiredCount=0), "no task"),
    ("service_is_out_of_reach", lambda it: it.service.pop(
        "healthCheckGracePeriodSeconds"), "healthCheckGracePeriodSeconds, 0"),

    ("no_account_number",
     task(executionRoleArn="arn:aws:iam::210987654321:role/A"),
     "task definition at .executionRoleArn: 210987654321"),
    ("no_account_number", container(
        image="210987654321.dkr.ecr.us-east-1.amazonaws.com/customer"),
     ".image: 210987654321"),

    ("nobody_is_everybody", task(Statement=[{"Principal": "*"}]),
     "everybody in the task definition"),
    ("nobody_is_everybody", service(Principal={"AWS": ["*"]}),
     "everybody in the service"),
]

# What concerns the employee alone.
EMPLOYEE_DEFECTS = [
    ("stands_behind_the_balancer", variable("APP_ALLOW", "private,0.0.0.0/0"),
     "lets everybody edit"),
    ("stands_behind_the_balancer", variable("APP_ALLOW", "private, ::/0"),
     "lets everybody edit"),
    ("stands_behind_the_balancer", variable("APP_ALLOW", "<OFFICE-CIDR>"),
     "refuses the load balancer's health checks"),
    ("stands_behind_the_balancer", variable("APP_HOSTS"),
     "APP_HOSTS does not have the load balancer's name"),
    ("stands_behind_the_balancer",
     variable("APP_HOSTS", "<BALANCER-DNS-NAME>,any"),
     "serves the names of other sites"),
]


@pytest.fixture(name="it", params=DAEMONS)
def fixture_it(request):
    return Deployment(request.param)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_files_keep(check, it):
    assert check(it) == []


def complaints(check, it, defect):
    """What the check says against a defective copy; before, it was content."""
    check = getattr(contracts, check)
    assert check(it) == []
    defect(it)
    return "\n".join(check(it))


@pytest.mark.parametrize("check, defect, words", [
    pytest.param(*row, id=f"{row[0]}-{number}")
    for number, row in enumerate(DEFECTS)])
def test_a_defect_is_seen(check, defect, words):
    assert words in complaints(check, Deployment("customer"), defect)


@pytest.mark.parametrize("check, defect, words", EMPLOYEE_DEFECTS)
def test_a_defect_of_the_employee_is_seen(check, defect, words):
    assert words in complaints(check, Deployment("employee"), defect)


def test_each_check_has_a_defect():
    assert {row[0] for row in DEFECTS} == {check.__name__ for check in CHECKS}


def test_an_exchange_of_the_files_is_seen():
    """The employee's task definition under the customer's name."""
    it = Deployment("customer")
    it.taskdef = Deployment("employee").taskdef
    said = [line for check in CHECKS for line in check(it)]
    assert any("calls the container 'employee'" in line for line in said)
    assert any("the family is 'employee-microservice'" in line
               for line in said)
    assert any("health check" in line for line in said)


def test_the_folder_has_the_six_files():
    found = {path.name for path in FOLDER.iterdir()} - {"README.md"}
    assert found == set(FILES)


@pytest.mark.parametrize("text, words", [
    ('{"cpu": "256", "cpu": "512"}', "'cpu' stands twice"),
    ('{"a": [{"name": "x", "name": "y"}]}', "'name' stands twice"),
    ('{"cpu": NaN}', "NaN is no JSON"),
    ('{"cpu": 256,}', "taskdef.json: "),
    ('{"cpu": 256} // a comment', "taskdef.json: "),
    ("", "taskdef.json: "),
])
def test_json_is_read_strictly(tmp_path, text, words):
    path = tmp_path / "taskdef.json"
    path.write_text(text)
    with pytest.raises(documents.Malformed, match=re.escape(words)):
        documents.read(path)


@pytest.mark.parametrize("text, words", [
    ("version: 0.0\nversion: 0.1", "'version' stands twice"),
    ("Resources:\n  - A:\n      Type: x\n      Type: y",
     "'Type' stands twice"),
    ("version: 0.0\n\tResources: []", "appspec.yaml: "),
    ("version: !!python/object/apply:os.system ['true']", "appspec.yaml: "),
])
def test_yaml_is_read_strictly(tmp_path, text, words):
    path = tmp_path / "appspec.yaml"
    path.write_text(text)
    with pytest.raises(documents.Malformed, match=re.escape(words)):
        documents.read(path)


def test_no_account_number_in_any_text():
    for path in FOLDER.iterdir():
        assert contracts.account_numbers(path.read_text()) == [], path.name
    assert contracts.account_numbers("x-210987654321.dkr") == ["210987654321"]
    assert contracts.account_numbers("1234567890123") == []


def test_the_readme_explains_what_to_fill_in():
    readme = (FOLDER / "README.md").read_text()
    texts = [(FOLDER / name).read_text() for name in FILES]
    for placeholder in (*contracts.FILLED_IN, contracts.IMAGE,
                        contracts.TASK_DEFINITION):
        assert f"`{placeholder}`" in readme, placeholder
        assert any(placeholder in text for text in texts), placeholder


def test_the_daemons_are_built():
    """The checks above ask the built daemons; without them they say nothing."""
    for name in DAEMONS:
        assert (harness.BIN / name).exists(), harness.BIN / name
