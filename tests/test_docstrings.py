"""Every public name has a docstring from which it can be used without its source."""

import ast
import dataclasses
import inspect
import re

import pytest

from skdistill.refine import PruningPath, RefinementPath
from skdistill.teachers import SignalStep
from tests.test_public_api import default_in, documented, parse, signature
from tests.test_site import SHOWN, shown_object

OBJECTS = {name: shown_object(name) for name in SHOWN}
FUNCTIONS = [name for name, one in OBJECTS.items() if inspect.isroutine(one)]
# What a warning is for shows where it is given.
CLASSES = [
    name
    for name, one in OBJECTS.items()
    if inspect.isclass(one) and not issubclass(one, Warning)
]
ROUTINES = {name: OBJECTS[name] for name in FUNCTIONS} | {
    f"{name}.{method}": one
    for name in CLASSES
    for method, one in inspect.getmembers(OBJECTS[name], inspect.isfunction)
    if method[0] != "_" and one.__module__.startswith("skdistill")
}


def has_section(public, title):
    return f"\n{title}\n{'-' * len(title)}\n" in inspect.getdoc(public)


def raises(function):
    """Return whether the body itself raises an error that is for the user."""
    source = inspect.getsource(function)
    tree = ast.parse(f"if True:\n{source}" if source[0] == " " else source)
    return any(
        isinstance(node, ast.Raise)
        and node.exc is not None
        and "NotImplementedError" not in ast.unparse(node.exc)
        for node in ast.walk(tree)
    )


def is_handed_out(cls):
    """Return whether users get such objects and make none: these say what they hold."""
    is_record = dataclasses.is_dataclass(cls) or hasattr(cls, "_fields")
    made_by_functions = is_record or cls in (PruningPath, RefinementPath, SignalStep)
    return made_by_functions and not has_section(cls, "Parameters")


HANDED_OUT = [name for name in CLASSES if is_handed_out(OBJECTS[name])]


@pytest.mark.parametrize("name", sorted({*FUNCTIONS, *CLASSES} - {*HANDED_OUT}))
def test_parameters_are_those_of_the_signature_with_their_defaults(name):
    parameters = {
        key: parameter
        for key, parameter in signature(OBJECTS[name]).items()
        if parameter.kind is not parameter.VAR_KEYWORD
    }
    entries = documented(OBJECTS[name], "Parameters") if parameters else []
    assert [entry.name for entry in entries] == [*parameters]
    for entry in entries:
        default, said = parameters[entry.name].default, default_in(entry.kind)
        # A default may be any expression in the signature; its repr tells 1 from 1.0.
        if default is inspect.Parameter.empty:
            assert said == [], entry.name
        elif callable(default):
            assert said[0].split(".")[-1] == default.__name__, entry.name
        else:
            assert repr(parse(said[0])) == repr(default), entry.name


@pytest.mark.parametrize("name", [*FUNCTIONS, *CLASSES])
def test_arrays_are_given_with_their_shapes(name):
    for section in ("Parameters", "Attributes", "Returns"):
        if not has_section(OBJECTS[name], section):
            continue
        for entry in documented(OBJECTS[name], section):
            if re.search(r"array|DataFrame", entry.kind):
                said = f"{entry.kind}\n{entry.description}"
                assert re.search("shape", said), entry.name


@pytest.mark.parametrize("name", HANDED_OUT)
def test_what_is_handed_out_says_what_it_holds(name):
    cls = OBJECTS[name]
    fields = (
        {field.name for field in dataclasses.fields(cls)}
        if (dataclasses.is_dataclass(cls))
        else {*getattr(cls, "_fields", ())}
    )
    heads = re.findall(r"(?m)^(\w+(?:, \w+)*) : ", inspect.getdoc(cls))
    assert fields <= {name for head in heads for name in head.split(", ")}


@pytest.mark.parametrize("name", [*FUNCTIONS, *CLASSES])
def test_there_is_an_example(name):
    assert ">>> " in inspect.getdoc(OBJECTS[name])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_returned_is_described(name):
    returns = inspect.signature(OBJECTS[name]).return_annotation
    if returns not in (None, "None"):
        assert any(has_section(OBJECTS[name], one) for one in ("Returns", "Yields"))


@pytest.mark.parametrize("name", [n for n, one in ROUTINES.items() if raises(one)])
def test_errors_are_documented(name):
    assert has_section(ROUTINES[name], "Raises")
