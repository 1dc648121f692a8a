"""The database goes away, in each way that it can, and comes back."""
import contextlib
import threading

import harness
from writers import Background

# What Docker is told, and what ends it.
WAYS = {"stopped": (("kill", "--signal", "STOP"), ("kill", "--signal", "CONT")),
        "paused": (("pause",), ("unpause",)),
        "killed": (("kill",), ("start",))}

# The health checks of both target groups among them: they need no database
# once a daemon has data.
PATHS = ("/", "/suppliers", "/admin", "/admin/suppliers")

# Long enough for a load balancer that asks each second to take a daemon for
# dead.
AWAY_S = 6


class Reading:
    """Reads a page over and over and notes when it is not there."""

    def __init__(self, ask):
        self.ask = ask
        self.answers = []
        self.bad = None  # the first answer of them

    def step(self):
        try:
            answer = self.ask()
            self.answers.append(answer.status)
            if answer.status != 200 and self.bad is None:
                self.bad = f"{answer.headers}{answer.text}"
        except (OSError, harness.http.client.HTTPException) as fault:
            self.answers.append(repr(fault))
        threading.Event().wait(0.02)

    def check(self, project):
        """It was there each time; else the load balancer says why."""
        assert set(self.answers) == {200}, "\n".join(
            [repr(self.answers), self.bad, *project.said_by("lb")])


@contextlib.contextmanager
def outage(engine, container, way):
    begin, end = WAYS[way]
    if way == "paused":
        engine.pause(container)
    else:
        engine.run(*begin, container)
    try:
        yield
    finally:
        engine.run(*end, container)


def save(site):
    return site.post("/admin/supplier-add",
                     {**harness.SUPPLIER, "anyway": "1"}).status


def check_pages_stay(engine, container, site, way):
    """
    No page of either daemon fails while the database is away, nothing can be
    saved, and it can be again when the database is back.
    """
    for path in PATHS:
        assert site.get(path).status == 200, path
    readings = [Reading(lambda path=path: site.get(path)) for path in PATHS]
    with Background([reading.step for reading in readings]) as work:
        with outage(engine, container, way):
            counts = [len(reading.answers) for reading in readings]
            assert save(site) == 503
            work.go_on(AWAY_S, lambda: all(
                len(reading.answers) > count + 10
                for reading, count in zip(readings, counts)))
        harness.wait_until(lambda: save(site) == 303, "it saves again", 120)
    for path, reading in zip(PATHS, readings):
        assert set(reading.answers) == {200}, (path, reading.answers)


def check_our_page(answer, name):
    """No task is there: the load balancer answers, with our page."""
    page = (harness.ROOT / f"deploy/pages/{name}.html").read_text()
    assert (answer.status, answer.text) == (503, page)
    assert answer.headers["Retry-After"]
