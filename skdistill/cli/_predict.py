"""`skdistill predict`: the predictions of a student for the rows of another table."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from skdistill._typing import Estimator
from skdistill.cli._errors import CommandError, names
from skdistill.cli._files import STDIN, RawTable, is_parquet, read_raw
from skdistill.cli._folders import naming_damage, new_file, read_result
from skdistill.cli._progress import say, step
from skdistill.cli._saved import load
from skdistill.cli._ship import MODEL
from skdistill.cli._tables import Schema, interpret
from skdistill.tables import CategoryColumn

if TYPE_CHECKING:
    from pandas import DataFrame
    from rich.console import Console

__all__ = ["predict"]


def predict(
    folder: Path,
    data: Path,
    out: Path,
    console: "Console",
    *,
    overwrite: bool,
    keep: Sequence[str] = (),
) -> None:
    """Predict the rows of a table, and write the predictions.

    Raises
    ------
    CommandError
        If the folder holds no student, or the table is not like the one of the fit.
    """
    found = read_result(folder)
    with naming_damage(folder):
        schema = Schema(**{key: dict(one) for key, one in found["columns"].items()})
        categories = {
            name: CategoryColumn(name, found["categories"][name]).codes
            for name in schema.of_kind("category")
        }
    remedy = "Fit it again with the versions that are installed."
    model = load(folder / MODEL, "The student in", remedy)
    if out == STDIN:  # Standard output, as a file.
        frame = _read_and_predict(data, schema, categories, model, found, console, keep)
        frame.to_csv(sys.stdout, index=False)
        return
    with new_file(out, overwrite=overwrite) as part:
        frame = _read_and_predict(data, schema, categories, model, found, console, keep)
        if is_parquet(out):
            # As bytes: pyarrow itself takes only file names in UTF-8.
            part.write_bytes(frame.to_parquet(index=False))
        else:
            frame.to_csv(part, index=False)


def _read_and_predict(
    data: Path,
    schema: Schema,
    categories: dict[str, dict[str, int]],
    model: Estimator,
    found: dict[str, Any],
    console: "Console",
    keep: Sequence[str],
) -> "DataFrame":
    """Return the columns that are kept and the predictions."""
    with step(console, f"Reading {data}"):
        raw = read_raw(data)
        X, notes = interpret(raw, schema, data)
        kept = _kept(raw, keep, data)
    for note in (*raw.notes, *notes):
        say(console, note)
    if raw.n_after:
        say(
            console,
            f"warning: Rows {len(X) + 1:,} to {len(X) + raw.n_after:,} of {data}, the "
            "last ones, are short or sums and have no prediction. Complete those that "
            "should have one.",
        )
    for name, known in categories.items():
        if new := sorted(set(X[name]) - known.keys()):
            say(
                console,
                f"Column {name!r} has values that were not in training: {names(new)}. "
                "They count as none of the known ones.",
            )
    with step(console, f"Predicting {len(X):,} rows"):
        predicted = _predictions(model, X, found)
    if twice := [name for name in kept if name in predicted]:
        raise CommandError(
            f"--keep {names(twice)}: a column of the predictions has that name. Rename "
            "it in the table."
        )
    return kept.join(predicted)


def _kept(raw: RawTable, keep: Sequence[str], data: Path) -> "DataFrame":
    """Return the columns to write beside the predictions, as they stand in the file."""
    if lacking := [name for name in keep if name not in raw.frame]:
        raise CommandError(
            f"{data} has no column {names(lacking)}, which --keep names. It has "
            f"{names(list(raw.frame))}."
        )
    return raw.frame[list(dict.fromkeys(keep))]


def _predictions(
    model: Estimator, X: "DataFrame", found: dict[str, Any]
) -> "DataFrame":
    """Return the predictions, and the probability of each class if there are any."""
    import pandas as pd

    predicted = np.ravel(model.predict(X))
    if found["classes"] is None:
        return pd.DataFrame({"prediction": predicted})
    columns = {"prediction": predicted}
    if hasattr(model, "predict_proba"):
        probabilities = np.asarray(model.predict_proba(X), dtype=float)
        columns |= {
            f"probability_{label}": column
            for label, column in zip(found["classes"], probabilities.T, strict=True)
        }
    return pd.DataFrame(columns)
