"""The report as plain text and as Markdown."""

import html
import re
from typing import Any

from skdistill.report._findings import findings
from skdistill.report._known import MODELS
from skdistill.report._markup import visible
from skdistill.report._table import (
    HEADERS,
    about,
    class_rows,
    class_title,
    headline,
    rows,
)

__all__ = ["to_markdown", "to_text"]

_MOST_NAMES = 30


def to_text(numbers: dict[str, Any]) -> str:
    """Return the report as plain text.

    Parameters
    ----------
    numbers : dict
        As `DistillationReport.to_dict` returns them, or as they are read from JSON.

    Returns
    -------
    str

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import DistillationReport, DistilledRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = DistilledRegressor(Ridge(), DecisionTreeRegressor(max_depth=3))
    >>> model = model.fit(X[:300], y[:300])
    >>> report = DistillationReport(
    ...     model, X[300:], y[300:], train=(X[:300], y[:300]), n_timings=1
    ... )
    >>> print(to_text(report.to_dict()).splitlines()[0])
    Distillation report: regression, 142 held-out samples, 10 features
    """
    table = [["", *HEADERS.values()]]
    section = ""
    for row in rows(numbers):
        if row.section != section:
            section = row.section
            table.append([section, "", "", ""])
        table.append([f"  {row.label}", *row.cells])
    parts = [headline(numbers), "\n".join(findings(numbers)), _aligned(table)]
    if numbers["classes"]:
        parts.append(f"{class_title(numbers)}\n{_aligned(class_rows(numbers))}")
    parts.append(f"features: {', '.join(name_columns(numbers))}")
    made = (f"{visible(name)}: {visible(value)}" for name, value in about(numbers))
    parts.append("\n".join(made))
    return "\n\n".join(visible(part, keep="\n") for part in parts)


def to_markdown(numbers: dict[str, Any]) -> str:
    """Return the report as Markdown in which no name is markup."""
    header = ["", *HEADERS.values()]
    parts = [f"# {escape(headline(numbers))}"]
    parts.append("\n".join(f"- {escape(line)}" for line in findings(numbers)))
    table = [[row.label, *row.cells] for row in rows(numbers)]
    parts.append(_pipes([header, *table]))
    if numbers["classes"]:
        title = class_title(numbers).capitalize()
        parts += [f"## {title}", _pipes(class_rows(numbers))]
    parts.append("## Models")
    parts.append(
        "\n".join(
            f"- {HEADERS[name]}: {escape(numbers['models'][name]['estimator'])}"
            for name in MODELS
        )
    )
    names = (escape(name) for name in name_columns(numbers))
    parts.append(f"Features: {', '.join(names)}")
    made = (f"- {escape(name)}: {escape(value)}" for name, value in about(numbers))
    parts.append("\n".join(made))
    return "\n\n".join(parts) + "\n"


def name_columns(numbers: dict[str, Any]) -> list[str]:
    """Return the names of the features; if very many, the first and how many more."""
    names = numbers["columns"]
    shown, rest = names[:_MOST_NAMES], len(names) - _MOST_NAMES
    return [*shown, f"and {rest:,} more"] if rest > 0 else shown


def escape(text: str) -> str:
    """Return text that neither Markdown nor the HTML in it reads as markup."""
    line = " ".join(visible(text, keep="\n").split())
    return re.sub(r"([\\`*_\[\]|~])", r"\\\1", html.escape(line, quote=False))


def _aligned(table: list[list[str]]) -> str:
    """Return lines whose columns are as wide as their widest cells."""
    table = [[visible(cell) for cell in line] for line in table]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(
        "  ".join(
            [line[0].ljust(widths[0])]
            + [
                cell.rjust(width)
                for cell, width in zip(line[1:], widths[1:], strict=True)
            ]
        ).rstrip()
        for line in table
    )


def _pipes(table: list[list[str]]) -> str:
    header, *body = ([escape(cell) for cell in line] for line in table)
    rule = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(line)} |" for line in (header, rule, *body))
