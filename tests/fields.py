"""The fields of a supplier, read from the one table of them."""
import collections
import pathlib
import re

HEADER = (pathlib.Path(__file__).resolve().parents[1] /
          "libcafe/include/cafe/suppliers/supplier.h")

Field = collections.namedtuple(
    "Field", "name since holds searched listed exported lines")


def read_table(text):
    """The rows of SUPPLIER_TABLE."""
    rows = re.findall(r'^ +X\(\w+, +"(\w+)", +(\d+), +(\d+), +'
                      r'(\w+), +(\w+), +(\w+), +(\w+)\)', text, re.M)
    return [Field(name, int(since), int(holds),
                  *(flag == "true" for flag in flags))
            for name, since, holds, *flags in rows]


TABLE = read_table(HEADER.read_text())
NAMES = tuple(field.name for field in TABLE)
LISTED = tuple(field.name for field in TABLE if field.listed)
ENDS = ("ended_on", "ended_reason")  # these have a form of their own
OF_ONE_LINE = tuple(field.name for field in TABLE
                    if not field.lines and field.name not in ENDS)
IN_FORM = tuple(name for name in NAMES if name not in ENDS)
EXPORTED = tuple(field.name for field in TABLE if field.exported)
