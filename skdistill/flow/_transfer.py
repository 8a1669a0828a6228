"""The transfer set: unlabeled samples, drawn or given, labelled by the teacher.

Their target is the teacher's prediction alone, whatever alpha is.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from skdistill._fitting import clone_with_seed, naming_failures, weight_param
from skdistill._sklearn import safe_indexing
from skdistill._typing import Table
from skdistill._validation import mean_weight
from skdistill.flow._data import Data
from skdistill.flow._mix import mix
from skdistill.flow._plan import Plan
from skdistill.flow._tables import join_samples
from skdistill.targets import Target
from skdistill.teachers import Evidence, Quantiles, TeacherPredictions, Trust
from skdistill.transfer import draw

__all__ = ["Unlabeled", "draw_samples", "join_unlabeled", "with_given_first"]


@dataclass(frozen=True)
class Unlabeled:
    """Unlabeled samples and what the teacher says of them.

    Attributes
    ----------
    X : table of shape (n_unlabeled, n_features)
        The samples, as the student sees them.
    predictions : ndarray
        The teacher's predictions: values or logits.
    parts : ndarray or None
        What each of several teachers, or of the folds' teachers, predicts, stacked
        along the second axis; None where nobody asks.
    hints : ndarray of shape (n_unlabeled, n_hints) or None
        Their hints, on the scale of the target.
    quantiles : Quantiles or None
        The distributions of the labels, where the student learns those that the teacher
        says.
    """

    X: Table
    predictions: NDArray
    parts: NDArray | None = None
    hints: NDArray | None = None
    quantiles: Quantiles | None = None

    @property
    def said(self) -> TeacherPredictions:
        """What the teacher says of them."""
        return TeacherPredictions(self.predictions, self.quantiles)

    def target(
        self, plan: Plan, data: Data, like: Target, trust: Trust | None
    ) -> Target:
        """Return their target, to be joined to that of the training samples.

        The prediction stands in place of the label. Values are mixed as all others
        are, so that all have the same target scale; for classes what counts is alpha 1.
        A trust that needs no labels weighs them.
        """
        n_samples, weight = len(self.predictions), None
        if like.weight is not None or plan.transfer.weight != 1:
            mean = mean_weight(like.weight)
            weight = np.full(n_samples, plan.transfer.weight * mean)
        if trust is not None and not trust.uses_labels:
            evidence = Evidence(
                self.predictions,
                data.is_classification,
                parts=self.parts,
                temperature=plan.temperature,
            )
            weight = trust.weights(evidence) * (1.0 if weight is None else weight)
        if data.classes is None:
            labels, alpha = self.predictions, plan.alpha
        else:
            labels, alpha = self.predictions.argmax(axis=1), 1.0
        target = mix(plan, data, labels, self.predictions, weight=weight, alpha=alpha)
        return replace(target, hints=self.hints)


def draw_samples(plan: Plan, data: Data) -> Table:
    """Draw samples from a sampler fitted on all columns that teacher and student see.

    Privileged columns are drawn together with those of the student, so that what goes
    together stays together.
    """
    X = data.all_columns
    sampler = clone_with_seed(plan.transfer.sampler, plan.seeds.transfer)
    name = f"sampler ({type(sampler).__name__}); transfer=None does without it"
    with naming_failures(name):
        sampler.fit(X, **weight_param(sampler, data.weight, part="sampler"))
        n_samples = plan.transfer.count(np.shape(X)[0])
        return draw(sampler, n_samples, like=X, random_state=plan.seeds.transfer)


def with_given_first(drawn: Table, given: Table) -> Table:
    """Join drawn and given samples; the given ones come first."""
    # X's dtypes, which drawn samples have, are those of the result.
    both = join_samples(drawn, given)
    order = np.roll(np.arange(np.shape(both)[0]), -np.shape(drawn)[0])
    return safe_indexing(both, order)


def join_unlabeled(
    plan: Plan,
    data: Data,
    target: Target,
    unlabeled: Unlabeled,
    trust: Trust | None = None,
) -> tuple[Table, Target]:
    """Return the training samples with the transfer set below them, and their target.

    Parameters
    ----------
    plan : Plan
        Holds alpha, temperature and the weight of the transfer set.
    data : Data
        The training samples.
    target : Target
        Their target.
    unlabeled : Unlabeled
        The transfer set.
    trust : Trust, default=None
        What weighs it, fitted.

    Returns
    -------
    X : table of shape (n_samples + n_unlabeled, n_features)
    target : Target
    """
    joined = target.join(unlabeled.target(plan, data, like=target, trust=trust))
    return join_samples(data.X, unlabeled.X), joined
