"""The pictures of a report: SVG, drawn with the colours of the page around it."""

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias

from skdistill.report._markup import Markup, element
from skdistill.report._measure import MODELS
from skdistill.report._table import HEADERS, score_label, seconds

__all__ = ["pictures"]

_SIZE, _LEFT, _BOTTOM, _TOP = 340, 58, 46, 14
# Where each tick lies, and what it says.
_Ticks: TypeAlias = list[tuple[float, str]]

_RADIUS = {"teacher": 6, "baseline": 5, "distilled": 5}


class _Axis(NamedTuple):
    """A range of values and where on the picture it lies."""

    low: float
    high: float
    start: float
    stop: float

    def at(self, value: float) -> float:
        """Return where a value lies."""
        fraction = (value - self.low) / (self.high - self.low)
        return round(self.start + fraction * (self.stop - self.start), 1)

    def ticks(self) -> list[float]:
        """Return some round values in the range."""
        rough = (self.high - self.low) / 4
        unit = 10.0 ** math.floor(math.log10(rough))
        step = unit * min(n for n in (1, 2, 5, 10) if n * unit >= rough)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [step * number for number in range(first, last + 1)]

    def log_ticks(self) -> list[float]:
        """Return the logarithms of some round values in the range of logarithms."""
        for parts in ((1,), (1, 3), (1, 2, 5), range(1, 10)):
            ticks = [
                power + math.log10(part)
                for power in range(math.floor(self.low), math.ceil(self.high) + 1)
                for part in parts
            ]
            inside = [tick for tick in ticks if self.low <= tick <= self.high]
            if len(inside) > 1:
                break
        return inside[:: max(1, len(inside) // 4)]


def pictures(numbers: dict[str, Any]) -> list[tuple[str, Markup]]:
    """Return the pictures that the numbers allow, each with its caption."""
    drawn = []
    if numbers["points"]:
        drawn.append(("Student against teacher", _points(numbers)))
    score = next(iter(numbers["recovered"]))
    if all(numbers["models"][name]["scores"][score] is not None for name in MODELS):
        drawn.append(("Score and speed", _cost(numbers, score)))
    return drawn


def _points(numbers: dict[str, Any]) -> Markup:
    points = numbers["points"]
    x, y = _axes(points["teacher"], [*points["baseline"], *points["distilled"]], True)
    low, high = x.low, x.high
    line = element(
        "line",
        x1=x.at(low),
        y1=y.at(low),
        x2=x.at(high),
        y2=y.at(high),
        class_="skd-line",
    )
    marks = [
        _mark(name, x.at(teacher), y.at(student), 2.4)
        for name in ("baseline", "distilled")
        for teacher, student in zip(points["teacher"], points[name], strict=True)
    ]
    titles = "what the teacher predicts", "what a student predicts"
    if numbers["task"] == "classification":
        titles = "the teacher's probability of its choice", "a student's of that class"
    return _frame(
        [line, *marks],
        [(x.at(value), f"{value:,.6g}") for value in x.ticks()],
        [(y.at(value), f"{value:,.6g}") for value in y.ticks()],
        titles,
        ("baseline", "distilled"),
    )


def _cost(numbers: dict[str, Any], score: str) -> Markup:
    sign = -1 if score.startswith("neg_") else 1
    models = numbers["models"]
    scores = {name: sign * models[name]["scores"][score] for name in MODELS}
    times = {name: math.log10(models[name]["latency_median"]) for name in MODELS}
    x, y = _axes(list(times.values()), list(scores.values()))
    return _frame(
        [
            _mark(name, x.at(times[name]), y.at(scores[name]), _RADIUS[name])
            for name in MODELS
        ],
        [(x.at(value), seconds(10**value)) for value in x.log_ticks()],
        [(y.at(value), f"{value:,.6g}") for value in y.ticks()],
        ("time for one sample, logarithmic", score_label(score)),
        MODELS,
    )


def _axes(
    x: Sequence[float], y: Sequence[float], same: bool = False
) -> tuple[_Axis, _Axis]:
    """Return two axes that hold all values with a margin, of one range if `same`."""
    ranges = [(min(values), max(values)) for values in (x, y)]
    if same:
        ranges = [(min(ranges)[0], max(high for _, high in ranges))] * 2
    lows, highs = zip(*(_widened(*ends) for ends in ranges), strict=True)
    return (
        _Axis(lows[0], highs[0], _LEFT, _SIZE - 20),
        _Axis(lows[1], highs[1], _SIZE - _BOTTOM, _TOP),
    )


def _widened(low: float, high: float) -> tuple[float, float]:
    margin = (high - low) * 0.12 or abs(high) * 0.1 or 1.0
    return low - margin, high + margin


def _mark(name: str, x: float, y: float, radius: float) -> Markup:
    return element("circle", cx=x, cy=y, r=radius, class_=f"skd-{name}")


def _text(content: str, x: float, y: float, **attributes: str) -> Markup:
    return element("text", content, x=x, y=y, **attributes)


def _frame(
    marks: Iterable[Markup],
    x_ticks: _Ticks,
    y_ticks: _Ticks,
    titles: tuple[str, str],
    names: Iterable[str],
) -> Markup:
    """Return the picture: axes, ticks, labels and a legend around the marks."""
    base, middle = _SIZE - _BOTTOM, (_LEFT + _SIZE) / 2
    height = _SIZE + 22
    lines = [
        element("line", x1=_LEFT, y1=base, x2=_SIZE, y2=base, class_="skd-axis"),
        element("line", x1=_LEFT, y1=0, x2=_LEFT, y2=base, class_="skd-axis"),
    ]
    labels = [
        *(_text(tick, x, base + 16, text_anchor="middle") for x, tick in x_ticks),
        *(_text(tick, _LEFT - 6, y + 4, text_anchor="end") for y, tick in y_ticks),
        _text(titles[0], middle, base + 34, text_anchor="middle"),
        _text(
            titles[1],
            0,
            0,
            text_anchor="middle",
            transform=f"translate(12 {base / 2}) rotate(-90)",
        ),
    ]
    start = 6
    for name in names:
        labels.append(_mark(name, start, _SIZE + 8, 4))
        labels.append(_text(HEADERS[name], start + 9, _SIZE + 12))
        start += 36 + 6 * len(HEADERS[name])
    return element(
        "svg",
        *lines,
        *marks,
        *labels,
        viewBox=f"0 0 {_SIZE} {height}",
        role="img",
        aria_label=f"{titles[1]} over {titles[0]}",
    )
