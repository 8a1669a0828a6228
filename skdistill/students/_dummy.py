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
        # Each class twice, lest scikit-learn take them for numbers, with half of what
        # the target gives to it.
        y, sums = np.tile(classes, 2), np.tile(weight @ target.mixed / 2, 2)
        first = safe_indexing(X, np.zeros(len(y), dtype=int))
        return student.fit(first, y, sample_weight=sums, **fit_params)


register("sklearn.dummy.DummyClassifier", DummyAdapter())
