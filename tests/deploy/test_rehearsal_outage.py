"""The rehearsal without its database, and before there is any task."""
import pytest

import outages
from outages import check_our_page, check_pages_stay


def test_before_there_is_a_task_our_page_is_shown(bare):
    for listener in (80, 8080):
        site = bare.site(listener)
        check_our_page(site.get("/suppliers"), "customer")
        check_our_page(site.get("/admin/suppliers"), "employee")


@pytest.mark.parametrize("way", outages.WAYS)
def test_pages_stay_while_the_database_is_away(rehearsal, engine, way):
    check_pages_stay(engine, "cafe-db", rehearsal.site(), way)
