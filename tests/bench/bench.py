#!/usr/bin/python3
"""Measures the customer daemon beside the kernel's floor, nginx and Express.

Prints the bars of the speed contract and one table with medians and ratios,
and writes tests/artifacts/bench.csv (every run), bench-bars.csv and bench.svg.
With --compare it measures two builds instead. Figures that miss their bar are
no failure; what could not be run is.
"""
import argparse
import contextlib
import os
import pathlib
import signal
import statistics
import sys

os.environ["CAFE_PRESET"] = "release"
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import compare  # noqa: E402
import contenders  # noqa: E402
import harness  # noqa: E402
import measure  # noqa: E402
import report  # noqa: E402

MANY = 64
START_ROUNDS = 5


class Bench:
    """The runs so far, and how long each of them takes."""

    def __init__(self, folder, database, args):
        self.folder = folder
        self.database = database
        self.args = args
        self.round = 0
        self.nginx = None
        self.runs = []
        self.figures = {}

    def note(self, text):
        print(f"  round {self.round}: {text}", file=sys.stderr, flush=True)

    def add(self, name, value):
        """One sample of a figure beside the runs."""
        self.figures.setdefault(name, []).append(value)

    def load(self, suppliers, contender, connections):
        result = measure.run(contender, self.database, connections,
                             self.args.seconds)
        self.runs.append({
            "round": self.round, "page": contender.page,
            "suppliers": suppliers, "logs": contender.logs,
            "connections": connections, "contender": contender.name,
            **result})

    def load_each(self, suppliers, entrants, connections=(MANY, 1)):
        """One contender after the other, so that all share the weather."""
        for count in connections:
            for contender in entrants:
                self.load(suppliers, contender, count)

    def warm(self, *entrants):
        for contender in entrants:
            if contender.name == "express" or not self.args.quick:
                measure.wrk(contender, MANY, 1)

    def find_nginx(self, stack):
        """The settings with which nginx takes the least CPU for our page."""
        ours = contenders.start_ours(stack, self.folder, self.database)[0]
        entrants = {
            settings: contenders.start_nginx(stack, self.folder, ours,
                                             settings)[0]
            for settings in contenders.NGINX_SETTINGS}
        costs = {settings: [] for settings in entrants}
        for _ in range(1 if self.args.quick else 3):
            for settings, nginx in entrants.items():
                found = measure.run(nginx, self.database, MANY, 1)
                costs[settings].append(found["app_cpu_us"])
        self.nginx = min(costs, key=lambda each: middle(costs[each]))
        self.note(f"nginx's fastest settings: {self.nginx}")

    def start_nginx(self, stack, contender, logs="off"):
        return contenders.start_nginx(stack, self.folder, contender,
                                      self.nginx, logs)

    def with_20(self, stack):
        """The table of the contract, against every contender."""
        here = stack, self.folder
        ours, tiny, brotli = contenders.start_ours(*here, self.database)
        self.add("idle_mb", measure.rss_mb(ours.pid))
        floors = [contenders.start_floor(*here, page)
                  for page in (ours, tiny, brotli)]
        nginx, nginx_tiny = self.start_nginx(stack, ours)
        nginx_brotli = self.start_nginx(stack, brotli)[0]
        express = contenders.start_express(*here, self.database)
        self.add("express_idle_mb", measure.rss_mb(express.pid))
        self.warm(ours, nginx, express)
        self.load_each(20, [ours, floors[0], nginx, express])
        self.load_each(20, [tiny, floors[1], nginx_tiny], (MANY,))
        self.load_each(20, [brotli, floors[2], nginx_brotli], (MANY,))
        ours = contenders.start_ours(*here, self.database, logs="on")[0]
        nginx = self.start_nginx(stack, ours, logs="on")[0]
        self.warm(ours, nginx)
        self.load_each(20, [ours, nginx], (MANY,))

    def with_50(self, stack):
        """A whole page of a list, to see what grows with the table."""
        ours = contenders.start_ours(stack, self.folder, self.database)[0]
        self.page_bytes = len(ours.get().body)
        self.warm(ours)
        self.load_each(50, [ours], (MANY,))

    def with_10000(self, stack):
        ours = contenders.start_ours(stack, self.folder, self.database)[0]
        self.add("connected_mb", measure.memory_with_connections(ours))
        fresh = measure.freshness(ours, self.database)
        for name, value in fresh.items():
            self.add(f"change_{name}", value)
        same = ours.as_long_as(self.page_bytes)
        self.note(f"{same.path} of 10,000 is as long as /suppliers of 50")
        self.warm(ours, same)
        self.load_each(10_000, [ours, same], (MANY,))
        self.add("loaded_mb", measure.rss_mb(ours.pid))

    def starts(self):
        for _ in range(2 if self.args.quick else START_ROUNDS):
            ready, page = measure.start_times_ms(self.folder, self.database)
            self.add("ready_ms", ready)
            self.add("first_page_ms", page)

    def scene(self, suppliers, steps):
        """A table of so many suppliers; what a scene starts ends with it."""
        self.note(f"{suppliers} suppliers")
        contenders.load_suppliers(self.database, suppliers)
        measure.settle(self.database.process.pid)
        with contextlib.ExitStack() as stack:
            steps(stack)

    def run_all(self):
        self.scene(20, self.find_nginx)
        for self.round in range(1, self.args.rounds + 1):
            self.scene(20, self.with_20)
            self.scene(50, self.with_50)
            self.scene(10_000, self.with_10000)
            self.starts()

    def medians(self):
        """The median of all rounds for each kind of run, in order."""
        kinds = {}
        for run in self.runs:
            kinds.setdefault(report.kind(run), []).append(run)
        return {key: {name: middle([run[name] for run in runs])
                      for name in report.MEASURED}
                for key, runs in kinds.items()}


def middle(values):
    values = [value for value in values if value is not None]
    return statistics.median(values) if values else None


def positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def parse(argv):
    parser = argparse.ArgumentParser(prog="./cafe bench",
                                     description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seconds", type=positive, metavar="N",
                        help="of each run of wrk (3)")
    parser.add_argument("--rounds", type=positive, metavar="N",
                        help="of which the median is taken (5)")
    parser.add_argument("--quick", action="store_true",
                        help="one short round, to see that all of it works")
    parser.add_argument("--compare", metavar="REV",
                        help="measure this build beside that of a commit")
    parser.add_argument("--document", action="store_true",
                        help="put the table into docs/speed.md")
    args = parser.parse_args(argv)
    args.seconds = args.seconds or (1 if args.quick else 3)
    args.rounds = args.rounds or (1 if args.quick else 5)
    return args


@contextlib.contextmanager
def ground():
    """A folder and a database, until all has been measured."""
    folder = harness.make_folder()
    with contextlib.ExitStack() as stack:
        stack.callback(harness.remove_folder, folder)
        os.chmod(folder, 0o711)
        database = harness.Database(folder)
        stack.callback(database.stop)
        database.start()
        yield folder, database


def measure_all(args):
    with ground() as (folder, database):
        bench = Bench(folder, database, args)
        bench.run_all()
        return bench


def compare_builds(args):
    program = compare.build(args.compare)
    with ground() as (folder, database):
        contenders.load_suppliers(database, 20)
        print(compare.measure_both(folder, database, program, args))


def main(argv):
    args = parse(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if args.compare:
        compare_builds(args)
        return 0
    machine = report.machine()
    bench = measure_all(args)
    medians = bench.medians()
    figures = {name: middle(values)
               for name, values in bench.figures.items()}
    figures["change_worst_ms"] = max(bench.figures["change_worst_ms"])
    figures["change_pages"] = max(bench.figures["change_pages"])
    machine["nginx's settings"] = bench.nginx
    bars = report.bars(medians, figures)
    text = report.text(machine, args, medians, figures, bars)
    print(text)
    if args.document:
        report.document(text)
    report.write(harness.ARTIFACTS, machine, bench.runs, medians, bars)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
    except (AssertionError, OSError, RuntimeError) as error:
        sys.exit(f"./cafe bench could not be run: {error}")
