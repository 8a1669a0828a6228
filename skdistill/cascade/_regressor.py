"""The cascade for regression."""

from typing import Any

from numpy.typing import NDArray
from sklearn.base import RegressorMixin

from skdistill._parameters import inherit_parameters
from skdistill._typing import Estimator, Table
from skdistill.cascade._base import BaseCascade
from skdistill.distilled import DistilledRegressor

__all__ = ["CascadeRegressor"]


@inherit_parameters(BaseCascade)
class CascadeRegressor(RegressorMixin, BaseCascade):
    """Regressor whose student predicts, and whose teacher does where it must.

    The computation during `predict` is::

        s = student's predictions for X
        r = deferral_models_[0].predict([X, s])
        deferred = r**2 > threshold_
        s[deferred] = calibrated teacher's predictions for X[deferred]

    During `fit` the estimator is distilled, and once more for each fold of `cv`. On the
    held-out samples a small deferral model learns by how much the student misses,
    (t + y) / 2 - s, with the teacher's prediction t and the label y; the square of what
    it predicts is what a sample is expected to gain by going to the teacher. The
    threshold is the order statistic of its out-of-fold scores that keeps the teacher
    within `budget`. With several students each has a score and a threshold of its own,
    set on the held-out samples that come to it.

    Parameters
    ----------
    estimator : estimator, default=None
        A `DistilledRegressor`, or a search over one. ``FrozenEstimator(fitted)`` is
        used as it is; `fit` is then given samples that it was not fitted on, of which
        one half teaches the deferral model and the other sets the threshold. If None,
        ``DistilledRegressor()`` is used.
    deferral : "auto" or regressor, default="auto"
        What learns by how much the student misses. It sees the sample's features and
        after them the student's prediction. "auto" is boosting on histograms of 100
        trees with 16 leaves, which takes numbers only; a Pipeline can prepare others.

    Attributes
    ----------
    estimator_ : estimator
        The distilled model, fitted on all samples; of several students the last one's,
        whose teacher predicts.
    stages_ : list of skdistill.cascade.CascadeStage
        For each student, from the first to the last, what scores its samples, the
        threshold above which they go on, and the certificate of those that it keeps.
    deferral_models_ : list of regressor
        The fitted model of the deferral score, alone in its list; that of the last
        student.
    threshold_ : float
        A sample with a higher deferral score goes from the last student to the teacher.
        Infinite where the
        budget is too small for the number of held-out samples.
    deferred_fraction_ : float
        The fraction of held-out samples that goes to the teacher.
    certificate_ : FidelityCertificate or None
        A bound on the distance of student and teacher on samples that are kept, of
        several students the loosest; None where none is kept.
    guarantee_ : str
        What is guaranteed, in words, with what it assumes.
    costs_ : tuple of float or None
        Microseconds a sample, of each student with the score, and of the teacher; None
        where they are not known.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has names that are all strings.

    See Also
    --------
    CascadeClassifier : The cascade for classification.
    skdistill.displays.CascadeDisplay : The score against the fraction deferred.

    References
    ----------
    .. [1] Viola and Jones, "Rapid Object Detection using a Boosted Cascade of Simple
       Features", 2001.
    .. [2] Madras, Pitassi and Zemel, "Predict Responsibly: Improving Fairness and
       Accuracy by Learning to Defer", 2018.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.ensemble import ExtraTreesRegressor
    >>> from sklearn.linear_model import Ridge
    >>> from skdistill import CascadeRegressor, DistilledRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> pair = DistilledRegressor(ExtraTreesRegressor(20, bootstrap=True), Ridge())
    >>> model = CascadeRegressor(pair, budget=0.3, cv=3, random_state=0).fit(X, y)
    >>> model.predict(X).shape
    (442,)
    >>> bool(model.deferred_fraction_ <= 0.3)
    True
    """

    def __init__(self, estimator: Estimator = None, **inherited: Any) -> None:
        super().__init__(estimator, **inherited)

    def predict(self, X: Table) -> NDArray:
        """Predict the target, with the teacher where the student may be wrong.

        Parameters
        ----------
        X : {array-like, dataframe, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        y : ndarray of shape (n_samples,)
        """
        return self._predict(X)

    def _default(self) -> Estimator:
        return DistilledRegressor()
