"""The public classes are what their documentation says, and importing them is cheap."""

import ast
import importlib.metadata
import inspect
import re
import subprocess
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier, DummyRegressor

import skdistill
from skdistill import (
    DistilledClassifier,
    DistilledClassifierCV,
    DistilledRegressor,
    DistilledRegressorCV,
    refine,
    transfer,
)

ROOT = Path(__file__).parents[1]


def estimators(module) -> list[type[BaseEstimator]]:
    """Return the public classes of `module` that are estimators."""
    public = [getattr(module, name) for name in module.__all__]
    return [
        cls for cls in public if inspect.isclass(cls) and issubclass(cls, BaseEstimator)
    ]


SAMPLERS = estimators(transfer)
ESTIMATORS = [*estimators(skdistill), *SAMPLERS, *estimators(refine)]

# What these parameters are differs between regression and classification. All other
# parameters that both classes have read the same.
DIFFERENT_BY_TASK = {"teacher", "student", "temperature", "cross_fit", "cv"}

HEAVY = {"lightgbm", "matplotlib", "pandas", "xgboost"}


@dataclass(frozen=True)
class Entry:
    """One documented name: "name : kind", and the description below it."""

    name: str
    kind: str
    description: str


def documented(cls: type, section: str) -> list[Entry]:
    """Return the entries of a section of the numpydoc docstring of `cls`."""
    lines = inspect.cleandoc(cls.__doc__).splitlines()
    starts = [
        number
        for number, line in enumerate(lines[1:])
        if line and line == "-" * len(lines[number])
    ]
    (body,) = [
        lines[start + 2 : end]
        for start, end in pairwise([*starts, len(lines)])
        if lines[start] == section
    ]
    heads = [i for i, line in enumerate(body) if re.match(r"\w+ : ", line)]
    return [
        Entry(*body[head].split(" : ", 1), "\n".join(body[head + 1 : end]).rstrip())
        for head, end in pairwise([*heads, len(body)])
    ]


def signature(cls: type) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(cls).parameters)


def default_in(kind: str) -> list[str]:
    """Return the defaults written in a "type, default=VALUE"."""
    return re.findall(r", default=(.+)$", kind)


@pytest.fixture(scope="module")
def fitted():
    """The estimators, fitted on a table with column names."""
    X = pd.DataFrame({"a": range(20), "b": range(20)})
    models = [
        cls(DummyRegressor(), DummyRegressor()).fit(X, X["a"])
        for cls in (DistilledRegressor, DistilledRegressorCV)
    ]
    models += [
        cls(DummyClassifier(), DummyClassifier()).fit(X, X["a"] % 2)
        for cls in (DistilledClassifier, DistilledClassifierCV)
    ]
    models += [cls().fit(X) for cls in SAMPLERS]
    return {type(model): model for model in models}


def test_both_estimators_are_public():
    assert {DistilledClassifier, DistilledRegressor} <= set(ESTIMATORS)


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_every_parameter_is_documented_once(cls):
    names = Counter(entry.name for entry in documented(cls, "Parameters"))
    assert names == Counter(list(signature(cls)))


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_parameters_are_documented_in_the_order_of_the_signature(cls):
    assert [entry.name for entry in documented(cls, "Parameters")] == [*signature(cls)]


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_documented_defaults_are_those_of_the_signature(cls):
    # A default may be any expression in the signature; its repr tells 1 from 1.0.
    in_docs = {
        entry.name: [repr(ast.literal_eval(text)) for text in default_in(entry.kind)]
        for entry in documented(cls, "Parameters")
    }
    in_signature = {
        name: [] if parameter.default is parameter.empty else [repr(parameter.default)]
        for name, parameter in signature(cls).items()
    }
    assert in_docs == in_signature


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_every_parameter_is_validated(cls):
    assert [*cls._parameter_constraints] == [*signature(cls)]


@pytest.mark.parametrize(
    "name",
    sorted(
        signature(DistilledRegressor).keys() & signature(DistilledClassifier).keys()
    ),
)
def test_shared_parameters_read_the_same(name):
    regressor, classifier = (
        {entry.name: entry for entry in documented(cls, "Parameters")}[name]
        for cls in (DistilledRegressor, DistilledClassifier)
    )
    assert regressor.kind == classifier.kind
    same = regressor.description == classifier.description
    assert same == (name not in DIFFERENT_BY_TASK), (
        f"{regressor.description}\n{classifier.description}"
    )


@pytest.mark.parametrize("name", ["categorical_features", "random_state"])
def test_samplers_parameters_read_the_same(name):
    entries = [
        {entry.name: entry for entry in documented(cls, "Parameters")}[name]
        for cls in SAMPLERS
    ]
    assert entries == [entries[0]] * len(SAMPLERS)


@pytest.mark.parametrize("cls", [cls for cls in ESTIMATORS if hasattr(cls, "fit")])
def test_documented_attributes_are_those_after_fit(cls, fitted):
    public = {
        name for name in dir(fitted[cls]) if name.endswith("_") and name[0] != "_"
    }
    assert [e.name for e in documented(cls, "Attributes") if not e.description] == []
    assert {entry.name for entry in documented(cls, "Attributes")} == public


def run_python(code: str, folder: Path) -> list[str]:
    """Return the words that `code` prints when run in a new process in `folder`."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, stdout=subprocess.PIPE, check=True
    )
    return done.stdout.decode().split()


def test_import_loads_no_heavy_library(tmp_path):
    # scikit-learn itself loads pandas where it is installed; that is not ours.
    code = f"""if True:
        import sys, sklearn
        before = set(sys.modules)
        import skdistill
        print(*{HEAVY} & (set(sys.modules) - before))
    """
    assert run_python(code, tmp_path) == []


def test_import_needs_no_heavy_library(tmp_path):
    code = f"""if True:
        import sys
        sys.modules |= dict.fromkeys({HEAVY})  # importing them raises ImportError
        import skdistill
        print(skdistill.__version__)
    """
    assert run_python(code, tmp_path) == [skdistill.__version__]


def test_installed_version_is_that_of_the_package():
    assert importlib.metadata.version("skdistill") == skdistill.__version__


def test_version_is_written_in_one_file():
    with (ROOT / "pyproject.toml").open("rb") as file:
        pyproject = tomllib.load(file)
    assert "version" not in pyproject["project"]
    assert pyproject["tool"]["hatch"]["version"]["path"] == "skdistill/_version.py"
    written = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "skdistill").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value == skdistill.__version__
    }
    assert written == {"skdistill/_version.py"}
