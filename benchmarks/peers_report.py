"""The report of `benchmarks.peers`, made from its raw rows alone."""

from pathlib import Path

import pandas as pd

from benchmarks import gap, gap_block, gap_classes, plots, results, rivals
from benchmarks.peer_runners import BASELINE, PEERS

OURS, RIVAL = ("skdistill", "skdistill CV"), "AutoGluon"
# It is none of the peers: its rows are those of the step `tuned`.
TUNED = "tuned baseline"
NAMES = [BASELINE, TUNED, *(peer for peer in PEERS if peer != BASELINE)]
NUMBERS = gap.R2
METRICS = {"numbers": NUMBERS, "classes": gap_classes.LOG_LOSS}
# A mean over fewer tables says little of a peer.
MIN_TABLES = 6
# The way of `gap.summarise`, for which each peer counts as a student.
WAY, SPLIT = "distilled", ["table", "seed"]
# The student of each kind of table, as `tuned` calls it: of classes, or of numbers.
STUDENTS = {True: "lightgbm", False: "lightgbm-100x16"}
COSTS = ["cpu_seconds", "seconds", "row_us", "leaves"]


def in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Sort the rows by table, peer and seed, however the runs came about."""
    tables = [*gap_block.TABLES, *gap_classes.TABLES]
    places = {"table": tables.index, "peer": NAMES.index}
    return frame.sort_values(
        [*places, "seed"], key=lambda c: c.map(places.get(c.name, int))
    )


def with_tuned(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with those of the tuned baseline, where it was measured."""
    facts = ["n_train", "n_test", "n_features", "n_classes"]
    baseline = frame.loc[frame["peer"] == BASELINE, [*SPLIT, *facts]]
    baseline = baseline.assign(
        peer=TUNED, student=baseline["n_classes"].map(bool).map(STUDENTS)
    )
    scores = {
        f"student_{metric.column}": rivals.column(metric.column)
        for metric in METRICS.values()
    }
    costs = {name: rivals.column(name) for name in ("cpu_seconds", "seconds")}
    measured = pd.DataFrame(scores | costs).rename_axis(rivals.SPLIT)
    rows = baseline.join(measured, on=rivals.SPLIT, how="inner")
    return pd.concat([frame, rows.drop(columns="student")]) if len(rows) else frame


def prepare(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows in order, with those of the tuned baseline."""
    return in_order(with_tuned(frame))


def select_scored(
    frame: pd.DataFrame, metric: gap.Metric, over: str = BASELINE
) -> pd.DataFrame:
    """Return the rows with a score, each beside the baseline student of its split."""
    score = f"{WAY}_{metric.column}"
    rows = frame.rename(columns={f"student_{metric.column}": score, "peer": "student"})
    if score not in rows:
        return rows.head(0)
    rows = rows.dropna(subset=score)
    baseline = rows[rows["student"] == over].set_index(SPLIT)[score]
    return rows.join(
        baseline.rename(f"baseline_{metric.column}"), on=SPLIT, how="inner"
    )


def summarise(rows: pd.DataFrame, metric: gap.Metric) -> pd.DataFrame:
    """Means over the seeds by table and peer: scores, fractions recovered, costs."""
    costs = rows.groupby(["table", "student"], sort=False)[COSTS].mean()
    summary = gap.summarise(rows, (WAY,), metric)
    return summary.join(costs, on=["table", "student"])


def is_harmed(summary: pd.DataFrame) -> pd.Series:
    """Return where a student is worse than the baseline by more than `gap.HARM`."""
    return summary[f"{WAY}_gain"] < -gap.HARM


def show_fractions(fractions: pd.Series) -> str:
    """Say the mean and the median of the fractions there are, if any."""
    if not fractions.notna().any():
        return ""
    return (
        f"{results.percent(fractions.mean())} ({results.percent(fractions.median())})"
    )


def compare_peers(frame: pd.DataFrame, metric: gap.Metric) -> pd.DataFrame:
    """By peer: what is recovered, gained and harmed, and what it costs."""
    rows, shown = select_scored(frame, metric), []
    summary = summarise(rows, metric)
    over_tuned = summarise(select_scored(frame, metric, TUNED), metric)
    for peer in NAMES:
        group, over = (part[part["student"] == peer] for part in (summary, over_tuned))
        if not len(group):
            continue
        fraction = group[f"{WAY}_recovered"]
        n_splits = (rows["student"] == peer).sum()
        shown.append(
            {
                "peer": peer,
                "tables (splits)": f"{len(group)} ({n_splits})",
                "its teacher leads in": "" if peer == BASELINE else fraction.count(),
                "recovers: mean (median)": show_fractions(fraction),
                "over tuned: mean (median)": show_fractions(over[f"{WAY}_recovered"]),
                f"mean gain in {metric.label}": results.signed(
                    group[f"{WAY}_gain"].mean()
                ),
                "harmed": is_harmed(group).sum(),
                "worse than tuned": is_harmed(over).sum() if len(over) else "",
                "seconds": f"{group['cpu_seconds'].sum():.0f}",
                "on the wall": f"{group['seconds'].sum():.0f}",
                "µs for a row": _median(group["row_us"]),
                "leaves": _median(group["leaves"]),
            }
        )
    return pd.DataFrame(shown)


def fractions_over_tuned(frame: pd.DataFrame) -> pd.DataFrame:
    """Return what peers recover over the tuned baseline, for each table of numbers.

    It is NaN where a peer's teacher does not lead; peers that are known for fewer than
    `MIN_TABLES` tables are left out.
    """
    fractions = summarise(select_scored(frame, NUMBERS, TUNED), NUMBERS).pivot(
        index="table", columns="student", values=f"{WAY}_recovered"
    )
    n_tables = fractions.count().reindex(NAMES, fill_value=0)
    return fractions[n_tables.index[n_tables >= MIN_TABLES]]


def draw(frame: pd.DataFrame) -> Path:
    """Draw `fractions_over_tuned`, a point for each table."""
    return plots.draw_fractions(
        fractions_over_tuned(prepare(frame)),
        "peers",
        x="fraction recovered of the teacher's lead in R2 over the tuned student",
    )


def oppose(
    frame: pd.DataFrame, ours: str, over: str = BASELINE
) -> dict[str, pd.DataFrame]:
    """Summaries of ours and `RIVAL` on the splits that both predicted, by kind."""
    parts = {}
    for kind, metric in METRICS.items():
        rows = select_scored(frame, metric, over)
        rows = rows[rows["student"].isin([ours, RIVAL])]
        # A peer predicts a split once.
        rows = rows[rows.duplicated(SPLIT, keep=False)]
        if len(rows):
            parts[kind] = summarise(rows, metric)
    return parts if len(parts) < 2 else parts | {"all": pd.concat(parts.values())}


def compare_with_rival(frame: pd.DataFrame, over: str = BASELINE) -> pd.DataFrame:
    """Say of each of our ways whether it recovers more, harms less and is faster.

    The fractions are compared over the tables where both teachers lead.
    """
    shown = []
    for ours in OURS:
        for kind, summary in oppose(frame, ours, over).items():
            fractions = summary.pivot(
                index="table", columns="student", values=f"{WAY}_recovered"
            )
            us, them = (fractions.dropna()[peer] for peer in (ours, RIVAL))
            pair = [summary[summary["student"] == peer] for peer in (ours, RIVAL)]
            harmed = [is_harmed(part).sum() for part in pair]
            seconds = [part["cpu_seconds"].sum() for part in pair]
            row = {
                "ours": ours,
                "tables": f"{len(fractions)}, {kind}",
                "both teachers lead in": len(us),
                "more recovered: mean (median)": ""
                if us.empty
                else _verdict(
                    us.mean() > them.mean(), [show_fractions(us), show_fractions(them)]
                ),
                "fewer harmed": _verdict(harmed[0] < harmed[1], harmed),
                "less time": _verdict(
                    seconds[0] < seconds[1], [f"{s:.0f} s" for s in seconds]
                ),
            }
            shown.append(row)
    return pd.DataFrame(shown)


def show_tables(rows: pd.DataFrame, metric: gap.Metric) -> pd.DataFrame:
    """By table and peer: the scores, the fraction, and what it costs."""
    summary = summarise(rows, metric)
    summary = summary[~summary["student"].isin([BASELINE, TUNED])]
    fractions = [gap.show_recovered(row, WAY, metric) for _, row in summary.iterrows()]
    shown = gap.compare_scores(summary, (WAY,), metric)
    return shown.rename(columns={"student": "peer"}).assign(
        recovers=fractions,
        seconds=summary["cpu_seconds"].map("{:.1f}".format),
        leaves=summary["leaves"].map(_whole),
    )


def show_reasons(frame: pd.DataFrame) -> pd.DataFrame:
    """Return which peer gave no predictions, on which tables, and why."""
    silent = frame[frame["reason"].notna() & (frame["reason"] != "")]
    tables = silent.groupby(["peer", "reason"], sort=False)["table"].unique()
    return tables.map(", ".join).rename("tables").reset_index()


def show_not_run(frame: pd.DataFrame) -> str:
    """Say which peer was run on some tables alone."""
    n_tables, n_seeds = frame["table"].nunique(), frame["seed"].nunique()
    some = [
        f"{peer} {part['table'].nunique()} x {part['seed'].nunique()}"
        for peer, part in frame.groupby("peer", sort=False)
        if part[["table", "seed"]].drop_duplicates().shape[0] < n_tables * n_seeds
    ]
    if not some:
        return f"Every peer was run on {n_tables} tables and {n_seeds} seeds."
    return (
        f"Tables x seeds that were run, where they are fewer than {n_tables} x "
        f"{n_seeds}: {', '.join(some)}."
    )


def show_versions(frame: pd.DataFrame) -> str:
    """Name the version of each peer that was seen."""
    seen = frame.dropna(subset="version").groupby("peer", sort=False)["version"]
    return "; ".join(f"{peer} {', '.join(part.unique())}" for peer, part in seen)


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    measured = frame.astype({"version": str})
    frame = prepare(measured)
    facts = ["table", "n_train", "n_test", "n_features", "n_classes"]
    parts = [
        "# skdistill beside its peers",
        f"Tables: {frame['table'].nunique()}, seeds: at most "
        f"{frame['seed'].nunique()}. Every peer gets the same training and held-out "
        "rows, split as in `gap` and `gap_classes`, and never sees a held-out label. "
        "The student is LightGBM with 100 trees (for each class) of 16 leaves and a "
        "learning rate of 0.1.",
        "- 'baseline' is that student on the labels of all training rows.\n"
        f"- '{TUNED}' is what cross-validation on these labels finds at that size, in "
        "`tuned`. 'over tuned' is the fraction of the lead that a peer's teacher has "
        "over it, on the splits where it was measured.\n"
        "- 'skdistill' is one fit with a transfer set and refined leaves, 'CV' is "
        "`DistilledRegressorCV` or `DistilledClassifierCV` with its defaults.\n"
        "- 'by hand' is scikit-learn's `cross_val_predict` and half the weight on the "
        "teacher, by sample duplication with weights where there are classes.\n"
        "- imodels' `DistilledRegressor` and all of the above learn from one stack.\n"
        "- AutoGluon distils an ensemble of its own: its default one as far as it is "
        "LightGBM, XGBoost and forests.\n"
        "- TabTune's teacher is xRFM, which needs no download, or TabPFN, which does.",
        "A fraction recovered is of the lead that a peer's own teacher has over "
        "'baseline', so the scores stand beside it. A teacher leads if it is better by "
        f"{gap.MIN_LEAD:g} or more; a table is harmed if the student is worse than "
        f"'baseline' by more than {gap.HARM:g}. Seconds are the processor's on one "
        "thread for a whole fit, the teacher's work and the search included, summed "
        "over tables; those on the wall clock count what else the machine did.",
        results.markdown(frame[facts].drop_duplicates("table")),
        "## Against AutoGluon",
        "Ours first, on the splits that both predicted, means over the seeds:",
        results.markdown(compare_with_rival(frame)),
    ]
    over_tuned = compare_with_rival(frame, TUNED)
    if len(over_tuned):
        parts += [
            "The same over the tuned baseline, where it was measured:",
            results.markdown(over_tuned),
        ]
    for kind, metric in METRICS.items():
        rows = select_scored(frame, metric)
        if len(rows):
            parts += [
                f"## {kind.capitalize()}, by {metric.label}",
                "A row's time (the processor's) and the leaves are medians over the "
                "tables:",
                results.markdown(compare_peers(frame, metric)),
                results.markdown(show_tables(rows, metric)),
            ]
    return "\n\n".join(
        [
            *parts,
            "## No predictions",
            "What a peer cannot do, with the reason seen:",
            results.markdown(show_reasons(measured)),
            show_not_run(measured),
            f"Versions: {show_versions(measured)}.",
            f"Measured with {results.describe(measured)}.",
        ]
    )


def _median(numbers: pd.Series) -> str:
    """Say the median of what was measured, if anything was."""
    known = numbers.dropna()
    return "" if known.empty else _whole(known.median())


def _whole(number: float) -> str:
    return "" if pd.isna(number) else f"{number:.0f}"


def _verdict(is_met, pair):
    ours, theirs = pair
    return f"{'yes' if is_met else 'no'}: {ours} against {theirs}"
