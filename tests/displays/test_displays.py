"""Displays: what is drawn is what was measured."""

import re
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, log_loss, mean_squared_error, r2_score
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import DistilledClassifier, DistilledRegressor, DistilledRegressorCV
from skdistill.displays import (
    ParetoDisplay,
    SearchDisplay,
    StagesDisplay,
    TeacherStudentDisplay,
)
from skdistill.inspect import staged_predictions

X, Y = load_diabetes(return_X_y=True)
TRAIN, TEST = slice(300), slice(300, None)
TREE = DecisionTreeRegressor(max_depth=2)


@pytest.fixture(scope="module")
def model():
    return DistilledRegressor(Ridge(), TREE).fit(X[TRAIN], Y[TRAIN])


@pytest.fixture(scope="module")
def classifier():
    features, labels = load_iris(return_X_y=True)
    return DistilledClassifier(
        LogisticRegression(max_iter=500), DecisionTreeClassifier(max_depth=2)
    ).fit(features, np.array(["a", "b", "c"])[labels])


@pytest.fixture(scope="module")
def search():
    grid = {"alpha": [0, 0.5, 1], "temperature": [1, 2]}
    return GridSearchCV(DistilledRegressor(Ridge(), TREE), grid, cv=4).fit(X, Y)


def test_student_is_drawn_over_teacher(model):
    display = TeacherStudentDisplay.from_estimator(model, X[TEST], color="red")
    drawn = np.asarray(display.scatter_.get_offsets())
    assert_allclose(drawn[:, 0], model.teacher_.predict(X[TEST]))
    assert_allclose(drawn[:, 1], model.predict(X[TEST]))
    assert_array_equal(display.frame().to_numpy(), drawn)
    assert display.frame().columns.tolist() == ["teacher", "student"]
    line = display.line_.get_xydata()
    assert_array_equal(line[:, 0], line[:, 1])
    assert display.figure_ is display.ax_.figure
    assert display.scatter_.get_facecolor()[0, 0] == 1


def test_of_classes_the_probability_of_the_teachers_choice_is_drawn(classifier):
    features = load_iris().data
    display = TeacherStudentDisplay.from_estimator(classifier, features, subsample=None)
    proba = classifier.teacher_.predict_proba(features)
    assert_allclose(display.y_teacher, proba.max(axis=1))
    rows, top = np.arange(len(proba)), proba.argmax(axis=1)
    assert_allclose(display.y_student, classifier.predict_proba(features)[rows, top])


def test_one_column_holds_values_though_they_could_be_probabilities():
    display = TeacherStudentDisplay.from_predictions([[0.2], [0.3]], [[0.4], [1.0]])
    assert display.frame().to_numpy().tolist() == [[0.2, 0.4], [0.3, 1.0]]


def test_of_several_outputs_one_is_drawn_at_a_time():
    both = DistilledRegressor(Ridge(), TREE).fit(X, np.column_stack([Y, -Y]))
    with pytest.raises(ValueError, match="plots a model of one output. Got one of 2"):
        TeacherStudentDisplay.from_estimator(both, X)


def test_many_rows_are_thinned_evenly():
    values = np.arange(5001.0)
    display = TeacherStudentDisplay.from_predictions(values, -values, subsample=11)
    assert display.y_teacher.tolist() == list(range(0, 5001, 500))
    assert len(TeacherStudentDisplay.from_predictions(values, values).frame()) == 1000


def test_a_display_is_drawn_where_one_says(model, search):
    from matplotlib import pyplot

    _, ax = pyplot.subplots()
    assert TeacherStudentDisplay.from_estimator(model, X[TEST], ax=ax).ax_ is ax
    assert SearchDisplay.from_estimator(search, ax=ax).ax_ is ax
    pareto = ParetoDisplay.from_predictions([0, 1], {"a": [0, 1]}, {"a": 1}, ax=ax)
    assert pareto.ax_ is ax
    assert StagesDisplay.from_predictions([0, 1], {"a": [[0, 1]]}, ax=ax).ax_ is ax


def test_the_search_is_drawn_as_it_went(search):
    display = SearchDisplay.from_estimator(search)
    frame = display.frame()
    assert frame["alpha"].tolist() == [0, 0, 0.5, 0.5, 1, 1]
    for row in frame.itertuples():
        index = search.cv_results_["params"].index(
            {"alpha": row.alpha, "temperature": row.temperature}
        )
        folds = [search.cv_results_[f"split{i}_test_score"][index] for i in range(4)]
        assert row.score == pytest.approx(np.mean(folds))
        assert row.error == pytest.approx(np.std(folds, ddof=1) / 2)
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels == ["baseline student", "T = 1", "T = 2"]
    assert len(display.lines_) == 2


def test_where_temperatures_alone_were_tried_they_are_the_axis():
    grid = {"temperature": [1, 2, 5]}
    search = GridSearchCV(DistilledRegressor(Ridge(), TREE), grid, cv=2).fit(X, Y)
    display = SearchDisplay.from_estimator(search)
    assert display.ax_.get_xlabel() == "temperature"
    assert display.lines_[0][0].get_xdata().tolist() == [1, 2, 5]
    assert np.isnan(display.alphas).all()


def test_of_other_parameters_the_best_is_shown():
    grid = {"alpha": [0, 1], "student__max_depth": [1, 4]}
    search = GridSearchCV(DistilledRegressor(Ridge(), TREE), grid, cv=2).fit(X, Y)
    display = SearchDisplay.from_estimator(search)
    by_alpha = search.cv_results_["mean_test_score"].reshape(2, 2)
    assert_allclose(display.scores, by_alpha.max(axis=1))


def test_a_candidate_without_a_score_hides_no_other():
    candidates = [(0, 1, np.nan), (0, 1, 0.3), (0, 2, np.nan), (1, 1, np.nan)]
    results = {
        "params": [{"alpha": a, "temperature": t} for a, t, _ in candidates],
        "mean_test_score": [score for *_, score in candidates],
        "std_test_score": [0.1] * len(candidates),
    }
    display = SearchDisplay.from_cv_results(results)
    assert_array_equal(display.scores, [0.3, np.nan, np.nan])
    (baseline,) = [line for line in display.ax_.lines if line.get_linestyle() == "--"]
    assert baseline.get_ydata() == [0.3, 0.3]


def test_a_step_of_a_pipeline_is_named_by_the_prefix():
    pipeline = make_pipeline(StandardScaler(), DistilledRegressor(Ridge(), TREE))
    grid = {"distilledregressor__alpha": [0, 1]}
    search = GridSearchCV(pipeline, grid, cv=2, scoring=["r2"], refit="r2").fit(X, Y)
    display = SearchDisplay.from_estimator(
        search, prefix="distilledregressor__", metric="r2"
    )
    assert display.alphas.tolist() == [0, 1]
    with pytest.raises(ValueError, match="must have tried alpha or temperature. Got"):
        SearchDisplay.from_estimator(search, metric="r2")
    with pytest.raises(ValueError, match=re.escape("one of ['r2']. Got 'score'")):
        SearchDisplay.from_estimator(search)


def test_our_own_search_is_drawn():
    search = DistilledRegressorCV(
        Ridge(), TREE, alphas=(0.3, 0.9), transfers=(None,), cv=3, random_state=0
    ).fit(X, Y)
    frame = SearchDisplay.from_estimator(search).frame()
    assert frame["alpha"].tolist() == [0, 0.3, 0.9]
    assert_allclose(frame["score"], search.cv_results_["mean_test_score"])


def test_the_front_are_those_that_no_other_beats():
    display = ParetoDisplay(
        names=list("abcdef"),
        scores=np.array([0.5, 0.5, 0.9, 0.8, 0.2, 0.9]),
        costs=np.array([1.0, 2.0, 4.0, 5.0, 3.0, 4.0]),
    )
    # b costs more than a, d is worse and dearer than c, e is worse than a; f is c.
    assert display.on_front_.tolist() == [True, False, True, False, False, True]
    frame = display.frame()
    assert frame.index.tolist() == list("abecfd")
    assert frame["on_front"].tolist() == [True, False, False, True, True, False]


def test_a_model_without_a_score_is_not_on_the_front():
    scores, costs = np.array([np.nan, 0.5]), np.array([1.0, 2.0])
    display = ParetoDisplay(names=["a", "b"], scores=scores, costs=costs)
    assert display.on_front_.tolist() == [False, True]


def test_costs_are_written_as_they_are_with_room_for_names():
    scores, costs = np.array([0.4, 0.5]), np.array([20.0, 150.0])
    ax = ParetoDisplay(names=["a", "b"], scores=scores, costs=costs).plot().ax_
    ax.figure.canvas.draw()
    ticks = ax.get_xticklabels() + ax.get_xticklabels(minor=True)
    shown = {text.get_text() for text in ticks}
    assert {"20", "100"} <= shown
    assert not any("$" in text for text in shown)
    assert ax.get_xlim()[1] > 190


@pytest.mark.parametrize("cost", ["latency", "bytes", "values"])
def test_models_are_scored_and_measured(model, cost):
    models = {"ridge": model.teacher_, "distilled $x$": model}
    display = ParetoDisplay.from_estimators(
        models, X[TEST], Y[TEST], cost=cost, n_timings=3, color="red"
    )
    assert_allclose(
        display.scores, [m.score(X[TEST], Y[TEST]) for m in models.values()]
    )
    assert (display.costs > 0).all()
    if cost == "values":
        assert display.costs.tolist() == [5 * 11, 4]
    assert_allclose(
        display.scatter_.get_offsets(), np.c_[display.costs, display.scores]
    )
    assert [text.get_text() for text in display.ax_.texts][1] == r"distilled \$x\$"
    front = display.line_.get_xdata()
    assert sorted(front) == sorted(display.costs[display.on_front_])


def test_models_are_scored_as_one_says(model):
    display = ParetoDisplay.from_estimators(
        {"a": model}, X[TEST], Y[TEST], cost="bytes", scoring="neg_mean_squared_error"
    )
    assert display.scores == -mean_squared_error(Y[TEST], model.predict(X[TEST]))
    display = ParetoDisplay.from_predictions(
        [0, 1, 1],
        {"x": [0, 1, 0], "y": [0, 1, 1]},
        {"y": 3, "x": 2},
        metric=accuracy_score,
        cost_name="euros",
    )
    assert_allclose(display.scores, [2 / 3, 1])
    assert display.costs.tolist() == [2, 3]
    assert display.ax_.get_xlabel() == "euros"


def test_stages_are_drawn_with_the_metric(model):
    student = GradientBoostingRegressor(n_estimators=4, random_state=0)
    distilled = DistilledRegressor(Ridge(), student).fit(X[TRAIN], Y[TRAIN])
    baseline = student.set_params(n_estimators=6).fit(X[TRAIN], Y[TRAIN])
    display = StagesDisplay.from_estimator(
        distilled, X[TEST], Y[TEST], baseline=baseline, linewidth=3
    )
    frame = display.frame()
    assert frame.shape == (6, 2)
    assert frame["distilled student"].notna().sum() == 4
    expected = [r2_score(Y[TEST], one) for one in baseline.staged_predict(X[TEST])]
    assert_allclose(frame["baseline student"], expected)
    assert_allclose(display.lines_[1].get_ydata(), expected)
    assert display.lines_[0].get_linewidth() == 3
    assert display.ax_.get_ylabel() == "r2"
    alone = StagesDisplay.from_estimator(
        distilled, X[TEST], Y[TEST], metric=mean_squared_error
    )
    assert [*alone.curves] == ["distilled student"]
    assert alone.ax_.get_ylabel() == "mean squared error"


def test_stages_of_classifiers_are_drawn():
    features, labels = load_iris(return_X_y=True)
    model = DistilledClassifier(
        LogisticRegression(max_iter=500), GradientBoostingClassifier(n_estimators=3)
    ).fit(features, labels)
    display = StagesDisplay.from_estimator(model, features, labels)
    assert display.curves["distilled student"][-1] == model.score(features, labels)
    display = StagesDisplay.from_estimator(
        model, features, labels, metric=log_loss, method="predict_proba"
    )
    *_, last = staged_predictions(model, features, method="predict_proba")
    assert display.curves["distilled student"][-1] == log_loss(labels, last)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: TeacherStudentDisplay.from_estimator(
                DistilledClassifier(LogisticRegression(), LinearSVC()).fit(
                    X[:50], Y[:50] > 140
                ),
                X,
            ),
            "must have predict_proba to be plotted against its teacher. Got LinearSVC",
        ),
        (
            lambda: TeacherStudentDisplay.from_predictions([[1, 2]], [[1, 2]]),
            "y_teacher must hold probabilities",
        ),
        (
            lambda: ParetoDisplay.from_estimators({}, X, Y),
            "at least one model",
        ),
        (
            lambda: ParetoDisplay.from_estimators({"a": TREE}, X, Y, cost="euros"),
            "cost must be one of ['bytes', 'latency', 'values']. Got 'euros'",
        ),
        (
            lambda: ParetoDisplay.from_estimators(
                {"near": KNeighborsRegressor().fit(X, Y)}, X, Y, cost="values"
            ),
            "The leaves and weights of 'near' are not known: it is a KNeighborsRegr",
        ),
        (
            lambda: ParetoDisplay.from_predictions([0], {"a": [0]}, {"b": 1}),
            "must name the same models. Got ['a'] and ['b']",
        ),
        (
            lambda: StagesDisplay.from_predictions([0], {"a": []}),
            "at least one stage. Got no stages of ['a']",
        ),
    ],
)
def test_errors_say_what_is_allowed_and_what_came(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


def test_matplotlib_is_imported_when_plotted_and_named_where_missing(tmp_path):
    code = """if True:
        import sys
        import numpy as np
        from skdistill.displays import StagesDisplay, TeacherStudentDisplay
        display = TeacherStudentDisplay(y_teacher=np.ones(2), y_student=np.ones(2))
        StagesDisplay(curves={"a": np.ones(2)}).frame()
        print("matplotlib" in sys.modules)
        sys.modules["matplotlib"] = None  # importing it raises ImportError
        try:
            display.plot()
        except ImportError as error:
            print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, check=True
    )
    assert done.stdout.decode().splitlines() == [
        "False",
        "This needs matplotlib, which cannot be imported. Install it with pip install "
        "'skdistill[plot]'.",
    ]
