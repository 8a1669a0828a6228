"""How a fit on Dask collections grows with the rows and with the workers.

XGBoost distilled from a frozen teacher on synthetic rows, which the workers make
themselves. A worker is a process of one thread. Each fit has a process of its own::

    python -m benchmarks.dask_scaling --max-rows 10000000
"""

import time
from collections import Counter

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.frozen import FrozenEstimator

from benchmarks import results, runs
from benchmarks.processes import measure_apart, peak_mb, reset_peak
from benchmarks.scaling import fit_exponent
from skdistill.dask import DaskDistilledRegressor

NAME = "dask_scaling"
ROWS, WORKERS = (125_000, 500_000, 2_000_000, 10_000_000), (1, 2)
PART, N_COLUMNS = 62_500, 10
ROUNDS, DEPTH, BINS = 50, 6, 256
# Which of Dask's tasks make up a step; all others are "other".
STEPS = {"label": "label", "rows_of": "mix", "_part_of": "mix", "fn": "train"}
LARGE, MANY = 1_000_000_000, 100


def make_rows(seed: int, n_rows: int) -> np.ndarray:
    """Return rows, the target in the last column."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, N_COLUMNS)).astype(np.float32)
    y = X[:, 0] + np.sin(2 * X[:, 1]) * X[:, 2] + 0.3 * rng.normal(size=n_rows)
    return np.column_stack([X, y.astype(np.float32)])


def collections(n_rows: int) -> tuple:
    """Return rows and targets as Dask arrays that are made on the workers."""
    import dask
    import dask.array as da

    parts = [
        da.from_delayed(
            dask.delayed(make_rows)(number, PART), (PART, N_COLUMNS + 1), np.float32
        )
        for number in range(n_rows // PART)
    ]
    rows = da.concatenate(parts)
    return rows[:, :-1], rows[:, -1]


def step_of(key: object) -> str:
    """Return the step that a task belongs to."""
    from dask.utils import key_split

    return STEPS.get(key_split(key), "other")


class StepTimes:
    """Plugin of a worker of one thread: processor seconds of each step."""

    name = "steps"

    def setup(self, worker) -> None:
        """Begin to count."""
        self.running: dict = {}
        self.seconds: Counter = Counter()

    def teardown(self, worker) -> None:
        """Leave all as it is."""

    def transition(self, key, start, finish, **kwargs) -> None:
        """Count what a task took."""
        now = time.process_time()
        if finish == "executing":
            self.running[key] = now
        elif start == "executing":
            self.seconds[step_of(key)] += now - self.running.pop(key)


def told_by_worker(dask_worker) -> tuple[dict, float]:
    """Return the seconds of a worker's steps, and its peak memory."""
    return dict(dask_worker.plugins["steps"].seconds), peak_mb()


def spans(stream: list[dict]) -> dict[str, float]:
    """Return from when to when a step took, over all workers, in seconds."""
    ends: dict[str, list[float]] = {}
    for task in stream:
        for one in task["startstops"]:
            if one["action"] == "compute":
                ends.setdefault(step_of(task["key"]), []).extend(
                    [one["start"], one["stop"]]
                )
    return {step: max(times) - min(times) for step, times in ends.items()}


def fit_once(n_rows: int, n_workers: int) -> dict:
    """Fit once on a cluster of this machine; return seconds and memory."""
    from distributed import Client, LocalCluster, WorkerPlugin, get_task_stream
    from xgboost import XGBRegressor

    sample = make_rows(2**31, 20_000)
    teacher = HistGradientBoostingRegressor(random_state=0)
    model = DaskDistilledRegressor(
        FrozenEstimator(teacher.fit(sample[:, :-1], sample[:, -1])),
        XGBRegressor(n_estimators=ROUNDS, max_depth=DEPTH, max_bin=BINS),
        transfer=None,
        refine=None,
        on_poor_teacher="ignore",
        teacher_samples=20_000,
        random_state=0,
    )
    plugin = type("Steps", (StepTimes, WorkerPlugin), {})()
    with (
        LocalCluster(
            n_workers=n_workers,
            threads_per_worker=1,
            memory_limit=0,
            dashboard_address=":0",
        ) as cluster,
        Client(cluster) as client,
    ):
        client.register_plugin(plugin)
        model.fit(*collections(PART))  # What a first call loads is not counted.
        before = client.run(told_by_worker)
        reset_peak()
        held, start = peak_mb(), time.perf_counter()
        with get_task_stream(client) as stream:
            model.fit(*collections(n_rows))
        seconds = time.perf_counter() - start
        after = client.run(told_by_worker)
        peak = peak_mb()
    of_worker = []
    for address, (steps, _) in after.items():
        of_worker.append(Counter(steps))
        of_worker[-1].subtract(before[address][0])
    steps = ("label", "mix", "train", "other")
    cpu = {step: [seconds[step] for seconds in of_worker] for step in steps}
    wall = spans(stream.data)
    return {
        "fit_s": seconds,
        **{f"{step}_cpu_s": sum(seconds) for step, seconds in cpu.items()},
        **{f"{step}_most_cpu_s": max(cpu[step]) for step in ("label", "train")},
        **{f"{step}_s": wall.get(step, np.nan) for step in ("label", "train")},
        "client_mb": peak,
        "client_added_mb": peak - held,
        "worker_mb": max(memory for _, memory in after.values()),
        "worker_added_mb": max(
            memory - before[address][1] for address, (_, memory) in after.items()
        ),
    }


def measure(rows: int, workers: int, repeat: int) -> list[dict]:
    """Return the measures of one fit, in a process of its own."""
    measured = measure_apart("benchmarks.dask_scaling", "fit_once", [rows, workers])
    return [{"rows": rows, "workers": workers, "repeat": repeat} | measured]


def summarise(frame: pd.DataFrame) -> pd.DataFrame:
    """Return medians over the repeats."""
    numbers = frame.columns.difference([*results.versions(), "repeat"], sort=False)
    return frame[numbers].groupby(["workers", "rows"]).median().reset_index()


def per_row(summary: pd.DataFrame) -> dict[str, float]:
    """Return what a row costs: of one worker, the largest run less the smallest.

    Seconds of the processor, and bytes of a worker's memory.
    """
    alone = summary[summary["workers"] == 1].sort_values("rows")
    first, last = alone.iloc[0], alone.iloc[-1]
    columns = ["label_cpu_s", "mix_cpu_s", "train_cpu_s", "other_cpu_s"]
    scaled = {**dict.fromkeys(columns, 1.0), "worker_added_mb": 2.0**20}
    return {
        name: factor * (last[name] - first[name]) / (last["rows"] - first["rows"])
        for name, factor in scaled.items()
    }


def histogram_bytes() -> float:
    """Return what a worker sends in training: sums of two doubles a bin and node.

    In a ring each of many workers sends what is summed about twice.
    """
    return 2.0 * ROUNDS * (2**DEPTH - 1) * N_COLUMNS * BINS * 16


def on_paper(summary: pd.DataFrame) -> pd.DataFrame:
    """Return what many rows on many workers of one thread would take."""
    cost, rows = per_row(summary), LARGE / MANY
    minutes = {
        "labelling": rows * cost["label_cpu_s"],
        "mixing the targets": rows * cost["mix_cpu_s"],
        "training": rows * cost["train_cpu_s"],
        "reading and the rest": rows * cost["other_cpu_s"],
    }
    memory = rows * cost["worker_added_mb"] / 2**30
    found = {what: f"{value / 60:.1f} min" for what, value in minutes.items()}
    return pd.DataFrame(
        [
            *found.items(),
            ("in all, if no worker waits", f"{sum(minutes.values()) / 60:.1f} min"),
            ("memory of a worker", f"{memory:.1f} GiB"),
            ("sent by a worker in training", f"{histogram_bytes() / 2**20:.0f} MiB"),
        ],
        columns=["what", f"{LARGE:,} rows, {MANY} workers"],
    )


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    summary = summarise(frame)
    formats = {column: "{:.1f}".format for column in summary if column not in ROWS}
    formats |= {"rows": "{:,.0f}".format, "workers": "{:.0f}".format}
    shown = summary.assign(
        **{column: summary[column].map(form) for column, form in formats.items()}
    )
    names = {
        "fit_s": "fit, s",
        "label_s": "labelling, s",
        "train_s": "training, s",
        "label_cpu_s": "labelling, CPU s",
        "label_most_cpu_s": "of the busiest worker",
        "mix_cpu_s": "mixing, CPU s",
        "train_cpu_s": "training, CPU s",
        "train_most_cpu_s": "of the busiest",
        "other_cpu_s": "the rest, CPU s",
        "client_mb": "client, peak MB",
        "client_added_mb": "client, added MB",
        "worker_mb": "worker, peak MB",
    }
    order = ["workers", "rows", *names]
    largest = summary[summary["rows"] == summary["rows"].max()].set_index("workers")
    one, two = largest.loc[1], largest.loc[2]
    by_size = summary.rename(columns={"rows": "size"})
    growth = pd.DataFrame(
        {
            "workers": workers,
            **{
                names[column]: fit_exponent(group, column)
                for column in ("label_cpu_s", "train_cpu_s", "client_mb")
            },
        }
        for workers, group in by_size.groupby("workers")
    )
    return "\n\n".join(
        [
            "# A fit on Dask collections",
            f"XGBoost of {ROUNDS} trees of depth {DEPTH}, distilled from a frozen "
            f"histogram boosting on {N_COLUMNS} columns in single precision, without a "
            "transfer set. Seconds of the wall clock depend on what else the machine "
            "does; those of the processor hardly do. The scheduler runs in the "
            "client's process, whose memory counts it. Medians; fits of each size: "
            f"{frame.groupby(['workers', 'rows']).size().min()}.",
            results.markdown(shown[order].rename(columns=names)),
            f"On {one['rows']:,.0f} rows, two workers label "
            f"{one['label_s'] / two['label_s']:.2f} times as fast as one, and train "
            f"{one['train_s'] / two['train_s']:.2f} times as fast. Where each has a "
            "core to itself the busiest decides: by its seconds of the processor "
            f"labelling is {one['label_cpu_s'] / two['label_most_cpu_s']:.2f} times as "
            f"fast, and training {one['train_cpu_s'] / two['train_most_cpu_s']:.2f} "
            "times.",
            "## Growth",
            "The exponent b of cost = c * rows ** b: 1 is linear, 0 is flat.",
            results.markdown(growth),
            f"## {LARGE:,} rows on {MANY} workers, on paper",
            "A row's cost is what the largest fit on one worker takes beyond the "
            "smallest, divided by the rows between them. A worker has one thread; of k "
            "threads it takes about a k-th of the time. In training a worker sends the "
            f"histograms of {2**DEPTH - 1} nodes a tree, {BINS} bins a column, two "
            "doubles each, about twice.",
            results.markdown(on_paper(summary)),
            f"Measured with {results.describe(frame)}.",
        ]
    )


def main() -> None:
    """Measure the fits that are missing, keep each, and report on all there is."""
    parser = runs.build_parser(__doc__)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--max-rows", type=int, default=2_000_000)
    options = parser.parse_args()
    cases = [
        {"rows": rows, "workers": workers, "repeat": repeat}
        for repeat in range(options.repeats)
        for rows in ROWS
        if rows <= options.max_rows
        for workers in WORKERS
    ]
    runs.run(NAME, cases, measure, options)
    runs.publish(NAME, report)


if __name__ == "__main__":
    main()
