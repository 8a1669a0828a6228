"""How a student is grown, refined and pruned."""

from numbers import Integral, Real
from typing import Any, ClassVar

from sklearn.base import BaseEstimator

from skdistill._fitting import final_step
from skdistill._sklearn import Interval
from skdistill._typing import Estimator

__all__ = ["GROWTH", "LeafRefinement"]

# The parameters of a student that `diversify` may set.
GROWTH = frozenset({"learning_rate", "max_features"})
_FASTEST = 0.3


class LeafRefinement(BaseEstimator):
    """How a student's leaf values are refined, and its trees grown and pruned for it.

    Parameters
    ----------
    strength : float, default=10.0
        How strongly the leaf values are held where they are, see `refine_leaves`.
    diversify : bool, default=True
        Whether to grow trees that leave more to the solution. Shrinkage and averaging
        keep greedy leaf values from overfitting; leaf values that are solved for have
        `strength` for that. So boosting grows at twice its learning rate, at most 0.3,
        and a forest that tries all features at each split tries a third; a single tree
        has no others to differ from. The number and the size of the trees stay as they
        are. Boosting of three classes or more keeps its rate: where probabilities are
        small, longer Newton steps make it diverge.
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
    """

    _parameter_constraints: ClassVar[dict] = {
        "strength": [Interval(Real, 0, None, closed="neither")],
        "diversify": ["boolean"],
        "max_leaves": [Interval(Integral, 1, None, closed="left"), None],
        "tolerance": [Interval(Real, 0, None, closed="left"), None],
    }

    def __init__(
        self,
        strength: float = 10.0,
        *,
        diversify: bool = True,
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

    def prepare(self, student: Estimator, n_classes: int = 0) -> None:
        """Set the parameters of an unfitted student by which its trees are grown.

        Parameters
        ----------
        student : estimator
            Changed in place.
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
        fraction = params.get("max_features")
        is_one = isinstance(fraction, float) and fraction == 1
        takes_all = fraction is None or is_one
        is_forest = "bootstrap" in params and params.get("n_estimators", 1) > 1
        if is_forest and takes_all:
            final.set_params(max_features=1 / 3)
