"""Compare the mean of the fold teachers with one teacher refitted on all rows.

Cross-fitting k folds leaves k fitted teachers. Their mean may serve as the teacher,
which saves the refit. This measures both on held-out rows::

    python -m benchmarks.fold_teacher --data-dir ../shared/data
"""

from functools import partial

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold, train_test_split
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from benchmarks import results, runs
from benchmarks.problems import add_data_argument, encode, load_problem

NAME = "fold_teacher"
TABLES = (
    "diabetes",
    "airfoil_self_noise",
    "concrete_strength",
    "kin8nm",
    "abalone",
    "california_housing",
)
N_TRAIN, N_TEST, N_FOLDS = 2000, 5000, 5


def _teachers(seed):
    def scaled(regressor):
        return TransformedTargetRegressor(
            make_pipeline(StandardScaler(), regressor), transformer=StandardScaler()
        )

    return {
        "hist boosting": HistGradientBoostingRegressor(random_state=seed),
        "boosting": GradientBoostingRegressor(
            n_estimators=200, max_depth=5, max_features=0.5, random_state=seed
        ),
        "forest": RandomForestRegressor(100, max_features=0.5, random_state=seed),
        "mlp": scaled(MLPRegressor(max_iter=500, alpha=0.01, random_state=seed)),
        "svr": scaled(SVR(C=3.0)),
    }


def _compare(teacher, X, y, X_test, y_test, seed):
    folds = KFold(N_FOLDS, shuffle=True, random_state=seed).split(X)
    mean = np.mean(
        [clone(teacher).fit(X[train], y[train]).predict(X_test) for train, _ in folds],
        axis=0,
    )
    refit = clone(teacher).fit(X, y).predict(X_test)
    return r2_score(y_test, mean), r2_score(y_test, refit)


def measure(table: str, data_dir, seed: int) -> list[dict]:
    """R2 of the fold mean and of the refit on held-out rows of one table."""
    problem = load_problem(table, data_dir)
    X = encode(problem.X)
    X = X.fillna(X.median()).to_numpy(float)
    y = problem.y.to_numpy(float)
    n_train = min(N_TRAIN, int(0.75 * len(X)))
    X, X_test, y, y_test = train_test_split(X, y, train_size=n_train, random_state=seed)
    rows = []
    for name, teacher in _teachers(seed).items():
        mean, refit = _compare(teacher, X, y, X_test[:N_TEST], y_test[:N_TEST], seed)
        rows.append(
            {
                "table": table,
                "teacher": name,
                "seed": seed,
                "mean": mean,
                "refit": refit,
            }
        )
    return rows


def summarise(frame: pd.DataFrame) -> pd.DataFrame:
    """Mean R2 of both over the seeds, by table and teacher."""
    frame = frame.assign(difference=frame["mean"] - frame["refit"])
    groups = frame.groupby(["table", "teacher"])[["mean", "refit", "difference"]]
    return groups.mean().map("{:.4f}".format).reset_index()


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    difference = frame["mean"] - frame["refit"]
    return "\n\n".join(
        [
            "# The mean of the fold teachers against a refit",
            f"Held-out R2, mean over {frame['seed'].nunique()} seeds, {N_FOLDS} folds, "
            f"at most {N_TRAIN} training rows.",
            results.markdown(summarise(frame)),
            f"Difference over all {len(frame)} pairs: mean {difference.mean():+.4f}, "
            f"standard deviation {difference.std():.4f}, from {difference.min():+.4f} "
            f"to {difference.max():+.4f}; the mean is at least as good in "
            f"{(difference >= 0).mean():.0%}.",
            f"Measured with {results.describe(frame)}.",
        ]
    )


def main() -> None:
    """Measure what is missing, keep each table and seed, and report on all there is."""
    parser = runs.build_parser(__doc__)
    add_data_argument(parser)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=TABLES)
    options = parser.parse_args()
    cases = [
        {"table": table, "seed": seed}
        for table in options.tables
        for seed in range(options.seeds)
    ]
    runs.run(NAME, cases, partial(measure, data_dir=options.data_dir), options)
    runs.publish(NAME, report)


if __name__ == "__main__":
    main()
