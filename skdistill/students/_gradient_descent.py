"""SGDClassifier with log loss learns soft labels by its own steps, a class at a time.

It fits one logistic model for each class, of two the second's alone. The gradient of
its loss is sigmoid(z) - y for any y from 0 to 1, so each model takes the probability of
its class where it would take the label: a step for each sample, not for each duplicate.
scikit-learn's SGDRegressor takes these steps, by the classifier's loss.

With the class's weight c and the weight d of all others, the loss of a sample is ::

    c p CE(1, q) + d (1 - p) CE(0, q) = s CE(c p / s, q),    s = c p + d (1 - p)
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import SGDClassifier, SGDRegressor
from sklearn.utils import check_random_state, compute_class_weight
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import validate_data

from skdistill._sklearn import CyHalfBinomialLoss, validate_params
from skdistill._typing import Estimator, Table
from skdistill.students._duplication import classes_of
from skdistill.students._linear import FixedFormAdapter
from skdistill.students._registry import register
from skdistill.targets import Target

__all__ = ["GradientDescentAdapter"]

_MAX_SEED = np.iinfo(np.int32).max
_LOG_LOSS = (CyHalfBinomialLoss,)


class _OneClass(SGDRegressor):
    """Learns the probability of a class by log loss."""

    loss_functions: ClassVar[dict] = {"squared_error": _LOG_LOSS}


class GradientDescentAdapter(FixedFormAdapter):
    """SGDClassifier with log loss; with another it learns duplicates."""

    trains_natively = True

    def learns_natively(self, student: Estimator) -> bool:
        # What is held out to stop early is scored by labels.
        return (
            type(student).fit is SGDClassifier.fit
            and CyHalfBinomialLoss is not None
            and SGDClassifier.loss_functions.get("log_loss") == _LOG_LOSS
            and student.loss == "log_loss"
            and not student.early_stopping
        )

    def fit(
        self,
        student: Estimator,
        X: Table,
        target: Target,
        fit_params: Mapping[str, Any],
        eval_targets: Sequence[Target] = (),
    ) -> Estimator:
        # What it does not know, or cannot learn, scikit-learn says itself.
        is_usual = len(classes_of(target)) > 1 and not fit_params
        if not is_usual or not self.learns_natively(student):
            return super().fit(student, X, target, fit_params)
        validate_params(student)
        self.resolve_class_weight(student, target)
        X = validate_data(
            student,
            X,
            accept_sparse="csr",
            dtype=[np.float64, np.float32],
            order="C",
            accept_large_sparse=False,
        )
        models = Parallel(
            n_jobs=student.n_jobs, verbose=student.verbose, require="sharedmem"
        )(
            delayed(model.fit)(X, probability, sample_weight=weight, **start)
            for model, start, (probability, weight) in zip(
                *_models(student, target), _problems(student, target), strict=True
            )
        )
        _keep(student, models, len(target.labels))
        student.classes_ = classes_of(target)
        return student


def _models(
    student: Estimator, target: Target
) -> tuple[list[Estimator], list[dict[str, NDArray]]]:
    """Return an unfitted model for each class, and where each is to start."""
    known, given = _OneClass().get_params(), student.get_params(deep=False)
    params = {name: given[name] for name in known if name in given}
    params |= {"loss": known["loss"], "warm_start": False}
    n_classes = len(classes_of(target))
    states = [check_random_state(student.random_state)]
    if n_classes > 2:
        seeds = states[0].randint(_MAX_SEED, size=n_classes)
        states = [np.random.RandomState(seed) for seed in seeds]
    for state in states:
        # The classifier draws another number before that of the samples' order.
        state.randint(1, _MAX_SEED)
    models = [_OneClass(**params | {"random_state": state}) for state in states]
    starts: list[dict[str, NDArray]] = [{} for _ in models]
    if student.warm_start and hasattr(student, "coef_"):
        if len(student.coef_) != len(models):
            raise ValueError(
                "A student with warm_start=True goes on with the classes it knows. Got "
                f"{n_classes} classes, and coef_ of shape {student.coef_.shape}. Pass "
                "an unfitted one."
            )
        starts = [
            {"coef_init": coef, "intercept_init": intercept}
            for coef, intercept in zip(
                student.coef_, student.intercept_[:, None], strict=True
            )
        ]
    return models, starts


def _problems(
    student: Estimator, target: Target
) -> Iterator[tuple[NDArray, NDArray | None]]:
    """Yield for each class its probabilities, and the weights of the samples."""
    classes = classes_of(target)
    factors = None
    if student.class_weight is not None:
        factors = compute_class_weight(student.class_weight, classes=classes, y=classes)
    mixed = target.mixed
    is_binary = len(classes) == 2
    for k in [1] if is_binary else range(len(classes)):
        probability, weight = mixed[:, k], target.weight
        if factors is not None:
            own = factors[k] * probability
            other = (factors[0] if is_binary else 1.0) * (1 - probability)
            total = own + other
            probability = own / np.where(total > 0, total, 1.0)
            weight = total if weight is None else total * weight
        yield probability, weight


def _keep(student: Estimator, models: list[Estimator], n_samples: int) -> None:
    """Set what a fit of the student sets."""
    student.n_iter_ = max(model.n_iter_ for model in models)
    student.t_ = 1.0 + student.n_iter_ * n_samples
    weights, intercepts = ["coef_"], ["intercept_"]
    if student.average:
        weights += ["_standard_coef", "_average_coef"]
        intercepts += ["_standard_intercept", "_average_intercept"]
    for names, join in ((weights, np.stack), (intercepts, np.concatenate)):
        for name in names:
            setattr(student, name, join([getattr(model, name) for model in models]))


register(
    "sklearn.linear_model._stochastic_gradient.SGDClassifier", GradientDescentAdapter()
)
