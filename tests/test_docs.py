"""The documents cannot drift from the code and the measurements."""

import importlib
import re
from pathlib import Path

import pytest

from benchmarks import peers_report, readme, results
from benchmarks.__main__ import STEPS
from skdistill import DistilledRegressor, displays, export, inspect, metrics, report
from skdistill.refine import refine_leaves
from tests.test_public_api import ESTIMATORS, FUNCTIONS, signature

MODULES = {name: importlib.import_module(f"benchmarks.{name}") for name in STEPS}
REPORTS = [name for name, module in MODULES.items() if hasattr(module, "report")]
ROOT = Path(__file__).parents[1]
PARAMETERS = sorted(
    {name for public in (*ESTIMATORS, refine_leaves) for name in signature(public)}
    | signature(DistilledRegressor.fit).keys() - {"X", "y", "fit_params"}
)
# What only the displays' own constructors and figures take is theirs to explain.
PARAMETERS_OF_FUNCTIONS = sorted(
    {
        name
        for public in FUNCTIONS
        if not public.__qualname__.endswith("Display")
        # What adapters are made of is explained where they are.
        and not public.__module__.startswith(
            ("skdistill.students", "skdistill.targets")
        )
        for name in signature(public)
    }
    - {"kwargs", "kind", "bound", "observed"}
)
NAMES = sorted(
    {
        name
        for module in (metrics, inspect, displays, report, export)
        for name in module.__all__
    }
)

DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs" / "guide").glob("*.md")),
]


def guide() -> str:
    pages = sorted((ROOT / "docs" / "guide").glob("*.md"))
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_parameter_is_in_the_guide(name):
    assert re.search(rf"`{name}(=[^`]*)?`", guide())


@pytest.mark.parametrize("name", PARAMETERS_OF_FUNCTIONS)
def test_every_parameter_of_a_function_is_in_the_guide(name):
    # By itself, or in the signature of the function.
    assert re.search(rf"`([^`\n]*\W)?{name}(\W[^`\n]*)?`", guide())


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_is_in_the_guide(name):
    assert re.search(rf"`{name}\W", guide())


@pytest.mark.parametrize("name", REPORTS)
def test_tables_are_made_from_their_raw_rows(name):
    expected = (results.FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert MODULES[name].report(results.read(name)).rstrip("\n") + "\n" == expected


@pytest.mark.parametrize(
    "name", [name for name in REPORTS if hasattr(MODULES[name], "draw")]
)
def test_plots_show_their_raw_rows(name, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    frame, folder, write = results.read(name), results.FOLDER, results.write_whole
    # A plot may read the rows of another step too, so only the writing moves.
    monkeypatch.setattr(
        results, "write_whole", lambda path, text: write(tmp_path / path.name, text)
    )
    MODULES[name].draw(frame)
    for path in tmp_path.iterdir():
        # Another version of matplotlib draws other lines of the same numbers.
        new, old = (
            re.findall("<dc:description>(.*)<", drawn.read_text(encoding="utf-8"))
            for drawn in (path, folder / path.name)
        )
        assert new == old != []


def test_every_benchmark_is_run_and_documented():
    document = "".join(
        (ROOT / "docs" / name).read_text(encoding="utf-8")
        for name in ("benchmarks.md", "studies.md")
    )
    for path in (ROOT / "benchmarks").glob("[a-z]*.py"):
        module = importlib.import_module(f"benchmarks.{path.stem}")
        if hasattr(module, "report") and hasattr(module, "main"):
            assert path.stem in STEPS
            assert f"`python -m benchmarks.{path.stem}" in document


def test_the_table_in_the_readme_is_made_from_raw_rows():
    text = readme.README.read_text(encoding="utf-8")
    assert readme.insert(text, readme.tabulate(results.read("peers"))) == text
    assert readme.insert(text, "other") != text


def test_readme_says_of_peers_what_was_measured():
    shown = peers_report.compare_with_rival(results.read("peers")).to_dict("records")
    one_fit = [row for row in shown if row["ours"] == "skdistill"][-1]
    assert one_fit["tables"] == "17, all"
    claims = ("more recovered: mean (median)", "fewer harmed", "less time")
    assert all(one_fit[claim].startswith("yes: ") for claim in claims)


def anchors(path: Path) -> set[str]:
    """Return the anchors of a document's headings, as GitHub and Sphinx name them."""
    code = re.compile(r"(?ms)^```.*?^```")
    headings = re.findall(r"(?m)^#+ (.*)$", code.sub("", path.read_text("utf-8")))
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document):
    text = document.read_text("utf-8")
    for target, anchor in re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", text):
        if target.startswith("http"):
            continue
        path = document.parent / target if target else document
        assert path.exists(), target
        if anchor:
            assert anchor in anchors(path), (target, anchor)


def test_every_source_of_a_formula_is_in_the_references():
    def words(text):
        return re.sub(r"\W+", " ", text).strip().lower()

    page = words((ROOT / "docs" / "references.md").read_text("utf-8"))
    section = re.compile(
        r"References\n *-+\n(.*?)(?=\n\n +\w+\n +---|\"\"\")", re.DOTALL
    )
    titles = {
        words(title)
        for path in (ROOT / "skdistill").rglob("*.py")
        for entries in section.findall(path.read_text("utf-8"))
        for title in re.findall(r'"([^"]+)"', entries)
    }
    assert len(titles) > 30
    assert sorted(title for title in titles if title not in page) == []


def test_decisions_are_numbered_one_after_another():
    text = (ROOT / "docs" / "design.md").read_text("utf-8")
    assert "\nDecision:" not in text
    found = re.findall(r"(?m)^(\d+)\. \*\*", text)
    assert [*map(int, found)] == [*range(1, len(found) + 1)]
