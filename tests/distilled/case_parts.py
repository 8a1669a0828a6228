"""Teachers and students for generated cases, usual and strange."""

from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.cluster import KMeans
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
)
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import (
    GammaRegressor,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
    SGDClassifier,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
)
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from xgboost import XGBClassifier, XGBRegressor

from tests.doubles import NanRegressor, RecordingClassifier

LIGHT = {"n_estimators": 4, "min_child_samples": 2, "n_jobs": 1, "verbose": -1}
XGB = {"n_estimators": 4, "max_depth": 3, "n_jobs": 1}


def prepared(final):
    """Return a model of tables with numbers, strings and missing cells."""
    columns = make_column_transformer(
        (SimpleImputer(), make_column_selector(dtype_include="number")),
        (
            OneHotEncoder(handle_unknown="ignore", sparse_output=False),
            make_column_selector(dtype_include=["object", "string", "category"]),
        ),
    )
    return make_pipeline(columns, final)


MIXED = {
    "regression": [
        prepared(Ridge()),
        prepared(DecisionTreeRegressor(max_depth=3)),
        HistGradientBoostingRegressor(max_iter=4, categorical_features="from_dtype"),
        LGBMRegressor(**LIGHT),
    ],
    "classification": [
        prepared(LogisticRegression(max_iter=20)),
        prepared(DecisionTreeClassifier(max_depth=3)),
        HistGradientBoostingClassifier(max_iter=4, categorical_features="from_dtype"),
        LGBMClassifier(**LIGHT),
    ],
}
PARTS = {
    "regression": [
        DecisionTreeRegressor(max_depth=3),
        RandomForestRegressor(4),
        ExtraTreesRegressor(4),
        GradientBoostingRegressor(n_estimators=4),
        GradientBoostingRegressor(loss="quantile", alpha=0.9, n_estimators=4),
        HistGradientBoostingRegressor(max_iter=4, min_samples_leaf=2),
        HistGradientBoostingRegressor(loss="poisson", max_iter=4),
        Ridge(),
        LinearRegression(),
        PoissonRegressor(),
        KNeighborsRegressor(2),
        SVR(max_iter=100),
        MLPRegressor(hidden_layer_sizes=(4,), max_iter=5),
        LGBMRegressor(**LIGHT),
        LGBMRegressor(**LIGHT, boosting_type="dart"),
        XGBRegressor(**XGB),
        XGBRegressor(**XGB, objective="reg:tweedie"),
        make_pipeline(StandardScaler(), Ridge()),
        BaggingRegressor(Ridge(), 8),
        DummyRegressor(),
        StackingRegressor([("a", Ridge()), ("b", DummyRegressor())], Ridge(), cv=2),
    ],
    "classification": [
        DecisionTreeClassifier(max_depth=3),
        RandomForestClassifier(4),
        ExtraTreesClassifier(4, class_weight="balanced"),
        GradientBoostingClassifier(n_estimators=4),
        HistGradientBoostingClassifier(max_iter=4, min_samples_leaf=2),
        LogisticRegression(max_iter=20),
        GaussianNB(),
        KNeighborsClassifier(2),
        SVC(max_iter=100),
        SGDClassifier(loss="log_loss", max_iter=5),
        MLPClassifier(hidden_layer_sizes=(4,), max_iter=5),
        LGBMClassifier(**LIGHT),
        LGBMClassifier(**LIGHT, class_weight="balanced"),
        XGBClassifier(**XGB),
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=20)),
        BaggingClassifier(GaussianNB(), 8),
        DummyClassifier(),
        OneVsRestClassifier(LogisticRegression(max_iter=20)),
        RecordingClassifier(),
        StackingClassifier([("a", GaussianNB())], LogisticRegression(), cv=2),
    ],
}
STRANGE = {
    "regression": [
        GaussianNB(),
        KMeans(2),
        Ridge,
        "Ridge",
        NanRegressor(),
        GammaRegressor(),
        FrozenEstimator(Ridge()),
        FrozenEstimator(Ridge().fit([[0.0, 1.0]] * 4, range(4))),
        SVR(kernel="precomputed", max_iter=100),
        RandomForestRegressor(-1),
    ],
    "classification": [
        Ridge(),
        KMeans(2),
        GaussianNB,
        MultinomialNB(),
        LGBMRegressor(**LIGHT),
        KNeighborsRegressor(2),
        FrozenEstimator(GaussianNB()),
        FrozenEstimator(GaussianNB().fit([[0.0, 1.0], [1, 0]] * 4, [0, 1] * 4)),
        SVC(decision_function_shape="ovo", max_iter=100),
        VotingClassifier([("a", GaussianNB())]),
    ],
}
