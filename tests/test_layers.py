"""The floor plan of the package: who may import whom, and what no module contains.

A rule is a function from a package's folder to the list of what breaks it there. The
first tests apply each rule to skdistill, the rest show on tiny packages that each rule
can fail, and that it leaves alone what is allowed.
"""

import ast
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "skdistill"

# A module or folder of the package imports from lower layers only, or from its own
# folder. The root, skdistill/__init__.py, is above them all.
LAYERS = (
    {"exceptions", "_optional", "_sklearn", "_typing", "_version", "_warnings"},
    {"_figures", "_fitting", "_numerics", "_parameters", "_validation"},
    {"metrics", "tables", "targets", "transfer"},
    {"students"},
    {"refine", "teachers"},
    {"flow"},
    {"distilled"},
    {"bayesian", "blocks", "inspect"},
    {"cascade", "iterative", "search"},
    {"dask", "displays", "export", "report"},
    {"checks", "cli"},
)
LAYER_OF = {unit: layer for layer, units in enumerate(LAYERS) for unit in units}
LAYER_OF[""] = len(LAYERS)

HEAVY = {"dask", "distributed", "lightgbm", "matplotlib", "pandas", "xgboost"}
MAX_FILE_LINES = 500
MAX_BODY_LINES = 50
# Of all function bodies this fraction has at most so many lines.
BODY_LINES = {0.5: 8, 0.9: 25}

# Private attributes of other libraries' objects, and the files that know them.
LIBRARY_ATTRIBUTES = {
    "_Booster": {"students/_lightgbm.py", "export/_trees.py"},
    "_baseline_prediction": {"students/_hist_boosting.py"},
    "_best_iteration": {"students/_lightgbm.py"},
    "_objective": {"students/_lightgbm.py"},
    "_parameter_constraints": {"_parameters.py"},
    "_predictors": {"students/_hist_boosting.py", "export/_trees.py"},
}
# Named tuples have no public names for these.
PUBLIC_IN_TRUTH = {"_asdict", "_fields", "_make", "_replace"}


@dataclass(frozen=True)
class Import:
    """`import base`, or `from base import name`; eager if it runs with the module."""

    base: str
    name: str
    line: int
    eager: bool


@dataclass(frozen=True)
class Module:
    """A file of the package, by its dotted name."""

    name: str
    path: Path

    @property
    def unit(self) -> str:
        """The module or folder directly below the root; the root's own is empty."""
        return self.name.partition(".")[2].partition(".")[0]

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"))

    @cached_property
    def imports(self) -> list[Import]:
        return list(self._imports())

    def at(self, line: int, message: str) -> str:
        return f"{self.path}:{line}: {message}"

    def _imports(self) -> Iterator[Import]:
        for node, eager in _walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield Import(alias.name, "", node.lineno, eager)
            elif isinstance(node, ast.ImportFrom):
                base = self._absolute("." * node.level + (node.module or ""))
                for alias in node.names:
                    yield Import(base, alias.name, node.lineno, eager)
            elif name := _named_in_call(node):
                yield Import(self._absolute(name), "", node.lineno, eager)

    def _absolute(self, name: str) -> str:
        is_package = self.path.name == "__init__.py"
        package = self.name if is_package else self.name.rpartition(".")[0]
        return resolve_name(name, package)


def _walk(node: ast.AST, eager: bool = True) -> Iterator[tuple[ast.AST, bool]]:
    """Yield every node below, and whether it runs when the module is imported."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        eager = False
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        eager = False
    for child in ast.iter_child_nodes(node):
        yield child, eager
        yield from _walk(child, eager)


def _named_in_call(node: ast.AST) -> str | None:
    """Return the literal name in import_module("name") and __import__("name")."""
    if isinstance(node, ast.Call) and node.args:
        function = ast.unparse(node.func).rpartition(".")[2]
        name = node.args[0]
        if function in ("import_module", "__import__") and isinstance(
            name, ast.Constant
        ):
            return name.value
    return None


def read_package(folder: Path) -> dict[str, Module]:
    """Return the modules in `folder` by dotted name."""
    modules = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder.parent).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        modules[name] = Module(name, path)
    return modules


def internal_imports(folder: Path) -> Iterator[tuple[Module, Module, int]]:
    """Yield importer, imported and line of each import inside the package."""
    modules = read_package(folder)
    for module in modules.values():
        for found in module.imports:
            for name in (f"{found.base}.{found.name}", found.base):
                if name in modules:
                    yield module, modules[name], found.line
                    break


def unknown_modules(folder: Path) -> list[str]:
    return [
        module.at(1, f"add {module.unit!r} to LAYERS in tests/test_layers.py")
        for module in read_package(folder).values()
        if module.unit not in LAYER_OF
    ]


def upward_imports(folder: Path) -> list[str]:
    found = []
    for importer, imported, line in internal_imports(folder):
        units = importer.unit, imported.unit
        if units[0] == units[1] or not LAYER_OF.keys() >= set(units):
            continue
        layer, other = (LAYER_OF[unit] for unit in units)
        if other >= layer:
            message = f"layer {layer} imports {imported.name} of layer {other}"
            found.append(importer.at(line, message))
    return found


def import_cycles(folder: Path) -> list[str]:
    graph: dict[str, set[str]] = {}
    for importer, imported, _ in internal_imports(folder):
        graph.setdefault(importer.name, set()).add(imported.name)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [" is imported by ".join(error.args[1])]
    return []


def private_sklearn_imports(folder: Path) -> list[str]:
    return [
        module.at(
            found.line, f"import {found.base} {found.name} in _sklearn.py instead"
        )
        for module in read_package(folder).values()
        for found in module.imports
        if found.base.partition(".")[0] == "sklearn"
        and any(_is_private(name) for name in (*found.base.split("."), found.name))
        and module.name != f"{folder.name}._sklearn"
    ]


def private_names_of_other_folders(folder: Path) -> list[str]:
    """Find imports from a private module of another folder, and private attributes.

    Private are names with a leading underscore; private modules at the root belong to
    all folders. A private attribute may be used on `self`, `cls`, `super()` and on a
    class or module of the own folder.
    """
    return [
        module.at(line, message)
        for module in read_package(folder).values()
        for line, message in (
            *_private_imports(module, folder.name),
            *_private_attributes(module, folder.name),
        )
    ]


def _private_imports(module: Module, root: str) -> Iterator[tuple[int, str]]:
    for found in module.imports:
        package, *inner = f"{found.base}.{found.name}".rstrip(".").split(".")
        unit = inner[0] if inner else ""
        is_other = package == root and unit != module.unit
        if is_other and any(map(_is_private, inner[1:])):
            yield found.line, f"{found.base} {found.name} is private to {unit}"


def _private_attributes(module: Module, root: str) -> Iterator[tuple[int, str]]:
    if module.name == f"{root}._sklearn":
        return
    path = module.name.removeprefix(f"{root}.").replace(".", "/") + ".py"
    own = {"self", "cls", "super()", "type(self)", *_own_names(module, root)}
    for node in ast.walk(module.tree):
        for owner, name in _attributes(node):
            is_known = path in LIBRARY_ATTRIBUTES.get(name, ())
            if _is_private(name) and owner not in own and not is_known:
                yield node.lineno, f"{owner}.{name} is private"


def _own_names(module: Module, root: str) -> Iterator[str]:
    """Yield the names of classes and modules of the own folder."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef):
            yield node.name
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                base = getattr(node, "module", None) or alias.name
                is_relative = getattr(node, "level", 0) == 1
                if is_relative or base.split(".")[:2] == [root, module.unit]:
                    yield alias.asname or alias.name


def _attributes(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield owner and name of `owner.name` and of `getattr(owner, "name")`."""
    if isinstance(node, ast.Attribute):
        yield ast.unparse(node.value), node.attr
    elif isinstance(node, ast.Call) and len(node.args) > 1:
        name = node.args[1]
        is_access = ast.unparse(node.func) in ("getattr", "hasattr", "setattr")
        if is_access and isinstance(name, ast.Constant):
            yield ast.unparse(node.args[0]), str(name.value)


def _is_private(name: str) -> bool:
    return (
        name.startswith("_") and not name.endswith("__") and name not in PUBLIC_IN_TRUTH
    )


def eager_heavy_imports(folder: Path) -> list[str]:
    return [
        module.at(found.line, f"import {found.base} where it is used")
        for module in read_package(folder).values()
        for found in module.imports
        if found.eager and found.base.partition(".")[0] in HEAVY
    ]


def print_calls(folder: Path) -> list[str]:
    return [
        module.at(call.lineno, "print")
        for module, call in _nodes(folder, ast.Call)
        if ast.unparse(call.func) == "print"
    ]


def assert_statements(folder: Path) -> list[str]:
    return [
        module.at(node.lineno, "assert") for module, node in _nodes(folder, ast.Assert)
    ]


def warnings_without_stacklevel(folder: Path) -> list[str]:
    return [
        module.at(call.lineno, "warn without stacklevel")
        for module, call in _nodes(folder, ast.Call)
        if ast.unparse(call.func) in ("warnings.warn", "warn")
        and len(call.args) < 3
        and "stacklevel" not in [keyword.arg for keyword in call.keywords]
    ]


def long_files(folder: Path) -> list[str]:
    found = []
    for module in read_package(folder).values():
        length = len(module.path.read_text(encoding="utf-8").splitlines())
        if length > MAX_FILE_LINES:
            found.append(module.at(1, f"{length} lines, at most {MAX_FILE_LINES}"))
    return found


def long_functions(folder: Path) -> list[str]:
    found = []
    for module, function in _functions(folder):
        length = _body_length(function)
        if length > MAX_BODY_LINES:
            message = f"{function.name} has {length} lines, at most {MAX_BODY_LINES}"
            found.append(module.at(function.lineno, message))
    return found


def long_functions_on_the_whole(folder: Path) -> list[str]:
    lengths = sorted(_body_length(function) for _, function in _functions(folder))
    # Nearest ranks: so many bodies at least are as short.
    ranks = {part: math.ceil(part * len(lengths)) for part in BODY_LINES if lengths}
    return [
        f"{part:.0%} of the functions have up to {lengths[rank - 1]} lines, at most "
        f"{BODY_LINES[part]}"
        for part, rank in ranks.items()
        if lengths[rank - 1] > BODY_LINES[part]
    ]


def _body_length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function's body, without its docstring."""
    has_docstring = ast.get_docstring(function) is not None
    body = function.body[has_docstring:]
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def _functions(folder: Path) -> Iterator[tuple[Module, ast.FunctionDef]]:
    return _nodes(folder, ast.FunctionDef | ast.AsyncFunctionDef)


def _nodes(folder: Path, kind) -> Iterator[tuple[Module, ast.AST]]:
    for module in read_package(folder).values():
        for node in ast.walk(module.tree):
            if isinstance(node, kind):
                yield module, node


def test_every_module_has_a_layer():
    _assert_none(unknown_modules(PACKAGE))


def test_modules_import_from_lower_layers_or_their_own_folder():
    _assert_none(upward_imports(PACKAGE))


def test_modules_do_not_import_each_other_in_a_cycle():
    _assert_none(import_cycles(PACKAGE))


def test_private_names_of_sklearn_are_imported_in_one_module():
    _assert_none(private_sklearn_imports(PACKAGE))


def test_heavy_libraries_are_imported_when_used():
    _assert_none(eager_heavy_imports(PACKAGE))


def test_package_does_not_print():
    _assert_none(print_calls(PACKAGE))


def test_package_does_not_assert():
    _assert_none(assert_statements(PACKAGE))


def test_warnings_have_a_stacklevel():
    _assert_none(warnings_without_stacklevel(PACKAGE))


def test_files_are_short():
    _assert_none(long_files(PACKAGE))


def test_function_bodies_are_short():
    _assert_none(long_functions(PACKAGE))


def test_most_function_bodies_are_shorter():
    _assert_none(long_functions_on_the_whole(PACKAGE))


def test_no_folder_uses_private_names_of_another():
    _assert_none(private_names_of_other_folders(PACKAGE))


def test_the_package_that_is_checked_is_there():
    assert "skdistill.distilled._base" in read_package(PACKAGE)


def _assert_none(found: list[str]):
    assert not found, "\n" + "\n".join(found)


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a package of the given files, by their paths."""

    def write_package(files: dict[str, str]) -> Path:
        folder = tmp_path / "skdistill"
        for name, source in {"__init__.py": "", **files}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            (path.parent / "__init__.py").touch()
            path.write_text(source, encoding="utf-8")
        return folder

    return write_package


def test_unknown_module_is_found(write):
    folder = write({"helpers.py": "", "odd/_part.py": "", "targets.py": ""})
    found = unknown_modules(folder)
    assert len(found) == 3  # odd/__init__.py too
    assert "add 'helpers' to LAYERS" in found[0]


@pytest.mark.parametrize(
    "statement",
    [
        "import skdistill.distilled._base",
        "from skdistill.distilled import _base",
        "from skdistill import distilled",
        "from ..distilled import _base",
        "from .. import distilled",
        "def late():\n    from skdistill.distilled import _base",
        "if TYPE_CHECKING:\n    from skdistill.distilled import _base",
        "import importlib\nimportlib.import_module('skdistill.distilled')",
        "import importlib\nimportlib.import_module('..distilled', __package__)",
    ],
)
def test_import_of_a_higher_layer_is_found(write, statement):
    folder = write({"distilled/_base.py": "", "teachers/_oob.py": statement})
    (found,) = upward_imports(folder)
    assert f"_oob.py:{statement.count(chr(10)) + 1}: layer 4 imports" in found


def test_relative_import_in_a_folder_is_resolved_from_the_folder(write):
    source = "from ..distilled import _base"
    folder = write({"distilled/_base.py": "", "teachers/__init__.py": source})
    assert len(upward_imports(folder)) == 1


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("refine/_solve.py", "teachers"),
        ("teachers/_oob.py", "refine"),
        ("_validation.py", "_fitting"),
        ("_fitting.py", "_validation"),
        ("_optional.py", "exceptions"),
    ],
)
def test_import_of_a_neighbour_in_the_same_layer_is_found(write, importer, imported):
    folder = write({f"{imported}.py": "", importer: f"import skdistill.{imported}"})
    assert len(upward_imports(folder)) == 1


@pytest.mark.parametrize(
    "statement", ["import skdistill", "from skdistill import __version__"]
)
def test_import_of_the_root_is_found(write, statement):
    assert len(upward_imports(write({"cli/_main.py": statement}))) == 1


def test_import_of_a_lower_layer_or_a_sibling_is_allowed(write):
    sources = "from skdistill import targets\nfrom skdistill.students._logits import f"
    folder = write(
        {
            "__init__.py": "from skdistill.students import f",
            "targets.py": "import numpy\nimport sklearn",
            "students/__init__.py": "from skdistill.students._soft import f",
            "students/_soft.py": f"{sources}\nfrom ._logits import g",
            "students/_logits.py": "",
        }
    )
    assert upward_imports(folder) == import_cycles(folder) == []


def test_cycle_of_siblings_is_found(write):
    folder = write(
        {
            "teachers/_a.py": "from skdistill.teachers import _b",
            "teachers/_b.py": "def late():\n    from . import _c",
            "teachers/_c.py": "from skdistill.teachers._a import f",
        }
    )
    (found,) = import_cycles(folder)
    assert all(f"skdistill.teachers._{name}" in found for name in "abc")


def test_cycle_through_the_folder_is_found(write):
    folder = write(
        {
            "teachers/__init__.py": "from skdistill.teachers._a import f",
            "teachers/_a.py": "from skdistill.teachers import g",
        }
    )
    assert len(import_cycles(folder)) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "from sklearn.base import _fit_context",
        "from sklearn.utils._param_validation import Interval",
        "import sklearn.utils._param_validation",
        "def late():\n    from sklearn.utils import _safe_indexing",
        "from importlib import import_module\nimport_module('sklearn.utils._tags')",
    ],
)
@pytest.mark.parametrize("path", ["targets.py", "teachers/_sklearn.py"])
def test_private_import_from_sklearn_is_found(write, statement, path):
    assert len(private_sklearn_imports(write({path: statement}))) == 1


def test_private_import_from_sklearn_is_allowed_in_its_module(write):
    source = "from sklearn.base import _fit_context"
    assert not private_sklearn_imports(write({"_sklearn.py": source}))


def test_public_import_from_sklearn_is_allowed(write):
    source = (
        "from sklearn.base import clone\nfrom sklearn import __version__\nimport _io"
    )
    assert not private_sklearn_imports(write({"targets.py": source}))


@pytest.mark.parametrize("library", sorted(HEAVY))
@pytest.mark.parametrize(
    "statement",
    [
        "import {}",
        "from {}.part import thing",
        "try:\n    import {}\nexcept ImportError:\n    pass",
        "class Student:\n    import {}",
        "from importlib import import_module\nimport_module('{}')",
    ],
)
def test_eager_import_of_a_heavy_library_is_found(write, library, statement):
    folder = write({"targets.py": statement.format(library)})
    assert len(eager_heavy_imports(folder)) == 1


@pytest.mark.parametrize(
    "statement",
    ["def late():\n    import pandas", "if TYPE_CHECKING:\n    import pandas"],
)
def test_late_import_of_a_heavy_library_is_allowed(write, statement):
    assert not eager_heavy_imports(write({"targets.py": statement}))


def test_print_is_found(write):
    source = 'def f():\n    """>>> print(1)"""\n    # print(2)\n    print(3)'
    (found,) = print_calls(write({"targets.py": source}))
    assert "targets.py:4" in found


def test_assert_is_found(write):
    source = 'def f():\n    """Tell that we assert nothing."""\n    assert True'
    (found,) = assert_statements(write({"targets.py": source}))
    assert "targets.py:3" in found


@pytest.mark.parametrize("call", ["warnings.warn('m', UserWarning)", "warn('m')"])
def test_warning_without_stacklevel_is_found(write, call):
    assert len(warnings_without_stacklevel(write({"targets.py": call}))) == 1


@pytest.mark.parametrize("arguments", ["'m', W, 2", "'m', stacklevel=2"])
def test_warning_with_stacklevel_is_allowed(write, arguments):
    folder = write({"targets.py": f"warnings.warn({arguments})"})
    assert not warnings_without_stacklevel(folder)


@pytest.mark.parametrize("length", [MAX_FILE_LINES, MAX_FILE_LINES + 1])
def test_file_is_too_long_above_the_limit(write, length):
    folder = write({"targets.py": "x = 1\n" * length})
    assert len(long_files(folder)) == (length > MAX_FILE_LINES)


@pytest.mark.parametrize("length", [MAX_BODY_LINES, MAX_BODY_LINES + 1])
@pytest.mark.parametrize("head", ["def f():", "class A:\n  async def f(self):"])
@pytest.mark.parametrize("docstring", ["", '    """One.\n\n    Two.\n    """\n'])
def test_function_body_is_too_long_above_the_limit(write, length, head, docstring):
    source = f"{head}\n{docstring}" + "    x = 1\n" * length
    folder = write({"targets.py": source})
    assert len(long_functions(folder)) == (length > MAX_BODY_LINES)


@pytest.mark.parametrize("part", sorted(BODY_LINES))
@pytest.mark.parametrize("n_longer", [0, 1])
def test_functions_are_too_long_on_the_whole_above_a_fraction(write, part, n_longer):
    n_short = round(100 * part)
    lengths = [1] * (n_short - n_longer) + [BODY_LINES[part] + 1] * (
        100 - n_short + n_longer
    )
    source = "".join("def f():\n" + "    x = 1\n" * length for length in lengths)
    found = long_functions_on_the_whole(write({"targets.py": source}))
    assert len([one for one in found if one.startswith(f"{part:.0%}")]) == n_longer


def test_a_package_without_functions_has_none_too_long(write):
    assert not long_functions_on_the_whole(write({"targets.py": "x = 1"}))


@pytest.mark.parametrize(
    "statement",
    [
        "from skdistill.refine._path import path",
        "from skdistill.refine import _path",
        "from skdistill.refine import _secret",
        "from skdistill.refine.solver import _secret",
        "from skdistill._fitting import _secret",
        "import skdistill.refine._path",
        "import skdistill.refine._path as path",
        "from ..refine import _path",
        "from ..refine._path import path",
        "def late():\n    from skdistill.refine._path import path",
        "if TYPE_CHECKING:\n    from skdistill.refine._path import path",
        "import importlib\nimportlib.import_module('skdistill.refine._path')",
    ],
)
@pytest.mark.parametrize("path", ["flow/_distil.py", "flow/__init__.py", "checks.py"])
def test_import_of_a_private_name_of_another_folder_is_found(write, statement, path):
    if path == "checks.py":
        statement = statement.replace("from ..", "from .")
    folder = write({"refine/_path.py": "", "_fitting.py": "", path: statement})
    (found,) = private_names_of_other_folders(folder)
    assert f"{path}:{statement.count(chr(10)) + 1}: " in found


@pytest.mark.parametrize(
    "statement",
    [
        "from skdistill.flow._plan import Plan",
        "from skdistill.flow import _plan",
        "from . import _plan",
        "from ._plan import Plan",
        "from skdistill.refine import path, __doc__",
        "import skdistill.refine",
        "from skdistill import _fitting",
        "from skdistill._fitting import fit",
        "from .._fitting import fit",
        "import skdistill._fitting",
        "from numpy import _core",
        "from __future__ import annotations",
    ],
)
def test_import_of_public_names_and_of_the_own_folder_is_allowed(write, statement):
    files = {"refine/__init__.py": "", "_fitting.py": "", "flow/_plan.py": ""}
    assert not private_names_of_other_folders(
        write(files | {"flow/_distil.py": statement})
    )


@pytest.mark.parametrize(
    "expression",
    [
        "model._spread",
        "model.student_._fitted",
        "self.model._spread",
        "open()._spread",
        "Public._spread",
        "module._spread()",
        "getattr(model, '_spread', None)",
        "hasattr(model, '_spread')",
        "setattr(model, '_spread', 1)",
        "[one._spread for one in models]",
    ],
)
def test_private_attribute_of_another_object_is_found(write, expression):
    source = f"from skdistill.refine import Public, module\nfound = {expression}"
    (found,) = private_names_of_other_folders(write({"flow/_distil.py": source}))
    assert "_distil.py:2: " in found
    assert "_spread is private" in found or "_fitted is private" in found


def test_private_attribute_that_is_set_is_found(write):
    source = "def f(model):\n    model._spread = 1\n    del model._spread"
    assert len(private_names_of_other_folders(write({"targets.py": source}))) == 2


@pytest.mark.parametrize(
    "source",
    [
        "class A:\n    def f(self):\n        return self._b",
        "class A:\n    def f(self):\n        self._b = 1",
        "class A:\n    @classmethod\n    def f(cls):\n        return cls._b",
        "class A:\n    def f(self):\n        return super()._b()",
        "class A:\n    def f(self):\n        return type(self)._b",
        "class A:\n    def f(self):\n        return getattr(self, '_b')",
        "class A:\n    _b = 1\nc = A._b",
        "from skdistill.flow._plan import Plan\nc = {**Plan._constraints}",
        "from ._plan import Plan as P\nc = P._constraints",
        "from skdistill.flow import _plan\nc = _plan._auto()",
        "def f(model):\n    return model.__dict__, model.__class__.__name__",
        "def f(pair):\n    return pair._replace(a=1), pair._fields",
        "def f(model):\n    return model.target_scale_",
    ],
)
def test_own_private_attributes_and_public_ones_are_allowed(write, source):
    folder = write({"flow/_plan.py": "", "flow/_distil.py": source})
    assert not private_names_of_other_folders(folder)


def test_private_attributes_of_scikit_learn_are_allowed_in_its_module(write):
    source = "def f(scorer):\n    return scorer._score_func"
    assert not private_names_of_other_folders(write({"_sklearn.py": source}))
    assert len(private_names_of_other_folders(write({"_fitting.py": source}))) == 1


@pytest.mark.parametrize(
    ("name", "path"),
    [
        (name, one)
        for name, paths in LIBRARY_ATTRIBUTES.items()
        for one in sorted(paths)
    ],
)
def test_private_attributes_of_a_library_are_allowed_where_it_is_known(
    write, name, path
):
    source = f"def f(model):\n    return model.{name}"
    folder = write({path: source, "flow/_plan.py": source})
    (found,) = private_names_of_other_folders(folder)
    assert "_plan.py" in found
