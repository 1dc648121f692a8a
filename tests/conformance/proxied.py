"""The table behind HAProxy: its configurations, and what is fine there.

HAProxy reads requests its own way. It may refuse one itself, and it may
repair one; but whatever a daemon is handed it has to read as HAProxy meant
it. So each answer of a daemon has to be the expected one, and a daemon's log
may have nothing but what some client got as an answer.
"""
import collections
import csv
import re
import socket

import harness

OWN_REFUSALS = frozenset((400, 403, 405, 408, 411, 413, 414, 422, 431, 501,
                          505))


def write_config(folder, name, reuse):
    """The load balancer of ./cafe up, with a socket for its figures, and
    perhaps with shared connections to the daemons."""
    text = (harness.ROOT / "deploy/local/haproxy.cfg").read_text()
    stats = folder / f"{name}.sock"
    text = text.replace("\nglobal\n",
                        f"\nglobal\n    stats socket {stats}\n")
    # Requests are told apart by the id that the client gives them.
    text, count = re.subn(r"    http-request set-header X-Request-Id .*\n", "",
                          text)
    assert count == 1
    if reuse:
        text = text.replace("    server ", f"    http-reuse {reuse}\n"
                                           "    server ")
        assert text.count("http-reuse") == 2
    path = folder / f"{name}.cfg"
    path.write_text(text)
    return path, stats


def figures(stats):
    """Rows of HAProxy's "show stat"."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(harness.WAIT_S)
        sock.connect(str(stats))
        sock.sendall(b"show stat\n")
        got = b""
        while chunk := sock.recv(65536):
            got += chunk
    return list(csv.DictReader(got.decode().lstrip("# ").splitlines()))


def reused(stats):
    """How often HAProxy gave a request a connection that it had already."""
    return {row["pxname"]: int(row["reuse"]) for row in figures(stats)
            if row["svname"].endswith("1")}


def idle(stats):
    """Has HAProxy an answer to all that it handed on? It waits for one even
    where the client has gone."""
    return not any(int(row["scur"] or 0) for row in figures(stats))


def judge(case, outcome):
    """A complaint about an outcome behind HAProxy; "" when it is fine."""
    wanted = case.behind_proxy
    own = [answer for answer in outcome.answers if not answer.id]
    if outcome.error:
        return outcome.error
    if any(answer.status not in OWN_REFUSALS for answer in own):
        return "HAProxy had to make up an answer"
    if outcome.statuses in wanted:
        return ""
    refused = not case.accepted or case.via == "haproxy"
    count = len(outcome.statuses)
    if (refused and len(own) == 1 and not outcome.answers[-1].id and
            outcome.statuses[:-1] in [one[:count - 1] for one in wanted]):
        return ""
    return "wanted " + " or ".join(map(str, wanted))


def answered(outcomes):
    """Id and status of each answer that a daemon gave and a client got."""
    return collections.Counter(
        (answer.id, answer.status) for outcome in outcomes
        for answer in outcome.answers if answer.id)


def logged(lines):
    """Id and status of each request in lines of a log, but not those of
    health checks and probes."""
    return collections.Counter(
        (line["request_id"], line["status"]) for line in lines
        if line["msg"] == "request" and line["path"] != "/readyz" and
        not line["request_id"].startswith("probe-"))
