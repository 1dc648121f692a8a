"""What tests/bench/million.py measures, of a small directory."""
import pathlib
import sys

import pytest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "bench"))

import million  # noqa: E402

SUPPLIERS = 200


@pytest.mark.thorough
def test_everything_is_measured(folder, server):
    figures = million.measure_size(folder, server, SUPPLIERS)
    assert set(figures) == {name for name, _ in million.FIGURES}


def test_what_is_quadratic_is_marked(capsys):
    sizes = list(million.SIZES)
    assert round(million.exponent(sizes, sizes), 6) == 1
    million.show(sizes, [{size: {"load_s": size ** 2, "burst_s": size,
                                 "api_s": 0} for size in sizes}])
    lines = capsys.readouterr().out.splitlines()[1:]
    assert len(lines) == 3
    assert [line for line in lines if "2.00  above the bar" in line] == [
        line for line in lines if line.startswith("start to first list")]


def created_on_disk(database):
    return int(database.sql(
        "SHOW GLOBAL STATUS LIKE 'Created_tmp_disk_tables'")[0][1])


def test_the_database_copies_no_table_before_it_sends_one(folder, server):
    """A million suppliers that it had to copy first came later than a daemon
    waits, which asked again and again."""
    million.contenders.load_suppliers(server, SUPPLIERS)
    before = created_on_disk(server)
    daemon = million.harness.Daemon("customer", folder, server)
    million.harness.wait_until(lambda: daemon.get("/suppliers").status == 200,
                               "the suppliers are read")
    daemon.stop()
    assert created_on_disk(server) == before
