"""Numbers and addresses as they are copied from pages, mails and PDF files."""
import html
import re

import pytest

from form_pages import add, anyway, open_form, rows, save, saved, values_of
from writers import connect, insert

COPIED = (
    ("phone", "+44\u00a020\u202f7946\u00a00958", "+44 20 7946 0958"),
    ("phone", "\u202a+44 20 7946 0958\u202c", "+44 20 7946 0958"),
    ("phone", "020\u20137946\u20110958", "020-7946-0958"),
    ("phone", "\uff0b\uff14\uff14 \uff12\uff10 7946 0958", "+44 20 7946 0958"),
    ("phone", "tel:+44-20-7946-0958;ext=12", "+44-20-7946-0958 ext. 12"),
    ("phone", "Tel.: 020 7946\u00ad0958", "020 79460958"),
    ("phone", "\u0660\u0662\u0660 7946 0958", "020 7946 0958"),
    ("email", "mailto:orders@example.com?subject=Beans", "orders@example.com"),
    ("email", "Orders <orders@example.com>", "orders@example.com"),
    ("email", "\u200borders@ex\u00adample.com\u00a0", "orders@example.com"),
    ("email", "orders\uff20caf\u2011e.example", "orders@caf-e.example"),
    ("name", "Kaf\u00adfee\u200b \u202eKöln\u202c", "Kaffee Köln"),
    ("city", "\ufeffLeeds\u00a0", "Leeds"),
)


@pytest.mark.parametrize("field, copied, stored", COPIED)
def test_is_saved_in_plain_characters(employee, database, field, copied,
                                      stored):
    number, _ = add(employee, **{field: copied})
    assert rows(database)[0][field] == stored
    values = open_form(employee, number)
    assert values[field] == stored
    saved(save(employee, values, **{field: copied}))
    assert rows(database)[0][field] == stored


REFUSED = (
    ("phone", "020 7946 0958B", "the letter “B” as character 14"),
    ("phone", "++44 20 7946 0958", "“+” as character 2"),
    ("phone", "020 7946 0958 / 0959", "Phone number should be one number"),
    ("phone", "020 7946 0958 or 020 7946 0959",
     "Phone number should be one number"),
    ("email", "bob@x,com", "“,” as character 6"),
    ("email", "a@x.example; b@x.example", "E-mail should be one address"),
    ("phone", "☎ 020 7946 0958", "“☎” as character 1"),
    ("phone", "020 7946\u0301 0958", "U+0301 as character 9"),
    ("email", "orders @example.com", "a space as character 7"),
    ("email", "orders\u00a0x@example.com", "a space as character 7"),
    ("name", "Acme\tBeans", "a tab as character 5"),
    ("address", "Floor 2\n1 High Street", "a line break as character 8"),
    ("city", "Le\x1beds", "U+001B as character 3"),
    ("name", "\u0301", "nothing visible"),
    ("name", "\u2800\u3164", "nothing visible"),
    ("country", "\u2800", "nothing visible"),
    ("name", "\u200b\u200d\u2060", "The supplier name is required"),
    ("name", " \u00a0\u3000", "The supplier name is required"),
)


@pytest.mark.parametrize("field, typed, said", REFUSED)
def test_what_is_refused_is_named(employee, database, field, typed, said):
    page = employee.post("/admin/supplier-add", anyway(**{field: typed}))
    assert page.status == 422
    assert said in html.unescape(page.text)
    assert rows(database) == []


def test_a_trunk_zero_is_not_dialled(customer, database):
    """On the page, on the list and on the card."""
    admin = connect(database)
    for phone in ("+44 (0)20 7946 0958", "0044 (0)20 7946 0958",
                  "+44\u00a0(0)\u00a020\u20137946\u20130958"):
        number = insert(admin, phone=phone)
        for path in (f"/suppliers/{number}", "/suppliers"):
            assert 'href="tel:+442079460958"' in customer.get(path).text
        card = customer.get(f"/suppliers/{number}.vcf").text
        line = re.search("TEL[^:]*:(.*)\r", card)[1]
        assert re.sub("[^+0-9]", "", line) in ("+442079460958",
                                               "00442079460958")


def test_rows_of_other_programs_have_links(customer, database):
    """What is stored stays as it is; what it leads to is plain."""
    number = insert(connect(database), email="Orders <orders@example.com>",
                    phone="tel:020\u00a07946\u20110958")
    page = customer.get(f"/suppliers/{number}").text
    assert 'href="mailto:orders@example.com"' in page
    assert 'href="tel:02079460958"' in page
    assert "Orders &lt;orders@example.com&gt;" in page.replace("<wbr>", "")


def test_spellings_of_a_phone_are_asked_about(employee, database):
    add(employee, phone="+44 20 7946 0958")
    fields = {"email": "", "name": "Other", "city": "Leeds"}
    form = values_of(employee.get("/admin/supplier-add").text)
    for phone in ("020 7946 0958", "0044 20 7946 0958", "(0)20 7946 0958",
                  "011 44 20 7946 0958"):
        page = employee.post("/admin/supplier-add", {
            **form, **{k: v for k, v in anyway(**fields, phone=phone).items()
                       if k != "anyway"}})
        assert page.status == 409, phone
        assert "+44 20 7946 0958" in page.text
    assert len(rows(database)) == 1
