"""skdistill beside its peers: same splits, same size of student, same budget.

Each peer runs in an environment of its own, which ``make bench-peers`` builds. It gets
the rows of a split as files and hands back its predictions for the held-out rows, which
are scored here. Finished rows are kept and skipped by the next run, unless
``--fresh``::

    python -m benchmarks.peers --data-dir ../shared/data
"""

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import r2_score

from benchmarks import gap_block, gap_classes, quality_block, runs
from benchmarks.peer_runners import PEERS, task
from benchmarks.peers_report import draw, report
from benchmarks.problems import add_data_argument

NAME = "peers"
ROOT = Path(__file__).parents[1]
CLASS_TABLES = ("credit_g", "spambase", "magic_telescope", "adult", "optdigits")
TABLES = (*gap_block.TABLES, *CLASS_TABLES)
# Seconds of the processor for a fit, and on the wall clock for a runner that hangs.
BUDGET, PATIENCE = 600, 14_400


def split(table: str, seed: int, data_dir) -> tuple:
    """Split as the gap benchmarks do; return both parts and the number of classes."""
    if table in CLASS_TABLES:
        parts = gap_classes.split(*gap_classes.load_table(table, data_dir), seed)
        return *parts, len(np.unique(parts[2]))
    X, X_test, y, y_test = gap_block.split(*gap_block.load_table(table, data_dir), seed)
    X, X_test = (pd.DataFrame(part).add_prefix("x") for part in (X, X_test))
    return X, X_test, y, y_test, 0


def ask(command: Sequence, folder: Path, patience: float = PATIENCE) -> dict:
    """Let a runner do the task in `folder`; return its facts, or the reason."""
    # One thread for all; what a peer writes aside goes when the folder goes.
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OMP_THREAD_LIMIT"), "1")
    own = threads | {"TMPDIR": str(folder)}
    try:
        done = subprocess.run(
            [*map(str, command)],
            cwd=ROOT,
            env=os.environ | own,
            capture_output=True,
            text=True,
            timeout=patience,
        )
    except subprocess.TimeoutExpired:
        return {"reason": f"no result within {patience:g} seconds"}
    if done.returncode == -signal.SIGXCPU:
        return {"reason": f"no result within {BUDGET} seconds of the processor"}
    facts = folder / "facts.json"
    if not facts.exists():
        last = (done.stderr.strip().splitlines() or ["nothing said"])[-1]
        return {"reason": f"ended with code {done.returncode}: {last}"}
    return json.loads(facts.read_text())


def score(y, folder: Path, n_classes: int) -> dict:
    """Score the predictions of student and teacher, as far as there are any."""
    scores = {}
    for role in ("teacher", "student"):
        path = folder / f"{role}.csv"
        if not path.exists():
            continue
        predictions = pd.read_csv(path).to_numpy()
        if n_classes:
            values = quality_block.score(y, predictions)
        else:
            values = {"r2": r2_score(y, predictions[:, 0])}
        scores |= {f"{role}_{name}": value for name, value in values.items()}
    return scores


def measure(
    table: str, seed: int, peer: str, data_dir, environments: Path
) -> list[dict]:
    """Run one peer on one split and score it: one row."""
    X, X_test, y, y_test, n_classes = split(table, seed, data_dir)
    row = {
        "table": table,
        "seed": seed,
        "peer": peer,
        "n_train": len(X),
        "n_test": len(X_test),
        "n_features": X.shape[1],
        "n_classes": n_classes,
    }
    runner = PEERS[peer]
    with tempfile.TemporaryDirectory() as path:
        folder = Path(path)
        task.write(folder, X, y, X_test, seed=seed, n_classes=n_classes, budget=BUDGET)
        module = f"benchmarks.peer_runners.{runner.runner}"
        command = [runner.python(environments), "-m", module, folder, runner.way]
        facts = {"reason": ""} | ask(command, folder)
        if not facts["reason"]:
            facts |= score(y_test, folder, n_classes)
    return [row | facts]


def find_environments(peers: Sequence[str], environments: Path) -> list[str]:
    """Return the peers that have an environment; say which have none."""
    there = []
    for peer in peers:
        python = PEERS[peer].python(environments)
        if python.exists():
            there.append(peer)
        else:
            print(f"{peer}: left out, as there is no {python}", flush=True)
    return there


def main() -> None:
    """Measure what is missing, keep each row, and report on all there is."""
    parser = runs.build_parser(__doc__)
    add_data_argument(parser)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=TABLES)
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--environments", type=Path, default=ROOT)
    options = parser.parse_args()
    peers = find_environments(options.peers, options.environments)
    cases = [
        {"table": table, "seed": seed, "peer": peer}
        for seed, table, peer in product(range(options.seeds), options.tables, peers)
    ]
    where = {"data_dir": options.data_dir, "environments": options.environments}
    runs.run(NAME, cases, partial(measure, **where), options)
    runs.publish(NAME, report, draw)


if __name__ == "__main__":
    main()
