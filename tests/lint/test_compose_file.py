"""What docker-compose.yml must not say, whichever version reads it."""
import collections
import copy
import pathlib

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]


def faults(project):
    """
    Each image has one builder, or none: Compose may build services at the same
    time, and a second build of one tag fails. All services that only name an
    image which another one builds depend on the builder, directly or not, and
    must not try to pull it.
    """
    services = project["services"]
    builders = collections.defaultdict(list)
    for name, service in services.items():
        if "build" in service:
            builders[service["image"]].append(name)
    found = [f"{' and '.join(names)} build {image}"
             for image, names in builders.items() if len(names) > 1]
    for name, service in services.items():
        builder, *_ = builders.get(service["image"], [name])
        if builder != name and "build" not in service:
            if builder not in needed(services, name):
                found.append(f"{name} does not wait for {builder}")
            if service.get("pull_policy") != "never":
                found.append(f"{name} may pull what {builder} builds")
    return found


def needed(services, name):
    """All services that have to be there before this one."""
    direct = set(services[name].get("depends_on", ()))
    return direct.union(*(needed(services, other) for other in direct))


def project_file():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def test_one_service_builds_an_image():
    assert faults(project_file()) == []


def test_each_fault_is_seen():
    good = project_file()
    (first, builder), *_ = [
        (name, service) for name, service in good["services"].items()
        if "build" in service and service["image"].startswith("employee")]
    other = next(name for name, service in good["services"].items()
                 if service["image"] == builder["image"] and name != first)
    for change, said in [
            ({"build": builder["build"]}, f"{first} and {other} build"),
            ({"depends_on": ["db"]}, f"{other} does not wait for {first}"),
            ({"pull_policy": "missing"}, f"{other} may pull what {first}")]:
        bad = copy.deepcopy(good)
        bad["services"][other].update(change)
        assert [fault for fault in faults(bad) if fault.startswith(said)], said


ONCE = {"passwords", "migrate", "grants"}
CHECKED_IN_IMAGE = {"customer", "employee"}  # HEALTHCHECK of the Dockerfile


def unlimited(name, service):
    """What a service on a real server lacks."""
    logging = service.get("logging", {}).get("options", {})
    if not {"max-size", "max-file"} <= set(logging):
        yield "its log grows for ever"
    for limit in ("mem_limit", "cpus", "pids_limit"):
        if not service.get(limit):
            yield f"it has no {limit}"
    if service.get("cap_drop") != ["ALL"] or not service.get("read_only"):
        yield "it is not hardened"
    if name not in ONCE | CHECKED_IN_IMAGE and \
            "test" not in service.get("healthcheck", {}):
        yield "nothing checks its health"
    if (name in ONCE) == (service.get("restart") == "unless-stopped"):
        yield "it is restarted wrongly"


def test_each_service_has_limits():
    for name, service in project_file()["services"].items():
        assert not list(unlimited(name, service)), name
    for daemon in CHECKED_IN_IMAGE:
        assert "HEALTHCHECK" in (ROOT / daemon / "Dockerfile").read_text()


def test_a_service_without_limits_is_seen():
    good = project_file()["services"]["lb"]
    for key, said in [("logging", "grows"), ("cpus", "no cpus"),
                      ("mem_limit", "no mem_limit"), ("pids_limit", "pids"),
                      ("cap_drop", "hardened"), ("read_only", "hardened"),
                      ("healthcheck", "health"), ("restart", "restarted")]:
        bad = {name: value for name, value in good.items() if name != key}
        fault, = unlimited("lb", bad)
        assert said in fault
