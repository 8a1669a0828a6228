"""What it costs to divide groups among the folds of a teacher, where new rows are new.

Rows of one day, of one experiment or of one mixture of concrete resemble each other,
and what is to be predicted are other days, experiments and mixtures. A teacher whose
folds divide a group has seen a row's relatives: what it says of the row is then better
than what it says of new ones. What is measured is kept and skipped by the next run,
unless ``--fresh``::

    python -m benchmarks.groups --data-dir ../shared/data
"""

import tempfile

import numpy as np
import pandas as pd
import sklearn
from sklearn.metrics import r2_score
from sklearn.model_selection import GroupKFold, GroupShuffleSplit, KFold

from benchmarks import gap_block, results, runs
from benchmarks.teachers_block import build_student, build_teacher
from skdistill import DistilledRegressor

NAME = "groups"
# What the rows of a group have in common, by the numbers of its columns.
TABLES = {
    "airfoil_self_noise": slice(1, 5),
    "bike_hour": slice(0, 1),
    "concrete_strength": slice(0, 7),
}
N_TRAIN, MAX_TEST, N_FOLDS = 600, 5_000, 5
BASELINE, ROWS, GROUPS = "baseline student", "folds of rows", "folds of groups"
# Whom each way is compared with.
WAYS = {BASELINE: "", ROWS: BASELINE, GROUPS: ROWS}
STUDENTS = ("lightgbm", "tree")


def load(table: str, seed: int, data_dir) -> tuple:
    """Return training and held-out rows, of other groups, and the training groups."""
    X, y = gap_block.load_table(table, data_dir)
    groups = X.iloc[:, TABLES[table]].groupby(list(X.columns[TABLES[table]])).ngroup()
    X, groups = X.to_numpy(float), groups.to_numpy()
    halves = GroupShuffleSplit(1, train_size=0.5, random_state=seed)
    train, test = next(halves.split(X, y, groups))
    # Whole groups, in an order of chance, until there are enough rows.
    order = np.random.default_rng(seed).permutation(np.unique(groups[train]))
    sizes = np.bincount(groups)[order]
    train = np.flatnonzero(np.isin(groups, order[np.cumsum(sizes) <= N_TRAIN]))
    test = np.random.default_rng(seed).permutation(test)[:MAX_TEST]
    return X[train], X[test], y[train], y[test], groups[train]


def build(way: str, student: str, seed: int, memory: str):
    """Return the unfitted model of a way."""
    model = build_student(student, seed, classes=False)
    if way == BASELINE:
        return model
    folds = {"n_splits": N_FOLDS, "shuffle": True, "random_state": seed}
    by_group = GroupKFold(**folds).set_split_request(groups=True)
    return DistilledRegressor(
        build_teacher("trees", seed, classes=False),
        model,
        cv=by_group if way == GROUPS else KFold(**folds),
        memory=memory,
        on_poor_teacher="ignore",
        random_state=seed,
    )


def measure(table: str, seed: int, students, data_dir) -> list[dict]:
    """Return 1 - R2 of each way for rows of new groups."""
    X, X_test, y, y_test, groups = load(table, seed, data_dir)
    facts = {"table": table, "seed": seed, "n_train": len(y)}
    facts |= {"n_groups": len(np.unique(groups))}
    rows = []
    with (
        tempfile.TemporaryDirectory() as memory,
        sklearn.config_context(enable_metadata_routing=True),
    ):
        for student in students:
            for way in WAYS:
                model = build(way, student, seed, memory)
                model.fit(X, y, **({"groups": groups} if way == GROUPS else {}))
                loss = 1 - r2_score(y_test, model.predict(X_test))
                rows.append(facts | {"student": student, "way": way, "loss": loss})
    return rows


def summarise(frame: pd.DataFrame) -> list[dict]:
    """Return a row for each table and student: losses, and how they compare."""
    rows = []
    for (table, student), part in frame.groupby(["table", "student"], sort=False):
        losses = part.pivot_table(index="seed", columns="way", values="loss")
        row = {"table": table, "student": student}
        row |= {BASELINE: f"{losses[BASELINE].mean():.4f}"}
        for way, other in WAYS.items():
            if other:
                gain = losses[other] - losses[way]
                row[f"{way}, over {other}"] = (
                    f"{results.mean_and_std(gain, '+.4f')} "
                    f"({int((gain > 0).sum())} of {len(gain)})"
                )
        rows.append(row)
    return rows


def say(frame: pd.DataFrame) -> str:
    """Say in how many cases folds of whole groups gain."""
    keys = ["table", "student", "seed"]
    losses = frame.pivot_table(index=keys, columns="way", values="loss")
    gain = losses[ROWS] - losses[GROUPS]
    harm = losses[[ROWS, GROUPS]].gt(losses[BASELINE] + 0.003, axis=0)
    worse = ", ".join(f"{way} {int(count)}" for way, count in harm.sum().items())
    return (
        f"Folds of groups have a lower loss than folds of rows in "
        f"{int((gain > 0).sum())} of {len(gain)} cases, by "
        f"{results.signed(gain.mean())} on average and {results.signed(gain.median())} "
        "in the median. Cases in which the loss is higher than the baseline student's "
        f"by more than 0.003: {worse}."
    )


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    sizes = "; ".join(
        f"{table}: {part['n_train'].median():.0f} rows in "
        f"{part['n_groups'].median():.0f} groups"
        for table, part in frame.groupby("table", sort=False)
    )
    return "\n\n".join(
        [
            "# Folds of rows and folds of groups",
            "The rows of a day (bike_hour), of an experiment (airfoil_self_noise) or "
            "of a mixture (concrete_strength) are a group; held-out rows are of other "
            f"groups. Training rows, medians: {sizes}. {frame['seed'].nunique()} "
            "seeds. Teacher: 200 extremely randomised trees. Students: LightGBM of 100 "
            "trees with 16 leaves, and a tree. The loss is 1 - R2; a cell has by how "
            "much it is less than that of the way named, mean ± standard deviation, "
            "and in how many seeds it is less.",
            results.markdown(pd.DataFrame(summarise(frame))),
            say(frame),
            f"Measured with {results.describe(frame)}.",
        ]
    )


def main() -> None:
    """Measure what is missing, keep each table and seed, and report on all there is."""
    options = runs.parse_students(__doc__, STUDENTS, 5, tuple(TABLES))
    runs.run_students(NAME, measure, options)
    runs.publish(NAME, report)


if __name__ == "__main__":
    main()
