"""Self-distillation: generations of one student, each the teacher of the next."""

from numbers import Integral
from typing import Any, ClassVar

from skdistill._parameters import inherit_parameters
from skdistill._sklearn import Interval, StrOptions
from skdistill._typing import Student
from skdistill.distilled import (
    ClassifierDelegate,
    DistilledClassifier,
    DistilledRegressor,
    RegressorDelegate,
)
from skdistill.iterative._base import BaseProcedure, others_than
from skdistill.iterative._choice import Choice
from skdistill.iterative._rounds import Peer, Watch

__all__ = ["SelfDistilledClassifier", "SelfDistilledRegressor"]

_WITHOUT = others_than("alpha", "temperature", "refine")


class BaseSelfDistilled(BaseProcedure):
    """Base of both, which declares what neither takes over.

    Parameters
    ----------
    n_generations : int, default=2
        How many generations follow generation 0, the baseline student. `cv` must make
        more folds than that, and one more with `choose`, so that each generation is
        out-of-fold.
    out_of_fold : bool, default=True
        Whether a generation learns out-of-fold predictions of the one before, which saw
        a sample's label on no way. If False, it learns in-sample predictions, as in
        [1]_ and [2]_: at a lower price, and only worth it for students that do not
        repeat their labels.
    learn_from : {"last", "average"}, default="last"
        What a generation learns: the predictions of the last generation, or the average
        of all earlier ones. The student that is kept is one model in both cases.
    """

    _parameter_constraints: ClassVar[dict] = {
        "n_generations": [Interval(Integral, 1, None, closed="left")],
        "out_of_fold": ["boolean"],
        "learn_from": [StrOptions({"last", "average"})],
    }
    _without = _WITHOUT

    def __init__(
        self,
        student: Student | None = None,
        *,
        n_generations: int = 2,
        out_of_fold: bool = True,
        learn_from: str = "last",
        **inherited: Any,
    ) -> None:
        self.student = student
        self.n_generations = n_generations
        self.out_of_fold = out_of_fold
        self.learn_from = learn_from
        super().__init__(**inherited)

    def _count_tasks(self, peers: list[Peer]) -> int:
        return self.n_generations + self.choose + 1  # The last one fits what is kept.

    def _run(self, peers: list[Peer], watch: Watch) -> None:
        learns_all = self.learn_from == "average"
        rounds = self._rounds(
            *(peers, "n_generations", self.n_generations, watch), learns_all=learns_all
        )
        history = rounds.run()
        choice = Choice(self.n_generations, "Took the last generation, as asked for.")
        self.losses_ = None
        if self.choose:
            predictions = [rounds.out_of_fold(said, 0) for said in history]
            names = [f"generation {number}" for number in range(len(history))]
            choice = self._choose(peers[0], predictions, names)
        self.generation_, self.reason_ = choice
        (self.best_estimator_,) = rounds.fit_last([0], history[: self.generation_])

    def _models(self) -> dict[str, Any]:
        return {"distilled": self._build_learner(self.student, self.student)}


@inherit_parameters(
    BaseSelfDistilled, BaseProcedure, DistilledRegressor, without=_WITHOUT
)
class SelfDistilledRegressor(RegressorDelegate, BaseSelfDistilled):
    """Regressor that learns from itself, generation after generation.

    The computation during `fit` is::

        generation 0 = clone(student).fit(X, y)
        t = out-of-fold predictions of generation k - 1
        generation k = clone(student).fit(X, (1 - alpha) * y + alpha * t)

    and the generation of the least loss on held-out samples is kept. For ridge
    regression each generation shrinks further, and differently in each direction, which
    no single penalty can do [1]_ [2]_. Models that learn from others see labels through
    them too: here none of those behind an out-of-fold prediction saw the sample's
    label. With F folds and K generations that takes the sum over k of "F over
    K + 1 - k" fits and more, 45 for 5 folds and 2 generations.

    Parameters
    ----------
    student : estimator, default=None
        The regressor of all generations. If None,
        ``GradientBoostingRegressor(n_estimators=100, learning_rate=0.1, max_depth=3)``
        is used.

    Attributes
    ----------
    student_ : estimator
        The fitted student of the generation that is kept, a plain estimator to ship.
    best_estimator_ : DistilledRegressor
        What holds it.
    generation_ : int
        Which generation is kept; 0 is the baseline student.
    losses_ : list of float or None
        Each generation's mean loss on held-out samples; None without `choose`.
    reason_ : str
        What was kept, and why, in a sentence.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has names that are all strings.

    See Also
    --------
    DistilledRegressor : One step, from any teacher.

    References
    ----------
    .. [1] Mobahi, Farajtabar and Bartlett, "Self-Distillation Amplifies Regularization
       in Hilbert Space", 2020.
    .. [2] Pareek, Du and Oh, "Understanding the Gains from Repeated Self-Distillation",
       2024, equation 1 (their imitation parameter is alpha here, the same in each
       step).
    .. [3] Furlanello et al., "Born Again Neural Networks", 2018.

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import SelfDistilledRegressor
    >>> X, y = make_friedman1(500, noise=3.0, random_state=0)
    >>> model = SelfDistilledRegressor(
    ...     DecisionTreeRegressor(), n_generations=1, random_state=0
    ... ).fit(X, y)
    >>> model.generation_
    1
    >>> model.losses_[1] < model.losses_[0]
    True
    """

    _distilled_type = DistilledRegressor

    def __init__(self, student: Student | None = None, **inherited: Any) -> None:
        super().__init__(student, **inherited)


@inherit_parameters(
    BaseSelfDistilled, BaseProcedure, DistilledClassifier, without=_WITHOUT
)
class SelfDistilledClassifier(ClassifierDelegate, BaseSelfDistilled):
    """Classifier that learns from itself, generation after generation.

    The computation during `fit` is::

        generation 0 = clone(student).fit(X, y)
        z = logits of out-of-fold predictions of generation k - 1
        target = (1 - alpha) * onehot(y) + alpha * softmax(z / temperature)
        generation k = clone(student) fitted to `target` by cross-entropy

    and the generation of the least loss on held-out samples is kept. Models that learn
    from others see labels through them too: here none of those behind an out-of-fold
    prediction saw the sample's label. With F folds and K generations that takes the sum
    over k of "F over K + 1 - k" fits and more, 45 for 5 folds and 2 generations.

    Parameters
    ----------
    student : estimator, default=None
        The classifier of all generations, with `predict_proba` or `decision_function`.
        If None, ``GradientBoostingClassifier(n_estimators=100, learning_rate=0.1,
        max_depth=3)`` is used.

    Attributes
    ----------
    student_ : estimator
        The fitted student of the generation that is kept, a plain estimator to ship.
    best_estimator_ : DistilledClassifier
        What holds it.
    generation_ : int
        Which generation is kept; 0 is the baseline student.
    losses_ : list of float or None
        Each generation's mean loss on held-out samples; None without `choose`.
    reason_ : str
        What was kept, and why, in a sentence.
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has names that are all strings.

    See Also
    --------
    DistilledClassifier : One step, from any teacher.

    References
    ----------
    .. [1] Mobahi, Farajtabar and Bartlett, "Self-Distillation Amplifies Regularization
       in Hilbert Space", 2020.
    .. [2] Pareek, Du and Oh, "Understanding the Gains from Repeated Self-Distillation",
       2024.
    .. [3] Furlanello et al., "Born Again Neural Networks", 2018.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdistill import SelfDistilledClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = SelfDistilledClassifier(
    ...     DecisionTreeClassifier(max_leaf_nodes=16), n_generations=1, random_state=0
    ... ).fit(X, y)
    >>> model.losses_[1] < model.losses_[0]
    True
    """

    _distilled_type = DistilledClassifier

    def __init__(self, student: Student | None = None, **inherited: Any) -> None:
        super().__init__(student, **inherited)
