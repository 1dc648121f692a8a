"""The images of the daemons: small, bare, and built in little time."""
import fnmatch
import json
import pathlib
import shutil
import subprocess
import tarfile
import time

import pytest

import harness
import spdx

IMAGE_MAX_BYTES = 15 * 1000 * 1000
NAMES = ("customer", "employee")


@pytest.fixture
def context(folder):
    """A copy of what the images are built from, to change."""
    path = folder / "context"
    path.mkdir()
    for name in ("CMakeLists.txt", "CMakePresets.json", ".dockerignore"):
        shutil.copy(harness.ROOT / name, path / name)
    for name in ("cmake", "libcafe", "customer", "employee", "views",
                 "tests/unit", "deploy/local", "deploy/packaging"):
        shutil.copytree(harness.ROOT / name, path / name)
    shutil.copy(harness.ROOT / "tests/CMakeLists.txt", path / "tests")
    return path


@pytest.fixture
def run(engine, images, folder):
    """Run a container of an image; it is gone after the test."""
    started = []

    def run_one(*args):
        started.append(engine.run("run", "--detach", *args))
        return started[-1]

    yield run_one
    if started:
        engine.run("rm", "--force", *started)


@pytest.mark.parametrize("name", NAMES)
def test_the_image_is_bare(engine, images, name):
    image = engine.inspect(name)
    assert image["Size"] <= IMAGE_MAX_BYTES, image["Size"]
    config = image["Config"]
    assert config["User"] == "10001:10001"
    assert config["Entrypoint"] == [f"/usr/bin/{name}"]
    assert config["Healthcheck"]["Test"] == ["CMD", f"/usr/bin/{name}",
                                             "--healthcheck"]
    for shell in ("/bin/sh", "/bin/bash", "/usr/bin/env"):
        done = engine.try_run("run", "--rm", "--entrypoint", shell, name)
        assert done.returncode == 127, shell
    assert engine.run("run", "--rm", name, "--version").startswith(name)


@pytest.mark.parametrize("name", NAMES)
def test_the_image_has_a_bill_of_materials(engine, images, name):
    """Each file that is not ours is named in it, and nothing else."""
    path = f"usr/share/doc/{name}/sbom.spdx.json"
    container = engine.run("create", name)
    try:
        with subprocess.Popen(["docker", "cp", f"{container}:/{path}", "-"],
                              env=engine.env, stdout=subprocess.PIPE) as copy:
            with tarfile.open(fileobj=copy.stdout, mode="r|") as archive:
                text = archive.extractfile(archive.next()).read()
    finally:
        engine.run("rm", container)
    document = json.loads(text)
    assert spdx.faults(document) == []
    foreign = {pathlib.PurePath(file).name for file in engine.files(name)
               if file.startswith(("usr/lib", "lib/"))}
    named = {pathlib.PurePath(file).name for one in document["packages"][1:]
             for file in one["sourceInfo"].partition("files: ")[2].split()}
    styles = {"bootstrap.min.css"}
    assert named - styles == foreign | {"ca-certificates.crt"}
    assert named & styles


def listed(name):
    """The patterns of image-files.txt for this daemon, a file each."""
    lines = (pathlib.Path(__file__).parent / "image-files.txt").read_text()
    rows = [line.rpartition(": ") for line in lines.splitlines()
            if line and not line.startswith("#")]
    return [pattern.replace("NAME", name) for daemon, _, pattern in rows
            if daemon in ("", name)]


@pytest.mark.parametrize("name", NAMES)
def test_the_image_has_these_files_and_no_others(engine, images, name):
    files = engine.files(name)
    views = {f"usr/share/cafe/{name}/{path.relative_to(folder)}"
             for folder in (harness.ROOT / name, harness.ROOT)
             for part in ("views", "content")
             for path in (folder / part).glob("**/*") if path.is_file()}
    assert views <= files
    patterns = listed(name)
    others = {file for file in files - views
              if not any(fnmatch.fnmatchcase(file, one) for one in patterns)}
    assert not others
    missing = {one for one in patterns
               if not fnmatch.filter(files - views, one)}
    assert not missing


@pytest.mark.parametrize("name", NAMES)
def test_the_tests_ran_in_the_build(engine, images, name):
    """Not in this one, when they are in the engine's cache already."""
    history = engine.run("history", "--no-trunc", "--format", "{{.CreatedBy}}",
                         name)
    assert "--check-config" in history
    assert "ctest" in (harness.ROOT / name / "Dockerfile").read_text()
    steps = images[name].split("Step ")
    tests = [step for step in steps if "ctest" in step][0]
    assert "100% tests passed" in tests or "Using cache" in tests


@pytest.mark.parametrize("view", ["employee/views/nav.html",
                                  "views/paging.html"])
def test_a_changed_view_takes_no_compiler(engine, images, context, view):
    changed = context / view
    changed.write_text(changed.read_text() + "<!-- changed -->\n")
    began = time.monotonic()
    said = engine.build("employee", context, tag="changed",
                        DOCKER_BUILDKIT="0")
    print(f"a changed view: {time.monotonic() - began:.1f} s")
    before = said[:said.index("COPY views employee/views")]
    assert before.count("Using cache") == before.count("Step ") - 3, said


def test_a_broken_view_fails_the_build(engine, images, context):
    view = context / "customer/views/supplier.html"
    view.write_text(view.read_text() + "\n{{#never}}\n")
    done = engine.try_run("build", "-f", "customer/Dockerfile", ".",
                          cwd=context, env={"DOCKER_BUILDKIT": "0"})
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "views/supplier.html:" in said and "never" in said


def test_only_what_is_needed_goes_to_the_builder(engine, images):
    sent = images["customer"].splitlines()[0]
    assert "Sending build context" in sent and "MB" in sent or "kB" in sent
    size = float(sent.split()[-1].rstrip("kMB"))
    assert "kB" in sent or size < 5, sent


@pytest.mark.parametrize("name", NAMES)
def test_as_the_tutorial_starts_it(engine, run, name):
    """Without a password: it starts, and says what is missing."""
    container = run("--publish", "127.0.0.1::8080", "--read-only",
                    "--cap-drop", "ALL", "--env", "APP_DB_HOST=127.0.0.1",
                    name)
    port = engine.run("port", container, "8080").split(":")[-1]
    client = harness.Client(int(port))

    def page():
        try:
            return client.get("/admin/suppliers" if name == "employee"
                              else "/suppliers")
        except OSError:
            return None

    answer = harness.wait_until(page, f"{name} answers")
    assert answer.status == 503
    assert "must set APP_DB_PASSWORD or" in " ".join(answer.text.split())
    assert "APP_DB_PASSWORD is missing" in engine.run("logs", container)
    state = harness.wait_until(
        lambda: {"healthy": True}.get(
            engine.inspect(container)["State"]["Health"]["Status"]),
        "it is healthy")
    assert state


def test_a_password_file_that_cannot_be_read(engine, run, folder):
    """One line that says which, and as whom."""
    secret = folder / "secret"
    secret.write_text("x")
    secret.chmod(0o400)
    container = run("--volume", f"{secret}:/run/secrets/db:ro", "--env",
                    "APP_DB_HOST=127.0.0.1", "--env",
                    "APP_DB_PASSWORD_FILE=/run/secrets/db", "customer")
    line = harness.wait_until(
        lambda: [line for line in
                 engine.try_run("logs", container).stderr.splitlines()
                 if "cannot read" in line], "it says so")[0]
    assert line.startswith("customer: environment APP_DB_PASSWORD_FILE: ")
    assert "/run/secrets/db: Permission denied; user 10001 must" in line


def test_stopping_ends_well(engine, run):
    """SIGTERM is heeded as process 1, before SIGKILL comes."""
    container = run("--env", "APP_DRAIN_DELAY_MS=0", "customer")
    harness.wait_until(lambda: '"listening"' in engine.run("logs", container),
                       "it is ready")
    engine.run("stop", "--time", "30", container)
    assert engine.inspect(container)["State"]["ExitCode"] == 0
    assert '"stopped"' in engine.run("logs", container)
