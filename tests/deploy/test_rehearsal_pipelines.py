"""Pushes start pipelines by themselves. They break off no request, neither one
that takes seconds nor one that comes meanwhile."""
# pylint: disable=redefined-outer-name
import os
import pathlib
import re
import signal
import threading

import pytest

import harness
from in_flight import FILL, InFlight
from rehearsal import BALANCER, SERVICES, Load
from test_rehearsal import read_until


@pytest.fixture(scope="module")
def filled(world):
    """So many suppliers that a list of all of them takes its time."""
    world.restore_files()
    world.sql(FILL)
    for service in SERVICES:
        world.push(service, "one")  # so that "two" is something new
    world.push_files("Files")
    for service in SERVICES:
        world.do("pipeline", "create", service)
    for service in SERVICES:
        assert "Succeeded" in world.do("pipeline", "wait", service)
    return world


def number_of(made, service):
    """Of the last deployment."""
    text = (made.state / "services" / service).read_text()
    return int(re.search(r"^deployments (\d+)$", text, re.MULTILINE)[1])


def await_pipeline(made, service, before):
    """It has begun by itself, and ended well."""
    harness.wait_until(lambda: number_of(made, service) > before,
                       f"the pipeline of {service} begins")
    said = made.do("pipeline", "wait", service)
    assert "5/5" in said and "Succeeded" in said, said
    assert number_of(made, service) == before + 1


def no_leftovers(made):
    """Nothing but the parts and the tasks is there, nor files of a run."""
    there = set(made.engine.run("ps", "--all", "--format", "{{.Names}}",
                                "--filter", "label=cafe.rehearsal").split())
    tasks = {task for service in SERVICES for task in made.tasks(service)}
    assert there == tasks | {"cafe-db", "cafe-registry", "cafe-lb"}
    written = (made.state / "balancer/rules.map").read_text()
    assert made.rules() == dict(line.split() for line in written.splitlines())
    config = (made.state / "balancer/haproxy.cfg").read_text()
    assert set(re.findall(r"^    server (\S+)", config, re.MULTILINE)) == tasks
    left = [path.name for path in made.state.glob("**/*")
            if path.suffix in (".new", ".env")]
    assert not left


def test_two_pushes_in_a_row_under_load(filled):
    """One of files, which concerns both services, then one of each image."""
    with Load("/suppliers"), Load("/admin/suppliers"), InFlight():
        before = {name: number_of(filled, name) for name in SERVICES}
        filled.push_files("Nothing new")
        for service in SERVICES:
            await_pipeline(filled, service, before[service])
        for service in SERVICES:
            filled.push(service, "two")
        for service in SERVICES:
            await_pipeline(filled, service, before[service] + 1)
    for service in SERVICES:
        filled.check(service, "two")
        assert filled.version(service, 8080) == "two"
    no_leftovers(filled)


def test_scaling_with_requests_in_flight(filled):
    serving = filled.version("customer")
    with Load("/suppliers"), Load("/admin/suppliers"), InFlight():
        for count in (3, 1):
            filled.do("scale", "customer", count)
            filled.check("customer", serving, count)
    no_leftovers(filled)


def test_a_hook_that_fails_with_requests_in_flight(filled):
    """After the shift, so that there is something to take back."""
    hook = filled.hooks / "refuse"
    hook.write_text("#!/bin/sh\nsleep 7\nexit 1\n")  # a list is begun on green
    hook.chmod(0o755)
    appspec = filled.files / "appspec-customer.yaml"
    appspec.write_text(appspec.read_text() +
                       "Hooks:\n  - AfterAllowTraffic: refuse\n")
    serving = filled.version("customer")
    before = filled.rules(), filled.tasks("customer")
    try:
        with Load("/suppliers"), Load("/admin/suppliers"), InFlight():
            done = filled.run("deploy", "customer")
            assert done.returncode == 1, done.stdout
            assert "Rolling back" in done.stdout
    finally:
        filled.restore_files()
    filled.check("customer", serving)
    assert (filled.rules(), filled.tasks("customer")) == before
    no_leftovers(filled)


def test_a_green_that_goes_down_after_the_shift(filled):
    """Its requests fail with it; the others don't, and blue serves again."""
    serving = filled.version("customer")
    before = filled.rules(), filled.tasks("customer")
    running = filled.start("--bake", 30, "deploy", "customer")
    read_until(running, "4/5")
    green = set(filled.tasks("customer")) - set(before[1])
    with Load("/admin/suppliers"):
        filled.engine.run("kill", *green)
        said = running.communicate(timeout=60)[0]
    assert running.returncode == 1
    assert re.search(r"customer-\d+ is no longer healthy", said), said
    filled.check("customer", serving)
    for _ in range(100):
        assert filled.version("customer") == serving
    assert (filled.rules(), filled.tasks("customer")) == before
    no_leftovers(filled)


class Asking:
    """One connection a request; notes each status, or why there was none."""

    def __init__(self):
        self.over = threading.Event()
        self.answers = []
        self.thread = threading.Thread(target=self.repeat)

    def repeat(self):
        while not self.over.wait(0.005):
            connection = harness.http.client.HTTPConnection(BALANCER, 80,
                                                            timeout=5)
            try:
                connection.request("GET", "/suppliers")
                response = connection.getresponse()
                response.read()
                self.answers.append(response.status)
            except (OSError, harness.http.client.HTTPException) as fault:
                self.answers.append(type(fault))
            finally:
                connection.close()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def test_a_restarted_load_balancer_answers_or_is_away(filled):
    """
    No single load balancer can be restarted unnoticed. While it is away,
    connections are refused, or broken off: nobody gets an error as an answer,
    and it comes back with the tasks and rules that it had. The deployment goes
    on.
    """
    away = {ConnectionRefusedError, ConnectionResetError,
            harness.http.client.RemoteDisconnected, BrokenPipeError}
    serving = filled.version("customer", 8080)
    with Asking() as asking:
        running = filled.start("--bake", 4, "deploy", "customer")
        for step in ("1/5", "4/5"):
            read_until(running, step)
            filled.engine.run("restart", "--time", "1", "cafe-lb")
        said = running.communicate(timeout=90)[0]
        assert running.returncode == 0, said
    assert set(asking.answers) - away == {200}, set(asking.answers)
    assert set(asking.answers) & away, "nobody noticed a restart?"
    filled.check("customer", serving)
    no_leftovers(filled)


def test_no_password_on_a_command_line(filled):
    """While tasks start, or afterwards."""
    secret = (filled.state / "secrets/customer.password").read_bytes()
    running = filled.start("--bake", 1, "deploy", "customer")
    seen, commands = b"", set()
    while running.poll() is None:
        for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = path.read_bytes()
            except OSError:  # it has ended
                continue
            commands.add(line)
            seen += line if secret in line else b""
    assert running.returncode == 0, running.stdout.read()
    assert any(b"--env-file" in line for line in commands), "it looked too late"
    assert not seen


def process_of(rehearsal, *words):
    """A cafe-deploy of this rehearsal (tests beside it have their own) that
    has these words on its command line, in a row."""
    state, wanted = (b"\0".join(str(word).encode() for word in row)
                     for row in (("--state", rehearsal.state, ""), words))
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes()
            if state in line and wanted in line:
                return int(path.parent.name)
        except OSError:  # it has ended
            continue
    return None


def test_an_interrupted_run_is_begun_again(filled):
    """Whatever ended it, what was pushed is deployed."""
    words = ("pipeline", "release", "customer")
    before = number_of(filled, "customer")
    version = "one" if filled.version("customer") == "two" else "two"
    filled.push("customer", version)
    harness.wait_until(lambda: number_of(filled, "customer") > before,
                       "the pipeline begins")
    os.kill(process_of(filled, *words), signal.SIGKILL)
    said = filled.do("pipeline", "wait", "customer")
    assert "was interrupted; rolling it back" in said and "5/5" in said
    filled.check("customer", version)
    no_leftovers(filled)


def test_a_run_that_is_told_to_end_is_not_begun_again(filled):
    """It rolls back: it was ended on purpose."""
    serving = filled.version("customer")
    before = number_of(filled, "customer")
    filled.push("customer", "one" if serving == "two" else "two")
    harness.wait_until(lambda: number_of(filled, "customer") > before,
                       "the pipeline begins")
    running = process_of(filled, "pipeline", "release", "customer")
    os.kill(running, signal.SIGTERM)
    done = filled.run("pipeline", "wait", "customer")
    assert done.returncode == 1 and "Rolling back" in done.stdout
    assert number_of(filled, "customer") == before + 1
    filled.check("customer", serving)
    no_leftovers(filled)


def test_a_pushed_image_that_crashes(filled):
    """The last of these tests: it leaves that image in the registry."""
    serving = filled.version("customer")
    with Load():
        filled.push("customer", "crash")
        failed = filled.run("pipeline", "wait", "customer")
    assert failed.returncode == 1 and "the pipeline failed" in failed.stderr
    filled.check("customer", serving)
    no_leftovers(filled)
