"""Students whose training goes on: first on a target, then on the labels alone.

Cho and Hariharan, "On the Efficacy of Knowledge Distillation", 2019: a small
student gains from the teacher early in its training, and may be held back by it late,
so that distillation is stopped before the training is.
"""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.exceptions import ConvergenceWarning

from skdistill._fitting import final_step, weight_param
from skdistill._sklearn import safe_indexing
from skdistill._typing import Estimator, Table
from skdistill.students._adapter import round_of
from skdistill.students._fit import fit_on_target, labels_for
from skdistill.students._registry import find_adapter, registered_names
from skdistill.students._rounds import ResumingAdapter, last_step
from skdistill.students._while_fitting import with_params
from skdistill.targets import Target

__all__ = ["fit_until", "reason_not_to_resume"]


def reason_not_to_resume(student: Estimator, target_is_classes: bool) -> str:
    """Return why the training of a student cannot go on after some of its rounds.

    Parameters
    ----------
    student : estimator
        Unfitted.
    target_is_classes : bool
        Whether it learns classes.

    Returns
    -------
    reason : str
        A sentence; empty if it can go on.

    Examples
    --------
    >>> from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
    >>> from skdistill.students import reason_not_to_resume
    >>> reason_not_to_resume(GradientBoostingRegressor(), False)
    ''
    >>> reason_not_to_resume(RandomForestRegressor(), False).split(",")[0]
    'RandomForestRegressor is not trained in rounds that can go on'
    """
    final = final_step(student)
    adapter, name = find_adapter(final), type(final).__name__
    if not isinstance(adapter, ResumingAdapter):
        known = registered_names(lambda one: isinstance(one, ResumingAdapter))
        return (
            f"{name} is not trained in rounds that can go on, as those of "
            f"{', '.join(known)}"
        )
    if target_is_classes and not is_classifier(final):
        return f"{name} learns logits, and labels have none"
    if adapter.planned_rounds(final) < 2:
        return f"{name} is trained in one round"
    return adapter.reason_not_to_resume(final)


def fit_until(
    student: Estimator,
    X: Table,
    target: Target,
    fit_params: Mapping[str, Any],
    eval_targets: Sequence[Target] = (),
    *,
    fraction: float,
    n_labelled: int,
) -> Estimator:
    """Fit a student on a target, and for its last rounds on the labels alone.

    Parameters
    ----------
    student : estimator
        Unfitted; one that `reason_not_to_resume` has nothing against.
    X : array-like of shape (n_samples, n_features)
        The samples; those that have labels come first.
    target : Target
        Their target.
    fit_params : mapping of str to object
        Further parameters of the student's `fit`.
    eval_targets : sequence of Target, default=()
        As for `fit_on_target`.
    fraction : float
        In which fraction of its rounds the target is learned, above 0. At 1 it is
        learned to the end; below that in one round at least, and not in all.
    n_labelled : int
        How many samples have labels.

    Returns
    -------
    student : fitted estimator

    Examples
    --------
    A tree that learns the teacher's 1 and 3, and one that learns the labels 0 and 4:

    >>> from sklearn.ensemble import GradientBoostingRegressor
    >>> from skdistill.students import fit_until
    >>> from skdistill.targets import Target
    >>> student = GradientBoostingRegressor(n_estimators=2, learning_rate=0.5)
    >>> target = Target.of_values([0.0, 4.0], [1.0, 3.0], alpha=1.0)
    >>> X = [[0.0], [1.0]]
    >>> fit_until(student, X, target, {}, fraction=0.5, n_labelled=2).predict(X)
    array([0.75, 3.25])
    """
    has_labels_alone = not target.uses_teacher and n_labelled == len(target.labels)
    if fraction == 1 or has_labels_alone:
        return fit_on_target(student, X, target, fit_params, eval_targets)
    final = final_step(student)
    adapter: Any = find_adapter(final)  # One that resumes.
    name, n_rounds = adapter.training_rounds, adapter.planned_rounds(final)
    n_first = min(round_of(fraction, n_rounds), n_rounds - 1)
    with with_params(final, **{name: n_first}):
        with warnings.catch_warnings():
            # Fewer rounds than it is meant to have may be too few.
            warnings.simplefilter("ignore", ConvergenceWarning)
            fitted = fit_on_target(student, X, target, fit_params)
        labelled = slice(n_labelled)
        of_labels = target.take(labelled, alpha=np.zeros(n_labelled))
        final, seen = last_step(fitted, safe_indexing(X, labelled))
        weight = weight_param(final, of_labels.weight, part="student")
        y = labels_for(final, of_labels)
        adapter.resume(final, seen, y, n_rounds - n_first, weight)
    return fitted
