"""A model as a C file and its header."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import Any

from numpy.typing import NDArray

from skdistill.export._c_parts import write_parts
from skdistill.export._c_source import CSource, braces, number, strings
from skdistill.export._parts import Part

__all__ = ["CModel", "write_c"]

_REAL = {"float64": "double", "float32": "float"}

_HEADER = """\
/* {title}

   A sample x holds N_FEATURES numbers:
   {features}.
   Compile the C file as C99, without -ffast-math, and link the mathematical library. */
#ifndef {upper}_H
#define {upper}_H

#define {upper}_N_FEATURES {n_features}
#define {upper}_N_OUTPUTS {n_outputs}

#ifdef __cplusplus
extern "C" {{
#endif

{functions}

#ifdef __cplusplus
}}
#endif

#endif
"""
_FILE = """\
#include <math.h>
#include <stdint.h>

#include "{header}"

{blocks}
"""
_CLASS_DECLARATIONS = """\
/* The labels, in the order of the probabilities. */
extern const {kind}{name}_classes[{upper}_N_OUTPUTS];

/* Write the probability of each class. */
void {name}_predict_proba(const {real} *x, {real} *probabilities);

/* Return the index in {name}_classes of the likeliest class, or -1 if there is none. */
int {name}_predict(const {real} *x);"""
_CLASS_DEFINITIONS = """\
const {kind}{name}_classes[{upper}_N_OUTPUTS] = {labels};

void {name}_predict_proba(const {real} *x, {real} *probabilities)
{{
    {function}(x, probabilities);
}}

int {name}_predict(const {real} *x)
{{
    {real} p[{upper}_N_OUTPUTS];
    int best = 0;
    {function}(x, p);
    for (int i = 1; i < {upper}_N_OUTPUTS; i++)
        best = p[i] > p[best] ? i : best;
    return p[best] == p[best] ? best : -1;
}}"""
_VALUE_DECLARATIONS = """\
/* Return the predicted value. */
{real} {name}_predict(const {real} *x);"""
_VALUE_DEFINITIONS = """\
{real} {name}_predict(const {real} *x)
{{
    {real} y;
    {function}(x, &y);
    return y;
}}"""
_VALUES_DECLARATIONS = """\
/* Write the predicted values. */
void {name}_predict(const {real} *x, {real} *y);"""
_VALUES_DEFINITIONS = """\
void {name}_predict(const {real} *x, {real} *y)
{{
    {function}(x, y);
}}"""


@dataclass(frozen=True)
class CModel:
    """A model as C99, which needs nothing but the standard library.

    Attributes
    ----------
    name : str
        With which all names in the files begin.
    source, header : str
        The two files. The source includes the header by `header_name`.
    header_name : str
        The name of the header's file.
    dtype : {"float64", "float32"}
        The type of inputs and outputs.
    n_features, n_outputs : int
        How many numbers go in, and come out.
    classes : ndarray of shape (n_outputs,) or None
        The labels of a classifier.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill.export import to_c
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = to_c(DecisionTreeRegressor(max_depth=3).fit(X, y), X)
    >>> model.dtype, model.n_features, model.n_outputs, model.classes
    ('float64', 10, 1, None)
    """

    name: str
    source: str
    header: str
    header_name: str
    dtype: str
    n_features: int
    n_outputs: int
    classes: NDArray | None


def write_c(
    parts: Sequence[Part],
    *,
    name: str,
    header_name: str,
    dtype: str,
    features: Sequence[str],
    title: str,
    classes: NDArray | None,
) -> CModel:
    """Write what parts compute as C.

    Parameters
    ----------
    parts : sequence of Part
        At least one.
    name : str
        With which all names in the files begin.
    header_name : str
        The name of the header's file.
    dtype : {"float64", "float32"}
        The type of inputs and outputs.
    features : sequence of str
        The names of the inputs, for the header's comment.
    title : str
        What the model is, for the header's comment.
    classes : ndarray or None
        The labels of a classifier.

    Returns
    -------
    CModel
    """
    source = CSource(name, _REAL[dtype])
    function = write_parts(source, parts, len(features))
    n_outputs = len(features)
    for part in parts:
        n_outputs = part.count_outputs(n_outputs)
    facts: dict[str, Any] = {"name": name, "upper": name.upper(), "real": source.real}
    facts |= {"function": function, "n_features": len(features)}
    facts |= {"n_outputs": n_outputs, "title": _in_comment(title)}
    facts["features"] = _in_comment(", ".join(features))
    declarations, definitions = _VALUES_DECLARATIONS, _VALUES_DEFINITIONS
    if classes is not None:
        declarations, definitions = _CLASS_DECLARATIONS, _CLASS_DEFINITIONS
        facts |= _labels(classes)
    elif n_outputs == 1:
        declarations, definitions = _VALUE_DECLARATIONS, _VALUE_DEFINITIONS
    blocks = "\n\n".join([*source.blocks, definitions.format(**facts)])
    return CModel(
        name=name,
        source=_FILE.format(header=header_name, blocks=blocks),
        header=_HEADER.format(functions=declarations.format(**facts), **facts),
        header_name=header_name,
        dtype=dtype,
        n_features=len(features),
        n_outputs=n_outputs,
        classes=classes,
    )


def _labels(classes: NDArray) -> dict[str, str]:
    """Return the C type of labels, and their array."""
    if classes.dtype.kind in "iub":
        kind, items = "long long ", [f"{int(label)}LL" for label in classes]
    elif classes.dtype.kind == "f":
        kind, items = "double ", [number(label, "double") for label in classes]
    else:
        kind, items = "char *const ", strings(map(str, classes))
    return {"kind": kind, "labels": braces(items)}


def _in_comment(text: str) -> str:
    """Return text that neither ends a comment nor begins one, in ASCII."""
    shown = text.encode("ascii", "backslashreplace").decode()
    shown = "".join(c if c.isprintable() else " " for c in shown)
    return fill(
        shown.replace("*/", "* /").replace("/*", "/ *").replace("??", "? ?"),
        78,
        subsequent_indent="   ",
    )
