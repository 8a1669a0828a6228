import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.ensemble import VotingClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBClassifier, XGBRegressor

from skdistill.students import LabelCoder


def test_xgboost_gets_codes_and_is_read_as_labels():
    coder = LabelCoder(make_pipeline(XGBClassifier()))
    assert_array_equal(coder.encode(np.array(["b", "a", "b"])), [1, 0, 1])
    assert_array_equal(coder.classes_of(None), ["a", "b"])


def test_xgboost_regressors_get_no_codes():
    assert not LabelCoder(XGBRegressor()).needs_codes


def test_other_classifiers_get_the_labels():
    y = np.array(["b", "a"])
    coder = LabelCoder(DecisionTreeClassifier())
    assert coder.encode(y) is y


@pytest.mark.parametrize(
    ("estimator", "needs_codes"),
    [
        (GridSearchCV(make_pipeline(StandardScaler(), XGBClassifier()), {}), True),
        (GridSearchCV(DecisionTreeClassifier(), {}), False),
        # It encodes the labels for its members itself.
        (VotingClassifier([("boosting", XGBClassifier())]), False),
    ],
)
def test_wrappers_need_codes_if_what_they_wrap_does(estimator, needs_codes):
    assert LabelCoder(estimator).needs_codes is needs_codes
