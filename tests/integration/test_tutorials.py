"""The tutorials of docs/developers.md, followed to the letter in a clone."""
import re
import subprocess

import harness

TUTORIALS = harness.ROOT / "docs" / "developers.md"


def run(folder, *words, **options):
    return subprocess.run(words, cwd=folder, check=True, text=True, **options)


def follow(clone, heading):
    """Apply the patches of a tutorial as printed."""
    text = TUTORIALS.read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    patches = re.findall(r"```diff\n(.*?)```", text, re.S)
    assert patches, heading
    for patch in patches:
        run(clone, "git", "apply", "-", input=patch)


def test_a_page_and_an_option(start, database, folder, monkeypatch):
    clone = folder / "clone"
    run(folder, "git", "clone", "-q", harness.ROOT, clone)
    follow(clone, "Add a page")
    follow(clone, "Add an option")
    build = clone / "build" / "plain"
    run(clone, "cmake", "-G", "Ninja", "-B", build, "-DCMAKE_BUILD_TYPE=Debug",
        capture_output=True)
    run(clone, "cmake", "--build", build, "--target", "customer",
        capture_output=True)
    monkeypatch.setattr(harness, "BIN", build / "bin")

    customer = start("customer", database, APP_ASK="Ann & Bob")
    assert "<p>Suppliers: 0</p>" in customer.get("/about").text
    assert "<p>Questions: Ann &amp; Bob</p>" in customer.get("/about").text
    database.sql("INSERT INTO suppliers"
                 " (name, address, city, state, email, phone)"
                 " VALUES ('n', 'a', 'c', 's', 'e@x.example', '5550100')")
    assert "<p>Suppliers: 1</p>" in customer.get("/about").text
    assert "Whom the page /about says to ask." in run(
        clone, build / "bin" / "customer", "--help", capture_output=True
    ).stdout
