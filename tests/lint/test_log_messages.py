"""docs/operators/monitoring.md says of each line of the log what it means."""
import re

import pytest

from harness import ROOT

GUIDE = ROOT / "docs/operators/monitoring.md"
SOURCES = [path for part in ("libcafe", "customer", "employee")
           for path in sorted((ROOT / part).rglob("*.[ch]"))]
LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
# A function that writes a line has its text as a parameter of this name.
WRITER = re.compile(r"\b(\w+)\(((?:[^()]|\([^()]*\))*?const char \*msg\b"
                    r"(?:[^()]|\([^()]*\))*)\)\s*[{;]")


class Unclear(Exception):
    """A call whose text this test can't read."""


def without_comments(text):
    """The code, with strings kept; what is in a comment is no call."""
    return re.sub(r'("(?:[^"\\\n]|\\.)*")|/\*.*?\*/',
                  lambda found: found[1] or " ", text, flags=re.S)


def arguments(code, start):
    """Those of the call whose bracket is before start."""
    depth, begin, found = 0, start, []
    tokens = re.compile(r'"(?:[^"\\\n]|\\.)*"|[(){}\[\],]')
    for token in tokens.finditer(code, start):
        sign = token[0]
        if sign in "({[":
            depth += 1
        elif sign in ")}]":
            depth -= 1
        if depth < 0 or (sign == "," and depth == 0):
            found.append(code[begin:token.start()].strip())
            begin = token.end()
        if depth < 0:
            return found
    raise Unclear(code[start:start + 80])


def writers(codes):
    """The functions that write a line: where their text is."""
    found = {"log_line": 2}
    for code in codes:
        for name, parameters in WRITER.findall(code):
            names = [part.split()[-1].lstrip("*")
                     for part in parameters.split(",")]
            found[name] = names.index("msg")
    return found


def logged(codes):
    """The text of each line that the sources can write."""
    found = set()
    places = writers(codes)
    call = re.compile(rf"\b({'|'.join(places)})\(")
    for code in codes:
        for match in call.finditer(code):
            text = arguments(code, match.end())[places[match[1]]]
            if text in ("msg", "(msg)", "const char *msg"):  # handed on
                continue
            rest = re.sub(r'"\s*"', "", text)
            texts = LITERAL.findall(rest)
            if not texts or len(texts) > 1 and "?" not in rest:
                raise Unclear(f"{match[1]}(… {text}")
            found.update(texts)
    return found


def explained(guide):
    """The first cells of the table of messages."""
    _, _, table = guide.partition("| message | what it means")
    rows = table.partition("\n\n")[0].splitlines()[2:]
    return [text for row in rows
            for text in re.findall(r"`([^`]+)`", row.split(" | ")[0])]


def test_each_line_of_the_log_is_explained():
    lines = logged([without_comments(path.read_text()) for path in SOURCES])
    table = explained(GUIDE.read_text())
    assert len(lines) > 40
    assert set(table) == lines
    assert len(table) == len(set(table))


def test_what_a_row_says():
    rows = GUIDE.read_text().partition("| message |")[2].partition("\n\n")[0]
    for row in rows.splitlines()[2:]:
        cells = [cell.strip() for cell in row.strip("|").split(" | ")]
        assert len(cells) == 3 and all(cells), row


@pytest.mark.parametrize("code, texts", [
    ('log_line(log, LOG_INFO, "a, b" " (c)", LOG_END);', {"a, b (c)"}),
    ('log_line(f(1, 2), LOG_INFO, x ? "a" : "b", LOG_END);', {"a", "b"}),
    ('static void tell(struct w *w, const char *msg)\n{ log_line(w, 1, msg,'
     ' E); }\nvoid f(void) { tell(g(1, (int[]){ 2, 3 }), "deep"); }',
     {"deep"}),
    ('/* log_line(log, LOG_INFO, "no line") */', set()),
    ('void tell(int a,\n          const char *msg, int b);\n'
     'void f(void) { tell(1, "x", 2); }', {"x"}),
])
def test_the_lines_that_are_found(code, texts):
    assert logged([without_comments(code)]) == texts


def test_a_text_that_cannot_be_read_is_refused():
    with pytest.raises(Unclear):
        logged(["log_line(log, LOG_INFO, text_of(x), LOG_END);"])
