"""Each part of a model as a C function."""

from collections.abc import Sequence
from functools import singledispatch

from skdistill.export._c_source import CSource, number
from skdistill.export._c_trees import write_trees
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

__all__ = ["write_parts"]

# What a link makes of a value v, where each output has one input.
_LINKS = {
    "relu": "{v} < 0 ? 0 : {v}",  # Also where it is not a number.
    "tanh": "tanh{f}({v})",
    "logistic": "1 / (1 + exp{f}(-{v}))",
    "exp": "exp{f}({v})",
    "expm1": "expm1{f}({v})",
}
_SOFTMAX = """\
{real} largest = x[0], sum = 0;
for (int i = 1; i < {n}; i++)
    largest = x[i] > largest ? x[i] : largest;
for (int i = 0; i < {n}; i++)
    sum += y[i] = exp{f}(x[i] - largest);
for (int i = 0; i < {n}; i++)
    y[i] /= sum;"""
_DENSE = """\
for (int i = 0; i < {n_outputs}; i++) {{
    {real} sum = 0;
    for (int j = 0; j < {n}; j++)
        sum += {weights}[i * {n} + j] * x[j];
    y[i] = sum + {bias}[i];
}}"""


def write_parts(source: CSource, parts: Sequence[Part], n_inputs: int) -> str:
    """Write parts that are computed one after the other.

    Parameters
    ----------
    source : CSource
        Where they are written to.
    parts : sequence of Part
        At least one.
    n_inputs : int
        The number of values that the first part gets.

    Returns
    -------
    function : str
        The name of the C function that computes them all.
    """
    names, counts = [], [n_inputs]
    for part in parts:
        names.append(source.function(_body(part, source, counts[-1])))
        counts.append(part.count_outputs(counts[-1]))
    if len(names) == 1:
        return names[0]
    inner = [f"v{index}" for index in range(len(names) - 1)]
    lines = [
        f"{source.real} {v}[{n}];" for v, n in zip(inner, counts[1:-1], strict=True)
    ]
    ends = zip(names, ["x", *inner], [*inner, "y"], strict=True)
    lines += [f"{name}({start}, {end});" for name, start, end in ends]
    return source.function("\n".join(lines))


def _each(n_values: int, value: str) -> str:
    return f"for (int i = 0; i < {n_values}; i++)\n    y[i] = {value};"


@singledispatch
def _body(part: Part, source: CSource, n_inputs: int) -> str:
    """Return the statements that compute y, the outputs of a part, from x."""
    raise NotImplementedError


@_body.register
def _(part: Columns, source: CSource, n_inputs: int) -> str:
    return _each(len(part.indices), f"x[{source.array(part.indices)}[i]]")


@_body.register
def _(part: Filled, source: CSource, n_inputs: int) -> str:
    values = source.array(part.values, source.real)
    return _each(n_inputs, f"x[i] != x[i] ? {values}[i] : x[i]")


@_body.register
def _(part: Standardised, source: CSource, n_inputs: int) -> str:
    centre, scale = (
        source.array(one, source.real) for one in (part.centre, part.scale)
    )
    return _each(n_inputs, f"(x[i] - {centre}[i]) / {scale}[i]")


@_body.register
def _(part: Stretched, source: CSource, n_inputs: int) -> str:
    factor, offset = (
        source.array(one, source.real) for one in (part.factor, part.offset)
    )
    return _each(n_inputs, f"x[i] * {factor}[i] + {offset}[i]")


@_body.register
def _(part: Clipped, source: CSource, n_inputs: int) -> str:
    low, high = number(part.low, source.real), number(part.high, source.real)
    above = f"x[i] > {high} ? {high} : x[i]"
    return _each(n_inputs, f"x[i] < {low} ? {low} : {above}")


@_body.register
def _(part: Dense, source: CSource, n_inputs: int) -> str:
    weights = source.array(part.weights, source.real)
    bias = source.array(part.bias, source.real)
    return _DENSE.format(
        real=source.real,
        n=n_inputs,
        n_outputs=len(part.bias),
        weights=weights,
        bias=bias,
    )


@_body.register
def _(part: Link, source: CSource, n_inputs: int) -> str:
    if part.name == "complement":
        return "y[0] = 1 - x[0];\ny[1] = x[0];"
    if part.name == "softmax":
        return _SOFTMAX.format(real=source.real, n=n_inputs, f=source.suffix)
    return _each(n_inputs, _LINKS[part.name].format(f=source.suffix, v="x[i]"))


@_body.register
def _(part: Beside, source: CSource, n_inputs: int) -> str:
    lines, start = [], 0
    for parts in part.members:
        lines.append(f"{write_parts(source, parts, n_inputs)}(x, y + {start});")
        start += Beside((parts,)).count_outputs(n_inputs)
    return "\n".join(lines)


@_body.register
def _(part: Ensemble, source: CSource, n_inputs: int) -> str:
    return write_trees(source, part, n_inputs)
