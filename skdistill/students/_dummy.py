"""A classifier that looks at no sample: it learns the sums of the soft labels."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from skdistill._sklearn import safe_indexing
from skdistill._typing import Estimator, Table
from skdistill.students._adapter import StudentAdapter
from skdistill.students._duplication import classes_of
from skdistill.students._registry import register
from skdistill.targets import Target

__all__ = ["DummyAdapter"]


class DummyAdapter(StudentAdapter):
    """DummyClassifier."""

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
        weight = np.ones(len(target.labels)) if target.weight is None else target.weight
        # One sample for each class, weighted by all that the target gives to it.
        first = safe_indexing(X, np.zeros(len(classes), dtype=int))
        return student.fit(
            first, classes, sample_weight=weight @ target.mixed, **fit_params
        )


register("sklearn.dummy.DummyClassifier", DummyAdapter())
