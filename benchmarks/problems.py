"""The tables that the benchmarks run on, and where each is found.

A table is looked for in ``--data-dir`` (or the environment variable
``SKDISTILL_DATA``) as ``<name>.csv.gz`` with the target in its last column, then on
OpenML where it has an entry there, and last among what needs no file: scikit-learn's
bundled data and Friedman's first problem. A set of images is looked for as
``<name>.npz``, then on OpenML.
"""

import argparse
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn import datasets
from sklearn.utils import Bunch

DATA_VARIABLE = "SKDISTILL_DATA"


def make_friedman(*, as_frame: bool) -> Bunch:
    """Draw 1,000 rows of Friedman's first problem with noise."""
    X, y = datasets.make_friedman1(1000, noise=1.0, random_state=0)
    return Bunch(data=pd.DataFrame(X).add_prefix("x"), target=pd.Series(y, name="y"))


BUNDLED = {
    "friedman1": make_friedman,
    "diabetes": datasets.load_diabetes,
    "digits": datasets.load_digits,
    "breast_cancer": datasets.load_breast_cancer,
    "wine": datasets.load_wine,
}


class Entry(NamedTuple):
    """A table on OpenML: its number, its target, and columns that are no inputs."""

    data_id: int
    target: str = "default-target"
    drop: tuple[str, ...] = ()


# Those with the same columns as the tables in the folder.
OPENML = {
    "abalone": Entry(183),
    "adult": Entry(1590),
    "airfoil_self_noise": Entry(44957),
    "california_housing": Entry(43939),
    "concrete_strength": Entry(44959),
    "cpu_act": Entry(197),
    "credit_g": Entry(31),
    "fremtpl2_freq": Entry(41214, "ClaimNb", ("IDpol",)),
    "kin8nm": Entry(189),
    "letter_recognition": Entry(6),
    "magic_telescope": Entry(1120),
    "optdigits": Entry(28),
    "spambase": Entry(44),
}

OPENML_IMAGES = {"mnist": "mnist_784", "fashion_mnist": "Fashion-MNIST"}
N_TRAIN_IMAGES = 60_000


class ProblemUnavailableError(LookupError):
    """No source on this machine holds the table that was asked for."""


@dataclass(frozen=True)
class Problem:
    """One table: its name, its inputs and its target."""

    name: str
    X: pd.DataFrame
    y: pd.Series


def add_data_argument(parser: argparse.ArgumentParser) -> None:
    """Give a benchmark's command line its ``--data-dir``."""
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=os.environ.get(DATA_VARIABLE),
        help=f"folder of <name>.csv.gz tables (default: ${DATA_VARIABLE})",
    )


def load_problem(
    name: str,
    data_dir: Path | str | None = None,
    *,
    drop: Iterable[str] = (),
    download: bool = True,
) -> Problem:
    """Load the table `name`, without its columns `drop`."""
    frame, target = _read(name, data_dir, download)
    return Problem(name, frame.drop(columns=list(drop)), target)


def load_images(
    name: str, data_dir: Path | str | None = None, *, download: bool = True
) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Load x_train, y_train, x_test and y_test; an image is a row of pixels in 0..1."""
    path = None if data_dir is None else Path(data_dir) / f"{name}.npz"
    if path is not None and path.exists():
        with np.load(path) as arrays:
            x_train, x_test = arrays["x_train"], arrays["x_test"]
            y_train, y_test = arrays["y_train"], arrays["y_test"]
    elif name in OPENML_IMAGES and download:
        bunch = _fetch(name, OPENML_IMAGES[name], version=1, as_frame=False)
        x_train, x_test = np.split(bunch.data, [N_TRAIN_IMAGES])
        y_train, y_test = np.split(bunch.target.astype(int), [N_TRAIN_IMAGES])
    else:
        raise ProblemUnavailableError(
            f"The images {name!r} were not found. Put {name}.npz (arrays x_train, "
            "y_train, x_test, y_test) into a folder and pass it as --data-dir or set "
            f"{DATA_VARIABLE}. Got data_dir={data_dir!r}."
        )
    return _as_pixels(x_train), y_train, _as_pixels(x_test), y_test


def encode(X: pd.DataFrame) -> pd.DataFrame:
    """Turn string columns into 0/1 columns; numeric columns stay as they are."""
    strings = X.select_dtypes(exclude="number").columns
    return pd.get_dummies(X, columns=list(strings), dtype=float)


def _read(name, data_dir, download):
    if data_dir is not None:
        path = Path(data_dir) / f"{name}.csv.gz"
        if path.exists():
            frame = pd.read_csv(path)
            return frame.iloc[:, :-1], frame.iloc[:, -1]
    if name in OPENML and download:
        data_id, target, drop = OPENML[name]
        bunch = _fetch(name, data_id=data_id, target_column=target, as_frame=True)
        return bunch.data.drop(columns=[*drop]), bunch.target
    if name in BUNDLED:
        bunch = BUNDLED[name](as_frame=True)
        return bunch.data, bunch.target
    known = ", ".join(sorted(BUNDLED))
    raise ProblemUnavailableError(
        f"The table {name!r} was not found. Put {name}.csv.gz (target in the last "
        f"column) into a folder and pass it as --data-dir or set {DATA_VARIABLE}. "
        f"Tables that need no file: {known}. Got data_dir={data_dir!r}."
    )


def _fetch(name, *args, **kwargs):
    try:
        return datasets.fetch_openml(*args, **kwargs)
    except OSError as error:
        raise ProblemUnavailableError(
            f"{name!r} is in no folder, and OpenML did not respond: {error}. Pass the "
            f"folder that holds it as --data-dir or set {DATA_VARIABLE}."
        ) from error


def _as_pixels(images):
    return images.reshape(len(images), -1).astype(np.float32) / 255
