"""What a student's raw predictions begin at, sample by sample."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from skdistill._fitting import final_step
from skdistill._typing import Estimator
from skdistill.students._registry import find_adapter

__all__ = ["find_offset"]


def find_offset(
    student: Estimator, fit_params: Mapping[str, Any], n_samples: int
) -> NDArray[np.float64] | None:
    """Return the offset among the parameters of a student's `fit`, if any.

    Parameters
    ----------
    student : estimator
        Fitted or not; of a Pipeline, the last step counts.
    fit_params : mapping of str to object
        The parameters of its `fit`, as metadata routing names them.
    n_samples : int
        The number of training samples.

    Returns
    -------
    offset : ndarray of shape (n_samples,) or (n_samples, n_outputs), or None

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from skdistill.students import find_offset
    >>> find_offset(Ridge(), {"init_score": [1, 2]}, 2) is None
    True
    """
    name = find_adapter(student).offset_param
    if name is None:
        return None
    if isinstance(student, Pipeline):  # It is asked for by what the step calls it.
        request = final_step(student).get_metadata_routing().fit.requests.get(name)
        name = request if isinstance(request, str) else name
    if fit_params.get(name) is None:
        return None
    offset = np.asarray(fit_params[name], dtype=float)
    if offset.ndim == 1 and len(offset) != n_samples:
        # LightGBM takes the classes one after the other, too.
        return offset.reshape((n_samples, -1), order="F")
    return offset
