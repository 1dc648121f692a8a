"""Defects for the files of deploy/aws: each a function that damages them."""


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
