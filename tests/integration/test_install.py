"""What cmake --install puts beside the programs, and that it works there."""
import os
import re
import shutil
import subprocess

import pytest

import harness

DAEMONS = "customer", "employee"
PROGRAMS = *DAEMONS, "cafe-deploy"
EXPOSURE_MAX = 1.5
CALLS = re.compile(r"^static const char \*const allowed\[\] = \{(.*?)^\};",
                   re.M | re.S)


def run(*argv, **options):
    done = subprocess.run(argv, text=True, capture_output=True, check=False,
                          **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(name="root", scope="module")
def make_root():
    folder = harness.make_folder(large=True)
    run("cmake", "--install", harness.BIN.parent, "--prefix",
        os.path.join(folder, "usr"))
    yield os.path.join(folder, "usr")
    harness.remove_folder(folder)


@pytest.mark.parametrize("page", [
    "man8/customer.8", "man8/employee.8", "man1/cafe-deploy.1",
    "man5/cafe.yaml.5"])
def test_manual_pages_have_no_fault(root, page):
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", f"{root}/share/man/{page}"],
        text=True, capture_output=True, check=True)
    assert done.stderr == ""
    assert done.stdout.count("\n") > 40


def test_the_page_of_cafe_deploy_has_its_commands(root):
    shown = run("groff", "-man", "-Tascii", "-P-cbou",
                f"{root}/share/man/man1/cafe-deploy.1")
    for line in run(f"{root}/bin/cafe-deploy", "--help").splitlines()[1:]:
        if line.isascii():
            assert line.rstrip() in shown, line


@pytest.mark.parametrize("name", PROGRAMS)
def test_completion_knows_every_option(root, name):
    told = run(f"{root}/bin/{name}", "--help")
    wanted = set(re.findall(r"^  (?:-\w, )?(--[a-z-]+)", told, re.M))
    assert len(wanted) > 8
    script = f"{root}/share/bash-completion/completions/{name}"
    got = run("bash", "-c", 'source "$1"; '
              f'_{name.replace("-", "_")} "$2" --; echo "${{COMPREPLY[*]}}"',
              "bash", script, name)
    assert set(got.split()) == wanted


def test_completion_of_commands(root):
    script = f"{root}/share/bash-completion/completions/cafe-deploy"
    got = run("bash", "-c", 'source "$1"; _cafe_deploy cafe-deploy s; '
              'echo "${COMPREPLY[*]}"', "bash", script)
    assert {"scale", "service", "status"} <= set(got.split())


def completions(root, name, folder, *words):
    """What the completion offers for the last one of these words."""
    script = f"{root}/share/bash-completion/completions/{name}"
    return set(run(
        "bash", "-c", 'source "$1"; shift; COMP_WORDS=("$@"); '
        "COMP_CWORD=$(($# - 1)); "
        f'_{name.replace("-", "_")} "$1" "${{@: -1}}" "${{@: -2:1}}"; '
        'echo "${COMPREPLY[*]}"', "bash", script, name, *words,
        cwd=folder).split())


@pytest.mark.parametrize("name", PROGRAMS)
def test_completion_knows_the_values_of_options(root, tmp_path, name):
    (tmp_path / "some").touch()
    told = run(f"{root}/bin/{name}", "--help")
    options = re.findall(r"^  (--[a-z-]+) (\S+)", told, re.M)
    assert len(options) > 8
    for option, value in options:
        wanted = (set(value.split("|")) if "|" in value else
                  {"some"} if value in ("PATH", "FILE", "DIR") else set())
        for words in (option, ""), (option, "="), (option, "=", ""):
            assert completions(root, name, tmp_path, *words) == wanted, option
        for one in wanted:
            assert one in completions(root, name, tmp_path, option, "=", one)
    if name in DAEMONS:
        assert completions(root, name, tmp_path, "--check-config", "=") == {
            "connect"}
        assert {"on|off", "off|require|verify"} <= {
            value for _, value in options}


def test_the_help_of_cafe_deploy_is_a_table(root):
    told = run(f"{root}/bin/cafe-deploy", "--help").split("\n\n")[1]
    assert {len(re.match(r"  .*?  +", line)[0])
            for line in told.splitlines()} == {29}


@pytest.mark.parametrize("name", DAEMONS)
def test_the_sample_is_accepted(root, name):
    sample = f"{root}/share/doc/cafe/examples/{name}.yaml"
    run(f"{root}/bin/{name}", "--config", sample, "--check-config")
    with open(sample, encoding="utf-8") as file:
        # without its comment marks it is the default configuration
        text = re.sub(r"(?m)^#(?!#)", "", file.read())
    assert "port: 8080" in text


@pytest.mark.parametrize("name", DAEMONS)
def test_it_serves_from_there(root, start, database, monkeypatch, name):
    monkeypatch.setattr(harness, "BIN", harness.pathlib.Path(root) / "bin")
    page = {"customer": "/suppliers", "employee": "/admin/suppliers"}[name]
    assert start(name, database).get(page).status == 200


@pytest.fixture(name="unit", params=DAEMONS)
def make_unit(request, root):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd is not installed")
    return f"{root}/lib/systemd/system/cafe-{request.param}.service"


@pytest.mark.parametrize("name", DAEMONS)
def test_units_wait_longer_than_the_daemon_takes_to_stop(root, name):
    """The sample configuration has the default."""
    with open(f"{root}/share/doc/cafe/examples/{name}.yaml",
              encoding="utf-8") as file:
        stop_ms = int(re.search(r"(?m)^# *stop_max_ms: (\d+)$", file.read())[1])
    with open(f"{root}/lib/systemd/system/cafe-{name}.service",
              encoding="utf-8") as file:
        text = file.read()
    told_s = int(re.search(r"stop_max_ms, (\d+) seconds by default", text)[1])
    assert told_s * 1000 == stop_ms
    kill_s = int(re.search(r"(?m)^TimeoutStopSec=(\d+)$", text)[1])
    assert kill_s * 1000 > stop_ms


def test_units_expose_little(unit):
    shown = run("systemd-analyze", "security", "--offline=true", "--no-pager",
                unit)
    exposure = float(re.search(r"exposure level .*: ([\d.]+)", shown)[1])
    assert exposure <= EXPOSURE_MAX


def test_units_are_understood(unit, tmp_path):
    """All but the paths of an installation that isn't here."""
    for kind in "service", "socket":
        with open(unit.replace(".service", f".{kind}"),
                  encoding="utf-8") as file:
            text = re.sub(r"(?m)^(ExecStart=)\S+", r"\1/bin/true", file.read())
        (tmp_path / f"cafe.{kind}").write_text(
            re.sub(r"(?m)^Documentation=.*\n", "", text))
    done = subprocess.run(
        ["systemd-analyze", "verify", tmp_path / "cafe.service",
         tmp_path / "cafe.socket"], text=True, capture_output=True, check=False)
    assert not [line for line in done.stderr.splitlines() if "cafe." in line]
    assert done.returncode == 0, done.stderr


def test_units_allow_the_calls_that_the_daemon_needs(unit):
    """systemd's filter comes before the daemon's own."""
    with open(unit, encoding="utf-8") as file:
        filters = re.findall(r"(?m)^SystemCallFilter=(~?)(.*)$", file.read())
    allowed = set()
    for sign, names in filters:
        for name in names.split():
            calls = members(name) if name.startswith("@") else {name}
            allowed = allowed - calls if sign else allowed | calls
    source = (harness.ROOT / "libcafe/service/hardening.c").read_text()
    needed = set(re.findall(r'"(\w+)"', CALLS.search(source)[1]))
    needed |= {"openat", "socket", "clone", "clone3", "fcntl", "ioctl", "prctl",
               "prlimit64", "bind", "listen", "execve", "seccomp"}
    assert len(needed) > 60
    assert needed - allowed == set()


def members(group):
    """The system calls of one of systemd's groups, and of those in it."""
    shown = subprocess.run(["systemd-analyze", "syscall-filter", group],
                           text=True, capture_output=True, check=False).stdout
    words = {line.strip() for line in shown.splitlines()[1:]
             if re.fullmatch(r"\s+@?[\w-]+", line)}
    calls = {word for word in words if not word.startswith("@")}
    for inner in words - calls:
        calls |= members(inner)
    return calls
