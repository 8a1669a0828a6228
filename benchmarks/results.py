"""Where the benchmarks keep what they measured: raw rows as CSV, tables as Markdown.

A benchmark hands its raw rows to `write`, which adds the versions they were measured
with, and makes its Markdown from what `read` gives back, so that every number in the
text can be recomputed from the CSV alone.
"""

import platform
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import sklearn
from filelock import FileLock, Timeout

import skdistill

FOLDER = Path(__file__).parent / "results"


def versions() -> dict[str, str]:
    """Name the versions and the kind of machine that a measurement depends on."""
    return {
        "python": platform.python_version(),
        "scikit_learn": sklearn.__version__,
        "skdistill": skdistill.__version__,
        "machine": platform.machine(),
    }


def describe(frame: pd.DataFrame) -> str:
    """Say with which versions the rows of `frame` were measured."""
    used = frame[list(versions())].drop_duplicates()
    return "; ".join(
        f"Python {row.python}, scikit-learn {row.scikit_learn}, "
        f"skdistill {row.skdistill}, {row.machine}"
        for row in used.itertuples()
    )


def write(rows: list[dict], name: str) -> Path:
    """Write raw rows and the versions to ``results/<name>.csv``."""
    return _write_csv(pd.DataFrame(rows).assign(**versions()), name)


def append(rows: list[dict], name: str) -> Path:
    """Add raw rows, with the versions of now, to those in ``results/<name>.csv``."""
    if not exists(name):
        return write(rows, name)
    # Earlier rows are strings: reading and writing numbers could change the last digit.
    path = FOLDER / f"{name}.csv"
    earlier = pd.read_csv(path, dtype=str, keep_default_na=False)
    added = pd.DataFrame(rows).assign(**versions()).astype(object)
    return _write_csv(pd.concat([earlier, added]), name)


def exists(name: str) -> bool:
    """Tell whether there are raw rows in ``results/<name>.csv``."""
    return (FOLDER / f"{name}.csv").exists()


def forget(name: str, cases: Sequence[dict] | None = None) -> None:
    """Remove the rows of these cases, or all, from ``results/<name>.csv``."""
    path = FOLDER / f"{name}.csv"
    if cases is None or not exists(name):
        path.unlink(missing_ok=True)
        return
    again = {tuple(case.values()) for case in cases}
    kept = [row not in again for row in _cases_of_rows(name, cases)]
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)[kept]
    if rows.empty:
        path.unlink()
    else:
        _write_csv(rows, name)


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Let no other process add rows to ``results/<name>.csv`` meanwhile."""
    FOLDER.mkdir(exist_ok=True)
    lock = FileLock(FOLDER / f"{name}.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise SystemExit(
            f"{name} is being measured by another process. Wait for it, or end it."
        ) from None
    try:
        yield
    finally:
        lock.release()


def read(name: str) -> pd.DataFrame:
    """Read back the raw rows of ``results/<name>.csv``."""
    # Versions stay strings: "3.10" must not become the number 3.1.
    return pd.read_csv(FOLDER / f"{name}.csv", dtype=dict.fromkeys(versions(), str))


def pending(name: str, cases: Sequence[dict]) -> list[dict]:
    """Return the cases that earlier runs have not measured.

    A case is a dict of columns and values, of the same columns in each; it is measured
    where a row has these values.
    """
    if not (cases and exists(name)):
        return list(cases)
    measured = set(_cases_of_rows(name, cases))
    return [case for case in cases if tuple(case.values()) not in measured]


def with_missing(
    name: str, block: dict, methods: Iterable[str], *, fresh: bool
) -> list[dict]:
    """Return a block with the methods that are not measured; nothing if all are.

    What was measured of it is forgotten first if it is to be fresh.
    """
    cases = [block | {"method": method} for method in methods]
    if fresh:
        forget(name, cases)
    missing = [case["method"] for case in pending(name, cases)]
    return [block | {"methods": missing}] if missing else []


def write_markdown(text: str, name: str) -> Path:
    """Write `text` to ``results/<name>.md``."""
    return write_whole(FOLDER / f"{name}.md", text.rstrip("\n") + "\n")


def write_whole(path: Path, text: str) -> Path:
    """Write a file such that a kill leaves the earlier one or the new one, no part."""
    path.parent.mkdir(exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8", newline="\n")
    return part.replace(path)


def markdown(frame: pd.DataFrame) -> str:
    """Format `frame` as a Markdown table, readable as plain text too."""
    header = [str(column) for column in frame.columns]
    body = [[_cell(value) for value in row] for row in frame.itertuples(index=False)]
    widths = [max(map(len, column)) for column in zip(header, *body, strict=True)]
    rule = ["-" * width for width in widths]
    return "\n".join(_line(cells, widths) for cells in (header, rule, *body))


def percent(fraction: float) -> str:
    """Say a fraction in percent; nothing where there is none, and no negative zero."""
    return "" if pd.isna(fraction) else f"{round(float(fraction), 2) + 0.0:.0%}"


def percent_and_std(fraction: float, std: float) -> str:
    """Say a fraction, ± its standard deviation where there is one."""
    return percent(fraction) + ("" if pd.isna(std) else f" ± {std:.0%}")


def signed(value: float) -> str:
    """Say a difference with its sign; rounding leaves no negative zero."""
    return f"{round(float(value), 4) + 0.0:+.4f}"


def mean_and_std(values: pd.Series, form: str = ".4f") -> str:
    """Write the mean in this format, ± the standard deviation of several values."""
    std = "" if len(values) == 1 else f" ± {values.std():{form.lstrip('+')}}"
    return f"{values.mean():{form}}{std}"


def median(values: pd.Series) -> float:
    """Return the median of the values there are, NaN if there are none."""
    return float(values.median()) if values.notna().any() else float("nan")


def _cases_of_rows(name, cases):
    return read(name)[list(cases[0])].itertuples(index=False, name=None)


def _write_csv(frame, name):
    text = frame.to_csv(index=False, lineterminator="\n")
    return write_whole(FOLDER / f"{name}.csv", text)


def _line(cells, widths):
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"


def _cell(value):
    text = "" if pd.isna(value) else str(value)
    return text.replace("|", r"\|").replace("\n", " ")
