"""Trust for each sample in the distilled estimators: targets, transfer, what helps."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import (
    load_diabetes,
    load_iris,
    make_classification,
    make_friedman1,
)
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingRegressor,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import (
    DistilledClassifier,
    DistilledRegressor,
    DistilledRegressorCV,
)
from skdistill.teachers import (
    ConfidenceTrust,
    CorrectedTrust,
    MatchingTrust,
    OutlierTrust,
    SpreadTrust,
)
from skdistill.transfer import TransferSet
from tests.doubles import RecordingRegressor

TREE = DecisionTreeRegressor(max_depth=3, random_state=0)
WORDS = ("attentive", "outliers", "confidence", "spread", "matching", "corrected")
OF_VALUES = ("attentive", "outliers", "corrected")


def half(predictions, y):
    """Believe the teacher in every other sample."""
    return np.arange(len(y)) % 2.0


@pytest.fixture(scope="module")
def diabetes():
    return load_diabetes(return_X_y=True)


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True)


def learned(trust, diabetes, alpha=0.4, **params):
    """Return labels, predictions and the target that a student learned from them."""
    X, y = diabetes
    teacher = FrozenEstimator(LinearRegression().fit(X[:, :4], y))
    model = DistilledRegressor(
        teacher,
        RecordingRegressor(),
        alpha=alpha,
        trust=trust,
        transfer=None,
        calibrate=None,
        **params,
    ).fit(X[:, :4], y)
    return y, teacher.predict(X[:, :4]), model.student_.y_


# --- identities ---


def test_alpha_is_multiplied_by_the_weight_of_each_sample(diabetes):
    y, t, target = learned(half, diabetes)
    alpha = 0.4 * half(t, y)
    assert_allclose(target, (1 - alpha) * y + alpha * t)
    assert_array_equal(target[::2], y[::2])


def test_a_trust_that_is_one_is_ordinary_distillation(diabetes, iris):
    *_, plain = learned(None, diabetes)
    *_, target = learned(lambda t, y: np.ones(len(y)), diabetes)
    assert_array_equal(target, plain)
    one, other = (
        DistilledClassifier(
            GaussianNB(),
            DecisionTreeClassifier(max_depth=2),
            trust=trust,
            random_state=0,
        ).fit(*iris)
        for trust in (None, "matching")  # At temperature 1.
    )
    assert_allclose(other.predict_proba(iris[0]), one.predict_proba(iris[0]))


@pytest.mark.parametrize("trust", OF_VALUES)
def test_at_alpha_zero_no_one_is_believed(diabetes, trust):
    y, _, target = learned(trust, diabetes, alpha=0.0)
    assert_array_equal(target, y)


def test_attentive_targets_follow_the_errors(diabetes):
    y, t, target = learned("attentive", diabetes, alpha=1.0)
    errors = (y - t) ** 2
    weight = np.clip(1 - errors / np.ptp(errors), 0, 1)
    assert_allclose(target, y + weight * (t - y))


def test_labels_that_are_outliers_are_not_learned(diabetes):
    y, t, target = learned(OutlierTrust(2.0), diabetes)
    distance = np.abs(y - t)
    outlier = distance > 2 * 1.4826 * np.sort(distance)[len(y) // 2 - 1]
    assert 0 < outlier.sum() < 60
    assert_allclose(target, np.where(outlier, t, 0.6 * y + 0.4 * t))


def test_corrected_targets_are_the_teacher_moved_by_the_label(diabetes):
    y, t, target = learned(CorrectedTrust(0.5), diabetes, alpha=1.0)
    errors = (y - t) ** 2 / y.var()
    assert_allclose(target, t + 0.5 / (0.5 + errors) * (y - t))


@pytest.mark.parametrize("trust", WORDS)
def test_each_word_changes_what_a_classifier_learns(iris, trust):
    X, y = iris
    X = X[:, :2]  # So that the teachers err.
    models = [
        DistilledClassifier(
            [("bayes", GaussianNB()), ("line", LogisticRegression())],
            DecisionTreeClassifier(max_depth=4),
            trust=one,
            temperature=2.0,
            transfer=None,
            random_state=0,
        ).fit(X, y)
        for one in (None, trust)
    ]
    plain, trusted = (model.predict_proba(X) for model in models)
    assert not np.allclose(plain, trusted)
    assert_allclose(trusted.sum(axis=1), 1)


def test_temperature_reaches_matching(iris):
    X, y = iris
    probabilities = [
        DistilledClassifier(
            GaussianNB(),
            DecisionTreeClassifier(max_depth=3),
            trust=trust,
            temperature=3.0,
            transfer=None,
            random_state=0,
        )
        .fit(X, y)
        .predict_proba(X)
        for trust in (MatchingTrust(), lambda z, y: _matching(z, 3.0))
    ]
    assert_allclose(*probabilities)


def _matching(logits, temperature):
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return (p ** (1 / temperature)).sum(axis=1) / 3 ** (1 - 1 / temperature)


# --- the transfer set ---


def test_samples_on_which_fold_teachers_disagree_weigh_less(diabetes):
    X, y = diabetes
    model = DistilledRegressor(
        DecisionTreeRegressor(max_depth=5),
        RecordingRegressor(),
        trust="spread",
        transfer=None,
        calibrate=None,
        random_state=0,
    ).fit(X[:300], y[:300], X_unlabeled=X[300:])
    weight = model.student_.sample_weight_
    assert_array_equal(weight[:300], 1)
    variance = model.teacher_.predict_each(X[300:]).var(axis=1)
    assert_array_equal(np.argsort(weight[300:]), np.argsort(-variance))
    assert 0 < weight[300:].min() < weight[300:].max() <= 1


class CountedTree(DecisionTreeRegressor):
    """Tree that counts how often some tree of its kind predicts so many samples."""

    n_calls = 0

    def predict(self, X):
        CountedTree.n_calls += len(X) == 142
        return super().predict(X)


@pytest.mark.parametrize(
    ("teacher", "n_calls"),
    [
        (CountedTree(max_depth=3), 3),
        ([("a", CountedTree(max_depth=3)), ("b", CountedTree(max_depth=2))], 6),
    ],
)
def test_the_transfer_set_is_predicted_once(diabetes, monkeypatch, teacher, n_calls):
    X, y = diabetes
    monkeypatch.setattr(CountedTree, "n_calls", 0)
    model = DistilledRegressor(
        teacher,
        RecordingRegressor(),
        trust="spread",
        transfer=None,
        cv=3,
        memory=False,
        on_poor_teacher="ignore",
        random_state=0,
    ).fit(X[:300], y[:300], X_unlabeled=X[300:])
    assert CountedTree.n_calls == n_calls
    alike = clone(model).set_params(trust=None)
    alike.fit(X[:300], y[:300], X_unlabeled=X[300:])
    assert_array_equal(model.student_.y_[300:], alike.student_.y_[300:])


def test_several_teachers_are_compared_on_all_samples(diabetes):
    X, y = diabetes
    parts = [FrozenEstimator(Ridge(a).fit(X, y)) for a in (0.1, 30.0)]
    model = DistilledRegressor(
        [("a", parts[0]), ("b", parts[1])],
        RecordingRegressor(),
        alpha=1.0,
        trust="spread",
        transfer=TransferSet(None, weight=2.0),
        calibrate=None,
    ).fit(X[:300], y[:300], X_unlabeled=X[300:])
    t = np.stack([part.predict(X) for part in parts], axis=1)
    error = np.mean((y[:300] - t[:300].mean(axis=1)) ** 2)
    trust = error / (error + t.var(axis=1))
    student = model.student_
    expected = y[:300] + trust[:300] * (t[:300].mean(axis=1) - y[:300])
    assert_allclose(student.y_[:300], expected)
    assert_allclose(student.y_[300:], t[300:].mean(axis=1))
    assert_allclose(student.sample_weight_[300:], 2 * trust[300:])


def test_confidence_weighs_the_transfer_set_too(iris):
    X, y = iris
    rows = np.random.default_rng(0).permutation(150)
    known, new = rows[:100], rows[100:]
    model = DistilledClassifier(
        FrozenEstimator(GaussianNB().fit(X, y)),
        RecordingRegressor(),
        trust=ConfidenceTrust(),
        transfer=None,
        calibrate=None,
    ).fit(X[known], y[known], X_unlabeled=X[new])
    weight = model.student_.regressors_[0].sample_weight_[100:]
    assert_allclose(weight, model.teacher_.predict_proba(X[new]).max(axis=1))


@pytest.mark.parametrize("trust", OF_VALUES)
def test_trust_by_labels_leaves_the_transfer_set_alone(diabetes, trust):
    X, y = diabetes
    model = DistilledRegressor(
        Ridge(), RecordingRegressor(), trust=trust, transfer=None, random_state=0
    ).fit(X[:300], y[:300], X_unlabeled=X[300:])
    assert model.student_.sample_weight_ is None


# --- what is refused ---


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"trust": "confidence"}, "this is a regression. Use 'attentive'"),
        ({"trust": "matching"}, "this is a regression"),
        ({"trust": "attentive", "cross_fit": False}, "cross_fit=False gives none"),
        ({"trust": half, "cross_fit": False}, "cross_fit=False gives none"),
        ({"trust": "spread", "transfer": None}, "there is one alone"),
        (
            {"trust": "outliers", "student": GradientBoostingRegressor(loss="huber")},
            "not least for the mean",
        ),
        ({"trust": "spread", "student": KNeighborsRegressor()}, "transfer set"),
        ({"trust": "most"}, "'trust' parameter of DistilledRegressor"),
    ],
)
def test_what_does_not_go_together_is_refused_before_any_work(
    diabetes, params, message
):
    model = DistilledRegressor(
        **{"teacher": Ridge(), "student": TREE, "calibrate": None} | params
    )
    with pytest.raises(ValueError, match=message):
        model.fit(*diabetes)


def test_one_teacher_without_folds_has_no_spread(diabetes):
    model = DistilledRegressor(
        ExtraTreesRegressor(50, bootstrap=True), TREE, trust="spread", random_state=0
    )
    with pytest.raises(ValueError, match="Got one ExtraTreesRegressor"):
        model.fit(*diabetes)
    model.set_params(cross_fit="kfold", teacher__n_estimators=5).fit(*diabetes)


def test_a_student_without_weights_cannot_weigh_the_transfer_set(diabetes):
    X, y = diabetes
    model = DistilledRegressor(Ridge(), KNeighborsRegressor(), trust=SpreadTrust())
    with pytest.raises(ValueError, match="student must accept sample_weight"):
        model.fit(X[:300], y[:300], X_unlabeled=X[300:])


def test_a_frozen_teacher_is_judged_without_cross_fitting(diabetes):
    *_, target = learned("attentive", diabetes, cross_fit=False)
    *_, expected = learned("attentive", diabetes)
    assert_array_equal(target, expected)


# --- scikit-learn's ways ---


def test_grid_search_and_searches_take_it(diabetes):
    X, y = diabetes
    model = DistilledRegressor(Ridge(), TREE, transfer=None, random_state=0)
    grid = {"trust": [None, "attentive", OutlierTrust()]}
    found = GridSearchCV(model, grid, cv=2).fit(X, y)
    assert len(set(found.cv_results_["mean_test_score"])) > 1
    inner = clone(model).set_params(trust=OutlierTrust(), trust__threshold=2.0)
    assert inner.trust.threshold == 2.0
    search = DistilledRegressorCV(
        Ridge(), Ridge(), trust="attentive", transfers=(None,), cv=3, random_state=0
    ).fit(X, y)
    assert search.linear_alpha_ is None  # It is that of one alpha for all.
    assert search.best_estimator_.trust == "attentive"


def test_weights_count_as_repeated_samples(diabetes):
    X, y = (part[:200] for part in diabetes)
    weight = np.random.default_rng(0).integers(0, 3, size=200)
    rows = np.repeat(np.arange(200), weight)
    for trust in OF_VALUES:
        model = DistilledRegressor(
            FrozenEstimator(Ridge().fit(*diabetes)),
            Ridge(),
            trust=trust,
            transfer=None,
            on_poor_teacher="warn",
        )
        weighted = clone(model).fit(X, y, sample_weight=weight)
        repeated = clone(model).fit(X[rows], y[rows])
        assert_allclose(weighted.predict(X), repeated.predict(X))


# --- pure noise ---


@pytest.mark.parametrize("trust", [*OF_VALUES, "spread"])
def test_nothing_is_learned_from_noise(trust):
    found = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(400, 5)), rng.normal(size=400)
        model = DistilledRegressor(
            [("trees", ExtraTreesRegressor(10)), ("tree", DecisionTreeRegressor())],
            DecisionTreeRegressor(max_depth=5),
            trust=trust,
            combine="stack",
            on_poor_teacher="ignore",
            random_state=seed,
        ).fit(X[:200], y[:200])
        found.append(np.corrcoef(model.predict(X[200:]), y[200:])[0, 1])
    assert abs(np.nanmean(found)) < 0.08


# --- where theory says that it helps ---


def gains(problem, trust, model, score, n_train, n_seeds=3):
    """Return by how much a trust is better than none on held-out samples."""
    found = []
    for seed in range(n_seeds):
        X, y, truth, teacher = problem(seed)
        train, test = slice(n_train), slice(n_train, None)
        scores = [
            score(
                clone(model)
                .set_params(teacher=teacher, trust=one, random_state=seed)
                .fit(X[train], y[train]),
                X[test],
                truth[test],
            )
            for one in (None, trust)
        ]
        found.append(scores[1] - scores[0])
    return found


def r2(model, X, y):
    return model.score(X, y)


def negated_log_loss(model, X, y):
    return -log_loss(y, np.clip(model.predict_proba(X), 1e-6, 1))


QUIET = {"on_poor_teacher": "ignore", "transfer": None, "refine": None}


def of_one_half(seed):
    """A teacher that knows one half of the space alone."""
    X, y = make_friedman1(2000, noise=1.0, random_state=seed)
    known = np.flatnonzero(X[1000:, 0] < 0.5) + 1000
    teacher = ExtraTreesRegressor(50, random_state=seed).fit(X[known], y[known])
    return X[:1000], y[:1000], y[:1000], FrozenEstimator(teacher)


def of_two_halves(seed):
    """Two teachers; one of them knows one half of the space alone."""
    X, y = make_friedman1(3000, noise=1.0, random_state=seed)
    new = np.arange(3000) >= 1000
    teachers = [
        (
            name,
            FrozenEstimator(
                ExtraTreesRegressor(50, random_state=seed).fit(X[rows], y[rows])
            ),
        )
        for name, rows in (("half", new & (X[:, 3] < 0.4)), ("all", new))
    ]
    return X[:1000], y[:1000], y[:1000], teachers


def of_a_shallow_forest(seed):
    X, y = make_friedman1(1500, noise=1.0, random_state=seed)
    return X, y, y, ExtraTreesRegressor(50, max_depth=3)


def of_flipped_labels(seed):
    X, truth = make_classification(
        1500, 10, n_informative=6, flip_y=0, class_sep=1.5, random_state=seed
    )
    flipped = np.random.default_rng(seed).random(1500) < 0.2
    teacher = ExtraTreesClassifier(50, min_samples_leaf=3)
    return X, np.where(flipped, 1 - truth, truth), truth, teacher


@pytest.mark.parametrize(
    ("problem", "trust", "params"),
    [
        (of_one_half, "attentive", {}),
        pytest.param(of_one_half, "corrected", {}, marks=pytest.mark.slow),
        pytest.param(of_two_halves, "spread", {}, marks=pytest.mark.slow),
        (of_a_shallow_forest, "corrected", {"alpha": 1.0, "calibrate": None}),
    ],
)
def test_a_teacher_that_errs_in_places_harms_less(problem, trust, params):
    model = DistilledRegressor(**QUIET | params)
    assert min(gains(problem, trust, model, r2, 300)) > 0


@pytest.mark.parametrize(
    "trust", ["outliers", pytest.param("confidence", marks=pytest.mark.slow)]
)
def test_wrong_labels_harm_less(trust):
    model = DistilledClassifier(**QUIET)
    found = gains(of_flipped_labels, trust, model, negated_log_loss, 300)
    assert min(found) > 0


def test_a_teacher_alone_is_learned_where_labels_are_far_off():
    def problem(seed):
        X, truth = make_friedman1(1500, noise=0.5, random_state=seed)
        rng = np.random.default_rng(seed)
        wrong = 20 * rng.normal(size=1500) * (rng.random(1500) < 0.1)
        return X, truth + wrong, truth, ExtraTreesRegressor(50)

    model = DistilledRegressor(**QUIET)
    assert np.mean(gains(problem, "outliers", model, r2, 300, n_seeds=5)) > 0
