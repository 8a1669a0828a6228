"""The files that `skdistill fit` writes."""

import json
import math
import warnings
from pathlib import Path
from typing import Any

from sklearn.base import is_classifier

from skdistill._typing import Estimator, Table
from skdistill._version import __version__
from skdistill.cli._errors import one_line
from skdistill.cli._folders import METRICS
from skdistill.report import DistillationReport

__all__ = ["MODEL", "export", "write_results"]

MODEL = "model.joblib"
_ONNX = "student.onnx"
_ONNX_ROWS = 1000


def export(model: Estimator, X: Table, folder: Path) -> list[str]:
    """Write the student as ONNX; return notes on what the user should know of it."""
    why = f"{_ONNX} is not written: "
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            from skdistill.export import to_onnx

            written = to_onnx(model, X[:_ONNX_ROWS])
            (folder / _ONNX).write_bytes(written.SerializeToString())
        except ImportError:
            return [f"{why}it needs the extra onnx, pip install 'skdistill[onnx]'."]
        except Exception as error:  # Converters raise what they like.
            return [why + one_line(str(error))]
    return [
        f"{_ONNX}: {one_line(str(one.message))}"
        for one in caught
        if one.category.__module__.startswith("skdistill.")
    ]


def write_results(
    folder: Path, model: Estimator, report: DistillationReport, about: dict[str, Any]
) -> None:
    """Write the student, the report and all numbers.

    Parameters
    ----------
    folder : Path
        Where to.
    model : estimator
        The fitted search.
    report : DistillationReport
        Its report.
    about : dict
        Further entries of `metrics.json`.
    """
    import joblib

    labels, classes = _labels(model)
    metrics = {
        "skdistill": __version__,
        **about,
        "classes": classes,
        # XGBoost predicts codes. Their repr differs where 0 and 1 equal False and True.
        "codes": repr(labels) != repr(classes),
        "chosen": {
            "alpha": model.alpha_,
            "temperature": model.temperature_,
            "transfer": model.best_params_["transfer"],
            "refine": model.best_params_["refine"]
            and repr(model.best_params_["refine"]),
            "reason": model.reason_,
        },
        "students": model.frontier().to_dict("index"),
        "held_out_in_search": {
            "baseline": model.baseline_score_,
            "teacher": model.teacher_score_,
            "chosen": model.best_score_,
        },
        "onnx": (folder / _ONNX).exists(),
        "report": report.to_dict(),
    }
    metrics = _finite(metrics)
    text = json.dumps(metrics, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / METRICS).write_text(text + "\n", encoding="utf-8")
    report.to_html(folder / "report.html")
    joblib.dump(model.student_, folder / MODEL, compress=3)


def _labels(model: Estimator) -> tuple[list | None, list | None]:
    """Return the labels as the student has them, and as they were given."""
    if not is_classifier(model):
        return None, None
    return model.student_.classes_.tolist(), model.classes_.tolist()


def _finite(value: Any) -> Any:
    """Replace floats that are not finite by None, which JSON can hold."""
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
