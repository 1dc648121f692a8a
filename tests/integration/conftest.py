"""The order of the suite's tests, for several processes beside each other."""
import pytest

# Files with the longest tests come first: none of those is left alone at the
# end, while the other processes have nothing to do.
FIRST = ("test_up", "test_faults", "test_graceful", "test_writes_survive",
         "test_crash", "test_outage", "test_abuse", "test_freshness",
         "test_limits")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    places = {name: place for place, name in enumerate(FIRST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(FIRST)))
    for item in items:
        if item.path.stem == "test_up":  # its tests share a clone
            item.add_marker(pytest.mark.xdist_group("up"))
