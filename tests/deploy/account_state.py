"""What an account has, as the tests of apply.sh look at it."""
import json

from contracts import CLUSTER, DAEMONS


def deployment_files(account, where="deployment"):
    return set(account.git("--git-dir", account.folder / f"{where}.git",
                           "ls-tree", "-r", "dev", "--name-only").split())


def pushed(account, file):
    return account.git("--git-dir", account.folder / "deployment.git", "show",
                       f"dev:{file}")


def environment(task, container=0):
    return {row["name"]: row["value"] for row in
            task["containerDefinitions"][container]["environment"]}


def variable(account, name):
    """Of the employee's newest task definition, and of its file."""
    task = account.aws("ecs", "describe-task-definition", "--task-definition",
                       "employee-microservice")["taskDefinition"]
    file = json.loads(account.git(
        "--git-dir", account.folder / "deployment.git", "show",
        "dev:taskdef-employee.json"))
    values = [environment(where)[name] for where in (task, file)]
    assert values[0] == values[1]
    return values[0]


def doors(account):
    """Ports and sources that the load balancer's group admits."""
    group, = account.aws("ec2", "describe-security-groups", "--filters",
                         "Name=group-name,Values=microservices-sg")[
        "SecurityGroups"]
    return {(str(row["FromPort"]), source["CidrIp"])
            for row in group["IpPermissions"] for source in row["IpRanges"]}


def services(account):
    found = account.aws("ecs", "describe-services", "--cluster", CLUSTER,
                        "--services", *(f"{n}-microservice" for n in DAEMONS))
    return {row["serviceName"]: row["desiredCount"]
            for row in found["services"] if row["status"] == "ACTIVE"}


def stack_calls(account, name):
    """Those that updated a stack whose name begins so, of the last calls."""
    return [line for line in account.calls() if line.startswith(
        "cloudformation update-stack") and f"--stack-name cafe-{name}" in line]


def admin_rules(account):
    return [rule for listener in made_listeners(account).values()
            for rule in rules_of(account, listener)]


def rules_of(account, listener):
    """Those that are not its default."""
    return [rule for rule in account.aws(
        "elbv2", "describe-rules", "--listener-arn", listener["ListenerArn"])[
            "Rules"] if rule["Priority"] != "default"]


def made_listeners(account):
    """By port."""
    balancer, = account.aws("elbv2", "describe-load-balancers")[
        "LoadBalancers"]
    return {row["Port"]: row for row in account.aws(
        "elbv2", "describe-listeners", "--load-balancer-arn",
        balancer["LoadBalancerArn"])["Listeners"]}


def forwards(account):
    return sorted(rule["Actions"][0]["TargetGroupArn"]
                  for rule in admin_rules(account))


def group(account, name):
    found, = account.aws("elbv2", "describe-target-groups", "--names", name)[
        "TargetGroups"]
    return found["TargetGroupArn"]


def deploy(account, service, number):
    """What CodeDeploy has done after a deployment: both lead to green."""
    green = group(account, f"{service}-tg-{number}")
    action = f"Type=forward,TargetGroupArn={green}"
    if service == "customer":
        for row in made_listeners(account).values():
            account.aws("elbv2", "modify-listener", "--listener-arn",
                        row["ListenerArn"], "--default-actions", action)
    else:
        for rule in admin_rules(account):
            account.aws("elbv2", "modify-rule", "--rule-arn", rule["RuleArn"],
                        "--actions", action)
