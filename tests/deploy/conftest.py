"""Fixtures for what runs in containers: engine, images, the whole system; and an
account of AWS.

Tests that share something which takes long to make run in one process, one
after the other; WORLDS has them. The other processes run beside it.

Those named database, customer, employee and proxy take the place of the ones
for daemons without containers: tests that only look from outside run here, too.
"""
import concurrent.futures
import json
import os
import pathlib
import sys

import pytest

import harness

sys.path.insert(0, str(harness.ROOT / "tests/integration"))
sys.path.insert(0, str(harness.ROOT / "tests/browser"))

import account as accounts  # noqa: E402
import containers  # noqa: E402
import rehearsal as rehearsals  # noqa: E402

# Files of one world in their order; the world that takes longest comes first.
WORLDS = {
    "rehearsal": ("test_rehearsal_input", "test_rehearsal_outage",
                  "test_rehearsal", "test_rehearsal_killed",
                  "test_rehearsal_pipelines", "test_rehearsal_down",
                  "test_rehearse"),
    "compose": ("test_compose", "test_compose_profiles",
                "test_through_containers"),
    "debian": ("test_debian",),
    "apply": ("test_apply",),
    "images": ("test_images",),
    "packages": ("test_packages",),
}
FOLDER = pytest.StashKey()


def pytest_configure(config):
    """One folder for all processes of a run."""
    shared = getattr(config, "workerinput", {}).get("cafe_folder")
    config.stash[FOLDER] = shared or harness.make_folder(large=True)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    node.workerinput["cafe_folder"] = node.config.stash[FOLDER]


def pytest_unconfigure(config):
    if not hasattr(config, "workerinput"):
        containers.Engine(config.stash[FOLDER]).stop()
        harness.remove_folder(config.stash[FOLDER])


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Worlds first, each in its order; any other file is a world by itself."""
    order = [(world, file) for world, files in WORLDS.items()
             for file in files]
    worlds = {file: world for world, file in order}
    places = {file: place for place, (_, file) in enumerate(order)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))
    for item in items:
        world = worlds.get(item.path.stem, item.path.stem)
        item.add_marker(pytest.mark.xdist_group(world))


@pytest.fixture(scope="module")
def account(request, tmp_path_factory):
    """An account for the tests of a file. ACCOUNT there: settings of moto."""
    reason = accounts.missing()
    if reason:
        pytest.skip(f"NOT CHECKED: apply.sh against moto: {reason}")
    made = accounts.Account(tmp_path_factory.mktemp("account"),
                            **getattr(request.module, "ACCOUNT", {}))
    yield made
    made.stop()


@pytest.fixture(scope="session")
def engine(request):
    """A Docker engine of our own."""
    made = containers.Engine(request.config.stash[FOLDER])
    reason = made.start()
    if reason and os.environ.get("CI"):
        pytest.fail(f"containers are not tested: {reason}")
    if reason:
        pytest.skip(f"CONTAINERS ARE NOT TESTED: {reason}")
    return made


def make_stand_ins(engine, *names):
    """Images of these names in tests/images, where there are none."""
    done = engine.try_run(*names,
                          program=harness.ROOT / "tests/images/build.sh")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def images(engine):
    """
    Both images by the legacy builder, from stand-ins where need be: what the
    builder said for each. The longest processes of a run wait for it, so the
    stand-ins that the daemons are not built from are made beside them.
    """
    said = engine.folder / "images.json"
    with engine.locked("images"):
        if not said.exists():
            make_stand_ins(engine, "debian")
            with concurrent.futures.ThreadPoolExecutor() as pool:
                others = pool.submit(make_stand_ins, engine, "mariadb",
                                     "haproxy", "registry")
                built = {name: engine.build(name, DOCKER_BUILDKIT="0")
                         for name in ("customer", "employee")}
                others.result()
            for name in built:
                engine.run("tag", name, f"{name}:{containers.TAG}")
            said.write_text(json.dumps(built))
    return json.loads(said.read_text())


@pytest.fixture(scope="session")
def bare(engine, images):
    """A rehearsal with revision 1 of customer: no service, nothing else."""
    folder = pathlib.Path(harness.make_folder(large=True))
    made = rehearsals.Rehearsal(engine, folder)
    try:
        made.do(*made.up_options, "up")
        made.do("push", "customer")
        made.do("register", "customer")
        yield made
    finally:
        made.down()
        harness.remove_folder(folder)


@pytest.fixture(scope="session")
def world(bare):
    """A rehearsal with both services, and images of several versions."""
    bare.restore_files()
    bare.complete()
    return bare


@pytest.fixture
def rehearsal(world):
    """As each test finds it: the files as they are, one task a service."""
    world.restore_files()
    world.do("recover")
    for service in ("customer", "employee"):
        if len(world.tasks(service)) > 1:
            world.do("scale", service, 1)
    return world


@pytest.fixture(scope="session")
def project(engine, images):
    """The system that docker-compose.yml describes, up."""
    folder = harness.make_folder(large=True)
    made = containers.Project(engine, folder, "cafe",
                              [harness.ROOT / "tests/deploy/patient.yml"])
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
