"""One registry of adapters, and no library's name outside of its own."""

import ast
import re
import subprocess
import sys

import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.cross_decomposition import PLSRegression
from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor, ExtraTreeRegressor
from xgboost import XGBClassifier, XGBRanker, XGBRFClassifier

from skdistill.students import (
    StudentAdapter,
    find_adapter,
    register,
    registered_names,
)
from tests.test_layers import PACKAGE, read_package, write  # noqa: F401

LIBRARIES = ("catboost", "lightgbm", "xgboost")


def library_names_outside_adapters(folder):
    """Find names of libraries outside their adapter, the exporter and the command.

    Identifiers and string constants count, docstrings and comments do not.
    """
    found = []
    for module in read_package(folder).values():
        path = module.path.relative_to(folder).as_posix()
        if path == "students/__init__.py" or module.unit in ("cli", "export"):
            continue
        for line, text in _names_and_strings(module.tree):
            found += [
                module.at(line, f"{library} is named outside of its adapter")
                for library in LIBRARIES
                if library in text.lower()
                and not re.fullmatch(rf"students/_{library}(_\w+)?\.py", path)
            ]
    return found


def _names_and_strings(tree):
    """Yield line and text of each identifier and string that is no docstring."""
    docstrings = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            if isinstance(node.value, str) and id(node) not in docstrings:
                yield node.lineno, node.value
            continue
        for name in ("id", "attr", "arg", "name", "module", "asname"):
            if isinstance(text := getattr(node, name, None), str):
                yield node.lineno, text


def test_a_library_is_named_in_its_adapter_alone():
    found = library_names_outside_adapters(PACKAGE)
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    "statement",
    [
        "import xgboost",
        "import xgboost.sklearn",
        "from lightgbm import Booster",
        "from other import lightgbm",
        "import numpy as catboost",
        "fit_xgboost = 1",
        "part.is_xgboost",
        "def f(lightgbm): pass",
        "def fit_lightgbm(): pass",
        "class CatBoostAdapter: pass",
        "f(xgboost=1)",
        "name = 'xgboost.sklearn.XGBClassifier'",
        "message = f'LightGBM takes {n}'",
    ],
)
@pytest.mark.parametrize("path", ["refine/_path.py", "students/_trees.py"])
def test_a_name_of_a_library_is_found(write, statement, path):  # noqa: F811
    assert len(library_names_outside_adapters(write({path: statement}))) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("students/_xgboost.py", "import xgboost"),
        ("students/_xgboost_blocks.py", "import xgboost"),
        ("students/__init__.py", "from skdistill.students import _xgboost"),
        ("export/_trees.py", "import lightgbm"),
        ("cli/_parts.py", "name = 'xgboost'"),
        ("refine/_path.py", '"""Refine XGBoost."""\n# LightGBM too.'),
        ("refine/_path.py", 'def f():\n    """Refine XGBoost."""'),
    ],
)
def test_a_name_of_a_library_is_allowed_where_it_belongs(write, path, source):  # noqa: F811
    assert not library_names_outside_adapters(write({path: source}))


def test_another_librarys_adapter_is_no_place_for_it(write):  # noqa: F811
    folder = write({"students/_lightgbm.py": "import xgboost"})
    assert len(library_names_outside_adapters(folder)) == 1


class Student(RegressorMixin, BaseEstimator):
    """A student of someone else."""

    def fit(self, X, y):
        return self


def test_subclasses_inherit_and_a_later_call_replaces():
    class Child(Student):
        pass

    first, second, own = StudentAdapter(), StudentAdapter(), StudentAdapter()
    register(Student, first)
    assert find_adapter(Child()) is find_adapter(Student()) is first
    register(f"{Student.__module__}.Student", second)
    assert find_adapter(Child()) is second
    register(Child, own)
    assert (find_adapter(Child()), find_adapter(Student())) == (own, second)


def test_of_a_pipeline_the_last_step_counts():
    tree = DecisionTreeRegressor()
    pipeline = make_pipeline(StandardScaler(), make_pipeline(StandardScaler(), tree))
    assert find_adapter(pipeline) is find_adapter(tree)


def test_what_is_not_registered_has_the_defaults():
    adapter = find_adapter(PLSRegression())
    assert type(adapter) is StudentAdapter
    assert adapter.leaves is None
    assert not adapter.trains_natively


def test_classes_of_a_family_have_its_adapter():
    assert find_adapter(XGBRFClassifier()) is find_adapter(XGBClassifier())
    assert find_adapter(XGBRanker()).leaves is None
    assert find_adapter(XGBRanker()).needs_codes
    assert find_adapter(ExtraTreeRegressor()).is_single_tree
    assert not find_adapter(ExtraTreesClassifier()).is_single_tree
    assert not find_adapter(GradientBoostingRegressor()).is_single_tree


def test_names_are_listed_for_errors():
    known = registered_names(lambda adapter: adapter.tempers_student)
    assert known[:2] == ["LGBMClassifier", "XGBClassifier"]


def test_registering_imports_no_library():
    code = "import sys, skdistill.students; print(sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    assert not {"xgboost", "lightgbm"} & set(ast.literal_eval(done.stdout))
