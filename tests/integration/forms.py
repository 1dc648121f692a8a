"""Forms as employees send them, each with its one-time key."""
import http.client
import secrets
import threading

import pymysql

import harness
from writers import connect, query

LAST = "SELECT MAX(revision) FROM supplier_changes WHERE supplier_id = %s"


def new_key():
    """128 random bits in base64url."""
    return secrets.token_urlsafe(16)


def supplier(mark):
    """A supplier in which every field tells the mark, a number."""
    return {"name": f"Name {mark}", "address": f"Address {mark}",
            "city": f"City {mark}", "state": f"State {mark}",
            "country": f"Country {mark}", "email": f"e{mark}@example.com",
            "phone": f"+49 30 {mark:09d}",
            "website": f"https://example.com/{mark}", "notes": f"Notes {mark}"}


class Form:
    """One form: where it is posted, its fields, its key."""

    def __init__(self, kind, path, fields, mark):
        self.kind = kind
        self.path = path
        self.fields = {**fields, "form_key": new_key()}
        self.mark = mark

    @property
    def key(self):
        return self.fields["form_key"]


class Writer:
    """
    A step that sends a form, the same one until 303 acknowledges it, and then
    the next: a new supplier, two changes of its own one, and the removal of
    the new one.
    """

    def __init__(self, database, port, number):
        self.database = database
        self.port = port
        self.number = number
        self.count = 0
        self.own = None
        self.admin = None
        self.pending = None
        self.pace = threading.Event()
        self.sent = 0
        self.acknowledged = []

    def ask(self, sql, *values):
        if self.admin is None:
            self.admin = connect(self.database)
        return query(self.admin, sql, *values)

    def next_form(self):
        mark = self.number * 1000000 + self.count
        kind = ("add", "update", "update", "remove")[self.count % 4]
        if kind == "add":
            return Form(kind, "/admin/supplier-add", supplier(mark), mark)
        number = self.own
        if kind == "remove":
            key = self.acknowledged[-3].key
            number = self.ask("SELECT supplier_id FROM supplier_form_keys"
                              " WHERE form_key = %s", key)[0][0]
        revision = self.ask(LAST, number)[0][0]
        if kind == "update":
            return Form(kind, "/admin/supplier-update",
                        {**supplier(mark), "id": number,
                         "revision": revision}, mark)
        return Form(kind, f"/admin/supplier-remove/{number}",
                    {"revision": revision}, mark)

    def __call__(self):
        try:
            if self.pending is None:
                self.pending = self.next_form()
                self.count += 1
            self.send(self.pending)
        except (pymysql.err.Error, OSError, http.client.HTTPException):
            self.admin = None
            self.pace.wait(0.01)

    def send(self, form):
        self.sent += 1
        done = harness.Client(self.port).post(form.path, form.fields)
        assert done.status in (303, 503), (form.kind, done.status, done.text)
        if done.status == 303:
            self.acknowledged.append(form)
            self.pending = None
