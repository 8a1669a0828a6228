import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier

from skdistill.students import fit_on_target
from skdistill.targets import Target


@pytest.fixture
def noise():
    """Labels without any relation to the samples."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(1000, 5)), rng.integers(3, size=1000)
    logits = np.zeros((1000, 3))
    return X, y, Target.of_classes(y, logits, classes=np.arange(3), alpha=0.1)


def test_early_stopping_judges_by_samples_it_did_not_train_on(noise):
    # On noise held-out samples get worse at once. Were some duplicates of a sample held
    # out and others not, the training would seem to help.
    X, y, target = noise
    student = HistGradientBoostingClassifier(early_stopping=True, random_state=0)
    fitted = fit_on_target(clone(student), X, target)
    baseline = clone(student).fit(X, y)
    assert fitted.n_iter_ <= baseline.n_iter_ + 5
    assert fitted.get_params() == student.get_params()


def test_duplicates_do_not_count_as_samples_for_the_automatic_choice():
    X, y = make_classification(4000, n_informative=5, n_classes=3, random_state=0)
    target = Target.of_classes(y, np.eye(3)[y], classes=np.arange(3), alpha=0.5)
    student = HistGradientBoostingClassifier(max_iter=15, n_iter_no_change=1, tol=1e3)
    fitted = fit_on_target(clone(student), X, target)
    assert fitted.n_iter_ == 15
    assert fitted.early_stopping == "auto"


def test_early_stopping_by_the_training_loss_stays_possible(noise):
    X, _, target = noise
    student = HistGradientBoostingClassifier(
        early_stopping=True, validation_fraction=None, max_iter=8, random_state=0
    )
    fitted = fit_on_target(clone(student), X, target)
    assert fitted.n_iter_ == 8
    assert_array_equal(fitted.classes_, np.arange(3))
