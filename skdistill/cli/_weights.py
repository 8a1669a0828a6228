"""Weights through stacks and pipelines, by scikit-learn's metadata routing."""

from sklearn import config_context
from sklearn.utils.validation import has_fit_parameter

from skdistill._typing import Estimator

__all__ = ["request_weights"]


def request_weights(model: Estimator) -> None:
    """Let each model inside request `sample_weight`, and no step before it.

    Parameters
    ----------
    model : estimator
        A model, or a pipeline, stack, transform of the target or frozen one of them.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skdistill.cli import request_weights
    >>> model = make_pipeline(StandardScaler(), Ridge())
    >>> request_weights(model)
    >>> model[-1].get_metadata_routing().fit.requests["sample_weight"]
    True
    """
    if hasattr(model, "steps"):
        *before, (_, last) = model.steps
        for _, step in before:
            _request(step, wanted=False)
        request_weights(last)
        return
    params = model.get_params(deep=False)
    inside = [part for _, part in params.get("estimators", [])]
    names = ("final_estimator", "regressor", "estimator")
    inside += [params[name] for name in names if params.get(name) is not None]
    for part in inside:
        request_weights(part)
    _request(model, wanted=True)


def _request(model: Estimator, *, wanted: bool) -> None:
    if has_fit_parameter(model, "sample_weight"):
        with config_context(enable_metadata_routing=True):
            model.set_fit_request(sample_weight=wanted)
