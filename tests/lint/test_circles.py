"""Files may not need each other in a circle: one could not be read alone."""
import pytest

import circles

# A server with its connections and their requests is one module: see
# libcafe/http/private.h.
SERVER = ("answer", "connection", "connections", "request", "response", "room",
          "server")
ALLOWED = {"libcafe": [tuple(f"libcafe/http/{name}.c" for name in SERVER)]}


@pytest.mark.parametrize("program", circles.PROGRAMS)
def test_no_circles(program):
    tables = circles.symbols(program)
    assert len(tables) > 5, "not built?"
    assert circles.circles(circles.needs(tables)) == ALLOWED.get(program, [])


def test_circles_are_found():
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set(),
             "e": {"f", "a"}, "f": {"e"}}
    assert circles.circles(graph) == [("b", "c"), ("e", "f")]
    assert circles.circles({**graph, "d": {"a"}}) == \
        [("a", "b", "c", "d"), ("e", "f")]
    assert circles.circles({"a": {"b"}, "b": set()}) == []


def test_a_name_leads_to_the_file_that_defines_it():
    assert circles.needs({"page.c": ({"page_show"}, {"list_find", "malloc"}),
                          "list.c": ({"list_find"}, {"page_show"}),
                          "own.c": ({"own"}, {"own"})}) == \
        {"page.c": {"list.c"}, "list.c": {"page.c"}, "own.c": set()}
