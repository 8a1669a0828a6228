"""Cases of a distilled fit, usual and absurd, drawn field by field."""

from dataclasses import dataclass, field, fields
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from lightgbm import LGBMClassifier, LGBMRegressor
from scipy import sparse
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
)
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import (
    GammaRegressor,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
    SGDClassifier,
)
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneOut,
    ShuffleSplit,
    TimeSeriesSplit,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import (
    KernelDensity,
    KNeighborsClassifier,
    KNeighborsRegressor,
)
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from xgboost import XGBClassifier, XGBRegressor

from skdistill.refine import LeafRefinement
from skdistill.targets import TeacherBound
from skdistill.teachers import (
    AffineCalibration,
    AttentiveTrust,
    Combination,
    ConfidenceTrust,
    OutlierTrust,
    TemperatureScaling,
)
from skdistill.transfer import (
    ConditionalSampler,
    JitterSampler,
    MixupSampler,
    MungeSampler,
    TransferSet,
)
from tests.doubles import NanRegressor, RecordingClassifier
from tests.transfer.cases import mixed_table

LIGHT = {"n_estimators": 4, "min_child_samples": 2, "n_jobs": 1, "verbose": -1}
XGB = {"n_estimators": 4, "max_depth": 3, "n_jobs": 1}
# How often a field has the first of its usual values, and teachers are several.
_USUAL, _SEVERAL = 0.7, 0.3
# Where a case has its own folder.
FOLDER, FILE = "<a folder>", "<a file>"


def prepared(final):
    """Return a model of tables with numbers, strings and missing cells."""
    columns = make_column_transformer(
        (SimpleImputer(), make_column_selector(dtype_include="number")),
        (
            OneHotEncoder(handle_unknown="ignore", sparse_output=False),
            make_column_selector(dtype_include=["object", "string", "category"]),
        ),
    )
    return make_pipeline(columns, final)


def first_columns(X):
    return X[:, :1] if hasattr(X, "ndim") else X


def half(X):
    return X[::2]


def nan_trust(predictions, y):
    return np.full(len(y), np.nan)


def half_trust(predictions, y):
    return np.full(len(y), 0.5)


def short_trust(predictions, y):
    return np.ones(3)


MIXED = {
    "regression": [
        prepared(Ridge()),
        prepared(DecisionTreeRegressor(max_depth=3)),
        HistGradientBoostingRegressor(max_iter=4, categorical_features="from_dtype"),
        LGBMRegressor(**LIGHT),
    ],
    "classification": [
        prepared(LogisticRegression(max_iter=20)),
        prepared(DecisionTreeClassifier(max_depth=3)),
        HistGradientBoostingClassifier(max_iter=4, categorical_features="from_dtype"),
        LGBMClassifier(**LIGHT),
    ],
}
PARTS = {
    "regression": [
        DecisionTreeRegressor(max_depth=3),
        RandomForestRegressor(4),
        ExtraTreesRegressor(4),
        GradientBoostingRegressor(n_estimators=4),
        GradientBoostingRegressor(loss="quantile", alpha=0.9, n_estimators=4),
        HistGradientBoostingRegressor(max_iter=4, min_samples_leaf=2),
        HistGradientBoostingRegressor(loss="poisson", max_iter=4),
        Ridge(),
        LinearRegression(),
        PoissonRegressor(),
        KNeighborsRegressor(2),
        SVR(max_iter=100),
        MLPRegressor(hidden_layer_sizes=(4,), max_iter=5),
        LGBMRegressor(**LIGHT),
        LGBMRegressor(**LIGHT, boosting_type="dart"),
        XGBRegressor(**XGB),
        XGBRegressor(**XGB, objective="reg:tweedie"),
        make_pipeline(StandardScaler(), Ridge()),
        BaggingRegressor(Ridge(), 8),
        DummyRegressor(),
        StackingRegressor([("a", Ridge()), ("b", DummyRegressor())], Ridge(), cv=2),
    ],
    "classification": [
        DecisionTreeClassifier(max_depth=3),
        RandomForestClassifier(4),
        ExtraTreesClassifier(4, class_weight="balanced"),
        GradientBoostingClassifier(n_estimators=4),
        HistGradientBoostingClassifier(max_iter=4, min_samples_leaf=2),
        LogisticRegression(max_iter=20),
        GaussianNB(),
        KNeighborsClassifier(2),
        SVC(max_iter=100),
        SGDClassifier(loss="log_loss", max_iter=5),
        MLPClassifier(hidden_layer_sizes=(4,), max_iter=5),
        LGBMClassifier(**LIGHT),
        LGBMClassifier(**LIGHT, class_weight="balanced"),
        XGBClassifier(**XGB),
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=20)),
        BaggingClassifier(GaussianNB(), 8),
        DummyClassifier(),
        OneVsRestClassifier(LogisticRegression(max_iter=20)),
        RecordingClassifier(),
        StackingClassifier([("a", GaussianNB())], LogisticRegression(), cv=2),
    ],
}
STRANGE = {
    "regression": [
        GaussianNB(),
        KMeans(2),
        Ridge,
        "Ridge",
        NanRegressor(),
        GammaRegressor(),
        FrozenEstimator(Ridge()),
        FrozenEstimator(Ridge().fit([[0.0, 1.0]] * 4, range(4))),
        SVR(kernel="precomputed", max_iter=100),
        RandomForestRegressor(-1),
    ],
    "classification": [
        Ridge(),
        KMeans(2),
        GaussianNB,
        MultinomialNB(),
        LGBMRegressor(**LIGHT),
        KNeighborsRegressor(2),
        FrozenEstimator(GaussianNB()),
        FrozenEstimator(GaussianNB().fit([[0.0, 1.0], [1, 0]] * 4, [0, 1] * 4)),
        SVC(decision_function_shape="ovo", max_iter=100),
        VotingClassifier([("a", GaussianNB())]),
    ],
}

# For each parameter its usual values, and absurd or rare ones.
PARAMS = {
    "alpha": (
        [0.5, 0.0, 1.0, 0.9],
        [-1, 2, np.nan, "a", None, True, np.inf, 1e-320, 1 - 1e-16, 1],
    ),
    "temperature": (
        [1.0, 1.0, 2.0, 0.5],
        [0, -1, np.nan, np.inf, "1", 5e-324, 1e-300, 1e-100, 1e308, None, 1e-3, 1e3],
    ),
    "cross_fit": (
        ["auto", "kfold", False],
        ["stack", "oob", True, "x", None],
    ),
    "cv": (
        [2, 3, KFold(2), None],
        [
            0,
            1,
            -1,
            1000,
            2.5,
            "a",
            [],
            [([0], [1])],
            [([], [0, 1, 2])],
            [([0, 1], [0, 1])],
            [(["a"], ["b"])],
            [([0.5], [1.5])],
            [1, 2],
            ShuffleSplit(2),
            TimeSeriesSplit(2),
            GroupKFold(2),
            LeaveOneOut(),
        ],
    ),
    "memory": ([None, False, FOLDER], [3, True, FILE, "\0", f"{FILE}/below"]),
    "n_jobs": ([None, 1], [0, "a", 1.5]),
    "random_state": ([0], [None, -1, "a", 2**40, np.random.RandomState(0)]),
    "verbose": ([0], [-1, "a", None]),
    "transfer": (
        [
            "auto",
            None,
            MungeSampler(),
            ConditionalSampler(),
            TransferSet(size=2, weight=0.5),
        ],
        [
            "x",
            JitterSampler(scale=0.0),
            JitterSampler(scale=1e300),
            MixupSampler(),
            MungeSampler(p=0),
            MungeSampler(p=2),
            TransferSet(size=0),
            TransferSet(size=1e-9, weight=1e300),
            TransferSet(weight=5e-324),
            TransferSet(None, weight=1e-300),
            GaussianMixture(2),
            KernelDensity(),
            KernelDensity(kernel="cosine"),
        ],
    ),
    "refine": (
        ["auto", None],
        [
            "x",
            "leaves",
            LeafRefinement(1.0),
            LeafRefinement(0),
            LeafRefinement(1e300),
            LeafRefinement(5e-324),
            LeafRefinement(1e-9, diversify=False),
            LeafRefinement(np.inf),
            True,
        ],
    ),
    "calibrate": (
        ["auto", None],
        ["x", AffineCalibration(), TemperatureScaling(), StandardScaler(), True],
    ),
    "combine": (
        ["uniform", "score", "stack", "row"],
        [
            "x",
            None,
            Combination([0, 0]),
            Combination([1.0, np.nan]),
            Combination([1e300, 1e300]),
            Combination([1.0, 2.0, 3.0]),
            Combination("uniform", of="logits"),
            PCA(1),
        ],
    ),
    "trust": (
        [None, None, None, "attentive", "outliers", "corrected"],
        [
            "confidence",
            "spread",
            "matching",
            "x",
            nan_trust,
            half_trust,
            short_trust,
            OutlierTrust(),
            AttentiveTrust(),
            ConfidenceTrust(),
            True,
        ],
    ),
    "on_poor_teacher": (["ignore", "warn", "baseline"], ["x", None]),
    "teacher_input": (
        [None, None, None, StandardScaler()],
        [PCA(2), PCA(50), half, first_columns, len, "x"],
    ),
}
OF_TASK = {
    "regression": {
        "rescale": ([False, True], [None, "x"]),
        "bound": (
            [None],
            ["label", "teacher", TeacherBound(margin=-1), TeacherBound(margin=1e300)],
        ),
    },
    "classification": {
        "soften": (["teacher"], ["both", "both", "x"]),
        "prediction_type": (["probabilities"], ["logits", "x"]),
    },
}
# For each part of the data the names of usual kinds, and of others.
TABLES = (
    ["floats", "floats", "float32", "int", "numbers frame", "mixed frame"],
    [
        "bool",
        "objects",
        "strings",
        "sparse",
        "csc",
        "masked",
        "missing",
        "infinite",
        "huge",
        "tiny",
        "constant",
        "list",
        "one dimension",
        "three dimensions",
        "dates",
        "complex",
        "same names",
        "none",
    ],
)
TARGETS = {
    "regression": (
        ["normal", "counts", "constant", "float32", "far"],
        [
            "tiny",
            "huge",
            "all magnitudes",
            "infinite",
            "missing",
            "large ints",
            "unsigned",
            "strings",
            "digits",
            "dates",
            "two outputs",
            "one column",
            "no column",
            "bool",
            "sparse",
            "masked",
            "nothing",
            "short",
            "fractions",
            "complex",
            "list",
            "outlier",
            "float32 limit",
        ],
    ),
    "classification": (
        ["two", "three", "words", "codes", "bool"],
        [
            "one class",
            "all different",
            "one rare",
            "floats",
            "continuous",
            "objects",
            "with None",
            "two outputs",
            "one column",
            "large ints",
            "dates",
            "missing",
            "categories",
            "nothing",
            "short",
            "sparse",
            "masked",
            "list",
        ],
    ),
}
WEIGHTS = (
    ["none", "none", "ones", "random"],
    [
        "some zero",
        "all zero",
        "negative",
        "missing",
        "infinite",
        "huge ratio",
        "tiny",
        "large",
        "one alone",
        "short",
        "two dimensions",
        "strings",
        "other index",
        "bool",
    ],
)
UNLABELED = (
    ["none", "none", "like"],
    ["one", "no samples", "fewer columns", "array", "missing", "strings", "large"],
)
PRIVILEGED = (
    ["none", "none", "none", "like"],
    [
        "one column",
        "no columns",
        "short",
        "array",
        "one dimension",
        "missing",
        "strings",
    ],
)
STORED = (
    ["none", "none", "none", "right"],
    ["short", "missing", "zeros", "huge", "strings", "one column", "impossible"],
)
METADATA = (["none"], ["unrouted", "groups", "unasked weight", "extra"])


@dataclass
class Case:
    """What is drawn; everything else follows from it and `seed`."""

    task: str
    seed: int
    n_samples: int
    n_features: int
    table: str
    target: str
    weight: str
    unlabeled: str
    privileged: str
    stored: str
    unlabeled_stored: str
    metadata: str
    teacher: Any
    student: Any
    params: dict = field(repr=False)

    def __repr__(self):
        pairs = [(one.name, getattr(self, one.name)) for one in fields(self)]
        usual = {**PARAMS, **OF_TASK[self.task]}
        text = ", ".join(f"{k}={v!r}" for k, v in pairs if k != "params")
        params = {k: v for k, v in self.params.items() if v is not usual[k][0][0]}
        return f"Case({text}, params={params!r})"


def case_of(random):
    """Return a case of which at most three fields are absurd."""
    task = random.choice(["regression", "classification"])
    kinds = {
        "table": TABLES,
        "target": TARGETS[task],
        "weight": WEIGHTS,
        "unlabeled": UNLABELED,
        "privileged": PRIVILEGED,
        "stored": STORED,
        "unlabeled_stored": (["none"], STORED[1]),
        "metadata": METADATA,
        "n_samples": ([30, 12, 60, 110], [0, 1, 2, 3, 5]),
        "n_features": ([2, 1, 5], [0, 1, 1, 1]),
    }
    params = {**PARAMS, **OF_TASK[task]}
    names = [*kinds, *kinds, *params, "teacher", "student"]
    absurd = random.sample(names, random.choice([0, 0, 1, 1, 1, 2, 3]))

    def pick(name, values):
        usual, rare = values
        if name in absurd:
            return random.choice(rare)
        return usual[0] if random.random() < _USUAL else random.choice(usual)

    chosen = {name: pick(name, values) for name, values in kinds.items()}
    if "unlabeled_stored" in absurd:
        chosen["unlabeled"] = "like"
    if chosen["stored"] == "right" and "unlabeled_stored" not in absurd:
        chosen["unlabeled_stored"] = "none"
        if chosen["unlabeled"] == "like":
            chosen["unlabeled_stored"] = "right"
    parts = MIXED if chosen["table"] == "mixed frame" else PARTS
    shuffled = random.sample(parts[task], len(parts[task]))
    of_part = (shuffled, [*STRANGE[task], *parts[task], None])
    student, teacher = pick("student", of_part), random.choice(parts[task])
    if random.random() < _SEVERAL:
        teacher = [("a", teacher), ("b", pick("student", of_part))]
    if "teacher" in absurd:
        teacher = random.choice(of_part[1])
    if chosen["stored"] == "right":
        teacher = None
    values = {name: pick(name, values) for name, values in params.items()}
    seed = random.randrange(10)
    return Case(task, seed, **chosen, teacher=teacher, student=student, params=values)


cases = st.randoms(use_true_random=True).map(case_of)


def table_of(kind, n_samples, n_features, rng):
    """Return a table of a kind."""
    X = rng.normal(size=(n_samples, n_features))
    frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(n_features)])
    mask = rng.random(X.shape) < 0.1
    makers = {
        "floats": lambda: X,
        "float32": lambda: X.astype(np.float32),
        "int": lambda: np.round(3 * X).astype(int),
        "numbers frame": lambda: frame,
        "mixed frame": lambda: _mixed(n_samples, n_features, rng),
        "bool": lambda: X > 0,
        "objects": lambda: X.astype(object),
        "strings": lambda: np.where(X > 0, "a", "b"),
        "sparse": lambda: sparse.csr_matrix(X * mask),
        "csc": lambda: sparse.csc_array(X),
        "masked": lambda: np.ma.array(X, mask=mask),
        "missing": lambda: np.where(mask, np.nan, X),
        "infinite": lambda: np.where(mask, np.inf, X),
        "huge": lambda: X * 1e300,
        "tiny": lambda: X * 1e-300,
        "constant": lambda: np.ones_like(X),
        "list": lambda: X.tolist(),
        "one dimension": lambda: X[:, 0] if n_features else X.ravel(),
        "three dimensions": lambda: X[:, :, None],
        "dates": lambda: np.datetime64("2020-01-01") + np.round(X).astype(int),
        "complex": lambda: X + 1j,
        "same names": lambda: frame.set_axis(["x"] * n_features, axis=1),
        "none": lambda: None,
    }
    return makers[kind]()


def _mixed(n_samples, n_features, rng):
    """Return some columns of the table with columns of every kind."""
    table = mixed_table(max(n_samples, 1)).iloc[:n_samples]
    return table.iloc[:, rng.permutation(table.shape[1])[:n_features]]


def target_of(kind, task, n_samples, rng):
    """Return labels of a kind."""
    make = _values if task == "regression" else _classes
    return make(kind, n_samples, rng)


def _values(kind, n_samples, rng):
    y = rng.normal(size=n_samples)
    first = np.arange(n_samples) == 0
    makers = {
        "normal": lambda: y,
        "counts": lambda: rng.poisson(2, n_samples),
        "constant": lambda: np.full(n_samples, 0.1),
        "float32": lambda: y.astype(np.float32),
        "far": lambda: 1e9 + y,
        "tiny": lambda: y * 1e-300,
        "huge": lambda: y * 1e300,
        "all magnitudes": lambda: 10.0 ** rng.uniform(-300, 300, n_samples),
        "infinite": lambda: np.where(first, np.inf, y),
        "missing": lambda: np.where(first, np.nan, y),
        "large ints": lambda: 2**60 + rng.integers(9, size=n_samples),
        "unsigned": lambda: rng.integers(2**64, size=n_samples, dtype=np.uint64),
        "strings": lambda: np.where(y > 0, "a", "b"),
        "digits": lambda: y.astype(str),
        "dates": lambda: np.datetime64("2020-01-01") + np.arange(n_samples),
        "two outputs": lambda: np.column_stack([y, 2 * y]),
        "one column": lambda: y[:, None],
        "no column": lambda: y[:, None][:, :0],
        "bool": lambda: y > 0,
        "sparse": lambda: sparse.csr_matrix(y[:, None]),
        "masked": lambda: np.ma.array(y, mask=first),
        "nothing": lambda: None,
        "short": lambda: y[1:],
        "fractions": lambda: [Fraction(int(9 * one), 7) for one in y],
        "complex": lambda: y + 1j,
        "list": lambda: y.tolist(),
        "outlier": lambda: np.where(first, 1e12, y),
        "float32 limit": lambda: (3e38 * np.sign(y)).astype(np.float32),
    }
    return makers[kind]()


def _classes(kind, n_samples, rng):
    codes = np.arange(n_samples) % 3
    rng.shuffle(codes)
    words = np.array(["a", "b\n", "<i>"])[codes]
    first = np.arange(n_samples) == 0
    makers = {
        "two": lambda: codes % 2,
        "three": lambda: codes,
        "words": lambda: words,
        "codes": lambda: 5 - 3 * codes,
        "bool": lambda: codes > 0,
        "one class": lambda: np.full(n_samples, "a"),
        "all different": lambda: rng.permutation(n_samples),
        "one rare": lambda: np.where(first, 7, codes),
        "floats": lambda: codes.astype(float),
        "continuous": lambda: codes + 0.5,
        "objects": lambda: np.where(codes > 0, "a", 1 * (codes > 0).astype(object)),
        "with None": lambda: np.where(first, None, words),
        "two outputs": lambda: np.column_stack([codes, codes]),
        "one column": lambda: codes[:, None],
        "large ints": lambda: 2**60 + codes,
        "dates": lambda: np.datetime64("2020-01-01") + codes,
        "missing": lambda: np.where(first, np.nan, codes),
        "categories": lambda: pd.Series(pd.Categorical(words)),
        "nothing": lambda: None,
        "short": lambda: codes[1:],
        "sparse": lambda: sparse.csr_matrix(codes[:, None]),
        "masked": lambda: np.ma.array(codes, mask=first),
        "list": lambda: words.tolist(),
    }
    return makers[kind]()


def weight_of(kind, n_samples, rng):
    """Return sample weights of a kind."""
    weight = rng.uniform(0.5, 2, n_samples)
    first = np.arange(n_samples) == 0
    makers = {
        "none": lambda: None,
        "ones": lambda: np.ones(n_samples),
        "random": lambda: weight,
        "some zero": lambda: np.where(rng.random(n_samples) < 0.5, 0, weight),
        "all zero": lambda: np.zeros(n_samples),
        "negative": lambda: np.where(first, -1, weight),
        "missing": lambda: np.where(first, np.nan, weight),
        "infinite": lambda: np.where(first, np.inf, weight),
        "huge ratio": lambda: 10.0 ** rng.uniform(-300, 300, n_samples),
        "tiny": lambda: np.full(n_samples, 5e-324),
        "large": lambda: np.full(n_samples, 1e305),
        "one alone": lambda: first.astype(float),
        "short": lambda: weight[1:],
        "two dimensions": lambda: weight[:, None],
        "strings": lambda: weight.astype(str),
        "other index": lambda: pd.Series(weight, index=np.arange(n_samples) + 9),
        "bool": lambda: weight > 1,
    }
    return makers[kind]()


def unlabeled_of(kind, X, rng):
    """Return unlabeled samples, of all columns that the teacher sees."""
    if kind == "none":
        return None
    as_array = np.asarray(X)
    makers = {
        "like": lambda: X[:4],
        "one": lambda: X[:1],
        "no samples": lambda: X[:0],
        "fewer columns": lambda: as_array[:, :-1],
        "array": lambda: as_array[:3],
        "missing": lambda: X[:3] * np.nan,
        "strings": lambda: as_array[:3].astype(str),
        "large": lambda: X[:3] * 1e9,
    }
    return makers[kind]()


def stored_of(kind, n_samples, n_outputs, rng):
    """Return predictions made elsewhere: probabilities, or values for one output."""
    if kind == "none":
        return None
    shape = (n_samples, n_outputs) if n_outputs > 1 else (n_samples,)
    values = rng.uniform(0.1, 1, shape)
    if n_outputs > 1:
        values /= values.sum(axis=1, keepdims=True)
    makers = {
        "right": lambda: values,
        "short": lambda: values[1:],
        "missing": lambda: values * np.nan,
        "zeros": lambda: values * 0,
        "huge": lambda: values * 1e308,
        "strings": lambda: np.full(shape, "a"),
        "one column": lambda: values.ravel()[:n_samples, None],
        "impossible": lambda: np.full(shape, -np.inf),
    }
    return makers[kind]()


def data_of(case):
    """Return what the case gives to `fit`."""
    rng = np.random.default_rng(case.seed)
    n_samples = case.n_samples
    X = table_of(case.table, n_samples, case.n_features, rng)
    y = target_of(case.target, case.task, n_samples, rng)
    privileged = _privileged_of(case.privileged, X, n_samples, rng)
    n_outputs = 1
    if case.task == "classification" and isinstance(y, np.ndarray) and y.ndim == 1:
        n_outputs = len({*map(str, y)})
    elif np.ndim(y) == 2:
        n_outputs = np.shape(y)[1]
    unlabeled = None
    if case.unlabeled != "none" and X is not None:
        try:
            unlabeled = unlabeled_of(case.unlabeled, X, rng)
        except (TypeError, IndexError, ValueError):  # No such samples of such a table.
            unlabeled = X
    n_unlabeled = 0 if unlabeled is None else np.shape(unlabeled)[:1] or (0,)
    n_unlabeled = n_unlabeled[0] if isinstance(n_unlabeled, tuple) else n_unlabeled
    return {
        "X": X,
        "y": y,
        "sample_weight": weight_of(case.weight, n_samples, rng),
        "X_unlabeled": unlabeled,
        "X_privileged": privileged,
        "teacher_predictions": stored_of(case.stored, n_samples, n_outputs, rng),
        "unlabeled_predictions": stored_of(
            case.unlabeled_stored, n_unlabeled, n_outputs, rng
        ),
    }


def _privileged_of(kind, X, n_samples, rng):
    if kind == "none" or X is None:
        return None
    values = rng.normal(size=(n_samples, 2))
    is_frame = hasattr(X, "iloc")
    like = pd.DataFrame(values, columns=["p", "q"]) if is_frame else values
    makers = {
        "like": lambda: like,
        "one column": lambda: like[["p"]] if is_frame else like[:, :1],
        "no columns": lambda: like[[]] if is_frame else like[:, :0],
        "short": lambda: like[1:],
        "array": lambda: values,
        "one dimension": lambda: values[:, 0],
        "strings": lambda: values.astype(str),
        "missing": lambda: like * np.nan,
    }
    return makers[kind]()


def fresh(part):
    """Return a copy of a parameter, so that no case sees another."""
    return clone(part, safe=False)
