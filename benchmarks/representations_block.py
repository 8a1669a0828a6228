"""One block of the representations benchmark: a table and a seed.

Few rows have a label; the others of the training part are unlabeled samples.
"""

import tempfile
import warnings
from dataclasses import dataclass, field

import numpy as np
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler

from benchmarks.signals_block import loss
from benchmarks.teachers_block import build_teacher, load
from skdistill import (
    BayesianDistilledClassifier,
    BayesianDistilledRegressor,
    DistilledClassifier,
    DistilledRegressor,
)

VALUES = ("airfoil_self_noise", "abalone", "kin8nm")
CLASSES = ("spambase", "magic_telescope", "credit_g")
TABLES = (*VALUES, *CLASSES)
N_TRAIN, MAX_TEST = 200, 3_000
SHARING, LINEAR = ("forest", "mlp"), ("linear",)


@dataclass(frozen=True)
class Method:
    """What a teacher of which students gives them, and what that is compared with."""

    reference: str
    teacher: str = "hist"
    students: tuple[str, ...] = SHARING
    params: dict = field(default_factory=dict)
    is_bayesian: bool = False


BASELINE = "baseline student"
POSTERIOR = "linear model of the other rows: Bayesian, posterior"
BOOSTED, NETWORK, STACK, ELSEWHERE = (
    "boosting: ordinary",
    "network: ordinary",
    "stack: ordinary",
    "linear model of the other rows: ordinary",
)
KFOLD = {"cross_fit": "kfold"}
METHODS = {
    BASELINE: Method(BASELINE, students=SHARING + LINEAR, params={"alpha": 0.0}),
    BOOSTED: Method(BASELINE, students=SHARING + LINEAR, params=KFOLD),
    "boosting: relational, leaves": Method(BOOSTED, params={"hints": "leaves"}),
    NETWORK: Method(BASELINE, "network", params=KFOLD),
    "network: feature, hidden layer": Method(
        NETWORK, "network", params={"hints": "hidden"}
    ),
    "network: relational, distances": Method(
        NETWORK, "network", params={"hints": "distances"}
    ),
    STACK: Method(BASELINE, "stack", params=KFOLD),
    "stack: feature, members": Method(STACK, "stack", params={"hints": "members"}),
    "boosting: Bayesian, predictions": Method(
        BOOSTED, students=LINEAR, is_bayesian=True
    ),
    ELSEWHERE: Method(BASELINE, "elsewhere", LINEAR),
    POSTERIOR: Method(ELSEWHERE, "elsewhere", LINEAR, is_bayesian=True),
}


def measure(table: str, seed: int, methods, data_dir) -> list[dict]:
    """Return the held-out loss of each method's students; teachers are fitted once."""
    is_class = table in CLASSES
    X, X_test, y, y_test = load(table, seed, data_dir)
    X_test, y_test = X_test[:MAX_TEST], y_test[:MAX_TEST]
    scaler = StandardScaler().fit(X)  # Unlabeled samples are there in training.
    X, X_test = scaler.transform(X), scaler.transform(X_test)
    if not is_class:
        mean, std = np.mean(y[:N_TRAIN]), np.std(y[:N_TRAIN])
        y, y_test = (y - mean) / std, (y_test - mean) / std
    X, X_other, y, y_other = X[:N_TRAIN], X[N_TRAIN:], y[:N_TRAIN], y[N_TRAIN:]
    facts = {
        "table": table,
        "seed": seed,
        "n_train": len(X),
        "n_unlabeled": len(X_other),
    }
    rows = []
    with tempfile.TemporaryDirectory() as memory, warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for name in methods:
            teacher = teacher_of(
                METHODS[name], X_other, y_other, seed, classes=is_class
            )
            unlabeled = None if name in (BASELINE, POSTERIOR) else X_other
            for student in METHODS[name].students:
                model = build(METHODS[name], teacher, student, seed, classes=is_class)
                model.set_params(memory=memory).fit(X, y, X_unlabeled=unlabeled)
                value = loss(model, X_test, y_test, is_class=is_class)
                rows.append(facts | {"method": name, "student": student, "loss": value})
    return rows


def teacher_of(method: Method, X, y, seed: int, *, classes: bool):
    """Return the teacher of a method; that from elsewhere has learned these rows."""
    if method.teacher != "elsewhere":
        return build_teacher(method.teacher, seed, classes=classes)
    kind = BayesianDistilledClassifier if classes else BayesianDistilledRegressor
    return FrozenEstimator(kind(alpha=0.0).fit(X, y))


def build(method: Method, teacher, student: str, seed: int, *, classes: bool):
    """Return the unfitted model of a method and a student."""
    if method.is_bayesian:
        kind = BayesianDistilledClassifier if classes else BayesianDistilledRegressor
        return kind(teacher, random_state=seed, **method.params)
    kind = DistilledClassifier if classes else DistilledRegressor
    return kind(
        teacher,
        build_student(student, seed, classes=classes),
        transfer=None,
        on_poor_teacher="ignore",
        random_state=seed,
        **method.params,
    )


def build_student(name: str, seed: int, *, classes: bool):
    """Return a small student; samples and target are scaled already."""
    if name == "linear":
        return LogisticRegression() if classes else Ridge()
    if name == "forest":
        kind = RandomForestClassifier if classes else RandomForestRegressor
        return kind(20, max_leaf_nodes=64, random_state=seed)
    kind = MLPClassifier if classes else MLPRegressor
    return kind(hidden_layer_sizes=(32,), max_iter=100, random_state=seed)
