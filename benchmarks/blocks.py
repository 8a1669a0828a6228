"""How memory and time of a fit grow with the samples, block by block and in memory.

Rows of the motor insurance table, drawn with replacement and written to a Parquet file.
XGBoost learns them distilled from histogram boosting, which is cross-fitted on a
bounded sample: from blocks of the file, and in memory, from the same teacher fitted
beforehand. Each fit has a process of its own and one thread::

    python -m benchmarks.blocks --data-dir ../shared/data --max-rows 10000000
"""

import gc
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.frozen import FrozenEstimator
from threadpoolctl import threadpool_limits

from benchmarks import results, runs
from benchmarks.problems import add_data_argument, load_problem
from benchmarks.processes import measure_apart, memory_mb, peak_mb, reset_peak

NAME, TABLE, TARGET = "blocks", "fremtpl2_freq", "target"
BLOCKS, IN_MEMORY = "blocks", "in memory"
SIZES = {
    BLOCKS: (250_000, 500_000, 1_000_000, 3_000_000, 10_000_000),
    IN_MEMORY: (250_000, 500_000),
}

BLOCK_SIZE = N_SAMPLE = 50_000
SHARED = {"random_state": 0, "on_poor_teacher": "ignore", "memory": False}


def write_table(n_rows: int, path: Path, data_dir) -> None:
    """Write so many rows, in row groups, without holding them all."""
    import pyarrow
    import pyarrow.parquet

    problem = load_problem(TABLE, data_dir)
    strings = problem.X.select_dtypes(exclude="number").columns
    frame = problem.X.astype(dict.fromkeys(strings, "category"))
    frame[TARGET] = problem.y.astype(float)
    rng = np.random.default_rng(0)
    schema = pyarrow.Schema.from_pandas(frame, preserve_index=False)
    with pyarrow.parquet.ParquetWriter(path, schema) as writer:
        for start in range(0, n_rows, BLOCK_SIZE):
            size = min(BLOCK_SIZE, n_rows - start)
            rows = frame.iloc[rng.integers(len(frame), size=size)]
            writer.write_table(
                pyarrow.Table.from_pandas(rows, schema, preserve_index=False)
            )


def fit(path: str, way: str, n_rows: int) -> None:
    """Fit once, on so many rows of the file."""
    from xgboost import XGBRegressor

    from skdistill import DistilledRegressor
    from skdistill.blocks import BlockDistilledRegressor, ParquetBlocks

    teacher = HistGradientBoostingRegressor(random_state=0, early_stopping=False)
    student = XGBRegressor(
        n_estimators=50, max_depth=5, enable_categorical=True, n_jobs=1
    )
    table = ParquetBlocks(path, block_size=min(BLOCK_SIZE, n_rows))
    if way == BLOCKS:
        model = BlockDistilledRegressor(
            teacher,
            student,
            teacher_samples=N_SAMPLE,
            student_samples=N_SAMPLE,
            **SHARED,
        )
        model.fit(table, TARGET).predict(table)
        return
    sample = next(table.read())
    teacher.fit(sample.drop(columns=TARGET), sample[TARGET])
    whole = pd.read_parquet(path)
    X = whole.drop(columns=TARGET)
    model = DistilledRegressor(FrozenEstimator(teacher), student, **SHARED)
    model.fit(X, whole[TARGET]).predict(X)


def fit_once(paths: list[str], way: str, n_rows: int) -> dict:
    """Fit once, in this process; return its seconds and how much its memory grew."""
    small, path = paths
    with threadpool_limits(1):
        fit(small, way, 1000)  # All that is imported is.
        gc.collect()
        before = memory_mb()
        reset_peak()
        start, wall = time.process_time(), time.perf_counter()
        fit(path, way, n_rows)
        return {
            "cpu_s": time.process_time() - start,
            "wall_s": time.perf_counter() - wall,
            "before_mb": before,
            "added_mb": peak_mb() - before,
        }


def measure(way: str, rows: int, data_dir) -> list[dict]:
    """Time and memory of one fit in a fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"{n_rows}.parquet") for n_rows in (1000, rows)]
        for n_rows, path in zip((1000, rows), paths, strict=True):
            write_table(n_rows, path, data_dir)
        size = paths[1].stat().st_size / 2**20
        case = [[*map(str, paths)], way, rows]
        measured = measure_apart("benchmarks.blocks", "fit_once", case)
    return [{"way": way, "rows": rows, "file_mb": size} | measured]


def summarise(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each fit, with the bytes and seconds of a further row."""
    frame = frame.sort_values(["way", "rows"])
    steps = frame.groupby("way")[["rows", "added_mb", "cpu_s"]].diff()
    return frame.assign(
        bytes_a_row=steps["added_mb"] * 2**20 / steps["rows"],
        us_a_row=steps["cpu_s"] * 1e6 / steps["rows"],
    )


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    summary = summarise(frame)
    names = {
        "way": "fit",
        "rows": "rows",
        "file_mb": "file, MB",
        "added_mb": "memory added, MB",
        "bytes_a_row": "bytes for a further row",
        "cpu_s": "CPU seconds",
        "us_a_row": "microseconds for a further row",
    }
    shown = summary[[*names]].rename(columns=names)
    shown["rows"] = shown["rows"].map("{:,}".format)
    for name in [*names.values()][2:]:
        digits = 1 if "second" in name else 0
        shown[name] = shown[name].map(f"{{:.{digits}f}}".format).replace("nan", "")
    return "\n\n".join(
        [
            "# Samples larger than memory",
            f"`{TABLE}`, rows drawn with replacement: 10 features, 4 of them "
            "categorical. XGBoost (50 trees of depth 5) distilled from histogram "
            f"boosting and asked for all predictions. Blocks are of {BLOCK_SIZE:,} "
            f"samples, teacher and refinement learn {N_SAMPLE:,}; in memory the "
            "teacher is fitted beforehand and the leaves are refined on all samples. "
            "Memory is what a fit adds at most to a process that has all libraries "
            "loaded; a further row is one beyond those of the line above. One thread.",
            results.markdown(shown),
            f"Measured with {results.describe(frame)}.",
        ]
    )


def main() -> None:
    """Measure the fits that are missing, keep each, and report on all there is."""
    parser = runs.build_parser(__doc__)
    add_data_argument(parser)
    parser.add_argument("--max-rows", type=int, default=1_000_000)
    options = parser.parse_args()
    cases = [
        {"way": way, "rows": rows}
        for way, sizes in SIZES.items()
        for rows in sizes
        if rows <= options.max_rows
    ]
    runs.run(NAME, cases, partial(measure, data_dir=options.data_dir), options)
    runs.publish(NAME, report)


if __name__ == "__main__":
    main()
