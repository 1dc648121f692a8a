#!/usr/bin/python3
"""Which lines and branches of libcafe the suites reach.

    tests/reach.py                     unit, integration and conformance
    tests/reach.py unit                some suites
    tests/reach.py unit -- -k cursor   options for pytest

Needs the packages of these suites, clang and llvm. A program that is killed
leaves no counts. The files with the most branches that were never taken come
first.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "coverage"
USUAL = ["unit", "integration", "conformance"]


def tool(name):
    """The path of one of LLVM's programs."""
    found = shutil.which(name) or shutil.which(f"{name}-14")
    if not found:
        raise RuntimeError(f"{name} is missing; it is in Debian's llvm")
    return found


def counts(profiles, objects):
    """
    What the profiles of these programs count, for each file of libcafe:
    {"libcafe/http/form.c": {"lines": (reached, all), "branches": …}}.
    """
    merged = profiles[0].parent / "all.profdata"
    subprocess.run([tool("llvm-profdata"), "merge", "-sparse", *profiles,
                    "-o", merged], check=True)
    done = subprocess.run(
        [tool("llvm-cov"), "export", "-summary-only",
         f"-instr-profile={merged}", objects[0],
         *(f"-object={path}" for path in objects[1:])],
        check=True, text=True, capture_output=True)
    found = {}
    for entry in json.loads(done.stdout)["data"][0]["files"]:
        path = pathlib.Path(entry["filename"])
        if path.is_relative_to(ROOT / "libcafe"):
            found[str(path.relative_to(ROOT))] = {
                kind: (entry["summary"][kind]["covered"],
                       entry["summary"][kind]["count"])
                for kind in ("lines", "branches")}
    return found


def measure(suites, options):
    """Build, run the suites and count."""
    for command in (["cmake", "--preset", "coverage", "-DCAFE_FUZZ=OFF"],
                    ["cmake", "--build", "--preset", "coverage"]):
        subprocess.run(command, cwd=ROOT, check=True,
                       stdout=subprocess.DEVNULL)
    folder = BUILD / "profiles"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    subprocess.run(
        [sys.executable, ROOT / "tests" / "run.py", *suites, *options],
        check=False, cwd=ROOT,
        env=dict(os.environ, CAFE_PRESET="coverage",
                 LLVM_PROFILE_FILE=f"{folder}/%m.profraw"))
    objects = [path for path in sorted((BUILD / "bin").iterdir())
               if path.name.startswith("test_") or
               path.name in ("customer", "employee")]
    return counts(sorted(folder.glob("*.profraw")), objects)


def percent(reached, there):
    return 100 * reached / there if there else 100


def table(found):
    """The files with the most branches left, then all of libcafe."""
    def row(name, count):
        return (f"{name:<36}" + "".join(
            f"{reached:>6} of {there:>5} {kind} {percent(reached, there):5.1f} %"
            for kind, (reached, there) in count.items()))

    def left(item):
        reached, there = item[1]["branches"]
        return there - reached

    whole = {kind: tuple(map(sum, zip(*(count[kind]
                                        for count in found.values()))))
             for kind in ("lines", "branches")}
    return "\n".join([*(row(*item) for item in
                        sorted(found.items(), key=left, reverse=True)),
                      row("libcafe", whole)])


def main(args):
    if "--help" in args:
        print(__doc__)
        return 0
    at = args.index("--") if "--" in args else len(args)
    print(table(measure(args[:at] or USUAL, args[at + 1:])))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
