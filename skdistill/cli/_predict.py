"""`skdistill predict`: the predictions of a student for the rows of another table."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from skdistill._typing import Estimator
from skdistill.cli._errors import names
from skdistill.cli._folders import naming_damage, new_file, read_result
from skdistill.cli._progress import step
from skdistill.cli._saved import load
from skdistill.cli._ship import MODEL
from skdistill.cli._tables import Schema, guess, is_parquet, read
from skdistill.tables import CategoryColumn

if TYPE_CHECKING:
    from pandas import DataFrame
    from rich.console import Console

__all__ = ["predict"]


def predict(
    folder: Path, data: Path, out: Path, console: "Console", *, overwrite: bool
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
    with new_file(out, overwrite=overwrite) as part:
        with step(console, f"Reading {data}"):
            X = read(data, schema, guess(data))
        for name, known in categories.items():
            if new := sorted(set(X[name]) - known.keys()):
                console.print(
                    f"Column {name!r} has values that were not in training: "
                    f"{names(new)}. They count as none of the known ones.",
                    markup=False,
                    highlight=False,
                    soft_wrap=True,
                )
        with step(console, f"Predicting {len(X):,} rows"):
            frame = _predictions(model, X, found)
        if is_parquet(out):
            # As bytes: pyarrow itself takes only file names in UTF-8.
            part.write_bytes(frame.to_parquet(index=False))
        else:
            frame.to_csv(part, index=False)


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
