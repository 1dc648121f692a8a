"""./cafe test soak --minutes N: how long the load lasts."""
import os


def pytest_addoption(parser):
    parser.addoption("--minutes", type=float, default=float(
        os.environ.get("CAFE_SOAK_MINUTES", "30")))
