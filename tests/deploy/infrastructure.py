"""What must hold in deploy/aws: between its templates, its script, and the
files of deploy/deployment.

As in contracts.py, a check gives back what is wrong, a list of lines. cfn-lint
sees one template at a time, and no name that two files have to share.
"""
import re

import contracts
import harness
from contracts import CLUSTER, DAEMONS, FARGATE, LOG_GROUP, Deployment
from documents import mappings, read, read_template, strings

FOLDER = harness.ROOT / "deploy/aws"
TEMPLATES = ("network", "database", "registry", "roles", "cluster", "balancer",
             "listeners", "listeners-https", "watch", "codedeploy", "pipeline",
             "scaling")
SCRIPTS = ("helpers", "ecs", "sign-in", "phases", "destroy", "apply")
# For these AWS knows no narrower resource.
UNBOUND = {"ecr:GetAuthorizationToken", "ecs:RegisterTaskDefinition",
           "ecs:DescribeTaskDefinition", "cloudwatch:DescribeAlarms",
           "elasticloadbalancing:DescribeTargetGroups",
           "elasticloadbalancing:DescribeTargetHealth",
           "elasticloadbalancing:DescribeListeners",
           "elasticloadbalancing:DescribeRules"}
TRUSTED = {"CafeExecutionRole": "ecs-tasks", "CafeMigrationRole": "ecs-tasks",
           "CafeTaskRole": "ecs-tasks", "CafeCodeDeployRole": "codedeploy",
           "CafeTrafficRole": "ecs", "CafePipelineRole": "codepipeline", "CafeEventsRole": "events"}
# What the script fills in where ECS deploys, beside what the tutorial has.
FOR_ECS = ("PRODUCTION-TG-ARN", "OTHER-TG-ARN", "PRODUCTION-RULE-ARN",
           "TEST-RULE-ARN")
CLI_PLACEHOLDER = re.compile(r"<[A-Z0-9-]+(?:_NAME)?>")


def as_list(value):
    return value if isinstance(value, list) else [value]


def compare(rows):
    """Rows of what it is, what it has and what it should have."""
    return [f"{what} is {have!r}, not {want!r}"
            for what, have, want in rows if have != want]


class Infrastructure:
    """All of deploy/aws, and what it is for."""

    def __init__(self):
        self.templates = {
            name: read_template((FOLDER / f"{name}.yaml").read_text())
            for name in TEMPLATES}
        self.policies = {path.stem: read(path) for path in
                         sorted(FOLDER.glob("listeners*-policy.json"))}
        self.migration = read(FOLDER / "taskdef-migrate.json")
        self.service = read(FOLDER / "service-ecs.json")
        self.images = read(FOLDER / "imagedefinitions.json")
        self.fetcher = read(FOLDER / "sign-in-container.json")
        self.script = "".join((FOLDER / f"{name}.sh").read_text()
                              for name in SCRIPTS)
        self.tasks = {path.name: path.read_text() for path in
                      (FOLDER / "taskdef-migrate.json",
                       *contracts.FOLDER.glob("taskdef-*.json"))}
        self.deployments = {name: Deployment(name) for name in DAEMONS}

    @property
    def documents(self):
        return {**self.templates, **self.policies,
                "taskdef-migrate": self.migration,
                "service-ecs": self.service, "imagedefinitions": self.images,
                "sign-in-container": self.fetcher}

    def resource(self, template, name):
        """The properties of a resource."""
        return (self.templates[template]["Resources"][name]
                .setdefault("Properties", {}))

    def of_type(self, kind):
        """(template, name, properties) of each resource of a type."""
        return [(template, name, self.resource(template, name))
                for template, document in self.templates.items()
                for name, resource in document["Resources"].items()
                if resource["Type"] == f"AWS::{kind}"]

    def names(self, kind, key):
        return sorted(str(row[2].get(key)) for row in self.of_type(kind))

    def pipeline(self, service, *conditions):
        """The pipeline as it is for one service, where conditions hold."""
        return substitute(decide(self.resource("pipeline", "Pipeline"),
                                 conditions), service)

    def actions(self, service, *conditions):
        return [action for stage in self.pipeline(service, *conditions)[
            "Stages"] for action in stage["Actions"]]

    def statements(self):
        """(role, statement) of every policy of every role."""
        return [(role["RoleName"], statement)
                for _, _, role in self.of_type("IAM::Role")
                for policy in role.get("Policies", [])
                for one in policy["PolicyDocument"]["Statement"]
                for statement in branches(one)]


def branches(node):
    """What may stand here: the node, or both that a condition decides on."""
    if set(node) != {"Fn::If"}:
        return [node]
    return [one for branch in node["Fn::If"][1:] for one in branches(branch)
            if one != {"Ref": "AWS::NoValue"}]


def decide(node, conditions):
    """The node where these conditions hold and no other."""
    if isinstance(node, dict):
        if set(node) == {"Fn::If"}:
            name, yes, no = node["Fn::If"]
            return decide(yes if name in conditions else no, conditions)
        return {key: decide(value, conditions) for key, value in node.items()}
    if isinstance(node, list):
        return [decide(value, conditions) for value in node]
    return node


def substitute(node, service):
    """The node with the parameter Service replaced."""
    if isinstance(node, dict):
        if node == {"Ref": "Service"}:
            return service
        if set(node) == {"Fn::Sub"}:
            return node["Fn::Sub"].replace("${Service}", service)
        return {key: substitute(value, service) for key, value in node.items()}
    if isinstance(node, list):
        return [substitute(value, service) for value in node]
    return node


def names_are_the_tutorials(it):
    """What people look for by name is called as in the tutorial."""
    groups = [f"{name}-tg-{number}" for name in DAEMONS
              for number in ("one", "two")]
    wrong = compare([
        ("the clusters", it.names("ECS::Cluster", "ClusterName"), [CLUSTER]),
        ("the registry", it.names("ECR::Repository", "RepositoryName"),
         list(DAEMONS)),
        ("the load balancer",
         it.names("ElasticLoadBalancingV2::LoadBalancer", "Name"),
         ["microservicesLB"]),
        ("the target groups",
         it.names("ElasticLoadBalancingV2::TargetGroup", "Name"), groups),
        ("the application",
         it.names("CodeDeploy::Application", "ApplicationName"),
         ["microservices"]),
        ("the log group", it.names("Logs::LogGroup", "LogGroupName"),
         [LOG_GROUP]),
        ("the load balancer's security group",
         it.resource("network", "BalancerGroup")["GroupName"],
         "microservices-sg"),
        ("the pipelines", [it.pipeline(name)["Name"] for name in DAEMONS],
         [f"update-{name}-microservice" for name in DAEMONS])])
    for text in (f"cluster={CLUSTER}\n", 'services="customer employee"\n',
                 "for name in microservices deployment; do"):
        if text not in it.script:
            wrong.append(f"apply.sh does not have {text.strip()!r}")
    return wrong


def roles_have_one_purpose(it):
    """One service may take each, all that are named exist, all are needed."""
    wrong = []
    roles = {}
    for _, _, role in it.of_type("IAM::Role"):
        trust = role["AssumeRolePolicyDocument"]["Statement"][0]
        roles[role["RoleName"]] = trust["Principal"]
        if "aws:SourceAccount" not in str(trust.get("Condition")):
            wrong.append(f"{role['RoleName']} may be taken from any account")
    wrong += compare([
        ("the roles and who takes them", roles,
         {name: {"Service": f"{service}.amazonaws.com"}
          for name, service in TRUSTED.items()})])
    documents = [*it.documents.values(),
                 *(row.taskdef for row in it.deployments.values())]
    named = {role for document in documents for _, text in strings(document)
             for role in re.findall(r":role/([\w+=,.@-]+)", text)}
    wrong += [f"there is no role {role}" for role in sorted(named - set(roles))]
    wrong += [f"nobody needs {role}" for role in sorted(set(roles) - named)]
    return wrong


def roles_are_narrow(it):
    """No wildcard of actions; "*" as resource only where AWS has no other."""
    wrong = []
    for role, statement in it.statements():
        actions = as_list(statement["Action"])
        wrong += [f"{role} may do {action}" for action in actions
                  if action.endswith("*")]
        if "secretsmanager:GetSecretValue" in actions:
            wrong += [f"{role} may read {secret}"
                      for secret in as_list(statement["Resource"])
                      if ":secret:cafe/" not in str(secret) and
                      (role, secret) != ("CafeMigrationRole",
                                         {"Ref": "AdminSecret"})]
        if "*" in as_list(statement["Resource"]):
            wrong += [f"{role} may do {action} to everything"
                      for action in actions if action not in UNBOUND]
        if "iam:PassRole" in actions:
            passed = str(statement["Resource"])
            if "MigrationRole" in passed or "*" in passed:
                wrong.append(f"{role} may pass {passed}")
            wrong += compare([
                (f"{role}: whom it passes roles to", statement.get("Condition"),
                 {"StringEquals":
                  {"iam:PassedToService": "ecs-tasks.amazonaws.com"}})])
    task = it.resource("roles", "TaskRole")
    if task.get("Policies") or task.get("ManagedPolicyArns"):
        wrong.append("the containers themselves may do something in AWS")
    return wrong


def nobody_is_everybody(it):
    """Principal "*" stands in the policies of stacks only."""
    return [f"everybody is allowed something in {where}"
            for where, document in it.documents.items()
            for mapping in mappings(document)
            if where not in it.policies and "Principal" in mapping and
            "*" in as_list(list(mapping["Principal"].values())[0]
                           if isinstance(mapping["Principal"], dict)
                           else mapping["Principal"])]


def database_suits(it):
    """MariaDB 10.11 that takes triggers, wants TLS, and keeps its data."""
    resource = it.templates["database"]["Resources"]["Database"]
    database = resource["Properties"]
    settings = it.resource("database", "Parameters")
    return compare([
        ("the engine", (database["Engine"], database["EngineVersion"],
                        settings["Family"]),
         ("mariadb", "10.11", "mariadb10.11")),
        ("the parameters", settings["Parameters"],
         {"log_bin_trust_function_creators": "1",
          "character_set_server": "utf8mb4", "require_secure_transport": "1",
          "slow_query_log": "1", "long_query_time": "1",
          "log_output": "FILE"}),
        ("the parameter group", database.get("DBParameterGroupName"),
         {"Ref": "Parameters"}),
        ("what deletion leaves", (resource.get("DeletionPolicy"),
                                  resource.get("UpdateReplacePolicy")),
         ("Snapshot", "Snapshot")),
        ("StorageEncrypted", database.get("StorageEncrypted"), True)])


def passwords_are_made_there(it):
    """Secrets Manager makes each password; none stands in a file."""
    names = [f"cafe/{name}" for name in ("customer", "employee", "migrate")]
    wrong = compare([
        ("the secrets", it.names("SecretsManager::Secret", "Name"), names),
        ("ManageMasterUserPassword", it.resource("database", "Database").get(
            "ManageMasterUserPassword"), True)])
    for _, name, secret in it.of_type("SecretsManager::Secret"):
        made = secret.get("GenerateSecretString", {})
        if made.get("GenerateStringKey") != "password":
            wrong.append(f"{name} is not made under the key password")
    for where, document in it.documents.items():
        for mapping in mappings(document):
            wrong += [f"a password in {where}" for key in
                      ("MasterUserPassword", "SecretString") if key in mapping]
    for container in it.migration["containerDefinitions"]:
        for row in container["environment"]:
            if "PASSWORD" in row["name"]:
                wrong.append(f"{container['name']}: {row['name']} is no secret")
        for row in container["secrets"]:
            if not re.fullmatch(r"<[A-Z]+-SECRET-ARN>:password::",
                                row["valueFrom"]):
                wrong.append(f"{container['name']}: {row['name']} is from "
                             f"{row['valueFrom']!r}")
    return wrong


def migration_runs_in_order(it):
    """Accounts, tables, rights; each only when the one before succeeded."""
    task = it.migration
    rows = [(row["name"], row["essential"],
             [(on["containerName"], on["condition"])
              for on in row.get("dependsOn", [])])
            for row in task["containerDefinitions"]]
    cpu, memory = int(task["cpu"]), int(task["memory"])
    low, high, step = FARGATE.get(cpu, (0, 0, 1))
    wrong = compare([
        ("the order", rows,
         [("accounts", False, []),
          ("migrate", False, [("accounts", "SUCCESS")]),
          ("grants", True, [("migrate", "SUCCESS")])]),
        ("the command", task["containerDefinitions"][1]["command"],
         ["--migrate"]),
        ("the log groups",
         {row["logConfiguration"]["options"]["awslogs-group"]
          for row in task["containerDefinitions"]},
         set(it.names("Logs::LogGroup", "LogGroupName"))),
        ("the roles", [task[key].rpartition("/")[2] for key in
                       ("executionRoleArn", "taskRoleArn")],
         ["CafeMigrationRole", "CafeTaskRole"])])
    if memory not in (range(low, high + 1, step) if step
                      else (512, 1024, 2048)):
        wrong.append(f"Fargate has no task of {cpu} CPU units and {memory} "
                     "MiB")
    return wrong


def everything_runs_on_fargate(it):
    """
    By launch type: a new account lacks the role without which a cluster can't
    be given capacity providers. contracts.py looks at the services.
    """
    cluster = it.resource("cluster", "Cluster")
    return compare([
        ("CapacityProviders", cluster.get("CapacityProviders"), None),
        ("the launch types of run-task",
         re.findall(r"run-task[^|]*?--launch-type (\w+)", it.script),
         ["FARGATE"])])


def placeholders_are_filled_in(it):
    """Each is known to the script, and the script knows no other."""
    texts = [text for document in
             (it.migration, it.service, it.images, it.fetcher,
              *(document for row in it.deployments.values()
                              for document in row.documents.values()))
             for _, text in strings(document)]
    stand = {found for text in texts for found in
             contracts.PLACEHOLDER.findall(text)} - {contracts.TASK_DEFINITION}
    code = it.script
    known = set(CLI_PLACEHOLDER.findall(code)) | {
        name for name in (*contracts.FILLED_IN, *FOR_ECS)
        if name[0] != "<" and name in code}
    return ([f"nobody fills in {name}" for name in sorted(stand - known)] +
            [f"apply.sh fills in {name}, which stands nowhere"
             for name in sorted(known - stand)])


# What the script replaces beside placeholders: the default that it replaces.
DEFAULTS = {"awslogs-region": "us-east-1", "cpuArchitecture": "X86_64"}


def defaults_are_replaced(it):
    """Region and architecture stand in every task definition as the script
    looks for them."""
    wrong = []
    for key, value in DEFAULTS.items():
        looked_for = f'"{key}": "{value}"'
        if f"'{looked_for}' " not in it.script:
            wrong.append(f"apply.sh does not look for {looked_for}")
        for path, text in it.tasks.items():
            if not text.count(looked_for) == text.count(f'"{key}"') > 0:
                wrong.append(f"{path} has another {key} than {value}")
    tls = '"value": "require"'
    if f"'{tls}' " not in it.script:
        wrong.append(f"apply.sh does not look for {tls}")
    for path, text in it.tasks.items():
        after = text.partition('"APP_DB_TLS",')[2].split()
        if text.count(tls) != 1 or " ".join(after[:2]) != tls:
            wrong.append(f"{path} has another APP_DB_TLS than require")
    filled = set(re.findall(r"^ +fill_task \S+/(taskdef-[\w$]+)", it.script,
                            re.M))
    return wrong + compare([("what the script fills in", filled,
                             {"taskdef-migrate", "taskdef-$name"})])


def stacks_get_their_parameters(it):
    """Each parameter is given, from an output that exists."""
    calls = re.findall(r"^ +stack ([\w$\"-]+) ([\w-]+)((?: |\\\n)[^\n]*"
                       r"(?:(?<=\\)\n[^\n]*)*)?$", it.script, re.M)
    wrong = compare([("the stacks of the script",
                      sorted(template for _, template, _ in calls),
                      sorted(TEMPLATES))])
    # An array of the script stands for what is in it.
    arrays = dict(re.findall(r" (\w+)=\(([^()]*)\)", it.script))
    for _, template, rest in calls:
        given = re.sub(r'"\$\{(\w+)\[@\]\}"',
                       lambda found: arrays.get(found[1], ""), rest)
        names = [word.strip('"') for word in given.replace("\\", "").split()]
        parameters = set(it.templates[template].get("Parameters", {}))
        passed = {re.split(r"[.=]", name)[-1 if "." in name else 0]
                  for name in names}
        wrong += compare([(f"what {template} is given", passed, parameters)])
        for name in names:
            source, dot, output = name.partition(".")
            if dot and output not in it.templates.get(source, {}).get(
                    "Outputs", {}):
                wrong.append(f"{source} has no output {output}")
    return wrong


def images_are_kept(it):
    """Scanned when pushed, and no tagged image ever expires."""
    wrong = []
    for _, name, row in it.of_type("ECR::Repository"):
        policy = row.get("LifecyclePolicy", {}).get("LifecyclePolicyText", "")
        wrong += compare([
            (f"{name}: ScanOnPush",
             row.get("ImageScanningConfiguration"), {"ScanOnPush": True}),
            (f"{name}: repository policy", row.get("RepositoryPolicyText"),
             None)])
        if '"untagged"' not in policy or '"countNumber": 30' not in policy:
            wrong.append(f"{name}: the lifecycle policy is another")
    return wrong


def no_account_number(it):
    return [f"an account number in {where}: {number}"
            for where, document in {**it.documents,
                                    "apply.sh": {"": it.script}}.items()
            for _, text in strings(document)
            for number in contracts.account_numbers(text)]


CHECKS = (
    names_are_the_tutorials, roles_have_one_purpose, roles_are_narrow,
    nobody_is_everybody, database_suits, passwords_are_made_there,
    migration_runs_in_order, everything_runs_on_fargate,
    placeholders_are_filled_in, defaults_are_replaced,
    stacks_get_their_parameters, images_are_kept, no_account_number,
)
