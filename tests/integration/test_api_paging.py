"""
Paging while others write: a supplier that exists throughout is found exactly once.

Between two parts suppliers are added behind and in front of what was shown,
removed from it, renamed and moved to other places in the order of names. The
same is done to a list that pages by number, to see that it would lose some.
"""
import itertools
import random
import re

import pymysql
import pytest

from api import Api
from writers import Background, Kept, Table, connect, insert, query

STAY, CHURN = 60, 30
FAR = 1000  # beyond every id that a town begins with


class Town:
    """A writer among suppliers of which some stay and others come and go."""

    def __init__(self, database, seed):
        self.admin = connect(database)
        query(self.admin, "SET SESSION TRANSACTION ISOLATION LEVEL"
              " READ COMMITTED")
        self.random = random.Random(seed)
        self.behind = CHURN  # how many may still come at the end
        self.stay = {10 * number for number in range(1, STAY + CHURN + 1)
                     if number % 3}

    def fill(self):
        for number in range(10, 10 * (STAY + CHURN) + 1, 10):
            city = "stays" if number in self.stay else "churns"
            insert(self.admin, id=number, name=self.name(), city=city)
        query(self.admin, "ALTER TABLE suppliers AUTO_INCREMENT = %s", FAR)

    def name(self):
        return f"{self.random.choice('azéø')} {self.random.random()}"

    def change(self, sql, *values):
        """A statement that InnoDB may refuse, as others write, too."""
        try:
            query(self.admin, sql, *values)
        except pymysql.err.OperationalError as refused:
            assert refused.args[0] == 1213, refused  # deadlock

    def disturb(self, last=FAR):
        """
        Some of each kind of change, up to the id that was shown last. They
        come to an end behind it, so that there is a last part.
        """
        self.change("DELETE FROM suppliers WHERE city = 'churns'"
                    " AND id <= %s LIMIT 2", last)
        self.change("REPLACE INTO suppliers"
                    " (id, name, address, city, state, email, phone)"
                    " VALUES (%s, %s, '', 'churns', '', '', '')",
                    self.random.randrange(last) // 10 * 10 +
                    self.random.randrange(1, 10), self.name())
        if self.behind > 0:
            self.behind -= 1
            self.change("INSERT INTO suppliers"
                        " (name, address, city, state, email, phone)"
                        " VALUES (%s, '', 'churns', '', '', '')", self.name())
        for number in self.random.sample(sorted(self.stay), 3):
            self.change("UPDATE suppliers SET name = %s, state = %s"
                        " WHERE id = %s", self.name(), self.name(), number)

    def disturb_behind(self, shown):
        self.disturb(max(one["id"] for one in shown))


@pytest.fixture
def town(database):
    made = Town(database, 7)
    made.fill()
    return made


def assert_complete(town, numbers):
    assert numbers == sorted(set(numbers))
    assert town.stay <= set(numbers), town.stay - set(numbers)


@pytest.mark.parametrize("limit", (1, 7, 50))
def test_nobody_is_lost_or_shown_twice(customer, town, limit):
    api = Api(customer)
    for fields in ({}, {"city": "stays"}, {"q": "Stays"}):
        parts = list(api.parts(town.disturb_behind, limit=limit, **fields))
        assert len(parts) > STAY // limit / 2
        assert_complete(town, [one["id"] for part in parts
                               for one in part["suppliers"]])


def test_pages_by_number_would_lose_some(customer, town):
    """The same changes, and a list that counts its pages."""
    seen = []
    for number in itertools.count(1):
        page = customer.get(f"/suppliers?per=7&page={number}")
        rows = [row[0] for row in Table(page.text).rows]
        seen += rows
        town.disturb(max(rows))
        if not re.search('rel="next"', page.text):
            break
    assert not town.stay <= set(seen) or len(seen) != len(set(seen))


def test_with_writers_at_the_same_time(start, database, town):
    """On two daemons in turn, as a load balancer has it."""
    clients = [Kept(start("customer", database).port) for _ in range(2)]
    writers = [Town(database, seed) for seed in range(3)]
    api = Api(clients[0])

    def switch(_):
        api.client = clients[clients.index(api.client) - 1]

    with Background([writer.disturb for writer in writers]) as background:
        for limit in (1, 3, 9, 3, 1, 9, 3, 9):
            found = api.all(switch, limit=limit)
            assert_complete(town, [one["id"] for one in found])
            if background.faults:
                break


def test_a_cursor_outlives_its_supplier(customer, town):
    api = Api(customer)
    first = api.list(limit=5).json
    query(town.admin, "DELETE FROM suppliers WHERE id <= 50")
    after = api.get(first["next"]).json
    assert [one["id"] for one in after["suppliers"]] == [60, 70, 80, 90, 100]
    query(town.admin, "DELETE FROM suppliers")
    end = api.get(after["next"]).json
    assert end == {"total": 0, "next": None, "suppliers": []}


def test_the_last_part_is_the_last(customer, town):
    api = Api(customer)
    count = STAY + CHURN
    assert [len(part["suppliers"]) for part in api.parts(limit=count // 2)] == \
        [count // 2, count // 2]
    assert [len(part["suppliers"]) for part in api.parts(limit=count)] == \
        [count]
