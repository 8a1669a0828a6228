"""How a student is grown, refined and pruned."""

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator

from skdistill._fitting import final_step
from skdistill._sklearn import Interval
from skdistill._typing import Estimator

__all__ = ["GROWTH", "WIDER", "LeafRefinement", "tries_all_features"]

# The parameters of a student that `diversify` may set.
GROWTH = frozenset({"learning_rate", "max_features"})
_FASTEST = 0.3
# The fraction of features that a forest tries at a split, what a search tries besides,
# and the fewest: one alone would be split on whatever it says.
_NARROW, WIDER, _FEWEST = 1 / 3, 2 / 3, 2


def tries_all_features(student: Estimator) -> bool:
    """Return whether a student is a forest that tries all features at each split.

    Parameters
    ----------
    student : estimator
        Unfitted. The last step of a Pipeline counts.
    """
    params: dict[str, Any] = final_step(student).get_params(deep=False)
    fraction = params.get("max_features")
    is_one = isinstance(fraction, float) and fraction == 1
    is_forest = "bootstrap" in params and params.get("n_estimators", 1) > 1
    return is_forest and (fraction is None or is_one)


class LeafRefinement(BaseEstimator):
    """How a student's leaf values are refined, and its trees grown and pruned for it.

    Parameters
    ----------
    strength : float, default=10.0
        How strongly the leaf values are held where they are, see `refine_leaves`.
    diversify : bool or float, default=True
        Whether to grow trees that leave more to the solution. Shrinkage and averaging
        keep greedy leaf values from overfitting; leaf values that are solved for have
        `strength` for that. So boosting grows at twice its learning rate, at most 0.3,
        and a forest that tries all features at each split tries a third, at least two;
        a number between 0 and 1 is that fraction instead. The features are counted
        before any other step of a Pipeline. A single tree has no others
        to differ from. The number and the size of the trees stay as they are. Boosting
        of three classes or more keeps its rate: where probabilities are small, longer
        Newton steps make it diverge.
    max_leaves : int or None, default=None
        The most leaves of all trees together: a student that has grown more is pruned,
        see `prune_leaves`. If None, there is no limit.
    tolerance : float or None, default=None
        By how much the loss on held-out samples may grow by pruning: a fifth of the
        labelled samples is left out when leaf values are solved for, and the smallest
        student down to a tenth of its leaves is taken that stays within the tolerance
        there. It is a fraction of the target's variance for values, which is a
        difference in R2; a difference in log loss for boosted classes, and in the Brier
        score for forests of classes. With `max_leaves` too, the sizes up to that are
        compared, and the largest of them is taken if none is within. The samples left
        out are drawn one by one, whatever the groups of the folds, and the trees were
        grown on them too: a tolerance compares sizes, it does not promise a loss. If
        None, nothing is pruned but what `max_leaves` asks for.

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from skdistill import DistilledRegressor
    >>> from skdistill.refine import LeafRefinement
    >>> X, y = make_friedman1(300, random_state=0)
    >>> from sklearn.ensemble import GradientBoostingRegressor
    >>> from sklearn.linear_model import Ridge
    >>> student = GradientBoostingRegressor(n_estimators=20)
    >>> model = DistilledRegressor(Ridge(), student, refine=LeafRefinement(30.0))
    >>> model.fit(X, y).student_.learning_rate
    0.2

    At most 50 leaves of the 160 that it grows:

    >>> from skdistill.inspect import count_values
    >>> model.set_params(refine=LeafRefinement(max_leaves=50)).fit(
    ...     X, y
    ... )  # doctest: +ELLIPSIS
    DistilledRegressor(...)
    >>> count_values(model.student_).leaves <= 50
    True

    A forest that tries half of the 10 features at each split:

    >>> from sklearn.ensemble import RandomForestRegressor
    >>> forest = RandomForestRegressor(5, max_leaf_nodes=16)
    >>> model.set_params(student=forest, refine=LeafRefinement(diversify=0.5)).fit(
    ...     X, y
    ... ).student_.max_features
    0.5
    """

    _parameter_constraints: ClassVar[dict] = {
        "strength": [Interval(Real, 0, None, closed="neither")],
        "diversify": ["boolean", Interval(Real, 0, 1, closed="neither")],
        "max_leaves": [Interval(Integral, 1, None, closed="left"), None],
        "tolerance": [Interval(Real, 0, None, closed="left"), None],
    }

    def __init__(
        self,
        strength: float = 10.0,
        *,
        diversify: bool | float = True,
        max_leaves: int | None = None,
        tolerance: float | None = None,
    ) -> None:
        self.strength = strength
        self.diversify = diversify
        self.max_leaves = max_leaves
        self.tolerance = tolerance

    @property
    def prunes(self) -> bool:
        """Whether leaves are taken away."""
        return self.max_leaves is not None or self.tolerance is not None

    def prepare(self, student: Estimator, n_features: int, n_classes: int = 0) -> None:
        """Set the parameters of an unfitted student by which its trees are grown.

        Parameters
        ----------
        student : estimator
            Changed in place.
        n_features : int
            The number of features of its samples, before any step of a Pipeline.
        n_classes : int, default=0
            The number of classes it will tell apart; 0 for a regressor.
        """
        self._validate_params()
        if not self.diversify:
            return
        final = final_step(student)
        params: dict[str, Any] = final.get_params(deep=False)
        rate = params.get("learning_rate")
        if isinstance(rate, Real) and float(rate) < _FASTEST and n_classes <= 2:
            final.set_params(learning_rate=min(2 * float(rate), _FASTEST))
        if tries_all_features(final):
            # A forest takes fewer kinds of numbers.
            fraction = float(self.diversify)
            if isinstance(self.diversify, (bool, np.bool_)):
                fraction = max(_NARROW, min(_FEWEST / n_features, 1.0))
            final.set_params(max_features=fraction)
