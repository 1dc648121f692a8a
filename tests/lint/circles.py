"""Circles: files of a library or program that need each other to be linked."""
import collections
import functools
import subprocess

import harness

# A library or program, and the folders that its sources are in.
PROGRAMS = {"libcafe": "libcafe/*", "customer": "customer",
            "employee": "employee", "cafe-deploy": "deploy/cafe-deploy"}
DEFINED = set("BDRTVW")


def objects(program):
    """
    The object files of a program, by the source that each is made of. What was
    made of a source that is gone does not count.
    """
    build = harness.BIN.parent
    found = {}
    for folder in build.glob(f"{PROGRAMS[program]}/CMakeFiles/*.dir"):
        part = folder.relative_to(build).parts[:-2]
        for made in folder.glob("*.c.o"):
            source = "/".join((*part, made.stem))
            if (harness.ROOT / source).exists():
                found[source] = made
    return found


@functools.cache
def symbols(program):
    """
    For each source of a program the global names that its object file defines,
    and those that it needs.
    """
    made = objects(program)
    tables = {str(path): (set(), set()) for path in made.values()}
    shown = subprocess.run(
        ["nm", "--extern-only", "--print-file-name", *tables], text=True,
        capture_output=True, check=True).stdout
    for line in shown.splitlines():
        path, _, row = line.rpartition(":")
        kind, name = row.split()[-2:]
        if kind in DEFINED:
            tables[path][0].add(name)
        elif kind == "U":
            tables[path][1].add(name)
    return {source: tables[str(path)] for source, path in made.items()}


def needs(tables):
    """
    Which files each file needs: tables has, for each file, the names that it
    defines and those that it needs.
    """
    owner = {name: file for file, (defined, _) in tables.items()
             for name in defined}
    return {file: {owner[name] for name in needed if name in owner} - {file}
            for file, (_, needed) in tables.items()}


def reachable(graph, start):
    """What a file needs, directly or not."""
    seen, ahead = set(), collections.deque([start])
    while ahead:
        for file in graph[ahead.popleft()] - seen:
            seen.add(file)
            ahead.append(file)
    return seen


def circles(graph):
    """The largest sets of files that all need each other, each sorted."""
    ends = {file: reachable(graph, file) for file in graph}
    found = {tuple(sorted(other for other in ends[file] if file in ends[other]))
             for file in graph if file in ends[file]}
    return sorted(found)
