"""The Python script that repeats a fit without the command line."""

from pathlib import Path
from typing import Any

from sklearn.model_selection import train_test_split

from skdistill._typing import Estimator
from skdistill._version import __version__
from skdistill.cli._errors import shown
from skdistill.cli._source import Source
from skdistill.cli._tables import Schema, dialect, is_parquet
from skdistill.report import DistillationReport

__all__ = ["write_script"]


def write_script(
    *,
    command: str,
    data: Path,
    schema: Schema,
    target: str,
    model: Estimator,
    teacher_path: Path | None,
    held_out: dict[str, Any],
    n_timings: int,
) -> str:
    """Return the script.

    Parameters
    ----------
    command : str
        The command that it repeats.
    data : Path
        The table.
    schema : Schema
        What its columns hold, including the target.
    target : str
        The name of the target.
    model : estimator
        The unfitted search.
    teacher_path : Path or None
        The file of the teacher, if it is loaded from one.
    held_out : dict
        Keywords of `train_test_split`.
    n_timings : int
        Passed to the report.
    """
    student = model.student
    if isinstance(student, list):  # Several; the last is prepared as the teacher is.
        *_, (_, student) = student
    prepare = student.steps[0][1]
    source = Source({"prepare": prepare, "teacher": model.teacher})
    lines = [f"prepare = {source.write(prepare, 10, named=False)}"]
    if teacher_path is None:
        lines.append(f"teacher = {source.write(model.teacher, 10, named=False)}")
    else:
        source.name(type(model.teacher))
        lines.append(f"teacher = FrozenEstimator(joblib.load({str(teacher_path)!r}))")
    lines += [f"model = {source.write(model, 8)}", "model.fit(X, y)"]
    split = "".join(
        f", {name}={'y' if name == 'stratify' else repr(value)}"
        for name, value in held_out.items()
    )
    features = [name for name in schema.kinds if name != target]
    reading = [
        *_reading(schema, data, source),
        f"X, y = frame[{source.write(features, 12)}], frame[{target!r}]",
        f"X, X_test, y, y_test = train_test_split(X, y{split})",
    ]
    report = (
        "report = DistillationReport("
        f"model, X_test, y_test, train=(X, y), n_timings={n_timings})"
    )
    head = (
        "import pandas as pd"
        if teacher_path is None
        else ("import joblib\nimport pandas as pd")
    )
    for used in (train_test_split, DistillationReport):
        source.name(used)
    blocks = [
        f"# Repeats, with skdistill {__version__}: {shown(command)}",
        "\n".join([head, *source.imports]),
        f"DATA = {str(data.resolve())!r}",
        "\n".join(reading),
        "\n".join(lines),
        f"{report}\nprint(report)",
    ]
    return "\n\n".join(blocks) + "\n"


def _reading(schema: Schema, data: Path, source: Source) -> list[str]:
    """Return the lines that read the table as `skdistill.cli._tables.read` does."""
    strings = schema.of_kind("category", "text")
    if is_parquet(data):
        lines = [
            "frame = pd.read_parquet(DATA)",
            "frame.columns = [str(name) for name in frame.columns]",
            f"frame = frame.astype({source.write(schema.dtypes_of_parquet, 22)})",
        ]
    else:
        written = {**dialect(data), "dtype": schema.dtypes}
        body = "".join(
            f"    {key}={source.write(value, len(key) + 6, 4)},\n"
            for key, value in written.items()
        )
        lines = [f"frame = pd.read_csv(\n    DATA,\n{body})"]
    if schema.dates:
        lines += [
            f"dates = {source.write(schema.dates, 8)}",
            "for name, written in dates.items():",
            "    found = pd.to_datetime(frame[name], format=written, utc=True)",
            '    frame[name] = found.dt.tz_convert(None).astype("datetime64[us]")',
        ]
    if strings:
        lines += [
            f"strings = {source.write(strings, 10)}",
            'cells = frame[strings].astype("object").fillna("").astype("str")',
            'frame[strings] = cells.astype("object")',
        ]
    return lines
