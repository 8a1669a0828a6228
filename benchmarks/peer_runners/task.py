"""What a runner is given and what it hands back: files in one folder.

The folder holds ``train.csv`` with the target in its last column, ``test.csv`` without
it and ``task.json``. A runner leaves ``student.csv`` and ``teacher.csv``, its
predictions for the test rows (a class a column), and ``facts.json``: seconds, latency
and size, or the reason why there are none. This module needs only numpy and pandas.
"""

import importlib
import importlib.metadata
import json
import logging
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

N_TIMINGS = 300
TARGET = "target"


@dataclass(frozen=True)
class Terms:
    """What a runner gets beside the rows.

    `n_classes` is 0 for a regression, else the classes are 0 to `n_classes` - 1. The
    budget is in seconds of the processor; who needs more is ended.
    """

    seed: int
    n_classes: int
    budget: int
    strings: list[str]


@dataclass(frozen=True)
class Task:
    """The rows and the terms."""

    X: pd.DataFrame
    y: np.ndarray
    X_test: pd.DataFrame
    terms: Terms


@dataclass(frozen=True)
class Fitted:
    """Fitted models as functions of a table, and the leaves of each student tree."""

    student: Callable
    teacher: Callable | None
    leaves: list[int]


def write(folder: Path, X, y, X_test, *, seed: int, n_classes: int, budget: int):
    """Write the task of one split."""
    strings = list(X.select_dtypes(exclude="number"))
    X.assign(**{TARGET: y}).to_csv(folder / "train.csv", index=False)
    X_test.to_csv(folder / "test.csv", index=False)
    terms = Terms(seed, n_classes, budget, strings)
    (folder / "task.json").write_text(json.dumps(asdict(terms)))


def read(folder: Path) -> Task:
    """Read a task; string columns become categories, the same in both parts."""
    terms = Terms(**json.loads((folder / "task.json").read_text()))
    dtypes = dict.fromkeys(terms.strings, object)
    train, X_test = (
        pd.read_csv(folder / f"{part}.csv", dtype=dtypes) for part in ("train", "test")
    )
    y = train.pop(TARGET).to_numpy()
    both = pd.concat([train, X_test]).astype(dict.fromkeys(terms.strings, "category"))
    X_test = both.iloc[len(y) :].reset_index(drop=True)
    return Task(both.iloc[: len(y)], y, X_test, terms)


def count_leaves(booster) -> list[int]:
    """Count the leaves of each tree of a LightGBM booster."""
    return [tree["num_leaves"] for tree in booster.dump_model()["tree_info"]]


def run(distribution: str, module: str, fit: Callable[[Task, str], Fitted]) -> None:
    """Do the task in the folder and in the way that the command line names."""
    folder, way = Path(sys.argv[1]), sys.argv[2]
    try:
        facts = _run(folder, way, module, fit)
    except Exception as error:
        logging.exception("no predictions")
        first = (str(error).strip() or "no message").splitlines()[0]
        first = first.replace(str(Path.home()), "~")
        facts = {"reason": f"{type(error).__name__}: {first}"}
    try:
        facts["version"] = importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        facts["version"] = ""
    (folder / "facts.json").write_text(json.dumps(facts))


def _run(folder, way, module, fit):
    importlib.import_module(module)  # Importing is no part of the seconds.
    task = read(folder)
    wall, cpu = time.perf_counter(), _cpu_seconds()
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(cpu + task.terms.budget), most))
    fitted = fit(task, way)
    resource.setrlimit(resource.RLIMIT_CPU, (most, most))
    facts = {
        "seconds": time.perf_counter() - wall,
        "cpu_seconds": _cpu_seconds() - cpu,
        "row_us": _time_one_row(fitted.student, task.X_test.iloc[:1]),
        "trees": len(fitted.leaves),
        "leaves": sum(fitted.leaves),
    }
    for role in ("student", "teacher"):
        predict = getattr(fitted, role)
        if predict is not None:
            predictions = _check(predict(task.X_test), task)
            pd.DataFrame(predictions).to_csv(folder / f"{role}.csv", index=False)
    return facts


def _cpu_seconds():
    used = (
        resource.getrusage(who)
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return sum(part.ru_utime + part.ru_stime for part in used)


def _time_one_row(predict, row):
    """Return the mean of the processor's microseconds for predicting one row."""
    # A system may count the processor's time in steps of milliseconds: no median.
    start = time.process_time()
    for _ in range(N_TIMINGS):
        predict(row)
    return 1e6 * (time.process_time() - start) / N_TIMINGS


def _check(predictions, task):
    """Return the predictions as an array, of the shape that can be scored."""
    predictions = np.asarray(predictions, float)
    n_classes = task.terms.n_classes
    expected = (len(task.X_test), n_classes) if n_classes else (len(task.X_test),)
    if predictions.shape != expected:
        raise ValueError(
            f"its predictions for {expected} rows and classes have the shape "
            f"{predictions.shape}"
        )
    if not np.isfinite(predictions).all():
        raise ValueError("some of its predictions are not finite")
    return predictions
