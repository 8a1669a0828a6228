"""The commands and their options."""

import math
import re
import shlex
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from sklearn.metrics import get_scorer_names

from skdistill._version import __version__
from skdistill.cli._errors import shown
from skdistill.cli._files import STDIN
from skdistill.cli._fit import fit
from skdistill.cli._folders import naming_damage, read_result
from skdistill.cli._guess import Asked
from skdistill.cli._losses import LOSSES, SQUARED, metric_of
from skdistill.cli._options import FitOptions
from skdistill.cli._parts import AUTO, AUTO_STUDENTS, STUDENTS
from skdistill.cli._predict import predict
from skdistill.cli._task import Columns

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
_ROLES = ("target", "weight", "group", "time", "rare")
_overwrite = click.option(
    "--overwrite", is_flag=True, help="Replace the result of an earlier run."
)
_debug = click.option(
    "--debug",
    is_flag=True,
    expose_value=False,
    help="Show warnings, and the traceback of an error.",
)


def _columns(name: str, help_text: str) -> Callable:
    """Return an option that names a column, and may be given several times."""
    return click.option(
        name, multiple=True, metavar="COLUMN", help=f"{help_text} May be repeated."
    )


def _check_format(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> str | None:
    """Return the format of dates if it is one."""
    if value is None:
        return None
    try:
        written = datetime(2024, 1, 28, tzinfo=UTC).strftime(value)
        datetime.strptime(written, value)
    except ValueError as error:
        raise click.BadParameter(
            f"{value!r} is no format of dates: {error}."
        ) from error
    if "%" not in value:
        raise click.BadParameter(f"{value!r} is no format of dates, as %d/%m/%Y is.")
    return value


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="skdistill")
def skdistill() -> None:
    """Distil an accurate model of a table into a small and fast one."""


@skdistill.command("fit")
@click.argument("data", type=_PATH)
@click.option("--target", required=True, metavar="COLUMN", help="What to predict.")
@_columns("--drop", "Leave it out.")
@_columns("--number", "Read it as numbers; what is none counts as missing.")
@_columns("--category", "Read it as categories, also where it holds numbers.")
@_columns("--text", "Read it as text.")
@_columns("--date", "Read it as dates.")
@click.option(
    "--date-format",
    callback=_check_format,
    metavar="FORMAT",
    help="How dates are written, such as %d/%m/%Y.",
)
@click.option("--weight", metavar="COLUMN", help="The weight of each row.")
@click.option("--group", metavar="COLUMN", help="Its equal values lie on one side.")
@click.option("--time", metavar="COLUMN", help="Hold the last rows by it out.")
@click.option(
    "--rare",
    type=click.Choice(["refuse", "merge", "drop"]),
    default="refuse",
    show_default=True,
    help="What becomes of classes of fewer than 10 rows.",
)
@click.option("--test", type=_PATH, help="The table to hold out.")
@click.option(
    "--unlabeled", type=_PATH, help="A table of further rows, without target."
)
@click.option(
    "--metric",
    type=click.Choice(sorted(get_scorer_names())),
    metavar="SCORER",
    help="What decides, a scorer of scikit-learn such as roc_auc.",
)
@click.option(
    "--task",
    type=click.Choice(["auto", "regression", "classification"]),
    default="auto",
    show_default=True,
    help="auto: regression for numbers, but classification for integers of at most "
    "20 distinct values and for all else.",
)
@click.option(
    "--loss",
    type=click.Choice(LOSSES),
    default=SQUARED,
    show_default=True,
    help="What regression makes least. squared_log_error: for prices, what is off by a "
    "factor counts; poisson: for counts. Both are for values from 0 on, and predict "
    "none below.",
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
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="cpu",
    show_default=True,
    help="Where XGBoost runs. auto: cuda where it is, else cpu.",
)
@click.option(
    "--out", type=_PATH, help="The new folder.  [default: the name of DATA, -distilled]"
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 1024),
    default=1,
    show_default=True,
    help="Number of folds worked on in parallel, and the most threads there are.",
)
@click.option("--quick", is_flag=True, help="Try less, to be done soon.")
@click.option(
    "--time-limit",
    type=_Quantity({"s": 1.0, "min": 60.0, "h": 3600.0}),
    metavar="TIME",
    help="Leave out what would take longer than that, such as 90s, and say what. The "
    "result is always whole.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Seed of the random numbers.",
)
@click.option("--check", is_flag=True, help="Say how DATA is read, and stop.")
@click.option("--json", "shows", flag_value="json", help="Print all numbers as JSON.")
@click.option("--quiet", "shows", flag_value="nothing", help="Print errors alone.")
@_overwrite
@_debug
def _fit(data: Path, out: Path | None, shows: str | None, **options: Any) -> None:
    """Distil a model of the table DATA into the folder OUT.

    DATA is CSV, Parquet or Excel, maybe packed; - is standard input. Parquet of more
    than 100 million cells is read block by block. A fifth of the rows is held out for
    the report. OUT gets student.onnx, model.joblib, report.html,
    metrics.json and reproduce.py.
    """
    started = time.monotonic()
    if out is None:
        stem = "" if data == STDIN else data.name.partition(".")[0]
        out = Path(f"{stem or 'data'}-distilled")
    command = shlex.join(["skdistill", *click.get_current_context().obj])
    columns = _asked_columns(options)
    if options["loss"] != SQUARED:
        if options["task"] == "classification":
            raise click.UsageError(
                f"--loss {options['loss']} is for regression. Leave out --task "
                "classification, or --loss."
            )
        options["task"] = "regression"
    options["metric"] = metric_of(options["loss"], options["metric"])
    fitted = FitOptions(
        data=data,
        out=out,
        columns=columns,
        shows=shows or "report",
        command=command,
        started=started,
        **options,
    )
    fit(fitted, _console(quiet=shows == "nothing"))
    if fitted.check or shows == "nothing":
        return
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
    help="The new file, CSV or Parquet; - is standard output.",
)
@_columns("--keep", "Write it beside the predictions.")
@click.option("--quiet", is_flag=True, help="Print errors alone.")
@_overwrite
@_debug
def _predict(
    folder: Path,
    data: Path,
    out: Path,
    keep: tuple[str, ...],
    quiet: bool,
    overwrite: bool,
) -> None:
    """Predict the rows of DATA with the student in DIR, which `fit` wrote.

    DATA is read as the table that was fitted; - is standard input. The student is
    unpickled. Load only folders that you trust.
    """
    console = _console(quiet=quiet)
    predict(folder, data, out, console, overwrite=overwrite, keep=keep)
    if not quiet and out != STDIN:
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


def _asked_columns(options: dict[str, Any]) -> Columns:
    """Return what the options say of the columns; they are taken out."""
    kinds: dict[str, str] = {}
    for kind in ("number", "category", "text", "date"):
        for name in options.pop(kind):
            if kinds.setdefault(name, kind) != kind:
                raise click.UsageError(
                    f"{name!r} is given as --{kinds[name]} and --{kind}. Choose one."
                )
    drop, form = options.pop("drop"), options.pop("date_format")
    roles = {role: options.pop(role) for role in _ROLES}
    return Columns(asked=Asked(kinds, drop, form), **roles)


def _console(*, quiet: bool = False) -> Console:
    return Console(stderr=True, quiet=quiet)
