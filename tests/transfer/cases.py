"""The samplers, and tables on which they are tested."""

import numpy as np
import pandas as pd
from sklearn.base import clone

from skdistill.transfer import (
    ConditionalSampler,
    CutMixSampler,
    JitterSampler,
    MixupSampler,
    MungeSampler,
    PermutationSampler,
    SwapNoiseSampler,
)

SAMPLERS = [
    MungeSampler(),
    PermutationSampler(),
    MixupSampler(),
    CutMixSampler(),
    SwapNoiseSampler(p=0.5),
    JitterSampler(scale=0.5),
    ConditionalSampler(),
]
# Their cells all come from rows of X.
SWAPPING = [
    PermutationSampler(),
    CutMixSampler(),
    SwapNoiseSampler(),
    ConditionalSampler(),
]


def name_of(sampler):
    return type(sampler).__name__


def fitted(sampler, X, sample_weight=None, **params):
    sampler = clone(sampler).set_params(random_state=0, **params)
    return sampler.fit(X, sample_weight=sample_weight)


def mixed_table(n_rows=300):
    """Columns of every kind that a table may have."""
    rng = np.random.default_rng(0)
    number = rng.normal(size=n_rows)
    hole = rng.random(n_rows) < 0.2
    hour = rng.integers(24, size=n_rows)
    level = pd.Categorical(
        rng.choice(["low", "mid", "high"], size=n_rows),
        categories=["low", "mid", "high", "never"],
        ordered=True,
    )
    frame = pd.DataFrame(
        {
            "number": number,
            "single": number.astype(np.float32),
            "holes": np.where(hole, np.nan, number + hour),
            "hour": hour,
            "small": rng.integers(200, size=n_rows).astype(np.uint8),
            "price": np.round(10 + np.abs(number) + rng.random(n_rows), 2),
            "tens": 10.0 * rng.integers(1000, size=n_rows),
            "sparse levels": rng.choice([1.0, 2.0, 4.0, 8.5], size=n_rows),
            "level": level,
            "text": rng.choice(["x", "y", "zz"], size=n_rows),
            "flag": number > 0,
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(hour, unit="h"),
            "where": (pd.Timestamp("2024-01-01", tz="Europe/Paris"))
            + pd.to_timedelta(hour, unit="h"),
            "nullable": pd.array(np.where(hole, pd.NA, hour), dtype="Int64"),
            "maybe": pd.array(np.where(hole, pd.NA, number > 1), dtype="boolean"),
            "name": hour + 2**60,
            "same": np.full(n_rows, 0.1),
            "nothing": np.full(n_rows, np.nan),
        }
    )
    frame["objects"] = pd.Series(rng.choice([1, "one", None], n_rows), dtype=object)
    frame.loc[hole, "level"] = np.nan
    frame.loc[~hole, "when"] = pd.NaT
    return frame.set_index(np.arange(n_rows) + 1000)
