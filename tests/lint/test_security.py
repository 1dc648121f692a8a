"""Each control that SECURITY.md names has tests, and they exist."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]


def rows_of(text):
    """The cells of the table of threats."""
    table = text.split("\n## Threats, controls, tests\n")[1].split("\n## ")[0]
    return [[cell.strip() for cell in line.strip("|").split(" | ")]
            for line in table.splitlines() if line.startswith("| ")][1:]


def exists(name):
    """A test of Python or C by file and name, or a file of its own."""
    path, _, test = name.partition("::")
    file = ROOT / "tests" / path
    if not file.is_file():
        return False
    return not test or bool(re.search(
        rf"^(def|static void) {re.escape(test)}\(", file.read_text(), re.M))


def faults(text):
    found = []
    for cells in rows_of(text):
        tests = re.findall("`([^`]+)`", cells[-1])
        if len(cells) != 3 or not all(cells) or not tests:
            found.append(cells)
        found += [name for name in tests if not exists(name)]
    return found


def test_each_threat_has_tests():
    text = (ROOT / "SECURITY.md").read_text()
    assert len(rows_of(text)) > 30
    assert faults(text) == []
    some = "integration/test_markup.py::test_every_place"
    for other in (some + "s", "integration/test_none.py::test_every_place",
                  "integration/test_none.py"):
        assert other in faults(text.replace(some, other, 1))
    line = "|---|---|---|\n"
    for row in "| a | b | none |", "| a | b |", f"| a | | `{some}` |":
        assert faults(text.replace(line, line + row + "\n", 1)), row
