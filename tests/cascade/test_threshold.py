"""The threshold and the certificate hold what they promise, over many draws."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skdistill.cascade import (
    certify,
    expected_gains,
    find_corrections,
    find_fractions,
    find_threshold,
)


@pytest.mark.parametrize("fraction", [0.0, 0.05, 0.1, 0.25, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("n", [1, 9, 10, 19])
def test_a_new_score_is_above_the_threshold_as_often_as_allowed(n, fraction):
    # The rank of the new one among n + 1 is uniform: leave each out in turn.
    scores = np.random.default_rng(0).normal(size=n + 1)
    above = [
        scores[i] > find_threshold(np.delete(scores, i), fraction) for i in range(n + 1)
    ]
    assert np.mean(above) <= fraction + 1e-12
    assert np.mean(above) > fraction - 1 / (n + 1)


def test_equal_scores_send_fewer():
    assert find_threshold(np.repeat([1.0, 2.0], 50), 0.2) == 2.0
    assert find_threshold(np.repeat([1.0, 2.0], [90, 10]), 0.2) == 1.0


def test_the_ends_of_the_budget():
    scores = np.arange(10.0)
    assert find_threshold(scores, 0.0) == np.inf
    assert find_threshold(scores, 1.0) == -np.inf
    assert find_threshold(scores, 0.05) == np.inf  # It takes 19 for one in twenty.


@pytest.mark.parametrize("fraction", [0.1, 0.2, 0.5, 0.77])
def test_weights_count_samples(fraction):
    rng = np.random.default_rng(1)
    scores, weight = rng.normal(size=40), rng.integers(1, 4, size=40)
    expected = find_threshold(np.repeat(scores, weight), fraction)
    assert find_threshold(scores, fraction, weight.astype(float)) == expected
    # Small ones are scaled: they are no fraction of one sample.
    alike = find_threshold(scores, fraction, np.full(40, 1e-3))
    assert alike == find_threshold(scores, fraction)


def draw(rng, n, *, of_classes):
    """Draw scores that say something of the distance, student and teacher."""
    scores = rng.gamma(2.0, size=n)
    if of_classes:
        differ = rng.random(n) < np.minimum(0.9, scores / 8)
        return scores, np.where(differ, "b", "a"), np.full(n, "a")
    return scores, scores * rng.normal(size=n), np.zeros(n)


@pytest.mark.parametrize("of_classes", [False, True])
def test_certificates_of_kept_samples_cover(of_classes):
    # The same samples set the threshold: what is kept was chosen by looking at them.
    rng, level, budget = np.random.default_rng(2), 0.9, 0.3
    new = draw(rng, 8_000, of_classes=of_classes)
    sent, held = [], []
    for _ in range(600):
        known = draw(rng, 60, of_classes=of_classes)
        threshold = find_threshold(known[0], budget)
        bound = certify(
            known[0], threshold, *known[1:], level=level, of_classes=of_classes
        ).bound
        kept = new[0] <= threshold
        sent.append(1 - kept.mean())
        if of_classes:
            held.append(np.mean(new[1][kept] != new[2][kept]) <= bound)
        else:
            held.append(np.mean(np.abs(new[1] - new[2])[kept] <= bound))
    error = 3 * np.std(held) / np.sqrt(len(held))
    assert np.mean(held) > level - error
    if not of_classes:  # Exact but for 1 / (n + 1); binomial bounds are conservative.
        assert np.mean(held) < level + 1 / 40 + error
    assert np.mean(sent) < budget + 3 * np.std(sent) / np.sqrt(len(sent))
    assert np.mean(sent) > budget - 1 / 61 - 0.01


def test_the_sample_that_sets_the_threshold_is_not_counted():
    scores, differ = np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.5, 0.1, 9.0, 20.0])
    found = certify(scores, 3.0, differ, np.zeros(4), level=0.5, of_classes=False)
    assert (found.n_samples, found.bound) == (2, 0.5)
    every = certify(scores, np.inf, differ, np.zeros(4), level=0.5, of_classes=False)
    assert every.n_samples == 4
    assert (
        certify(scores, -np.inf, differ, np.zeros(4), level=0.5, of_classes=False)
        is None
    )


def test_a_budget_of_microseconds_pays_for_a_fraction():
    assert find_fractions(0.3, None) == [0.3]
    assert find_fractions(30.0, (10.0, 100.0)) == pytest.approx([0.2])
    assert find_fractions(1e6, (10.0, 100.0)) == [1.0]
    assert find_fractions(10.0, (10.0, 100.0)) == [0.0]
    with pytest.raises(
        ValueError, match="at least what the student takes.*Got 9 micro"
    ):
        find_fractions(9.0, (10.0, 100.0))


def test_known_corrections_give_the_gains_of_the_teacher_that_knows_them():
    rng = np.random.default_rng(3)
    student, teacher = rng.normal(size=(2, 50))
    known = find_corrections(student, teacher, None, None)
    assert_allclose(expected_gains(student, known), (student - teacher) ** 2)
    p, q = rng.dirichlet(np.ones(4), size=(2, 50))
    p, q = (0.01 + 0.96 * one for one in (p, q))
    known = find_corrections(p, q, None, np.arange(4))
    assert_allclose(expected_gains(p, known), (q * np.log(q / p)).sum(axis=1))


def test_of_two_classes_one_column_says_all():
    rng = np.random.default_rng(4)
    p, q = rng.uniform(0.01, 0.99, size=(2, 50))
    p, q = (np.column_stack([1 - one, one]) for one in (p, q))
    one = find_corrections(p, q, None, np.array(["a", "b"]))
    assert one.shape == (50, 1)
    assert_allclose(expected_gains(p, one), (q * np.log(q / p)).sum(axis=1))


def test_the_mean_of_the_corrections_is_that_of_the_labels():
    # Of a teacher that knows the probabilities, over the labels.
    p, q = np.array([[0.5, 0.3, 0.2]]), np.array([[0.2, 0.2, 0.6]])
    classes = np.array(["a", "b", "c"])
    mean = sum(
        q[0, k] * find_corrections(p, q, classes[[k]], classes) for k in range(3)
    )
    assert_allclose(mean, q - p)
