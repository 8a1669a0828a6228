"""What is known of a family of students: one adapter, whose parts are all optional."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import get_tags

from skdistill._fitting import final_step, weight_param
from skdistill._sklearn import safe_indexing
from skdistill._typing import Estimator, Table
from skdistill.students._bounded import fit_repeatedly
from skdistill.students._class_weight import balance_classes
from skdistill.students._counts import ValueCounts, count_known
from skdistill.students._duplication import fit_on_duplicates
from skdistill.students._leaves import LeafModel
from skdistill.students._piecewise import PiecewiseAdapter
from skdistill.students._training_loss import LossWord, TrainingLoss
from skdistill.targets import Target

__all__ = ["StudentAdapter", "round_of"]


class StudentAdapter(PiecewiseAdapter):
    """What is known of a family of students, for `register`.

    The defaults hold for any estimator that follows scikit-learn. A subclass overrides
    what it knows better; nothing is required. One adapter may serve the regressors and
    the classifiers of a library.

    Attributes
    ----------
    trains_natively : bool, default=False
        Whether `fit` is overridden, and learns targets without duplicated samples. The
        student then needs no `sample_weight`, and may split its training samples. Where
        that depends on its parameters, `learns_natively` says so.
    tempers_student : bool, default=False
        Whether `fit` follows ``target.soften == "both"``.
    needs_codes : bool, default=False
        Whether the classifiers take the labels 0..K-1 alone.
    coded_params : frozenset of {"eval_set", "eval_y"}, default={}
        The parameters of the classifiers' `fit` whose held-out labels must be codes.
    balances_by_weight : bool, default=False
        Whether ``class_weight="balanced"`` counts samples by their weights.
    positive_losses : frozenset of str, default={"poisson", "gamma", "tweedie"}
        The values of `loss`, `criterion` or `objective` that take no target below 0.
    bounded_losses : frozenset of str, default={}
        Those that take only targets between two bounds, such as 0 and 1.
    loss_params : tuple of str, default=("loss", "criterion", "objective")
        The parameters that name the loss.
    losses : mapping of str to LossWord, default=scikit-learn's
        The losses by which a regressor does not learn the mean.
    grows_with_samples : bool, default=False
        Whether the fitted model keeps its training samples: a transfer set would make
        it several times as large.
    has_fixed_form : bool, default=False
        Whether the model has too few shapes to follow the teacher everywhere, such as a
        line: which one fits best depends on where the samples lie.
    leaves : type of LeafModel or None, default=None
        Opens the leaves of a fitted model, for the refinement; None if it has none.
    is_single_tree : bool, default=False
        Whether the model is one tree, whose leaves hold the means of their targets
        already.
    offset_param : str or None, default=None
        The parameter of `fit` that says, for each sample, at what the raw prediction
        begins; None if there is none.
    has_hidden_layer : bool, default=False
        Whether a fitted model has a `hidden_layer`.
    learns_hints : bool, default=False
        Whether `fit` learns ``target.hints`` too, and drops their outputs afterwards.
    trains_distributed : bool, default=False
        Whether `fit_distributed` is overridden, and trains on Dask collections.
    trains_in_blocks : bool, default=False
        Whether `fit_in_blocks` is overridden, and trains on samples that come block by
        block.

    Examples
    --------
    A student that predicts the mean target, whatever the sample:

    >>> import numpy as np
    >>> from sklearn.base import BaseEstimator, ClassifierMixin
    >>> from skdistill.students import StudentAdapter, fit_on_target, register
    >>> from skdistill.targets import Target
    >>> class Prior(ClassifierMixin, BaseEstimator):
    ...     def fit(self, X, y):
    ...         self.classes_, count = np.unique(y, return_counts=True)
    ...         self.prior_ = count / count.sum()
    ...         return self
    ...
    ...     def predict_proba(self, X):
    ...         return np.tile(self.prior_, (len(X), 1))
    >>> class PriorAdapter(StudentAdapter):
    ...     trains_natively = True
    ...
    ...     def fit(self, student, X, target, fit_params, eval_targets=()):
    ...         student.classes_ = target.classes
    ...         student.prior_ = np.average(target.mixed, axis=0, weights=target.weight)
    ...         return student
    >>> register(Prior, PriorAdapter())
    >>> logits = np.log([[0.9, 0.1], [0.5, 0.5]])
    >>> target = Target.of_classes([0, 1], logits, classes=["a", "b"], alpha=1.0)
    >>> fit_on_target(Prior(), [[0.0], [1.0]], target).predict_proba([[0.0]])
    array([[0.7, 0.3]])
    """

    trains_natively: bool = False
    tempers_student: bool = False
    needs_codes: bool = False
    coded_params: frozenset[str] = frozenset()
    balances_by_weight: bool = False
    positive_losses: frozenset[str] = frozenset({"poisson", "gamma", "tweedie"})
    bounded_losses: frozenset[str] = frozenset()
    loss_params: tuple[str, ...] = ("loss", "criterion", "objective")
    losses: Mapping[str, LossWord] = MappingProxyType(
        {
            "absolute_error": LossWord("quantile", 0.5),
            "quantile": LossWord("quantile", 0.5, ("quantile", "alpha")),
            "huber": LossWord("robust"),
        }
    )
    grows_with_samples: bool = False
    has_fixed_form: bool = False
    leaves: type[LeafModel] | None = None
    is_single_tree: bool = False
    offset_param: str | None = None
    has_hidden_layer: bool = False
    learns_hints: bool = False

    def fit(
        self,
        student: Estimator,
        X: Table,
        target: Target,
        fit_params: Mapping[str, Any],
        eval_targets: Sequence[Target] = (),
    ) -> Estimator:
        """Fit a student on a target; `fit_on_target` calls it.

        By default a regressor is fitted on the mixed values, and a classifier on
        duplicated samples, one for each class, weighted by the class's probability.

        Parameters
        ----------
        student : estimator
            Unfitted, to be fitted in place.
        X : array-like of shape (n_samples, n_features)
            The samples.
        target : Target
            With the sample weights. Its classes are labels that the student takes:
            0..K-1 if `needs_codes`.
        fit_params : mapping of str to object
            Further parameters of the student's `fit`.
        eval_targets : sequence of Target, default=()
            The targets of the samples in ``fit_params["eval_set"]``, for students of
            classes that stop early by them.

        Returns
        -------
        student : fitted estimator
            Of classes, with probabilities in the order of ``target.classes``.
        """
        if target.classes is not None:
            self.resolve_class_weight(student, target)
            return fit_on_duplicates(student, X, target, fit_params)
        params = weight_param(student, target.weight, part="student") | dict(fit_params)
        return student.fit(X, self.mixed_values(student, target), **params)

    def learns_natively(self, student: Estimator) -> bool:
        """Return whether a student learns targets of classes without duplicates.

        Parameters
        ----------
        student : estimator
            Unfitted. Itself, not a Pipeline that ends in it.

        Returns
        -------
        bool
            By default `trains_natively`.
        """
        return self.trains_natively

    def fit_bounded(
        self,
        student: Estimator,
        X: Table,
        target: Target,
        fit_params: Mapping[str, Any],
    ) -> Estimator:
        """Fit a regressor on a target with a bound; `fit_on_target` calls it.

        By default by several fits, each after the predictions of the last.

        Parameters
        ----------
        student : estimator
            Unfitted, to be fitted in place.
        X : array-like of shape (n_samples, n_features)
            The samples.
        target : Target
            Of values, with a bound.
        fit_params : mapping of str to object
            Further parameters of the student's `fit`.

        Returns
        -------
        student : fitted estimator
        """
        return fit_repeatedly(
            student, X, target, lambda one, now: self.fit(one, X, now, fit_params)
        )

    def mixed_values(self, student: Estimator, target: Target) -> NDArray:
        """Return the mixed values, which a positive loss does not take below a label.

        Parameters
        ----------
        student : estimator
            Or a Pipeline that ends in it.
        target : Target
            Of values.

        Returns
        -------
        values : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Clipped from below at ``target.smallest`` if `is_positive_only`.
        """
        floor = target.smallest
        if floor is None or not self.is_positive_only(final_step(student)):
            return target.mixed
        return np.maximum(target.mixed, floor)

    def is_positive_only(self, student: Estimator) -> bool:
        """Return whether the student's loss takes no target below zero."""
        if get_tags(student).target_tags.positive_only:
            return True
        params = student.get_params(deep=False)
        return any(
            isinstance(params.get(name), str) and params[name] in self.positive_losses
            for name in self.loss_params
        )

    def is_bounded(self, student: Estimator) -> bool:
        """Return whether the student's loss takes targets between two bounds alone."""
        params = student.get_params(deep=False)
        return any(
            isinstance(params.get(name), str) and params[name] in self.bounded_losses
            for name in self.loss_params
        )

    def training_loss(self, student: Estimator) -> TrainingLoss:
        """Return the loss that a regressor is trained by.

        By default the one that the first of `loss_params` names that is callable, and
        so may be any loss, or among `losses`.

        Parameters
        ----------
        student : estimator
            Itself, not what it wraps.

        Returns
        -------
        TrainingLoss
        """
        params = student.get_params(deep=False)
        for name in self.loss_params:
            value = params.get(name)
            if callable(value):
                return TrainingLoss("other", None, f"{name}={value!r}")
            if isinstance(value, str) and value in self.losses:
                return self.losses[value].of(params, f"{name}={value!r}")
        return TrainingLoss()

    def reason_not_to_hint(self, student: Estimator) -> str:
        """Return why the parameters of an unfitted student rule hints out, else ""."""
        return ""

    def hidden_layer(self, model: Estimator, X: Table) -> NDArray:
        """Return the last hidden layer, (n_samples, n_units), of a fitted model."""
        raise NotImplementedError

    def set_level(self, student: Estimator, level: float) -> None:
        """Set the level of the quantile that a regressor learns, if it learns one."""
        params = student.get_params(deep=False)
        given = [params.get(name) for name in self.loss_params]
        words = [self.losses.get(one) for one in given if isinstance(one, str)]
        for word in filter(None, words):
            # A library that takes others lists none of its own.
            names = [name for name in word.params if name in params]
            if word.kind == "quantile" and (names := names or [*word.params]):
                student.set_params(**{names[0]: level})

    def is_linear(self, student: Estimator) -> bool:
        """Return whether the predictions are a linear function of the targets."""
        return False

    def resolve_class_weight(self, student: Estimator, target: Target) -> None:
        """Set class_weight="balanced" to what it is for the labels, in place."""
        balance_classes(student, target, by_weight=self.balances_by_weight)

    def class_weights(self, student: Estimator, n_classes: int) -> list[str]:
        """Return the parameters by which an unfitted student weighs its classes.

        The weights are not in the target, so leaves solved for it would undo them.
        """
        weight = getattr(student, "class_weight", None)
        return [] if weight is None else ["class_weight"]

    def check_params(
        self, student: Estimator, soften: str, *, n_classes: int, is_wrapped: bool
    ) -> None:
        """Raise, before any work, if parameters would not do what they say.

        Parameters
        ----------
        student : estimator
            Unfitted.
        soften : {"teacher", "both"}
            Whose logits are tempered.
        n_classes : int
            The number of classes of the target; 0 for one of values.
        is_wrapped : bool
            Whether the student holds this estimator as a part, which is then fitted on
            values or on duplicated samples.

        Raises
        ------
        ValueError
            That says which parameter, and what to set instead.
        """
        weight = getattr(student, "class_weight", None)
        counts = isinstance(weight, str) and not self.balances_by_weight
        if counts and is_wrapped and n_classes:
            raise ValueError(
                "Balanced class weights count samples, and a student that learns from "
                "duplicated ones has about as many of each class. They can be resolved "
                f"on the labels for a student of its own. Got {student!r} inside "
                "another estimator. Use a dict as class_weight."
            )

    def search_space(self, student: Estimator) -> dict[str, Any]:
        """Return what is tried where the student is tuned at the size that it has.

        Parameters
        ----------
        student : estimator
            Unfitted. Itself, not what wraps it.

        Returns
        -------
        space : dict of str to sequence or distribution
            Values to try, or a distribution with a method `rvs`, by the parameter. None
            of them makes the student larger or slower. By default nothing.
        """
        return {}

    def ways_to_split(self, student: Estimator) -> list[str]:
        """Return by which parameters the student splits its training samples.

        Duplicates of one sample would fall on both sides of such a split.
        """
        name, params = type(student).__name__, student.get_params(deep=False)
        splits = {
            name: name.endswith("CV"),
            "early_stopping=True": params.get("early_stopping", False) is True,
            "oob_score": bool(params.get("oob_score")),
            # Platt's scaling of a support vector machine is cross-validated.
            "probability=True": params.get("probability", False) is True,
        }
        return [what for what, does in splits.items() if does]

    def keep_growth(self, student: Estimator, n_samples: int) -> None:
        """Set in place what the number of training samples alone would decide.

        It is called before a transfer set, which is several times as large, is added.
        """

    def has_unlimited_trees(self, student: Estimator) -> bool:
        """Return whether more samples grow larger trees; `max_leaf_nodes` limits them.

        A transfer set would make another student of them, so they get the number of
        leaves that they have without it.
        """
        return False

    def count_values(self, model: Estimator) -> ValueCounts | None:
        """Count the leaves and weights of a fitted model.

        By default by `get_n_leaves` and scikit-learn's names for weights. Ensembles and
        wrappers of one model need no adapter: their members are summed up.

        Parameters
        ----------
        model : estimator
            Fitted.

        Returns
        -------
        counts : ValueCounts or None
            None if it is a model of another kind.
        """
        return count_known(model)

    def stages(
        self, model: Estimator, X: Table, method: str
    ) -> Iterator[NDArray] | None:
        """Yield what a fitted model predicts after 1, 2, ... rounds of its training.

        By default by scikit-learn's `staged_predict` and `staged_predict_proba`.

        Parameters
        ----------
        model : estimator
            Fitted.
        X : array-like of shape (n_samples, n_features)
            The samples.
        method : {"predict", "predict_proba"}
            What to yield.

        Returns
        -------
        stages : iterator of ndarray or None
            The last is what the model itself predicts. None if it has no stages.
        """
        staged = getattr(model, f"staged_{method}", None)
        return None if staged is None else staged(X)

    def stage(
        self, model: Estimator, X: Table, method: str, fraction: float
    ) -> NDArray | None:
        """Return what a fitted model predicts after a fraction of its rounds.

        By default `stages` is gone through up to there, and once for a single sample,
        which counts them.

        Parameters
        ----------
        model : estimator
            Fitted.
        X : array-like of shape (n_samples, n_features)
            The samples.
        method : {"predict", "predict_proba"}
            What is asked for.
        fraction : float
            From 0 to 1; at least one round counts.

        Returns
        -------
        predictions : ndarray or None
            None if the model has no stages.
        """
        counted = self.stages(model, safe_indexing(X, [0]), method)
        every = self.stages(model, X, method)
        if counted is None or every is None:
            return None
        number = round_of(fraction, sum(1 for _ in counted))
        return next(islice(every, number - 1, None))

    def has_stages(self, model: Estimator) -> bool:
        """Return whether `stages` yields predictions of a model, fitted or not."""
        is_known = type(self).stages is not StudentAdapter.stages
        return is_known or hasattr(model, "staged_predict")

    def keeping_stages(self, model: Estimator) -> Estimator:
        """Return an unfitted model that, once fitted, has its stages.

        By default the model itself: it has them in any case, or never.
        """
        return model


def round_of(fraction: float, n_rounds: int) -> int:
    """Return the number of the round that ends a fraction of them, at least the first.

    Examples
    --------
    >>> round_of(0.25, 100), round_of(0.25, 1)
    (25, 1)
    """
    return max(1, round(fraction * n_rounds))
