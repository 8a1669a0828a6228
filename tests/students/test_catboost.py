"""CatBoost, where it is installed: it learns from duplicated samples."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression

from skdistill.students import fit_on_target
from skdistill.targets import Target

catboost = pytest.importorskip("catboost", reason="CatBoost is not installed")


@pytest.mark.parametrize("n_classes", [2, 3])
def test_probabilities_are_learned_not_classes(n_classes):
    X, y = make_classification(
        600, 6, n_informative=5, n_redundant=0, n_classes=n_classes, random_state=0
    )
    names = np.array(["apple", "mango", "zebra"])[:n_classes]
    soft = LogisticRegression().fit(X, y).predict_proba(X)
    target = Target.of_classes(y, np.log(soft), classes=names, alpha=1.0)
    student = catboost.CatBoostClassifier(
        iterations=100, depth=4, verbose=0, allow_writing_files=False
    )
    fitted = fit_on_target(student, X, target)
    assert fitted.classes_.tolist() == names.tolist()
    assert_allclose(fitted.predict_proba(X), soft, atol=0.2)
    assert np.abs(fitted.predict_proba(X) - soft).mean() < 0.04
