"""Measure students of quantiles: how often they are above a label, and their loss.

A quantile student at 0.9 should be above 90 % of new labels, distilled or not. Boosting
of three kinds learns the quantiles 0.1, 0.5 and 0.9 from the labels alone; from the
default teacher, a mean, with its out-of-fold residuals; from a teacher that says the
distribution of a label; and from a mean beside such a teacher::

    python -m benchmarks.quantiles --data-dir ../shared/data
"""

from tempfile import TemporaryDirectory

import pandas as pd
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
)
from sklearn.metrics import mean_pinball_loss
from sklearn.model_selection import train_test_split

from benchmarks import results, runs
from benchmarks.problems import encode, load_problem
from skdistill import DistilledRegressor
from skdistill.teachers import DistributionRegressor, default_regressor

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
# Whom the students learn from beside the labels.
WAYS = {
    "labels": "nobody",
    "residuals": "the default teacher's mean and residuals",
    "spread": "that mean, and LightGBM of quantiles for the spread",
    "quantiles": "LightGBM of quantiles alone",
}
STUDENTS = ("GradientBoosting", "HistGradientBoosting", "LightGBM")
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


def build_teacher(way: str, n_features: int, seed: int):
    """Return the teacher of a way; None for the default one."""
    from lightgbm import LGBMRegressor

    if way == "residuals":
        return None
    learner = LGBMRegressor(
        objective="quantile", n_jobs=1, verbose=-1, random_state=seed
    )
    says = DistributionRegressor(learner)
    if way == "quantiles":
        return says
    mean = default_regressor(N_TRAIN, n_features, cv=5, n_jobs=1)
    return [("mean", mean), ("spread", says)]


def measure(
    table: str, seed: int, students: list[str], way: str, data_dir=None
) -> list[dict]:
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
            built = build_students(level, seed)
            for name in students:
                model = student = built[name]
                if way != "labels":
                    teacher = build_teacher(way, X.shape[1], seed)
                    model = DistilledRegressor(
                        teacher,
                        student,
                        combine="stack",
                        memory=memory,
                        random_state=seed,
                    )
                predicted = model.fit(X, y).predict(X_test)
                rows.append(
                    {
                        "table": table,
                        "seed": seed,
                        "way": way,
                        "student": name,
                        "level": level,
                        "coverage": (y_test <= predicted).mean(),
                        "loss": mean_pinball_loss(y_test, predicted, alpha=level),
                    }
                )
    return rows


def by_way(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return a column with the ways side by side, one row for each student."""
    keys = ["table", "student", "level", "seed"]
    wide = frame.pivot(index=keys, columns="way", values=column)
    return wide[[way for way in WAYS if way in wide]]


def ratios(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the pinball losses over that of the student of the labels."""
    losses = by_way(frame, "loss")
    return losses.drop(columns="labels").div(losses["labels"], axis=0)


def misses(frame: pd.DataFrame) -> pd.DataFrame:
    """Return how far the coverages are from their levels."""
    coverage = by_way(frame, "coverage")
    return coverage.sub(coverage.index.get_level_values("level"), axis=0).abs()


def over_residuals(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the losses over that of the student that learned from residuals."""
    losses = by_way(frame, "loss")
    return losses.drop(columns=["labels", "residuals"]).div(losses["residuals"], axis=0)


def summarise(frame: pd.DataFrame) -> pd.DataFrame:
    """Coverage of all ways, and the ratios of the losses, by table and level."""
    shown = [
        by_way(frame, "coverage").add_suffix(" coverage"),
        ratios(frame)[["residuals"]].add_suffix(" over labels"),
        over_residuals(frame).add_suffix(" over residuals"),
    ]
    means = pd.concat(shown, axis=1).groupby(["table", "level"]).mean()
    return means.map("{:.3f}".format).replace("nan", "").reset_index()


def conclude(frame: pd.DataFrame) -> pd.DataFrame:
    """Say of each way how often the level is kept, and what it does to the loss.

    A way that was measured on some of the tables is compared on these.
    """
    ratio, beside = ratios(frame), over_residuals(frame)
    rows = []
    for way, found in misses(frame).items():
        miss = found.dropna()
        near = f"{(miss <= TOLERANCE).sum()}/{len(miss)}"
        row = {"way": way, f"within {TOLERANCE:g}": near, "distance": miss.mean()}
        if way in ratio:
            mine = ratio[way].dropna()
            by_level = mine.groupby("level").mean()
            row |= {f"loss at {at:g}": by_level[at] for at in LEVELS}
            row |= {"loss": mine.mean(), "highest": mine.max()}
        if way in beside:
            row["over residuals"] = beside[way].mean()
        rows.append(row)
    shown = pd.DataFrame(rows)
    numbers = shown.select_dtypes("number").columns
    shown[numbers] = shown[numbers].map("{:.3f}".format).replace("nan", "")
    return shown


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    measured = {*frame["way"]}
    ways = "; ".join(
        f"*{way}*: {what}" for way, what in WAYS.items() if way in measured
    )
    return "\n\n".join(
        [
            "# Students of quantiles",
            f"{N_TRAIN} training rows, {frame['seed'].nunique()} seed(s), three "
            f"students at the levels {', '.join(map(str, LEVELS))}. Who teaches them "
            f"beside the labels: {ways}.",
            "By way: in how many cases the fraction of held-out labels at or below the "
            "predicted quantile is near its level, and its mean distance; the pinball "
            "loss over that of the student fitted on labels; and over that of the one "
            "that learned from residuals, on the same tables.",
            results.markdown(conclude(frame)),
            "Mean over the students, by table and level: that fraction, and ratios of "
            "losses. A way without a cell was not measured there, and some were on a "
            "part of the students, without GradientBoosting, which takes longest.",
            results.markdown(summarise(frame)),
            f"Measured with {results.describe(frame)}.",
        ]
    )


def main() -> None:
    """Measure what is missing, keep each table and seed, and report on all there is."""
    options = runs.parse_students(__doc__, STUDENTS, seeds=1, tables=TABLES)
    for way in WAYS:
        runs.run_students(NAME, measure, options, way=way)
    runs.publish(NAME, report)


if __name__ == "__main__":
    main()
