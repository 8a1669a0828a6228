"""The benchmarks run, and what they claim holds on one split."""

import os

import pandas as pd
import pytest

from benchmarks import results, sardar
from benchmarks.problems import (
    DATA_VARIABLE,
    ProblemUnavailableError,
    encode,
    load_problem,
)


def test_a_table_that_is_nowhere_says_how_to_get_it(tmp_path):
    with pytest.raises(ProblemUnavailableError, match="nowhere.csv.gz.*--data-dir"):
        load_problem("nowhere", tmp_path, download=False)


def test_a_table_is_read_from_the_data_folder_first(tmp_path):
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"], "target": [0.5, 1.5]})
    frame.to_csv(tmp_path / "diabetes.csv.gz", index=False)
    problem = load_problem("diabetes", tmp_path, drop=["a"])
    assert list(encode(problem.X)) == ["b_x", "b_y"]
    assert problem.y.tolist() == [0.5, 1.5]
    assert len(load_problem("diabetes").X) == 442


def test_markdown_escapes_what_would_break_the_table():
    table = results.markdown(pd.DataFrame({"name": ["a|b", None]}))
    assert table.splitlines()[2:] == [r"| a\|b |", "|      |"]


@pytest.mark.data
def test_sardars_study_on_one_split():
    folder = os.environ.get(DATA_VARIABLE)
    if folder is None:
        pytest.skip(f"{DATA_VARIABLE} names no folder with {sardar.REPAIRED}.csv.gz")
    frame = pd.DataFrame(sardar.measure(load_problem(sardar.REPAIRED, folder), 0))
    r2 = frame.set_index(["method", "temperature", "rescale"])["r2"]
    assert r2[sardar.PLAIN, 1.0, False] > 0.7
    assert r2[sardar.SOFT, 1.0, False] > 0.7
    # A temperature costs, at most what a perfect student would lose and some more.
    for temperature in (0.5, 2.0, 5.0):
        assert r2[sardar.SOFT, temperature, False] < r2[sardar.SOFT, 1.0, False]
        assert r2[sardar.SOFT, temperature, True] == pytest.approx(
            r2[sardar.SOFT, 1.0, False], abs=0.03
        )
