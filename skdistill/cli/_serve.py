"""Predict rows as they stand in the file, with the model in this folder.

`python serve.py` reads rows as JSON, ``[{"column": cell, ...}, ...]``, and writes their
predictions; `uvicorn serve:app` does so over HTTP, where FastAPI is installed. It needs
skdistill, which unpickles the model, or else onnxruntime.
"""

import json
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


def predict(rows: list[dict[str, Any]]) -> list:
    """Return a value or label for each row, with None for a missing cell."""
    names = [column["name"] for column in schema()["columns"]]
    for row in rows:
        if missing := [name for name in names if name not in row]:
            raise ValueError(f"A row lacks {missing}. Write null for an empty cell.")
    return predictor()(rows) if rows else []


@cache
def schema() -> dict[str, Any]:
    """Return what the columns hold."""
    return json.loads((FOLDER / "schema.json").read_text(encoding="utf-8"))


@cache
def predictor() -> Callable[[list[dict[str, Any]]], list]:
    """Return what predicts rows that have all columns."""
    try:
        import joblib
        import pandas as pd

        model = joblib.load(FOLDER / "model.joblib")
    except ImportError:
        if not (FOLDER / "student.onnx").exists():
            raise
        return by_onnx
    names = [column["name"] for column in schema()["columns"]]
    return lambda rows: model.predict(pd.DataFrame(rows)[names]).ravel().tolist()


def by_onnx(rows: list[dict[str, Any]]) -> list:
    """Predict rows in the ONNX runtime."""
    import numpy as np

    feed = {}
    for column in schema()["columns"]:
        is_number = column["onnx_type"] == "float"
        cells = [row[column["name"]] for row in rows]
        cells = [None if is_missing(cell, column["type"]) else cell for cell in cells]
        if is_number:
            array = np.array([as_float(cell, column) for cell in cells], np.float32)
        else:
            array = np.array([as_string(cell) for cell in cells], object)
        feed[column["onnx_input"]] = array.reshape(-1, 1)
    found = session().run(None, feed)[0].ravel().tolist()
    if classes := schema()["classes"]:  # The ONNX model says 1 for True and 1.0.
        found = [*map(type(classes[0]), found)]
    return found


def is_missing(cell: Any, kind: str) -> bool:
    """Return whether a cell has no value, maybe as a file says so."""
    if not isinstance(cell, str):
        return cell is None or cell != cell
    words = schema()["missing"]
    among = ["", *words["numbers_and_dates"]] if kind in ("number", "date") else []
    return cell in words["all"] or cell.strip().lower() in among


def as_float(cell: Any, column: dict[str, Any]) -> float:
    """Return a number; the ONNX model knows nothing of how others write them."""
    if cell is None:
        return float("nan")
    is_usual = column["notation"] == {"decimal": ".", "mark": "", "coerce": False}
    if isinstance(cell, str) and not is_usual:
        raise ValueError(
            f"Column {column['name']!r} must be numbers where student.onnx predicts. "
            f"Got {cell!r}. Read it first, by its notation in schema.json."
        )
    return float(cell)


def as_string(cell: Any) -> str:
    """Return a cell as a file has it; pandas makes floats of integers."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if cell is None else str(cell)


@cache
def session() -> Any:
    """Return the ONNX model."""
    from onnxruntime import InferenceSession

    return InferenceSession(FOLDER / "student.onnx")


try:
    from fastapi import FastAPI
except ImportError:
    app = None
else:
    app = FastAPI(title="Predictions of rows as they stand in the file")
    app.post("/")(predict)

if __name__ == "__main__":
    json.dump(predict(json.load(sys.stdin)), sys.stdout)
