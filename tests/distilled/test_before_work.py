"""What can be known to be wrong is refused before the teacher is fitted."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import GammaRegressor, PoissonRegressor, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeRegressor
from xgboost import XGBClassifier

from skdistill import DistilledClassifier, DistilledRegressor
from skdistill.transfer import TransferSet
from tests.doubles import CountingTeacher, RecordingClassifier, RecordingRegressor


class CountingClassifier(GaussianNB):
    """Naive Bayes that leaves one file for every fit."""

    def __init__(self, folder=""):
        super().__init__()
        self.folder = folder

    def fit(self, X, y):
        (Path(self.folder) / str(len(list(Path(self.folder).iterdir())))).touch()
        return super().fit(X, y)


@pytest.fixture(scope="module")
def diabetes():
    return load_diabetes(return_X_y=True)


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True)


def assert_refused(folder, model, message, *args, error=ValueError, **given):
    """Assert that `fit` raises, and that the teacher was not fitted until then."""
    with pytest.raises(error, match=message):
        model.fit(*args, **given)
    assert not any(folder.iterdir())


@pytest.mark.parametrize("drawn", [False, True])
def test_metadata_of_a_student_with_a_transfer_set(tmp_path, diabetes, drawn):
    X, y = diabetes
    given = {"extra": np.ones(len(y))}
    if not drawn:
        given["X_unlabeled"] = X[:5]
    with config_context(enable_metadata_routing=True):
        student = RecordingRegressor().set_fit_request(extra=True)
        teacher = CountingTeacher(str(tmp_path))
        transfer = TransferSet(size=1) if drawn else None
        model = DistilledRegressor(teacher, student, transfer=transfer)
        message = "Transfer samples have no metadata.*'extra' for the 442"
        assert_refused(tmp_path, model, message, X, y, **given)
        del given["extra"]
        model.fit(X, y, **given)
    assert any(tmp_path.iterdir())


def test_weights_are_no_such_metadata(diabetes):
    X, y = diabetes
    weight = np.linspace(1, 2, len(y))
    with config_context(enable_metadata_routing=True):
        teacher = Ridge().set_fit_request(sample_weight=True)
        student = RecordingRegressor().set_fit_request(sample_weight=True)
        model = DistilledRegressor(teacher, student, transfer=TransferSet(size=1))
        model.fit(X, y, sample_weight=weight)
    assert_array_equal(model.student_.sample_weight_[:442], weight)


@pytest.mark.parametrize("inside", [False, True])
def test_scores_out_of_bag_with_a_transfer_set(tmp_path, diabetes, iris, inside):
    pairs = [
        (
            DistilledRegressor(CountingTeacher(str(tmp_path))),
            RandomForestRegressor(20, oob_score=True),
            diabetes,
        ),
        (
            DistilledClassifier(CountingClassifier(str(tmp_path))),
            RandomForestClassifier(20, oob_score=True),
            iris,
        ),
    ]
    for model, student, (X, y) in pairs:
        model.set_params(student=make_pipeline(student) if inside else student)
        message = "oob_score learns no transfer set"
        assert_refused(tmp_path, model, message, X, y)
        model.set_params(transfer=None)
        assert_refused(tmp_path, model, message, X, y, X_unlabeled=X[:5])


@pytest.mark.parametrize("missing", ["its predictions", "X_privileged"])
def test_an_eval_set_that_the_teacher_cannot_predict_for(tmp_path, iris, missing):
    X, y = iris
    given = {"X_privileged": X[:, :1]}
    teacher = CountingClassifier(str(tmp_path))
    if missing == "its predictions":
        given = {"teacher_predictions": np.full((150, 3), 1 / 3)}
        teacher = None
    with config_context(enable_metadata_routing=True):
        student = XGBClassifier(n_estimators=5, early_stopping_rounds=2, n_jobs=1)
        student.set_fit_request(eval_set=True)
        model = DistilledClassifier(teacher, student, transfer=None)
        assert_refused(
            tmp_path,
            model,
            f"Got an eval_set, and {missing} for X alone",
            X,
            y,
            eval_set=[(X, y)],
            **given,
        )


@pytest.fixture
def frames():
    """The student's columns and the privileged ones, and the target."""
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    return X.iloc[:, :6], X.iloc[:, 6:], y


def test_privileged_columns_of_unlabeled_samples_have_the_same_names(tmp_path, frames):
    X, privileged, y = frames
    both = X.join(privileged)
    model = DistilledRegressor(CountingTeacher(str(tmp_path)), Ridge(), transfer=None)
    others = [
        both[[*X, *privileged.columns[::-1]]],
        both.rename(columns={"s3": "other"}),
    ]
    for unlabeled in others:
        assert_refused(
            tmp_path,
            model,
            r"those of X_privileged, in order: \['s3', 's4', 's5', 's6'\]. Got \[",
            X,
            y,
            X_privileged=privileged,
            X_unlabeled=unlabeled,
        )
    model.fit(X, y, X_privileged=privileged, X_unlabeled=both)


def test_columns_of_unlabeled_samples_without_the_privileged_ones(tmp_path, frames):
    X, privileged, y = frames
    model = DistilledRegressor(CountingTeacher(str(tmp_path)), Ridge(), transfer=None)
    assert_refused(
        tmp_path,
        model,
        "X_unlabeled must have the 6 columns of X, then the 4 of X_privileged",
        X,
        y,
        X_privileged=privileged,
        X_unlabeled=X,
    )


def test_texts_with_privileged_columns_and_unlabeled_samples():
    texts = ["good", "bad", "good good", "bad bad"] * 30
    y = [1.0, -1.0, 2.0, -2.0] * 30
    part = make_pipeline(CountVectorizer(), Ridge())
    model = DistilledRegressor(part, part, transfer=None)
    with pytest.raises((ValueError, TypeError), match=r"X_unlabeled.*X_privileged"):
        model.fit(texts, y, X_privileged=np.zeros((120, 1)), X_unlabeled=["good"])
    model.fit(texts, y, X_unlabeled=["good", "bad"])


@pytest.mark.parametrize("above", [1.0000001, 1.00001, 1.004])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_stored_probabilities_may_be_rounded(iris, above, dtype):
    X, y = iris
    probabilities = (0.7 * np.eye(3)[y] + 0.1).astype(dtype)
    probabilities[y == 0] = [1, 0, 0]
    rounded = probabilities.copy()
    rounded[y == 0, 0] = above
    rounded[y == 0, 1] = 1 - above  # Below 0.
    models = [
        DistilledClassifier(
            student=RecordingClassifier(), transfer=None, calibrate=None
        ).fit(X, y, teacher_predictions=given)
        for given in (probabilities, rounded)
    ]
    assert_allclose(*(model.student_.sample_weight_ for model in models), rtol=1e-6)
    one_column = DistilledClassifier(student=RecordingClassifier(), transfer=None)
    one_column.fit(X[:100], y[:100], teacher_predictions=rounded[:100, 0])


@pytest.mark.parametrize("above", [1.02, 2.0])
def test_stored_numbers_that_are_no_probabilities_are_refused(iris, above):
    X, y = iris
    probabilities = np.eye(3)[y]
    probabilities[0] = [above, 1 - above, 0]
    model = DistilledClassifier(student=GaussianNB(), transfer=None)
    with pytest.raises(ValueError, match=r"from 0 to 1. Got values from.*'logits'"):
        model.fit(X, y, teacher_predictions=probabilities)


@pytest.mark.parametrize(
    "student",
    [
        PoissonRegressor(),
        GammaRegressor(),
        DecisionTreeRegressor(criterion="poisson", max_leaf_nodes=6, random_state=0),
    ],
)
@pytest.mark.parametrize("alpha", [0, 0.3, 1])
def test_students_of_counts_get_no_unlabeled_target_below_the_smallest_label(
    student, alpha
):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2))
    y = rng.poisson(np.exp(X[:, 0])) + 1.0
    teacher = Ridge().fit(X, y)
    unlabeled = 3 * X[:50]
    t = teacher.predict(unlabeled)
    assert t.min() < 0
    model = DistilledRegressor(
        FrozenEstimator(teacher),
        student,
        alpha=alpha,
        transfer=None,
        calibrate=None,
        on_poor_teacher="warn",
    ).fit(X, y, X_unlabeled=unlabeled)
    target = (1 - alpha) * y + alpha * teacher.predict(X)
    learned = np.maximum(np.r_[target, t], y.min())
    expected = student.fit(np.r_[X, unlabeled], learned)
    assert_allclose(model.predict(X), expected.predict(X))
