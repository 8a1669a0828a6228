"""Awkward files: the same table as people have it, in 25 ways."""

import gzip
import io
from functools import cache

import numpy as np
import pandas as pd

N_ROWS = 12


@cache
def table() -> pd.DataFrame:
    """Return what all of the files hold: numbers, a category and a target."""
    rng = np.random.default_rng(1)
    size = (rng.integers(500, 9000, N_ROWS) + 0.25).tolist()
    frame = pd.DataFrame({"size": size, "rate": rng.integers(1, 999, N_ROWS) / 10})
    frame["town"] = [*["Köln", "Ulm", "Bonn"] * (N_ROWS // 3)]
    frame.loc[2, "size"] = np.nan
    return frame.assign(price=rng.integers(1000, 90000, N_ROWS) / 4)


def lines(
    sep=",", empty="", end="", header_end=None, town=str, names=None, number=None
) -> list[str]:
    """Return the lines of the table; `number` writes a number that is there."""
    number = number or (lambda value: f"{value:.2f}")
    names = names or list(table())
    header_end = end if header_end is None else header_end
    rows = [sep.join(names) + header_end]
    for size, rate, place, price in table().itertuples(index=False):
        cells = [empty if np.isnan(size) else number(size), number(rate)]
        rows.append(sep.join([*cells, town(place), number(price)]) + end)
    return rows


def text(*args, **params) -> str:
    return "\n".join(lines(*args, **params)) + "\n"


def german(value):
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


def quoted(write):
    return lambda value: f'"{write(value)}"'


def numbered(rows, first, start=1):
    """Return lines with a name before each."""
    return [first + rows[0], *(f"{n},{row}" for n, row in enumerate(rows[1:], start))]


def workbook() -> bytes:
    file = io.BytesIO()
    table().to_excel(file, index=False)
    return file.getvalue()


FILES = {
    "plain.csv": text,
    "thousands.csv": lambda: text(number=quoted(lambda value: f"{value:,.2f}")),
    "german.csv": lambda: text(";", number=german),
    "german quoted.csv": lambda: text(number=quoted(german)),
    "swiss.csv": lambda: text(number=lambda value: f"{value:,.2f}".replace(",", "'")),
    "french.tsv": lambda: text(
        "\t",
        number=lambda value: f"{value:,.2f}".replace(",", "\u202f").replace(".", ","),
    ),
    "percent.csv": lambda: text(number=lambda value: f"{value:.2f}%"),
    "dollars.csv": lambda: text(number=quoted(lambda value: f"${value:,.2f}")),
    "euros.csv": lambda: text(";", number=lambda value: f"{german(value)} €"),
    "dash.csv": lambda: text(empty="-"),
    "question.csv": lambda: text(empty="?"),
    "na.csv": lambda: text(empty="n/a"),
    "null.csv": lambda: text(empty="NULL"),
    "spaces.csv": lambda: text(number=lambda value: f" {value:.2f} "),
    "trailing.csv": lambda: text(end=",", header_end=""),
    "trailing header.csv": lambda: text(end=","),
    "footer.csv": lambda: text() + "\nTotal,,,123.0\nSource: the town\n",
    "preamble.csv": lambda: "Report of May\n\nMade by,me\n" + text(),
    "excel.csv": lambda: "sep=;\n" + text(";"),
    "r.csv": lambda: "\n".join(numbered(lines(), "")) + "\n",
    "index.csv": lambda: "\n".join(numbered(lines(), ",", 0)) + "\n",
    "bars.txt": lambda: text("|"),
    "windows.csv": lambda: text().replace("\n", "\r\n").encode("cp1252"),
    "utf-16.csv": lambda: text("\t").encode("utf-16"),
    "packed.csv.gz": lambda: gzip.compress(text().encode()),
    "book.xlsx": workbook,
}


def content(name: str) -> bytes:
    """Return the bytes of a file."""
    made = FILES[name]()
    return made if isinstance(made, bytes) else made.encode()
