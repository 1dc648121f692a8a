"""The aws command accepts the files for AWS, and would see a faulty one."""
import http.server
import json
import os
import shlex
import shutil
import subprocess
import threading

import pytest

import aws_command
import contracts
from contracts import DAEMONS, Deployment
from defects import loaded
from ecs_deploying import Native
from infrastructure import FOLDER


POLL_S = 0.01  # until the endpoint notices that it is to stop


class Aws:
    """
    An aws command, cut off from AWS. It looks at its input, and an endpoint
    of ours on loopback gets what it would have sent.
    """

    def __init__(self, folder, words):
        self.words = words
        self.sent = []
        self.folder = folder
        sent = self.sent

        class Endpoint(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers["Content-Length"])
                sent.append(json.loads(self.rfile.read(length)))
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Endpoint)
        threading.Thread(target=self.server.serve_forever, args=(POLL_S,),
                         daemon=True).start()

    def run(self, operation, path, *more):
        nothing = self.folder / "nothing"
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder),
               "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none",
               "AWS_CONFIG_FILE": str(nothing), "AWS_PAGER": "",
               "AWS_SHARED_CREDENTIALS_FILE": str(nothing),
               "AWS_DEFAULT_REGION": contracts.REGION,
               "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1"}
        return subprocess.run(
            [*self.words, "ecs", operation, "--cli-input-json", f"file://{path}",
             "--endpoint-url",
             f"http://127.0.0.1:{self.server.server_port}", *more],
            env=env, text=True, capture_output=True, check=False,
            stdin=subprocess.DEVNULL, timeout=60)

    def refusal(self, operation, document):
        """
        Why aws refuses a document; "" if it does not. Some versions stumble
        over their own sample of the answer to create-service ("service.…")
        before they look at the input; there the call itself is made.
        """
        path = self.folder / "input.json"
        path.write_text(json.dumps(document))
        done = self.run(operation, path, "--generate-cli-skeleton", "output")
        if "parameter service." in done.stderr:
            done = self.run(operation, path)
            assert done.returncode or self.sent == [document]
        assert (done.returncode != 0) == bool(done.stderr), done.stderr
        return done.stderr

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


# Debian's is version 2; what else comes first in PATH may be version 1.
PROGRAMS = sorted({found for found in (aws_command.find("aws"),
                                       shutil.which("aws", path="/usr/bin"))
                   if found})


@pytest.fixture(name="commands", scope="module")
def fixture_commands(tmp_path_factory):
    """What begins a call of each."""
    folder = tmp_path_factory.mktemp("aws")
    commands = {program: aws_command.Command(program, folder, f"aws-{number}")
                for number, program in enumerate(PROGRAMS)}
    yield {program: made.words for program, made in commands.items()}
    for made in commands.values():
        made.stop()


@pytest.fixture(name="aws", params=PROGRAMS or [None])
def fixture_aws(tmp_path, request, commands):
    if request.param is None:
        pytest.skip("NOT CHECKED: there is no aws command (package awscli) to "
                    "read the files for AWS")
    made = Aws(tmp_path, commands[request.param])
    yield made
    made.stop()


@pytest.fixture(name="it", params=DAEMONS)
def fixture_it(request):
    return Deployment(request.param)


def drop(key):
    return lambda document: document.pop(key)


def test_aws_accepts_the_task_definition(aws, it):
    assert aws.refusal("register-task-definition", it.taskdef) == ""


def test_aws_accepts_the_migration_task(aws):
    text = (FOLDER / "taskdef-migrate.json").read_text()
    assert aws.refusal("register-task-definition", json.loads(text)) == ""


def test_aws_accepts_the_service(aws, it):
    assert aws.refusal("create-service", it.service) == ""


def native():
    """The customer's service where ECS deploys, of its present form."""
    return Native("customer", loaded()).service


def knows_native(words, folder):
    """As the script asks it: ECS's own blue/green, that is."""
    done = subprocess.run(
        ["bash", "-c", "set -euo pipefail; fail() { echo \"$*\" >&2; exit 1; }; "
         f". {FOLDER / 'ecs.sh'}; controller=ecs; aws() {{ {shlex.join(words)} \"$@\"; "
         "}; find_controller"], text=True, capture_output=True, check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)})
    assert done.returncode == 0 or "install a newer one" in done.stderr
    return done.returncode == 0


def test_the_script_refuses_a_command_that_is_too_old(aws):
    refusal = aws.refusal("create-service", native())
    if knows_native(aws.words, aws.folder):
        assert refusal == ""
    else:
        assert '"advancedConfiguration"' in refusal


@pytest.fixture(name="new_aws")
def fixture_new_aws(tmp_path, commands):
    found = [words for words in commands.values()
             if knows_native(words, tmp_path)]
    if not found:
        pytest.skip("NOT CHECKED: no aws command here knows the blue/green "
                    "deployments of ECS (pip install awscli)")
    made = Aws(tmp_path, found[0])
    yield made
    made.stop()


@pytest.mark.parametrize("defect, words", [
    (lambda service: service["deploymentConfiguration"].update(bakeTime=5),
     '"bakeTime"'),
    (lambda service: service["deploymentConfiguration"]["alarms"].pop(
        "rollback"), '"rollback"'),
    (lambda service: service["deploymentConfiguration"]["lifecycleHooks"][0]
     ["timeoutConfiguration"].update(timeoutInMinutes=0), "timeoutInMinutes"),
    (lambda service: service["loadBalancers"][0]["advancedConfiguration"]
     .update(testRule="x"), '"testRule"'),
])
def test_aws_refuses_a_faulty_service_of_ecs(new_aws, defect, words):
    document = native()
    defect(document)
    refusal = new_aws.refusal("create-service", document)
    assert "arameter" in refusal and words in refusal


@pytest.mark.parametrize("defect, words", [
    (lambda task: task.update(cpus="256"), '"cpus"'),
    (lambda task: task.update(cpu=256), "cpu"),
    (drop("family"), '"family"'),
    (lambda task: task["containerDefinitions"][0].update(stopTimeout="30"),
     "stopTimeout"),
])
def test_aws_refuses_a_faulty_task_definition(aws, defect, words):
    document = Deployment("customer").taskdef
    defect(document)
    refusal = aws.refusal("register-task-definition", document)
    assert "arameter" in refusal and words in refusal


@pytest.mark.parametrize("defect, words", [
    (lambda service: service.update(clusters="x"), '"clusters"'),
    (lambda service: service.update(desiredCount="1"), "desiredCount"),
    (drop("serviceName"), '"serviceName"'),
    (lambda service: service["loadBalancers"][0].update(containerPort="80"),
     "containerPort"),
])
def test_aws_refuses_a_faulty_service(aws, defect, words):
    document = Deployment("customer").service
    defect(document)
    refusal = aws.refusal("create-service", document)
    assert "arameter" in refusal and words in refusal
