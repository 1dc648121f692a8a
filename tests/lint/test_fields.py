"""What names the fields of a supplier outside C has all of them."""
import json
import pathlib
import re

import pytest

import fields

ROOT = pathlib.Path(__file__).resolve().parents[2]
OPENAPI = json.loads((ROOT / "customer/content/openapi.json").read_text())


def members_of(template):
    """The names that a view shows."""
    return set(re.findall(r"\{\{[#^]?(\w+)", template))


def missing_in_page(template, table):
    """Fields that the page of a supplier does not show; fields of several
    lines are shown as HTML."""
    shown = members_of(template)
    return [field.name for field in table
            if (f"{field.name}_html" if field.lines else field.name)
            not in shown]


def missing_in_list(template, table):
    """Columns of lists that have a header, but no cells."""
    shown = members_of(template)
    return [field.name for field in table
            if field.listed and field.name not in shown]


def wrong_in_api(document, table):
    """Members of a supplier that are exported but not described, or the other
    way round."""
    schema = document["components"]["schemas"]["Supplier"]
    expected = {"id", "version", "updated_at",
                *(field.name for field in table if field.exported)}
    return sorted((set(schema["properties"]) ^ expected) |
                  (set(schema["required"]) ^ expected))


def test_the_page_of_a_supplier_shows_each():
    template = (ROOT / "customer/views/supplier.html").read_text()
    assert missing_in_page(template, fields.TABLE) == []


@pytest.mark.parametrize("daemon", ("customer", "employee"))
def test_lists_have_cells_for_each_column(daemon):
    template = (ROOT / daemon / "views/supplier-list-all.html").read_text()
    assert missing_in_list(template, fields.TABLE) == []


def test_the_api_describes_each():
    assert wrong_in_api(OPENAPI, fields.TABLE) == []


def test_a_field_that_is_left_out_is_seen():
    new = [*fields.TABLE,
           fields.Field("unheard_of", 99, 100, True, True, True, False)]
    page = (ROOT / "customer/views/supplier.html").read_text()
    rows = (ROOT / "customer/views/supplier-list-all.html").read_text()
    assert missing_in_page(page, new) == ["unheard_of"]
    assert missing_in_list(rows, new) == ["unheard_of"]
    assert wrong_in_api(OPENAPI, new) == ["unheard_of"]


def test_the_table_is_read_whole():
    """Else nothing of the above would say much."""
    text = fields.HEADER.read_text()
    assert len(fields.TABLE) == len(re.findall(r"^ +X\(", text, re.M)) >= 8
