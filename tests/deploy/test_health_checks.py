"""What load balancers ask is answered 200 whatever the database does.

A target group whose check fails makes ECS replace its tasks: an outage of the
database must not be one of all daemons.
"""
import signal
import subprocess

import pytest

import harness
from documents import mappings, read, read_template
from test_employee import SUPPLIER, add, anyway

FOLDERS = [harness.ROOT / "deploy/aws", harness.ROOT / "deploy/deployment"]
DAEMONS = ("customer", "employee")


def documents():
    for folder in FOLDERS:
        for path in sorted(folder.iterdir()):
            if path.suffix == ".yaml":
                yield path, read_template(path.read_text(encoding="utf-8"))
            elif path.suffix == ".json":
                yield path, read(path)


def checks():
    """Each target group's daemon, path, seconds to answer and status."""
    found = []
    for path, document in documents():
        for group in mappings(document):
            if "HealthCheckPath" not in group:
                continue
            daemon = next((name for name in DAEMONS
                           if group["Name"].startswith(name)), None)
            assert daemon, f"{path.name}: whose is {group['Name']}?"
            found.append((daemon, group["HealthCheckPath"],
                          group["HealthCheckTimeoutSeconds"],
                          group["Matcher"]["HttpCode"]))
    return sorted(set(found))


def container_checks():
    """The daemons whose task definition checks the container itself."""
    return {container["name"]: container["healthCheck"]["command"]
            for _, document in documents()
            for task in mappings(document)
            for container in task.get("containerDefinitions", [])
            if "healthCheck" in container}


def test_every_daemon_is_checked():
    assert {name for name, *_ in checks()} == set(DAEMONS)
    assert set(container_checks()) == set(DAEMONS)


def kill(own):
    own.kill()


def hang(own):
    own.process.send(signal.SIGSTOP)


def lock(own):
    own.sql("SET GLOBAL read_only = 1")


def assert_passes(daemon, path, seconds, status):
    balancer = harness.Client(daemon.port)
    balancer.seconds = seconds
    answer = balancer.get(path)
    assert str(answer.status) == status, path
    return answer


def assert_container_passes(daemon, command):
    done = subprocess.run(
        [harness.BIN / daemon.process.name, *command[2:]], text=True,
        capture_output=True, check=False,
        env={**harness.sanitizer_options(), "APP_PORT": str(daemon.port),
             "APP_OPS_PORT": "0", "APP_BIND": "127.0.0.1"})
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("outage", [kill, hang, lock])
def test_an_outage_replaces_no_task(start, own, outage):
    daemons = {name: start(name, own, APP_CATALOG_WAIT_MS=500,
                           APP_DB_READ_TIMEOUT_S=2)
               for name in DAEMONS}
    add(daemons["employee"])
    for name, path, seconds, status in checks():
        harness.wait_until(lambda: daemons[name].get(path).status == 200,
                           f"{name} has data")
    outage(own)
    for _ in range(3):
        for name, path, seconds, status in checks():
            answer = assert_passes(daemons[name], path, seconds, status)
            stale = outage is not lock
            assert bool(answer.headers["Cafe-As-Of"]) == stale
            assert ("This page shows the data as of" in answer.text) == stale
            if path.endswith("/suppliers"):
                assert SUPPLIER["name"] in answer.text
        for name, command in container_checks().items():
            assert_container_passes(daemons[name], command)
    form = daemons["employee"].post("/admin/supplier-add",
                                    anyway(name="Another"))
    assert form.status == 503 and "Another" in form.text
