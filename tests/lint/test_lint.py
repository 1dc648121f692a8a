"""The rules of the house that a program can check."""
import pathlib
import re
import shutil
import subprocess

import pytest

import harness
import run

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
    "suppliers": {"base", "db", "html", "suppliers"},
    "service": {"base", "http", "db", "html", "service"},
    "api": {"base", "http", "db", "html", "suppliers", "service", "api"},
    "import": {"base", "db", "suppliers", "import"},
    "customer": {"base", "http", "db", "html", "suppliers", "service", "api"},
    "employee": {"base", "http", "db", "html", "suppliers", "service", "api",
                 "import"},
    "deploy": {"base"},
}

# Where a foreign library may be included.
FOREIGN = {
    "mysql.h": ("libcafe/db/", "tests/unit/"),
    "mariadb_com.h": ("libcafe/db/",),
    "crypt.h": ("libcafe/service/password.c",),
    "openssl/": ("libcafe/service/key_text.c",
                 "libcafe/service/token_keys.c"),
    "seccomp.h": ("libcafe/service/hardening.c",),
    "csv.h": ("libcafe/import/csv_reader.c",),
    "cmark.h": ("libcafe/html/markdown.c",),
    "qrencode.h": ("libcafe/html/qr.c",),
    "yaml.h": ("libcafe/base/config_yaml.c",
               "deploy/cafe-deploy/document_yaml.c", "tests/unit/"),
    "jansson.h": ("deploy/cafe-deploy/document_json.c",
                  "libcafe/suppliers/supplier_body.c",
                  "libcafe/service/token.c",
                  "libcafe/import/json_reader.c"),
    "zlib.h": ("libcafe/html/compress.c", "tests/unit/"),
    "brotli/": ("libcafe/html/compress.c", "tests/unit/"),
    "utf8proc.h": ("libcafe/base/unicode.c",),
    "llhttp.h": ("tests/fuzz/",),
    "event2/": ("libcafe/api/changes.c", "libcafe/http/",
                "libcafe/service/", "libcafe/db/pool",
                "libcafe/suppliers/catalog.c", "libcafe/suppliers/searcher.c",
                "libcafe/suppliers/table_compare.c",
                "tests/unit/",
                "tests/fuzz/"),
}


def relative(path):
    return str(path.relative_to(ROOT))


def part_of_file(path):
    parts = path.relative_to(ROOT).parts
    if parts[:3] == ("libcafe", "include", "cafe"):
        return parts[3]
    return parts[1] if parts[0] == "libcafe" else parts[0]


def part_of_header(name):
    """cafe/http/router.h belongs to http."""
    return pathlib.PurePath(name).parts[1]


def includes(path):
    return re.findall(r'^#include ["<]([^">]+)[">]', path.read_text(), re.M)


FORMAT_VERSION = "14"  # the version that .clang-format was written for


def clang_format():
    """clang-format of that version, or why there is none."""
    for name in (f"clang-format-{FORMAT_VERSION}", "clang-format"):
        if shutil.which(name):
            said = subprocess.run([name, "--version"], text=True, check=True,
                                  capture_output=True).stdout
            version = re.search(r"version (\d+)", said)[1]
            if version == FORMAT_VERSION:
                return name, None
            return None, f"clang-format is {version}"
    return None, "clang-format is not installed"


def test_format():
    program, reason = clang_format()
    if reason:
        pytest.skip(f"FORMAT NOT CHECKED: {reason}, and versions other than "
                    f"{FORMAT_VERSION} break lines in other places")
    done = subprocess.run([program, "--dry-run", "-Werror", *CODE],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:4000]


def test_floors():
    wrong = []
    for path in CODE:
        part = part_of_file(path)
        for name in includes(path) if part in FLOORS else ():
            if (name.startswith("cafe/") and
                    part_of_header(name) not in FLOORS[part]):
                wrong.append(f"{relative(path)} includes {name}")
    assert not wrong, wrong


def test_the_customer_daemon_has_no_store():
    for path in (ROOT / "customer").glob("*.[ch]"):
        assert "cafe/suppliers/store.h" not in includes(path)


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


def test_no_pipe_ends_early():
    """With pipefail, a pipe into a reader that stops early fails at times.

    The writer gets SIGPIPE if it writes after the reader has gone.
    """
    early = re.compile(r"(?<!\|)\|\s*(head\b|grep\s+(-\w+\s+)*-\w*[qm]|sed\s[^|]*q['\"]"
                       r"|awk\s[^|]*\bexit\b|read\b)")
    assert early.search("list | head -n 1") and early.search("a |\n grep -q b")
    wrong = [f"{path.relative_to(ROOT)}: {hit[0]}" for path in SCRIPTS
             for hit in early.finditer(path.read_text())]
    assert not wrong, wrong


def test_every_option_is_in_the_readme_or_help():
    """Each option of the table has a help line that ends in a full stop."""
    table = (ROOT / "libcafe/service/options.c").read_text()
    rows = re.findall(r'\{ "([a-z_.]+)", OPTION_.*?"([^"]+)" \}', table, re.S)
    assert len(rows) > 30
    for name, text in rows:
        assert text.endswith("."), name


def test_packages_are_for_something():
    """Each row of the table has a package, once, and uses that exist."""
    text = (ROOT / "deploy/local/packages.sh").read_text()
    rows = [line.split() for line in
            re.search(r'^package_table="\n(.*?)^"', text, re.M | re.S)[1]
            .splitlines()]
    names = [row[0] for row in rows]
    assert len(names) == len(set(names))
    uses = {use for row in rows for use in row[1:]}
    assert uses == {"build", "up", "rehearse", "bench",
                    *(set(run.SUITES) - set(run.FOLDERS))}
    assert all(len(row) > 1 for row in rows)


DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")),
             *sorted((ROOT / "deploy").rglob("*.md"))]


def anchors(path):
    """The headings of a document as a code host links to them."""
    return {re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-")
            for line in path.read_text().splitlines() if line.startswith("#")}


def test_links_in_documents():
    for path in DOCUMENTS:
        for target, anchor in re.findall(
                r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", path.read_text()):
            found = (path.parent / target).resolve() if target else path
            assert found.exists(), f"{path.name}: {target}"
            assert not anchor or anchor in anchors(found), \
                f"{path.name}: {target}#{anchor}"


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 120


# Phrases that a reader stumbles over: among them statements about a free "who".
RIDDLES = re.compile(
    r"(?:^|[.:;*|] )Who(?:ever)? [^.?]*\.|\bbut for\b|\bmend(?:ed|s)?\b"
    r"|\btake[ns]? along\b|\b(?:is|are) to be\b|\btaken over\b"
    r"|\b[Nn]othing of yours\b|\bcan be had\b|\ball the same\b"
    r"|\b[Ff]or instance\b|\bbroke off\b|\bon its way\b"
    r"|\bha(?:s|ve) to (?:be|begin|have)\b|\bpeople who run this service\b"
    r"|(?<![Tt]here )\bis no (?!less\b|longer\b|more\b|older\b)")


def messages(path):
    """The texts of a source, adjacent ones joined."""
    text = re.sub(r'"\s*\n\s*"', "", path.read_text())
    return re.findall(r'"((?:[^"\\\n]|\\.)*)"', text)


def test_plain_english():
    """Documents, pages and messages have no phrase that is read twice."""
    texts = [(path, text) for part in ("views", "customer", "employee",
                                       "deploy/pages", "docs")
             for path in sorted((ROOT / part).rglob("*"))
             if path.suffix in (".html", ".md", ".json")
             for text in [path.read_text()]]
    texts += [(path, part) for path in DOCUMENTS
              for part in path.read_text().split("\n\n")]
    texts += [(path, text) for path in CODE
              if not path.is_relative_to(ROOT / "tests")
              for text in messages(path)]
    wrong = [f"{path.relative_to(ROOT)}: {found[0]}" for path, text in texts
             for found in RIDDLES.finditer(" ".join(text.split()))]
    assert not wrong, wrong


# Comments name files and rows that are "taken over" or "to be" something, so
# only some of these are refused there.
COMMENT_RIDDLES = re.compile(
    r"\bbut for\b|\bmend(?:ed|s)?\b|\bfor want of\b"
    r"|\b(?:so that|for|than) who(?:ever)?\b")


def comments(path):
    return [" ".join(re.sub(r"^\s*\*+", "", comment, flags=re.M).split())
            for comment in re.findall(r"/\*(.*?)\*/", path.read_text(), re.S)]


def test_comments_are_plain():
    wrong = [f"{path.relative_to(ROOT)}: {found[0]}"
             for path in CODE for text in comments(path)
             for found in COMMENT_RIDDLES.finditer(text)]
    assert not wrong, wrong


def test_a_riddle_is_found(tmp_path):
    (tmp_path / "a.c").write_text("/* Free it, for\n * who is last. */\n")
    assert COMMENT_RIDDLES.search(*comments(tmp_path / "a.c"))


def test_the_glossary_names_what_there_is():
    glossary = (ROOT / "ARCHITECTURE.md").read_text().split("\n## ")[1]
    names = re.findall(r"\| `([^`]+)` \|$", glossary, re.M)
    code = "\n".join(path.read_text() for path in
                     [*CODE, *(ROOT / "libcafe").rglob("*.sql")])
    assert len(names) > 15
    for name in names:
        assert (ROOT / name).exists() or (ROOT / "libcafe" / name).exists() \
            or (ROOT / "libcafe/include/cafe" / name).exists() \
            or re.search(re.escape(name.removesuffix("()")) + r"\b", code), name


# The parts of libevent that are used: the loop, timers and the listener. Its
# buffers, HTTP, DNS, RPC and tagging have had vulnerabilities.
EVENT_HEADERS = {"event2/event.h", "event2/event_struct.h",
                 "event2/listener.h"}
UNUSED_OF_EVENT = re.compile(
    r"\b(evbuffer|bufferevent|evhttp|evdns|evrpc|evtag)_\w+")


def test_only_the_core_of_libevent_is_used():
    included = {name for path in CODE for name in includes(path)
                if name.startswith("event2/")}
    assert included == EVENT_HEADERS
    called = [name for path in CODE
              for name in UNUSED_OF_EVENT.findall(path.read_text())]
    assert not called
    for daemon in ("customer", "employee"):
        linked = subprocess.run(["objdump", "-p", harness.BIN / daemon],
                                text=True, capture_output=True,
                                check=True).stdout
        assert re.findall(r"NEEDED +(libevent\S*?)-", linked) == \
            ["libevent_core"]


def configure(folder, *options):
    """Configure the release preset where nothing of Debian's is looked up."""
    return subprocess.run(
        ["cmake", "--preset", "release", "-S", ROOT, "-B", folder / "build",
         *options], cwd=ROOT, text=True, capture_output=True, check=False)


def test_bootstrap_may_be_elsewhere(tmp_path):
    style = tmp_path / "bootstrap-of-mine.css"
    style.write_text("/* Bootstrap v5 */")
    done = configure(tmp_path, f"-DBOOTSTRAP_CSS={style}")
    assert done.returncode == 0, done.stderr
    made = subprocess.run(
        ["cmake", "--build", tmp_path / "build", "--target", "customer_static"],
        text=True, capture_output=True, check=False)
    assert made.returncode == 0, made.stdout
    copy = tmp_path / "build/share/cafe/customer/static/bootstrap.min.css"
    assert copy.read_text() == style.read_text()
    done = configure(tmp_path, f"-DBOOTSTRAP_CSS={tmp_path}/nowhere.css")
    assert done.returncode != 0
    assert "-DBOOTSTRAP_CSS=" in done.stderr and "nowhere.css" in done.stderr


def test_what_is_found_is_bootstrap_5(tmp_path):
    """Other packages bring version 4 under one of the same names."""
    done = configure(tmp_path)
    assert done.returncode == 0, done.stderr
    cache = (tmp_path / "build/CMakeCache.txt").read_text()
    found = re.search("(?m)^BOOTSTRAP_CSS:FILEPATH=(.*)$", cache)[1]
    assert re.search(r"Bootstrap +v5\.", pathlib.Path(found).read_text()[:100])


def test_it_configures_without_dpkg(tmp_path):
    """Elsewhere than on Debian pkg-config alone tells where libraries are."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("cmake", "ninja", "cc", "gcc", "ld", "as", "ar", "ranlib",
                 "pkg-config", "brotli", "gzip", "sh"):
        (programs / name).symlink_to(shutil.which(name))
    done = subprocess.run(
        ["cmake", "--preset", "release", "-S", ROOT, "-B", tmp_path / "build"],
        cwd=ROOT, text=True, capture_output=True, check=False,
        env={"PATH": str(programs), "HOME": str(tmp_path)})
    assert done.returncode == 0, done.stdout + done.stderr
    used = [path for path in (ROOT / "cmake").glob("*.cmake")
            if "dpkg" in path.read_text().lower()]
    assert not used


def views_without_times_js(folder):
    """Views that show a time and do not load what puts it into the reader's
    zone."""
    return [path.name for path in sorted(folder.rglob("*.html"))
            for text in [path.read_text()]
            if "<time" in text and 'src="{{times_js}}"' not in text]


def test_each_time_is_shown_in_the_zone_of_the_reader():
    for part in "views", "customer/views", "employee/views":
        assert not views_without_times_js(ROOT / part)


def test_a_time_without_its_script_is_found(tmp_path):
    (tmp_path / "a.html").write_text('<time datetime="{{x}}">{{y}}</time>')
    assert views_without_times_js(tmp_path) == ["a.html"]
