"""One name, one function: so ctags, gdb and perf say which is meant."""
import collections
import re
import subprocess

import harness

PARTS = ("libcafe", "customer", "employee", "deploy/cafe-deploy")
# A definition begins at the left margin and its body with a brace there.
DEFINED = re.compile(r"^[a-z][^;={}()\n]*?(?:\n[^;={}()\n]*?)?\b(\w+)"
                     r"\((?:[^;{}()]|\([^;{}()]*\))*\)\n\{$", re.M)


def twice(sources):
    """Functions that are defined in more than one of {file: its text}."""
    files = collections.defaultdict(set)
    for file, text in sources.items():
        for name in DEFINED.findall(text):
            files[name].add(file)
    return {name: sorted(where) for name, where in files.items()
            if len(where) > 1 and name != "main"}


def test_no_two_files_have_a_function_of_the_same_name():
    tracked = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *PARTS],
        cwd=harness.ROOT, text=True, check=True,
        capture_output=True).stdout.splitlines()
    sources = {file: (harness.ROOT / file).read_text() for file in tracked
               if file.endswith((".c", ".h")) and
               (harness.ROOT / file).exists()}
    defined = sum(len(DEFINED.findall(text)) for text in sources.values())
    begins = sum(len(re.findall(r"^\{$", text, re.M))
                 for text in sources.values())
    assert len(sources) > 100 and defined == begins, (defined, begins)
    assert not twice(sources)


def test_a_name_in_two_files_is_found():
    assert twice({
        "a.c": "static int find(int a)\n{\n}\n\nint other(void)\n{\n}\n",
        "b.c": "static struct row *find(struct row *first,\n"
               "                        void (*show)(int))\n{\n}\n",
        "c.c": "static int find(int a);\nstatic int x = find(\n    1);\n",
        "main.c": "int main(void)\n{\n}\n",
        "main.h": "int main(void)\n{\n}\n",
    }) == {"find": ["a.c", "b.c"]}
