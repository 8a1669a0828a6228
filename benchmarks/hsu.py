"""Hsu's study: teachers that are stopped early, and what they teach a small student.

After Cho and Hariharan (2019), Hsu compares students of a fully trained network with
those of one that was stopped early, and finds the latter better by about 1.5 points of
accuracy. Here the teacher is a perceptron on MNIST images, fitted once, whose weights
are kept after some of its epochs, and one small network learns each of these stages::

    python -m benchmarks.hsu --data-dir ../shared/data

Alpha and T are chosen by the accuracy on validation rows for each stage, and the stage
among all that were stopped; test images take no part. Finished settings are kept and
skipped by the next run, unless ``--fresh``.
"""

import tempfile
import warnings
from functools import cached_property, lru_cache
from itertools import product

import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from benchmarks import results, runs
from benchmarks.problems import add_data_argument, load_images
from skdistill import DistilledClassifier
from skdistill.students import keeping_stages

NAME = "hsu"
IMAGES = ("mnist", "fashion_mnist")
N_TRAIN, N_VALID, FEW = 3_000, 2_000, 0.03
TEACHER, TEACHER_EPOCHS, N_FOLDS = (128,), 64, 5
STUDENT, STUDENT_EPOCHS, FEW_EPOCHS = (16,), 30, 300
IN_SAMPLE, OUT_OF_FOLD, FEW_ROWS = "in-sample", "out-of-fold", "in-sample, few rows"
TARGETS = (IN_SAMPLE, OUT_OF_FOLD, FEW_ROWS)
STAGES = (1.0, 1 / 4, 1 / 8, 1 / 16, 1 / 32)
ALPHAS, TEMPERATURES = (0.5, 1.0), (1.0, 4.0)
# Points of accuracy that students of early-stopped teachers are ahead, about.
SOURCE_GAIN = 1.5
BLOCK = ["images", "targets", "seed"]


class Block:
    """The rows drawn from a set of images, and the teacher that learned them."""

    def __init__(self, images, seed: int, memory: str) -> None:
        X, y, *self.test = images
        self.seed, self.memory = seed, memory
        X, X_valid, y, y_valid = train_test_split(
            X,
            y,
            train_size=N_TRAIN,
            test_size=N_VALID,
            stratify=y,
            random_state=seed,
        )
        few, _ = train_test_split(
            range(len(y)), train_size=FEW, stratify=y, random_state=seed
        )
        self.rows = {FEW_ROWS: (X[few], y[few])}
        self.valid = X_valid, y_valid
        self.all = X, y
        self.unfitted = keeping_stages(
            MLPClassifier(TEACHER, max_iter=TEACHER_EPOCHS, tol=0, random_state=seed)
        )

    @cached_property
    def frozen(self):
        """The teacher of all training rows."""
        return FrozenEstimator(self.unfitted.fit(*self.all))

    def study(self, targets: str) -> list[dict]:
        """Scores of the student of each stage at every alpha and T."""
        X, y = self.rows.get(targets, self.all)
        epochs = FEW_EPOCHS if targets == FEW_ROWS else STUDENT_EPOCHS
        student = MLPClassifier(STUDENT, max_iter=epochs, random_state=self.seed)
        baseline = student.fit(X, y).score(*self.test)
        rows = []
        for stage, alpha, T in product(STAGES, ALPHAS, TEMPERATURES):
            model = DistilledClassifier(
                self.unfitted if targets == OUT_OF_FOLD else self.frozen,
                student,
                alpha=alpha,
                temperature=T,
                teacher_stage=stage,
                cv=N_FOLDS,
                transfer=None,
                calibrate=None,
                memory=self.memory,
                on_poor_teacher="ignore",
                random_state=self.seed,
            ).fit(X, y)
            rows.append(
                {
                    "stage": stage,
                    "alpha": alpha,
                    "temperature": T,
                    "n_rows": len(y),
                    "valid": model.score(*self.valid),
                    "test": model.score(*self.test),
                    "teacher": model.teacher_.score(*self.test),
                    "baseline": baseline,
                }
            )
        return rows


def choose(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep the alpha and T that validation rows favour, by block and stage."""
    best = frame.groupby([*BLOCK, "stage"], sort=False)["valid"].idxmax()
    return frame.loc[best].reset_index(drop=True)


def compare(frame: pd.DataFrame) -> pd.DataFrame:
    """By block: the student of the whole teacher, and of the stage that was chosen."""
    chosen = choose(frame)
    whole = chosen[chosen["stage"] == 1].set_index(BLOCK)
    stopped = chosen[chosen["stage"] < 1].reset_index(drop=True)
    best = stopped.groupby(BLOCK, sort=False)["valid"].idxmax()
    early = stopped.loc[best].set_index(BLOCK)
    compared = whole[["n_rows", "baseline", "test"]].join(
        early[["test", "stage"]].rename(columns={"test": "test_early"})
    )
    gain = 100 * (compared["test_early"] - compared["test"])
    return compared.assign(gain=gain).reset_index()


def summarise(frame: pd.DataFrame) -> pd.DataFrame:
    """Accuracies in percent and the gain in points, beside the source's."""
    rows = []
    for (images, targets), group in compare(frame).groupby(
        ["images", "targets"], sort=False
    ):
        rows.append(
            {
                "images": images,
                "targets": targets,
                "rows": str(group["n_rows"].iloc[0]),
                "labels alone": _show(group["baseline"]),
                "whole teacher": _show(group["test"]),
                "stopped early": _show(group["test_early"]),
                "gain in points": results.mean_and_std(group["gain"], "+.2f"),
                "epochs chosen": ", ".join(
                    f"{TEACHER_EPOCHS * stage:g}" for stage in group["stage"]
                ),
            }
        )
    rows.append({"images": "Hsu", "gain in points": f"about +{SOURCE_GAIN}"})
    return pd.DataFrame(rows)


def show_stages(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Mean accuracy in percent after each number of epochs of the teacher."""
    table = choose(frame).pivot_table(
        index=["images", "targets"], columns="stage", values=column, sort=False
    )
    shown = (100 * table.sort_index(axis=1)).map("{:.2f}".format)
    shown.columns = [f"epochs: {TEACHER_EPOCHS * stage:g}" for stage in shown]
    return shown.reset_index()


def by_temperature(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the gain in points where T is not chosen but given."""
    parts = {
        f"T = {T:g}": compare(part).groupby(["images", "targets"], sort=False)["gain"]
        for T, part in frame.groupby("temperature")
    }
    shown = {
        name: groups.agg(lambda gain: results.mean_and_std(gain, "+.2f"))
        for name, groups in parts.items()
    }
    return pd.DataFrame(shown).reset_index()


def conclude(frame: pd.DataFrame) -> str:
    """Say, by the kind of targets, whether the source's direction is met."""
    lines = []
    for (images, targets), group in compare(frame).groupby(
        ["images", "targets"], sort=False
    ):
        gain, spread = group["gain"].mean(), group["gain"].std()
        what = (
            "agrees with her direction"
            if gain > spread
            else "is worse, against it"
            if gain < -spread
            else "does not differ beyond the spread"
        )
        soft = results.mean_and_std(100 * (group["test"] - group["baseline"]), "+.2f")
        lines.append(
            f"- `{images}`, {targets}: {gain:+.2f} points; the student of the "
            f"early-stopped teacher {what}. Soft targets of the whole teacher bring "
            f"{soft} points over the labels alone."
        )
    return "\n".join(lines)


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    return "\n\n".join(
        [
            "# Hsu's study: teachers that are stopped early",
            f"The teacher is a network of {TEACHER} on {N_TRAIN} training images, "
            f"fitted for {TEACHER_EPOCHS} epochs; the student one of {STUDENT}. The "
            "figure of the source is from notes: it says that students of "
            f"early-stopped teachers are better by about {SOURCE_GAIN} points. Its "
            "teachers are deep networks; these are small and see fewer images, to "
            f"keep the run short. Seeds: {frame['seed'].nunique()}; entries are test "
            "accuracy in percent, mean ± standard deviation over the seeds.",
            "In-sample predictions, the source's, are those of the teacher for rows "
            f"that it learned; out-of-fold ones come from {N_FOLDS} folds. With few "
            f"rows the student learns {FEW:.0%} of those that the teacher learned. "
            f"Alpha ({', '.join(f'{one:g}' for one in ALPHAS)}) and T "
            f"({', '.join(f'{one:g}' for one in TEMPERATURES)}) are chosen on "
            f"{N_VALID} validation images for each stage, and 'stopped early' is the "
            "stage before the last that does best on them.",
            results.markdown(summarise(frame)),
            conclude(frame),
            "The gain in points at each T, with alpha and the stage chosen:",
            results.markdown(by_temperature(frame)),
            "Stopping early and a higher T both make the teacher's predictions softer: "
            "where T is chosen, less is left to gain by the other.",
            "The student by the epochs of its teacher:",
            results.markdown(show_stages(frame, "test")),
            "The teacher itself; out-of-fold it is the mean of those of the folds:",
            results.markdown(show_stages(frame, "teacher")),
            f"Measured with {results.describe(frame)}.",
        ]
    )


def main() -> None:
    """Measure what is missing, keep each block, and report on all there is."""
    parser = runs.build_parser(__doc__)
    add_data_argument(parser)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--images", nargs="+", choices=IMAGES, default=IMAGES[:1])
    options = parser.parse_args()
    # The networks stop after a fixed number of epochs.
    warnings.simplefilter("ignore", ConvergenceWarning)
    cases = [
        {"images": images, "seed": seed, "targets": targets}
        for seed, images, targets in product(
            range(options.seeds), options.images, TARGETS
        )
    ]
    with tempfile.TemporaryDirectory() as memory:

        @lru_cache(maxsize=1)
        def draw_block(images, seed):
            return Block(load_images(images, options.data_dir), seed, memory)

        def measure(images, seed, targets):
            case = {"images": images, "seed": seed, "targets": targets}
            return [case | row for row in draw_block(images, seed).study(targets)]

        runs.run(NAME, cases, measure, options)
    runs.publish(NAME, report)


def _show(values: pd.Series) -> str:
    return results.mean_and_std(100 * values, ".2f")


if __name__ == "__main__":
    main()
