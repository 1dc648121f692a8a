"""Fixtures for every suite: one MariaDB a run, fresh daemons a test."""
import pathlib
import signal
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import harness  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "thorough: not run by ./cafe test without arguments")


def pytest_collection_modifyitems(config, items):
    if harness.DESK:
        left = [item for item in items if item.get_closest_marker("thorough")]
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    setattr(item, "report_" + call.when, outcome.get_result())


@pytest.fixture(scope="session")
def server():
    """The MariaDB that all tests share."""
    folder = harness.make_folder()
    database = harness.Database(folder)
    database.start()
    yield database
    database.stop()
    harness.remove_folder(folder)


@pytest.fixture
def folder(request):
    """For a test's files; the logs in it are shown when the test fails."""
    path = harness.make_folder()
    yield pathlib.Path(path)
    failed = any(getattr(request.node, "report_" + when, None) and
                 getattr(request.node, "report_" + when).failed
                 for when in ("setup", "call"))
    for log in sorted(pathlib.Path(path).glob("*.log")) if failed else ():
        print(f"---- {log.name}\n{log.read_text(errors='replace')[-4000:]}")
    harness.remove_folder(path)


@pytest.fixture
def database(server):
    """A migrated, empty database with its three accounts."""
    if not server.process.running():
        server.start()
    server.make_ready()
    return server


@pytest.fixture
def own(folder):
    """A migrated database of the test's own, to stop or to kill."""
    made = harness.Database(folder)
    made.start()
    made.make_ready()
    yield made
    if made.process.running():
        made.process.send(signal.SIGCONT)
        made.stop()


@pytest.fixture
def start(folder):
    """Start daemons; what is still running after the test is stopped."""
    started = []

    def start_one(name, database=None, **settings):
        daemon = harness.Daemon(name, folder, database, **settings)
        started.append(daemon)
        return daemon

    yield start_one
    for daemon in started:
        if daemon.process.running():
            assert daemon.stop() == 0


@pytest.fixture
def customer(start, database):
    return start("customer", database)


@pytest.fixture
def employee(start, database):
    return start("employee", database)


@pytest.fixture
def balance(folder):
    """Start load balancers; what still runs after the test is stopped."""
    started = []

    def start_one(customer, employee, *args):
        started.append(harness.Proxy(folder, customer, employee, *args))
        return started[-1]

    yield start_one
    for balancer in started:
        if balancer.process.running():
            balancer.stop()


@pytest.fixture
def proxy(balance, customer, employee):
    return balance(customer, employee)
