"""One block of the signals benchmark: a table, a seed, what is wrong with the labels.

Classes are scored by their ranking. The log loss of right labels would reward students
that are too sure: of labels of which 20 % are wrong, a calibrated one learns 80 % at
best.
"""

import tempfile
import warnings
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.neighbors import KNeighborsRegressor

from benchmarks.rivals import tuned
from benchmarks.teachers_block import build_student, build_teacher, load
from skdistill import (
    DistilledClassifier,
    DistilledClassifierCV,
    DistilledRegressor,
    DistilledRegressorCV,
)
from skdistill.teachers import in_context, in_context_recipe

VALUES = ("airfoil_self_noise", "abalone", "kin8nm")
CLASSES = ("spambase", "magic_telescope", "credit_g")
TABLES = (*VALUES, *CLASSES)
N_TRAIN, MAX_TEST = 300, 3_000
SEVERAL = ("trees", "hist", "vectors")


class Setting(NamedTuple):
    """How many samples have a label, and the fraction of these that is wrong."""

    labels: int = N_TRAIN
    wrong: float = 0.0


SETTINGS = {
    "right labels": Setting(),
    "5 % wrong": Setting(wrong=0.05),
    "20 % wrong": Setting(wrong=0.2),
    "40 % wrong": Setting(wrong=0.4),
    "60 labels": Setting(labels=60),
}


@dataclass(frozen=True)
class Method:
    """What is compared with what, and the parameters that make the difference."""

    reference: str
    teachers: tuple[str, ...] = ("trees",)
    params: dict = field(default_factory=dict)
    tasks: tuple[str, ...] = ("values", "classes")
    is_search: bool = False

    def serves(self, table: str) -> bool:
        """Return whether the method is one for the task of a table."""
        return ("classes" if table in CLASSES else "values") in self.tasks


BASELINE, TUNED, ONE, TEMPERED, UNIFORM = (
    "baseline student",
    "tuned baseline student",
    "one teacher",
    "one teacher, T = 2",
    "three teachers, uniform",
)
GROWN = "one teacher, leaves as grown"
CONTEXT = "one teacher: in context"
STAGED, WHOLE = ("xgboost",), "one teacher: xgboost, searched"
# What foundation models are distilled by; nearest neighbours stand in for them.
RECIPE = in_context_recipe(KNeighborsRegressor())
RECIPE.pop("teacher")
# A search over the stage of the teacher alone.
SEARCH = {"alphas": (0.5,), "refinements": ("leaves",), "cv": 3}
METHODS = {
    BASELINE: Method(BASELINE, params={"alpha": 0.0}),
    TUNED: Method(BASELINE),
    ONE: Method(BASELINE),
    "bound: label": Method(ONE, params={"bound": "label"}, tasks=("values",)),
    "bound: teacher": Method(ONE, params={"bound": "teacher"}, tasks=("values",)),
    "trust: attentive": Method(ONE, params={"trust": "attentive"}),
    "trust: outliers": Method(ONE, params={"trust": "outliers"}),
    "trust: corrected": Method(ONE, params={"trust": "corrected"}),
    "trust: spread of the folds": Method(
        ONE, params={"trust": "spread", "cross_fit": "kfold"}
    ),
    "trust: confidence": Method(
        ONE, params={"trust": "confidence"}, tasks=("classes",)
    ),
    TEMPERED: Method(BASELINE, params={"temperature": 2.0}, tasks=("classes",)),
    "trust: matching, T = 2": Method(
        TEMPERED, params={"trust": "matching", "temperature": 2.0}, tasks=("classes",)
    ),
    "one teacher: hist": Method(BASELINE, ("hist",)),
    "one teacher: vectors": Method(BASELINE, ("vectors",)),
    UNIFORM: Method(ONE, SEVERAL),
    "three teachers, score": Method(UNIFORM, SEVERAL, {"combine": "score"}),
    "three teachers, stack": Method(UNIFORM, SEVERAL, {"combine": "stack"}),
    "three teachers, row": Method(UNIFORM, SEVERAL, {"combine": "row"}),
    "three teachers, trust: spread": Method(UNIFORM, SEVERAL, {"trust": "spread"}),
    GROWN: Method(ONE, params={"refine": None}),
    "alpha_until = 0.75, leaves as grown": Method(
        GROWN, params={"refine": None, "alpha_until": 0.75}
    ),
    "alpha_until = 0.5, leaves as grown": Method(
        GROWN, params={"refine": None, "alpha_until": 0.5}
    ),
    CONTEXT: Method(BASELINE, ("context",)),
    "in context: the recipe": Method(CONTEXT, ("context",), RECIPE),
    WHOLE: Method(BASELINE, STAGED, SEARCH, is_search=True),
    "one teacher: xgboost, teacher_stages": Method(
        WHOLE, STAGED, SEARCH | {"teacher_stages": "auto"}, is_search=True
    ),
}


def spoil(y: np.ndarray, wrong: float, seed: int) -> np.ndarray:
    """Give some samples the label of another one, of another class for classes."""
    rng = np.random.default_rng(seed)
    found, spoilt = rng.random(len(y)) < wrong, y.copy()
    if y.dtype.kind == "f":
        spoilt[found] = rng.choice(y, size=found.sum())
        return spoilt
    labels = np.unique(y)
    codes = np.searchsorted(labels, y[found])
    moved = codes + rng.integers(1, len(labels), size=found.sum())
    spoilt[found] = labels[moved % len(labels)]
    return spoilt


def measure(table: str, seed: int, setting: str, methods, data_dir) -> list[dict]:
    """Return the held-out loss of each method; the teachers are fitted once."""
    is_class, (n_labels, wrong) = table in CLASSES, SETTINGS[setting]
    X, X_test, y, y_test = load(table, seed, data_dir)
    X, X_test, y_test = X[:N_TRAIN], X_test[:MAX_TEST], y_test[:MAX_TEST]
    y = y[:n_labels] if is_class else np.asarray(y[:n_labels], dtype=float)
    y = spoil(y, wrong, seed)
    X, X_unlabeled = X[:n_labels], X[n_labels:]
    facts = {"table": table, "seed": seed, "setting": setting, "n_train": N_TRAIN}
    rows = []
    with tempfile.TemporaryDirectory() as memory, warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for name in methods:
            model = build(name, seed, memory, is_class=is_class)
            has_more = len(X_unlabeled) > 0 and name not in (BASELINE, TUNED)
            model.fit(X, y, **({"X_unlabeled": X_unlabeled} if has_more else {}))
            value = loss(model, X_test, y_test, is_class=is_class)
            rows.append(facts | {"method": name, "loss": value})
    return rows


def build(name: str, seed: int, memory: str, *, is_class: bool):
    """Return the unfitted model of a method."""
    method, student = METHODS[name], build_student("lightgbm", seed, classes=is_class)
    if name == TUNED:
        return tuned(student, seed)
    teachers = [
        (name, _teacher(name, seed, is_class=is_class)) for name in method.teachers
    ]
    teacher = teachers if len(teachers) > 1 else teachers[0][1]
    kinds = [DistilledRegressor, DistilledClassifier]
    params = {"on_poor_teacher": "ignore"}
    if method.is_search:  # It compares with the baseline student itself.
        kinds, params = [DistilledRegressorCV, DistilledClassifierCV], {}
    return kinds[is_class](
        teacher,
        student,
        memory=memory,
        random_state=seed,
        **params,
        **method.params,
    )


def _teacher(name: str, seed: int, *, is_class: bool):
    """Return a teacher; "context" holds its samples, a stand-in for larger ones."""
    if name == "context":
        return in_context(build_teacher("neighbors", seed, classes=is_class))
    return build_teacher(name, seed, classes=is_class)


def loss(model, X, y, *, is_class: bool) -> float:
    """1 - AUC of two classes, or 1 - R2."""
    if not is_class:
        return 1 - r2_score(y, model.predict(X))
    return 1 - roc_auc_score(y == model.classes_[1], model.predict_proba(X)[:, 1])
