#!/usr/bin/python3
"""Builds and runs the fuzz targets; ./cafe test fuzz does it for you.

    run.py                  replay the corpora, then try some new inputs
    run.py head log         some targets only
    run.py --minutes 60     try new inputs for an hour, all targets in turn
    run.py --coverage       which lines the corpora reach

New inputs of long runs that reach something new are kept in
build/fuzz/corpus and are the start of the next one.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests"))

import reach  # noqa: E402

HERE = ROOT / "tests" / "fuzz"
ARTIFACTS = ROOT / "tests" / "artifacts" / "fuzz"
INPUT_MAX_BYTES = 2048
UNIT_MAX_S = 100  # of wall time: a machine that sleeps is no fault


class Target(NamedTuple):
    runs: int  # of a short run: two or three seconds
    words: str = ""  # its dictionary


TARGETS = {
    "head": Target(80000, "http"),
    "chunked": Target(60000, "http"),
    "multipart": Target(100000, "multipart"),
    "import": Target(1500, "import"),
    "differential": Target(300000, "http"),
    "connection": Target(3000, "http"),
    "form": Target(60000, "form"),
    "search": Target(15000, "search"),
    "texts": Target(30000, "search"),
    "encoding": Target(50000, "encoding"),
    "trace": Target(150000, "trace"),
    "forwarded": Target(150000, "forwarded"),
    "sign_in": Target(80000, "sign_in"),
    "template": Target(50000, "template"),
    "markdown": Target(40000, "markdown"),
    "config": Target(40000, "config"),
    "aws_files": Target(2000, "aws_files"),
    "log": Target(5000),
    "api": Target(60000),
    "token": Target(20000, "token"),
    "supplier_body": Target(60000, "supplier_body"),
}


def binary(name, preset="fuzz"):
    return ROOT / "build" / preset / "bin" / f"fuzz_{name}"


def corpus(name):
    return sorted(path for path in (HERE / "corpus" / name).iterdir()
                  if path.is_file())


def build(preset="fuzz", *options):
    for argv in (["cmake", "--preset", preset, "-S", ROOT, *options],
                 ["cmake", "--build", ROOT / "build" / preset,
                  "--target", "fuzzers"]):
        done = subprocess.run(argv, cwd=ROOT, text=True, check=False,
                              capture_output=True)
        if done.returncode:
            raise RuntimeError(done.stdout[-4000:] + done.stderr[-4000:])


class Failure(Exception):
    """A target stopped; what it said."""


def execute(name, arguments, preset="fuzz", env=None):
    """Run a target. Returns what it printed, or raises Failure."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    settings = {"ASAN_OPTIONS": "detect_leaks=1:"
                                "detect_stack_use_after_return=1",
                "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1"}
    done = subprocess.run(
        [str(argument) for argument in
         (binary(name, preset), f"-timeout={UNIT_MAX_S}", "-rss_limit_mb=2048",
          f"-artifact_prefix={ARTIFACTS}/{name}-", *arguments)],
        env={**settings, **os.environ, **(env or {})}, text=True,
        capture_output=True, errors="replace", check=False)
    if done.returncode:
        raise Failure(f"{name}: {tell(done.stderr)}")
    return done.stderr


def tell(output):
    """What matters of a failed run: the fault, where, and the input."""
    lines = output.splitlines()
    wanted = re.compile(r"CHECK:|ERROR:|runtime error|^SUMMARY|written to|"
                        r"^Running:| in .*/(libcafe|deploy|tests)/|ALARM|^llhttp:")
    found = [line for line in lines
             if wanted.search(line) and not line.startswith("INFO:")]
    running = [line for line in found if line.startswith("Running:")][-1:]
    return "\n".join(running + [line for line in found
                                if not line.startswith("Running:")][:30])


def replay(name, preset="fuzz", env=None):
    """Every input of the corpus, whole. Returns how many."""
    inputs = corpus(name)
    execute(name, inputs, preset, env)
    return len(inputs)


def explore(name, seconds=None):
    """Try new inputs. Returns how many, and how many a second."""
    target = TARGETS[name]
    options = [f"-max_len={INPUT_MAX_BYTES}", "-print_final_stats=1"]
    if target.words:
        options.append(f"-dict={HERE / (target.words + '.dict')}")
    kept = ROOT / "build" / "fuzz" / "corpus" / name
    if seconds is None:
        kept = pathlib.Path(tempfile.mkdtemp(prefix="cafe-fuzz-"))
        runs = target.runs // (6 if os.environ.get("CAFE_DESK") else 1)
        options += [f"-runs={runs}", "-seed=1"]
    else:
        kept.mkdir(parents=True, exist_ok=True)
        options.append(f"-max_total_time={max(1, int(seconds))}")
    try:
        output = execute(name, [*options, kept, HERE / "corpus" / name])
    finally:
        if seconds is None:
            shutil.rmtree(kept)
    return (int(re.search(r"number_of_executed_units: (\d+)", output)[1]),
            int(re.search(r"average_exec_per_sec: +(\d+)", output)[1]))


def measure_coverage(names=tuple(TARGETS)):
    """Lines of libcafe that the corpora reach: {file: (reached, all)}."""
    build("coverage", "-DCAFE_FUZZ=ON")
    folder = ROOT / "build" / "coverage" / "profiles"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    names = [name for name in names if binary(name, "coverage").exists()]
    for name in names:
        try:
            replay(name, "coverage",
                   {"LLVM_PROFILE_FILE": str(folder / f"{name}.profraw")})
        except Failure as failure:
            print(f"left out: {failure}", file=sys.stderr)
    profiles = sorted(folder.glob("*.profraw"))
    objects = [binary(path.stem, "coverage") for path in profiles]
    return {path: found["lines"]
            for path, found in reach.counts(profiles, objects).items()}


def in_folder(lines, folder):
    """Reached and all lines of the files in a folder."""
    counts = [count for path, count in lines.items()
              if path.startswith(folder)]
    return sum(c[0] for c in counts), sum(c[1] for c in counts)


def show_coverage(lines, folder="libcafe/http/"):
    """The table of one folder, as text."""
    rows = [(path, *count) for path, count in sorted(lines.items())
            if path.startswith(folder) and path.endswith(".c")]
    rows.append((folder, *in_folder(lines, folder)))
    return "\n".join(f"{path:<32} {reached:>5} of {count:>5} lines "
                     f"{100 * reached / count:6.1f} %"
                     for path, reached, count in rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, add_help=True,
                                     formatter_class=argparse.
                                     RawDescriptionHelpFormatter)
    parser.add_argument("target", nargs="*", choices=[*TARGETS, []])
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--coverage", action="store_true")
    args = parser.parse_args()
    if args.coverage:
        print(show_coverage(measure_coverage()))
        return 0
    build()
    names = [name for name in args.target or TARGETS if binary(name).exists()]
    seconds = args.minutes * 60 / len(names) if args.minutes else None
    failed = 0
    for name in names:
        try:
            known = replay(name)
            runs, rate = explore(name, seconds)
            print(f"{name}: {known} known and {runs} new inputs, {rate}/s",
                  flush=True)
        except Failure as failure:
            failed += 1
            print(failure, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
