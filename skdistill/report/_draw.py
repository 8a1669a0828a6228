"""Charts of a report: SVG, with the colours of the page around it.

A chart reserves the room that its labels need, the title of the upright axis stands
above it, and a label that would touch another is left out.
"""

import math
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from skdistill._figures import told_apart
from skdistill.report._markup import Markup, element
from skdistill.report._table import HEADERS

__all__ = [
    "SIZE",
    "Axis",
    "chart",
    "curve",
    "dots",
    "line",
    "mark",
    "rows_chart",
    "shortened",
    "svg",
    "text",
    "width_of",
]

SIZE = 340
_TOP, _BASE, _LINE, _GAP = 28, 270, 17, 8
_RIGHT = SIZE - 12
_DIGITS = 6
# Draws the marks of a chart between two axes.
Draw: TypeAlias = "Callable[[Axis, Axis], Sequence[Markup]]"


class Axis(NamedTuple):
    """A range of values and where on the picture it lies."""

    low: float
    high: float
    start: float
    stop: float
    is_log: bool = False

    @classmethod
    def of(
        cls,
        values: Sequence[float],
        start: float,
        stop: float,
        *,
        is_log: bool = False,
    ) -> "Axis":
        """Return an axis that holds the values with a margin.

        A logarithmic axis has the range of the logarithms.
        """
        values = [math.log10(value) for value in values] if is_log else values
        low, high = min(values), max(values)
        margin = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
        return cls(low - margin, high + margin, start, stop, is_log)

    def at(self, value: float) -> float:
        """Return where a value lies."""
        value = math.log10(value) if self.is_log else value
        fraction = (value - self.low) / (self.high - self.low)
        return round(self.start + fraction * (self.stop - self.start), 1)

    def ticks(self) -> list[float]:
        """Return some round values in the range."""
        if self.is_log:
            return [10**tick for tick in self._log_ticks()]
        rough = (self.high - self.low) / 6
        unit = 10.0 ** math.floor(math.log10(rough))
        step = unit * min(n for n in (1, 2, 5, 10) if n * unit >= rough)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [step * number for number in range(first, last + 1)]

    def _log_ticks(self) -> list[float]:
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


def chart(
    x_values: Sequence[float],
    y_values: Sequence[float],
    titles: tuple[str, str],
    names: Iterable[str],
    draw: Draw,
    *,
    is_log: bool = False,
    show: Callable[[float], str] | None = None,
) -> Markup:
    """Return a chart of two axes.

    Parameters
    ----------
    x_values, y_values : sequence of float
        What the axes hold.
    titles : tuple of str
        Titles of the level and of the upright axis.
    names : iterable of str
        The models in the legend.
    draw : callable
        Returns the marks.
    is_log : bool, default=False
        Whether the level axis is logarithmic.
    show : callable, default=None
        Shows the values of the level axis. If None, as numbers.
    """
    y = Axis.of(y_values, _BASE, _TOP + _GAP)
    y_ticks = y.ticks()
    shown = told_apart(y_ticks, _DIGITS)
    y_labels = [
        (y.at(value), label) for value, label in zip(y_ticks, shown, strict=True)
    ]
    left = max([20.0, *(width_of(label) + _GAP for _, label in y_labels)])
    x = Axis.of(x_values, left, _RIGHT, is_log=is_log)
    names_below, bottom = _legend(names, _BASE + 56)
    return svg(
        line(left, _TOP, left, _BASE, "skd-axis"),
        *_level_axis(x, titles[0], _BASE, show),
        *(text(label, left - 6, at + 4, text_anchor="end") for at, label in y_labels),
        text(shortened(titles[1], SIZE), 0, 13, titles[1]),
        *draw(x, y),
        *names_below,
        label=f"{titles[1]} over {titles[0]}",
        bottom=bottom,
    )


def rows_chart(
    labels: Sequence[str],
    values: dict[str, Sequence[float]],
    title: str,
) -> Markup:
    """Return a chart with a row for each label, and a mark for each model in it."""
    room = min(max(map(width_of, labels)), 0.42 * SIZE)
    base = 12 + 22 * len(labels)
    every = [value for part in values.values() for value in part]
    x = Axis.of([*every, 0.0], room + 2 * _GAP, _RIGHT)
    rows = []
    for number, label in enumerate(labels):
        at = 16 + 22 * number
        rows += [
            text(shortened(label, room), room, at + 4, label, text_anchor="end"),
            line(x.start, at, x.stop, at, "skd-axis"),
            *(mark(name, x.at(part[number]), at) for name, part in values.items()),
        ]
    names_below, bottom = _legend(values, base + 56)
    return svg(
        *_level_axis(x, title, base, None),
        line(x.at(0), 6, x.at(0), base, "skd-line"),
        *rows,
        *names_below,
        label=f"{title}, for each of {', '.join(labels)}",
        bottom=bottom,
    )


def _level_axis(
    x: Axis, title: str, base: float, show: Callable[[float], str] | None
) -> list[Markup]:
    """Return the level axis with every label, or every second, third... that fits."""
    ticks, values = [], x.ticks()
    shown = told_apart(values, _DIGITS) if show is None else map(show, values)
    for value, label in zip(values, shown, strict=True):
        ticks.append((min(x.at(value), SIZE - width_of(label) / 2), label))
    step = next(n for n in range(1, len(ticks) + 2) if _are_apart(ticks[::n]))
    drawn = [
        line(x.start, base, _RIGHT, base, "skd-axis"),
        *(
            text(label, at, base + 17, text_anchor="middle")
            for at, label in ticks[::step]
        ),
    ]
    short = shortened(title, SIZE)
    middle = min((x.start + x.stop) / 2, SIZE - width_of(short) / 2)
    middle = max(middle, width_of(short) / 2)
    return [*drawn, text(short, middle, base + 35, title, text_anchor="middle")]


def _are_apart(ticks: Sequence[tuple[float, str]]) -> bool:
    """Return whether no label touches the next one."""
    return all(
        after - at >= (width_of(label) + width_of(following)) / 2 + _GAP
        for (at, label), (after, following) in pairwise(ticks)
    )


def _legend(names: Iterable[str], top: float) -> tuple[list[Markup], float]:
    """Return marks and names of models, in as many lines as they need, and the last."""
    parts: list[Markup] = []
    start = 0.0
    for name in names:
        needed = 16 + width_of(HEADERS[name])
        if start and start + needed > SIZE:
            start, top = 0.0, top + _LINE
        parts += [mark(name, start + 6, top - 4), text(HEADERS[name], start + 15, top)]
        start += needed + _GAP
    return parts, top if parts else top - _LINE


def svg(*parts: Markup, label: str, bottom: float) -> Markup:
    """Return a picture whose last line of text stands at `bottom`."""
    return element(
        "svg",
        *parts,
        viewBox=f"0 0 {SIZE} {bottom + 6:g}",
        role="img",
        aria_label=label,
    )


def mark(name: str, x: float, y: float, radius: float = 5) -> Markup:
    """Return the mark of a model; they differ in shape, not in colour alone."""
    r = radius
    outline = {
        "teacher": f"M{x:g} {y - r:g}l{r:g} {r:g}l-{r:g} {r:g}l-{r:g} -{r:g}z",
        "baseline": f"M{x - r + 1:g} {y - r + 1:g}h{2 * r - 2:g}v{2 * r - 2:g}"
        f"h-{2 * r - 2:g}z",
    }
    if name not in outline:
        return element("circle", cx=f"{x:g}", cy=f"{y:g}", r=r, class_=f"skd-m {name}")
    return element("path", d=outline[name], class_=f"skd-m {name}")


def dots(name: str, points: Iterable[tuple[float, float]]) -> Markup:
    """Return many marks of a model as one path: a line of no length for each."""
    path = "".join(f"M{x:g} {y:g}h0" for x, y in points)
    return element("path", d=path, class_=f"skd-d {name}")


def curve(name: str, points: Iterable[tuple[float, float]]) -> Markup:
    """Return a line through points, in the colour of a model."""
    path = "L".join(f"{x:g} {y:g}" for x, y in points)
    return element("path", d=f"M{path}", class_=f"skd-c {name}")


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """Return a straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def text(
    content: str, x: float, y: float, whole: str = "", **attributes: object
) -> Markup:
    """Return text; `whole` is shown when it is pointed at, if it is another."""
    parts: list[object] = [content]
    if whole and whole != content:
        parts.append(element("title", whole))
    return element("text", *parts, x=round(x, 1), y=round(y, 1), **attributes)


def width_of(content: str) -> float:
    """Return about how wide text is, in the units of a picture, rather too wide."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in content)
    large = sum(2.8 for char in content if char.isupper())
    larger = sum(3.3 for char in content if char in "mwMW%@<>=+#&~")
    return 6.8 * len(content) + 6.0 * wide + large + larger


def shortened(content: str, room: float) -> str:
    """Return text that fits into the room, its end left out if need be."""
    if width_of(content) <= room:
        return content
    while content and width_of(f"{content}…") > room:
        content = content[:-1]
    return f"{content}…"
