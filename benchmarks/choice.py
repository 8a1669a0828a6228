"""What a search should expect of its best candidate, from what others gained.

The rows of `gap` and `gap_classes` hold what a search saw of its best candidate on the
folds, to the digits of its reason, and what was gained on held-out rows. From these a
prior is fitted: the gain as a fraction of the teacher's lead. Every table is judged by
what the others say. Where the baseline was kept, the gain is that of one fit with the
defaults. Nothing is measured::

    python -m benchmarks.choice
"""

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.stats import t

from benchmarks import gap, gap_classes, results, runs
from skdistill.search._choice import (
    HEAVY_TAILS,
    MAX_HARM,
    MIN_SHOWN,
    expect_gain,
    expect_harm,
)

NAME = "choice"
PRIOR = ["fraction", "spread", "error_factor", "floor"]
START = (0.5, 0.3, 1.0, 0.5)
HARMS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
SHOWN = (0.25, 0.5, 0.75)
# Simulated: true gains and leads, in standard errors, and draws of three candidates.
GAINS, LEADS = (-2, -1, -0.5, 0, 0.5, 1, 2), (0, 2, 7, 20)
N_DRAWS, N_TRIED, N_FOLDS = 20_000, 3, 5
NUMBER = r"(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)"
SEEN = {
    "of_baseline": f"the baseline student {NUMBER}, the teacher",
    "of_teacher": f"the teacher {NUMBER}; the paired",
    "difference": f"paired difference is {NUMBER}",
    "error": f"with a standard error of {NUMBER}",
}


def collect(module, metric: gap.Metric) -> pd.DataFrame:
    """Return the pairs in which a search compared a candidate with the baseline."""
    frame = runs.read(module.NAME)
    seen = {
        name: frame["cv_reason"].str.extract(pattern)[0].astype(float)
        for name, pattern in SEEN.items()
    }
    scores = [f"{way}_{metric.column}" for way in ("baseline", "teacher", *gap.WAYS)]
    over = metric.sign * frame[scores].sub(frame[scores[0]], axis=0)
    return frame[["table", "seed", "student"]].assign(
        benchmark=module.NAME,
        kept=frame["cv_alpha"] == 0,
        lead=seen["of_teacher"] - seen["of_baseline"],
        difference=seen["difference"],
        error=seen["error"],
        gain=over[scores[3]].where(frame["cv_alpha"] != 0, over[scores[2]]),
        held_out_lead=over[scores[1]],
    )


def misfit(prior, rows: pd.DataFrame) -> float:
    """Minus the log likelihood of what was seen on the folds, and then gained."""
    fraction, spread, error_factor, floor = prior
    if min(spread, error_factor, floor) <= 0:
        return np.inf
    mean, scale = expect_gain(rows["difference"], rows["error"], rows["lead"], prior)
    errors = np.hypot(error_factor, floor) * rows["error"]
    seen = t.logpdf(
        rows["difference"],
        HEAVY_TAILS,
        fraction * rows["lead"],
        np.hypot(errors, spread * rows["lead"]),
    )
    return -float(seen.sum() + t.logpdf(rows["gain"], HEAVY_TAILS, mean, scale).sum())


def fit_prior(rows: pd.DataFrame) -> np.ndarray:
    """Return the prior under which the rows are likeliest."""
    found = minimize(
        misfit, START, args=(rows,), method="Nelder-Mead", options={"maxiter": 4000}
    )
    return found.x


def judge(rows: pd.DataFrame) -> pd.DataFrame:
    """Give each table the prior of the others, and its probability of harm."""
    seen = rows["difference"].notna()
    for table in rows["table"].unique():
        own = rows["table"] == table
        prior = fit_prior(rows[seen & ~own])
        mean, scale = expect_gain(
            *(rows.loc[own, name] for name in ("difference", "error", "lead")), prior
        )
        rows.loc[own, PRIOR] = prior
        rows.loc[own, "harm"] = expect_harm(mean, scale)
    return rows


def rules(frame: pd.DataFrame) -> dict[str, pd.Series]:
    """Return what each rule takes; none does where the teacher does not lead."""
    difference, harm = frame["difference"], frame["harm"]
    shown = difference / frame["error"]
    return {
        "it gains more than the standard error": shown > 1,
        "it gains": difference > 0,
        "the teacher leads": difference.notna(),
        **{
            f"it gains, and harm is less likely than {most:g}": (
                (difference > 0) & (harm < most)
            )
            for most in HARMS
        },
        **{
            f"it gains more than {least:g} of it, and harm is less likely than "
            f"{MAX_HARM:g}": (shown > least) & (harm < MAX_HARM)
            for least in SHOWN
        },
    }


def simulate() -> pd.DataFrame:
    """By true gain: how often each rule takes the best of three candidates.

    Folds have a normal error, most of which the candidates share.
    """
    rng, shown = np.random.default_rng(0), []
    for lead in LEADS:
        for gain in GAINS:
            noise = np.sqrt(0.7) * rng.normal(size=(N_DRAWS, 1, N_FOLDS))
            noise = noise + np.sqrt(0.3) * rng.normal(size=(N_DRAWS, N_TRIED, N_FOLDS))
            means = noise.mean(axis=2)
            best = np.arange(N_DRAWS), means.argmax(axis=1)
            error = 1 / np.sqrt(N_FOLDS)
            difference = gain * error + means[best]
            errors = noise[best].std(axis=1, ddof=1) * error
            leads = (lead + rng.normal(size=N_DRAWS)) * error
            harm = expect_harm(*expect_gain(difference, errors, leads))
            taken = {
                "more than the standard error": difference > errors,
                "no margin": (difference > 0) & (harm < MAX_HARM),
                "now": (difference > MIN_SHOWN * errors) & (harm < MAX_HARM),
            }
            row = {"teacher's lead": lead, "true gain": gain}
            for rule, is_taken in taken.items():
                row[f"taken: {rule}"] = results.percent((is_taken & (leads > 0)).mean())
            shown.append(row)
    return pd.DataFrame(shown)


def compare_rules(frame: pd.DataFrame) -> pd.DataFrame:
    """By rule: what is taken, recovered and harmed, as `gap` counts it."""
    shown = []
    for rule, taken in rules(frame).items():
        rows = frame.assign(after=frame["gain"].where(taken, 0.0))
        pairs = rows.groupby(["benchmark", "table", "student"], sort=False)
        means = pairs[["after", "held_out_lead"]].mean().reset_index()
        led = means[means["held_out_lead"] >= gap.MIN_LEAD]
        recovered = led["after"] / led["held_out_lead"]
        by_student = recovered.groupby([led["benchmark"], led["student"]]).mean()
        row = {"distilled if": rule, "taken": results.percent(taken.mean())}
        for name, part in by_student.groupby(level=0, sort=False):
            row[f"recovered, {name}"] = f"{part.mean():.1%}"
        harmed = (means["after"] < -gap.HARM).sum()
        of_seeds = (rows["after"] < -gap.HARM).sum()
        row["pairs harmed"] = f"{harmed} of {len(means)}"
        shown.append(row | {"with each seed": f"{of_seeds} of {len(rows)}"})
    return pd.DataFrame(shown)


def compare_probabilities(frame: pd.DataFrame) -> pd.DataFrame:
    """By probability of harm: how many were harmed, by anything and beyond noise."""
    edges = [0, 0.02, 0.1, 0.2, 0.3, 1]
    groups = frame.groupby(pd.cut(frame["harm"], edges), observed=True)
    return pd.DataFrame(
        {
            "probability of harm": f"{group.left:g} to {group.right:g}",
            "pairs": len(part),
            "mean": results.percent(part["harm"].mean()),
            "worse": results.percent((part["gain"] < 0).mean()),
            f"worse by more than {gap.HARM:g}": results.percent(
                (part["gain"] < -gap.HARM).mean()
            ),
        }
        for group, part in groups
    )


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    priors = frame.groupby("table")[PRIOR].first().agg(["mean", "min", "max"])
    return "\n\n".join(
        [
            "# What a search should expect of its best candidate",
            f"{frame['difference'].notna().sum()} searches of `gap` and `gap_classes` "
            "compared a candidate with the baseline student on five folds; "
            f"{frame['difference'].isna().sum()} others saw no lead of the teacher. "
            "The gain is that of held-out rows, in R2 or log loss; where the baseline "
            "was kept, that of one fit with the defaults. The candidate's gain is "
            "taken to lie around a fraction of the teacher's lead on the folds: by "
            "'spread' leads, and by 'floor' standard errors where there is hardly a "
            "lead. What the folds show is the gain, off by 'error_factor' standard "
            "errors, as parts of one training set are no new ones. The means are those "
            "of a normal model, the deviations from them have the heavier tails of "
            f"Student's t with {HEAVY_TAILS} degrees of freedom. All four are the "
            "likeliest on all other tables:",
            results.markdown(priors.round(3).rename_axis("prior").reset_index()),
            "Is the probability of harm right on the table that had no part in it?",
            results.markdown(compare_probabilities(frame)),
            "What each rule recovers (the mean over students), and harms by more than "
            f"{gap.HARM:g}, in the seeds' mean and in each seed; 'it gains' is said of "
            "the folds. The first was the search's until the prior was known; now it "
            f"is the one with {MIN_SHOWN:g} and {MAX_HARM:g}, which are chosen by this "
            "table itself and the next one:",
            results.markdown(compare_rules(frame)),
            "No student of these lost much while its teacher led, so what a rule does "
            f"to one is simulated: the best of {N_TRIED} candidates that all gain the "
            "same, on five folds; gain and lead are in standard errors. 'No margin' is "
            f"'it gains, and harm is less likely than {MAX_HARM:g}':",
            results.markdown(simulate()),
            f"Derived with {results.describe(frame)}.",
        ]
    )


def main() -> None:
    """Derive the rows from those of the two benchmarks, and report on them."""
    parts = [collect(gap, gap.R2), collect(gap_classes, gap_classes.LOG_LOSS)]
    rows = judge(pd.concat(parts, ignore_index=True))
    results.write(rows.to_dict("records"), NAME)
    runs.publish(NAME, report)


if __name__ == "__main__":
    main()
