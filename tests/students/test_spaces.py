"""What is tried where a student is tuned: parameters that it has, at its size."""

import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, ExtraTreeRegressor
from xgboost import XGBClassifier, XGBRegressor

from skdistill.students import search_space

NETWORK = TransformedTargetRegressor(make_pipeline(StandardScaler(), MLPRegressor()))
KNOWN = [
    GradientBoostingClassifier(),
    GradientBoostingRegressor(),
    HistGradientBoostingRegressor(),
    LGBMClassifier(),
    XGBRegressor(),
    RandomForestClassifier(),
    DecisionTreeClassifier(),
    ExtraTreeRegressor(),
    NETWORK,
    Ridge(),
    KernelRidge(),
    LogisticRegression(),
    LinearSVC(),
    KNeighborsClassifier(),
    KNeighborsRegressor(),
]
BOUNDS = ("n_estimators", "max_leaf", "num_leaves", "max_depth", "hidden", "max_iter")


@pytest.mark.parametrize("student", KNOWN, ids=lambda one: type(one).__name__)
def test_the_space_holds_parameters_that_do_not_bound_the_size(student):
    space = search_space(student)
    assert space
    assert {*space} <= {*student.get_params()}
    assert not any(bound in name for name in space for bound in BOUNDS)


def test_what_a_student_cannot_do_is_not_tried():
    assert "max_samples" in search_space(RandomForestRegressor())
    assert "max_samples" not in search_space(ExtraTreesRegressor())
    assert "subsample" in search_space(LGBMRegressor())
    assert "subsample" not in search_space(LGBMRegressor(boosting_type="goss"))
    assert search_space(XGBClassifier(booster="gblinear")) == {}


@pytest.mark.parametrize("student", [LinearRegression(), GaussianNB()])
def test_of_others_nothing_is_known(student):
    assert search_space(clone(student)) == {}
