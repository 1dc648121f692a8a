"""The pictures of README.md and docs/ can be made again, by one command:
./cafe test browser --pictures docs/images"""
import pathlib
import re
import struct

import pytest

import harness
from test_browser import fill_sample, playwright, walk  # noqa: F401

MAX_BYTES = 150 * 1000
WIDTH = 1280
PICTURES = {"list", "clash", "duplicates", "notes", "undo", "history",
            "import"}


def width_of(png):
    """Pixels, from the header chunk (PNG specification, 11.2.2)."""
    data = png.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n"), png
    return struct.unpack(">I", data[16:20])[0]


def check(folder):
    for name in PICTURES:
        png = folder / f"{name}.png"
        assert width_of(png) == WIDTH
        assert png.stat().st_size < MAX_BYTES, png


@pytest.mark.thorough
def test_pictures(request, playwright, start, database,  # noqa: F811
                  customer):
    given = request.config.getoption("--pictures")
    folder = pathlib.Path(given or harness.ARTIFACTS / "pictures")
    folder.mkdir(parents=True, exist_ok=True)
    fill_sample(database)
    employee = start("employee", database, APP_TRUSTED_PROXIES="loopback",
                     APP_IDENTITY_HEADER="X-Forwarded-User")
    walk("pictures.js", f"http://{customer.host}", f"http://{employee.host}",
         folder.resolve(), seconds=180)
    check(folder)


def test_documents_show_them():
    """Each picture is shown, and each one that is shown exists."""
    documents = [harness.ROOT / "README.md",
                 *(harness.ROOT / "docs").glob("*.md")]
    shown = [(document.parent / path).resolve()
             for document in documents
             for path in re.findall(r"!\[[^\]]+\]\(([^)]+)\)",
                                    document.read_text())]
    folder = harness.ROOT / "docs/images"
    assert {path.name for path in shown} == {f"{name}.png" for name in PICTURES}
    assert all(path.parent == folder for path in shown)
    check(folder)
