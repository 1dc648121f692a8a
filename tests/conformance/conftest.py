"""One pair of daemons for the whole suite, and the runs of the whole table."""
import collections
import pathlib

import client
import compare
import drive
import harness
import proxied
import pytest
import table

# A head of 16 KiB takes its time byte by byte, and a connection that is done
# waits for the others. The deadlines have tests of their own; here nothing
# depends on how fast the machine is.
SETTINGS = {"APP_HTTP_HEAD_MS": 600000, "APP_HTTP_BODY_MS": 600000,
            "APP_HTTP_WRITE_MS": 600000, "APP_HTTP_IDLE_MS": 3600000,
            "APP_HTTP_LINGER_MS": 60000, "APP_CATALOG_WAIT_MS": 10000,
            "APP_LOG_LEVEL": "debug"}


class Runs:
    """The daemons, and what became of the table in each of its runs."""

    def __init__(self, folder, database):
        self.folder = pathlib.Path(folder)
        self.daemons = {name: harness.Daemon(name, folder, database,
                                             APP_HOSTS="any", **SETTINGS)
                        for name in table.PREFIX}
        self.kept = {}
        self.failed = {}

    def once(self, name, make):
        """What make() returned or raised the first time."""
        if name in self.failed:
            raise self.failed[name]
        if name not in self.kept:
            try:
                self.kept[name] = make()
            except Exception as reason:
                self.failed[name] = reason
                raise
        return self.kept[name]

    def cases(self, daemon, wanted=lambda key, case: True):
        return [((case.rule, case.name), case, case.for_daemon(daemon))
                for case in table.CASES if daemon in case.daemons and
                wanted((case.rule, case.name), case)]

    def log_place(self, daemon):
        """Lines in a daemon's log, once all answers so far are in it."""
        mark = client.ask_probe(self.daemons[daemon].port)

        def there():
            lines = self.daemons[daemon].lines()
            return len(lines) if any(line.get("request_id") == mark
                                     for line in lines[-500:]) else 0
        return harness.wait_until(there, "the log has the probe")

    def watched(self, names, run, settled=lambda: True):
        """What run() returns, and what these daemons have logged once all
        of it has arrived."""
        start = {name: self.log_place(name) for name in names}
        outcomes = run()
        harness.wait_until(settled, "nothing is under way")
        logged = collections.Counter()
        for name, first in start.items():
            end = self.log_place(name)
            logged += proxied.logged(self.daemons[name].lines()[first:end])
        return outcomes, logged

    def direct(self, daemon):
        """Outcomes of each case, and the log lines of meanwhile."""
        return self.once(("direct", daemon), lambda: self.watched(
            [daemon], lambda: drive.run_whole(self.daemons[daemon].port,
                                              self.cases(daemon))))

    def bytewise(self, daemon):
        return self.once(("bytewise", daemon), lambda: drive.run_bytewise(
            self.daemons[daemon].port, self.cases(daemon)))

    def split(self, daemon):
        """Counts and complaints of the accepted cases that went well whole:
        another one would leave its connection in an unknown state."""
        def make():
            whole = self.direct(daemon)[0]
            cases = self.cases(daemon, lambda key, case: case.accepted and
                               whole[key].statuses == case.statuses and
                               whole[key].state == case.state)
            return drive.run_split(
                self.daemons[daemon].port, cases,
                {key: whole[key].lasting for key, _, _ in cases})
        return self.once(("split", daemon), make)

    def proxy(self, reuse):
        """A running load balancer, and the socket for its figures."""
        def make():
            config, stats = proxied.write_config(self.folder,
                                                 f"reuse-{reuse}", reuse)
            return harness.Proxy(self.folder, *self.daemons.values(),
                                 config), stats
        return self.once(("proxy", reuse), make)

    def behind_proxy(self, reuse):
        """Outcomes by (daemon, rule, name), and what the daemons logged."""
        def make():
            cases = [((daemon, *key), case, raw) for daemon in self.daemons
                     for key, case, raw in self.cases(daemon)]
            proxy, stats = self.proxy(reuse)
            return self.watched(
                self.daemons, lambda: drive.run_whole(
                    proxy.port, cases, client.ANSWER_S, client.gather),
                lambda: proxied.idle(stats))
        return self.once(("behind", reuse), make)

    def nginx(self):
        return self.once("nginx", lambda: compare.run_nginx(self.folder))

    def stop(self):
        for key, value in self.kept.items():
            if key[0] == "proxy":
                value[0].stop()
        statuses = [daemon.stop() for daemon in self.daemons.values()]
        assert statuses == [0, 0], statuses


@pytest.fixture(scope="session")
def runs(server):
    server.make_ready()
    names = ", ".join(harness.SUPPLIER)
    values = ", ".join(f"'{value}'" for value in harness.SUPPLIER.values())
    server.sql(f"INSERT INTO suppliers ({names}) VALUES ({values})")
    folder = harness.make_folder()
    made = Runs(folder, server)
    yield made
    made.stop()
    harness.remove_folder(folder)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Processes beside each other: each run of the table is in one."""
    for item in items:
        behind = "haproxy" in item.originalname or "another" in \
            item.originalname
        daemon = getattr(item, "callspec", None) and \
            item.callspec.params.get("daemon")
        item.add_marker(pytest.mark.xdist_group(
            "haproxy" if behind else daemon or "customer"))
