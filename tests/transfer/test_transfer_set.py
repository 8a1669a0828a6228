"""How many samples a transfer set draws, and which parameters it takes."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import ParameterGrid

from skdistill.transfer import MungeSampler, TransferSet


def test_the_defaults_are_auto_with_the_weight_of_a_training_sample():
    expected = {"sampler": "auto", "size": "auto", "weight": 1.0}
    assert TransferSet().get_params() == expected


@pytest.mark.parametrize(
    ("size", "n_samples", "expected"),
    [
        ("auto", 1, 10),
        ("auto", 9_999, 99_990),
        ("auto", 10_000, 100_000),
        ("auto", 1_000_000, 100_000),
        (2, 100, 200),
        (0.5, 101, 50),  # Halves are rounded to even.
        (np.float64(1.5), 10, 15),
        (np.int64(3), 10, 30),
        (1e-9, 100, 1),
        (20, 100_000, 2_000_000),
    ],
)
def test_samples_are_drawn_in_proportion_to_the_training_samples(
    size, n_samples, expected
):
    count = TransferSet(size=size).count(n_samples)
    assert (count, type(count)) == (expected, int)


@pytest.mark.parametrize("size", ["auto", 5])
def test_without_a_sampler_nothing_is_drawn(size):
    assert TransferSet(None, size=size).count(100) == 0


@pytest.mark.parametrize("sampler", ["auto", None, MungeSampler(), GaussianMixture()])
@pytest.mark.parametrize("size", ["auto", 1, 0.1, np.float32(2)])
def test_validate_returns_the_transfer_set(sampler, size):
    transfer = TransferSet(sampler, size=size, weight=0.3)
    assert transfer.validate() is transfer


class OnlyFit(BaseEstimator):
    def fit(self, X):
        return self


@pytest.mark.parametrize(
    "params",
    [
        {"sampler": "munge"},
        {"sampler": OnlyFit()},
        {"sampler": 3},
        {"size": 0},
        {"size": -1.0},
        {"size": "all"},
        {"size": None},
        {"size": float("nan")},
        {"weight": 0},
        {"weight": -1.0},
        {"weight": None},
    ],
)
def test_validate_names_the_parameter_that_is_wrong(params):
    (name,) = params
    with pytest.raises(ValueError, match=f"The '{name}' parameter of TransferSet"):
        TransferSet(**params).validate()


def test_a_search_reaches_inside():
    grid = ParameterGrid({"size": [1, 2], "weight": [0.5], "sampler__p": [0.1, 0.2]})
    transfer = TransferSet(MungeSampler())
    found = [clone(transfer).set_params(**params) for params in grid]
    assert [(one.size, one.weight, one.sampler.p) for one in found] == [
        (1, 0.5, 0.1),
        (2, 0.5, 0.1),
        (1, 0.5, 0.2),
        (2, 0.5, 0.2),
    ]
    assert (transfer.size, transfer.sampler.p) == ("auto", 0.5)


def test_a_clone_has_the_same_parameters():
    transfer = TransferSet(MungeSampler(p=0.2), size=3, weight=2.0)
    copied = clone(transfer)
    assert repr(copied) == repr(transfer)
    assert copied.sampler is not transfer.sampler
