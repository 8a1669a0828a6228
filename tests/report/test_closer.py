"""What a report shows beside scores: each number is that of a definition."""

import json
import re
from functools import cache

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import (
    confusion_matrix,
    get_scorer,
    mean_absolute_error,
    mean_pinball_loss,
    r2_score,
)
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import (
    DistillationReport,
    DistilledClassifier,
    DistilledClassifierCV,
    DistilledRegressor,
    DistilledRegressorCV,
)
from skdistill.inspect import open_parts
from skdistill.report import to_text
from skdistill.report._baseline import name_scorers
from skdistill.report._closer import _column, _split
from skdistill.report._draw import SIZE, width_of
from skdistill.report._known import Samples, lead_and_gain

NAMES = ["size", "noise", "town"]
PLAIN = {"transfer": None, "refine": None}


def table(n_samples):
    """Return prices that depend on size and town, with missing sizes."""
    rng = np.random.default_rng(0)
    size, noise = rng.uniform(20, 200, n_samples), rng.normal(size=n_samples)
    town = np.array(["Ulm", "Bonn", "Köln"])[np.arange(n_samples) % 3]
    y = 1000 * size + 40_000 * (town == "Bonn") + 5000 * rng.normal(size=n_samples)
    size[::23] = np.nan
    return pd.DataFrame({"size": size, "noise": noise, "town": town}), y


def numbers_first(model):
    """Return a model of the table, whose towns become numbers."""
    towns = make_column_transformer(
        (OrdinalEncoder(), ["town"]), remainder="passthrough"
    )
    return make_pipeline(towns, model)


@cache
def values():
    """Return a report of values, its model and its held-out samples."""
    X, y = table(360)
    train, test = (X[:240], y[:240]), (X[240:], y[240:])
    model = DistilledRegressor(
        numbers_first(RandomForestRegressor(30, random_state=0)),
        numbers_first(DecisionTreeRegressor(max_leaf_nodes=6)),
        cross_fit=False,
        random_state=0,
        **PLAIN,
    ).fit(*train)
    about = {"file": "houses.csv", "target": "price <b>"}
    report = DistillationReport(model, *test, train=train, n_timings=1, about=about)
    return report, model, test


@cache
def classes():
    """Return a report of two classes, its model and its held-out samples."""
    X, y = load_breast_cancer(return_X_y=True)
    X, y = X[:, :5], np.where(y == 1, "well", "ill")
    model = DistilledClassifier(
        LogisticRegression(max_iter=5000), DecisionTreeClassifier(max_depth=2), **PLAIN
    ).fit(X[:300], y[:300])
    report = DistillationReport(
        model, X[300:], y[300:], train=(X[:300], y[:300]), n_timings=1
    )
    return report, model, (X[300:], y[300:])


def pictures_of(report):
    return re.findall("<figcaption>(.*?)</figcaption>", report.to_html())


def test_the_error_of_a_mean_is_its_standard_error():
    rng = np.random.default_rng(0)
    y = rng.normal(size=20)
    said = {name: rng.normal(size=20) for name in ("teacher", "baseline", "distilled")}
    scorer = get_scorer("neg_mean_absolute_error")
    scores = {name: -mean_absolute_error(y, one) for name, one in said.items()}
    found = lead_and_gain(
        Samples(np.zeros((20, 1)), y, None, None), scorer, said, scores
    )
    for what, name in (("lead", "teacher"), ("gain", "distilled")):
        paired = np.abs(said["baseline"] - y) - np.abs(said[name] - y)
        assert_allclose(found[what], paired.mean())
        assert_allclose(found[f"{what}_error"], paired.std(ddof=1) / np.sqrt(20))


def test_a_scorer_that_needs_the_model_has_no_error():
    _, model, test = values()

    def steps(estimator, X, y):
        return float(len(estimator.steps) if hasattr(estimator, "steps") else 0)

    report = DistillationReport(
        model, *test, baseline=model.student_, scoring={"mine": steps}, n_timings=1
    )
    lead = report.to_dict()["leads"]["mine"]
    assert (lead["gain"], lead["gain_error"]) == (-2.0, None)
    assert report.to_dict()["importance"] == report.to_dict()["stages"] == {}
    assert report.to_dict()["differing"]["samples"]


def test_a_lead_within_noise_is_called_none():
    numbers = values()[0].to_dict()
    found = numbers["leads"]["r2"]
    found["lead_error"] = 0.51 * found["lead"]
    shown = to_text(numbers)
    assert re.search(r"gap recovered, R2 .* within noise\n", shown)
    assert "lead over the baseline student is within noise (" in shown
    assert "teacher's lead over the baseline student.\n" not in shown
    found["lead_error"], found["gain_error"] = 0.49 * found["lead"], 1.0
    assert "as good as the baseline student within noise (" in to_text(numbers)
    numbers["recovered"]["r2"], found["gain_error"] = -0.001, None
    assert re.search(r"gap recovered, R2 .* 0%\n", to_text(numbers))
    assert "is worse than the baseline student." in to_text(numbers)


def test_a_clear_lead_is_recovered_in_the_first_line():
    report, *_ = values()
    numbers = report.to_dict()
    lead = numbers["leads"]["r2"]
    assert lead["lead"] > 2 * lead["lead_error"]
    scores = {name: one["scores"]["r2"] for name, one in numbers["models"].items()}
    assert_allclose(lead["gain"], scores["distilled"] - scores["baseline"])
    said = to_text(numbers).splitlines()[2]
    assert said.startswith("In R2 the distilled student has ")
    assert re.search(r"\d{2},\d{3}", repr(report))
    assert "e+" not in repr(report)


def test_a_search_is_reported_by_what_it_chose_by():
    X, y = load_breast_cancer(return_X_y=True)
    search = DistilledClassifierCV(
        DecisionTreeClassifier(max_depth=3),
        DecisionTreeClassifier(max_depth=2),
        alphas=(0.5,),
        temperatures=(1.0,),
        transfers=(None,),
        refinements=(None,),
        cv=2,
    ).fit(X[:120, :3], y[:120])
    both = {"one": "accuracy", "two": "roc_auc"}
    grid = GridSearchCV(search, {"cv": [2]}, scoring=both, refit="two")
    plain = GridSearchCV(search, {"cv": [2]})
    grid.best_estimator_ = plain.best_estimator_ = search.best_estimator_
    for model, scoring, first in (
        (search, None, "neg_log_loss"),
        (search, "roc_auc", "roc_auc"),
        (grid, both, "two"),
        (plain, None, "accuracy"),
    ):
        parts = open_parts(model.set_params(scoring=scoring))
        names = [*name_scorers(None, parts, parts.model, model)]
        assert names[0] == first
        assert {"accuracy", "neg_log_loss"} <= {*names}


def test_a_student_of_quantiles_is_reported_by_its_own_loss():
    X, y = np.arange(120.0)[:, None], np.arange(120.0) % 7
    student = GradientBoostingRegressor(loss="quantile", alpha=0.8, n_estimators=3)
    model = DistilledRegressor(Ridge(), student, on_poor_teacher="ignore").fit(X, y)
    report = DistillationReport(model, X, y, train=(X, y), n_timings=1)
    scores = report.to_dict()["models"]["distilled"]["scores"]
    name, score = next(iter(scores.items()))
    assert name == "neg_mean_pinball_loss"
    assert_allclose(-score, mean_pinball_loss(y, model.predict(X), alpha=0.8))


def test_a_permuted_column_costs_what_it_tells():
    report, model, (X, y) = values()
    found = report.to_dict()["importance"]
    assert found["columns"][:2] == ["size", "town"]
    assert found["score"] == "r2"
    for name, fitted in (("teacher", model.teacher_), ("distilled", model)):
        drops = dict(zip(found["columns"], found["drops"][name], strict=True))
        rng = np.random.default_rng(0)
        lowered = []
        for _ in range(3):
            changed = X.copy()
            order = rng.permutation(len(X))
            changed["size"] = X["size"].to_numpy()[order]
            lowered.append(r2_score(y, fitted.predict(changed)))
        whole = r2_score(y, fitted.predict(X))
        assert_allclose(drops["size"], whole - np.mean(lowered))
    assert abs(drops["noise"]) < 0.02


def test_errors_by_segment_are_those_of_the_samples_in_it():
    report, model, (X, y) = values()
    by_column = {one["column"]: one["parts"] for one in report.to_dict()["segments"]}
    error = pd.Series(np.abs(model.predict(X) - y), X.index)
    for part in by_column["town"]:
        assert_allclose(part["distilled"], error[X["town"] == part["label"]].mean())
    *known, missing = by_column["size"]
    assert missing["label"] == "missing"
    assert_allclose(missing["distilled"], error[X["size"].isna()].mean())
    assert sum(part["n_samples"] for part in known) == X["size"].notna().sum()
    assert [part["label"].split()[0] for part in known][::4] == ["up", "above"]


@pytest.mark.parametrize(
    ("cells", "labels"),
    [
        (pd.Series([1, 2, None] * 5, dtype="Int64"), ["1", "2", "missing"]),
        (pd.Series([True, False, None] * 5, dtype="boolean"), ["False", "True"]),
        (pd.Series(["b", "a", None] * 5, dtype="category"), ["a", "b", "missing"]),
        (pd.Series(["b"] * 6 + ["rare"] * 4), ["b", "others"]),
        (
            pd.Series(pd.to_datetime(["2026-11-30", None] * 5)),
            ["2026-11-30", "missing"],
        ),
        (np.array([0.5, np.nan] * 5, dtype=object), ["0.5", "missing"]),
        (np.array(["x", pd.NA] * 5, dtype=object), ["x", "missing"]),
        (20_000 + np.arange(10.0), ["up to 20,002", "20,002 to 20,004"]),
        (np.repeat(np.arange(3), [8, 1, 1]), ["0", "others"]),
        (np.array([7] * 8 + [8] * 20 + [9, 10, 11, 12, 13]), ["up to 7", "7 to 8"]),
    ],
)
def test_segments_are_named_by_what_cells_hold(cells, labels):
    X = cells.to_frame() if isinstance(cells, pd.Series) else cells[:, None]
    parts = dict(_split(_column(X, 0)))
    found = [label for label, inside in parts.items() if inside.any()]
    assert [one.removesuffix(" 00:00:00") for one in found][: len(labels)] == labels
    assert_allclose(np.sum([*parts.values()], axis=0), 1)


def test_samples_that_differ_most_come_first():
    report, model, (X, _) = values()
    found = report.to_dict()["differing"]
    apart = np.abs(model.predict(X) - model.teacher_.predict(X))
    expected = X.index[np.argsort(-apart, kind="stable")[:10]]
    assert [one["sample"] for one in found["samples"]] == [*map(str, expected)]
    towns = found["columns"].index("town")
    cells = [one["cells"][towns] for one in found["samples"]]
    assert cells == X.loc[expected, "town"].tolist()


def test_the_confusion_matrix_is_that_of_scikit_learn():
    report, model, (X, y) = classes()
    found = report.to_dict()["confusion"]
    assert found["labels"] == ["ill", "well"]
    expected = confusion_matrix(y, model.predict(X))
    assert found["counts"]["distilled"] == expected.tolist()


def test_the_calibration_curve_is_of_the_second_class():
    report, model, (X, y) = classes()
    found = report.to_dict()["calibration_curve"]
    assert found["of"] == "well"
    predicted, observed = found["curves"]["distilled"]
    # A tree of four leaves predicts four probabilities, and each is a bin.
    proba = model.predict_proba(X)[:, 1]
    found = np.unique(proba)
    assert_allclose(predicted, found)
    assert_allclose(observed, [np.mean(y[proba == one] == "well") for one in found])


def test_pictures_are_those_of_the_task():
    assert pictures_of(values()[0]) == [
        "Predicted against actual",
        "Residuals",
        "Student against teacher",
        "Permutation importance",
        "Error by size",
        "Error by town",
        "Error by noise",
        "Score and speed",
    ]
    shown = pictures_of(classes()[0])
    assert shown[:4] == [
        "Student against teacher",
        "Calibration curve",
        "Confusion matrix, distilled student",
        "Confusion matrix, teacher",
    ]


def test_stages_and_frontier_of_a_search_are_shown():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 2))
    y = X[:, 0] ** 2
    boosting = GradientBoostingRegressor(n_estimators=6, random_state=0)
    search = DistilledRegressorCV(
        ExtraTreesRegressor(10, bootstrap=True, random_state=0),
        [("boosting", boosting), ("linear", Ridge())],
        alphas=(0.5,),
        transfers=(None,),
        refinements=(None,),
        cv=2,
        random_state=0,
    ).fit(X[:80], y[:80])
    test, train = (X[80:], y[80:]), (X[:80], y[:80])
    report = DistillationReport(search, *test, train=train, n_timings=1)
    numbers = report.to_dict()
    assert [one["student"] for one in numbers["frontier"]] == ["boosting", "linear"]
    score = numbers["models"]["distilled"]["scores"]["r2"]
    assert [stage for stage, _ in numbers["stages"]["curves"]["distilled"]] == [
        *range(1, 7)
    ]
    assert_allclose(numbers["stages"]["curves"]["distilled"][-1][1], score)
    shown = pictures_of(report)
    assert {"Students of the search", "Stages of training"} < set(shown)
    assert "a boosting, b linear; taken: boosting." in report.to_html()


def test_it_says_how_it_was_made():
    report, *_ = values()
    numbers = report.to_dict()
    assert numbers["about"] == {"file": "houses.csv", "target": "price <b>"}
    assert {"skdistill", "scikit-learn", "Python"} <= set(numbers["versions"])
    assert [*numbers["teacher_licences"]] == ["scikit-learn"]
    shown = repr(report)
    assert "\nfile: houses.csv\ntarget: price <b>\nreport of: " in shown
    assert "licence of the teacher: scikit-learn " in shown
    assert "price &lt;b&gt;</dd>" in report.to_html()
    assert "- target: price &lt;b&gt;" in report.to_markdown()
    assert json.loads(json.dumps(numbers, allow_nan=False)) == numbers
    with pytest.raises(ValueError, match="about must be a dict .* Got 'x'"):
        DistillationReport(*values()[1:2], *values()[2], train=values()[2], about="x")


def test_a_wide_table_has_no_importances():
    X = np.random.default_rng(0).normal(size=(60, 700))
    model = DistilledRegressor(Ridge(), Ridge(), **PLAIN).fit(X, X[:, 0])
    report = DistillationReport(model, X, X[:, 0], train=(X, X[:, 0]), n_timings=1)
    assert report.to_dict()["importance"] == {}
    assert report.to_dict()["segments"] == []
    assert len(report.to_html()) < 200_000


def test_samples_of_weight_0_change_nothing():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(36, 2)), rng.normal(size=36)
    weight = np.where(np.arange(36) % 6 == 0, 2.0, 0.0)
    said = {name: rng.normal(size=36) for name in ("teacher", "baseline", "distilled")}
    scorer, kept = get_scorer("neg_mean_absolute_error"), weight > 0

    def errors(samples, said):
        scores = {name: samples.score(scorer, values) for name, values in said.items()}
        return list(lead_and_gain(samples, scorer, said, scores).values())

    whole = Samples(X, y, weight, None)
    few = Samples(X[kept], y[kept], weight[kept], None)
    cut = {name: values[kept] for name, values in said.items()}
    assert_allclose(errors(whole, said), errors(few, cut))
    assert len(whole.some(300)) == kept.sum()
    samples = Samples(X[:30], y[:30], weight[:30] * (np.arange(30) < 20), None)
    part = {name: values[:30] for name, values in said.items()}
    assert (
        lead_and_gain(samples, scorer, part, dict.fromkeys(said, 0.0))["lead_error"]
        is None
    )


def test_large_values_are_told_apart():
    X, y = table(300)
    X = X[["noise"]]
    y = 1.7e9 + y / 1000
    model = DistilledRegressor(
        Ridge(), DecisionTreeRegressor(max_depth=2), random_state=0, **PLAIN
    ).fit(X[:200], y[:200])
    weight = np.where(np.arange(100) < 50, 1.0, 0.0)
    report = DistillationReport(
        model,
        X[200:],
        y[200:],
        train=(X[:200], y[:200]),
        n_timings=1,
        sample_weight=weight,
    )
    differing = report.to_dict()["differing"]["samples"]
    assert all(one["teacher"] != one["distilled"] for one in differing)
    assert all(int(one["sample"]) < 250 for one in differing)
    ticks = re.findall(r'text-anchor="end"[^>]*>(1,7[\d,]+)<', report.to_html())
    assert len(ticks) > 4
    assert len(set(ticks)) > 3


def test_titles_fit_in_their_pictures():
    long = "neg_a_score_whose_name_is_wider_than_any_picture_of_a_report_may_be"
    _, model, test = values()
    report = DistillationReport(
        model,
        *test,
        train=(test[0], test[1]),
        scoring={long: "neg_mean_absolute_error"},
        n_timings=1,
    )
    titles = re.findall(r"<text[^>]*>([^<]*)", report.to_html())
    assert any(title.endswith("…, more if permuted") for title in titles)
    assert max(map(width_of, titles)) <= SIZE
