"""The database's disk is full: what can't be saved is said to be so."""
import pymysql
import pytest

import harness
from forms import new_key, supplier
from writers import connect, query

FULL = (1021, 1030, 1114)  # the server's errors for it

# A tablespace that does not grow, for everything.
SMALL = ("--innodb-data-file-path=ibdata1:12M;ibdata2:48M",
         "--innodb-file-per-table=0")
LARGER = (SMALL[0] + ";ibdata3:12M", SMALL[1])


@pytest.fixture(name="small")
def make_small(folder):
    made = harness.Database(folder, *SMALL)
    made.start()
    made.make_ready()
    yield made
    made.stop()


def fill(admin):
    """
    Until there is no room for a page of two rows. MariaDB 11.8 would end itself
    if there were none for a value that is too long for a page.
    """
    query(admin, "CREATE TABLE filler (data VARBINARY(7000)) ENGINE = InnoDB")
    rows = 128
    while rows > 0:
        try:
            query(admin, "INSERT INTO filler SELECT REPEAT('x', 7000)"
                         f" FROM seq_1_to_{rows}")
        except pymysql.err.Error as fault:
            assert fault.args[0] in FULL, fault
            rows //= 2


def test_a_full_disk_is_said_to_be_so(start, small):
    employee = start("employee", small)
    admin = connect(small)
    assert employee.post("/admin/supplier-add", supplier(1)).status == 303
    fill(admin)
    done = None
    for _ in range(100):
        large = {**supplier(2), "notes": "x" * 3000, "anyway": 1,
                 "form_key": new_key()}
        done = employee.post("/admin/supplier-add", large)
        if done.status != 303:
            break
    assert done.status == 503 and "Nothing was saved" in done.text
    assert employee.get("/admin/suppliers").status == 200
    assert any(line.get("db_error") in FULL for line in employee.lines())
    count = query(admin, "SELECT COUNT(*) FROM suppliers")
    small.stop()
    small.options = LARGER
    small.start()
    done = harness.wait_until(
        lambda: (answer := employee.post("/admin/supplier-add", large))
        and answer.status != 503 and answer, "it is saved")
    assert done.status == 303
    assert query(connect(small), "SELECT COUNT(*) FROM suppliers") == (
        (count[0][0] + 1,),)
