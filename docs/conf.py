"""How Sphinx builds the site: `make docs`.

The source folder is the root of the repository, so that a link between two files, such
as ``../benchmarks/results/gap.md``, leads to the same place here and where the files
are read as they are. Nothing is fetched from the network.
"""

import sys
from pathlib import Path

DOCS = Path(__file__).parent
sys.path[:0] = [str(DOCS), str(DOCS.parent)]

import reference  # noqa: E402

from skdistill import __version__  # noqa: E402

project = "skdistill"
author = "The skdistill developers"
project_copyright = author
release = version = __version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
]
root_doc = "docs/index"
include_patterns = ["docs/**", "benchmarks/results/*.md", "*.md"]
exclude_patterns = ["docs/templates"]
# By its whole path: autosummary looks below the source folder, others below this one.
templates_path = [str(DOCS / "templates")]

# The headings of GitHub, so that links to them hold in both places.
myst_heading_anchors = 4
myst_enable_extensions = ["deflist"]
# A table of results need not begin with a heading of the first level.
suppress_warnings = ["myst.header"]

autosummary_generate = True
autosummary_context = {"added": reference.ADDED}
autodoc_typehints = "none"
autodoc_member_order = "groupwise"
# Members have entries of their own on the page of their class.
numpydoc_show_class_members = False

html_theme = "pydata_sphinx_theme"
html_title = "skdistill"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_extra_path = ["redirect"]
html_show_sourcelink = False
html_copy_source = False
# Pages without pages below them have the whole width.
html_sidebars = {f"docs/{page}": [] for page in ("index", "choosing", "glossary")}
html_context = {"default_mode": "auto"}
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "navbar_persistent": ["search-button"],
    "header_links_before_dropdown": 6,
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
}

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "docs/gallery",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_signature": False,
    "min_reported_time": 0.0,
    "remove_config_comments": True,
    "matplotlib_animations": False,
    "within_subsection_order": "gallery_style.ReadingOrder",
    "show_memory": False,
    "reset_modules": ("matplotlib", "gallery_style.apply"),
    "write_computation_times": False,
}


def leave_out(app, what, name, obj, skip, options) -> bool | None:
    """Leave out what scikit-learn defines: its links and formulas need its own site."""
    is_others = str(getattr(obj, "__module__", "")).startswith("sklearn.")
    return True if is_others else None


def setup(app) -> None:
    """Write the list of public names before autosummary reads it."""
    app.connect("autodoc-skip-member", leave_out)
    reference.write(DOCS / "api")
