#!/usr/bin/python3
"""Measures the customer daemon beside nginx and an Express app.

Prints one table with medians, ratios and the bars of the speed contract, and
writes tests/artifacts/bench.csv (every run), bench-bars.csv and bench.svg.
Figures that miss their bar are no failure; what could not be run is.
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

    def with_10(self, stack):
        """A small table, to see what grows."""
        ours = contenders.start_ours(stack, self.folder, self.database)[0]
        self.warm(ours)
        self.load_each(10, [ours], (MANY,))

    def with_20(self, stack):
        """The table of the contract, against every contender."""
        here = stack, self.folder
        ours, our_tiny = contenders.start_ours(*here, self.database)
        self.add("idle_mb", measure.rss_mb(ours.pid))
        page = ours.check().body
        nginx, nginx_tiny = contenders.start_nginx(*here, page)
        express = contenders.start_express(*here, self.database)
        self.add("express_idle_mb", measure.rss_mb(express.pid))
        self.warm(ours, nginx, express)
        self.load_each(20, [ours, nginx, express])
        self.load_each(20, [our_tiny, nginx_tiny])
        ours = contenders.start_ours(*here, self.database, logs="on")[0]
        nginx = contenders.start_nginx(*here, page, logs="on")[0]
        self.warm(ours, nginx)
        self.load_each(20, [ours, nginx])

    def with_1000(self, stack):
        here = stack, self.folder
        ours = contenders.start_ours(*here, self.database)[0]
        nginx = contenders.start_nginx(*here, ours.check().body)[0]
        self.warm(ours, nginx)
        self.load_each(1000, [ours, nginx])
        # Its pages take so long that 64 at once would not be done in time.
        express = contenders.start_express(*here, self.database)
        self.load_each(1000, [express], (1,))

    def with_10000(self, stack):
        here = stack, self.folder
        ours = contenders.start_ours(*here, self.database)[0]
        self.add("connected_mb", measure.memory_with_connections(ours))
        fresh = measure.freshness(ours, self.database)
        for name, value in fresh.items():
            self.add(f"change_{name}", value)
        nginx = contenders.start_nginx(*here, ours.check().body)[0]
        self.warm(ours, nginx)
        self.load_each(10_000, [ours, nginx])
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
        for self.round in range(1, self.args.rounds + 1):
            self.scene(10, self.with_10)
            self.scene(20, self.with_20)
            self.scene(1000, self.with_1000)
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
                        help="of which the median is taken (3)")
    parser.add_argument("--quick", action="store_true",
                        help="one short round, to see that all of it works")
    args = parser.parse_args(argv)
    args.seconds = args.seconds or (1 if args.quick else 3)
    args.rounds = args.rounds or (1 if args.quick else 3)
    return args


def measure_all(args):
    folder = harness.make_folder()
    with contextlib.ExitStack() as stack:
        stack.callback(harness.remove_folder, folder)
        os.chmod(folder, 0o711)
        database = harness.Database(folder)
        stack.callback(database.stop)
        database.start()
        bench = Bench(folder, database, args)
        bench.run_all()
        return bench


def main(argv):
    args = parse(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    machine = report.machine()
    bench = measure_all(args)
    medians = bench.medians()
    figures = {name: middle(values)
               for name, values in bench.figures.items()}
    figures["change_worst_ms"] = max(bench.figures["change_worst_ms"])
    figures["change_pages"] = max(bench.figures["change_pages"])
    bars = report.bars(medians, figures)
    report.show(machine, args, medians, figures, bars)
    report.write(harness.ARTIFACTS, machine, bench.runs, medians, bars)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
    except (AssertionError, OSError, RuntimeError) as error:
        sys.exit(f"./cafe bench could not be run: {error}")
