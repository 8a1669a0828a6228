"""Fixtures that tests of several folders share."""

import pytest

from skdistill.teachers import _cross_fit


@pytest.fixture
def small_default_teacher(monkeypatch):
    """Let the default teacher have the same members and steps, but few trees."""
    for name in ("default_regressor", "default_classifier"):
        monkeypatch.setattr(_cross_fit, name, shrunk(getattr(_cross_fit, name)))


def shrunk(build):
    def build_small(*args, **params):
        teacher = build(*args, **params)
        names = [name for name in teacher.get_params() if "n_estimators" in name]
        return teacher.set_params(**dict.fromkeys(names, 15))

    return build_small
