"""Write the README's table of what peers recover, from the raw rows of `peers`.

The table stands between two comments; all else stays as it is. The picture above it is
that of `peers`::

    python -m benchmarks.readme
"""

from pathlib import Path

import pandas as pd

from benchmarks import gap, peers_report, results, runs

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- python -m benchmarks.readme writes from here -->", "<!-- to here -->"
COLUMNS = {
    "over tuned: mean (median)": "of the teacher's lead: mean (median)",
    "worse than tuned": "tables worse than the tuned student",
    "seconds": "seconds of all fits",
}


def tabulate(frame: pd.DataFrame) -> str:
    """Return the table, and what it was measured on."""
    frame = peers_report.prepare(frame)
    fractions = peers_report.fractions_over_tuned(frame)
    shown = peers_report.compare_peers(frame, peers_report.NUMBERS).set_index("peer")
    shown = shown.loc[[*fractions.columns], [*COLUMNS]].rename(columns=COLUMNS)
    splits = frame[(frame["peer"] == peers_report.TUNED) & (frame["n_classes"] == 0)]
    return (
        f"{results.markdown(shown.reset_index())}\n\n"
        f"On {splits['table'].nunique()} tables of at most {splits['n_train'].max()} "
        f"training rows, {splits['seed'].nunique()} split of each. A peer's own "
        f"teacher leads the tuned student by {gap.MIN_LEAD:g} or more on "
        f"{fractions.count().min()} to {fractions.count().max()} of them; worse is a "
        f"loss of more than {gap.HARM:g}."
    )


def insert(document: str, text: str) -> str:
    """Return `document` with `text` between the two comments."""
    before, rest = document.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"


def main() -> None:
    """Bring the README up to date."""
    table = tabulate(runs.read("peers"))
    results.write_whole(README, insert(README.read_text(encoding="utf-8"), table))


if __name__ == "__main__":
    main()
