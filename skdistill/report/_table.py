"""What a report says, in words and cells, whatever it is shown as."""

from typing import Any, NamedTuple

from skdistill._figures import readable
from skdistill.report._known import MODELS

__all__ = [
    "DIFFERING",
    "HEADERS",
    "NONE",
    "Row",
    "about",
    "class_rows",
    "class_title",
    "differing_rows",
    "headline",
    "is_noise",
    "number",
    "percent",
    "recovered",
    "rows",
    "score_label",
    "seconds",
    "signed",
]

HEADERS = {
    "teacher": "teacher",
    "baseline": "baseline student",
    "distilled": "distilled student",
}
NONE = "–"  # noqa: RUF001
DIFFERING = "samples for which student and teacher differ most"
_MOST_CLASSES = 30
# How many standard errors are within noise.
_NOISE = 2
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
    """Return the title."""
    return (
        f"Distillation report: {numbers['task']}, {numbers['n_samples']:,} held-out "
        f"samples, {len(numbers['columns']):,} features"
    )


def rows(numbers: dict[str, Any]) -> list[Row]:
    """Return the rows of the table; those without any number are left out."""
    models = [numbers["models"][name] for name in MODELS]
    table: list[Row] = []

    def add(section: str, label: str, cells: list[str]) -> None:
        if any(cell != NONE for cell in cells):
            table.append(Row(section, label, cells))

    for score in models[0]["scores"]:
        label = score_label(score)
        label += ", less is better" if score.startswith("neg_") else ""
        add("scores", label, [signed(score, m["scores"][score]) for m in models])
        cells = [NONE, NONE, recovered(numbers, score)]
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


def differing_rows(numbers: dict[str, Any]) -> list[list[str]]:
    """Return the rows of the samples that differ most, the header first."""
    found = numbers.get("differing")
    if not found or not found["samples"]:
        return []
    header = ["sample", "teacher", "distilled student", "actual", *found["columns"]]
    return [
        header,
        *(
            [one["sample"], one["teacher"], one["distilled"], one["actual"]]
            + one["cells"]
            for one in found["samples"]
        ),
    ]


def about(numbers: dict[str, Any]) -> list[tuple[str, str]]:
    """Return how the models and the report were made: names and what they are."""
    versions = numbers.get("versions", {"skdistill": numbers["skdistill"]})
    licences = numbers.get("teacher_licences", {})
    found = [*numbers.get("about", {}).items()]
    if "date" in numbers:
        found.append(("report of", numbers["date"]))
    found.append(("versions", _listed(versions)))
    if licences:
        found.append(("licence of the teacher", _listed(licences)))
    return found


def _listed(named: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in named.items())


def recovered(numbers: dict[str, Any], score: str) -> str:
    """Return which fraction of the gap is recovered, where there is one."""
    fraction = numbers["recovered"][score]
    is_none = fraction is not None and is_noise(numbers, score, "lead")
    return "within noise" if is_none else percent(fraction)


def is_noise(numbers: dict[str, Any], score: str, what: str) -> bool:
    """Return whether a "lead" or "gain" is below two of its standard errors."""
    found = numbers.get("leads", {}).get(score, {})
    error = found.get(f"{what}_error")
    return error is not None and abs(found[what]) < _NOISE * error


def signed(score: str, value: float | None) -> str:
    """Show a score, a negated loss as the loss."""
    return number(-value if value is not None and score.startswith("neg_") else value)


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
    # Adding 0 leaves -0 without its sign.
    return f"{value + 0.0:.4f}" if abs(value) < 10 and not small else readable(value)


def percent(value: float | None) -> str:
    """Show a fraction in percent."""
    return NONE if value is None else f"{round(100 * value) or 0}%"


def count(value: float | None) -> str:
    """Show an integer."""
    return NONE if not value else f"{value:,.0f}"


def seconds(value: float | None) -> str:
    """Show a time in a unit of its size."""
    if value is None:
        return NONE
    for unit, factor in (("µs", 1e6), ("ms", 1e3)):
        if value * factor < 1000:
            return f"{readable(value * factor, 3)} {unit}"
    return f"{readable(value, 3)} s"


def size(value: float | None) -> str:
    """Show a number of bytes."""
    if value is None:
        return NONE
    for unit, factor in (("bytes", 1), ("kB", 1e3), ("MB", 1e6)):
        if value < 1000 * factor:
            return f"{value / factor:.3g} {unit}"
    return f"{value / 1e9:,.3g} GB"
