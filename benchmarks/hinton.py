"""Hinton's study: one student that learns what an ensemble of ten knows.

Hinton, Vinyals and Dean (2015, table 1) had 58.9 % of the frames right with one net,
61.1 % with an ensemble of ten, and 60.8 % with one net distilled from the ten, which
thus keeps 86 % of the gain. Here networks and boosting are distilled from ten of their
own kind. Alpha and T are gone through, which are the alpha, beta and T of Cheng's and
Hsu's theses. The same paper's 3 % of the labels is the subject of
`benchmarks.few_labels`. Finished blocks are kept and skipped by the next run, unless
``--fresh``::

    python -m benchmarks.hinton --data-dir ../shared/data
"""

import tempfile
import warnings
from functools import partial
from itertools import product

import pandas as pd
from sklearn.exceptions import ConvergenceWarning

from benchmarks import results, runs
from benchmarks.hinton_block import (
    DISTILLED,
    ENSEMBLE,
    IN_SAMPLE,
    N_FOLDS,
    N_MEMBERS,
    SINGLE,
    TABLES,
    Block,
    list_students,
)
from benchmarks.problems import add_data_argument

NAME = "hinton"
# Frame accuracy: one net, ten nets, one net distilled from the ten.
SOURCE = {SINGLE: 0.589, ENSEMBLE: 0.611, DISTILLED: 0.608}
SOURCE_KEPT = (SOURCE[DISTILLED] - SOURCE[SINGLE]) / (SOURCE[ENSEMBLE] - SOURCE[SINGLE])
# Below this gain of the ten over one there is little to keep a fraction of.
MIN_GAIN = 0.005
SIGN = {"accuracy": 1, "log_loss": -1}
BLOCK, KIND = ["table", "student", "seed"], ["table", "student", "soften", "targets"]


def choose(frame: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Keep the alpha and T that validation rows favour, by block and kind of target.

    Among equals the first, which is the lowest T and the lowest alpha.
    """
    distilled = frame[frame["way"] == DISTILLED]
    value = SIGN[metric] * distilled[f"valid_{metric}"]
    keys = [distilled[key] for key in dict.fromkeys([*KIND, *BLOCK])]
    return distilled.loc[value.groupby(keys, sort=False).idxmax()]


def summarise(frame: pd.DataFrame, metric: str) -> pd.DataFrame:
    """By kind: test scores of one, ten and the distilled student; what it keeps."""
    column = f"test_{metric}"
    ways = frame[frame["way"] != DISTILLED]
    baseline = ways.groupby([*BLOCK, "way"])[column].mean().unstack("way")
    chosen = choose(frame, metric).join(baseline, on=BLOCK)
    chosen = chosen.rename(columns={column: DISTILLED})
    rows = []
    for key, group in chosen.groupby(KIND, sort=False):
        mean = group[[SINGLE, ENSEMBLE, DISTILLED]].mean()
        gain = SIGN[metric] * (mean[ENSEMBLE] - mean[SINGLE])
        kept = SIGN[metric] * (group[DISTILLED] - group[SINGLE])
        enough = gain if gain >= MIN_GAIN else float("nan")
        rows.append(
            dict(zip(KIND, key, strict=True))
            | mean.to_dict()
            | {"std": group[DISTILLED].std(), "kept": kept.mean() / enough}
            | {"kept_std": kept.std() / enough}
            | {
                "chosen": ", ".join(
                    f"{alpha:g}/{T:g}"
                    for alpha, T in group[["alpha", "temperature"]].to_numpy()
                )
            }
        )
    return pd.DataFrame(rows)


def compare(summary: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return the table of all kinds, beside the source's figures."""

    def show(value):
        return f"{100 * value:.2f}" if metric == "accuracy" else f"{value:.4f}"

    rows = [
        {name: getattr(row, name) for name in KIND}
        | {way: show(getattr(row, way)) for way in SOURCE}
        | {"±": "" if pd.isna(row.std) else show(row.std)}
        | {
            "kept": results.percent_and_std(row.kept, row.kept_std),
            "alpha/T chosen": row.chosen,
        }
        for row in summary.itertuples()
    ]
    if metric == "accuracy":
        source = {way: f"{100 * value:.1f}" for way, value in SOURCE.items()}
        kept = {"kept": results.percent(SOURCE_KEPT)}
        rows.append({"table": "Hinton et al.", "student": "network"} | source | kept)
    return pd.DataFrame(rows)


def list_weights(frame: pd.DataFrame) -> pd.DataFrame:
    """Our alpha and T as the weights of Cheng's and Hsu's loss."""
    distilled = frame[frame["way"] == DISTILLED]
    grid = distilled[["alpha", "temperature"]].drop_duplicates()
    rows = []
    for alpha, T in grid.sort_values(["temperature", "alpha"]).itertuples(index=False):
        label, soft = 1 - alpha, alpha * T**2
        rows.append(
            {
                "alpha": f"{alpha:g}",
                "T": f"{T:g}",
                "their alpha": f"{label:g}",
                "their beta": f"{soft:g}",
                "beta / alpha": f"{soft / label:.3g}" if label else "",
            }
        )
    return pd.DataFrame(rows)


def show_surface(frame: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Mean test scores over the surface, chosen or not, with in-sample predictions."""
    rows = frame[frame["targets"] == IN_SAMPLE]
    table = rows.pivot_table(
        index=["table", "student", "soften", "alpha"],
        columns="temperature",
        values=f"test_{metric}",
        sort=False,
    )
    shown = (
        (100 * table).map("{:.2f}".format)
        if metric == "accuracy"
        else table.map("{:.4f}".format)
    )
    shown.columns = [f"T = {temperature:g}" for temperature in shown]
    return shown.reset_index().assign(alpha=lambda f: f["alpha"].map("{:g}".format))


def conclude(summary: pd.DataFrame) -> str:
    """Say how what is kept compares with the source, and which target keeps more."""
    known = summary[summary["kept"].notna()]
    if known.empty:
        return "The ten lead one model by too little anywhere to keep a fraction of."
    lines = []
    for targets, group in known.groupby("targets", sort=False):
        low, high = (results.percent(f(group["kept"])) for f in (min, max))
        reached = int((group["kept"] >= SOURCE_KEPT).sum())
        lines.append(
            f"With {targets} predictions the student keeps {low} to {high} of the "
            f"gain, {results.percent(results.median(group['kept']))} in the median; in "
            f"{reached} of {len(group)} rows it keeps the source's "
            f"{results.percent(SOURCE_KEPT)} or more."
        )
    keys = ["table", "student", "targets"]
    kept = known.set_index([*keys, "soften"])["kept"].unstack("soften")
    if "both" in kept:
        pairs = kept.dropna()
        better = int((pairs["both"] > pairs["teacher"]).sum())
        lines.append(
            f"Where both can be fitted, Hinton's loss (both) keeps more than tempering "
            f"the teacher alone in {better} of {len(pairs)} rows."
        )
    return " ".join(lines)


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    summaries = {metric: summarise(frame, metric) for metric in SIGN}
    facts = frame[["table", "n_train", "n_test"]].drop_duplicates("table")
    return "\n\n".join(
        [
            "# One student in place of an ensemble of ten",
            f"The teacher is the mean of {N_MEMBERS} models of the student's kind and "
            "size, trained on the same rows with other seeds. 'single' is the mean "
            f"score of the {N_MEMBERS}, 'ensemble' that of their mean, 'distilled' one "
            "such model that learned it. Kept is (distilled - single) / (ensemble - "
            f"single), blank where the ensemble leads by less than {MIN_GAIN:g}. "
            f"Seeds: {frame['seed'].nunique()}; ± are standard deviations over them.",
            results.markdown(facts),
            "In-sample predictions, the source's, are those of the ten models for rows "
            f"they learned; out-of-fold ones come from {N_FOLDS} folds. 'both' is "
            "Hinton's loss, which tempers the student's logits too; 'teacher' tempers "
            "the teacher's alone, which any student can learn. Alpha and T are those "
            "of the best validation score in the metric shown, rows apart from "
            "training and test.",
            "## Test accuracy, in percent",
            results.markdown(compare(summaries["accuracy"], "accuracy")),
            conclude(summaries["accuracy"]),
            "## Log loss on the test rows",
            "The source gives none.",
            results.markdown(compare(summaries["log_loss"], "log_loss")),
            conclude(summaries["log_loss"]),
            "## The surface over alpha, beta and T",
            "Cheng's and Hsu's theses weigh the soft targets with beta and the labels "
            "with alpha. Hinton's loss here is (1 - alpha) CE(y, q) + alpha T^2 "
            "CE(p_T, q_T): their alpha is 1 - alpha, their beta is alpha T^2. A pair "
            "of theirs is one of ours up to the scale of the loss, which only a "
            "penalty or a limit such as `min_child_weight` notices; at one T all else "
            "depends on beta / alpha.",
            results.markdown(list_weights(frame)),
            "Test accuracy in percent over the grid, chosen or not, with in-sample "
            "predictions:",
            results.markdown(show_surface(frame, "accuracy")),
            "Log loss on the test rows:",
            results.markdown(show_surface(frame, "log_loss")),
            "The same paper's 3 % of the labels is the subject of "
            "[few_labels.md](few_labels.md).",
            f"Measured with {results.describe(frame)}.",
        ]
    )


def measure(table: str, student: str, seed: int, data_dir) -> list[dict]:
    """Scores of the ensembles and the distilled students of one table."""
    with tempfile.TemporaryDirectory() as memory:
        return Block(table, student, seed, data_dir, memory).measure()


def main() -> None:
    """Measure what is missing, keep each block, and report on all there is."""
    parser = runs.build_parser(__doc__)
    add_data_argument(parser)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=TABLES)
    options = parser.parse_args()
    # The networks stop after a fixed number of epochs.
    warnings.simplefilter("ignore", ConvergenceWarning)
    warnings.filterwarnings("ignore", "X does not have valid feature names")
    cases = [
        {"table": table, "student": student, "seed": seed}
        for seed, table in product(range(options.seeds), options.tables)
        for student in list_students(table)
    ]
    runs.run(NAME, cases, partial(measure, data_dir=options.data_dir), options)
    runs.publish(NAME, report)


if __name__ == "__main__":
    main()
