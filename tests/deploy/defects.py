"""Defects for the files of deploy/aws: each a function that damages them."""
import copy
import functools

import pytest

from infrastructure import Infrastructure



def change(template, name, **properties):
    return lambda it: it.resource(template, name).update(properties)


def drop(template, name, key):
    return lambda it: it.resource(template, name).pop(key)


def remove(template, name):
    return lambda it: it.templates[template]["Resources"].pop(name)


def script(old, new):
    def defect(it):
        assert old in it.script
        it.script = it.script.replace(old, new)
    return defect


def scripts(check, *rows):
    """Rows of DEFECTS: what stands in the script, what instead, the words."""
    return [(check, script(old, new), words) for old, new, words in rows]


def inside(get, **changes):
    """Change a mapping inside: get finds it."""
    return lambda it: get(it).update(changes)


@functools.cache
def loaded():
    return Infrastructure()


def make_tests(module, rows, load=loaded):
    """
    Three tests: the files keep each of the module's CHECKS, a defect is seen,
    and each check has one. A row is the name of a check, what is done to the
    files, and what the complaint has to say.
    """
    @pytest.mark.parametrize("check", module.CHECKS,
                             ids=lambda check: check.__name__)
    def keep(check):
        assert check(copy.deepcopy(load())) == []

    @pytest.mark.parametrize("check, defect, words", [
        pytest.param(*row, id=f"{row[0]}-{number}")
        for number, row in enumerate(rows)])
    def seen(check, defect, words):
        it = copy.deepcopy(load())
        defect(it)
        assert words in "\n".join(getattr(module, check)(it))

    def each():
        assert {row[0] for row in rows} == {
            check.__name__ for check in module.CHECKS}

    return keep, seen, each
