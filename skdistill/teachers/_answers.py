"""What a fitted teacher answers for some rows: values, or logits of the classes."""

import numpy as np
from numpy.typing import NDArray

from skdistill._fitting import final_step
from skdistill._numerics import as_logit_matrix, log_probability, temper
from skdistill._sklearn import safe_indexing
from skdistill._typing import Estimator, Table
from skdistill._validation import align_classes

__all__ = ["ClassAnswers", "ValueAnswers", "check_answers", "in_row_order"]

# On how many rows it is checked that decision_function is the logit of predict_proba.
_N_PROBED = 64


class ValueAnswers:
    """Answers of a regression teacher: `predict`."""

    def __call__(self, teacher: Estimator, X: Table) -> NDArray:
        """Return the predictions, float, of shape (n,) or (n, n_outputs)."""
        answers = np.asarray(teacher.predict(X), dtype=float)
        if answers.ndim == 2 and answers.shape[1] == 1:
            return answers[:, 0]
        return answers


class ClassAnswers:
    """Answers of a classification teacher: one logit for each of its classes.

    `decision_function` is taken where it is a true logit, that is where its softmax
    is `predict_proba`; it keeps what probabilities lose by rounding to 0 or 1. Else
    the log-probabilities are taken, which are logits too (a constant added to a row
    cancels). A teacher without probabilities answers with its decision values.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,), default=None
        The order of the columns, for a teacher that knows these labels. None, and a
        teacher of codes, leave the teacher's own order.
    """

    def __init__(self, classes: NDArray | None = None) -> None:
        self.classes = classes

    def __call__(self, teacher: Estimator, X: Table) -> NDArray:
        """Return logits of shape (n, n_classes of the teacher)."""
        logits, known = self._logits(teacher, X), getattr(teacher, "classes_", None)
        if self.classes is None or known is None:
            return logits
        if not set(np.asarray(known).tolist()) >= set(self.classes.tolist()):
            return logits
        return align_classes(logits, known, self.classes)

    def _logits(self, teacher, X):
        if not hasattr(teacher, "predict_proba"):
            _check_one_value_a_class(teacher)
            return as_logit_matrix(teacher.decision_function(X))
        if hasattr(teacher, "decision_function"):
            probe = safe_indexing(X, slice(_N_PROBED))
            logits = as_logit_matrix(teacher.decision_function(probe))
            expected = np.asarray(teacher.predict_proba(probe))
            if logits.shape == expected.shape and np.allclose(
                temper(logits, 1.0), expected, rtol=0, atol=1e-5
            ):
                return as_logit_matrix(teacher.decision_function(X))
        return log_probability(teacher.predict_proba(X))


def _check_one_value_a_class(teacher):
    if getattr(final_step(teacher), "decision_function_shape", "ovr") == "ovo":
        raise ValueError(
            "The teacher's decision_function must give one value a class. Got "
            "decision_function_shape='ovo', one a pair of classes. Use 'ovr', or wrap "
            "the teacher in CalibratedClassifierCV."
        )


def in_row_order(folds: list, parts: list[NDArray], n_samples: int) -> NDArray:
    """Put the answers for the rows held out of each fold where the rows are."""
    answers = np.empty((n_samples, *parts[0].shape[1:]))
    for (_, test), part in zip(folds, parts, strict=True):
        answers[test] = part
    return answers


def check_answers(answers: NDArray, rows: str) -> None:
    """Raise if an answer for `rows` is missing; a logit of -inf is probability 0."""
    wrong = np.isnan(answers) | (answers == np.inf)
    if wrong.any():
        raise ValueError(
            "The teacher's answers must be finite numbers. Got "
            f"{int(wrong.sum())} NaN or infinite answers, the first for row "
            f"{np.argwhere(wrong)[0][0]} of {rows}."
        )
