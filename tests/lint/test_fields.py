"""What names the fields of a supplier outside C has all of them."""
import json
import pathlib
import re

import pytest

import fields

ROOT = pathlib.Path(__file__).resolve().parents[2]
OPENAPI = {daemon: json.loads((ROOT / daemon / "content/openapi.json").read_text())
           for daemon in ("customer", "employee")}
WRITTEN = ("NewSupplier", "SupplierPatch")  # what programs send


def members_of(template):
    """The names that a view shows."""
    return set(re.findall(r"\{\{[#^]?(\w+)", template))


def missing_in_page(template, table):
    """Fields that the page of a supplier does not show; fields of several
    lines are shown as HTML. Customers see no supplier that has ended."""
    shown = members_of(template)
    return [field.name for field in table if field.name not in fields.ENDS
            and (f"{field.name}_html" if field.lines else field.name)
            not in shown]


def missing_in_list(template, table):
    """Columns of lists that have a header, but no cells."""
    shown = members_of(template)
    return [field.name for field in table
            if field.listed and
            not shown & {field.name, f"{field.name}_parts"}]


def wrong_in_api(document, table):
    """Members of a supplier that are exported but not described, or the other
    way round; and lengths that are not those of the table."""
    schemas = document["components"]["schemas"]
    fields_of = {field.name: field for field in table if field.exported}
    expected = {"id", "version", "updated_at", *fields_of}
    schema = schemas["Supplier"]
    wrong = (set(schema["properties"]) ^ expected) | \
        (set(schema["required"]) ^ expected)
    for each in (schemas[name] for name in WRITTEN if name in schemas):
        wrong |= set(each["properties"]) ^ set(fields_of)
        wrong |= {name for name, one in each["properties"].items()
                  if name in fields_of and
                  one["maxLength"] != fields_of[name].holds}
    return sorted(wrong)


def test_the_page_of_a_supplier_shows_each():
    template = (ROOT / "customer/views/supplier.html").read_text()
    assert missing_in_page(template, fields.TABLE) == []


@pytest.mark.parametrize("daemon", ("customer", "employee"))
def test_lists_have_cells_for_each_column(daemon):
    template = (ROOT / daemon / "views/supplier-list-all.html").read_text()
    assert missing_in_list(template, fields.TABLE) == []


@pytest.mark.parametrize("daemon", OPENAPI)
def test_the_api_describes_each(daemon):
    assert wrong_in_api(OPENAPI[daemon], fields.TABLE) == []


def test_both_descriptions_agree_on_what_both_have():
    """The one for editors has more."""
    both = [OPENAPI[daemon]["components"]["schemas"] for daemon in OPENAPI]
    for name in both[0]:
        assert both[0][name] == both[1][name], name


def test_a_field_that_is_left_out_is_seen():
    new = [*fields.TABLE,
           fields.Field("unheard_of", 99, 100, True, True, True, False)]
    page = (ROOT / "customer/views/supplier.html").read_text()
    rows = (ROOT / "customer/views/supplier-list-all.html").read_text()
    assert missing_in_page(page, new) == ["unheard_of"]
    assert missing_in_list(rows, new) == ["unheard_of"]
    for document in OPENAPI.values():
        assert wrong_in_api(document, new) == ["unheard_of"]


def test_the_table_is_read_whole():
    """Else nothing of the above would say much."""
    text = fields.HEADER.read_text()
    assert len(fields.TABLE) == len(re.findall(r"^ +X\(", text, re.M)) >= 8
