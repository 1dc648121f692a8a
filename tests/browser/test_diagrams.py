"""The diagrams of the documents are accepted by mermaid itself."""
import json
import re
import subprocess

import harness
from test_browser import FOLDER, playwright  # noqa: F401

DOCUMENTS = [*harness.ROOT.glob("*.md"), *(harness.ROOT / "docs").glob("*.md")]
WANTED = {"flowchart": 1, "sequenceDiagram": 1}  # in ARCHITECTURE.md

FAULTS = (("-->", "<"), ("end\n", ""), ("flowchart", "flowchar"),
          ("->>", ">>"), ("alt ", "if "), ("[(", "["))


def diagrams_of(document):
    return re.findall(r"(?ms)^```mermaid\n(.*?)^```$", document.read_text())


def faults(diagrams):
    """What mermaid says of each; None of one that it can draw."""
    done = subprocess.run(["node", FOLDER / "diagrams.js"], text=True,
                          input=json.dumps(diagrams), capture_output=True,
                          timeout=harness.WAIT_S * 3, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_architecture_has_its_diagrams():
    kinds = [text.split()[0] for text in
             diagrams_of(harness.ROOT / "ARCHITECTURE.md")]
    assert {kind: kinds.count(kind) for kind in kinds} == WANTED


def test_mermaid_draws_each_diagram(playwright):  # noqa: F811
    diagrams = [text for document in DOCUMENTS
                for text in diagrams_of(document)]
    assert faults(diagrams) == [None] * len(diagrams)


def test_a_broken_diagram_is_refused(playwright):  # noqa: F811
    diagrams = diagrams_of(harness.ROOT / "ARCHITECTURE.md")
    broken = [text.replace(*fault, 1) for fault in FAULTS
              for text in diagrams if fault[0] in text]
    assert len(broken) >= len(FAULTS)
    assert None not in faults(broken)


def test_files_in_diagrams_exist():
    """A picture names folders and files of libcafe and the daemons."""
    text = "".join(diagrams_of(harness.ROOT / "ARCHITECTURE.md"))
    names = re.findall(r"\b[a-z]+/(?:[a-z_]+\.c)?(?=\s)", text)
    assert len(names) > 3
    for name in names:
        assert any((harness.ROOT / base / name).exists()
                   for base in ("", "libcafe")), name
