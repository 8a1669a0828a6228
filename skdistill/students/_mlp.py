"""A multi-layer perceptron learns distributions by its own cross-entropy.

Its loss and gradient hold for any probabilities; only its input check insists on
labels. While it is fitted, that check is followed by putting the mixed target in place
of the onehot one, so batches hold samples, not duplicates, and certain labels give the
fit on labels.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from scipy.stats import loguniform
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.utils import check_random_state

from skdistill._numerics import log_probability
from skdistill._sklearn import (
    ACTIVATIONS,
    LOSS_FUNCTIONS,
    forget_optimizer,
    safe_indexing,
)
from skdistill._typing import Estimator, Table
from skdistill.students._adapter import round_of
from skdistill.students._checkpoints import (
    can_keep_checkpoints,
    predict_at_checkpoint,
    with_checkpoints,
    with_last,
)
from skdistill.students._early_stopping import soft_log_loss
from skdistill.students._registry import register
from skdistill.students._rounds import ResumingAdapter
from skdistill.students._while_fitting import with_methods, with_params
from skdistill.targets import Target

__all__ = ["ClassPerceptronAdapter", "PerceptronAdapter"]


class PerceptronAdapter(ResumingAdapter):
    """MLPRegressor; training goes on epoch by epoch."""

    training_rounds = "max_iter"
    has_hidden_layer = True
    learns_hints = True

    def search_space(self, student: Estimator) -> dict[str, Any]:
        return {
            "alpha": loguniform(1e-5, 10),
            "learning_rate_init": loguniform(3e-4, 1e-2),
            "early_stopping": (False, True),
        }

    def fit(
        self,
        student: Estimator,
        X: Table,
        target: Target,
        fit_params: Mapping[str, Any],
        eval_targets: Sequence[Target] = (),
    ) -> Estimator:
        if target.hints is None:
            return super().fit(student, X, target, fit_params, eval_targets)
        mixed = target.mixed
        wide = target.with_hints(mixed)
        with with_methods(student, _zeros_for_hints(mixed[:1].size)):
            student.fit(X, wide, sample_weight=target.weight, **fit_params)
        return _drop_hints(student, mixed[:1].size)

    def reason_not_to_hint(self, student: Estimator) -> str:
        is_classifier = isinstance(student, MLPClassifier)
        loss = student.get_params().get("loss", "squared_error")
        stops = student.early_stopping and student.solver != "lbfgs"
        # scikit-learn's loss of several values is their mean, its gradient that of the
        # sum; only a line search compares them.
        searches = student.solver == "lbfgs" and not is_classifier
        reasons = {
            "early_stopping=True would judge its hints too": stops,
            "solver='lbfgs' does not learn several values well": searches,
            f"loss={loss!r} would be that of its hints too": loss != "squared_error",
        }
        return next((reason for reason, holds in reasons.items() if holds), "")

    def hidden_layer(self, model: Estimator, X: Table) -> NDArray:
        hidden = X if issparse(X) else np.asarray(X)
        for coef, intercept in zip(
            model.coefs_[:-1], model.intercepts_[:-1], strict=True
        ):
            hidden = hidden @ coef + intercept
            ACTIVATIONS[model.activation](hidden)
        return hidden

    def has_stages(self, model: Estimator) -> bool:
        if hasattr(model, "coefs_"):
            return hasattr(model, "checkpoints_") and model.solver != "lbfgs"
        return can_keep_checkpoints(model)

    def keeping_stages(self, model: Estimator) -> Estimator:
        return with_checkpoints(model) if can_keep_checkpoints(model) else model

    def stages(
        self, model: Estimator, X: Table, method: str
    ) -> Iterator[NDArray] | None:
        if not (self.has_stages(model) and hasattr(model, method)):
            return None
        return (
            predict_at_checkpoint(model, weights, X, method)
            for weights in with_last(model).values()
        )

    def stage(
        self, model: Estimator, X: Table, method: str, fraction: float
    ) -> NDArray | None:
        if not (self.has_stages(model) and hasattr(model, method)):
            return None
        kept = with_last(model)
        wanted = round_of(fraction, max(kept))
        nearest = min(kept, key=lambda epoch: abs(np.log(epoch / wanted)))
        return predict_at_checkpoint(model, kept[nearest], X, method)

    def reason_not_to_resume(self, student: Estimator) -> str:
        reasons = {
            "solver='lbfgs' has no epochs": student.solver == "lbfgs",
            "early_stopping=True chooses the epochs itself": student.early_stopping,
        }
        return next((reason for reason, holds in reasons.items() if holds), "")

    def resume(
        self, student: Estimator, X: Table, target: Target, n_rounds: int
    ) -> None:
        best, waited = np.inf, 0
        y, learning = self.labels_to_resume(student, target)
        # With an integer each epoch would begin with the same samples.
        rng = check_random_state(student.random_state)
        with with_params(student, random_state=rng), learning:
            for _ in range(n_rounds):
                student.partial_fit(X, y, sample_weight=target.weight)
                waited = 0 if student.loss_ < best - student.tol else waited + 1
                best = min(best, student.loss_)
                if waited > student.n_iter_no_change:
                    break

    def labels_to_resume(
        self, student: Estimator, target: Target
    ) -> tuple[NDArray, AbstractContextManager[None]]:
        """Return labels for further epochs, and what to train inside of."""
        return self.mixed_values(student, target), nullcontext()


class ClassPerceptronAdapter(PerceptronAdapter):
    """MLPClassifier learns soft labels by its own cross-entropy."""

    trains_natively = True

    def fit(
        self,
        student: Estimator,
        X: Table,
        target: Target,
        fit_params: Mapping[str, Any],
        eval_targets: Sequence[Target] = (),
    ) -> Estimator:
        if student.early_stopping and student.solver != "lbfgs":
            if fit_params:
                raise TypeError(
                    "An MLPClassifier takes no parameters of fit but weights. Got "
                    f"{sorted(fit_params)}. Leave them out."
                )
            return _fit_until_it_stops(student, X, target)
        output = _output(target.mixed)
        with _learning(student, output, target.hints):
            student.fit(X, target.y, sample_weight=target.weight, **fit_params)
        if target.hints is not None:
            _drop_hints(student, output.shape[1])
        return student

    def labels_to_resume(
        self, student: Estimator, target: Target
    ) -> tuple[NDArray, AbstractContextManager[None]]:
        if not target.uses_teacher:
            return target.y, nullcontext()
        return target.y, _learning(student, _output(target.mixed))


def _zeros_for_hints(n_outputs: int) -> type:
    """Return the method by which training starts where the baseline student's does.

    The weights of the hints' outputs start at 0: large outputs, which come of features
    that are not scaled, would at once drive hidden units to where they are dead.
    """

    class ZerosForHints:
        def _initialize(
            self: Any, y: NDArray, layer_units: list[int], dtype: np.dtype
        ) -> None:
            own = [*layer_units[:-1], n_outputs]
            super()._initialize(y[:, :n_outputs], own, dtype)  # type: ignore[misc]
            n_hints = y.shape[1] - n_outputs
            last, start = self.coefs_[-1], self.intercepts_[-1]
            self.coefs_[-1] = np.pad(last, ((0, 0), (0, n_hints)))
            self.intercepts_[-1] = np.pad(start, (0, n_hints))
            self.n_outputs_ = y.shape[1]

    return ZerosForHints


def _drop_hints(student: Estimator, n_outputs: int) -> Estimator:
    """Take the outputs of the hints, which come last, out of a fitted perceptron."""
    checkpoints = getattr(student, "checkpoints_", {}).values()
    for coefs, intercepts in ((student.coefs_, student.intercepts_), *checkpoints):
        # A view would keep all weights in memory.
        coefs[-1] = coefs[-1][:, :n_outputs].copy()
        intercepts[-1] = intercepts[-1][:n_outputs].copy()
    student.n_outputs_ = n_outputs
    forget_optimizer(student)  # Its momenta are those of all outputs.
    return student


def _output(mixed: NDArray) -> NDArray:
    """Return what the last layer is to predict: one column for two classes."""
    return mixed[:, 1 if mixed.shape[1] == 2 else 0 :]


def _learning(
    student: MLPClassifier, output: NDArray, hints: NDArray | None = None
) -> AbstractContextManager[None]:
    """Let a classifier learn distributions, and hints by squared loss beside them."""
    if hints is None:
        return with_methods(student, _soft_target(output))
    n_outputs = output.shape[1]

    wide = np.column_stack([output, hints])

    class HintedTarget(_soft_target(wide), _zeros_for_hints(n_outputs)):  # type: ignore[misc]
        def _forward_pass(self: Any, activations: list[NDArray]) -> list[NDArray]:
            own = self.out_activation_
            self.out_activation_ = "identity"
            try:
                activations = super()._forward_pass(activations)
            finally:
                self.out_activation_ = own
            ACTIVATIONS[own](activations[-1][:, :n_outputs])
            return activations

        def _backprop(
            self,
            X: Table,
            y: NDArray,
            sample_weight: NDArray | None,
            activations: list[NDArray],
            *args: Any,
        ) -> tuple:
            # The gradient by the last layer is prediction - target, for both losses.
            loss, *gradients = super()._backprop(
                X, y, sample_weight, activations, *args
            )
            is_binary = self.out_activation_ == "logistic"
            measure = LOSS_FUNCTIONS["binary_log_loss" if is_binary else "log_loss"]
            found = activations[-1]
            loss += measure(y[:, :n_outputs], found[:, :n_outputs], sample_weight)
            errors = ((y - found)[:, n_outputs:] ** 2).sum(axis=1)
            loss += 0.5 * np.average(errors, weights=sample_weight)
            return loss - measure(y, found, sample_weight), *gradients

    return with_methods(student, HintedTarget)


def _soft_target(output: NDArray) -> type:
    """Return the method that puts other outputs in place of the onehot labels."""

    class SoftTarget:
        def _validate_input(
            self, X: Table, *args: Any, **kwargs: Any
        ) -> tuple[NDArray, NDArray]:
            X, _ = super()._validate_input(X, *args, **kwargs)  # type: ignore[misc]
            return X, output.astype(X.dtype, copy=False)

    return SoftTarget


def _fit_until_it_stops(
    student: MLPClassifier, X: Table, target: Target
) -> MLPClassifier:
    """Train epoch by epoch; keep the weights that did best on samples held out.

    scikit-learn's own early stopping would judge these samples by accuracy; here it is
    the cross-entropy to their mixed target.
    """
    params = student.get_params(deep=False)
    rng = check_random_state(params["random_state"])
    y, mixed, classes = target.y, target.mixed, np.unique(target.y)
    train, held_out = train_test_split(
        np.arange(len(y)),
        test_size=params["validation_fraction"],
        stratify=y if mixed.shape[1] == 2 else None,  # As scikit-learn does.
        random_state=rng,
    )
    X_train, X_held_out = safe_indexing(X, train), safe_indexing(X, held_out)
    weight, judge = (
        None if target.weight is None else target.weight[part]
        for part in (train, held_out)
    )
    output, scores = _output(mixed)[train], list[float]()
    best, waited = [], 0
    while len(scores) < params["max_iter"] and waited <= params["n_iter_no_change"]:
        own = with_params(student, early_stopping=False, random_state=rng)
        with own, _learning(student, output):
            student.partial_fit(
                X_train, y[train], sample_weight=weight, classes=classes
            )
        logits = log_probability(student.predict_proba(X_held_out))
        so_far = max(scores, default=-np.inf)
        score = -soft_log_loss(mixed[held_out], logits, judge)
        scores.append(score)
        waited = waited + 1 if score < so_far + params["tol"] else 0
        if score > so_far:
            best = [part.copy() for part in (*student.coefs_, *student.intercepts_)]
    n_layers = len(student.coefs_)
    student.coefs_, student.intercepts_ = best[:n_layers], best[n_layers:]
    student.validation_scores_, student.best_validation_score_ = scores, max(scores)
    student.n_iter_, student.best_loss_ = len(scores), None
    return student


_NAME = "sklearn.neural_network._multilayer_perceptron.MLP"
register(f"{_NAME}Regressor", PerceptronAdapter())
register(f"{_NAME}Classifier", ClassPerceptronAdapter())
