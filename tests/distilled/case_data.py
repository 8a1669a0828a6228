"""Tables, labels and all else that is given to `fit` in generated cases."""

from fractions import Fraction

import numpy as np
import pandas as pd
from scipy import sparse

from tests.transfer.cases import mixed_table

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


def unlabeled_of(kind, X, privileged):
    """Return unlabeled samples, of all columns that the teacher sees."""
    if kind == "none" or X is None:
        return None
    as_array = np.asarray(X)
    makers = {
        "like": lambda: _with_privileged(X[:4], privileged),
        "one": lambda: X[:1],
        "no samples": lambda: X[:0],
        "fewer columns": lambda: as_array[:, :-1],
        "array": lambda: as_array[:3],
        "missing": lambda: X[:3] * np.nan,
        "strings": lambda: as_array[:3].astype(str),
        "large": lambda: X[:3] * 1e9,
    }
    try:
        return makers[kind]()
    except (IndexError, TypeError, ValueError):  # There are none of such a table.
        return X


def _with_privileged(X, privileged):
    if privileged is None:
        return X
    if hasattr(X, "iloc"):
        return pd.concat([X, privileged[:4]], axis=1)
    return np.column_stack([X, privileged[:4]])


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
    unlabeled = unlabeled_of(case.unlabeled, X, privileged)
    n_unlabeled = (*np.shape(unlabeled), 0)[0]
    n_outputs = np.shape(y)[1] if np.ndim(y) == 2 else 1
    if case.task == "classification" and np.ndim(y) == 1:
        n_outputs = len({*map(str, np.asarray(y))})
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
