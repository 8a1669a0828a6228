"""Each part of a model as steps of an SQL statement."""

from collections.abc import Sequence
from functools import singledispatch

from skdistill.export._ensembles import Ensemble
from skdistill.export._parts import (
    Beside,
    Clipped,
    Columns,
    Dense,
    Filled,
    Link,
    Part,
    Standardised,
    Stretched,
)
from skdistill.export._sql_source import SqlSource, number, summed
from skdistill.export._sql_trees import tree_sums

__all__ = ["write_parts"]


def _exp(v: str) -> str:
    """Return the exponential of an expression, within what doubles hold.

    In PostgreSQL a value that overflows or underflows is an error.
    """
    return f"EXP(CASE WHEN {v} > 7e2 THEN 7e2 WHEN {v} < -7e2 THEN -7e2 ELSE {v} END)"


# What a link makes of a value v, where each output has one input.
_LINKS = {
    "relu": "CASE WHEN {v} < 0 THEN 0e0 ELSE {v} END",
    "tanh": f"1e0 - 2e0 / ({_exp('2e0 * {v}')} + 1e0)",
    "logistic": f"1e0 / (1e0 + {_exp('-{v}')})",
    "exp": _exp("{v}"),
    "expm1": f"{_exp('{v}')} - 1e0",
}


def write_parts(
    source: SqlSource,
    parts: Sequence[Part],
    inputs: Sequence[str],
    carried: Sequence[str] = (),
    *,
    read_often: bool,
) -> list[str]:
    """Write parts that are computed one after the other.

    Parameters
    ----------
    source : SqlSource
        Where they are written to.
    parts : sequence of Part
        At least one.
    inputs : sequence of str
        The names of the values that the first part gets.
    carried : sequence of str
        Further names that are passed on.
    read_often : bool
        Whether what follows reads the outputs more than once.

    Returns
    -------
    outputs : list of str
        Their names.
    """
    names = list(inputs)
    for part, following in zip(parts, [*parts[1:], None], strict=True):
        often = read_often if following is None else _reads_often(following)
        if isinstance(part, Beside):
            names = _write_beside(source, part, names, carried, read_often=often)
        else:
            values = _values(part, names)
            names = source.step(values, carried, read_often=often)
    return names


def _reads_often(part: Part) -> bool:
    return isinstance(part, Beside | Clipped | Dense | Ensemble | Link)


def _write_beside(
    source: SqlSource,
    part: Beside,
    inputs: list[str],
    carried: Sequence[str],
    *,
    read_often: bool,
) -> list[str]:
    """Write members one after the other; each passes on what the next ones need."""
    outputs: list[str] = []
    for place, parts in enumerate(part.members, start=1):
        needed = inputs if place < len(part.members) else []
        outputs += write_parts(
            source,
            parts,
            inputs,
            [*carried, *needed, *outputs],
            read_often=read_often,
        )
    return outputs


@singledispatch
def _values(part: Part, names: list[str]) -> list[str]:
    """Return the expressions of the outputs of a part."""
    raise NotImplementedError


@_values.register
def _(part: Columns, names: list[str]) -> list[str]:
    return [names[index] for index in part.indices]


@_values.register
def _(part: Filled, names: list[str]) -> list[str]:
    filled = zip(names, part.values, strict=True)
    return [f"COALESCE({name}, {number(value)})" for name, value in filled]


@_values.register
def _(part: Standardised, names: list[str]) -> list[str]:
    numbers = zip(names, part.centre, part.scale, strict=True)
    return [
        f"({name} - {number(centre)}) / {number(scale)}"
        for name, centre, scale in numbers
    ]


@_values.register
def _(part: Stretched, names: list[str]) -> list[str]:
    numbers = zip(names, part.factor, part.offset, strict=True)
    return [
        f"{name} * {number(factor)} + {number(offset)}"
        for name, factor, offset in numbers
    ]


@_values.register
def _(part: Clipped, names: list[str]) -> list[str]:
    low, high = number(part.low), number(part.high)
    return [
        f"CASE WHEN {name} < {low} THEN {low} WHEN {name} > {high} THEN {high} "
        f"ELSE {name} END"
        for name in names
    ]


@_values.register
def _(part: Dense, names: list[str]) -> list[str]:
    return [
        summed(
            [
                *(
                    f"{number(weight)} * {name}"
                    for weight, name in zip(row, names, strict=True)
                ),
                number(bias),
            ]
        )
        for row, bias in zip(part.weights, part.bias, strict=True)
    ]


@_values.register
def _(part: Link, names: list[str]) -> list[str]:
    if part.name == "complement":
        return [f"1e0 - {names[0]}", names[0]]
    if part.name == "softmax":
        # As 1 / sum of exp(x_j - x_i), the largest of them need not be known.
        return [
            "1e0 / ("
            + summed(
                ["1e0", *(_exp(f"{other} - {v}") for other in names if other != v)]
            )
            + ")"
            for v in names
        ]
    return [_LINKS[part.name].format(v=name) for name in names]


@_values.register
def _(part: Ensemble, names: list[str]) -> list[str]:
    return tree_sums(part, names)
