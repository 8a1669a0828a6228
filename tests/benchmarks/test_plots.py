"""Plots show the numbers that they are given, and come out the same each time."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import plots, results

pytest.importorskip("matplotlib")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    return tmp_path


@pytest.fixture
def figures(monkeypatch):
    """Keep what is drawn."""
    kept, save = [], plots.save

    def keep(figure, *args):
        kept.append(figure)
        return save(figure, *args)

    monkeypatch.setattr(plots, "save", keep)
    return kept


FRACTIONS = pd.DataFrame({"tree": [0.1, 0.3, None], "forest": [0.5, None, None]})


def _draw_fractions(fractions=FRACTIONS):
    return plots.draw_fractions(
        fractions, "made_up", goals={"forest": 0.4}, x="fraction"
    )


def test_each_row_shows_its_points_their_mean_and_its_goal(figures):
    path = _draw_fractions()
    (ax,) = figures[0].axes
    points, means, goals = ax.lines[2:]
    drawn = pd.DataFrame({"place": points.get_ydata(), "x": points.get_xdata()})
    drawn = drawn.dropna().sort_values(["place", "x"])
    assert drawn.to_numpy().tolist() == [[0, 0.1], [0, 0.3], [1, 0.5]]
    assert means.get_xdata().tolist() == pytest.approx([0.2, 0.5])
    assert goals.get_xdata().tolist() == pytest.approx([np.nan, 0.4], nan_ok=True)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["tree", "forest"]
    assert ">forest<" in path.read_text()


def test_rows_without_goals_have_none_in_the_legend(figures):
    plots.draw_fractions(FRACTIONS, "made_up", x="fraction")
    (legend,) = figures[0].legends
    assert [text.get_text() for text in legend.get_texts()] == ["a table", "mean"]


def test_each_panel_has_a_line_for_each_column(figures):
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}, index=[10, 1000])
    panels = {"left": frame, "right": frame[["b"]]}
    plots.draw_lines(panels, "made_up", y="seconds", legend="way", log=True)
    left, right = figures[0].axes
    assert [line.get_ydata().tolist() for line in left.lines] == [[1, 2], [3, 4]]
    assert len(right.lines) == 1
    assert left.get_xscale() == left.get_yscale() == "log"
    assert [label.get_text() for label in left.get_xticklabels()] == ["10", "1,000"]


def test_each_bar_stands_beside_its_source(figures):
    bars = pd.DataFrame(
        {"mean": [1.0, 2.0], "std": 0.1, "them": [np.nan, 3.0]}, index=["a", "b"]
    )
    plots.draw_bars({"MSE": bars}, "made_up", source="them")
    (ax,) = figures[0].axes
    assert [bar.get_width() for bar in ax.patches] == [1, 2]
    crosses = next(line for line in ax.lines if line.get_label() == "them")
    assert crosses.get_xdata().tolist() == pytest.approx([np.nan, 3], nan_ok=True)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]


def test_predictions_are_drawn_against_the_truth(figures):
    predictions = pd.DataFrame({"baseline": [0.1, 0.8], "hard": 0.5})
    plots.draw_predictions(pd.Series([0.0, 1.0]), predictions, "made_up")
    baseline, hard = figures[0].axes
    assert baseline.lines[-1].get_xdata().tolist() == [0, 1]
    assert baseline.lines[-1].get_ydata().tolist() == [0.1, 0.8]
    assert hard.get_title() == "hard"


def test_the_same_numbers_give_the_same_file_and_others_another_digest():
    first = _draw_fractions().read_bytes()
    assert _draw_fractions().read_bytes() == first
    assert plots.digest(FRACTIONS).encode() in first
    other = FRACTIONS + 0.001
    assert plots.digest(other).encode() in _draw_fractions(other).read_bytes()
    assert plots.digest(other) != plots.digest(FRACTIONS)
