"""Codistillation: peers that learn from the labels and from each other."""

from typing import Any

from skdistill._parameters import inherit_parameters
from skdistill._typing import Student
from skdistill.distilled import (
    ClassifierDelegate,
    DistilledClassifier,
    DistilledRegressor,
    RegressorDelegate,
)
from skdistill.iterative._base import BaseProcedure
from skdistill.iterative._peers import WITHOUT, BaseCodistilled

__all__ = ["CodistilledClassifier", "CodistilledRegressor"]


@inherit_parameters(BaseCodistilled, BaseProcedure, DistilledRegressor, without=WITHOUT)
class CodistilledRegressor(RegressorDelegate, BaseCodistilled):
    """Regressor that learns together with others, from labels and from each other.

    The computation during `fit` is::

        round 0: each peer = clone(student).fit(X, y)
        round r: t = mean of what the other peers predicted out-of-fold in round r - 1
                 each peer = clone(student).fit(X, (1 - alpha) * y + alpha * t)

    and the best peer is kept, or all of them as an ensemble; of round 0 where no later
    one gains on held-out samples. Predictions are one round old, so the peers of a
    round are fitted in parallel. As in [1]_ a peer whose training can go on does so,
    from the labels alone to what the others say: each round is a part of its steps.
    Any other estimator can be a peer too, and is fitted anew in each round.

    Parameters
    ----------
    student : estimator, default=None
        The regressor that is cloned where `peers` is a number. If None,
        ``GradientBoostingRegressor(n_estimators=100, learning_rate=0.1, max_depth=3)``
        is used.

    Attributes
    ----------
    student_ : estimator
        The fitted student of the peer that is kept, a plain estimator to ship. With the
        average it is the ensemble, a `skdistill.teachers.FoldMeanRegressor`.
    best_estimator_ : estimator
        The DistilledRegressor that holds it, or the ensemble.
    round_ : int
        After which round; 0 is the baseline student, which was fitted to the end.
    resumed_ : list of str
        The names of the peers whose training went on.
    peer_ : str
        The name of the peer that is kept: its own, or "peer0" and so on; or "average".
    losses_ : dict of str to list of float, or None
        By the names of the peers and "average", the mean loss on held-out samples after
        each round; None without `choose`.
    reason_ : str
        What was kept, and why, in a sentence.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has names that are all strings.

    See Also
    --------
    SelfDistilledRegressor : One student that learns from itself.

    References
    ----------
    .. [1] Anil et al., "Large scale distributed neural network training through online
       distillation", 2018, algorithm 1.

    Examples
    --------
    >>> from sklearn.datasets import make_friedman1
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import CodistilledRegressor
    >>> X, y = make_friedman1(500, noise=3.0, random_state=0)
    >>> model = CodistilledRegressor(
    ...     DecisionTreeRegressor(max_features=3), peers=3, random_state=0
    ... ).fit(X, y)
    >>> model.round_
    1
    """

    _distilled_type = DistilledRegressor

    def __init__(self, student: Student | None = None, **inherited: Any) -> None:
        super().__init__(student, **inherited)


@inherit_parameters(
    BaseCodistilled, BaseProcedure, DistilledClassifier, without=WITHOUT
)
class CodistilledClassifier(ClassifierDelegate, BaseCodistilled):
    """Classifier that learns together with others, from labels and from each other.

    The computation during `fit` is::

        round 0: each peer = clone(student).fit(X, y)
        round r: p = mean of the probabilities that the other peers predicted
                     out-of-fold in round r - 1, at the temperature
                 each peer = clone(student) fitted to (1 - alpha) onehot(y) + alpha p

    and the best peer is kept, or all of them as an ensemble; of round 0 where no later
    one gains on held-out samples. Predictions are one round old, so the peers of a
    round are fitted in parallel. As in [1]_ a peer whose training can go on does so,
    from the labels alone to what the others say: each round is a part of its steps.
    Any other estimator can be a peer too, and is fitted anew in each round.

    Parameters
    ----------
    student : estimator, default=None
        The classifier that is cloned where `peers` is a number, with `predict_proba` or
        `decision_function`. If None, ``GradientBoostingClassifier(n_estimators=100,
        learning_rate=0.1, max_depth=3)`` is used.

    Attributes
    ----------
    student_ : estimator
        The fitted student of the peer that is kept, a plain estimator to ship. With the
        average it is the ensemble, a `skdistill.teachers.FoldMeanClassifier`.
    best_estimator_ : estimator
        The DistilledClassifier that holds it, or the ensemble.
    round_ : int
        After which round; 0 is the baseline student, which was fitted to the end.
    resumed_ : list of str
        The names of the peers whose training went on.
    peer_ : str
        The name of the peer that is kept: its own, or "peer0" and so on; or "average".
    losses_ : dict of str to list of float, or None
        By the names of the peers and "average", the mean loss on held-out samples after
        each round; None without `choose`.
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
    SelfDistilledClassifier : One student that learns from itself.

    References
    ----------
    .. [1] Anil et al., "Large scale distributed neural network training through online
       distillation", 2018, algorithm 1.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdistill import CodistilledClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = CodistilledClassifier(
    ...     peers=[("tree", DecisionTreeClassifier()), ("bayes", GaussianNB())],
    ...     random_state=0,
    ... ).fit(X, y)
    >>> model.round_
    1
    """

    _distilled_type = DistilledClassifier

    def __init__(self, student: Student | None = None, **inherited: Any) -> None:
        super().__init__(student, **inherited)
