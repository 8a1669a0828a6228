import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    GradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import (
    LinearRegression,
    LogisticRegression,
    Ridge,
    RidgeCV,
)
from sklearn.metrics import r2_score
from sklearn.model_selection import (
    KFold,
    LeaveOneOut,
    StratifiedKFold,
    cross_val_predict,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from xgboost import XGBClassifier

from skdistill import DistilledClassifier, DistilledRegressor
from skdistill._numerics import temper
from skdistill.exceptions import MissingClassWarning
from skdistill.teachers import CrossFitTask, cross_fit, predict_logits
from tests.doubles import LogitOnlyClassifier, Memoriser


def task(teacher, X, y, *, classes=None, cv=5, seeds=(0, 0), **fit_params):
    return CrossFitTask(teacher, X, np.asarray(y), classes, fit_params, {}, cv, seeds)


@pytest.fixture(scope="module")
def diabetes():
    return load_diabetes(return_X_y=True)


@pytest.fixture(scope="module")
def iris():
    X, y = load_iris(return_X_y=True)
    return X, np.array(["setosa", "versicolor", "virginica"])[y]


@pytest.fixture(scope="module")
def noise():
    rng = np.random.default_rng(0)
    return rng.normal(size=(300, 5)), rng.normal(size=300)


def test_kfold_predictions_are_those_of_cross_val_predict(diabetes):
    X, y = diabetes
    done = cross_fit(task(Ridge(), X, y, seeds=(3, 0)), "kfold")
    folds = KFold(5, shuffle=True, random_state=3)
    assert_allclose(done.predictions, cross_val_predict(Ridge(), X, y, cv=folds))


def test_kfold_teacher_is_the_mean_of_the_fold_teachers(diabetes):
    X, y = diabetes
    folds = list(KFold(3).split(X))
    done = cross_fit(task(Ridge(), X, y, cv=folds), "kfold")
    each = [Ridge().fit(X[train], y[train]).predict(X) for train, _ in folds]
    assert_allclose(done.teacher.predict(X), np.mean(each, axis=0))


def test_class_predictions_are_logits_of_the_held_out_probabilities(iris):
    X, y = iris
    done = cross_fit(task(GaussianNB(), X, y, classes=np.unique(y)), "kfold")
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    expected = cross_val_predict(GaussianNB(), X, y, cv=folds, method="predict_proba")
    assert_allclose(temper(done.predictions, 1.0), expected, atol=1e-12)


def test_a_true_logit_is_taken_where_probabilities_are_rounded_to_0_and_1():
    X = np.r_[np.linspace(-2, -1, 50), np.linspace(1, 2, 50)][:, None] * 1000
    y = (X[:, 0] > 0).astype(int)
    teacher = LogisticRegression(C=1e3, max_iter=1000).fit(X, y)
    assert (teacher.predict_proba(X) == 1).any()
    done = cross_fit(
        task(FrozenEstimator(teacher), X, y, classes=np.array([0, 1])), False
    )
    assert_allclose(done.predictions[:, 1], teacher.decision_function(X))
    assert np.isfinite(done.predictions).all()


@pytest.mark.parametrize("method", ["kfold", "oob", "stack", "frozen"])
def test_logits_of_samples_in_single_precision_are_so_too(iris, method):
    X, y = iris
    X = X.astype(np.float32)
    forest = RandomForestClassifier(40, random_state=0)
    teacher = {
        "stack": StackingClassifier([("forest", forest), ("bayes", GaussianNB())]),
        "frozen": FrozenEstimator(GaussianNB().fit(X, y)),
    }.get(method, forest)
    done = {
        dtype: cross_fit(
            task(teacher, X.astype(dtype), y, classes=np.unique(y)),
            "auto" if method == "frozen" else method,
        ).predictions
        for dtype in (np.float32, np.float64)
    }
    for dtype, predictions in done.items():
        assert predictions.dtype == dtype
    assert_allclose(*(temper(one, 1.0) for one in done.values()), atol=1e-6)
    frame = pd.DataFrame(X)
    logits = predict_logits(clone(forest).fit(frame, y), frame, np.unique(y))
    assert logits.dtype == np.float32


def test_decision_values_serve_where_there_are_no_probabilities(iris):
    X, y = iris
    teacher = FrozenEstimator(LinearSVC(random_state=0).fit(X, y))
    done = cross_fit(task(teacher, X, y, classes=np.unique(y)), "auto")
    assert_allclose(done.predictions, teacher.decision_function(X))


def test_fold_mean_of_a_teacher_without_probabilities_has_them(iris):
    X, y = iris
    teacher = LogitOnlyClassifier(LogisticRegression(max_iter=1000))
    done = cross_fit(task(teacher, X, y, classes=np.unique(y)), "kfold")
    assert_allclose(done.teacher.predict_proba(X).sum(axis=1), 1)
    assert (done.teacher.predict(X) == y).mean() > 0.95


def test_oob_predictions_are_the_forests_own(diabetes):
    X, y = diabetes
    forest = RandomForestRegressor(60, random_state=0, max_features=0.3)
    done = cross_fit(task(forest, X, y), "oob")
    assert_array_equal(
        done.predictions,
        clone(forest).set_params(oob_score=True).fit(X, y).oob_prediction_,
    )


@pytest.mark.parametrize(
    "teacher",
    [
        RandomForestClassifier(60, random_state=0),
        BaggingClassifier(DecisionTreeClassifier(), 60, random_state=0),
    ],
)
def test_oob_predictions_of_classifiers_are_log_probabilities(teacher, iris):
    X, y = iris
    done = cross_fit(task(teacher, X, y, classes=np.unique(y)), "oob")
    assert_allclose(temper(done.predictions, 1.0), done.teacher.oob_decision_function_)


def test_bags_of_several_outputs_are_cross_fitted(diabetes):
    X, y = diabetes
    bags = BaggingRegressor(Ridge(), 20, random_state=0)
    several = np.c_[y, -y]
    with pytest.raises(ValueError, match=r"several outputs. Got y of shape \(442, 2"):
        cross_fit(task(bags, X, several), "oob")
    done = cross_fit(task(bags, X, several), "auto")
    assert_array_equal(
        done.predictions, cross_fit(task(bags, X, several), "kfold").predictions
    )


def test_samples_in_every_bag_are_an_error_under_oob_and_kfold_under_auto(diabetes):
    X, y = diabetes
    few = RandomForestRegressor(3, random_state=0)
    with pytest.raises(ValueError, match="of 442 rows that are in all 3.*Use more"):
        cross_fit(task(few, X, y), "oob")
    done = cross_fit(task(few, X, y), "auto")
    assert_array_equal(
        done.predictions, cross_fit(task(few, X, y), "kfold").predictions
    )


def test_stack_predictions_come_from_models_that_never_saw_the_sample(diabetes):
    # By hand: the base model's out-of-fold predictions, then the final estimator
    # cross-fitted on them over the same folds.
    X, y = diabetes
    folds = KFold(4)
    stack = StackingRegressor(
        [("tree", DecisionTreeRegressor(max_depth=3, random_state=0))],
        final_estimator=Ridge(),
        cv=folds,
    )
    done = cross_fit(task(stack, X, y), "stack")
    base = cross_val_predict(stack.estimators[0][1], X, y, cv=folds)[:, None]
    assert_allclose(done.predictions, cross_val_predict(Ridge(), base, y, cv=folds))


def test_a_cross_fitted_stack_is_the_stack_fitted_alone(diabetes):
    X, y = diabetes
    stack = StackingRegressor(
        [("ridge", Ridge()), ("tree", DecisionTreeRegressor(random_state=0))], cv=3
    )
    fitted = cross_fit(task(stack, X, y, seeds=(None, None)), "auto").teacher
    alone = clone(stack).fit(X, y)
    assert_array_equal(fitted.predict(X), alone.predict(X))
    assert repr(fitted) == repr(alone)
    assert type(fitted.final_estimator_) is type(alone.final_estimator_)


def test_a_cross_fitted_classifying_stack_is_the_stack_fitted_alone(iris):
    X, y = iris
    stack = StackingClassifier(
        [("nb", GaussianNB()), ("tree", DecisionTreeClassifier(random_state=0))], cv=3
    )
    done = cross_fit(task(stack, X, y, classes=np.unique(y)), "auto")
    alone = clone(stack).fit(X, y)
    assert_array_equal(done.teacher.predict_proba(X), alone.predict_proba(X))
    assert done.predictions.shape == (150, 3)
    assert (np.unique(y)[done.predictions.argmax(axis=1)] == y).mean() > 0.9


def test_stacks_with_their_default_final_estimator_are_cross_fitted(diabetes, iris):
    models = [("tree", DecisionTreeRegressor(max_depth=3))]
    model = DistilledRegressor(StackingRegressor(models), Ridge()).fit(*diabetes)
    assert type(model.teacher_.final_estimator_) is RidgeCV
    models = [("tree", DecisionTreeClassifier(max_depth=3))]
    model = DistilledClassifier(StackingClassifier(models), GaussianNB()).fit(*iris)
    assert type(model.teacher_.final_estimator_) is LogisticRegression


@pytest.mark.parametrize("final", [Memoriser(), DecisionTreeRegressor(random_state=0)])
@pytest.mark.parametrize("passthrough", [False, True])
def test_stack_predictions_carry_no_label_even_through_a_final_that_memorises(
    noise, final, passthrough
):
    X, y = noise
    stack = StackingRegressor(
        [("knn", KNeighborsRegressor(5)), ("tree", DecisionTreeRegressor())],
        final_estimator=final,
        passthrough=passthrough,
    )
    done = cross_fit(task(stack, X, y), "auto")
    # 300 samples of pure noise: |correlation| is below 0.23 with probability 0.9999.
    assert abs(np.corrcoef(done.predictions, y)[0, 1]) < 0.23


def test_a_stack_of_many_folds_is_cross_fitted_as_a_whole(noise):
    # Leaving one out, a member that predicts the mean of the rest gives the label
    # away: the final estimator only has to turn its sign.
    X, y = noise
    stack = StackingRegressor(
        [("mean", DummyRegressor())], LinearRegression(), cv=LeaveOneOut()
    )
    done = cross_fit(task(stack, X[:40], y[:40]), "auto")
    assert type(done.teacher).__name__ == "FoldMeanRegressor"
    assert r2_score(y[:40], done.predictions) < 0.1


def test_through_five_folds_a_stack_passes_no_more_than_their_means(noise):
    X, y = noise
    stack = StackingRegressor(
        [("mean", DummyRegressor()), ("ridge", Ridge(1e3))], LinearRegression(), cv=5
    )
    predictions = cross_fit(task(stack, X, y), "stack").predictions
    assert r2_score(y, predictions) < 2 * 5 / len(y)


@pytest.mark.parametrize(
    ("teacher", "method"),
    [
        (Memoriser(), "kfold"),
        (RandomForestRegressor(100, random_state=0), "oob"),
        (RandomForestRegressor(100, random_state=0), "kfold"),
    ],
)
def test_out_of_fold_predictions_carry_no_label_on_pure_noise(noise, teacher, method):
    X, y = noise
    predictions = cross_fit(task(teacher, X, y), method).predictions
    assert abs(np.corrcoef(predictions, y)[0, 1]) < 0.23


def test_in_sample_predictions_repeat_the_labels(noise):
    X, y = noise
    done = cross_fit(task(Memoriser(), X, y), False)
    assert_array_equal(done.predictions, y)
    assert not done.is_out_of_fold


def test_auto_takes_the_cheapest_source(diabetes):
    X, y = diabetes
    forest = RandomForestRegressor(60, random_state=0)
    assert type(cross_fit(task(forest, X, y), "auto").teacher) is RandomForestRegressor
    assert type(cross_fit(task(Ridge(), X, y), "auto").teacher).__name__ == (
        "FoldMeanRegressor"
    )


def test_a_class_missing_from_a_fold_gets_probability_zero(iris):
    X, y = iris
    rare = np.where(np.arange(150) == 0, "aaa rare", y)
    cv = KFold(3, shuffle=True, random_state=0)
    with pytest.warns(MissingClassWarning, match="no row of class .'aaa rare'.*two"):
        done = cross_fit(
            task(GaussianNB(), X, rare, classes=np.unique(rare), cv=cv), "auto"
        )
    assert done.predictions[0, 0] == -np.inf
    assert np.isfinite(done.predictions[:, 1:]).all(axis=1).any()


@pytest.mark.filterwarnings("ignore::skdistill.exceptions.MissingClassWarning")
def test_xgboost_is_fitted_on_a_fold_whose_codes_have_a_gap(iris):
    X, y = iris
    rare = np.where(np.arange(150) == 60, "t rare", y)
    cv = KFold(3, shuffle=True, random_state=0)
    teacher = XGBClassifier(n_estimators=3)
    classes = np.unique(rare)
    done = cross_fit(task(teacher, X, rare, classes=classes, cv=cv), "kfold")
    assert (classes[done.predictions.argmax(axis=1)] == rare).mean() > 0.85


def test_several_jobs_give_the_same_predictions(diabetes):
    X, y = diabetes
    teacher = DecisionTreeRegressor(max_features=2)
    one = CrossFitTask(teacher, X, y, None, {}, {}, 5, (0, 0), n_jobs=1)
    two = CrossFitTask(teacher, X, y, None, {}, {}, 5, (0, 0), n_jobs=2)
    assert_array_equal(
        cross_fit(one, "kfold").predictions, cross_fit(two, "kfold").predictions
    )


def test_a_frozen_teacher_predicts_as_it_is(iris):
    X, y = iris
    teacher = GradientBoostingClassifier(n_estimators=5).fit(X, y)
    done = cross_fit(task(FrozenEstimator(teacher), X, y, classes=np.unique(y)), "auto")
    assert done.teacher.estimator is teacher
    assert_allclose(temper(done.predictions, 1.0), teacher.predict_proba(X))
