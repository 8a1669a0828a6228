"""Small tables, a quick teacher, and the command as people run it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline

from skdistill.cli import main

ROOT = Path(__file__).parents[2]
TARGETS = {"regression": "price", "classification": "kind"}
# No name of a column may become markup, code or a folder.
COLUMN = "<script>document.title='run'</script>"
_MOST_SECONDS = 120


def houses(n_rows: int = 80) -> pd.DataFrame:
    """Return a table with numbers, categories, missing cells and both targets."""
    rng = np.random.default_rng(0)
    size = rng.normal(size=n_rows).round(2)
    town = rng.choice(["Ulm", "Bonn", "Köln"], n_rows)
    price = (3 * size + 2 * (town == "Ulm") + rng.normal(size=n_rows)).round(2)
    frame = pd.DataFrame({"size": size, "town": town, COLUMN: size})
    frame.loc[::9, "size"] = np.nan
    frame.loc[::11, "town"] = None
    kind = np.where(price > np.median(price), "dear", "cheap")
    return frame.assign(price=price, kind=kind)


def write(folder: Path, task: str = "regression") -> tuple[Path, list[str]]:
    """Write a table and a fitted teacher; return the words of a quick fit."""
    target = TARGETS[task]
    (other,) = set(TARGETS.values()) - {target}
    frame = houses().drop(columns=other)
    data, teacher = folder / f"{task}.csv", folder / f"{task}.joblib"
    frame.to_csv(data, index=False)
    final = Ridge() if task == "regression" else LogisticRegression()
    numbers = ColumnTransformer([("numbers", SimpleImputer(), ["size"])])
    model = make_pipeline(numbers, final)
    joblib.dump(model.fit(frame.drop(columns=target), frame[target]), teacher)
    options = {
        "--target": target,
        "--student": "linear",
        "--teacher": str(teacher),
        "--alpha": "0.5",
        "--out": str(folder / "out"),
    }
    words = [word for option in options.items() for word in option]
    return data, ["fit", str(data), *words]


def run(words: list[str]) -> int:
    """Run a command in this process; one that hangs fails."""

    def stop(*_):
        raise TimeoutError(f"{words} has not ended after {_MOST_SECONDS} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(_MOST_SECONDS)
    try:
        return main(words)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def run_process(words: list[str], folder: Path, **environment):
    """Start the command as people do, in `folder`."""
    return subprocess.Popen(
        [sys.executable, "-m", "skdistill.cli", *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def listing(folder: Path) -> set[str]:
    """Return the paths of all files and folders inside, also hidden ones."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def replaced(path: Path, **columns) -> None:
    """Replace columns of the table in the file, or add some."""
    pd.read_csv(path).assign(**columns).to_csv(path, index=False)
