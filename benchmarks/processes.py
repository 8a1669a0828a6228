"""Measure one case in a process of its own, whose peak memory is the case's."""

import json
import resource
import subprocess
import sys
from collections.abc import Sequence


def peak_mb() -> float:
    """Return the peak memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure_apart(module: str, case: Sequence) -> dict:
    """Run ``python -m module --once CASE`` and return the JSON of its last line."""
    command = [sys.executable, "-m", module, "--once", json.dumps(list(case))]
    return json.loads(subprocess.check_output(command).splitlines()[-1])
