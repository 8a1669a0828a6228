"""The teachers and students that can be named, for tables with all kinds of columns.

Each begins with the same preparation, so that it takes the rows as they were read.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sklearn.base import clone, is_classifier, is_regressor
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags

from skdistill._optional import import_optional
from skdistill._typing import Estimator, Table
from skdistill.cli._errors import CommandError
from skdistill.cli._losses import (
    LOG,
    POISSON,
    SQUARED,
    by_poisson,
    check_teacher,
    on_logarithms,
    stack_on_logarithms,
)
from skdistill.cli._options import FitOptions
from skdistill.cli._saved import load
from skdistill.cli._tables import Schema
from skdistill.cli._threads import single_threaded
from skdistill.cli._weights import request_weights
from skdistill.tables import TableEncoder
from skdistill.teachers import default_classifier, default_regressor

__all__ = [
    "AUTO",
    "AUTO_STUDENTS",
    "STUDENTS",
    "TEACHERS",
    "preparation",
    "student",
    "students",
    "teacher_maker",
    "teacher_path",
]

STUDENTS = (
    "gradient-boosting",
    "lightgbm",
    "xgboost",
    "mlp",
    "forest",
    "tree",
    "linear",
)
# The word for several students, and those that need no further library.
AUTO = "auto"
AUTO_STUDENTS = ("linear", "tree", "gradient-boosting", "forest")
TEACHERS = ("stack", "xgboost")
# Above so many values, rows times columns times trees of a round, boosting works on
# histograms: exact growth sorts them all for each tree.
_MANY_VALUES = 10_000
# Up to so many rows the classifier of the stack is as good with fewer, smaller trees on
# coarser histograms, at a sixth of the work. It needs some rows to have histograms.
_FEW_ROWS, _MANY_ROWS = 500, 10_000
_COARSE = {"max_leaf_nodes": 15, "max_bins": 64}
_LEAVES = 8
_TREE_LEAVES = 32


def preparation(schema: Schema) -> TableEncoder:
    """Return the transformer that turns the columns into numbers."""
    return TableEncoder(schema.kinds, schema.formats or None, schema.numbers or None)


def student(
    name: str,
    task: str,
    prepare: TableEncoder,
    n_values: int,
    device: str,
    loss: str = SQUARED,
) -> Estimator:
    """Return the student of that name, unfitted.

    Parameters
    ----------
    name : str
        One of `STUDENTS`.
    task : {"regression", "classification"}
        The task.
    prepare : TableEncoder
        Its first step.
    n_values : int
        The values that it is fitted on, as `Parts.n_values` counts them.
    device : {"cpu", "cuda"}
        Where XGBoost runs.
    loss : str, default="squared_error"
        One of `LOSSES`, for regression.

    Raises
    ------
    ImportError
        If its library is not installed; the message names the extra.
    """
    if loss == POISSON:  # Exact boosting has no such loss.
        n_values = _MANY_VALUES + 1
    model = _BUILD[name](task == "regression", n_values, device)
    if loss == POISSON:
        model = by_poisson(name, model)
    is_smooth = name in ("mlp", "linear")
    if is_smooth and prepare.kinds and "date" in prepare.kinds.values():
        prepare = clone(prepare).set_params(cyclic=True)
    steps: list[Estimator] = [prepare]
    if not get_tags(model).input_tags.allow_nan:
        steps.append(_imputer())
    if is_smooth:
        steps.append(StandardScaler())
    return make_pipeline(*steps, on_logarithms(model) if loss == LOG else model)


def students(name: str, *params: Any) -> Estimator | list[tuple[str, Estimator]]:
    """Return the student of that name, or several by their names for "auto".

    The parameters are those of `student`.
    """
    if name != AUTO:
        return student(name, *params)
    return [(one, student(one, *params)) for one in AUTO_STUDENTS]


def teacher_path(name: str) -> Path | None:
    """Return the file of a fitted teacher; None for one of `TEACHERS`."""
    return None if name in TEACHERS else Path(name).resolve()


def teacher_maker(
    options: FitOptions, task: str, prepare: TableEncoder, X: Table, *others: Table
) -> Callable[..., Estimator]:
    """Return what makes the teacher that was asked for; a file is read once.

    Parameters
    ----------
    options : FitOptions
        What the user asked for.
    task, prepare, X
        As of `teacher`.
    *others : DataFrame
        Further rows on which its predictions are scored.

    Returns
    -------
    make : callable
        ``make(n_folds=5, small=False)`` returns the teacher, as of `teacher`. It
        requests weights where there are any.

    Raises
    ------
    CommandError
        If a file holds no teacher of this task, or one that cannot be scored.
    """
    path = teacher_path(options.teacher)
    loaded = None if path is None else _load_teacher(path, task)
    if loaded is not None:
        check_teacher(loaded, options.loss, options.metric, X, *others)

    def make(n_folds: int = 5, *, small: bool = False) -> Estimator:
        made = loaded
        if made is None:
            made = teacher(
                *(options.teacher, task, prepare, X),
                *(options.device, options.seed, n_folds, options.loss),
                small=small,
            )
        if options.columns.weight is not None:
            request_weights(made)
        return made

    return make


def teacher(
    name: str,
    task: str,
    prepare: TableEncoder,
    X: Table,
    device: str,
    seed: int,
    n_folds: int = 5,
    loss: str = SQUARED,
    *,
    small: bool = False,
) -> Estimator:
    """Return the teacher of that name, unfitted.

    Parameters
    ----------
    name : str
        One of `TEACHERS`.
    task : {"regression", "classification"}
        The task.
    prepare : TableEncoder
        Its first step. In a stack it is the first step of every member, so that the
        stack's own cross-validation gives out-of-fold predictions.
    X : DataFrame
        The training data; the stack depends on its number of rows and of columns once
        prepared.
    device : {"cpu", "cuda"}
        Where XGBoost runs.
    seed : int
        Seed that shuffles the folds of a stack.
    n_folds : int, default=5
        The folds of a stack.
    loss : str, default="squared_error"
        One of `LOSSES`, for regression. A stack learns the mean by its squared error
        for "poisson" too.
    small : bool, default=False
        Whether a stack has fewer and smaller trees.

    Raises
    ------
    ImportError
        If its library is not installed; the message names the extra.
    """
    is_regression = task == "regression"
    if name == "xgboost":
        boosting = _xgboost(
            is_regression,
            device,
            n_estimators=500,
            learning_rate=0.05,
            subsample=0.8,
            colsample_bytree=0.8,
        )
        if loss == POISSON:
            boosting = by_poisson(name, boosting)
        return make_pipeline(
            prepare, on_logarithms(boosting) if loss == LOG else boosting
        )
    n_columns = prepare.fit_transform(X).shape[1]
    folds = KFold if is_regression else StratifiedKFold
    build = default_regressor if is_regression else default_classifier
    stack = build(len(X), n_columns, cv=folds(n_folds, shuffle=True, random_state=seed))
    trees, boosting = (stack.named_estimators[one] for one in ("trees", "boosting"))
    if not is_regression and _FEW_ROWS <= len(X) < _MANY_ROWS:
        boosting[-1].set_params(**_COARSE, learning_rate=0.2, max_iter=50)
    elif is_regression and small and len(X) >= _FEW_ROWS:
        boosting[-1].regressor.set_params(**_COARSE, learning_rate=0.1, max_iter=100)
    if small and is_regression:
        trees.regressor.set_params(n_estimators=50, max_features=0.3)
    elif small:
        trees.set_params(n_estimators=50)
    members = [(one, make_pipeline(prepare, part)) for one, part in stack.estimators]
    stack.set_params(estimators=members)
    return stack_on_logarithms(stack) if loss == LOG else stack


def _load_teacher(path: Path, task: str) -> FrozenEstimator:
    """Return a fitted model that joblib saved, frozen."""
    remedy = "Give a fitted model that was saved with joblib.dump."
    model = load(path, "The teacher", remedy)
    is_right = is_regressor if task == "regression" else is_classifier
    if not (hasattr(model, "predict") and is_right(model)):
        kind = "regressor" if task == "regression" else "classifier"
        raise CommandError(
            f"The teacher in {path} must be a {kind}, as the task is {task}. Got "
            f"{type(model).__name__}. Give another one, or set --task."
        )
    return FrozenEstimator(single_threaded(model))


def _gradient_boosting(is_regression: bool, n_values: int, device: str) -> Estimator:
    from sklearn import ensemble

    kind = "Regressor" if is_regression else "Classifier"
    if n_values <= _MANY_VALUES:
        return getattr(ensemble, f"GradientBoosting{kind}")()
    return getattr(ensemble, f"HistGradientBoosting{kind}")(
        max_leaf_nodes=_LEAVES, early_stopping=False
    )


def _lightgbm(is_regression: bool, n_values: int, device: str) -> Estimator:
    lightgbm = import_optional("lightgbm", extra="lightgbm")
    kind = lightgbm.LGBMRegressor if is_regression else lightgbm.LGBMClassifier
    return kind(verbose=-1, n_jobs=1)


def _xgboost(is_regression: bool, device: str, **params: float) -> Estimator:
    xgboost = import_optional("xgboost", extra="xgboost")
    kind = xgboost.XGBRegressor if is_regression else xgboost.XGBClassifier
    return kind(n_jobs=1, **params, **({"device": device} if device != "cpu" else {}))


def _mlp(is_regression: bool, n_values: int, device: str) -> Estimator:
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    params: dict[str, Any] = {"early_stopping": True, "max_iter": 500}
    if not is_regression:
        return MLPClassifier(**params)
    return TransformedTargetRegressor(
        MLPRegressor(**params), transformer=StandardScaler()
    )


def _forest(is_regression: bool, n_values: int, device: str) -> Estimator:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    return RandomForestRegressor() if is_regression else RandomForestClassifier()


def _tree(is_regression: bool, n_values: int, device: str) -> Estimator:
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    kind = DecisionTreeRegressor if is_regression else DecisionTreeClassifier
    return kind(max_leaf_nodes=_TREE_LEAVES)


def _linear(is_regression: bool, n_values: int, device: str) -> Estimator:
    from sklearn.linear_model import LogisticRegression, Ridge

    return Ridge() if is_regression else LogisticRegression(max_iter=1000)


def _imputer() -> SimpleImputer:
    return SimpleImputer(strategy="median", keep_empty_features=True)


_BUILD: dict[str, Callable[[bool, int, str], Estimator]] = {
    "gradient-boosting": _gradient_boosting,
    "lightgbm": _lightgbm,
    "xgboost": lambda is_regression, n_values, device: _xgboost(is_regression, device),
    "mlp": _mlp,
    "forest": _forest,
    "tree": _tree,
    "linear": _linear,
}
