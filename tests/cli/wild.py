"""Files as nobody would write them, drawn by a seed: bytes, a name and a target."""

import bz2
import csv
import gzip
import io
import lzma
import zipfile
from typing import NamedTuple

import numpy as np
import pandas as pd

TARGET = "y"
EMPTY = ("", "", "", "NA", "?", "-", "null", " ", "n/a", "NaN")
NAMES = (
    *("a", "b", "c", "size (m2)", "1stFlrSF", "prediction", "sample_weight", "None"),
    *("", " ", "Unnamed: 0", 'say "hi"', "two\nlines", "a,b;c|d", "ÄÖÜ", "名前", "🙂"),
    *(
        "x" * 300,
        "../up",
        "<b>bold</b>",
        "{x}",
        "%s",
        "\\n",
        "'",
        "y ",
        "Y",
        "0",
        "1.5",
    ),
    *("\ttab", "nul\x01", "a", "probability_x", "__class__", "=1+1", "#", "--drop"),
)
WORDS = ("red", "Köln", "it's", 'so "called"', "a,b", "x;y", "line\nbreak", "—", "🙂")


class Wild(NamedTuple):
    """A file and what is asked of it."""

    name: str
    content: bytes
    words: list[str]


def wild(seed: int) -> Wild:
    """Return the file of a seed, and the options of its fit."""
    rng = np.random.default_rng(seed)
    n_rows = int(rng.choice([0, 49, *([60] * 9), *([130] * 9)]))
    rows = _table(rng, n_rows)
    words = ["--target", TARGET]
    for word, values, chance in (
        ("--task", ("classification", "regression"), 0.15),
        ("--rare", ("merge", "drop"), 0.4),
        ("--loss", ("poisson", "squared_log_error"), 0.1),
        ("--student", ("tree", "gradient-boosting"), 0.2),
    ):
        if rng.random() < chance:
            words += [word, str(rng.choice(values))]
    kind = rng.choice(["text", "parquet", "excel"], p=[0.9, 0.07, 0.03])
    if kind != "text" and len({*rows[0]}) == len(rows[0]):
        return Wild(*_typed(rng, rows, kind), words)
    return Wild(*_text(rng, rows), words)


def _table(rng, n_rows) -> list[list[str]]:
    """Return the rows of a table, the names first."""
    signal = rng.normal(size=n_rows)
    columns = [
        _cells(rng, str(rng.choice([*_COLUMNS])), signal)
        for _ in range(rng.integers(1, 6))
    ]
    columns.insert(0, [f"{one:.3f}" for one in signal])
    place = int(rng.integers(0, len(columns) + 1))
    columns.insert(
        place, _cells(rng, str(rng.choice([*_TARGETS][: rng.choice([7, 16])])), signal)
    )
    names = [f"c{number}" for number in range(len(columns))]
    if rng.random() < 0.4:
        names = [str(rng.choice(NAMES)) for _ in columns]
    names[place] = TARGET
    return [names, *map(list, zip(*columns, strict=True))]


def _cells(rng, kind, signal) -> list[str]:
    """Return the cells of a column, maybe with holes."""
    make = _COLUMNS.get(kind) or _TARGETS[kind]
    cells = [str(one) for one in make(rng, signal)]
    if rng.random() < 0.4:
        share, hole = rng.choice([0.05, 0.5, 0.97]), str(rng.choice(EMPTY))
        cells = [hole if rng.random() < share else one for one in cells]
    return cells


def _written(form):
    return lambda rng, x: [form.format(one) for one in 1000 * x]


def _of(*values):
    return lambda rng, x: rng.choice(values, len(x)).tolist()


def _dates(form):
    def make(rng, x):
        days = pd.Timestamp("2021-01-01") + pd.to_timedelta(
            rng.integers(0, 9999, len(x)), unit="h"
        )
        return days.strftime(form).tolist() if len(x) else []

    return make


_COLUMNS = {
    "number": _written("{:.4f}"),
    "integer": _written("{:.0f}"),
    "huge": lambda rng, x: [10**30 + int(one * 1e6) for one in x],
    "long": lambda rng, x: [2**62 + int(one * 1e6) for one in x],
    "tiny": _written("{:.3e}"),
    "extreme": _of("1e308", "-1e308", "1e-320", "0", "5"),
    "infinite": _of("inf", "-inf", "1", "2"),
    "thousands": _written("{:,.2f}"),
    "percent": _written("{:.1f}%"),
    "dollars": _written("${:,.2f}"),
    "comma": lambda rng, x: [f"{one:.2f}".replace(".", ",") for one in x],
    "zeros": lambda rng, x: [f"{rng.integers(99):05d}" for _ in x],
    "boolean": _of("True", "False"),
    "yes": _of("yes", "no", "Yes"),
    "constant": lambda rng, x: ["same"] * len(x),
    "empty": lambda rng, x: [""] * len(x),
    "identifier": lambda rng, x: [f"id-{number}" for number in range(len(x))],
    "counter": lambda rng, x: range(len(x)),
    "word": _of(*WORDS),
    "text": lambda rng, x: [" ".join(rng.choice(WORDS, 6)) for _ in x],
    "control": _of("a\x01", "b\x7f", "c\u2028d", "\u202eright"),
    "mixed": _of("1", "two", "3.5", "2020-01-01", "True", "1e3", "x\ty"),
    "almost": lambda rng, x: ["oops", *range(1, len(x))] if len(x) else [],
    "iso": _dates("%Y-%m-%d"),
    "time": _dates("%Y-%m-%dT%H:%M:%SZ"),
    "german date": _dates("%d.%m.%Y"),
    "us date": _dates("%m/%d/%y %I:%M %p"),
    "year": _of("2019", "2020", "2021"),
    "old": _of("0001-01-01", "9999-12-31", "1899-12-31"),
    "long cell": _of("z" * 5000, "y"),
}
_TARGETS = {
    "value": lambda rng, x: [f"{one:.3f}" for one in 3 * x + rng.normal(size=len(x))],
    "money": lambda rng, x: [f"€{1000 * np.exp(one):,.2f}" for one in x],
    "huge values": lambda rng, x: [10**25 + int(one * 1e24) for one in x],
    "counts": lambda rng, x: rng.poisson(np.exp(x + 2)),
    "two": lambda rng, x: np.where(x > 0, "yes", "no"),
    "flags": lambda rng, x: x > 0,
    "codes": lambda rng, x: np.where(x > 0, "01", "02"),
    "digits": lambda rng, x: np.where(x > 0, 1, 0) + (np.abs(x) > 1),
    "odd classes": lambda rng, x: np.where(x > 0, "<b>", "a\nb"),
    "one class": lambda rng, x: ["only"] * len(x),
    "one value": lambda rng, x: ["7.25"] * len(x),
    "rare": lambda rng, x: np.where(x > 1.3, "rare", np.where(x > 0, "a", "b")),
    "words": lambda rng, x: [f"w{number}" for number in range(len(x))],
    "nothing": lambda rng, x: [""] * len(x),
    "days": _dates("%Y-%m-%d"),
    "infinite values": lambda rng, x: np.where(x > 2, "inf", x.round(2).astype(str)),
}


def _text(rng, rows) -> tuple[str, bytes]:
    sep = str(rng.choice([*",,,;\t|"]))
    quoting = csv.QUOTE_ALL if rng.random() < 0.2 else csv.QUOTE_MINIMAL
    end = str(rng.choice(["\n", "\n", "\r\n", "\r"]))
    rows = _spoiled(rng, rows)
    file = io.StringIO()
    csv.writer(file, delimiter=sep, quoting=quoting, lineterminator=end).writerows(rows)
    text = file.getvalue()
    if rng.random() < 0.15:
        text = (
            str(rng.choice(["Report of May\n\n", "# note\n", "\n\n", "sep=;\n"])) + text
        )
    if rng.random() < 0.15:
        text += str(rng.choice(["\nTotal,,5\n", "Source: us\n", "\n\n\n", '"'])) + end
    encoding = str(
        rng.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252"])
    )
    content = text.encode(encoding, "replace")
    if rng.random() < 0.08:
        content = content[: int(rng.random() * len(content))]
    if rng.random() < 0.05:
        at = int(rng.random() * len(content))
        content = content[:at] + rng.bytes(3) + content[at:]
    return _packed(rng, content)


def _spoiled(rng, rows) -> list[list[str]]:
    """Return rows that may be short, long, twice there, or end in a separator."""
    how = rng.random()
    if how < 0.06:
        return [row[: rng.integers(1, len(row) + 1)] for row in rows]
    if how < 0.12:
        return [[*row, "more"] if rng.random() < 0.1 else row for row in rows]
    if how < 0.2:
        return [[*row, ""] for row in rows]
    if how < 0.28:
        return [[str(n) if n else "", *row] for n, row in enumerate(rows)]
    if how < 0.33:
        return [rows[0], *rows]
    return rows


def _packed(rng, content) -> tuple[str, bytes]:
    how = str(rng.choice(["", "gz", "bz2", "xz", "zip"], p=[0.84, *[0.04] * 4]))
    if how == "zip":
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("table.csv", content)
        return "table.zip", file.getvalue()
    pack = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
    name = f"table.csv.{how}" if how else "table.csv"
    return name, pack[how](content) if how else content


def _typed(rng, rows, kind) -> tuple[str, bytes]:
    """Return a file that has types: numbers where pandas finds some."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    text.seek(0)
    frame = pd.read_csv(text, keep_default_na=rng.random() < 0.7)
    # Neither kind of file holds any integer, nor a workbook any character.
    frame = frame.map(lambda one: str(one) if type(one) is int else one)
    file = io.BytesIO()
    if kind == "parquet":
        frame.to_parquet(file, index=False)
        return "table.parquet", file.getvalue()
    frame = frame.map(
        lambda one: "".join(filter(str.isprintable, one)) if type(one) is str else one
    )
    frame.columns = [n if n == TARGET else f"c{at}" for at, n in enumerate(frame)]
    frame.to_excel(file, index=False)
    return "table.xlsx", file.getvalue()
