"""The cascade for classification."""

from typing import Any, ClassVar

from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from skdistill._parameters import inherit_parameters
from skdistill._sklearn import HasMethods, StrOptions
from skdistill._typing import Estimator, Table
from skdistill.cascade._base import BaseCascade
from skdistill.cascade._deferral import UNCERTAINTIES
from skdistill.distilled import DistilledClassifier

__all__ = ["CascadeClassifier"]


@inherit_parameters(BaseCascade)
class CascadeClassifier(ClassifierMixin, BaseCascade):
    """Classifier whose student predicts, and whose teacher does where it must.

    The computation during `predict_proba` is::

        p = student's probabilities for X
        q = p + corrections that deferral_models_ predict for [X, margin(p), p]
        deferred = KL(q || p) > threshold_
        p[deferred] = calibrated teacher's probabilities for X[deferred]

    During `fit` the estimator is distilled, and once more for each fold of `cv`. On the
    held-out samples a small deferral model learns by how much the student's probability
    of a class misses, (t + y) / 2 - p, with the teacher's probability t and y as 0 or
    1; the divergence of what it corrects is what a sample is expected to gain by going
    to the teacher. The threshold is the order statistic of its out-of-fold scores that
    keeps the teacher within `budget`. With several students each has a score and a
    threshold of its own, set on the held-out samples that come to it.

    Parameters
    ----------
    estimator : estimator, default=None
        A `DistilledClassifier`, or a search over one, whose student has
        `predict_proba`. ``FrozenEstimator(fitted)`` is used as it is; `fit` is then
        given samples that it was not fitted on, of which one half teaches the deferral
        model and the other sets the threshold. If None, ``DistilledClassifier()`` is
        used.
    deferral : {"auto", "margin", "entropy"} or regressor, default="auto"
        What scores a sample: the higher, the sooner it goes to the teacher.

        - "margin": 1 less the lead of the student's likeliest class over its second.
        - "entropy": that of the student's probabilities. Both need no model, and know
          where the student is unsure, not where the teacher knows more. All samples of
          a frozen estimator then set the threshold.
        - A regressor learns by how much the student misses: one for two classes, else
          one for each class. It sees the sample's features and after them the
          student's margin and probabilities. "auto" is boosting on histograms of 100
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
        The fitted models of the last student's deferral score; empty where it needs
        none.
    threshold_ : float
        A sample with a higher deferral score goes from the last student to the teacher.
        Infinite where the
        budget is too small for the number of held-out samples.
    deferred_fraction_ : float
        The fraction of held-out samples that goes to the teacher.
    certificate_ : FidelityCertificate or None
        A bound on the fraction of disagreements of student and teacher among samples
        that are kept, of several students the loosest; None where none is kept.
    guarantee_ : str
        What is guaranteed, in words, with what it assumes.
    costs_ : tuple of float or None
        Microseconds a sample, of each student with the score, and of the teacher; None
        where they are not known.
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has names that are all strings.

    See Also
    --------
    CascadeRegressor : The cascade for regression.
    skdistill.displays.CascadeDisplay : The score against the fraction deferred.

    References
    ----------
    .. [1] Viola and Jones, "Rapid Object Detection using a Boosted Cascade of Simple
       Features", 2001.
    .. [2] Madras, Pitassi and Zemel, "Predict Responsibly: Improving Fairness and
       Accuracy by Learning to Defer", 2018.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.ensemble import ExtraTreesClassifier
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdistill import CascadeClassifier, DistilledClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> pair = DistilledClassifier(
    ...     ExtraTreesClassifier(20, bootstrap=True),
    ...     DecisionTreeClassifier(max_leaf_nodes=4),
    ... )
    >>> model = CascadeClassifier(pair, budget=0.2, cv=3, random_state=0).fit(X, y)
    >>> model.predict_proba(X).shape
    (569, 2)
    >>> bool(model.defer(X).mean() < 0.5)
    True
    """

    _parameter_constraints: ClassVar[dict] = {
        "deferral": [
            StrOptions({"auto", *UNCERTAINTIES}),
            HasMethods(["fit", "predict"]),
        ],
    }

    def __init__(self, estimator: Estimator = None, **inherited: Any) -> None:
        super().__init__(estimator, **inherited)

    @property
    def classes_(self) -> NDArray:
        """The labels, sorted."""
        check_is_fitted(self, "estimator_")
        return self.estimator_.classes_

    def predict(self, X: Table) -> NDArray:
        """Predict the class, with the teacher where the student may be wrong.

        Parameters
        ----------
        X : {array-like, dataframe, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            The likeliest class of `predict_proba`.
        """
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def predict_proba(self, X: Table) -> NDArray:
        """Return class probabilities, the teacher's where the student may be wrong.

        Parameters
        ----------
        X : {array-like, dataframe, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`.
        """
        return self._predict(X)

    def _default(self) -> Estimator:
        return DistilledClassifier()
