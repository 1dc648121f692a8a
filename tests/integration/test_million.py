"""What tests/bench/million.py measures, of a small directory."""
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "bench"))

import million  # noqa: E402

SUPPLIERS = 200


def test_everything_is_measured(folder, server):
    figures = million.measure_size(folder, server, SUPPLIERS)
    assert set(figures) == {name for name, _ in million.FIGURES}


def test_what_is_quadratic_is_marked(capsys):
    sizes = list(million.SIZES)
    assert round(million.exponent(sizes, sizes), 6) == 1
    million.show(sizes, [{size: {"load_s": size ** 2, "burst_s": size,
                                 "api_ms": 0} for size in sizes}])
    lines = capsys.readouterr().out.splitlines()[1:]
    assert len(lines) == 3
    assert [line for line in lines if "2.00  above the bar" in line] == [
        line for line in lines if line.startswith("start to first list")]
