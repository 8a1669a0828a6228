"""What a report says, in words and cells, whatever it is shown as."""

from typing import Any, NamedTuple

from skdistill.report._measure import MODELS

__all__ = [
    "HEADERS",
    "NONE",
    "Row",
    "class_rows",
    "class_title",
    "findings",
    "headline",
    "rows",
]

HEADERS = {
    "teacher": "teacher",
    "baseline": "baseline student",
    "distilled": "distilled student",
}
NONE = "–"  # noqa: RUF001
_MOST_CLASSES = 30
_LABELS = {
    "r2": "R2",
    "r2_to_teacher": "R2 to the teacher",
    "top1_agreement": "same class as the teacher",
    "kl_to_teacher": "KL to the teacher, nats",
    "roc_auc": "ROC AUC",
}


class Row(NamedTuple):
    """A quantity: under which heading, its name, and a cell for each model."""

    section: str
    label: str
    cells: list[str]


def headline(numbers: dict[str, Any]) -> str:
    """Return the first line."""
    return (
        f"Distillation report: {numbers['task']}, {numbers['n_samples']:,} held-out "
        f"samples, {len(numbers['columns']):,} features"
    )


def findings(numbers: dict[str, Any]) -> list[str]:
    """Return the report in a few sentences."""
    said = [_recovered(numbers), _speed(numbers), numbers["certificate"]["statement"]]
    warning = numbers.get("poor_teacher")
    return [
        *([] if warning is None else [f"Warning: {warning}"]),
        *said,
        *_tuned(numbers),
        *_calibrated(numbers),
        *_combined(numbers),
        *numbers["notes"],
    ]


def _tuned(numbers: dict[str, Any]) -> list[str]:
    """Say with which parameters the baseline student was the best on the labels."""
    tuned = numbers.get("tuned")
    if not tuned:
        return []
    listed = ", ".join(f"{name}={_four_digits(tuned[name])}" for name in tuned)
    return [f"The baseline student was tuned on the labels too: {listed}."]


def _calibrated(numbers: dict[str, Any]) -> list[str]:
    """Say how the teachers' predictions were put right before they were mixed."""
    learned: Any = numbers.get("calibration")
    by_name = {"The teacher": learned}
    if numbers.get("teachers"):
        by_name = {f"Teacher {name!r}": one for name, one in learned.items()}
    return [
        f"{who}'s out-of-fold predictions were calibrated: {_shown(one)}."
        for who, one in by_name.items()
        if one is not None
    ]


def _combined(numbers: dict[str, Any]) -> list[str]:
    """Say how much each of several teachers counts."""
    learned = numbers.get("combination")
    if learned is None or "weights" not in learned:
        return []
    weights = learned["weights"]
    counted = "weights of its own for each sample"
    if weights is not None:
        by_name = dict(zip(numbers["teachers"], weights, strict=True))
        counted = f"weights {_shown(by_name)}"
    return [
        f"The teachers' {learned['of']} were combined: {counted}; out-of-fold the mean "
        f"squared error is {_four_digits(learned['squared_error'])}, of each alone "
        f"{_four_digits(learned['squared_error_each'])}."
    ]


def _shown(learned: dict[str, Any]) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} {_four_digits(value)}"
        for name, value in learned.items()
        if name != "method"
    )


def _four_digits(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_four_digits, value))}]"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _recovered(numbers: dict[str, Any]) -> str:
    score, fraction = next(iter(numbers["recovered"].items()))
    name = score_label(score)
    rival = "the tuned baseline" if numbers.get("tuned") else "the baseline"
    if fraction is None:
        return f"The teacher does not lead {rival} student in {name}: no gap to close."
    if fraction < 0:
        return f"In {name} the distilled student is worse than {rival}."
    return (
        f"In {name} the distilled student recovers {fraction:.0%} of the teacher's "
        f"lead over {rival} student."
    )


def _speed(numbers: dict[str, Any]) -> str:
    teacher, student = (numbers["models"][name] for name in ("teacher", "distilled"))
    times = teacher["latency_median"] / student["latency_median"]
    said = (
        "The distilled student predicts a single sample in "
        f"{seconds(student['latency_median'])}, the teacher in "
        f"{seconds(teacher['latency_median'])}: {times:,.3g} times as fast."
    )
    if teacher["bytes"] and student["bytes"]:
        fraction = student["bytes"] / teacher["bytes"]
        said += f" It takes {fraction:.2%} of the teacher's space."
    return said


def rows(numbers: dict[str, Any]) -> list[Row]:
    """Return the rows of the table; those without any number are left out."""
    models = [numbers["models"][name] for name in MODELS]
    table: list[Row] = []

    def add(section: str, label: str, cells: list[str]) -> None:
        if any(cell != NONE for cell in cells):
            table.append(Row(section, label, cells))

    for score in models[0]["scores"]:
        sign = -1 if score.startswith("neg_") else 1
        label = score_label(score) + (", less is better" if sign < 0 else "")
        add("scores", label, [_signed(sign, m["scores"][score]) for m in models])
        fraction = numbers["recovered"][score]
        cells = [NONE, NONE, NONE if fraction is None else f"{fraction:.0%}"]
        add("scores", f"gap recovered, {score_label(score)}", cells)
    errors = [number(m["calibration_error"]) for m in models]
    add("scores", "calibration error, less is better", errors)
    for key in models[2]["fidelity"]:
        add("fidelity", _label(key), [number(m["fidelity"].get(key)) for m in models])
    for key, label, show in (
        ("fit_seconds", "fit", seconds),
        ("latency_median", "one sample, median", seconds),
        ("latency_p99", "one sample, 99th percentile", seconds),
        ("rows_per_second", "samples a second, in a batch", count),
        ("bytes", "size on disk", size),
        ("leaves", "leaves", count),
        ("weights", "weights", count),
    ):
        add("cost", label, [show(m[key]) for m in models])
    return table


def class_title(numbers: dict[str, Any]) -> str:
    """Return what stands above the table of classes."""
    title, n_classes = "samples of each class that are found", len(numbers["classes"])
    if n_classes > _MOST_CLASSES:
        title += (
            f"; shown are at most {_MOST_CLASSES} of {n_classes:,} classes, those in "
            "which student and teacher agree least"
        )
    return title


def class_rows(numbers: dict[str, Any]) -> list[list[str]]:
    """Return the rows of the table of classes, its header first; none in regression."""
    if not numbers["classes"]:
        return []
    classes = numbers["classes"]
    if len(classes) > _MOST_CLASSES:
        known = [one for one in classes if one["agreement"] is not None]
        classes = sorted(known, key=lambda one: one["agreement"])[:_MOST_CLASSES]
    header = ["class", "samples", *HEADERS.values(), "same as the teacher"]
    return [
        header,
        *(
            [one["label"], count(one["n_samples"])]
            + [percent(one[key]) for key in (*MODELS, "agreement")]
            for one in classes
        ),
    ]


def _signed(sign: int, value: float | None) -> str:
    return number(value if value is None else sign * value)


def score_label(score: str) -> str:
    """Return how a score is called: a negated loss by the loss."""
    return _label(score.removeprefix("neg_"))


def _label(key: str) -> str:
    return _LABELS.get(key, key.replace("_", " "))


def number(value: float | None) -> str:
    """Show a number with four digits or so."""
    if value is None:
        return NONE
    # Four decimals would leave nothing of an error in small units.
    small = 0 < abs(value) < 1e-3
    return f"{value:.4f}" if abs(value) < 10 and not small else f"{value:,.4g}"


def percent(value: float | None) -> str:
    """Show a fraction in percent."""
    return NONE if value is None else f"{value:.0%}"


def count(value: float | None) -> str:
    """Show an integer."""
    return NONE if not value else f"{value:,.0f}"


def seconds(value: float | None) -> str:
    """Show a time in a unit of its size."""
    if value is None:
        return NONE
    for unit, factor in (("µs", 1e6), ("ms", 1e3)):
        if value * factor < 1000:
            return f"{value * factor:.3g} {unit}"
    return f"{value:,.3g} s"


def size(value: float | None) -> str:
    """Show a number of bytes."""
    if value is None:
        return NONE
    for unit, factor in (("bytes", 1), ("kB", 1e3), ("MB", 1e6)):
        if value < 1000 * factor:
            return f"{value / factor:.3g} {unit}"
    return f"{value / 1e9:,.3g} GB"
