import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier

from skdistill.students import fit_soft_labels
from skdistill.targets import SoftLabels


@pytest.fixture
def noise():
    """Labels without any relation to the rows."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(1000, 5)), rng.integers(3, size=1000)
    return X, y, SoftLabels(y, np.zeros((1000, 3)), alpha=0.1, temperature=1.0)


def test_early_stopping_judges_by_rows_it_did_not_train_on(noise):
    # On noise held-out rows get worse at once. Were some copies of a row held out and
    # others not, the training would seem to help.
    X, y, labels = noise
    student = HistGradientBoostingClassifier(early_stopping=True, random_state=0)
    fitted = fit_soft_labels(clone(student), X, y, labels, np.arange(3))
    plain = clone(student).fit(X, y)
    assert fitted.n_iter_ <= plain.n_iter_ + 5
    assert fitted.get_params() == student.get_params()


def test_copies_do_not_count_as_rows_for_the_automatic_choice():
    X, y = make_classification(4000, n_informative=5, n_classes=3, random_state=0)
    labels = SoftLabels(y, np.eye(3)[y], alpha=0.5, temperature=1.0)
    student = HistGradientBoostingClassifier(max_iter=15, n_iter_no_change=1, tol=1e3)
    fitted = fit_soft_labels(clone(student), X, y, labels, np.arange(3))
    assert fitted.n_iter_ == 15
    assert fitted.early_stopping == "auto"


def test_training_loss_and_own_validation_rows_stay_possible(noise):
    X, y, labels = noise
    student = HistGradientBoostingClassifier(
        early_stopping=True, validation_fraction=None, max_iter=8, random_state=0
    )
    fitted = fit_soft_labels(clone(student), X, y, labels, np.arange(3))
    assert fitted.n_iter_ == 8
    assert_array_equal(fitted.classes_, np.arange(3))
