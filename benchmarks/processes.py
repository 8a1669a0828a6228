"""Measure one case in a process of its own, whose peak memory is the case's."""

import importlib
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def peak_mb() -> float:
    """Return the peak memory of this process so far, in MB (on Linux).

    Not by getrusage: there a process begins with the peak of the one that started it.
    """
    return _status_mb("VmHWM")


def memory_mb() -> float:
    """Return the memory that this process holds now, in MB (on Linux)."""
    return _status_mb("VmRSS")


def reset_peak() -> None:
    """Let the peak memory of this process begin anew."""
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")


def _status_mb(name: str) -> float:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(re.findall(rf"{name}:\s*(\d+) kB", status)[0]) / 1024


def measure_apart(module: str, function: str, case: Sequence) -> dict:
    """Return what ``module.function(*case)`` returns in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.processes", module, function]
    output = subprocess.check_output([*command, json.dumps(list(case))])
    return json.loads(output.splitlines()[-1])


def main() -> None:
    """Call the function that the command line names; print what it returns."""
    module, function, case = sys.argv[1:]
    print(
        json.dumps(
            getattr(importlib.import_module(module), function)(*json.loads(case))
        )
    )


if __name__ == "__main__":
    main()
