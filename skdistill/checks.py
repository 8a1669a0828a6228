"""Checks for students of other libraries, to be called from their tests."""

import pickle
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.datasets import make_classification
from sklearn.naive_bayes import GaussianNB

from skdistill._typing import Estimator
from skdistill.distilled import DistilledClassifier
from skdistill.students import fit_soft_labels
from skdistill.targets import SoftLabels

__all__ = ["check_student"]

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
