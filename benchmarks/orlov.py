"""Orlov and Grabovoy's multi-domain distillation, and what a transfer set adds to it.

In the source a network learned many rows of one domain. A small network learns few rows
of another from their labels and the teacher's predictions, by lambda (y - g)^2 +
(1 - lambda) (g - f(phi(x)))^2, where phi maps a row into the teacher's domain. Here
that is a frozen teacher, phi is `teacher_input`, and alpha = 1 - lambda. Finished
blocks are kept and skipped by the next run, unless ``--fresh``::

    python -m benchmarks.orlov --data-dir ../shared/data

The sizes of parts and networks are the source's. Its preprocessing, optimiser, lambda
and draws are not known here: columns and targets are standardised, all else is as
scikit-learn has it, and alpha is fixed beforehand. The images are studied in
`benchmarks.orlov_images`.
"""

import warnings
from functools import partial

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import mean_squared_error
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks import orlov_images, results, runs
from benchmarks.gap_block import load_table
from benchmarks.problems import add_data_argument
from skdistill import DistilledRegressor, DistilledRegressorCV
from skdistill.transfer import MungeSampler

NAME = "orlov"
TABLE, N_SOURCE, N_TARGET, N_TEST = "bike_hour", 8_700, 300, 1_000
STUDIES = (TABLE, *orlov_images.SETS)
TEACHER_LAYERS, STUDENT_LAYERS = (256, 128, 64, 64), (32,)
TEACHER_EPOCHS, EPOCHS, BATCH = 30, 200, 200
ALPHA = 0.5

TEACHER, BASELINE, LONGER = "teacher", "baseline", "baseline, as many steps as given"
MIXING, ALONE, DRAWN = "mixing", "teacher alone", "mixing + drawn rows"
GIVEN, CV, ALL = "mixing + given rows", "cv, given rows", "baseline, all labels"
WAYS = (TEACHER, BASELINE, LONGER, MIXING, ALONE, DRAWN, GIVEN, CV, ALL)
# Mean squared errors of the source's student: without a teacher, and with one.
SOURCE = {BASELINE: 18_694.9, MIXING: 18_411.4}


def build_network(layers: tuple, epochs: int, seed: int) -> TransformedTargetRegressor:
    """Return a network on standardised columns and target."""
    network = MLPRegressor(
        hidden_layer_sizes=layers,
        batch_size=BATCH,
        max_iter=epochs,
        tol=0,
        n_iter_no_change=epochs,
        random_state=seed,
    )
    return TransformedTargetRegressor(
        make_pipeline(StandardScaler(), network), transformer=StandardScaler()
    )


def divide(X, y, seed: int, sizes=(N_SOURCE, N_TARGET, N_TEST)) -> list[tuple]:
    """Draw the teacher's rows, the student's and the held-out ones, all apart."""
    order = np.random.default_rng(seed).permutation(len(X))
    ends = np.cumsum(sizes)
    parts = np.split(order[: ends[-1]], ends[:-1])
    return [(X[rows], y[rows]) for rows in parts]


def measure(study: str, seed: int, data_dir) -> list[dict]:
    """Rows of one run of a study."""
    if study == TABLE:
        X, y = load_table(TABLE, data_dir)
        rows = compare_ways(divide(X.to_numpy(float), y, seed), seed)
    else:
        rows = orlov_images.measure(study, seed, data_dir)
    return [{"study": study, "seed": seed} | row for row in rows]


def compare_ways(parts: list[tuple], seed: int) -> list[dict]:
    """Held-out errors of the student in every way, with one teacher."""
    (X_source, y_source), (X, y), (X_test, y_test) = parts
    teacher = build_network(TEACHER_LAYERS, TEACHER_EPOCHS, seed)
    frozen = FrozenEstimator(teacher.fit(X_source, y_source))
    student = build_network(STUDENT_LAYERS, EPOCHS, seed)

    def distil(X_unlabeled=None, transfer=None, **params):
        model = DistilledRegressor(
            frozen, student, transfer=transfer, random_state=seed, **params
        )
        return model.fit(X, y, X_unlabeled=X_unlabeled)

    # As many steps as the student takes that is given the source's rows.
    n_batches = [-(-n // BATCH) for n in (len(X), len(X) + len(X_source))]
    longer = build_network(STUDENT_LAYERS, EPOCHS * n_batches[1] // n_batches[0], seed)
    search = DistilledRegressorCV(
        frozen, student, alphas=(ALPHA, 1.0), transfers=(None,), random_state=seed
    )
    both = np.concatenate([X, X_source]), np.concatenate([y, y_source])
    models = {
        TEACHER: teacher,
        BASELINE: clone(student).fit(X, y),
        LONGER: longer.fit(X, y),
        MIXING: distil(alpha=ALPHA),
        ALONE: distil(alpha=1.0),
        DRAWN: distil(alpha=ALPHA, transfer=MungeSampler()),
        GIVEN: distil(X_source, alpha=ALPHA),
        CV: search.fit(X, y, X_unlabeled=X_source),
        ALL: clone(student).fit(*both),
    }
    sizes = {"n_source": len(X_source), "n_train": len(X), "n_test": len(X_test)}
    return [
        {"way": way, **sizes}
        | {"mse": mean_squared_error(y_test, model.predict(X_test))}
        | ({"alpha": model.alpha_} if way == CV else {})
        for way, model in models.items()
    ]


def summarise(frame: pd.DataFrame) -> pd.DataFrame:
    """Error by run and way."""
    return frame.set_index(["seed", "way"])["mse"].unstack("way")[list(WAYS)]


def relative_gains(errors: pd.DataFrame) -> pd.DataFrame:
    """Return the fraction of the baseline's error that each way spares, by run."""
    return 1 - errors.div(errors[BASELINE], axis=0)


def source_gain() -> float:
    """Return the source's relative gain."""
    return 1 - SOURCE[MIXING] / SOURCE[BASELINE]


def compare(errors: pd.DataFrame) -> pd.DataFrame:
    """Mean error, relative gain and runs won, beside the source's."""
    gains, rows = relative_gains(errors), []
    for way in errors:
        in_source = f"{SOURCE[way]:,.1f}" if way in SOURCE else ""
        gain = gains[way]
        rows.append(
            {
                "way": way,
                "MSE": results.mean_and_std(errors[way], ",.0f"),
                "gain over the baseline": results.mean_and_std(gain, "+.1%"),
                "runs better": f"{int((gain > 0).sum())} of {len(gain)}",
                "source's MSE": in_source,
                "source's gain": f"{source_gain():+.1%}" if way == MIXING else "",
            }
        )
        if way == BASELINE:
            rows[-1] |= {"gain over the baseline": "", "runs better": ""}
    return pd.DataFrame(rows)


def conclude(errors: pd.DataFrame) -> list[str]:
    """Say whether the source's gain is met, by more than a standard deviation."""
    gains, said = relative_gains(errors), []
    baseline = errors[BASELINE]
    away = abs(baseline.mean() - SOURCE[BASELINE])
    near = "within" if away <= baseline.std() else "outside"
    said.append(
        f"The baseline student's error, {results.mean_and_std(baseline, ',.0f')}, has "
        f"the source's {SOURCE[BASELINE]:,.1f} {near} one standard deviation."
    )
    for way in (MIXING, DRAWN, GIVEN, CV):
        mean, std = gains[way].mean(), gains[way].std()
        source = f"the source's {source_gain():.1%}"
        if mean - std > source_gain():
            verdict = f"larger than {source} by more than one standard deviation"
        elif mean + std < source_gain():
            verdict = f"smaller than {source} by more than one standard deviation"
        else:
            verdict = f"within one standard deviation of {source}"
        said.append(
            f"'{way}': a gain of {results.mean_and_std(gains[way], '.1%')}, {verdict}."
        )
    control = gains[LONGER].mean()
    said.append(
        "Given rows mean more steps an epoch. The labels alone with as many steps gain "
        f"{control:+.1%}, so steps are not what the given rows bring."
        if control < gains[GIVEN].mean() / 2
        else "Given rows mean more steps an epoch. The labels alone with as many steps "
        f"gain {control:+.1%}, so much of the gain of given rows is of the steps."
    )
    return said


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    bikes = frame[frame["study"] == TABLE]
    images = frame[frame["study"] != TABLE]
    errors = summarise(bikes)
    sizes = bikes[["n_source", "n_train", "n_test"]].iloc[0].astype(int)
    chosen = ", ".join(f"{a:g}" for a in bikes.loc[bikes["way"] == CV, "alpha"])
    return "\n\n".join(
        [
            "# Orlov and Grabovoy's multi-domain distillation, repeated",
            "## Bike Sharing",
            f"Table `{TABLE}`: {sizes['n_source']:,} rows for the teacher, "
            f"{sizes['n_train']:,} labelled rows for the student, {sizes['n_test']:,} "
            f"held out, all drawn anew in each of {len(errors)} runs. Networks of "
            f"{TEACHER_LAYERS} and {STUDENT_LAYERS}, {EPOCHS} epochs for the student. "
            "Mean squared error: mean ± standard deviation over the runs; gains are "
            "paired. 'mixing' is the source's way at alpha "
            f"{ALPHA:g}, fixed beforehand; 'teacher alone' is alpha 1; 'drawn rows' "
            "are made from the student's rows by `MungeSampler`, 'given rows' are "
            "the teacher's without their labels; 'cv' chooses between them and the "
            f"baseline student inside the student's rows (alpha chosen: {chosen}); "
            "'all labels' has the labels of the teacher's rows too.",
            results.markdown(compare(errors)),
            *conclude(errors),
            *orlov_images.sections(images),
            f"Measured with {results.describe(frame)}.",
        ]
    )


def main() -> None:
    """Measure what is missing, keep each block, and report on all there is."""
    parser = runs.build_parser(__doc__)
    add_data_argument(parser)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--studies", nargs="+", choices=STUDIES, default=STUDIES)
    options = parser.parse_args()
    # The networks stop after a fixed number of epochs.
    warnings.simplefilter("ignore", ConvergenceWarning)
    cases = [
        {"study": study, "seed": seed}
        for study in options.studies
        for seed in range(options.seeds)
    ]
    runs.run(NAME, cases, partial(measure, data_dir=options.data_dir), options)
    runs.publish(NAME, report)


if __name__ == "__main__":
    main()
