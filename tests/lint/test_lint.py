"""The rules of the house that a program can check."""
import pathlib
import re
import shutil
import subprocess

import pytest

import harness

ROOT = pathlib.Path(__file__).resolve().parents[2]
CODE = [path for part in ("libcafe", "customer", "employee", "tests", "deploy")
        for path in sorted((ROOT / part).rglob("*.[ch]"))
        if "node_modules" not in path.parts]
SCRIPTS = [ROOT / "cafe", ROOT / ".ci/run",
           *sorted((ROOT / "deploy").rglob("*.sh"))]

# A part may include the public headers of these parts only.
FLOORS = {
    "base": {"base"},
    "http": {"base", "http"},
    "db": {"base", "db"},
    "html": {"base", "html"},
    "suppliers": {"base", "http", "db", "html", "suppliers"},
    "service": {"base", "http", "db", "html", "service"},
    "customer": {"base", "http", "db", "html", "suppliers", "service"},
    "employee": {"base", "http", "db", "html", "suppliers", "service"},
    "deploy": {"base"},
}

# Which part each public header belongs to.
HEADERS = {
    "base": "arena clock config counters error file hash json log nearest page "
            "text unicode",
    "http": "form parser request response router server",
    "db": "db",
    "html": "assets compress encoding markdown page_cache render template "
            "view",
    "suppliers": "catalog contact csv cursor duplicates history migrations "
                 "paging search store supplier supplier_json unescape untouched "
                 "vcard",
    "service": "access offload pages service",
}
PART_OF = {name: part for part, names in HEADERS.items()
           for name in names.split()}

# Where a foreign library may be included.
FOREIGN = {
    "mysql.h": ("libcafe/db/",),
    "mariadb_com.h": ("libcafe/db/",),
    "cmark.h": ("libcafe/html/markdown.c",),
    "yaml.h": ("libcafe/base/config_yaml.c", "deploy/cafe-deploy/document.c",
               "tests/unit/"),
    "zlib.h": ("libcafe/html/compress.c", "tests/unit/"),
    "brotli/": ("libcafe/html/compress.c", "tests/unit/"),
    "utf8proc.h": ("libcafe/base/unicode.c",),
    "llhttp.h": ("tests/fuzz/",),
    "event2/": ("libcafe/http/", "libcafe/service/", "libcafe/db/pool",
                "libcafe/suppliers/catalog.c", "libcafe/suppliers/searcher.c",
                "tests/unit/",
                "tests/fuzz/"),
}


def relative(path):
    return str(path.relative_to(ROOT))


def part_of_file(path):
    parts = path.relative_to(ROOT).parts
    return parts[1] if parts[0] == "libcafe" else parts[0]


def includes(path):
    return re.findall(r'^#include ["<]([^">]+)[">]', path.read_text(), re.M)


def test_format():
    done = subprocess.run(
        ["clang-format-14", "--dry-run", "-Werror", *CODE],
        capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:4000]


def test_every_public_header_has_a_part():
    headers = {path.stem for path in
               (ROOT / "libcafe/include/cafe").glob("*.h")}
    assert headers == set(PART_OF)


def test_floors():
    wrong = []
    for path in CODE:
        part = part_of_file(path)
        if part == "include":
            part = PART_OF[path.stem]
        for name in includes(path) if part in FLOORS else ():
            if name.startswith("cafe/"):
                owner = PART_OF[pathlib.PurePath(name).stem]
                if owner not in FLOORS[part]:
                    wrong.append(f"{relative(path)} includes {name}")
    assert not wrong, wrong


def test_the_customer_daemon_has_no_store():
    for path in (ROOT / "customer").glob("*.[ch]"):
        assert "cafe/store.h" not in includes(path)


def test_foreign_headers_stay_in_their_place():
    wrong = [f"{relative(path)} includes {name}"
             for path in CODE for name in includes(path)
             for header, places in FOREIGN.items()
             if name.startswith(header) and
             not relative(path).startswith(places)]
    assert not wrong, wrong


def test_no_mutable_globals():
    """No object of ours lies in memory that can be written to."""
    wrong = []
    for library in sorted(harness.BIN.parent.rglob("libcafe_*.a")):
        table = subprocess.run(["objdump", "-t", library], text=True,
                               capture_output=True, check=True).stdout
        for line in table.splitlines():
            fields = line.split()
            if " O " in line and re.search(r"\s\.(data|bss)\s", line):
                if not fields[-1].startswith(("__asan", "__odr", "__ubsan",
                                              ".L")):
                    wrong.append(f"{library.name}: {fields[-1]}")
    assert not wrong, wrong


def test_lines_fit():
    wrong = [f"{relative(path)}:{number}" for path in CODE
             for number, line in enumerate(path.read_text().splitlines(), 1)
             if len(line) > 80]
    assert not wrong, wrong


def test_no_leftovers():
    """No notes to self without saying when they bite, no path of a machine."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, text=True,
                             capture_output=True, check=True).stdout.split()
    words = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|/work/|/home/\w+/")
    wrong = []
    for name in tracked:
        path = ROOT / name
        if path.suffix in (".c", ".h", ".py", ".sh", ".md", ".js", ".cmake",
                           ".html", ".sql") and path != pathlib.Path(__file__):
            wrong += [f"{name}: {line}" for line in
                      path.read_text().splitlines() if words.search(line)]
    assert not wrong, wrong


def test_shell():
    if not shutil.which("shellcheck"):
        pytest.skip("shellcheck is not installed")
    done = subprocess.run(["shellcheck", "-x", *SCRIPTS], cwd=ROOT, text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_option_is_in_the_readme_or_help():
    """Each option of the table has a help line that ends in a full stop."""
    table = (ROOT / "libcafe/service/options.c").read_text()
    rows = re.findall(r'\{ "([a-z_.]+)", OPTION_.*?"([^"]+)" \}', table, re.S)
    assert len(rows) > 30
    for name, text in rows:
        assert text.endswith("."), name


def test_links_in_documents():
    for path in ROOT.glob("*.md"):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)",
                                 path.read_text()):
            assert (ROOT / target).exists(), f"{path.name}: {target}"


def test_an_old_libevent_is_refused(tmp_path):
    query = tmp_path / "dpkg-query"
    query.write_text("#!/bin/sh\nprintf 2.1.12-stable-8\n")
    query.chmod(0o755)
    done = subprocess.run(
        ["cmake", "-S", ROOT, "-B", tmp_path / "build", "-G", "Ninja",
         f"-DDPKG_QUERY={query}"], text=True, capture_output=True, check=False)
    assert done.returncode != 0
    assert "has known" in done.stderr and "8+deb12u1" in done.stderr
