"""The public classes are what their documentation says, and importing them is cheap."""

import ast
import importlib.metadata
import inspect as introspection
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import BayesianRidge

import skdistill
from skdistill import (
    BayesianDistilledClassifier,
    BayesianDistilledRegressor,
    CascadeClassifier,
    CascadeRegressor,
    CodistilledClassifier,
    CodistilledRegressor,
    DistillationReport,
    DistilledClassifier,
    DistilledClassifierCV,
    DistilledRegressor,
    DistilledRegressorCV,
    NoisyStudentClassifier,
    NoisyStudentRegressor,
    SelfDistilledClassifier,
    SelfDistilledRegressor,
    displays,
    export,
    inspect,
    metrics,
    refine,
    students,
    targets,
    transfer,
)
from skdistill.blocks import (
    BlockDistilledClassifier,
    BlockDistilledRegressor,
    ParquetBlocks,
)
from skdistill.dask import DaskDistilledClassifier, DaskDistilledRegressor
from skdistill.tables import TableEncoder
from skdistill.teachers import DistributionRegressor, in_context, in_context_recipe

ROOT = Path(__file__).parents[1]


def estimators(module) -> list[type[BaseEstimator]]:
    """Return the public classes of `module` that are estimators."""
    public = [getattr(module, name) for name in module.__all__]
    return [
        cls
        for cls in public
        if introspection.isclass(cls) and issubclass(cls, BaseEstimator)
    ]


def functions(module) -> list[Callable]:
    """Return the public functions of `module`, and the methods of its classes.

    All constructors of classes count, and of their methods those with a parameter.
    """
    found = []
    for public in (getattr(module, name) for name in module.__all__):
        found.append(public)
        if introspection.isclass(public):
            # scikit-learn makes and documents set_fit_request and the like.
            ours = re.compile(r"(?!_|set_\w+_request$)")
            methods = [
                getattr(public, name) for name in vars(public) if ours.match(name)
            ]
            found += [one for one in methods if introspection.isroutine(one)]
    return [
        one for one in found if callable(one) and "Parameters\n" in (one.__doc__ or "")
    ]


SAMPLERS = [cls for cls in estimators(transfer) if hasattr(cls, "sample")]
FUNCTIONS = [
    DistillationReport,
    DistillationReport.to_html,
    ParquetBlocks.read,
    *functions(metrics),
    *functions(inspect),
    *functions(displays),
    *functions(export),
    *functions(students),
    refine.refine_leaves,
    *functions(targets),
    in_context,
    in_context_recipe,
]
ESTIMATORS = [
    *estimators(skdistill),
    *estimators(transfer),
    *estimators(refine),
    BlockDistilledRegressor,
    BlockDistilledClassifier,
    DaskDistilledRegressor,
    DaskDistilledClassifier,
    DistributionRegressor,
    TableEncoder,
]

# What these parameters are differs between regression and classification. All other
# parameters that both classes have read the same.
DIFFERENT_BY_TASK = {"teacher", "student", "temperature", "cv"}
DIFFERENT_IN_SEARCH = DIFFERENT_BY_TASK - {"cv", "student"} | {"alphas", "scoring"}

# Parameters by which a search means its own work, not one candidate's.
OF_THE_SEARCH = {"cv", "memory", "n_jobs", "random_state", "verbose"}

DISTILLED = (DistilledRegressor, DistilledClassifier)
IN_BLOCKS = (BlockDistilledRegressor, BlockDistilledClassifier)
ON_DASK = (DaskDistilledRegressor, DaskDistilledClassifier)
SEARCHES = (DistilledRegressorCV, DistilledClassifierCV)
CASCADES = (CascadeRegressor, CascadeClassifier)
PROCEDURES = (
    (SelfDistilledRegressor, SelfDistilledClassifier),
    (NoisyStudentRegressor, NoisyStudentClassifier),
    (CodistilledRegressor, CodistilledClassifier),
)

HEAVY = {"dask", "distributed", "lightgbm", "matplotlib", "pandas", "xgboost"}


@dataclass(frozen=True)
class Entry:
    """One documented name: "name : kind", and the description below it."""

    name: str
    kind: str
    description: str


def documented(cls: type, section: str) -> list[Entry]:
    """Return the entries of a section of the numpydoc docstring of `cls`."""
    lines = introspection.cleandoc(cls.__doc__).splitlines()
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


def signature(cls: type) -> dict[str, introspection.Parameter]:
    parameters = dict(introspection.signature(cls).parameters)
    parameters.pop("self", None)
    return parameters


def default_in(kind: str) -> list[str]:
    """Return the defaults written in a "type, default=VALUE"."""
    return re.findall(r", default=(.+)$", kind)


def parse(default: str) -> object:
    """Return the value of a default that stands in a docstring."""
    return np.nan if default == "np.nan" else ast.literal_eval(default)


@pytest.fixture(scope="module")
def fitted():
    """The estimators, fitted on a table with column names."""
    X = pd.DataFrame({"a": range(20), "b": range(20)})
    models = [
        cls(DummyRegressor(), DummyRegressor()).fit(X, X["a"])
        for cls in (DistilledRegressor, DistilledRegressorCV, DaskDistilledRegressor)
    ]
    models += [
        cls(DummyClassifier(), DummyClassifier()).fit(X, X["a"] % 2)
        for cls in (DistilledClassifier, DistilledClassifierCV, DaskDistilledClassifier)
    ]
    models += [
        BlockDistilledRegressor(DummyRegressor(), DummyRegressor()).fit(X, X["a"]),
        BlockDistilledClassifier(DummyClassifier(), DummyClassifier()).fit(
            X, X["a"] % 2
        ),
        BayesianDistilledRegressor(alpha=0).fit(X, X["a"]),
        BayesianDistilledClassifier(alpha=0).fit(X, X["a"] % 2),
    ]
    folds = {"cv": 2, "deferral": DummyRegressor()}
    models += [
        CascadeRegressor(models[0], **folds).fit(X, X["a"]),
        CascadeClassifier(models[3], **folds).fit(X, X["a"] % 2),
    ]
    for regressor, classifier in PROCEDURES:
        for cls, part, y in (
            (regressor, DummyRegressor(), X["a"]),
            (classifier, DummyClassifier(), X["a"] % 2),
        ):
            model = cls(student=part, n_jobs=1)
            if hasattr(model, "teacher"):
                model.set_params(teacher=part)
            models.append(model.fit(X, y, X_unlabeled=X))
    models += [cls().fit(X) for cls in (*SAMPLERS, TableEncoder)]
    models.append(DistributionRegressor(BayesianRidge()).fit(X, X["a"]))
    models.append(TableEncoder().fit(X))
    return {type(model): model for model in models}


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda one: one.__qualname__)
def test_parameters_of_functions_are_documented_with_their_defaults(function):
    entries = {
        entry.name: default_in(entry.kind)
        for entry in documented(function, "Parameters")
    }
    parameters = {
        name: parameter.default
        for name, parameter in signature(function).items()
        if parameter.kind is not parameter.VAR_KEYWORD
    }
    assert [*entries] == [*parameters]
    for name, default in parameters.items():
        if default is introspection.Parameter.empty:
            assert entries[name] == [], name
        elif callable(default):
            assert entries[name] == [f"sklearn.metrics.{default.__name__}"], name
        else:
            assert repr(parse(entries[name][0])) == repr(default), name


def test_all_public_functions_are_found():
    names = {function.__qualname__ for function in FUNCTIONS}
    assert {*metrics.__all__, "count_values", "staged_predictions"} <= names
    assert "ParetoDisplay.from_estimators" in names
    assert {"register", "StudentAdapter.fit", "Target.of_classes"} <= names


def test_both_estimators_are_public():
    assert {DistilledClassifier, DistilledRegressor} <= set(ESTIMATORS)


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_every_parameter_is_validated(cls):
    assert [*cls._parameter_constraints] == [*signature(cls)]


def shared(*pair: type) -> list[tuple[tuple[type, ...], str]]:
    """Return the parameters that both classes have, each with the classes."""
    first, second = (signature(cls).keys() for cls in pair)
    return [(pair, name) for name in sorted(first & second)]


def entries_of(pair: tuple[type, ...], name: str) -> list[Entry]:
    """Return what is said of a parameter in each class."""
    return [
        {entry.name: entry for entry in documented(cls, "Parameters")}[name]
        for cls in pair
    ]


@pytest.mark.parametrize(
    ("pair", "name", "different"),
    [
        *((*one, DIFFERENT_BY_TASK) for one in shared(*DISTILLED)),
        *((*one, DIFFERENT_BY_TASK) for one in shared(*IN_BLOCKS)),
        *((*one, DIFFERENT_BY_TASK) for one in shared(*ON_DASK)),
        *((*one, DIFFERENT_IN_SEARCH) for one in shared(*SEARCHES)),
        *((*one, {"estimator"}) for one in shared(*CASCADES) if one[1] != "deferral"),
        *(
            (*one, DIFFERENT_BY_TASK - {"cv"})
            for pair in PROCEDURES
            for one in shared(*pair)
        ),
    ],
)
def test_shared_parameters_read_the_same(pair, name, different):
    regressor, classifier = entries_of(pair, name)
    assert regressor.kind == classifier.kind
    same = regressor.description == classifier.description
    assert same == (name not in different), (
        f"{regressor.description}\n{classifier.description}"
    )


@pytest.mark.parametrize(
    ("pair", "name"),
    [
        one
        for pair in [
            *zip(DISTILLED, SEARCHES, strict=True),
            *((DISTILLED[i], pair[i]) for pair in PROCEDURES for i in (0, 1)),
        ]
        for one in shared(*pair)
        if one[1] not in OF_THE_SEARCH | {"student"}
    ],
)
def test_a_search_says_of_the_estimators_parameters_what_the_estimator_says(pair, name):
    of_estimator, of_search = entries_of(pair, name)
    assert of_estimator == of_search


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
        import skdistill, skdistill.blocks, skdistill.dask
        import skdistill.displays, skdistill.metrics
        print(*{HEAVY} & (set(sys.modules) - before))
    """
    assert run_python(code, tmp_path) == []


def test_import_needs_no_heavy_library(tmp_path):
    code = f"""if True:
        import sys
        sys.modules |= dict.fromkeys({HEAVY})  # importing them raises ImportError
        import skdistill, skdistill.blocks, skdistill.dask
        import skdistill.displays, skdistill.metrics
        print(skdistill.__version__)
    """
    assert run_python(code, tmp_path) == [skdistill.__version__]


def test_a_report_needs_no_heavy_library_but_for_its_frame(tmp_path):
    code = f"""if True:
        import sys
        class Blocker:
            def find_spec(name, path=None, target=None):
                if name in {HEAVY}:
                    raise ImportError(name)
        sys.meta_path.insert(0, Blocker)
        from sklearn.linear_model import Ridge
        from sklearn.tree import DecisionTreeRegressor
        from skdistill import DistillationReport, DistilledRegressor
        X, y = [[i] for i in range(40)], [float(i) for i in range(40)]
        model = DistilledRegressor(Ridge(), DecisionTreeRegressor()).fit(X, y)
        report = DistillationReport(model, X, y, train=(X, y), n_timings=1)
        print("<svg" in report.to_html(), repr(report).split()[0])
        try:
            report.frame()
        except ImportError:
            print("no frame")
    """
    assert run_python(code, tmp_path) == ["True", "Distillation", "no", "frame"]


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
