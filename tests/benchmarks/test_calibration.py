"""What the benchmark of calibrations compares with the package's own."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import softmax

from benchmarks.calibration import Scaling
from skdistill.teachers import TemperatureScaling, log_losses


@pytest.fixture(scope="module")
def drawn():
    """Return logits that need a scale and a bias a class, and labels drawn so."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, size=(4000, 3))
    true = softmax(logits * [0.5, 1.0, 2.0] + [1.0, 0.0, -1.0], axis=1)
    return logits, (true.cumsum(axis=1) > rng.random((4000, 1))).argmax(axis=1)


def test_scales_and_biases_are_found(drawn):
    found = Scaling(by_class=True).fit(*drawn)
    assert_allclose(found.scale_, [0.5, 1.0, 2.0], atol=0.15)
    assert_allclose(found.bias_ - found.bias_[1], [1, 0, -1], atol=0.2)


def test_more_freedom_fits_the_samples_better(drawn):
    steps = Scaling(by_class=True), TemperatureScaling(), Scaling(by_class=False)
    logits, codes = drawn
    losses = [
        log_losses(step.fit(logits, codes).transform(logits), codes).mean()
        for step in steps
    ]
    assert losses == sorted(losses)
    assert losses[0] < losses[2] - 0.05


@pytest.mark.parametrize("by_class", [False, True])
def test_impossible_classes_stay_finite(by_class):
    logits = np.log([[1.0, 1e-300], [0.5, 0.5]] * 50)
    logits[0, 1] = -np.inf
    found = Scaling(by_class=by_class).fit(logits, np.tile([0, 1], 50))
    assert np.isfinite(found.transform(logits)).all()
