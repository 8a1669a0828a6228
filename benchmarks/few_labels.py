"""How much a teacher's predictions make up for labels that a student does not have.

Hinton, Vinyals and Dean (2015, section 6, table 5) trained a net on 3 % of their data:
it had 58.9 % of the frames right with all labels, 44.5 % with 3 % of them, and 57.0 %
with the soft targets of those 3 %, which thus recovered 87 % of what the missing rows
cost. Here the same is done with MNIST digits, for a small network and for boosting::

    python -m benchmarks.few_labels --data-dir ../shared/data

As in the source the teacher learned all training rows, the 3 % among them: it is given
frozen, and its predictions are in-sample. The question is how much soft targets carry,
not how a teacher of few labels would do. T is chosen by the accuracy on validation
rows, taken from the training images outside the 3 %, never on test images.
"""

import warnings
from functools import cache, partial

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesClassifier, VotingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from benchmarks import results, runs
from benchmarks.problems import add_data_argument, load_images
from skdistill import DistilledClassifier

NAME = "few_labels"
IMAGES = "mnist"
N_TRAIN, N_VALID, FEW = 20_000, 2_000, 0.03
ALPHAS, TEMPERATURES = (0.5, 1.0), (1.0, 2.0, 4.0, 8.0)
HARD_ALL, HARD_FEW, SOFT_FEW = "hard, all", "hard, few", "soft, few"
# Frame accuracies of Hinton et al.: all labels, 3 % of them, 3 % with soft targets.
SOURCE = {HARD_ALL: 0.589, HARD_FEW: 0.445, SOFT_FEW: 0.570}


def build_teacher() -> VotingClassifier:
    """Return three networks and randomised trees that vote by their probabilities."""
    networks = [
        (f"network{i}", MLPClassifier((512,), max_iter=15, random_state=i))
        for i in range(3)
    ]
    trees = ExtraTreesClassifier(200, random_state=0)
    return VotingClassifier([*networks, ("trees", trees)], voting="soft")


def build_students(seed: int) -> dict:
    """Return the students: a small network, and boosting."""
    from lightgbm import LGBMClassifier

    return {
        "network": MLPClassifier((128,), max_iter=200, random_state=seed),
        "boosting": LGBMClassifier(
            n_estimators=100, num_leaves=16, n_jobs=1, verbose=-1, random_state=seed
        ),
    }


def divide(y: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw the few rows, and validation rows from the others, by class."""
    few, others = train_test_split(
        np.arange(len(y)), train_size=FEW, stratify=y, random_state=seed
    )
    n_valid = min(N_VALID, len(others) // 2)
    valid, _ = train_test_split(
        others, train_size=n_valid, stratify=y[others], random_state=seed
    )
    return few, valid


def fit_teacher(data_dir):
    """Return the images, drawn down to `N_TRAIN` rows, and the teacher of all rows."""
    X, y, X_test, y_test = load_images(IMAGES, data_dir)
    X, _, y, _ = train_test_split(X, y, train_size=N_TRAIN, stratify=y, random_state=0)
    return (X, y, X_test, y_test), build_teacher().fit(X, y)


def measure(images, teacher, seed: int) -> list[dict]:
    """Accuracy of each student and way, with one draw of the few rows."""
    X, y, X_test, y_test = images
    accuracy = teacher.score(X_test, y_test)
    few, valid = divide(y, seed)
    rows = []
    for name, student in build_students(seed).items():

        def add(way, model, n_rows, alpha=0.0, temperature=1.0, name=name):
            rows.append(
                {
                    "student": name,
                    "seed": seed,
                    "way": way,
                    "n_rows": n_rows,
                    "alpha": alpha,
                    "temperature": temperature,
                    "valid": model.score(X[valid], y[valid]),
                    "test": model.score(X_test, y_test),
                    "images": IMAGES,
                    "teacher": accuracy,
                }
            )

        add(HARD_ALL, clone(student).fit(X, y), len(X))
        add(HARD_FEW, clone(student).fit(X[few], y[few]), len(few))
        for alpha in ALPHAS:
            for temperature in TEMPERATURES:
                model = DistilledClassifier(
                    FrozenEstimator(teacher),
                    student,
                    alpha=alpha,
                    temperature=temperature,
                    transfer=None,
                    random_state=seed,
                ).fit(X[few], y[few])
                add(SOFT_FEW, model, len(few), alpha, temperature)
    return rows


def choose(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep the T of the best validation accuracy, by student, seed, way and alpha."""
    keys = ["student", "seed", "way", "alpha"]
    # Among equals the first, which is the lowest T.
    best = frame.groupby(keys, sort=False)["valid"].idxmax()
    return frame.loc[best].reset_index(drop=True)


def recover(chosen: pd.DataFrame) -> pd.DataFrame:
    """Return the fraction of the missing rows' cost that soft targets recover."""
    hard = chosen[chosen["way"] != SOFT_FEW]
    ways = hard.set_index(["student", "seed", "way"])["test"].unstack("way")
    soft = chosen[chosen["way"] == SOFT_FEW].join(ways, on=["student", "seed"])
    gain, cost = soft["test"] - soft[HARD_FEW], soft[HARD_ALL] - soft[HARD_FEW]
    return soft.assign(recovered=gain / cost)


def summarise(frame: pd.DataFrame) -> pd.DataFrame:
    """Accuracies in percent and the recovered fraction, beside the source's."""
    rows = []
    recovered = recover(choose(frame))
    for (student, alpha), group in recovered.groupby(["student", "alpha"], sort=False):
        rows.append(
            {
                "student": student,
                "alpha": f"{alpha:g}",
                "T chosen": ", ".join(f"{t:g}" for t in group["temperature"]),
                HARD_ALL: _show(group[HARD_ALL]),
                HARD_FEW: _show(group[HARD_FEW]),
                SOFT_FEW: _show(group["test"]),
                "recovered": _show(group["recovered"], digits=0),
            }
        )
    shown = {way: f"{100 * value:.1f}" for way, value in SOURCE.items()}
    recovers = {"recovered": f"{source_fraction():.0%}"}
    rows.append({"student": "Hinton et al."} | shown | recovers)
    return pd.DataFrame(rows)


def source_fraction() -> float:
    """Return the fraction that the source recovers."""
    cost = SOURCE[HARD_ALL] - SOURCE[HARD_FEW]
    return (SOURCE[SOFT_FEW] - SOURCE[HARD_FEW]) / cost


def conclude(frame: pd.DataFrame) -> str:
    """Say whether the source's fraction is reached."""
    fraction = source_fraction()
    fractions = recover(choose(frame)).groupby(["student", "alpha"])["recovered"].mean()
    return (
        f"Soft targets of few rows recover {fractions.min():.0%} to "
        f"{fractions.max():.0%} of what the missing rows cost, the source's "
        f"{fraction:.0%}: "
        f"{'some reach' if fractions.max() >= fraction else 'none reaches'} it, "
        f"{'all' if fractions.min() > 0 else 'not all'} gain. Its students are large "
        "networks on speech, these small ones on images."
    )


def show_temperatures(frame: pd.DataFrame) -> pd.DataFrame:
    """Mean test accuracy in percent at every T, chosen or not."""
    soft = frame[frame["way"] == SOFT_FEW]
    table = soft.pivot_table(
        index=["student", "alpha"], columns="temperature", values="test", sort=False
    )
    shown = (100 * table).map("{:.2f}".format)
    shown.columns = [f"T = {temperature:g}" for temperature in shown]
    return shown.reset_index().assign(alpha=lambda f: f["alpha"].map("{:g}".format))


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    n_all, n_few = frame["n_rows"].max(), frame["n_rows"].min()
    return "\n\n".join(
        [
            "# What soft targets make up for missing labels",
            f"`{frame['images'].unique().item()}`, {n_all} training rows, of which "
            f"'few' are {n_few} ({n_few / n_all:.0%}), {frame['seed'].nunique()} draws "
            "of them. Accuracy in percent on the test images: mean ± standard "
            "deviation over the draws. Recovered is (soft, few - hard, few) / (hard, "
            "all - hard, few), the fraction of what the missing rows cost.",
            results.markdown(summarise(frame)),
            conclude(frame),
            f"The teacher has {frame['teacher'].mean():.2%}. As in the source it "
            "learned all training rows, the few among them, so its predictions for "
            "them are in-sample. T is the one of the best accuracy on validation rows, "
            "training images outside the few; their labels serve no other end.",
            "Accuracy on the test images at every T:",
            results.markdown(show_temperatures(frame)),
            f"Measured with {results.describe(frame)}.",
        ]
    )


def main() -> None:
    """Measure the draws that are missing, keep each, and report on all there is."""
    parser = runs.build_parser(__doc__)
    add_data_argument(parser)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    fit_teacher_once = cache(partial(fit_teacher, options.data_dir))
    with warnings.catch_warnings():
        # The networks stop after a fixed number of epochs.
        warnings.simplefilter("ignore", ConvergenceWarning)
        cases = [{"seed": seed} for seed in range(options.seeds)]
        runs.run(NAME, cases, lambda seed: measure(*fit_teacher_once(), seed), options)
    runs.publish(NAME, report)


def _show(values, digits=2):
    """Write mean ± standard deviation in percent."""
    std = 0.0 if len(values) == 1 else values.std()
    return f"{100 * values.mean():.{digits}f} ± {100 * std:.{digits}f}"


if __name__ == "__main__":
    main()
