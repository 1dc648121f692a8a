"""Both versions of Docker Compose read docker-compose.yml with every profile.
This takes no engine."""
import json
import os
import shutil
import subprocess

import pytest

import containers
import harness

PROFILES = "https", "backup", "monitoring"


@pytest.fixture(name="compose", params=[1, 2])
def make_compose(request):
    """The program of that version; 2 comes from Debian 13 if need be."""
    found = shutil.which("docker-compose")
    said = subprocess.run([found, "version", "--short"], text=True, check=True,
                          capture_output=True).stdout if found else ""
    if said.startswith(f"{request.param}."):
        return found
    if request.param == 1:
        pytest.skip(f"DOCKER COMPOSE 1 IS NOT TESTED: {said.strip() or 'none'}"
                    " is installed")
    with harness.locked(containers.COMPOSE.parent / "compose.lock"):
        subprocess.run([harness.ROOT / "tests/images/compose.sh",
                        containers.COMPOSE], check=True, capture_output=True)
    return containers.COMPOSE / "docker-compose"


def read(compose, *words, **env):
    return subprocess.run(
        [compose, "--project-directory", harness.ROOT,
         "-f", harness.ROOT / "docker-compose.yml", *words],
        text=True, capture_output=True, check=False,
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **env})


def test_every_profile_is_read(compose):
    chosen = [word for name in PROFILES for word in ("--profile", name)]
    done = read(compose, *chosen, "config", "--services")
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) == {
        "db", "passwords", "migrate", "grants", "customer", "employee", "lb",
        "https", "backup", "prometheus", "grafana"}


def test_what_the_variables_change(compose):
    done = read(compose, "--profile", "https", "--profile", "backup", "config",
                CAFE_CERTIFICATE="/srv/tls", CAFE_HTTPS_PORT="10443",
                CAFE_BACKUP_KEEP="3", CAFE_ALLOW="192.0.2.0/24")
    assert done.returncode == 0, done.stderr
    for text in ("/srv/tls", "10443", "192.0.2.0/24", "max-size"):
        assert text in done.stdout
    assert "CAFE_BACKUP_KEEP: \"3\"" in done.stdout.replace("'", '"')


def test_a_fault_is_refused(compose, tmp_path):
    broken = tmp_path / "broken.yml"
    broken.write_text(json.dumps({"services": {"db": {"cpus": "many"}}}))
    done = read(compose, "-f", broken, "config")
    assert done.returncode
