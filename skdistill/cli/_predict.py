"""`skdistill predict`: the predictions of a student for the rows of another table."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TextIO

import numpy as np

from skdistill._optional import import_optional
from skdistill._typing import Estimator
from skdistill.cli._blocks import is_large, raw_blocks
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
    work = _Work(data, schema, categories, model, found["classes"], keep)
    if out == STDIN:  # Standard output, as a file.
        _write_csv(work.predicted(console), sys.stdout)
        return
    with new_file(out, overwrite=overwrite) as part:
        frames = work.predicted(console)
        if is_parquet(out):
            _write_parquet(frames, part, data)
        else:
            with part.open("w", encoding="utf-8", newline="") as file:
                _write_csv(frames, file)


def _write_csv(frames: Iterator["DataFrame"], file: TextIO) -> None:
    for number, frame in enumerate(frames):
        frame.to_csv(file, index=False, header=number == 0)


def _write_parquet(frames: Iterator["DataFrame"], path: Path, data: Path) -> None:
    table_of = import_optional("pyarrow", extra="cli").Table.from_pandas
    parquet = import_optional("pyarrow.parquet", extra="cli")
    written = table_of(next(frames), preserve_index=False)
    schema = written.schema
    for place, field in enumerate(schema):
        # Without a value in the first block its type is that of the table.
        if str(field.type) == "null" and is_large(data):
            known = parquet.read_schema(data).field(field.name)
            schema = schema.set(place, known)
    # As an open file: pyarrow itself takes only file names in UTF-8.
    with path.open("wb") as file, parquet.ParquetWriter(file, schema) as writer:
        writer.write_table(written.cast(schema))
        for frame in frames:
            writer.write_table(table_of(frame, schema, preserve_index=False))


@dataclass(frozen=True)
class _Work:
    """What is predicted, by what, and what stands beside it.

    Attributes
    ----------
    data : Path
        The table.
    schema : Schema
        What its columns hold.
    categories : dict of str to dict
        The values of columns of categories that the student knows.
    model : estimator
        The student.
    classes : list or None
        The classes, if there are any.
    keep : sequence of str
        Columns that are written too.
    """

    data: Path
    schema: Schema
    categories: dict[str, dict[str, int]]
    model: Estimator
    classes: list | None
    keep: Sequence[str]

    def predicted(self, console: "Console") -> Iterator["DataFrame"]:
        """Yield the columns kept and the predictions, in blocks of a large table."""
        told: set[str] = set()
        if not is_large(self.data):
            with step(console, f"Reading {self.data}"):
                read = self._read(read_raw(self.data))
            self._tell(read, console, told)
            with step(console, f"Predicting {len(read.X):,} rows"):
                yield self._predict(read)
            return
        with step(console, f"Predicting {self.data} block by block"):
            for raw in raw_blocks(self.data):
                read = self._read(raw)
                self._tell(read, console, told)
                yield self._predict(read)

    def _read(self, raw: RawTable) -> "_Read":
        X, notes = interpret(raw, self.schema, self.data)
        notes = [*raw.notes, *notes]
        if raw.n_after:
            notes.append(
                f"warning: Rows {len(X) + 1:,} to {len(X) + raw.n_after:,} of "
                f"{self.data}, the last ones, are short or sums and have no "
                "prediction. Complete those that should have one."
            )
        for name, known in self.categories.items():
            if new := sorted(set(X[name]) - known.keys()):
                notes.append(
                    f"Column {name!r} has values that were not in training: "
                    f"{names(new)}. They count as none of the known ones."
                )
        return _Read(X, _kept(raw, self.keep, self.data), notes)

    def _tell(self, read: "_Read", console: "Console", told: set[str]) -> None:
        """Say what was not told of an earlier block."""
        for note in read.notes:
            if note not in told:
                told.add(note)
                say(console, note)

    def _predict(self, read: "_Read") -> "DataFrame":
        predicted = _predictions(self.model, read.X, self.classes)
        if twice := [name for name in read.kept if name in predicted]:
            raise CommandError(
                f"--keep {names(twice)}: a column of the predictions has that name. "
                "Rename it in the table."
            )
        return read.kept.join(predicted)


class _Read(NamedTuple):
    """Rows to be predicted, what is written beside, and what there is to say."""

    X: "DataFrame"
    kept: "DataFrame"
    notes: list[str]


def _kept(raw: RawTable, keep: Sequence[str], data: Path) -> "DataFrame":
    """Return the columns to write beside the predictions, as they stand in the file."""
    if lacking := [name for name in keep if name not in raw.frame]:
        raise CommandError(
            f"{data} has no column {names(lacking)}, which --keep names. It has "
            f"{names(list(raw.frame))}."
        )
    return raw.frame[list(dict.fromkeys(keep))]


def _predictions(model: Estimator, X: "DataFrame", classes: list | None) -> "DataFrame":
    """Return the predictions, and the probability of each class if there are any."""
    import pandas as pd

    predicted = np.ravel(model.predict(X))
    if classes is None:
        return pd.DataFrame({"prediction": predicted})
    columns = {"prediction": predicted}
    if hasattr(model, "predict_proba"):
        probabilities = np.asarray(model.predict_proba(X), dtype=float)
        columns |= {
            f"probability_{label}": column
            for label, column in zip(classes, probabilities.T, strict=True)
        }
    return pd.DataFrame(columns)
