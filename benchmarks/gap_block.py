"""One block of the gap benchmark: a table, a seed, one teacher, and all students on it.

The teacher's work is done once, apart from the students: the seconds of a student are
its own.
"""

import time

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingRegressor,
    RandomForestRegressor,
    StackingRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import RidgeCV
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR
from sklearn.tree import DecisionTreeRegressor

from benchmarks.problems import encode, load_problem
from skdistill import DistilledRegressor, DistilledRegressorCV
from skdistill.inspect import count_bytes, count_values, time_single_rows
from skdistill.transfer import ConditionalSampler, MungeSampler

TABLES = (
    "bike_hour",
    "california_housing",
    "kin8nm",
    "concrete_strength",
    "airfoil_self_noise",
    "abalone",
    "cpu_act",
    "wine_quality",
    "pol",
    "power_plant_ccpp",
    "optical_interconnection_network_fixed",
    "qot_osnr_roadm",
)
# Those that transfer="auto" stands for.
SAMPLERS = (MungeSampler(), ConditionalSampler())
DATES = {"bike_hour": "dteday"}
STUDENTS = ("boosting", "lightgbm-100x16", "lightgbm-200x31", "forest", "tree", "mlp")
TRAIN_FRACTION, MAX_TRAIN, MAX_TEST = 0.75, 3_000, 5_000
N_TIMINGS = 300


def build_teacher(seed: int) -> StackingRegressor:
    """Return a stack of boosting, randomised trees and a kernel machine."""
    from lightgbm import LGBMRegressor

    boosting = LGBMRegressor(
        n_estimators=200, learning_rate=0.07, n_jobs=1, verbose=-1, random_state=seed
    )
    trees = ExtraTreesRegressor(100, min_samples_leaf=2, n_jobs=1, random_state=seed)
    kernel = TransformedTargetRegressor(
        make_pipeline(StandardScaler(), SVR(C=10)), transformer=StandardScaler()
    )
    members = [("boosting", boosting), ("trees", trees), ("kernel", kernel)]
    return StackingRegressor(members, RidgeCV(), cv=3, n_jobs=1)


def build_student(name: str, seed: int):
    """Return one of `STUDENTS`, small enough to be worth shipping."""
    if name == "boosting":
        return GradientBoostingRegressor(
            n_estimators=100, learning_rate=0.1, max_depth=3, random_state=seed
        )
    if name.startswith("lightgbm"):
        from lightgbm import LGBMRegressor

        rounds, leaves = map(int, name.removeprefix("lightgbm-").split("x"))
        return LGBMRegressor(
            n_estimators=rounds,
            num_leaves=leaves,
            n_jobs=1,
            verbose=-1,
            random_state=seed,
        )
    if name == "forest":
        return RandomForestRegressor(20, max_leaf_nodes=128, random_state=seed)
    if name == "tree":
        return DecisionTreeRegressor(max_leaf_nodes=64, random_state=seed)
    network = MLPRegressor(hidden_layer_sizes=(64,), max_iter=200, random_state=seed)
    return TransformedTargetRegressor(
        make_pipeline(StandardScaler(), network), transformer=StandardScaler()
    )


def load_table(table: str, data_dir) -> tuple[pd.DataFrame, np.ndarray]:
    """Load a table as numbers, without repeated rows."""
    problem = load_problem(table, data_dir)
    repeated = problem.X.assign(**{"the target": problem.y}).duplicated()
    X, y = problem.X[~repeated], problem.y[~repeated].to_numpy(float)
    if table in DATES:
        days = pd.to_datetime(X[DATES[table]])
        X = X.assign(**{DATES[table]: (days - days.min()).dt.days})
    return encode(X), y


def split(X: pd.DataFrame, y: np.ndarray, seed: int):
    """Split; missing values of both parts become the training rows' medians."""
    return split_with_rest(X, y, seed)[:4]


def split_with_rest(X: pd.DataFrame, y: np.ndarray, seed: int):
    """Split; return the inputs of the rows that are in neither part besides."""
    n_train = min(MAX_TRAIN, int(TRAIN_FRACTION * len(X)))
    X, X_test, y, y_test = train_test_split(
        X.to_numpy(float), y, train_size=n_train, random_state=seed
    )
    imputer = SimpleImputer(strategy="median").fit(X)
    X, X_test = imputer.transform(X), imputer.transform(X_test)
    return X, X_test[:MAX_TEST], y, y_test[:MAX_TEST], X_test[MAX_TEST:]


class Block:
    """One table and seed: all students, and a memory that shares the teacher's work."""

    distilled: type = DistilledRegressor
    search: type = DistilledRegressorCV

    def __init__(self, table: str, seed: int, data_dir, memory: str) -> None:
        self.seed, self.memory = seed, memory
        X, X_test, y, y_test, self.spare = self.load(table, data_dir)
        self.train, self.test = (X, y), (X_test, y_test)
        self.facts = {
            "table": table,
            "seed": seed,
            "n_train": len(X),
            "n_test": len(X_test),
            "n_features": X.shape[1],
        }

    def load(self, table: str, data_dir) -> tuple:
        """Return the inputs of training and held-out rows, their targets, the rest."""
        return split_with_rest(*load_table(table, data_dir), self.seed)

    def build_teacher(self):
        """Return the teacher of all students."""
        return build_teacher(self.seed)

    def build_student(self, name: str):
        """Return a student as its library sets it up."""
        return build_student(name, self.seed)

    def build_stump(self):
        """Return a student that takes no time."""
        return DecisionTreeRegressor(max_depth=1)

    def fit_teacher(self, *, search: bool) -> dict:
        """Do the teacher's work before any student is timed; score the teacher.

        Its seconds are those of one fit with out-of-fold predictions; a search needs it
        on each fold besides.
        """
        stump = self.build_stump()
        seconds, model = self.distil(stump, transfer=None)
        for sampler in SAMPLERS:
            self.distil(stump, transfer=sampler)
            if search:
                found = self.choose(stump, transfers=[sampler])[1].best_estimator_
                found.set_params(alpha=0.5, transfer=sampler).fit(*self.train)
        score = self.score("teacher", model.teacher_)
        return score | {"teacher_seconds": seconds}

    def study(self, name: str) -> dict:
        """Fit one student on the labels, by default, and as it is chosen."""
        student = self.build_student(name)
        fits = {
            "baseline": self.fit_baseline(student),
            "default": self.distil(student),
            "cv": self.choose(student),
        }
        row = {"student": name} | self.score_all(fits)
        search = fits["cv"][1]
        row["cv_inner_r2"] = search.best_score_
        for way, model in (("baseline", fits["baseline"][1]), ("cv", search.student_)):
            row |= self._size(way, model)
        return row | describe_choice(search)

    def fit_baseline(self, student) -> tuple:
        """Fit the student on the labels; return the seconds and the student."""
        return self._timed(clone(student))

    def distil(self, student, **params) -> tuple:
        """Return the seconds, without a teacher's that is known, and the model."""
        return self._timed(self._build(self.distilled, student, **params))

    def choose(self, student, **params) -> tuple:
        """Return the seconds, without the teachers', and the search."""
        return self._timed(self._build(self.search, student, **params))

    def score_all(self, fits: dict[str, tuple]) -> dict:
        """Score models, with the seconds that each took."""
        row = {}
        for way, (seconds, model) in fits.items():
            row |= self.score(way, model) | {f"{way}_seconds": seconds}
        return row

    def score(self, way: str, model) -> dict:
        """R2 of the held-out rows."""
        X, y = self.test
        return {f"{way}_r2": r2_score(y, model.predict(X))}

    def _build(self, estimator, student, **params):
        return estimator(
            self.build_teacher(),
            student,
            memory=self.memory,
            random_state=self.seed,
            **params,
        )

    def _timed(self, model):
        start = time.perf_counter()
        model.fit(*self.train)
        return time.perf_counter() - start, model

    def _size(self, way, model):
        seconds = time_single_rows(model, self.test[0], N_TIMINGS)
        return {
            f"{way}_values": count_values(model).total,
            f"{way}_bytes": count_bytes(model),
            f"{way}_row_us": 1e6 * np.median(seconds),
        }


def describe_choice(search) -> dict:
    """Say what a fitted search chose, and why."""
    chosen = search.best_params_
    return {
        "cv_alpha": chosen["alpha"],
        "cv_transfer": chosen["transfer"] or "none",
        "cv_strength": getattr(chosen["refine"], "strength", np.nan),
        "cv_reason": search.reason_,
    }
