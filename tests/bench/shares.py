#!/usr/bin/python3
"""What one client's demands cost the others: each attack below runs while
another client reads a plain list. Needs the release build and wrk.

    tests/bench/shares.py [SECONDS] [ATTACK…]

Each attack has a daemon of its own, so that its longest turn of the event loop
(processor time) is that of the attack.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent /
                       "integration"))
os.environ.setdefault("CAFE_PRESET", "release")
import harness  # pylint: disable=wrong-import-position
from writers import connect, insert, query  # noqa: E402

MANY = 100000
# Lists within lists, then blank lines: what cmark takes longest for.
HOSTILE = "- " * 95 + "a" + "\n" * 16000 + "x"
LONGEST = "- " * 95 + "a" + "\n" * 65000 + "x"
ESCAPED = "&" * 65000  # five times as long in HTML

# Each request of wrk has a number of its own in it, or marks that a search
# overlooks: it finds the same, under another URL.
SCRIPT = """
local count = 0
local thread = tostring({}):sub(8)
local function own(text)
  local marks = ""
  local rest = count
  while rest > 0 do
    marks = marks .. (rest %% 2 == 0 and "." or "~")
    rest = math.floor(rest / 2)
  end
  return (text:gsub("NUMBER", thread .. count):gsub("MARKS", marks))
end
request = function()
  count = count + 1
  return wrk.format(%s, own(%s), {
    ["Content-Type"] = "application/x-www-form-urlencoded",
    ["Sec-Fetch-Site"] = "same-origin" }, own(%s))
end
"""


def lua(text):
    return json.dumps(text)  # the same escapes, for ASCII


def form(**fields):
    return urllib.parse.urlencode({**harness.SUPPLIER, **fields})


def attacks(ids):
    """Name, daemon, connections, method, path, body."""
    return {
        "preview": ("employee", 4, "POST", "/admin/supplier-add",
                    form(notes="NUMBER\n\n" + HOSTILE, preview="1")),
        "clash": ("employee", 4, "POST", "/admin/supplier-update",
                  form(id=ids[0], revision=1, notes="NUMBER\n\n" + HOSTILE)),
        "history": ("employee", 4, "GET",
                    f"/admin/supplier-history/{ids[0]}?NUMBER", ""),
        "edit": ("employee", 4, "GET",
                 f"/admin/supplier-update/{ids[0]}?q=NUMBER", ""),
        "escaped history": ("employee", 4, "GET",
                            f"/admin/supplier-history/{ids[1]}?NUMBER", ""),
        "escaped edit": ("employee", 4, "GET",
                         f"/admin/supplier-update/{ids[1]}?q=NUMBER", ""),
        "escaped clash": ("employee", 4, "POST", "/admin/supplier-update",
                          form(id=ids[1], revision=1,
                               notes="NUMBER\n\n" + ESCAPED[:16000])),
        "escaped notes": ("customer", 4, "GET", f"/suppliers/{ids[1]}?NUMBER",
                          ""),
        "duplicates": ("employee", 4, "POST", "/admin/supplier-add",
                       form(name="New NUMBER", phone="+49 30 99887766",
                            email="twin@example.com")),
        "notes": ("customer", 4, "GET", f"/suppliers/{ids[0]}?NUMBER", ""),
        "long rows": ("customer", 4, "GET",
                      "/suppliers.json?city=Long&q=beans+MARKS", ""),
        "long cards": ("customer", 4, "GET",
                       "/suppliers.vcf?city=Long&q=beans+MARKS", ""),
        "long prints": ("customer", 4, "GET",
                        "/suppliers/print?city=Long&q=beans+MARKS", ""),
        "pages of an API": ("customer", 4, "GET",
                            "/api/v1/suppliers?limit=200&q=beans+MARKS", ""),
        "API": ("customer", 4, "GET",
                "/api/v1/suppliers?limit=200&q=road+MARKS", ""),
        "cards": ("customer", 4, "GET", "/suppliers.vcf?q=s7+MARKS", ""),
        "whole tables": ("customer", 4, "GET", "/suppliers.csv?q=road+MARKS",
                         ""),
        "long lists": ("customer", 50, "GET",
                       "/suppliers?per=200&q=road+MARKS", ""),
        "one card": ("customer", 4, "GET", f"/suppliers/{ids[1]}.vcf?NUMBER",
                     ""),
        "large forms": ("employee", 4, "POST", "/admin/supplier-add",
                        form(notes="&" * 170000)),
        "many fields": ("employee", 4, "POST", "/admin/supplier-add",
                        "&".join(f"f{i}=%41" for i in range(40000))),
        "home": ("employee", 4, "GET", "/admin?NUMBER", ""),
        "searches": ("customer", 50, "GET", "/suppliers?q=zzNUMBER", ""),
    }


def attack(daemon, folder, seconds, connections, method, path, body):
    script = folder / "attack.lua"
    script.write_text(SCRIPT % (lua(method), lua(path), lua(body)))
    return subprocess.Popen(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--timeout", "30s",
         "-s", script, f"http://127.0.0.1:{daemon.port}"], text=True,
        stdout=subprocess.PIPE)


def read_plain(daemon, path, running):
    """Seconds of each answer, while the attack goes on."""
    took = []
    while running.poll() is None:
        began = time.monotonic()
        assert daemon.get(path).status == 200
        took.append(time.monotonic() - began)
        time.sleep(0.002)
    return sorted(took)


def measure(name, row, folder, database, seconds):
    service, *how = row
    plain = "/admin/suppliers" if service == "employee" else "/suppliers"
    daemon = harness.Daemon(service, folder, database, APP_LOG_REQUESTS="off",
                            APP_OPS_PORT=harness.free_port(),
                            APP_OPS_BIND="127.0.0.1")
    harness.wait_until(lambda: daemon.get(plain).status == 200, "it is up")
    for _ in range(3):
        daemon.get(plain)
    running = attack(daemon, folder, seconds, *how)
    took = read_plain(daemon, plain, running)
    requests = re.search(r"(\d+) requests in", running.communicate()[0])[1]
    turn = daemon.metric("cafe_loop_longest_turn_seconds")
    print(f"{name:16} {requests:>7} requests   others: p50"
          f" {took[len(took) // 2] * 1e3:6.1f} ms, p99"
          f" {took[int(len(took) * .99)] * 1e3:6.1f} ms, max"
          f" {took[-1] * 1e3:6.1f} ms   longest turn {turn * 1e3:6.1f}"
          " ms", flush=True)
    daemon.stop()


def fill(database):
    """100,000 suppliers, and some with the longest notes that a row holds."""
    admin = connect(database)
    query(admin, "INSERT INTO suppliers"
          " (name, address, city, state, email, phone) SELECT"
          " CONCAT('s', seq), CONCAT('Road ', seq), 'c', 's', '',"
          " CONCAT('555', seq)"
          f" FROM seq_1_to_{MANY}")
    ids = [insert(admin, name=f"Long {number}", city="Long",
                  notes=f"beans {number}\n\n{LONGEST}") for number in range(99)]
    insert(admin, name="zz", city="c", email="twin@example.com")
    query(admin, "UPDATE suppliers SET notes = %s WHERE id = %s", ESCAPED,
          ids[1])
    for number in range(8):
        query(admin, "UPDATE suppliers SET notes = CONCAT(%s, notes)"
              " WHERE id IN (%s, %s)", str(number), *ids[:2])
    admin.close()
    return ids


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    folder = pathlib.Path(harness.make_folder())
    database = harness.Database(folder)
    database.start()
    try:
        database.make_ready()
        rows = attacks(fill(database))
        for name in sys.argv[2:] or rows:
            measure(name, rows[name], folder, database, seconds)
    finally:
        database.stop()
        harness.remove_folder(folder)


if __name__ == "__main__":
    main()
