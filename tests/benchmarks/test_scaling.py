"""The growth of a fit's cost is measured in processes apart, and said as exponents."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import results, scaling


def _rows():
    rows = []
    for axis, sizes in (("rows", (10, 100, 1000)), ("classes", (2, 4))):
        for size in sizes:
            for way, seconds in zip(scaling.WAYS, (1.0, 5.0, 8.0), strict=True):
                case = {"axis": axis, "size": size, "way": way, "repeat": 0}
                row = {"cpu_s": seconds * size, "teacher_s": np.nan}
                if way == scaling.ALONE:
                    row["teacher_s"] = 0.75 * size
                rows.append(case | row | {"peak_mb": 100 + seconds, "added_mb": 1.0})
    return pd.DataFrame(rows).assign(**results.versions())


def test_the_cost_is_compared_with_the_parts_alone_and_with_the_work():
    summary = scaling.summarise(_rows()).set_index(["axis", "size", "way"])
    distilled = summary.loc[("rows", 100, scaling.MIXING)]
    assert distilled["over_alone"] == pytest.approx(5)
    # Five teachers of 75 s and a student of 25 s.
    assert distilled["over_work"] == pytest.approx(500 / 400)
    assert distilled["memory"] == pytest.approx(105 / 101)


def test_the_exponent_is_a_slope_of_logarithms():
    frame = _rows()
    largest = frame["size"] == 1000
    frame.loc[largest, "cpu_s"] *= 10
    frame.loc[largest, "added_mb"] *= 100
    growth = scaling.compare_growth(scaling.summarise(frame)).set_index("axis")
    assert set(growth.loc["rows", "CPU seconds"]) == {"1.50"}
    assert set(growth.loc["rows", "CPU seconds, two largest"]) == {"2.00"}
    assert set(growth.loc["rows", "MB added, two largest"]) == {"2.00"}
    assert set(growth.loc["classes", "CPU seconds"]) == {"1.00"}
    assert set(growth.loc["classes", "MB added, two largest"]) == {"0.00"}


def test_seconds_and_memory_have_a_plot_each(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    scaling.draw(_rows())
    names = [path.name for path in sorted(tmp_path.iterdir())]
    assert names == ["scaling_added_mb.svg", "scaling_cpu_s.svg"]
    assert ">by classes<" in (tmp_path / names[0]).read_text()


def test_the_report_says_what_was_measured_alone():
    frame = _rows()
    text = scaling.report(frame)
    assert "## By rows" in text
    assert "## By classes" in text
    assert "1.25" in text
    # Without the table there are no rows of it.
    assert "## By rows" not in scaling.report(frame[frame["axis"] == "classes"])


def test_the_repeats_that_there_are_are_said():
    frame = _rows()
    assert "repeats of each fit: 1." in scaling.report(frame)
    assert scaling.count_repeats(pd.concat([frame, frame])) == "2"
    assert scaling.count_repeats(pd.concat([frame, frame[:1]])) == "1 to 2"


def test_rows_keep_their_targets(tmp_path):
    frame = pd.DataFrame({"a": range(50), "b": ["x", "y"] * 25, "target": range(50)})
    frame.to_csv(tmp_path / f"{scaling.TABLE}.csv.gz", index=False)
    X, y = scaling.make_rows("rows", 20, tmp_path)
    assert X["a"].tolist() == y.tolist() != sorted(y)
    assert (len(X), str(X["b"].dtype)) == (20, "category")
    assert scaling.make_rows("classes", 7, None)[1].nunique() == 7


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
@pytest.mark.parametrize(
    "way",
    [
        way if way == scaling.ALONE else pytest.param(way, marks=pytest.mark.slow)
        for way in scaling.WAYS
    ],
)
def test_one_fit_in_a_process_apart(way, tmp_path):
    X, y = scaling.make_rows("classes", 3, None)
    path = str(tmp_path / "rows.pkl")
    pd.to_pickle((X[:300], y[:300]), path)
    (row,) = scaling.measure("classes", 3, way, 0, lambda axis, size: path)
    assert np.isfinite(row["teacher_s"]) == (way == scaling.ALONE)
    assert row["peak_mb"] > row["added_mb"] >= 0
    assert row["way"] == way
