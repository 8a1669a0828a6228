"""The baseline student and skdistill's two estimators, on the benchmarks' stack."""

from benchmarks import gap_block, gap_classes, quality_block
from benchmarks.peer_runners.task import Fitted, Task, count_leaves, run
from skdistill import (
    DistilledClassifier,
    DistilledClassifierCV,
    DistilledRegressor,
    DistilledRegressorCV,
)
from skdistill._fitting import final_step


def build(task: Task) -> tuple:
    """Return the teacher and the student of a task, unfitted."""
    seed = task.terms.seed
    if not task.terms.n_classes:
        student = gap_block.build_student("lightgbm-100x16", seed)
        return gap_block.build_teacher(seed), student
    student = quality_block.build_student("lightgbm", seed)
    return gap_classes.build_teacher(seed), gap_classes.with_encoder(student)


def predictor(model, task: Task):
    """Return the method whose predictions are scored."""
    return model.predict_proba if task.terms.n_classes else model.predict


def fit(task: Task, way: str) -> Fitted:
    """Fit the student on the labels, distilled in one fit, or as the search chooses."""
    teacher, student = build(task)
    is_classes, seed = task.terms.n_classes > 0, task.terms.seed
    if way == "baseline":
        student.fit(task.X, task.y)
        leaves = count_leaves(final_step(student).booster_)
        return Fitted(predictor(student, task), None, leaves)
    if way == "search":
        search = (DistilledRegressorCV, DistilledClassifierCV)[is_classes]
        model = search(teacher, student, random_state=seed)
    else:
        distilled = (DistilledRegressor, DistilledClassifier)[is_classes]
        model = distilled(
            teacher, student, transfer="auto", refine="leaves", random_state=seed
        )
    model.fit(task.X, task.y)
    return Fitted(
        predictor(model, task),
        predictor(model.teacher_, task),
        count_leaves(final_step(model.student_).booster_),
    )


if __name__ == "__main__":
    run("skdistill", "skdistill", fit)
