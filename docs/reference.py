"""The public names, section by section: the one list that the API reference shows."""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

__all__ = ["ADDED", "SECTIONS", "Section", "write"]


@dataclass(frozen=True)
class Section:
    """A part of the reference: all public names of a module, or those given."""

    title: str
    module: str
    names: tuple[str, ...] = ()

    def full_names(self) -> list[str]:
        """Return the names with their module, sorted.

        Names with two underscores, such as `__version__`, are left out.
        """
        names = self.names or import_module(self.module).__all__
        return [f"{self.module}.{name}" for name in sorted(names) if name[:2] != "__"]

    def to_rst(self) -> str:
        """Return the section as reStructuredText, with a page for each name."""
        lines = [self.title, "-" * len(self.title), "", ".. autosummary::"]
        lines += ["   :toctree: .", ""]
        return "\n".join([*lines, *(f"   {name}" for name in self.full_names()), ""])


# The folder `teachers/` hands much to higher layers that users need not know.
TEACHERS = (
    "AffineCalibration",
    "AttentiveTrust",
    "CallableTrust",
    "Combination",
    "CombinedClassifier",
    "CombinedRegressor",
    "ConfidenceTrust",
    "CorrectedTrust",
    "DistributionRegressor",
    "Evidence",
    "FoldMeanClassifier",
    "FoldMeanRegressor",
    "Hints",
    "InContextClassifier",
    "InContextRegressor",
    "MatchingTrust",
    "OutlierTrust",
    "SignalStep",
    "SpreadTrust",
    "TemperatureScaling",
    "Trust",
    "in_context",
    "in_context_recipe",
)
STUDENTS = (
    "LeafModel",
    "LeafNodes",
    "LogitStudent",
    "LossWord",
    "ProbabilityStudent",
    "StudentAdapter",
    "ValueCounts",
    "fit_on_target",
    "has_stages",
    "keeping_stages",
    "predict_stage",
    "register",
)
REFINE = (
    "LeafRefinement",
    "PruningPath",
    "RefinementPath",
    "check_prunable",
    "check_refinable",
    "is_prunable",
    "is_refinable",
    "prune_leaves",
    "pruning_path",
    "refine_leaves",
    "refinement_path",
)
# The other steps on blocks serve the estimators of other folders.
BLOCKS = (
    "BlockDistilledClassifier",
    "BlockDistilledRegressor",
    "ParquetBlocks",
)

SECTIONS = (
    Section("Estimators and the report", "skdistill"),
    Section("Teachers and what they say", "skdistill.teachers", TEACHERS),
    Section("Targets", "skdistill.targets"),
    Section("Transfer sets", "skdistill.transfer"),
    Section("Students of other libraries", "skdistill.students", STUDENTS),
    Section("Leaf refinement and pruning", "skdistill.refine", REFINE),
    Section("Samples that come block by block", "skdistill.blocks", BLOCKS),
    Section("Samples on a Dask cluster", "skdistill.dask"),
    Section("Tables as in their files", "skdistill.tables", ("TableEncoder",)),
    Section("Metrics", "skdistill.metrics"),
    Section("What a model costs", "skdistill.inspect"),
    Section("Displays", "skdistill.displays"),
    Section("Reports", "skdistill.report", ("to_text",)),
    Section("Shipping", "skdistill.export"),
    Section("Checks for code of your own", "skdistill.checks"),
    Section("Warnings", "skdistill.exceptions"),
)

# The release that brought a name, by its full name: 0.1.0 unless it stands here.
ADDED: dict[str, str] = {}


def write(folder: Path) -> None:
    """Write the page that lists all sections, and remove what no section has."""
    title = "API reference"
    text = "\n".join([title, "=" * len(title), "", *(s.to_rst() for s in SECTIONS)])
    folder.mkdir(exist_ok=True)
    index = folder / "index.rst"
    if not index.exists() or index.read_text("utf-8") != text:
        index.write_text(text, "utf-8")
    pages = {"index", *(name for section in SECTIONS for name in section.full_names())}
    for page in folder.glob("*.rst"):
        if page.stem not in pages:
            page.unlink()
