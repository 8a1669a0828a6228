"""The site's list of public names, and the gallery."""

import ast
import importlib.util
import inspect
import pkgutil
import re
import runpy
import shutil
from pathlib import Path

import pytest

import skdistill
from tests.test_public_api import ESTIMATORS, FUNCTIONS

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("plot_*.py"))
# Packages that hold nothing for users, or what the root exports.
NOT_SHOWN = {
    "bayesian",
    "cascade",
    "cli",
    "distilled",
    "flow",
    "iterative",
    "search",
}


def load(name):
    """Return a module of docs/, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


REFERENCE = load("reference")
SECTIONS = REFERENCE.SECTIONS
SHOWN = [name for section in SECTIONS for name in section.full_names()]


def shown_object(full_name):
    module, _, name = full_name.rpartition(".")
    return getattr(importlib.import_module(module), name)


def test_every_name_of_the_reference_is_there_once_and_documented():
    assert len(SHOWN) == len(set(SHOWN))
    assert [name for name in SHOWN if not inspect.getdoc(shown_object(name))] == []


def test_every_page_of_the_reference_says_which_release_brought_it():
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert set(REFERENCE.ADDED) <= set(SHOWN)
    assert {"0.1.0", *REFERENCE.ADDED.values()} <= {*re.findall(r"## (\S+)", changelog)}
    for template in (ROOT / "docs" / "templates" / "autosummary").iterdir():
        assert ".. versionadded:: {{ added.get(fullname" in template.read_text("utf-8")


def test_every_public_module_is_in_the_reference():
    public = {
        module.name
        for module in pkgutil.iter_modules(skdistill.__path__)
        if not module.name.startswith("_")
    }
    modules = {section.module.removeprefix("skdistill.") for section in SECTIONS}
    assert public - NOT_SHOWN == modules - {"skdistill"}


def test_what_is_held_against_its_documentation_is_in_the_reference():
    shown = {shown_object(name) for name in SHOWN}
    # The students' checks and look-ups are the package's own.
    missing = {
        public.__qualname__
        for public in (*ESTIMATORS, *FUNCTIONS)
        if "." not in public.__qualname__
        and public not in shown
        and not public.__module__.startswith("skdistill.students")
        and public.__qualname__ != "to_text"
    }
    assert missing == set()


def test_every_example_has_a_place_in_the_gallery():
    names = [path.stem.removeprefix("plot_") for path in EXAMPLES]
    assert len(names) >= 20
    assert names == sorted(load("gallery_style").ORDER)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_asks_draws_and_concludes(path):
    text = path.read_text("utf-8")
    module = ast.parse(text)
    title, line, *_ = ast.get_docstring(module).splitlines()
    assert title.endswith("?")
    assert line == "=" * len(title)
    assert "plt.subplots(" in text
    _, _, conclusion = text.partition("\n# **Conclusion.** ")
    assert re.search(r"(?m)^ *assert ", conclusion)


def test_an_example_runs():
    runpy.run_path(str(ROOT / "examples" / "plot_samplers.py"))


OWN = sorted((ROOT / "docs" / "own").glob("*.py"))


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.stem)
def test_a_part_of_ones_own_is_short_and_checked(path):
    # Its docstring is an example that runs.
    text = path.read_text("utf-8")
    assert len(text.splitlines()) < 40
    assert re.search(r">>> check_\w+\(", ast.get_docstring(ast.parse(text)))
    assert f"own/{path.name}" in (ROOT / "docs" / "extending.md").read_text("utf-8")


@pytest.mark.browser
def test_a_page_that_a_phone_shows_in_part_is_found(tmp_path):
    check = runpy.run_path(str(ROOT / "tools" / "check_docs.py"))
    browser = next(filter(None, map(shutil.which, check["BROWSERS"])), None)
    if browser is None:
        pytest.skip("needs Chromium")
    word = 100 * "word"
    bodies = {
        "table": f"<div style='overflow-x: auto'>{word}</div>",
        "box": "<div style='width: 800px'>wide</div>",
        "word": f"<p>{word}</p>",
    }
    for name, body in bodies.items():
        article = "<div class='bd-article-container' style='overflow-x: auto'>"
        (tmp_path / name).with_suffix(".html").write_text(f"{article}{body}</div>")
    pages = [f"{name}.html" for name in bodies]
    given = {"pages": pages, "words": [], "glossary": "", "width": check["WIDTH"]}
    found = check["browse"](tmp_path, browser, given)
    cut = [line.partition(":")[0] for line in found if "shows a part" in line]
    assert cut == ["box.html", "word.html"]
