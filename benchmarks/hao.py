"""Hao's study: accuracy against alpha where some labels are wrong, and what follows.

The study distils networks on 10,000 MNIST images of which 5 % have a wrong label, at
ten values of alpha and several lengths of training. Its "future directions" are carried
out too: teachers of graded quality, other metrics, Fashion-MNIST, more wrong labels and
the fraction of them that the student corrects. Finished settings are kept and skipped
by the next run, unless ``--fresh``::

    python -m benchmarks.hao --data-dir ../shared/data
"""

import tempfile
import warnings
from functools import lru_cache
from itertools import product
from pathlib import Path

import pandas as pd
from sklearn.exceptions import ConvergenceWarning

from benchmarks import results, runs
from benchmarks.hao_block import (
    IN_SAMPLE,
    N_FOLDS,
    N_TRAIN,
    N_VALID,
    OUT_OF_FOLD,
    SETTINGS,
    STUDENT,
    STUDIES,
    TEACHER_EPOCHS,
    TEACHERS,
    Block,
    Setting,
    alphas_of,
)
from benchmarks.plots import draw_lines
from benchmarks.problems import add_data_argument, load_images

NAME = "hao"
IMAGES = ("mnist", "fashion_mnist")
KEYS = ["images", "seed", *Setting._fields]
METRICS = ("accuracy", "log_loss", "worst_class", "corrected", "repeated")
WAYS = BASELINE, CHOSEN, ALONE, TEACHER = "baseline", "chosen", "alpha 1", "the teacher"


def select(frame: pd.DataFrame, study: str) -> pd.DataFrame:
    """Return the rows of a study: by images, then in the order of its settings."""
    settings = pd.DataFrame(STUDIES[study])
    rows = frame[frame["alpha"].isin(alphas_of(study))]
    parts = [part for _, part in rows.groupby("images", sort=False)]
    return pd.concat([settings.merge(part) for part in parts], ignore_index=True)


def compare_ways(frame: pd.DataFrame) -> pd.DataFrame:
    """By seed and setting: the scores of every way, and the alpha chosen.

    Chosen is the alpha of the best validation accuracy; among equals the lowest.
    """
    best = frame.loc[frame.groupby(KEYS, sort=False)["valid"].idxmax()]
    teachers = {f"teacher_{metric}": metric for metric in METRICS}
    ways = {
        BASELINE: frame.loc[frame["alpha"] == 0, [*KEYS, *METRICS]],
        CHOSEN: best[[*KEYS, *METRICS]],
        ALONE: frame.loc[frame["alpha"] == 1, [*KEYS, *METRICS]],
        TEACHER: best[[*KEYS, *teachers]].rename(columns=teachers),
    }
    parts = [
        scores.set_index(KEYS).add_prefix(f"{way}_") for way, scores in ways.items()
    ]
    return best.set_index(KEYS)[["alpha"]].join(parts).reset_index()


def show_accuracy(frame: pd.DataFrame) -> pd.DataFrame:
    """Test accuracy in percent at every alpha, by length of training."""
    groups = frame.groupby(["alpha", "epochs"])["accuracy"]
    shown = groups.agg(show).unstack("epochs").reset_index()
    shown.insert(1, "Hao's alpha", (1 - shown["alpha"]).map("{:.2f}".format))
    names = {epochs: f"epochs: {epochs}" for epochs in frame["epochs"].unique()}
    return shown.assign(alpha=shown["alpha"].map("{:.2f}".format)).rename(columns=names)


def tabulate(compared: pd.DataFrame, fields: list[str], metric: str) -> pd.DataFrame:
    """One metric by images and what varies: mean and std over the seeds."""
    rows = []
    for key, group in compared.groupby(["images", *fields], sort=False):
        row = dict(zip(["images", *fields], key, strict=True))
        row |= {way: show(group[f"{way}_{metric}"], metric) for way in WAYS}
        if metric == "accuracy":
            row["gain in points"] = results.mean_and_std(measure_gain(group), "+.2f")
            row["alpha chosen"] = ", ".join(f"{alpha:.2f}" for alpha in group["alpha"])
        rows.append(row)
    return pd.DataFrame(rows)


def measure_gain(compared: pd.DataFrame) -> pd.Series:
    """Accuracy at the chosen alpha over the baseline, in points, seed by seed."""
    return 100 * (compared[f"{CHOSEN}_accuracy"] - compared[f"{BASELINE}_accuracy"])


def conclude(compared: pd.DataFrame, field: str, where: str) -> str:
    """Say where the chosen alpha gains most and least, by the mean over the seeds."""
    gains = measure_gain(compared).groupby([compared["images"], compared[field]]).mean()
    parts = []
    for images in compared["images"].unique():
        gain = gains[images]
        most, least = (
            f"{where.format(value)} ({gain[value]:+.2f} points)"
            for value in (gain.idxmax(), gain.idxmin())
        )
        parts.append(f"on `{images}` most {most} and least {least}")
    return f"In accuracy the chosen alpha gains {'; '.join(parts)}."


def conclude_noise(compared: pd.DataFrame) -> list[str]:
    """Say what becomes of the wrong labels, out-of-fold and in-sample."""
    mean = compared.groupby(["images", "noise", "targets"], sort=False).mean(
        numeric_only=True
    )
    alone = mean[f"{ALONE}_accuracy"].unstack("targets")
    better = int((alone[OUT_OF_FOLD] > alone[IN_SAMPLE]).sum())
    noise = compared["noise"].max()
    lines = [
        "A student of the teacher's predictions alone is more accurate with "
        f"out-of-fold ones in {better} of {len(alone)} pairs of images and fraction. "
        "The teachers differ too: the in-sample one learned all rows, a fold's teacher "
        "those of the other folds."
    ]
    for images in compared["images"].unique():
        out_of_fold, in_sample = (
            mean.loc[images, noise, way] for way in (OUT_OF_FOLD, IN_SAMPLE)
        )
        lines.append(
            f"On `{images}` with {noise:.0%} wrong labels the baseline student "
            f"corrects {out_of_fold[f'{BASELINE}_corrected']:.0%} of them, one of "
            f"out-of-fold predictions alone {out_of_fold[f'{ALONE}_corrected']:.0%}, "
            "one of in-sample predictions alone "
            f"{in_sample[f'{ALONE}_corrected']:.0%}. Out-of-fold predictions repeat "
            f"{out_of_fold[f'{TEACHER}_repeated']:.0%} of the wrong labels, in-sample "
            f"ones {in_sample[f'{TEACHER}_repeated']:.0%}: a student then learns these."
        )
    return lines


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    compared = {study: compare_ways(select(frame, study)) for study in STUDIES}
    length, noise = select(frame, "length"), compared["noise"]
    base = Setting()
    teachers = ", ".join(
        f"{name}: {teacher.layers}"
        + (f" on {teacher.n_rows} rows" if teacher.n_rows else "")
        for name, teacher in TEACHERS.items()
    )
    parts = [
        "# Hao's study: accuracy against alpha with wrong labels",
        f"{N_TRAIN} training images, a fraction of whose labels is wrong, and the test "
        f"images, whose labels are right. Seeds: {frame['seed'].nunique()}. Entries "
        "are mean ± standard deviation over the seeds, in percent unless it is a log "
        "loss. Hao's alpha weighs the label; ours, the teacher, is 1 - hers. No "
        "figures of the source are at hand: its design is repeated, and what the rows "
        "say stands on its own.",
        f"The student is a network of {STUDENT}. Teachers are networks of {teachers}, "
        f"of {TEACHER_EPOCHS} epochs. Out-of-fold predictions are those of {N_FOLDS} "
        "fold teachers, each for the rows it was not fitted on; the teacher scored is "
        "their mean. In-sample predictions, the source's, are those of one teacher "
        "fitted on all rows. Where nothing else is said the teacher is "
        f"{base.teacher}, its predictions {base.targets}, {base.noise:.0%} of the "
        f"labels wrong, {base.epochs} epochs, T = {base.temperature:g}. Networks are "
        "small, and alpha takes every third of the ten values outside the first study, "
        "to keep the run short.",
        f"'{CHOSEN}' is the alpha of the best accuracy on {N_VALID} further images, "
        f"whose labels are as often wrong; '{BASELINE}' is alpha 0.",
        "## Accuracy against alpha, by length of training",
    ]
    for images, group in length.groupby("images", sort=False):
        parts += [f"`{images}`:", results.markdown(show_accuracy(group))]
    parts += [
        f"![Accuracy against alpha, by length of training]({NAME}.svg)",
        results.markdown(tabulate(compared["length"], ["epochs"], "accuracy")),
        conclude(compared["length"], "epochs", "at epochs = {}"),
        "## Other metrics",
        "Log loss, and the accuracy on the class where it is worst:",
        results.markdown(tabulate(compared["length"], ["epochs"], "log_loss")),
        results.markdown(tabulate(compared["length"], ["epochs"], "worst_class")),
        "## Temperature",
        results.markdown(
            tabulate(compared["temperature"], ["temperature"], "accuracy")
        ),
        results.markdown(
            tabulate(compared["temperature"], ["temperature"], "log_loss")
        ),
        conclude(compared["temperature"], "temperature", "at T = {:g}"),
        "## Teachers of graded quality",
        results.markdown(tabulate(compared["teacher"], ["teacher"], "accuracy")),
        conclude(compared["teacher"], "teacher", "with the {} teacher"),
        "## More wrong labels, out-of-fold and in-sample predictions",
        "Test accuracy:",
        results.markdown(tabulate(noise, ["noise", "targets"], "accuracy")),
        "The wrong labels that the model corrects, which is to say that it predicts "
        "the right class of a training row whose label is wrong; the teacher by what "
        "it predicted for the student:",
        results.markdown(tabulate(noise, ["noise", "targets"], "corrected")),
        "The wrong labels that it repeats:",
        results.markdown(tabulate(noise, ["noise", "targets"], "repeated")),
        *conclude_noise(noise),
        f"Measured with {results.describe(frame)}.",
    ]
    return "\n\n".join(parts)


def show(values: pd.Series, metric: str = "accuracy") -> str:
    """Write mean ± std: a log loss as it is, all else in percent."""
    if metric == "log_loss":
        return results.mean_and_std(values, ".3f")
    return results.mean_and_std(100 * values, ".2f")


def draw(frame: pd.DataFrame) -> Path:
    """Draw accuracy against alpha from the raw rows."""
    panels = {
        images: 100 * group.pivot_table("accuracy", "alpha", "epochs")
        for images, group in select(frame, "length").groupby("images", sort=False)
    }
    return draw_lines(panels, NAME, y="test accuracy, %", legend="epochs")


def main() -> None:
    """Measure what is missing, keep each setting, and report on all there is."""
    parser = runs.build_parser(__doc__)
    add_data_argument(parser)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--images", nargs="+", choices=IMAGES, default=IMAGES)
    options = parser.parse_args()
    # The networks stop after a fixed number of epochs.
    warnings.simplefilter("ignore", ConvergenceWarning)
    cases = [
        {"images": images, "seed": seed, **setting._asdict()}
        for seed, images, setting in product(
            range(options.seeds), options.images, SETTINGS
        )
    ]
    with tempfile.TemporaryDirectory() as memory:

        @lru_cache(maxsize=1)
        def draw_block(images, seed):
            return Block(load_images(images, options.data_dir), seed, memory)

        def measure(images, seed, **setting):
            rows = draw_block(images, seed).study(Setting(**setting))
            return [{"images": images, "seed": seed} | row for row in rows]

        runs.run(NAME, cases, measure, options)
    runs.publish(NAME, report, draw)


if __name__ == "__main__":
    main()
