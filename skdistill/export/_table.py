"""The ONNX graph of a `TableEncoder`: from cells as they stand in a file to numbers.

Strings are split and hashed by operators that the ONNX runtime adds to the standard, as
skl2onnx does for text.
"""

import re
from calendar import month_abbr, month_name
from collections.abc import Mapping
from itertools import pairwise
from operator import eq
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from onnx import TensorProto
from skl2onnx.common.data_types import FloatTensorType

from skdistill._typing import Estimator
from skdistill.export._refusals import UnreadablePartError
from skdistill.tables import (
    CYCLES,
    ISO,
    CategoryColumn,
    Column,
    DateColumn,
    NumberColumn,
    TableEncoder,
    TextColumn,
)

if TYPE_CHECKING:
    from skl2onnx.common._topology import Variable

__all__ = ["encode_table"]

_ML = {"op_domain": "ai.onnx.ml", "op_version": 2}
_RUNTIME = {"op_domain": "com.microsoft", "op_version": 1}
_PARTS = "[0-9]+|[A-Za-z]+"
_DIRECTIVE = re.compile(r"%(.)|[0-9]+|[A-Za-z]+")
_DIGITS, _NAMES, _LEFT_OUT = "YymdHIMSf", "bBp", "aA"
_NOON = {"AM": 0.0, "am": 0.0, "PM": 12.0, "pm": 12.0}


class Graph(Protocol):
    """What nodes are added to; tensors go by their names."""

    def node(self, op_type: str, *inputs: str, **attributes: Any) -> str:
        """Add a node with one output; return the name of that."""
        ...

    def constant(self, values: Any) -> str:
        """Add a tensor of strings, integers or floats; return its name."""
        ...

    def variable(self, name: str, kind: FloatTensorType) -> "Variable":
        """Declare an inner variable."""
        ...

    def join(self, columns: list[str], table: "Variable") -> None:
        """Put columns side by side."""
        ...

    def in_one_table(self, inputs: list["Variable"]) -> list["Variable"]:
        """Join columns that come apart, as those of a DataFrame."""
        ...


def encode_table(
    graph: Graph, encoder: TableEncoder, inputs: list["Variable"]
) -> list["Variable"]:
    """Add a fitted encoder to a graph; return the table of its features.

    Raises
    ------
    UnreadablePartError
        If a column cannot be encoded; the message names it.
    """
    if len(inputs) == 1 < len(encoder.input_names_):
        return _encode_array(encoder, inputs)
    of_name = dict(zip(encoder.input_names_, inputs, strict=True))
    parts = []
    for column in encoder.columns_:
        cells = of_name[column.name]
        if isinstance(column, NumberColumn):
            parts.append(cells)
            continue
        names = _Encoding(graph, encoder, column, cells.full_name).features()
        width = len(column.features())
        part = graph.variable("features", FloatTensorType([None, width]))
        graph.join(names, part)
        parts.append(part)
    return graph.in_one_table(parts)


def _encode_array(encoder: TableEncoder, inputs: list["Variable"]) -> list["Variable"]:
    """Return the table itself: an array has columns of numbers."""
    for column in encoder.columns_:
        if not isinstance(column, NumberColumn):
            raise UnreadablePartError(
                encoder,
                f"the column {column.name!r} is encoded, and X is an array: give a "
                "DataFrame, so that each column has an input",
            )
    return inputs


def _touch(matches: list[re.Match[str]]) -> bool:
    """Return whether numbers, or words, follow each other without a sign between."""
    is_number = [
        match.group(1) in _DIGITS if match.group(1) else match.group(0).isdigit()
        for match in matches
    ]
    return any(
        one.end() == other.start() and alike
        for (one, other), alike in zip(
            pairwise(matches), map(eq, is_number, is_number[1:]), strict=True
        )
    )


class _Encoding:
    """The features of a column in the graph; tensors go by their names."""

    def __init__(
        self, graph: Graph, encoder: Estimator, column: Column, cells: str
    ) -> None:
        self._graph, self._encoder = graph, encoder
        self._column, self._cells = column, cells

    def features(self) -> list[str]:
        """Add the nodes; return tensors that lie side by side."""
        match self._column:
            case CategoryColumn() as column:
                return [self._one_hot(column.codes, len(column.categories))]
            case DateColumn() as column:
                return self._date(column)
            case TextColumn() as column:
                return self._text(column)
        raise self._refusal(f"is of the kind {self._column.kind!r}")

    def _text(self, column: TextColumn) -> list[str]:
        found = [self._one_hot(column.codes, len(column.codes))] if column.codes else []
        found.append(self._looked_up(self._cells, column.counts, 1.0))
        if column.n_hashes:
            found.append(self._hashed_words(column))
        return found

    def _hashed_words(self, column: TextColumn) -> str:
        words = self._tokens(column.word, "", "a")
        hashes = self._node("MurmurHash3", words, positive=1, seed=0, **_RUNTIME)
        place = self._node("Cast", hashes, to=TensorProto.INT64)
        place = self._node("Mod", place, self._constant([column.n_hashes]))
        # -1 where a row has fewer words than others.
        is_word = self._looked_up(words, {"": 0}, 1)
        place = self._node("Add", place, self._constant([1]))
        place = self._node("Mul", place, is_word)
        place = self._node("Sub", place, self._constant([1]))
        place = self._node("Unsqueeze", place, self._constant([3]))
        counted = self._equal(place, column.n_hashes)
        total = self._node("ReduceSum", counted, self._constant([2]), keepdims=0)
        return self._node("Reshape", total, self._constant([-1, column.n_hashes]))

    def _one_hot(self, codes: Mapping[str, int], n_codes: int) -> str:
        return self._equal(self._looked_up(self._cells, codes, -1), n_codes)

    def _equal(self, place: str, n_places: int) -> str:
        """Return 1 at a place, 0 at the others."""
        is_there = self._node("Equal", place, self._constant(np.arange(n_places)))
        return self._node("Cast", is_there, to=TensorProto.FLOAT)

    def _looked_up(
        self, strings: str, values: Mapping[str, float], other: float
    ) -> str:
        """Return the values of strings: floats, or integers if `other` is one."""
        kind = "int64" if isinstance(other, int) else "float"
        number = int if isinstance(other, int) else float
        values = dict(values) or {"": other}  # The operator needs a key.
        return self._node(
            "LabelEncoder",
            strings,
            keys_strings=[*values],
            **{f"values_{kind}s": [number(one) for one in values.values()]},
            **{f"default_{kind}": other},
            **_ML,
        )

    def _tokens(self, expression: str, pad: str, example: str) -> str:
        """Split each cell into as many tokens as the longest one, or the example has.

        Without the example nothing would be left of cells that are all empty.
        """
        given = self._constant([[example]])
        longer = self._node("Concat", self._cells, given, axis=0)
        tokens = self._node(
            "Tokenizer",
            longer,
            tokenexp=expression,
            pad_value=pad,
            mark=0,
            mincharnum=1,
            **_RUNTIME,
        )
        bounds = (self._constant([value]) for value in (0, -1, 0))
        return self._node("Slice", tokens, *bounds)

    def _date(self, column: DateColumn) -> list[str]:
        fields = self._fields(column.written_as or ISO)
        year, month, day = fields["Y"], fields["m"], fields["d"]
        days = self._days(year, month, day)
        one = self._constant([1.0])
        new_year = self._days(year, one, one)
        weekday = self._remainder(self._node("Add", days, self._constant([3.0])), 7.0)
        of_year = self._node("Add", self._node("Sub", days, new_year), one)
        found = [days, year, month, day, weekday, of_year]
        turns = [self._times(of_year, 2 * np.pi / CYCLES["year"])]
        if column.has_time:
            seconds = self._seconds(fields)
            found.append(seconds)
            turns.append(self._times(seconds, 2 * np.pi / CYCLES["day"]))
        if column.cyclic:
            found += [self._node(wave, x) for wave in ("Sin", "Cos") for x in turns]
        return found

    def _fields(self, written: str) -> dict[str, str]:
        """Return the parts of a date by their directive, each a column of numbers.

        They are NaN where a date is missing.
        """
        directives = self._directives(written)
        example = " ".join("1" * len(directives))
        tokens = self._tokens(_PARTS, "nan", example)
        fields = {}
        for place, directive in enumerate(directives):
            if not directive or directive in _LEFT_OUT:
                continue
            token = self._node("Gather", tokens, self._constant([place]), axis=2)
            token = self._node("Reshape", token, self._constant([-1, 1]))
            fields[directive] = self._read(directive, token)
        for name in ("b", "B"):
            if name in fields:
                fields["m"] = fields[name]
        if "y" in fields:
            fields["Y"] = self._node("Add", fields["y"], self._century(fields["y"]))
        if "I" in fields:
            hour = self._remainder(fields["I"], 12.0)
            fields["H"] = self._node("Add", hour, fields["p"])
        return fields

    def _directives(self, written: str) -> list[str]:
        """Return the directive of each token; "" where it is a word between them."""
        matches = [*_DIRECTIVE.finditer(written)]
        found = [match.group(1) or "" for match in matches]
        unknown = {*found} - {"", *_DIGITS, *_NAMES, *_LEFT_OUT}
        is_whole = all(
            any(one in found for one in names) for names in ("Yy", "mbB", "d")
        )
        is_half = "I" in found and "p" not in found
        if unknown or not is_whole or is_half or _touch(matches):
            raise self._refusal(
                f"holds dates like {written}, which the ONNX runtime cannot split: "
                "write them like %Y-%m-%d"
            )
        return found

    def _read(self, directive: str, token: str) -> str:
        if directive in _DIGITS:
            return self._node("Cast", token, to=TensorProto.FLOAT)
        if directive == "p":
            return self._looked_up(token, _NOON, float("nan"))
        names = month_abbr if directive == "b" else month_name
        months = {
            way(name): float(number)
            for number, name in enumerate(names)
            for way in (str, str.lower, str.upper)
            if name
        }
        return self._looked_up(token, months, float("nan"))

    def _century(self, year: str) -> str:
        """Return what is added to years of two digits, as POSIX has it."""
        is_before = self._node("Less", year, self._constant([68.5]))
        is_2000 = self._node("Cast", is_before, to=TensorProto.FLOAT)
        return self._node("Add", self._times(is_2000, 100.0), self._constant([1900.0]))

    def _days(self, year: str, month: str, day: str) -> str:
        """Return the days since 1970 (years begin in March, so leap days end them)."""
        is_early = self._node("Less", month, self._constant([2.5]))
        is_early = self._node("Cast", is_early, to=TensorProto.FLOAT)
        year = self._node("Sub", year, is_early)
        month = self._node("Add", month, self._times(is_early, 12.0))
        # The months since March have 153 days in five.
        of_year = self._node("Add", self._times(month, 153.0), self._constant([-457.0]))
        of_year = self._floor(of_year, 5.0)
        days = self._node("Add", self._times(year, 365.0), of_year)
        for sign, length in ((1, 4.0), (-1, 100.0), (1, 400.0)):
            leaps = self._floor(year, length)
            days = self._node("Add" if sign > 0 else "Sub", days, leaps)
        days = self._node("Add", days, day)
        return self._node("Add", days, self._constant([-719469.0]))

    def _seconds(self, fields: Mapping[str, str]) -> str:
        """Return the seconds since midnight."""
        seconds = self._times(fields["H"], 3600.0)
        for directive, length in (("M", 60.0), ("S", 1.0)):
            if directive in fields:
                part = self._times(fields[directive], length)
                seconds = self._node("Add", seconds, part)
        return seconds

    def _times(self, number: str, factor: float) -> str:
        return self._node("Mul", number, self._constant([factor]))

    def _floor(self, number: str, divisor: float) -> str:
        ratio = self._node("Div", number, self._constant([divisor]))
        return self._node("Floor", ratio)

    def _remainder(self, number: str, divisor: float) -> str:
        whole = self._times(self._floor(number, divisor), divisor)
        return self._node("Sub", number, whole)

    def _node(self, op_type: str, *inputs: str, **attributes: Any) -> str:
        return self._graph.node(op_type, *inputs, **attributes)

    def _constant(self, values: Any) -> str:
        return self._graph.constant(values)

    def _refusal(self, reason: str) -> UnreadablePartError:
        return UnreadablePartError(
            self._encoder, f"the column {self._column.name!r} {reason}"
        )
