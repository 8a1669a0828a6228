"""Noisy students: what they learn of unlabeled samples, as what, and from whom."""

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy import sparse
from sklearn.ensemble import GradientBoostingClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GroupKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import DistilledClassifier, DistilledRegressor
from skdistill.exceptions import NoUnlabeledSamplesWarning
from skdistill.iterative import NoisyStudentClassifier, NoisyStudentRegressor
from skdistill.iterative._base import Given
from skdistill.iterative._chain import Chain
from skdistill.iterative._pseudo_labels import PseudoLabels
from skdistill.transfer import JitterSampler, TransferSet
from tests.doubles import CountingTeacher, RecordingRegressor

ONCE = {"n_iterations": 1, "noise": None, "choose": False, "random_state": 0}


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(240, 3))
    return X[:80], X[:80, 0] + 0.3 * rng.normal(size=80), X[80:]


def classes_of(y):
    return np.digitize(y, [-0.5, 0.5])


def test_one_iteration_without_noise_is_distillation_on_unlabeled_samples(table):
    X, y, U = table
    weight = np.linspace(0.5, 1.5, 80)
    shared = {"transfer": TransferSet(None, weight=0.3), "alpha": 0.0}
    student = DecisionTreeRegressor(max_depth=4)
    noisy = NoisyStudentRegressor(Ridge(), student, unlabeled_weight=0.3, **ONCE)
    plain = DistilledRegressor(Ridge(), student, **shared, random_state=0)
    for model in (noisy, plain):
        model.fit(X, y, sample_weight=weight, X_unlabeled=U)
    assert np.array_equal(noisy.predict(X), plain.predict(X))
    tree = DecisionTreeClassifier(max_depth=4)
    noisy = NoisyStudentClassifier(
        GaussianNB(), tree, unlabeled_weight=0.3, confidence=0.0, **ONCE
    )
    plain = DistilledClassifier(GaussianNB(), tree, **shared, random_state=0)
    for model in (noisy, plain):
        model.fit(X, classes_of(y), sample_weight=weight, X_unlabeled=U)
    assert np.array_equal(noisy.predict_proba(X), plain.predict_proba(X))


def test_the_folds_and_what_is_kept_are_printed_where_it_is_asked_for(table, capsys):
    X, y, U = table
    model = NoisyStudentRegressor(Ridge(), Ridge(), cv=2, n_iterations=1, verbose=1)
    model.fit(X, y, X_unlabeled=U)
    of_folds, last = capsys.readouterr().out.splitlines()
    assert "(2 folds) Fitting 1 iterations" in of_folds
    assert "Fitting what is kept to all samples" in last


@pytest.mark.parametrize("n_iterations", [1, 2, 3])
def test_the_student_becomes_the_teacher(table, n_iterations):
    X, y, U = table
    student = Ridge(5.0, fit_intercept=False)
    model = NoisyStudentRegressor(
        LinearRegression(fit_intercept=False),
        student,
        **ONCE | {"n_iterations": n_iterations},
        cross_fit=False,
    ).fit(X, y, X_unlabeled=U)
    both = np.vstack([X, U])
    coef = np.linalg.lstsq(X, y, rcond=None)[0]
    for _ in range(n_iterations):
        target = np.r_[y, U @ coef]
        coef = np.linalg.solve(both.T @ both + 5 * np.eye(3), both.T @ target)
    assert model.student_.coef_ == pytest.approx(coef)


@pytest.mark.parametrize("as_frame", [False, True])
def test_the_teacher_sees_clean_samples_and_the_student_noisy_ones(table, as_frame):
    X, y, U = table
    if as_frame:
        X, U = (pd.DataFrame(part).add_prefix("x") for part in (X, U))
    model = NoisyStudentRegressor(
        LinearRegression(), RecordingRegressor(), cross_fit=False, **ONCE
    )
    model.set_params(noise=JitterSampler(0.5)).fit(X, y, X_unlabeled=U)
    seen, target = model.student_.X_, model.student_.y_
    assert type(seen) is type(X)
    seen = np.asarray(seen)
    assert np.array_equal(seen[:80], X)
    assert np.array_equal(target[:80], y)
    moved = seen[80:] - np.asarray(U)
    assert np.std(moved) == pytest.approx(0.5, rel=0.2)
    clean = LinearRegression().fit(X, y).predict(U)
    assert target[80:] == pytest.approx(clean)
    again = model.set_params(noise="auto").fit(X, y, X_unlabeled=U)
    swapped = np.mean(np.asarray(again.student_.X_)[80:] != np.asarray(U))
    assert swapped == pytest.approx(0.15, abs=0.04)


def test_each_iteration_has_noise_of_its_own(table):
    X, y, U = table
    seen = []
    for n_iterations in (1, 2):
        model = NoisyStudentRegressor(
            Ridge(), RecordingRegressor(), **ONCE | {"n_iterations": n_iterations}
        )
        model.set_params(noise=JitterSampler(0.5)).fit(X, y, X_unlabeled=U)
        seen.append(model.student_.X_)
    assert not np.array_equal(*seen)


LOGITS = np.log([[0.9, 0.1], [0.6, 0.4], [0.8, 0.2], [0.45, 0.55], [0.7, 0.3]])


def test_samples_of_low_confidence_are_left_out():
    assert PseudoLabels(0.0).choose(LOGITS).tolist() == [0, 1, 2, 3, 4]
    assert PseudoLabels(0.65).choose(LOGITS).tolist() == [0, 2, 4]
    assert PseudoLabels(0.95).choose(LOGITS).tolist() == []


def test_classes_are_balanced_by_the_surest_and_by_repetition():
    assert PseudoLabels(balance=True).choose(LOGITS).tolist() == [0, 2, 3, 3]


def test_labels_may_be_hard():
    hard = PseudoLabels(soft=False).harden(LOGITS)
    assert np.exp(hard).tolist() == [[1, 0], [1, 0], [1, 0], [0, 1], [1, 0]]


@pytest.mark.parametrize(
    "params", [{"confidence": 0.8}, {"balance": True}, {"soft_labels": False}]
)
def test_how_labels_are_made_changes_what_is_learned(table, params):
    X, y, U = table
    teacher = LogisticRegression(C=0.05)
    found = [
        NoisyStudentClassifier(teacher, GaussianNB(), **ONCE, **more)
        .fit(X, classes_of(y), X_unlabeled=U)
        .predict_proba(X)
        for more in ({}, params)
    ]
    assert not np.allclose(*found)


def test_where_the_teacher_is_sure_of_no_sample_the_baseline_student_is_fitted(table):
    X, y, U = table
    model = NoisyStudentClassifier(
        LogisticRegression(C=1e-3), GaussianNB(), confidence=1.0, **ONCE
    ).fit(X, classes_of(y), X_unlabeled=U)
    expected = GaussianNB().fit(X, classes_of(y)).predict_proba(X)
    assert np.array_equal(model.predict_proba(X), expected)


@pytest.mark.parametrize("names", [[0, 1, 2], ["a", "b", "c"]])
def test_samples_of_label_minus_one_are_unlabeled(table, names):
    X, y, U = table
    labels = np.array(names)[classes_of(y)].astype(object)
    marked = np.r_[labels, np.full(len(U), -1, dtype=object)]
    if isinstance(names[0], int):
        marked = marked.astype(int)
    weight = np.r_[np.linspace(0.5, 1.5, 80), np.full(len(U), 9.0)]
    order = np.random.default_rng(0).permutation(len(marked))
    model = NoisyStudentClassifier(GaussianNB(), GaussianNB(), **ONCE)
    # The samples of the folds are those of the labelled samples, in order.
    order = np.r_[order[order >= 80], np.arange(80)]
    both = np.vstack([X, U])[order]
    model.fit(both, marked[order], sample_weight=weight[order])
    assert model.classes_.tolist() == names
    found = model.predict_proba(X)
    model.fit(X, np.array(names)[classes_of(y)], weight[:80], both[: len(U)])
    assert found == pytest.approx(model.predict_proba(X))


def test_a_column_of_labels_may_hold_minus_one(table):
    X, y, U = table
    marked = np.r_[classes_of(y), np.full(len(U), -1)][:, None]
    model = NoisyStudentClassifier(GaussianNB(), GaussianNB(), **ONCE)
    assert model.fit(np.vstack([X, U]), marked).classes_.tolist() == [0, 1, 2]


def test_unlabeled_samples_of_both_kinds_are_joined(table):
    X, y, U = table
    marked = np.r_[classes_of(y), np.full(60, -1)]
    model = NoisyStudentClassifier(GaussianNB(), GaussianNB(), **ONCE)
    model.fit(np.vstack([X, U[:60]]), marked, X_unlabeled=U[60:])
    found = model.predict_proba(X)
    model.fit(X, classes_of(y), X_unlabeled=U)
    assert found == pytest.approx(model.predict_proba(X))


@pytest.mark.filterwarnings("ignore::skdistill.exceptions.NoUnlabeledSamplesWarning")
def test_minus_one_is_a_class_where_one_other_is_left(table):
    X, y, _ = table
    model = NoisyStudentClassifier(GaussianNB(), GaussianNB(), **ONCE)
    assert model.fit(X, np.sign(y)).classes_.tolist() == [-1, 1]


def test_without_unlabeled_samples_the_baseline_student_is_fitted_with_a_warning(table):
    X, y, _ = table
    model = NoisyStudentRegressor(Ridge(), Ridge())
    with pytest.warns(NoUnlabeledSamplesWarning, match="Pass X_unlabeled"):
        model.fit(X, y)
    assert model.iteration_ == 0
    assert np.array_equal(model.student_.coef_, Ridge().fit(X, y).coef_)


def test_trees_of_the_student_learn_a_part_of_the_samples(table):
    X, y, U = table
    student = GradientBoostingClassifier(n_estimators=2)
    model = NoisyStudentClassifier(GaussianNB(), student, subsample=0.5, **ONCE)
    model.fit(X, classes_of(y), X_unlabeled=U)
    assert (model.student_.subsample, student.subsample) == (0.5, 1.0)
    forest = NoisyStudentRegressor(Ridge(), RandomForestRegressor(2), subsample=0.5)
    assert forest.set_params(**ONCE).fit(X, y, X_unlabeled=U).student_.max_samples
    with pytest.raises(ValueError, match="'subsample' parameter needs a student"):
        forest.set_params(student=Ridge()).fit(X, y, X_unlabeled=U)


def test_held_out_labels_reach_no_model_that_predicts_them(table):
    X, y, U = table
    held_out, found = np.arange(16), []
    for labels in (y, np.r_[100 + y[:16], y[16:]]):
        model = NoisyStudentRegressor(Ridge(), DecisionTreeRegressor(), random_state=0)
        (peer,) = model._begin(Given(X, labels, None, U, {}))
        chain = Chain(peer, PseudoLabels(), JitterSampler(0.1), [1, 2])
        found.append(chain.out_of_fold(held_out))
    assert len(found[0]) == 3
    assert np.array_equal(*found)


def test_trees_gain_from_a_line_on_held_out_samples_and_on_others():
    for seed in range(3):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(2000, 4))
        y = X.sum(axis=1) + rng.normal(size=2000)
        model = NoisyStudentRegressor(
            Ridge(),
            DecisionTreeRegressor(min_samples_leaf=5),
            noise=None,
            random_state=seed,
        ).fit(X[:100], y[:100], X_unlabeled=X[100:1000])
        assert model.iteration_ > 0
        assert len(model.losses_) == 3
        baseline = DecisionTreeRegressor(min_samples_leaf=5, random_state=0)
        known = baseline.fit(X[:100], y[:100]).score(X[1000:], y[1000:])
        assert model.score(X[1000:], y[1000:]) > known + 0.05


def test_noise_keeps_the_baseline_student():
    kept = 0
    for seed in range(3):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(300, 3))
        y = rng.integers(0, 2, 100)
        model = NoisyStudentClassifier(
            LogisticRegression(), LogisticRegression(C=1e-3), random_state=seed
        ).fit(X[:100], y, X_unlabeled=X[100:])
        kept += model.iteration_ == 0
        assert min(model.losses_) > 0.66
    assert kept >= 2


def test_n_jobs_changes_no_number_and_memory_saves_the_teachers(table, tmp_path):
    X, y, U = table
    fits = tmp_path / "fits"
    fits.mkdir()
    losses, counts = [], []
    for n_jobs in (1, 2):
        model = NoisyStudentRegressor(
            CountingTeacher(fits),
            DecisionTreeRegressor(),
            n_jobs=n_jobs,
            random_state=0,
            memory=tmp_path / "cache",
        )
        with joblib.parallel_config(backend="threading"):
            losses.append(model.fit(X, y, X_unlabeled=U).losses_)
        counts.append(len(list(fits.iterdir())))
    assert losses[0] == losses[1]
    assert counts[0] == counts[1] > 0


def test_groups_reach_the_folds(table):
    X, y, U = table
    groups = np.repeat(np.arange(20), 4)
    with sklearn.config_context(enable_metadata_routing=True):
        model = NoisyStudentRegressor(
            Ridge(), Ridge(), cv=GroupKFold(4), n_iterations=1
        )
        model.fit(X, y, X_unlabeled=U, groups=groups)
    assert len(model.losses_) == 2


@pytest.mark.parametrize("inner_cv", [2, 4])
def test_the_folds_of_the_teacher_are_its_own(table, tmp_path, inner_cv):
    X, y, U = table
    model = NoisyStudentRegressor(
        CountingTeacher(tmp_path), Ridge(), inner_cv=inner_cv, memory=False, **ONCE
    )
    model.fit(X, y, X_unlabeled=U)
    assert len(list(tmp_path.iterdir())) == inner_cv


def test_sparse_samples_are_learned_without_noise(table):
    X, y, U = table
    X, U = sparse.csr_array(X), sparse.csr_array(U)
    model = NoisyStudentRegressor(Ridge(), RecordingRegressor(), **ONCE)
    model.set_params(noise="auto").fit(X, y, X_unlabeled=U)
    assert np.array_equal(model.student_.X_[80:].toarray(), U.toarray())


def test_calibration_reaches_the_labels(table):
    X, y, U = table
    found = [
        NoisyStudentRegressor(Ridge(300.0), Ridge(), calibrate=calibrate, **ONCE)
        .fit(X, y, X_unlabeled=U)
        .student_.coef_[0]
        for calibrate in ("auto", None)
    ]
    assert found[0] > found[1] + 0.1


def test_what_goes_with_labels_of_minus_1_is_checked_as_ever(table):
    X, y, U = table
    few = np.where(np.arange(80) < 40, classes_of(y), -1)
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    others = pd.DataFrame(U, columns=["c", "a", "b"])
    refused = {
        "X_unlabeled must be a DataFrame": (frame, few, U),
        "X_unlabeled must be no DataFrame": (X, few, others),
        "feature names should match": (frame, few, others),
        "expecting 3 features": (X, few, U[:, :2]),
        "at least one sample": (X, few, U[:0]),
        "y must have no masked cells": (X, np.ma.masked_equal(few, -1), U),
        "Got 'a' 2 times": (frame.set_axis(["a", "a", "b"], axis=1), few, None),
    }
    model = NoisyStudentClassifier(GaussianNB(), DecisionTreeClassifier(), **ONCE)
    model.fit(X, few)
    for message, (samples, labels, unlabeled) in refused.items():
        with pytest.raises((TypeError, ValueError), match=message):
            model.fit(samples, labels, X_unlabeled=unlabeled)
        assert not hasattr(model, "best_estimator_")


@pytest.mark.parametrize("subsample", [None, 0.5])
def test_the_default_student_takes_weights_where_metadata_is_routed(table, subsample):
    X, y, U = table
    model = NoisyStudentRegressor(Ridge(), subsample=subsample, **ONCE)
    given = {"sample_weight": np.linspace(0, 1, 80), "X_unlabeled": U}
    known = model.fit(X, y, **given).predict(X)
    with sklearn.config_context(enable_metadata_routing=True):
        model.teacher.set_fit_request(sample_weight=True)
        model.fit(X, y, **given)
    assert np.array_equal(model.predict(X), known)
