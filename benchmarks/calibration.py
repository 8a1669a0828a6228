"""How a classifier's teacher is best calibrated: by a temperature, and what beside it.

Each is learned on out-of-fold predictions, as `DistilledClassifier` learns its own,
with a prior worth one sample that draws it to no change at all, and judged by the log
loss of held-out rows, on tables of few and many classes, from few rows and many::

    python -m benchmarks.calibration --data-dir ../shared/data
"""

import warnings
from functools import partial
from itertools import product

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import logsumexp
from sklearn.exceptions import ConvergenceWarning

from benchmarks import results, runs
from benchmarks.problems import add_data_argument
from benchmarks.teachers_block import build_teacher, load
from skdistill.teachers import (
    CrossFitTask,
    TemperatureScaling,
    cross_fit,
    log_losses,
    predict_logits,
)

NAME = "calibration"
TABLES = ("credit_g", "magic_telescope", "covertype", "optdigits", "letter_recognition")
TEACHERS = ("trees", "xgboost", "network", "neighbors", "vectors")
N_ROWS = (300, 1_500)
WAYS = {
    "none": "none",
    "temperature": "temperature",
    "package": "temperature, bias and floor",
    "vector": "a scale and a bias a class",
}


class Scaling:
    """Scale the logits, all by one number or each class by its own, with a bias.

    Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", ICML
    2017, section 4.2; the logarithms of the scales and the biases have a normal prior
    of deviation 1, worth one sample. Probabilities are of a millionth at least.
    """

    def __init__(self, *, by_class: bool) -> None:
        self.by_class = by_class

    def fit(self, logits, codes):
        """Minimise the log loss by L-BFGS."""
        logits = _bounded(logits)
        n_samples, n_classes = logits.shape
        onehot = np.eye(n_classes)[codes]

        def objective(theta):
            scale, bias = self._unpack(theta)
            z = logits * scale + bias
            total = logsumexp(z, axis=1, keepdims=True)
            loss = (total[:, 0] - z[np.arange(n_samples), codes]).mean()
            error = (np.exp(z - total) - onehot) / n_samples
            by_scale = (error * logits * scale).sum(axis=0)
            gradient = (
                np.concatenate([by_scale, error.sum(axis=0)])
                if self.by_class
                else by_scale.sum(keepdims=True)
            )
            return loss + theta @ theta / (2 * n_samples), gradient + theta / n_samples

        start = np.zeros(2 * n_classes if self.by_class else 1)
        found = minimize(objective, start, jac=True, method="L-BFGS-B")
        self.scale_, self.bias_ = self._unpack(found.x)
        return self

    def _unpack(self, theta):
        if not self.by_class:
            return np.exp(theta), 0.0
        return np.exp(theta[: len(theta) // 2]), theta[len(theta) // 2 :]

    def transform(self, logits):
        """Return the calibrated logits."""
        return _bounded(logits) * self.scale_ + self.bias_


def _bounded(logits):
    return np.maximum(logits, logits.max(axis=1, keepdims=True) + np.log(1e-6))


def measure(table: str, seed: int, teacher: str, data_dir) -> list[dict]:
    """Held-out log losses of each calibration, from the first rows and from all."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    X, X_test, y, y_test = load(table, seed, data_dir)
    classes = np.unique(y)
    return [
        {"table": table, "seed": seed, "teacher": teacher, "n_classes": len(classes)}
        | _measure(
            X[:n], y[:n], X_test, y_test, build_teacher(teacher, seed, classes=True)
        )
        for n in N_ROWS
        if len(np.unique(y[:n])) == len(classes)
        and np.unique(y[:n], return_counts=True)[1].min() >= 5
    ]


def _measure(X, y, X_test, y_test, teacher) -> dict:
    classes, codes = np.unique(y, return_inverse=True)
    task = CrossFitTask(
        teacher=teacher,
        X=X,
        y=y,
        classes=classes,
        fit_params={},
        split_params={},
        cv=5,
        seeds=(0, 0),
    )
    done = cross_fit(task, "kfold")
    held_out = predict_logits(done.teacher, X_test, classes)
    codes_test = np.searchsorted(classes, y_test)
    found = {"n_rows": len(X), "none": log_losses(held_out, codes_test).mean()}
    for way, step in {
        "temperature": Scaling(by_class=False),
        "package": TemperatureScaling(),
        "vector": Scaling(by_class=True),
    }.items():
        calibrated = step.fit(done.predictions, codes).transform(held_out)
        found[way] = log_losses(calibrated, codes_test).mean()
    return found


def summarise(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the mean log losses by table and number of rows."""
    keys = ["table", "n_classes", "n_rows"]
    means = frame.groupby(keys, sort=False)[list(WAYS)].mean()
    return means.map("{:.4f}".format).rename(columns=WAYS).reset_index()


def compare(frame: pd.DataFrame) -> pd.DataFrame:
    """Count where each way is better than the temperature alone, and by how much."""
    rows = []
    for n_rows, part in frame.groupby("n_rows"):
        for way in ("none", "package", "vector"):
            gain = part["temperature"] - part[way]
            rows.append(
                {
                    "rows": n_rows,
                    "calibration": WAYS[way],
                    "better than the temperature": f"{(gain > 0).sum()} of {len(gain)}",
                    "mean gain": f"{gain.mean():+.4f}",
                    "worst": f"{gain.min():+.4f}",
                    "best": f"{gain.max():+.4f}",
                }
            )
    return pd.DataFrame(rows)


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    return "\n\n".join(
        [
            "# Which calibration of the teacher",
            "Log loss of held-out rows after each calibration, mean over "
            f"{frame['teacher'].nunique()} teachers and {frame['seed'].nunique()} "
            "seeds. Each is learned on the out-of-fold predictions for the training "
            "rows.",
            results.markdown(summarise(frame)),
            "## Against the temperature alone",
            results.markdown(compare(frame)),
            f"Measured with {results.describe(frame)}.",
        ]
    )


def main() -> None:
    """Measure what is missing, keep each block, and report on all there is."""
    parser = runs.build_parser(__doc__)
    add_data_argument(parser)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=TABLES)
    parser.add_argument("--teachers", nargs="+", choices=TEACHERS, default=TEACHERS)
    options = parser.parse_args()
    cases = [
        {"table": table, "seed": seed, "teacher": teacher}
        for seed, table, teacher in product(
            range(options.seeds), options.tables, options.teachers
        )
    ]
    runs.run(NAME, cases, partial(measure, data_dir=options.data_dir), options)
    runs.publish(NAME, report)


if __name__ == "__main__":
    main()
