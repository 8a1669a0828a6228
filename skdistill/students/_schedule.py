"""Students whose training goes on: on the labels after a target, or on another one.

Cho and Hariharan, "On the Efficacy of Knowledge Distillation", 2019: a small
student gains from the teacher early in its training, and may be held back by it late,
so that distillation is stopped before the training is. Anil et al., "Large scale
distributed neural network training through online distillation", 2018: peers that learn
from each other go on with their training, from the labels alone to what others say.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import is_classifier
from sklearn.exceptions import ConvergenceWarning

from skdistill._fitting import final_step, spawn_seeds
from skdistill._sklearn import safe_indexing
from skdistill._typing import Estimator, Table
from skdistill.students._adapter import round_of
from skdistill.students._fit import fit_on_target
from skdistill.students._registry import find_adapter, registered_names
from skdistill.students._rounds import ResumingAdapter, last_step
from skdistill.students._while_fitting import with_params
from skdistill.targets import Target

__all__ = ["Part", "fit_part", "fit_until", "reason_not_to_resume"]


class Part(NamedTuple):
    """One of several parts, equal but for rounding, of a student's rounds.

    Attributes
    ----------
    number : int
        Which, from 0.
    n_parts : int
        How many there are; at most as many as rounds.
    begun : estimator or None
        What the part before left, fitted; None for the first one.
    """

    number: int
    n_parts: int
    begun: Estimator | None = None

    def count(self, n_rounds: int) -> int:
        """Return how many of the rounds are in this part."""
        ends = [n * n_rounds // self.n_parts for n in (self.number, self.number + 1)]
        return ends[1] - ends[0]


def reason_not_to_resume(
    student: Estimator, target_is_classes: bool, *, n_parts: int = 2
) -> str:
    """Return why the training of a student cannot go on after some of its rounds.

    Parameters
    ----------
    student : estimator
        Unfitted.
    target_is_classes : bool
        Whether it learns classes.
    n_parts : int, default=2
        Into how many parts its rounds are divided.

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
    n_rounds = adapter.planned_rounds(final)
    if n_rounds < n_parts:
        count = "one round" if n_rounds == 1 else f"{n_rounds} rounds"
        return f"{name} is trained in {count}"
    return adapter.reason_not_to_resume(final)


def fit_part(
    student: Estimator,
    X: Table,
    target: Target,
    fit_params: Mapping[str, Any],
    part: Part,
) -> Estimator:
    """Fit a student on a target for some of its rounds.

    Parameters
    ----------
    student : estimator
        That of the part before, which is trained in place, or in the first part an
        unfitted one; one that `reason_not_to_resume` has nothing against.
    X : array-like of shape (n_samples, n_features)
        The samples.
    target : Target
        Their target.
    fit_params : mapping of str to object
        Further parameters of the student's `fit`, for the first part.
    part : Part
        Which of its rounds.

    Returns
    -------
    student : fitted estimator

    Examples
    --------
    >>> from sklearn.ensemble import GradientBoostingRegressor
    >>> from skdistill.students import Part, fit_part
    >>> from skdistill.targets import Target
    >>> student = GradientBoostingRegressor(n_estimators=2, learning_rate=0.5)
    >>> X, y = [[0.0], [1.0]], [0.0, 4.0]
    >>> labels = Target.of_values(y, y, alpha=0.0)
    >>> student = fit_part(student, X, labels, {}, Part(0, 2))
    >>> student.predict(X)
    array([1., 3.])
    >>> taught = Target.of_values(y, [1.0, 3.0], alpha=1.0)
    >>> fit_part(student, X, taught, {}, Part(1, 2, student)).predict(X)
    array([1., 3.])
    """
    final, adapter = _resuming(student)
    n_rounds = part.count(adapter.planned_rounds(final))
    if part.begun is None:
        with _for_rounds(final, adapter, n_rounds):
            return fit_on_target(student, X, target, fit_params)
    final, seen = last_step(student, X)
    state, own = final.get_params().get("random_state"), {}
    if isinstance(state, Integral):  # Or each part would draw what the first one drew.
        own["random_state"] = spawn_seeds(state, part.number)[-1]
    with with_params(final, **own):
        adapter.resume(final, seen, target, n_rounds)
    return student


def _resuming(student: Estimator) -> tuple[Estimator, Any]:
    """Return the last step of an estimator that resumes, and its adapter."""
    final = final_step(student)
    return final, find_adapter(final)


@contextmanager
def _for_rounds(final: Estimator, adapter: Any, n_rounds: int) -> Iterator[None]:
    """Let a student train for fewer rounds inside than it is meant to."""
    with (
        with_params(final, **{adapter.training_rounds: n_rounds}),
        warnings.catch_warnings(),
    ):
        # They may be too few.
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


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
    final, adapter = _resuming(student)
    n_rounds = adapter.planned_rounds(final)
    n_first = min(round_of(fraction, n_rounds), n_rounds - 1)
    with _for_rounds(final, adapter, n_first):
        fitted = fit_on_target(student, X, target, fit_params)
    labelled = slice(n_labelled)
    of_labels = target.take(labelled, alpha=np.zeros(n_labelled))
    final, seen = last_step(fitted, safe_indexing(X, labelled))
    adapter.resume(final, seen, of_labels, n_rounds - n_first)
    return fitted
