"""What the directory saves comes back without a change, whatever its texts."""
import random

import pytest

import fields
from test_import_command import Importer
from test_import_upload import Pages, counts
from test_write_batch import batch, done, make_program, post  # noqa: F401

COUNT = 2000
IN_A_BATCH = 100

# What some format, spreadsheet or script has trouble with.
PIECES = (
    # quoting and structure of CSV, vCard, JSON
    '"', '""', "'", ",", ";", "|", "\\", "\\n", "\\,", "\\\\", ":", "=", "&",
    "<b>", "</script>", "{{name}}", "%0D%0A", "\\u0041", "BEGIN:VCARD",
    "END:VCARD", "FN:x", "null", "{", "]",
    # what spreadsheets make of a cell
    "=1+1", "+1", "-1", "@SUM(A1)", "'=1", "''", "0044", "007", "1e5", "1,5",
    "3-4", "2026-01-02", "TRUE", "NaN", "#REF!",
    # scripts, and letters in several code points
    "Café", "Cafe\u0301", "Łódź", "İstanbul", "straße", "ﬁ", "Ω", "漢字", "ｶﾌｪ",
    "한국", "हिन्दी", "قهوة", "קפה", "\u200fקפה\u200f", "می\u200cخواهم", "☕🫘",
    "👩\u200d🌾", "🇨🇴", "\U0001f44d\U0001f3fd", "\ufe0f", "\ue000", "�",
    # blanks and what shows nothing
    " ", "\u00a0", "\u2003", "\u3000", "\u00ad", "\u200b", "\ufeff",
    "x",
)
OF_NOTES = ("\n", "\r\n", "\n\n", "\t", "  \n", "\n- ", "\n    ", "\n# ",
            "[a](https://a.example)", "```", "x" * 2000)


def text_of(choice, most, pieces):
    """Some pieces, in at most as many characters."""
    return "".join(choice.choices(pieces, k=choice.randint(1, 8)))[:most]


def made(choice, number):
    """A supplier that no other one is like."""
    def line(most=200):
        return text_of(choice, most, PIECES)
    phone = choice.choice(
        (f"+44 (0)20 7{number:07}", f"+1 802-555-{number:04} ext. {number}",
         f"0049 30 {number:06}", f"+39 06 {number:07}"))
    return {
        "name": f"{number} {line()}", "address": f"{number}{line()}",
        "city": f"x{line()}", "state": f"{line()}x", "phone": phone,
        "country": choice.choice(("", "Colombia", f"x{line(90)}")),
        "email": choice.choice(("", f"o'neil+{number}@example.com",
                                f"jürgen{number}@bücher.example")),
        "website": choice.choice(("", f"https://a.example/?q=%20;,{number}",
                                  f"http://bücher.example/{number}#'x")),
        "notes": choice.choice(
            ("", f"x{text_of(choice, 16000, PIECES + OF_NOTES)}x",
             f"{number}" * choice.randint(1, 3000)))}


@pytest.fixture(name="saved")
def make_saved(program, database, tmp_path, start):
    """The files that customers save of such suppliers."""
    choice = random.Random(18)
    suppliers = [made(choice, number) for number in range(COUNT)]
    for at in range(0, COUNT, IN_A_BATCH):
        done(batch(program, *map(post, suppliers[at:at + IN_A_BATCH]),
                   query="?anyway=1"))
    importer = Importer(database, tmp_path)
    customer = start("customer", database)
    files = {path: customer.get(path).body.decode("utf-8") for path in (
        "/suppliers.csv", "/suppliers.csv?for=excel", "/suppliers.vcf",
        "/suppliers.vcf?version=3", "/suppliers.json")}
    export = importer.run("--export")
    assert export.returncode == 0, export.stderr
    files["--export"] = export.stdout
    return importer, files


@pytest.mark.thorough
def test_each_text_comes_back_as_it_was(saved, employee):
    importer, files = saved
    for name, text in files.items():
        assert importer(text) == {"same": COUNT}, name
    pages = Pages(employee, importer.database)
    page = pages.upload(files["/suppliers.csv?for=excel"])
    assert counts(page) == {"Same": COUNT}
    check_kept(importer.database)


def check_kept(database):
    """None of the pieces was tidied away in all its places: what shows nothing
    at the ends of a line is, and letters are composed."""
    kept = "\n".join("\n".join(row) for row in database.sql(
        f"SELECT {', '.join(fields.NAMES)} FROM suppliers"))
    gone = {piece for piece in PIECES if piece not in kept}
    assert gone <= {"\u00a0", "\u2003", "\u3000", "\u00ad", "\u200b", "\ufeff",
                    "\ufe0f", "Cafe\u0301"}
