"""No page is older than what was acknowledged before it was asked for."""
import os
import random
import time

import pytest

import harness
from writers import (SET_CITY, Background, Checker, Relay, connect,
                     cure_triggers, insert, kind_of, query, shown, stored,
                     transact)

SECONDS = float(os.environ.get("CAFE_FRESH_SECONDS", "4"))
LONG = os.environ.get("CAFE_LONG") == "1"
# So much has to be seen for each second of a run, however long it takes then.
PER_SECOND = {"fresh": 20, "write 303": 1, "write by SQL": 1}


def check(database, customer, employee, seconds, disturb=False, think_s=0):
    """Let writers and readers run against each other, until enough was seen."""
    wanted = {**PER_SECOND, **({"kill": 1} if disturb else {})}
    checker = Checker(database, customer, employee)
    checker.think_s = think_s
    steps = checker.steps() + ([checker.killer()] if disturb else [])
    with Background(steps) as background:
        background.go_on(seconds, lambda: all(
            checker.count()[kind] > least * seconds
            for kind, least in wanted.items()))
    print(f"in {seconds:g} s: {dict(checker.count())}")
    if disturb:  # what follows is not about that
        cure_triggers(database)
    assert shown(customer) == stored(database)
    return checker


def errors(daemon):
    return [line for line in daemon.lines() if line["level"] == "error"]


def test_no_answer_is_older_than_an_acknowledged_write(
        database, customer, employee):
    checker = check(database, customer, employee, SECONDS)
    count = checker.count()
    assert checker.violations == []
    assert count["fresh"] > count["stale"] + count["503"]
    assert errors(customer) == errors(employee) == []


def test_nor_while_connections_are_cut(database, customer, employee):
    checker = check(database, customer, employee, SECONDS, disturb=True)
    assert checker.violations == []


def test_nor_when_answers_take_long(start, database, employee):
    """
    Answers of the database are under way for 20 ms: requests that come
    meanwhile must not be shown what was true before they came.
    """
    with Relay(database, 0.02) as relay:
        customer = start("customer", database, APP_DB_SOCKET=relay.path)
        checker = check(database, customer, employee, min(SECONDS, 8),
                        think_s=0.05)
    assert checker.violations == []


def test_the_checker_sees_what_is_out_of_date(start, database):
    """With pages that may be a second old it finds many that are."""
    old = {"APP_CATALOG_MAX_AGE_MS": 1000}
    checker = Checker(database, start("customer", database, **old),
                      start("employee", database, **old))
    with Background(checker.steps()) as background:
        background.go_on(2, lambda: len(checker.violations) > 20)
    assert len(checker.violations) > 20


def test_revisions_are_in_the_order_of_commits(database, customer):
    """
    Writers move pairs of suppliers, each in one transaction, and roll back
    half of them: no page shows half of one, or what was rolled back.
    """
    admin = connect(database)
    pairs = [(insert(admin, name=f"a{n}", city="0"),
              insert(admin, name=f"b{n}", city="0")) for n in range(8)]
    first = query(admin, "SELECT n FROM supplier_revision")[0][0]
    done = []
    undone = []

    def writer(pair):
        connection = connect(database, "migrate", autocommit=False)
        count = iter(range(1, 10 ** 9))

        def step():
            number = next(count)
            back = number % 2
            city = f"undone {number}" if back else number
            transact(connection, [(SET_CITY, city, one) for one in pair],
                     back)
            (undone if back else done).append(number)
        return step

    pages = []

    def reader():
        cities = {row[0]: row[2] for row in shown(customer)}
        for one, other in pairs:
            assert cities[one] == cities[other]
            assert "undone" not in cities[one]
        pages.append(cities)

    with Background([writer(pair) for pair in pairs] + 2 * [reader]) as both:
        both.go_on(min(SECONDS, 8),
                   lambda: min(len(done), len(undone), len(pages)) > 50)
    print(f"{len(done)} commits, {len(undone)} undone, {len(pages)} pages")
    assert shown(customer) == stored(database)
    log = query(admin, "SELECT revision, supplier_id, city FROM"
                " supplier_changes WHERE revision > %s ORDER BY revision",
                first)
    assert [row[0] for row in log] == \
        list(range(first + 1, first + 1 + 2 * len(done)))
    for pair in pairs:
        numbers = [int(row[2]) for row in log if row[1] == pair[1]]
        assert numbers == sorted(set(numbers))
    last = {row[1]: row[2] for row in log}
    assert {row[0]: row[2] for row in stored(database)} == \
        {number: last.get(number, "0") for pair in pairs for number in pair}


def test_the_next_page_shows_what_others_change(database, customer, employee):
    """Every kind of statement, from an account of another program."""
    admin = connect(database)
    ids = [insert(admin, name=f"Supplier {n}") for n in range(6)]
    assert shown(customer) == stored(database)
    columns = "(name, address, city, state, email, phone)"
    for statement in (
            f"UPDATE suppliers SET city = 'moved' WHERE id = {ids[0]}",
            "UPDATE suppliers SET city = CONCAT(city, '!')",
            f"DELETE FROM suppliers WHERE id = {ids[1]}",
            f"UPDATE suppliers SET id = 77 WHERE id = {ids[2]}",
            f"INSERT INTO suppliers {columns} SELECT CONCAT(name, ' II'),"
            " address, city, state, email, phone FROM suppliers",
            f"REPLACE INTO suppliers (id, {columns[1:]} VALUES"
            f" ({ids[3]}, 'new', 'a', 'c', 's', '', '5550100')",
            f"INSERT INTO suppliers (id, {columns[1:]} VALUES"
            f" ({ids[4]}, 'x', 'a', 'c', 's', '', '5550100')"
            " ON DUPLICATE KEY UPDATE name = 'duplicate'",
            "UPDATE suppliers SET name = 'ä' WHERE id = 77",
            "UPDATE suppliers SET name = 'A' WHERE id = 77",
            "DELETE FROM suppliers"):
        query(admin, statement)
        assert shown(customer) == stored(database), statement
        assert shown(employee, "/admin/suppliers") == stored(database)
    assert "No suppliers yet" in customer.get("/suppliers").text


def test_deletes_and_restores_reach_the_catalog(database, customer, employee):
    admin = connect(database)
    number = insert(admin, name="Here and gone")
    path = f"/suppliers/{number}"
    for again in range(20):
        assert "Here and gone" in customer.get(path).text
        gone = employee.post(f"/admin/supplier-remove/{number}")
        assert gone.status == 303
        assert customer.get(path).status == 410
        assert shown(customer) == []
        query(admin, "SET @cafe_action = 'restore'")
        assert insert(admin, id=str(number), name="Here and gone",
                      city=f"time {again}") == number
        query(admin, "SET @cafe_action = NULL")
        assert f"time {again}" in customer.get(path).text
        assert shown(customer) == stored(database)
        form = employee.get(f"/admin/supplier-update/{number}")
        assert f"time {again}" in form.text


def test_more_changes_than_are_followed_one_by_one(database, customer):
    """Thousands between two pages: everything is read again."""
    admin = connect(database)
    kept = insert(admin, name="kept")
    for count in (999, 1000, 1001, 1002, 2500):
        assert (kept, "kept") in [row[:2] for row in shown(customer)]
        query(admin, "INSERT INTO suppliers (name, address, city, state, email,"
              f" phone) SELECT CONCAT('s', seq), 'a', 'c', 's', '', '5550100'"
              f" FROM seq_1_to_{count}")
        assert shown(customer) == stored(database), count
        query(admin, "DELETE FROM suppliers WHERE id <> %s", kept)


def rows_sent(admin):
    return int(query(admin, "SHOW GLOBAL STATUS LIKE 'Rows_sent'")[0][1])


def test_of_many_suppliers_more_changes_are_followed(database, customer):
    """Reading all of them would take longer than an import for as many more."""
    admin = connect(database)
    first = insert(admin, name="first")
    query(admin, "INSERT INTO suppliers (name, address, city, state, email,"
          " phone) SELECT CONCAT('s', seq), 'a', 'c', 's', '', '5550100'"
          " FROM seq_1_to_8000")
    assert "8,001" in customer.get("/suppliers").text
    for changes, followed in ((1500, True), (2100, False)):
        before = rows_sent(admin)
        query(admin, "UPDATE suppliers SET city = %s WHERE id < %s",
              f"{changes} changed", first + changes)
        page = customer.get("/suppliers")
        assert kind_of(page) == "fresh" and f"{changes} changed" in page.text
        assert (rows_sent(admin) - before < 8000) == followed, changes


def test_truncate_is_noticed_by_comparing(start, database):
    """No trigger sees it, so the log says that it came about otherwise."""
    customer = start("customer", database, APP_CATALOG_COMPARE_MS=300)
    admin = connect(database)
    insert(admin)
    assert len(shown(customer)) == 1
    query(admin, "TRUNCATE suppliers")
    began = time.monotonic()
    harness.wait_until(lambda: shown(customer) == [], "TRUNCATE is noticed", 10)
    print(f"noticed after {1000 * (time.monotonic() - began):.0f} ms")
    assert any("changed without a log entry" in line["msg"]
               for line in customer.lines())
    insert(admin, name="after")
    assert shown(customer) == stored(database)


def test_comparing_disturbs_no_writer(start, database):
    """Where the log has all changes, comparisons find nothing."""
    often = {"APP_CATALOG_COMPARE_MS": 100}
    customer = start("customer", database, **often)
    employee = start("employee", database, **often)
    checker = check(database, customer, employee, min(SECONDS, 8))
    assert checker.violations == []
    for daemon in (customer, employee):
        assert not [line for line in daemon.lines()
                    if "without a log entry" in line["msg"]]


@pytest.mark.skipif(not LONG, reason="takes minutes; CAFE_LONG=1 runs it")
def test_100000_suppliers(start, database):
    admin = connect(database)
    query(admin, "INSERT INTO suppliers (name, address, city, state, email,"
          " phone, country, notes) SELECT CONCAT('Supplier ', seq),"
          " CONCAT(seq, ' Long Street'), CONCAT('City ', seq MOD 977), 'State',"
          " CONCAT('orders@s', seq, '.example'), '+44 20 7946 0958',"
          " 'Country', REPEAT('Ask for **Maria**. ', 8)"
          " FROM seq_1_to_100000")
    began = time.monotonic()
    customer = start("customer", database)
    harness.wait_until(lambda: kind_of(customer.get("/suppliers")) == "fresh",
                       "loaded")
    print(f"loaded after {1000 * (time.monotonic() - began):.0f} ms,"
          f" {harness.resident_kib(customer.process.pid) // 1024} MiB")
    page = customer.get("/suppliers?per=200&page=500")
    assert "99,801–100,000 of 100,000" in page.text
    took = []
    for number in range(1, 21):
        supplier = random.randrange(1, 100001)
        query(admin, "UPDATE suppliers SET name = %s WHERE id = %s",
              f"AAA {number}", supplier)
        began = time.monotonic()
        page = customer.get("/suppliers")
        took.append(1000 * (time.monotonic() - began))
        assert f">AAA {number}<" in page.text
    took.sort()
    print(f"one change until the next page: median {took[10]:.1f} ms,"
          f" longest {took[-1]:.1f} ms,"
          f" {harness.resident_kib(customer.process.pid) // 1024} MiB")
    assert shown(customer) == stored(database)
