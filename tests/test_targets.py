import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax

from skdistill.students._bounded import BoundedLoss
from skdistill.targets import Target, TeacherBound, target_scale


def values_of(y, predictions, **parameters):
    return Target.of_values(y, predictions, **parameters).mixed


def distribution_of(codes, logits, **parameters):
    classes = np.arange(np.shape(logits)[1])
    return Target.of_classes(codes, logits, classes=classes, **parameters).mixed


@pytest.fixture
def values():
    rng = np.random.default_rng(0)
    return rng.normal(5, 2, size=50), rng.normal(5, 2, size=50)


def test_values_at_alpha_zero_are_the_labels_themselves(values):
    y, predictions = values
    mixed = values_of(y, predictions, alpha=0, temperature=3.0, mean=y.mean())
    assert mixed is y


def test_values_at_alpha_one_are_the_tempered_predictions(values):
    y, predictions = values
    mixed = values_of(y, predictions, alpha=1, temperature=2.0, mean=4.0)
    assert_allclose(mixed, 4.0 + (predictions - 4.0) / 2)


def test_mixing_targets_equals_mixing_squared_losses(values):
    # (1-a)(f-y)^2 + a(f-t)^2 and (f-m)^2 differ by a term without f: check it on two f.
    y, t = values
    a = 0.3
    m = values_of(y, t, alpha=a, temperature=1.0, mean=0.0)
    differences = [
        (1 - a) * (f - y) ** 2 + a * (f - t) ** 2 - (f - m) ** 2 for f in (0.0, 7.0)
    ]
    assert_allclose(differences[0], differences[1])


@pytest.mark.parametrize(("alpha", "temperature"), [(0.5, 2.0), (0.2, 0.5), (1, 5)])
def test_the_target_scale_is_that_of_a_perfect_teacher(alpha, temperature):
    y = np.array([1.0, 2.0, 6.0])
    mixed = values_of(y, y, alpha=alpha, temperature=temperature, mean=y.mean())
    assert_allclose(mixed - y.mean(), target_scale(alpha, temperature) * (y - y.mean()))


def test_values_of_several_outputs_use_each_output_mean():
    y = np.array([[0.0, 10.0], [2.0, 30.0]])
    mixed = values_of(y, y, alpha=1, temperature=2.0, mean=[1.0, 20.0])
    assert_allclose(mixed, [[0.5, 15.0], [1.5, 25.0]])


def test_labels_are_a_mixture_of_onehot_and_tempered_softmax():
    z = np.array([[1.0, 2.0, -1.0], [0.0, 0.5, 3.0]])
    target = distribution_of([2, 0], z, alpha=0.25, temperature=4.0)
    expected = 0.75 * np.eye(3)[[2, 0]] + 0.25 * softmax(z / 4, axis=1)
    assert_allclose(target, expected)
    assert_allclose(target.sum(axis=1), 1)


def test_labels_at_alpha_zero_are_onehot():
    target = distribution_of([1, 0], np.zeros((2, 2)), alpha=0, temperature=1.0)
    assert_array_equal(target, [[0, 1], [1, 0]])


def test_tempered_log_probabilities_are_powers_of_probabilities():
    p = np.array([[0.7, 0.2, 0.1]])
    target = distribution_of([0], np.log(p), alpha=1, temperature=3.0)
    power = p ** (1 / 3)
    assert_allclose(target, power / power.sum())


def test_impossible_class_stays_impossible_at_every_temperature():
    z = np.array([[0.0, 1.0, -np.inf]])
    target = distribution_of([0], z, alpha=1, temperature=10.0)
    assert target[0, 2] == 0
    assert_allclose(target.sum(), 1)


def test_alpha_may_differ_from_sample_to_sample(values):
    y, predictions = values
    alpha = np.linspace(0, 1, 50)
    mixed = values_of(y, predictions, alpha=alpha, temperature=2.0, mean=4.0)
    each = [
        values_of([one], [other], alpha=a, temperature=2.0, mean=4.0)
        for one, other, a in zip(y, predictions, alpha, strict=True)
    ]
    assert_allclose(mixed, np.concatenate(each))
    several = values_of(np.c_[y, -y], np.c_[predictions, y], alpha=alpha)
    assert_allclose(several[:, 1], (alpha - 1) * y + alpha * y)


def test_alpha_of_classes_may_differ_from_sample_to_sample():
    z = np.log([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1]])
    target = distribution_of([1, 1, 1], z, alpha=[0.0, 0.5, 1.0])
    assert_allclose(target, [[0, 1], [0.45, 0.55], [0.9, 0.1]])


def test_labels_come_back_as_they_were_given(values):
    y, predictions = values
    assert_array_equal(Target.of_values(y, predictions, alpha=0.5).y, y)
    z = np.zeros((3, 2))
    target = Target.of_classes([1, 0, 1], z, classes=["a", "b"], alpha=0.5)
    assert target.y.tolist() == ["b", "a", "b"]
    assert_array_equal(target.onehot, [[0, 1], [1, 0], [0, 1]])


@pytest.mark.parametrize(("alpha", "uses"), [(0.0, False), ([0.0, 0.1], True)])
def test_a_target_uses_the_teacher_where_any_alpha_is_above_0(alpha, uses):
    assert Target.of_values([1.0, 2.0], [2.0, 3.0], alpha=alpha).uses_teacher == uses


def test_joined_targets_keep_alphas_weights_and_the_smallest_label():
    first = Target.of_values([3.0, 1.0], [2.0, 2.0], alpha=0.5, weight=np.array([2, 3]))
    second = Target.of_values([-5.0], [-7.0], alpha=1.0)
    both = first.join(second)
    assert_array_equal(both.labels, [3, 1, -5])
    assert_array_equal(both.mixed, [2.5, 1.5, -7])
    assert_array_equal(both.weight, [2, 3, 1])
    assert both.smallest == 1.0  # Samples of a transfer set have no label.
    assert_array_equal(second.join(first).weight, [1, 2, 3])
    assert second.join(second).weight is None


def test_joined_targets_of_classes_keep_classes_temperature_and_loss():
    z = np.log([[0.8, 0.2]])
    first, second = (
        Target.of_classes(
            [1], z, classes=["a", "b"], alpha=alpha, temperature=2.0, soften="both"
        )
        for alpha in (0.0, 1.0)
    )
    both = first.join(second)
    assert_allclose(both.mixed, [[0, 1], [2 / 3, 1 / 3]])
    assert (both.temperature, both.soften) == (2.0, "both")
    assert both.classes.tolist() == ["a", "b"]


def test_some_samples_of_a_target_are_those_of_all():
    logits, weight = np.arange(12.0).reshape(4, 3), np.arange(4.0)
    whole = Target.of_classes(
        [0, 1, 2, 0],
        logits,
        classes=["a", "b", "c"],
        alpha=[0.0, 0.5, 0.7, 1.0],
        temperature=2.0,
        weight=weight,
    )
    for rows in (slice(1, 3), np.array([3, 0]), np.array([True, False, True, True])):
        part = whole.take(rows)
        assert_array_equal(part.mixed, whole.mixed[rows])
        assert_array_equal(part.y, whole.y[rows])
        assert_array_equal(part.weight, weight[rows])
        assert part.take(slice(None), weight=None).weight is None
    values = Target.of_values([1.0, 2.0], [3.0, 4.0], alpha=0.5).take([1])
    assert_array_equal(values.mixed, [3.0])


def test_logits_are_not_kept_twice():
    logits = np.random.default_rng(0).normal(size=(4, 3))
    target = Target.of_classes([0, 1, 2, 0], logits, classes=[0, 1, 2], alpha=1.0)
    assert target.predictions is logits
    target.mixed[:] = 0
    assert target.teacher.sum() == pytest.approx(4)


@pytest.mark.parametrize("toward", ["label", "teacher"])
def test_the_bounded_loss_is_a_squared_one_for_given_gates(toward):
    rng = np.random.default_rng(0)
    y, t, f, g = rng.normal(size=(4, 50))
    gates, alpha, weight = (g > 0).astype(float), rng.random(50), rng.random(50)
    target = Target.of_values(
        y, t, alpha=alpha, weight=weight, bound=TeacherBound(toward)
    )
    now = target.bounded(gates)
    aim = y if toward == "label" else t

    def difference(f):
        loss = (1 - alpha) * (f - y) ** 2 + alpha * gates * (f - aim) ** 2
        return now.weight * (f - now.mixed) ** 2 - weight * loss

    assert_allclose(difference(f), difference(f + 3.0), atol=1e-10)


@pytest.mark.parametrize("n_outputs", [None, 2])
def test_a_student_is_worse_until_it_is_better_by_the_margin(n_outputs):
    rng = np.random.default_rng(0)
    shape = (50,) if n_outputs is None else (50, n_outputs)
    y, t = rng.normal(size=(2, *shape))
    weight = rng.random(50)
    mean = np.average(y, axis=0, weights=weight)
    target = Target.of_values(
        y, t, alpha=0.5, mean=mean, weight=weight, bound=TeacherBound(margin=0.5)
    )
    deviations = ((y - mean) ** 2).reshape(50, -1).sum(axis=1)
    assert target.variance == pytest.approx(np.average(deviations, weights=weight))
    error = ((t - y) ** 2).reshape(50, -1).sum(axis=1)
    # A fraction of the teacher's error, so that its square is less by the margin.
    part = np.sqrt(np.maximum(error - 0.5 * target.variance, 0) / error)
    part = part.reshape(-1, *[1] * (y.ndim - 1))
    assert target.is_worse(y + 1.001 * part * (t - y)).all()
    can_be_better = error > 0.5 * target.variance
    assert_array_equal(~target.is_worse(y + 0.999 * part * (t - y)), can_be_better)


def test_the_gradient_is_that_of_the_bounded_loss():
    rng = np.random.default_rng(0)
    y, t, f = rng.normal(size=(3, 50))
    weight = rng.random(50)
    target = Target.of_values(
        y, t, alpha=0.6, weight=weight, bound=TeacherBound("teacher", margin=0.1)
    )
    gates = target.is_worse(f)

    def half(f):
        loss = 0.4 * (f - y) ** 2 + 0.6 * gates * (f - t) ** 2
        return weight * loss / 2

    gradient, curvature = BoundedLoss(target, start=1.0)(f - 1.0)
    assert_allclose(gradient, (half(f + 1e-4) - half(f - 1e-4)) / 2e-4, atol=1e-7)
    assert_allclose(curvature, weight * (0.4 + 0.6 * gates))
    assert 0 < gates.sum() < 50
