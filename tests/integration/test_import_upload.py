"""Importing a file on the employees' pages: upload, preview, start."""
import contextlib
import csv
import html
import io
import re
import socket
import uuid
import zipfile

import pytest

import harness
from form_pages import title_of
from import_rows import BUSY, KEY
from test_import_command import supplier, table
from writers import connect, insert

MIB = 1024 * 1024


def multipart(parts, boundary):
    body = b""
    for name, filename, data in parts:
        file = f'; filename="{filename}"' if filename is not None else ""
        body += (f'--{boundary}\r\nContent-Disposition: form-data; '
                 f'name="{name}"{file}\r\n\r\n').encode() + data + b"\r\n"
    return body + f"--{boundary}--\r\n".encode()


class Pages:
    """Uploads files to a daemon and reads what it shows."""

    def __init__(self, daemon, database):
        self.daemon, self.database = daemon, database

    def send(self, body, content_type, **headers):
        return self.daemon.request("POST", "/admin/import", body, {
            "Content-Type": content_type,
            "Origin": f"http://{self.daemon.host}", **headers})

    def key(self):
        page = self.daemon.get("/admin/import")
        assert page.status == 200
        return re.search(r'name="form_key" value="(\S{22})"', page.text)[1]

    def post(self, data=b"", name="list.csv", text="", key=None, more=()):
        boundary = uuid.uuid4().hex
        parts = [("form_key", None, (key or self.key()).encode()),
                 ("file", name, data), ("text", None, text.encode()),
                 *((field, None, b"1") for field in more)]
        return self.send(multipart(parts, boundary),
                         f"multipart/form-data; boundary={boundary}")

    def leases(self):
        return self.database.sql("SELECT id, lease_until FROM supplier_imports")

    def show(self, url):
        """The page, once the file has been read. A long file may take long:
        its lease is renewed with each part of it."""
        page = None

        def ready():
            answer = self.daemon.get(url)
            assert answer.status == 200, answer.text
            return not title_of(answer).startswith("Reading") and answer
        while not page:
            held = self.leases()
            harness.wait_until(lambda: ready() or self.leases() != held,
                               "the file is read, or its lease renewed")
            page = ready()
            assert page or not self.failures()
        return page

    def failures(self):
        """What the daemon, where it is not behind another one, says of an
        import that it tries again and again."""
        return isinstance(self.daemon, harness.Daemon) and [
            line for line in self.daemon.lines()
            if line["msg"] == "import does not go on"]

    def upload(self, data, **argv):
        """The page of the import that a file makes."""
        if isinstance(data, str):
            data = data.encode()
        done = self.post(data, **argv)
        assert done.status == 303, done.text
        self.url = done.headers["Location"]
        return self.show(self.url)

    def press(self, button, **form):
        done = self.daemon.post(f"{self.url}/{button}", form)
        assert done.status == 303, done.text
        return self.show(self.url)

    def start(self, **form):
        self.press("start", **form)

        def done():
            page = self.daemon.get(self.url)
            return title_of(page).startswith("Import done") and page
        return harness.wait_until(done, "it is written")

    def names(self):
        return [name for [name] in self.database.sql(
            "SELECT name FROM suppliers ORDER BY name")]


@pytest.fixture(name="pages")
def make_pages(employee, database):
    return Pages(employee, database)


def counts(page):
    found = re.findall(r"<div><dt>(?:<a [^>]*>)?([^<]*)(?:</a>)?</dt>"
                       r"<dd>(\d+)</dd>", page.text)
    return {name: int(count) for name, count in found if count != "0"}


def problem(page):
    found = re.search(r'<div class="warning" role="alert"><p>(.*?)</p>',
                      page.text, re.S)
    return html.unescape(found[1]) if found else None


def chosen(page, name):
    select = re.search(rf'<select [^>]*name="{name}">(.*?)</select>', page.text,
                       re.S)[1]
    return re.search(r" selected>(.*?)</option>", select)[1]


def test_a_file_is_uploaded_shown_and_written(pages):
    page = pages.upload(table(supplier("Ann"), supplier("Bob")))
    assert counts(page) == {"New": 2}
    assert pages.names() == []
    pages.start()
    assert pages.names() == ["Ann", "Bob"]


def test_the_same_file_again_is_all_same(pages):
    text = table(supplier("Ann"), supplier("Bob"))
    pages.upload(text)
    pages.start()
    page = pages.upload(text)
    assert counts(page) == {"Same": 2}
    assert "There is nothing to import." in page.text


def test_changes_are_shown_field_by_field(pages):
    pages.upload(table(supplier("Ann")))
    pages.start()
    page = pages.upload(table(supplier("Ann", city="Stowe <b>")))
    assert counts(page) == {"Changed": 1}
    assert ">Waterbury</del>" in page.text
    assert ">Stowe &lt;b&gt;</ins>" in page.text


def test_rows_are_pasted(pages):
    page = pages.upload(b"", name="", text=table(supplier("Ann")))
    assert counts(page) == {"New": 1}


def test_a_form_sent_twice_is_one_import(pages):
    key = pages.key()
    for _ in range(2):
        assert pages.post(table(supplier("Ann")).encode(),
                          key=key).headers["Location"].endswith(key)
    assert pages.database.sql("SELECT COUNT(*) FROM supplier_imports"
                              ) == [["1"]]


def test_what_the_number_of_a_row_is(pages):
    said = "The number of a row is the line of the file on which it begins."
    assert said not in pages.upload(table(supplier("Ann"))).text
    page = pages.upload("".join(
        f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{name}\r\nEND:VCARD\r\n"
        for name in ("Ann", "Bob")))
    assert said in page.text
    assert re.findall(r"<h3>Row (\d+): ", page.text) == ["1", "5"]


def test_the_rows_are_filtered_and_paged(pages):
    pages.upload(table(supplier("Ann")))
    pages.start()
    page = pages.upload(table(supplier("Ann"), *(
        supplier(f"n{i:02}") for i in range(30))))
    assert counts(page) == {"Same": 1, "New": 30}
    rows = re.findall(r"<h3>Row (\d+): ", page.text)
    assert rows == [str(n) for n in range(2, 27)]
    page = pages.daemon.get(pages.url + "?kind=new&page=2")
    assert re.findall(r"<h3>Row (\d+): ", page.text) == [
        str(n) for n in range(28, 33)]


def test_the_format_is_shown_and_corrected(pages):
    text = "Firma;Ort\r\nKäse;Bern\r\nÖl;Köln\r\n".encode("cp1252")
    page = pages.upload(text)
    assert chosen(page, "kind") == "Table (CSV)"
    assert chosen(page, "charset") == "Windows-1252"
    assert chosen(page, "delimiter") == "Semicolon"
    assert (chosen(page, "c0"), chosen(page, "c1")) == ("Name", "City")
    assert "<li><bdi>Käse</bdi></li>" in page.text
    page = pages.press("reading", kind=0, charset=0, delimiter=ord(";"),
                       c0=0, c1=2)
    assert counts(page) == {"With errors": 2}
    assert "not text in the file" in page.text


def test_a_mapping_is_corrected_and_remembered(pages):
    text = "Wer,Wo,Adresse\r\n{},Bern,Weg 1\r\n"
    page = pages.upload(text.format("Ann"))
    assert "can't be read" in page.text
    assert problem(page) == "Choose the column that contains the name."
    page = pages.press("reading", kind=0, charset=0, delimiter=ord(","),
                       c0=0, c1=2, c2=1)
    assert ">Weg 1</ins>" in page.text
    page = pages.upload(text.format("Bob"))
    assert (chosen(page, "c0"), chosen(page, "c1")) == ("Name", "City")
    assert chosen(page, "c2") == "Address"


@pytest.mark.parametrize("written", [False, True])
def test_a_mapping_outlives_its_import(pages, written):
    """Of a preview and of an import; once, and as long as there are few."""
    def clean():
        pages.database.sql("UPDATE supplier_imports SET changed ="
                           " UTC_TIMESTAMP(6) - INTERVAL 91 DAY")
        pages.upload(table(supplier("Zoe")))

    text = "Wer,Wo,Adresse\r\nAnn,Bern,Weg 1\r\n"
    for _ in range(2):
        page = pages.upload(text)
        if problem(page):
            pages.press("reading", kind=0, charset=0, delimiter=ord(","),
                        c0=0, c1=2, c2=1)
    if written:
        pages.start()
    url = pages.url
    clean()
    assert pages.daemon.get(url).status == 404
    assert url not in pages.daemon.get("/admin/import").text
    assert pages.database.sql(
        "SELECT COUNT(*), COUNT(DISTINCT import_id) FROM supplier_import_rows"
    ) == [["1", "1"]]
    assert pages.database.sql("SELECT COUNT(*) FROM supplier_imports"
                              ) == [["2"]]
    assert chosen(pages.upload(text), "c0") == "Name"
    pages.database.sql("UPDATE supplier_imports SET changed ="
                       " UTC_TIMESTAMP(6) - INTERVAL 731 DAY")
    pages.upload(table(supplier("Zoe")))
    assert pages.database.sql("SELECT COUNT(DISTINCT header) FROM"
                              " supplier_imports WHERE header <> ''"
                              ) == [["1"]]


def test_an_ambiguous_row_is_asked_about(pages):
    twins = [supplier("Ann"), {**supplier("Bob"), "name": "Ann"}]
    pages.upload(table(twins[0]))
    pages.start()
    with contextlib.closing(connect(pages.database)) as admin:
        insert(admin, **twins[1])
    assert pages.names() == ["Ann", "Ann"]
    rows = [{**twins[0], "email": "", "phone": "",
             "address": "3 New Road"}]
    page = pages.upload(table(*rows))
    assert counts(page)["Ambiguous"] == 1
    ids = re.findall(r'name="choice" value="(\d+)"', page.text)
    assert len(ids) == 2
    page = pages.press("answers", n=1, choice="leave")
    assert counts(page)["Ambiguous"] == 1
    page = pages.press("answers", n=1, choice=ids[1])
    assert counts(page) == {"Changed": 1}
    pages.start()
    assert pages.database.sql("SELECT address FROM suppliers ORDER BY id") == [
        ["1 Hill Road"], ["3 New Road"]]
    done = pages.daemon.post(f"{pages.url}/answers", {"n": 1, "choice": "new"})
    assert done.status == 409


@pytest.mark.parametrize("known", [False, True])
def test_a_possible_duplicate_is_written_when_asked(pages, known):
    """Of a row that is new, and of one about a supplier that is there."""
    if known:
        pages.upload(table(supplier("Ann")))
        pages.start()
    page = pages.upload(table(supplier("Ann"), supplier("Ann", city="Stowe")))
    first = {"Same" if known else "New": 1}
    assert counts(page) == {**first, "Possible duplicates": 1}
    assert "Add it as a new supplier anyway?" in page.text
    answer = {"n": 2, "kind": "duplicate"}
    done = pages.daemon.post(f"{pages.url}/answers", {**answer, "choice": "1"})
    assert done.status == 409
    page = pages.press("answers", **answer, choice="leave")
    assert counts(page) == {**first, "Possible duplicates": 1}
    page = pages.press("answers", **answer, choice="new")
    assert counts(page) == ({"Same": 1, "New": 1} if known else {"New": 2})
    pages.start()
    assert pages.names() == ["Ann", "Ann"]
    assert pages.database.sql("SELECT city FROM suppliers ORDER BY id") == [
        ["Waterbury"], ["Stowe"]]


def test_missing_suppliers_are_removed_only_when_asked(pages):
    pages.upload(table(supplier("Ann"), supplier("Bob")))
    pages.start()
    page = pages.upload(table(supplier("Ann")))
    assert counts(page) == {"Same": 1, "Not in the file": 1}
    assert "Delete the 1 supplier that is not in the file" in page.text
    pages.start()
    assert pages.names() == ["Ann", "Bob"]
    pages.upload(table(supplier("Ann")))
    pages.start(remove_missing="1")
    assert pages.names() == ["Ann"]


def test_empty_cells_clear_only_when_asked(pages):
    pages.upload(table(supplier("Ann", notes="x")))
    pages.start()
    text = table(supplier("Ann", notes=""))
    assert counts(pages.upload(text)) == {"Same": 1}
    assert counts(pages.upload(text, more=["clear_empty"])) == {"Changed": 1}


def workbook():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 10 * MIB)
    return file.getvalue()


# What can be seen at once: the form comes back.
@pytest.mark.parametrize("data, said", [
    (workbook(), "CSV"),
    (b"", "Choose a file, or paste rows into the box."),
    (b" \n", "The file is empty."),
], ids=["workbook or zip bomb", "no file", "empty"])
def test_what_is_no_list_comes_back_with_the_form(pages, data, said):
    page = pages.post(data, name="list.csv" if data else "")
    assert page.status == 422
    assert said in problem(page)
    assert 'name="file"' in page.text


def test_a_file_and_pasted_rows_come_back(pages):
    page = pages.post(b"name\nAnn\n", text="name\n<Bob> & co\n")
    assert page.status == 422
    assert "You chose a file and also pasted rows" in problem(page)
    assert "&lt;Bob&gt; &amp; co" in page.text


# What shows when the rows are read.
@pytest.mark.parametrize("data, said", [
    (b'name,city\n"Ann,Bern\n', "quot"),
    (b"name,city\nAnn,Be\0rn\n", "NUL character"),
    (b"name,notes\nAnn," + b"x" * MIB + b"\n", "256"),
    (b",".join(b"c%d" % i for i in range(10000)) + b"\nAnn\n",
     "more than 256 columns"),
    (b'[{"name": "Ann"', "the file ends too early"),
], ids=["quotes", "NUL", "a line of 1 MiB", "10,000 columns", "cut off"])
def test_a_file_that_cannot_be_read_says_why(pages, data, said):
    page = pages.upload(data)
    assert title_of(page).startswith("The file can't be read")
    assert said in problem(page)
    assert "Nothing was imported." in page.text


def reasons(page):
    """Of the rows that a page shows, each with its column."""
    return [[html.unescape(text) for text in found] for found in re.findall(
        r'class="import-why">(?:<bdi>([^<]*)</bdi>: )?<bdi>([^<]*)<',
        page.text)]


def test_bytes_that_are_no_text_make_a_faulty_row(pages):
    text = table(supplier("Käse"), supplier("Öl", city="K?ln"),
                 supplier("Über"))
    page = pages.upload(text.encode().replace(b"K?ln", b"K\xffln"))
    assert counts(page) == {"New": 2, "With errors": 1}
    page = pages.daemon.get(pages.url + "?kind=faulty")
    assert "<h3>Row 3: " in page.text
    assert reasons(page) == [[
        "city", "There are bytes that are not text in the file's encoding, "
                "shown as \ufffd."]]


REASONS = [
    ["Firm", "The supplier name is required"],
    ["Address", "The supplier address is required"],
    ["E-mail (office)",
     "E-mail should have one @, for example orders@example.com"],
    ["Tel", "Phone number should be 7 to 15 digits, for example "
            "+44 20 7946 0958 or 555-0100 ext. 12"]]


def test_each_reason_of_a_faulty_row_names_its_own_column(pages):
    """Those of the file, and the field's name for a column that it lacks."""
    insert(connect(pages.database), email="ann@example.com")
    pages.upload('Firm,City,State,"E-mail\n(office)",Tel\n,Bern,BE,none,1\n'
                 "Ann,Bern,BE,ann@example.com,\n")
    pages.press("reading", kind=0, charset=0, delimiter=ord(","),
                c0=0, c1=2, c2=3, c3=5, c4=6)
    page = pages.daemon.get(pages.url + "?kind=faulty")
    assert reasons(page) == REASONS
    pages.start()
    assert reasons(pages.daemon.get(pages.url)) == REASONS
    told = pages.daemon.get(pages.url + "/faulty.csv").body.decode("utf-8-sig")
    [row] = csv.DictReader(io.StringIO(told, newline=""))
    assert row["reason"] == ". ".join(
        f"Row 2, {place}: {why}" for place, why in REASONS)


def test_a_long_name_of_a_column_is_cut_beside_a_reason(pages):
    name = "ü" * 300
    pages.upload(f"name,address,city,country,{name},phone\n"
                 "Ann,1 Hill,Bern,CH,".encode() +
                 b"\xff,\n,,Bern,CH,none,1\n")
    page = pages.press("reading", kind=0, charset=0, delimiter=ord(","),
                       c0=0, c1=1, c2=2, c3=4, c4=5, c5=6)
    assert counts(page) == {"With errors": 2}
    found = reasons(page)
    assert found[0][0] == "ü" * 127
    assert [place for place, _ in found[1:]] == [
        "name", "address", "ü" * 31, "phone"]


@pytest.mark.parametrize("content_type, body, status, said", [
    ("multipart/form-data", b"x", 400, "boundary"),
    ("application/x-www-form-urlencoded", b"x=1", 415, "form"),
    ("multipart/form-data; boundary=b",
     b'--b\r\nContent-Disposition: form-data; name="file"\r\n'
     b"Content-Type: multipart/mixed; boundary=c\r\n\r\n\r\n--b--\r\n", 400,
     "part"),
    ("multipart/form-data; boundary=b",
     multipart([(f"p{i}", None, b"") for i in range(1000)], "b"), 400,
     "The form has too many parts."),
    ("multipart/form-data; boundary=b",
     b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nname', 400,
     "The upload stopped too early. Send it again."),
], ids=["no boundary", "another form", "nested", "1,000 parts", "cut off"])
def test_a_faulty_form_comes_back(pages, content_type, body, status, said):
    page = pages.send(body, content_type)
    assert page.status == status
    assert said in problem(page)
    assert 'name="file"' in page.text


def test_an_upload_that_breaks_off_leaves_nothing(pages):
    head = (f"POST /admin/import HTTP/1.1\r\nHost: {pages.daemon.host}\r\n"
            f"Origin: http://{pages.daemon.host}\r\n"
            "Content-Type: multipart/form-data; boundary=b\r\n"
            f"Content-Length: {4 * MIB}\r\n\r\n").encode()
    with socket.create_connection(("127.0.0.1", pages.daemon.port)) as sock:
        sock.sendall(head + b"x" * MIB)
    assert counts(pages.upload(table(supplier("Ann")))) == {"New": 1}
    assert pages.database.sql("SELECT COUNT(*) FROM supplier_imports"
                              ) == [["1"]]


def test_readers_do_not_import(start, database):
    daemon = start("employee", database, APP_IDENTITY_HEADER="X-User",
                   APP_EDITORS="ann")
    assert daemon.get("/admin/import", X_User="bob").status == 403
    assert "/admin/import" not in daemon.get("/admin", X_User="bob").text
    assert daemon.get("/admin/import", X_User="ann").status == 200
    assert "/admin/import" in daemon.get("/admin", X_User="ann").text


def test_two_imports_are_written_one_after_the_other(pages):
    other = Pages(pages.daemon, pages.database)
    pages.upload(table(supplier("Ann")))
    other.upload(table(supplier("Bob")))
    pages.database.sql(BUSY)
    for each in (pages, other):
        refused = each.daemon.post(f"{each.url}/start", {})
        assert refused.status == 409
        assert "Another import is running" in problem(refused)
    pages.database.sql("DELETE FROM supplier_imports"
                       f" WHERE import_key = '{KEY}'")
    pages.start()
    other.start()
    assert pages.names() == ["Ann", "Bob"]


def test_two_uploads_at_once_say_so(pages):
    """Each takes its whole length of memory: the second is asked to wait."""
    head = (f"POST /admin/import HTTP/1.1\r\nHost: {pages.daemon.host}\r\n"
            "Content-Type: multipart/form-data; boundary=b\r\n"
            f"Content-Length: {4 * MIB}\r\n\r\n").encode()
    with socket.create_connection(("127.0.0.1", pages.daemon.port)) as sock:
        sock.sendall(head + b"x" * MIB)
        page = harness.wait_until(
            lambda: (got := pages.post(b"x" * 2 * MIB)).status == 503 and got,
            "the first one is being read")
        assert problem(page) == ("Another file is being uploaded. Try again in "
                                 "a minute.")
        assert 'name="file"' in page.text


def test_the_most_columns_are_corrected(pages):
    header = ["Who", *(f"x{i}" for i in range(254)), "Where"]
    row = supplier("Ann")
    page = pages.upload(",".join(header) + "\n" + row["name"] + ","
                        + ",".join([""] * 254) + "," + row["city"] + "\n")
    assert problem(page) == "Choose the column that contains the name."
    targets = {"c0": 0, **{f"c{i}": 12 for i in range(1, 255)}, "c255": 2}
    page = pages.press("reading", kind=0, charset=0, delimiter=ord(","),
                       **targets)
    assert (chosen(page, "c0"), chosen(page, "c255")) == ("Name", "City")
    assert chosen(page, "c254") == "(leave out)"


def test_two_columns_for_one_field_are_refused(pages):
    page = pages.upload(table(supplier("Ann")))
    page = pages.press("reading", kind=0, charset=0, delimiter=ord(","),
                       c0=0, c1=1, c2=2, c3=2, c4=4, c5=5, c6=6, c7=7, c8=8,
                       c9=9, c10=10)
    assert "both go into the field “City”" in problem(page)
    assert chosen(page, "c3") == "City"


@pytest.mark.parametrize("form", [
    {}, {"kind": 9}, {"kind": 0, "charset": 9}, {"kind": 0, "delimiter": 65},
    {"kind": 0, "c1": 0}, {"kind": 0, "c0": 99}, {"kind": "x"}, {"other": 1}])
def test_a_damaged_correction_changes_nothing(pages, form):
    before = pages.upload(table(supplier("Ann")))
    assert pages.daemon.post(f"{pages.url}/reading", form).status == 400
    assert counts(pages.show(pages.url)) == counts(before)
