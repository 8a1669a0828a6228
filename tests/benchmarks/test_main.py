"""All benchmarks run one after the other, and the smoke run's thresholds can fail."""

import os
import sys

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import gap, readme, refine, results, sardar, smoke
from benchmarks.problems import DATA_VARIABLE, ProblemUnavailableError


def _exit_code(main):
    with pytest.raises(SystemExit) as end:
        main()
    return int(end.value.code)


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    monkeypatch.setattr(readme, "README", tmp_path / "README.md")
    monkeypatch.setenv(DATA_VARIABLE, "")

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["benchmarks", *arguments])
        return _exit_code(command.main), capsys.readouterr()

    return run


def _raise(error):
    raise error


def test_a_benchmark_without_its_table_is_left_out(run, monkeypatch):
    arguments = []
    unavailable = ProblemUnavailableError("Put it there.")
    monkeypatch.setattr(sardar, "main", lambda: _raise(unavailable))
    monkeypatch.setattr(refine, "main", lambda: arguments.extend(sys.argv[1:]))
    code, shown = run("sardar", "refine", "--data-dir", "somewhere")
    assert code == 0
    assert "sardar: left out. Put it there." in shown.out
    assert "== 2/2 refine" in shown.out
    assert "refine: done" in shown.out
    assert arguments == []
    assert os.environ[DATA_VARIABLE] == "somewhere"


@pytest.mark.parametrize("error", [SystemExit(1), ValueError("It broke.")])
def test_a_benchmark_that_fails_does_not_stop_the_next(run, monkeypatch, error):
    monkeypatch.setattr(refine, "main", lambda: _raise(error))
    monkeypatch.setattr(gap, "main", lambda: sys.exit(0))
    code, shown = run("refine", "gap")
    assert code == 1
    assert "refine: failed" in shown.out
    assert "gap: done" in shown.out
    assert ("It broke." in shown.err) == isinstance(error, ValueError)


def test_fresh_forgets_all_before_the_first_runs(run, monkeypatch):
    there = []
    for module in (refine, gap):
        results.append([{"row": 1}], module.NAME)
        monkeypatch.setattr(module, "main", lambda: there.append(results.exists("gap")))
    run("refine", "gap")
    run("refine", "gap", "--fresh")
    assert there == [True, True, False, False]
    code, shown = run("--fresh", "--report-only")
    assert code == 2
    assert "--report-only writes from the rows" in shown.err


def test_reports_are_written_again_from_raw_rows_alone(run, monkeypatch, tmp_path):
    row = {"library": "made_up", "rows": 10, "trees": 1, "leaves": 2, "way": "path"}
    numbers = {"seconds": 1.0, "peak_mb": 2.0, "added_mb": 1.0, "repeat": 0}
    results.append([row | numbers], "refine")
    monkeypatch.setattr(refine, "main", lambda: _raise(AssertionError))
    code, shown = run("refine", "gap", "readme", "--report-only")
    assert code == 0
    assert "gap: left out. There are no raw rows" in shown.out
    assert "readme: left out. There are no raw rows" in shown.out
    assert "made_up" in (tmp_path / "refine.md").read_text()


def test_an_unknown_benchmark_is_refused(run):
    code, shown = run("made_up")
    assert code == 2
    assert "unknown: made_up; known: sardar" in shown.err


# What stands exactly at each threshold, and in which direction it is missed.
AT_LIMITS = {
    what: (high, 0.01) if low == -np.inf else (low, -0.01)
    for what, (low, high) in smoke.LIMITS.items()
}


@pytest.mark.parametrize("missed", [None, *AT_LIMITS])
def test_every_threshold_of_the_smoke_run_can_be_missed(missed, monkeypatch, capsys):
    measured = [
        ("a", what, value + (beyond if what == missed else 0))
        for what, (value, beyond) in AT_LIMITS.items()
    ]
    monkeypatch.setattr(smoke, "measure", lambda: iter(measured))
    n_missed = int(missed is not None)
    assert _exit_code(smoke.main) == n_missed
    n_met = len(measured) - n_missed
    shown = capsys.readouterr().out
    assert f"{n_met} of {len(measured)} thresholds met" in shown
    assert ("MISSED" in shown) == bool(n_missed)


def test_what_is_not_a_number_misses_its_threshold():
    assert smoke.judge(smoke.RECOVERED, np.nan) == ("at least 0.5", False)


def test_the_smoke_run_derives_what_it_judges(monkeypatch):
    row = {"student": "tree", "baseline_r2": 0.5, "cv_r2": 0.6, "teacher_r2": 0.7}
    row |= {"baseline_values": 10, "cv_values": 11}
    monkeypatch.setattr(gap, "measure", lambda *args: [row])
    measured = {
        what: value
        for _, what, value in smoke.measure_regression("friedman1", ["tree"])
    }
    assert measured[smoke.RECOVERED] == pytest.approx(0.5)
    assert measured["R2 lost to the baseline"] == pytest.approx(-0.1)
    assert measured["size over the baseline's"] == pytest.approx(1.1)
    assert {*measured} <= {*smoke.LIMITS}
