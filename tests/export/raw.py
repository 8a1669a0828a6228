"""A table with columns of all kinds, as they stand in a file."""

import numpy as np
import pandas as pd

FORMATS = {
    "European": "%d/%m/%Y %H:%M:%S",
    "American": "%m/%d/%y",
    "named": "%d-%b-%Y %I:%M %p",
    "long": "%B %d, %Y",
    "joined": "%Y-%m-%dT%H:%M:%S",
}


def every_kind(n_rows=120):
    """Return rows with numbers, booleans, categories, dates and text, some missing."""
    rng = np.random.default_rng(0)
    seconds = rng.integers(-86400 * 365, 86400 * 365 * 60, n_rows)
    dates = pd.Series(pd.Timestamp(0) + pd.to_timedelta(seconds, unit="s"))
    words = ["red", "Köln", "a-b", "x", "—", "big house", "!"]
    frame = pd.DataFrame(
        {
            "1st": rng.normal(size=n_rows).round(2),
            "is new": (rng.random(n_rows) > 0.5).astype(object),
            "town": rng.choice(["Ulm", "Bonn", "Köln"], n_rows).astype(object),
            "when": dates,
            "note": [
                " ".join(rng.choice(words, n_words))
                for n_words in rng.integers(0, 5, n_rows)
            ],
        }
    )
    for place, name in enumerate(frame.columns):
        frame.loc[place :: 7 + place, name] = None
    return frame
