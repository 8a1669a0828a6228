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
        missing = np.nan if is_number else ""
        cells = [missing if x is None or x != x else x for x in cells]
        array = np.array(cells if is_number else [*map(str, cells)])
        array = array.astype(np.float32 if is_number else object)
        feed[column["onnx_input"]] = array.reshape(-1, 1)
    found = session().run(None, feed)[0].ravel().tolist()
    is_boolean = isinstance((schema()["classes"] or [None])[0], bool)
    return [*map(bool, found)] if is_boolean else found


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
