"""Plots for the reports, as SVG; matplotlib is imported when one is drawn."""

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import results


def draw_fractions(
    fractions: pd.DataFrame, name: str, *, x: str, goals: Mapping[str, float] = {}
) -> Path:
    """Draw a row for each column: its points, their mean, and the goal if it has one.

    The same fractions give the same file, ``results/<name>.svg``.
    """
    n_rows = len(fractions.columns)
    places = np.arange(n_rows)
    figure = build_figure(6.4, 0.5 * n_rows + 1.2)
    ax = figure.subplots()
    for bound in (0, 1):
        ax.axvline(bound, color="0.7", lw=1)
    points, rows = fractions.to_numpy().ravel(), np.tile(places, len(fractions))
    ax.plot(points, rows, "C0o", alpha=0.5, mec="none", label="a table")
    ax.plot(fractions.mean(), places, "kD", label="mean")
    if goals:
        known = pd.Series(goals, dtype=float).reindex(fractions.columns)
        ax.plot(known, places, "C3|", ms=20, mew=2, label="goal")
    ax.set_yticks(places, fractions.columns)
    ax.set_ylim(n_rows - 0.5, -0.5)
    figure.legend(loc="outside upper center", ncols=3)
    ax.xaxis.set_major_formatter(lambda fraction, _: f"{fraction:.0%}")
    ax.set_xlabel(x)
    return save(figure, name, fractions)


def draw_lines(
    panels: Mapping[str, pd.DataFrame],
    name: str,
    *,
    y: str,
    legend: str,
    log: bool = False,
) -> Path:
    """Draw a panel for each frame, a line for each column, to ``results/<name>.svg``.

    The x axis is the frame's index and bears its name; `log` makes both axes
    logarithmic. The same frames give the same file.
    """
    figure = build_figure(4.5 * len(panels), 3.6)
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for ax, (title, frame) in zip(axes, panels.items(), strict=True):
        for column in frame:
            ax.plot(frame.index, frame[column], marker="o", ms=3, label=str(column))
        ax.set(title=title, xlabel=frame.index.name, ylabel=y)
        if log:
            ax.set(xscale="log", yscale="log")
            # The sizes themselves: matplotlib's labels run into each other.
            ax.set_xticks(frame.index, [f"{size:,}" for size in frame.index])
            ax.set_xticks([], minor=True)
        ax.grid(alpha=0.3)
    axes[-1].legend(title=legend)
    return save(figure, name, pd.concat(panels))


def draw_bars(panels: Mapping[str, pd.DataFrame], name: str, *, source: str) -> Path:
    """Draw a panel for each frame, a bar for each row, to ``results/<name>.svg``.

    A frame has the columns mean and std, and `source`: a source's figures, drawn
    as crosses. Its index names the bars.
    """
    n_bars = max(map(len, panels.values()))
    figure = build_figure(4.5 * len(panels), 0.3 * n_bars + 1.2)
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for ax, (title, frame) in zip(axes, panels.items(), strict=True):
        places = np.arange(len(frame))
        ax.barh(places, frame["mean"], xerr=frame["std"], label="here")
        ax.plot(frame[source], places, "C3x", label=source)
        ax.axvline(0, color="0.7", lw=1)
        ax.set_yticks(places, frame.index)
        ax.set_xlabel(title)
    axes[0].invert_yaxis()
    figure.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return save(figure, name, pd.concat(panels))


def draw_predictions(truth: pd.Series, predictions: pd.DataFrame, name: str) -> Path:
    """Draw each column against the truth, to ``results/<name>.svg``."""
    figure = build_figure(2.8 * len(predictions.columns), 3.2)
    axes = figure.subplots(1, len(predictions.columns), sharey=True, squeeze=False)[0]
    for ax, (title, predicted) in zip(axes, predictions.items(), strict=True):
        ax.axline((0, 0), slope=1, color="0.7", lw=1)
        ax.plot(truth, predicted, "C0o", ms=3, alpha=0.5, mec="none")
        ax.set(title=title, xlabel="truth")
    axes[0].set_ylabel("prediction")
    return save(figure, name, predictions.assign(truth=truth))


def build_figure(width: float, height: float):
    """Return an empty figure, of so many inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def save(figure, name: str, frame: pd.DataFrame) -> Path:
    """Write ``results/<name>.svg``; it names the digest of `frame`, which it shows."""
    import matplotlib as mpl

    # Text is not drawn as paths; ids and the date would change with every run.
    settings = {"svg.fonttype": "none", "svg.hashsalt": name}
    metadata = {"Date": None, "Description": digest(frame)}
    with mpl.rc_context(settings), io.StringIO() as file:
        figure.savefig(file, format="svg", metadata=metadata)
        text = file.getvalue()
    return results.write_whole(results.FOLDER / f"{name}.svg", text)


def digest(frame: pd.DataFrame) -> str:
    """Return a string that differs where the numbers of `frame` do."""
    numbers = frame.to_csv(float_format="%.6g", lineterminator="\n")
    return hashlib.sha256(numbers.encode()).hexdigest()
