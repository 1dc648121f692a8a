"""A person's way through the pages, in headless Chromium through HAProxy."""
import shutil
import subprocess

import pytest

import harness

FOLDER = harness.ROOT / "tests" / "browser"
SCREENSHOTS = harness.ARTIFACTS / "screenshots"


@pytest.fixture(scope="session")
def playwright():
    if not shutil.which("chromium") or not shutil.which("npm"):
        pytest.skip("chromium or npm is not installed")
    if not (FOLDER / "node_modules/playwright-core").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=FOLDER,
                       check=True, capture_output=True)


@pytest.mark.parametrize("scripts", ["off", "on"])
def test_add_edit_delete(playwright, database, proxy, scripts):
    sample = harness.ROOT / "deploy/local/sample-suppliers.sql"
    database.sql(sample.read_text())
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["node", FOLDER / "edit.js", f"http://127.0.0.1:{proxy.port}",
         scripts, SCREENSHOTS],
        text=True, capture_output=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
