"""One block of the procedures benchmark: a procedure, a table, a seed."""

import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score, log_loss, r2_score
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedKFold,
    cross_val_predict,
    train_test_split,
)
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.teachers_block import build_student, build_teacher, load
from skdistill import (
    CodistilledClassifier,
    CodistilledRegressor,
    DistilledClassifier,
    DistilledRegressor,
    NoisyStudentClassifier,
    SelfDistilledClassifier,
    SelfDistilledRegressor,
)

SELF, NOISY, PEERS = "self-distillation", "noisy student", "codistillation"
TABLES = {
    SELF: ("airfoil_self_noise", "abalone", "spambase"),
    NOISY: ("magic_telescope", "spambase", "optdigits"),
    PEERS: ("airfoil_self_noise", "abalone", "spambase"),
}
CLASSES = ("magic_telescope", "spambase", "optdigits")
N_TRAIN, FEW = 600, 0.03
# What a tuned baseline student is chosen from, by three folds.
GRID = {
    "learning_rate": [0.03, 0.1],
    "min_child_samples": [5, 20],
    "colsample_bytree": [0.5, 1.0],
}
# Rounds of boosting, and epochs of a network.
STEPS = {"boosting": (25, 50, 100), "network": (5, 10, 20)}
BASELINE, TUNED, ORDINARY = "baseline", "tuned baseline", "ordinary distillation"
MIXED = "ordinary, targets alone"
ALL_LABELS, SOFT_ALL = "baseline, all labels", "soft targets of a teacher of all labels"


@dataclass(frozen=True)
class Case:
    """The rows of a block, and what its models are built of."""

    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    seed: int
    is_class: bool
    memory: str
    # The samples without labels, and the labels that nobody is given.
    X_unlabeled: np.ndarray | None = None
    y_hidden: np.ndarray | None = None

    def kind(self, regressor: type, classifier: type) -> type:
        """Return the class for the task."""
        return classifier if self.is_class else regressor

    @property
    def student(self) -> Any:
        """LightGBM of 100 trees with 16 leaves."""
        return build_student("lightgbm", self.seed, classes=self.is_class)

    @property
    def teacher(self) -> Any:
        """Extremely randomised trees."""
        return build_teacher("trees", self.seed, classes=self.is_class)


Fit = Callable[[Case], Any]


def fit_baseline(case: Case) -> Any:
    return case.student.fit(case.X, case.y)


def fit_tuned(case: Case) -> Any:
    return GridSearchCV(
        case.student, GRID, cv=3, scoring="neg_log_loss" if case.is_class else "r2"
    ).fit(case.X, case.y)


def fit_ordinary(case: Case, *, gives: bool = False, **params: Any) -> Any:
    """Distil once; `gives` says whether the unlabeled samples are given."""
    kind = case.kind(DistilledRegressor, DistilledClassifier)
    model = kind(
        case.teacher,
        case.student,
        random_state=case.seed,
        memory=case.memory,
        on_poor_teacher="ignore",
        **params,
    )
    return model.fit(case.X, case.y, X_unlabeled=case.X_unlabeled if gives else None)


def fit_self(case: Case, **params: Any) -> Any:
    kind = case.kind(SelfDistilledRegressor, SelfDistilledClassifier)
    model = kind(case.student, random_state=case.seed, **params)
    return model.fit(case.X, case.y)


def fit_noisy(case: Case, **params: Any) -> Any:
    model = NoisyStudentClassifier(
        case.teacher,
        case.student,
        random_state=case.seed,
        memory=case.memory,
        **params,
    )
    return model.fit(case.X, case.y, X_unlabeled=case.X_unlabeled)


def _all_rows(case: Case) -> tuple[np.ndarray, np.ndarray]:
    return np.vstack([case.X, case.X_unlabeled]), np.r_[case.y, case.y_hidden]


def fit_all_labels(case: Case) -> Any:
    return case.student.fit(*_all_rows(case))


def fit_soft_all(case: Case) -> Any:
    """Learn, on the few rows, the soft targets of a teacher that has all other labels.

    They are out-of-fold, as trees repeat the labels that they have seen.
    """
    X, y = _all_rows(case)
    folds = StratifiedKFold(5, shuffle=True, random_state=case.seed)
    soft = cross_val_predict(case.teacher, X, y, cv=folds, method="predict_proba")
    model = DistilledClassifier(
        student=case.student,
        alpha=1.0,
        refine=None,
        random_state=case.seed,
        on_poor_teacher="ignore",
    )
    return model.fit(case.X, case.y, teacher_predictions=soft[: len(case.y)])


def _peer(case: Case, kind: str, n_steps: int) -> Any:
    """Return a student of so many steps of training."""
    if kind == "boosting":  # Peers differ in the samples and features that they draw.
        drawn = {"subsample": 0.7, "subsample_freq": 1, "colsample_bytree": 0.7}
        return case.student.set_params(n_estimators=n_steps, **drawn)
    network = case.kind(MLPRegressor, MLPClassifier)(
        hidden_layer_sizes=64,
        max_iter=n_steps,
        batch_size=32,
        learning_rate_init=0.01,
    )
    return make_pipeline(StandardScaler(), network)


def fit_steps(case: Case, kind: str, n_steps: int) -> Any:
    """Fit the student of so many steps to the labels alone."""
    student = _peer(case, kind, n_steps)
    names = {name for name in student.get_params() if name.endswith("random_state")}
    return student.set_params(**dict.fromkeys(names, case.seed)).fit(case.X, case.y)


def fit_peers(case: Case, kind: str, n_steps: int, **params: Any) -> Any:
    student = _peer(case, kind, n_steps)
    names = {name for name in student.get_params() if name.endswith("random_state")}
    student = clone(student).set_params(**dict.fromkeys(names))
    model = case.kind(CodistilledRegressor, CodistilledClassifier)(
        student, random_state=case.seed, **params
    )
    return model.fit(case.X, case.y)


@dataclass(frozen=True)
class Method:
    """How a model is fitted, and how many steps its training has, if that counts."""

    fit: Fit
    kind: str = ""
    n_steps: int = 0


COMMON = {
    BASELINE: Method(fit_baseline),
    TUNED: Method(fit_tuned),
    ORDINARY: Method(fit_ordinary),
}
METHODS: dict[str, dict[str, Method]] = {
    SELF: COMMON
    | {
        MIXED: Method(partial(fit_ordinary, transfer=None, refine=None)),
        "self-distilled": Method(fit_self),
        "self-distilled, leaves as grown": Method(partial(fit_self, refine=None)),
        "self-distilled, average": Method(partial(fit_self, learn_from="average")),
        "self-distilled, in-sample": Method(partial(fit_self, out_of_fold=False)),
        "self-distilled, not chosen": Method(partial(fit_self, choose=False)),
    },
    NOISY: COMMON
    | {
        "ordinary, unlabeled rows": Method(
            partial(fit_ordinary, gives=True, transfer=None)
        ),
        "noisy student": Method(fit_noisy),
        "noisy student, no noise": Method(partial(fit_noisy, noise=None)),
        "noisy student, hard labels": Method(partial(fit_noisy, soft_labels=False)),
        SOFT_ALL: Method(fit_soft_all),
        ALL_LABELS: Method(fit_all_labels),
    },
    PEERS: {TUNED: Method(fit_tuned), ORDINARY: Method(fit_ordinary)},
}
# The number of steps counts, so leaves stay as grown. Networks learn in-sample
# predictions, as in the source: each peer sees a sample's label.
KINDS = {"boosting": {"refine": None}, "network": {"out_of_fold": False}}
# Peers that are fitted anew have all steps in both rounds; others go on.
FOUND = {
    "best peer": {"resume": False},
    "average": {"resume": False, "predict_with": "average"},
    "best peer that goes on": {},
    "average of peers that go on": {"predict_with": "average"},
}
# Peers that go on, each on a part of the rows: at the end, in the table alone.
DISJOINT = "best peer of a part of the rows each"
WAYS: dict[str, dict[str, dict]] = {
    kind: {way: common | params for way, params in FOUND.items()}
    for kind, common in KINDS.items()
}
for _kind, _steps in STEPS.items():
    for _n in _steps:
        METHODS[PEERS][f"{_kind}, {_n} steps, {BASELINE}"] = Method(
            partial(fit_steps, kind=_kind, n_steps=_n), _kind, _n
        )
        for _way, _params in WAYS[_kind].items():
            METHODS[PEERS][f"{_kind}, {_n} steps, {_way}"] = Method(
                partial(fit_peers, kind=_kind, n_steps=_n, **_params), _kind, _n
            )
    METHODS[PEERS][f"{_kind}, {_n} steps, {DISJOINT}"] = Method(
        partial(fit_peers, kind=_kind, n_steps=_n, disjoint=True, **KINDS[_kind]),
        _kind,
        _n,
    )


def make_case(procedure: str, table: str, seed: int, data_dir, memory: str) -> Case:
    """Load a table; of the noisy student's 3 % of the rows keep their labels."""
    is_class = table in CLASSES
    X, X_test, y, y_test = load(table, seed, data_dir)
    if not is_class:
        y, y_test = np.asarray(y, dtype=float), np.asarray(y_test, dtype=float)
        # Networks need it; 1 - R2 stays the same.
        y, y_test = (y - y.mean()) / y.std(), (y_test - y.mean()) / y.std()
    if procedure != NOISY:
        X, y = X[:N_TRAIN], y[:N_TRAIN]
        return Case(X, y, X_test, y_test, seed, is_class, memory)
    half = len(X_test) // 2
    X, y = np.vstack([X, X_test[:half]]), np.r_[y, y_test[:half]]
    few, others = train_test_split(
        np.arange(len(y)), train_size=FEW, stratify=y, random_state=seed
    )
    return Case(
        *(X[few], y[few], X_test[half:], y_test[half:], seed, is_class, memory),
        X_unlabeled=X[others],
        y_hidden=y[others],
    )


def measure(procedure: str, table: str, seed: int, methods, data_dir) -> list[dict]:
    """Return the held-out loss and error of each method."""
    rows = []
    with tempfile.TemporaryDirectory() as memory, warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        case = make_case(procedure, table, seed, data_dir, memory)
        for name in methods:
            method = METHODS[procedure][name]
            model = method.fit(case)
            rows.append(
                {
                    "procedure": procedure,
                    "table": table,
                    "seed": seed,
                    "method": name,
                    "n_train": len(case.y),
                    "kind": method.kind,
                    "n_steps": method.n_steps,
                    "kept": kept_of(model),
                }
                | scores(model, case)
            )
    return rows


def kept_of(model: Any) -> int:
    """Return which generation, iteration or round a procedure kept; -1 for others."""
    names = ("generation_", "iteration_", "round_")
    return next((getattr(model, name) for name in names if hasattr(model, name)), -1)


def scores(model: Any, case: Case) -> dict[str, float]:
    """Return log loss and error rate of classes, 1 - R2 of values."""
    if not case.is_class:
        loss = 1 - r2_score(case.y_test, model.predict(case.X_test))
        return {"loss": loss, "error": float("nan")}
    probability = np.clip(model.predict_proba(case.X_test), 1e-6, 1)
    probability /= probability.sum(axis=1, keepdims=True)
    return {
        "loss": log_loss(case.y_test, probability, labels=model.classes_),
        "error": 1 - accuracy_score(case.y_test, model.predict(case.X_test)),
    }
