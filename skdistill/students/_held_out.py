"""Held-out samples among the parameters of `fit`, by which a model stops early.

XGBoost and LightGBM take pairs of samples and labels as `eval_set`, LightGBM 4.7 also
as `eval_X` and `eval_y`, and scikit-learn `X_val` and `y_val`.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from numpy.typing import ArrayLike, NDArray

from skdistill._typing import Table

__all__ = ["held_out_labels", "held_out_sets", "with_labels"]


def held_out_sets(fit_params: Mapping[str, Any]) -> list[tuple[Table, NDArray]]:
    """Return the sets that boosting libraries are given to stop early by.

    Parameters
    ----------
    fit_params : mapping of str to object
        The parameters of `fit`.

    Returns
    -------
    list of (X, y)

    Examples
    --------
    >>> from skdistill.students import held_out_sets
    >>> held_out_sets({"eval_set": [([[0.0]], [1])]})
    [([[0.0]], [1])]
    """
    X, y = fit_params.get("eval_X"), fit_params.get("eval_y")
    if X is not None and y is not None:
        return list(zip(X, y, strict=True)) if isinstance(X, tuple) else [(X, y)]
    eval_set = fit_params.get("eval_set")
    if isinstance(eval_set, tuple):  # The only one, for LightGBM.
        eval_set = [eval_set]
    # Other libraries have objects of their own there.
    pairs = eval_set if isinstance(eval_set, list) else []
    return [(pair[0], pair[1]) for pair in pairs if isinstance(pair, tuple | list)]


def held_out_labels(fit_params: Mapping[str, Any]) -> list[ArrayLike]:
    """Return the labels of all held-out samples, set by set."""
    labels: list[ArrayLike] = [y for _, y in held_out_sets(fit_params)]
    if fit_params.get("y_val") is not None:
        labels.append(fit_params["y_val"])
    return labels


def with_labels(
    fit_params: Mapping[str, Any],
    change: Callable[[ArrayLike], NDArray],
    names: Collection[str],
) -> dict[str, Any]:
    """Return the parameters of `fit`, the held-out labels of some of them changed."""
    changed = dict(fit_params)
    if "eval_set" in names and held_out_sets(fit_params):
        pairs = fit_params["eval_set"]
        pairs = [pairs] if isinstance(pairs, tuple) else pairs
        changed["eval_set"] = [(X, change(y)) for X, y in pairs]
    if "eval_y" in names and fit_params.get("eval_y") is not None:
        y = fit_params["eval_y"]
        is_several = isinstance(y, tuple)
        changed["eval_y"] = tuple(map(change, y)) if is_several else change(y)
    return changed
