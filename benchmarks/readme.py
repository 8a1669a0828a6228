"""Write the README's table of what is gained, from the raw rows of the gap benchmark.

The table stands between two comments; all else stays as it is::

    python -m benchmarks.readme
"""

from pathlib import Path

import pandas as pd

from benchmarks import gap, results, rivals, runs

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- python -m benchmarks.readme writes from here -->", "<!-- to here -->"
# On fewer tables than half of them a mean says little.
MIN_TABLES = 6
STUDENTS = {
    "boosting": "boosting, 100 trees of depth 3",
    "lightgbm-100x16": "LightGBM, 100 trees of 16 leaves",
    "lightgbm-200x31": "LightGBM, 200 trees of 31 leaves",
    "forest": "forest, 20 trees of 128 leaves",
    "tree": "one tree of 64 leaves",
    "mlp": "network of 64 units",
}


def tabulate(frame: pd.DataFrame) -> str:
    """Return the table, and what it was measured on."""
    tuned = rivals.join(frame, gap.R2.column)
    shown = pd.DataFrame({"student": STUDENTS.values()})
    for rival, rows in {
        "the tuned student": rivals.as_baseline(tuned, gap.R2.column),
        "the student as it is": frame,
    }.items():
        parts = {student: describe(part) for student, part in rows.groupby("student")}
        for place, name in enumerate((f"over {rival}", f"worse than {rival}")):
            shown[name] = [parts.get(student, ("", ""))[place] for student in STUDENTS]
    return (
        f"{results.markdown(shown)}\n\n"
        f"Tables: at most {frame['table'].nunique()}, of at most "
        f"{frame['n_train'].max()} training rows. In brackets the tables where the "
        f"teacher leads by {gap.MIN_LEAD:g} or more in R2, and the seeds; worse is a "
        f"loss of more than {gap.HARM:g} in the seeds' mean."
    )


def describe(rows: pd.DataFrame) -> tuple[str, str]:
    """Say of one student what fraction it recovers, and on how many tables it loses."""
    summary, n_seeds = gap.summarise(rows, ("cv",)), rows["seed"].nunique()
    fractions, n_tables = summary["cv_recovered"], len(summary)
    if n_tables < MIN_TABLES:
        return "", ""
    harmed = int((summary["cv_gain"] < -gap.HARM).sum())
    return (
        f"{results.percent(fractions.mean())} "
        f"({fractions.count()} of {n_tables}; {n_seeds})",
        f"{harmed} of {n_tables}",
    )


def insert(document: str, text: str) -> str:
    """Return `document` with `text` between the two comments."""
    before, rest = document.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"


def main() -> None:
    """Bring the README up to date."""
    table = tabulate(runs.read(gap.NAME))
    results.write_whole(README, insert(README.read_text(encoding="utf-8"), table))


if __name__ == "__main__":
    main()
