"""What a student's loss is, and which targets it takes."""

import numpy as np
import pytest
from lightgbm import LGBMRegressor
from numpy.testing import assert_allclose
from scipy.optimize import minimize_scalar
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    AdaBoostRegressor,
    BaggingRegressor,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
    StackingRegressor,
    VotingRegressor,
)
from sklearn.linear_model import (
    HuberRegressor,
    PoissonRegressor,
    QuantileRegressor,
    RANSACRegressor,
    Ridge,
    SGDRegressor,
    TweedieRegressor,
)
from sklearn.metrics import mean_absolute_error, mean_pinball_loss
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PowerTransformer, StandardScaler
from sklearn.svm import SVR
from xgboost import XGBRegressor

from skdistill.students import TrainingLoss as Loss
from skdistill.students import (
    at_level,
    check_learns_target,
    fit_on_target,
    training_loss,
)
from skdistill.targets import Target

# LightGBM < 4.7 warns of arrays, whose columns it names itself.
pytestmark = pytest.mark.filterwarnings("ignore:X does not have valid feature names")

NINE = QuantileRegressor(quantile=0.9)
RANK = {"objective": "reg:quantileerror"}


class CatBoostRegressor(RegressorMixin, BaseEstimator):
    """Stands in for CatBoost's, which is known by its full name."""

    __module__, __qualname__ = "catboost.core", "CatBoostRegressor"

    def __init__(self, loss_function="RMSE"):
        self.loss_function = loss_function


@pytest.mark.parametrize(
    ("student", "kind", "level"),
    [
        (Ridge(), "mean", None),
        (SVR(), "mean", None),
        (PoissonRegressor(), "mean", None),
        (AdaBoostRegressor(), "mean", None),
        (RANSACRegressor(loss="absolute_error"), "mean", None),
        (RANSACRegressor(NINE), "quantile", 0.9),
        (NINE, "quantile", 0.9),
        (HuberRegressor(), "robust", None),
        (SGDRegressor(loss="huber"), "robust", None),
        (GradientBoostingRegressor(), "mean", None),
        (GradientBoostingRegressor(loss="quantile", alpha=0.2), "quantile", 0.2),
        (GradientBoostingRegressor(loss="absolute_error"), "quantile", 0.5),
        (GradientBoostingRegressor(loss="huber", alpha=0.2), "robust", None),
        (
            HistGradientBoostingRegressor(loss="quantile", quantile=0.2),
            "quantile",
            0.2,
        ),
        (HistGradientBoostingRegressor(loss="poisson"), "mean", None),
        (RandomForestRegressor(criterion="absolute_error"), "quantile", 0.5),
        (LGBMRegressor(), "mean", None),
        (LGBMRegressor(objective="quantile"), "quantile", 0.9),
        (LGBMRegressor(objective="quantile", alpha=0.2), "quantile", 0.2),
        (LGBMRegressor(application="mae"), "quantile", 0.5),
        (LGBMRegressor(objective="fair"), "robust", None),
        (LGBMRegressor(objective="mape"), "other", None),
        (LGBMRegressor(objective=max), "other", None),
        (LGBMRegressor(objective="lambdarank"), "several", None),
        (XGBRegressor(), "mean", None),
        (XGBRegressor(**RANK, quantile_alpha=0.2), "quantile", 0.2),
        (XGBRegressor(**RANK), "quantile", None),
        (XGBRegressor(**RANK, quantile_alpha=[0.2, 0.8]), "several", None),
        (XGBRegressor(objective="reg:absoluteerror"), "quantile", 0.5),
        (
            XGBRegressor(objective="reg:expectileerror", expectile_alpha=0.2),
            "expectile",
            0.2,
        ),
        (XGBRegressor(objective="reg:pseudohubererror"), "robust", None),
        (XGBRegressor(objective="survival:cox"), "several", None),
        (CatBoostRegressor(), "mean", None),
        (CatBoostRegressor("Quantile:alpha=0.2"), "quantile", 0.2),
        (CatBoostRegressor("MAE"), "quantile", 0.5),
        (CatBoostRegressor("Expectile:alpha=0.2"), "expectile", 0.2),
        (CatBoostRegressor("Huber:delta=1.0"), "robust", None),
        (CatBoostRegressor("MultiQuantile:alpha=0.1,0.9"), "several", None),
        (make_pipeline(StandardScaler(), NINE), "quantile", 0.9),
        (TransformedTargetRegressor(make_pipeline(NINE)), "quantile", 0.9),
        (GridSearchCV(NINE, {}), "quantile", 0.9),
        (BaggingRegressor(NINE), "quantile", 0.9),
        (VotingRegressor([("a", NINE), ("b", NINE)]), "quantile", 0.9),
        (VotingRegressor([("a", NINE), ("b", Ridge())]), "other", None),
        (VotingRegressor([("a", NINE), ("b", HuberRegressor())]), "other", None),
        (StackingRegressor([("a", NINE)], QuantileRegressor()), "other", None),
    ],
)
def test_the_loss_is_read_from_the_parameters(student, kind, level):
    loss = training_loss(student)
    assert (loss.kind, loss.level) == (kind, level)
    assert bool(loss.name) != loss.is_mean


@pytest.mark.parametrize(
    ("student", "is_known"),
    [
        (NINE, True),
        (GradientBoostingRegressor(loss="quantile"), True),
        (HistGradientBoostingRegressor(loss="quantile", quantile=0.5), True),
        (LGBMRegressor(objective="quantile"), True),
        (XGBRegressor(**RANK), True),
        (CatBoostRegressor("Quantile:alpha=0.2"), True),
        (CatBoostRegressor("MAE"), True),
        (make_pipeline(StandardScaler(), NINE), True),
        (GridSearchCV(NINE, {"alpha": [0.0, 1.0]}), True),
        (VotingRegressor([("a", NINE), ("b", NINE)]), True),
        (VotingRegressor([("a", NINE), ("b", Ridge())]), False),
        (GradientBoostingRegressor(loss="absolute_error"), False),
        (XGBRegressor(objective="reg:expectileerror"), False),
        (CatBoostRegressor(), False),
        (Ridge(), False),
    ],
)
def test_a_learner_of_quantiles_learns_the_one_that_is_asked_for(student, is_known):
    before = repr(student)
    found = at_level(student, 0.3)
    assert (found is not None) == is_known
    assert repr(student) == before
    if is_known:
        assert training_loss(found).level == 0.3


def test_only_losses_that_are_known_have_a_scorer():
    y, predicted = np.array([0.0, 1.0, 4.0]), np.array([1.0, 1.0, 2.0])
    student = RecordedPrediction(predicted)
    for loss, expected in (
        (Loss("quantile", 0.9), mean_pinball_loss(y, predicted, alpha=0.9)),
        (Loss("expectile", 0.9), (0.1 * 1 + 0.9 * 4) / 3),
        (Loss("robust"), mean_absolute_error(y, predicted)),
    ):
        assert loss.scorer()(student, np.zeros((3, 1)), y) == pytest.approx(-expected)
    assert Loss("other").scorer() is None


class RecordedPrediction(RegressorMixin, BaseEstimator):
    """Predicts what it is given."""

    def __init__(self, predictions):
        self.predictions = predictions

    def predict(self, X):
        return self.predictions


@pytest.mark.parametrize("level", [0.1, 0.5, 0.83])
@pytest.mark.parametrize("kind", ["quantile", "expectile"])
def test_the_best_constant_has_the_least_loss(kind, level):
    rng = np.random.default_rng(0)
    values, weight = np.sort(rng.normal(size=(3, 40))), rng.uniform(0, 2, (3, 40))
    loss = Loss(kind, level)
    power = 1 if kind == "quantile" else 2

    def cost(constant, row):
        missing = values[row] - constant
        factor = np.where(missing < 0, 1 - level, level)
        return np.sum(weight[row] * factor * np.abs(missing) ** power)

    for row, found in enumerate(loss.best_constant(values, weight)):
        best = minimize_scalar(
            cost, bounds=(-3, 3), args=(row,), method="bounded", options={"xatol": 1e-9}
        )
        assert cost(found, row) <= best.fun + 1e-9


def test_the_best_constant_of_the_mean_is_the_mean():
    values = np.array([[0.0, 1.0, 5.0]])
    weight = np.array([[1.0, 2.0, 1.0]])
    assert_allclose(Loss().best_constant(values, weight), [1.75])
    assert_allclose(Loss("robust").best_constant(values, weight), [1.0])


X = np.random.default_rng(0).normal(size=(60, 3))
Y = np.exp(X[:, 0])
FRACTION = 1 / (1 + np.exp(-X[:, 0]))
BOOSTING = GradientBoostingRegressor(n_estimators=5)
FEW = {"n_estimators": 5, "n_jobs": 1}


@pytest.mark.parametrize(
    ("student", "y"),
    [
        (TransformedTargetRegressor(BOOSTING, func=np.log, inverse_func=np.exp), Y),
        (TransformedTargetRegressor(BOOSTING, func=np.log1p, inverse_func=np.expm1), Y),
        (TransformedTargetRegressor(BOOSTING, func=np.sqrt, inverse_func=np.square), Y),
        (
            TransformedTargetRegressor(
                Ridge(), transformer=PowerTransformer(method="box-cox")
            ),
            Y,
        ),
        (
            make_pipeline(
                StandardScaler(),
                TransformedTargetRegressor(Ridge(), func=np.log, inverse_func=np.exp),
            ),
            Y,
        ),
        (GridSearchCV(PoissonRegressor(), {}, cv=2), Y),
        (BaggingRegressor(PoissonRegressor(), 2), Y),
        (VotingRegressor([("a", PoissonRegressor()), ("b", Ridge())]), Y),
        (StackingRegressor([("a", TweedieRegressor(power=1.5))], cv=2), Y),
        (PoissonRegressor(), Y),
        (LGBMRegressor(objective="gamma", verbose=-1, **FEW), Y),
        (XGBRegressor(objective="reg:squaredlogerror", **FEW), Y),
        (XGBRegressor(objective="reg:logistic", **FEW), FRACTION),
        (LGBMRegressor(objective="cross_entropy", verbose=-1, **FEW), FRACTION),
    ],
)
@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0])
def test_targets_lie_where_the_loss_does(student, y, alpha):
    # Predictions far below and above the labels, and a transfer set of such.
    far = np.where(np.arange(60) % 2 == 0, -50.0, 50.0)
    target = Target.of_values(y, far, alpha=alpha)
    unlabeled = Target.of_values(far, far, alpha=alpha)
    fitted = fit_on_target(student, np.vstack([X, X]), target.join(unlabeled))
    assert np.isfinite(fitted.predict(X)).all()


def test_targets_of_other_students_are_not_clipped():
    far = np.full(60, 99.0)
    for student in (
        Ridge(),
        TransformedTargetRegressor(Ridge(), transformer=StandardScaler()),
        TransformedTargetRegressor(Ridge(), func=np.arcsinh, inverse_func=np.sinh),
        BaggingRegressor(Ridge(), 2),
    ):
        target = Target.of_values(Y, far, alpha=1.0)
        assert_allclose(fit_on_target(student, X, target).predict(X), 99.0)


@pytest.mark.parametrize(
    ("student", "message"),
    [
        (PoissonRegressor(), "PoissonRegressor.*only some numbers"),
        (TweedieRegressor(power=1.5), "only some numbers"),
        (GridSearchCV(PoissonRegressor(), {}), "only some numbers"),
        (
            TransformedTargetRegressor(Ridge(), func=np.log, inverse_func=np.exp),
            "only some numbers",
        ),
        (GradientBoostingRegressor(loss="quantile"), "loss='quantile'"),
    ],
)
def test_regressors_that_cannot_learn_logits_are_refused(student, message):
    with pytest.raises(ValueError, match=f"(?s)logits.*{message}.*Use a regressor"):
        check_learns_target(student, "teacher")


def test_regressors_that_can_learn_logits_are_taken():
    for student in (
        Ridge(),
        SVR(),
        GradientBoostingRegressor(loss="absolute_error"),
        TransformedTargetRegressor(Ridge(), transformer=StandardScaler()),
    ):
        check_learns_target(student, "teacher")
