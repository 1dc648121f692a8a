"""./cafe rehearse: the whole tutorial, each phase with its proof."""
# pylint: disable=redefined-outer-name
import os
import re
import subprocess

import pytest

import harness
from rehearsal import (ask_from_elsewhere, left_over,
                       volumes_of_rehearsals)
from test_browser import (  # noqa: F401  # pylint: disable=unused-import
    SCREENSHOTS, playwright)

STATE = harness.ROOT / "var/rehearsal"

# What each phase has to show, as patterns of its output: pages by their titles
# and banners.
CUSTOMERS = r"/suppliers: All suppliers – Coffee suppliers +\(banner-dark\)"
DARK, LIGHT = (r"/admin/suppliers: All suppliers – Manage coffee suppliers +"
               rf"\(banner-{banner}\)" for banner in ("dark", "light"))
NOT_FOUND = "/admin/suppliers: Page not found – Coffee suppliers"
PROOFS = [
    (r"Load balancer: http://127\.0\.0\.1:\d+", r"Old Harbor Roasters",
     r"Registry: 127\.0\.0\.1:\d+"),
    (r"pushed to repository microservices: The two services",),
    (r"docker build --tag customer", r"docker build --tag employee",
     r"\| adopt ", CUSTOMERS, DARK),
    (r"customer@sha256:[0-9a-f]{64}", r"employee@sha256:[0-9a-f]{64}",
     r"customer-microservice:1, image", r"employee-microservice:1, image",
     r"pushed to repository deployment: Task definitions"),
    (r"Listener 80, ", r"Listener 8080, ",
     r"default +→ customer-tg-\w+\n +no tasks",
     r"/admin +→ employee-tg-\w+\n +no tasks"),
    (r"Service customer-microservice: 1 of revision 1 in customer-tg-two",
     r"Service employee-microservice: 1 of revision 1 in employee-tg-two",
     CUSTOMERS, DARK),
    (r"Deployment 1 of customer\n(?:.*\n)*?.*5/5(?:.*\n)*?.*Succeeded",
     r"Deployment 1 of employee\n(?:.*\n)*?.*5/5(?:.*\n)*?.*Succeeded",
     r"customer-\d+ +revision 2  sha256:[0-9a-f]{12}  serving  healthy"),
    (rf"restrict 203\.0\.113\.0/24\n(?:.*{NOT_FOUND}.*\n){{2}}",
     rf"restrict 10\.83\.9\.1/32\n(?:.*{DARK} *\n){{2}}",
     rf"Succeeded.*\n.*{LIGHT} *\n.*{CUSTOMERS}",
     r"Service customer-microservice: 3 wanted",
     r"(?:customer-\d+ +revision 2 .* serving  healthy\n +){3}"),
]


def rehearse(engine, *options):
    done = subprocess.run(
        [harness.ROOT / "cafe", "rehearse", *map(str, options)], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        timeout=1500, env={**os.environ, **engine.env, "TERM": "xterm"})
    assert done.returncode == 0, done.stdout[-6000:]
    return done.stdout


@pytest.fixture(scope="module")
def played(engine, images):
    """What it said; it is up still."""
    if STATE.exists():
        pytest.fail(f"{STATE} is there; first: ./cafe rehearse --down")
    ports = [harness.free_port() for _ in range(3)]
    try:
        yield rehearse(engine, "--bake", 2, "--port", ports[0], "--test-port",
                       ports[1], "--registry-port", ports[2])
    finally:
        rehearse(engine, "--down")


def phases(said):
    return re.split(r"\n(?:\x1b\[1m)?Phase \d: ", said)[1:]


@pytest.mark.parametrize("number", range(1, len(PROOFS) + 1))
def test_phase(played, number):
    text = phases(played)[number - 1]
    for pattern in PROOFS[number - 1]:
        assert re.search(pattern, text), f"no {pattern} in\n{text}"


def test_a_file_has_no_colours(played):
    assert "\x1b" not in played


def test_it_says_how_long_it_took(played):
    assert len(phases(played)) == len(PROOFS)
    seconds, building = map(int, re.search(
        r"It took (\d+) s, and (\d+) s to build images", played).groups())
    print(f"the rehearsal took {seconds} s, and {building} s to build images")
    assert seconds > 0


def settings():
    return [int(line) for line in (STATE / "settings").read_text().split()]


def test_in_the_end_only_this_machine_is_the_office(engine, played):
    for listener, port in zip((80, 8080), settings()):
        outside = ask_from_elsewhere(engine, listener)
        assert outside.startswith("HTTP/1.1 404 "), outside
        assert "– Coffee suppliers</title>" in outside  # it is customer's page
        inside = harness.Client(port).get("/admin/suppliers")
        assert inside.status == 200 and "Manage coffee suppliers" in inside.text


def photograph(port, name):
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["node", harness.ROOT / "tests/browser/banners.js",
         f"http://127.0.0.1:{port}", SCREENSHOTS, name], text=True,
        capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def deploy_banner(engine, state, banner):
    """Phase 8 again, by hand: a view is changed, pushed and deployed."""
    source = state / "work/microservices"
    nav = source / "employee/views/nav.html"
    nav.write_text(re.sub("banner-[a-z]+", f"banner-{banner}",
                          nav.read_text()))
    engine.build("employee", source, DOCKER_BUILDKIT="0")
    for words in (["push", "employee"], ["pipeline", "wait", "employee"]):
        engine.run("--state", state, *words,
                   program=harness.BIN / "cafe-deploy",
                   env=harness.sanitizer_options())


def test_a_new_banner_for_employees_only(engine, played, playwright):
    """Dark, then light, as a browser paints them; customers' stays dark."""
    port = settings()[0]
    colours = {}
    for banner in ("dark", "light"):
        deploy_banner(engine, STATE, banner)
        colours[banner] = photograph(port, f"rehearsal-{banner}")
    assert colours["dark"] == ["rgb(43,29,20)", "rgb(43,29,20)"]
    assert colours["light"] == ["rgb(43,29,20)", "rgb(242,232,220)"]


def test_down_leaves_nothing(engine, played):
    volumes = volumes_of_rehearsals(engine)
    assert volumes
    rehearse(engine, "--down")
    assert left_over(engine) == ""
    assert not STATE.exists()
    assert "cafe-vpc" not in engine.run("network", "ls", "--format",
                                        "{{.Name}}").split()
    assert not volumes & set(engine.run("volume", "ls", "--quiet").split())
    rehearse(engine, "--down")  # nothing to do is no failure
