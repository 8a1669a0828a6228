"""The documents cannot drift from the code and the measurements."""

import importlib
import inspect
import re
from pathlib import Path

import pytest

import skdistill
from benchmarks import results

ROOT = Path(__file__).parents[1]
PARAMETERS = sorted(
    {
        name
        for cls in (skdistill.DistilledRegressor, skdistill.DistilledClassifier)
        for name in inspect.signature(cls).parameters
    }
)


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_parameter_is_in_the_guide(name):
    guide = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
    assert re.search(rf"`{name}(=[^`]*)?`", guide)


@pytest.mark.parametrize("name", ["sardar", "overhead", "fold_teacher", "soft_labels"])
def test_tables_are_made_from_their_raw_rows(name):
    report = importlib.import_module(f"benchmarks.{name}").report
    expected = (results.FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert report(results.read(name)).rstrip("\n") + "\n" == expected


@pytest.mark.parametrize(
    "document", ["README.md", "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
)
def test_links_lead_somewhere(document):
    path = ROOT / document
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text("utf-8")):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), target
