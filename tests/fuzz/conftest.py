"""Options of the suite: ./cafe test fuzz --minutes 60, --coverage."""


def pytest_addoption(parser):
    parser.addoption("--minutes", type=float,
                     help="try new inputs for so long, all targets together")
    parser.addoption("--coverage", action="store_true",
                     help="only say which lines the corpora reach")


def pytest_collection_modifyitems(config, items):
    """Coverage needs another build: it is measured alone or not at all."""
    wanted = bool(config.getoption("--coverage"))
    chosen = [item for item in items
              if (item.originalname == "test_coverage") == wanted]
    config.hook.pytest_deselected(
        items=[item for item in items if item not in chosen])
    items[:] = chosen
