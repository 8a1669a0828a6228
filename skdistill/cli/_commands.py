"""The commands and their options."""

import math
import re
import shlex
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from skdistill._version import __version__
from skdistill.cli._errors import shown
from skdistill.cli._fit import FitOptions, fit
from skdistill.cli._folders import naming_damage, read_result
from skdistill.cli._parts import AUTO, AUTO_STUDENTS, STUDENTS
from skdistill.cli._predict import predict

__all__ = ["skdistill"]


class _Auto(click.ParamType):
    """A finite number within bounds, or "auto", which becomes None."""

    name = "auto|number"

    def __init__(self, low: float, high: float, *, open_below: bool = False) -> None:
        self.low, self.high, self.open_below = low, high, open_below

    def convert(
        self,
        value: str | float | None,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float | None:
        if value is None or value == "auto":
            return None
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        is_low = number <= self.low if self.open_below else number < self.low
        if not math.isfinite(number) or is_low or number > self.high:
            allowed = f"from {self.low:g} to {self.high:g}"
            if self.open_below:
                allowed = f"above {self.low:g}"
            self.fail(f"{value!r} is neither auto nor a number {allowed}.", param, ctx)
        return number


class _Quantity(click.ParamType):
    """A finite number above 0 with a unit, in the first of the units.

    Parameters
    ----------
    units : dict of str to float
        What each unit is in the first one; in any case of the letters.
    """

    name = "quantity"

    def __init__(self, units: dict[str, float]) -> None:
        self.units = units

    def convert(
        self,
        value: str | float,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float:
        factors = {unit.lower(): factor for unit, factor in self.units.items()}
        found = re.fullmatch(r"([\d.]+)\s*([a-z]+)", str(value).strip().lower())
        try:
            number = float(found[1]) * factors[found[2]] if found else math.nan
        except (KeyError, ValueError):
            number = math.nan
        if not math.isfinite(number) or number <= 0:
            units = [*self.units]
            self.fail(
                f"{value!r} is no number above 0 with a unit, such as 50{units[0]}. "
                f"Units are {', '.join(units)}.",
                param,
                ctx,
            )
        return number


_MICROSECONDS = _Quantity({"us": 1.0, "ms": 1e3, "s": 1e6})
_BYTES = _Quantity({"B": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9})
_PATH = click.Path(path_type=Path)
_overwrite = click.option(
    "--overwrite", is_flag=True, help="Replace the result of an earlier run."
)
_debug = click.option(
    "--debug",
    is_flag=True,
    expose_value=False,
    help="Show warnings, and the traceback of an error.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="skdistill")
def skdistill() -> None:
    """Distil an accurate model of a table into a small and fast one."""


@skdistill.command("fit")
@click.argument("data", type=_PATH)
@click.option("--target", required=True, metavar="COLUMN", help="What to predict.")
@click.option(
    "--task",
    type=click.Choice(["auto", "regression", "classification"]),
    default="auto",
    show_default=True,
    help="auto: regression for numbers, but classification for integers of at most "
    "20 distinct values and for all else.",
)
@click.option(
    "--student",
    type=click.Choice([*STUDENTS, AUTO]),
    default="gradient-boosting",
    show_default=True,
    help=f"The model to fit and ship. auto: the best of {', '.join(AUTO_STUDENTS)}.",
)
@click.option(
    "--max-latency",
    type=_MICROSECONDS,
    metavar="TIME",
    help="The longest that the student may take for a single row in scikit-learn, with "
    "the preparation of its columns, such as 5ms. The ONNX model is not timed; it is "
    "much faster.",
)
@click.option(
    "--max-size",
    type=_BYTES,
    metavar="SIZE",
    help="The largest that the pickled student may be, such as 200kB.",
)
@click.option(
    "--teacher",
    default="stack",
    show_default=True,
    metavar="stack|xgboost|PATH",
    help="The model that it learns from; PATH is a fitted one that joblib saved. Load "
    "only files that you trust: they may run any code.",
)
@click.option(
    "--alpha",
    type=_Auto(0.0, 1.0),
    default="auto",
    show_default=True,
    help="Weight of the teacher, 0 to 1.",
)
@click.option(
    "--temperature",
    type=_Auto(0.0, math.inf, open_below=True),
    default="auto",
    show_default=True,
    help="Divides the teacher's logits. auto: 1 in regression, the better of 1 and 2 "
    "in classification.",
)
@click.option(
    "--device",
    type=click.Choice(["cpu", "cuda"]),
    default="cpu",
    show_default=True,
    help="Where XGBoost runs.",
)
@click.option(
    "--out", type=_PATH, help="The new folder.  [default: the name of DATA, -distilled]"
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 1024),
    default=1,
    show_default=True,
    help="Number of folds worked on in parallel.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Seed of the random numbers.",
)
@_overwrite
@_debug
def _fit(data: Path, out: Path | None, **options: Any) -> None:
    """Distil a model of the table DATA, a CSV or Parquet file, into the folder OUT.

    A fifth of the rows is held out for the report. OUT gets student.onnx, model.joblib,
    report.html, metrics.json and reproduce.py.
    """
    if out is None:
        out = Path(f"{data.name.partition('.')[0] or 'data'}-distilled")
    command = shlex.join(["skdistill", *click.get_current_context().obj])
    fit(FitOptions(data=data, out=out, command=command, **options), _console())
    page = out / "report.html"
    click.echo(shown(f"Written to {out}. Open {page} in a browser."), err=True)


@skdistill.command("predict")
@click.argument("folder", metavar="DIR", type=_PATH)
@click.argument("data", type=_PATH)
@click.option(
    "--out",
    type=_PATH,
    default="predictions.csv",
    show_default=True,
    help="The new file, CSV or Parquet.",
)
@_overwrite
@_debug
def _predict(folder: Path, data: Path, out: Path, overwrite: bool) -> None:
    """Predict the rows of DATA with the student in DIR, which `fit` wrote.

    The student is unpickled. Load only folders that you trust.
    """
    predict(folder, data, out, _console(), overwrite=overwrite)
    click.echo(shown(f"Written to {out}."), err=True)


@skdistill.command("report")
@click.argument("folder", metavar="DIR", type=_PATH)
@_debug
def _report(folder: Path) -> None:
    """Print the report in DIR, which `fit` wrote."""
    from skdistill.report import to_text

    found = read_result(folder)
    with naming_damage(folder):
        text = to_text(found["report"])
    click.echo(text)
    page = folder / "report.html"
    if page.exists():
        click.echo(shown(f"Open {page} in a browser."), err=True)


def _console() -> Console:
    return Console(stderr=True)
