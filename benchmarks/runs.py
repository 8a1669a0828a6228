"""Run a benchmark block by block, so that a killed run resumes where it stopped.

A block is what is measured together; its raw rows are kept as soon as they are there.
The next run measures what is missing, unless ``--fresh`` forgets the earlier rows
of what is asked for.
"""

import argparse
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import product

import pandas as pd

from benchmarks import results
from benchmarks.problems import ProblemUnavailableError, add_data_argument

Measure = Callable[..., list[dict]]
Report = Callable[[pd.DataFrame], str]
Draw = Callable[[pd.DataFrame], object]


def resume(name: str, blocks: Sequence[dict], measure: Measure) -> None:
    """Measure the blocks one by one; add the rows of each to ``results/<name>.csv``.

    A block holds the arguments of `measure`. One whose table is nowhere is left out.
    """
    if not blocks:
        print(f"{name}: all is measured; --fresh measures it again", flush=True)
    for number, block in enumerate(blocks, 1):
        start = time.perf_counter()
        try:
            results.append(measure(**block), name)
            outcome = f"{time.perf_counter() - start:.0f} s"
        except ProblemUnavailableError as error:
            outcome = f"left out. {error}"
        what = ", ".join(f"{key} {_show(value)}" for key, value in block.items())
        print(f"{name} {number}/{len(blocks)}: {what}: {outcome}", flush=True)


def run(
    name: str, cases: Sequence[dict], measure: Measure, options: argparse.Namespace
) -> None:
    """Measure the cases that are missing; each is a block."""
    with results.alone(name):
        if options.fresh:
            results.forget(name, cases)
        resume(name, results.pending(name, cases), measure)


def run_students(
    name: str, measure: Measure, options: argparse.Namespace, **fixed: str
) -> None:
    """Measure the students that are missing, all tables of a seed first.

    The students of a table and seed are one block: they share a teacher. What is
    `fixed` is the same for all of them, and an argument of `measure`.
    """
    blocks = []
    with results.alone(name):
        for seed, table in product(range(options.seeds), options.tables):
            cases = [
                {"table": table, "seed": seed, "student": student, **fixed}
                for student in options.students
            ]
            if options.fresh:
                results.forget(name, cases)
            students = [case["student"] for case in results.pending(name, cases)]
            if students:
                block = {"table": table, "seed": seed, "students": students}
                blocks.append(block | fixed)
        work = partial(measure, data_dir=options.data_dir)
        resume(name, blocks, work)


def read(name: str) -> pd.DataFrame:
    """Read back the raw rows of a benchmark that may have been left out."""
    if not results.exists(name):
        raise ProblemUnavailableError(f"There are no raw rows of {name!r}.")
    return results.read(name)


def publish(name: str, report: Report, draw: Draw | None = None) -> None:
    """Write the Markdown, and the plot, made from ``results/<name>.csv`` alone."""
    frame = read(name)
    try:
        text = report(frame)
    except (LookupError, ValueError) as error:
        raise ProblemUnavailableError(
            f"The raw rows of {name!r} are too few for its report "
            f"({type(error).__name__}: {error}). They are kept: run it again to "
            "measure the rest."
        ) from error
    results.write_markdown(text, name)
    if draw is not None:
        draw(frame)
    print(f"\n{text}")


def build_parser(doc: str) -> argparse.ArgumentParser:
    """Return the command line of a benchmark that begins with `doc`."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--fresh", action="store_true", help="forget earlier blocks")
    return parser


def parse_students(
    doc: str, students: Iterable[str], seeds: int, tables: Iterable[str]
) -> argparse.Namespace:
    """Read the command line of a benchmark of students on tables."""
    parser = build_parser(doc)
    add_data_argument(parser)
    parser.add_argument("--seeds", type=int, default=seeds)
    parser.add_argument("--tables", nargs="+", choices=tables, default=tables)
    parser.add_argument("--students", nargs="+", choices=students, default=students)
    return parser.parse_args()


def _show(value):
    return " ".join(value) if isinstance(value, list) else value
