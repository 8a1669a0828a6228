"""AutoGluon's `distill`: its own ensemble into a LightGBM of the students' size.

The ensemble is its default one, without bagging, as far as it needs no neural network
and no CatBoost. It has no time limit of its own, as that would count what other work on
the machine takes.
"""

import tempfile

import numpy as np

from benchmarks.peer_runners.task import TARGET, Fitted, Task, count_leaves, run

TEACHERS = ["GBM", "XGB", "RF", "XT"]
STUDENT = {
    "num_boost_round": 100,
    "num_leaves": 16,
    "learning_rate": 0.1,
    "ag_args_fit": {"num_cpus": 1},
}


def fit(task: Task, way: str) -> Fitted:
    """Fit the ensemble, then distil it."""
    from autogluon.tabular import TabularPredictor

    kind = {"eval_metric": "root_mean_squared_error", "problem_type": "regression"}
    if task.terms.n_classes:
        problem = "multiclass" if task.terms.n_classes > 2 else "binary"
        kind = {"eval_metric": "log_loss", "problem_type": problem}
    np.random.seed(task.terms.seed)  # noqa: NPY002  `distill` draws rows from it.
    predictor = TabularPredictor(TARGET, path=tempfile.mkdtemp(), verbosity=0, **kind)
    predictor.fit(
        task.X.assign(**{TARGET: task.y}),
        included_model_types=TEACHERS,
        num_bag_folds=0,
        num_stack_levels=0,
        num_cpus=1,
        num_gpus=0,
    )
    teacher = predictor.model_best
    names = predictor.distill(hyperparameters={"GBM": STUDENT})
    students = [name for name in names if name.startswith("LightGBM")]
    if len(students) != 1:
        raise LookupError(f"distill() should leave one LightGBM, it left {names}")
    predictor.persist(students)

    def predictor_of(model):
        if not task.terms.n_classes:
            return lambda X: predictor.predict(X, model=model).to_numpy()
        classes = list(range(task.terms.n_classes))
        return lambda X: predictor.predict_proba(X, model=model)[classes].to_numpy()

    booster = predictor._trainer.load_model(students[0]).model
    return Fitted(
        predictor_of(students[0]), predictor_of(teacher), count_leaves(booster)
    )


if __name__ == "__main__":
    run("autogluon.tabular", "autogluon.tabular", fit)
