"""Measure the coverage of quantile students that learn from a teacher of the mean.

A quantile student at 0.9 should be above 90 % of new labels, distilled or not. Boosting
of three kinds learns the quantiles 0.1, 0.5 and 0.9 from the labels alone, and from the
default teacher with its out-of-fold residuals::

    python -m benchmarks.quantiles --data-dir ../shared/data
"""

from functools import partial
from tempfile import TemporaryDirectory

import pandas as pd
from sklearn.base import clone
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor
from sklearn.metrics import mean_pinball_loss
from sklearn.model_selection import train_test_split

from benchmarks import results, runs
from benchmarks.problems import add_data_argument, encode, load_problem
from skdistill import DistilledRegressor

NAME = "quantiles"
TABLES = (
    "abalone",
    "bike_hour",
    "california_housing",
    "cpu_act",
    "house_16H",
    "kin8nm",
    "power_plant_ccpp",
)
LEVELS = (0.1, 0.5, 0.9)
N_TRAIN, N_TEST = 1500, 5000
TOLERANCE = 0.03


def build_students(level: float, seed: int) -> dict:
    """Return boosting of three kinds, with the pinball loss of a level."""
    from lightgbm import LGBMRegressor

    return {
        "GradientBoosting": GradientBoostingRegressor(
            loss="quantile", alpha=level, random_state=seed
        ),
        "HistGradientBoosting": HistGradientBoostingRegressor(
            loss="quantile", quantile=level, random_state=seed
        ),
        "LightGBM": LGBMRegressor(
            objective="quantile",
            alpha=level,
            n_jobs=1,
            verbose=-1,
            random_state=seed,
        ),
    }


def measure(table: str, seed: int, data_dir=None) -> list[dict]:
    """Coverage and pinball loss of each student and level on one table."""
    problem = load_problem(table, data_dir)
    X = encode(problem.X)
    X = X.fillna(X.median()).to_numpy(float)
    y = problem.y.to_numpy(float)
    X, X_test, y, y_test = train_test_split(X, y, train_size=N_TRAIN, random_state=seed)
    X_test, y_test = X_test[:N_TEST], y_test[:N_TEST]
    rows = []
    with TemporaryDirectory() as memory:
        for level in LEVELS:
            for name, student in build_students(level, seed).items():
                distilled = DistilledRegressor(
                    student=student, memory=memory, random_state=seed
                )
                row = {"table": table, "seed": seed, "student": name, "level": level}
                for way, model in (
                    ("baseline", clone(student)),
                    ("distilled", distilled),
                ):
                    predicted = model.fit(X, y).predict(X_test)
                    row[f"{way}_coverage"] = (y_test <= predicted).mean()
                    row[f"{way}_loss"] = mean_pinball_loss(
                        y_test, predicted, alpha=level
                    )
                rows.append(row)
    return rows


def summarise(frame: pd.DataFrame) -> pd.DataFrame:
    """Coverage of both and the ratio of their losses, by table, student and level."""
    shown = frame[["table", "student"]].assign(
        level=frame["level"].map("{:g}".format),
        baseline=frame["baseline_coverage"].map("{:.3f}".format),
        distilled=frame["distilled_coverage"].map("{:.3f}".format),
    )
    return shown.assign(
        **{"loss ratio": ratios(frame).map("{:.3f}".format)}
    ).sort_values(["table", "student", "level"])


def ratios(frame: pd.DataFrame) -> pd.Series:
    """Return the distilled student's pinball loss over the baseline's."""
    return frame["distilled_loss"] / frame["baseline_loss"]


def misses(frame: pd.DataFrame, way: str) -> pd.Series:
    """Return how far the coverage is from the level."""
    return (frame[f"{way}_coverage"] - frame["level"]).abs()


def conclude(frame: pd.DataFrame) -> str:
    """Say where the coverage is kept, and where the loss is no worse."""
    far = misses(frame, "distilled") > TOLERANCE
    worse = ratios(frame) > 1
    by_level = ", ".join(
        f"{ratio:.3f} at {level:g}"
        for level, ratio in ratios(frame).groupby(frame["level"]).mean().items()
    )
    return (
        f"Within {TOLERANCE:g} of the level: the baseline in "
        f"{(misses(frame, 'baseline') <= TOLERANCE).sum()} of {len(frame)} cases, the "
        f"distilled student in {(~far).sum()}"
        f"{_where(frame[far], ', missed for ')}. Its mean distance is "
        f"{misses(frame, 'distilled').mean():.3f}, the baseline's "
        f"{misses(frame, 'baseline').mean():.3f}. Its pinball loss is on average that "
        f"of the baseline times {by_level}, and lower in {(~worse).sum()} of "
        f"{len(frame)} cases. The highest ratio is {ratios(frame).max():.3f}"
        f"{_where(frame[worse], '; above 1 are ')}."
    )


def _where(frame, before):
    """Name the cases by table and level."""
    if frame.empty:
        return ""
    cases = frame[["table", "level"]].drop_duplicates().sort_values(["table", "level"])
    return before + ", ".join(
        f"{row.table} at {row.level:g}" for row in cases.itertuples()
    )


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    return "\n\n".join(
        [
            "# Students of quantiles",
            f"Fraction of held-out labels at or below the predicted quantile, "
            f"{N_TRAIN} training rows, {frame['seed'].nunique()} seed(s), of the "
            "student fitted on labels and of the one distilled from the default "
            "teacher; then the distilled student's pinball loss over the baseline's.",
            results.markdown(summarise(frame)),
            conclude(frame),
            f"Measured with {results.describe(frame)}.",
        ]
    )


def main() -> None:
    """Measure what is missing, keep each table and seed, and report on all there is."""
    parser = runs.build_parser(__doc__)
    add_data_argument(parser)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=TABLES)
    options = parser.parse_args()
    cases = [
        {"table": table, "seed": seed}
        for table in options.tables
        for seed in range(options.seeds)
    ]
    runs.run(NAME, cases, partial(measure, data_dir=options.data_dir), options)
    runs.publish(NAME, report)


if __name__ == "__main__":
    main()
