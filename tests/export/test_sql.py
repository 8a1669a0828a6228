"""SQL statements predict as the models that they were made from."""

import io
import math
import shutil
import sqlite3
import subprocess
from contextlib import closing
from functools import cache
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from sklearn.base import clone, is_classifier
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import DistilledClassifier, DistilledRegressor
from skdistill.exceptions import UncheckedWarning
from skdistill.export import _sql, to_sql
from skdistill.export._ensembles import Ensemble, Tree
from skdistill.export._parts import Beside, Stretched
from skdistill.export._sql_parts import write_parts
from skdistill.export._sql_source import SqlSource, number
from tests.export.cases import CLASSIFIERS, REGRESSORS, TAKES_MISSING, puncture
from tests.export.trees import EDGES, random_tree

pytestmark = [
    pytest.mark.filterwarnings("ignore:X does not have valid feature names"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

X, Y = load_diabetes(return_X_y=True)
X, Y = X[:150, :5], Y[:150]
NAMES = np.array(["it's", 'a "b"', "ü"])[np.digitize(Y, [100, 180])]
MODELS = REGRESSORS | {
    f"{name} of classes": model
    for name, model in CLASSIFIERS.items()
    if is_classifier(model)
}
# XGBoost's own predictions are sums in single precision.
SINGLE = 1e-6
# Models that between them have all parts.
VARIED = {
    "hist": REGRESSORS["hist"],
    "counts": HistGradientBoostingRegressor(loss="poisson", max_iter=3),
    "boosting": GradientBoostingClassifier(n_estimators=3, max_depth=2),
    "perceptron": make_pipeline(
        SimpleImputer(),
        MinMaxScaler(clip=True),
        MLPRegressor(
            hidden_layer_sizes=(4, 3), activation="tanh", max_iter=20, random_state=0
        ),
    ),
    "linear": make_pipeline(
        SimpleImputer(), StandardScaler(), LogisticRegression(max_iter=20)
    ),
}


@cache
def fitted(name):
    model = clone(MODELS[name])
    if "xgboost" in name and is_classifier(model):  # It takes no text.
        return model.fit(X, np.unique(NAMES, return_inverse=True)[1])
    return model.fit(X, NAMES if is_classifier(model) else Y)


def from_sqlite(statement, table):
    with closing(sqlite3.connect(":memory:")) as connection:
        table.to_sql("samples", connection, index=False)
        return pd.read_sql_query(statement, connection)


def from_duckdb(statement, table):
    duckdb = pytest.importorskip("duckdb", reason="needs DuckDB: pip install duckdb")
    with closing(duckdb.connect()) as connection:
        connection.register("samples", table)
        return connection.execute(statement).fetch_df()


def psql(script):
    """Return what the server of the environment (PGHOST, PGDATABASE) answers."""
    words = ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1"]
    done = subprocess.run(words, input=script, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@cache
def has_postgres():
    if shutil.which("psql") is None:
        return False
    return subprocess.run(["psql", "-Xwc", ""], capture_output=True).returncode == 0


def from_postgres(statement, table):
    if not has_postgres():
        pytest.skip("needs psql and a PostgreSQL server that it reaches")
    columns = ", ".join(f'"{name}" DOUBLE PRECISION' for name in table)
    rows = table.to_csv(index=False, header=False)
    answer = psql(
        f"CREATE TEMPORARY TABLE samples ({columns});\n"
        f"COPY samples FROM STDIN (FORMAT csv);\n{rows}\\.\n"
        f"COPY ({statement}) TO STDOUT (FORMAT csv, HEADER);\n"
    )
    return pd.read_csv(io.StringIO(answer))


DATABASES = [from_sqlite, *([from_duckdb] if find_spec("duckdb") else [])]


def numbered(X):
    return pd.DataFrame(X).add_prefix("x").assign(id=range(len(X), 0, -1))


def assert_same(model, X, found, atol):
    if not is_classifier(model):
        expected = model.predict(X)
        atol = atol * np.abs(expected).max()
        assert_allclose(found["prediction"], expected, rtol=0, atol=atol)
        return
    expected = model.predict_proba(X)
    labels = model.classes_
    values = found[[f"probability_{label}" for label in labels]].to_numpy()
    assert_allclose(values, expected, rtol=0, atol=atol)
    assert_array_equal(found["prediction"], labels[values.argmax(axis=1)])
    assert np.mean(found["prediction"] == model.predict(X)) > 0.97  # But for ties.


@pytest.mark.parametrize("name", MODELS)
def test_models_predict_alike(name):
    model = fitted(name)
    atol = SINGLE if "xgboost" in name else 1e-12
    statement = to_sql(model, X, keep=["id"])
    found = from_sqlite(statement, numbered(X))
    assert_array_equal(found["id"], np.arange(len(X), 0, -1))
    assert_same(model, X, found, atol)


@pytest.mark.parametrize("run", [from_sqlite, from_duckdb, from_postgres])
@pytest.mark.parametrize("materialized", [True, False])
@pytest.mark.parametrize("name", VARIED)
def test_databases_agree(run, name, materialized):
    model, table = clone(VARIED[name]), X
    if name != "boosting":
        table = puncture(X)
    model.fit(table, NAMES if is_classifier(model) else Y)
    statement = to_sql(model, table, materialized=materialized)
    assert ("MATERIALIZED" in statement) == (materialized and name != "hist")
    assert_same(model, table, run(statement, numbered(table)), 1e-12)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression(max_iter=20),
        MLPClassifier((4,), activation="logistic", max_iter=20, random_state=0),
        MLPClassifier((4,), activation="tanh", max_iter=20, random_state=0),
    ],
)
def test_far_samples_are_no_errors_where_exp_overflows(model, n_classes):
    def exp(value):
        found = math.exp(value)  # As in PostgreSQL, too large is an error.
        assert found > 0
        return found

    y = np.minimum(np.unique(NAMES, return_inverse=True)[1], n_classes - 1)
    model = make_pipeline(StandardScaler(), model).fit(X, y)
    far = np.vstack([-1e5 * X[:20], 1e5 * X[:20]])
    statement = to_sql(model, far)
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.create_function("EXP", 1, exp)
        numbered(far).to_sql("samples", connection, index=False)
        found = pd.read_sql_query(statement, connection)
    assert_same(model, far, found, 1e-12)


@pytest.mark.parametrize("name", ["regressor", "regressors"])
def test_regressors_that_learned_logits_of_classes(name):
    teacher = FrozenEstimator(LogisticRegression(max_iter=20).fit(X, NAMES))
    student = make_pipeline(StandardScaler(), clone(CLASSIFIERS[name]))
    model = DistilledClassifier(teacher, student, transfer=None).fit(X, NAMES)
    found = from_sqlite(to_sql(model, X), numbered(X))
    assert_same(model, X, found, 1e-12)


@pytest.mark.parametrize("name", TAKES_MISSING)
def test_missing_values_go_the_way_of_the_library(name):
    # In the last column they are missing for new rows alone.
    table = np.column_stack([puncture(X[:, :-1]), X[:, -1]])
    new = puncture(table, seed=1)
    model = clone(REGRESSORS[name]).fit(table, Y)
    found = from_sqlite(to_sql(model, table), numbered(new))
    assert_same(model, new, found, SINGLE if name == "xgboost" else 1e-12)


@pytest.mark.parametrize(
    "model", [VARIED["boosting"], make_pipeline(StandardScaler(), Ridge())]
)
def test_models_that_take_no_missing_values_predict_null(model):
    model = clone(model).fit(X, NAMES if is_classifier(model) else Y)
    rows = X[:2].copy()
    rows[1, 3] = np.nan
    found = from_sqlite(to_sql(model, X), numbered(rows))
    assert found.isna().all(axis=1).tolist() == [False, True]


def test_trees_of_any_shape_with_edges():
    rng = np.random.default_rng(0)
    trees = tuple(random_tree(size, rng) for size in (2, 3, 9, 40, 300))
    ensemble = Ensemble(trees, np.ones(1), divisor=5.0)
    assert_written(ensemble, rng.choice(EDGES, (200, 3)))


@pytest.mark.parametrize("sign", [1, -1])
def test_a_deep_tree_is_not_nested(sign):
    n_nodes, splits = 201, np.arange(0, 200, 2)
    leaf, deeper = np.full((2, n_nodes), -1)
    leaf[splits], deeper[splits] = splits + 1, splits + 2
    left, right = (leaf, deeper)[::sign]
    nodes = np.arange(n_nodes)
    tree = Tree(0 * nodes, sign * nodes, nodes < 0, left, right, nodes[:, None])
    rows = np.arange(-250.0, 250.0).reshape(-1, 1)
    assert_written(Ensemble((tree,), np.zeros(1)), rows)


def assert_written(part, rows):
    names = [f"x{place}" for place in range(rows.shape[1])]
    source = SqlSource("samples", [], materialized=True)
    outputs = write_parts(source, [part], names, read_often=False)
    statement = source.statement({name.strip('"'): name for name in outputs})
    for run in DATABASES:
        found = run(statement, numbered(rows)).to_numpy()
        assert_array_equal(found, part.apply(rows))


def test_thresholds_lie_where_samples_are_rounded_to_the_other_side():
    rng = np.random.default_rng(0)
    thresholds = rng.normal(size=500).astype(np.float32)
    largest = np.finfo(np.float32).max
    thresholds = np.append(thresholds, np.float32([0, -0.0, 1e-45, largest, -largest]))
    tree = random_tree(len(thresholds) + 1, rng)
    tree.threshold[~tree.is_leaf] = thresholds
    ensemble = Ensemble((tree,), np.zeros(1), single=True)
    (wide,) = ensemble.in_double_precision().trees
    at, wide = tree.threshold[~tree.is_leaf], wide.threshold[~tree.is_leaf]
    with np.errstate(over="ignore"):
        assert (wide.astype(np.float32) <= at).all()
        assert (np.nextafter(wide, np.inf).astype(np.float32) > at).all()


def test_numbers_are_read_as_the_same_doubles():
    rng = np.random.default_rng(0)
    values = rng.normal(size=20_000) * 10.0 ** rng.integers(-30, 30, 20_000)
    for start in range(0, len(values), 500):
        some = values[start : start + 500].tolist()
        with closing(sqlite3.connect(":memory:")) as connection:
            shown = ", ".join(map(number, some))
            assert connection.execute(f"SELECT {shown}").fetchone() == tuple(some)


def test_members_of_several_parts():
    members = [(Stretched(np.full(3, i), np.zeros(3)),) * 2 for i in (1.0, 2.0)]
    assert_written(Beside(tuple(members)), np.arange(6.0).reshape(2, 3))


def test_more_terms_than_expressions_may_be_deep():
    wide = np.random.default_rng(0).normal(size=(20, 1200))
    model = Ridge().fit(wide, wide[:, 0])
    assert_same(model, wide, from_sqlite(to_sql(model, wide), numbered(wide)), 1e-12)


def test_names_of_a_frame_and_what_is_kept():
    columns = ["v0", 'a "b"', "step1", "it's", "é"]
    frame = pd.DataFrame(X, columns=columns)
    model = DecisionTreeRegressor(max_depth=3).fit(frame, Y)
    statement = to_sql(model, frame, table="step1", keep=["key", "v0"])
    with closing(sqlite3.connect(":memory:")) as connection:
        frame.assign(key="k").to_sql("step1", connection, index=False)
        found = pd.read_sql_query(statement, connection)
    assert list(found) == ["key", "v0", "prediction"]
    assert_array_equal(found["v0"], frame["v0"])
    assert_same(model, frame, found, 1e-12)


@pytest.mark.parametrize("labels", [[-3, 7], [False, True], [3.0, -2.0], ["only"]])
def test_labels(labels):
    y = np.array(labels)[np.arange(len(X)) % len(labels)]
    model = DecisionTreeClassifier(max_depth=3).fit(X, y)
    found = from_sqlite(to_sql(model, X), numbered(X))
    assert_array_equal(found["prediction"], model.predict(X))


def test_integers_and_text_that_are_numbers_in_the_table():
    rows = np.arange(8.0).reshape(-1, 1)
    model = HistGradientBoostingRegressor(min_samples_leaf=1, max_iter=2)
    model.fit(rows, rows[:, 0])
    for kind in (int, str):
        table = pd.DataFrame({"x0": rows[:, 0].astype(int).astype(kind)})
        assert_same(model, rows, from_sqlite(to_sql(model, rows), table), 1e-12)


def test_several_outputs():
    model = make_pipeline(SelectKBest(f_regression, k=2), Ridge())
    model.fit(X, Y)
    target = TransformedTargetRegressor(model, func=np.log1p, inverse_func=np.expm1)
    teacher = FrozenEstimator(LinearRegression().fit(X, Y))
    for one in (model, DistilledRegressor(teacher, target, transfer=None)):
        one.fit(X, Y)
        assert_same(one, X, from_sqlite(to_sql(one, X), numbered(X)), 1e-12)
    both = RandomForestRegressor(n_estimators=2, max_depth=3).fit(X, np.c_[Y, -Y])
    found = from_sqlite(to_sql(both, X), numbered(X))
    assert list(found) == ["prediction_0", "prediction_1"]
    assert_allclose(found.to_numpy(), both.predict(X))


def test_what_cannot_be_exported_is_refused_before_any_work(monkeypatch):
    model = make_pipeline(StandardScaler(), KNeighborsRegressor()).fit(X, Y)
    monkeypatch.setattr(_sql, "predictions_of", None)
    with pytest.raises(ValueError, match="exported to SQL because of its KNeighbors"):
        to_sql(model, X)
    with pytest.raises(NotFittedError):
        to_sql(DistilledRegressor(), X)
    with pytest.raises(ValueError, match="SQL models take dense samples"):
        to_sql(Ridge().fit(X, Y), csr_array(X))
    with pytest.raises(ValueError, match="input of a SQL model holds numbers"):
        to_sql(Ridge().fit(X, Y), np.full(X.shape, "a"))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"table": ""}, "table must be a name"),
        ({"table": 3}, "table must be a name"),
        ({"keep": "id"}, "keep must be a list"),
        ({"keep": [1]}, "keep must be a list"),
        ({"keep": 3}, "keep must be a list"),
        ({"keep": ["Prediction"]}, "columns of the result must have names that differ"),
        ({"materialized": 1}, "materialized must be True or False"),
    ],
)
def test_parameters(params, message):
    with pytest.raises(ValueError, match=rf"{message}.* Got"):
        to_sql(Ridge().fit(X, Y), X, **params)


@pytest.mark.parametrize("columns", [["a", "A"], ["a", ""], ["a", "b\0"]])
def test_columns_that_sql_cannot_tell_apart(columns):
    frame = pd.DataFrame(X[:, :2], columns=columns)
    with pytest.raises(ValueError, match="columns of X must have names that differ"):
        to_sql(Ridge().fit(frame, Y), frame)


def test_a_model_that_is_too_large():
    wide = np.random.default_rng(0).normal(size=(20, 2500))
    model = Ridge().fit(wide, wide[:, 0])  # A table of SQLite has 2,000 columns.
    with pytest.raises(ValueError, match="SQLite must take the SQL of the model. Got"):
        to_sql(model, wide)


def test_a_table_without_a_column_is_no_table_of_strings():
    tree = DecisionTreeRegressor(max_depth=1).fit(X, Y)
    statement = to_sql(tree, X, keep=["id"])
    for missing in ("x4", "id"):
        with pytest.raises(pd.errors.DatabaseError, match=f"samples.{missing}"):
            from_sqlite(statement, numbered(X).drop(columns=missing))


def test_a_kept_column_may_differ_by_case():
    tree = DecisionTreeRegressor(max_depth=1).fit(X, Y)
    statement = to_sql(tree, X, keep=["X0"])
    found = from_sqlite(statement, numbered(X))
    assert_array_equal(found["X0"], X[:, 0])


def test_thresholds_and_samples_that_are_infinite():
    infinite = X[:, 2:4].copy()
    infinite[::7, 0], infinite[::5, 1] = np.inf, -np.inf
    target = Y + 200 * np.isinf(infinite).sum(axis=1)
    model = HistGradientBoostingRegressor(max_iter=2, max_leaf_nodes=4)
    model.fit(infinite, target)
    statement = to_sql(model, infinite)
    assert number(-np.finfo(float).max) in statement
    assert_same(model, infinite, from_sqlite(statement, numbered(infinite)), 1e-12)


def test_without_sqlite_it_warns_and_still_compares_what_was_read(monkeypatch):
    monkeypatch.setattr(_sql, "find_sqlite", lambda: False)
    model = Ridge().fit(X, Y)
    with pytest.warns(UncheckedWarning, match="no SQLite of version 3.35") as caught:
        to_sql(model, X)
    assert caught[0].filename == __file__
    read = _sql.read_model
    monkeypatch.setattr(_sql, "read_model", lambda _: read(Ridge().fit(X, -Y)))
    with pytest.raises(ValueError, match="The SQL statement must predict as the Ridge"):
        to_sql(model, X)


def test_the_check_finds_another_constant_in_the_statement(monkeypatch):
    model = GradientBoostingRegressor(n_estimators=2).fit(X, Y)
    statement = SqlSource.statement

    def changed(self, outputs):
        return statement(self, {name: f"1 + {v}" for name, v in outputs.items()})

    monkeypatch.setattr(SqlSource, "statement", changed)
    with pytest.raises(ValueError, match="other predictions for 150 of 150 samples"):
        to_sql(model, X)
