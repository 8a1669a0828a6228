"""TabTune's `TabDistiller` with the one teacher that downloads no weights.

Its LightGBM student takes no number of leaves: a depth of 4 bounds them by 16. A way
that names another teacher shows what is missing without a download.
"""

import os

# No download: what is not on this machine is an error.
os.environ["HF_HUB_OFFLINE"] = "1"

from benchmarks.peer_runners.task import Fitted, Task, count_leaves, run

STUDENT = {"n_estimators": 100, "max_depth": 4, "learning_rate": 0.1}


def fit(task: Task, way: str) -> Fitted:
    """Fit the teacher `way`, its folds and the student."""
    import pandas as pd
    from tabtune.distillation import TabDistiller

    model = TabDistiller(
        [way],
        student="lgbm",
        task_type="classification" if task.terms.n_classes else "regression",
        student_params=STUDENT | {"random_state": task.terms.seed},
        random_state=task.terms.seed,
    ).fit(task.X, pd.Series(task.y))
    (teacher,) = model.teacher_pipelines_
    leaves = [count_leaves(part.booster_) for part in model.student_.models_]
    predicts = (
        part.predict_proba if task.terms.n_classes else part.predict
        for part in (model, teacher)
    )
    return Fitted(*predicts, [count for trees in leaves for count in trees])


if __name__ == "__main__":
    run("tabtune", "tabtune", fit)
