"""Sardar's other figure: each model's predictions of held-out rows against the truth.

The models are those of `benchmarks.sardar`, on one of its splits::

    python -m benchmarks.sardar_predictions --data-dir ../shared/data
"""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import r2_score

from benchmarks import results, runs
from benchmarks.plots import draw_predictions
from benchmarks.problems import add_data_argument, load_problem
from benchmarks.sardar_block import (
    BASELINE,
    HARD,
    REPAIRED,
    SOFT,
    SOFT_ALPHA,
    TEACHER,
    Method,
    predict_all,
)

NAME = "sardar_predictions"
SPLIT = 0
# At the highest temperature too: there the predictions lie on a line that is too flat.
SHOWN = (
    TEACHER,
    BASELINE,
    HARD,
    *(str(Method(SOFT, SOFT_ALPHA, T)) for T in (1.0, 5.0)),
)


def measure(split: int, data_dir) -> list[dict]:
    """Truth and predictions of every method, row by row, on the standardised target."""
    truth, predictions, _ = predict_all(load_problem(REPAIRED, data_dir), split)
    named = {str(method): predicted for method, predicted in predictions.items()}
    frame = pd.DataFrame({"split": split, "truth": truth} | named)
    return frame.to_dict("records")


def report(frame: pd.DataFrame) -> str:
    """Make the Markdown from the raw rows alone."""
    truth = frame["truth"]
    rows = [
        {
            "method": method,
            "R2": f"{r2_score(truth, frame[method]):.4f}",
            "slope": f"{np.polyfit(truth, frame[method], 1)[0]:.2f}",
        }
        for method in SHOWN
    ]
    return "\n\n".join(
        [
            "# Predictions against the truth",
            f"Table `{REPAIRED}`, the {len(frame)} held-out rows of split "
            f"{frame['split'].unique().item()}. The slope is that of a line through "
            "the predictions against the truth: a temperature above 1 shrinks the "
            "target, and the predictions with it.",
            results.markdown(pd.DataFrame(rows)),
            f"![Predictions against the truth]({NAME}.svg)",
            f"Measured with {results.describe(frame)}.",
        ]
    )


def draw(frame: pd.DataFrame) -> Path:
    """Draw the predictions against the truth, from the raw rows alone."""
    return draw_predictions(frame["truth"], frame[list(SHOWN)], NAME)


def main() -> None:
    """Measure the split unless it is measured, and report."""
    parser = runs.build_parser(__doc__)
    add_data_argument(parser)
    options = parser.parse_args()
    work = partial(measure, data_dir=options.data_dir)
    runs.run(NAME, [{"split": SPLIT}], work, options)
    runs.publish(NAME, report, draw)


if __name__ == "__main__":
    main()
