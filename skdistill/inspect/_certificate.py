"""A bound on how far the student strays from the teacher, whatever the distribution."""

import math
from dataclasses import asdict, dataclass
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Context, Decimal
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import beta
from sklearn.utils import check_array, check_consistent_length, column_or_1d

from skdistill._figures import readable
from skdistill._typing import Estimator, Table
from skdistill.inspect._parts import open_parts

__all__ = ["FidelityCertificate"]


@dataclass(frozen=True)
class FidelityCertificate:
    """An upper bound on how far a student strays from its teacher on new samples.

    It is computed from samples that neither was fitted on. These need no labels, and
    nothing is assumed about the models or the distribution of the samples, but that new
    samples come from the same one.

    - Regression, "distance": for a new sample, ``abs(student - teacher)`` is at most
      `bound` with probability `level` or more. It is the conformal quantile: the k-th
      smallest of the n distances, k = ceil((n + 1) level) [1]_. The probability is over
      the held-out samples as well as the new one. With fewer than level / (1 - level)
      samples, 19 for 0.95, no finite bound is possible, and it is infinite.
    - Classification, "disagreement": the fraction of new samples for which the student
      chooses another class than the teacher is at most `bound`, with confidence
      `level`. It is the exact one-sided binomial bound [2]_: the quantile `level` of
      Beta(k + 1, n - k) for k disagreements.

    `from_estimator` makes it for a distilled model, `from_values` and `from_labels` for
    predictions.

    Parameters
    ----------
    kind : {"distance", "disagreement"}
        What is bounded.
    level : float
        The probability or confidence with which the bound holds.
    n_samples : int
        The number of held-out samples.
    bound : float
        The upper bound, in the unit of the target or as a fraction of the samples.
    observed : float
        The mean distance, or the fraction of disagreements, of the held-out samples.

    References
    ----------
    .. [1] Lei et al., "Distribution-Free Predictive Inference for Regression", 2018,
       theorem 2.2 (split conformal).
    .. [2] Clopper and Pearson, "The Use of Confidence or Fiducial Limits Illustrated in
       the Case of the Binomial", 1934.

    Examples
    --------
    >>> from skdistill.inspect import FidelityCertificate
    >>> teacher, student = ["a"] * 300, ["a"] * 297 + ["b"] * 3
    >>> certificate = FidelityCertificate.from_labels(teacher, student)
    >>> round(certificate.bound, 3)
    0.026
    >>> print(certificate)
    With confidence 0.95 the student chooses another class than the teacher for at most
    2.6% of new samples (1.0% of 300 held-out samples; exact binomial bound).
    """

    kind: Literal["distance", "disagreement"]
    level: float
    n_samples: int
    bound: float
    observed: float

    @classmethod
    def from_estimator(cls, model: Estimator, X: Table, *, level: float = 0.95) -> Self:
        """Bound how far the student of a distilled model strays.

        Parameters
        ----------
        model : estimator
            A fitted distilled model, or a search over one.
        X : table of shape (n_samples, n_features)
            Held-out samples; labels are not needed.
        level : float, default=0.95
            Between 0 and 1.

        Returns
        -------
        FidelityCertificate
        """
        parts = open_parts(model)
        make = cls.from_values if parts.classes is None else cls.from_labels
        return make(parts.teacher.predict(X), parts.model.predict(X), level=level)

    @classmethod
    def from_values(
        cls, y_teacher: ArrayLike, y_student: ArrayLike, *, level: float = 0.95
    ) -> Self:
        """Bound the distance of two regressors' predictions.

        Parameters
        ----------
        y_teacher : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The teacher's predictions for held-out samples.
        y_student : array-like of the same shape
            The student's. If there are several outputs, the largest distance counts.
        level : float, default=0.95
            Between 0 and 1.

        Returns
        -------
        FidelityCertificate
        """
        _check_level(level)
        teacher, student = (
            check_array(values, ensure_2d=False, dtype=float, input_name=name)
            for values, name in ((y_teacher, "y_teacher"), (y_student, "y_student"))
        )
        if teacher.shape != student.shape:
            raise ValueError(
                "y_teacher and y_student must hold predictions for the same samples. "
                f"Got shapes {teacher.shape} and {student.shape}."
            )
        distance = np.abs(student - teacher).reshape(len(teacher), -1).max(axis=1)
        n_samples = len(distance)
        # The tolerance keeps rounding from adding a rank where the product is whole.
        rank = math.ceil((n_samples + 1) * level - 1e-9)
        bound = np.sort(distance)[rank - 1] if rank <= n_samples else np.inf
        return cls("distance", level, n_samples, float(bound), float(distance.mean()))

    @classmethod
    def from_labels(
        cls, y_teacher: ArrayLike, y_student: ArrayLike, *, level: float = 0.95
    ) -> Self:
        """Bound the fraction of samples that two classifiers put in different classes.

        Parameters
        ----------
        y_teacher : array-like of shape (n_samples,)
            The labels that the teacher predicts for held-out samples.
        y_student : array-like of shape (n_samples,)
            Those that the student predicts.
        level : float, default=0.95
            Between 0 and 1.

        Returns
        -------
        FidelityCertificate
        """
        _check_level(level)
        check_consistent_length(y_teacher, y_student)
        differ = column_or_1d(y_teacher) != column_or_1d(y_student)
        n_samples, count = len(differ), int(differ.sum())
        if n_samples == 0:
            raise ValueError(
                "y_teacher and y_student must hold at least one label. Got none. Pass "
                "predictions for held-out samples."
            )
        bound = (
            beta.ppf(level, count + 1, n_samples - count) if count < n_samples else 1.0
        )
        return cls("disagreement", level, n_samples, float(bound), float(differ.mean()))

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers, with the statement they make.

        Returns
        -------
        dict
        """
        return asdict(self) | {"statement": str(self)}

    def __str__(self) -> str:
        if self.kind == "disagreement":
            return (
                f"With confidence {self.level:g} the student chooses another class "
                f"than the teacher for at most {_percent(self.bound, ROUND_CEILING)} "
                f"of new samples ({_percent(self.observed, ROUND_HALF_EVEN)} of "
                f"{self.n_samples} held-out samples; exact binomial bound)."
            )
        if math.isinf(self.bound):
            least = math.ceil(self.level / (1 - self.level) - 1e-9)
            return (
                f"{self.n_samples} held-out samples are too few for a bound at level "
                f"{self.level:g}: it takes {least}."
            )
        return (
            f"For a new sample the student is within {_four_digits_up(self.bound)} of "
            f"the teacher with probability {self.level:g} or more "
            f"({readable(self.observed)} in the mean of {self.n_samples} held-out "
            "samples; conformal bound)."
        )


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(
            f"level must lie between 0 and 1, such as 0.95. Got {level!r}. No bound "
            "but a trivial one holds with certainty."
        )


def _percent(fraction: float, rounding: str) -> str:
    """Show a tenth of a percent, or two digits of what is less than that."""
    percent = 100 * Decimal(repr(float(fraction)))
    decimals = max(1, 1 - percent.adjusted()) if percent else 1
    return f"{percent.quantize(Decimal(1).scaleb(-decimals), rounding):f}%"


def _four_digits_up(bound: float) -> str:
    """Show an upper bound so that it remains one."""
    shown = Context(prec=4, rounding=ROUND_CEILING).create_decimal(repr(float(bound)))
    return readable(float(shown))
