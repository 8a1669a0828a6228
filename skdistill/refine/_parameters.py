"""How a student is grown and refined."""

from numbers import Real
from typing import Any, ClassVar

from sklearn.base import BaseEstimator

from skdistill._fitting import final_step
from skdistill._sklearn import Interval
from skdistill._typing import Estimator

__all__ = ["LeafRefinement"]

_FASTEST = 0.3


class LeafRefinement(BaseEstimator):
    """How a student's leaf values are refined, and its trees grown for it.

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

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from skdistill import DistilledRegressor
    >>> from skdistill.refine import LeafRefinement
    >>> X, y = make_friedman1(300, random_state=0)
    >>> model = DistilledRegressor(refine=LeafRefinement(30.0), random_state=0)
    >>> model.fit(X, y).student_.learning_rate
    0.2
    """

    _parameter_constraints: ClassVar[dict] = {
        "strength": [Interval(Real, 0, None, closed="neither")],
        "diversify": ["boolean"],
    }

    def __init__(self, strength: float = 10.0, *, diversify: bool = True) -> None:
        self.strength = strength
        self.diversify = diversify

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
