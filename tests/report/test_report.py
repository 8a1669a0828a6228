"""The report: its numbers are those of the models, and no name in it is markup."""

import json
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import ExtraTreesRegressor, RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import (
    accuracy_score,
    log_loss,
    make_scorer,
    mean_absolute_error,
    mean_squared_error,
    r2_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from xgboost import XGBClassifier

from skdistill import (
    DistillationReport,
    DistilledClassifier,
    DistilledRegressor,
    DistilledRegressorCV,
)
from skdistill.inspect import FidelityCertificate
from skdistill.metrics import gap_recovered, kl_to_teacher, r2_to_teacher
from skdistill.report import to_text

SCRIPT = "<script>document.title = 'run'</script>"
IMAGE = "<img src=x onerror=alert(1)>"
TREE = DecisionTreeRegressor(max_leaf_nodes=8)


@pytest.fixture(scope="module")
def values():
    """A fitted distilled regressor, its training rows and held-out rows."""
    X, y = load_diabetes(return_X_y=True)
    X, y, X_test, y_test = X[:300], y[:300], X[300:], y[300:]
    teacher = ExtraTreesRegressor(30, min_samples_leaf=3, bootstrap=True)
    model = DistilledRegressor(teacher, TREE, alpha=0.8, random_state=0).fit(X, y)
    return model, (X, y), (X_test, y_test)


@pytest.fixture(scope="module")
def labels():
    """A fitted distilled classifier with labels that are markup."""
    X, codes = load_iris(return_X_y=True, as_frame=True)
    X = X.set_axis([SCRIPT, IMAGE, "a|b `c` [d](e)", "\x1b[31m\u202eline\nend"], axis=1)
    y = pd.Series(np.array(["a", IMAGE, "x | y"])[codes])
    train, test = slice(None, None, 2), slice(1, None, 2)
    model = DistilledClassifier(
        RandomForestClassifier(20), DecisionTreeClassifier(max_depth=2), random_state=0
    ).fit(X[train], y[train])
    return model, (X[train], y[train]), (X[test], y[test])


@pytest.fixture(scope="module")
def report(values):
    model, train, test = values
    return DistillationReport(model, *test, train=train, n_timings=5)


@pytest.fixture(scope="module")
def class_report(labels):
    model, train, test = labels
    return DistillationReport(model, *test, train=train, n_timings=5)


def test_scores_and_fidelity_are_those_of_the_models(values, report):
    model, train, (X, y) = values
    baseline = clone(model).set_params(alpha=0.0).fit(*train)
    predictions = {
        "teacher": model.teacher_.predict(X),
        "baseline": baseline.predict(X),
        "distilled": model.predict(X),
    }
    numbers = report.to_dict()
    for name, predicted in predictions.items():
        scores = numbers["models"][name]["scores"]
        assert scores["r2"] == pytest.approx(r2_score(y, predicted)), name
        error = mean_absolute_error(y, predicted)
        assert scores["neg_mean_absolute_error"] == pytest.approx(-error)
    for name in ("baseline", "distilled"):
        assert numbers["models"][name]["fidelity"] == {
            "r2_to_teacher": r2_to_teacher(predictions["teacher"], predictions[name])
        }
    ordered = (predictions[name] for name in ("baseline", "teacher", "distilled"))
    assert numbers["recovered"]["r2"] == pytest.approx(gap_recovered(y, *ordered))
    assert report.certificate == FidelityCertificate.from_estimator(model, X)
    assert numbers["certificate"] == report.certificate.to_dict()


def test_costs_are_those_of_what_is_shipped(values, report):
    model = values[0]
    models = report.to_dict()["models"]
    assert models["distilled"]["leaves"] == models["baseline"]["leaves"] == 8
    trees = model.teacher_.estimators_
    assert models["teacher"]["leaves"] == sum(tree.get_n_leaves() for tree in trees)
    assert models["teacher"]["bytes"] > models["distilled"]["bytes"]
    assert models["distilled"]["fit_seconds"] == model.fit_seconds_["student"]
    assert models["teacher"]["fit_seconds"] == model.fit_seconds_["teacher"]
    for numbers in models.values():
        assert numbers["n_timings"] == 5
        assert 0 < numbers["latency_median"] <= numbers["latency_p99"]
        assert numbers["rows_per_second"] > 0


def test_numbers_of_classes_are_those_of_the_models(labels, class_report):
    model, _, (X, y) = labels
    numbers = class_report.to_dict()
    distilled = numbers["models"]["distilled"]
    assert distilled["scores"]["accuracy"] == accuracy_score(y, model.predict(X))
    proba = np.maximum(model.predict_proba(X), 1e-6)
    proba /= proba.sum(axis=1, keepdims=True)
    assert_allclose(distilled["scores"]["neg_log_loss"], -log_loss(y, proba), atol=1e-5)
    teacher = model.teacher_.predict_proba(X)
    assert_allclose(
        distilled["fidelity"]["kl_to_teacher"],
        kl_to_teacher(teacher, model.predict_proba(X)),
    )
    agreement = np.mean(model.teacher_.predict(X) == model.predict(X))
    assert distilled["fidelity"]["top1_agreement"] == agreement
    assert 0 <= distilled["calibration_error"] < 0.2
    (row,) = (one for one in numbers["classes"] if one["label"] == IMAGE)
    given = np.asarray(y) == IMAGE
    assert row["n_samples"] == given.sum()
    assert row["distilled"] == np.mean(model.predict(X)[given] == IMAGE)


def test_the_numbers_can_be_written_as_json_and_are_a_copy(report, class_report):
    for one in (report, class_report):
        assert json.loads(json.dumps(one.to_dict(), allow_nan=False)) == one.to_dict()
    report.to_dict()["models"].clear()
    report.to_dict()["points"]["teacher"].clear()
    assert report.to_dict()["models"]
    assert report.to_dict()["points"]["teacher"]


def test_the_frame_has_a_row_a_model(report):
    frame = report.frame()
    assert frame.index.tolist() == ["teacher", "baseline", "distilled"]
    numbers = report.to_dict()
    assert (
        frame.loc["teacher", "scores.r2"]
        == numbers["models"]["teacher"]["scores"]["r2"]
    )
    assert frame.loc["distilled", "recovered.r2"] == numbers["recovered"]["r2"]
    assert np.isnan(frame.loc["baseline", "recovered.r2"])
    assert frame["leaves"].dtype.kind in "if"


def test_a_given_baseline_student_is_compared_with(values):
    model, train, test = values
    baseline = LinearRegression().fit(*train)
    report = DistillationReport(model, *test, baseline=baseline, n_timings=1)
    numbers = report.to_dict()["models"]["baseline"]
    assert numbers["scores"]["r2"] == baseline.score(*test)
    assert (numbers["weights"], numbers["fit_seconds"]) == (11, None)
    assert numbers["estimator"] == "LinearRegression()"


def test_weights_count_in_scores_and_in_the_fit_of_the_baseline_student(values):
    model, (X, y), (X_test, y_test) = values
    weight, weight_test = (np.linspace(0, 1, len(part)) for part in (y, y_test))
    report = DistillationReport(
        model,
        X_test,
        y_test,
        train=(X, y, weight),
        sample_weight=weight_test,
        n_timings=1,
    )
    baseline = clone(model).set_params(alpha=0.0).fit(X, y, weight)
    models = report.to_dict()["models"]
    for name, fitted in (("baseline", baseline), ("distilled", model)):
        predicted = fitted.predict(X_test)
        expected = r2_score(y_test, predicted, sample_weight=weight_test)
        assert models[name]["scores"]["r2"] == pytest.approx(expected)
        expected = r2_to_teacher(
            model.teacher_.predict(X_test), predicted, sample_weight=weight_test
        )
        assert models[name]["fidelity"]["r2_to_teacher"] == pytest.approx(expected)


def test_the_baseline_student_learns_under_metadata_routing(values):
    _, (X, y), test = values
    with config_context(enable_metadata_routing=True):
        student = DecisionTreeRegressor(max_depth=2).set_fit_request(sample_weight=True)
        teacher = Ridge().set_fit_request(sample_weight=True)
        weight = np.linspace(0, 1, len(y))
        routed = DistilledRegressor(teacher, student).fit(X, y, sample_weight=weight)
        report = DistillationReport(routed, *test, train=(X, y, weight), n_timings=1)
    assert report.to_dict()["models"]["baseline"]["leaves"] == 4


@pytest.mark.parametrize(
    ("scoring", "names"),
    [
        ("r2", ["r2"]),
        (["r2", "neg_root_mean_squared_error"], ["r2", "neg_root_mean_squared_error"]),
        (
            make_scorer(mean_squared_error, greater_is_better=False),
            ["mean_squared_error"],
        ),
        ({"mine": "r2"}, ["mine"]),
    ],
)
def test_scoring_may_be_one_or_several(values, scoring, names):
    model, train, test = values
    report = DistillationReport(
        model, *test, train=train, scoring=scoring, n_timings=1, level=0.5
    )
    numbers = report.to_dict()
    assert [*numbers["models"]["baseline"]["scores"]] == names
    assert [*numbers["recovered"]] == names
    assert numbers["certificate"]["level"] == 0.5


def test_a_negated_loss_is_shown_as_a_loss(report):
    shown = repr(report)
    numbers = report.to_dict()["models"]["teacher"]["scores"]
    loss = -numbers["neg_mean_absolute_error"]
    assert re.search(rf"mean absolute error, less is better +{loss:.4g} ", shown)


def test_an_error_in_small_units_is_shown(values):
    _, (X, y), (X_test, y_test) = values
    model = DistilledRegressor(Ridge(), TREE).fit(X, 1e-6 * y)
    train = (X, 1e-6 * y)
    report = DistillationReport(model, X_test, 1e-6 * y_test, train=train, n_timings=1)
    scores = report.to_dict()["models"]["teacher"]["scores"]
    loss = -scores["neg_mean_absolute_error"]
    assert loss < 1e-3
    assert re.search(rf"less is better +{loss:.4g} ", repr(report))


def test_without_a_lead_there_is_no_gap(values):
    _, train, test = values
    weak = DistilledRegressor(DecisionTreeRegressor(max_depth=1), Ridge(alpha=1e-3))
    report = DistillationReport(weak.fit(*train), *test, train=train, n_timings=1)
    assert report.to_dict()["recovered"]["r2"] is None
    assert "The teacher does not lead the baseline student: no gap" in repr(report)


def test_of_a_frozen_teacher_no_fit_is_timed(values):
    model, (X, y), test = values
    frozen = DistilledRegressor(FrozenEstimator(model.teacher_), TREE).fit(X, y)
    report = DistillationReport(frozen, *test, train=(X, y), n_timings=1)
    assert report.to_dict()["models"]["teacher"]["fit_seconds"] is None


def test_a_search_says_what_it_chose(values):
    _, train, test = values
    search = DistilledRegressorCV(
        Ridge(), TREE, transfers=(None,), refinements=(None,), cv=3, random_state=0
    ).fit(*train)
    report = DistillationReport(search, *test, train=train, n_timings=1)
    assert report.to_dict()["notes"] == [search.reason_]
    assert search.reason_ in repr(report)


def test_a_search_that_tuned_is_held_against_the_tuned_baseline(values):
    model, train, test = values
    search = DistilledRegressorCV(
        FrozenEstimator(model.teacher_),
        TREE,
        student_params={"min_samples_leaf": [7, 15]},
        transfers=(None,),
        refinements=(None,),
        cv=2,
        random_state=0,
    ).fit(*train)
    report = DistillationReport(search, *test, train=train, n_timings=3)
    leaf = search.baseline_params_["student__min_samples_leaf"]
    assert report.to_dict()["tuned"] == {"min_samples_leaf": leaf}
    tuned = clone(TREE).set_params(min_samples_leaf=leaf, random_state=0).fit(*train)
    scores = report.to_dict()["models"]["baseline"]["scores"]
    assert_allclose(scores["r2"], tuned.score(*test))
    said = str(report)
    assert "the tuned baseline" in said.splitlines()[2]
    assert f"was tuned on the labels too: min_samples_leaf={leaf}." in said
    given = DistillationReport(search, *test, baseline=tuned, n_timings=3)
    assert given.to_dict()["tuned"] == {}


def test_several_outputs_are_reported():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 3))
    y = X @ rng.normal(size=(3, 2))
    model = DistilledRegressor(Ridge(), TREE).fit(X[:80], y[:80])
    report = DistillationReport(
        model, X[80:], y[80:], train=(X[:80], y[:80]), n_timings=1
    )
    assert len(report.to_dict()["points"]["teacher"]) == 80
    assert "<svg" in report.to_html()


def test_labels_that_a_library_wants_as_codes_are_compared_as_labels(labels):
    _, (X, y), (X_test, y_test) = labels
    X, X_test = X.to_numpy(), X_test.to_numpy()
    student = XGBClassifier(n_estimators=5, max_depth=2)
    model = DistilledClassifier(RandomForestClassifier(20), student).fit(X, y)
    baseline = clone(student).fit(X, np.unique(y, return_inverse=True)[1])
    report = DistillationReport(model, X_test, y_test, baseline=baseline, n_timings=1)
    models = report.to_dict()["models"]
    assert models["baseline"]["scores"]["accuracy"] > 0.8
    assert models["baseline"]["fidelity"]["top1_agreement"] > 0.8
    fitted = DistillationReport(model, X_test, y_test, train=(X, y), n_timings=1)
    scores = fitted.to_dict()["models"]["baseline"]["scores"]
    assert scores["accuracy"] == models["baseline"]["scores"]["accuracy"]


def test_a_student_without_probabilities_is_reported(labels):
    _, (X, y), (X_test, y_test) = labels
    X, X_test = X.to_numpy(), X_test.to_numpy()
    model = DistilledClassifier(LogisticRegression(max_iter=500), LinearSVC(C=0.1))
    model.fit(X, y)
    report = DistillationReport(model, X_test, y_test, train=(X, y), n_timings=1)
    numbers = report.to_dict()
    assert [*numbers["recovered"]] == ["accuracy"]
    assert numbers["points"] == {}
    assert numbers["models"]["teacher"]["calibration_error"] is None
    page = report.to_html()
    assert page.count("<figcaption>Confusion matrix") == 2
    assert "Calibration curve" not in page


class Names(HTMLParser):
    """The elements of a page, and all that it shows."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.attributes, self.shown = set(), set(), ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data):
        self.shown += data


def test_names_from_data_are_shown_and_not_run(labels):
    model, (X, y), test = labels
    baseline = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    baseline.steps[0] = (IMAGE, baseline.steps[0][1])
    report = DistillationReport(model, *test, baseline=baseline, n_timings=1)
    for page in (report.to_html(), report._repr_html_()):
        read = Names(page)
        assert not {"script", "img", "iframe", "object", "link"} & read.elements
        assert not [name for name in read.attributes if name.startswith("on")]
        assert SCRIPT in read.shown
        assert read.shown.count(IMAGE) >= 3  # a column, a class, a step
        assert "a|b `c` [d](e)" in read.shown
        assert r"\x1b[31m\u202eline" in read.shown


def test_the_page_loads_nothing(report):
    page = report.to_html()
    assert "default-src 'none'" in page
    for sign in ("src=", "href=", "url(", "@import", "http://", "https://"):
        assert sign not in page, sign
    assert page.startswith("<!doctype html>")
    assert 'name="viewport"' in page
    assert "prefers-color-scheme: dark" in page
    assert "doctype" not in report._repr_html_()


def test_markdown_escapes_names(class_report):
    text = class_report.to_markdown()
    assert "<" not in text
    assert "&lt;script&gt;document.title = 'run'&lt;/script&gt;" in text
    assert r"a\|b \`c\` \[d\](e)" in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    cells = {len(re.findall(r"(?<!\\)\|", line)) for line in tables}
    assert cells == {5, 7}  # four columns of models, six of classes


def test_text_spells_out_control_characters(class_report):
    assert repr(class_report).isprintable() is False  # but for its own line ends:
    assert repr(class_report).replace("\n", "").isprintable()
    assert r"\x1b[31m\u202eline" in repr(class_report)


def test_many_columns_are_not_all_named():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(40, 50))).rename(columns="column {}".format)
    y = X["column 0"]
    model = DistilledRegressor(Ridge(), Ridge()).fit(X[:20], y[:20])
    report = DistillationReport(
        model, X[20:], y[20:], train=(X[:20], y[:20]), n_timings=1
    )
    assert len(report.to_dict()["columns"]) == 50
    assert "column 29, and 20 more" in repr(report)
    assert "and 20 more" in report.to_html()


@pytest.mark.filterwarnings("ignore:The number of unique classes")
def test_of_many_classes_those_of_least_agreement_are_shown():
    y = np.repeat([f"class {i}" for i in range(40)], 8)
    X = np.repeat(np.arange(40.0), 8)[:, None]
    teacher = DecisionTreeClassifier(random_state=0)
    student = DecisionTreeClassifier(max_leaf_nodes=20, random_state=0)
    model = DistilledClassifier(teacher, student).fit(X, y)
    report = DistillationReport(model, X, y, train=(X, y), n_timings=1)
    assert len(report.to_dict()["classes"]) == 40
    shown = repr(report)
    assert (
        "shown are at most 30 of 40 classes, those in which student and teacher agree "
        "least" in shown
    )
    agreement = {one["label"]: one["agreement"] for one in report.to_dict()["classes"]}
    listed = set(re.findall(r"^class \d+", shown, re.MULTILINE))
    assert len(listed) == 30
    assert {label for label, fraction in agreement.items() if fraction < 0.5} <= listed


def test_rows_of_text_have_no_columns():
    rows = [["short", "a long text of many words"][i % 2] + str(i) for i in range(40)]
    y = np.array([len(row) for row in rows], dtype=float)
    ridge = make_pipeline(TfidfVectorizer(analyzer="char"), Ridge())
    model = DistilledRegressor(ridge, ridge).fit(rows, y)
    report = DistillationReport(model, rows, y, train=(rows, y), n_timings=1)
    assert report.to_dict()["columns"] == []
    assert "0 features" in report.to_html()


@pytest.mark.filterwarnings("ignore:R.2 score is not well-defined")
def test_what_is_not_finite_is_not_shown(values):
    model, train, (X, y) = values
    report = DistillationReport(model, X[:1], y[:1], train=train, n_timings=1)
    numbers = report.to_dict()
    assert json.loads(json.dumps(numbers, allow_nan=False)) == numbers
    assert numbers["models"]["teacher"]["scores"]["r2"] is None
    assert numbers["certificate"]["bound"] is None
    assert "too few for a bound" in repr(report)
    assert "Score and speed" not in report.to_html()
    assert report.to_html().count("<svg") == 3


def test_the_file_is_the_page(report, tmp_path):
    page = report.to_html(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text("utf-8") == page == report.to_html()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({}, ValueError, "(X_train, y_train), the samples to fit it on. Got neither."),
        ({"baseline": TREE, "train": ([], [])}, ValueError, "Got both."),
        ({"train": [1, 2]}, ValueError, "train must be a tuple (X_train, y_train) or"),
        ({"baseline": TREE}, NotFittedError, "not fitted yet"),
        (
            {"baseline": LogisticRegression().fit([[0], [1]], [0, 1])},
            ValueError,
            "baseline must be a regressor, as the distilled model is. Got "
            "LogisticRegression. Pass the student fitted on the labels alone",
        ),
        ({"scoring": []}, ValueError, "scoring must name at least one score"),
        (
            {
                "scoring": [
                    make_scorer(r2_score),
                    make_scorer(r2_score, force_finite=False),
                ]
            },
            ValueError,
            "Got two of 'r2_score'. Pass a dict",
        ),
        ({"scoring": "nonsense"}, ValueError, "nonsense"),
        ({"level": 2}, ValueError, "level must lie between 0 and 1"),
        ({"n_timings": 0}, ValueError, "n_timings must be an int, 1 or more. Got 0"),
        ({"sample_weight": [1.0]}, ValueError, "sample_weight must hold one number"),
    ],
)
def test_errors_say_what_is_allowed_and_what_came(values, change, error, message):
    model, train, test = values
    if set(change) & {"scoring", "level", "n_timings", "sample_weight"}:
        change = change | {"train": train}
    with pytest.raises(error, match=re.escape(message)):
        DistillationReport(model, *test, **change)


def test_what_is_not_distilled_is_an_error(values):
    _, train, test = values
    with pytest.raises(TypeError, match="model must be a distilled model"):
        DistillationReport(Ridge().fit(*train), *test, train=train)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        DistillationReport(values[0], test[0], test[1][:-1], train=train)


def test_text_is_written_from_the_numbers_that_were_read_from_json(values):
    model, train, test = values
    report = DistillationReport(model, *test, train=train, n_timings=1)
    assert to_text(json.loads(json.dumps(report.to_dict()))) == repr(report)
