"""Teachers that learn in context, such as tabular foundation models.

Their `fit` keeps the training samples, the context; what there is to learn is looked up
there when they predict, a sample's own label first of all. So they are cheap to fit and
dear to ask, the other way round than most: `cross_fit` asks each of them for its own
fold alone, and fits one more, with all samples as context, for all other samples.
"""

from collections.abc import Callable
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import (
    ClassifierMixin,
    RegressorMixin,
    clone,
    is_classifier,
    is_regressor,
)
from sklearn.utils import Tags, gen_batches, indexable
from sklearn.utils.validation import check_is_fitted

from skdistill._fitting import final_step, forget_fit, is_estimator, wrapped
from skdistill._sklearn import (
    HasMethods,
    Interval,
    fit_context,
    num_samples,
    safe_indexing,
)
from skdistill._typing import Estimator, Table
from skdistill._validation import check_readable
from skdistill.teachers._wrapper import TeacherWrapper
from skdistill.transfer import CutMixSampler, TransferSet

__all__ = [
    "InContextClassifier",
    "InContextRegressor",
    "in_context",
    "in_context_recipe",
    "learns_in_context",
]


def in_context(
    estimator: Estimator, *, batch_size: int = 1000
) -> "InContextRegressor | InContextClassifier":
    """Return a teacher that learns in context, from an estimator that does.

    As teacher it predicts each fold with a context that lacks the fold, and all other
    samples with the whole training set as context.

    Parameters
    ----------
    estimator : estimator
        A regressor or classifier whose `fit` keeps the training samples, unfitted, such
        as ``TabICLClassifier(device="cuda")``.
    batch_size : int, default=1000
        The most samples that it is asked to predict at once; what it needs of its
        device's memory grows with them.

    Returns
    -------
    teacher : InContextRegressor or InContextClassifier

    Raises
    ------
    TypeError
        If `estimator` is neither a regressor nor a classifier.

    Examples
    --------
    >>> from sklearn.neighbors import KNeighborsRegressor
    >>> in_context(KNeighborsRegressor(), batch_size=100)
    InContextRegressor(batch_size=100, estimator=KNeighborsRegressor())
    """
    if is_estimator(estimator) and is_classifier(estimator):
        return InContextClassifier(estimator, batch_size=batch_size)
    if is_estimator(estimator) and is_regressor(estimator):
        return InContextRegressor(estimator, batch_size=batch_size)
    raise TypeError(
        "in_context takes a regressor or a classifier that follows scikit-learn. Got "
        f"{estimator!r}. Pass an instance, for example TabICLRegressor()."
    )


def in_context_recipe(
    estimator: Estimator, *, batch_size: int = 1000, size: float = 10
) -> dict[str, Any]:
    """Return the parameters by which foundation models are distilled into small ones.

    The student learns what the teacher says alone, of the observed samples and of
    CutMix samples [2]_ beside them, which the teacher predicts with the whole training
    set as context. A training sample's prediction comes from a context that lacks its
    fold [1]_, so that no sample finds its own label.

    Parameters
    ----------
    estimator : estimator
        A regressor or classifier whose `fit` keeps the training samples, as for
        `in_context`.
    batch_size : int, default=1000
        The most samples that it is asked to predict at once.
    size : float, default=10
        CutMix samples for each training sample, above 0.

    Returns
    -------
    params : dict
        `teacher`, `alpha` and `transfer` of a `DistilledRegressor` or
        `DistilledClassifier`, or of `set_params`.

    References
    ----------
    .. [1] Tanna et al., "Pocket foundation models: distilling TFMs into CPU-ready
       gradient-boosted trees", 2026 (out-of-fold predictions of in-context teachers).
    .. [2] Yun et al., "CutMix: regularization strategy to train strong classifiers with
       localizable features", 2019 (of images).

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.neighbors import KNeighborsRegressor
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import DistilledRegressor
    >>> from skdistill.teachers import in_context_recipe
    >>> params = in_context_recipe(KNeighborsRegressor(20), size=2)
    >>> X, y = load_diabetes(return_X_y=True)
    >>> student = DecisionTreeRegressor(max_leaf_nodes=16)
    >>> model = DistilledRegressor(student=student, **params).fit(X, y)
    >>> model.alpha, model.transfer
    (1.0, TransferSet(sampler=CutMixSampler(), size=2))
    """
    teacher = in_context(estimator, batch_size=batch_size)
    transfer = TransferSet(CutMixSampler(), size=size)
    return {"teacher": teacher, "alpha": 1.0, "transfer": transfer}


def learns_in_context(teacher: Estimator | None) -> bool:
    """Return whether a teacher, or what it wraps, says that it learns in context.

    Parameters
    ----------
    teacher : estimator or None
        Of any library; it says so by an attribute `learns_in_context` that is True. The
        last step of a Pipeline counts, and the one estimator that a wrapper holds,
        unless the wrapper has the attribute itself.

    Examples
    --------
    >>> from sklearn.neighbors import KNeighborsRegressor
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> teacher = in_context(KNeighborsRegressor())
    >>> learns_in_context(make_pipeline(StandardScaler(), teacher))
    True
    >>> learns_in_context(KNeighborsRegressor())
    False
    """
    while is_estimator(teacher := final_step(teacher)):
        if hasattr(teacher, "learns_in_context"):
            return bool(teacher.learns_in_context)
        teacher = wrapped(teacher)
    return False


class _InContext(TeacherWrapper):
    """Holds an estimator that learns in context, and asks it in batches."""

    learns_in_context: ClassVar[bool] = True
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [HasMethods(["fit", "predict"])],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(self, estimator: Estimator, *, batch_size: int = 1000) -> None:
        self.estimator = estimator
        self.batch_size = batch_size

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Table, y: ArrayLike, **fit_params: Any) -> Self:
        """Give the samples to a clone of the estimator, as its context.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            The context; it reaches the estimator as it is.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their labels.
        **fit_params : dict
            Metadata of the estimator's `fit`; with metadata routing that which it
            requests.

        Returns
        -------
        self : object
        """
        forget_fit(self)
        check_readable(X=X, y=y)
        self.estimator_ = clone(self.estimator).fit(X, y, **self._routed(fit_params))
        self._take_names(self.estimator_)
        return self

    def predict(self, X: Table) -> NDArray:
        """Return what the estimator predicts, batch by batch.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        check_is_fitted(self)
        return self._in_batches(self.estimator_.predict, X)

    def _in_batches(self, predict: Callable[[Table], NDArray], X: Table) -> NDArray:
        n_samples = num_samples(X)
        if n_samples <= self.batch_size:
            return predict(X)
        (rows,) = indexable(X)
        batches = gen_batches(n_samples, self.batch_size)
        return np.concatenate([predict(safe_indexing(rows, one)) for one in batches])


class InContextRegressor(RegressorMixin, _InContext):
    """Regressor that looks labels up in its training samples, the context.

    Parameters
    ----------
    estimator : regressor
        Its `fit` keeps the training samples. Not fitted; a clone is.
    batch_size : int, default=1000
        The most samples that it is asked to predict at once; what it needs of its
        device's memory grows with them.

    Attributes
    ----------
    estimator_ : regressor
        The fitted clone, which holds the context.
    n_features_in_ : int
        Number of features seen during `fit`, where the regressor says it.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where the regressor says them.

    See Also
    --------
    in_context : Make one, or the classifier, whichever the estimator is.

    Examples
    --------
    >>> from sklearn.neighbors import KNeighborsRegressor
    >>> context = [[0.0], [1.0], [2.0]], [5.0, 6.0, 7.0]
    >>> teacher = InContextRegressor(KNeighborsRegressor(1), batch_size=2)
    >>> teacher.fit(*context).predict([[0.1], [0.9], [2.1]])
    array([5., 6., 7.])
    """


class InContextClassifier(ClassifierMixin, _InContext):
    """Classifier that looks labels up in its training samples, the context.

    Parameters
    ----------
    estimator : classifier
        Its `fit` keeps the training samples, and it has `predict_proba`. Not fitted; a
        clone is.
    batch_size : int, default=1000
        The most samples that it is asked to predict at once; what it needs of its
        device's memory grows with them.

    Attributes
    ----------
    estimator_ : classifier
        The fitted clone, which holds the context.
    classes_ : ndarray of shape (n_classes,)
        The labels, in the order of the columns of `predict_proba`.
    n_features_in_ : int
        Number of features seen during `fit`, where the classifier says it.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where the classifier says them.

    See Also
    --------
    in_context : Make one, or the regressor, whichever the estimator is.

    Examples
    --------
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> context = [[0.0], [1.0], [2.0]], ["a", "b", "b"]
    >>> teacher = InContextClassifier(KNeighborsClassifier(2), batch_size=1)
    >>> teacher.fit(*context).predict_proba([[0.1], [2.1]])
    array([[0.5, 0.5],
           [0. , 1. ]])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **_InContext._parameter_constraints,
        "estimator": [HasMethods(["fit", "predict", "predict_proba"])],
    }

    def predict_proba(self, X: Table) -> NDArray:
        """Return the probabilities that the estimator predicts, batch by batch.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
        """
        check_is_fitted(self)
        return self._in_batches(self.estimator_.predict_proba, X)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = False  # There is one set of classes.
        return tags
