"""One C dialect: a pointer is compared with NULL, never tested as a truth value.

clang-tidy's check for that is for C++ only, so clang-query looks for it; Debian
installs it with clang-tidy. The compilers warn of a declaration that is not at
the top of its block. A byte is looked for in a list of bytes with byte_is_in():
strchr() finds NUL in each."""
import concurrent.futures
import json
import re
import shutil
import subprocess

import harness
import pytest

POINTER = 'ignoringParens(expr(hasType(pointerType())).bind("pointer"))'
TESTED = [f"{where % POINTER}, unless(isExpansionInSystemHeader()))"
          for where in (
              'unaryOperator(hasOperatorName("!"), hasUnaryOperand(%s)',
              'binaryOperator(hasAnyOperatorName("&&", "||"), hasLHS(%s)',
              'binaryOperator(hasAnyOperatorName("&&", "||"), hasRHS(%s)',
              "ifStmt(hasCondition(%s)",
              "whileStmt(hasCondition(%s)",
              "doStmt(hasCondition(%s)",
              "forStmt(hasCondition(%s)",
              "conditionalOperator(hasCondition(%s)",
              'implicitCastExpr(hasCastKind("CK_PointerToBoolean"), '
              "hasSourceExpression(%s)")]
RUNS = 2  # at a time
LOOKS_IN_LIST = re.compile(r'\bstrchr\(\s*"')


def query_program():
    name = shutil.which("clang-query-14") or shutil.which("clang-query")
    if not name:
        pytest.skip("clang-query is not installed")
    return name


def pointers_tested(build, files):
    """Where a pointer is tested without NULL, as "file:line"."""
    commands = ["set output diag", "set bind-root false",
                *(f"match {matcher}" for matcher in TESTED)]
    said = subprocess.run(
        [query_program(), "-p", build, "--extra-arg=-Wno-everything",
         *(part for command in commands for part in ("-c", command)), *files],
        capture_output=True, text=True, check=False)
    faults = re.findall(r"^\d+:\d+: .*$|^.* error: .*$",
                        said.stdout + said.stderr, re.M)
    assert not faults, faults
    found = set()
    for match in said.stdout.split("Match #")[1:]:
        place = re.search(r'^(\S+:\d+):\d+: note: "pointer" binds here\n(.*)',
                          match, re.M)
        # In a macro of a library; the text of an assert is a pointer, too.
        if "expanded from macro" not in match and '"' != place[2].strip()[:1]:
            found.add(place[1])
    return sorted(found)


def test_pointers_are_compared_with_null():
    build = harness.BIN.parent
    commands = json.loads((build / "compile_commands.json").read_text())
    files = sorted({row["file"] for row in commands
                    if not row["file"].startswith(str(build))})
    assert len(files) > 100, "not built?"
    with concurrent.futures.ThreadPoolExecutor(RUNS) as pool:
        wrong = sum(pool.map(
            lambda first: pointers_tested(build, files[first::RUNS]),
            range(RUNS)), [])
    assert not wrong, wrong


def test_each_way_to_test_a_pointer_is_seen(tmp_path):
    lines = ["#include <stdbool.h>", "#include <stddef.h>",
             "bool f(char *p, int n);", "bool f(char *p, int n) {",
             "if (!p) n = 1;", "if (p) n = 2;", "while (p) p = NULL;",
             "do n++; while (p);", "for (; p; p = NULL) n++;",
             "n = p ? 1 : 2;", "n = p && n;", "n = n || p;", "bool b = p;",
             "return p;", "}"]
    good = ["if (p == NULL && n) n = 1;", "while (p != NULL) p = NULL;"]
    source = tmp_path / "source.c"
    source.write_text("\n".join(lines[:-1] + good + lines[-1:]) + "\n")
    (tmp_path / "compile_commands.json").write_text(json.dumps([{
        "directory": str(tmp_path), "file": str(source),
        "command": f"cc -std=c17 -c {source}"}]))
    assert pointers_tested(tmp_path, [source]) == sorted(
        f"{source}:{number}" for number, line in enumerate(lines, 1)
        if 5 <= number < len(lines))


def test_bytes_are_looked_for_with_byte_is_in():
    assert LOOKS_IN_LIST.search('if (strchr(\n    ",;", c) != NULL)')
    wrong = [str(path.relative_to(harness.ROOT))
             for part in ("libcafe", "customer", "employee", "deploy")
             for path in (harness.ROOT / part).rglob("*.c")
             if LOOKS_IN_LIST.search(path.read_text())]
    assert not wrong, wrong
