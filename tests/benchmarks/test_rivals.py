"""The tuned baseline: what bounds its size is left alone."""

import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_wine
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingClassifier
from xgboost import XGBClassifier

from benchmarks import rivals, teachers_block

BOUNDS = ("n_estimators", "max_leaf", "num_leaves", "max_depth", "hidden", "max_iter")
STUDENTS = [
    teachers_block.build_student(name, 0, classes=classes)
    for name in teachers_block.STUDENTS
    for classes in (True, False)
] + [
    GradientBoostingRegressor(n_estimators=10, random_state=0),
    HistGradientBoostingClassifier(max_iter=5, random_state=0),
    XGBClassifier(n_estimators=5, n_jobs=1, random_state=0),
]


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.parametrize("student", STUDENTS, ids=lambda one: type(one).__name__)
def test_a_student_is_tuned_at_its_own_size(student, monkeypatch):
    monkeypatch.setattr(rivals, "N_CANDIDATES", 2)
    monkeypatch.setattr(rivals, "N_FOLDS", 2)
    load = load_wine if hasattr(student, "predict_proba") else load_diabetes
    X, y = load(return_X_y=True)
    search = rivals.tuned(clone(student), 0).fit(X, y)
    assert len(search.cv_results_["params"]) == 2
    for name, value in student.get_params().items():
        if any(bound in name for bound in BOUNDS):
            assert search.best_estimator_.get_params()[name] == value
    repeated = rivals.tuned(clone(student), 0).fit(X, y)
    assert repeated.best_params_ == search.best_params_


def test_values_are_tuned_by_r2_and_classes_by_log_loss():
    assert rivals.tuned(STUDENTS[0], 0).scoring == "neg_log_loss"
    assert rivals.tuned(STUDENTS[1], 0).scoring == "r2"
