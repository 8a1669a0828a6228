"""The files that `skdistill fit` writes."""

import json
import math
import warnings
from pathlib import Path
from typing import Any

from skdistill._typing import Estimator, Table
from skdistill._version import __version__
from skdistill.cli._errors import one_line
from skdistill.cli._folders import METRICS
from skdistill.cli._ship import ONNX
from skdistill.report import DistillationReport

__all__ = ["export", "write_results"]

_ONNX_ROWS = 1000


def export(model: Estimator, X: Table, folder: Path) -> list[str]:
    """Write the student as ONNX; return notes on what the user should know of it."""
    why = f"{ONNX} is not written: "
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            from skdistill.export import to_onnx

            written = to_onnx(model, X[:_ONNX_ROWS])
            (folder / ONNX).write_bytes(written.SerializeToString())
        except ImportError:
            return [f"{why}it needs the extra onnx, pip install 'skdistill[onnx]'."]
        except Exception as error:  # Converters raise what they like.
            return [why + one_line(str(error))]
    return [
        f"{ONNX}: {one_line(str(one.message))}"
        for one in caught
        if one.category.__module__.startswith("skdistill.")
    ]


def write_results(
    folder: Path, model: Estimator, report: DistillationReport, about: dict[str, Any]
) -> None:
    """Write the report and all numbers.

    Parameters
    ----------
    folder : Path
        Where to.
    model : estimator
        The fitted search, or one distilled block by block.
    report : DistillationReport
        Its report.
    about : dict
        Further entries of `metrics.json`.
    """
    metrics = {
        "skdistill": __version__,
        **about,
        "classes": model.classes_.tolist() if hasattr(model, "classes_") else None,
        **(_of_search(model) if hasattr(model, "best_params_") else _of_fit(model)),
        "onnx": (folder / ONNX).exists(),
        "report": report.to_dict(),
    }
    metrics = _finite(metrics)
    text = json.dumps(metrics, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / METRICS).write_text(text + "\n", encoding="utf-8")
    report.to_html(folder / "report.html")


def _of_search(model: Estimator) -> dict[str, Any]:
    """Return what a search chose among what."""
    chosen = model.best_params_
    return {
        "chosen": {
            "alpha": model.alpha_,
            "temperature": model.temperature_,
            "transfer": _named(chosen["transfer"]),
            "refine": _named(chosen["refine"]),
            "reason": model.reason_,
        },
        "students": model.frontier().to_dict("index"),
        "held_out_in_search": {
            "baseline": model.baseline_score_,
            "teacher": model.teacher_score_,
            "chosen": model.best_score_,
        },
    }


def _of_fit(model: Estimator) -> dict[str, Any]:
    """Return how a student was distilled where nothing was searched."""
    return {
        "chosen": {
            "alpha": model.alpha,
            "temperature": model.temperature,
            "transfer": model.transfer,
            "refine": model.refine,
            "reason": model.poor_teacher_ or "Nothing was searched.",
        },
    }


def _named(param: Any) -> str | None:
    """Return a parameter as JSON can hold it: None, its word, or what makes it."""
    return param if param is None or isinstance(param, str) else repr(param)


def _finite(value: Any) -> Any:
    """Replace floats that are not finite by None, which JSON can hold."""
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
