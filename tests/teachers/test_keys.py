"""The key of teacher work changes with what it depends on, and with nothing else."""

import functools
import importlib
import subprocess
import sys
import textwrap
import types
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestRegressor, StackingRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skdistill.teachers._keys import NoKeyError, key_of

ROOT = Path(__file__).parents[2]


def run(source, **names):
    """Return the last name that a script binds, run as a module of its own."""
    module = types.ModuleType("of_a_user")
    module.__dict__.update(names)
    exec(textwrap.dedent(source), module.__dict__)
    return [*module.__dict__.values()][-1]


CLASS = """
    class Teacher(Base):
        rate = 1
        def fit(self, X, y, power=2):
            self.scale_ = helper(X) ** power
            return self
        @property
        def doubled(self):
            return 2
        @functools.cached_property
        def tripled(self):
            return 3
        @staticmethod
        def halved(x):
            return [v / 2 for v in x]
"""
HELPER = "def helper(X): return X.sum() + OFFSET"
CHANGES = {
    "a constant": ("** power", "** -power"),
    "a default": ("power=2", "power=3"),
    "an attribute": ("rate = 1", "rate = 2"),
    "a property": ("return 2", "return 4"),
    "a cached property": ("return 3", "return 4"),
    "an inner function": ("v / 2", "v / 4"),
    "the name of a method": ("halved", "quartered"),
}


def teacher(source=CLASS, helper=HELPER, offset=0, base=BaseEstimator):
    names = {"OFFSET": offset}
    exec(helper, names)
    names["helper"].__module__ = "of_a_user"
    return run(source, Base=base, helper=names["helper"], functools=functools)()


def test_equal_code_has_one_key_wherever_it_stands():
    moved = "\n\n    # A remark.\n" + CLASS
    assert key_of(teacher()) == key_of(teacher(moved)) == key_of(teacher())


@pytest.mark.parametrize("name", CHANGES)
def test_an_edited_class_is_another(name):
    assert key_of(teacher()) != key_of(teacher(CLASS.replace(*CHANGES[name])))


def test_what_a_class_names_is_a_part_of_it():
    class Base(BaseEstimator):
        depth = 1

    class Deeper(BaseEstimator):
        depth = 2

    Deeper.__name__ = Deeper.__qualname__ = "Base"
    keys = [
        key_of(teacher()),
        key_of(teacher(helper=HELPER.replace("sum", "max"))),
        key_of(teacher(offset=1)),
        key_of(teacher(base=Base)),
        key_of(teacher(base=Deeper)),
    ]
    assert len({*keys}) == 5


def power(n):
    return lambda X: X**n


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (lambda X: X + 1, lambda X: X + 2),
        (power(2), power(3)),
        (functools.partial(power, 2), functools.partial(power, 3)),
        (functools.cache(power(2)), functools.cache(power(3))),
        (lambda X, n=1: X, lambda X, n=2: X),
        (np.log1p, np.log),
    ],
)
def test_functions_are_told_apart_by_what_they_do(one, other):
    steps = [make_pipeline(FunctionTransformer(f), Ridge()) for f in (one, other)]
    assert key_of(steps[0]) != key_of(steps[1])
    assert key_of(steps[0]) == key_of(steps[0])
    assert key_of(power(2)) == key_of(power(2))


def test_what_scikit_learn_adds_to_a_class_does_not_count():
    source = CLASS.replace("X, y, power", "X, y, sample_weight=None, power")
    model = teacher(source)
    before = key_of(model)
    kind = type(model)
    assert "set_fit_request" in vars(kind)
    del kind.set_fit_request
    assert key_of(model) == before
    kind.set_fit_request = power(2)
    assert key_of(model) != before


def test_code_that_names_itself_has_a_key():
    source = """
        class Node:
            def grow(self):
                return [Node(), again(self)]
        def again(node):
            return node.grow()
        root = Node()
    """
    assert key_of(run(source)) == key_of(run(source))
    assert key_of(run(source)) != key_of(run(source.replace("grow()", "grow")))


@pytest.mark.parametrize(
    "holder",
    [
        lambda part: StackingRegressor([("a", part)]),
        lambda part: make_pipeline(part),
        lambda part: FrozenEstimator(part),
        lambda part: None,
    ],
)
def test_the_version_of_every_library_inside_counts(holder, monkeypatch):
    xgboost = pytest.importorskip("xgboost")
    held = holder(make_pipeline(xgboost.XGBRegressor(), "passthrough"))
    libraries = [sklearn] if held is None else [sklearn, xgboost]
    for library in libraries:
        before = key_of(held)
        monkeypatch.setattr(library, "__version__", "0")
        assert key_of(held) != before
    before = key_of(RandomForestRegressor())
    monkeypatch.setattr(xgboost, "__version__", "1")
    assert key_of(RandomForestRegressor()) == before


def frame(column, **params):
    return pd.DataFrame({"a": column}, **params)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (frame([1, 2], dtype=object), frame(["1", "2"], dtype=object)),
        (frame([1, 2.0], dtype=object), frame([1, 2], dtype=object)),
        (frame([None, "a"], dtype=object), frame([np.nan, "a"], dtype=object)),
        (frame([True, "a"], dtype=object), frame(["True", "a"], dtype=object)),
        (frame(["a", b"b"], dtype=object), frame(["a", "b"], dtype=object)),
        (pd.DataFrame({1: [0]}), pd.DataFrame({"1": [0]})),
        (pd.DataFrame({"a": [0], "b": [1]}), pd.DataFrame({"b": [0], "a": [1]})),
        (frame(pd.Categorical(["a"], ["a", "b"])), frame(pd.Categorical(["a"]))),
        (
            frame(pd.Categorical(["a"], ["a", "b"])),
            frame(pd.Categorical(["a"], ["b", "a"])),
        ),
        (
            frame(pd.Categorical(["a"], ordered=True)),
            frame(pd.Categorical(["a"], ordered=False)),
        ),
        (
            frame(pd.Categorical(pd.Series(["a"], dtype=object))),
            frame(pd.Categorical(pd.Series(["a"], dtype="string"))),
        ),
        (frame([0.0]), frame([-0.0])),
        (pd.Series([1.0]), frame([1.0])),
        (frame([[1], [2]]), frame([[1], [3]])),
        (np.array([1, 2], object), np.array(["1", "2"], object)),
        (
            np.ma.array([1.0, 2.0], mask=[0, 1]),
            np.ma.array([1.0, 2.0], mask=[1, 0]),
        ),
    ],
)
def test_data_are_told_apart_by_contents_and_types(one, other):
    assert key_of(one) != key_of(other)
    assert key_of(one) == key_of(one.copy())


def test_the_layout_of_a_table_does_not_count():
    whole = pd.DataFrame(np.arange(6.0).reshape(3, 2), columns=["a", "b"])
    parts = pd.DataFrame({"a": whole["a"].copy(), "b": whole["b"].copy()})
    assert key_of(whole) == key_of(parts)


@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csc_array])
def test_what_was_asked_about_sparse_data_does_not_count(kind):
    X = kind(np.eye(3))
    before = key_of(X)
    assert X.has_sorted_indices
    assert X.has_canonical_format
    assert key_of(X) == before
    assert key_of(2 * X) != before


@pytest.mark.parametrize(
    "setting", [{"transform_output": "pandas"}, {"enable_metadata_routing": True}]
)
def test_settings_that_change_what_parts_are_given_count(setting):
    part = make_pipeline(FunctionTransformer(), Ridge())
    before = key_of(part)
    with sklearn.config_context(**setting):
        assert key_of(part) != before
    with sklearn.config_context(print_changed_only=False, working_memory=1):
        assert key_of(part) == before


IMPORTS = {
    "a dotted name": "import users.inner.mod\ndef f(): return users.inner.mod.g()",
    "a name, inside": "def f():\n    from users.inner.mod import g\n    return g()",
    "a module, inside": "def f():\n    import users.inner.mod as m\n    return m.g()",
    "a neighbour, inside": "def f():\n    from .inner import mod\n    return mod.g()",
    "another's import": "def f():\n    from users.between import h\n    return h()",
}


@pytest.mark.parametrize("source", IMPORTS.values(), ids=IMPORTS)
def test_an_edit_of_an_imported_module_counts(tmp_path, monkeypatch, source):
    keys = []
    for number, value in enumerate((1, 1, 2)):
        for name in [name for name in sys.modules if name.startswith("users")]:
            monkeypatch.delitem(sys.modules, name)
        folder = tmp_path / str(number) / "users"
        (folder / "inner").mkdir(parents=True)
        for part, text in {
            "__init__": "",
            "own": source,
            "between": "def h():\n    from .inner.mod import g\n    return g()",
            "inner/__init__": "",
            "inner/mod": f"def g(): return {value}",
        }.items():
            (folder / f"{part}.py").write_text(text)
        monkeypatch.syspath_prepend(folder.parent)
        keys.append(key_of(importlib.import_module("users.own").f))
    assert keys[0] == keys[1] != keys[2]


def test_modules_that_import_each_other_have_a_key(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "to_and_fro.py").write_text(
        "import to_and_fro\ndef f(): return to_and_fro.f(to_and_fro.to_and_fro)"
    )
    assert key_of(importlib.import_module("to_and_fro").f)


def test_an_import_that_fails_is_left_to_the_code():
    def optional(X):
        try:
            import not_there  # noqa: F401
        except ImportError:
            return X
        return None

    assert key_of(optional) == key_of(optional)


def test_what_cannot_be_told_apart_has_no_key():
    with pytest.raises(NoKeyError, match="generator"):
        key_of(row for row in "ab")


SCRIPT = """
    from sklearn.base import BaseEstimator
    from skdistill.teachers._keys import key_of

    KINDS = frozenset(["a", "b", "c", "d"])

    class Teacher(BaseEstimator):
        def fit(self, X, y):
            return X in {"a", "b", "c"} or X in KINDS

    print(key_of(Teacher(), {"a", "b"}))
"""


def test_another_process_finds_the_same_key(tmp_path):
    path = tmp_path / "script.py"
    path.write_text(textwrap.dedent(SCRIPT))
    keys = {
        subprocess.check_output(
            [sys.executable, path],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
        )
        for seed in "12"
    }
    assert len(keys) == 1
