"""Trust in the flow: what a parameter stands for, and what becomes of alpha."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from skdistill._validation import check_goes_with_rest
from skdistill.flow._data import Data
from skdistill.teachers import (
    AttentiveTrust,
    CallableTrust,
    ConfidenceTrust,
    CorrectedTrust,
    Evidence,
    MatchingTrust,
    OutlierTrust,
    Signal,
    SpreadTrust,
    Trust,
)

__all__ = ["TRUSTS", "check_trust", "fit_trust", "resolve_trust"]

TRUSTS: dict[str, type[Trust]] = {
    "attentive": AttentiveTrust,
    "outliers": OutlierTrust,
    "confidence": ConfidenceTrust,
    "spread": SpreadTrust,
    "matching": MatchingTrust,
    "corrected": CorrectedTrust,
}


def resolve_trust(trust: Any) -> Trust | None:
    """Return what judges the teacher, as a parameter says.

    Parameters
    ----------
    trust : Trust, str, callable or None
        The parameter.

    Returns
    -------
    Trust or None
    """
    if isinstance(trust, str):
        return TRUSTS[trust]()
    if trust is None or hasattr(trust, "alphas"):
        return trust
    return CallableTrust(trust)


def check_trust(
    trust: Trust | None,
    data: Data,
    *,
    has_several: bool,
    is_in_sample: bool,
    is_mean: bool,
    has_transfer_set: bool,
    is_in_context: bool,
) -> None:
    """Raise, before any work is done, if the teacher cannot be judged so.

    Parameters
    ----------
    trust : Trust or None
        What judges it.
    data : Data
        The training data.
    has_several : bool
        Whether there are several teachers.
    is_in_sample : bool
        Whether its predictions come from the labels themselves.
    is_mean : bool
        Whether the student's loss is least for the mean.
    has_transfer_set : bool
        Whether the student learns samples beside the labelled ones.
    is_in_context : bool
        Whether one teacher, with all samples as its context, predicts those.
    """
    if trust is None:
        return
    needs_parts = trust.uses_parts and not has_several
    reasons = {
        "It judges the probabilities of classes, and this is a regression. Use "
        "'attentive', 'outliers', 'corrected' or 'spread'": not trust.takes_values
        and not data.is_classification,
        "It judges by out-of-fold errors, and cross_fit=False gives none. Use another "
        "cross_fit": trust.uses_labels and is_in_sample,
        "It compares several teachers, or those of the folds, and of one that learns "
        "in context none of the folds' is kept. Use teacher=[('a', ...), ('b', ...)]": (
            needs_parts and is_in_context
        ),
        "It compares several teachers, or for a transfer set those of the folds, and "
        "there is one alone. Use teacher=[('a', ...), ('b', ...)], or a transfer set "
        "with cross_fit='kfold'": needs_parts
        and (data.has_stored_predictions or not has_transfer_set),
        "The student's loss is not least for the mean: it learns from the labels, and "
        "from the teacher through a transfer set alone. Use trust=None": not is_mean,
    }
    check_goes_with_rest("trust", trust, reasons)


def fit_trust(
    trust: Trust | None, data: Data, signal: Signal, alpha: float, temperature: float
) -> tuple[Trust | None, NDArray | float]:
    """Fit what judges the teacher; return it, and alpha for each training sample.

    Parameters
    ----------
    trust : Trust or None
        Unfitted; cloned.
    data : Data
        The training data.
    signal : Signal
        The teacher's predictions for it.
    alpha, temperature : float
        Those of the distillation. Where alpha is 0 it stays so.

    Returns
    -------
    trust : Trust or None
        Fitted.
    alphas : ndarray of shape (n_samples,) or float
    """
    if trust is None:
        return None, alpha
    parts = None
    if signal.parts:
        parts = np.stack([part.predictions for part in signal.parts], axis=1)
    evidence = Evidence(
        signal.predictions,
        data.is_classification,
        data.codes,
        parts,
        data.weight,
        temperature,
    )
    fitted = clone(trust, safe=False).fit(evidence)
    return fitted, fitted.alphas(alpha, evidence) if alpha > 0 else alpha
