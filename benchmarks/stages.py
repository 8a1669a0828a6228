"""What a second student is worth in a cascade, at equal cost.

A tree predicts every row. What it does not keep goes to the teacher, or first to
boosting, which keeps a part of it; or boosting predicts every row. The three are
compared where they take the same time for a row, as measured, and for a teacher that
takes ten times as long. What is measured is kept and skipped by the next run, unless
``--fresh``::

    python -m benchmarks.stages --data-dir ../shared/data
"""

import tempfile

import numpy as np
import pandas as pd
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

from benchmarks import results, runs
from benchmarks.cascade_block import N_TREES, TABLES, losses_of
from benchmarks.problems import add_data_argument
from benchmarks.teachers_block import CLASSES, build_student, load
from skdistill import (
    CascadeClassifier,
    CascadeRegressor,
    DistilledClassifier,
    DistilledRegressor,
)
from skdistill.cascade import find_fractions

NAME = "stages"
STUDENTS = ("tree", "lightgbm")
# Who predicts before the teacher, by the numbers of the students.
CASCADES = {"tree": [0], "boosting": [1], "tree, then boosting": [0, 1]}
# How many times as long as measured the teacher takes, and what is spent on a row, as
# fractions of that.
DEARER, BUDGETS = (1, 10), (0.2, 0.35, 0.5)
# A gap that is smaller, as a fraction of the tree's loss, is none to be recovered.
LEAST_GAP = 0.01


def build(seed: int, memory: str, *, is_class: bool):
    """Return the unfitted cascade of both students, whose costs are measured."""
    forest = ExtraTreesClassifier if is_class else ExtraTreesRegressor
    single = DistilledClassifier if is_class else DistilledRegressor
    cascade = CascadeClassifier if is_class else CascadeRegressor
    return cascade(
        single(
            forest(N_TREES, bootstrap=True), memory=memory, on_poor_teacher="ignore"
        ),
        student=[
            (name, build_student(name, seed, classes=is_class)) for name in STUDENTS
        ],
        budget=1e9,
        budget_unit="microseconds",
        random_state=seed,
    )


def find_loss(losses, teacher, scores, fractions) -> float:
    """Return the mean loss if these fractions of the rows go on from each student.

    Parameters
    ----------
    losses, scores : list of ndarray of shape (n_samples,)
        Of each student, from the first to the last.
    teacher : ndarray of shape (n_samples,)
        The losses of the teacher.
    fractions : list of float
        Of all rows, those with the highest scores of the rows that came so far.
    """
    rows, n_rows, found = np.arange(len(teacher)), len(teacher), np.array(losses[0])
    for one, score, fraction in zip(
        [*losses[1:], teacher], scores, fractions, strict=True
    ):
        order = np.argsort(-score[rows], kind="stable")
        rows = rows[order[: round(fraction * n_rows)]]
        found[rows] = one[rows]
    return float(found.mean())


def measure(table: str, seed: int, data_dir) -> list[dict]:
    """Return the held-out loss of each cascade at each cost."""
    is_class = table in CLASSES
    X, X_test, y, y_test = load(table, seed, data_dir)
    with tempfile.TemporaryDirectory() as memory:
        model = build(seed, memory, is_class=is_class).fit(X, y)
    classes = model.classes_ if is_class else None
    predicted = [stage.predict(X_test) for stage in model.stages_]
    scores = [
        stage.score(X_test, one)
        for stage, one in zip(model.stages_, predicted, strict=True)
    ]
    losses = [losses_of(one, y_test, classes) for one in predicted]
    _, said = model.predict_both(X_test)
    teacher = losses_of(said, y_test, classes)
    facts = {"table": table, "seed": seed, "n_train": len(X)}
    facts |= {"tree_loss": losses[0].mean(), "boosting_loss": losses[1].mean()}
    facts |= {"teacher_loss": teacher.mean()}
    names = ("tree_cost", "boosting_cost", "teacher_cost")
    facts |= dict(zip(names, model.costs_, strict=True))
    rows = []
    for dearer in DEARER:
        of_teacher = dearer * model.costs_[-1]
        for budget in BUDGETS:
            for name, members in CASCADES.items():
                costs = [*(model.costs_[one] for one in members), of_teacher]
                row = {"dearer": dearer, "budget": budget, "cascade": name}
                if budget * of_teacher < costs[0]:
                    continue  # Not even the student can be paid for.
                fractions = find_fractions(
                    budget * of_teacher, costs, n_students=len(members)
                )
                loss = find_loss(
                    [losses[one] for one in members],
                    teacher,
                    [scores[one] for one in members],
                    fractions,
                )
                rows.append(facts | row | {"sent": fractions[-1], "loss": loss})
    return rows


def recover(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with the fraction that is recovered of the tree's gap."""
    gap = frame["tree_loss"] - frame["teacher_loss"]
    frame = frame[gap > LEAST_GAP * frame["tree_loss"]]
    gap = frame["tree_loss"] - frame["teacher_loss"]
    return frame.assign(recovered=(frame["tree_loss"] - frame["loss"]) / gap)


def compare(part: pd.DataFrame) -> dict[str, str]:
    """Say in how many cases both students beat the better one of them alone."""
    wide = part.pivot_table(
        index=["table", "seed"], columns="cascade", values="recovered"
    ).reindex(columns=[*CASCADES])
    both = [*CASCADES][-1]
    alone = wide.drop(columns=both).max(axis=1).fillna(0.0)
    wins = (wide[both] > alone)[wide[both].notna()]
    return {f"{both}: best in": f"{int(wins.sum())} of {len(wins)}"}


def summarise(frame: pd.DataFrame) -> list[dict]:
    """Return a row for each cost, with the medians over tables and seeds."""
    rows = []
    for (dearer, budget), part in frame.groupby(["dearer", "budget"]):
        medians = part.groupby("cascade")["recovered"].median()
        sent = part.groupby("cascade")["sent"].median()
        row = {
            "the teacher takes": "as measured" if dearer == 1 else f"x {dearer}",
            "a row takes, of that": f"{budget:.0%}",
        }
        for name in CASCADES:
            row[name] = (
                ""
                if name not in medians
                else (f"{results.percent(medians[name])} ({sent[name]:.0%} sent)")
            )
        rows.append(row | compare(part))
    return rows


def by_table(frame: pd.DataFrame) -> list[dict]:
    """Return a row for each table: losses, costs, and what is recovered in the end."""
    dearer, budget = DEARER[-1], BUDGETS[0]
    at = frame[(frame["dearer"] == dearer) & (frame["budget"] == budget)]
    rows = []
    for table, part in at.groupby("table", sort=False):
        means = part.groupby("cascade")["recovered"].mean()
        names = ("tree", "boosting", "teacher")
        losses = [f"{part[f'{name}_loss'].mean():.4g}" for name in names]
        costs = [part[f"{name}_cost"].median() for name in names]
        rows.append(
            {
                "table": table,
                "losses": " / ".join(losses),
                "microseconds": " / ".join(f"{cost:.1f}" for cost in costs),
            }
            | {name: results.percent(means.get(name, np.nan)) for name in CASCADES}
        )
    return rows


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    found = recover(frame)
    return "\n\n".join(
        [
            "# Several students in a cascade, at equal cost",
            f"{frame['n_train'].max()} training rows, {frame['seed'].nunique()} "
            f"seed(s), tables: {', '.join(frame['table'].unique())}. Teacher: "
            f"{N_TREES} extremely randomised trees on bootstrap samples. Students, "
            "distilled from it: a tree of 32 leaves, and LightGBM of 100 trees with 16 "
            "leaves. What a row takes is measured in batches of 1,000 rows, students "
            "with their deferral score; how many rows go on follows from it by the "
            "rule of `budget_unit='microseconds'`. A cell has the fraction of the gap "
            "between tree and teacher, in their loss on held-out rows (log loss, "
            "squared error), that is recovered, and in brackets how many rows go to "
            "the teacher: medians. Gaps below "
            f"{LEAST_GAP:.0%} of the tree's loss are left out, and a cascade where its "
            "first student alone takes longer than a row may.",
            results.markdown(pd.DataFrame(summarise(found))),
            f"## By table, with a teacher that takes {DEARER[-1]} times as long, at "
            f"{BUDGETS[0]:.0%} of its time",
            "Losses and microseconds are those of tree, boosting and teacher, these as "
            "measured.",
            results.markdown(pd.DataFrame(by_table(found))),
            f"Measured with {results.describe(frame)}.",
        ]
    )


def main() -> None:
    """Measure what is missing, keep each block, and report on all there is."""
    parser = runs.build_parser(__doc__)
    add_data_argument(parser)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=TABLES)
    options = parser.parse_args()
    cases = [
        {"table": table, "seed": seed}
        for seed in range(options.seeds)
        for table in options.tables
    ]

    def work(table: str, seed: int) -> list[dict]:
        return measure(table, seed, options.data_dir)

    runs.run(NAME, cases, work, options)
    runs.publish(NAME, report)


if __name__ == "__main__":
    main()
