"""The n-th of our own allocations, reads or writes fails, for every n."""
import http.client
import mmap
import os
import struct

import pytest

import harness
from thorough import at_desk

KINDS = ("allocations", "reads", "writes")
FORM = {"Content-Type": "application/x-www-form-urlencoded",
        "Sec-Fetch-Site": "same-origin"}

# Every kind of page and answer, also refusals and faulty forms.
CUSTOMER = [("GET", path, None, headers) for path, headers in (
    ("/", {}), ("/suppliers", {}), ("/suppliers", {"Accept-Encoding": "br"}),
    ("/suppliers?page=2&per=1", {"Accept-Encoding": "gzip"}),
    ("/suppliers/1", {}), ("/suppliers/999", {}), ("/nothing", {}),
    ("/suppliers?q=%zz", {}), ("/healthz", {}), ("/readyz", {}),
    ("/", {"Accept-Encoding": "br"}), ("/suppliers", {}),
    ("/suppliers?per=200", {"Accept-Encoding": "br"}),
    ("/suppliers.json", {}), ("/suppliers/1.json", {}),
    ("/api/v1/suppliers?limit=1", {"Accept-Encoding": "gzip"}),
    ("/api/v1/suppliers?limit=0", {}), ("/api/v1/suppliers/1", {}),
    ("/api/v1/suppliers/999", {}), ("/api/v1/openapi.json", {}))]
EMPLOYEE = [
    ("GET", "/admin", None, {}), ("GET", "/admin/suppliers", None, {}),
    ("GET", "/admin/supplier-add", None, {}),
    ("GET", "/admin/supplier-update/1", None, {}),
    ("POST", "/admin/supplier-add", "name=x", FORM),
    ("POST", "/admin/supplier-add", "name=%ff", FORM),
    ("POST", "/admin/supplier-add", "name=x", {}),
    ("POST", "/admin/supplier-update", "id=1&name=a&address=b&city=c&state=d"
     "&phone=5550100", FORM),
    ("POST", "/admin/supplier-remove/999", "", FORM),
    ("GET", "/admin/suppliers?q=a&saved=1", None, {}),
    ("GET", "/admin/history", None, {}),
    ("GET", "/admin/supplier-history/1", None, {}),
    ("POST", "/admin/supplier-update", "id=1&notes=*a*&preview=1", FORM),
    ("POST", "/admin/supplier-update", "id=1&revision=x&name=a", FORM),
    ("POST", "/admin/supplier-update", "id=1&revision=1&name=a&address=b"
     "&city=c&state=d&phone=5550199", FORM),
    ("POST", "/admin/supplier-remove/1", "revision=1", FORM),
    ("POST", "/admin/supplier-restore/1", "revision=1", FORM),
    ("POST", "/admin/supplier-add", "notes=" + "x" * 140000, FORM),
    ("POST", "/admin/supplier-add", "notes=x",
     {"Content-Type": FORM["Content-Type"]})]
STEPS = 50
LEAST = {"allocations": 20, "reads": 5, "writes": 5}


class Torture:
    """The memory shared with the daemon."""

    def __init__(self, path):
        path.write_bytes(struct.pack("6q", -1, -1, -1, 0, 0, 0))
        self.file = open(path, "r+b")
        self.memory = mmap.mmap(self.file.fileno(), 48)

    def arm(self, kind, number):
        struct.pack_into("q", self.memory, 8 * KINDS.index(kind), number)

    def failed(self, kind):
        return struct.unpack_from(
            "q", self.memory, 24 + 8 * KINDS.index(kind))[0]

    def close(self):
        self.memory.close()
        self.file.close()


def ask(daemon, step):
    """One request; a connection that breaks is no fault here."""
    try:
        return daemon.request(*step).status
    except (OSError, http.client.HTTPException):
        return None


@pytest.mark.parametrize("kind", at_desk(("allocations",), KINDS))
@pytest.mark.parametrize("name, script", [("customer", CUSTOMER),
                                          ("employee", EMPLOYEE)])
def test_the_nth_failure_harms_nobody_else(start, database, folder, name,
                                           script, kind):
    database.sql("INSERT INTO suppliers (name, address, city, state, email,"
                 " phone) VALUES ('a', 'b', 'c', 'd', 'e', '5550100')")
    torture = Torture(folder / "torture")
    daemon = start(name, database,
                   CAFE_TORTURE_FILE=folder / "torture",
                   APP_LOG_REQUESTS="off")
    steps = (script * STEPS)[:STEPS]
    expected = [ask(daemon, step) for step in steps]
    limit = 10**9 if "CAFE_LONG" in os.environ else 60
    number = 0
    while number < limit:
        before = torture.failed(kind)
        torture.arm(kind, number)
        for step in steps:
            ask(daemon, step)
        torture.arm(kind, -1)
        assert daemon.process.running(), (kind, number)
        if torture.failed(kind) == before:
            break
        again = [ask(daemon, step) for step in steps[:len(script)]]
        assert again == expected[:len(script)], (kind, number)
        number += 1 if "CAFE_LONG" in os.environ else 1 + number // 8
    print(f"{name}: {number} {kind}, {torture.failed(kind)} failed")
    assert torture.failed(kind) >= LEAST[kind]
    torture.close()
