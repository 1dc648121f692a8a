"""Blue/green deployments by cafe-deploy: nobody who uses the directory notices
them, whatever goes wrong."""
import os
import pathlib
import re
import shutil
import signal
import threading

import pytest

import harness
from rehearsal import (KEEP_ALIVE, ONE_EACH, STEPS, Load, Rehearsal,
                       ask_from_elsewhere)

MOMENTS = (3, 8, 14, 21, 29, 38, 50, 65, 80)
LONG = "CAFE_LONG" in os.environ


def deploy(rehearsal, service, version, *options):
    rehearsal.push(service, version)
    return rehearsal.run(*options, "deploy", service)


def read_until(process, text):
    """Its output up to a line with a text."""
    got = []
    for line in process.stdout:
        got.append(line)
        if text in line:
            return "".join(got)
    raise AssertionError(f"no line with {text!r} in {''.join(got)}")


def test_two_deployments_in_a_row_lose_nothing(rehearsal):
    rehearsal.use_files_of_deploy()
    with Load("/suppliers"), Load("/admin/suppliers"):
        for version in ("one", "two"):
            for service in ("customer", "employee"):
                before = rehearsal.rules()
                done = deploy(rehearsal, service, version)
                assert done.returncode == 0, done.stdout + done.stderr
                places = [done.stdout.find(f"{number}/5 {step}") for number,
                          step in enumerate(STEPS, 1)]
                assert places == sorted(places) and places[0] > 0
                rehearsal.check(service, version)
                key = "default" if service == "customer" else "admin"
                after = rehearsal.rules()
                assert after[f"80:{key}"] == after[f"8080:{key}"]
                assert after[f"80:{key}"] != before[f"80:{key}"]


def test_tasks_run_as_their_definition_says(rehearsal):
    definition = rehearsal.engine.inspect(rehearsal.tasks("customer")[0])
    host, config = definition["HostConfig"], definition["Config"]
    assert re.fullmatch(r"127\.0\.0\.1:\d+/customer@sha256:[0-9a-f]{64}",
                        config["Image"])
    assert config["User"] == "10001:10001"
    assert host["ReadonlyRootfs"] and host["Init"]
    assert host["CapDrop"] == ["ALL"]
    assert host["Memory"] == 512 << 20
    assert host["NanoCpus"] == 250_000_000
    assert config["StopTimeout"] == 30
    assert "no-new-privileges" in host["SecurityOpt"]
    assert not host["PortBindings"]
    variables = dict(line.split("=", 1) for line in config["Env"])
    assert variables["APP_DB_HOST"] == "db"
    assert variables["APP_DB_TLS"] == "require"
    secret = (rehearsal.state / "secrets/customer.password").read_text()
    assert variables["APP_DB_PASSWORD"] == secret
    assert rehearsal.state.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("version, why", [
    ("crash", "ended by itself"), ("deaf", "not healthy after 8 s")])
def test_a_green_that_never_serves(rehearsal, version, why):
    serving = rehearsal.version()
    before = rehearsal.rules(), rehearsal.tasks("customer")
    with Load():
        done = deploy(rehearsal, "customer", version, "--healthy", 8)
    assert done.returncode == 1
    assert why in done.stderr, done.stderr
    assert "2/5" not in done.stdout
    rehearsal.check("customer", serving)
    assert (rehearsal.rules(), rehearsal.tasks("customer")) == before


def test_a_green_without_data(rehearsal):
    """Its pages would be errors; what serves goes on with what it knows."""
    serving = rehearsal.version()
    before = rehearsal.rules(), rehearsal.tasks("customer")
    rehearsal.engine.pause("cafe-db")
    try:
        with Load("/suppliers"):
            done = deploy(rehearsal, "customer", "one", "--healthy", 8)
    finally:
        rehearsal.engine.run("unpause", "cafe-db")
    assert done.returncode == 1 and "not healthy after 8 s" in done.stderr
    assert (rehearsal.rules(), rehearsal.tasks("customer")) == before
    rehearsal.check("customer", serving)


@pytest.mark.parametrize("event", [
    "BeforeInstall", "AfterInstall", "AfterAllowTestTraffic",
    "BeforeAllowTraffic", "AfterAllowTraffic"])
def test_a_failing_hook(rehearsal, event):
    """It sees the new version by the test listener where it is there."""
    hook = rehearsal.hooks / "check-it"
    seen = rehearsal.folder / "seen"
    hook.write_text(f'#!/bin/sh\necho "$CAFE_EVENT $CAFE_SERVICE" >{seen}\n'
                    f'echo "it looks wrong" >&2\nexit 1\n')
    hook.chmod(0o755)
    appspec = rehearsal.files / "appspec-customer.yaml"
    appspec.write_text(appspec.read_text() + f"Hooks:\n  - {event}: check-it\n")
    serving = rehearsal.version()
    before = rehearsal.rules(), rehearsal.tasks("customer")
    with Load():
        done = deploy(rehearsal, "customer", "two" if serving == "one" else
                      "one")
    assert done.returncode == 1
    assert "check-it: it looks wrong" in done.stderr
    assert seen.read_text() == f"{event} customer\n"
    rehearsal.check("customer", serving)
    assert (rehearsal.rules(), rehearsal.tasks("customer")) == before


def test_hooks_pass_and_see_the_new_version(rehearsal):
    hook = rehearsal.hooks / "see"
    hook.write_text("#!/bin/sh\ncurl -s $CAFE_TEST_URL/suppliers | "
                    "grep -q 'data-version=\"two\"' && ! curl -s "
                    "$CAFE_URL/suppliers | grep -q 'data-version=\"two\"'\n")
    hook.chmod(0o755)
    deploy(rehearsal, "customer", "one")
    appspec = rehearsal.files / "appspec-customer.yaml"
    appspec.write_text(appspec.read_text() +
                       "Hooks:\n  - AfterAllowTestTraffic: see\n")
    done = deploy(rehearsal, "customer", "two")
    assert done.returncode == 0, done.stderr
    rehearsal.check("customer", "two")


def test_errors_after_the_shift_roll_it_back(rehearsal):
    """What only users notice: pages and health are fine, a file is not."""
    serving = rehearsal.version()
    before = rehearsal.rules(), rehearsal.tasks("customer")
    statuses, stop = [], threading.Event()

    def take():
        while not stop.is_set():
            statuses.append(rehearsal.site().get("/suppliers.csv").status)

    taking = threading.Thread(target=take)
    taking.start()
    try:
        done = deploy(rehearsal, "customer", "broken", "--bake", 30)
    finally:
        stop.set()
        taking.join()
    assert done.returncode == 1
    assert "3/5" in done.stdout and "Rolling back" in done.stdout
    assert "were errors (5xx)" in done.stderr, done.stderr
    assert 503 in statuses and statuses[-1] == 200
    rehearsal.check("customer", serving)
    assert (rehearsal.rules(), rehearsal.tasks("customer")) == before


def test_five_errors_among_many_answers_roll_it_back(rehearsal):
    """One page is broken, and other traffic hides it: AWS's alarm counts."""
    serving = rehearsal.version()
    before = rehearsal.rules(), rehearsal.tasks("customer")
    rehearsal.push("customer", "broken")
    with Load("/healthz", fast=True):
        running = rehearsal.start("--bake", 60, "deploy", "customer")
        read_until(running, "4/5")
        harness.wait_until(lambda: answers_of(rehearsal, before[1]) > 2000,
                           "there are many answers")
        for _ in range(5):
            assert rehearsal.site().get("/suppliers.csv").status == 503
        said = running.communicate(timeout=60)[0]
    assert running.returncode == 1
    assert "the alarm customer-errors" in said, said
    rehearsal.check("customer", serving)
    assert (rehearsal.rules(), rehearsal.tasks("customer")) == before


def answers_of(rehearsal, others):
    """Of tasks that are none of the others."""
    lines = rehearsal.ask("show stat").splitlines()
    head = lines[0].removeprefix("# ").split(",")
    rows = [dict(zip(head, line.split(","))) for line in lines[1:] if line]
    return sum(int(row["hrsp_2xx"] or 0) for row in rows
               if row["svname"].startswith("customer-")
               and row["svname"] not in others)


def test_scale_up_and_down(rehearsal):
    serving = rehearsal.version()
    with Load():
        rehearsal.do("scale", "customer", 3)
        rehearsal.check("customer", serving, count=3)
        status = rehearsal.do("status")
        assert len(set(re.findall(r"(customer-\d+) .* serving  healthy",
                                  status))) == 3
        rehearsal.do("scale", "customer", 1)
        rehearsal.check("customer", serving)


def test_the_load_balancer_reloads_in_the_middle(rehearsal):
    version = "one" if rehearsal.version() == "two" else "two"
    rehearsal.push("customer", version)
    with Load():
        running = rehearsal.start("--bake", 3, "deploy", "customer")
        for step in STEPS[:4]:
            read_until(running, step)
            rehearsal.engine.run("kill", "--signal", "USR2", "cafe-lb")
        assert running.wait(120) == 0, running.stdout.read()
    rehearsal.check("customer", version)


def test_the_load_balancer_restarts_in_the_middle(rehearsal):
    """While it is away nobody is served; then it goes on where it was."""
    version = "one" if rehearsal.version() == "two" else "two"
    rehearsal.push("customer", version)
    running = rehearsal.start("--bake", 3, "deploy", "customer")
    for step in (STEPS[0], STEPS[2]):
        read_until(running, step)
        rehearsal.engine.run("restart", "--time", "1", "cafe-lb")
    assert running.wait(120) == 0, running.stdout.read()
    rehearsal.check("customer", version)
    with Load():
        rehearsal.do("scale", "customer", 2)
        rehearsal.do("scale", "customer", 1)


@pytest.mark.parametrize("number", range(1, 6))
def test_killed_at_a_step(rehearsal, number):
    """The last step is completed, and all others are taken back."""
    serving = rehearsal.version()
    version = "one" if serving == "two" else "two"
    rehearsal.push("customer", version)
    with Load():
        running = rehearsal.start("--bake", 1, "deploy", "customer")
        read_until(running, f"{number}/5")
        running.send_signal(signal.SIGKILL)
        running.wait()
        assert "interrupted; cafe-deploy recover" in rehearsal.do("status")
        assert "was interrupted" in rehearsal.do("recover")
        rehearsal.do("recover")  # what a program outlived, too
    rehearsal.check("customer", version if number == 5 else serving)


def test_killed_at_any_moment_then_deployed(rehearsal):
    with Load():
        for tenths in MOMENTS if LONG else MOMENTS[::4]:
            version = "one" if rehearsal.version() == "two" else "two"
            rehearsal.push("customer", version)
            running = rehearsal.start("--bake", 1, "deploy", "customer")
            try:  # any moment will do: time is what is tried here
                running.wait(tenths / 10)
            except Exception:  # pylint: disable=broad-except
                running.send_signal(signal.SIGKILL)
            running.communicate()
        rehearsal.do("--bake", 1, "deploy", "customer")
        rehearsal.do("recover")
    rehearsal.check("customer", version)


def notice(rehearsal, count):
    """Until the load balancer has seen that so many tasks are healthy. To none
    first: a check that began without a task may fail when the task is back."""
    harness.wait_until(lambda: rehearsal.healthy("customer") == count,
                       f"the load balancer sees {count} tasks")


def test_a_task_that_somebody_removed_comes_back(rehearsal):
    serving = rehearsal.version()
    rehearsal.engine.run("rm", "--force", *rehearsal.tasks("customer"))
    rehearsal.do("status")
    assert not rehearsal.tasks("customer")  # it only looks
    notice(rehearsal, 0)
    rehearsal.do("recover")
    rehearsal.check("customer", serving)


def test_a_scaling_that_was_interrupted_and_fails(rehearsal):
    """New tasks can't start: it stays with those that serve."""
    serving = rehearsal.version()
    before = rehearsal.tasks("customer")
    file = rehearsal.state / "services/customer"
    text = re.sub(r"desired \d+", "desired 2", file.read_text())
    number = int(re.search(r"next_task (\d+)", text)[1])
    file.write_text(text.replace(f"next_task {number}",
                                 f"next_task {number + 1}").rstrip("\n") +
                    f"\ntask {number} new\n")
    secret = rehearsal.state / "secrets/customer.password"
    hidden = secret.with_name("hidden")
    secret.rename(hidden)
    try:
        said = rehearsal.do("recover")
    finally:
        hidden.rename(secret)
    assert "scaling was interrupted" in said and "it keeps 1" in said
    assert "Service customer-microservice: 1 task\n" in said
    assert rehearsal.tasks("customer") == before
    rehearsal.check("customer", serving)


def test_a_load_balancer_that_says_nothing(rehearsal):
    """It is there, so what it has is not what is on disk: no success."""
    rehearsal.engine.pause("cafe-lb")
    try:
        done = rehearsal.run("restrict", "10.83.9.1/32")
    finally:
        rehearsal.engine.run("unpause", "cafe-lb")
    assert done.returncode == 1
    assert "does not answer on its admin socket" in done.stderr
    rehearsal.do("restrict", "0.0.0.0/0")


def test_docker_that_can_not_tell(rehearsal, folder):
    """It is no reason to believe that a container is gone."""
    docker = pathlib.Path(folder) / "docker"
    real = shutil.which("docker", path=rehearsal.env["PATH"])
    docker.write_text('#!/bin/sh\n[ "$1 $2" = "container inspect" ] && '
                      'echo "Error: request returned 500" >&2 && exit 1\n'
                      f'exec {real} "$@"\n')
    docker.chmod(0o755)
    before = rehearsal.tasks("customer")
    done = rehearsal.run("recover", PATH=f"{folder}:{rehearsal.env['PATH']}")
    assert done.returncode == 1
    assert "request returned 500" in done.stderr
    assert rehearsal.tasks("customer") == before


def test_a_folder_has_one_name(rehearsal):
    """However it is spelled: labels are made of it."""
    before = rehearsal.tasks("customer")
    rehearsal.do("--state", f"{rehearsal.folder}/./state/", "--bake", 1,
                 "deploy", "customer")
    after = rehearsal.tasks("customer")
    assert len(after) == 1 and after != before


def test_one_deployment_at_a_time(rehearsal):
    version = "one" if rehearsal.version() == "two" else "two"
    rehearsal.push("customer", version)
    running = rehearsal.start("--bake", 5, "deploy", "customer")
    read_until(running, "2/5")
    for words in (["deploy"], ["register"], ["scale"]):
        count = [2] if words == ["scale"] else []
        second = rehearsal.run(*words, "customer", *count)
        assert second.returncode == 2
        assert "another command is running for customer" in second.stderr
    shown = rehearsal.do("status")
    assert "deployment " in shown and "/5 " in shown
    assert running.wait(60) == 0
    rehearsal.check("customer", version)


@pytest.mark.parametrize("options", [KEEP_ALIVE, ONE_EACH])
def test_the_load_would_see_a_failure(rehearsal, options):
    """Stopped and started by hand, as one should not."""
    load = Load()
    load.__enter__()
    task = rehearsal.tasks("customer")[0]
    rehearsal.engine.run("stop", task)
    notice(rehearsal, 0)
    rehearsal.engine.run("start", task)
    reports = load.reports()
    report = reports[0 if options == KEEP_ALIVE else 1]
    assert re.search("Non-2xx|Socket errors", report), report
    notice(rehearsal, 1)


def test_only_the_office_gets_to_the_employees(rehearsal):
    rehearsal.do("restrict", "10.83.9.1/32")
    deploy(rehearsal, "employee", "two", "--bake", 1)
    for listener in (80, 8080):
        outside = ask_from_elsewhere(rehearsal.engine, listener)
        assert outside.startswith("HTTP/1.1 404 ")
        assert harness.NO_SUCH_PAGE in outside
        assert "Manage coffee suppliers" not in outside
        inside = rehearsal.site(listener).get("/admin/suppliers")
        assert inside.status == 200
        assert "Manage coffee suppliers" in inside.text
    rehearsal.do("restrict", "0.0.0.0/0")
    assert ask_from_elsewhere(rehearsal.engine,
                                80).startswith("HTTP/1.1 200 ")


def test_status_watch_and_logs(rehearsal):
    shown = rehearsal.do("status")
    assert re.search(r"Listener 80, .*\n +default +→ customer-tg-\w+\n"
                     r" +customer-\d+ +revision \d+  sha256:[0-9a-f]{12}  "
                     r"serving  healthy\n", shown), shown
    watching = rehearsal.start("status", "--watch")
    read_until(watching, "Listener 80,")
    with Load():
        read_until(watching, "requests/s")
        rate = 0
        while rate == 0:
            rate = int(re.search(r"(\d+) requests/s", read_until(
                watching, "requests/s"))[1])
    try:  # watching blocks no other command
        deployed = rehearsal.run("--bake", 1, "deploy", "customer")
        assert deployed.returncode == 0, deployed.stderr
        assert watching.poll() is None
    finally:
        watching.kill()
        watching.communicate()
    assert rehearsal.site().get("/suppliers").status == 200
    assert re.search(r'customer-\d+ \| .*"route":"/suppliers"',
                     rehearsal.do("logs", "customer"))


# What is wrong is said in one line, with status 2, and nothing is begun.

FILES = [
    ("taskdef-customer.json", '"cpu": "256"', '"cpu": "300"',
     "taskdef-customer.json:"),
    ("taskdef-customer.json", "<IMAGE1_NAME>", "customer",
     "<IMAGE1_NAME>"),
    ("taskdef-customer.json", '"family": "customer-microservice"',
     '"family": "other"', "family 'other'"),
    ("taskdef-customer.json", "{", "{{", "taskdef-customer.json:"),
    ("appspec-customer.yaml", "<TASK_DEFINITION>", "x", "<TASK_DEFINITION>"),
    ("appspec-customer.yaml", "8080", "8081", "8081"),
    ("appspec-customer.yaml", '"customer"', '"client"', "client"),
    ("appspec-customer.yaml", "version: 0.0",
     "version: 0.0\nHooks:\n  - AfterInstall: nobody", "nobody"),
]


def registered(rehearsal):
    return sorted(path.name for path in
                  (rehearsal.state / "taskdefs").iterdir())


@pytest.mark.parametrize("name, old, new, said", FILES)
def test_faulty_files(rehearsal, name, old, new, said):
    file = rehearsal.files / name
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    before = rehearsal.tasks("customer"), registered(rehearsal)
    done = rehearsal.run("deploy", "customer")
    assert done.returncode == 2, done.stdout + done.stderr
    assert said in done.stderr and name in done.stderr
    assert str(rehearsal.state) not in done.stderr
    assert done.stderr.count("\n") == 1 and "1/5" not in done.stdout
    assert (rehearsal.tasks("customer"), registered(rehearsal)) == before


@pytest.mark.parametrize("words, said", [
    (["restrict", "office"], "'office' is not an address"),
    (["restrict", "10.0.0.0/33"], "not an address"),
    (["scale", "customer", "0"], "not a number from 1"),
    (["scale", "customer", "99"], "not a number from 1"),
    (["deploy", "owner"], "'owner' is not a service"),
    (["service", "create", "customer"], "already exists"),
    (["pipeline", "release", "employee"], "no pipeline for employee"),
    (["--port", "0", "up"], "'0' is not a number"),
    (["--port", "1", "up"], "--port 1: it is running with"),
    (["--state", "", "down"], "--state: it is empty"),
    (["dance"], "usage:"),
])
def test_faulty_words(rehearsal, words, said):
    done = rehearsal.run(*words)
    assert done.returncode == 2 and said in done.stderr, done.stderr


def test_no_docker(rehearsal):
    done = rehearsal.run("status", DOCKER_HOST="unix:///nowhere/docker.sock")
    assert done.returncode == 2
    assert "Docker does not answer" in done.stderr


def test_an_image_that_is_nowhere(rehearsal):
    link = next(rehearsal.state.glob("registry/docker/registry/v2/repositories"
                                     "/employee/_manifests/tags/latest"))
    moved = link.with_name("away")
    link.rename(moved)
    try:
        done = rehearsal.run("deploy", "employee")
    finally:
        moved.rename(link)
    assert done.returncode == 2
    assert "first: cafe-deploy push employee" in done.stderr


def test_a_second_rehearsal_is_refused(rehearsal, folder):
    other = Rehearsal(rehearsal.engine, folder)
    for words in (["status"], ["deploy", "customer"]):
        done = other.run(*words)
        assert done.returncode == 2 and "first: cafe-deploy up" in done.stderr
    done = other.run(*other.up_options, "up")
    assert done.returncode == 2
    assert f"the rehearsal in {rehearsal.state} is running" in done.stderr
