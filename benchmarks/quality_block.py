"""One block of the quality benchmark: a table, a seed, and all students on it.

The students learn from one stack. For each, alpha and the temperature are chosen inside
the training rows, where the baseline student is a candidate too.
"""

import time

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from benchmarks.problems import load_problem
from skdistill import DistilledClassifier

# Each table: the columns left out (a call's duration is known after its outcome).
TABLES: dict[str, tuple[str, ...]] = {
    "adult": (),
    "magic_telescope": (),
    "letter_recognition": (),
    "spambase": (),
    "bank_marketing": ("duration",),
    "covertype": (),
    "optdigits": (),
    "credit_g": (),
}
STUDENTS = ("lightgbm", "xgboost", "mlp", "forest", "tree")
SAMPLED = {"covertype": 20_000}
TRAIN_FRACTION, MAX_TRAIN = 0.75, 10_000
N_FOLDS, MANY_ROWS = 5, 4_000

BASELINE, DEFAULT = (0.0, 1.0), (0.5, 1.0)
CANDIDATES = (BASELINE, *((alpha, t) for alpha in (0.5, 1.0) for t in (1.0, 2.0, 3.0)))
WAYS = ("teacher", "baseline", "chosen", "default")
# A forest's probability may be 0 where it is wrong; that costs -log(CLIP), about 14.
CLIP, FLOOR = 1e-6, 1e-4


def log_odds(probabilities):
    """Turn the members' probabilities into what a logistic regression can add up."""
    p = np.clip(probabilities, FLOOR, 1 - FLOOR)
    return np.log(p / (1 - p))


def build_teacher(seed: int, n_features: int) -> StackingClassifier:
    """Return a stack of boosting, randomised trees, a network and a kernel machine."""
    # Without regularisation it diverges on the rare classes of covertype.
    boosting = HistGradientBoostingClassifier(
        max_features=0.5, l2_regularization=1.0, random_state=seed
    )
    trees = ExtraTreesClassifier(200, max_features=0.5, random_state=seed)
    network = MLPClassifier((128, 128), alpha=0.01, max_iter=40, random_state=seed)
    kernel = make_pipeline(
        Nystroem(gamma=1 / n_features, n_components=300, random_state=seed),
        LogisticRegression(max_iter=300),
    )
    members = {"boosting": boosting, "trees": trees, "network": network}
    return StackingClassifier(
        [*members.items(), ("kernel", kernel)],
        final_estimator=make_pipeline(
            FunctionTransformer(log_odds), LogisticRegression(C=0.1, max_iter=300)
        ),
        cv=N_FOLDS,
    )


def build_student(name: str, seed: int):
    """Return one of `STUDENTS`, small enough to be worth shipping."""
    if name == "lightgbm":
        from lightgbm import LGBMClassifier

        return LGBMClassifier(
            num_leaves=16, n_jobs=1, verbose=-1, random_state=seed, n_estimators=100
        )
    if name == "xgboost":
        from xgboost import XGBClassifier

        return XGBClassifier(n_estimators=100, max_depth=4, n_jobs=1, random_state=seed)
    if name == "mlp":
        return MLPClassifier((64,), max_iter=40, random_state=seed)
    if name == "forest":
        return RandomForestClassifier(20, random_state=seed)
    return DecisionTreeClassifier(max_leaf_nodes=64, random_state=seed)


def load_table(table: str, data_dir) -> tuple[pd.DataFrame, np.ndarray]:
    """Load a table without repeated rows, its classes as 0..K-1."""
    problem = load_problem(table, data_dir, drop=TABLES.get(table, ()))
    repeated = problem.X.assign(**{"the target": problem.y}).duplicated()
    X, y = problem.X[~repeated], problem.y[~repeated]
    y = np.unique(y, return_inverse=True)[1]
    if table in SAMPLED:
        X, _, y, _ = train_test_split(
            X, y, train_size=SAMPLED[table], stratify=y, random_state=0
        )
    return X, y


def build_encoder():
    """Return what makes numbers of a table, each about as large, none missing."""
    return make_column_transformer(
        (
            make_pipeline(SimpleImputer(strategy="median"), StandardScaler()),
            make_column_selector(dtype_include="number"),
        ),
        (
            OneHotEncoder(
                handle_unknown="ignore", min_frequency=0.01, sparse_output=False
            ),
            make_column_selector(dtype_exclude="number"),
        ),
    )


def split(X: pd.DataFrame, y: np.ndarray, seed: int):
    """Split, then encode both parts by what the training rows show."""
    n_train = min(MAX_TRAIN, int(TRAIN_FRACTION * len(X)))
    X, X_test, y, y_test = train_test_split(
        X, y, train_size=n_train, stratify=y, random_state=seed
    )
    encoder = build_encoder()
    encoded = encoder.fit_transform(X), encoder.transform(X_test)
    X, X_test = (part.astype(np.float32) for part in encoded)
    return X, X_test, y, y_test


def clip(probabilities) -> np.ndarray:
    """Return probabilities none of which is so small that one row decides."""
    p = np.clip(np.asarray(probabilities, float), CLIP, 1)
    return p / p.sum(axis=1, keepdims=True)


def score(y, probabilities) -> dict[str, float]:
    """Log loss, AUC (one class against the rest if several) and accuracy."""
    p = clip(probabilities)
    classes = np.arange(p.shape[1])
    ranked = p[:, 1] if len(classes) == 2 else p
    return {
        "log_loss": log_loss(y, p, labels=classes),
        "auc": roc_auc_score(y, ranked, multi_class="ovr", labels=classes),
        "accuracy": accuracy_score(y, p.argmax(axis=1)),
    }


def choose(losses: dict[tuple[float, float], list[float]]) -> tuple[float, float]:
    """Return the candidate of the lowest mean loss; among equals the first."""
    return min(losses, key=lambda candidate: np.mean(losses[candidate]))


class Block:
    """One table and seed: all students, and a memory that shares the teacher's work."""

    def __init__(self, table: str, seed: int, data_dir, memory: str) -> None:
        self.seed, self.memory = seed, memory
        X, X_test, y, y_test = split(*load_table(table, data_dir), seed)
        self.train, self.test = (X, y), (X_test, y_test)
        folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=seed)
        splits = list(folds.split(X, y))
        self.inner = splits[:1] if len(X) >= MANY_ROWS else splits
        self.facts = {
            "table": table,
            "seed": seed,
            "n_train": len(X),
            "n_test": len(X_test),
            "n_features": X.shape[1],
            "n_classes": len(np.unique(y)),
            "n_choices": len(self.inner),
        }

    def fit_teacher(self) -> dict:
        """Fit every teacher, so that no student is timed with it; score the last."""
        start = time.perf_counter()
        X, y = self.train
        stump = DecisionTreeClassifier(max_depth=1)
        for rows, _ in self.inner:
            self._fit(stump, DEFAULT, X[rows], y[rows])
        teacher = self._fit(stump, DEFAULT, X, y).teacher_
        seconds = time.perf_counter() - start
        return self._score("teacher", teacher) | {"teacher_seconds": seconds}

    def study(self, name: str) -> dict:
        """Choose for one student; score the baseline, the choice and the default."""
        start = time.perf_counter()
        student = build_student(name, self.seed)
        chosen = self._choose(student)
        wanted = {"baseline": BASELINE, "chosen": chosen, "default": DEFAULT}
        fitted = {c: self._fit(student, c, *self.train) for c in {*wanted.values()}}
        row = {"student": name, "alpha": chosen[0], "temperature": chosen[1]}
        for way, candidate in wanted.items():
            row |= self._score(way, fitted[candidate])
        return row | {"seconds": time.perf_counter() - start}

    def _choose(self, student):
        X, y = self.train
        losses = {candidate: [] for candidate in CANDIDATES}
        for rows, valid in self.inner:
            for candidate in CANDIDATES:
                model = self._fit(student, candidate, X[rows], y[rows])
                valid_score = score(y[valid], model.predict_proba(X[valid]))
                losses[candidate].append(valid_score["log_loss"])
        return choose(losses)

    def _fit(self, student, candidate, X, y):
        if candidate == BASELINE:
            return clone(student).fit(X, y)
        return DistilledClassifier(
            build_teacher(self.seed, X.shape[1]),
            student,
            alpha=candidate[0],
            temperature=candidate[1],
            transfer=None,
            refine=None,
            memory=self.memory,
            random_state=self.seed,
        ).fit(X, y)

    def _score(self, way, model):
        X, y = self.test
        scores = score(y, model.predict_proba(X))
        return {f"{way}_{name}": value for name, value in scores.items()}
