#!/usr/bin/python3
"""./cafe test: runs suites, some at a time, and adds up their results.

    ./cafe test                 lint unit fuzz integration conformance browser
    ./cafe test unit browser    some suites
    ./cafe test all             every suite: deploy and a short soak, too
    ./cafe test long            every suite, each long test in full, and threads
    ./cafe test integration -k adoption    options after "-" go to pytest
    ./cafe test integration -n 0           one test at a time
    ./cafe test fuzz --minutes 60          new inputs for an hour
    ./cafe test soak --minutes 60          load and faults for an hour
    ./cafe test fuzz --coverage            lines that the corpora reach
    ./cafe test browser --pictures docs/images   the documents' pictures
"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as xml

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import harness  # noqa: E402

# Each suite, and how many tests of it run at the same time: most of them wait
# for deadlines, processes and disks.
SUITES = {"lint": 1, "unit": 2, "fuzz": 2, "integration": 4, "conformance": 1,
          "browser": 2, "deploy": 3, "soak": 1, "threads": 4}
ALL = [suite for suite in SUITES if suite != "threads"]
USUAL = [suite for suite in ALL if suite not in ("deploy", "soak")]
# Suites with another build than dev, and what they need of it: sanitizers keep
# memory that was freed, and ThreadSanitizer stands alone. threads is integration
# once more.
PRESETS = {"soak": ("release", "customer", "employee"),
           "threads": ("tsan", "all")}
FOLDERS = {"threads": "integration"}
# Suites run beside each other, begun in this order: what takes longest comes
# first, so that no core is idle at the end: three at a time, or two where soak
# is one of them, whose figures a crowded machine would spoil. deploy comes
# after them: its deployments have time limits. Beside it run suites that can
# wait for each second of a processor, at the lowest priority.
LANES = 3
LANES_WITH_SOAK = 2
ORDER = ["integration", "browser", "soak", "conformance", "fuzz", "unit",
         "lint"]
PATIENT = ["unit", "lint"]
LOWEST = 19  # of nice(1)
HANGS_S = 1800  # a test fails after that: ten times what the longest takes
SLOWEST = 15  # tests that the report of a suite names

# What the tests do for longer in a long run.
LONG = {"CAFE_LONG": "1", "CAFE_FRESH_SECONDS": "60", "CAFE_STOP_SECONDS": "30",
        "CAFE_CRASH_ROUNDS": "20", "CAFE_STOP_ROUNDS": "50",
        "CAFE_KILL_ROUNDS": "50", "CAFE_FAULT_SECONDS": "20"}
SHORT = {"CAFE_SOAK_MINUTES": "1"}  # where a suite is one of all
# At a desk. CAFE_DESK leaves out tests that are marked as thorough.
DESK = {"CAFE_DESK": "1", "CAFE_FRESH_SECONDS": "2", "CAFE_STOP_SECONDS": "2",
        "CAFE_CRASH_ROUNDS": "2", "CAFE_STOP_ROUNDS": "2",
        "CAFE_KILL_ROUNDS": "2", "CAFE_FAULT_SECONDS": "3"}
REPORTS = harness.ARTIFACTS / "reports"


def run_unit(report, out):
    """The cmocka programs, with a MariaDB for those that need one."""
    folder = harness.make_folder()
    try:
        database = harness.Database(folder)
        database.start()
        database.make_empty()
        database.sql("CREATE USER tester IDENTIFIED BY 'tester-password';"
                     "GRANT ALL ON *.* TO tester WITH GRANT OPTION")
        env = dict(os.environ, CAFE_TEST_DB_SOCKET=database.socket,
                   CAFE_TEST_DB_USER="tester",
                   CAFE_TEST_DB_PASSWORD="tester-password",
                   CAFE_TEST_DB_NAME="COFFEE", **harness.sanitizer_options())
        subprocess.run(
            ["ctest", "--test-dir", harness.BIN.parent, "--output-on-failure",
             "--parallel", "2", "--output-junit", report, "--quiet"],
            env=env, check=False, stdout=out, stderr=out)
        database.stop()
    finally:
        harness.remove_folder(folder)


def run_pytest(suite, report, options, out):
    flags = []
    alone = {"--minutes", "--coverage", "--pictures"} & set(options)
    if SUITES[suite] > 1 and not alone:
        flags = ["-n", str(SUITES[suite]), "--dist", "loadgroup"]
    if not (alone or suite == "soak" or "CAFE_LONG" in os.environ):
        flags += ["--timeout", str(HANGS_S)]
    env = dict(os.environ)
    if suite in PRESETS:
        preset, *targets = PRESETS[suite]
        env["CAFE_PRESET"] = preset
        harness.build(preset, *targets, out=out)
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
         f"--junitxml={report}", "-rs", *flags, *options,
         harness.ROOT / "tests" / FOLDERS.get(suite, suite)], check=False,
        stdout=out, stderr=out, env=env)


def show_slowest(report):
    """Where the time of a suite goes: set-up of a test is part of it."""
    if not report.exists():
        return
    times = sorted(((float(case.get("time") or 0), name_of(case))
                    for case in xml.parse(report).getroot().iter("testcase")),
                   reverse=True)[:SLOWEST]
    print(f"The slowest of {report.stem}:", flush=True)
    for seconds, name in times:
        print(f"{seconds:8.1f} s  {name}", flush=True)


def name_of(case):
    """A test's name, without the group in which xdist has run it."""
    return re.sub(r"@\w+$", "", case.get("name") or "(no name)")


def count(report):
    """Passed, failed and skipped of a JUnit report; shows what is not fine."""
    if not report.exists():
        return [0, 1, 0]
    counts = [0, 0, 0]
    for case in xml.parse(report).getroot().iter("testcase"):
        failed = (case.find("failure") is not None or
                  case.find("error") is not None)
        skipped = (case.find("skipped") is not None or
                   case.get("status") in ("notrun", "disabled"))
        counts[1 if failed else 2 if skipped else 0] += 1
        if failed or skipped:
            print(f"{'FAILED' if failed else 'SKIPPED'} {name_of(case)}",
                  flush=True)
            if failed and report.stem == "unit":
                print(case.findtext("system-out"))
            if skipped and report.stem == "unit":
                print("  " + (case.findtext("system-out") or "").strip())
    return counts


def split(args):
    """Suites, and from the first option on what goes to pytest."""
    for place, arg in enumerate(args):
        if arg.startswith("-"):
            return args[:place], args[place:]
    return args, []


def choose(words):
    """The suites that these words name."""
    if "long" in words:
        os.environ.update(LONG)
    elif "all" in words:
        os.environ.update(SHORT)
    elif not words:
        os.environ.update(DESK)
    chosen = [word for word in words if word not in ("all", "long")]
    if chosen:
        return chosen
    if "long" in words:
        return list(SUITES)
    return ALL if words else USUAL


def show_not_run(suites):
    """What a green run has not shown, and how to see it."""
    left = [suite for suite in SUITES if suite not in suites]
    if left:
        print(f"Not run: {' '.join(left)}. ./cafe test all runs every suite "
              "but threads, ./cafe test long runs every suite.")
    if os.environ.get("CAFE_DESK"):
        print("Some tests did less, and those marked as thorough did not run: "
              "those that build the project again, clang-tidy, Firefox, "
              "walks by keyboard or without scripts, paper, more kinds of a "
              "fault. ./cafe test all runs them.")
    if not os.environ.get("CAFE_LONG"):
        print("Long tests ran in short form. ./cafe test long runs them in "
              "full.")


def run_suite(suite, options, out):
    """Seconds that it took; what it prints goes to the file, None: ours."""
    report = REPORTS / f"{suite}.xml"
    report.unlink(missing_ok=True)
    began = time.monotonic()
    if suite == "unit":
        run_unit(report, out)
    else:
        run_pytest(suite, report, options, out)
    return time.monotonic() - began


def run_logged(suite, options):
    print(f"== {suite} begins\n", end="", flush=True)
    with open(REPORTS / f"{suite}.log", "w", encoding="utf-8") as log:
        return run_suite(suite, options, log)


def show_suite(suite, seconds):
    """Counts of passed, failed and skipped tests."""
    report = REPORTS / f"{suite}.xml"
    counts = count(report)
    show_slowest(report)
    print(f"== {suite}: {counts[0]} passed, {counts[1]} failed, "
          f"{counts[2]} skipped in {seconds:.0f} s", flush=True)
    return counts


def show_logged(suite, seconds):
    """What a suite has printed, as a whole, and its counts."""
    print(f"== {suite}", flush=True)
    print((REPORTS / f"{suite}.log").read_text(errors="replace"), flush=True)
    return show_suite(suite, seconds)


def run_beside(suites, options):
    """Several suites at a time."""
    lanes = LANES_WITH_SOAK if "soak" in suites else LANES
    with concurrent.futures.ThreadPoolExecutor(lanes) as pool:
        begun = {pool.submit(run_logged, suite, options): suite
                 for suite in suites}
        for done in concurrent.futures.as_completed(begun):
            yield show_logged(begun[done], done.result())


def run_patiently(suites, options):
    """One suite after the other, in a process of the lowest priority."""
    os.nice(LOWEST)
    return [(suite, run_logged(suite, options)) for suite in suites]


def run_deploy(options, patient):
    """deploy, and other suites in what it leaves of the processors."""
    with concurrent.futures.ProcessPoolExecutor(1) as pool:
        others = pool.submit(run_patiently, patient, options)
        print("== deploy", flush=True)
        yield show_suite("deploy", run_suite("deploy", options, None))
        for suite, seconds in others.result():
            yield show_logged(suite, seconds)


def run_suites(suites, options):
    """The counts of each suite."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    beside = [suite for suite in ORDER if suite in suites]
    alone = [suite for suite in suites if suite not in ORDER]
    patient = [suite for suite in beside if suite in PATIENT]
    if "deploy" in alone and patient:
        alone.remove("deploy")
        yield from run_beside(
            [suite for suite in beside if suite not in patient], options)
        yield from run_deploy(options, patient)
    elif len(beside) > 1:
        yield from run_beside(beside, options)
    else:
        alone = beside + alone
    for suite in alone:
        print(f"== {suite}", flush=True)
        yield show_suite(suite, run_suite(suite, options, None))


def main(args):
    words, options = split(args)
    suites = choose(words)
    if set(suites) - set(SUITES) or {"-h", "--help"} & set(options):
        print(f"{__doc__}\nsuites: {' '.join(SUITES)}")
        return 2
    if "--show-suites" in options:  # asked by the launcher
        print(*suites)
        return 0
    total = [sum(counts) for counts in zip(*run_suites(suites, options))]
    show_not_run(suites)
    print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped")
    return 1 if total[1] or not total[0] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
