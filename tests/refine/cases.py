"""The models whose leaves are refined in the tests, fitted once each."""

from functools import cache

import numpy as np
from lightgbm import LGBMClassifier, LGBMRegressor, early_stopping
from sklearn.base import clone, is_classifier
from sklearn.datasets import make_classification, make_friedman1
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from xgboost import XGBClassifier, XGBRegressor, XGBRFClassifier, XGBRFRegressor

N_ROWS, N_TRAIN = 500, 400

TREES = {"max_leaf_nodes": 8, "random_state": 0}
FOREST = {"n_estimators": 8, **TREES}
BOOSTING = {"n_estimators": 8, "random_state": 0}
HIST = {"max_iter": 8, "max_leaf_nodes": 8}
LIGHT = {"n_estimators": 8, "num_leaves": 8, "n_jobs": 1, "verbose": -1}
LIGHT_FOREST = {"boosting_type": "rf", "subsample": 0.5, "subsample_freq": 1}
LIGHT_DART = {"boosting_type": "dart", "drop_rate": 0.5, "random_state": 0}
XGB = {"n_estimators": 8, "max_depth": 3, "n_jobs": 1}
XGB_DART = {"booster": "dart", "rate_drop": 0.5, "random_state": 0}

REGRESSORS = {
    "boosting": GradientBoostingRegressor(**BOOSTING),
    "boosting_init": GradientBoostingRegressor(init=LinearRegression(), **BOOSTING),
    "hist": HistGradientBoostingRegressor(**HIST),
    "forest": RandomForestRegressor(**FOREST),
    "extra": ExtraTreesRegressor(**FOREST),
    "tree": DecisionTreeRegressor(**TREES),
    "lightgbm": LGBMRegressor(**LIGHT),
    "lightgbm_forest": LGBMRegressor(**LIGHT, **LIGHT_FOREST),
    "lightgbm_dart": LGBMRegressor(**LIGHT, **LIGHT_DART),
    "lightgbm_stopped": LGBMRegressor(**LIGHT | {"n_estimators": 200}),
    "xgboost": XGBRegressor(**XGB),
    "xgboost_forest": XGBRFRegressor(**XGB),
    "xgboost_dart": XGBRegressor(**XGB, **XGB_DART),
    "xgboost_stopped": XGBRegressor(
        **XGB | {"n_estimators": 200, "early_stopping_rounds": 2, "learning_rate": 0.5}
    ),
}
CLASSIFIERS = {
    "boosting": GradientBoostingClassifier(**BOOSTING),
    "hist": HistGradientBoostingClassifier(**HIST),
    "forest": RandomForestClassifier(**FOREST),
    "extra": ExtraTreesClassifier(**FOREST),
    "tree": DecisionTreeClassifier(**TREES),
    "lightgbm": LGBMClassifier(**LIGHT),
    "lightgbm_forest": LGBMClassifier(**LIGHT, **LIGHT_FOREST),
    "lightgbm_dart": LGBMClassifier(**LIGHT, **LIGHT_DART),
    "xgboost": XGBClassifier(**XGB),
    "xgboost_forest": XGBRFClassifier(**XGB),
    "xgboost_dart": XGBClassifier(**XGB, **XGB_DART),
}
CASES = [
    *(("regression", name) for name in REGRESSORS),
    *((task, name) for name in CLASSIFIERS for task in ("binary", "multiclass")),
]


@cache
def problem(task):
    """Return X, y and a target: values or probabilities that no model knows."""
    rng = np.random.default_rng(0)
    if task == "regression":
        X, y = make_friedman1(N_ROWS, noise=0.5, random_state=0)
        return X.astype(np.float32), y, y + rng.normal(size=len(y))
    n_classes = 2 if task == "binary" else 3
    X, y = make_classification(
        N_ROWS, n_informative=6, n_classes=n_classes, flip_y=0.1, random_state=0
    )
    target = rng.dirichlet(np.ones(n_classes), size=len(y)) + np.eye(n_classes)[y]
    return X.astype(np.float32), y, target / 2


@cache
def fitted(task, name):
    """Return a fitted model; it must be left as it is."""
    X, y, _ = problem(task)
    model = clone((REGRESSORS if task == "regression" else CLASSIFIERS)[name])
    params = {}
    if name.endswith("_stopped"):
        params["eval_set"] = [(X[N_TRAIN:], y[N_TRAIN:])]
        if name.startswith("lightgbm"):
            params["callbacks"] = [early_stopping(2, verbose=False)]
        else:
            params["verbose"] = False
    return model.fit(X[:N_TRAIN], y[:N_TRAIN], **params)


def predictions(model, X):
    """Return predictions, of a classifier its probabilities."""
    return model.predict_proba(X) if is_classifier(model) else model.predict(X)
