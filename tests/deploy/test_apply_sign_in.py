"""apply.sh --oidc puts the sign-in into an account, keeps it and ends it.

account.py says what of AWS is there; test_signing_in.py looks at the task.
"""
import base64
import json

from account import applied, one_line
from account_state import pushed
from infrastructure import FOLDER
from signing_in import CLIENT_SECRET, PROVIDER


# In this order: each needs the one before, as the phases do.


def test_it_needs_https(account):
    for phase in "23":
        applied(account, phase)
    account.give_what_stacks_lack()
    account.apply("4", "--office", "192.0.2.0/24")
    account.push_images()
    applied(account, "4", "--office", "192.0.2.0/24")
    file = account.folder / "provider"
    file.write_text(PROVIDER)
    account.calls()
    assert "--oidc needs HTTPS: give --certificate" in one_line(
        account.apply("--oidc", file, "5"))
    assert [line for line in account.calls()
            if "-stack --stack-name" in line] == []


def test_people_sign_in_at_the_load_balancer(account):
    """Before the tasks of employee, which get what fetches keys."""
    certificate = account.aws("acm", "request-certificate", "--domain-name",
                              "cafe.example")["CertificateArn"]
    applied(account, "--certificate", certificate, "5")
    secret = account.aws("secretsmanager", "create-secret", "--name", "client",
                         "--secret-string", "hush")["ARN"]
    file = account.folder / "provider"
    file.write_text(PROVIDER.replace(CLIENT_SECRET, secret))
    account.calls()
    said = applied(account, "--oidc", file, "5")
    assert "hush" not in said
    update, = [line for line in account.calls() if line.startswith(
        "cloudformation update-stack --stack-name cafe-listeners")]
    assert f"ParameterKey=OidcSecret,ParameterValue={secret}" in update
    assert "ParameterKey=SignIn,ParameterValue=yes" in said
    task = json.loads(pushed(account, "taskdef-employee.json"))
    employee, fetcher = task["containerDefinitions"]
    values = {row["name"]: row["value"] for row in employee["environment"]}
    assert values["APP_IDENTITY_HEADER"] == "x-amzn-oidc-data"
    assert ":loadbalancer/app/microservicesLB/" in values[
        "APP_IDENTITY_SIGNER"]
    assert employee["dependsOn"] == [
        {"containerName": fetcher["name"], "condition": "HEALTHY"}]
    assert task["volumes"] == [{"name": "keys"}]
    script, url = (row["value"] for row in fetcher["environment"])
    assert url == "https://public-keys.auth.elb.us-east-1.amazonaws.com"
    assert base64.b64decode(script) == (
        FOLDER / "fetch-keys.sh").read_bytes()
    said = applied(account, "5")
    assert "already has this certificate" in said
    assert "employee-microservice is up to date" in said
    assert "--oidc and --controller ecs exclude each other" in one_line(
        account.apply("--controller", "ecs", "4"))
    applied(account, "--oidc", "none", "5")
    task = json.loads(pushed(account, "taskdef-employee.json"))
    assert len(task["containerDefinitions"]) == 1
