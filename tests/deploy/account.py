"""An AWS account that is none: moto's server, and the aws command before it.

apply.sh runs unchanged, from a copy of deploy/. What moto can't do is named
here, and played or left out in the open:

- Its CloudFormation makes no Secrets Manager secrets, CodeCommit repositories,
  alarms, CodeDeploy or CodePipeline resources: it passes over them silently.
- Its CloudFormation fails on a database whose parameter group is in the same
  stack: the copy has no database; the account is given one beside it.
- Its CloudFormation overlooks that a condition of an unchanged resource has
  begun to hold: port 443 is not opened, nobody gets mail and the pipelines' role
  may not use the connection to GitHub, though the script asks for all three.
- Its CloudFormation deletes no rule of a listener: the test deletes that of port
  80 once there is a certificate.
- Its CloudFormation admits no IPv6 range to a security group, and gives a load
  balancer no IPv6 address.
- It knows no LoadBalancerFullName: the copy has its name instead.
- It takes no notice of EmptyOnDelete: the test empties the registry.
- It runs nothing: the test puts a target into a target group that the script
  waits for, and plays the task of the migration (WRAPPER).
- Nothing takes time in it: what is under way is played, too.
- CodeCommit has no git: two bare repositories stand in, and one for GitHub.
- It knows no connections to GitHub: one is played.
- It has no deployments of ECS: a service has the tasks that it was made for
  (MOTO_ECS_SERVICE_RUNNING), no rule changes, and list-service-deployments
  finds none.
"""
import hashlib
import json
import os
import re
import shutil
import subprocess
import urllib.error
import urllib.request

import aws_command
import contracts
import harness

SECRETS = ("customer", "employee", "migrate")
REPOSITORIES = ("microservices", "deployment")
GITHUB = "cafe/files"
CONNECTION = "arn:aws:codeconnections:us-east-1:123456789012:connection/0-a"
FROM_GITHUB = ("--source", "github", "--connection", CONNECTION,
               "--repository", GITHUB)
# Where git finds each of the folders beside the account.
URLS = {**{name: "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/"
           f"{name}" for name in REPOSITORIES},
        "github": f"https://github.com/{GITHUB}"}

# The aws command that the script finds: it notes each call, plays what moto
# can't do, and sends all else to moto.
WRAPPER = """#!/bin/bash
echo "$*" >>{folder}/calls
if [ -f "{folder}/under-way/$1 $2" ]; then
    cat "{folder}/under-way/$1 $2"
    exit
elif [ "$2" = wait ] && rm "{folder}/under-way/$1 "* 2>/dev/null; then
    [ "$1" != cloudformation ] # as if the stack were rolled back
    exit
fi
case "$1 $2 ${{3:-}}" in
"ecs run-task"*)
    {aws} "$@" --generate-cli-skeleton output >/dev/null || exit
    echo arn:aws:ecs:us-east-1:123456789012:task/played
    exit
    ;;
"ecs wait tasks-stopped") exit ;;
"ecs list-service-deployments"*)
    {aws} "$@" --generate-cli-skeleton output >/dev/null
    exit
    ;;
code*"connections get-connection"*)
    {aws} "$@" --generate-cli-skeleton output >/dev/null || exit
    cat {folder}/connection
    exit
    ;;
"ecs describe-tasks"*)
    cat {folder}/exit-codes
    exit
    ;;
esac
exec {aws} --endpoint-url http://127.0.0.1:{port} "$@"
"""
# The second word of commands that are more than one call, or none.
NOT_ONE_CALL = ("wait", "rm", "credential-helper")
LOOKS = re.compile(r"^\w+ (describe|list|get|head|wait)")


def missing():
    """Why there can be no account here; None if there can."""
    absent = [name for name in ("aws", "moto_server", "git")
              if shutil.which(name) is None]
    return (f"{' and '.join(absent)} not found (pip install 'moto[server]' "
            "awscli)") if absent else None


def applied(account, *args):
    """Run a phase that has to succeed; what it said."""
    done = account.apply(*args)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def one_line(done):
    """The only line with which the script ends."""
    assert done.returncode == 1, done.stdout + done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("apply.sh: "), done.stderr
    return lines[0]


class Account:
    """An empty account, and a copy of deploy/ to work on it."""

    def __init__(self, folder, **environment):
        self.folder = folder
        self.asked = set()  # ever
        self.port = harness.free_port()
        self.server = harness.Process(
            "moto", ["moto_server", "-H", "127.0.0.1", "-p", self.port],
            folder, {**os.environ, **environment})
        harness.wait_until(self.answers, "moto answers", 120)
        self.command = aws_command.Command(aws_command.find("aws"), folder)
        self.make_command()
        self.make_copy()
        self.make_git()

    def answers(self):
        if not self.server.running():
            raise AssertionError(self.server.output())
        try:
            with urllib.request.urlopen(
                    f"http://127.0.0.1:{self.port}/moto-api/data.json"):
                return True
        except urllib.error.URLError:
            return False

    def make_command(self):
        (self.folder / "bin").mkdir()
        (self.folder / "under-way").mkdir()
        wrapper = self.folder / "bin/aws"
        wrapper.write_text(WRAPPER.format(
            folder=self.folder, port=self.port,
            aws=" ".join(self.command.words)))
        wrapper.chmod(0o755)
        self.end_migration_with("0\t0\t0")

    def end_migration_with(self, codes):
        (self.folder / "exit-codes").write_text(codes + "\n")

    def answer_for_the_connection(self, status):
        (self.folder / "connection").write_text(status + "\n")

    def put_under_way(self, call, answer):
        """Until something of this service is waited for, AWS says this."""
        (self.folder / "under-way" / call).write_text(answer + "\n")

    def end_what_is_under_way(self):
        for path in (self.folder / "under-way").iterdir():
            path.unlink()

    def make_copy(self):
        self.copy = self.folder / "copy"
        shutil.copytree(harness.ROOT / "deploy", self.copy / "deploy")
        for name, old, new in (
                ("database", r"(?ms)^  Database:\n.*?^(?=  CustomerSecret:)",
                 ""),
                ("balancer", r"Balancer\.LoadBalancerFullName",
                 "Balancer.LoadBalancerName")):
            path = self.copy / f"deploy/aws/{name}.yaml"
            text, count = re.subn(old, new, path.read_text())
            assert count == 1, name
            path.write_text(text)

    def make_git(self):
        for name in URLS:
            self.git("init", "-q", "--bare", self.folder / f"{name}.git")
        self.git("init", "-q", self.copy)
        self.git("-C", self.copy, "add", "-A")
        self.git("-C", self.copy, "-c", "user.name=t", "-c", "user.email=t",
                 "commit", "-qm", "x")

    def git(self, *args):
        done = subprocess.run(["git", *args], env=self.environment(),
                              text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def environment(self, **more):
        nothing = str(self.folder / "nothing")
        env = {"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
               "HOME": str(self.folder), "AWS_ACCESS_KEY_ID": "none",
               "AWS_SECRET_ACCESS_KEY": "none", "AWS_CONFIG_FILE": nothing,
               "AWS_SHARED_CREDENTIALS_FILE": nothing,
               "AWS_EC2_METADATA_DISABLED": "true", "LC_ALL": "C.UTF-8",
               "GIT_CONFIG_COUNT": str(len(URLS))}
        for number, (name, url) in enumerate(URLS.items()):
            env[f"GIT_CONFIG_KEY_{number}"] = (
                f"url.{self.folder}/{name}.git.insteadOf")
            env[f"GIT_CONFIG_VALUE_{number}"] = (
                url if name in REPOSITORIES else f"{url}.git")
        return {**env, **more}

    def apply(self, *args, text="", **more):
        return subprocess.run(
            [self.copy / "deploy/aws/apply.sh", *args], input=text, text=True,
            capture_output=True, check=False, env=self.environment(**more))

    def calls(self):
        """What the script has asked of aws since the last time."""
        path = self.folder / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        self.asked.update(lines)
        path.unlink(missing_ok=True)
        return lines

    def refusals(self, other):
        """What another aws command says of one call of each kind that was
        asked: it would call AWS where nobody answers, if the words are right."""
        kinds = {tuple(line.split()[:2]): line.split() for line in self.asked}
        said = {}
        for kind, words in kinds.items():
            # Files that the script made and removed: test_aws.py has those.
            if kind[1] in NOT_ONE_CALL or not all(
                    os.path.exists(word[len("file://"):]) for word in words
                    if word.startswith("file://")):
                continue
            done = subprocess.run(
                [*other.words, *words, "--endpoint-url", "http://127.0.0.1:1"],
                text=True, capture_output=True, check=False,
                env=self.environment(AWS_REGION=contracts.REGION,
                                     AWS_MAX_ATTEMPTS="1"))
            assert done.returncode, words
            accepted = "Could not connect to the endpoint" in done.stderr
            said[" ".join(kind)] = "" if accepted else done.stderr.strip()
        return said

    def changes(self):
        return [line for line in self.calls() if not LOOKS.match(line)]

    def aws(self, *args):
        done = self.try_aws(*args)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    def try_aws(self, *args):
        """Ask moto, beside the script."""
        return subprocess.run(
            [*self.command.words, "--endpoint-url",
             f"http://127.0.0.1:{self.port}", "--region", contracts.REGION,
             "--output", "json", *args], text=True, capture_output=True,
            check=False, env=self.environment())

    def give_what_stacks_lack(self):
        """Database and secrets, which moto's CloudFormation did not make."""
        for name in SECRETS:
            self.aws("secretsmanager", "create-secret", "--name",
                     f"cafe/{name}", "--secret-string", '{"password": "x"}')
        self.aws("rds", "create-db-instance", "--db-instance-identifier",
                 "supplierdb", "--engine", "mariadb", "--engine-version",
                 "10.11", "--db-instance-class", "db.t4g.micro",
                 "--allocated-storage", "20", "--master-username", "admin",
                 "--manage-master-user-password")

    def push_images(self):
        for name in contracts.DAEMONS:
            digest = hashlib.sha256(name.encode()).hexdigest()
            kind = "application/vnd.docker.distribution.manifest.v2+json"
            manifest = {"schemaVersion": 2, "mediaType": kind, "layers": [],
                        "config": {"mediaType": "x", "size": 1,
                                   "digest": f"sha256:{digest}"}}
            self.aws("ecr", "put-image", "--repository-name", name,
                     "--image-tag", "latest", "--image-manifest",
                     json.dumps(manifest))

    def empty_registry(self):
        for name in contracts.DAEMONS:
            self.aws("ecr", "batch-delete-image", "--repository-name", name,
                     "--image-ids", "imageTag=latest")

    def start_targets(self):
        """A target in each group two, as if a task had been started."""
        for group in self.aws("elbv2", "describe-target-groups")[
                "TargetGroups"]:
            if group["TargetGroupName"].endswith("-two"):
                self.aws("elbv2", "register-targets", "--target-group-arn",
                         group["TargetGroupArn"], "--targets",
                         "Id=10.0.10.5,Port=8080")

    def stop(self):
        self.server.stop()
        self.command.stop()
