"""One block of the prune benchmark: a table, a seed, and all students on it.

A student is distilled once. It is refined as it is, and pruned to fractions of its
leaves. Beside it stand students that were grown with a fraction of the leaves.
"""

import tempfile
import warnings
from dataclasses import replace

from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from benchmarks import teachers_block
from benchmarks.teachers_block import CLASSES, build_teacher, load, sample_losses
from skdistill import DistilledClassifier, DistilledRegressor
from skdistill.distilled import check_data, keep, make_plan
from skdistill.flow import distill
from skdistill.inspect import count_values
from skdistill.refine import LeafRefinement

TABLES = (
    "bike_hour",
    "magic_telescope",
    "california_housing",
    "spambase",
    "kin8nm",
    "pol",
)
STUDENTS = ("lightgbm", "lightgbm-200x31", "forest", "boosting")
TEACHER, MAX_TEST = "hist", 3_000
# By how many times fewer leaves are left.
FACTORS = (2, 3, 5, 7, 10)
TOLERANCE = 0.003
WHOLE, PRUNED, GROWN, HELD_OUT = ("whole", "pruned", "grown smaller", "tolerance")


def build_student(name: str, seed: int, *, classes: bool, factor: int = 1):
    """Return an unfitted student, or one of its kind with fewer leaves."""
    if name == "boosting":
        from sklearn.ensemble import (
            GradientBoostingClassifier,
            GradientBoostingRegressor,
        )

        kind = GradientBoostingClassifier if classes else GradientBoostingRegressor
        return kind(n_estimators=100 // factor, random_state=seed)
    student = teachers_block.build_student(
        name.partition("-")[0], seed, classes=classes
    )
    if name == "forest":
        return student.set_params(max_leaf_nodes=student.max_leaf_nodes // factor)
    if name == "lightgbm-200x31":
        student.set_params(n_estimators=200, num_leaves=31)
    return student.set_params(n_estimators=student.n_estimators // factor)


def measure(table: str, seed: int, students, data_dir) -> list[dict]:
    """Return the held-out loss and the leaves of each model; one teacher for all."""
    classes = table in CLASSES
    X, X_test, y, y_test = load(table, seed, data_dir)
    X_test, y_test = X_test[:MAX_TEST], y_test[:MAX_TEST]
    rows = []
    with tempfile.TemporaryDirectory() as memory, warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for name in students:
            facts = {"table": table, "seed": seed, "student": name, "n_train": len(X)}
            for way, factor, model in fit_all(name, X, y, seed, memory, classes):
                losses = sample_losses(model, X_test, y_test, classes=classes)
                rows.append(
                    facts
                    | {"way": way, "factor": factor}
                    | {"leaves": count_values(model).leaves}
                    | {"loss": losses.mean()}
                )
    return rows


def fit_all(name, X, y, seed, memory, classes):
    """Yield what was done, by how many times fewer leaves were wanted, the model."""
    kind = DistilledClassifier if classes else DistilledRegressor
    build = {"classes": classes}
    model = kind(
        build_teacher(TEACHER, seed, **build),
        build_student(name, seed, **build),
        memory=memory,
        random_state=seed,
        on_poor_teacher="ignore",
    )
    n_leaves = count_values(clone(model).fit(X, y)).leaves
    done = {
        (WHOLE, 1): LeafRefinement(),
        (HELD_OUT, 0): LeafRefinement(tolerance=TOLERANCE),
        **{
            (PRUNED, factor): LeafRefinement(max_leaves=max(1, n_leaves // factor))
            for factor in FACTORS
        },
    }
    for (way, factor), fitted in zip(
        done, distil_alike(model, [*done.values()], X, y), strict=True
    ):
        yield way, factor, fitted
    for factor in FACTORS:
        student = build_student(name, seed, factor=factor, **build)
        yield GROWN, factor, clone(model).set_params(student=student).fit(X, y)


def distil_alike(model, refinements, X, y):
    """Yield a model for each refinement, all of one student."""
    data = check_data(model, X, y)
    plan = replace(make_plan(model, data), refinements=tuple(refinements))
    done = distill(plan, data)
    for index in range(len(refinements)):
        yield keep(clone(model), data, done, index)
