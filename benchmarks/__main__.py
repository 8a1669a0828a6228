"""Run the benchmarks, all or those named, one after the other.

Each keeps its finished blocks, so that a killed run resumes where it stopped; what
needs a table that is nowhere is left out and said so::

    python -m benchmarks --data-dir ../shared/data
    python -m benchmarks gap ablation --fresh
    python -m benchmarks --report-only
"""

import argparse
import importlib
import os
import sys
import time
import traceback

from benchmarks import results, runs
from benchmarks.problems import (
    DATA_VARIABLE,
    ProblemUnavailableError,
    add_data_argument,
)

# Modules with a `main`. What users ask first comes first.
STEPS = (
    "sardar",
    "sardar_predictions",
    "tuned",
    "ceiling",
    "gap",
    "ablation",
    "samplers",
    "gap_classes",
    "tuned_search",
    "choice",
    "teachers",
    "calibration",
    "signals",
    "groups",
    "prune",
    "representations",
    "cascade",
    "stages",
    "procedures",
    "one_split",
    "quality",
    "few_labels",
    "quantiles",
    "fold_teacher",
    "soft_labels",
    "peak_memory",
    "overhead",
    "transfer",
    "refine",
    "ship",
    "ship_c",
    "ship_folder",
    "scaling",
    "blocks",
    "dask_scaling",
    "dao",
    "orlov",
    "hao",
    "hinton",
    "hsu",
    "lopez_paz",
    "peers",
    "readme",
    "nested_grid",
)


def write_again(step: str) -> None:
    """Write what a step reports and draws, from its raw rows alone."""
    module = importlib.import_module(f"benchmarks.{step}")
    if hasattr(module, "report"):
        runs.publish(step, module.report, getattr(module, "draw", None))
    else:
        module.main()


def measure(step: str) -> None:
    """Run a step as its own command without arguments does."""
    sys.argv[1:] = []
    importlib.import_module(f"benchmarks.{step}").main()


def attempt(work, step: str) -> str:
    """Do the work of a step; say what became of it."""
    start = time.perf_counter()
    try:
        work(step)
    except ProblemUnavailableError as error:
        return f"left out. {error}"
    except SystemExit as end:
        if end.code:
            return f"failed: exit code {end.code}"
    except Exception:
        traceback.print_exc()
        return "failed: see the traceback above"
    return f"done in {time.perf_counter() - start:.0f} s"


def main() -> None:
    """Run the steps; exit with 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_data_argument(parser)
    parser.add_argument("steps", nargs="*", help=f"of {', '.join(STEPS)}")
    parser.add_argument("--fresh", action="store_true", help="forget earlier blocks")
    parser.add_argument(
        "--report-only", action="store_true", help="measure nothing, write all reports"
    )
    options = parser.parse_args()
    steps = options.steps or STEPS
    if unknown := set(steps) - set(STEPS):
        parser.error(
            f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(STEPS)}"
        )
    if options.fresh and options.report_only:
        parser.error("--report-only writes from the rows that --fresh would forget")
    if options.data_dir:
        os.environ[DATA_VARIABLE] = str(options.data_dir)
    if options.fresh:
        # All at once, so that a killed run resumes without --fresh.
        for step in steps:
            results.forget(step)
    work, outcomes = write_again if options.report_only else measure, {}
    for number, step in enumerate(steps, 1):
        print(f"== {number}/{len(steps)} {step}", flush=True)
        outcomes[step] = attempt(work, step)
    print("", *(f"{step}: {outcome}" for step, outcome in outcomes.items()), sep="\n")
    sys.exit(any(outcome.startswith("failed") for outcome in outcomes.values()))


if __name__ == "__main__":
    main()
