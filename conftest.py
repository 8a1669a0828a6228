"""Environment of the tests, set before numpy and scipy are imported."""

import os
import sys

import pytest

# One thread a test: the tests themselves run in parallel.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Figures are drawn into memory.
os.environ.setdefault("MPLBACKEND", "Agg")
# No estimator check is skipped for want of it.
os.environ.setdefault("SCIPY_ARRAY_API", "1")


@pytest.fixture(autouse=True)
def close_figures():
    """Close the figures of each test; many that stay open are a warning."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
