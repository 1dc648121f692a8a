"""What tests of the employees' forms share."""
import html
import re
import urllib.parse

import harness
from test_employee import SUPPLIER, anyway, rows, typed_of, values_of

KEY = re.compile(r"[\w-]{22}")


def add(employee, **fields):
    """Add a supplier; its id, and the revision of the addition."""
    done = employee.post("/admin/supplier-add", anyway(**fields))
    assert done.status == 303, done.text
    revision = saved(done)
    entry = employee.get(done.headers["Location"])
    number = re.search(r"/admin/supplier-update/(\d+)", entry.text.split(
        'class="done"')[1])[1]
    return int(number), revision


def saved(done):
    """The revision that an answer to a save names."""
    assert done.status == 303, (done.status, done.text)
    query = urllib.parse.urlsplit(done.headers["Location"]).query
    return int(urllib.parse.parse_qs(query)["saved"][0])


def open_form(employee, number, query=""):
    """The fields of the form that changes a supplier."""
    page = employee.get(f"/admin/supplier-update/{number}{query}")
    assert page.status == 200, page.text
    return values_of(page.text)


def save(employee, values, **fields):
    return employee.post("/admin/supplier-update", {**values, **fields})


def hidden_of(text, action):
    """The hidden fields of the form with this action."""
    form = re.search(rf'<form method="post" action="{re.escape(action)}".*?'
                     r"</form>", text, re.S)[0]
    return {name: value for name, value in values_of(form).items()
            if name != "notes"}


def title_of(page):
    return html.unescape(re.search(r"<title>(.*?)</title>", page.text)[1])


def names(database):
    return [row["name"] for row in rows(database)]


def raw_post(client, path, body, **headers):
    sent = {"Content-Type": "application/x-www-form-urlencoded",
            "Origin": f"http://{client.host}", **harness.dashed(headers)}
    return client.request("POST", path, body,
                          {k: v for k, v in sent.items() if v is not None})


__all__ = ["KEY", "SUPPLIER", "add", "anyway", "hidden_of", "names",
           "open_form", "raw_post", "rows", "save", "saved", "title_of",
           "typed_of", "values_of"]
