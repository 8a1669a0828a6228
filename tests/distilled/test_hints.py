"""hints: the student learns a representation by outputs that are dropped."""

import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xgboost
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import make_classification, make_friedman1
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge, RidgeCV
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils.fixes import parse_version
from xgboost import DMatrix, XGBRegressor

from skdistill import DistilledClassifier, DistilledRegressor, DistilledRegressorCV
from skdistill.distilled import check_data, make_plan
from skdistill.exceptions import MissingClassWarning
from skdistill.export import to_c
from skdistill.inspect import count_values
from skdistill.students import _mlp, fit_on_target
from skdistill.targets import Target
from skdistill.teachers import Hints
from skdistill.teachers._representation import Representation
from skdistill.transfer import TransferSet

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

TREE = DecisionTreeRegressor(max_leaf_nodes=8, random_state=0)
BIG_TREE = clone(TREE).set_params(max_leaf_nodes=40)
FOREST = RandomForestRegressor(4, max_leaf_nodes=8, random_state=0)
NETWORK = MLPRegressor(
    hidden_layer_sizes=(6,), max_iter=20, learning_rate_init=0.01, random_state=0
)
BOOSTING = XGBRegressor(
    n_estimators=5,
    max_depth=3,
    subsample=0.8,
    multi_strategy="multi_output_tree",
    n_jobs=1,
    random_state=0,
)
CLASS_TREE = DecisionTreeClassifier(max_leaf_nodes=8, random_state=0)
CLASS_FOREST = RandomForestClassifier(4, max_leaf_nodes=8, random_state=0)
CLASS_NETWORK = MLPClassifier(
    hidden_layer_sizes=(6,), max_iter=20, learning_rate_init=0.01, random_state=0
)
LBFGS = clone(CLASS_NETWORK).set_params(solver="lbfgs")
WIDE = MLPRegressor(hidden_layer_sizes=(8, 5), max_iter=60, random_state=0)
COUNTS = parse_version(xgboost.__version__) >= parse_version("3.1")
counting = pytest.mark.skipif(not COUNTS, reason="XGBoost before 3.1 has no counts")
STUDENTS = [TREE, FOREST, NETWORK, pytest.param(BOOSTING, marks=counting)]
CLASS_STUDENTS = [CLASS_TREE, CLASS_FOREST, CLASS_NETWORK, LBFGS]
VOTE = VotingRegressor(
    [("line", Ridge()), ("tree", DecisionTreeRegressor(max_depth=4))]
)
# A teacher for each source.
TEACHERS = {
    "members": VOTE,
    "hidden": make_pipeline(StandardScaler(), WIDE),
    "distances": WIDE,
    "leaves": GradientBoostingRegressor(n_estimators=10, random_state=0),
}


@pytest.fixture(scope="module")
def values():
    X, y = make_friedman1(200, noise=1.0, random_state=0)
    return X, y


@pytest.fixture(scope="module")
def classes():
    X, y = make_classification(
        200, n_informative=4, n_classes=3, random_state=0, flip_y=0.1
    )
    return X, np.array(["a", "b", "c"])[y]


def target_of_values(y, hints):
    target = Target.of_values(y, y[::-1], alpha=0.5)
    return replace(target, hints=hints)


def target_of_classes(y, hints):
    labels, codes = np.unique(y, return_inverse=True)
    logits = np.log(0.8 * np.eye(len(labels))[codes] + 0.1)
    return replace(
        Target.of_classes(codes, logits, classes=labels, alpha=0.5), hints=hints
    )


def some_hints(X):
    return np.column_stack([np.sin(3 * X[:, 0]), X[:, 1] ** 2])


def distilled(teacher, student=TREE, **params):
    params = {"on_poor_teacher": "ignore", "random_state": 0} | params
    kind = DistilledRegressor
    if hasattr(student, "predict_proba"):
        kind = DistilledClassifier
    return kind(teacher, student, **params)


# The outputs are dropped exactly.


@pytest.mark.parametrize("student", [TREE, FOREST])
def test_a_dropped_forest_predicts_the_first_output_of_the_wide_one(values, student):
    X, y = values
    target = target_of_values(y, some_hints(X))
    wide = clone(student).fit(X, target.with_hints(target.mixed))
    narrow = fit_on_target(clone(student), X, target)
    assert_array_equal(narrow.predict(X), wide.predict(X)[:, 0])
    assert narrow.n_outputs_ == 1
    assert narrow.get_params() == wide.get_params()
    assert pickle.loads(pickle.dumps(narrow)).predict(X).shape == y.shape


@counting
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_dropped_boosting_predicts_the_first_outputs_of_the_wide_one(values, n_outputs):
    X, y = values[0].copy(), values[1]
    X[::7, 0] = np.nan
    y = y if n_outputs == 1 else np.column_stack([y, -(y**2)])
    hints = some_hints(np.nan_to_num(X))
    target = replace(target_of_values(y, hints), weight=X[:, 1])
    wide = target.with_hints(target.mixed)
    wide = clone(BOOSTING).fit(X, wide, sample_weight=X[:, 1])
    narrow = fit_on_target(clone(BOOSTING), X, target)
    expected = wide.predict(X)[:, :n_outputs]
    assert_allclose(narrow.predict(X).reshape(len(X), -1), expected, rtol=1e-6)
    assert narrow.get_params() == wide.get_params()
    again = pickle.loads(pickle.dumps(narrow)).predict(X)
    assert_array_equal(again, narrow.predict(X))
    gains = narrow.get_booster().get_score(importance_type="weight")
    assert gains == wide.get_booster().get_score(importance_type="weight")


@counting
def test_dropped_boosting_is_exported_and_explained_as_any_other(values, tmp_path):
    X, y = values
    narrow = fit_on_target(clone(BOOSTING), X, target_of_values(y, some_hints(X)))
    for model in (narrow, pickle.loads(pickle.dumps(narrow))):
        shares = model.get_booster().predict(DMatrix(X), pred_contribs=True)
        assert_allclose(shares.sum(axis=1), narrow.predict(X), rtol=1e-5)
    to_c(narrow, X, tmp_path / "model.c")  # It checks what it predicts.


@counting
def test_dropped_boosting_has_no_held_out_labels(values):
    X, y = values
    target = target_of_values(y, some_hints(X))
    with pytest.raises(ValueError, match="no eval_set where it learns hints"):
        fit_on_target(clone(BOOSTING), X, target, {"eval_set": [(X, y)]})


def test_a_dropped_forest_of_several_outputs_keeps_them(values):
    X, y = values
    target = target_of_values(np.column_stack([y, -(y**2)]), some_hints(X))
    wide = clone(FOREST).fit(X, target.with_hints(target.mixed))
    narrow = fit_on_target(clone(FOREST), X, target)
    assert_array_equal(narrow.predict(X), wide.predict(X)[:, :2])


@pytest.mark.parametrize("student", [CLASS_TREE, CLASS_FOREST])
def test_a_dropped_forest_of_classes_predicts_what_its_twin_does(classes, student):
    X, y = classes
    target = target_of_classes(y, some_hints(X))
    twin = RandomForestRegressor if student is CLASS_FOREST else DecisionTreeRegressor
    params = {"max_leaf_nodes": 8, "random_state": 0}
    if student is CLASS_FOREST:
        params |= {"n_estimators": 4, "max_features": "sqrt"}
    wide = twin(**params).fit(X, target.with_hints(target.mixed))
    narrow = fit_on_target(clone(student), X, target)
    assert_allclose(narrow.predict_proba(X), wide.predict(X)[:, :3], atol=1e-12)


@pytest.mark.parametrize("student", [NETWORK, CLASS_NETWORK, LBFGS])
def test_a_dropped_perceptron_has_the_first_outputs_of_the_wide_one(
    values, classes, student, monkeypatch
):
    X, y = classes if hasattr(student, "predict_proba") else values
    make = target_of_classes if hasattr(student, "predict_proba") else target_of_values
    wide, drop = [], _mlp._drop_hints

    def keep_wide(model, n_outputs):
        wide.append((model.coefs_[-1].copy(), model.intercepts_[-1].copy()))
        return drop(model, n_outputs)

    monkeypatch.setattr(_mlp, "_drop_hints", keep_wide)
    narrow = fit_on_target(clone(student), X, make(y, some_hints(X)))
    ((coef, intercept),) = wide
    n_outputs = narrow.n_outputs_
    assert coef.shape[1] == n_outputs + 2
    assert (coef[:, n_outputs:] != 0).any()  # The hints were learned.
    assert_array_equal(narrow.coefs_[-1], coef[:, :n_outputs])
    assert_array_equal(narrow.intercepts_[-1], intercept[:n_outputs])
    expected = getattr(clone(student).fit(X, y), "out_activation_", None)
    assert narrow.out_activation_ == expected
    assert narrow.coefs_[-1].base is None
    if narrow.solver != "lbfgs":
        assert narrow.partial_fit(X, y).predict(X).shape == y.shape


@pytest.mark.parametrize("student", [*STUDENTS, *CLASS_STUDENTS])
def test_hints_that_say_nothing_change_nothing(values, classes, student):
    is_classifier = hasattr(student, "predict_proba")
    X, y = classes if is_classifier else values
    make = target_of_classes if is_classifier else target_of_values
    hinted, ordinary = (
        fit_on_target(clone(student), X, make(y, hints))
        for hints in (np.zeros((len(X), 3)), None)
    )
    method = "predict_proba" if is_classifier else "predict"
    assert_allclose(getattr(hinted, method)(X), getattr(ordinary, method)(X), atol=1e-6)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_loss_of_a_hinted_perceptron_has_the_gradient_that_it_is_trained_by(
    classes, n_classes, weighted
):
    X, y = classes
    X, y = X[y != "c"] if n_classes == 2 else X, y[y != "c"] if n_classes == 2 else y
    weight = np.random.default_rng(0).uniform(0.5, 2, len(y)) if weighted else None
    target = replace(target_of_classes(y, some_hints(X)), weight=weight)
    output = _mlp._output(target.mixed)
    model = clone(CLASS_NETWORK)
    with _mlp._learning(model, output, target.hints):
        model.fit(X, y, sample_weight=weight)
        wide = np.column_stack([output, target.hints])

        def loss_and_gradient():
            sizes = [X.shape[1], 6, wide.shape[1]]
            activations = [X, *(np.empty((len(X), size)) for size in sizes[1:])]
            deltas = [np.empty((len(X), size)) for size in sizes[1:]]
            grads = [np.empty_like(part) for part in model.coefs_]
            shifts = [np.empty_like(part) for part in model.intercepts_]
            return model._backprop(X, wide, weight, activations, deltas, grads, shifts)

        _, (first, _), _ = loss_and_gradient()
        step = 1e-6
        model.coefs_[0][1, 2] += step
        above = loss_and_gradient()[0]
        model.coefs_[0][1, 2] -= 2 * step
        below = loss_and_gradient()[0]
    assert_allclose((above - below) / (2 * step), first[1, 2], rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("student", STUDENTS)
@pytest.mark.parametrize("source", ["members", "leaves"])
def test_the_shipped_student_has_the_size_of_the_baseline(values, student, source):
    X, y = values
    hinted = distilled(TEACHERS[source], student, hints=source, refine=None).fit(X, y)
    baseline = distilled(TEACHERS[source], student, alpha=0.0).fit(X, y)
    assert count_values(hinted.student_) == count_values(baseline.student_)
    assert type(hinted.student_) is type(student)
    assert hinted.predict(X).shape == y.shape


# What is learned.


@pytest.mark.parametrize("source", [*TEACHERS])
@pytest.mark.parametrize("student", [BIG_TREE, NETWORK])
def test_hints_change_what_is_learned(values, source, student):
    X, y = values
    one, other = (
        distilled(TEACHERS[source], student, hints=hints, cross_fit="kfold").fit(X, y)
        for hints in (source, None)
    )
    assert (one.predict(X) != other.predict(X)).any()
    assert one.teacher_score_ == other.teacher_score_


def test_at_alpha_0_it_is_the_baseline_student(values):
    X, y = values
    hinted, baseline = (
        distilled(VOTE, FOREST, alpha=0.0, hints=hints).fit(X, y)
        for hints in ("members", None)
    )
    assert_array_equal(hinted.predict(X), baseline.predict(X))


@pytest.mark.parametrize("weight", [0.5, 2.0])
def test_the_variances_of_the_hints_sum_up_to_the_weight(weight):
    rng = np.random.default_rng(0)
    values, samples = rng.normal(size=(50, 6)), rng.uniform(0.5, 2.0, 50)
    hints = Hints(n_components=4, weight=weight)
    found = hints.of_values(values, samples, scale=3.0)
    mean = np.average(found.values, axis=0, weights=samples)
    variance = np.average((found.values - mean) ** 2, axis=0, weights=samples)
    assert_allclose(mean, 0, atol=1e-12)
    assert_allclose(variance.sum(), 9 * weight)
    assert found.values.shape == (50, 4)
    assert_allclose(found.of_others(values), found.values, atol=1e-12)


def test_all_components_keep_the_distances_of_the_representation():
    values = np.random.default_rng(0).normal(size=(30, 5))
    found = Hints(n_components=9).of_values(values).values
    centred = values - values.mean(axis=0)
    scale = (centred**2).sum() / len(values)
    assert_allclose(found @ found.T, centred @ centred.T / scale, atol=1e-10)


def test_a_sample_of_weight_k_is_k_equal_samples():
    values = np.random.default_rng(0).normal(size=(20, 4))
    weight = np.arange(20) % 3
    weighted = Hints().of_values(values, weight.astype(float))
    repeated = Hints().of_values(np.repeat(values, weight, axis=0))
    assert_allclose(weighted.of_others(values), repeated.of_others(values))


def test_a_constant_representation_gives_no_hints():
    assert Hints().of_values(np.ones((5, 3))).values.shape == (5, 0)


def test_leaf_hints_are_components_of_the_co_occurrence_kernel(values):
    X, y = values
    forest = ExtraTreesRegressor(8, max_leaf_nodes=6, random_state=0).fit(X, y)
    leaves = forest.apply(X)
    kernel = (leaves[:, None] == leaves).mean(axis=2)
    alone = np.zeros(len(X), dtype=int)
    found = Hints("leaves", n_components=40).fit([forest], alone, X).values
    # With all samples as landmarks the representation is the kernel's rows.
    centred = kernel - kernel.mean(axis=0)
    scale = (centred**2).sum() / len(X)
    assert_allclose(found @ found.T, centred @ centred.T / scale, atol=1e-6)


def test_rotated_hidden_layers_of_the_fold_teachers_agree(values):
    X, y = values
    first = clone(WIDE).fit(X, y)
    turned = clone(first).fit(X, y)
    order = np.random.default_rng(0).permutation(5)
    turned.coefs_[1] = turned.coefs_[1][:, order]
    turned.intercepts_[1] = turned.intercepts_[1][order]
    turned.coefs_[2] = turned.coefs_[2][order]
    assert_allclose(turned.predict(X), first.predict(X))
    folds = np.arange(len(X)) % 2
    mixed = Hints("hidden").fit([first, turned], folds, X)
    alone = Hints("hidden").fit([first, first], folds, X)
    assert_allclose(mixed.values, alone.values, atol=1e-8)
    assert_allclose(mixed.transform(X), alone.transform(X), atol=1e-8)


def test_distances_need_no_rotation(values):
    X, y = values
    network = clone(WIDE).fit(X, y)
    turned = clone(network).fit(X, y)
    turned.coefs_[1], turned.intercepts_[1] = (
        turned.coefs_[1][:, ::-1],
        turned.intercepts_[1][::-1],
    )
    folds = np.arange(len(X)) % 2
    one, other = (
        Hints("distances").fit(pair, folds, X).values
        for pair in ([network, network], [network, turned])
    )
    assert_allclose(one, other, atol=1e-8)


# Labels do not leak.


def hint_score(source, teacher, cross_fit, seed):
    """Return how much of labels that are noise is found in their hints."""
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(200, 4)), rng.normal(size=200)
    seen = []

    class Spy(DecisionTreeRegressor):
        def fit(self, X, y, sample_weight=None):
            seen.append(y)
            return super().fit(X, y, sample_weight)

    distilled(
        teacher,
        Spy(),
        hints=Hints(source, n_components=40),
        cross_fit=cross_fit,
        transfer=None,
        random_state=seed,
    ).fit(X, y)
    line = RidgeCV(np.logspace(-3, 3, 7))
    return cross_val_score(line, seen[-1][:, 1:], y, cv=10).mean()


OVERFITTED = MLPRegressor(
    hidden_layer_sizes=(60, 10),
    solver="lbfgs",
    alpha=1e-6,
    max_iter=300,
    random_state=0,
)


@pytest.mark.parametrize(
    ("source", "teacher"),
    [
        (
            "members",
            StackingRegressor(
                [("a", DecisionTreeRegressor()), ("b", ExtraTreesRegressor(5))], Ridge()
            ),
        ),
        ("hidden", OVERFITTED),
        ("distances", OVERFITTED),
        ("leaves", GradientBoostingRegressor()),
    ],
)
def test_hints_of_pure_noise_hold_no_labels(source, teacher):
    held_out, in_sample = (
        np.mean([hint_score(source, teacher, cross_fit, seed) for seed in range(2)])
        for cross_fit in ("kfold", False)
    )
    assert held_out < 0.03
    # The test can fail: what a teacher says of its own samples holds their labels.
    assert in_sample > 0.2


# What it is good for.


@pytest.mark.slow
def test_hints_help_where_labels_and_samples_are_few_and_little_decides():
    """Three directions of ten decide, and the teacher's hidden layer knows them."""

    def draw(n_samples, noise):
        X = rng.normal(size=(n_samples, 10))
        f = np.tanh(X @ directions) @ effects
        return X, f + noise * rng.normal(size=n_samples), f

    gains = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        directions, effects = rng.normal(size=(10, 3)) / 2, rng.normal(size=3)
        teacher = MLPRegressor(
            hidden_layer_sizes=(16,), activation="tanh", max_iter=60, random_state=0
        ).fit(*draw(4000, 0.3)[:2])
        student = MLPRegressor(
            hidden_layer_sizes=(8,),
            activation="tanh",
            max_iter=300,
            learning_rate_init=0.01,
        )
        X, y, _ = draw(40, 1.0)
        X_unlabeled, X_test, f_test = draw(100, 0.0)[0], *draw(2000, 0.0)[::2]
        scores = [
            distilled(
                FrozenEstimator(teacher),
                student,
                hints=hints,
                transfer=None,
                calibrate=None,
            )
            .fit(X, y, X_unlabeled=X_unlabeled)
            .score(X_test, f_test)
            for hints in (None, Hints("distances", weight=3.0))
        ]
        gains.append(scores[1] - scores[0])
    assert np.mean(gains) > 2 * np.std(gains, ddof=1) / np.sqrt(8)


# With the rest.


def test_several_teachers_give_their_predictions(values):
    X, y = values
    teachers = [("line", Ridge()), ("tree", FrozenEstimator(clone(TREE).fit(X, y)))]
    transfer = TransferSet("auto", size=0.5)
    one = distilled(teachers, hints="members", transfer=transfer).fit(X, y)
    other = distilled(teachers, transfer=transfer).fit(X, y)
    assert one.combination_ is not None
    assert (one.predict(X) != other.predict(X)).any()


def test_several_teachers_of_classes_give_their_probabilities(classes):
    X, y = classes
    teachers = [("line", LogisticRegression()), ("bayes", GaussianNB())]
    model = distilled(teachers, CLASS_TREE, hints="members", trust="spread").fit(X, y)
    assert model.predict_proba(X).shape == (200, 3)


@pytest.mark.parametrize(
    ("source", "teacher"),
    [
        ("leaves", GradientBoostingClassifier(n_estimators=3)),
        ("leaves", ExtraTreesClassifier(5)),
        ("hidden", CLASS_NETWORK),
        ("members", VotingClassifier([("a", GaussianNB())], voting="soft")),
        (
            "members",
            VotingClassifier(
                [("a", GaussianNB())], voting="soft", flatten_transform=False
            ),
        ),
    ],
)
def test_teachers_of_classes_give_hints(classes, source, teacher):
    X, y = classes
    model = distilled(teacher, CLASS_TREE, hints=source, refine=None).fit(X, y)
    other = distilled(teacher, CLASS_TREE, cross_fit="kfold", refine=None).fit(X, y)
    assert (model.predict_proba(X) != other.predict_proba(X)).any()


def test_the_default_teacher_gives_its_members(values, small_default_teacher):
    X, y = values
    model = distilled(None, hints="members", cv=2, transfer=None).fit(X[:120], y[:120])
    assert model.teacher_score_ > 0


def test_a_pipeline_learns_hints_by_its_last_step(values):
    X, y = values
    student = make_pipeline(StandardScaler(), NETWORK)
    scaled = StandardScaler().fit_transform(X)
    target = target_of_values(y, some_hints(X))
    piped = fit_on_target(clone(student), X, target)
    alone = fit_on_target(clone(NETWORK), scaled, target)
    assert_allclose(piped.predict(X), alone.predict(scaled))


def test_a_teacher_of_a_changed_target_is_opened(values):
    X, y = values
    inner = make_pipeline(make_pipeline(StandardScaler(), make_pipeline(WIDE)))
    scaled = TransformedTargetRegressor(inner, transformer=StandardScaler())
    one = distilled(scaled, hints="hidden").fit(X, y)
    layer = Representation("hidden", scaled.fit(X, y)).raw(X)
    network = scaled.regressor_[-1][-1][-1]
    output = layer @ network.coefs_[-1] + network.intercepts_[-1]
    assert_allclose(
        scaled.transformer_.inverse_transform(output)[:, 0], scaled.predict(X)
    )
    frozen = FrozenEstimator(scaled.fit(X, y))
    assert distilled(frozen, hints="hidden").fit(X, y).predict(X).shape == y.shape
    assert one.teacher_score_ > 0


def test_tables_with_names_views_and_weights(values):
    X, y = values
    X = pd.DataFrame(X, columns=[f"x{i}" for i in range(10)])
    model = distilled(
        GradientBoostingRegressor(n_estimators=5), hints="leaves", transfer="auto"
    )
    model.fit(
        X.iloc[:, :8],
        y,
        sample_weight=np.arange(200) % 3,
        X_privileged=X.iloc[:, 8:],
        X_unlabeled=X.iloc[:50],
    )
    assert model.student_.feature_names_in_.tolist() == [*X.columns[:8]]
    again = pickle.loads(pickle.dumps(clone(model).set_params(hints=None)))
    assert again.hints is None


def test_the_number_of_jobs_changes_nothing(values):
    X, y = values
    teacher = TEACHERS["leaves"]
    with parallel_config(backend="threading"):
        one, two = (
            distilled(teacher, FOREST, hints="leaves", n_jobs=n_jobs, memory=False).fit(
                X, y
            )
            for n_jobs in (1, 2)
        )
    assert_array_equal(one.predict(X), two.predict(X))


def test_searches_know_hints(values):
    X, y = values
    teacher = TEACHERS["leaves"]
    found = DistilledRegressorCV(
        teacher, FOREST, hints="leaves", alphas=(0.0, 0.5), transfers=(None,), cv=2
    ).fit(X, y)
    scores = {one: [] for one in ("leaves", None)}
    for hints, kept in scores.items():
        search = clone(found).set_params(hints=hints, random_state=0).fit(X, y)
        kept += search.cv_results_["mean_test_score"].tolist()
    # The baseline student, without hints, and one of the same teacher, with them.
    assert scores["leaves"][0] == scores[None][0]
    assert scores["leaves"][-1] != scores[None][-1]
    grid = {"hints__weight": [0.1, 10.0]}
    model = distilled(teacher, hints=Hints("leaves"), transfer=None)
    assert GridSearchCV(model, grid, cv=2).fit(X, y).best_score_ > 0


@pytest.mark.parametrize("alpha", [0.0, 0.5])
@pytest.mark.parametrize("hints", ["leaves", Hints("leaves")])
def test_all_candidates_of_a_search_have_the_teachers_of_the_folds(
    values, alpha, hints
):
    """In-sample hints would hold labels, and the baseline student comes first."""
    model = distilled(
        ExtraTreesRegressor(bootstrap=True), hints=hints, alpha=alpha, transfer=None
    )
    plan = make_plan(model, check_data(model, *values))
    assert plan.cross_fit == "kfold"
    assert (plan.hints is None) == (alpha == 0)


# What does not go with it is said before any work.


@pytest.mark.parametrize(
    ("teacher", "student", "params", "message"),
    [
        (Ridge(), TREE, {"hints": "members"}, "need as teacher a stack"),
        (Ridge(), TREE, {"hints": "hidden"}, "need as teacher .*MLPRegressor.*Ridge"),
        (Ridge(), TREE, {"hints": "leaves"}, "need as teacher a sum of trees"),
        (
            StackingRegressor([("a", Ridge())], passthrough=True),
            TREE,
            {"hints": "members"},
            "without passthrough",
        ),
        (VOTE, Ridge(), {"hints": "members"}, "share what it learns.*Use one of"),
        (
            VOTE,
            GradientBoostingRegressor(),
            {"hints": "members"},
            "share what it learns.*RandomForestRegressor",
        ),
        (
            VOTE,
            clone(NETWORK).set_params(early_stopping=True),
            {"hints": "members"},
            "early_stopping=True would judge its hints",
        ),
        (
            VOTE,
            clone(NETWORK).set_params(solver="lbfgs"),
            {"hints": "members"},
            "solver='lbfgs'",
        ),
        *(
            (VOTE, clone(BOOSTING).set_params(**params), {"hints": "members"}, message)
            for params, message in (
                ({"multi_strategy": None}, "'multi_output_tree' does"),
                ({"early_stopping_rounds": 3}, "early_stopping_rounds"),
                ({"min_child_weight": 5}, "min_child_weight does not count"),
                ({"tree_method": "exact"}, "tree_method='exact' grows no trees"),
                ({"monotone_constraints": (1, *[0] * 9)}, "monotone_constraints do"),
                ({"max_delta_step": 1}, "max_delta_step does not count"),
                ({"booster": "dart"}, "booster='dart'"),
                ({"objective": "reg:logistic"}, "objective='reg:logistic'"),
            )
            if COUNTS
        ),
        *(
            (VOTE, BOOSTING, {"hints": "members"}, "3.0.* does not count the samples")
            for _ in range(not COUNTS)
        ),
        (
            VOTE,
            clone(FOREST).set_params(oob_score=True),
            {"hints": "members"},
            "oob_score would judge its hints",
        ),
        (
            VOTE,
            clone(TREE).set_params(criterion="poisson"),
            {"hints": "members"},
            "criterion='poisson'",
        ),
        (
            VOTE,
            clone(TREE).set_params(monotonic_cst=[1] * 10),
            {"hints": "members"},
            "monotonic_cst",
        ),
        (VOTE, TREE, {"hints": "members", "bound": "label"}, "Use bound=None"),
        (
            TEACHERS["leaves"],
            TREE,
            {"hints": "leaves", "teacher_stage": 0.5},
            "Use teacher_stage=1.0",
        ),
        (
            VOTE,
            NETWORK,
            {"hints": "members", "alpha_until": 0.5},
            "Use alpha_until=1.0",
        ),
        (VOTE, TREE, {"hints": "members", "cross_fit": "stack"}, "cross_fit='kfold'"),
        ([("a", Ridge())], TREE, {"hints": "leaves"}, "Use hints='members'"),
        (None, TREE, {"hints": "leaves"}, "The default teacher is a stack"),
        (VOTE, TREE, {"hints": "other"}, "'hints' parameter of"),
        (VOTE, TREE, {"hints": Hints("other")}, "'source' parameter of"),
        (VOTE, TREE, {"hints": Hints(n_components=0)}, "'n_components' parameter of"),
        (VOTE, TREE, {"hints": Hints(weight=0)}, "'weight' parameter of"),
    ],
)
def test_what_does_not_go_with_hints_is_refused(
    values, teacher, student, params, message
):
    with pytest.raises(ValueError, match=message) as caught:
        distilled(teacher, student, **params).fit(*values)
    assert not getattr(caught.value, "__notes__", [])


def test_a_regressor_of_logits_learns_no_hints(classes):
    teacher = VotingClassifier([("a", GaussianNB())], voting="soft")
    model = DistilledClassifier(teacher, TREE, hints="members")
    with pytest.raises(ValueError, match="Use a classifier"):
        model.fit(*classes)


def test_stored_predictions_have_no_hints(values):
    X, y = values
    with pytest.raises(ValueError, match="Stored predictions hold no"):
        distilled(None, hints="members").fit(X, y, teacher_predictions=y)


@pytest.mark.parametrize("rare", [(2, 0), (2, 3)])
def test_folds_that_lack_a_class_are_named(rare):
    """Also where each lacks one, so that all have as many columns."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 2)), np.tile([0, 1], 20)
    folds = [(np.arange(20, 40), np.arange(20)), (np.arange(20), np.arange(20, 40))]
    for number, (_, test) in enumerate(folds):
        y[test[:8]] = rare[number]
    teacher = VotingClassifier([("a", GaussianNB())], voting="soft")
    lacks = pytest.warns(MissingClassWarning)
    with lacks, pytest.raises(ValueError, match=r"the same classes.*\(0, 1, 2\)"):
        distilled(teacher, CLASS_TREE, hints="members", cv=folds, transfer=None).fit(
            X, y
        )
