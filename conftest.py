"""Environment of the tests, set before numpy and scipy are imported."""

import os

# One thread a test: the tests themselves run in parallel.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# No estimator check is skipped for want of it.
os.environ.setdefault("SCIPY_ARRAY_API", "1")
