import numpy as np
from numpy.testing import assert_allclose
from scipy.special import expit

from skdistill._numerics import as_logit_matrix, centred_logits, log_probability, temper


def test_binary_decisions_give_the_sigmoid():
    z = np.array([-800.0, -1.0, 0.0, 30.0])
    assert_allclose(temper(as_logit_matrix(z), 1.0)[:, 1], expit(z))
    assert_allclose(temper(as_logit_matrix(z[:, None]), 2.0)[:, 1], expit(z / 2))


def test_tempering_ignores_a_constant_added_to_a_row():
    z = np.random.default_rng(0).normal(size=(5, 4))
    assert_allclose(temper(z + 1000, 3.0), temper(z, 3.0))


def test_log_probability_of_zero_is_minus_infinity_without_a_warning():
    assert_allclose(log_probability([0.0, 1.0]), [-np.inf, 0])


def test_centred_logits_give_the_probabilities_back():
    p = np.array([[0.2, 0.5, 0.3]])
    logits = centred_logits(p, floor=1e-3)
    assert_allclose(logits.sum(), 0, atol=1e-12)
    assert_allclose(temper(logits, 1.0), p)


def test_centred_logits_are_finite_for_certain_rows():
    logits = centred_logits(np.array([[1.0, 0.0]]), floor=1e-3)
    assert_allclose(logits[0, 0] - logits[0, 1], np.log(1000))
