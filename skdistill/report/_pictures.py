"""The pictures of a report, each from its numbers."""

from typing import Any

from skdistill.report._draw import (
    SIZE,
    Axis,
    chart,
    curve,
    dots,
    line,
    mark,
    rows_chart,
    shortened,
    svg,
    text,
    width_of,
)
from skdistill.report._known import MODELS
from skdistill.report._markup import Markup, element
from skdistill.report._table import HEADERS, score_label, seconds

__all__ = ["pictures"]

# The most labels of a confusion matrix whose counts can be read.
_CELL_TOP, _MOST_LABEL = 22, 90
_PROBABILITIES = (
    "the teacher's probability of its choice",
    "a student's of that class",
)
_VALUES = ("what the teacher predicts", "what a student predicts")


def pictures(numbers: dict[str, Any]) -> list[tuple[str, Markup]]:
    """Return the pictures that the numbers allow, each with its caption."""
    drawn = []
    points = numbers.get("points", {})
    if "actual" in points:
        drawn += [
            ("Predicted against actual", _actual(points)),
            ("Residuals", _residuals(points)),
        ]
    if points:
        drawn.append(("Student against teacher", _agreement(numbers)))
    if numbers.get("calibration_curve"):
        drawn.append(("Calibration curve", _calibration(numbers)))
    if numbers.get("confusion"):
        drawn += [
            (f"Confusion matrix, {HEADERS[name]}", _confusion(numbers, name))
            for name in ("distilled", "teacher")
        ]
    if numbers.get("importance"):
        drawn.append(("Permutation importance", _importance(numbers)))
    drawn += [
        (f"Error by {shortened(one['column'], 240)}", _segments(numbers, one))
        for one in numbers.get("segments", ())
    ]
    score = next(iter(numbers["recovered"]))
    if all(numbers["models"][name]["scores"][score] is not None for name in MODELS):
        drawn.append(("Score and speed", _cost(numbers, score)))
    if numbers.get("frontier"):
        drawn.append(("Students of the search", _frontier(numbers)))
    if numbers.get("stages"):
        drawn.append(("Stages of training", _stages(numbers)))
    return drawn


def _actual(points: dict[str, list[float]]) -> Markup:
    actual, names = points["actual"], ("teacher", "distilled")
    every = [*actual, *points["teacher"], *points["distilled"]]
    return chart(
        every,
        every,
        ("actual", "predicted"),
        names,
        lambda x, y: [
            line(*_ends(x, y), "skd-line"),
            *(dots(name, _placed(x, y, actual, points[name])) for name in names),
        ],
    )


def _residuals(points: dict[str, list[float]]) -> Markup:
    names = ("teacher", "distilled")
    left = {
        name: [y - t for y, t in zip(points["actual"], points[name], strict=True)]
        for name in names
    }
    return chart(
        [*points["teacher"], *points["distilled"]],
        [*left["teacher"], *left["distilled"]],
        ("predicted", "actual less predicted"),
        names,
        lambda x, y: [
            line(x.start, y.at(0), x.stop, y.at(0), "skd-line"),
            *(dots(name, _placed(x, y, points[name], left[name])) for name in names),
        ],
    )


def _agreement(numbers: dict[str, Any]) -> Markup:
    points, names = numbers["points"], ("baseline", "distilled")
    every = [value for name in MODELS for value in points[name]]
    titles = _PROBABILITIES if numbers["task"] == "classification" else _VALUES
    return chart(
        every,
        every,
        titles,
        names,
        lambda x, y: [
            line(*_ends(x, y), "skd-line"),
            *(
                dots(name, _placed(x, y, points["teacher"], points[name]))
                for name in names
            ),
        ],
    )


def _calibration(numbers: dict[str, Any]) -> Markup:
    found = numbers["calibration_curve"]
    label = found["of"]
    titles = ("predicted probability of the top class", "how often it is right")
    if label is not None:
        label = shortened(label, 120)
        titles = (f"predicted probability of {label}", f"fraction of {label}")
    curves = found["curves"]
    every = [value for one in curves.values() for part in one for value in part]
    return chart(
        every,
        every,
        titles,
        MODELS,
        lambda x, y: [
            line(*_ends(x, y), "skd-line"),
            *(
                part
                for name in MODELS
                for part in _marked(name, _placed(x, y, *curves[name]))
            ),
        ],
    )


def _stages(numbers: dict[str, Any]) -> Markup:
    found = numbers["stages"]
    sign = -1 if found["score"].startswith("neg_") else 1
    curves = {
        name: [(stage, sign * score) for stage, score in one]
        for name, one in found["curves"].items()
    }
    every = [point for one in curves.values() for point in one]
    return chart(
        [stage for stage, _ in every],
        [score for _, score in every],
        ("stage of training", score_label(found["score"])),
        curves,
        lambda x, y: [
            part
            for name, one in curves.items()
            for part in _marked(name, [(x.at(at), y.at(score)) for at, score in one])
        ],
    )


def _cost(numbers: dict[str, Any], score: str) -> Markup:
    sign = -1 if score.startswith("neg_") else 1
    models = numbers["models"]
    scores = {name: sign * models[name]["scores"][score] for name in MODELS}
    times = {name: models[name]["latency_median"] for name in MODELS}
    return chart(
        [*times.values()],
        [*scores.values()],
        ("time for one sample, logarithmic", score_label(score)),
        MODELS,
        lambda x, y: [
            mark(name, x.at(times[name]), y.at(scores[name]), 6) for name in MODELS
        ],
        is_log=True,
        show=seconds,
    )


def _frontier(numbers: dict[str, Any]) -> Markup:
    """Return the students by letters; the caption below the picture names them."""
    students = numbers["frontier"]

    def draw(x: Axis, y: Axis) -> list[Markup]:
        parts = []
        for number, one in enumerate(students):
            at = x.at(one["latency"] / 1e6), y.at(one["score"])
            name = "distilled" if one["is_best"] else "baseline"
            parts.append(mark(name, *at, 9))
            letter = "skd-on" if one["is_best"] else "skd-letter"
            shown = text(
                _letter(number), at[0], at[1] + 4, text_anchor="middle", class_=letter
            )
            parts.append(shown)
        return parts

    picture = chart(
        [one["latency"] / 1e6 for one in students],
        [one["score"] for one in students],
        ("time for one sample, logarithmic", "score in the search, greater is better"),
        (),
        draw,
        is_log=True,
        show=seconds,
    )
    named = ", ".join(
        f"{_letter(number)} {one['student']}" for number, one in enumerate(students)
    )
    best = next((one["student"] for one in students if one["is_best"]), "none")
    note = element("p", f"{named}; taken: {best}.", class_="skd-soft")
    return element("div", picture, note)


def _letter(number: int) -> str:
    return chr(ord("a") + number) if number < 26 else str(number)


def _importance(numbers: dict[str, Any]) -> Markup:
    found = numbers["importance"]
    lost = "more" if found["score"].startswith("neg_") else "less"
    rest = f", {lost} if permuted"
    title = shortened(score_label(found["score"]), SIZE - width_of(rest)) + rest
    return rows_chart(found["columns"], found["drops"], title)


def _segments(numbers: dict[str, Any], segment: dict[str, Any]) -> Markup:
    parts = segment["parts"]
    is_value = numbers["task"] == "regression"
    return rows_chart(
        [f"{one['label']} ({one['n_samples']:,})" for one in parts],
        {name: [one[name] for one in parts] for name in MODELS},
        "mean absolute error" if is_value else "fraction of wrong classes",
    )


def _confusion(numbers: dict[str, Any], name: str) -> Markup:
    """Return the matrix; a cell says which percentage of its line it is."""
    found = numbers["confusion"]
    labels, counts = found["labels"], found["counts"][name]
    room = min(max(map(width_of, labels)), _MOST_LABEL)
    left, side = room + 8, (SIZE - room - 8) / len(labels)
    height = min(side, 40)
    low = _CELL_TOP + height * len(labels)
    short = [shortened(label, room) for label in labels]
    upright = max(map(width_of, short)) > side - 4
    parts = [text("actual down, predicted across, % of the row", 0, 13)]
    for row, (label, of_row) in enumerate(zip(labels, counts, strict=True)):
        top = _CELL_TOP + height * row
        middle = top + height / 2 + 4
        parts.append(text(short[row], room, middle, label, text_anchor="end"))
        for column, count in enumerate(of_row):
            where = left + side * column, top, side, height
            said = f"{label}, predicted as {labels[column]}: {count:,}"
            fraction = count / max(sum(of_row), 1)
            parts += _cell(where, fraction, said, is_right=column == row)
    for column, label in enumerate(labels):
        x = left + side * (column + 0.5)
        parts.append(_below(short[column], label, x, low, upright=upright))
    bottom = low + (max(map(width_of, short)) + 6 if upright else 18)
    return svg(*parts, label=f"Confusion matrix, {HEADERS[name]}", bottom=bottom)


def _cell(
    where: tuple[float, float, float, float],
    fraction: float,
    said: str,
    *,
    is_right: bool,
) -> list[Markup]:
    x, y, width, height = where
    colour = "distilled" if is_right else "wrong"
    box = element(
        "rect",
        element("title", said),
        x=round(x + 0.5, 1),
        y=round(y + 0.5, 1),
        width=round(width - 1, 1),
        height=round(height - 1, 1),
        fill_opacity=round(0.08 + 0.42 * fraction, 2) if fraction else 0.04,
        class_=f"skd-cell {colour}",
    )
    percent = 100 * fraction
    if percent < 0.5 or width < 22 or height < 15:
        return [box]
    shown = text(
        f"{percent:.0f}",
        x + width / 2,
        y + height / 2 + 4,
        text_anchor="middle",
        class_="skd-count",
    )
    return [box, shown]


def _below(label: str, whole: str, x: float, low: float, *, upright: bool) -> Markup:
    if not upright:
        return text(label, x, low + 15, whole, text_anchor="middle")
    place = f"translate({x + 4:.1f} {low + 6:.1f}) rotate(-90)"
    return text(label, 0, 0, whole, text_anchor="end", transform=place)


def _ends(x: Axis, y: Axis) -> tuple[float, float, float, float]:
    """Return the ends of the diagonal of two axes of one range."""
    return x.start, y.start, x.stop, y.stop


def _placed(
    x: Axis, y: Axis, across: list[float], up: list[float]
) -> list[tuple[float, float]]:
    return [(x.at(a), y.at(b)) for a, b in zip(across, up, strict=True)]


def _marked(name: str, points: list[tuple[float, float]]) -> list[Markup]:
    """Return a curve with a mark at each of its points."""
    return [curve(name, points), *(mark(name, *point, 3) for point in points)]
