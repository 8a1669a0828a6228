"""Counts and prices: a loss of their own, and no prediction below 0."""

import json
import runpy

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeRegressor

from skdistill.cli import _fit, request_weights
from skdistill.cli._losses import LOG, POISSON, SQUARED, check_teacher, suggested_loss
from skdistill.cli._parts import STUDENTS, preparation, student, teacher
from skdistill.cli._tables import Schema
from skdistill.export import to_c, to_onnx, to_sql
from skdistill.teachers import default_regressor
from tests.cli.tables import run

KINDS = {"a": "number", "b": "number"}
QUICK = ("linear", "mlp")


def sales(n_rows=120):
    """Return counts and prices that grow by factors; many counts are 0."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, 2)).round(3)
    mean = np.exp(X[:, 0])
    frame = pd.DataFrame(X, columns=[*KINDS])
    price = (50 * mean * np.exp(rng.normal(size=n_rows) / 4)).round(2)
    return frame.assign(count=rng.poisson(mean), price=price)


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("loss", [LOG, POISSON])
@pytest.mark.parametrize(
    "name",
    [
        name if name in QUICK else pytest.param(name, marks=pytest.mark.slow)
        for name in STUDENTS
    ],
)
def test_no_student_predicts_below_0_in_any_language(name, loss):
    frame = sales()
    X, y = frame[[*KINDS]], frame["count"].astype(float)
    prepare = preparation(Schema(KINDS, {}))
    model = student(name, "regression", prepare, X.size, "cpu", loss)
    inner = model[-1]
    while hasattr(inner, "regressor"):
        inner = inner.regressor
    few = {"max_iter": 30, "n_estimators": 5}
    inner.set_params(**{key: few[key] for key in few if key in inner.get_params()})
    model.fit(X, y)
    far = 4 * X - 1
    predicted = model.predict(far)
    assert predicted.min() >= 0
    assert predicted.max() > 1
    for export in (to_onnx, to_c, to_sql)[: 3 if name in ("linear", "tree") else 2]:
        export(model, far)  # It compares every row.


def test_linear_students_of_logarithms_stop_at_0():
    frame = sales()
    prepare = preparation(Schema(KINDS, {}))
    model = student("linear", "regression", prepare, 9, "cpu", LOG)
    X, y = frame[[*KINDS]], frame["count"].astype(float)
    predicted = model.fit(X, y).predict(X)
    raw = model[-1].regressor_.predict(model[:-1].transform(X))
    assert raw.min() < 0
    np.testing.assert_allclose(predicted, np.maximum(np.expm1(raw), 0), atol=1e-12)


def smooth_part_of(loss, X):
    """Return a stack of its third member alone, with a fixed seed."""
    prepare = preparation(Schema(KINDS, {}))
    stack = teacher("stack", "regression", prepare, X, "cpu", 0, 2, loss)
    stack.set_params(estimators=stack.estimators[2:])
    seeds = [name for name in stack.get_params() if name.endswith("random_state")]
    return stack.set_params(**dict.fromkeys(seeds, 0))


def test_a_stack_learns_logarithms_in_each_member():
    frame = sales(60)
    X, y = frame[[*KINDS]], frame["price"]
    found = smooth_part_of(LOG, X).fit(X, y).predict(X)
    plain = smooth_part_of(SQUARED, X).fit(X, np.log1p(y)).predict(X)
    np.testing.assert_allclose(found, np.expm1(plain), 1e-6)


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Write a table and a fitted teacher; return the words of a quick fit."""
    monkeypatch.setattr(_fit, "_N_TIMINGS", 2)
    frame = sales()
    frame.to_csv(tmp_path / "t.csv", index=False)
    tree = DecisionTreeRegressor(min_samples_leaf=5)
    joblib.dump(tree.fit(frame[[*KINDS]], frame["count"]), tmp_path / "t.joblib")
    return [
        *("fit", str(tmp_path / "t.csv"), "--out", str(tmp_path / "out")),
        *("--teacher", str(tmp_path / "t.joblib"), "--alpha", "0.5"),
        *("--target", "count", "--drop", "price", "--student", "linear", "--quiet"),
    ]


@pytest.mark.parametrize(
    ("loss", "score"),
    [
        (LOG, "neg_root_mean_squared_log_error"),
        pytest.param(POISSON, "r2", marks=pytest.mark.slow),
    ],
)
def test_fit_and_its_script_train_by_the_loss(loss, score, data, tmp_path):
    assert run([*data, "--loss", loss]) == 0
    found = json.loads((tmp_path / "out" / "metrics.json").read_text("utf-8"))
    assert (found["loss"], found["task"]) == (loss, "regression")
    models = found["report"]["models"]
    assert next(iter(models["distilled"]["scores"])) == score
    assert (tmp_path / "out" / "student.onnx").exists()
    again = runpy.run_path(str(tmp_path / "out" / "reproduce.py"))
    repeated = again["report"].to_dict()["models"]
    for name in ("distilled", "baseline"):
        assert repeated[name]["scores"] == models[name]["scores"]
    frame = sales()
    frame[[*KINDS]] = 4 * frame[[*KINDS]] - 1
    frame.to_csv(tmp_path / "far.csv", index=False)
    words = ["predict", str(tmp_path / "out"), str(tmp_path / "far.csv"), "--quiet"]
    assert run([*words, "--out", str(tmp_path / "p.csv")]) == 0
    assert pd.read_csv(tmp_path / "p.csv")["prediction"].min() >= 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--task", "classification", "--loss", POISSON], "is for regression"),
        (["--loss", POISSON, "--target", "a"], "is for values from 0 on"),
        (["--loss", "gamma"], "is not one of"),
    ],
)
def test_what_a_loss_cannot_learn_is_said_before_any_work(
    words, message, data, tmp_path, capsys
):
    assert run([*data, *words]) in (1, 2)
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("loss", [LOG, POISSON])
def test_only_the_rows_to_train_on_need_values_above_0(loss, data, tmp_path, capsys):
    frame = sales(60)
    frame["count"] = 0
    frame.to_csv(tmp_path / "test.csv", index=False)
    assert run([*data, "--loss", loss, "--test", str(tmp_path / "test.csv")]) == 0
    if loss == POISSON:
        frame.loc[:8, "count"] = range(1, 10)
        frame.to_csv(tmp_path / "t.csv", index=False)
        assert run([*data, "--loss", loss, "--overwrite"]) == 1
        said = capsys.readouterr().err
        assert "--loss poisson needs values above 0" in said
        assert "The target 'count' has 9." in said


def test_a_metric_that_refuses_predictions_is_named(data, tmp_path, capsys):
    X = sales()[[*KINDS]]
    low = DummyRegressor(strategy="constant", constant=0.0).fit(X, X["a"])
    joblib.dump(low, tmp_path / "t.joblib")
    words = ["--loss", POISSON, "--metric", "neg_mean_poisson_deviance"]
    assert run([*data, *words]) == 1
    error = capsys.readouterr().err
    assert "error: --metric neg_mean_poisson_deviance does not score" in error
    assert "--debug" not in error


def test_a_teacher_that_has_no_logarithm_is_refused(data, tmp_path, capsys):
    X = sales()[[*KINDS]]
    low = DummyRegressor(strategy="constant", constant=-2.0).fit(X, X["a"])
    joblib.dump(low, tmp_path / "t.joblib")
    assert run([*data, "--loss", LOG]) == 1
    assert "--metric r2" in capsys.readouterr().err
    check_teacher(low, LOG, "r2", X)


@pytest.mark.parametrize(
    ("column", "loss"), [("count", POISSON), ("price", LOG), ("a", None)]
)
def test_the_check_names_the_loss_of_counts_and_prices(column, loss, data, capsys):
    assert suggested_loss(sales()[column]) == loss
    words = ["fit", data[1], "--target", column, "--task", "regression", "--check"]
    assert run([*words, "--json"]) == 0
    warnings = "\n".join(json.loads(capsys.readouterr().out)["warnings"])
    assert ("--loss" in warnings) == (loss is not None)
    assert f"--loss {loss} is made for such" in warnings or loss is None
    if loss is not None:  # Whoever has chosen one is not asked again.
        assert run([*words, "--json", "--loss", LOG]) == 0
        assert "--loss" not in capsys.readouterr().out


def test_weights_reach_parts_that_hold_others():
    # As a script makes them: nothing has been asked for yet.
    target = type(default_regressor(80, 2).named_estimators["boosting"][-1])
    model = target(Ridge())
    request_weights(model)
    X, y = sales()[[*KINDS]], sales()["price"]
    with config_context(enable_metadata_routing=True):
        make_pipeline(model).fit(X, y, sample_weight=np.ones(len(X)))
