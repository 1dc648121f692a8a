"""employee --import, --undo-import and --export, as an operator runs them."""
import csv
import gzip
import html
import io
import os
import re
import signal
import subprocess
import sys
import zipfile
import zlib

import pytest

import fields
import harness
from change_log import Log

HEADER = ("id", *fields.EXPORTED)
COUNTS = ("new", "changed", "same", "ambiguous", "duplicate", "faulty",
          "missing", "written", "clash", "refused")


def supplier(name, **changed):
    return {"name": name, "address": "1 Hill Road", "city": "Waterbury",
            "state": "Vermont", "country": "", "email": f"{zlib.crc32(name.encode())}@example.com",
            "phone": f"+1 802 {zlib.crc32(name.encode()) % 10**7:07}", "website": "", "notes": "", **changed}


def table(*rows, header=fields.EXPORTED):
    """A file of these rows."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows([row.get(name, "") for name in header] for row in rows)
    return text.getvalue()


class Importer:
    """Runs employee beside a file of suppliers."""

    def __init__(self, database, folder):
        self.database = database
        self.path = folder / "list.csv"
        self.faulty = folder / "list.csv.faulty.csv"

    def run(self, *argv, account="employee"):
        return subprocess.run(
            [harness.BIN / "employee", *argv], text=True, capture_output=True,
            check=False, timeout=harness.HANG_S,
            env=self.database.environment(account))

    def __call__(self, text, *argv, status=0):
        """Import a file; how many rows of each kind there were."""
        self.path.write_text(text, encoding="utf-8", newline="")
        done = self.run("--import", self.path, *argv)
        assert done.returncode == status, done.stdout + done.stderr
        found = dict(re.findall(r"(\w+) (\d+)", done.stdout))
        self.key = re.findall(r"^import (\S+)$", done.stdout, re.M)
        return {name: int(found[name]) for name in COUNTS if found[name] != "0"}

    def undo(self, *argv, status=0):
        done = self.run("--undo-import", *self.key, *argv)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout

    def names(self):
        return [name for name, in self.database.sql(
            "SELECT name FROM suppliers ORDER BY id")]

    def reasons(self):
        with self.faulty.open(encoding="utf-8-sig", newline="") as file:
            return [row["reason"] for row in csv.DictReader(file)]


@pytest.fixture(name="importer")
def make_importer(database, tmp_path):
    return Importer(database, tmp_path)


def test_new_suppliers_are_added_in_the_name_of_the_person(importer):
    log = Log(importer.database)
    rows = [supplier(f"Café {i}", notes="# a\nb") for i in range(3)]
    rows[0]["phone"] = "+1 802 555 0101 ext. 9"
    assert importer(table(*rows), "--actor", "Ann Example") == {
        "new": 3, "written": 3}
    entries = log.new()
    assert [entry.action for entry in entries] == ["add"] * 3
    assert {entry.actor for entry in entries} == {"Ann Example"}
    assert {entry.form_key for entry in entries} == set(importer.key)
    assert importer.names() == ["Café 0", "Café 1", "Café 2"]
    assert importer.database.sql("SELECT phone, HEX(notes) FROM suppliers LIMIT 1"
                                 ) == [["+1 802 555 0101 ext. 9", "# a\nb".encode().hex().upper()]]


def test_the_same_file_twice_changes_nothing(importer):
    text = table(*(supplier(f"n{i}") for i in range(40)))
    assert importer(text) == {"new": 40, "written": 40}
    log = Log(importer.database)
    assert importer(text) == {"same": 40}
    log.expect()


def test_an_export_comes_back_without_changes(importer):
    importer(table(*(supplier(f"n{i}", notes=f'"{i}"\r\n, ;é ☕')
                     for i in range(5))))
    exported = importer.run("--export")
    assert exported.returncode == 0 and not exported.stderr
    rows = list(csv.DictReader(io.StringIO(exported.stdout, newline="")))
    assert tuple(rows[0]) == HEADER and len(rows) == 5
    assert importer(exported.stdout) == {"same": 5}
    rows[2]["name"], rows[2]["email"] = "Another", ""
    assert importer(table(*rows, header=HEADER)) == {
        "changed": 1, "same": 4, "written": 1}
    assert importer.database.sql(
        "SELECT name, email FROM suppliers WHERE id = 3") == [
            ["Another", supplier("n2")["email"]]]
    assert importer(table(*rows, header=HEADER), "--clear-empty") == {
        "changed": 1, "same": 4, "written": 1}
    assert importer.database.sql("SELECT email FROM suppliers WHERE id = 3"
                                 ) == [[""]]


@pytest.mark.parametrize("kept", [
    {"email": supplier("roaster")["email"].upper()},
    {"phone": "(802) 555-0101", "email": ""},
    {"name": "Róaster", "city": "WATERBURY"},
])
def test_a_row_is_matched_without_an_id(importer, kept):
    importer(table(supplier("roaster", phone="+1 802 555 0101")))
    row = {**supplier("Somebody", city="Elsewhere"), **kept, "address": "new"}
    assert importer(table(row)) == {"changed": 1, "written": 1}
    assert importer.database.sql("SELECT id, address FROM suppliers"
                                 ) == [["1", "new"]]


def test_what_may_be_several_is_asked_about(importer):
    importer(table(supplier("one", phone="802 555 0101"),
                   supplier("two", phone="802 555 0102")))
    log = Log(importer.database)
    rows = [supplier("x", email=supplier("one")["email"], phone="802 555 0102"),
            supplier("third", phone="802 555 0101")]
    assert importer(table(*rows), status=1) == {"ambiguous": 2}
    log.expect()
    first, second = importer.reasons()
    assert first.startswith("Row 2: It may be any of several")
    assert second.startswith("Row 3: It has the phone number of a supplier")


def test_a_question_about_one_row_is_none_about_another(importer):
    importer(table(supplier("one", phone="802 555 0101"),
                   supplier("two", phone="802 555 0102")))
    rows = [supplier("x", email=supplier("one")["email"], phone="802 555 0102"),
            supplier("one", address="new", phone="802 555 0101")]
    assert importer(table(*rows), status=1) == {
        "changed": 1, "ambiguous": 1, "written": 1}


@pytest.fixture(name="reading")
def begin_reading(importer):
    """A command that waits for the rest of its file, and that file."""
    os.mkfifo(importer.path)
    with subprocess.Popen(
            [harness.BIN / "employee", "--import", importer.path],
            env=importer.database.environment("employee"),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as command:
        try:
            with importer.path.open("w", encoding="utf-8") as file:
                file.write(",".join(fields.EXPORTED) + "\n")
                file.flush()
                harness.wait_until(lambda: importer.database.sql(
                    "SELECT 1 FROM supplier_imports"), "it has begun")
                yield command, file
        finally:
            command.kill()


END_LEASE = ("UPDATE supplier_imports SET lease_until = UTC_TIMESTAMP(6)"
             " - INTERVAL 1 SECOND")


def test_a_killed_reading_is_shown_as_broken_off(importer, employee, reading):
    command, _ = reading
    [[key]] = importer.database.sql("SELECT import_key FROM supplier_imports")
    assert "<h1>Reading the file</h1>" in employee.get(
        f"/admin/import/{key}").text
    assert ": being read<br>" in employee.get("/admin/import").text
    command.kill()
    command.wait()
    importer.database.sql(END_LEASE)
    page = employee.get(f"/admin/import/{key}").text
    assert "<h1>Reading stopped too early</h1>" in page
    assert "Run the command again" in page and "refresh" not in page
    assert ": stopped while it was being read<br>" in employee.get(
        "/admin/import").text


def test_a_long_reading_is_not_broken_off(importer, reading):
    _, file = reading
    rows = table(*(supplier(f"n{i}") for i in range(600))).split("\n", 1)[1]
    importer.database.sql(END_LEASE)

    def renewed():
        file.write(rows)
        file.flush()
        return importer.database.sql("SELECT lease_until > UTC_TIMESTAMP(6)"
                                     " FROM supplier_imports") == [["1"]]
    harness.wait_until(renewed, "the lease is renewed")


def test_an_interrupted_import_reads_no_further(importer):
    os.mkfifo(importer.path)
    process = subprocess.Popen(
        [harness.BIN / "employee", "--import", importer.path, "--dry-run"],
        env=importer.database.environment("employee"), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with importer.path.open("w") as pipe:  # opens once it is read
        pipe.write(table(supplier("a")))
        process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=harness.WAIT_S)
    assert process.returncode == 2 and "interrupted" in said, said
    assert importer.database.sql("SELECT * FROM supplier_imports") == []


def test_rows_of_one_file_that_are_alike_are_not_added_twice(importer):
    rows = [supplier("a"), supplier("b", email=supplier("a")["email"].upper()), supplier("c")]
    assert importer(table(*rows), status=1) == {
        "new": 2, "duplicate": 1, "written": 2}
    assert importer.names() == ["a", "c"]
    assert importer.reasons() == ["Row 3: Row 2 may be about the same supplier"]


def test_an_id_of_another_list_is_not_believed(importer):
    importer(table(supplier("one", phone="802 555 0101")))
    other = supplier("two", id=1, phone="802 555 0109")
    assert importer(table(other, header=HEADER), status=1) == {"ambiguous": 1}
    assert importer(table({**other, "id": "A-7"}, header=HEADER)) == {
        "new": 1, "missing": 1, "written": 1}


def test_faulty_rows_come_back_with_their_reason(importer):
    rows = [supplier("fine"), supplier("x" * 300), supplier("", email="none"),
            supplier("no place", city="")]
    assert importer(table(*rows), status=1) == {
        "new": 1, "faulty": 3, "written": 1}
    long, empty, place = importer.reasons()
    assert long == ("Row 3, name: Shorten the supplier name by 45 characters: "
                    "the limit is 255")
    assert empty.startswith("Row 4, name: ") and "E-mail" in empty
    assert place.startswith("Row 5, city: ")
    text = importer.faulty.read_text(encoding="utf-8-sig")
    corrected = text.replace("x" * 300, "short")
    assert importer(corrected, status=1) == {
        "new": 1, "faulty": 2, "missing": 1, "written": 1}


def test_a_dry_run_writes_nothing(importer):
    log = Log(importer.database)
    assert importer(table(supplier("a"), supplier("")), "--dry-run",
                    status=1) == {"new": 1, "faulty": 1}
    log.expect()
    assert importer.reasons()
    assert importer.database.sql("SELECT * FROM supplier_imports") == []
    assert importer.database.sql("SELECT * FROM supplier_import_rows") == []


def test_missing_suppliers_are_removed_only_on_demand(importer):
    importer(table(*map(supplier, "abc")))
    assert importer(table(supplier("b"))) == {"same": 1, "missing": 2}
    assert importer.names() == ["a", "b", "c"]
    assert importer(table(supplier("b")), "--remove-missing") == {
        "same": 1, "missing": 2, "written": 2}
    assert importer.names() == ["b"]


def test_who_no_longer_supplies_is_not_missing(importer):
    """Customers' exports have no such supplier."""
    assert importer(table(supplier("a"), supplier("b", ended_on="2026-11-20",
                                                  ended_reason="closed"))) == {
        "new": 2, "written": 2}
    assert importer(table(supplier("a")), "--remove-missing") == {"same": 1}
    assert importer(table(supplier("b"))) == {
        "same": 1, "missing": 1}


def test_no_longer_supplying_needs_a_reason(importer):
    importer(table(supplier("a")))
    rows = [supplier("a", ended_on="2026-11-20"),
            supplier("b", ended_on="2026-11-20")]
    assert importer(table(*rows), "--dry-run", status=1) == {"faulty": 2}
    assert all("Say why it no longer supplies" in reason
               for reason in importer.reasons()) and importer.reasons()


def test_what_may_be_meant_is_not_removed_as_missing(importer):
    importer(table(supplier("one", phone="802 555 0101"),
                   supplier("two", phone="802 555 0102")))
    rows = [supplier("x", phone="802 555 0101"),
            supplier("two", city="x" * 300)]
    assert importer(table(*rows), "--remove-missing", status=1) == {
        "ambiguous": 1, "faulty": 1}
    assert importer.names() == ["one", "two"]


def test_an_import_is_undone_except_what_was_changed_since(importer):
    database = importer.database
    importer(table(*map(supplier, "abcd")))
    before = database.sql("SELECT * FROM suppliers WHERE id < 4 ORDER BY id")
    rows = [supplier("a", address="new"), supplier("b", address="new"),
            supplier("e"), supplier("f")]
    assert importer(table(*rows), "--remove-missing") == {
        "new": 2, "changed": 2, "missing": 2, "written": 6}
    database.sql("UPDATE suppliers SET address = 'newer' WHERE name = 'b';"
                 "UPDATE suppliers SET address = 'newer' WHERE name = 'f'")
    log = Log(database)
    said = importer.undo("--actor", "Ann", status=1)
    assert "undone 4, kept 2" in said
    assert re.findall(r"^supplier (\d+): Somebody has changed", said, re.M) == [
        number for number, in database.sql(
            "SELECT id FROM suppliers WHERE name IN ('b', 'f') ORDER BY id")]
    assert {entry.actor for entry in log.new()} == {"Ann"}
    after = database.sql("SELECT * FROM suppliers ORDER BY id")
    assert [row[1] for row in after] == ["a", "b", "c", "d", "f"]
    assert [after[0], after[2]] == [before[0], before[2]]
    again = importer.run("--undo-import", *importer.key)
    assert again.returncode == 2 and "already undone" in again.stderr


def test_what_a_table_refuses_does_not_stop_the_rest(importer):
    database = importer.database
    database.sql("ALTER TABLE suppliers ADD CONSTRAINT few CHECK"
                 " (name <> 'n300' AND name <> 'n7')")
    try:
        rows = [supplier(f"n{i}") for i in range(400)]
        assert importer(table(*rows), status=1) == {
            "new": 400, "written": 398, "refused": 2}
    finally:
        database.sql("ALTER TABLE suppliers DROP CONSTRAINT few")
    assert len(importer.names()) == 398
    assert all("few" in reason for reason in importer.reasons())


def test_without_triggers_nothing_is_written(importer):
    importer.database.sql("DROP TRIGGER suppliers_added")
    importer.path.write_text(table(supplier("a")))
    done = importer.run("--import", importer.path)
    assert done.returncode == 2 and importer.names() == []


def test_what_is_forgotten_is_in_no_import(importer):
    importer(table(supplier("a"), supplier("b")))
    done = importer.run("--forget", "1", account="migrate")
    assert done.returncode == 0, done.stderr
    assert importer.database.sql("SELECT name FROM supplier_import_rows"
                                 ) == [["b"]]


def test_a_killed_import_is_run_again_for_the_rest(importer):
    """Its first chunk was written; another task may still hold it."""
    rows = [supplier(f"n{i}") for i in range(600)]
    importer.path.write_text(table(*rows))
    database = importer.database
    database.sql("INSERT INTO supplier_imports (import_key, undo_key, state,"
                 " file_name, settings, clear_empty, remove_missing, created,"
                 " changed, lease_until) VALUES (REPEAT('k', 22),"
                 " REPEAT('u', 22), 'running', 'f', '', 0, 0, NOW(6), NOW(6),"
                 " UTC_TIMESTAMP(6) + INTERVAL 20 SECOND)")
    busy = importer.run("--import", importer.path)
    assert busy.returncode == 2 and "another import is running" in busy.stderr
    database.sql("UPDATE supplier_imports SET lease_until = UTC_TIMESTAMP(6)"
                 " - INTERVAL 1 MINUTE"
                 " WHERE state = 'running'")
    assert importer(table(*rows[:250])) == {"new": 250, "written": 250}
    assert importer(table(*rows)) == {"new": 350, "same": 250, "written": 350}
    assert database.sql("SELECT state, COUNT(*) FROM supplier_imports"
                        " GROUP BY state") == [
        ["preview", "1"], ["paused", "1"], ["done", "2"]]


@pytest.mark.parametrize("name, shown", [
    (b"caf\xc3\xa9.csv", "café.csv"), (b"caf\xe9.csv", "a file"),
    (b"n" * 240 + b".csv", "n" * 240 + ".csv"),
], ids=["utf8", "latin1", "long"])
def test_an_import_has_the_name_of_its_file_without_folders(
        importer, employee, tmp_path, name, shown):
    folder = tmp_path / ("salaries" * 30)  # the path is too long for its column
    folder.mkdir()
    path = os.fsencode(folder) + b"/" + name
    with open(path, "w", encoding="utf-8") as file:
        file.write(table(supplier("a")))
    done = importer.run("--import", path)
    assert done.returncode == 0, done.stderr
    [key] = re.findall(r"^import (\S+)$", done.stdout, re.M)
    for page in "/admin/import", f"/admin/import/{key}", "/admin/history":
        text = html.unescape(employee.get(page).text)
        assert shown in text and "salaries" not in text, page


def test_an_old_import_is_removed(importer):
    importer(table(supplier("a")))
    importer.database.sql("UPDATE supplier_imports SET changed ="
                          " UTC_TIMESTAMP(6) - INTERVAL 91 DAY")
    importer(table(supplier("a")))
    assert importer.database.sql("SELECT COUNT(*) FROM supplier_imports"
                                 ) == [["1"]]
    assert importer.database.sql("SELECT COUNT(*) FROM supplier_import_rows"
                                 ) == [["1"]]


@pytest.mark.parametrize("argv, said", [
    (("--import", "/nowhere.csv"), "No such file"),
    (("--import", "/nowhere.csv", "--migrate"), "can't be combined"),
    (("--undo-import", "x"), "there is no import with this key"),
    (("--undo-import", "x", "--dry-run"), "can't be combined"),
    (("--export", "--dry-run"), "can't be combined"),
    (("--import", "list.csv", "--dryrun"), "unknown flag --dryrun"),
    (("--wait", "--import", "list.csv"), "unknown flag --wait"),
    (("--import",), "--import needs a value"),
    (("--import=list.csv", "more.csv"), "unexpected argument 'more.csv'"),
    (("--export", "--db-port", "x"), "is not a number"),
    (("--undo-import", "x", "--config", "/nowhere"), "/nowhere"),
    *((("--import", "list.csv", "--actor", name), "--actor is not a name")
      for name in ("", " ", "a\nb", "a\u202eb", "key shop", b"a\xffb", "a" * 255)),
    (("--undo-import", "x", "--actor", "Key shop"), "--actor is not a name"),
])
def test_what_can_not_be_done_is_status_2(importer, argv, said):
    done = importer.run(*argv)
    assert done.returncode == 2 and said in done.stderr, done.stderr
    assert len(done.stderr.splitlines()) == 1 and not done.stdout


@pytest.mark.parametrize("argv", [("--actor", "a"), ("--clear-empty",),
                                  ("--remove-missing",)])
def test_what_goes_with_an_import_needs_one(importer, argv):
    done = importer.run(*argv)
    assert done.returncode == 1 and argv[0] in done.stderr
    assert re.search("needs? --import", done.stderr)


# What the form takes, and what formats have trouble with.
TEXTS = ("Café Łódź, \"fine\"; \\ & 'sons'", "=HYPERLINK(\"x\")", "0044 20",
         "漢字☕🫘", "\\n \\, \\;", "END:VCARD", "'=1", "TRUE", "3-4", "x" * 255)


@pytest.fixture(name="exports")
def make_exports(importer, start):
    """The files that customers save, of suppliers with such texts."""
    customer = start("customer", importer.database)
    rows = [supplier(f"{i} {text}", address=text, city=text, state=text,
                     notes=f"{text}\n\n- {text}", phone=phone)
            for i, (text, phone) in enumerate(zip(TEXTS, (
                f"+44 (0)20 7946 {n:04} ext. 9" for n in range(100))))]
    rows[-1]["name"] = TEXTS[-1]
    assert importer(table(*rows)) == {"new": 10, "written": 10}
    return {name: customer.get(path).body.decode("utf-8") for name, path in {
        "list.csv": "/suppliers.csv", "excel.csv": "/suppliers.csv?for=excel",
        "list.vcf": "/suppliers.vcf", "three.vcf": "/suppliers.vcf?version=3",
        "list.json": "/suppliers.json"}.items()}


def test_what_customers_save_comes_back_without_changes(importer, exports):
    for name, text in exports.items():
        assert importer(text) == {"same": 10}, name


@pytest.mark.parametrize("content, said", [
    (b"PK\x03\x04" + b"\0" * 500, "CSV"),
    (b"", "empty"),
    (b"name,email\r\na,\"b\r\nc,d\r\n", "quot"),
    (b"name,email\r\na,\"b\"c\r\n", "quot"),
    (b",".join([b"name"] * 10000) + b"\r\nx\r\n", "column"),
    (b"name,notes\r\na," + b"x" * 1024 * 1024 + b"\r\n", "long"),
    (b"colour,size\r\nred,5\r\n", "name"),
], ids=["workbook", "empty", "cut", "quotes", "columns", "line", "no_name"])
def test_a_file_that_is_none_is_refused_with_advice(importer, content, said):
    log = Log(importer.database)
    importer.path.write_bytes(content)
    done = importer.run("--import", importer.path)
    assert done.returncode == 2 and not done.stdout, done.stdout
    assert said in done.stderr.replace(str(importer.path), ""), done.stderr
    assert importer.database.sql("SELECT * FROM supplier_imports") == []
    log.expect()


def bomb():
    """A few KiB that would be 200 MiB of rows once unpacked."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        with file.open("list.csv", "w") as rows:
            rows.write(b"name\r\n")
            for _ in range(200):
                rows.write(b"a\r\n" * 349525)
    return packed.getvalue()


# A process begins with the peak of the one that forked it, and that of pytest
# may be large. So a small process runs the command.
MEASURE = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=2, check=False)
print(done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def measured(importer):
    """What it said, its status, and the most memory that it had, in MiB."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, harness.BIN / "employee", "--import",
         importer.path], env=importer.database.environment("employee"),
        capture_output=True, text=True, check=True)
    status, peak_kib = map(int, done.stdout.split())
    return done.stderr, status, peak_kib / 1024


# A build with sanitizers takes a few times as much.
MEMORY_MAX_MIB = 400


@pytest.mark.parametrize("content, wanted", [
    pytest.param(b"name\r\n" + b"a\r\n" * 2000000,
                 "The file has more than 500,000 rows",
                 marks=pytest.mark.thorough),
    (bomb, "CSV UTF-8"),
    (lambda: gzip.compress(b"name\r\n" + b"a\r\n" * 10000000),
     "This file is compressed. Unpack it"),
    (b"name,notes\r\na," + b"x" * 1024 * 1024 + b"\r\n",
     "Row 2 is longer than 256 KiB"),
    (b"name,notes\r\na,\"" + b"x\r\n" * 20000000, "is longer than 256 KiB"),
], ids=["rows", "zip", "gzip", "line", "quoted"])
def test_what_is_too_large_is_refused_in_bounded_memory(importer, content,
                                                       wanted):
    log = Log(importer.database)
    importer.path.write_bytes(content if isinstance(content, bytes)
                              else content())
    said, status, mib = measured(importer)
    assert status == 2, said
    assert wanted in said.replace(str(importer.path), ""), said
    assert mib < MEMORY_MAX_MIB
    assert importer.database.sql("SELECT * FROM supplier_imports") == []
    assert importer.database.sql("SELECT COUNT(*) FROM supplier_import_rows"
                                 ) == [["0"]]
    log.expect()
