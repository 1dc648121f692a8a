"""Two builds of the customer daemon beside each other: this one, and that of
another commit. Says what changed beyond noise."""
import contextlib
import statistics
import subprocess

import contenders
import harness
import measure
import report

HEAD = ("", "before us", "now us", "now, of before", "range", "")


def run(*words, **options):
    done = subprocess.run(words, capture_output=True, check=False, **options)
    if done.returncode:
        raise RuntimeError((done.stdout + done.stderr)[-2000:].decode())
    return done.stdout


def build(revision):
    """The customer program of a commit, built in a folder of its own."""
    commit = run("git", "rev-parse", "--verify", revision + "^{commit}",
                 cwd=harness.ROOT).decode().strip()
    folder = harness.ROOT / "build/compare" / commit
    if not folder.exists():
        files = run("git", "archive", commit, cwd=harness.ROOT)
        folder.mkdir(parents=True)
        run("tar", "--extract", cwd=folder, input=files)
    run("cmake", "--preset", "release", cwd=folder)
    run("cmake", "--build", "--preset", "release", "--target", "customer",
        cwd=folder)
    return folder / "build/release/bin/customer"


def pages(stack, folder, database, program):
    """What is measured of a build: a name, a page, and how many ask at once.
    """
    plain, tiny, brotli = contenders.start_ours(stack, folder, database,
                                                program=program)
    logged = contenders.start_ours(stack, folder, database, "on", program)[0]
    return {"/suppliers": (plain, 64), "/suppliers, logs on": (logged, 64),
            "/suppliers, brotli": (brotli, 64), "tiny page": (tiny, 64),
            "/suppliers, one connection": (plain, 1)}


def cost(database, page, connections, seconds):
    found = measure.run(page, database, connections, seconds)
    if not found["requests"] or found["errors"]:
        raise RuntimeError(f"{found['errors']} errors at {page.page}")
    return found["app_cpu_us"] + found["db_cpu_us"]


def verdict(ratios):
    """Noise goes both ways: a change shows in each round."""
    if min(ratios) > 1:
        return "slower"
    if max(ratios) < 1:
        return "faster"
    return "no change beyond noise"


def measure_both(folder, database, program, args):
    """A table. The builds take turns, and each goes first in half of them."""
    rows = [HEAD]
    with contextlib.ExitStack() as stack:
        before, now = (pages(stack, folder, database, each)
                       for each in (program, None))
        for name in now:
            costs = {"before": [], "now": []}
            for number in range(args.rounds):
                for which, ours in sorted({"before": before, "now": now}
                                          .items(), reverse=number % 2):
                    costs[which].append(cost(database, *ours[name],
                                             args.seconds))
            ratios = [b / a for a, b in zip(costs["before"], costs["now"])]
            rows.append((name, *(report.number(statistics.median(costs[each]))
                                 for each in ("before", "now")),
                         f"{statistics.median(ratios):.3f}",
                         f"{min(ratios):.3f} to {max(ratios):.3f}",
                         verdict(ratios)))
    return "\n".join((
        f"CPU time a request, daemon and MariaDB; medians of {args.rounds} "
        f"round(s), {args.seconds} s a run", "",
        *report.columns(rows, (0, 4, 5))))
