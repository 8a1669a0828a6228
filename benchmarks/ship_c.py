"""What boosting costs as a C file: bytes, and microseconds of a row predicted alone.

100 trees of 16 leaves of each library, in double and single precision, with all kinds
of leaves. They are fitted on the labels, as a distilled student costs the same::

    python -m benchmarks.ship_c --data-dir ../shared/data
"""

import subprocess
import warnings
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor

from benchmarks import results, runs, ship
from skdistill.exceptions import RoundingWarning
from skdistill.export import to_c

NAME = "ship_c"
STUDENTS = ("gradient boosting", "histogram boosting", "xgboost", "lightgbm")
DTYPES, LEAVES = ("float64", "float32"), ("float", "int16", "int8")
N_TREES, N_LEAVES = 100, 16
N_REPEATS, N_ROWS = 40, 50
MAX_US, MAX_KB = 2.0, 32.0
# The shortest time of each block of rows, as what disturbs a measurement makes it
# longer. All other rows lie between two of its times: none is known by heart.
DRIVER = """\
#include <stdio.h>
#include <time.h>
#include "model.h"

static {real} x[{n}][MODEL_N_FEATURES];

int main(void)
{{
    double total = 0, sum = 0, best[{n} / {block}];
    FILE *rows = fopen("rows", "rb");
    if (rows == NULL || fread(x, sizeof x, 1, rows) != 1)
        return 1;
    for (int i = 0; i < {n} / {block}; i++)
        best[i] = 1e30;
    for (int repeat = 0; repeat < {repeats}; repeat++)
        for (int first = 0; first < {n}; first += {block}) {{
            struct timespec from, to;
            clock_gettime(CLOCK_MONOTONIC, &from);
            for (int i = first; i < first + {block}; i++)
                sum += model_predict(x[i]);
            clock_gettime(CLOCK_MONOTONIC, &to);
            double ns = (to.tv_sec - from.tv_sec) * 1e9 + (to.tv_nsec - from.tv_nsec);
            double *shortest = best + first / {block};
            *shortest = ns < *shortest ? ns : *shortest;
        }}
    for (int i = 0; i < {n} / {block}; i++)
        total += best[i];
    printf("%.17g %.17g\\n", total / {n} / 1000, sum);
    return 0;
}}
"""


def build_student(name: str, seed: int):
    """Return a regressor of 100 trees of 16 leaves."""
    if name == "xgboost":
        from xgboost import XGBRegressor

        return XGBRegressor(
            n_estimators=N_TREES,
            max_leaves=N_LEAVES,
            max_depth=0,
            grow_policy="lossguide",
            n_jobs=1,
            random_state=seed,
        )
    if name == "lightgbm":
        from lightgbm import LGBMRegressor

        return LGBMRegressor(
            num_leaves=N_LEAVES, n_jobs=1, verbose=-1, random_state=seed
        )
    if name == "histogram boosting":
        return HistGradientBoostingRegressor(
            max_leaf_nodes=N_LEAVES, early_stopping=False, random_state=seed
        )
    return GradientBoostingRegressor(
        max_leaf_nodes=N_LEAVES, max_depth=None, random_state=seed
    )


def clock(model, X: np.ndarray, X_test: np.ndarray, dtype: str, leaves: str) -> dict:
    """Compile a model; return its bytes, microseconds a row and largest difference."""
    with TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.simplefilter("ignore", RoundingWarning)
        folder = Path(name)
        rows = X_test[: len(X_test) // N_ROWS * N_ROWS].astype(dtype)
        rows.tofile(folder / "rows")
        c_model = to_c(
            model, X, folder / "model.c", dtype=dtype, leaves=leaves, name="model"
        )
        real = "double" if dtype == "float64" else "float"
        facts = {"n": len(rows), "block": N_ROWS, "repeats": N_REPEATS, "real": real}
        (folder / "driver.c").write_text(DRIVER.format(**facts))
        for command in (
            "cc -std=c99 -O2 -c model.c -o model.o",
            "cc -std=gnu99 -O2 driver.c model.o -lm -o driver",
        ):
            subprocess.run(command.split(), cwd=folder, check=True)
        clocked = _shown([folder / "driver"], folder).split()
        text, data, bss = _shown(["size", "model.o"], folder).split()[6:9]
    sums = float(clocked[1]), float(model.predict(rows).sum() * N_REPEATS)
    return {
        "bytes": int(text) + int(data) + int(bss),
        "source_bytes": len(c_model.source),
        "row_us": float(clocked[0]),
        "difference": abs(sums[0] - sums[1]) / abs(sums[1]),
    }


def _shown(command: list, folder: Path) -> str:
    return subprocess.run(
        command, cwd=folder, check=True, capture_output=True, text=True
    ).stdout


def measure(table: str, students, seed: int, data_dir) -> list[dict]:
    """Bytes and time of every kind of C file of each student."""
    X, X_test, y = ship.load_table(table, data_dir, seed)
    measured = []
    for name in students:
        model = build_student(name, seed).fit(X, y)
        for dtype, leaves in product(DTYPES, LEAVES):
            kind = {"table": table, "seed": seed, "student": name, "dtype": dtype}
            facts = clock(model, X, X_test, dtype, leaves)
            measured.append(kind | {"leaves": leaves} | facts)
    return measured


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    keys = ["table", "student", "dtype", "leaves"]
    rows = frame.groupby(keys, sort=False).median(numeric_only=True).reset_index()
    small = rows[rows["leaves"] == "int16"]
    slowest, largest = small["row_us"].max(), small["bytes"].max() / 1024
    fast, tight = slowest < MAX_US, largest < MAX_KB
    table = pd.DataFrame(
        {
            **{key: rows[key] for key in keys},
            "KB of code and data": (rows["bytes"] / 1024).map("{:.1f}".format),
            "one row": rows["row_us"].map("{:.2f}".format),
            "difference": rows["difference"].map("{:.0e}".format),
        }
    )
    return "\n\n".join(
        [
            "# What boosting costs as a C file",
            f"{N_TREES} trees of {N_LEAVES} leaves, compiled by `cc -O2`. KB are those "
            "of the object file's code and data. Microseconds of a row that is "
            f"predicted alone, on one thread: the shortest of {N_REPEATS} times for "
            f"each {N_ROWS} test rows, between which the others are predicted. The "
            "difference is that of the sum of the predictions from the model's own, "
            "as a fraction.",
            results.markdown(table),
            f"With leaves of 16 bits below {MAX_US:.0f} microseconds a row: "
            f"{_yes(fast)} ({slowest:.2f} at most); below {MAX_KB:.0f} KB: "
            f"{_yes(tight)} ({largest:.1f} at most).",
            f"Measured with {results.describe(frame)}.",
        ]
    )


def _yes(met: bool) -> str:
    return "yes" if met else "no"


def main() -> None:
    """Measure what is missing, and report on all there is."""
    options = runs.parse_students(__doc__, STUDENTS, seeds=1, tables=("bike_hour",))
    runs.run_students(NAME, measure, options)
    runs.publish(NAME, report)


if __name__ == "__main__":
    main()
