"""The floor plan of the package: who may import whom, and what no module contains.

A rule is a function from a package's folder to the list of what breaks it there. The
first tests apply each rule to skdistill, the rest show on tiny packages that each rule
can fail, and that it leaves alone what is allowed.
"""

import ast
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
    {"exceptions", "_optional", "_sklearn", "_typing", "_version"},
    {"_fitting", "_numerics", "_validation"},
    {"metrics", "targets", "teachers", "transfer"},
    {"refine", "students"},
    {"distilled"},
    {"inspect", "methods", "search"},
    {"dask", "displays", "export", "report"},
    {"checks", "cli"},
)
LAYER_OF = {unit: layer for layer, units in enumerate(LAYERS) for unit in units}
LAYER_OF[""] = len(LAYERS)

HEAVY = {"lightgbm", "matplotlib", "pandas", "xgboost"}
MAX_FILE_LINES = 500
MAX_BODY_LINES = 50


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
    def is_private(name):
        return name.startswith("_") and not name.endswith("__")

    return [
        module.at(
            found.line, f"import {found.base} {found.name} in _sklearn.py instead"
        )
        for module in read_package(folder).values()
        for found in module.imports
        if found.base.partition(".")[0] == "sklearn"
        and any(is_private(name) for name in (*found.base.split("."), found.name))
        and module.name != f"{folder.name}._sklearn"
    ]


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
    for module, function in _nodes(folder, ast.FunctionDef | ast.AsyncFunctionDef):
        has_docstring = ast.get_docstring(function) is not None
        body = function.body[has_docstring:]
        length = body[-1].end_lineno - body[0].lineno + 1 if body else 0
        if length > MAX_BODY_LINES:
            message = f"{function.name} has {length} lines, at most {MAX_BODY_LINES}"
            found.append(module.at(function.lineno, message))
    return found


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
    assert f"_oob.py:{statement.count(chr(10)) + 1}: layer 2 imports" in found


def test_relative_import_in_a_folder_is_resolved_from_the_folder(write):
    source = "from ..distilled import _base"
    folder = write({"distilled/_base.py": "", "teachers/__init__.py": source})
    assert len(upward_imports(folder)) == 1


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("refine/_solve.py", "students"),
        ("students/_copies.py", "refine"),
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
