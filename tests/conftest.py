"""Fixtures that tests of several folders share."""

import pytest

from skdistill.teachers import _cross_fit

# Trees of forests and of boosting, random features: as they are, and here. The linear
# members keep their iterations.
SIZES = {"n_estimators": 10, "boosting__max_iter": 10, "n_components": 50}
DEFAULTS = (100, 300, 500)


@pytest.fixture
def small_default_teacher(monkeypatch):
    """Let the default teacher have the same members and steps, but small ones."""
    for name in ("default_regressor", "default_classifier"):
        monkeypatch.setattr(_cross_fit, name, shrunk(getattr(_cross_fit, name)))


def shrunk(build):
    def build_small(*args, **params):
        teacher = build(*args, **params)
        sizes = {
            name: next(size for last, size in SIZES.items() if name.endswith(last))
            for name, value in teacher.get_params().items()
            if name.endswith(tuple(SIZES)) and value in DEFAULTS
        }
        return teacher.set_params(**sizes)

    return build_small
