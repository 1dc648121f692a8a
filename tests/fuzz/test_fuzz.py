"""Each fuzz target: its corpus, and inputs that are new."""
import importlib.util
import pathlib

import pytest

import harness

HERE = pathlib.Path(__file__).parent
SPEC = importlib.util.spec_from_file_location("fuzz_run", HERE / "run.py")
run = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(run)

CORPUS_MAX_BYTES = 300 * 1024
HTTP_LINES_MIN = 0.9

each_target = pytest.mark.parametrize("name", run.TARGETS)


@pytest.fixture(scope="session")
def built():
    """One process builds, the others find it done."""
    with harness.locked(run.ROOT / "build" / "fuzz.lock"):
        run.build()


@pytest.fixture
def target(built, name):
    if name == "differential" and not run.binary(name).exists():
        pytest.skip("no llhttp to link with; Debian 12 has it in node-llhttp")
    return name


def attempt(function, *arguments):
    try:
        return function(*arguments)
    except run.Failure as failure:
        said = str(failure)
    return pytest.fail(said, pytrace=False)


@each_target
def test_corpus(target):
    assert attempt(run.replay, target) > 5


@each_target
def test_new_inputs(target, request, capsys):
    minutes = request.config.getoption("--minutes")
    seconds = minutes * 60 / len(run.TARGETS) if minutes else None
    runs, rate = attempt(run.explore, target, seconds)
    if minutes:
        with capsys.disabled():
            print(f"\n{target}: {runs} inputs, {rate} a second", flush=True)
    assert runs > 0


def test_targets_have_sources_and_seeds():
    sources = {path.stem[5:] for path in HERE.glob("fuzz_*.c")}
    assert sources == set(run.TARGETS)
    sizes = [path.stat().st_size for name in run.TARGETS
             for path in run.corpus(name)]
    assert sum(sizes) <= CORPUS_MAX_BYTES


def test_coverage(capsys):
    lines = run.measure_coverage()
    with capsys.disabled():
        print(f"\n{run.show_coverage(lines)}")
    reached, count = run.in_folder(lines, "libcafe/http/")
    assert reached >= HTTP_LINES_MIN * count
