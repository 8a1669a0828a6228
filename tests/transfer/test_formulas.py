"""Each sampler follows its formula."""

import numpy as np
import pandas as pd
import pytest

from skdistill.transfer import (
    ConditionalSampler,
    CutMixSampler,
    JitterSampler,
    MixupSampler,
    MungeSampler,
    PermutationSampler,
    SwapNoiseSampler,
)
from tests.transfer.cases import fitted

N = 40_000


@pytest.fixture(scope="module")
def normal():
    return np.random.default_rng(0).normal(size=(2000, 3))


@pytest.mark.parametrize("s", [1.0, 2.0])
def test_munge_draws_around_the_neighbour(s):
    # Two pairs in opposite corners of a box so large that no noise is clipped.
    X = np.array([[0.1, 0.2], [np.pi, 0.2], [-1000.1, 500.3], [1000.1, -500.3]])
    weight = [1.0, 1e-9, 1e-9, 1e-9]
    drawn = fitted(MungeSampler(p=1.0, s=s), X, weight).sample(N)
    distance = np.pi - 0.1
    assert drawn[:, 0].mean() == pytest.approx(np.pi, abs=5 * distance / N**0.5)
    assert drawn[:, 0].std() == pytest.approx(distance / s, rel=0.02)
    middle = np.percentile(drawn[:, 0], [15.87, 84.13])
    assert np.diff(middle) == pytest.approx(2 * distance / s, rel=0.03)
    assert (drawn[:, 1] == 0.2).all()  # No distance, no noise.


def test_munge_changes_each_cell_by_itself(normal):
    drawn = fitted(MungeSampler(p=0.3), normal).sample(N)
    kept = np.column_stack([np.isin(drawn[:, j], normal[:, j]) for j in range(3)])
    assert kept.mean(axis=0) == pytest.approx(0.7, abs=0.02)
    both = (kept[:, 0] & kept[:, 1]).mean()
    assert both == pytest.approx(0.7**2, abs=0.02)


def test_munge_takes_the_neighbours_category():
    X = pd.DataFrame({"x": [0.01, 0.02, 9.01, 9.02], "c": list("abcd")})
    drawn = fitted(MungeSampler(p=1.0, s=1e9), X).sample(400)
    pairs = set(zip(drawn["x"].round(2), drawn["c"], strict=True))
    assert pairs == {(0.02, "b"), (0.01, "a"), (9.02, "d"), (9.01, "c")}


def test_munge_where_one_of_the_two_is_missing():
    X = np.array([[0.3, np.nan], [0.4, 7.7]])
    drawn = fitted(MungeSampler(p=1.0), X).sample(100)
    missing = np.isnan(drawn[:, 1])
    assert missing.mean() == 0.5  # It is swapped like a value.
    assert (drawn[~missing, 1] == 7.7).all()


@pytest.mark.parametrize("n_neighbors", [1, 3])
def test_permutation_takes_values_of_the_nearest_rows(n_neighbors):
    X = np.arange(30.0)[:, None] ** 1.1
    sampler = fitted(PermutationSampler(p=1.0, n_neighbors=n_neighbors), X)
    drawn = sampler.sample(3000)
    farthest = np.sort(np.abs(X - X.T), axis=1)[:, n_neighbors]
    counts = pd.Series(drawn[:, 0]).value_counts()
    assert set(counts.index) <= set(X[:, 0])
    assert farthest.max() < np.ptp(X) / 5
    # All that a row may become, and nothing else.
    weight = np.zeros(30) + 1e-12
    weight[10] = 1.0
    near = np.sort(np.abs(X[:, 0] - X[10]))[1 : n_neighbors + 1]
    sampler = fitted(PermutationSampler(p=1.0, n_neighbors=n_neighbors), X, weight)
    distances = np.unique(np.abs(sampler.sample(500) - X[10]))
    assert distances == pytest.approx(near)


def test_permutation_swaps_a_fraction_of_the_cells(normal):
    sampler = PermutationSampler(p=0.25, categorical_features=[2])
    drawn = fitted(sampler, normal).sample(N)
    index = {value: row for row, value in enumerate(normal[:, 0])}
    same = [drawn[i, 1] == normal[index[drawn[i, 0]], 1] for i in range(N)]
    # Two cells come from one row if both are kept, or both from one of 5 neighbours.
    assert np.mean(same) == pytest.approx(0.75**2 + 0.25**2 / 5, abs=0.02)


def test_more_neighbours_than_rows_are_all_rows():
    X = np.arange(4.0)[:, None]
    drawn = fitted(PermutationSampler(p=1.0, n_neighbors=100), X).sample(1000)
    assert set(drawn[:, 0]) == {0.0, 1.0, 2.0, 3.0}


def test_mixup_lies_between_two_rows():
    # The corners of a triangle: convex pairs are its sides.
    X = np.array([[0.0, 0.0], [0.0, np.pi], [np.e, 0.0]])
    drawn = fitted(MixupSampler(beta=1.0), X).sample(3000)
    x, y = drawn[:, 0] / np.e, drawn[:, 1] / np.pi
    on_a_side = np.isclose(np.minimum(np.minimum(x, y), np.abs(1 - x - y)), 0)
    assert on_a_side.all()
    assert len(np.unique(drawn, axis=0)) > 1000


@pytest.mark.parametrize("beta", [0.4, 1.0, 4.0])
def test_mixup_weights_are_beta(beta):
    X = np.array([[0.0], [np.pi]])
    weight = fitted(MixupSampler(beta=beta), X).sample(N) / np.pi
    # Half of the pairs are a row with itself.
    mixed = weight[(weight > 0) & (weight < 1)]
    assert len(mixed) / N == pytest.approx(0.5, abs=0.02)
    assert mixed.mean() == pytest.approx(0.5, abs=0.02)
    assert mixed.var() == pytest.approx(1 / (4 * (2 * beta + 1)), rel=0.05)


def test_mixup_draws_categories_by_the_weight():
    X = pd.DataFrame({"x": [0.0, np.pi], "c": ["zero", "pi"]})
    drawn = fitted(MixupSampler(beta=1.0), X).sample(N)
    weight = drawn["x"] / np.pi
    mixed = (weight > 0) & (weight < 1)
    agrees = (drawn["c"] == "pi")[mixed].groupby((weight[mixed] * 4).astype(int)).mean()
    assert agrees.tolist() == pytest.approx([0.125, 0.375, 0.625, 0.875], abs=0.03)


@pytest.mark.parametrize("p", [0.15, 0.6])
def test_swap_noise_swaps_a_fraction_of_the_cells(normal, p):
    drawn = fitted(SwapNoiseSampler(p=p), normal).sample(N)
    index = {value: row for row, value in enumerate(normal[:, 0])}
    row = np.array([index[value] for value in drawn[:, 0]])
    same = (drawn[:, 1] == normal[row, 1]).mean()
    assert same == pytest.approx((1 - p) ** 2, abs=0.01)


def test_swap_noise_keeps_the_distribution_of_each_column(normal):
    X = np.column_stack([normal[:, 0], normal[:, 0]])
    drawn = fitted(SwapNoiseSampler(p=1.0), X).sample(2000)
    assert np.array_equal(np.sort(drawn, axis=0), np.sort(X, axis=0))
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 0.1


def test_cutmix_takes_each_subset_of_a_size_as_often_and_each_size():
    X = np.column_stack([np.arange(2000) + 10_000 * j for j in range(4)])
    origin = fitted(CutMixSampler(), X).sample(N) % 10_000
    first = origin[:, :1]
    # Two samples alone; from the one come 1, 2 or 3 of the features.
    is_second = origin != first
    second = np.where(is_second, origin, -1).max(axis=1, keepdims=True)
    assert ((origin == first) | (origin == second)).all()
    codes = is_second @ [8, 4, 2, 1]
    counts = np.bincount(codes, minlength=8) / N
    # A subset and its complement look alike: sizes 1 and 3 make 4 pairs, size 2 three.
    expected = dict.fromkeys((1, 2, 4, 7), 2 / 3 / 4)
    expected |= dict.fromkeys((3, 5, 6), 1 / 3 / 3)
    for code, part in expected.items():
        assert counts[code] == pytest.approx(part, abs=0.01)


def test_cutmix_of_one_feature_draws_its_values():
    drawn = fitted(CutMixSampler(), np.arange(10.0)[:, None]).sample(100)
    assert set(drawn[:, 0]) == set(np.arange(10.0))


@pytest.mark.parametrize("scale", [0.1, 0.5])
def test_jitter_scales_with_the_column(scale):
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=N), 100 * rng.normal(size=N)])
    X[:, 0] -= X[:, 0].mean()
    drawn = fitted(JitterSampler(scale=scale), X).sample(N)
    assert drawn.std(axis=0) / X.std(axis=0) == pytest.approx(
        np.sqrt(1 + scale**2), rel=0.01
    )
    # One row alone shows the noise itself; the others give the columns their range.
    weight = np.full(N, 1e-12)
    weight[0], X[0] = 1.0, [0.0123456789, 0.0]
    noise = fitted(JitterSampler(scale=scale), X, weight).sample(N) - X[0]
    assert noise.std(axis=0) == pytest.approx(scale * X.std(axis=0), rel=0.02)


def test_jitter_leaves_missing_cells_and_categories():
    X = pd.DataFrame({"x": [0.1, np.nan, 0.33], "c": ["a", None, "b"]})
    drawn = fitted(JitterSampler(), X).sample(30)
    assert np.array_equal(drawn["x"].isna(), drawn["c"].isna())


def test_conditional_keeps_what_other_columns_say(normal):
    x, noise = normal[:, 0], normal[:, 1]
    X = pd.DataFrame(
        {"x": x, "y": x, "noise": noise, "sign": np.where(x > 0, "+", "-")}
    )
    drawn = fitted(ConditionalSampler(), X).sample(2000)
    assert drawn["x"].corr(drawn["y"]) > 0.99
    assert ((drawn["x"] > 0) == (drawn["sign"] == "+")).mean() > 0.99
    assert abs(drawn["x"].corr(drawn["noise"])) < 0.1
    swapped = fitted(SwapNoiseSampler(p=1.0), X).sample(2000)
    assert abs(swapped["x"].corr(swapped["y"])) < 0.1
    # What nothing says about is drawn anew.
    assert (drawn["noise"].to_numpy() == x).mean() < 0.1


def test_conditional_keeps_missing_cells_together(normal):
    X = normal[:, :2].copy()
    X[normal[:, 2] > 0] = np.nan
    drawn = np.isnan(fitted(ConditionalSampler(), X).sample(2000))
    assert drawn.mean() == pytest.approx(0.5, abs=0.05)
    assert (drawn[:, 0] == drawn[:, 1]).mean() > 0.99


def test_small_leaves_stay_close(normal):
    X = np.column_stack([normal[:, 0], normal[:, 0]])
    distance = [
        np.abs(np.subtract(*fitted(sampler, X).sample(2000).T)).mean()
        for sampler in (
            ConditionalSampler(max_samples_leaf=2),
            ConditionalSampler(max_samples_leaf=50),
        )
    ]
    assert distance[0] < distance[1] / 3


def test_more_sweeps_lead_farther_away(normal):
    # All rows fill the leaves, but each new one begins with the same.
    X = np.column_stack([normal[:, 0], normal[:, 0] + 0.001 * normal[:, 1]])
    weight = np.full(len(X), 1e-12)
    weight[np.argmin(np.abs(X[:, 0]))] = 1.0
    spread = []
    for n_sweeps in (1, 50):
        sampler = ConditionalSampler(n_sweeps, random_state=0).fit(X)
        sampler._weight = weight
        spread.append(sampler.sample(1000)[:, 0].std())
    assert spread[1] > 2 * spread[0]


def test_conditional_gives_donors_their_weight():
    X = np.column_stack([np.arange(1000) % 2, np.arange(1000) / 7])
    weight = np.where(X[:, 0] == 1, 4.0, 1.0)
    sampler = ConditionalSampler(max_samples_leaf=200)
    drawn = fitted(sampler, X, weight).sample(4000)
    assert drawn[:, 0].mean() == pytest.approx(0.8, abs=0.03)
