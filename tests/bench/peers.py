#!/usr/bin/python3
"""Measures the directory beside what people would write in its place.

    tests/bench/peers.py [--quick] [--rounds N] [--seconds N] [list search save]

Express, Fastify, Go, Django and PHP show the same list from the same MariaDB;
see entrants.py. They take turns. Printed are medians of all rounds, and the
ratios that the directory should keep, each the median of the ratios of every
round; missing one is no failure, showing other rows is.

list    20 suppliers, 64 connections
search  10,000 suppliers, 8 connections, hardly any search twice
save    1,000 suppliers, 8 connections, each of which changes a supplier of its
        own by the form; the database is on the disk and waits for it

The peers' list lacks the choice of states and cities, for which they would ask
the database twice more. Their saves neither find out that somebody else has
changed the supplier nor that the form has been saved before.
"""
import argparse
import contextlib
import os
import pathlib
import signal
import statistics
import subprocess
import sys

os.environ["CAFE_PRESET"] = "release"
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import contenders  # noqa: E402
import entrants  # noqa: E402
import harness  # noqa: E402
import measure  # noqa: E402

LISTED, SEARCHED, SAVED = 20, 10_000, 1000
CONNECTIONS, FEW = 64, 8
LEAST_OF_FRESH, LEAST_OF_CACHING = 10, 1.0
MEASURED = (("requests_per_s", "a second", 0), ("app_cpu_us", "app µs", 1),
            ("db_cpu_us", "db µs", 1), ("cpu_us", "both µs", 1),
            ("p50_ms", "p50 ms", 2), ("p99_ms", "p99 ms", 2),
            ("memory_mb", "MB", 1))

SEARCH = """
local number = {first}
function request()
    number = number % 9999 + 1
    return wrk.format("GET", "/suppliers?q=cafetales+" .. number)
end
"""

# Each thread has one connection, and one supplier. What belongs to the form
# is sent as a browser would: the key of a page, and the revision that the last
# answer has named. Django compares a token with its cookie.
SAVE = """
local threads = 0
local letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
function setup(thread)
    threads = threads + 1
    thread:set("id", threads)
end
local function random(count)
    local text = {{}}
    for i = 1, count do
        local at = math.random(#letters)
        text[i] = letters:sub(at, at)
    end
    return table.concat(text)
end
function init()
    math.randomseed({seed} + id)
    count, revision, token = 0, "", random(64)
    wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
    wrk.headers["Origin"] = "http://127.0.0.1:{port}"
    wrk.headers["Cookie"] = "csrftoken=" .. token
end
function request()
    count = count + 1
    return wrk.format("POST", "/admin/supplier-update", nil,
        "id=" .. id .. "&name=Finca+Supplier+" .. id ..
        "&address=1+Calle+de+los+Cafetales&city=City+" .. {seed} .. count ..
        "&state=Quindio&country=Colombia&email=orders." .. id ..
        "%40finca-nandu.example&phone=%2B57+606+555+000" .. id ..
        "&notes=Delivers+on+Monday&anyway=1&form_key=" .. random(22) ..
        "&revision=" .. revision .. "&csrfmiddlewaretoken=" .. token)
end
function response(status, headers)
    if status ~= 303 then wrk.thread:stop() end
    revision = (headers["Location"] or ""):match("saved=(%d+)") or ""
end
"""


def scripted(entrant, folder, script, seconds, threads, connections):
    path = pathlib.Path(folder) / "load.lua"
    path.write_text(script)
    done = subprocess.run(
        ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s",
         "--latency", "--timeout", "30s", "-s", path,
         f"http://127.0.0.1:{entrant.contender.port}"],
        capture_output=True, text=True, check=True)
    return measure.parse_wrk(done.stdout)


class Comparison:
    """The runs of a scene: those of one round are as many as entrants."""

    def __init__(self, folder, database, args):
        self.folder = folder
        self.database = database
        self.args = args
        self.rounds = []

    def take_turns(self, entered, load):
        for number in range(self.args.rounds):
            print(f"  round {number + 1}", file=sys.stderr, flush=True)
            self.rounds.append({
                one.name: entrants.run(one, self.database,
                                       lambda one=one: load(one, number))
                for one in entered})

    def show(self, title):
        print(f"\n{title}\n{'':16}" +
              "".join(f"{label:>10}" for _, label, _ in MEASURED))
        for name in self.rounds[0]:
            print(f"{name:16}" + "".join(
                f"{self.median(name, what):10.{digits}f}"
                for what, _, digits in MEASURED), flush=True)

    def median(self, name, what):
        return statistics.median(one[name][what] for one in self.rounds)

    def ratio(self, what, best, others):
        """The best of the others to ours, in each round."""
        return statistics.median(
            best(one[name][what] for name in others) / one["cafe"][what]
            for one in self.rounds)

    def compare_cpu(self, others, bar=None):
        self.say("CPU of the best that is fresh / of the directory",
                 self.ratio("cpu_us", min, others), bar)

    def compare_caching(self, others):
        self.say("CPU of the best that caches / of the directory",
                 self.ratio("cpu_us", min, others), LEAST_OF_CACHING)
        self.say("requests a second of the directory / of the best that caches",
                 1 / self.ratio("requests_per_s", max, others),
                 LEAST_OF_CACHING)

    @staticmethod
    def say(text, value, bar):
        verdict = "" if bar is None else (
            f", at least {bar}: {'met' if value >= bar else 'MISSED'}")
        print(f"{text}: {value:.2f}{verdict}")


def compare_lists(stack, scene):
    here = stack, scene.folder, scene.database
    contenders.load_suppliers(scene.database, LISTED)
    ours = entrants.start_customer(*here)
    peers = [start(*here) for start in entrants.PEERS]
    entrants.compare(ours, peers)
    for one in (ours, *peers):  # just-in-time compilers, caches of statements
        measure.wrk(one.contender, CONNECTIONS, scene.args.seconds)
    scene.take_turns((ours, *peers), lambda one, _: measure.wrk(
        one.contender, CONNECTIONS, scene.args.seconds))
    scene.show(f"List of {LISTED} suppliers, {CONNECTIONS} connections")
    scene.compare_cpu([one.name for one in peers if one.fresh], LEAST_OF_FRESH)
    scene.compare_caching([one.name for one in peers if not one.fresh])


def compare_searches(stack, scene):
    here = stack, scene.folder, scene.database
    contenders.load_suppliers(scene.database, SEARCHED)
    ours = entrants.start_customer(*here)
    peers = [start(*here) for start in entrants.EDITORS]
    query = "/suppliers?q=cafetales+1234"
    entrants.compare_rows(ours.at(query), [one.at(query) for one in peers])
    scene.take_turns((ours, *peers), lambda one, number: scripted(
        one, scene.folder, SEARCH.format(first=number * 1777),
        scene.args.seconds, 1, FEW))
    scene.show(f"Searches among {SEARCHED} suppliers, {FEW} connections")
    scene.compare_cpu([one.name for one in peers])


def compare_saves(stack, scene):
    here = stack, scene.folder, scene.database
    contenders.load_suppliers(scene.database, SAVED)
    entered = [entrants.start_employee(*here),
               *(start(*here) for start in entrants.EDITORS)]
    scene.take_turns(entered, lambda one, number: scripted(
        one, scene.folder, SAVE.format(seed=number + 1,
                                       port=one.contender.port),
        scene.args.seconds, FEW, FEW))
    scene.show(f"Saves by {FEW} at once, on the disk before they are answered")
    scene.compare_cpu([one.name for one in entered[1:]])


SCENES = {"list": compare_lists, "search": compare_searches,
          "save": compare_saves}


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("scenes", nargs="*", metavar="SCENE",
                        help=" ".join(SCENES))
    parser.add_argument("--rounds", type=int, help="5")
    parser.add_argument("--seconds", type=int, help="of each run (5)")
    parser.add_argument("--quick", action="store_true",
                        help="one short round, to see that all of it works")
    args = parser.parse_args(argv)
    args.rounds = args.rounds or (1 if args.quick else 5)
    args.seconds = args.seconds or (1 if args.quick else 5)
    if unknown := set(args.scenes) - set(SCENES):
        parser.error(f"no such scene: {', '.join(sorted(unknown))}")
    return args


def run_scene(name, args):
    folder = harness.make_folder(large=name == "save")
    with contextlib.ExitStack() as stack:
        stack.callback(harness.remove_folder, folder)
        os.chmod(folder, 0o711)
        database = harness.Database(folder)
        stack.callback(database.stop)
        database.start()
        SCENES[name](stack, Comparison(folder, database, args))


def main(argv):
    args = parse(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    for name in args.scenes or SCENES:
        run_scene(name, args)


if __name__ == "__main__":
    main(sys.argv[1:])
