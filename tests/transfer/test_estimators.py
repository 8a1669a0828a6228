"""scikit-learn's own checks, and this package's; none is expected to fail."""

import unittest

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from skdistill.checks import check_sampler
from tests.transfer.cases import SAMPLERS, name_of


@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(SAMPLERS)
def test_estimator_check(estimator, check):
    try:
        check(estimator)
    except unittest.SkipTest as skipped:
        pytest.fail(f"A check was skipped: {skipped}")


@pytest.mark.parametrize("sampler", SAMPLERS, ids=name_of)
def test_sampler_check(sampler):
    check_sampler(sampler)
