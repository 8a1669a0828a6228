"""What fraction of a teacher's lead small classifiers recover by distillation.

Four students learn from one stack on eight tables, in two ways: with a transfer set and
refined leaves, and as `DistilledClassifierCV` chooses by itself. The log loss is that
of held-out rows. Finished blocks are kept and skipped by the next run, unless
``--fresh``::

    python -m benchmarks.gap_classes --data-dir ../shared/data
"""

import tempfile
import warnings

import pandas as pd
from sklearn.ensemble import ExtraTreesClassifier, StackingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier

from benchmarks import gap, gap_block, quality_block, results, runs
from benchmarks.gap_block import MAX_TEST, MAX_TRAIN, TRAIN_FRACTION
from skdistill import DistilledClassifier, DistilledClassifierCV

NAME = "gap_classes"
# From cheap to expensive: the more classes, the more trees in each model.
TABLES = (
    "credit_g",
    "spambase",
    "magic_telescope",
    "bank_marketing",
    "adult",
    "covertype",
    "optdigits",
    "letter_recognition",
)
STUDENTS = ("lightgbm", "xgboost", "mlp", "forest")
WAYS = ("default", "cv")
LOG_LOSS = gap.Metric("log_loss", "log loss", -1)
GOALS = dict.fromkeys(STUDENTS, 0.5)
GOALS_OVER_TUNED = {"lightgbm": 0.65, "xgboost": 0.75, "forest": 0.6, "mlp": 0.65}


def build_teacher(seed: int) -> StackingClassifier:
    """Return a stack of boosting, randomised trees and a network."""
    from lightgbm import LGBMClassifier

    boosting = LGBMClassifier(
        n_estimators=150,
        learning_rate=0.05,
        subsample=0.8,
        subsample_freq=1,
        colsample_bytree=0.5,
        n_jobs=1,
        verbose=-1,
        random_state=seed,
    )
    members = {
        "boosting": boosting,
        "trees": ExtraTreesClassifier(150, min_samples_leaf=2, random_state=seed),
        "network": MLPClassifier((100,), alpha=0.1, max_iter=60, random_state=seed),
    }
    return StackingClassifier(
        [(name, with_encoder(member)) for name, member in members.items()],
        final_estimator=make_pipeline(
            FunctionTransformer(quality_block.log_odds),
            LogisticRegression(C=0.1, max_iter=300),
        ),
        cv=3,
    )


def with_encoder(model):
    """Return a pipeline that takes a table as it is, so that samplers see it too."""
    return make_pipeline(quality_block.build_encoder(), model)


def load_table(table: str, data_dir) -> tuple[pd.DataFrame, pd.Series]:
    """Load a table; its string columns become categories."""
    X, y = quality_block.load_table(table, data_dir)
    strings = X.select_dtypes(exclude="number").columns
    return X.astype(dict.fromkeys(strings, "category")).reset_index(drop=True), y


def split(X: pd.DataFrame, y, seed: int):
    """Split; both parts have the same fraction of each class."""
    return split_with_rest(X, y, seed)[:4]


def split_with_rest(X: pd.DataFrame, y, seed: int):
    """Split; return the inputs of the rows that are in neither part besides."""
    n_train = min(MAX_TRAIN, int(TRAIN_FRACTION * len(X)))
    n_test = min(MAX_TEST, len(X) - n_train)
    parts = train_test_split(
        X, y, train_size=n_train, test_size=n_test, stratify=y, random_state=seed
    )
    return *parts, X.drop(index=parts[0].index.union(parts[1].index))


class ClassBlock(gap_block.Block):
    """One table and seed: all students, and a memory that shares the teacher's work."""

    distilled = DistilledClassifier
    search = DistilledClassifierCV

    def load(self, table: str, data_dir) -> tuple:
        """Return the inputs of training and held-out rows, their classes, the rest."""
        return split_with_rest(*load_table(table, data_dir), self.seed)

    def build_teacher(self):
        """Return the teacher of all students."""
        return build_teacher(self.seed)

    def build_student(self, name: str):
        """Return a student as its library sets it up, with an encoder."""
        return with_encoder(quality_block.build_student(name, self.seed))

    def build_stump(self):
        """Return a student that takes no time."""
        return with_encoder(DecisionTreeClassifier(max_depth=1))

    def study(self, name: str) -> dict:
        """Fit one student on the labels, by default, and as it is chosen."""
        student = self.build_student(name)
        fits = {
            "baseline": self.fit_baseline(student),
            "default": self.distil(student),
            "cv": self.choose(student),
        }
        search = fits["cv"][1]
        row = {"student": name} | self.score_all(fits)
        row["cv_inner_log_loss"] = -search.best_score_
        return row | gap_block.describe_choice(search)

    def score(self, way: str, model) -> dict:
        """Log loss, AUC and accuracy of the held-out rows."""
        X, y = self.test
        scores = quality_block.score(y, model.predict_proba(X))
        return {f"{way}_{name}": value for name, value in scores.items()}


def measure(table: str, students, seed: int, data_dir) -> list[dict]:
    """Scores of each student on the held-out rows of one table."""
    with tempfile.TemporaryDirectory() as memory, warnings.catch_warnings():
        # The networks stop after a fixed number of epochs.
        warnings.simplefilter("ignore", ConvergenceWarning)
        block = ClassBlock(table, seed, data_dir, memory)
        teacher = block.fit_teacher(search=True)
        facts = block.facts | {"n_classes": len(set(block.train[1]))}
        return [facts | block.study(name) | teacher for name in students]


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    summary = gap.summarise(frame, WAYS, LOG_LOSS)
    harmed = int((summary["cv_gain"] < -gap.HARM).sum())
    facts = ["table", "n_train", "n_test", "n_features", "n_classes"]
    recovered = {
        f"{way} recovers": [
            gap.show_recovered(row, way, LOG_LOSS) for _, row in summary.iterrows()
        ]
        for way in WAYS
    }
    scores = gap.compare_scores(summary, WAYS, LOG_LOSS).assign(
        **recovered,
        **{"over tuned": gap.show_over_tuned(summary, frame, "cv", LOG_LOSS)},
        chosen=gap.show_choices(frame),
    )
    return "\n\n".join(
        [
            "# What fraction of the teacher's lead a classifier recovers",
            f"Tables: {frame['table'].nunique()}, students: "
            f"{frame['student'].nunique()}, seeds: {frame['seed'].nunique()}; one "
            f"stack teaches all students. At most {MAX_TRAIN} rows are for training "
            f"and {MAX_TEST} held out, and the log losses are theirs, of probabilities "
            f"clipped at {quality_block.CLIP:g}. 'baseline' learned the labels alone, "
            "'default' is `DistilledClassifier`, with a transfer set and, where trees "
            "are added up, refined leaves, 'cv' is `DistilledClassifierCV`, which "
            "chooses inside the training rows and may keep the baseline student.",
            results.markdown(frame[facts].drop_duplicates("table")),
            *gap.report_over_tuned(frame, GOALS_OVER_TUNED, WAYS, LOG_LOSS),
            "## By student, over the baseline",
            "Recovered is the fraction of the gap between the baseline student and the "
            f"teacher, over the tables where the teacher leads by {gap.MIN_LEAD:g} or "
            "more in log loss:",
            results.markdown(gap.summarise_students(summary, WAYS)),
            gap.describe_other_seeds(frame, LOG_LOSS),
            f"The chosen student is worse than the baseline by more than {gap.HARM:g} "
            f"in log loss in {harmed} of {len(summary)} pairs of table and student:",
            results.markdown(gap.compare_with_goals(summary, GOALS, LOG_LOSS)),
            "## By table",
            "Means over the seeds; ± is the standard deviation of the seeds' gains "
            f"over the mean lead. Where the teacher leads by less than "
            f"{gap.MIN_LEAD:g}, the difference in log loss to the baseline student "
            "stands instead of a fraction: below 0 is better. 'over tuned' is what "
            "'cv' recovers over the tuned baseline, on the seeds where there is one.",
            results.markdown(scores),
            "## Seconds of a fit",
            "Medians over tables and seeds. The teacher's are those of one fit with "
            "out-of-fold predictions; the students' are without it. 'cv' is five folds "
            "of all candidates and the final fit, for which the teacher is fitted six "
            "times.",
            results.markdown(gap.compare_times(frame, WAYS)),
            f"Measured with {results.describe(frame)}.",
        ]
    )


def main() -> None:
    """Measure what is missing, keep each block, and report on all there is."""
    options = runs.parse_students(__doc__, STUDENTS, seeds=3, tables=TABLES)
    runs.run_students(NAME, measure, options)
    runs.publish(NAME, report)


if __name__ == "__main__":
    main()
