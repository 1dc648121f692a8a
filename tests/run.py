#!/usr/bin/python3
"""./cafe test: runs suites one after the other and adds up what they say.

    ./cafe test                 every suite
    ./cafe test unit browser    some of them
    ./cafe test long            every suite, and what takes long in full
    ./cafe test integration -k adoption    what follows "-" is pytest's
    ./cafe test fuzz --minutes 60          new inputs for an hour
    ./cafe test fuzz --coverage            lines that the corpora reach
"""
import os
import pathlib
import subprocess
import sys
import time
import xml.etree.ElementTree as xml

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import harness  # noqa: E402

SUITES = ("lint", "unit", "fuzz", "integration", "conformance", "browser",
          "deploy")

# What the tests do for longer in a long run.
LONG = {"CAFE_LONG": "1", "CAFE_FRESH_SECONDS": "60", "CAFE_STOP_SECONDS": "30",
        "CAFE_CRASH_ROUNDS": "20", "CAFE_STOP_ROUNDS": "50",
        "CAFE_KILL_ROUNDS": "50"}
REPORTS = harness.ARTIFACTS / "reports"


def run_unit(report):
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
            env=env, check=False)
        database.stop()
    finally:
        harness.remove_folder(folder)


def run_pytest(suite, report, options):
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
         f"--junitxml={report}", "-rs", *options,
         harness.ROOT / "tests" / suite], check=False)


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
            print(f"{'FAILED' if failed else 'SKIPPED'} {case.get('name')}",
                  flush=True)
            if failed and report.stem == "unit":
                print(case.findtext("system-out"))
            if skipped and report.stem == "unit":
                print("  " + (case.findtext("system-out") or "").strip())
    return counts


def split(args):
    """Suites, and behind the first option what goes to pytest."""
    for place, arg in enumerate(args):
        if arg.startswith("-"):
            return args[:place], args[place:]
    return args, []


def main(args):
    suites, options = split(args)
    if "long" in suites:
        suites.remove("long")
        os.environ.update(LONG)
    unknown = set(suites) - set(SUITES)
    if unknown or "--help" in options:
        print(f"{__doc__}\nsuites: {' '.join(SUITES)}")
        return 2
    REPORTS.mkdir(parents=True, exist_ok=True)
    total = [0, 0, 0]
    for suite in suites or SUITES:
        report = REPORTS / f"{suite}.xml"
        report.unlink(missing_ok=True)
        began = time.monotonic()
        print(f"== {suite}", flush=True)
        if suite == "unit":
            run_unit(report)
        else:
            run_pytest(suite, report, options)
        counts = count(report)
        total = [a + b for a, b in zip(total, counts)]
        print(f"== {suite}: {counts[0]} passed, {counts[1]} failed, "
              f"{counts[2]} skipped in {time.monotonic() - began:.0f} s",
              flush=True)
    print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped")
    return 1 if total[1] or not total[0] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
