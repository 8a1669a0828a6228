import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax
from sklearn.base import BaseEstimator, clone
from sklearn.datasets import load_diabetes, load_iris, make_classification
from sklearn.dummy import DummyRegressor
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier

from skdistill import DistilledClassifier, DistilledRegressor, DistilledRegressorCV
from skdistill.teachers import (
    AffineCalibration,
    Signal,
    TemperatureScaling,
    log_losses,
    predict_logits,
)
from skdistill.transfer import JitterSampler, TransferSet
from tests.doubles import RecordingClassifier, RecordingRegressor

# --- TemperatureScaling: identities ---


def calibrated(n_samples, n_classes, seed=0):
    """Return logits, labels and weights such that T = 1 is the best to the bit.

    Each sample comes once with every class, weighted by the class's probability.
    """
    logits = np.random.default_rng(seed).normal(scale=1.5, size=(n_samples, n_classes))
    codes = np.tile(np.arange(n_classes), n_samples)
    return np.repeat(logits, n_classes, axis=0), codes, softmax(logits, axis=1).ravel()


@pytest.mark.parametrize("factor", [0.1, 0.5, 1.0, 3.0, 15.0])
@pytest.mark.parametrize("n_classes", [2, 5])
def test_the_temperature_is_the_factor_of_the_logits(factor, n_classes):
    logits, codes, weight = calibrated(2000, n_classes)
    scaling = TemperatureScaling().fit(factor * logits, codes, weight)
    assert scaling.temperature_ == pytest.approx(factor, rel=1e-2)
    assert_allclose(scaling.transform(factor * logits), logits, rtol=1e-2)
    expected = np.average(log_losses(logits, codes), weights=weight)
    assert scaling.loss_after_ == pytest.approx(expected, rel=1e-3)
    assert scaling.loss_after_ <= scaling.loss_before_ + 1e-9


@pytest.mark.parametrize("factor", [0.2, 4.0])
def test_drawn_labels_give_the_temperature_within_their_noise(factor):
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=2, size=(5000, 4))
    codes = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)  # Of softmax(z).
    scaling = TemperatureScaling().fit(factor * logits, codes)
    assert scaling.temperature_ == pytest.approx(factor, rel=0.05)


def test_a_class_that_the_teacher_gives_too_little_is_given_more():
    logits, codes, weight = calibrated(4000, 3)
    scaling = TemperatureScaling().fit(logits - [0, 1, -1], codes, weight)
    assert_allclose(scaling.bias_, [0, 1, -1], atol=0.15)
    assert scaling.temperature_ == pytest.approx(1, rel=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_a_teacher_with_balanced_class_weights_is_put_right(seed):
    X, y = make_classification(
        4000, 10, n_informative=5, weights=[0.95], flip_y=0.02, random_state=seed
    )
    train, rest = slice(0, 2000), slice(2000, None)
    teacher = LogisticRegression(class_weight="balanced").fit(X[train], y[train])
    logits = predict_logits(teacher, X[rest], teacher.classes_)
    half = slice(0, 1000), slice(1000, None)
    scaling = TemperatureScaling().fit(logits[half[0]], y[rest][half[0]])
    after = log_losses(scaling.transform(logits[half[1]]), y[rest][half[1]]).mean()
    before = log_losses(logits[half[1]], y[rest][half[1]]).mean()
    assert scaling.bias_[0] > 0.5 > -0.5 > scaling.bias_[1]
    assert after < 0.8 * before


def test_repeated_samples_weigh_as_weights_do_but_for_the_prior():
    rng = np.random.default_rng(0)
    logits, codes = rng.normal(size=(1000, 3)), rng.integers(3, size=1000)
    logits[np.arange(1000), codes] += 1
    logits *= 4
    weight = rng.integers(0, 4, size=1000)
    weighted = TemperatureScaling().fit(logits, codes, weight.astype(float))
    rows = np.repeat(np.arange(1000), weight)
    repeated = TemperatureScaling().fit(logits[rows], codes[rows])
    assert weighted.temperature_ == pytest.approx(repeated.temperature_, rel=2e-3)
    assert weighted.loss_before_ == pytest.approx(repeated.loss_before_)
    scaled = TemperatureScaling().fit(logits, codes, 1e-6 * weight)
    assert scaled.temperature_ == pytest.approx(weighted.temperature_, rel=1e-2)


def test_few_samples_stay_near_one():
    # All right: without the prior the best temperature would be 0.
    logits, codes = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]), np.array([0, 1, 0])
    few = TemperatureScaling().fit(logits, codes).temperature_
    assert 0.3 < few < 1
    many = [np.tile(part, (200, 1)) for part in (logits, codes[:, None])]
    assert TemperatureScaling().fit(many[0], many[1].ravel()).temperature_ < 0.2
    alone = TemperatureScaling().fit(np.array([[3.0, 0.0]]), np.array([1]))
    assert 1 < alone.temperature_ < 4


def test_the_temperature_stays_within_bounds():
    logits = np.tile([500.0, 0.0], (2000, 1))
    codes = np.arange(2000) % 2
    assert TemperatureScaling().fit(logits, codes).temperature_ <= 20
    right = np.tile([1e-3, 0.0], (5000, 1))
    scaling = TemperatureScaling().fit(right, np.zeros(5000, dtype=int))
    assert scaling.temperature_ >= 0.05


def test_what_nothing_voted_for_is_not_impossible():
    X, y = load_iris(return_X_y=True)
    X = X[:, :2]  # Votes of the nearest three are wrong for a fourth.
    rows = np.arange(150) % 2 == 0
    teacher = KNeighborsClassifier(3).fit(X[rows], y[rows])
    votes = teacher.predict_proba(X[~rows])
    with np.errstate(divide="ignore"):
        logits = np.log(votes)
    scaling = TemperatureScaling().fit(logits, y[~rows])
    changed = scaling.transform(logits)
    assert np.isfinite(changed).all()
    assert scaling.floor_ > 1e-6
    assert scaling.loss_after_ < 0.8 * scaling.loss_before_
    # It gets no more than a class that something voted for, before the biases.
    unbiased = np.exp(changed - scaling.bias_)
    for ours, theirs in zip(unbiased, votes, strict=True):
        assert ours[theirs == 0].max(initial=0) <= ours[theirs > 0].min() * (1 + 1e-9)


def test_logits_without_impossible_classes_are_not_raised():
    logits, codes, weight = calibrated(500, 3)
    scaling = TemperatureScaling().fit(100 * logits, codes, weight)
    changed = scaling.transform(100 * logits)
    assert_allclose(changed, 100 * logits / scaling.temperature_ + scaling.bias_)


def test_log_losses_are_those_of_probabilities_of_at_least_a_millionth():
    logits = np.array([[0.0, 0.0], [50.0, 0.0], [50.0, 0.0], [-np.inf, 0.0]])
    losses = log_losses(logits, np.array([0, 0, 1, 0]))
    assert_allclose(losses, [np.log(2), 0, -np.log(1e-6), -np.log(1e-6)], atol=1e-12)


def test_many_samples_are_thinned_and_serve_as_well():
    logits, codes, weight = calibrated(40_000, 2)
    scaling = TemperatureScaling().fit(3 * logits, codes, weight)
    assert scaling.temperature_ == pytest.approx(3, rel=0.05)


def test_samples_without_weight_are_not_among_those_that_many_are_thinned_to():
    rng = np.random.default_rng(0)
    logits, codes = rng.normal(size=(60_000, 2)), rng.integers(0, 2, 60_000)
    weight = np.zeros(60_000)
    weight[::1000] = rng.uniform(1, 2, 60)
    found = TemperatureScaling().fit(logits, codes, weight)
    alone = TemperatureScaling().fit(logits[::1000], codes[::1000], weight[::1000])
    assert found.temperature_ == alone.temperature_
    assert_array_equal(found.bias_, alone.bias_)


def test_logits_too_large_for_any_loss_stay_as_they_are():
    logits = np.array([[1e200, 0.0], [1e200, 0.0], [0.0, 1e200]])
    scaling = TemperatureScaling().fit(logits, np.array([0, 1, 1]))
    assert_array_equal(scaling.transform(logits), logits)


# --- AffineCalibration: identities ---


@pytest.mark.parametrize("slope", [1e-6, 0.5, 14.0, 1110.0])
@pytest.mark.parametrize("shift", [0.0, -3.0, 1e4])
def test_an_affine_map_is_undone(slope, shift):
    y = np.random.default_rng(0).normal(size=200)
    t = (y - shift) / slope
    calibration = AffineCalibration().fit(t, y)
    assert_allclose(calibration.transform(t), y, atol=1e-7 * max(1, abs(shift)))
    assert calibration.slope_ == pytest.approx(slope, rel=1e-6)
    assert calibration.loss_after_ <= 1e-12 * max(1, calibration.loss_before_)
    new = np.array([-2.0, 0.3, 9.0])
    at_new = calibration.transform((new - shift) / slope)
    assert_allclose(at_new, new, atol=1e-6 * max(1, abs(shift)))


def test_noise_leaves_predictions_as_they_are_to_the_bit():
    rng = np.random.default_rng(0)
    t = rng.normal(size=501)
    # Noise without any mean and slope of its own, but for rounding.
    noise = rng.normal(size=501)
    design = np.column_stack([np.ones(501), t])
    noise -= design @ np.linalg.lstsq(design, noise, rcond=None)[0]
    calibration = AffineCalibration().fit(t, t + noise)
    assert_array_equal(calibration.transform(t), t)
    assert (calibration.slope_, calibration.shift_) == (1, 0)
    # With half of a standard error of both.
    error = noise.std() / np.sqrt(501)
    nearly = AffineCalibration().fit(t, t + noise + error / 2 * (1 + t / t.std()))
    assert_array_equal(nearly.transform(t), t)
    # With two it changes, by less than least squares would.
    away = AffineCalibration().fit(t, t + noise + 2 * error)
    assert 0 < away.shift_ < 2 * error
    assert away.shift_ == pytest.approx(2 * error * (1 - 1 / 4), rel=0.05)


def test_most_calibrated_teachers_change_little():
    rng, kept = np.random.default_rng(0), 0
    for _ in range(200):
        t = rng.normal(size=100)
        calibration = AffineCalibration().fit(t, t + rng.normal(size=100))
        kept += (calibration.slope_, calibration.shift_) == (1, 0)
        assert abs(calibration.slope_ - 1) < 0.5
    # Both deviations lie below a standard error with probability 0.68**2.
    assert 0.3 < kept / 200 < 0.6


@pytest.mark.parametrize("seed", range(5))
def test_the_folds_own_means_get_no_negative_slope(seed):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(300, 2)), rng.normal(size=300) + 5
    folds = KFold(5, shuffle=True, random_state=seed)
    t = cross_val_predict(DummyRegressor(), X, y, cv=folds)
    assert np.cov(t, y)[0, 1] < 0
    calibration = AffineCalibration().fit(t, y)
    assert calibration.slope_ == 0
    assert_allclose(calibration.transform(t), y.mean(), atol=0.2)


def test_opposed_predictions_become_the_mean():
    y = np.random.default_rng(0).normal(size=100)
    calibration = AffineCalibration().fit(-y, y)
    assert calibration.slope_ == 0
    assert_allclose(calibration.transform(-y), y.mean(), atol=1e-12)


@pytest.mark.parametrize("constant", [0.0, 3.0, 1e9, 0.1])
def test_constant_predictions_are_moved_and_not_scaled(constant):
    y = np.arange(50.0)
    calibration = AffineCalibration().fit(np.full(50, constant), y)
    assert calibration.slope_ == 1
    # The shift's own noise: 1 - (s / d)**2 of it is left.
    error, shift = y.std() / np.sqrt(50), y.mean() - constant
    expected = constant + shift * (1 - (error / shift) ** 2)
    assert_allclose(calibration.transform(np.full(2, constant)), expected, rtol=1e-6)


def test_each_output_is_calibrated_by_itself():
    rng = np.random.default_rng(0)
    t = rng.normal(size=(100, 3))
    y = t * [1, 100, -2] + [0, 7, 1] + rng.normal(scale=0.1, size=(100, 3))
    both = AffineCalibration().fit(t, y)
    for number in range(3):
        one = AffineCalibration().fit(t[:, number], y[:, number])
        assert both.slope_[number] == pytest.approx(one.slope_)
        assert both.shift_[number] == pytest.approx(one.shift_)
        assert_allclose(both.transform(t)[:, number], one.transform(t[:, number]))
    assert both.transform(t[:1]).shape == (1, 3)
    assert np.isscalar(both.loss_before_)


def test_repeated_samples_weigh_as_weights_do_but_for_the_errors():
    rng = np.random.default_rng(0)
    t = rng.normal(size=400)
    y = 5 * t + 2 + rng.normal(scale=0.1, size=400)
    weight = rng.integers(0, 4, size=400)
    weighted = AffineCalibration().fit(t, y, weight.astype(float))
    rows = np.repeat(np.arange(400), weight)
    repeated = AffineCalibration().fit(t[rows], y[rows])
    assert weighted.slope_ == pytest.approx(repeated.slope_, rel=1e-4)
    assert weighted.shift_ == pytest.approx(repeated.shift_, rel=1e-4)
    assert weighted.loss_before_ == pytest.approx(repeated.loss_before_)
    kept = weight > 0
    without = AffineCalibration().fit(t[kept], y[kept], weight[kept].astype(float))
    assert weighted.slope_ == pytest.approx(without.slope_, rel=1e-12)
    scaled = AffineCalibration().fit(t, y, 1e-6 * weight)
    assert scaled.slope_ == pytest.approx(weighted.slope_, rel=1e-4)


@pytest.mark.parametrize("scale", [1e-9, 1e-4, 1.0, 1e4, 1e9])
@pytest.mark.parametrize("offset", [0.0, 1e3, -1e6, 1e9])
@pytest.mark.parametrize("excess", [0.0, 0.8])
def test_the_unit_of_the_target_does_not_matter(scale, offset, excess):
    rng = np.random.default_rng(0)
    t = rng.normal(size=300)
    y = (1 + excess) * t + 3 * excess + rng.normal(size=300)
    first = AffineCalibration().fit(t, y)
    other = AffineCalibration().fit(scale * (t + offset), scale * (y + offset))
    # Numbers of 1e9 hold seven digits of what varies by 1.
    tolerance = 1e-9 + 1e-14 * abs(offset)
    assert other.slope_ == pytest.approx(first.slope_, abs=tolerance)
    assert other.shift_ / scale == pytest.approx(first.shift_, abs=tolerance)
    changed = other.transform(scale * (t + offset)) / scale - offset
    assert_allclose(changed, first.transform(t), atol=1e-9 + 1e-15 * abs(offset))


@pytest.mark.parametrize("step", [TemperatureScaling(), AffineCalibration()])
def test_steps_must_be_fitted_and_say_what_they_learned(step):
    with pytest.raises(NotFittedError):
        step.transform(np.zeros((2, 2)))
    with pytest.raises(NotFittedError):
        step.to_dict()
    is_of_classes = isinstance(step, TemperatureScaling)
    predictions = np.random.default_rng(0).normal(size=(40, 2))
    y = predictions.argmax(axis=1) if is_of_classes else 3 * predictions
    found = clone(step).fit(predictions, y).to_dict()
    loss = "log_loss" if is_of_classes else "squared_error"
    assert found["method"] == ("temperature and bias" if is_of_classes else "affine")
    assert found[f"{loss}_after"] < found[f"{loss}_before"]
    assert not hasattr(step, "loss_before_")


# --- The step in a signal, and in both estimators ---


@pytest.fixture(scope="module")
def diabetes():
    return load_diabetes(return_X_y=True)


@pytest.fixture(scope="module")
def iris():
    X, y = load_iris(return_X_y=True)
    return X, np.array(["setosa", "versicolor", "virginica"])[y]


class Doubling(BaseEstimator):
    """A step of a user's own."""

    def fit(self, predictions, y, sample_weight):
        self.y_, self.sample_weight_ = y, sample_weight
        return self

    def transform(self, predictions):
        return 2 * predictions


def test_a_signal_has_the_score_of_changed_predictions():
    y = np.arange(20.0)
    signal = Signal.of(y / 1000, y, None, is_out_of_fold=True, is_classifier=False)
    changed = signal.then(AffineCalibration(), y, None)
    assert changed.score == pytest.approx(1)
    assert signal.score < 0
    assert_allclose(changed.transform(np.array([0.005])), [5])


@pytest.mark.parametrize("unit", [1e-3, 1e3])
def test_a_teacher_in_another_unit_teaches_as_well(diabetes, unit):
    X, y = diabetes
    teacher = FrozenEstimator(Ridge(0.1).fit(X[:200], unit * y[:200] + 10))
    X, y = X[200:], y[200:]
    model = DistilledRegressor(
        teacher, Ridge(0.1), transfer=None, on_poor_teacher="warn"
    ).fit(X, y)
    assert isinstance(model.calibration_, AffineCalibration)
    assert model.calibration_.slope_ == pytest.approx(1 / unit, rel=0.2)
    assert model.teacher_score_ > 0.4
    raw = clone(model).set_params(calibrate=None).fit(X, y)
    assert raw.calibration_ is None
    assert raw.teacher_score_ < 0
    assert model.score(X, y) > 0.4 > raw.score(X, y)


def test_none_auto_and_an_object_on_a_regressor(diabetes):
    X, y = diabetes
    folds = KFold(4)
    t = cross_val_predict(Ridge(), X, y, cv=folds)
    expected = AffineCalibration().fit(t, y)
    model = DistilledRegressor(
        Ridge(), RecordingRegressor(), alpha=1, cv=folds, transfer=None
    )
    targets = {}
    for calibrate in (None, "auto", Doubling(), AffineCalibration()):
        model.set_params(calibrate=calibrate).fit(X, y)
        targets[type(calibrate)] = model.student_.y_
    assert_allclose(targets[type(None)], t)
    assert_allclose(targets[str], expected.transform(t))
    assert_allclose(targets[Doubling], 2 * t)
    assert_array_equal(targets[AffineCalibration], targets[str])
    assert expected.slope_ > 1.3  # Ridge() shrinks: the case is not an idle one.


def test_none_auto_and_an_object_on_a_classifier(iris):
    X, y = iris
    model = DistilledClassifier(
        FrozenEstimator(GaussianNB().fit(X, y)),
        RecordingClassifier(),
        alpha=0.9,
        transfer=None,
    )
    found = {}
    for calibrate in (None, "auto", Doubling(), TemperatureScaling()):
        model.set_params(calibrate=calibrate).fit(X, y)
        found[type(calibrate)] = model.calibration_, model.student_.sample_weight_
    assert found[type(None)][0] is None
    assert isinstance(found[str][0], TemperatureScaling)
    assert_array_equal(found[Doubling][0].y_, np.searchsorted(model.classes_, y))
    assert_array_equal(found[TemperatureScaling][1], found[str][1])
    assert len({str(weights) for _, weights in found.values()}) == 3


def test_the_object_given_is_cloned_and_gets_the_weights(diabetes):
    X, y = diabetes
    weight = np.random.default_rng(0).random(len(y))
    step = Doubling()
    model = DistilledRegressor(Ridge(), Ridge(), calibrate=step).fit(X, y, weight)
    assert not hasattr(step, "y_")
    assert_array_equal(model.calibration_.sample_weight_, weight)
    assert_array_equal(model.calibration_.y_, y)


@pytest.mark.parametrize("calibrate", ["linear", 1.0, LinearRegression()])
def test_what_is_no_step_is_refused(diabetes, calibrate):
    with pytest.raises(ValueError, match="'calibrate' parameter"):
        DistilledRegressor(Ridge(), Ridge(), calibrate=calibrate).fit(*diabetes)


def test_predictions_in_sample_are_not_calibrated(diabetes, iris):
    model = DistilledRegressor(Ridge(), Ridge(), cross_fit=False).fit(*diabetes)
    assert model.calibration_ is None
    model = DistilledClassifier(GaussianNB(), GaussianNB(), cross_fit=False).fit(*iris)
    assert model.calibration_ is None
    with pytest.raises(ValueError, match=r"cross_fit=False, which makes none"):
        DistilledRegressor(
            Ridge(), Ridge(), cross_fit=False, calibrate=AffineCalibration()
        ).fit(*diabetes)
    with pytest.raises(
        ValueError, match=r"TemperatureScaling\(\) with cross_fit=False"
    ):
        DistilledClassifier(
            GaussianNB(), GaussianNB(), cross_fit=False, calibrate=TemperatureScaling()
        ).fit(*iris)


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_the_users_temperature_acts_on_calibrated_logits(iris, temperature):
    X, y = iris
    teacher = FrozenEstimator(GaussianNB().fit(X[::2], y[::2]))
    model = DistilledClassifier(
        teacher, RecordingClassifier(), temperature=temperature, transfer=None
    ).fit(X, y)
    logits = predict_logits(model.teacher_, X, model.classes_)
    raw = clone(model).set_params(
        teacher=None, calibrate=None, prediction_type="logits"
    )
    raw.fit(X, y, teacher_predictions=model.calibration_.transform(logits))
    assert_allclose(
        model.student_.sample_weight_, raw.student_.sample_weight_, rtol=1e-9
    )


def test_the_users_temperature_acts_on_calibrated_values(diabetes):
    X, y = diabetes
    teacher = FrozenEstimator(Ridge().fit(X, y / 10))
    model = DistilledRegressor(
        teacher, RecordingRegressor(), alpha=1, temperature=2.0, transfer=None
    ).fit(X, y)
    t = model.calibration_.transform(teacher.predict(X))
    assert_allclose(model.student_.y_, y.mean() + (t - y.mean()) / 2)


def test_training_drawn_and_unlabeled_samples_get_the_same_step(diabetes):
    X, y = diabetes
    teacher = Ridge(0.1).fit(X, y / 1000 + 5)
    model = DistilledRegressor(
        FrozenEstimator(teacher),
        RecordingRegressor(),
        alpha=1,
        transfer=TransferSet(JitterSampler(), size=2),
        random_state=0,
    ).fit(X, y, X_unlabeled=2 * X[:50])
    seen, learned = model.student_.X_, model.student_.y_
    assert len(learned) == 3 * len(y) + 50
    expected = model.calibration_.transform(teacher.predict(seen))
    assert_allclose(learned, expected)
    assert expected.std() > 10


def test_unlabeled_samples_of_a_classifier_get_the_same_step(iris):
    X, y = iris
    teacher = GaussianNB().fit(X, y)
    model = DistilledClassifier(
        FrozenEstimator(teacher), RecordingClassifier(), alpha=1, transfer=None
    ).fit(X, y, X_unlabeled=X)
    raw = clone(model).set_params(calibrate=None).fit(X, y, X_unlabeled=X)
    # Taught by the teacher alone, the same samples learn the same twice.
    weight = model.student_.sample_weight_
    assert_allclose(weight[: len(weight) // 2], weight[len(weight) // 2 :])
    assert not np.array_equal(weight, raw.student_.sample_weight_)


def test_stored_values_are_calibrated(diabetes):
    X, y = diabetes
    model = DistilledRegressor(
        student=RecordingRegressor(), alpha=1, transfer=None
    ).fit(
        X,
        y,
        X_unlabeled=X[:10],
        teacher_predictions=y / 7 + 2,
        unlabeled_predictions=y[:10] / 7 + 2,
    )
    assert_allclose(model.student_.y_, np.r_[y, y[:10]])
    assert model.calibration_.slope_ == pytest.approx(7)


def test_stored_logits_are_calibrated():
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=2, size=(500, 3))
    y = np.array(["a", "b", "c"])[(logits + rng.gumbel(size=(500, 3))).argmax(axis=1)]
    classifiers = [
        DistilledClassifier(
            student=RecordingClassifier(), prediction_type="logits", transfer=None
        ).fit(logits, y, teacher_predictions=factor * logits)
        for factor in (1, 5)
    ]
    temperatures = [model.calibration_.temperature_ for model in classifiers]
    assert temperatures[1] / temperatures[0] == pytest.approx(5, rel=0.05)


def test_stored_predictions_are_calibrated_whatever_cross_fit_is(diabetes):
    X, y = diabetes
    model = DistilledRegressor(student=Ridge(), cross_fit=False, transfer=None)
    model.fit(X, y, teacher_predictions=y / 7)
    assert model.calibration_.slope_ == pytest.approx(7)


def test_weights_reach_the_calibration(diabetes):
    X, y = diabetes
    weight = (np.arange(len(y)) < 200).astype(float)
    t = np.where(weight, y / 3, -y)
    model = DistilledRegressor(student=Ridge(), transfer=None)
    model.fit(X, y, weight, teacher_predictions=t)
    assert model.calibration_.slope_ == pytest.approx(3)


def test_a_search_scores_the_calibrated_teacher(diabetes):
    X, y = diabetes
    teacher = FrozenEstimator(Ridge(0.1).fit(X, y / 1000))
    search = DistilledRegressorCV(
        teacher, Ridge(0.1), alphas=(0.5,), transfers=(None,), random_state=0
    )
    assert search.fit(X, y).teacher_score_ > 0.4
    assert isinstance(search.best_estimator_.calibration_, AffineCalibration)
    search.set_params(calibrate=None).fit(X, y)
    assert search.teacher_score_ < 0
    assert search.best_index_ == 0


def test_out_of_fold_logits_of_an_overconfident_teacher_are_cooled():
    X, y = make_classification(400, 30, n_informative=5, flip_y=0.2, random_state=0)
    model = DistilledClassifier(GaussianNB(), GaussianNB(), random_state=0).fit(X, y)
    assert model.calibration_.temperature_ > 1.2
    found = model.calibration_.to_dict()
    assert found["log_loss_after"] < found["log_loss_before"]
