"""What must hold in the task of employee with --oidc: the daemon takes names
from tokens, and a container beside it fetches their keys.

The task definition is the one that sign-in.sh of deploy/aws makes.
"""
import base64
import os
import shutil
import subprocess
import tempfile

import contracts
from documents import read
from infrastructure import FOLDER, compare

BALANCER = (f"arn:aws:elasticloadbalancing:{contracts.REGION}:"
            f"{contracts.EXAMPLE_ACCOUNT}:loadbalancer/app/microservicesLB/"
            "0123456789abcdef")
CLIENT_SECRET = (f"arn:aws:secretsmanager:{contracts.REGION}:"
                 f"{contracts.EXAMPLE_ACCOUNT}:secret:client-AbCdEf")
# The file of --oidc.
PROVIDER = f"""# the provider
issuer: https://login.example
authorization_endpoint: https://login.example/authorize
token_endpoint: https://login.example/token
userinfo_endpoint: https://login.example/userinfo
client_id: cafe
client_secret_arn: {CLIENT_SECRET}
"""
FILL = """set -euo pipefail
here=$1 folder=$2 region=$3 arn=$4
. "$here/helpers.sh"
. "$here/sign-in.sh"
output() { [ "$*" = "balancer Balancer" ] && echo "$arn"; }
fill_sign_in "$folder/taskdef-employee.json"
"""
MOUNT = {"sourceVolume": "keys", "containerPath": "/keys"}
# One container is the other checks' business; here are two.
ALONE = {"names_and_ports_agree"}


def made():
    """The task definition as it is registered."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(contracts.FOLDER / "taskdef-employee.json", folder)
        subprocess.run(["bash", "-c", FILL, "fill", FOLDER, folder,
                        contracts.REGION, BALANCER], check=True)
        return read(type(FOLDER)(folder) / "taskdef-employee.json")


class SignIn(contracts.Deployment):
    """The documents of employee, with this task definition."""

    def __init__(self):
        super().__init__("employee")
        self.taskdef = made()

    @property
    def fetcher(self):
        return self.taskdef["containerDefinitions"][1]

    def run(self, flag):
        """With a volume as the script leaves it before the daemon starts."""
        with tempfile.TemporaryDirectory() as volume:
            os.mkdir(f"{volume}/keys")
            os.mkfifo(f"{volume}/wanted")
            return self.run_with(flag, {
                name: value.replace("/keys/", f"{volume}/")
                for name, value in self.variables.items()})


def daemon_is_as_before(it):
    """All that holds of employee without --oidc."""
    return [line for check in contracts.CHECKS if check.__name__ not in ALONE
            for line in check(it)]


def daemon_takes_names(it):
    """From tokens of this load balancer, with keys from the volume."""
    return compare([
        (name, it.variables.get(name), value) for name, value in (
            ("APP_IDENTITY_HEADER", "x-amzn-oidc-data"),
            ("APP_IDENTITY_SIGNER", BALANCER),
            ("APP_IDENTITY_KEYS", "/keys/keys"),
            ("APP_IDENTITY_WANTED", "/keys/wanted"))])


def fetcher_stands_beside(it):
    """Neither lives without the other; the daemon starts once it can ask."""
    probe = it.fetcher.get("healthCheck", {}).get("command", [])
    return compare([
        ("the containers", [row["name"] for row in
                            it.taskdef["containerDefinitions"]],
         ["employee", "fetch-keys"]),
        ("essential", [row.get("essential") for row in
                       it.taskdef["containerDefinitions"]], [True, True]),
        ("what the daemon waits for", it.container.get("dependsOn"),
         [{"containerName": "fetch-keys", "condition": "HEALTHY"}]),
        ("what health is", probe,
         ["CMD", "/bin/sh", "-c", "test -p /keys/wanted"])])


def volume_is_shared(it):
    """Of the task alone; the daemon only reads, but for the pipe."""
    return compare([
        ("the volumes", it.taskdef.get("volumes"), [{"name": "keys"}]),
        ("the fetcher's volume", it.fetcher.get("mountPoints"), [MOUNT]),
        ("the daemon's volume", it.container.get("mountPoints"),
         [{**MOUNT, "readOnly": True}])])


def fetcher_is_confined(it):
    """Root, whose the volume is, but with no rights, secrets or ports."""
    have = it.fetcher
    linux = have.get("linuxParameters", {})
    return compare([
        ("user", have.get("user"), "0:0"),
        ("readonlyRootFilesystem", have.get("readonlyRootFilesystem"), True),
        ("privileged", have.get("privileged", False), False),
        ("initProcessEnabled", linux.get("initProcessEnabled"), True),
        ("capabilities", linux.get("capabilities"), {"drop": ["ALL"]}),
        ("the fetcher's secrets", have.get("secrets", []), []),
        ("the fetcher's ports", have.get("portMappings", []), []),
        ("the fetcher's log", have.get("logConfiguration"),
         it.container["logConfiguration"])])


def fetcher_runs_the_script(it):
    """The one of deploy/aws, for the keys of this region, and nothing else."""
    variables = {row["name"]: row["value"] for row in
                 it.fetcher["environment"]}
    script = base64.b64decode(variables.pop("SCRIPT", ""))
    wrong = compare([
        ("the fetcher's environment", variables,
         {"KEYS_URL": "https://public-keys.auth.elb."
                      f"{contracts.REGION}.amazonaws.com"})])
    if script != (FOLDER / "fetch-keys.sh").read_bytes():
        wrong.append("the script is not fetch-keys.sh")
    return wrong


CHECKS = (daemon_is_as_before, daemon_takes_names, fetcher_stands_beside,
          volume_is_shared, fetcher_is_confined, fetcher_runs_the_script)
