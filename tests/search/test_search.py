"""The searches: what is fitted how often, what is chosen, what it is worth."""

import numpy as np
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_iris,
    make_friedman1,
)
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import log_loss
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    PredefinedSplit,
    ShuffleSplit,
    cross_val_score,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from xgboost import XGBClassifier

from skdistill import DistilledClassifier, DistilledClassifierCV, DistilledRegressorCV
from skdistill.refine import LeafRefinement
from skdistill.search import _base
from skdistill.transfer import TransferSet
from tests.doubles import CountingTeacher

FOREST = ExtraTreesRegressor(50, min_samples_leaf=2, bootstrap=True)
TREE = DecisionTreeRegressor(max_leaf_nodes=32)


@pytest.fixture(scope="module")
def friedman():
    return make_friedman1(1600, noise=1.0, random_state=0)


@pytest.mark.parametrize(
    "student",
    [
        TREE,
        GradientBoostingRegressor(n_estimators=50),
        LGBMRegressor(n_estimators=30, num_leaves=8, n_jobs=1, verbose=-1),
    ],
)
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_the_chosen_student_is_better_on_new_samples(friedman, student):
    X, y = friedman
    teacher = GradientBoostingRegressor(
        n_estimators=150, max_depth=4, subsample=0.5, max_features=0.5
    )
    search = DistilledRegressorCV(
        teacher, student, transfers=(TransferSet(size=3),), cv=3, random_state=0
    )
    search.fit(X[:400], y[:400])
    baseline = clone(student).fit(X[:400], y[:400])
    gain = search.score(X[400:], y[400:]) - baseline.score(X[400:], y[400:])
    assert gain > 0.005
    assert search.reason_.startswith("Chose distillation: alpha=0.5")
    assert search.best_score_ > search.baseline_score_
    assert type(search.student_) is type(student)
    assert search.alpha_ == search.best_params_["alpha"] == 0.5
    assert search.temperature_ == 1.0


def test_on_noise_the_baseline_student_is_kept():
    for seed in range(6):
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(200, 5)), rng.normal(size=200)
        search = DistilledRegressorCV(FOREST, TREE, cv=3, random_state=seed)
        search.fit(X, y)
        assert search.best_index_ == 0, search.reason_


def test_a_teacher_worse_than_the_student_leaves_it_as_it_is(friedman):
    X, y = friedman
    student = GradientBoostingRegressor(n_estimators=50)
    search = DistilledRegressorCV(Ridge(), student, cv=3, random_state=0)
    search.fit(X[:400], y[:400])
    assert search.best_params_ == {
        "alpha": 0.0,
        "temperature": 1.0,
        "transfer": None,
        "refine": None,
    }
    assert "the teacher's score is" in search.reason_
    assert search.teacher_score_ < search.baseline_score_ == search.best_score_


def test_the_first_candidate_is_the_baseline_student(friedman):
    X, y = friedman
    folds = KFold(3)
    search = DistilledRegressorCV(FOREST, LinearRegression(), cv=folds, random_state=0)
    search.fit(X[:200], y[:200])
    expected = cross_val_score(LinearRegression(), X[:200], y[:200], cv=folds)
    got = [search.cv_results_[f"split{i}_test_score"][0] for i in range(3)]
    assert_allclose(got, expected)
    assert search.cv_results_["params"][0]["alpha"] == 0.0
    assert_allclose(search.baseline_score_, expected.mean())


def test_each_teacher_is_fitted_once_on_each_fold(tmp_path):
    X, y = load_diabetes(return_X_y=True)
    (tmp_path / "fits").mkdir()
    teacher = CountingTeacher(tmp_path / "fits")
    search = DistilledRegressorCV(
        teacher,
        DecisionTreeRegressor(max_depth=2),
        alphas=(0.3, 0.7),
        temperatures=(1.0, 2.0),
        cv=4,
        inner_cv=3,
        random_state=0,
    ).fit(X, y)
    # Three inner folds on each of four outer ones, and on all samples.
    assert len(list((tmp_path / "fits").iterdir())) == 3 * (4 + 1)
    assert len(search.cv_results_["params"]) == 1 + 2 * 2
    assert search.teacher_.predict(X).shape == (442,)


def test_no_held_out_label_reaches_its_score(friedman):
    # A teacher that repeats labels it has seen would score 1 where it is given them.
    X, y = friedman
    search = DistilledRegressorCV(
        KNeighborsRegressor(1), TREE, cv=3, inner_cv=3, random_state=0
    )
    search.fit(X[:300], y[:300])
    expected = cross_val_score(KNeighborsRegressor(1), X[:300], y[:300], cv=3).mean()
    assert search.teacher_score_ == pytest.approx(expected, abs=0.15)


def test_the_same_seed_gives_the_same_search_on_any_number_of_jobs(friedman):
    X, y = friedman
    first, second = (
        DistilledRegressorCV(FOREST, TREE, cv=3, random_state=3, n_jobs=n_jobs).fit(
            X[:200], y[:200]
        )
        for n_jobs in (1, 2)
    )
    assert_array_equal(
        first.cv_results_["mean_test_score"], second.cv_results_["mean_test_score"]
    )
    assert_array_equal(first.predict(X), second.predict(X))


def test_one_split_is_scored_in_parts(friedman, monkeypatch):
    X, y = friedman
    search = DistilledRegressorCV(
        FOREST, TREE, cv=ShuffleSplit(1, test_size=0.25, random_state=0), random_state=0
    ).fit(X[:400], y[:400])
    assert "split4_test_score" in search.cv_results_
    monkeypatch.setattr(_base, "MANY_SAMPLES", 300)
    large = DistilledRegressorCV(FOREST, TREE, random_state=0).fit(X[:400], y[:400])
    assert "split4_test_score" in large.cv_results_
    assert "split5_test_score" not in large.cv_results_


def test_each_part_of_one_split_holds_samples_that_count(friedman):
    X, y = friedman
    cv, weight = ShuffleSplit(1, test_size=0.4, random_state=0), np.ones(50)
    ((_, held_out),) = cv.split(X[:50])
    weight[held_out[4:]] = 0.0
    search = DistilledRegressorCV(
        FOREST, TREE, transfers=(None,), cv=cv, random_state=0
    )
    search.fit(X[:50], y[:50], sample_weight=weight)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_unlabeled_samples_are_for_all_but_the_baseline_student(friedman):
    X, y = friedman
    search = DistilledRegressorCV(FOREST, TREE, transfers=(None,), cv=3, random_state=0)
    without = clone(search).fit(X[:200], y[:200]).cv_results_["mean_test_score"]
    search.fit(X[:200], y[:200], X_unlabeled=X[200:])
    scores = search.cv_results_["mean_test_score"]
    assert scores[0] == without[0]
    assert scores[1] != without[1]
    assert search.student_.tree_.n_node_samples[0] == 1600


def test_candidates_that_differ_in_strength_share_a_student(friedman, monkeypatch):
    X, y = friedman
    grown = []
    fit = GradientBoostingRegressor.fit

    def counting(self, X, y, **kwargs):
        grown.append(len(y))
        return fit(self, X, y, **kwargs)

    monkeypatch.setattr(GradientBoostingRegressor, "fit", counting)
    student = GradientBoostingRegressor(n_estimators=5)
    search = DistilledRegressorCV(
        ExtraTreesRegressor(20, bootstrap=True),
        student,
        transfers=(None,),
        refinements=(None, LeafRefinement(1.0), LeafRefinement(30.0)),
        cv=3,
        random_state=0,
    ).fit(X[:300], y[:300])
    # The baseline, the unrefined one, and one for both strengths; then the chosen.
    assert len(grown) == 3 * 3 + 1
    assert len(search.cv_results_["params"]) == 4
    with config_context(print_changed_only=True):
        assert [str(p["refine"]) for p in search.cv_results_["params"]] == [
            "None",
            "None",
            "LeafRefinement(strength=1.0)",
            "LeafRefinement(strength=30.0)",
        ]


def test_weights_and_groups_reach_their_places(friedman):
    X, y = friedman
    weight = np.r_[np.ones(200), np.zeros(100)]
    groups = np.arange(300) % 6
    with config_context(enable_metadata_routing=True):
        search = DistilledRegressorCV(
            FOREST.set_fit_request(sample_weight=True),
            clone(TREE).set_fit_request(sample_weight=True),
            cv=GroupKFold(3),
            random_state=0,
        ).set_fit_request(sample_weight=True)
        search.fit(X[:300], y[:300], sample_weight=weight, groups=groups)
        assert "split2_test_score" in search.cv_results_
    folds = PredefinedSplit(np.where(weight > 0, np.arange(300) % 3, -1))
    half = DistilledRegressorCV(FOREST, LinearRegression(), cv=folds, random_state=0)
    half.fit(X[:300], y[:300], sample_weight=weight)
    alone = [
        LinearRegression()
        .fit(X[:200][np.arange(200) % 3 != i], y[:200][np.arange(200) % 3 != i])
        .score(X[:200][np.arange(200) % 3 == i], y[:200][np.arange(200) % 3 == i])
        for i in range(3)
    ]
    assert half.baseline_score_ == pytest.approx(np.mean(alone))


@pytest.mark.parametrize("name", ["groups", "sites"])
@pytest.mark.parametrize("Search", [DistilledRegressorCV, DistilledClassifierCV])
def test_groups_stay_together_where_teachers_are_cross_fitted(Search, name):
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(12), 9)
    X, y = rng.normal(size=(12, 2))[groups], rng.permutation(np.arange(12) % 2)[groups]
    is_regression = Search is DistilledRegressorCV
    teacher, student = KNeighborsClassifier(1), DecisionTreeClassifier(max_depth=1)
    if is_regression:
        teacher, student = KNeighborsRegressor(1), TREE
    with config_context(enable_metadata_routing=True):
        cv = GroupKFold(3).set_split_request(groups=True if name == "groups" else name)
        search = Search(teacher, student, cv=cv, inner_cv=20, random_state=0)
        search.fit(X, y, **{name: groups})
        # A teacher that knew a sample's group would know its label.
        assert search.best_estimator_.teacher_score_ < 0.8
        assert len(search.best_estimator_.teacher_.estimators) == 12
        search.set_params(inner_cv=KFold(3, shuffle=True, random_state=0))
        search.fit(X, y, **{name: groups})
        assert search.best_estimator_.teacher_score_ == 1
    search.set_params(cv=3, inner_cv=4).fit(X, y)
    assert search.best_estimator_.cv == 4


@pytest.mark.parametrize(
    "student",
    [
        DecisionTreeClassifier(max_leaf_nodes=8),
        XGBClassifier(n_estimators=15, max_depth=2, n_jobs=1),
        LGBMClassifier(n_estimators=15, num_leaves=4, n_jobs=1, verbose=-1),
    ],
)
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_classifiers_are_chosen_by_log_loss(student):
    X, codes = load_breast_cancer(return_X_y=True)
    y = np.array(["malignant", "benign"])[codes]
    teacher = ExtraTreesClassifier(100, bootstrap=True, min_samples_leaf=2)
    search = DistilledClassifierCV(teacher, student, cv=3, random_state=0)
    search.fit(X[::2], y[::2])
    proba = search.predict_proba(X[1::2])
    assert_array_equal(search.classes_, ["benign", "malignant"])
    assert_array_equal(search.predict(X[1::2]), search.classes_[proba.argmax(axis=1)])
    baseline = clone(student).fit(X[::2], codes[::2] == 0)
    losses = [
        log_loss(y[1::2] == "malignant", q[:, 1])
        for q in (proba, baseline.predict_proba(X[1::2]))
    ]
    assert losses[0] < losses[1] + 0.003
    assert search.baseline_score_ < 0


def test_students_without_probabilities_are_chosen_by_accuracy():
    X, y = load_breast_cancer(return_X_y=True)
    student = make_pipeline(StandardScaler(), LinearSVC())
    search = DistilledClassifierCV(GaussianNB(), student, cv=3, random_state=0)
    search.fit(X, y)
    assert 0.9 < search.baseline_score_ < 1
    assert not hasattr(search, "predict_proba")
    assert search.decision_function(X).shape == (569,)


@pytest.mark.filterwarnings("ignore:R.2 score is not well-defined")
@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"alphas": (1.5,)}, "'alpha' parameter"),
        ({"temperatures": (0.0,)}, "'temperature' parameter"),
        ({"transfers": ("munge",)}, "'transfer' parameter"),
        ({"refinements": ("trees",)}, "'refine' parameter"),
        ({"refinements": ()}, "refinements must hold at least one"),
        ({"alphas": ()}, "alphas must hold at least one"),
        ({"refinements": ("leaves",)}, "Leaf values can be refined"),
        ({"cv": KFold(50)}, "(?s)must be finite numbers.*alpha=0.0, temp"),
        ({"scoring": "r3"}, "'scoring' parameter"),
        ({"refinements": (LeafRefinement(-1.0),)}, "'strength' parameter"),
        ({"transfers": (TransferSet(size=0),)}, "'size' parameter"),
        ({"error_score": "ignore"}, "'error_score' parameter"),
    ],
)
def test_wrong_candidates_are_named(friedman, params, message):
    X, y = friedman
    student = Ridge() if params == {"refinements": ("leaves",)} else TREE
    teacher = ExtraTreesRegressor(5, bootstrap=True)
    search = DistilledRegressorCV(teacher, student, transfers=(None,), cv=2)
    search.set_params(**params)
    with pytest.raises(ValueError, match=message):
        search.fit(X[:50], y[:50])


def test_refinements_of_students_without_trees_are_refused(friedman):
    X, y = friedman
    search = DistilledRegressorCV(FOREST, Ridge(), refinements=(LeafRefinement(),))
    with pytest.raises(ValueError, match="Leaf values can be refined"):
        search.fit(X[:50], y[:50])


def test_weights_need_a_score_and_folds_that_take_them(friedman):
    X, y = friedman
    weight = np.r_[np.zeros(25), np.ones(25)]
    search = DistilledRegressorCV(FOREST, TREE, transfers=(None,), cv=KFold(2))
    with pytest.raises(ValueError, match="Each fold of cv must.*weight above 0"):
        search.fit(X[:50], y[:50], sample_weight=weight)
    search.set_params(scoring="neg_max_error")
    with pytest.raises(ValueError, match="scoring must take sample_weight.*max_error"):
        search.fit(X[:50], y[:50], sample_weight=weight + 1)


def test_class_weights_and_refinement_do_not_go_together():
    X, y = load_breast_cancer(return_X_y=True)
    search = DistilledClassifierCV(
        GaussianNB(),
        RandomForestClassifier(5, class_weight="balanced"),
        refinements=(LeafRefinement(),),
    )
    with pytest.raises(ValueError, match="a student with class_weight"):
        search.fit(X, y)


def test_a_search_that_fails_leaves_no_model_of_other_data(friedman):
    X, y = friedman
    search = DistilledRegressorCV(DummyRegressor(), Ridge(), cv=2).fit(X[:50], y[:50])
    with pytest.raises(ValueError, match="NaN"):
        search.fit(X[:50], np.full(50, np.nan))
    assert not hasattr(search, "best_estimator_")


def test_classifiers_at_their_defaults_take_probabilities(friedman):
    X, y = friedman
    search = DistilledClassifierCV(
        LogisticRegression(), DecisionTreeClassifier(max_depth=3), cv=2, random_state=0
    ).fit(X[:200], y[:200] > y.mean())
    assert search.predict_proba(X).shape == (1600, 2)
    assert isinstance(search.reason_, str)


def test_the_default_score_is_the_log_loss_without_its_infinities():
    X, y = load_breast_cancer(return_X_y=True)
    names = np.array(["benign", "malignant"])[y]
    folds, line = KFold(3), LogisticRegression(solver="newton-cholesky")
    search = DistilledClassifierCV(GaussianNB(), line, cv=folds, transfers=(None,))
    search.fit(X, names)
    expected = cross_val_score(line, X, names, cv=folds, scoring="neg_log_loss")
    assert search.baseline_score_ == pytest.approx(expected.mean(), rel=1e-3)
    # Leaves of one row give probability 0: at most -log(1e-6) is paid for it.
    deep = clone(search).set_params(student=DecisionTreeClassifier()).fit(X, names)
    wrong = deep.baseline_score_ / np.log(1e-6)
    assert 0.03 < wrong < 0.15


@pytest.mark.filterwarnings("ignore:The least populated class")
def test_a_frozen_teacher_may_know_a_class_that_a_fold_lacks():
    X, y = load_iris(return_X_y=True)
    teacher = FrozenEstimator(LogisticRegression(max_iter=1000).fit(X, y))
    rows = np.r_[0:100, 100]  # One row of the last class: some fold trains on none.
    student = DecisionTreeClassifier(max_leaf_nodes=4)
    search = DistilledClassifierCV(teacher, student, random_state=0)
    search.fit(X[rows], y[rows])
    assert search.classes_.tolist() == [0, 1, 2]
    two = DistilledClassifier(teacher, student, random_state=0).fit(X[:100], y[:100])
    assert two.classes_.tolist() == [0, 1]
    assert two.score(X[:100], y[:100]) > 0.9


@pytest.mark.slow
@pytest.mark.parametrize("teacher", [FOREST, Ridge()], ids=["good", "poor"])
def test_what_is_chosen_does_no_harm_on_new_samples(teacher):
    """On 20 small tables of little and of much noise: on average, and in most."""
    gains = []
    for seed in range(20):
        X, y = make_friedman1(1120, noise=1.0 + 4 * (seed % 2), random_state=seed)
        search = DistilledRegressorCV(teacher, TREE, random_state=seed)
        search.fit(X[:120], y[:120])
        baseline = clone(TREE).fit(X[:120], y[:120])
        loss, of_baseline = (
            np.mean((y[120:] - model.predict(X[120:])) ** 2) / y[120:].var()
            for model in (search, baseline)
        )
        gains.append(of_baseline - loss)
    assert np.mean(gains) > -0.003
    assert np.mean(np.array(gains) < -0.02) <= 0.1
