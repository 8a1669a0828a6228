"""Checks for students and samplers of others, to be called from their tests."""

import pickle
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.datasets import make_classification
from sklearn.naive_bayes import GaussianNB

from skdistill._fitting import clone_with_seed
from skdistill._typing import Estimator, Table
from skdistill.distilled import DistilledClassifier
from skdistill.students import fit_soft_labels
from skdistill.targets import SoftLabels
from skdistill.transfer import draw

__all__ = ["check_sampler", "check_student"]

_NAMES = np.array(["zebra", "apple", "mango"])


def check_student(student: Estimator, *, atol: float = 1e-5) -> None:
    """Check that a classifier learns soft labels as a student should.

    On problems of two and three classes with text labels: soft labels that are certain
    give the plain fit; probabilities sum to 1 and follow the order of the classes; soft
    labels make softer predictions than certain ones; the student given is left as it
    was; the fitted one can be pickled.

    Parameters
    ----------
    student : classifier
        Unfitted, with `predict_proba`; registered by `skdistill.students.register` or
        taking `sample_weight`.
    atol : float, default=1e-5
        How far the probabilities of a student with certain labels may be from those of
        its plain fit.

    Raises
    ------
    AssertionError
        If a check fails; a note says which.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdistill.checks import check_student
    >>> check_student(DecisionTreeClassifier(max_depth=3, random_state=0))
    """
    _require(is_classifier(student), "the student is not a classifier")
    for n_classes in (2, 3):
        X, codes = make_classification(
            300, 6, n_informative=4, n_classes=n_classes, random_state=0
        )
        classes = np.sort(_NAMES[:n_classes])
        y = classes[codes]
        with _check(f"certain labels give the plain fit, {n_classes} classes"):
            _check_certain_labels(student, X, y, codes, classes, atol)
        with _check(f"the distilled model answers for {n_classes} classes"):
            _check_distilled(student, X, y, classes)


def check_sampler(sampler: Estimator, X: Table | None = None) -> None:
    """Check that a sampler draws rows as a transfer set needs them.

    `fit` returns the sampler itself and leaves X as it was; each row drawn is one that
    X could have held, in columns, dtypes, categories, range, whole numbers and missing
    cells; the same seed gives the same rows, another seed others; the fitted sampler
    can be pickled. Density models may return plain arrays, which are moved to the
    nearest values that X could have held.

    Parameters
    ----------
    sampler : estimator
        Unfitted, with `fit(X)` and `sample(n_samples)`.
    X : {array-like, DataFrame} of shape (n_rows, n_features), default=None
        At least some dozen different rows for the sampler to be fitted on. None is a
        DataFrame with numbers, whole numbers, categories, texts, truth values and
        missing cells. Pass an array of numbers for a sampler that takes no other.

    Raises
    ------
    AssertionError
        If a check fails; a note says which.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neighbors import KernelDensity
    >>> from skdistill.checks import check_sampler
    >>> from skdistill.transfer import MungeSampler
    >>> check_sampler(MungeSampler())
    >>> check_sampler(KernelDensity(), np.random.default_rng(0).normal(size=(50, 3)))
    """
    X = _mixed_table() if X is None else X
    before, given = pickle.dumps(X), repr(sampler)
    fitted = clone_with_seed(sampler, 0)
    with _check("fit returns the sampler and leaves X as it was"):
        _require(fitted.fit(X) is fitted, "fit returns something else")
        _require(pickle.dumps(X) == before, "X was changed")
        _require(repr(sampler) == given, "the sampler given was changed")
    with _check("rows drawn are rows that X could have held"):
        drawn = draw(fitted, 200, X, random_state=0)
        _require_possible(drawn, X)
    with _check("the seed says which rows are drawn"):
        other = draw(clone_with_seed(sampler, 1).fit(X), 200, X, random_state=1)
        for again in (fitted, pickle.loads(pickle.dumps(fitted))):
            same = _same(draw(again, 200, X, random_state=0), drawn)
            _require(same, "the same seed gives other rows")
        _require(not _same(other, drawn), "another seed gives the same rows")


def _mixed_table():
    import pandas as pd

    rng = np.random.default_rng(0)
    count = rng.integers(24, size=300)
    number = rng.normal(size=300)
    return pd.DataFrame(
        {
            "number": number,
            "count": count,
            "with missing": np.where(rng.random(300) < 0.2, np.nan, number + count),
            "category": pd.Categorical(rng.choice(["a", "b", "c"], size=300)),
            "text": rng.choice(["x", "y"], size=300),
            "truth": number > 0,
        }
    )


def _require_possible(drawn, X):
    import pandas as pd

    # Only dtypes tell categories from numbers, and an array has one for all columns.
    drawn, X = (pd.DataFrame(table).infer_objects() for table in (drawn, X))
    for number, name in enumerate(X.columns):
        new, old = drawn.iloc[:, number], X.iloc[:, number]
        _require(new.dtype == old.dtype, f"{name!r}: {new.dtype}, not {old.dtype}")
        _require(
            old.isna().any() or not new.isna().any(),
            f"{name!r} has missing cells, which it had not",
        )
        new, old = new.dropna(), old.dropna()
        if old.dtype.kind not in "iuf":
            _require(new.isin(old).all(), f"{name!r} holds what it did not")
        elif len(old):
            inside = new.between(old.min(), old.max()).all()
            _require(inside, f"{name!r} leaves the range")
            if (old % 1 == 0).all():
                _require((new % 1 == 0).all(), f"{name!r} has fractions")


def _same(drawn, others):
    import pandas as pd

    return pd.DataFrame(drawn).equals(pd.DataFrame(others))


def _check_certain_labels(student, X, y, codes, classes, atol):
    onehot = np.eye(len(classes))[codes]
    certain = SoftLabels(codes, np.where(onehot, 0.0, -np.inf), alpha=1, temperature=1)
    even = SoftLabels(codes, onehot, alpha=1, temperature=1)
    fitted, softer = (
        fit_soft_labels(clone(student), X, y, labels, classes)
        for labels in (certain, even)
    )
    plain = DistilledClassifier(GaussianNB(), student, alpha=0).fit(X, y)
    proba = fitted.predict_proba(X)
    difference = np.abs(proba - plain.predict_proba(X)).max()
    _require(difference <= atol, f"probabilities differ by up to {difference:g}")
    sure, less_sure = (
        proba.max(axis=1).mean(),
        softer.predict_proba(X).max(axis=1).mean(),
    )
    _require(
        less_sure < sure,
        f"soft labels give predictions as sure ({less_sure:.3f}) as certain labels do "
        f"({sure:.3f})",
    )


def _check_distilled(student, X, y, classes):
    before = repr(student)
    model = DistilledClassifier(GaussianNB(), student, random_state=0).fit(X, y)
    _require(repr(student) == before, "the student given was changed")
    proba = model.predict_proba(X)
    _require(proba.shape == (len(X), len(classes)), f"probabilities: {proba.shape}")
    _require(np.allclose(proba.sum(axis=1), 1, atol=1e-5), "they do not sum to 1")
    labels = classes[proba.argmax(axis=1)]
    _require((model.predict(X) == labels).all(), "labels are not the likeliest classes")
    _require((labels == y).mean() > 0.6, "the classes are not in their sorted order")
    again = pickle.loads(pickle.dumps(model))
    _require((again.predict_proba(X) == proba).all(), "pickling changes predictions")


def _require(holds, message):
    if not holds:
        raise AssertionError(message)


@contextmanager
def _check(name: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        error.add_note(f"This was raised by the check that {name}.")
        raise
