"""Fidelity: how closely the student agrees with the teacher, not with the labels."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import rel_entr
from sklearn.metrics import r2_score
from sklearn.utils import check_consistent_length, column_or_1d

from skdistill._validation import check_weights
from skdistill.metrics._probabilities import LEAST_PROBABILITY, check_probabilities

__all__ = ["kl_by_sample", "kl_to_teacher", "r2_to_teacher", "top1_agreement"]


def r2_to_teacher(
    y_teacher: ArrayLike,
    y_student: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Return the R2 of the student's predictions against the teacher's.

    1 - sum (t - f)^2 / sum (t - mean t)^2 with the teacher's predictions t in the place
    of the labels: 1 where the student is the teacher, 0 for the best constant.

    Parameters
    ----------
    y_teacher : array-like of shape (n_samples,) or (n_samples, n_outputs)
        The teacher's predictions, for samples that neither was fitted on.
    y_student : array-like of the same shape
        The student's predictions for these samples.
    sample_weight : array-like of shape (n_samples,), default=None
        Sample weights.

    Returns
    -------
    float
        At most 1; the mean over the outputs.

    References
    ----------
    Stanton et al., "Does Knowledge Distillation Really Work?", 2021, tell fidelity
    from generalisation. R2 is its counterpart for regression.

    Examples
    --------
    >>> from skdistill.metrics import r2_to_teacher
    >>> r2_to_teacher([1.0, 2.0, 3.0], [1.0, 2.0, 2.0])
    0.5

    A scorer takes the teacher's predictions in the place of y:

    >>> from sklearn.metrics import make_scorer
    >>> from sklearn.linear_model import LinearRegression
    >>> X, t = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
    >>> float(make_scorer(r2_to_teacher)(LinearRegression().fit(X, t), X, t))
    1.0
    """
    return float(r2_score(y_teacher, y_student, sample_weight=sample_weight))


def top1_agreement(
    y_teacher: ArrayLike,
    y_student: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Return the fraction of samples that teacher and student put in the same class.

    Parameters
    ----------
    y_teacher : array-like of shape (n_samples,) or (n_samples, n_classes)
        The teacher's labels, or its probabilities, of which the largest counts; the
        first, if several are equal.
    y_student : array-like of the same shape
        The student's labels or probabilities, the columns in the teacher's order.
    sample_weight : array-like of shape (n_samples,), default=None
        Sample weights.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    ValueError
        If the shapes differ: labels beside probabilities, or other classes.

    References
    ----------
    Stanton et al., "Does Knowledge Distillation Really Work?", 2021: the average
    top-1 agreement.

    Examples
    --------
    >>> from skdistill.metrics import top1_agreement
    >>> top1_agreement(["a", "b", "b", "c"], ["a", "b", "c", "c"])
    0.75
    >>> top1_agreement([[0.9, 0.1], [0.4, 0.6]], [[0.6, 0.4], [0.6, 0.4]])
    0.5
    """
    check_consistent_length(y_teacher, y_student)
    shapes = np.shape(y_teacher), np.shape(y_student)
    if len(shapes[0]) != len(shapes[1]) or shapes[0][1:] != shapes[1][1:]:
        raise ValueError(
            "y_teacher and y_student must both hold labels, or both the probabilities "
            f"of the same classes. Got arrays of shapes {shapes[0]} and {shapes[1]}. "
            "Pass what predict returns for both, or what predict_proba returns."
        )
    chosen = [_top_class(values) for values in (y_teacher, y_student)]
    weight = check_weights(sample_weight, shapes[0][0])
    return float(np.average(chosen[0] == chosen[1], weights=weight))


def _top_class(values: ArrayLike) -> NDArray:
    """Return the labels, or the columns of the largest probabilities."""
    values = np.asarray(values)
    if values.ndim == 2 and values.shape[1] > 1:
        return values.argmax(axis=1)
    return column_or_1d(values)


def kl_to_teacher(
    p_teacher: ArrayLike,
    p_student: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    floor: float = LEAST_PROBABILITY,
) -> float:
    """Return the mean Kullback-Leibler divergence of the student from the teacher.

    KL(p || q) = sum_j p_j log(p_j / q_j) for the teacher's probabilities p and the
    student's q of a sample, in nats. Where q is 0 and p is not, it is infinite. So all
    probabilities of both are first raised to `floor`, and those of each sample divided
    by their sum: the divergence is then finite, 0 for equal ones and above 0 for
    others.

    Parameters
    ----------
    p_teacher : array-like of shape (n_samples, n_classes) or (n_samples,)
        The teacher's probabilities. One dimension holds those of the second of two
        classes.
    p_student : array-like of the same shape
        The student's probabilities, the columns in the teacher's order of classes.
    sample_weight : array-like of shape (n_samples,), default=None
        Sample weights.
    floor : float, default=1e-6
        The smallest probability that is told from 0, from 0 to 1 / n_classes. At 0 the
        divergence is exact, and may be infinite; classes with p = 0 add nothing.

    Returns
    -------
    float
        0 or more, in nats.

    Raises
    ------
    ValueError
        As of `kl_by_sample`.

    References
    ----------
    Stanton et al., "Does Knowledge Distillation Really Work?", 2021: the average
    predictive KL.

    Examples
    --------
    >>> from skdistill.metrics import kl_to_teacher
    >>> round(kl_to_teacher([[0.5, 0.5]], [[0.25, 0.75]]), 4)
    0.1438
    >>> round(kl_to_teacher([[0.5, 0.5]], [[0.0, 1.0]]), 2)
    6.21
    >>> kl_to_teacher([[0.5, 0.5]], [[0.0, 1.0]], floor=0)
    inf
    """
    p = check_probabilities(p_teacher, "p_teacher")
    weight = check_weights(sample_weight, len(p))
    return float(np.average(kl_by_sample(p, p_student, floor=floor), weights=weight))


def kl_by_sample(
    p_teacher: ArrayLike, p_student: ArrayLike, *, floor: float = LEAST_PROBABILITY
) -> NDArray[np.float64]:
    """Return the divergence of each sample, whose mean `kl_to_teacher` is.

    Parameters
    ----------
    p_teacher : array-like of shape (n_samples, n_classes) or (n_samples,)
        The teacher's probabilities.
    p_student : array-like of the same shape
        The student's.
    floor : float, default=1e-6
        The smallest probability that is told from 0.

    Returns
    -------
    ndarray of shape (n_samples,)
        0 or more, in nats.

    Raises
    ------
    ValueError
        If the two are no probabilities of the same classes for the same samples, or
        `floor` is out of its range.

    Examples
    --------
    >>> from skdistill.metrics import kl_by_sample
    >>> kl_by_sample([[0.5, 0.5], [0.5, 0.5]], [[0.25, 0.75], [0.5, 0.5]]).round(4)
    array([0.1438, 0.    ])
    """
    p = check_probabilities(p_teacher, "p_teacher")
    q = check_probabilities(p_student, "p_student")
    if p.shape != q.shape:
        raise ValueError(
            "p_teacher and p_student must hold probabilities of the same classes for "
            f"the same samples. Got shapes {p.shape} and {q.shape}. Give a class that "
            "one of them does not know a column of zeros."
        )
    if not 0 <= floor <= 1 / p.shape[1]:
        raise ValueError(
            f"floor must be from 0 to 1 / n_classes, {1 / p.shape[1]:g}. Got {floor!r}."
        )
    p, q = (np.maximum(part, floor) for part in (p, q))
    p, q = (part / part.sum(axis=1, keepdims=True) for part in (p, q))
    return rel_entr(p, q).sum(axis=1)
