"""Writers, readers and comparisons that several tests share."""
import collections
import contextlib
import html.parser
import http.client
import random
import re
import socket
import threading
import time

import pymysql

import harness
from fields import NAMES

ENOUGH_S = 300  # far more than any machine needs

SPOILED = 1064  # the server holds a trigger that it could not load

SET_CITY = "UPDATE suppliers SET city = %s WHERE id = %s"


def connect(database, user=None, **options):
    """A connection in autocommit mode, by default as administrator."""
    user = user or database.admin
    return pymysql.connect(
        **database.address, user=user,
        password=database.passwords.get(user, ""), database="COFFEE",
        charset="utf8mb4", **{"autocommit": True, **options})


def query(connection, sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return cursor.fetchall()


def transact(connection, statements, back=False):
    """Run (SQL, values…) as one transaction, and roll it back if asked to."""
    try:
        for statement in statements:
            query(connection, *statement)
        if not back:
            connection.commit()
    finally:
        connection.rollback()


def insert(connection, **fields):
    """Add a supplier by SQL; its id is returned."""
    row = {**harness.SUPPLIER, **fields}
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO suppliers ({', '.join(row)})"
            f" VALUES ({', '.join(['%s'] * len(row))})", list(row.values()))
        return cursor.lastrowid


def cure_triggers(database):
    """
    A connection that is killed while it opens the table may leave MariaDB a
    trigger that it could not load, see docs/operators/database.md. Saves of employees
    cure that; what is written by SQL is refused with 1064 until somebody does.
    """
    admin = connect(database)
    query(admin, "FLUSH TABLES suppliers")
    admin.close()


class Kept(harness.Client):
    """A client with one connection that it keeps; for one thread."""

    def __init__(self, port):
        super().__init__(port)
        self.connection = http.client.HTTPConnection(
            "127.0.0.1", port, timeout=harness.WAIT_S)

    def request(self, method, path, body=None, headers=None):
        self.connection.request(method, path, body, headers or {})
        return harness.Response(self.connection.getresponse())


class Background:
    """Calls each step over and over, each on a thread of its own."""

    def __init__(self, steps):
        self.ended = threading.Event()
        self.faults = []
        self.threads = [threading.Thread(target=self.repeat, args=(step,))
                        for step in steps]

    def repeat(self, step):
        try:
            while not self.ended.is_set():
                step()
        except BaseException as fault:  # it is raised again by __exit__
            self.faults.append(fault)
            self.ended.set()

    def go_on(self, seconds, enough=lambda: True):
        """
        Let them work for a while, and on until that was enough (a busy machine
        takes longer), or until one of them fails.
        """
        self.ended.wait(seconds)
        harness.wait_until(lambda: self.ended.is_set() or enough(),
                           "enough has been done", ENOUGH_S)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()
        if self.faults:
            raise self.faults[0]


class Relay:
    """
    A unix socket in front of the database, whose answers take a while longer
    to come back: between an answer and its arrival much can happen. Without a
    database it lets nobody in.
    """

    def __init__(self, database, seconds):
        self.database = database
        self.seconds = seconds
        self.ended = threading.Event()
        self.path = str(database.folder / f"relay-{time.monotonic_ns()}.sock")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near = self.listener.accept()[0]
            except OSError:
                return  # closed
            far = socket.socket(socket.AF_UNIX)
            try:
                far.connect(self.database.socket)
            except OSError:
                near.close()
                continue
            for args in ((near, far, False), (far, near, True)):
                threading.Thread(target=self.copy, args=args,
                                 daemon=True).start()

    def copy(self, source, sink, answers):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 20):
                if answers and self.seconds:
                    self.ended.wait(self.seconds)
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Table(html.parser.HTMLParser):
    """The rows of a page's table: id, then the texts of the cells."""

    def __init__(self, text):
        super().__init__()
        self.rows = []
        self.cell = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        link = re.search(r"/(?:suppliers|supplier-update)/(\d+)(?:\?|$)",
                         dict(attrs).get("href") or "")
        if tag == "th" and ("scope", "row") in attrs:
            self.rows.append([None])
        if self.rows and tag in ("th", "td"):
            self.cell = ""
        if self.cell is not None and link:
            self.rows[-1][0] = int(link[1])

    def handle_data(self, data):
        if self.cell is not None:
            self.cell += data

    def handle_endtag(self, tag):
        if self.cell is not None and tag in ("th", "td"):
            self.rows[-1].append(self.cell)
            self.cell = None


def shown(client, path="/suppliers"):
    """What the pages of a fresh list show: (id, name, city) by id."""
    rows = []
    url = f"{path}?per=200"
    while url:
        page = client.get(url)
        assert kind_of(page) == "fresh"
        rows += Table(page.text).rows
        found = re.search(r'rel="next" href="([^"]*)"', page.text)
        url = found and found[1].replace("&amp;", "&")
    return sorted((row[0], row[1], row[3]) for row in rows)


def stored(database):
    """The same from the table itself."""
    connection = connect(database)
    try:
        return sorted(query(connection,
                            "SELECT id, name, city FROM suppliers"))
    finally:
        connection.close()


def kind_of(answer):
    """How a page came: fresh, stale, or its status."""
    if answer.status != 200:
        return str(answer.status)
    return "stale" if answer.headers["Cafe-As-Of"] else "fresh"


class Checker:
    """
    Writers raise a number in a supplier's city, each in one of its own;
    readers see whether an answer is older than what had been acknowledged
    before they asked.
    """

    def __init__(self, database, customer, employee, count=8):
        self.database = database
        self.customer = customer
        self.employee = employee
        admin = connect(database)
        self.ids = [insert(admin, city="0") for _ in range(count)]
        query(admin, "UPDATE suppliers SET name = CONCAT('Supplier ', id)")
        self.acknowledged = {number: 0 for number in self.ids}
        self.attempted = dict(self.acknowledged)
        self.think_s = 0      # how long readers wait between pages at most
        self.answers = []     # what kind each was
        self.violations = []

    def next_number(self, supplier):
        self.attempted[supplier] += 1
        return self.attempted[supplier]

    def form_writer(self, supplier):
        """A step: one change by the employee daemon; 303 acknowledges it."""
        client = Kept(self.employee.port)

        def step():
            number = self.next_number(supplier)
            done = client.post("/admin/supplier-update", {
                **harness.SUPPLIER, "id": supplier,
                "name": f"Supplier {supplier}", "city": number})
            assert done.status in (303, 503), done.text
            if done.status == 303:
                self.acknowledged[supplier] = number
            self.answers.append(f"write {done.status}")
        return step

    def sql_writer(self, supplier):
        """A step: one change by SQL; the commit acknowledges it."""
        connection = connect(self.database, "migrate", autocommit=False)

        def step():
            number = self.next_number(supplier)
            try:
                transact(connection, [(SET_CITY, number, supplier)])
            except pymysql.err.ProgrammingError as refused:
                assert refused.args[0] == SPOILED, refused
                self.answers.append("SQL refused")
                cure_triggers(self.database)
                return
            self.acknowledged[supplier] = number
            self.answers.append("write by SQL")
        return step

    def reader(self, daemon, path, pattern):
        """A step: one page; the pattern finds ids and numbers in it."""
        client = Kept(daemon.port)
        pause = threading.Event()

        def step():
            pause.wait(random.uniform(0, self.think_s))
            supplier = random.choice(self.ids)
            url = path.format(supplier)
            noted = dict(self.acknowledged)
            answer = client.get(url)
            kind = kind_of(answer)
            self.answers.append(kind)
            if kind in ("stale", "503"):
                return
            found = dict(re.findall(pattern, answer.text, re.S))
            wanted = [supplier] if url != path else self.ids
            for one in wanted:
                self.compare(url, one, noted[one], found.get(str(one), -1))
        return step

    def compare(self, url, supplier, noted, number):
        if not noted <= int(number) <= self.attempted[supplier]:
            self.violations.append(f"{url}: supplier {supplier} shows "
                                   f"{number} after {noted}")

    def steps(self):
        """Eight writers, three of them by SQL, and eight readers."""
        writers = [(self.sql_writer if place % 3 == 1 else self.form_writer)
                   (number) for place, number in enumerate(self.ids)]
        pages = 3 * [
            (self.customer, "/suppliers?per=200",
             r'href="/suppliers/(\d+)">.*?"City">(\d+)<'),
            (self.customer, "/suppliers/{}",
             r'<h1 dir="auto">Supplier (\d+)<.*?City</dt><dd[^>]*>(\d+)<'),
        ] + 2 * [
            (self.employee, "/admin/supplier-update/{}",
             r'name="id" value="(\d+)".*?name="city"[^>]*? value="(\d+)"')]
        return writers + [self.reader(*page) for page in pages]

    def killer(self):
        """A step: every 50 ms one connection of a daemon is cut."""
        admin = connect(self.database)
        pace = threading.Event()

        def step():
            found = query(admin, "SELECT id FROM information_schema.processlist"
                          " WHERE user IN ('customer', 'employee')")
            if found:
                try:
                    query(admin, f"KILL {random.choice(found)[0]}")
                    self.answers.append("kill")
                except pymysql.err.OperationalError:
                    pass  # it has ended meanwhile
            pace.wait(0.05)
        return step

    def count(self):
        return collections.Counter(self.answers)
