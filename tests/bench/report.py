"""What is shown of a bench: the table, the bars, two CSV files and a plot."""
import csv
import datetime
import os
import pathlib
import platform
import re
import subprocess
from xml.sax.saxutils import escape

import harness

KEY = ("page", "suppliers", "logs", "connections", "contender")
MEASURED = ("requests", "requests_per_s", "p50_ms", "p99_ms", "app_cpu_us",
            "db_cpu_us", "rss_mb", "errors")
HEAD = ("page", "suppliers", "logs", "conn", "contender", "req/s", "p50 ms",
        "p99 ms", "CPU us", "DB us", "sum us", "of nginx", "RSS MB",
        "errors")
TEXT_COLUMNS = (0, 2, 4)


def kind(run):
    return tuple(run[name] for name in KEY)


def first_line(*argv):
    """The first line a program says of its version, on either stream."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True,
                              check=False)
    except OSError:
        return f"{argv[0]}: not found"
    return (done.stdout + done.stderr).strip().split("\n")[0]


def machine():
    """The machine and the versions, by name."""
    model = re.search(r"^model name\s*: (.*)$",
                      pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    database = first_line("/usr/sbin/mariadbd", "--version")
    return {
        "CPU": model[1] if model else platform.machine(),
        "cores": str(len(os.sched_getaffinity(0))),
        "kernel": f"{platform.system()} {platform.release()}",
        "cafe": first_line(harness.BIN / "customer", "--version"),
        "nginx": first_line("/usr/sbin/nginx", "-v").split("/")[-1],
        "node": first_line("node", "--version"),
        "MariaDB": database.partition(" Ver ")[2].split(" for ")[0],
        "wrk": first_line("wrk", "-v").removeprefix("wrk ").split(" [")[0],
    }


def cost(medians, key, with_database=True):
    """CPU of the program a request, perhaps with MariaDB's, in microseconds."""
    run = medians[key]
    if run["app_cpu_us"] is None:
        return None
    return run["app_cpu_us"] + (run["db_cpu_us"] if with_database else 0)


def ratio(one, other):
    return one / other if one is not None and other else None


class Bar:
    """A figure, what it should be, and whether it is."""

    def __init__(self, what, value, limit, unit="", least=False, errors=0):
        self.what = what
        self.value = value
        self.limit = limit
        self.unit = f" {unit}" if unit else ""
        self.sign = "≥" if least else "≤"
        met = value is not None and (
            value >= limit if least else value <= limit)
        self.verdict = "holds" if met and not errors else "fails"
        if errors:
            self.verdict += f" ({errors:.0f} errors)"

    def figure(self):
        if self.value is None:
            return "none"
        return f"{number(self.value)}{self.unit}"

    def bar(self):
        return f"{self.sign} {self.limit:g}{self.unit}"


def run_of(contender, page="/suppliers", suppliers=20, logs="off",
           connections=64):
    return page, suppliers, logs, connections, contender


def compared(page="/suppliers", **where):
    """Our run, the floor's and nginx's of a page."""
    return [run_of(name, page, **where) for name in ("cafe", "floor", "nginx")]


def cpu_bars(medians):
    """What a request costs beside what others take for it."""
    found = []

    def add(what, ours, other, limit, database=False, **more):
        # A floor and nginx ask no database; that MariaDB idles is no cost.
        theirs = cost(medians, other, other[-1] not in ("floor", "nginx") and
                      database)
        found.append(Bar(what, ratio(cost(medians, ours, database), theirs),
                         limit, errors=medians[ours]["errors"] +
                         medians[other]["errors"], **more))

    for page in ("/suppliers", "/suppliers, brotli"):
        ours, floor, nginx = compared(page)
        for other, limit, limit_in_all in ((floor, 1.25, 1.45),
                                           (nginx, 0.95, 1.05)):
            add(f"{page}: daemon, of {other[-1]}", ours, other, limit)
            add(f"{page}: daemon and MariaDB, of {other[-1]}", ours, other,
                limit_in_all, True)
    ours, floor, nginx = compared("tiny")
    add("tiny page: daemon, of floor", ours, floor, 1.15)
    add("tiny page: daemon, of nginx", ours, nginx, 1.0)
    ours, _, nginx = compared(logs="on")
    add("/suppliers, logs on: daemon, of nginx", ours, nginx, 1.0)
    ours, _, nginx = compared(connections=1)
    add("/suppliers, one connection: daemon and MariaDB, of nginx", ours,
        nginx, 2.2, True)
    few = run_of("cafe", suppliers=50)
    many = run_of("cafe", "/suppliers, same size", suppliers=10_000)
    growth = "from 50 to 10,000 suppliers, a page as long: daemon"
    add(growth, many, few, 1.05)
    add(f"{growth} and MariaDB", many, few, 1.05, True)
    return found


def bars(medians, figures):
    """The speed contract, line by line."""
    ours, _, nginx = compared(connections=1)
    express = run_of("express")
    return cpu_bars(medians) + [
        Bar("/suppliers, one connection: p50, of nginx",
            ratio(medians[ours]["p50_ms"], medians[nginx]["p50_ms"]), 1.4,
            errors=medians[ours]["errors"] + medians[nginx]["errors"]),
        Bar("/suppliers: Express and MariaDB, of ours",
            ratio(cost(medians, express), cost(medians, run_of("cafe"))), 25,
            "times", True, medians[express]["errors"])
    ] + single_bars(figures)


def single_bars(figures):
    """The bars that are no ratio of two runs."""
    return [Bar(what, figures[name], limit, unit)
            for what, name, limit, unit in (
        ("a change among 10,000 until its page, median",
         "change_median_ms", 5, "ms"),
        ("a change among 10,000 until its page, worst",
         "change_worst_ms", 5, "ms"),
        ("pages asked for until it shows, worst", "change_pages", 1, ""),
        ("rows that MariaDB reads for a change (no reload)",
         "change_rows", 100, ""),
        ("resident memory, idle with 20 suppliers", "idle_mb", 12, "MB"),
        ("resident memory, 10,000 suppliers, 1,000 connections",
         "connected_mb", 64, "MB"),
        ("start to ready with 10,000 suppliers", "ready_ms", 50, "ms"),
        ("start to the first page with 10,000 suppliers", "first_page_ms",
         200, "ms"))]


def number(value):
    if value is None:
        return "-"
    if isinstance(value, int):
        return f"{value:,}"
    if value and abs(value) < 10:
        return f"{value:.2f}"
    return f"{value:,.1f}" if abs(value) < 1000 else f"{value:,.0f}"


def columns(rows, text=TEXT_COLUMNS):
    """Rows of texts as lines with columns of one width."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  ".join(cell.ljust(width) if i in text else cell.rjust(width)
                      for i, (cell, width) in enumerate(zip(row, widths)))
            .rstrip() for row in rows]


def run_rows(medians):
    rows = [HEAD]
    for key, run in medians.items():
        page, suppliers, logs, connections, name = key
        nginx = medians.get(key[:-1] + ("nginx",))
        of_nginx = ratio(cost(medians, key, name not in ("floor", "nginx")),
                         nginx and nginx["app_cpu_us"])
        rows.append((
            page, f"{suppliers:,}", logs, str(connections), name,
            f"{run['requests_per_s']:,.0f}", number(run["p50_ms"]),
            number(run["p99_ms"]), number(run["app_cpu_us"]),
            number(run["db_cpu_us"]), number(cost(medians, key)),
            "" if name == "nginx" else number(of_nginx),
            number(run["rss_mb"]), f"{run['errors']:.0f}"))
    return rows


def bar_rows(found):
    rows = [("", "figure", "bar", "")]
    rows += [(bar.what, bar.figure(), bar.bar(), bar.verdict)
             for bar in found]
    return rows + [("the size of the image", "not measured here", "≤ 15 MB",
                    "")]


def text(about, args, medians, figures, found):
    """All of it, the bars first."""
    return "\n".join((
        "; ".join(f"{name} {value}" for name, value in about.items()),
        f"medians of {args.rounds} round(s), {args.seconds} s a run; "
        "CPU time a request; sum: program and MariaDB", "",
        *columns(bar_rows(found), (0, 3)), "", *columns(run_rows(medians)), "",
        "resident MB beside: after the load with 10,000 suppliers "
        f"{number(figures['loaded_mb'])}, Express idle "
        f"{number(figures['express_idle_mb'])}"))


def document(table):
    """The table in docs/speed.md becomes this one."""
    path = harness.ROOT / "docs/speed.md"
    before, _, rest = path.read_text(encoding="utf-8").partition("```text\n")
    after = rest.partition("```\n")[2]
    today = datetime.date.today()
    path.write_text(f"{before}```text\n{today}: ./cafe bench --document\n"
                    f"{table}\n```\n{after}", encoding="utf-8")


def write_csv(path, head, rows):
    with open(path, "w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(head)
        writer.writerows(rows)


def plot(about, medians):
    """Horizontal bars of CPU per request at 64 connections, as SVG."""
    bars_drawn = [
        (f"{page}, {suppliers:,} suppliers: {name}", run["app_cpu_us"],
         run["db_cpu_us"])
        for (page, suppliers, logs, connections, name), run
        in medians.items()
        if connections == 64 and logs == "off" and run["requests"]]
    longest = max(app + db for _, app, db in bars_drawn)
    height = 24 * len(bars_drawn) + 90
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="900" '
           f'height="{height}" font-family="sans-serif" font-size="13">',
           '<rect width="100%" height="100%" fill="#fff"/>',
           '<text x="12" y="24" font-size="16">CPU per request in '
           "microseconds, 64 connections, logs off</text>",
           '<rect x="12" y="36" width="12" height="12" fill="#6b4226"/>'
           '<text x="30" y="47">program</text>'
           '<rect x="100" y="36" width="12" height="12" fill="#d9a441"/>'
           '<text x="118" y="47">MariaDB</text>']
    for place, (label, app, db) in enumerate(bars_drawn):
        top = 62 + 24 * place
        wide, more = (480 * part / longest for part in (app, db))
        out.append(
            f'<text x="250" y="{top + 13}" text-anchor="end">'
            f"{escape(label)}</text>"
            f'<rect x="258" y="{top}" width="{wide:.1f}" height="18" '
            'fill="#6b4226"/>'
            f'<rect x="{258 + wide:.1f}" y="{top}" width="{more:.1f}" '
            'height="18" fill="#d9a441"/>'
            f'<text x="{264 + wide + more:.1f}" y="{top + 13}">'
            f"{number(app)} + {number(db)}</text>")
    text = "; ".join(f"{name} {about[name]}"
                     for name in ("CPU", "cores", "kernel", "nginx", "node"))
    out.append(f'<text x="12" y="{height - 12}" fill="#555">'
               f"{escape(text)}</text></svg>\n")
    return "\n".join(out)


def write(folder, about, runs, medians, found):
    folder.mkdir(parents=True, exist_ok=True)
    head = ("round", *KEY, *MEASURED)
    write_csv(folder / "bench.csv", head,
              ([run[name] for name in head] for run in runs))
    write_csv(folder / "bench-bars.csv", ("what", "figure", "bar", "verdict"),
              ([bar.what, bar.value, bar.bar(), bar.verdict]
               for bar in found))
    (folder / "bench.svg").write_text(plot(about, medians),
                                      encoding="utf-8")
    names = ("bench.csv", "bench-bars.csv", "bench.svg")
    print("written:", *(str((folder / name).relative_to(harness.ROOT))
                        for name in names))
