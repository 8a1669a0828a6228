"""XGBoost and LightGBM train natively: identities, duplicates, persistence."""

import inspect
import pickle
import subprocess
import sys

import numpy as np
import pytest
from lightgbm import LGBMClassifier, early_stopping
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier, XGBRFClassifier

from skdistill import DistilledClassifier
from skdistill.students import StudentAdapter, fit_on_target
from skdistill.targets import Target

# LightGBM 4.6 says so to every array, of its own predictions too.
pytestmark = pytest.mark.filterwarnings("ignore:X does not have valid feature names")

XGB = XGBClassifier(n_estimators=12, max_depth=4, n_jobs=1)
# One sample in a leaf is enough: duplicates would count as samples.
LGBM = LGBMClassifier(n_estimators=12, min_child_samples=1, n_jobs=1, verbose=-1)
STUDENTS = [
    pytest.param(XGB, id="xgboost"),
    pytest.param(LGBM, id="lightgbm"),
]


# LightGBM 4.7 renamed eval_set.
EVAL_X = "eval_X" in inspect.signature(LGBMClassifier.fit).parameters


def problem(n_classes, n_rows=1200):
    """A table with few distinct values a column, so that bins are the same for all."""
    X, y = make_classification(
        n_rows,
        10,
        n_informative=8,
        n_classes=n_classes,
        n_clusters_per_class=1,
        random_state=0,
    )
    logits = np.eye(n_classes)[y] * 2
    logits += np.random.default_rng(0).normal(size=logits.shape)
    return X.round(1), y, logits


def target_of(codes, logits, **parameters):
    classes = np.arange(np.shape(logits)[1])
    return Target.of_classes(codes, logits, classes=classes, **parameters)


def log_loss(target, model, X):
    return -(target.mixed * np.log(model.predict_proba(X))).sum(axis=1).mean()


@pytest.mark.parametrize("student", [*STUDENTS, XGBRFClassifier(n_estimators=5)])
@pytest.mark.parametrize("n_classes", [2, 3, 10])
@pytest.mark.parametrize("weighted", [False, True])
def test_certain_labels_give_the_fit_on_labels(student, n_classes, weighted):
    X, y, _ = problem(n_classes)
    weight = np.random.default_rng(0).random(len(y)) if weighted else None
    certain = np.where(np.eye(n_classes)[y] == 1, 0.0, -np.inf)
    target = target_of(y, certain, alpha=1.0, weight=weight)
    fitted = fit_on_target(clone(student), X, target)
    baseline = clone(student).fit(X, y, sample_weight=weight)
    assert_allclose(fitted.predict_proba(X), baseline.predict_proba(X), atol=2e-6)


@pytest.mark.parametrize("student", STUDENTS)
@pytest.mark.parametrize("n_classes", [2, 3, 10, 26])
def test_native_training_reaches_the_loss_of_weighted_duplicates(student, n_classes):
    X, y, logits = problem(n_classes, n_rows=2600)
    target = target_of(y, logits, alpha=0.7, temperature=2.0)
    native = fit_on_target(clone(student), X, target)
    rows, columns = np.nonzero(target.mixed)
    weight = target.mixed[rows, columns]
    duplicated = clone(student).fit(X[rows], columns, sample_weight=weight)
    assert log_loss(target, native, X) == pytest.approx(
        log_loss(target, duplicated, X), abs=1e-3
    )


@pytest.mark.parametrize("student", STUDENTS)
@pytest.mark.parametrize("soften", ["teacher", "both"])
def test_weights_equal_repeated_samples(student, soften):
    X, y, logits = problem(3, 400)
    weight = np.random.default_rng(0).integers(1, 4, size=400)
    repeated = np.repeat(np.arange(400), weight)
    student = clone(student)
    if isinstance(student, LGBMClassifier):
        # It counts samples by their weight: few, large leaves are the same.
        student.set_params(min_data_in_bin=1, num_leaves=4, n_estimators=4)
    fitted = []
    for rows, sample_weight in ((np.arange(400), weight * 1.0), (repeated, None)):
        target = target_of(
            y[rows],
            logits[rows],
            alpha=0.5,
            temperature=2.0,
            soften=soften,
            weight=sample_weight,
        )
        model = fit_on_target(clone(student), X[rows], target)
        fitted.append(model.predict_proba(X))
    assert_allclose(fitted[0], fitted[1], atol=1e-4)


@pytest.mark.parametrize("student", STUDENTS)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_hintons_loss_is_what_both_minimises(student, n_classes):
    # The student that tempers its own logits is closer to the teacher at T, the other
    # to the mixed target.
    X, y, logits = problem(n_classes)
    models = {}
    for soften in ("teacher", "both"):
        target = target_of(y, logits, alpha=0.9, temperature=4.0, soften=soften)
        models[soften] = fit_on_target(
            clone(student).set_params(n_estimators=60), X, target
        )

    def hinton(model):
        p = model.predict_proba(X).clip(1e-9)
        q_t = p ** (1 / 4) / (p ** (1 / 4)).sum(axis=1, keepdims=True)
        hard = -np.log(p[np.arange(len(y)), y])
        soft = -(target.teacher * np.log(q_t)).sum(axis=1)
        return np.mean(0.1 * hard + 0.9 * 16 * soft)

    assert hinton(models["both"]) < hinton(models["teacher"])
    mixed = target_of(y, logits, alpha=0.9, temperature=4.0)
    assert log_loss(mixed, models["teacher"], X) < log_loss(mixed, models["both"], X)


@pytest.mark.parametrize("student", STUDENTS)
@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("soften", ["teacher", "both"])
def test_a_fitted_student_is_an_ordinary_one(student, n_classes, soften, tmp_path):
    X, y, _ = problem(n_classes)
    names = np.array(["zero", "one", "two"])[:n_classes]
    model = DistilledClassifier(
        GaussianNB(),
        student,
        temperature=2.0,
        soften=soften,
        refine=None,
        random_state=0,
    ).fit(X, names[y])
    fitted = model.student_
    assert type(fitted) is type(student)
    proba = model.predict_proba(X)
    assert_allclose(proba.sum(axis=1), 1, rtol=1e-5)
    assert_array_equal(model.predict(X), model.classes_[proba.argmax(axis=1)])
    assert model.score(X, names[y]) > 0.7
    again = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(again.predict_proba(X), proba)
    ours = {"objective", "random_state", "n_jobs"}
    left, given = fitted.get_params(), student.get_params()
    assert {k: v for k, v in left.items() if k not in ours} == pytest.approx(
        {k: v for k, v in given.items() if k not in ours}, nan_ok=True
    )


SAVED = {
    "xgboost": "from xgboost import XGBClassifier\n"
    "m = XGBClassifier(); m.load_model({path!r}); p = m.predict_proba(X)",
    "lightgbm": "from lightgbm import Booster\n"
    "p = Booster(model_file={path!r}).predict(X)",
}


@pytest.mark.parametrize("library", SAVED)
def test_a_saved_model_loads_without_skdistill(library, tmp_path):
    X, y, _ = problem(3)
    student = XGB if library == "xgboost" else LGBM
    model = DistilledClassifier(GaussianNB(), student).fit(X, y)
    np.save(tmp_path / "X.npy", X)
    path = str(tmp_path / "model.json")
    saver = model.student_ if library == "xgboost" else model.student_.booster_
    saver.save_model(path)
    code = (
        f"import sys, numpy as np\nX = np.load({str(tmp_path / 'X.npy')!r})\n"
        + SAVED[library].format(path=path)
        + f"\nassert 'skdistill' not in sys.modules\n"
        f"np.save({str(tmp_path / 'p.npy')!r}, p)"
    )
    subprocess.run([sys.executable, "-I", "-c", code], check=True)
    assert_array_equal(np.load(tmp_path / "p.npy"), model.predict_proba(X))


@pytest.mark.parametrize("student", STUDENTS)
def test_at_the_end_of_a_pipeline_the_other_steps_see_each_sample_once(student):
    X, y, _ = problem(3)
    pipeline = make_pipeline(StandardScaler(), clone(student))
    model = DistilledClassifier(
        GaussianNB(), pipeline, transfer=None, random_state=0
    ).fit(X, y)
    assert model.student_[0].n_samples_seen_ == len(X)
    assert type(model.student_[-1]) is type(student)
    assert model.score(X, y) > 0.7


def test_lightgbm_duplicates_where_its_parameters_ask_for_it():
    X, y, logits = problem(3)
    target = target_of(y, logits, alpha=0.5)
    dart = LGBMClassifier(
        n_estimators=5, boosting_type="dart", random_state=0, verbose=-1, n_jobs=1
    )
    fitted = fit_on_target(clone(dart), X, target)
    duplicated = StudentAdapter().fit(clone(dart), X, target, {})
    assert_array_equal(fitted.predict_proba(X), duplicated.predict_proba(X))
    hinton = target_of(y, logits, alpha=0.5, temperature=2.0, soften="both")
    with pytest.raises(ValueError, match="boosting_type='dart'.*soften='teacher'"):
        fit_on_target(clone(dart), X, hinton)


@pytest.mark.parametrize("n_rows", [20, 400])
def test_lightgbm_keeps_its_start_whatever_its_leaves_are(n_rows):
    X, y = make_classification(n_rows, weights=[0.8], random_state=0)
    target = target_of(y, np.eye(2)[y] * 6, alpha=0.5)
    for params in ({}, {"linear_tree": True}):
        student = LGBMClassifier(n_estimators=3, n_jobs=1, verbose=-1, **params)
        fitted = fit_on_target(student, X, target)
        mean = fitted.predict_proba(X)[:, 1].mean()
        assert mean == pytest.approx(y.mean(), abs=0.05)


@pytest.mark.parametrize(
    ("student", "message"),
    [
        (XGBClassifier(objective="binary:hinge"), "objectives.*Got 'binary:hinge'"),
        (XGBClassifier(process_type="update"), "process_type='update'.*Leave it out"),
    ],
)
def test_xgboost_parameters_that_change_the_loss_are_refused(student, message):
    X, y, _ = problem(2, 100)
    with pytest.raises(ValueError, match=message):
        DistilledClassifier(GaussianNB(), student).fit(X, y)


def test_soften_both_needs_a_student_with_a_gradient():
    X, y, _ = problem(2, 100)
    model = DistilledClassifier(GaussianNB(), GaussianNB(), soften="both")
    with pytest.raises(ValueError, match="gradient.*XGBClassifier.*GaussianNB.*'teach"):
        model.fit(X, y)


def test_missing_values_and_categories_stay_the_librarys_business():
    import pandas as pd

    X, y, _ = problem(3)
    frame = pd.DataFrame(X).rename(columns=str)
    frame["0"] = frame["0"].where(frame["0"] > -1)
    frame["kind"] = pd.Categorical(np.array(["a", "b"])[y % 2])
    teacher = LGBMClassifier(n_estimators=5, verbose=-1, n_jobs=1)
    xgb = XGBClassifier(n_estimators=5, enable_categorical=True, n_jobs=1)
    for student in (xgb, LGBMClassifier(n_estimators=5, verbose=-1, n_jobs=1)):
        model = DistilledClassifier(teacher, student, random_state=0).fit(frame, y)
        assert model.score(frame, y) > 0.8


@pytest.mark.parametrize(
    "student",
    [
        XGBClassifier(n_estimators=300, early_stopping_rounds=3, n_jobs=1),
        LGBMClassifier(n_estimators=300, n_jobs=1, verbose=-1),
    ],
)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_held_out_samples_are_judged_against_the_mixed_target(student, n_classes):
    X, y, _ = problem(n_classes)
    names = np.array(["zero", "one", "two"])
    y = names[y]
    kept, held_out = np.arange(800), np.arange(800, 1200)
    params = {"eval_set": [(X[held_out], y[held_out])]}
    if isinstance(student, LGBMClassifier) and EVAL_X:
        params = {"eval_X": X[held_out], "eval_y": y[held_out]}
    with config_context(enable_metadata_routing=True):
        if isinstance(student, LGBMClassifier):
            params["callbacks"] = [early_stopping(3, verbose=False)]
        else:
            params["verbose"] = False
        student = clone(student).set_fit_request(**dict.fromkeys(params, True))
        model = DistilledClassifier(
            GaussianNB(),
            student,
            alpha=0.8,
            refine=None,
            calibrate=None,
            random_state=0,
        )
        model.fit(X[kept], y[kept], **params)
    fitted = model.student_
    if isinstance(student, LGBMClassifier):
        losses = fitted.evals_result_["valid_0"]["soft_log_loss"]
        best = fitted.best_iteration_
    else:
        losses = fitted.evals_result()["validation_0"]["soft_log_loss"]
        best = fitted.best_iteration + 1
    assert best == np.argmin(losses) + 1
    assert best < 300
    onehot = y[held_out][:, None] == model.classes_
    mixed = 0.2 * onehot + 0.8 * model.teacher_.predict_proba(X[held_out])
    proba = fitted.predict_proba(X[held_out])
    expected = -(mixed * np.log(proba)).sum(axis=1).mean()
    assert min(losses) == pytest.approx(expected, abs=1e-4)


def test_xgboost_with_a_metric_of_its_own_gets_codes_of_held_out_samples_too():
    X, y, _ = problem(3)
    y = np.array(["zero", "one", "two"])[y]
    with config_context(enable_metadata_routing=True):
        student = clone(XGB).set_params(eval_metric="merror")
        student.set_fit_request(eval_set=True, verbose=True)
        model = DistilledClassifier(GaussianNB(), student, refine=None, random_state=0)
        model.fit(X[:800], y[:800], eval_set=[(X[800:], y[800:])], verbose=False)
    errors = model.student_.evals_result()["validation_0"]["merror"]
    assert errors[-1] == pytest.approx(1 - model.score(X[800:], y[800:]), abs=1e-6)


def test_a_student_in_a_pipeline_takes_no_held_out_samples():
    X, y, _ = problem(2, 100)
    with config_context(enable_metadata_routing=True):
        student = clone(XGB).set_fit_request(eval_set=True)
        pipeline = make_pipeline(StandardScaler(), student)
        model = DistilledClassifier(GaussianNB(), pipeline)
        with pytest.raises(ValueError, match="in a Pipeline takes no eval_set.*before"):
            model.fit(X, y, eval_set=[(X, y)])


def test_two_held_out_sets_leave_the_judge_open():
    X, y, _ = problem(2, 100)
    with config_context(enable_metadata_routing=True):
        student = clone(XGB).set_fit_request(eval_set=True)
        model = DistilledClassifier(GaussianNB(), student)
        with pytest.raises(ValueError, match="takes one eval_set.*Got 2"):
            model.fit(X, y, eval_set=[(X, y), (X, y)])
