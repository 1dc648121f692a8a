"""The order of the suite's tests, for two processes beside each other."""
import pytest

# The longest tests come first, so that neither process is left alone with one.
FIRST = ("test_two_employees[on-plain]", "test_a_manager[on]")


def pytest_addoption(parser):
    parser.addoption("--pictures", metavar="FOLDER",
                     help="only make the pictures of the documents, there")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    if config.getoption("--pictures"):
        chosen = [item for item in items if item.name == "test_pictures"]
        config.hook.pytest_deselected(
            items=[item for item in items if item not in chosen])
        items[:] = chosen
    items.sort(key=lambda item: item.name not in FIRST)
    for item in items:
        if item.path.stem == "test_back":  # one browser for all its steps
            kind, = [name for name in ("chrome", "forgetful", "firefox")
                     if name in item.name]
            item.add_marker(pytest.mark.xdist_group(kind))
