"""The table for spreadsheets, opened by LibreOffice: each cell is a text."""
import os
import shutil
import subprocess
import xml.etree.ElementTree

import pytest

import harness
from writers import NAMES, connect, insert

OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"

LONG = "CAFE_LONG" in os.environ
# As LibreOffice numbers them; the first two are tried in each run.
LANGUAGES = {"en-US": 1033, "de-DE": 1031, "fr-FR": 1036, "es-ES": 3082,
             "pl-PL": 1045, "ru-RU": 1049, "ja-JP": 1041}

TEXTS = (
    # Numbers, amounts, fractions.
    "0044 20 7946 0958", "007", "1E5", "1e+5", "3/4", "1 3/4", "1,234", "1.5",
    "1.234,5", "1 000", "1’000", ".5", "5.", "5%", "5 %", "$5", "5 €", "€5",
    "USD 5", "5 zł", "(5)", "5-", "-5", " 007", "007 ", "\u00a0007", "１２３",
    "٣٤", "½", "0x10",
    # Dates and times.
    "12:30", "12:30:15", "5 PM", "5pm", "2024-01-02", "2024-01-02T12:30",
    "1/2/3", "1.2.3", "1.2.", "3-4", "Mar 4", "4 Mar", "March 4", "Mar-24",
    "4 March 2024", "Mon 4 Mar 2024", "Monday, March 4, 2024", "4. März 2024",
    "4. Mär. 2024", "4 mars 2024", "4 févr. 2024", "4 de marzo de 2024",
    "4 marca 2024", "4 марта 2024", "4 мар. 2024", "2024年1月2日", "午後3時",
    # Truth values and errors.
    "TRUE", "false", "True ", "WAHR", "falsch", "VRAI", "Verdadero", "PRAWDA",
    "ИСТИНА", "#N/A", "#REF!", "#DIV/0!",
    # Formulas, in full width as well.
    "=1+1", "+1", "-1", "@SUM(1)", "=HYPERLINK(\"http://x\")", "\t=1", "\r=1",
    "＝1+1", "＋1", "－1", "＠SUM(1)", "−5", " =1+1", "+44 20 7946 0958",
    # Guarded already, or nearly.
    "'=1", "''0044", "'", "''", "'s-Gravenhage", "'TRUE",
    # Texts.
    "1 Hill Road", "Café Łódź", "a,b;\"c\"", "two\nlines", "555-0100 ext. 12",
    "orders7@example.com", "☕",
)


def cells_of(path):
    """Of a flat OpenDocument table: kind and text of each cell, by rows."""
    def text_of(node):
        text = node.text or ""
        for child in node:
            if child.tag == f"{{{TEXT}}}s":
                text += " " * int(child.get(f"{{{TEXT}}}c", 1))
            elif child.tag == f"{{{TEXT}}}tab":
                text += "\t"
            else:
                text += text_of(child)
            text += child.tail or ""
        return text
    rows = xml.etree.ElementTree.parse(path).getroot().iter(
        f"{{{TABLE}}}table-row")
    for row in rows:
        cells = []
        for cell in row.iter(f"{{{TABLE}}}table-cell"):
            assert cell.get(f"{{{TABLE}}}formula") is None
            content = "\n".join(text_of(part) for part in
                                cell.findall(f"{{{TEXT}}}p"))
            cells += int(cell.get(f"{{{TABLE}}}number-columns-repeated", 1)) \
                * [(cell.get(f"{{{OFFICE}}}value-type"), content)]
        yield cells


def open_table(table, folder, language):
    """As opened with detection of special numbers."""
    done = subprocess.run(
        ["soffice", "--headless", f"-env:UserInstallation=file://{folder}/user",
         f"--infilter=CSV:44,34,76,1,,{LANGUAGES[language]},false,true",
         "--convert-to", "fods", "--outdir", folder, table],
        capture_output=True, text=True, timeout=300)
    opened = folder / (table.stem + ".fods")
    assert done.returncode == 0 and opened.exists(), done.stderr
    return list(cells_of(opened))


def save_as(kind, path, folder):
    """Open a table and save it as a workbook, then as CSV with semicolons."""
    for source, options in (
            (path, ["--infilter=CSV:44,34,76,1", "--convert-to", kind]),
            (folder / f"{path.stem}.{kind}",
             ["--convert-to", "csv:Text - txt - csv (StarCalc):59,34,76,1"])):
        subprocess.run(
            ["soffice", "--headless",
             f"-env:UserInstallation=file://{folder}/user", *options,
             "--outdir", folder, source],
            capture_output=True, text=True, timeout=300, check=True)
    return path


def as_shown(text):
    return text.replace("\r\n", "\n").replace("\r", "\n")


@pytest.fixture(scope="module")
def profile(tmp_path_factory):
    if not shutil.which("soffice"):
        pytest.skip("libreoffice-calc-nogui is not installed")
    return tmp_path_factory.mktemp("office")


@pytest.mark.parametrize("language", list(LANGUAGES)[:None if LONG else 2])
def test_each_cell_keeps_its_text(customer, database, profile, language):
    admin = connect(database)
    stored = {}
    for text in TEXTS:
        fields = {**dict.fromkeys(NAMES, text), "ended_on": ""}
        stored[insert(admin, **fields)] = fields
    table = profile / f"{language}.csv"
    table.write_bytes(customer.get("/suppliers.csv?for=excel").body)
    rows = open_table(table, profile, language)
    assert [text for _, text in rows[0][:len(NAMES) + 1]] == ["id", *NAMES]
    seen = set()
    for (kind, number), *cells in rows[1:]:
        if not number:
            continue
        assert kind == "float"
        for name, (kind, text) in zip(NAMES, cells):
            wanted = as_shown(stored[int(number)][name])
            assert kind == ("string" if wanted else None), (wanted, kind, text)
            assert text in (wanted, "'" + wanted), (wanted, text)
        seen.add(int(number))
    assert seen == set(stored)


@pytest.mark.parametrize("kind", ["xlsx", "ods"] if LONG else ["xlsx"])
def test_a_table_that_was_saved_again_comes_back(customer, database, profile,
                                                 kind):
    admin = connect(database)
    for text in TEXTS:
        if text.strip() == text and text.isprintable():
            insert(admin, **{"name": text, "address": text, "city": text,
                             "state": "Vermont", "country": text,
                             "email": "", "phone": "+1 802 555 0101",
                             "website": "", "notes": f"{text};\n\"{text}\""})
    table = profile / f"again-{kind}.csv"
    table.write_bytes(customer.get("/suppliers.csv?for=excel").body)
    count = len(database.sql("SELECT id FROM suppliers"))
    done = subprocess.run(
        [harness.BIN / "employee", "--import", save_as(kind, table, profile),
         "--dry-run"], text=True, capture_output=True, check=False,
        timeout=harness.HANG_S, env=database.environment("employee"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"same {count}" in done.stdout, done.stdout
    assert count > 60
