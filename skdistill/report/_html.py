"""The report as HTML: one static piece that loads nothing and runs nothing."""

from typing import Any

from skdistill.report._findings import findings
from skdistill.report._known import MODELS
from skdistill.report._markup import Markup, element
from skdistill.report._pictures import pictures
from skdistill.report._table import (
    DIFFERING,
    HEADERS,
    about,
    class_rows,
    class_title,
    differing_rows,
    headline,
    rows,
)
from skdistill.report._text import name_columns

__all__ = ["to_document", "to_fragment"]

_STYLE = """
.skd { --text: #1c1e21; --soft: #5a6068; --back: #ffffff; --rule: #d9dce0;
  --band: #f3f5f7; --teacher: #7a4fb5; --baseline: #8a6d00; --distilled: #0a6ea8;
  --wrong: #b3261e;
  color: var(--text); background: var(--back); color-scheme: light;
  font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; padding: 1rem;
  box-sizing: border-box; overflow-wrap: anywhere; }
@media (prefers-color-scheme: dark) {
  .skd { --text: #e6e8ea; --soft: #a3abb4; --back: #16191d; --rule: #3a4047;
    --band: #20252b; --teacher: #c3a4f0; --baseline: #e3c451; --distilled: #6bbcf0;
    --wrong: #f2938c;
    color-scheme: dark; } }
.skd h1 { font-size: 1.25rem; line-height: 1.3; margin: 0 0 .5rem; color: inherit; }
.skd h2 { font-size: 1rem; margin: 1.5rem 0 .4rem; color: inherit; }
.skd p, .skd li { margin: .25rem 0; }
.skd ul { padding-left: 1.2rem; }
.skd .skd-scroll { overflow-x: auto; border: 1px solid var(--rule);
  border-radius: 6px; }
.skd table { border-collapse: collapse; width: 100%; margin: 0; font-size: .93em;
  color: inherit; background: transparent; font-variant-numeric: tabular-nums; }
.skd th, .skd td { padding: .35rem .7rem; text-align: right; white-space: nowrap;
  border: 0; border-top: 1px solid var(--rule); background: transparent; }
.skd tr:first-child th { border-top: 0; }
.skd th { font-weight: 600; color: inherit; }
.skd th[scope=col] { white-space: normal; overflow-wrap: normal;
  vertical-align: bottom; }
.skd th[scope=col]:first-child { text-align: left; }
.skd th[scope=row] { text-align: left; font-weight: 400;
  white-space: normal; min-width: 7rem; max-width: 16rem; }
.skd th[colspan] { text-align: left; font-weight: 400; font-size: .85em;
  background: var(--band); color: var(--soft); text-transform: uppercase;
  letter-spacing: .06em; }
.skd .skd-pictures { display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr)); }
.skd figure { margin: 0; max-width: 26rem; }
.skd figcaption { font-weight: 600; }
.skd svg { display: block; overflow: visible; width: 100%; height: auto; }
.skd svg text { fill: var(--soft); font-size: 12px; }
.skd .skd-axis { stroke: var(--rule); stroke-width: 1.5; }
.skd .skd-line { stroke: var(--soft); stroke-dasharray: 4 4; }
.skd svg .teacher { color: var(--teacher); }
.skd svg .baseline { color: var(--baseline); }
.skd svg .distilled { color: var(--distilled); }
.skd svg .wrong { color: var(--wrong); }
.skd .skd-m { fill: currentColor; }
.skd .skd-m.baseline { fill: var(--back); stroke: currentColor; stroke-width: 1.6; }
.skd .skd-d, .skd .skd-c { fill: none; stroke: currentColor; }
.skd .skd-d { stroke-width: 4.6; stroke-linecap: round; stroke-opacity: .6; }
.skd .skd-d.baseline { stroke-width: 3.6; stroke-linecap: square; }
.skd .skd-c { stroke-width: 1.6; }
.skd .skd-cell { fill: currentColor; }
.skd svg text.skd-count, .skd svg text.skd-letter { fill: var(--text); }
.skd svg text.skd-on { fill: var(--back); }
.skd dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .8rem;
  margin: .4rem 0; font-size: .87em; color: var(--soft); }
.skd dd { margin: 0; min-width: 0; }
.skd pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .2rem 0 .8rem;
  padding: .6rem; background: var(--band); color: inherit; border-radius: 6px;
  font-size: .85em; }
.skd summary { cursor: pointer; font-weight: 600; margin-top: 1.2rem; }
.skd code { background: var(--band); color: inherit; border-radius: 4px;
  padding: 0 .3em; }
.skd .skd-soft { color: var(--soft); font-size: .87em; }
@media (max-width: 34rem) {
  .skd { padding: .8rem; }
  .skd table { font-size: .82em; }
  .skd th, .skd td { padding: .35rem .45rem; } }
"""

_PAGE_STYLE = """
body { margin: 0; background: #ffffff; }
@media (prefers-color-scheme: dark) { body { background: #16191d; } }
body > .skd { margin: 0 auto; }
"""


def to_document(numbers: dict[str, Any]) -> str:
    """Return the report as a whole HTML file.

    Its policy lets the browser load nothing and run nothing, whatever is in it.
    """
    title = headline(numbers)
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    head = [
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        element("title", title),
        f"<style>{_PAGE_STYLE}</style>",
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n'
        + "\n".join(head)
        + f"\n</head>\n<body>\n{to_fragment(numbers)}\n</body>\n</html>\n"
    )


def to_fragment(numbers: dict[str, Any]) -> Markup:
    """Return the report as a piece of HTML, for notebooks."""
    parts = [
        Markup(f"<style>{_STYLE}</style>"),
        element("h1", headline(numbers)),
        _made(numbers),
        element("ul", *(element("li", line) for line in findings(numbers))),
        _table(numbers),
        _note(numbers),
        _pictures(numbers),
        *_classes(numbers),
        *_differing(numbers),
        _data(numbers),
        _models(numbers),
    ]
    return element("section", *parts, class_="skd")


def _table(numbers: dict[str, Any]) -> Markup:
    head = element(
        "tr",
        element("th", ""),
        *(element("th", HEADERS[n], scope="col") for n in MODELS),
    )
    lines, section = [head], ""
    for row in rows(numbers):
        if row.section != section:
            section = row.section
            title = element("th", section, colspan=len(MODELS) + 1, scope="colgroup")
            lines.append(element("tr", title))
        cells = [element("td", cell) for cell in row.cells]
        lines.append(element("tr", element("th", row.label, scope="row"), *cells))
    return _scrolling(element("table", *lines))


def _scrolling(table: Markup) -> Markup:
    return element("div", table, class_="skd-scroll", tabindex=0)


def _note(numbers: dict[str, Any]) -> Markup:
    calls = min(numbers["models"][name]["n_timings"] for name in MODELS)
    return element(
        "p",
        f"Times are of predict, on the machine that made this report: {calls} calls or "
        "more with one sample, and batches of all samples. The fit of the teacher "
        "includes its out-of-fold predictions; that of the distilled student is "
        "without it. Size on disk is that of the pickle.",
        class_="skd-soft",
    )


def _pictures(numbers: dict[str, Any]) -> Markup:
    figures = [
        element("figure", element("figcaption", caption), drawing)
        for caption, drawing in pictures(numbers)
    ]
    return element("div", element("h2", "Pictures"), _grid(figures))


def _grid(figures: list[Markup]) -> Markup:
    return element("div", *figures, class_="skd-pictures")


def _made(numbers: dict[str, Any]) -> Markup:
    """Return how the report was made, name by name."""
    return element(
        "dl",
        *(
            part
            for name, value in about(numbers)
            for part in (element("dt", name), element("dd", value))
        ),
    )


def _classes(numbers: dict[str, Any]) -> list[Markup]:
    return _titled(class_title(numbers), class_rows(numbers))


def _differing(numbers: dict[str, Any]) -> list[Markup]:
    return _titled(DIFFERING, differing_rows(numbers))


def _titled(title: str, table: list[list[str]]) -> list[Markup]:
    """Return a table below its title, its header first; nothing of an empty one."""
    if not table:
        return []
    header, *body = table
    lines = [element("tr", *(element("th", cell, scope="col") for cell in header))]
    for label, *cells in body:
        name = element("th", label, scope="row")
        lines.append(element("tr", name, *(element("td", cell) for cell in cells)))
    title = title[0].upper() + title[1:]
    return [element("h2", title), _scrolling(element("table", *lines))]


def _data(numbers: dict[str, Any]) -> Markup:
    names = name_columns(numbers)
    listed = [
        part
        for number, name in enumerate(names)
        for part in ((", " if number else ""), element("code", name))
    ]
    return element("details", element("summary", "Features"), element("p", *listed))


def _models(numbers: dict[str, Any]) -> Markup:
    shown = [
        part
        for name in MODELS
        for part in (
            element("p", HEADERS[name]),
            element("pre", numbers["models"][name]["estimator"]),
        )
    ]
    return element("details", element("summary", "Models"), *shown)
