"""Environment of the tests, set before numpy and scipy are imported."""

import os
import sys
from collections import Counter
from importlib.util import find_spec

import pytest

# One thread a test: the tests themselves run in parallel. Some libraries ask for as
# many as there are cores, and threads that wait for one another use up these.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_THREAD_LIMIT", "1")
# Figures are drawn into memory.
os.environ.setdefault("MPLBACKEND", "Agg")
# No estimator check is skipped for want of it.
os.environ.setdefault("SCIPY_ARRAY_API", "1")

# The global generator starts here in each test: what fails once fails again. Another
# start finds tests that pass by chance.
SEED = int(os.environ.get("SKDISTILL_TESTS_SEED", "0"))

# Seconds after which a slow test counts as one that hangs.
SLOW = 7200

# What cannot be tested without the libraries that export.
HAVE_ALL = all(map(find_spec, ("skl2onnx", "skops")))
ON_EXPORT = ["skdistill/export", "docs/guide/shipping.md", "docs/choosing.md"]
collect_ignore = [] if HAVE_ALL else ON_EXPORT
if not all(map(find_spec, ("dask", "distributed"))):
    collect_ignore += ["skdistill/dask", "docs/dask.md"]
# What `make docs` generates.
collect_ignore_glob = ["docs/api/*", "docs/gallery/*"]

if find_spec("pyarrow") is None:
    collect_ignore += ["skdistill/blocks", "tests/blocks", "docs/guide/scaling.md"]


def pytest_addoption(parser):
    """Offer to run a part of the cases of each test."""
    parser.addoption(
        "--every",
        type=int,
        default=1,
        metavar="N",
        help="run the first case of each parametrised test, and each N-th after it",
    )


def pytest_itemcollected(item):
    """Give the slow tests their time."""
    if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
        item.add_marker(pytest.mark.timeout(SLOW))


@pytest.hookimpl(trylast=True)  # Cases that are left out anyway do not count.
def pytest_collection_modifyitems(config, items):
    """Keep the cases that `--every` asks for; a test of one case always runs.

    The examples of the docstrings and of the documentation are cases of one test.
    """
    seen, kept, left_out = Counter(), [], []
    for item in items:
        test = "example" if hasattr(item, "dtest") else item.nodeid.partition("[")[0]
        here = seen[test] % config.getoption("every") == 0
        (kept if here else left_out).append(item)
        seen[test] += 1
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept


def pytest_configure(config):
    """Ignore that teachers are poor: most data are made to be read.

    As a setting of the project this would import the package before this file is read.
    """
    config.addinivalue_line(
        "filterwarnings", "ignore::skdistill.exceptions.PoorTeacherWarning"
    )


def pytest_report_header():
    """Say what is left out, if anything."""
    return [f"not tested for want of a library: {part}" for part in collect_ignore]


@pytest.fixture(autouse=True)
def seed_what_is_drawn_without_one():
    """Draw the same where a test gives no `random_state`."""
    import numpy as np  # Its threads are set above.

    np.random.seed(SEED)  # noqa: NPY002  `random_state=None` draws from it.


@pytest.fixture(autouse=True)
def close_figures():
    """Close the figures of each test; many that stay open are a warning."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
