"""The students that are exported in the tests."""

import numpy as np
from lightgbm import LGBMClassifier, LGBMRegressor
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
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
)
from xgboost import XGBClassifier, XGBRegressor, XGBRFClassifier, XGBRFRegressor

FEW = {"n_estimators": 6}
HIST = {"max_iter": 6}
XGB = FEW | {"n_jobs": 1}
LIGHT = XGB | {"verbose": -1}
NET = {"hidden_layer_sizes": 8, "max_iter": 20, "random_state": 0}

TREE_REGRESSORS = {
    "boosting": GradientBoostingRegressor(**FEW),
    "hist": HistGradientBoostingRegressor(**HIST),
    "forest": RandomForestRegressor(**FEW),
    "extra": ExtraTreesRegressor(**FEW),
    "tree": DecisionTreeRegressor(),
    "lightgbm": LGBMRegressor(**LIGHT),
    "xgboost": XGBRegressor(**XGB),
}
REGRESSORS = TREE_REGRESSORS | {
    "extra_tree": ExtraTreeRegressor(),
    "xgboost_forest": XGBRFRegressor(**XGB),
    "linear": Ridge(),
    "perceptron": MLPRegressor(**NET),
}
TREE_CLASSIFIERS = {
    "boosting": GradientBoostingClassifier(**FEW),
    "hist": HistGradientBoostingClassifier(**HIST),
    "forest": RandomForestClassifier(**FEW),
    "extra": ExtraTreesClassifier(**FEW),
    "tree": DecisionTreeClassifier(),
    "lightgbm": LGBMClassifier(**LIGHT),
    "xgboost": XGBClassifier(**XGB),
}
CLASSIFIERS = TREE_CLASSIFIERS | {
    "extra_tree": ExtraTreeClassifier(),
    "xgboost_forest": XGBRFClassifier(**XGB),
    "linear": LogisticRegression(max_iter=20),
    "perceptron": MLPClassifier(**NET),
    "regressor": Ridge(),
    "regressors": GradientBoostingRegressor(**FEW),
}
# Those that take missing values.
TAKES_MISSING = ("hist", "forest", "extra", "tree", "lightgbm", "xgboost")


def run(onnx_model, X):
    """Return the outputs of an ONNX model for rows, given as single precision."""
    from onnxruntime import InferenceSession

    session = InferenceSession(onnx_model.SerializeToString())
    if hasattr(X, "columns"):
        columns = [X[name].to_numpy() for name in X.columns]
        feed = [
            column.reshape(-1, 1).astype("O" if column.dtype == "O" else "f4")
            for column in columns
        ]
    else:
        feed = [np.asarray(X, dtype=np.float32)]
    names = [one.name for one in session.get_inputs()]
    return session.run(None, dict(zip(names, feed, strict=True)))


def puncture(X, seed=0):
    """Return X with a tenth of its cells missing."""
    hit = np.random.default_rng(seed).random(X.shape) < 0.1
    return np.where(hit, np.nan, X)
