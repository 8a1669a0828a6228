"""Checks for students, samplers and steps of others, to be called from their tests."""

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.datasets import make_classification, make_friedman1
from sklearn.linear_model import LinearRegression
from sklearn.naive_bayes import GaussianNB

from skdistill._fitting import clone_with_seed
from skdistill._typing import Estimator, Table
from skdistill.distilled import DistilledClassifier, DistilledRegressor
from skdistill.inspect import count_values
from skdistill.refine import (
    is_prunable,
    is_refinable,
    pruning_path,
    refinement_path,
)
from skdistill.students import find_adapter, fit_on_target, last_step
from skdistill.targets import Target
from skdistill.teachers import SignalStep
from skdistill.transfer import draw

__all__ = ["check_sampler", "check_signal_step", "check_student"]

_NAMES = np.array(["zebra", "apple", "mango"])
# The check is of the student, which may well be better than such teachers.
_ANY_TEACHER: dict[str, Any] = {"on_poor_teacher": "ignore", "random_state": 0}


def check_student(student: Estimator, *, atol: float = 1e-5) -> None:
    """Check that a student learns targets, and that its adapter says what is true.

    The training, on a problem of values or on problems of two and three classes with
    string labels: a target that is certain gives the fit on labels; another target
    gives predictions that follow it; probabilities sum to 1 and follow the order of the
    classes; the student given is left as it was; the fitted one can be pickled.

    What else is registered for it: leaves can be refined, where infinite strength gives
    the model itself, and a finite one lowers the loss and leaves the size as it is; the
    leaves that are counted are those that are refined; the last stage is what the model
    predicts.

    Parameters
    ----------
    student : regressor or classifier
        Unfitted; a classifier has `predict_proba`, and is registered by
        `skdistill.students.register` or takes `sample_weight`.
    atol : float, default=1e-5
        How far predictions may be from those that they should equal. Of values, in
        units of their standard deviation.

    Raises
    ------
    AssertionError
        If a check fails; a note says which.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skdistill.checks import check_student
    >>> check_student(DecisionTreeClassifier(max_depth=3, random_state=0))
    """
    if is_regressor(student):
        _check_regressor(student, atol)
        return
    _require(is_classifier(student), "the student is not a classifier or regressor")
    for n_classes in (2, 3):
        X, codes = make_classification(
            300, 6, n_informative=4, n_classes=n_classes, random_state=0
        )
        classes = np.sort(_NAMES[:n_classes])
        target = partial(Target.of_classes, codes, classes=classes, temperature=1.0)
        onehot = np.eye(n_classes)[codes]
        with _check(f"certain labels give the fit on labels, {n_classes} classes"):
            certain = target(np.where(onehot, 0.0, -np.inf), alpha=1.0)
            soft = target(onehot, alpha=1.0)
            _check_learns_classes(student, X, (certain, soft), atol)
        with _check(f"the distilled model predicts {n_classes} classes"):
            _check_distilled_classifier(student, X, classes[codes], classes)
        _check_adapter(fit_on_target(clone(student), X, soft), X, onehot, atol)


def check_sampler(sampler: Estimator, X: Table | None = None) -> None:
    """Check that a sampler draws samples as a transfer set needs them.

    `fit` returns the sampler itself and leaves X as it was; each sample drawn is one
    that X could have held, in columns, dtypes, categories, range, integers and missing
    values; the same seed gives the same samples, another seed others; the fitted
    sampler can be pickled. Density models may return arrays, which are moved to the
    nearest values that X could have held.

    Parameters
    ----------
    sampler : estimator
        Unfitted, with `fit(X)` and `sample(n_samples)`.
    X : {array-like, DataFrame} of shape (n_samples, n_features), default=None
        At least some dozen different samples for the sampler to be fitted on. If None,
        a DataFrame with numbers, integers, categories, strings, booleans and missing
        values is used. Pass an array of numbers for a sampler that takes no other.

    Raises
    ------
    AssertionError
        If a check fails; a note says which.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neighbors import KernelDensity
    >>> from skdistill.checks import check_sampler
    >>> from skdistill.transfer import MungeSampler
    >>> check_sampler(MungeSampler())
    >>> check_sampler(KernelDensity(), np.random.default_rng(0).normal(size=(50, 3)))
    """
    X = _mixed_table() if X is None else X
    before, given = pickle.dumps(X), repr(sampler)
    fitted = clone_with_seed(sampler, 0)
    with _check("fit returns the sampler and leaves X as it was"):
        _require(fitted.fit(X) is fitted, "fit returns something else")
        _require(pickle.dumps(X) == before, "X was changed")
        _require(repr(sampler) == given, "the sampler given was changed")
    with _check("rows drawn are rows that X could have held"):
        drawn = draw(fitted, 200, X, random_state=0)
        _require_possible(drawn, X)
    with _check("the seed says which rows are drawn"):
        other = draw(clone_with_seed(sampler, 1).fit(X), 200, X, random_state=1)
        for again in (fitted, pickle.loads(pickle.dumps(fitted))):
            same = _same(draw(again, 200, X, random_state=0), drawn)
            _require(same, "the same seed gives other rows")
        _require(not _same(other, drawn), "another seed gives the same rows")


def check_signal_step(step: SignalStep, *, n_classes: int | None = None) -> None:
    """Check that a step changes what a teacher says as the flow needs it.

    `fit` takes sample weights, returns the step itself and leaves what it is given as
    it was; `transform` keeps the shape, makes finite numbers of such, and changes a
    prediction alike whatever stands beside it, as samples of a transfer set are changed
    apart from the training samples; the fitted step can be pickled; a distilled model
    takes it as `calibrate`.

    Parameters
    ----------
    step : object
        Unfitted, with `fit(predictions, y, sample_weight)` and
        `transform(predictions)`.
    n_classes : int, default=None
        How many classes the logits have that it is for. If None, it is for values.

    Raises
    ------
    AssertionError
        If a check fails; a note says which.

    Examples
    --------
    >>> from skdistill.checks import check_signal_step
    >>> from skdistill.teachers import AffineCalibration, TemperatureScaling
    >>> check_signal_step(AffineCalibration())
    >>> check_signal_step(TemperatureScaling(), n_classes=3)
    """
    rng = np.random.default_rng(0)
    size = 200 if n_classes is None else (200, n_classes)
    predictions = 3 * rng.normal(size=size)
    if n_classes is None:
        y = predictions / 2 + 1 + rng.normal(size=200)
    else:
        y = (predictions + rng.gumbel(size=size)).argmax(axis=1)
    weight = rng.uniform(0.5, 2, size=200)
    given = pickle.dumps((predictions, y, weight))
    fitted = clone(step, safe=False)
    with _check("fit takes weights, returns the step and leaves its data as they were"):
        fitted.fit(predictions, y, None)
        _require(
            fitted.fit(predictions, y, weight) is fitted, "fit returns something else"
        )
        changed = fitted.transform(predictions)
        _require(
            pickle.dumps((predictions, y, weight)) == given, "its data were changed"
        )
    with _check("transform keeps the shape and makes numbers of numbers"):
        _require(np.shape(changed) == np.shape(predictions), f"{np.shape(changed)}")
        _require(bool(np.isfinite(changed).all()), "some are not finite")
    with _check("a prediction is changed alike whatever stands beside it"):
        for part in (slice(0, 1), slice(50, 90)):
            _require_close(fitted.transform(predictions[part]), changed[part], 1e-8)
    with _check("pickling changes nothing"):
        again = pickle.loads(pickle.dumps(fitted)).transform(predictions)
        _require(np.array_equal(again, changed), "other predictions")
    with _check("a distilled model takes it as calibrate"):
        _check_calibrates(step, n_classes)


def _check_calibrates(step: SignalStep, n_classes: int | None) -> None:
    """Check that a distilled model learns what a step makes of its teacher."""
    parameters = {"calibrate": step, "transfer": None, "on_poor_teacher": "ignore"}
    if n_classes is None:
        X, y = make_friedman1(100, noise=0.5, random_state=0)
        model = DistilledRegressor(LinearRegression(), LinearRegression())
    else:
        X, y = make_classification(
            100, 6, n_informative=4, n_classes=n_classes, random_state=0
        )
        model = DistilledClassifier(GaussianNB(), GaussianNB())
    model.set_params(**parameters).fit(X, y)


def _mixed_table() -> Table:
    import pandas as pd

    rng = np.random.default_rng(0)
    count = rng.integers(24, size=300)
    number = rng.normal(size=300)
    return pd.DataFrame(
        {
            "number": number,
            "count": count,
            "with missing": np.where(rng.random(300) < 0.2, np.nan, number + count),
            "category": pd.Categorical(rng.choice(["a", "b", "c"], size=300)),
            "text": rng.choice(["x", "y"], size=300),
            "truth": number > 0,
        }
    )


def _require_possible(drawn: Table, X: Table) -> None:
    import pandas as pd

    # Only dtypes tell categories from numbers, and an array has one for all columns.
    drawn, X = (pd.DataFrame(table).infer_objects() for table in (drawn, X))
    for number, name in enumerate(X.columns):
        new, old = drawn.iloc[:, number], X.iloc[:, number]
        _require(new.dtype == old.dtype, f"{name!r}: {new.dtype}, not {old.dtype}")
        _require(
            old.isna().any() or not new.isna().any(),
            f"{name!r} has missing cells, which it had not",
        )
        new, old = new.dropna(), old.dropna()
        if old.dtype.kind not in "iuf":
            _require(new.isin(old).all(), f"{name!r} holds what it did not")
        elif len(old):
            inside = new.between(old.min(), old.max()).all()
            _require(inside, f"{name!r} leaves the range")
            if (old % 1 == 0).all():
                _require((new % 1 == 0).all(), f"{name!r} has fractions")


def _same(drawn: Table, others: Table) -> bool:
    import pandas as pd

    return pd.DataFrame(drawn).equals(pd.DataFrame(others))


def _check_regressor(student: Estimator, atol: float) -> None:
    X, y = make_friedman1(300, noise=0.5, random_state=0)
    with _check("a certain target gives the fit on labels"):
        certain, labels = (
            fit_on_target(clone(student), X, Target.of_values(y, y, alpha=alpha))
            for alpha in (1.0, 0.0)
        )
        _require_close(certain.predict(X), labels.predict(X), atol * y.std())
    target = Target.of_values(y, y[::-1], alpha=0.9)
    fitted = fit_on_target(clone(student), X, target)
    with _check("the mixed target is learned, not the labels"):
        errors = [np.mean((fitted.predict(X) - m) ** 2) for m in (target.mixed, y)]
        _require(errors[0] < errors[1], f"the labels are closer: {errors}")
    with _check("the distilled model predicts values"):
        _check_distilled_regressor(student, X, y)
    _check_adapter(fitted, X, y, atol * y.std())


def _check_distilled_regressor(student: Estimator, X: NDArray, y: NDArray) -> None:
    before = repr(student)
    model = DistilledRegressor(LinearRegression(), student, **_ANY_TEACHER).fit(X, y)
    _require(repr(student) == before, "the student given was changed")
    predictions = model.predict(X)
    _require(np.shape(predictions) == y.shape, f"shape: {np.shape(predictions)}")
    _require(np.corrcoef(predictions, y)[0, 1] > 0.5, "they do not follow the labels")
    _require_pickled(model, X, "predict")


def _check_learns_classes(
    student: Estimator, X: NDArray, targets: tuple[Target, Target], atol: float
) -> None:
    """Check what a student learns from a certain and from a soft target."""
    proba, softer = (
        fit_on_target(clone(student), X, target).predict_proba(X) for target in targets
    )
    baseline = DistilledClassifier(GaussianNB(), student, alpha=0)
    _require_close(proba, baseline.fit(X, targets[0].y).predict_proba(X), atol)
    sure, less_sure = (part.max(axis=1).mean() for part in (proba, softer))
    _require(
        less_sure < sure,
        f"soft targets give predictions as sure ({less_sure:.3f}) as certain labels do "
        f"({sure:.3f})",
    )


def _check_distilled_classifier(
    student: Estimator, X: NDArray, y: NDArray, classes: NDArray
) -> None:
    before = repr(student)
    model = DistilledClassifier(GaussianNB(), student, calibrate=None, **_ANY_TEACHER)
    model.fit(X, y)
    _require(repr(student) == before, "the student given was changed")
    proba = model.predict_proba(X)
    _require(proba.shape == (len(X), len(classes)), f"probabilities: {proba.shape}")
    _require(np.allclose(proba.sum(axis=1), 1, atol=1e-5), "they do not sum to 1")
    labels = classes[proba.argmax(axis=1)]
    _require((model.predict(X) == labels).all(), "labels are not the likeliest classes")
    _require((labels == y).mean() > 0.6, "the classes are not in their sorted order")
    _require_pickled(model, X, "predict_proba")


def _check_adapter(model: Estimator, X: Table, target: NDArray, atol: float) -> None:
    """Check what is registered for a fitted model: leaves, size, stages."""
    model, X = last_step(model, X)
    if is_refinable(model):
        _check_leaves(model, X, target, atol)
    methods = ("predict", "predict_proba") if is_classifier(model) else ("predict",)
    for method in methods:
        stages = find_adapter(model).stages(model, X, method)
        if stages is None:
            continue
        with _check(f"the last stage is what {method} gives"):
            *_, last = stages
            expected = getattr(model, method)(X)
            if expected.dtype.kind in "fiu":
                _require_close(last, expected, atol)
            else:
                _require((last == expected).all(), "the labels are others")
        with _check(f"after all rounds {method} gives the last stage"):
            found = find_adapter(model).stage(model, X, method, 1.0)
            _require(np.array_equal(np.asarray(found), last), "the stage is another")


def _check_leaves(model: Estimator, X: Table, target: NDArray, atol: float) -> None:
    method = "predict_proba" if is_classifier(model) else "predict"
    path = refinement_path(model, X, target, strengths=[np.inf, 1.0])
    same, refined = path.model(0), path.model(1)
    with _check("infinite strength gives the model itself"):
        expected = getattr(model, method)(X)
        _require_close(getattr(same, method)(X), expected, atol)
        _require_close(path.predict(X)[0], expected, atol)
    with _check("refined leaves lower the loss on the target"):
        losses = path.losses(X, target)
        _require(losses[1] < losses[0], f"losses without and with it: {losses}")
        _require_close(getattr(refined, method)(X), path.predict(X)[1], atol)
    with _check("the leaves that are counted are those that are refined"):
        counts, after = count_values(model), count_values(refined)
        _require(counts == after, f"{counts} before the refinement, {after} after it")
        _require(
            counts is None or counts.leaves == path.n_leaves,
            f"{counts} are counted, and {path.n_leaves} leaves refined",
        )
    if is_prunable(model):
        with _check("the pruned model predicts what was solved for, with fewer leaves"):
            fewer = pruning_path(model, X, target, sizes=[path.n_leaves / 2])
            pruned, n_left = fewer.model(0), fewer.n_leaves[0]
            _require_close(getattr(pruned, method)(X), fewer.predict(X)[0], atol)
            counts = count_values(pruned)
            _require(
                counts is None or counts.leaves == n_left,
                f"{counts} are counted, and {n_left} leaves left",
            )


def _require_pickled(model: Estimator, X: NDArray, method: str) -> None:
    again = pickle.loads(pickle.dumps(model))
    same = (getattr(again, method)(X) == getattr(model, method)(X)).all()
    _require(same, "pickling changes predictions")


def _require_close(values: NDArray, expected: NDArray, atol: float) -> None:
    _require(np.shape(values) == np.shape(expected), "the predictions' shape differs")
    difference = np.abs(values - expected).max()
    _require(difference <= atol, f"predictions differ by up to {difference:g}")


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise AssertionError(message)


@contextmanager
def _check(name: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        error.add_note(f"This was raised by the check that {name}.")
        raise
