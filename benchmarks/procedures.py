"""What procedures that distil more than once are worth beside one distillation.

Self-distillation and codistillation learn 600 rows; the noisy student has the labels of
3 % of the rows, and the others without. Each is held against the baseline student, a
tuned one and ordinary distillation, and against what its source claims. What is
measured is kept and skipped by the next run, unless ``--fresh``::

    python -m benchmarks.procedures --data-dir ../shared/data
"""

import argparse
from collections.abc import Iterator
from functools import partial

import pandas as pd

from benchmarks import results, runs
from benchmarks.problems import add_data_argument
from benchmarks.procedures_block import (
    ALL_LABELS,
    BASELINE,
    DISJOINT,
    FOUND,
    METHODS,
    NOISY,
    PEERS,
    SELF,
    SOFT_ALL,
    STEPS,
    TABLES,
    WAYS,
    measure,
)

NAME = "procedures"
# Hinton et al. (table 5, in Hsu's thesis too): accuracies of frames with all labels,
# with 3 % of them, and with the soft targets of these 3 %.
SOURCE = (0.589, 0.445, 0.570)
SOURCE_RECOVERED = (SOURCE[2] - SOURCE[1]) / (SOURCE[0] - SOURCE[1])
KEYS = ["table", "seed"]


def losses_of(part: pd.DataFrame, column: str = "loss") -> pd.DataFrame:
    """Return a row for each table and seed, a column for each method."""
    return part.pivot_table(index=KEYS, columns="method", values=column, sort=False)


def by_table(part: pd.DataFrame, column: str = "loss") -> pd.DataFrame:
    """Return the mean over seeds of each method, a column for each table."""
    means = part.groupby(["method", "table"], sort=False)[column].mean().unstack()
    order = [name for name in METHODS[part["procedure"].iloc[0]] if name in means.index]
    return means.loc[order].map(lambda value: f"{value:.4f}").reset_index()


def kept_text(part: pd.DataFrame) -> str:
    """Say what each procedure kept, by number, and in how many cases."""
    found = part[part["kept"] >= 0].groupby("method", sort=False)["kept"]
    texts = []
    for name, kept in found:
        counts = kept.value_counts().sort_index()
        shown = ", ".join(f"{number} in {count}" for number, count in counts.items())
        texts.append(f"{name}: {shown}")
    return "; ".join(texts)


def verdict(agrees: bool) -> str:
    return "Agreement" if agrees else "Disagreement"


def say_self(part: pd.DataFrame) -> str:
    """Say whether generations gain, and more than ordinary distillation."""
    losses = losses_of(part)
    gain = losses[BASELINE] - losses["self-distilled"]
    more = losses["ordinary distillation"] - losses["self-distilled"]
    return (
        "Furlanello et al. (2018) find that a generation is better than its teacher of "
        f"the same architecture. {verdict(gain.mean() > 0)}: the loss falls by "
        f"{results.signed(gain.mean())} on average, in {int((gain > 0).sum())} of "
        f"{len(gain)} cases; than with ordinary distillation, from a stronger teacher, "
        f"it is less in {int((more > 0).sum())}."
    )


def say_noisy(part: pd.DataFrame) -> str:
    """Hold the error rates against the noisy student's claim and that of 3 %."""
    errors = losses_of(part, "error")
    gain = errors[BASELINE] - errors["noisy student"]
    noise = errors["noisy student, no noise"] - errors["noisy student"]
    cost = errors[BASELINE] - errors[ALL_LABELS]
    soft = (errors[BASELINE] - errors[SOFT_ALL]).sum() / cost.sum()
    own = gain.sum() / cost.sum()
    return (
        "Xie et al. (2020) find fewer errors with unlabeled images, and fewer with "
        f"noise than without. {verdict(gain.mean() > 0)} on the first: the error rate "
        f"falls by {gain.mean():.1%} on average, in {int((gain > 0).sum())} of "
        f"{len(gain)} cases, which is {own:.0%} of what the missing labels cost. "
        f"{verdict(noise.mean() > 0)} on the second: with noise the error rate is "
        f"lower by {noise.mean():+.1%}.\n\n"
        "Hinton et al. (2015), repeated in Hsu's thesis, recover "
        f"{SOURCE_RECOVERED:.0%} of what the missing 97 % of the labels cost by the "
        "soft targets, for the 3 %, of a teacher that had all; here they are "
        "out-of-fold. "
        f"{verdict(soft > 0.5)}: {soft:.0%} here; `benchmarks.few_labels` has the same "
        "for images."
    )


def say_peers(part: pd.DataFrame) -> str:
    """Say after how many steps peers are as good as one student after all steps."""
    losses, parts = losses_of(part), []
    for kind, steps in STEPS.items():
        for way in WAYS[kind]:
            alone, taught = (
                [f"{kind}, {n} steps, {who}" for n in steps] for who in (BASELINE, way)
            )
            both = losses.reindex(columns=[*alone, *taught]).dropna()
            if both.empty:
                continue
            goal = both[alone[-1]]
            reached, by_one = (
                [int((both[name] <= goal).sum()) for name in names[:-1]]
                for names in (taught, alone)
            )
            shown = ", ".join(
                f"{count} ({one}) after {n}"
                for count, one, n in zip(reached, by_one, steps[:-1], strict=True)
            )
            agrees = max(reached) > max(*by_one, len(goal) / 2)
            parts.append(
                f"{verdict(agrees)} for {kind}, {way}: of {len(goal)} cases the loss "
                f"after {steps[-1]} steps alone is reached in {shown}; in brackets by "
                "one student alone"
            )
    return (
        "Anil et al. (2018) find that codistilled models reach the same accuracy in "
        f"fewer steps. {'. '.join(parts)}.{say_others(losses)}"
    )


def by_kind(losses: pd.DataFrame, way: str, other: str) -> Iterator[tuple]:
    """Yield each kind of peers, and how much less a way's loss is after all steps."""
    for kind, steps in STEPS.items():
        names = [f"{kind}, {steps[-1]} steps, {one}" for one in (other, way)]
        both = losses.reindex(columns=names).dropna()
        if not both.empty:
            yield kind, both[names[0]] - both[names[1]]


def say_others(losses: pd.DataFrame) -> str:
    """Say whether peers gain by parts of the rows, and what it costs to go on."""
    anew, _, goes_on, _ = FOUND
    parts = [
        f"{verdict(gain.mean() > 0)} for {kind}: the loss is lower in "
        f"{int((gain > 0).sum())} of {len(gain)} cases, by "
        f"{results.signed(gain.mean())} on average"
        for kind, gain in by_kind(losses, DISJOINT, goes_on)
    ]
    costs = [
        f"{results.signed(gain.mean())} for {kind}, lower in {int((gain > 0).sum())} "
        f"and higher in {int((gain < 0).sum())} of {len(gain)} cases"
        for kind, gain in by_kind(losses, goes_on, anew)
    ]
    if not parts or not costs:
        return ""
    return (
        "\n\nThey also find that peers gain more where each learns a part of the rows "
        f"of its own. {'. '.join(parts)}.\n\n"
        "Peers that go on are trained once in all rounds together. After all steps the "
        "loss of the best one is less than where each round fits them anew by "
        f"{'; '.join(costs)}."
    )


SAY = {SELF: say_self, NOISY: say_noisy, PEERS: say_peers}


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    parts = [
        "# What it is worth to distil more than once",
        "LightGBM of 100 trees with 16 leaves; the networks of "
        "codistillation have 64 units. The teacher of ordinary distillation, and the "
        "first of the noisy student, is 200 extremely randomised trees. The loss is "
        "that of held-out rows: log loss for classes, 1 - R2 for values. Means over "
        "seeds. Parameters that are not named are the defaults: leaves are refined "
        "wherever a student learns from others, but for the peers of codistillation.",
    ]
    for procedure, say in SAY.items():
        part = frame[frame["procedure"] == procedure]
        if part.empty:
            continue
        rows = ", ".join(
            f"{table} {one['n_train'].max()} ({one['seed'].nunique()})"
            for table, one in part.groupby("table")
        )
        parts += [f"## {procedure.capitalize()}"]
        parts += [f"Labelled rows, and how many seeds: {rows}."]
        parts += [results.markdown(by_table(part)), say(part)]
        if part["error"].notna().all():
            shown = results.markdown(by_table(part, "error"))
            parts[-1:-1] = ["The same, as error rates:", shown]
        parts.append(
            "What was kept, 0 being the baseline student, and in how many cases: "
            f"{kept_text(part)}."
        )
    parts.append(f"Measured with {results.describe(frame)}.")
    return "\n\n".join(parts)


def main() -> None:
    """Measure what is missing, keep each block, and report on all there is."""
    parser = runs.build_parser(__doc__)
    add_data_argument(parser)
    every = sorted({table for tables in TABLES.values() for table in tables})
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--tables", nargs="+", choices=every, default=every)
    parser.add_argument("--procedures", nargs="+", choices=[*TABLES], default=[*TABLES])
    options = parser.parse_args()
    with results.alone(NAME):
        blocks = find_missing(options)
        runs.resume(NAME, blocks, partial(measure, data_dir=options.data_dir))
    runs.publish(NAME, report)


def find_missing(options: argparse.Namespace) -> list[dict]:
    """Return the blocks with the methods that earlier runs have not measured."""
    blocks = []
    for seed in range(options.seeds):
        for procedure in options.procedures:
            for table in TABLES[procedure]:
                if table in options.tables:
                    block = {"procedure": procedure, "table": table, "seed": seed}
                    blocks += results.with_missing(
                        NAME, block, METHODS[procedure], fresh=options.fresh
                    )
    return blocks


if __name__ == "__main__":
    main()
