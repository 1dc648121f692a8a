"""Every task, with keys alone: what has the focus is in sight, shows it, and
lets it go."""
import pytest

from test_browser import fill, fill_sample, walk
from test_browser import playwright  # noqa: F401 pylint: disable=W0611

pytestmark = pytest.mark.thorough


@pytest.mark.parametrize("scripts", ["off", "on"])
def test_customers(playwright, database, customer, scripts):  # noqa: F811
    fill(database)
    walk("keys_customers.js", f"http://{customer.host}", scripts, seconds=300)


@pytest.mark.parametrize("scripts", ["off", "on"])
def test_employees(playwright, database, proxy, scripts):  # noqa: F811
    fill_sample(database)
    walk("keys_employees.js", f"http://{proxy.host}", scripts, seconds=300)
