"""Write the README's table of what is gained, from the raw rows of the gap benchmark.

The table stands between two comments; all else stays as it is::

    python -m benchmarks.readme
"""

from pathlib import Path

import pandas as pd

from benchmarks import gap, results, runs

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- python -m benchmarks.readme writes from here -->", "<!-- to here -->"
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
    shown = gap.compare_with_tuned(frame, ("cv",))
    over_tuned, _ = gap.summarise_over_tuned(frame, ("cv",))
    groups = over_tuned.groupby("student", sort=False)
    shown = shown.assign(
        student=shown["student"].map(STUDENTS),
        median=groups["cv_recovered"].median().map(results.percent).to_numpy(),
        harmed=(groups["cv_gain"].agg(lambda g: (g < -gap.HARM).sum())).to_numpy(),
    ).rename(
        columns={
            "cv": "mean fraction",
            "median": "median fraction",
            "harmed": "tables harmed",
        }
    )
    return (
        f"{results.markdown(shown)}\n\n"
        f"Tables: {frame['table'].nunique()}, of at most {frame['n_train'].max()} "
        f"training rows. A lead is {gap.MIN_LEAD:g} or more in R2 over the tuned "
        f"student, harm a loss of more than {gap.HARM:g} against it in the seeds' mean."
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
