"""What apply.sh says of wrong commands and a machine that lacks something."""
import os
import shutil
import subprocess

import pytest

from account import one_line
from infrastructure import FOLDER

SCRIPT = FOLDER / "apply.sh"
GITHUB = ("--source", "github", "--connection",
          "arn:aws:codestar-connections:us-east-1:123456789012:connection/0-a",
          "--repository", "cafe/files")


def run(*args, path=None, text=""):
    """The script where nothing of AWS is."""
    env = {"PATH": path or os.environ["PATH"], "HOME": "/nonexistent",
           "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1"}
    return subprocess.run([SCRIPT, *args], text=True, input=text, env=env,
                          capture_output=True, check=False)


@pytest.mark.parametrize("args, words", [
    ((), "which phase"), (("9",), "no phase 9"), (("x",), "no phase x"),
    (("2", "3"), "one phase at a time"), (("--force", "2"), "unknown option"),
    (("--office", "192.0.2.0", "4"), "not a range like"),
    (("--office", "0.0.0.0/0", "4"), "not a range like"),
    (("--office", "256.0.2.0/24", "4"), "not a range like"),
    (("--office",), "not a range like"),
    *((("--office", one, "4"), "not a range like") for one in (
        "::/0", "2001:db8::", "2001:db8::/129", "1::2::3/64", "12345::/16",
        "2001:db8:::/32", "1:2:3:4:5:6:7/64", "1:2:3:4:5:6:7:8:9/64")),
    (("--office", "192.0.2.0/24", "--office", "198.51.100.0/24",
      "--office", "2001:db8::/32", "--office", "203.0.113.0/24", "4"),
     "at most three ranges"),
    (("--office", "192.0.2.0/24") * 2 + ("4",), "192.0.2.0/24 is there twice"),
    (("--office", "2001:db8::/32", "--office", "2001:DB8::/32", "4"),
     "2001:DB8::/32 is there twice"),
    (("--architecture", "arm", "4"), "x86_64 or arm64"),
    (("--architecture", "arm64", "5"), "only for phase 4"),
    (("--database-tls", "off", "4"), "verify or require"),
    (("--database-tls", "verify", "6"), "only for phase 4"),
    (("--region", "Frankfurt", "3"), "not a region like"),
    *((("--region", one, "3"), "for the partition aws") for one in (
        "cn-north-1", "us-gov-west-1", "us-isob-east-1", "eu-isoe-west-1")),
    (("--multi-az", "1", "3"), "yes or no"),
    (("--protect", "yes", "4"), "only for phase 3"),
    (("--tasks", "0", "6"), "a number from 1 to 99"),
    (("--tasks", "2", "3"), "only for phase 6"),
    (("--most-tasks", "100", "8"), "a number from 1 to 99"),
    (("--most-tasks", "9", "6"), "only for phase 8"),
    (("--oidc", "/nowhere", "5"), "there is no file '/nowhere'"),
    (("--oidc", "/dev/null", "5"), "there is no file '/dev/null'"),
    (("--oidc", "none", "4"), "only for phase 5"),
    (("--oidc",), "--oidc needs a file"),
    (("--mail", "ops", "7"), "not an address like"),
    (("--mail", "ops@cafe.example", "6"), "only for phase 7"),
    (("--region",), "not a region like"),
    (("--controller", "fargate", "4"), "codedeploy or ecs, not 'fargate'"),
    (("--controller",), "codedeploy or ecs, not ''"),
    (("--controller", "ecs", "6"), "--controller is only for phase 4"),
    (("--source", "gitlab", "4"), "codecommit or github"),
    (("--source", "codecommit", "7"), "only for phase 4"),
    (("--source",), "--source needs a value"),
    (("--branch", "main", "4"), "belong to --source github"),
    (("--source", "github", "4"), "'' is not a connection like"),
    (("--source", "github", "--connection",
      "arn:aws:s3:us-east-1:123456789012:connection/0", "4"),
     "is not a connection like"),
    (GITHUB[:4] + ("4",), "'' is not a repository"),
    (GITHUB[:4] + ("--repository", "https://github.com/cafe/files", "4"),
     "is not a repository"),
    (GITHUB + ("--branch", "-f", "4"), "is not a branch"),
    (("5", "--certificate"), "--certificate needs the ARN"),
    (("5", "--certificate", ""), "--certificate needs the ARN"),
    (("--certificate", "cafe.example", "5"), "is not a certificate"),
    (("--certificate", "arn:aws:acm:eu-west-1:123456789012:certificate/0",
      "5"), "in us-east-1"),
    (("--certificate", "arn:aws:acm:us-east-1:123456789012:certificate/0",
      "7"), "only for phase 5"),
    (("--office", "192.0.2.0/24", "8"), "--office 192.0.2.0/24 4 first"),
])
def test_a_wrong_command_is_told_in_one_line(args, words):
    assert words in one_line(run(*args))


@pytest.mark.parametrize("one", [
    "2001:db8::/32", "::1/128", "1:2:3:4:5:6:7:8/64", "2001:DB8:1::/48"])
def test_a_range_of_ipv6_is_one(one):
    assert "not a range" not in one_line(run("--office", one, "8"))


def test_an_old_bash_is_refused(tmp_path):
    """As macOS has it; here a newer one is asked for than there is."""
    text = SCRIPT.read_text()
    assert text.startswith("#!/usr/bin/env bash\n")
    copy = tmp_path / "apply.sh"
    copy.write_text(text.replace("oldest=404 ", "oldest=99900 "))
    done = subprocess.run(["bash", copy, "1"], text=True, check=False,
                          capture_output=True)
    assert "is too old, 4.4 is needed" in one_line(done)


def test_phase_1_needs_nothing():
    done = run("1")
    assert done.returncode == 0 and "./cafe up" in done.stdout


def test_no_aws_command(tmp_path):
    for name in ("bash", "dirname", "env"):
        (tmp_path / name).symlink_to(shutil.which(name))
    said = one_line(run("2", path=str(tmp_path)))
    assert "install the AWS CLI" in said


def test_no_credentials():
    if shutil.which("aws") is None:
        pytest.skip("NOT CHECKED: there is no aws command (package awscli)")
    assert "aws configure" in one_line(run("2"))
