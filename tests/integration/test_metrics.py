"""/metrics on the operators' port: what it says, and that Prometheus reads it.
"""
import json
import pathlib
import re
import shutil
import subprocess
import urllib.parse

import pytest

import harness
from test_employee import SUPPLIER, add, values_of

MONITORING = harness.ROOT / "deploy/monitoring"
TOOL = shutil.which("promtool")
PROMETHEUS = shutil.which("prometheus")
NAMES = ("customer", "employee")
DURATION = "http_server_request_duration_seconds"

needs_tool = pytest.mark.skipif(not (TOOL and PROMETHEUS),
                                reason="prometheus is not installed")


@pytest.fixture
def watched(start, database):
    """Starts a daemon with a port for operators."""
    def begin(name, **settings):
        return start(name, database, APP_OPS_PORT=harness.free_port(),
                     APP_OPS_BIND="127.0.0.1", **settings)
    return begin


@needs_tool
@pytest.mark.parametrize("name", NAMES)
def test_promtool_finds_nothing(watched, name):
    daemon = watched(name)
    daemon.get("/suppliers" if name == "customer" else "/admin/suppliers")
    daemon.get("/nothing")
    done = subprocess.run([TOOL, "check", "metrics"], text=True, check=False,
                          input=daemon.ops.get("/metrics").text,
                          capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_requests_are_counted_by_route_not_path(watched, database):
    customer, employee = watched("customer"), watched("employee")
    add(employee)
    for _ in range(3):
        customer.get("/suppliers?q=x")
    customer.get("/suppliers/1")
    customer.get("/suppliers/99")
    customer.get("/nothing/at/all")
    customer.request("HEAD", "/suppliers")
    customer.request("OPTIONS", "/suppliers")
    customer.raw(b"GARBAGE\r\n\r\n")
    assert customer.requests("/suppliers", 200) == 3
    assert customer.requests("/suppliers", 200, "HEAD") == 1
    assert customer.requests("/suppliers/{id}", 200) == 1
    assert customer.requests("/suppliers/{id}", 404) == 1
    assert customer.requests("", 404) == 1
    assert customer.requests("", 204, "OPTIONS") == 1
    assert customer.requests("", 400, "_OTHER") == 1
    assert employee.requests("/admin/supplier-add", 303, "POST") == 1
    text = customer.ops.get("/metrics").text
    assert "nothing" not in text and "suppliers/1" not in text


def test_series_stay_bounded(watched):
    """Whatever strangers ask for."""
    customer = watched("customer")
    customer.get("/suppliers")
    customer.get("/nothing")
    before = len(customer.samples())
    for number in range(200):
        customer.get(f"/nothing/{number}?q={number}")
    assert len(customer.samples()) == before


def test_buckets_add_up(watched):
    customer = watched("customer")
    for _ in range(5):
        customer.get("/suppliers")
    buckets = [number for sample, number in customer.samples().items()
               if sample.startswith(f"{DURATION}_bucket") and
               'http_route="/suppliers",' in sample]
    assert buckets == sorted(buckets) and buckets[-1] == 5
    assert 0 < customer.metric(f'{DURATION}_sum{{http_request_method="GET",'
                     'http_route="/suppliers",'
                     'http_response_status_code="200"}') < 5 * harness.WAIT_S


def test_refusals_are_counted_by_reason(watched):
    employee = watched("employee", APP_ALLOW="192.0.2.0/24")
    employee.get("/admin", X_Forwarded_For="203.0.113.9")
    employee.post("/admin/supplier-add", SUPPLIER, X_Forwarded_For="192.0.2.1",
                  Origin="http://evil.example")
    employee.post("/admin/supplier-add", {"notes": "x" * 600000},
                  X_Forwarded_For="192.0.2.1")
    employee.raw(b"GARBAGE\r\n\r\n")
    for reason, count in (("access", 1), ("origin", 1), ("limit", 1),
                          ("syntax", 1), ("late", 0)):
        assert employee.metric("cafe_http_rejected_total"
                     f'{{reason="{reason}"}}') == count, reason


def test_the_catalog_follows_the_database(watched, database):
    customer, employee = watched("customer"), watched("employee")
    harness.wait_until(lambda: customer.metric("cafe_catalog_stale_seconds") ==
                       0, "it has read the suppliers")
    add(employee)
    customer.get("/suppliers")
    assert customer.metric("cafe_catalog_suppliers") == 1
    assert customer.metric("cafe_catalog_revision") == 1
    assert customer.metric('db_client_operation_duration_seconds_count'
                 '{pool="feed",operation="ask"}') >= 2
    assert employee.metric('db_client_operation_duration_seconds_count'
                 '{pool="main",operation="save"}') == 1
    assert employee.metric(
        'db_client_connections{pool="main",state="idle"}') >= 1


def test_an_outage_shows_without_any_visitor(watched, folder, start):
    customer = start("customer", None, APP_DB_SOCKET="/nonexistent/db.sock",
                     APP_OPS_PORT=harness.free_port(),
                     APP_OPS_BIND="127.0.0.1")
    first = customer.metric("cafe_catalog_stale_seconds")
    harness.wait_until(
        lambda: customer.metric("cafe_catalog_stale_seconds") > first,
        "it grows")
    assert customer.metric('db_client_connections{pool="feed",state="idle"}') == 0


def test_conflicts_searches_and_cache(watched, database):
    employee, customer = watched("employee"), watched("customer")
    add(employee)
    form = values_of(employee.get("/admin/supplier-update/1").text)
    post = {**form, "city": "First"}
    assert employee.post("/admin/supplier-update", post).status == 303
    other = {**form, "city": "Second", "form_key": "A" * 22}
    assert employee.post("/admin/supplier-update", other).status == 409
    assert employee.metric("cafe_edit_conflicts_total") == 1
    for _ in range(4):
        customer.get("/suppliers?q=example")
    assert customer.metric('cafe_searches_total{result="searched"}') == 1
    assert customer.metric('cafe_page_cache_requests_total{result="hit"}') >= 1
    assert customer.metric("cafe_page_cache_bytes") > 0


def test_the_process_and_the_build(watched):
    customer = watched("customer")
    got = customer.samples()
    version = customer.ready["version"]
    assert got[f'cafe_build_info{{service="customer",version="{version}"}}'] == 1
    status = pathlib.Path(f"/proc/{customer.process.pid}/status").read_text()
    resident = int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024
    assert abs(got["process_resident_memory_bytes"] - resident) < \
        resident / 2
    folder = pathlib.Path(f"/proc/{customer.process.pid}/fd")
    assert abs(got["process_open_fds"] -
               len(list(folder.iterdir()))) <= 2
    assert got["process_cpu_seconds_total"] > 0
    assert got["process_max_fds"] > 100
    began = folder.parent.stat().st_mtime
    assert abs(got["process_start_time_seconds"] - began) < 60
    assert got["http_server_active_requests"] == 0


def test_only_operators_see_it(watched):
    customer, employee = watched("customer"), watched("employee")
    assert customer.get("/metrics").status == 404
    assert employee.get("/metrics").status == 404
    assert employee.get("/admin/metrics").status == 404
    assert customer.ops.post("/metrics").status == 405


# Prometheus.

class Prometheus(harness.Client):
    """A real one that scrapes these daemons, with the alerts of deploy/."""

    def __init__(self, folder, daemons):
        targets = "".join(
            f"  - job_name: {name}\n    static_configs:\n"
            f"      - targets: ['127.0.0.1:{daemon.ready['ops_port']}']\n"
            for name, daemon in daemons.items())
        config = folder / "prometheus.yml"
        config.write_text("global: { scrape_interval: 1s }\n"
                          f"rule_files: [{MONITORING / 'alerts.yml'}]\n"
                          f"scrape_configs:\n{targets}")
        port = harness.free_port()
        self.process = harness.Process("prometheus", [
            PROMETHEUS, f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{port}"], folder)
        super().__init__(port)

    def ask(self, query):
        """What a query finds, as a list; None: it does not answer yet."""
        try:
            answer = self.get("/api/v1/query?" + urllib.parse.urlencode(
                {"query": query}))
        except OSError:
            assert self.process.running(), self.process.output()
            return None
        if answer.status != 200:
            return None
        return json.loads(answer.text)["data"]["result"]


@pytest.fixture
def scraping(watched, folder):
    daemons = {name: watched(name) for name in NAMES}
    prometheus = Prometheus(folder, daemons)
    yield prometheus, daemons
    prometheus.process.stop()


def queries_of_dashboard():
    board = json.loads((MONITORING / "grafana/cafe.json").read_text())
    for panel in board["panels"]:
        for target in panel["targets"]:
            yield target["expr"].replace("$job", "customer|employee").replace(
                "$__rate_interval", "1m")


@needs_tool
def test_prometheus_scrapes_both(scraping):
    prometheus, daemons = scraping
    harness.wait_until(lambda: len(prometheus.ask("up == 1") or []) == 2,
                       "both are up")
    daemons["customer"].get("/suppliers")
    add(daemons["employee"])
    daemons["employee"].get("/admin/suppliers")
    found = harness.wait_until(
        lambda: prometheus.ask(f'{DURATION}_count{{http_route="/suppliers",'
                               'job="customer"}'), "the request is there")
    assert found[0]["value"][1] == "1"
    assert harness.wait_until(
        lambda: prometheus.ask('cafe_catalog_suppliers{job="employee"} == 1'),
        "the supplier is there")


@needs_tool
def test_the_dashboard_asks_for_what_there_is(scraping):
    """Each query is one for Prometheus, and each name one of a daemon."""
    prometheus, daemons = scraping
    daemons["customer"].get("/suppliers")
    harness.wait_until(lambda: len(prometheus.ask("up == 1") or []) == 2,
                       "both are up")
    known = {re.match(r"\w+", sample)[0] for daemon in daemons.values()
             for sample in daemon.samples()} | {"up"}
    texts = [*queries_of_dashboard(),
             *re.findall(r"expr: (.*?)\n +(?:for|labels):",
                         (MONITORING / "alerts.yml").read_text(), re.S)]
    assert len(texts) > 25
    for text in texts:
        bare = re.sub(r"\{[^}]*\}|by \([^)]*\)", "", text)
        names = set(re.findall(r"\b(?:(?:cafe|http|db|process)_\w+|up)\b",
                               bare))
        assert names and names <= known, text
    for query in queries_of_dashboard():
        assert prometheus.ask(query) is not None, query


@needs_tool
@pytest.mark.parametrize("what", [
    ("check", "rules", "alerts.yml"), ("test", "rules", "alerts_test.yml"),
    ("check", "config", "prometheus.yml")])
def test_rules_and_configuration(what):
    *command, name = what
    done = subprocess.run([TOOL, *command, MONITORING / name], text=True,
                          check=False, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_tool
def test_each_alert_has_a_test():
    rules = re.findall(r"alert: (\w+)", (MONITORING / "alerts.yml").read_text())
    tests = (MONITORING / "alerts_test.yml").read_text()
    assert len(rules) == 10
    for rule in rules:
        assert rule in tests, rule


@pytest.mark.skipif(not shutil.which("docker-compose"),
                    reason="docker-compose is not installed")
def test_the_profile_is_one_for_compose():
    """And what it mounts is there. No image is pulled."""
    def services(*options):
        done = subprocess.run(["docker-compose", *options, "config"],
                              cwd=harness.ROOT, text=True, check=False,
                              capture_output=True)
        assert done.returncode == 0, done.stderr
        return done.stdout
    text = services("--profile", "monitoring")
    mounted = re.findall(rf"{re.escape(str(harness.ROOT))}/(deploy/monitoring"
                         r"/[\w/.-]+?):", text)
    assert len(mounted) == 5
    for path in mounted:
        assert (harness.ROOT / path).is_file(), path
