"""Distil a stacking ensemble into gradient boosting on scikit-learn's bundled data.

Regression on diabetes, classification on digits; then one table of teacher, baseline
student and distilled student, and a report on digits in report.html, for a browser.
Nothing is downloaded::

    python -m benchmarks.demo
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from sklearn.base import is_classifier
from sklearn.datasets import load_diabetes, load_digits
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    StackingClassifier,
    StackingRegressor,
)
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skdistill import DistillationReport, DistilledClassifier, DistilledRegressor

SEED = 0
N_TIMED_ROWS = 50
REPORT = Path("report.html")


@dataclass(frozen=True)
class Task:
    """One distillation: the data and the two parts."""

    name: str
    load: Any
    distilled: Any
    teacher: Any
    student: Any
    alpha: float
    temperature: float = 1.0


def regression(scale: float = 1.0) -> Task:
    """Diabetes: 442 rows, 10 columns."""
    teacher = StackingRegressor(
        [
            ("trees", ExtraTreesRegressor(int(300 * scale))),
            ("boosting", GradientBoostingRegressor(n_estimators=int(100 * scale))),
            ("linear", make_pipeline(StandardScaler(), RidgeCV())),
        ],
        final_estimator=RidgeCV(),
    )
    student = GradientBoostingRegressor(n_estimators=int(100 * scale))
    return Task("diabetes", load_diabetes, DistilledRegressor, teacher, student, 1.0)


def classification(scale: float = 1.0) -> Task:
    """Digits: 1,797 rows, 64 columns, 10 classes."""
    linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    teacher = StackingClassifier(
        [
            ("trees", ExtraTreesClassifier(int(300 * scale))),
            ("margins", SVC(C=5)),
            ("neighbours", KNeighborsClassifier()),
            ("linear", linear),
        ],
        final_estimator=LogisticRegression(C=10, max_iter=2000),
    )
    # A few columns a split: as good on images, and several times as fast to fit.
    student = GradientBoostingClassifier(
        n_estimators=int(100 * scale), max_features="sqrt"
    )
    # The labels of digits are almost free of noise, so they keep half of the weight;
    # T below 1 makes the teacher as sure of its predictions as they are.
    return Task("digits", load_digits, DistilledClassifier, teacher, student, 0.5, 0.5)


def run(task: Task, console: Console) -> DistillationReport:
    """Fit both students; measure them and the teacher on held-out rows."""
    X, y = task.load(return_X_y=True)
    stratify = y if is_classifier(task.student) else None
    X, X_test, y, y_test = train_test_split(X, y, random_state=SEED, stratify=stratify)
    console.print(
        f"\n[bold]{task.name}[/]: {len(X)} training rows, {len(X_test)} held out, "
        f"alpha {task.alpha:g}, T {task.temperature:g}"
    )
    model = task.distilled(
        task.teacher,
        task.student,
        alpha=task.alpha,
        temperature=task.temperature,
        n_jobs=2,
        random_state=SEED,
        verbose=1,
    )
    model.fit(X, y)
    return DistillationReport(
        model, X_test, y_test, train=(X, y), n_timings=N_TIMED_ROWS
    )


def show(reports: dict[str, DistillationReport], console: Console) -> None:
    """Print one table of the most important numbers."""
    table = Table(
        title="One split; fidelity is the score against the teacher's predictions"
    )
    for column in ("data", "model", "score", "fidelity", "size", "one row"):
        side = "left" if column in ("data", "model") else "right"
        table.add_column(column, justify=side, no_wrap=True)
    for task, report in reports.items():
        for name, model in report.to_dict()["models"].items():
            metric, score = next(iter(model["scores"].items()))
            fidelity = next(iter(model["fidelity"].values()), 1.0)
            table.add_row(
                task,
                name,
                f"{'R2' if metric == 'r2' else metric} {score:.3f}",
                f"{fidelity:.3f}",
                f"{model['bytes'] / 1e6:.2f} MB",
                f"{model['latency_median'] * 1e3:.2f} ms",
                end_section=name == "distilled",
            )
    console.print()
    console.print(table)


def distil(scale: float, console: Console) -> dict[str, DistillationReport]:
    """Run both tasks and print the table."""
    reports = {}
    for build in (regression, classification):
        task = build(scale)
        reports[task.name] = run(task, console)
    show(reports, console)
    return reports


def main() -> None:
    """Run both tasks, print the table, write the report on the last."""
    console = Console()
    start = time.perf_counter()
    name, report = list(distil(1.0, console).items())[-1]
    report.to_html(REPORT)
    console.print(f"Done in {time.perf_counter() - start:.0f} s.")
    console.print(f"More on {name}: open {REPORT.resolve()} in a browser.")


if __name__ == "__main__":
    main()
