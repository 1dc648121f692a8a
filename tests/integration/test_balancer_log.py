"""What the load balancers log: their own answers, and no good request."""
import json

import pytest

import harness
from test_proxies import LISTENERS, compose_config

NAMED = "127.0.0.1"


def config_of(listener, folder):
    return (compose_config(folder) if listener == "compose" else
            harness.ROOT / "deploy/local/haproxy.cfg")


def lines(balancer):
    """Those that are written to their end."""
    output = balancer.process.output()
    return [json.loads(line) for line in
            output[:output.rfind("\n") + 1].splitlines()
            if line.startswith("{")]


def find(balancer, **wanted):
    """The line with these values, once it is there."""
    return harness.wait_until(
        lambda: next((line for line in lines(balancer) if
                      wanted.items() <= line.items()), None),
        f"the load balancer logs {wanted}")


@pytest.fixture
def balanced(folder, start, database):
    """Starts a load balancer with both daemons behind it."""
    made = []

    def begin(listener, proxies=""):
        daemons = [start("customer", database), start("employee", database)]
        made.append(harness.Proxy(folder, *daemons,
                                  config_of(listener, folder), proxies))
        return made[0], daemons
    yield begin
    for balancer in made:
        balancer.stop()


@pytest.mark.parametrize("listener", LISTENERS)
def test_its_own_503_is_in_the_log(balanced, listener):
    balancer, (customer, _) = balanced(listener)
    assert customer.stop() == 0
    harness.wait_until(
        lambda: balancer.get("/suppliers?q=secret").status == 503,
        "no customer daemon is left")
    line = find(balancer, path="/suppliers", status=503)
    assert line["service"] == "haproxy" and line["level"] == "warning"
    assert line["backend"].endswith("customer") and line["method"] == "GET"
    assert line["client_ip"] == "127.0.0.1" and len(line["request_id"]) == 36
    assert "secret" not in balancer.process.output()
    balancer.raw(b"GARBAGE\r\n\r\n")
    find(balancer, status=400)


@pytest.mark.parametrize("listener", LISTENERS)
def test_what_goes_well_is_left_to_the_daemons(balanced, listener):
    balancer, _ = balanced(listener)
    for path, status in (("/suppliers", 200), ("/nothing", 404),
                         ("/admin/suppliers", 200)):
        assert balancer.get(path).status == status
    balancer.raw(b"GARBAGE\r\n\r\n")
    find(balancer, status=400)
    assert {line["status"] for line in lines(balancer)} <= {400, 503}


@pytest.mark.parametrize("listener", LISTENERS)
def test_a_hostile_path_makes_one_line(balanced, listener):
    balancer, (customer, _) = balanced(listener)
    assert customer.stop() == 0
    path = '/a"},{\\' + "x" * 3000
    harness.wait_until(lambda: b" 503 " in balancer.raw(
        f"GET {path} HTTP/1.1\r\nHost: cafe\r\nConnection: close\r\n\r\n"
        .encode()), "no customer daemon is left")
    assert find(balancer, path=path[:1024])["status"] == 503


@pytest.mark.parametrize("listener", LISTENERS)
@pytest.mark.parametrize("proxies", ["", NAMED])
def test_an_id_is_taken_over_from_named_proxies_only(balanced, listener,
                                                     proxies):
    balancer, (customer, _) = balanced(listener, proxies)
    answer = balancer.get("/suppliers", X_Request_Id="mine",
                          X_Forwarded_For="192.0.2.1")
    assert (answer.headers["X-Request-Id"] == "mine") == bool(proxies)
    harness.wait_until(
        lambda: answer.headers["X-Request-Id"] in [
            line.get("request_id") for line in customer.lines()],
        "the daemon logs the same id")
