"""What skdistill costs on top of the work that it orchestrates.

Five ratios: fitting over the same work by hand, fitting a linear student or a single
tree, which is tried, over the same fit without a guard, fitting with a transfer set and
refined leaves over one cross-fitted teacher and one student on as many rows, predicting
over the student's own `predict`, importing over importing ``sklearn.ensemble``. Each is
the median of repeats that alternate between the two sides. Exits with 1 if a target is
missed::

    python -m benchmarks.overhead
"""

import gc
import json
import subprocess
import sys
import time
import warnings
from functools import partial
from itertools import product

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.datasets import make_classification, make_friedman1
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestRegressor,
    StackingRegressor,
)
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor
from threadpoolctl import threadpool_limits

from benchmarks import gap_block, results, runs
from skdistill import DistilledClassifier, DistilledRegressor
from skdistill.exceptions import PoorTeacherWarning

NAME = "overhead"
MAX_RATIO = {
    "fit": 1.05,
    "trial": 1.3,
    "enlarged": 1.3,
    "predict": 1.05,
    "import": 1.3,
}
# One row is predicted so fast that a ratio alone would punish any Python call at all.
MAX_EXTRA = {"predict": 20e-6}
HEAVY = ("xgboost", "lightgbm", "pandas", "matplotlib")

N_ROWS, N_ROWS_SMALL, N_CALLS = 4000, 500, 100
ENLARGED_STUDENTS = ("lightgbm-100x16", "lightgbm-200x31", "forest")
ALPHA, TEMPERATURE = 0.5, 2.0
# The same work as by hand. The guard fits the baseline student once more besides: it is
# part of "enlarged", which has the defaults.
MIXING = {
    "transfer": None,
    "refine": None,
    "calibrate": None,
    "on_poor_teacher": "ignore",
}
FOLDS = KFold(5, shuffle=True, random_state=0)

# Every seed is a number, so that both sides of a ratio grow the same trees.
TREES = ExtraTreesRegressor(50, min_samples_leaf=3, random_state=0)
STACK = StackingRegressor(
    [("trees", TREES), ("ridge", make_pipeline(StandardScaler(), Ridge()))],
    final_estimator=RidgeCV(),
    cv=FOLDS,
)
STUDENT = GradientBoostingRegressor(random_state=0)
TRIED_TEACHERS = {
    "k-fold": TREES,
    "out of bag": RandomForestRegressor(100, min_samples_leaf=3, random_state=0),
}
CLASS_TREES = ExtraTreesClassifier(50, min_samples_leaf=3, random_state=0)
CLASS_STUDENT = GradientBoostingClassifier(n_estimators=20, random_state=0)


def make_numbers(n_rows: int):
    """Draw a regression problem."""
    return make_friedman1(n_rows, noise=1.0, random_state=0)


def make_classes(n_rows: int):
    """Draw a problem of three classes."""
    return make_classification(
        n_rows, 10, n_informative=6, n_classes=3, flip_y=0.1, random_state=0
    )


def kfold_by_hand(X, y):
    """Cross-fit the teacher, mix, fit the student."""
    predictions = cross_val_predict(TREES, X, y, cv=FOLDS)
    return clone(STUDENT).fit(X, (1 - ALPHA) * y + ALPHA * predictions)


def stack_by_hand(X, y):
    """Fit stack and student once each; which y it learns costs the student nothing."""
    clone(STACK).fit(X, y)
    return clone(STUDENT).fit(X, y)


def classes_by_hand(X, y):
    """Cross-fit the teacher, temper, mix, fit the student on weighted duplicates."""
    predictions = cross_val_predict(CLASS_TREES, X, y, cv=FOLDS, method="predict_proba")
    tempered = predictions ** (1 / TEMPERATURE)
    tempered /= tempered.sum(axis=1, keepdims=True)
    target = (1 - ALPHA) * np.eye(predictions.shape[1])[y] + ALPHA * tempered
    rows, labels = np.nonzero(target)
    return clone(CLASS_STUDENT).fit(X[rows], labels, sample_weight=target[rows, labels])


def distilled():
    """Return the estimators that do the same: by k-fold, by stack, for classes."""
    shared = {"alpha": ALPHA, "cv": FOLDS, "random_state": 0, "memory": False, **MIXING}
    return (
        DistilledRegressor(TREES, STUDENT, cross_fit="kfold", **shared),
        DistilledRegressor(STACK, STUDENT, cross_fit="stack", **shared),
        DistilledClassifier(
            CLASS_TREES,
            CLASS_STUDENT,
            temperature=TEMPERATURE,
            cross_fit="kfold",
            **shared,
        ),
    )


def clock(work, *, calls: int = 1) -> dict:
    """Seconds a call takes: of the processor, and on the wall clock."""
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(calls):
        work()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {"cpu": cpu / calls, "wall": wall / calls}


def clock_import(module: str) -> dict:
    """Seconds to import `module` in a fresh process, and the heavy modules it loads."""
    code = (
        "import json, sys, time\n"
        "wall, cpu = time.perf_counter(), time.process_time()\n"
        f"import {module}\n"
        "cpu, wall = time.process_time() - cpu, time.perf_counter() - wall\n"
        f"heavy = [name for name in {HEAVY} if name in sys.modules]\n"
        "print(json.dumps({'cpu': cpu, 'wall': wall, 'heavy': ' '.join(heavy)}))"
    )
    return json.loads(subprocess.check_output([sys.executable, "-c", code]))


def imports_without_heavy() -> bool:
    """Return whether ``import skdistill`` works without all of `HEAVY`."""
    # None in sys.modules makes an import fail as if the module were not installed.
    block = f"import sys; sys.modules.update(dict.fromkeys({HEAVY}))"
    command = [sys.executable, "-c", f"{block}\nimport skdistill"]
    return subprocess.run(command, capture_output=True).returncode == 0


def alternate(kind: str, check: str, ours, reference, repeats: int) -> list[dict]:
    """Clock both sides in turn; the side that goes first changes each time."""
    rows = []
    for repeat in range(repeats):
        sides = [("skdistill", ours), ("reference", reference)]
        row = {"kind": kind, "check": check, "repeat": repeat}
        for side, run in sides[:: -1 if repeat % 2 else 1]:
            row |= {f"{side}_{name}": value for name, value in run().items()}
        rows.append(row)
    print(f"{kind}, {check}: {repeats} repeats done", flush=True)
    return rows


def measure_fits(repeats: int, n_rows: int = N_ROWS) -> list[dict]:
    """Clock `fit` against the same work by hand."""
    numbers, classes = make_numbers(n_rows), make_classes(n_rows)
    kfold, stack, classifier = distilled()
    cases = {
        "regressor, k-fold": (kfold, kfold_by_hand, numbers),
        "regressor, stack": (stack, stack_by_hand, numbers),
        "classifier, k-fold": (classifier, classes_by_hand, classes),
    }
    rows = []
    for check, (model, by_hand, data) in cases.items():
        sides = [partial(clock, partial(fit, *data)) for fit in (model.fit, by_hand)]
        rows += alternate("fit", check, *sides, repeats)
    return rows


def measure_trials(repeats: int) -> list[dict]:
    """Clock fits of students that are tried against the same fits without a guard."""
    X, y = make_numbers(N_ROWS)
    tree = DecisionTreeRegressor(max_leaf_nodes=32, random_state=0)
    rows = []
    for (source, teacher), student in product(TRIED_TEACHERS.items(), (Ridge(), tree)):
        params = {"random_state": 0, "memory": False, "on_poor_teacher": "auto"}
        model = DistilledRegressor(teacher, student, **params)
        blind = clone(model).set_params(on_poor_teacher="ignore")
        sides = [partial(clock, partial(one.fit, X, y)) for one in (model, blind)]
        check = f"{type(student).__name__}, {source}"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PoorTeacherWarning)
            rows += alternate("trial", check, *sides, repeats)
    return rows


def enlarged_by_hand(student, X, y):
    """Fit the stack, predict ten times the rows, fit the student on all."""
    enlarged = np.concatenate([X] * 11)
    predictions = gap_block.build_teacher(0).fit(X, y).predict(enlarged[len(X) :])
    return clone(student).fit(enlarged, np.concatenate([y, predictions]))


def measure_enlarged(repeats: int) -> list[dict]:
    """Clock all there is against teacher and student on as many rows."""
    X, y = make_numbers(gap_block.MAX_TRAIN)
    rows = []
    for name in ENLARGED_STUDENTS:
        student = gap_block.build_student(name, 0)
        model = DistilledRegressor(
            gap_block.build_teacher(0),
            student,
            random_state=0,
            memory=False,
        )
        sides = [
            partial(clock, partial(model.fit, X, y)),
            partial(clock, partial(enlarged_by_hand, student, X, y)),
        ]
        rows += alternate("enlarged", name, *sides, repeats)
    return rows


def measure_predictions(repeats: int) -> list[dict]:
    """Clock the prediction of one row against the student's own."""
    numbers, classes = make_numbers(N_ROWS_SMALL), make_classes(N_ROWS_SMALL)
    kfold, stack, classifier = distilled()
    cases = {
        "regressor, teacher of trees": (kfold, "predict", numbers),
        "regressor, teacher a stack": (stack, "predict", numbers),
        "classifier, predict": (classifier, "predict", classes),
        "classifier, predict_proba": (classifier, "predict_proba", classes),
    }
    rows = []
    for check, (model, method, (X, y)) in cases.items():
        model.fit(X, y)
        sides = [
            partial(clock, partial(getattr(owner, method), X[:1]), calls=N_CALLS)
            for owner in (model, model.student_)
        ]
        rows += alternate("predict", check, *sides, repeats)
    return rows


def measure_imports(repeats: int) -> list[dict]:
    """Clock ``import skdistill`` against ``import sklearn.ensemble``."""
    ours = partial(clock_import, "skdistill")
    reference = partial(clock_import, "sklearn.ensemble")
    alternate("import", "warming the disk cache", ours, reference, 1)
    rows = alternate("import", "import skdistill", ours, reference, repeats)
    alone = imports_without_heavy()
    return [row | {"imports_without_heavy": alone} for row in rows]


def measure(kind: str, repeats: int) -> list[dict]:
    """Clock all that is of one kind."""
    if kind == "fit":
        return measure_fits(repeats)
    if kind == "trial":
        return measure_trials(repeats)
    if kind == "enlarged":
        return measure_enlarged(-(-repeats // 3))
    if kind == "predict":
        return measure_predictions(5 * repeats)
    return measure_imports(repeats)


def summarise(frame: pd.DataFrame) -> pd.DataFrame:
    """Medians of each check over its repeats, with the verdict."""
    frame = frame.assign(
        ratio=frame["skdistill_cpu"] / frame["reference_cpu"],
        wall_ratio=frame["skdistill_wall"] / frame["reference_wall"],
        extra=frame["skdistill_cpu"] - frame["reference_cpu"],
    )
    columns = ["skdistill_cpu", "reference_cpu", "ratio", "wall_ratio", "extra"]
    groups = frame.groupby(["kind", "check"], sort=False)
    summary = groups[columns].median().assign(repeats=groups.size()).reset_index()
    fast = summary["ratio"] <= summary["kind"].map(MAX_RATIO)
    return summary.assign(
        met=fast | (summary["extra"] <= summary["kind"].map(MAX_EXTRA))
    )


def check_modules(frame: pd.DataFrame) -> list[dict]:
    """Say which heavy modules `import skdistill` loads that scikit-learn does not."""
    imports = frame[frame["kind"] == "import"]
    loaded, by_sklearn = (
        set(" ".join(imports[f"{side}_heavy"].fillna("")).split())
        for side in ("skdistill", "reference")
    )
    added = ", ".join(sorted(loaded - by_sklearn)) or "none"
    shared = ", ".join(sorted(loaded & by_sklearn)) or "none"
    alone = "works" if imports["imports_without_heavy"].all() else "fails"
    added_by_us = f"import skdistill: which of {', '.join(HEAVY)} it adds"
    measured = f"{added} (loaded by scikit-learn itself: {shared})"
    return [
        _row(added_by_us, measured, "none", added == "none"),
        _row("import skdistill without any of these", alone, "works", alone == "works"),
    ]


def tabulate(frame: pd.DataFrame) -> pd.DataFrame:
    """Return all checks in words: measured, target, verdict."""
    rows = []
    for row in summarise(frame).itertuples():
        extra = MAX_EXTRA.get(row.kind)
        allowed = "" if extra is None else f" or {_in_words(extra)} more"
        measured = f"{row.ratio:.3f} ({_in_words(row.extra, sign='+')})"
        target = f"{MAX_RATIO[row.kind]:g}{allowed}"
        rows.append(
            _row(f"{row.kind}: {row.check}", measured, target, row.met)
            | {
                "skdistill": _in_words(row.skdistill_cpu),
                "reference": _in_words(row.reference_cpu),
                "ratio by wall clock": f"{row.wall_ratio:.3f}",
                "repeats": f"{row.repeats}",
            }
        )
    return pd.DataFrame(rows + check_modules(frame))


def _row(what, measured, target, met):
    verdict = "met" if met else "MISSED"
    return {"what": what, "measured": measured, "target": target, "verdict": verdict}


def _in_words(seconds, sign=""):
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if abs(seconds) >= size:
            return f"{seconds / size:{sign}.2f} {unit}"
    return f"{seconds * 1e6:{sign}.0f} µs"


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    return "\n\n".join(
        [
            "# What skdistill costs",
            "Medians over repeats that alternate between the two sides. A ratio is of "
            "processor time, which other work on the machine disturbs less than the "
            "wall clock; the ratio by wall clock stands beside it. The reference is "
            "the same work by hand, the student's own method, or `import "
            "sklearn.ensemble`. 'enlarged' is a fit with ten drawn samples for each of "
            f"{gap_block.MAX_TRAIN} training rows and refined leaves, over the fit of "
            "the stack, its predictions for as many rows, and the fit of the student. "
            "'trial' is a fit with on_poor_teacher='auto' of a student that is held "
            "against the baseline student, over the same fit with 'ignore'.",
            results.markdown(tabulate(frame)),
            f"Measured with {results.describe(frame)}.",
        ]
    )


def main() -> None:
    """Measure what is missing and report; exit with 1 if a target is missed."""
    parser = runs.build_parser(__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    options = parser.parse_args()
    cases = [{"kind": kind} for kind in MAX_RATIO]
    # One thread: waiting threads would count as processor time.
    with threadpool_limits(1):
        runs.run(NAME, cases, partial(measure, repeats=options.repeats), options)
        runs.publish(NAME, report)
    sys.exit(int((tabulate(results.read(NAME))["verdict"] == "MISSED").any()))


if __name__ == "__main__":
    main()
