"""What drawing a transfer set costs, as the table grows.

For each sampler, as many rows are drawn as the table has: 20 columns, of floats, of
integers and two of categories. Each case has a process of its own, whose peak memory is
reported beside that of a process that makes the table alone::

    python -m benchmarks.transfer
"""

import time

import numpy as np
import pandas as pd

from benchmarks import results, runs
from benchmarks.processes import measure_apart, peak_mb
from skdistill import transfer

NAME = "transfer"
SIZES = (10_000, 100_000, 1_000_000)
TABLE = "the table alone"
SAMPLERS = (
    "MungeSampler",
    "PermutationSampler",
    "MixupSampler",
    "SwapNoiseSampler",
    "JitterSampler",
    "CutMixSampler",
    "ConditionalSampler",
)


def build_table(n_rows: int) -> pd.DataFrame:
    """Return 20 columns: 14 of floats, 4 of integers, 2 of categories."""
    rng = np.random.default_rng(0)
    factors = rng.normal(size=(n_rows, 4))
    floats = factors @ rng.normal(size=(4, 14)) + 0.5 * rng.normal(size=(n_rows, 14))
    table = pd.DataFrame(floats, columns=[f"float {j}" for j in range(14)])
    for j in range(4):
        table[f"integer {j}"] = rng.poisson(4.0 * 10**j, size=n_rows)
    for j, n_categories in enumerate((5, 50)):
        codes = rng.integers(n_categories, size=n_rows)
        names = [f"name {code}" for code in range(n_categories)]
        table[f"category {j}"] = pd.Categorical.from_codes(codes, names)
    return table


def draw_once(name: str, n_rows: int) -> dict:
    """Draw once, in this process; return seconds and the process's peak memory."""
    table = build_table(n_rows)
    fit_seconds = sample_seconds = 0.0
    if name != TABLE:
        # A small table first, so that what a first call loads is not counted.
        sampler = getattr(transfer, name)(random_state=0)
        sampler.fit(table[:100]).sample(100)
        start = time.perf_counter()
        sampler.fit(table)
        fit_seconds = time.perf_counter() - start
        drawn = sampler.sample(n_rows)
        sample_seconds = time.perf_counter() - start - fit_seconds
        if not (drawn.dtypes == table.dtypes).all():
            raise ValueError(f"{name} changed the dtypes.")
    return {"fit_s": fit_seconds, "sample_s": sample_seconds, "peak_mb": peak_mb()}


def measure(sampler: str, rows: int, repeat: int) -> list[dict]:
    """Time and memory of one case in a fresh process."""
    measured = measure_apart("benchmarks.transfer", "draw_once", [sampler, rows])
    return [{"sampler": sampler, "rows": rows} | measured | {"repeat": repeat}]


def summarise(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the fastest of the repeats, and the growth from the size before.

    What else runs on the machine only adds to the seconds. The growth is the exponent b
    of seconds = c * rows ** b.
    """
    keys = ["sampler", "rows"]
    best = frame.groupby(keys, sort=False)[["fit_s", "sample_s", "peak_mb"]].min()
    best = best.reset_index()
    seconds = (best["fit_s"] + best["sample_s"]).replace(0, np.nan)
    steps = pd.DataFrame({"seconds": np.log(seconds), "rows": np.log(best["rows"])})
    steps = steps.groupby(best["sampler"]).diff()
    return best.assign(exponent=steps["seconds"] / steps["rows"])


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    summary = summarise(frame)
    growth = summary.dropna(subset="exponent").set_index("sampler")["exponent"]
    shown = summary.assign(
        fit_s=summary["fit_s"].map("{:.2f}".format),
        sample_s=summary["sample_s"].map("{:.2f}".format),
        peak_mb=summary["peak_mb"].map("{:.0f}".format),
        exponent=summary["exponent"].map("{:.2f}".format).replace("nan", ""),
    )
    return "\n\n".join(
        [
            "# What drawing a transfer set costs",
            "As many rows drawn as the table has, of 20 columns. Seconds by wall clock "
            "and peak memory of the whole process, the least of "
            f"{frame['repeat'].nunique()} repeats. The exponent says how the seconds "
            "grow from the size before: 1 is linear.",
            results.markdown(shown),
            f"The largest exponent is {growth.max():.2f} ({growth.idxmax()}).",
            f"Measured with {results.describe(frame)}.",
        ]
    )


def main() -> None:
    """Measure the cases that are missing, keep each, and report on all there is."""
    parser = runs.build_parser(__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    cases = [
        {"sampler": name, "rows": n_rows, "repeat": repeat}
        for name in (TABLE, *SAMPLERS)
        for n_rows in SIZES
        for repeat in range(options.repeats)
    ]
    runs.run(NAME, cases, measure, options)
    runs.publish(NAME, report)


if __name__ == "__main__":
    main()
