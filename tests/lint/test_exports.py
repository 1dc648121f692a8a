"""What a header declares is used by another file than its own: a function that
only its file calls is static, one that only tests call goes."""
import re

import circles
import harness

# What only tests call all the same, and why.
FOR_TESTS = {
    "config_origin": "where a value came from, which messages contain",
    "context_list_list": "Mustache's specification has lists in lists",
    "hardening_filter": "the filter alone, also in builds that do not load it",
    "htpasswd_parse": "a file of accounts without the file, for the fuzzer",
    "import_reader_rows": "for the import's pages and command",
    "lasting_end": "the state without its log",
    "lasting_note": "the state without its log",
    "page_cache_bytes": "proves that the cache stays in its bounds",
    "search_paging": "which page was found, without its links",
    "templates_add": "templates without files",
    "templates_open_empty": "templates without files",
    "unescape_text": "one text without a database",
}


def unused(tables):
    """
    Names that one file defines and no other needs: tables has, for each file,
    the names that it defines and those that it needs.
    """
    needed = set().union(*(needed for _, needed in tables.values()))
    return {name for defined, _ in tables.values() for name in defined - needed
            if not name.startswith("__odr_asan.")}


def test_exports_are_used():
    tables = {source: names for program in circles.PROGRAMS
              for source, names in circles.symbols(program).items()}
    assert len(tables) > 100, "not built?"
    assert unused(tables) - {"main"} == set(FOR_TESTS)


def test_an_unused_export_is_found():
    assert unused({"a.c": ({"used", "unused"}, {"other"}),
                   "b.c": ({"other"}, {"used"})}) == {"unused"}


def test_whatever_can_be_closed_is_closed_unopened():
    """ARCHITECTURE says that each of them allows NULL."""
    ends = {name for header in (harness.ROOT / "libcafe/include").rglob("*.h")
            for name in re.findall(r"\b(\w+_(?:close|disconnect|unref))\(struct",
                                   header.read_text())}
    tested = (harness.ROOT / "tests/unit/test_close_null.c").read_text()
    assert len(ends) > 15
    assert {name for name in ends if f" {name}(NULL);" not in tested} == set()
