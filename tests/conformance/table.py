"""The table of raw requests: what each rule of the HTTP contract lets pass and
what it refuses.

A case is data. "{p}" in its bytes stands for the prefix of a daemon's pages:
nothing for customer, "/admin" for employee. /healthz is the same on both.
"""
import dataclasses

import cases_body
import cases_connection
import cases_fields
import cases_line
import cases_target

PREFIX = {"customer": b"", "employee": b"/admin"}

# What a head that is refused gets; any other status says that it was read.
REFUSALS = frozenset((400, 408, 414, 431, 501, 505))


@dataclasses.dataclass(frozen=True)
class Case:
    """One connection: bytes in, statuses out, and what becomes of it.

    name      Unique, for reports.
    rule      The rule of the contract that it belongs to.
    raw       All that is sent.
    statuses  Of the answers in order, without 1xx.
    state     "open" or "closed" after the last of them.
    daemons   Where the case makes sense.
    allow     The Allow field of an answer 204 or 405.
    heads     Places of the answers to HEAD; None finds out from the bytes.
    half      Shut the sending side when all is sent.
    via       Statuses behind HAProxy, where it repairs or changes what it
              hands on, or adds a field: None is "as directly", a list is one
              for some version of HAProxy each. For a refused
              case a refusal by HAProxy itself is always fine; for an accepted
              one "haproxy" allows it.
    note      Why, where that isn't plain.
    """
    name: str
    rule: str
    raw: bytes
    statuses: tuple
    state: str
    daemons: tuple = ("customer", "employee")
    allow: str = ""
    heads: tuple = None
    half: bool = False
    via: object = None
    note: str = ""

    def for_daemon(self, daemon):
        return self.raw.replace(b"{p}", PREFIX[daemon])

    @property
    def accepted(self):
        """No head in it is refused: it reads the same however it is split."""
        return bool(self.statuses) and not REFUSALS & set(self.statuses)

    @property
    def behind_proxy(self):
        """The statuses behind HAProxy, unless it refuses something itself:
        each list of them that is fine. All are of the same length."""
        if isinstance(self.via, list):
            return self.via
        return [self.via if isinstance(self.via, tuple) else self.statuses]

    def answers_head(self, place):
        """Is that answer without a body because HEAD was asked?"""
        if self.heads is not None:
            return place in self.heads
        return place == 0 and self.raw.lstrip(b"\r\n").startswith(b"HEAD ")


CASES = [Case(**row) for part in (cases_line, cases_target, cases_fields,
                                  cases_body, cases_connection)
         for row in part.ROWS]


def pairs(wanted=lambda case: True):
    """Each daemon with each case for it."""
    return [(daemon, case) for case in CASES if wanted(case)
            for daemon in case.daemons]
