"""The Python script that repeats a fit without the command line."""

from pathlib import Path

from sklearn import config_context

from skdistill._typing import Estimator
from skdistill._version import __version__
from skdistill.cli._errors import shown
from skdistill.cli._files import STDIN
from skdistill.cli._rows import Parts
from skdistill.cli._source import Source
from skdistill.cli._split import hold_out, many_repeats
from skdistill.cli._tables import read_table
from skdistill.cli._task import Task, with_frequent
from skdistill.cli._weights import request_weights
from skdistill.report import DistillationReport

__all__ = ["write_script"]


def write_script(
    *,
    command: str,
    data: Path,
    task: Task,
    parts: Parts,
    model: Estimator,
    teacher_path: Path | None,
    metric: str | None,
    n_timings: int,
) -> str:
    """Return the script.

    Parameters
    ----------
    command : str
        The command that it repeats.
    data : Path
        The table.
    task : Task
        What was read of it.
    parts : Parts
        Its rows.
    model : estimator
        The unfitted search.
    teacher_path : Path or None
        The file of the teacher, if it is loaded from one.
    metric : str or None
        The scorer of the report.
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
    lines += [f"model = {source.write(model, 8)}", *_fitting(model, parts, source)]
    source.name(DistillationReport)
    report = [
        "report = DistillationReport(",
        "    model,",
        "    X_test,",
        "    y_test,",
        f"    train=(X, y{', weight' if parts.weight is not None else ''}),",
    ]
    if parts.weight_test is not None:
        report.append(f"    sample_weight=test[{task.columns.weight!r}].to_numpy(),")
    if metric is not None:
        report.append(f"    scoring={metric!r},")
    report += [f"    n_timings={n_timings},", ")", "print(report)"]
    paths = [f"DATA = {_where(data)}"]
    reading = _reading(task, parts, source)
    if parts.test_file is not None:
        paths.append(f"TEST = {_where(parts.test_file)}")
    if parts.unlabeled_file is not None:
        paths.append(f"UNLABELED = {_where(parts.unlabeled_file)}")
    head = ["import joblib\n"] if teacher_path is not None else []
    blocks = [
        f"# Repeats, with skdistill {__version__}: {shown(command)}",
        "\n".join([*head, *source.imports]),
        "\n".join(paths),
        "\n".join(reading),
        "\n".join(lines),
        "\n".join(report),
    ]
    return "\n\n".join(blocks) + "\n"


def _where(path: Path) -> str:
    """Return the path as an expression; standard input stays what it is."""
    return repr(str(path) if path == STDIN else str(path.resolve()))


def _fitted_parts(model: Estimator) -> list[str]:
    """Return expressions of the teacher and of each student."""
    if not isinstance(model.student, list):
        return ["model.teacher", "model.student"]
    students = [f"model.student[{n}][1]" for n in range(len(model.student))]
    return ["model.teacher", *students]


def _fitting(model: Estimator, parts: Parts, source: Source) -> list[str]:
    """Return the lines that fit the model."""
    given = {"sample_weight": "weight", "groups": "groups", "X_unlabeled": "unlabeled"}
    params = "".join(f", {name}={given[name]}" for name in parts.fit_params)
    fit = f"model.fit(X, y{params})"
    if not parts.needs_routing:
        return [fit]
    source.name(config_context)
    lines = []
    if parts.weight is not None:
        source.name(request_weights)
        lines = [f"request_weights({part})" for part in _fitted_parts(model)]
    return [*lines, "with config_context(enable_metadata_routing=True):", f"    {fit}"]


def _reading(task: Task, parts: Parts, source: Source) -> list[str]:
    """Return the lines that read the table and hold some rows out."""
    target, columns = task.columns.target, task.columns
    for used in (read_table, *([hold_out] if parts.test_file is None else [])):
        source.name(used)
    schema = {name: one for name, one in task.schema.to_dict().items() if one}
    lines = [f"columns = {source.write(schema, 10)}"]
    lines += _read_labelled("frame", "DATA", task, source)
    if parts.test_file is None:
        how = "".join(f", {name}={value!r}" for name, value in parts.how.items())
        lines.append(f"train, test = hold_out(frame, {target!r}{how})")
    else:
        lines += ["train = frame", *_read_labelled("test", "TEST", task, source)]
    if columns.group is not None:
        lines.append(f"groups = train[{columns.group!r}].to_numpy()")
    elif parts.groups is not None:
        source.name(many_repeats)
        lines.append("groups = many_repeats(train)")
    if columns.weight is not None:
        lines.append(f"weight = train[{columns.weight!r}].to_numpy()")
    features = [*task.features.kinds]
    lines += [
        f"features = {source.write(features, 11)}",
        f"X, y = train[features], train[{target!r}]",
        f"X_test, y_test = test[features], test[{target!r}]",
    ]
    if parts.unlabeled is not None:
        kinds = "{name: columns['kinds'][name] for name in features}"
        lines.append(
            f'unlabeled = read_table(UNLABELED, **columns | {{"kinds": {kinds}}})'
        )
    return lines


def _read_labelled(name: str, path: str, task: Task, source: Source) -> list[str]:
    """Return the lines that read a table with labels."""
    target = task.columns.target
    lines = [f"{name} = read_table({path}, **columns, target={target!r})"]
    if task.kept:
        source.name(with_frequent)
        merge = task.columns.rare == "merge"
        kept = source.write(task.kept, 8)
        lines += [
            f"kept = {kept}",
            f"{name} = with_frequent({name}, {target!r}, kept, merge={merge})",
        ]
    return lines
