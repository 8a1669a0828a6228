import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.neighbors import KernelDensity

from skdistill.transfer import MungeSampler, draw
from tests.transfer.cases import mixed_table

DENSITIES = [
    GaussianMixture(2, random_state=0),
    BayesianGaussianMixture(n_components=2, random_state=0),
    KernelDensity(),
]


class Given(BaseEstimator):
    """A sampler of others, which samples what it is given."""

    def __init__(self, rows=None):
        self.rows = rows

    def fit(self, X):
        return self

    def sample(self, n_samples=1):
        return self.rows


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "x": rng.normal(size=200).astype(np.float32),
            "rooms": rng.integers(1, 9, size=200),
            "price": np.round(100 * rng.random(200), 2),
            "flag": rng.random(200) < 0.3,
            "whole": pd.array(rng.integers(0, 1000, size=200), dtype="Int64"),
        }
    )


@pytest.mark.parametrize("density", DENSITIES)
def test_density_models_draw_rows_of_a_frame(density, frame):
    drawn = draw(density.fit(frame.astype(float)), 300, frame, random_state=0)
    pd.testing.assert_series_equal(drawn.dtypes, frame.dtypes)
    assert len(drawn) == 300
    assert drawn["rooms"].between(1, 8).all()
    assert drawn["price"].equals(drawn["price"].round(2))
    assert drawn["whole"].between(0, 999).all()
    assert 0.1 < drawn["flag"].mean() < 0.6
    assert not drawn["x"].isin(frame["x"]).all()


@pytest.mark.parametrize("density", DENSITIES)
def test_density_models_draw_rows_of_an_array(density, frame):
    X = frame[["rooms", "price"]].to_numpy(dtype=np.float64)
    drawn = draw(density.fit(X), 100, X, random_state=0)
    assert (drawn.shape, drawn.dtype) == ((100, 2), X.dtype)
    assert np.isin(drawn[:, 0], X[:, 0]).all()
    assert np.array_equal(drawn[:, 1], drawn[:, 1].round(2))
    again = draw(density.fit(X), 100, X, random_state=0)
    assert np.array_equal(drawn, again)


def test_rows_of_a_sampler_come_as_they_are():
    X = mixed_table()
    sampler = MungeSampler(random_state=0).fit(X)
    pd.testing.assert_frame_equal(draw(sampler, 20, X), sampler.sample(20))
    X = X[["number", "price"]].to_numpy()
    sampler.fit(X)
    assert np.array_equal(draw(sampler, 20, X), sampler.sample(20))
    X = mixed_table()[["number", "text"]].to_numpy()
    assert np.array_equal(draw(sampler.fit(X), 20, X), sampler.sample(20))


def test_lists_are_like_arrays():
    X = [[0.0, 1.5], [1.0, 2.5]]
    assert draw(MungeSampler().fit(X), 3, X).shape == (3, 2)


def test_a_sampler_fitted_on_an_array_serves_a_frame_of_numbers(frame):
    sampler = MungeSampler(random_state=0).fit(frame.astype(float).to_numpy())
    pd.testing.assert_series_equal(draw(sampler, 5, frame).dtypes, frame.dtypes)


@pytest.mark.parametrize(
    ("rows", "like", "error", "message"),
    [
        (
            np.ones((2, 3)),
            np.ones((5, 2)),
            ValueError,
            r"2 rows of 2 columns, as X has. Given.sample gave the shape \(2, 3\). Fit",
        ),
        (np.ones((1, 2)), np.ones((5, 2)), ValueError, r"gave the shape \(1, 2\)"),
        (np.ones(2), np.ones((5, 1)), ValueError, r"gave the shape \(2,\)"),
        (
            pd.DataFrame({"a": [1, 2]}),
            pd.DataFrame({"b": [1, 2]}),
            ValueError,
            r"same names as those of X, \['b'\]. Given.sample gave \['a'\]",
        ),
        (
            pd.DataFrame({"a": [1.0, 2.0]}),
            pd.DataFrame({"a": [1, 2]}),
            ValueError,
            "same dtypes",
        ),
        (pd.DataFrame({"a": [1, 2]}), np.ones((5, 1)), TypeError, "Fit it on X, not"),
        (
            np.array([[1.0], [np.nan]]),
            np.ones((5, 1)),
            ValueError,
            "finite numbers. Given.sample gave 1 cells",
        ),
        (
            np.ones((2, 1)),
            pd.DataFrame({"colour": ["red", "blue"]}).astype("category"),
            TypeError,
            "dtype category for column 'colour'.*MungeSampler, or encode",
        ),
        (np.ones((2, 1)), sparse.csr_array(np.ones((5, 1))), TypeError, "dense"),
    ],
)
def test_rows_that_do_not_fit_are_refused(rows, like, error, message):
    with pytest.raises(error, match=message):
        draw(Given(rows), 2, like)
