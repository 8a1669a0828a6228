"""One block of the teachers benchmark: a table, a seed, a teacher, and all students."""

import tempfile
import warnings

import numpy as np
import pandas as pd
from scipy.special import softmax
from scipy.stats import sem
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from benchmarks import gap_block, quality_block
from benchmarks.problems import encode
from skdistill import (
    DistilledClassifier,
    DistilledClassifierCV,
    DistilledRegressor,
    DistilledRegressorCV,
)
from skdistill.exceptions import PoorTeacherWarning
from skdistill.inspect import open_parts
from skdistill.teachers import predict_logits, predict_values

CLASSES = (
    "spambase",
    "magic_telescope",
    "optdigits",
    "adult",
    "credit_g",
    "letter_recognition",
    "bank_marketing",
    "covertype",
)
VALUES = (
    "bike_hour",
    "california_housing",
    "kin8nm",
    "airfoil_self_noise",
    "abalone",
    "cpu_act",
    "wine_quality",
    "pol",
)
TABLES = tuple(name for pair in zip(CLASSES, VALUES, strict=True) for name in pair)
TEACHERS = (
    "trees",
    "forest",
    "xgboost",
    "network",
    "neighbors",
    "vectors",
    "hist",
    "stack",
)
STUDENTS = ("lightgbm", "forest", "tree", "mlp", "linear")
MAX_TRAIN, MAX_TEST, TRAIN_FRACTION = 1_500, 5_000, 0.7


def build_teacher(name: str, seed: int, *, classes: bool):
    """Return a teacher as people have it, with its library's settings."""
    if name == "xgboost":
        from xgboost import XGBClassifier, XGBRegressor

        kind = XGBClassifier if classes else XGBRegressor
        return kind(n_estimators=400, max_depth=6, n_jobs=1, random_state=seed)
    plain = {
        "trees": (ExtraTreesClassifier, ExtraTreesRegressor, {"n_estimators": 200}),
        "forest": (RandomForestClassifier, RandomForestRegressor, {}),
        "hist": (HistGradientBoostingClassifier, HistGradientBoostingRegressor, {}),
    }
    if name in plain:
        classifier, regressor, params = plain[name]
        return (classifier if classes else regressor)(random_state=seed, **params)
    if name == "stack":
        members = [
            (part, build_teacher(part, seed, classes=classes))
            for part in ("hist", "vectors")
        ]
        return (StackingClassifier if classes else StackingRegressor)(members)
    network = {"hidden_layer_sizes": (256, 128), "max_iter": 100, "random_state": seed}
    scaled = {
        "network": (MLPClassifier, MLPRegressor, network),
        "neighbors": (KNeighborsClassifier, KNeighborsRegressor, {}),
        "vectors": (SVC, SVR, {}),
    }
    classifier, regressor, params = scaled[name]
    model = (classifier if classes else regressor)(**params)
    return _scaled(model, classes=classes)


def build_student(name: str, seed: int, *, classes: bool):
    """Return one of `STUDENTS`, small enough to be worth shipping."""
    if name == "lightgbm":
        from lightgbm import LGBMClassifier, LGBMRegressor

        params = {"n_estimators": 100, "num_leaves": 16, "n_jobs": 1, "verbose": -1}
        return (LGBMClassifier if classes else LGBMRegressor)(
            **params, random_state=seed
        )
    if name == "forest":
        kind = RandomForestClassifier if classes else RandomForestRegressor
        return kind(20, max_leaf_nodes=128, random_state=seed)
    if name == "tree":
        kind = DecisionTreeClassifier if classes else DecisionTreeRegressor
        return kind(max_leaf_nodes=32, random_state=seed)
    if name == "linear":
        return _scaled(LogisticRegression() if classes else Ridge(), classes=True)
    kind = MLPClassifier if classes else MLPRegressor
    return _scaled(
        kind(hidden_layer_sizes=(64,), max_iter=100, random_state=seed), classes=classes
    )


def _scaled(model, *, classes: bool):
    """Scale what the model sees, and the target of a regression that is not linear."""
    model = make_pipeline(StandardScaler(), model)
    if classes:
        return model
    return TransformedTargetRegressor(model, transformer=StandardScaler())


def load(table: str, seed: int, data_dir) -> tuple:
    """Return training and held-out rows as numbers, without missing values."""
    if table in VALUES:
        X, y = gap_block.load_table(table, data_dir)
        stratify = None
    else:
        X, y = quality_block.load_table(table, data_dir)
        X, y = encode(pd.DataFrame(X)), np.asarray(y)
        stratify = y
    X, X_test, y, y_test = train_test_split(
        X.to_numpy(float),
        np.asarray(y),
        train_size=min(MAX_TRAIN, int(TRAIN_FRACTION * len(X))),
        stratify=stratify,
        random_state=seed,
    )
    imputer = SimpleImputer(strategy="median").fit(X)
    return (
        imputer.transform(X),
        imputer.transform(X_test[:MAX_TEST]),
        y,
        y_test[:MAX_TEST],
    )


def measure(
    table: str, seed: int, teacher: str, students, ways, data_dir
) -> list[dict]:
    """Held-out losses of the baseline and the distilled students, for one teacher.

    Each comes with the standard error of what it lies below the baseline's.
    """
    classes = table in CLASSES
    X, X_test, y, y_test = load(table, seed, data_dir)
    facts = {"table": table, "seed": seed, "teacher": teacher, "n_train": len(X)}
    with tempfile.TemporaryDirectory() as memory, warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        rows = []
        for name in students:
            models, warned = fit_all(
                build_teacher(teacher, seed, classes=classes),
                build_student(name, seed, classes=classes),
                (X, y),
                {"memory": memory, "random_state": seed},
                ways,
                classes=classes,
            )
            losses = {
                way: sample_losses(model, X_test, y_test, classes=classes)
                for way, model in models.items()
            }
            found = {f"{way}_loss": values.mean() for way, values in losses.items()}
            found |= {
                f"{way}_error": sem(losses["baseline"] - values)
                for way, values in losses.items()
                if way != "baseline"
            }
            rows.append(facts | {"student": name, "warned": warned} | found)
        return rows


def fit_all(teacher, student, train, params, ways, *, classes: bool):
    """Return the fitted models, and whether the default warned of its teacher."""
    single, search = (
        (DistilledClassifier, DistilledClassifierCV)
        if classes
        else (DistilledRegressor, DistilledRegressorCV)
    )
    quiet = params | {"on_poor_teacher": "ignore"}
    models = {
        "baseline": single(teacher, student, alpha=0.0, **quiet).fit(*train),
        "raw": single(teacher, student, calibrate=None, **quiet).fit(*train),
    }
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        models["default"] = single(teacher, student, **params).fit(*train)
    warned = any(one.category is PoorTeacherWarning for one in caught)
    if "cv" in ways:
        models["cv"] = search(teacher, student, **params).fit(*train)
    models["teacher"] = CalibratedTeacher(models["default"])
    return models, warned


class CalibratedTeacher:
    """The teacher as the student heard it."""

    def __init__(self, model) -> None:
        self.teacher, self.calibration = open_parts(model).teacher, model.calibration_

    def predict(self, X):
        """Return calibrated values."""
        return self.calibration.transform(predict_values(self.teacher, X))

    def predict_proba(self, X):
        """Return calibrated probabilities."""
        logits = predict_logits(self.teacher, X, self.teacher.classes_)
        return softmax(self.calibration.transform(logits), axis=1)


def sample_losses(model, X, y, *, classes: bool) -> np.ndarray:
    """Return each sample's log loss, or its squared error over the labels' variance."""
    if not classes:
        return (y - model.predict(X)) ** 2 / y.var()
    probabilities = quality_block.clip(model.predict_proba(X))
    return -np.log(probabilities[np.arange(len(y)), y])
