"""Students that are trained on samples which are never together in memory."""

from collections.abc import Iterator
from pathlib import Path

from numpy.typing import NDArray
from sklearn.base import clone, is_classifier
from sklearn.pipeline import Pipeline

from skdistill._fitting import final_step
from skdistill._typing import Estimator, Table
from skdistill.students._adapter import StudentAdapter
from skdistill.students._domain import within_domain
from skdistill.students._piecewise import Blocks
from skdistill.students._registry import find_adapter
from skdistill.targets import Target

__all__ = [
    "fit_in_blocks",
    "mixed_for",
    "trains_distributed",
    "trains_in_blocks",
]


def trains_distributed(student: Estimator, *, of_classes: bool) -> bool:
    """Return whether a student is trained on Dask collections.

    Parameters
    ----------
    student : estimator
        Unfitted.
    of_classes : bool
        Whether it is the student of a classification, which a regressor learns by its
        logits.

    Returns
    -------
    bool
        False also for a Pipeline, whose other steps are fitted on samples in memory.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from xgboost import XGBRegressor
    >>> from skdistill.students import trains_distributed
    >>> trains_distributed(XGBRegressor(), of_classes=False)
    True
    >>> trains_distributed(Ridge(), of_classes=False)
    False
    """
    adapter = _adapter_of(student, of_classes)
    return adapter is not None and adapter.trains_distributed


def trains_in_blocks(student: Estimator, *, of_classes: bool) -> bool:
    """Return whether a student is trained on samples that come block by block.

    Parameters
    ----------
    student : estimator
        Unfitted.
    of_classes : bool
        Whether it is the student of a classification.

    Returns
    -------
    bool
        A Pipeline is judged by its last step.

    Examples
    --------
    >>> from skdistill.students import trains_in_blocks
    >>> from xgboost import XGBClassifier
    >>> trains_in_blocks(XGBClassifier(), of_classes=True)
    True
    """
    adapter = _adapter_of(final_step(student), of_classes)
    return adapter is not None and adapter.trains_in_blocks


def fit_in_blocks(
    student: Estimator, blocks: Blocks, folder: Path, sample: Table
) -> Estimator:
    """Fit a student on samples that come block by block.

    Parameters
    ----------
    student : estimator
        Unfitted; one that `trains_in_blocks`.
    blocks : callable
        As for `StudentAdapter.fit_in_blocks`.
    folder : Path
        Holds files until the student is fitted.
    sample : table of shape (n_samples, n_features)
        Some of the samples: the first steps of a Pipeline are fitted on them, without
        labels.

    Returns
    -------
    student : fitted estimator
    """
    adapter = find_adapter(student)
    if not isinstance(student, Pipeline):
        return adapter.fit_in_blocks(student, blocks, folder)
    first, (name, last) = clone(student[:-1]), student.steps[-1]
    first.fit(sample)

    def prepared() -> Iterator[tuple[Table, NDArray, NDArray | None]]:
        return ((first.transform(X), mixed, weight) for X, mixed, weight in blocks())

    steps = [*first.steps, (name, adapter.fit_in_blocks(last, prepared, folder))]
    return student.set_params(steps=steps)


def _adapter_of(student: Estimator, of_classes: bool) -> StudentAdapter | None:
    """Return the adapter of a student that learns the target itself."""
    if isinstance(student, Pipeline) or is_classifier(student) != of_classes:
        return None
    return find_adapter(student)


def mixed_for(student: Estimator, target: Target) -> NDArray:
    """Return what a student that is trained piece by piece learns.

    Parameters
    ----------
    student : estimator
        Unfitted.
    target : Target
        Of some of the samples; its smallest and largest label are those of all.

    Returns
    -------
    mixed : ndarray of shape (n_samples,) or (n_samples, n_classes)
        Values that its loss takes, or probabilities in single precision.

    Examples
    --------
    >>> from skdistill.students import mixed_for
    >>> from skdistill.targets import Target
    >>> from xgboost import XGBRegressor
    >>> target = Target.of_values([0.0, 2.0], [1.0, 3.0], alpha=0.5)
    >>> mixed_for(XGBRegressor(), target)
    array([0.5, 2.5])
    """
    if target.classes is not None:
        return target.mixed.astype("float32")
    within = within_domain(student, target)
    return find_adapter(student).mixed_values(student, within)
