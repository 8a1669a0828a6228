"""imodels' `DistilledRegressor`, on the same stack and student as skdistill.

Its student must be a regressor, so for two classes it learns the probability of the
second.
"""

import numpy as np

from benchmarks import gap_block, gap_classes
from benchmarks.peer_runners.ours import build, predictor
from benchmarks.peer_runners.task import Fitted, Task, count_leaves, run
from skdistill._fitting import final_step


def fit(task: Task, way: str) -> Fitted:
    """Fit teacher and student."""
    from imodels import DistilledRegressor

    teacher, student = build(task)
    if task.terms.n_classes:
        student = gap_block.build_student("lightgbm-100x16", task.terms.seed)
        student = gap_classes.with_encoder(student)
    model = DistilledRegressor(teacher, student).fit(task.X, task.y)

    def predict(X):
        predictions = np.asarray(model.predict(X))
        if task.terms.n_classes != 2:
            return predictions
        second = predictions.clip(0, 1)
        return np.column_stack([1 - second, second])

    leaves = count_leaves(final_step(model.student).booster_)
    return Fitted(predict, predictor(model.teacher, task), leaves)


if __name__ == "__main__":
    run("imodels", "imodels", fit)
