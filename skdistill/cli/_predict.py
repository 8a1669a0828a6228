"""`skdistill predict`: what a student says of the rows of another table."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skdistill.cli._errors import CommandError, names
from skdistill.cli._folders import new_file, read_result, telling_of_damage
from skdistill.cli._outputs import MODEL
from skdistill.cli._progress import step
from skdistill.cli._tables import Schema, guess, is_parquet, read

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["predict"]


def predict(
    folder: Path, data: Path, out: Path, console: "Console", *, overwrite: bool
) -> None:
    """Predict the rows of a table, and write the predictions.

    Raises
    ------
    CommandError
        If the folder holds no student, or the table is not as that it was fitted on.
    """
    import joblib

    found = read_result(folder)
    with telling_of_damage(folder):
        schema = Schema(**{key: dict(one) for key, one in found["columns"].items()})
        categories = {
            name: set(found["categories"][name]) for name in schema.of_kind("category")
        }
    try:
        model = joblib.load(folder / MODEL)
    except Exception as error:  # Unpickling raises what it likes.
        raise CommandError(
            f"The student in {folder / MODEL} cannot be loaded "
            f"({type(error).__name__}: {error}). Fit it again with the versions that "
            "are installed."
        ) from error
    with new_file(out, overwrite=overwrite) as part:
        with step(console, f"Reading {data}"):
            X = read(data, schema, guess(data))
        for name, known in categories.items():
            if new := sorted(set(X[name]) - known):
                console.print(
                    f"Column {name!r} has values that training had not: {names(new)}. "
                    "They count as none of the known ones.",
                    markup=False,
                    highlight=False,
                    soft_wrap=True,
                )
        with step(console, f"Predicting {len(X):,} rows"):
            frame = _predictions(model, X, found)
        if is_parquet(out):
            # As bytes, for pyarrow takes no name but in UTF-8.
            part.write_bytes(frame.to_parquet(index=False))
        else:
            frame.to_csv(part, index=False)


def _predictions(model, X, found):
    import pandas as pd

    answers = np.ravel(model.predict(X))
    if found["classes"] is None:
        return pd.DataFrame({"prediction": answers})
    classes = np.asarray(found["classes"])
    columns = {"prediction": classes[answers] if found["codes"] else answers}
    if hasattr(model, "predict_proba"):
        shares = np.asarray(model.predict_proba(X), dtype=float)
        columns |= {
            f"probability_{label}": share
            for label, share in zip(found["classes"], shares.T, strict=True)
        }
    return pd.DataFrame(columns)
