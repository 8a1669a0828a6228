"""Naive Bayes learns distributions class by class: its statistics are weighted sums.

One `partial_fit` a class over all samples, weighted by the target's probability of that
class, gives the sums that weighted duplicates would, without making one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from skdistill._typing import Estimator, Table
from skdistill.students._adapter import StudentAdapter
from skdistill.students._duplication import classes_of
from skdistill.students._registry import register
from skdistill.targets import Target

__all__ = ["NaiveBayesAdapter"]


class NaiveBayesAdapter(StudentAdapter):
    """The naive Bayes classifiers of scikit-learn."""

    trains_natively = True

    def fit(
        self,
        student: Estimator,
        X: Table,
        target: Target,
        fit_params: Mapping[str, Any],
        eval_targets: Sequence[Target] = (),
    ) -> Estimator:
        classes = classes_of(target)
        for label, probability in zip(classes, target.mixed.T, strict=True):
            weight = probability
            if target.weight is not None:
                weight = probability * target.weight
            if not weight.any():
                continue  # A class that no sample has a part of is known, and no more.
            y = [label] * len(target.labels)
            student.partial_fit(X, y, classes=classes, sample_weight=weight)
        return student


for _name in (
    "GaussianNB",
    "MultinomialNB",
    "ComplementNB",
    "BernoulliNB",
    "CategoricalNB",
):
    register(f"sklearn.naive_bayes.{_name}", NaiveBayesAdapter())
