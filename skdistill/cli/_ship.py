"""What is deployed: the student, what its columns hold, and a script that serves it."""

import json
import platform
from pathlib import Path
from shutil import copyfile
from typing import TYPE_CHECKING, Any

import numpy as np
import sklearn
from sklearn.base import is_classifier

from skdistill._typing import Estimator
from skdistill._version import __version__
from skdistill.cli import _serve
from skdistill.cli._tables import Schema
from skdistill.tables import ISO, MISSING, MISSING_VALUES, LabelledClassifier

if TYPE_CHECKING:
    from pandas import DataFrame, Series

__all__ = ["MODEL", "ONNX", "SCHEMA", "SERVE", "write_shipped"]

MODEL, ONNX, SCHEMA, SERVE = (
    *("model.joblib", "student.onnx"),
    *("schema.json", "serve.py"),
)


def write_shipped(
    folder: Path, model: Estimator, target: str, schema: Schema, X: "DataFrame"
) -> None:
    """Write the student, `schema.json` and `serve.py`.

    Parameters
    ----------
    folder : Path
        Where to; the ONNX model is there already, if there is one.
    model : estimator
        The fitted search.
    target : str
        The name of the target.
    schema : Schema
        What the other columns hold.
    X : DataFrame
        The training samples, as they were read.
    """
    import joblib

    student, classes = model.student_, None
    if is_classifier(model):
        classes = model.classes_.tolist()
        # XGBoost predicts codes. Their repr differs where 0 and 1 equal False and True.
        if repr(student.classes_.tolist()) != repr(classes):
            student = LabelledClassifier(student, model.classes_)
    joblib.dump(student, folder / MODEL, compress=3)
    inputs = _onnx_inputs(folder / ONNX)
    found = {
        "target": target,
        "task": "regression" if classes is None else "classification",
        "classes": classes,
        "missing": {"all": MISSING, "numbers_and_dates": MISSING_VALUES},
        "columns": [_about(X[name], schema, inputs.get(name)) for name in schema.kinds],
        "models": [name for name in (MODEL, ONNX) if (folder / name).exists()],
        "versions": _versions(),
    }
    text = json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / SCHEMA).write_text(text + "\n", encoding="utf-8")
    copyfile(_serve.__file__, folder / SERVE)


def _onnx_inputs(path: Path) -> dict[str, str]:
    """Return the input of an ONNX model for each column."""
    if not path.exists():
        return {}
    import onnx

    about = {one.key: one.value for one in onnx.load(path).metadata_props}
    return {column: name for name, column in json.loads(about["columns"]).items()}


def _about(cells: "Series", schema: Schema, onnx_input: str | None) -> dict[str, Any]:
    """Return what a row may hold in a column."""
    name = str(cells.name)
    kind, written = schema.kinds[name], schema.formats.get(name, ISO)
    is_number = kind == "number"
    missing = cells.isna() if kind in ("number", "date") else cells == ""
    cells = cells[~missing]
    about: dict[str, Any] = {
        "name": name,
        "type": kind,
        "onnx_input": onnx_input,
        "onnx_type": "float" if is_number else "string",
        "missing": {"allowed": True, "in_training": int(missing.sum())},
    }
    match kind:
        case "category":
            values = sorted(set(cells))
            is_boolean = {one.lower() for one in values} <= {"true", "false"}
            about["type"] = "boolean" if values and is_boolean else kind
            about["categories"] = values
        case "text":
            about["n_values"] = cells.nunique()
        case "date":
            about["format"] = written
            ends = () if cells.empty else (cells.min(), cells.max())
            about["range"] = [one.strftime(written) for one in ends]
        case _:
            about["notation"] = schema.notation(name).to_dict()
            ends = () if cells.empty else (cells.min(), cells.max())
            about["range"] = [float(one) for one in ends]
    return about


def _versions() -> dict[str, str]:
    import pandas as pd

    libraries = {"scikit-learn": sklearn, "numpy": np, "pandas": pd}
    return {
        "skdistill": __version__,
        "python": platform.python_version(),
        **{name: library.__version__ for name, library in libraries.items()},
    }
