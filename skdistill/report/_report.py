"""The report: measured once, shown as often and in as many ways as one likes."""

import math
import os
from collections.abc import Callable, Mapping, Sequence
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_consistent_length, column_or_1d

from skdistill._typing import Estimator, Table
from skdistill._validation import check_not_empty, check_weights
from skdistill.inspect import FidelityCertificate, open_parts
from skdistill.report._about import check_about, made_with
from skdistill.report._baseline import check_baseline, fit_baseline, name_scorers
from skdistill.report._closer import look_closer
from skdistill.report._curves import measure_curves
from skdistill.report._html import to_document, to_fragment
from skdistill.report._measure import Comparison
from skdistill.report._text import to_markdown, to_text

if TYPE_CHECKING:
    import pandas

__all__ = ["DistillationReport"]

Scoring = (
    str | Callable | Sequence[str | Callable] | Mapping[str, str | Callable] | None
)


class DistillationReport:
    """Teacher, baseline student and distilled student on held-out samples.

    Scores, fidelity to the teacher, the fraction of the teacher's lead that is
    recovered, a `FidelityCertificate`, seconds of the fits, latency, throughput, size.
    Everything is measured when the report is made; then it is shown as a dict, a frame,
    text, Markdown or HTML. The HTML is one static piece: it loads nothing, runs
    nothing, and escapes every name that comes from data.

    Parameters
    ----------
    model : estimator
        A fitted distilled model, or a search over one. If it is the last step of a
        Pipeline, pass that step, and the samples as they reach it.
    X : table of shape (n_samples, n_features)
        Samples that no model was fitted on. The report cannot check that; on training
        samples it is worth nothing.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Their labels.
    baseline : estimator, default=None
        The baseline student to compare with, fitted on the labels alone. Give it or
        `train`.
    train : tuple, default=None
        The training samples, ``(X_train, y_train)`` or ``(X_train, y_train,
        sample_weight)``, on which the baseline student is then fitted: the distilled
        model's student, and its seed where `random_state` is an int, at alpha 0. If
        the model is a search that tuned its student, it is the tuned baseline student.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the held-out samples, for scores and fidelity. The certificate
        counts samples, without weights.
    scoring : str, callable, sequence or dict of them, default=None
        Scikit-learn's scorers, the most important first. If None, R2 and the mean
        absolute error are used, or accuracy and, where the student has probabilities,
        the log loss with probabilities of 1e-6 at least.
    level : float, default=0.95
        With which probability or confidence the certificate holds.
    n_timings : int, default=300
        How often each model predicts a single sample; a slow one less often, for 5
        seconds.
    about : dict of str to str, default=None
        What else to say of how the model was made, such as the file, the target and the
        command; it stands beside the date, the versions of the libraries and the
        licences that those of the teacher declare.

    Attributes
    ----------
    certificate : FidelityCertificate
        How far the student strays from the teacher at most.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.ensemble import ExtraTreesRegressor
    >>> from sklearn.model_selection import train_test_split
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import DistillationReport, DistilledRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> X, X_test, y, y_test = train_test_split(X, y, random_state=0)
    >>> model = DistilledRegressor(
    ...     ExtraTreesRegressor(50, min_samples_leaf=3, bootstrap=True),
    ...     DecisionTreeRegressor(max_leaf_nodes=16),
    ...     random_state=0,
    ... ).fit(X, y)
    >>> report = DistillationReport(model, X_test, y_test, train=(X, y), n_timings=20)
    >>> report
    Distillation report: regression, 111 held-out samples, 10 features
    ...
    >>> report.frame()["leaves"].tolist()[1:]
    [16, 16]
    """

    def __init__(
        self,
        model: Estimator,
        X: Table,
        y: ArrayLike,
        *,
        baseline: Estimator | None = None,
        train: tuple[Any, ...] | None = None,
        sample_weight: ArrayLike | None = None,
        scoring: Scoring = None,
        level: float = 0.95,
        n_timings: int = 300,
        about: Mapping[str, str] | None = None,
    ) -> None:
        parts = open_parts(model)
        check_not_empty(X)
        check_consistent_length(X, y)
        _check_one_source(baseline, train)
        if not isinstance(n_timings, Integral) or n_timings < 1:
            raise ValueError(f"n_timings must be an int, 1 or more. Got {n_timings!r}.")
        y = np.asarray(y) if parts.classes is None else column_or_1d(y, warn=True)
        weight = check_weights(sample_weight, len(y))
        said = check_about(about)
        self.certificate = FidelityCertificate.from_estimator(model, X, level=level)
        tuned: dict[str, Any] = {}
        if train is not None:
            tuned = getattr(model, "baseline_params_", {})
            baseline = fit_baseline(parts, train, tuned)
        check_baseline(parts, baseline)
        scorers = name_scorers(scoring, parts, baseline, model)
        comparison = Comparison(parts, baseline, X, y, weight)
        numbers = comparison.measure(scorers, n_timings)
        speeds = {n: one["rows_per_second"] for n, one in numbers["models"].items()}
        score, scorer = next(iter(scorers.items()))
        is_known = numbers["leads"][score]["lead_error"] is not None
        deciding = (score, scorer) if is_known else None
        numbers |= {
            "about": said,
            **made_with(parts),
            **measure_curves(comparison, deciding, model),
            **look_closer(comparison, deciding, speeds),
            "certificate": self.certificate.to_dict(),
            "notes": [model.reason_] if hasattr(model, "reason_") else [],
            "poor_teacher": parts.model.poor_teacher_,
            "tuned": {
                name.removeprefix("student__"): _readable(value)
                for name, value in tuned.items()
            },
            **_of_teachers(parts.model),
        }
        self._numbers: dict[str, Any] = _copy(numbers)

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers.

        Returns
        -------
        dict
            Python's own numbers, strings, lists and dicts: it can be written as JSON.
            "models" holds those of "teacher", "baseline" and "distilled"; scores are as
            the scorers give them, so that greater is better; times are in seconds. None
            stands for what there is not.
        """
        return _copy(self._numbers)

    def frame(self) -> "pandas.DataFrame":
        """Return the numbers of the three models.

        Returns
        -------
        DataFrame
            A row for each model, a column for each number; nested ones such as
            ``scores.r2`` by both names. ``recovered.r2`` and the like are those of the
            distilled student.
        """
        import pandas as pd

        models = self.to_dict()["models"]
        models["distilled"]["recovered"] = self._numbers["recovered"]
        frame = pd.json_normalize(list(models.values()))
        return frame.set_axis(list(models))

    def to_markdown(self) -> str:
        """Return the report as Markdown.

        Returns
        -------
        str
        """
        return to_markdown(self._numbers)

    def to_html(self, path: str | os.PathLike | None = None) -> str:
        """Return the report as one HTML file, and write it if a path is given.

        Parameters
        ----------
        path : str or path-like, default=None
            Where to write it.

        Returns
        -------
        str
        """
        document = to_document(self._numbers)
        if path is not None:
            Path(path).write_text(document, encoding="utf-8", newline="\n")
        return document

    def __repr__(self) -> str:
        return to_text(self._numbers)

    def _repr_html_(self) -> str:
        return str(to_fragment(self._numbers))


def _check_one_source(
    baseline: Estimator | None, train: tuple[Any, ...] | None
) -> None:
    if (baseline is None) == (train is None):
        raise ValueError(
            "The report compares with a baseline student, fitted on the labels alone. "
            "Give baseline, such a student, or train=(X_train, y_train), the samples "
            f"to fit it on. Got {'neither' if baseline is None else 'both'}."
        )
    if train is not None and not (isinstance(train, tuple) and len(train) in (2, 3)):
        raise ValueError(
            "train must be a tuple (X_train, y_train) or (X_train, y_train, "
            f"sample_weight). Got {type(train).__name__}."
        )


def _of_teachers(model: Estimator) -> dict[str, Any]:
    """Return what was learned of the teacher, or of several by their names."""
    calibration, teachers = model.calibration_, []
    learned: Any = None
    if model.combination_ is not None:
        teachers = [*calibration]
        learned = {name: _learned(step) for name, step in calibration.items()}
    else:
        learned = _learned(calibration)
    return {
        "calibration": learned,
        "teachers": teachers,
        "combination": _learned(model.combination_),
    }


def _learned(step: Any) -> dict[str, Any] | None:
    """Return what a step of the signal learned, if it can say it."""
    to_dict = getattr(step, "to_dict", None)
    return None if to_dict is None else to_dict()


def _readable(value: Any) -> Any:
    """Return a parameter so that it can be written as JSON."""
    return value if value is None or isinstance(value, int | float) else str(value)


def _copy(value: Any) -> Any:
    """Copy nested dicts and lists; None takes the place of NaN and infinity."""
    if isinstance(value, dict):
        return {key: _copy(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_copy(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
