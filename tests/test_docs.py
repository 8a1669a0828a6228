"""The documents cannot drift from the code and the measurements."""

import importlib
import re
from pathlib import Path

import pytest

from benchmarks import results
from skdistill.refine import refine_leaves
from tests.test_public_api import ESTIMATORS, signature

ROOT = Path(__file__).parents[1]
PARAMETERS = sorted(
    {name for public in (*ESTIMATORS, refine_leaves) for name in signature(public)}
)


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_parameter_is_in_the_guide(name):
    guide = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
    assert re.search(rf"`{name}(=[^`]*)?`", guide)


@pytest.mark.parametrize(
    "name",
    [
        "sardar",
        "overhead",
        "fold_teacher",
        "soft_labels",
        "transfer",
        "refine",
        "quality",
        "few_labels",
        "gap",
        "gap_classes",
        "ablation",
    ],
)
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
