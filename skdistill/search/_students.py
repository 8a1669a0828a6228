"""The students of a search: one, several by their names, or the list for "auto"."""

from typing import Any

from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill._fitting import final_step
from skdistill._sklearn import routing_enabled
from skdistill._typing import Estimator
from skdistill.distilled import BaseDistilled, named_pairs, student_of

__all__ = ["auto_students", "name_of", "named_students"]


def named_students(search: Any, *, of_classes: bool) -> list[tuple[str, Any]]:
    """Return the students that a search compares; nothing where there is only one.

    Parameters
    ----------
    search : DistilledRegressorCV or DistilledClassifierCV
        Its `student` counts.
    of_classes : bool
        Whether the labels are classes.
    """
    if isinstance(search.student, str):
        return auto_students(of_classes=of_classes)
    return named_pairs(search, "student")


def auto_students(*, of_classes: bool) -> list[tuple[str, Estimator]]:
    """Return the students that "auto" stands for: of scikit-learn, the smallest first.

    Parameters
    ----------
    of_classes : bool
        Whether the labels are classes.
    """
    if of_classes:
        linear = LogisticRegression(max_iter=1000)
        tree, boosting = DecisionTreeClassifier, GradientBoostingClassifier
        forest = RandomForestClassifier
    else:
        linear = Ridge()
        tree, boosting = DecisionTreeRegressor, GradientBoostingRegressor
        forest = RandomForestRegressor
    students = [
        ("linear", make_pipeline(StandardScaler(), linear)),
        ("tree", tree(max_leaf_nodes=32)),
        ("boosting20", boosting(n_estimators=20)),
        ("boosting100", boosting(n_estimators=100)),
        ("forest", forest(n_estimators=20, max_leaf_nodes=128)),
    ]
    if routing_enabled():
        for _, student in students:
            if isinstance(student, Pipeline):
                student[0].set_fit_request(sample_weight=False)
            final_step(student).set_fit_request(sample_weight=True)
    return students


def name_of(model: BaseDistilled) -> str:
    """Return what the only student of a search is called: its class, in small letters.

    So `make_pipeline` names its steps.
    """
    return type(final_step(student_of(model))).__name__.lower()
