import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skdistill._numerics import as_logit_matrix, temper
from skdistill.students._loss import SoftLoss
from skdistill.targets import Target


def cross_entropy(target, logits, temperature=1.0):
    return -(target * np.log(temper(as_logit_matrix(logits), temperature))).sum(axis=1)


def loss(target, logits):
    """The loss of each sample, straight from its definition."""
    a, t = target.alpha, target.temperature
    if target.soften == "teacher":
        return cross_entropy(target.mixed, logits)
    return (1 - a) * cross_entropy(target.onehot, logits) + a * t**2 * cross_entropy(
        target.teacher, logits, t
    )


def target_of(codes, logits, **parameters):
    classes = np.arange(np.shape(logits)[1])
    return Target.of_classes(codes, logits, classes=classes, **parameters)


@pytest.fixture(params=[2, 3, 26])
def problem(request):
    rng = np.random.default_rng(0)
    n_classes = request.param
    logits = rng.normal(size=(20, n_classes if n_classes > 2 else 1))
    return rng.integers(n_classes, size=20), rng.normal(size=(20, n_classes)), logits


@pytest.mark.parametrize("soften", ["teacher", "both"])
@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_gradient_and_curvature_agree_with_finite_differences(
    problem, soften, temperature
):
    codes, teacher, logits = problem
    target = target_of(
        codes, teacher, alpha=0.6, temperature=temperature, soften=soften
    )
    gradient, curvature = SoftLoss(target)(logits)
    step = 1e-4
    for k in range(logits.shape[1]):
        ahead, behind = logits.copy(), logits.copy()
        ahead[:, k] += step
        behind[:, k] -= step
        values = [loss(target, z) for z in (ahead, logits, behind)]
        first = (values[0] - values[2]) / (2 * step)
        second = (values[0] - 2 * values[1] + values[2]) / step**2
        assert_allclose(gradient[:, k], first, atol=1e-5)
        assert_allclose(curvature[:, k], second, atol=1e-4)


def test_both_is_teacher_at_temperature_one(problem):
    codes, teacher, logits = problem
    parts = [
        SoftLoss(target_of(codes, teacher, alpha=0.3, temperature=1, soften=soften))(
            logits
        )
        for soften in ("teacher", "both")
    ]
    assert_array_equal(parts[0], parts[1])


def test_weights_and_the_librarys_factor_scale_the_parts(problem):
    codes, teacher, logits = problem
    target = target_of(codes, teacher, alpha=0.3, temperature=2, soften="both")
    weight = np.arange(20.0)
    gradient, curvature = SoftLoss(target)(logits)
    weighted = SoftLoss(target, curvature=2.0)(logits, weight)
    assert_allclose(weighted[0], weight[:, None] * gradient, rtol=1e-5)
    assert_allclose(
        weighted[1], np.maximum(2 * weight[:, None] * curvature, 1e-16), rtol=1e-5
    )


def test_extreme_logits_stay_finite():
    target = target_of([0, 1], np.zeros((2, 2)), alpha=0.5, temperature=1)
    gradient, curvature = SoftLoss(target)(np.array([[1000.0], [-1000.0]]))
    assert np.isfinite(gradient).all()
    assert (curvature > 0).all()


def test_logits_that_overflow_are_shifted():
    target = target_of([0, 1], np.zeros((2, 3)), alpha=1.0, temperature=1)
    gradient, _ = SoftLoss(target)(np.array([[500.0, 500.0, -500.0], [0.0, 0.0, 0.0]]))
    assert_allclose(gradient[0], [0.5 - 1 / 3, 0.5 - 1 / 3, -1 / 3], rtol=1e-5)


def test_order_in_memory_does_not_matter(problem):
    codes, teacher, logits = problem
    target = target_of(codes, teacher, alpha=0.3, temperature=2, soften="both")
    by_row = SoftLoss(target)(np.ascontiguousarray(logits))
    by_class = SoftLoss(target)(np.asfortranarray(logits))
    assert_allclose(by_row, by_class, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("soften", ["teacher", "both"])
def test_the_gradient_may_take_the_place_of_the_logits(problem, soften):
    codes, teacher, logits = problem
    target = target_of(codes, teacher, alpha=0.3, temperature=2, soften=soften)
    logits = logits.astype(np.float32)
    expected = SoftLoss(target)(logits)
    loss = SoftLoss(target, overwrites=True)
    for _ in range(2):
        given = logits.copy()
        gradient, curvature = loss(given)
        assert gradient is given
        assert_array_equal([gradient, curvature], expected)
    kept = logits.astype(float)
    loss(kept)
    assert_array_equal(kept, logits)
