"""A teacher is taken at an earlier stage of one and the same fit."""

import numpy as np
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_iris, make_friedman1
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from xgboost import XGBClassifier, XGBRegressor

from skdistill import (
    DistilledClassifier,
    DistilledClassifierCV,
    DistilledRegressor,
    DistilledRegressorCV,
)
from skdistill.inspect import staged_predictions
from skdistill.students import (
    StudentAdapter,
    find_adapter,
    has_stages,
    keeping_stages,
    predict_stage,
)
from skdistill.teachers import Hints, at_stage

pytestmark = pytest.mark.filterwarnings(
    # LightGBM before 4.7 says so of arrays.
    "ignore:X does not have valid feature names",
    "ignore::skdistill.exceptions.PoorTeacherWarning",
    "ignore::sklearn.exceptions.ConvergenceWarning",
)

DIABETES = load_diabetes(return_X_y=True)
IRIS = load_iris(return_X_y=True)
TREE = DecisionTreeRegressor(max_leaf_nodes=8)
REGRESSORS = [
    AdaBoostRegressor(n_estimators=8, random_state=0),
    GradientBoostingRegressor(n_estimators=8),
    HistGradientBoostingRegressor(max_iter=8),
    LGBMRegressor(n_estimators=8, verbose=-1),
    XGBRegressor(n_estimators=8),
    make_pipeline(StandardScaler(), GradientBoostingRegressor(n_estimators=8)),
    TransformedTargetRegressor(
        make_pipeline(StandardScaler(), GradientBoostingRegressor(n_estimators=8)),
        transformer=StandardScaler(),
    ),
]
CLASSIFIERS = [
    AdaBoostClassifier(n_estimators=8, random_state=0),
    GradientBoostingClassifier(n_estimators=8),
    HistGradientBoostingClassifier(max_iter=8),
    LGBMClassifier(n_estimators=8, verbose=-1),
    XGBClassifier(n_estimators=8),
]


def perceptron(n_epochs, kind=MLPRegressor, **params):
    own = {"hidden_layer_sizes": (6,), "tol": 0.0, "random_state": 0} | params
    return make_pipeline(StandardScaler(), kind(max_iter=n_epochs, **own))


def scaled(model):
    return TransformedTargetRegressor(model, transformer=StandardScaler())


def boosting(n_rounds, **params):
    return GradientBoostingRegressor(n_estimators=n_rounds, random_state=0, **params)


def count_fits(monkeypatch, kind, rounds):
    found, fit = [], kind.fit

    def counted(self, *args, **kwargs):
        found.append(getattr(self, rounds))
        return fit(self, *args, **kwargs)

    monkeypatch.setattr(kind, "fit", counted)
    return found


@pytest.fixture
def fits(monkeypatch):
    """Return a list that grows with each fit of scikit-learn's boosting of values."""
    return count_fits(monkeypatch, GradientBoostingRegressor, "n_estimators")


@pytest.mark.parametrize("model", REGRESSORS, ids=lambda one: type(one).__name__)
def test_a_stage_of_values_is_one_of_all_stages(model):
    X, y = DIABETES
    model = model.fit(X, y)
    stages = list(staged_predictions(model, X))
    for fraction, number in ((0.25, 2), (0.5, 4), (1.0, 8), (1e-9, 1)):
        expected = stages[number - 1]
        assert_array_equal(predict_stage(model, X, "predict", fraction), expected)
        assert_array_equal(at_stage(model, fraction).predict(X), expected)
        frozen = FrozenEstimator(model)
        assert_array_equal(predict_stage(frozen, X, "predict", fraction), expected)
    assert at_stage(model, 1.0) is model


@pytest.mark.parametrize("model", CLASSIFIERS, ids=lambda one: type(one).__name__)
def test_a_stage_of_classes_is_one_of_all_stages(model):
    X, y = IRIS
    early = at_stage(model.fit(X, y), 0.5)
    stages = list(staged_predictions(model, X, method="predict_proba"))
    assert_array_equal(early.predict_proba(X), stages[3])
    assert_array_equal(early.predict(X), early.classes_[stages[3].argmax(axis=1)])


def test_stages_of_an_adapter_of_others_are_gone_through():
    class Halves(StudentAdapter):
        def stages(self, model, X, method):
            return (np.full(len(X), float(n)) for n in range(1, 5))

    adapter = Halves()
    assert adapter.has_stages(Ridge())
    assert_array_equal(adapter.stage(Ridge(), [[0], [1]], "predict", 0.5), [2.0, 2.0])
    assert find_adapter(Ridge()).stage(Ridge(), [[0]], "predict", 0.5) is None


def test_what_has_no_stages_is_no_stage():
    forest = RandomForestRegressor(n_estimators=2).fit(*DIABETES)
    with pytest.raises(ValueError, match="must be trained in stages"):
        predict_stage(forest, DIABETES[0], "predict", 0.5)


@pytest.mark.parametrize("cross_fit", ["auto", False])
@pytest.mark.parametrize("memory", [None, False, "folder"])
def test_a_stage_is_the_teacher_of_so_many_rounds(cross_fit, memory, tmp_path):
    X, y = DIABETES
    memory = tmp_path if memory == "folder" else memory
    params = {"cross_fit": cross_fit, "memory": memory, "random_state": 0}
    early = DistilledRegressor(boosting(40), TREE, teacher_stage=0.25, **params)
    short = DistilledRegressor(boosting(10), TREE, **params)
    early, short = early.fit(X, y), short.fit(X, y)
    assert_array_equal(early.predict(X), short.predict(X))
    assert_array_equal(early.teacher_.predict(X), short.teacher_.predict(X))
    assert early.teacher_score_ == short.teacher_score_


@pytest.mark.parametrize("y", [IRIS[1], np.array(["no", "yes"])[IRIS[1] % 2]])
@pytest.mark.parametrize("kind", [GradientBoostingClassifier, XGBClassifier])
def test_a_stage_of_classes_is_the_teacher_of_so_many_rounds(kind, y):
    X = IRIS[0]
    student = LogisticRegression(max_iter=1000)
    early, short = (
        DistilledClassifier(
            kind(n_estimators=n_rounds, max_depth=2),
            student,
            teacher_stage=stage,
            random_state=0,
        ).fit(X, y)
        for n_rounds, stage in ((40, 0.25), (10, 1.0))
    )
    # At a stage there are probabilities, no logits.
    assert_allclose(early.predict_proba(X), short.predict_proba(X), atol=1e-4)
    expected = short.teacher_.predict_proba(X)
    assert_allclose(early.teacher_.predict_proba(X), expected, atol=1e-6)
    assert early.teacher_score_ == short.teacher_score_


def test_a_frozen_teacher_has_stages_too():
    X, y = DIABETES
    early, short = (
        DistilledRegressor(
            FrozenEstimator(boosting(n_rounds).fit(X[:200], y[:200])),
            TREE,
            teacher_stage=stage,
            random_state=0,
        ).fit(X[200:], y[200:])
        for n_rounds, stage in ((40, 0.25), (10, 1.0))
    )
    assert_array_equal(early.predict(X), short.predict(X))


def test_among_several_teachers_those_with_stages_are_stopped():
    X, y = DIABETES
    early, short = (
        DistilledRegressor(
            [("boosting", boosting(n_rounds)), ("line", Ridge())],
            TREE,
            teacher_stage=stage,
            random_state=0,
        ).fit(X, y)
        for n_rounds, stage in ((40, 0.25), (10, 1.0))
    )
    assert_array_equal(early.predict(X), short.predict(X))
    assert_array_equal(early.teacher_.predict(X), short.teacher_.predict(X))


@pytest.mark.parametrize("teacher", [None, Ridge(), [("a", Ridge()), ("b", TREE)]])
def test_a_teacher_without_stages_is_refused(teacher):
    model = DistilledRegressor(teacher, TREE, teacher_stage=0.5)
    with pytest.raises(ValueError, match="Use teacher_stage=1.0"):
        model.fit(*DIABETES)


def test_stored_predictions_have_no_stages():
    X, y = DIABETES
    model = DistilledRegressor(student=TREE, teacher_stage=0.5)
    with pytest.raises(ValueError, match="for stored predictions"):
        model.fit(X, y, teacher_predictions=y)


@pytest.mark.parametrize("memory", [None, "folder"])
def test_no_stage_costs_a_fit(fits, memory, tmp_path):
    X, y = DIABETES
    memory = memory and tmp_path
    for stages, n_candidates in (([1.0], 2), ("auto", 7)):
        fits.clear()
        search = DistilledRegressorCV(
            boosting(20),
            TREE,
            teacher_stages=stages,
            cv=3,
            inner_cv=2,
            memory=memory and memory / str(n_candidates),
            random_state=0,
        ).fit(X, y)
        # On each fold and at the end, once for each inner fold.
        assert fits == [20] * (3 + 1) * 2
        assert len(search.cv_results_["params"]) == n_candidates
    found = [one["teacher_stage"] for one in search.cv_results_["params"]]
    assert found == [1, 1, 1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32]


def test_a_grid_of_stages_costs_no_fit(fits):
    model = DistilledRegressor(boosting(20), TREE, cv=2, random_state=0)
    grid = {"teacher_stage": [1.0, 0.5, 0.25], "alpha": [0.5, 1.0]}
    GridSearchCV(model, grid, cv=KFold(2), refit=False).fit(*DIABETES)
    # The baseline student of each check of the teacher is a tree.
    assert fits == [20] * 2 * 2


def test_folds_at_once_find_the_same():
    X, y = DIABETES
    alone, together = (
        DistilledRegressorCV(
            make_pipeline(StandardScaler(), boosting(20)),
            TREE,
            teacher_stages=[0.5, 0.1],
            cv=2,
            inner_cv=2,
            n_jobs=jobs,
            random_state=0,
        ).fit(X, y)
        for jobs in (None, 2)
    )
    assert alone.best_params_ == together.best_params_
    for name, values in alone.cv_results_.items():
        if name.endswith("score"):
            assert_array_equal(values, together.cv_results_[name])
    assert_array_equal(alone.predict(X), together.predict(X))


@pytest.fixture(scope="module")
def overfitted():
    """Return the search over a teacher that learns the noise of its last rounds."""
    X, y = make_friedman1(3400, random_state=0)
    noise = np.random.default_rng(0).normal(0, 5, size=400)
    searches = [
        DistilledRegressorCV(
            boosting(150, learning_rate=0.5),
            DecisionTreeRegressor(max_leaf_nodes=64),
            transfers=(None,),
            teacher_stages=stages,
            cv=3,
            random_state=0,
        ).fit(X[:400], y[:400] + noise)
        for stages in ([1.0], "auto")
    ]
    return searches, X[400:], y[400:]


@pytest.mark.slow
def test_an_overfitted_teacher_teaches_more_at_an_earlier_stage(overfitted):
    (whole, early), X_test, y_test = overfitted
    assert early.best_params_["teacher_stage"] < 0.5
    assert "teacher_stage" not in whole.best_params_
    assert early.best_score_ > whole.best_score_
    assert early.score(X_test, y_test) > whole.score(X_test, y_test) + 0.01
    assert early.best_estimator_.teacher_stage == early.best_params_["teacher_stage"]


@pytest.mark.slow
def test_the_teacher_is_judged_at_its_best_stage(overfitted):
    (whole, early), *_ = overfitted
    assert early.teacher_score_ > whole.teacher_score_ + 0.02
    assert early.reason_.startswith("Chose distillation: ")
    assert "teacher_stage=" in early.reason_


def test_a_search_over_classes_takes_stages():
    search = DistilledClassifierCV(
        GradientBoostingClassifier(n_estimators=8, random_state=0),
        DecisionTreeClassifier(max_leaf_nodes=4),
        teacher_stages=(1.0, 0.5),
        cv=2,
        inner_cv=2,
        random_state=0,
    ).fit(*IRIS)
    assert len(search.cv_results_["params"]) == 3


def test_no_stages_to_try_are_refused():
    search = DistilledRegressorCV(boosting(8), TREE, teacher_stages=())
    with pytest.raises(ValueError, match="teacher_stages must hold at least one"):
        search.fit(*DIABETES)


@pytest.mark.parametrize("wrap", [lambda model: model, scaled])
@pytest.mark.parametrize("cross_fit", ["auto", False])
def test_an_epoch_is_the_perceptron_of_so_many(cross_fit, wrap):
    X, y = DIABETES
    early, short = (
        DistilledRegressor(
            wrap(perceptron(n_epochs)),
            TREE,
            teacher_stage=stage,
            cross_fit=cross_fit,
            random_state=0,
        ).fit(X, y)
        for n_epochs, stage in ((20, 0.25), (5, 1.0))
    )
    assert_array_equal(early.predict(X), short.predict(X))
    assert_array_equal(early.teacher_.predict(X), short.teacher_.predict(X))
    assert early.teacher_score_ == short.teacher_score_


def test_an_epoch_of_classes_is_the_perceptron_of_so_many():
    X, y = IRIS
    early, short = (
        DistilledClassifier(
            [
                ("network", perceptron(n_epochs, MLPClassifier)),
                ("other", perceptron(6, MLPClassifier, solver="lbfgs")),
            ],
            DecisionTreeClassifier(max_leaf_nodes=4),
            teacher_stage=stage,
            random_state=0,
        ).fit(X, y)
        for n_epochs, stage in ((20, 0.25), (5, 1.0))
    )
    expected = short.teacher_.predict_proba(X)
    assert_allclose(early.teacher_.predict_proba(X), expected, atol=1e-12)
    assert_allclose(early.predict_proba(X), short.predict_proba(X), atol=1e-12)


@pytest.mark.parametrize("early_stopping", [False, True])
def test_the_last_epoch_kept_is_the_perceptron_itself(early_stopping):
    X, y = DIABETES[0], DIABETES[1] / 100
    params = {"early_stopping": early_stopping, "learning_rate_init": 0.05}
    params |= {"n_iter_no_change": 3, "tol": 1e-4}
    plain = perceptron(64, **params).fit(X, y)
    kept = keeping_stages(perceptron(64, **params)).fit(X, y)
    assert_array_equal(kept.predict(X), plain.predict(X))
    stages = list(staged_predictions(kept, X))
    assert 4 < len(stages) < kept[-1].n_iter_ < 64
    assert_array_equal(stages[-1], plain.predict(X))
    epochs = [1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45]
    shown = np.array([perceptron_at(n, X, y, params) for n in epochs[: len(stages)]])
    assert_array_equal(stages[:-1], shown[: len(stages) - 1])


def perceptron_at(n_epochs, X, y, params):
    """Return the predictions after so many epochs of `params`, by a shorter fit."""
    # Fits that are not stopped keep their last weights; what is held out stays.
    model = perceptron(n_epochs, **params)
    if not params["early_stopping"]:
        return model.fit(X, y).predict(X)
    weights = keeping_stages(model).fit(X, y)[-1].checkpoints_[n_epochs]
    model = model.fit(X, y)
    model[-1].coefs_, model[-1].intercepts_ = weights
    return model.predict(X)


def test_the_epochs_of_a_perceptron_cost_no_fit(monkeypatch):
    X, y = DIABETES
    fits = count_fits(monkeypatch, MLPRegressor, "max_iter")
    search = DistilledRegressorCV(
        scaled(perceptron(8)),
        TREE,
        teacher_stages=[1.0, 0.5, 0.25],
        cv=3,
        inner_cv=2,
        random_state=0,
    ).fit(X, y)
    assert fits == [8] * (3 + 1) * 2
    assert len(search.cv_results_["params"]) == 4


def test_only_a_frozen_perceptron_that_kept_its_epochs_has_stages():
    X, y = DIABETES
    plain = FrozenEstimator(perceptron(4).fit(X, y))
    assert not has_stages(plain)
    with pytest.raises(ValueError, match="if it was fitted to keep them"):
        DistilledRegressor(plain, TREE, teacher_stage=0.5).fit(X, y)
    kept = FrozenEstimator(keeping_stages(perceptron(4)).fit(X, y))
    model = DistilledRegressor(kept, TREE, teacher_stage=0.5, random_state=0).fit(X, y)
    expected = perceptron(2).fit(X, y).predict(X)
    assert_array_equal(model.teacher_.predict(X), expected)


def test_stages_are_those_of_the_last_fit():
    X, y = DIABETES[0], DIABETES[1] / 100
    model = keeping_stages(
        MLPRegressor(
            max_iter=np.int64(16),  # As searches draw it.
            learning_rate_init=0.01,
            warm_start=True,
            early_stopping=True,
            n_iter_no_change=3,
            random_state=0,
        )
    )
    for _ in range(4):
        model.fit(X, y)
        stages = list(staged_predictions(model, X))
        assert len(stages) <= len(model.checkpoints_) + 1
        assert_array_equal(stages[-1], model.predict(X))
    assert model.n_iter_ < 16
    assert max(model.checkpoints_) <= model.n_iter_
    # One epoch alone has none but its own.
    model = keeping_stages(MLPRegressor(random_state=0)).partial_fit(X, y)
    (stage,) = staged_predictions(model.partial_fit(X, y), X)
    assert_array_equal(stage, model.predict(X))


def test_a_student_keeps_stages_without_the_outputs_of_hints():
    X, y = DIABETES
    student = keeping_stages(perceptron(4))
    model = DistilledRegressor(
        [("tree", TREE), ("ridge", Ridge())], student, hints=Hints(), random_state=0
    ).fit(X, y)
    stages = list(staged_predictions(model, X))
    assert {stage.shape for stage in stages} == {y.shape}
    assert_array_equal(stages[-1], model.predict(X))


def test_keeping_stages_leaves_others_alone():
    for model in (Ridge(), make_pipeline(Ridge()), MLPRegressor(solver="lbfgs")):
        assert keeping_stages(model) is model
        assert not has_stages(model)
    told = perceptron(4)
    with config_context(enable_metadata_routing=True):
        told[-1].set_fit_request(sample_weight=True)
    kept = keeping_stages(told)
    assert told[-1].__class__ is MLPRegressor
    assert kept[-1].get_metadata_routing().fit.requests == {"sample_weight": True}
