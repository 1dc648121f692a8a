"""What the tutorials of docs/developers.md make works."""
import pytest

import harness
import tutorials


@pytest.mark.thorough  # builds the project again
def test_a_page_and_an_option(start, database, folder, monkeypatch):
    clone = tutorials.clone_with_both(folder)
    build = clone / "build" / "plain"
    tutorials.run(clone, "cmake", "-G", "Ninja", "-B", build,
                  "-DCMAKE_BUILD_TYPE=Debug", capture_output=True)
    tutorials.run(clone, "cmake", "--build", build, "--target", "customer",
                  capture_output=True)
    monkeypatch.setattr(harness, "BIN", build / "bin")

    customer = start("customer", database, APP_ASK="Ann & Bob")
    assert "<p>Suppliers: 0</p>" in customer.get("/about").text
    assert "<p>Questions: Ann &amp; Bob</p>" in customer.get("/about").text
    database.sql("INSERT INTO suppliers"
                 " (name, address, city, state, email, phone)"
                 " VALUES ('n', 'a', 'c', 's', 'e@x.example', '5550100')")
    assert "<p>Suppliers: 1</p>" in customer.get("/about").text
    assert "Whom the page /about says to ask." in tutorials.run(
        clone, build / "bin" / "customer", "--help", capture_output=True
    ).stdout
