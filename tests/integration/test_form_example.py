"""The example of docs/api.md that posts a form does what it says."""
import re
import subprocess

import harness
from writers import connect, query


def test_the_example_saves_what_it_shows(database, employee):
    text = (harness.ROOT / "docs/api.md").read_text()
    example = re.search(r"### Posting forms.*?\n\n((?:    [^\n]*\n)+)", text,
                        re.S)[1]
    assert "http://127.0.0.1:8080" in example
    subprocess.run(["bash", "-ec", example.replace(
        "http://127.0.0.1:8080", f"http://{employee.host}")], check=True)
    assert query(connect(database),
                 "SELECT name, address, city, state, phone FROM suppliers") == (
        ("Example Beans", "1 High Street", "London", "London",
         "+44 20 7946 0958"),)
