"""What must hold between the files of deploy/deployment and our daemons.

A check takes a Deployment and gives back what is wrong, a list of lines; no
line, no fault. AWS's own validators see the form of one file, not what two
files say together, nor what a daemon makes of it.
"""
import re
import subprocess

import harness
from documents import mappings, read, read_yaml, strings

FOLDER = harness.ROOT / "deploy/deployment"
DAEMONS = ("customer", "employee")

CLUSTER = "microservices-serverlesscluster"
REGION = "us-east-1"
LOG_GROUP = "awslogs-cafe-CICD"
USER = "10001:10001"
EXAMPLE_ACCOUNT = "123456789012"
BALANCER_IDLE_MS = 60 * 1000  # of an Application Load Balancer, if not changed
PROCESS_MIB = 64  # beside catalog and pages: what 1,000 connections may take

# What a person fills in, with an example of each.
FILLED_IN = {
    "<ACCOUNT-ID>": EXAMPLE_ACCOUNT,
    "<RDS-ENDPOINT>": "cafe.example.us-east-1.rds.amazonaws.com",
    "<DB-SECRET-ARN>": f"arn:aws:secretsmanager:{REGION}:{EXAMPLE_ACCOUNT}:"
                       "secret:cafe-AbCdEf",
    "<OFFICE-CIDR>": "192.0.2.0/24",
    "<BALANCER-DNS-NAME>": "microservicesLB-1.us-east-1.elb.amazonaws.com",
    "REVISION-NUMBER": "1",
    "MICROSERVICE-TG-TWO-ARN":
        f"arn:aws:elasticloadbalancing:{REGION}:{EXAMPLE_ACCOUNT}:"
        "targetgroup/tg-two/0123456789abcdef",
    "PRIVATE-SUBNET-1-ID": "subnet-1", "PRIVATE-SUBNET-2-ID": "subnet-2",
    "SECURITY-GROUP-ID": "sg-1",
}

# What the pipeline fills in.
IMAGE = "<IMAGE1_NAME>"
TASK_DEFINITION = "<TASK_DEFINITION>"
PLACEHOLDER = re.compile(r"<[^<>]*>|\b[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+\b")

# CPU units, and the MiB that go with them on Linux: lowest, highest, step.
# docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
FARGATE = {
    256: (512, 2048, None), 512: (1024, 4096, 1024),
    1024: (2048, 8192, 1024), 2048: (4096, 16384, 1024),
    4096: (8192, 30720, 1024), 8192: (16384, 61440, 4096),
    16384: (32768, 122880, 8192),
}


def fill_in(text):
    """The text with every placeholder filled in."""
    for placeholder, example in FILLED_IN.items():
        text = text.replace(placeholder, example)
    return text


class Deployment:
    """The three documents of one daemon, and the daemon they are for."""

    controller = "CODE_DEPLOY"

    def __init__(self, name, folder=FOLDER):
        self.name = name
        self.taskdef = read(folder / f"taskdef-{name}.json")
        self.appspec = read(folder / f"appspec-{name}.yaml")
        self.service = read(folder / f"create-{name}-microservice-tg-two.json")

    @property
    def documents(self):
        return {"task definition": self.taskdef, "AppSpec": self.appspec,
                "service": self.service}

    @property
    def container(self):
        return self.taskdef["containerDefinitions"][0]

    @property
    def target(self):
        """What the AppSpec says about the load balancer."""
        resource = self.appspec["Resources"][0]["TargetService"]
        return resource["Properties"]["LoadBalancerInfo"]

    @property
    def balancer(self):
        return self.service["loadBalancers"][0]

    @property
    def network(self):
        return self.service["networkConfiguration"]["awsvpcConfiguration"]

    @property
    def variables(self):
        """The names and values that stand in the task definition."""
        return {row["name"]: row["value"]
                for row in self.container.get("environment", [])}

    @property
    def names(self):
        """The names of all variables, the secret ones too."""
        return [row["name"] for key in ("environment", "secrets")
                for row in self.container.get(key, [])]

    def run(self, flag):
        """Run the built daemon with exactly the environment of the task."""
        return self.run_with(flag, self.variables)

    def run_with(self, flag, variables):
        env = {name: fill_in(value) for name, value in variables.items()}
        env.update({row["name"]: "a secret" for row in
                    self.container.get("secrets", [])})
        return subprocess.run(
            [harness.BIN / self.name, flag], text=True, capture_output=True,
            check=False, env={**env, **harness.sanitizer_options()})

    def settings(self):
        """Every option of the daemon as it would have it in the task."""
        done = self.run("--print-config")
        return read_yaml(done.stdout) if done.returncode == 0 else None


def names_and_ports_agree(it):
    """Container and port are the same in all three files and in the daemon."""
    wrong = []
    if len(it.taskdef["containerDefinitions"]) != 1:
        wrong.append("the task definition has more than one container")
    if len(it.service["loadBalancers"]) != 1:
        wrong.append("the service has more than one target group")
    for where, name in (("task definition", it.container["name"]),
                        ("AppSpec", it.target["ContainerName"]),
                        ("service", it.balancer["containerName"])):
        if name != it.name:
            wrong.append(f"the {where} calls the container {name!r}, "
                         f"not {it.name!r}")
    mapped = it.container["portMappings"]
    settings = it.settings() or {"port": None}
    for where, port in (
            ("daemon", settings["port"]),
            ("AppSpec", it.target["ContainerPort"]),
            ("service", it.balancer["containerPort"]),
            *(("task definition", row["containerPort"]) for row in mapped)):
        if port != 8080:
            wrong.append(f"the {where} has the port {port}, not 8080")
    for row in mapped:
        if row.get("hostPort", row["containerPort"]) != row["containerPort"]:
            wrong.append(f"hostPort {row['hostPort']} is another port than "
                         f"containerPort {row['containerPort']}: awsvpc has "
                         "one")
        if row.get("protocol", "tcp") != "tcp":
            wrong.append(f"the port's protocol is {row['protocol']}, not tcp")
    return wrong


def names_are_the_tutorials(it):
    """Family, service and cluster are called as the pipeline expects."""
    microservice = f"{it.name}-microservice"
    family, _, revision = it.service["taskDefinition"].partition(":")
    wrong = [f"{what} is {have!r}, not {want!r}" for what, have, want in (
        ("the family", it.taskdef["family"], microservice),
        ("the service's task definition", family, microservice),
        ("the service", it.service.get("serviceName"), microservice),
        ("the cluster", it.service["cluster"], CLUSTER)) if have != want]
    if not re.fullmatch(r"REVISION-NUMBER|[1-9][0-9]*", revision):
        wrong.append(f"{revision!r} is no revision of a task definition")
    resource = it.appspec["Resources"][0]["TargetService"]
    if resource["Type"] != "AWS::ECS::Service":
        wrong.append(f"the AppSpec is for {resource['Type']}, not for "
                     "AWS::ECS::Service")
    if it.appspec["version"] != 0.0:
        wrong.append("the AppSpec's version is not 0.0, the only one")
    return wrong


def placeholders_stand_once(it):
    """The pipeline's stand once, in their place; all others are known."""
    wrong = []
    for placeholder, home, have in (
            (IMAGE, "task definition", it.container["image"]),
            (TASK_DEFINITION, "AppSpec",
             it.appspec["Resources"][0]["TargetService"]["Properties"]
             ["TaskDefinition"])):
        if have != placeholder:
            wrong.append(f"the {home} has {have!r} where the pipeline "
                         f"replaces {placeholder}")
        for where, document in it.documents.items():
            count = sum(text.count(placeholder)
                        for _, text in strings(document))
            if count != (where == home):
                wrong.append(f"{placeholder} stands {count} times in the "
                             f"{where}")
    for where, document in it.documents.items():
        wrong += [f"{found} in the {where} at {place} is a placeholder that "
                  "nobody fills in"
                  for place, text in strings(document)
                  for found in PLACEHOLDER.findall(text)
                  if found not in (*FILLED_IN, IMAGE, TASK_DEFINITION)]
    return wrong


def runs_on_fargate(it):
    """CPU and memory are a pair that Fargate has, and the rest fits it."""
    wrong = [f"{what} is {have!r}, not {want!r}" for what, have, want in (
        ("networkMode", it.taskdef.get("networkMode"), "awsvpc"),
        ("requiresCompatibilities",
         it.taskdef.get("requiresCompatibilities"), ["FARGATE"]),
        ("launchType", it.service.get("launchType"), "FARGATE"),
        ("runtimePlatform", it.taskdef.get("runtimePlatform"),
         {"operatingSystemFamily": "LINUX", "cpuArchitecture": "X86_64"}))
        if have != want]
    cpu, memory = int(it.taskdef["cpu"]), int(it.taskdef["memory"])
    low, high, step = FARGATE.get(cpu, (0, 0, 1))
    sizes = range(low, high + 1, step) if step else (512, 1024, 2048)
    if memory not in sizes:
        wrong.append(f"Fargate has no task of {cpu} CPU units and {memory} "
                     "MiB")
    return wrong


def memory_suffices(it):
    """What the daemon may keep in memory fits into the task."""
    settings = it.settings()
    if settings is None:
        return ["the daemon does not take its environment"]
    most = PROCESS_MIB + (settings["catalog"]["max_bytes"] +
                          settings["cache"]["max_bytes"]) // 2 ** 20
    if most > int(it.taskdef["memory"]):
        return [f"the daemon may take {most} MiB, the task has "
                f"{it.taskdef['memory']} MiB"]
    return []


def passwords_are_secrets(it):
    """The password comes from Secrets Manager and stands in no file."""
    wrong = []
    secrets = {row["name"]: row["valueFrom"]
               for row in it.container.get("secrets", [])}
    if "APP_DB_PASSWORD" not in secrets:
        wrong.append("the password is not among the container's secrets")
    for name, source in secrets.items():
        if not re.fullmatch(r"arn:aws:secretsmanager:[a-z0-9-]+:\d{12}:"
                            r"secret:[^:]+-\w{6}(:[^:]*:[^:]*:[^:]*)?",
                            fill_in(source)):
            wrong.append(f"{name} is from {source!r}, which is no full ARN "
                         "of a secret")
    for where, document in it.documents.items():
        for place, text in strings(document):
            if "password" in text.lower() and ".secrets[" not in place:
                wrong.append(f"a password in the {where} at {place}: {text!r}")
            if re.search(r"://[^/\s]*:[^/\s]*@", text):
                wrong.append(f"a URL with a password in the {where} at "
                             f"{place}")
    return wrong


def variables_are_options(it):
    """The daemon knows each variable; it would not tell an unknown one."""
    known = set(re.findall(r"\((APP_[A-Z0-9_]+)[,)]", it.run("--help").stdout))
    wrong = [f"{it.name} has no option {name}" for name in it.names
             if name not in known]
    wrong += [f"{name} stands twice" for name in sorted(set(it.names))
              if it.names.count(name) > 1]
    needed = {"APP_DB_HOST", "APP_DB_USER", "APP_DB_NAME", "APP_DB_PASSWORD"}
    wrong += [f"{name} is missing" for name in sorted(needed - set(it.names))]
    return wrong


def daemon_takes_them(it):
    """A daemon that is started with exactly this environment would start."""
    done = it.run("--check-config")
    return [] if done.returncode == 0 else [(done.stdout + done.stderr).strip()]


def health_check_exists(it):
    """The image has no shell, and its program is where the images keep it."""
    wanted = ["CMD", f"/usr/bin/{it.name}", "--healthcheck"]
    command = it.container.get("healthCheck", {}).get("command")
    wrong = []
    if command != wanted:
        wrong.append(f"the health check is {command}, not {wanted}")
    if "--healthcheck" not in it.run("--help").stdout:
        wrong.append(f"{it.name} has no --healthcheck")
    return wrong


def is_confined(it):
    """Not root, nothing to write to, no capabilities, zombies are reaped."""
    linux = it.container.get("linuxParameters", {})
    return [f"{what} is {have!r}, not {want!r}" for what, have, want in (
        ("user", it.container.get("user"), USER),
        ("readonlyRootFilesystem",
         it.container.get("readonlyRootFilesystem"), True),
        ("privileged", it.container.get("privileged", False), False),
        ("initProcessEnabled", linux.get("initProcessEnabled"), True),
        ("capabilities", linux.get("capabilities"), {"drop": ["ALL"]}))
        if have != want]


def stops_in_time(it):
    """SIGKILL comes after the daemon is gone, and draining fits in before."""
    settings = it.settings()
    if settings is None:
        return ["the daemon does not take its environment"]
    timeout_ms = it.container.get("stopTimeout", 30) * 1000
    stop, drain = settings["stop_max_ms"], settings["drain_delay_ms"]
    wrong = []
    if timeout_ms > 120 * 1000:
        wrong.append("Fargate's longest stopTimeout is 120 s")
    if timeout_ms <= stop:
        wrong.append(f"stopTimeout is {timeout_ms} ms, the daemon may take "
                     f"stop_max_ms, {stop} ms")
    if stop <= drain + settings["http"]["body_ms"]:
        wrong.append(f"stop_max_ms, {stop} ms, leaves no time behind "
                     f"drain_delay_ms, {drain} ms, for a request of "
                     f"http.body_ms, {settings['http']['body_ms']} ms")
    return wrong


def logs_are_kept(it):
    """One line of JSON each, in a group that is there already."""
    log = it.container.get("logConfiguration", {})
    options = log.get("options", {})
    wrong = [f"{what} is {have!r}, not {want!r}" for what, have, want in (
        ("logDriver", log.get("logDriver"), "awslogs"),
        ("awslogs-group", options.get("awslogs-group"), LOG_GROUP),
        ("awslogs-region", options.get("awslogs-region"), REGION),
        ("awslogs-stream-prefix", options.get("awslogs-stream-prefix"),
         LOG_GROUP),
        ("mode", options.get("mode"), "blocking"),
        ("APP_LOG", it.variables.get("APP_LOG"), "json")) if have != want]
    if "awslogs-create-group" in options:
        wrong.append("awslogs-create-group needs a right that the execution "
                     "role does not have")
    return wrong


def database_is_encrypted(it):
    """TLS; checking the certificate needs the name of an authority."""
    tls = it.variables.get("APP_DB_TLS", "off")
    if tls == "off":
        return ["the connection to the database is not encrypted"]
    if tls == "verify" and not it.variables.get("APP_DB_TLS_CA"):
        return ["verify without APP_DB_TLS_CA: the image's authorities don't "
                "have the one of RDS"]
    return []


def stands_behind_the_balancer(it):
    """The load balancer's word on the client counts, and it closes first."""
    settings = it.settings()
    if settings is None:
        return ["the daemon does not take its environment"]
    wrong = []
    if it.variables.get("APP_TRUSTED_PROXIES") != "private":
        wrong.append("APP_TRUSTED_PROXIES is not private: the load balancer "
                     "passes for the client, or strangers for the load "
                     "balancer")
    if settings["http"]["idle_ms"] <= BALANCER_IDLE_MS:
        wrong.append(f"http.idle_ms is {settings['http']['idle_ms']}: the "
                     "daemon closes connections that the load balancer uses")
    if it.name == "employee":
        ranges = str(settings["allow"]).split(",")
        if {"", "0.0.0.0/0", "::/0"} & {text.strip() for text in ranges}:
            wrong.append("APP_ALLOW lets everybody edit")
        if "private" not in ranges:
            wrong.append("APP_ALLOW refuses the load balancer's health checks")
        hosts = str(settings["hosts"]).split(",")
        if fill_in("<BALANCER-DNS-NAME>") not in hosts:
            wrong.append("APP_HOSTS does not have the load balancer's name")
        if "any" in hosts:
            wrong.append("APP_HOSTS serves the names of other sites")
    return wrong


def roles_are_two(it):
    """What starts the container may read its secrets, the container not."""
    roles = {key: it.taskdef.get(key, "") for key in
             ("executionRoleArn", "taskRoleArn")}
    wrong = [f"{key} is {arn!r}, no role's ARN" for key, arn in roles.items()
             if not re.fullmatch(r"arn:aws:iam::\d{12}:role/[\w+=,.@-]+",
                                 fill_in(arn))]
    if len(set(roles.values())) == 1:
        wrong.append("one role to start the task and to be in it")
    return wrong


def service_is_out_of_reach(it):
    """No public address, one security group, one controller."""
    subnets, groups = it.network["subnets"], it.network["securityGroups"]
    wrong = []
    if it.network.get("assignPublicIp", "DISABLED") != "DISABLED":
        wrong.append("the task has a public address: past the load balancer's "
                     "rules there is only the security group")
    if any("PUBLIC" in subnet for subnet in subnets):
        wrong.append("the task is in a public subnet")
    if len(set(subnets)) < 2:
        wrong.append("the subnets are not in two zones")
    if len(groups) != 1:
        wrong.append("the task has more than its own security group")
    controller = it.service.get("deploymentController", {}).get("type")
    if controller != it.controller:
        wrong.append(f"{controller} deploys, not {it.controller}")
    if it.service.get("schedulingStrategy", "REPLICA") != "REPLICA":
        wrong.append("schedulingStrategy is not REPLICA")
    if it.service.get("desiredCount", 0) < 1:
        wrong.append("the service runs no task")
    grace = it.service.get("healthCheckGracePeriodSeconds", 0)
    start = it.container.get("healthCheck", {}).get("startPeriod", 0)
    if grace <= start:
        wrong.append(f"healthCheckGracePeriodSeconds, {grace}, is not longer "
                     f"than startPeriod, {start}")
    return wrong


def account_numbers(text):
    """Twelve digits that are not the example."""
    return [number for number in re.findall(r"(?<!\d)\d{12}(?!\d)", text)
            if number != EXAMPLE_ACCOUNT]


def no_account_number(it):
    """An account is a placeholder or the number of AWS's examples."""
    return [f"an account number in the {where} at {place}: {number}"
            for where, document in it.documents.items()
            for place, text in strings(document)
            for number in account_numbers(text)]


def nobody_is_everybody(it):
    """No policy names "*" as the principal."""
    wrong = []
    for where, document in it.documents.items():
        for mapping in mappings(document):
            named = mapping.get("Principal", [])
            named = list(named.values()) if isinstance(named, dict) else [named]
            if "*" in [text for row in named for text in
                       (row if isinstance(row, list) else [row])]:
                wrong.append(f"Principal is everybody in the {where}")
    return wrong


CHECKS = (
    names_and_ports_agree, names_are_the_tutorials, placeholders_stand_once,
    runs_on_fargate, memory_suffices, passwords_are_secrets,
    variables_are_options, daemon_takes_them, health_check_exists, is_confined,
    stops_in_time, logs_are_kept, database_is_encrypted,
    stands_behind_the_balancer, roles_are_two, service_is_out_of_reach,
    no_account_number, nobody_is_everybody,
)
