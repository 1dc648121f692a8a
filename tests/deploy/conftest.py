"""Fixtures for what runs in containers: engine, images, the whole system.

Those named database, customer, employee and proxy take the place of the ones
for daemons without containers: tests that only look from outside run here, too.
"""
import os
import sys

import pytest

import harness

sys.path.insert(0, str(harness.ROOT / "tests/integration"))
sys.path.insert(0, str(harness.ROOT / "tests/browser"))

import containers  # noqa: E402


@pytest.fixture(scope="session")
def engine():
    """A Docker engine of our own."""
    reason = containers.missing()
    if reason and os.environ.get("CI"):
        pytest.fail(f"containers are not tested: {reason}")
    if reason:
        pytest.skip(f"CONTAINERS ARE NOT TESTED: {reason}")
    folder = harness.make_folder()
    made = containers.Engine(folder)
    yield made
    made.stop()
    harness.remove_folder(folder)


@pytest.fixture(scope="session")
def images(engine):
    """Both images by the legacy builder, from stand-ins where need be."""
    done = engine.try_run(program=harness.ROOT / "tests/images/build.sh")
    assert done.returncode == 0, done.stderr
    return {name: engine.build(name, DOCKER_BUILDKIT="0")
            for name in ("customer", "employee")}


@pytest.fixture(scope="session")
def project(engine, images):
    """The system that docker-compose.yml describes, up."""
    folder = harness.make_folder()
    made = containers.Project(engine, folder, "cafe")
    made.up()
    yield made
    made.down()
    harness.remove_folder(folder)


@pytest.fixture
def database(project):
    made = containers.Database(project)
    made.make_ready()
    return made


@pytest.fixture
def site(project, database):
    """The load balancer, with an empty directory behind it."""
    return containers.Site(project, project.port)


@pytest.fixture
def customer(site):
    return site


@pytest.fixture
def employee(site):
    return site


@pytest.fixture
def proxy(site):
    return site
