"""Losses for counts and prices, which have no values below 0 and few large ones.

The squared error of logarithms counts what is off by a factor; a Poisson loss takes
zeros as they are, and its prediction is the mean. Both predict nothing below 0.
"""

import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skdistill._typing import Estimator
from skdistill.cli._errors import CommandError
from skdistill.targets import nonnegative_expm1

if TYPE_CHECKING:
    from pandas import Series

__all__ = [
    "LOG",
    "LOSSES",
    "POISSON",
    "SQUARED",
    "by_poisson",
    "check_learnable",
    "check_target",
    "check_teacher",
    "metric_of",
    "naming_metric",
    "on_logarithms",
    "stack_on_logarithms",
    "suggested_loss",
]

SQUARED, LOG, POISSON = LOSSES = ("squared_error", "squared_log_error", "poisson")
_BY_POISSON = {
    "gradient-boosting": {"loss": POISSON},
    "lightgbm": {"objective": POISSON},
    "xgboost": {"objective": "count:poisson"},
    "mlp": {"loss": POISSON},
    "forest": {"criterion": POISSON},
    "tree": {"criterion": POISSON},
}
_LOG_METRIC = "neg_root_mean_squared_log_error"
# The penalty of `Ridge` counts once, that of `PoissonRegressor` for each sample.
_PENALTY = 1e-3
# A Poisson loss needs some in each fold.
_LEAST_ABOVE_0 = {LOG: 1, POISSON: 10}
# How many times the median the largest of counts or prices is at least.
_TAIL = 5.0


def metric_of(loss: str, asked: str | None) -> str | None:
    """Return the scorer that decides: the one asked for, or else that of the loss.

    R2 serves both losses that are least for the mean.
    """
    return _LOG_METRIC if asked is None and loss == LOG else asked


def check_target(y: "Series", loss: str) -> None:
    """Raise if a target has values that a loss cannot score: some below 0."""
    if loss != SQUARED and (y < 0).any():
        raise CommandError(
            f"--loss {loss} is for values from 0 on. The target {y.name!r} holds "
            f"{y.min():g}. Use --loss {SQUARED}, or correct the column."
        )


def check_learnable(y: "Series", loss: str) -> None:
    """Raise if a loss learns nothing where values are above 0 in so few rows."""
    if loss != SQUARED and (y > 0).sum() < (least := _LEAST_ABOVE_0[loss]):
        raise CommandError(
            f"--loss {loss} needs values above 0 in the rows to train on, {least} at "
            f"least. The target {y.name!r} has {(y > 0).sum()}. Give more rows, or use "
            f"--loss {SQUARED}."
        )


def check_teacher(
    teacher: Estimator, loss: str, metric: str | None, *rows: Any
) -> None:
    """Raise if the scorer of the logarithms cannot score what a teacher predicts."""
    if loss != LOG or metric != _LOG_METRIC:
        return
    least = min(np.min(teacher.predict(X)) for X in rows)
    if least <= -1:
        raise CommandError(
            f"The teacher predicts {least:g}, which has no logarithm, and --loss {LOG} "
            "compares logarithms. Give another --teacher, or --metric r2."
        )


@contextmanager
def naming_metric(metric: str | None) -> Iterator[None]:
    """Raise with the remedy if the scorer that was asked for refuses predictions.

    Which of them it takes is known to itself alone, such as none of 0 or less.
    """
    try:
        yield
    except ValueError as error:
        # Of another process there is but the text.
        lines = "".join(traceback.format_exception(error))
        if metric is None or not re.search(r"sklearn[/\\]metrics[/\\]", lines):
            raise
        raise CommandError(
            f"--metric {metric} does not score what was predicted: {error} Give "
            "another --metric, or a --loss and a --teacher that fit it."
        ) from error


def on_logarithms(model: Estimator) -> TransformedTargetRegressor:
    """Return a regressor of log(1 + y), which predicts y, never below 0."""
    return TransformedTargetRegressor(
        model, func=np.log1p, inverse_func=nonnegative_expm1
    )


def stack_on_logarithms(stack: Estimator) -> Estimator:
    """Let each member of a stack learn logarithms, and its final estimator too.

    So it stays a stack, whose own cross-validation gives out-of-fold predictions.
    """
    final = make_pipeline(FunctionTransformer(np.log1p), stack.final_estimator)
    members = [(name, on_logarithms(part)) for name, part in stack.estimators]
    return stack.set_params(estimators=members, final_estimator=on_logarithms(final))


def by_poisson(name: str, model: Estimator) -> Estimator:
    """Return a student or teacher that is trained by the Poisson loss of its library.

    Parameters
    ----------
    name : str
        One of `STUDENTS`.
    model : estimator
        The regressor of that name, changed in place; boosting on histograms.
    """
    if name == "linear":
        from sklearn.linear_model import PoissonRegressor

        return PoissonRegressor(alpha=_PENALTY, max_iter=1000)
    # Without the standard units around it: they are negative.
    inner: Estimator = getattr(model, "regressor", model)
    return inner.set_params(**_BY_POISSON[name])


def suggested_loss(y: "Series") -> str | None:
    """Return the loss of counts or prices if a target looks like them.

    Counts are integers from 0 or 1 on, prices numbers above 0; most are small, and few
    are many times as large.

    Examples
    --------
    >>> import pandas as pd
    >>> from skdistill.cli._losses import suggested_loss
    >>> suggested_loss(pd.Series([0.0, 1, 1, 2, 3, 40]))
    'poisson'
    >>> suggested_loss(pd.Series([95.5, 120, 180, 210, 990, 2500]))
    'squared_log_error'
    >>> suggested_loss(pd.Series([-3.0, 5, 9]))
    """
    least, middle, most = y.min(), y.median(), y.max()
    if least < 0 or most < _TAIL * middle or y.skew() <= 1:
        return None
    if least <= 1 and (y % 1 == 0).all():
        return POISSON
    return LOG if least > 0 and np.log1p(y).skew() < y.skew() else None
