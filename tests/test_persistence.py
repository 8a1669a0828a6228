"""Fitted estimators survive pickle, joblib and skops; those of releases still load."""

import pickle
import shutil
import warnings
from functools import cache
from io import BytesIO

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
)
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GroupKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import (
    BayesianDistilledClassifier,
    BayesianDistilledRegressor,
    CascadeClassifier,
    CascadeRegressor,
    CodistilledClassifier,
    CodistilledRegressor,
    DistilledClassifier,
    DistilledClassifierCV,
    DistilledRegressor,
    DistilledRegressorCV,
    NoisyStudentClassifier,
    NoisyStudentRegressor,
    SelfDistilledClassifier,
    SelfDistilledRegressor,
)
from skdistill.export import TRUSTED_TYPES
from skdistill.refine import LeafRefinement
from skdistill.tables import TableEncoder
from skdistill.targets import TeacherBound
from skdistill.teachers import (
    AttentiveTrust,
    Combination,
    ConfidenceTrust,
    CorrectedTrust,
    DistributionRegressor,
    MatchingTrust,
    OutlierTrust,
    SpreadTrust,
    in_context,
)
from skdistill.teachers._presets import EmptyColumnFiller, StandardTarget
from skdistill.transfer import MungeSampler, TransferSet
from tests.export.cases import (
    CLASSIFIERS,
    REGRESSORS,
    TREE_CLASSIFIERS,
    TREE_REGRESSORS,
)
from tests.export.raw import every_kind
from tests.save_models import FOLDER, predictions_of, save
from tests.transfer.cases import SAMPLERS, mixed_table, name_of

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:X does not have valid feature names"),
    pytest.mark.filterwarnings(
        "ignore::skdistill.exceptions.NoUnlabeledSamplesWarning"
    ),
]

RELEASED = sorted(FOLDER.glob("*.pkl"))

X, Y = load_diabetes(return_X_y=True)
X, Y = X[:150], Y[:150]
PIXELS, DIGITS = load_digits(n_class=3, return_X_y=True)
PIXELS, DIGITS = PIXELS[:150], np.array(["a", "b", "c"])[DIGITS[:150]]
BAYES = GaussianNB(var_smoothing=0.1)
HOLES = np.column_stack([np.where(X[:, 0] > 0, X[:, 1], np.nan), X[:, 2] > 0, X[:, 3]])

SOFT_STUDENTS = CLASSIFIERS | {
    "bayes": BAYES,
    "neighbours": KNeighborsClassifier(),
}
UNREFINED = {"transfer": None, "refine": None}
REFINED = {"transfer": None, "refine": LeafRefinement()}
LAST = {"choose": False}
PROCEDURES = ["generations", "noisy student", "peers"]
REGRESSIONS = {
    **{
        name: DistilledRegressor(Ridge(), student, **UNREFINED)
        for name, student in REGRESSORS.items()
    },
    **{
        f"refined {name}": DistilledRegressor(Ridge(), student, **REFINED)
        for name, student in TREE_REGRESSORS.items()
    },
    "default": DistilledRegressor(),
    "transfer": DistilledRegressor(Ridge(), Ridge(), transfer=MungeSampler()),
    "transfer set": DistilledRegressor(
        Ridge(), Ridge(), transfer=TransferSet(MungeSampler(), size=2, weight=0.5)
    ),
    "teacher input": DistilledRegressor(
        Ridge(), Ridge(), teacher_input=StandardScaler()
    ),
    "teacher stage": DistilledRegressor(
        GradientBoostingRegressor(n_estimators=4), Ridge(), teacher_stage=0.5
    ),
    "perceptron stage": DistilledRegressor(
        MLPRegressor(hidden_layer_sizes=(4,), max_iter=4), Ridge(), teacher_stage=0.5
    ),
    "in context": DistilledRegressor(
        in_context(KNeighborsRegressor(), batch_size=40), Ridge(), **UNREFINED
    ),
    "distribution": DistilledRegressor(
        DistributionRegressor(ExtraTreesRegressor(3, min_samples_leaf=5)),
        GradientBoostingRegressor(loss="quantile", n_estimators=4),
    ),
    "search": DistilledRegressorCV(Ridge(), TREE_REGRESSORS["tree"], cv=2),
    "bayesian": BayesianDistilledRegressor(Ridge()),
    "cascade": CascadeRegressor(
        DistilledRegressor(Ridge(), TREE_REGRESSORS["tree"], **UNREFINED),
        deferral=Ridge(),
        cv=2,
    ),
    "generations": SelfDistilledRegressor(Ridge(), **LAST),
    "noisy student": NoisyStudentRegressor(Ridge(), Ridge(), **LAST),
    "peers": CodistilledRegressor(Ridge(), **LAST),
    "pipeline": make_pipeline(StandardScaler(), DistilledRegressor(Ridge(), Ridge())),
}
CLASSIFICATIONS = {
    **{
        name: DistilledClassifier(BAYES, student, **UNREFINED)
        for name, student in SOFT_STUDENTS.items()
    },
    **{
        f"refined {name}": DistilledClassifier(BAYES, student, **REFINED)
        for name, student in TREE_CLASSIFIERS.items()
    },
    "default teacher": DistilledClassifier(student=LogisticRegression(), **UNREFINED),
    "teacher stage": DistilledClassifier(
        GradientBoostingClassifier(n_estimators=4), BAYES, teacher_stage=0.5
    ),
    "perceptron stage": DistilledClassifier(
        MLPClassifier((4,), max_iter=4), BAYES, teacher_stage=0.5
    ),
    "in context": DistilledClassifier(
        in_context(KNeighborsClassifier(), batch_size=40), BAYES, **UNREFINED
    ),
    "search": DistilledClassifierCV(BAYES, TREE_CLASSIFIERS["tree"], cv=2),
    "cascade": CascadeClassifier(
        DistilledClassifier(BAYES, TREE_CLASSIFIERS["tree"], **UNREFINED),
        deferral=Ridge(),
        cv=2,
    ),
    "generations": SelfDistilledClassifier(BAYES, **LAST),
    "noisy student": NoisyStudentClassifier(BAYES, BAYES, **LAST),
    "peers": CodistilledClassifier(BAYES, predict_with="average", **LAST),
}


def through_pickle(model):
    return pickle.loads(pickle.dumps(model))


def through_joblib(model):
    file = BytesIO()
    joblib.dump(model, file)
    file.seek(0)
    return joblib.load(file)


def through_skops(model):
    skops = pytest.importorskip("skops.io")
    data = skops.dumps(model)
    found = skops.get_untrusted_types(data=data)
    theirs = [name for name in found if not name.startswith("skdistill.")]
    return skops.loads(data, trusted=[*TRUSTED_TYPES, *theirs])


FORMATS = pytest.mark.parametrize(
    "through", [through_pickle, through_joblib, through_skops]
)


@cache
def regression(name):
    return clone(REGRESSIONS[name]).fit(X, Y)


@cache
def classification(name):
    return clone(CLASSIFICATIONS[name]).fit(PIXELS, DIGITS)


@pytest.mark.parametrize("name", REGRESSIONS)
@FORMATS
def test_regressors(through, name, small_default_teacher):
    model = regression(name)
    loaded = through(model)
    assert_array_equal(loaded.predict(X), model.predict(X))


@pytest.mark.parametrize("name", CLASSIFICATIONS)
@FORMATS
def test_classifiers(through, name, small_default_teacher):
    model = classification(name)
    loaded = through(model)
    assert_array_equal(loaded.predict(PIXELS), model.predict(PIXELS))
    assert_array_equal(loaded.predict_proba(PIXELS), model.predict_proba(PIXELS))
    student = getattr(model, "estimator_", model).student_
    assert_array_equal(through(student).predict(PIXELS), student.predict(PIXELS))


@FORMATS
def test_teacher_and_parameters_are_in_the_file(through):
    model = clone(REGRESSIONS["refined tree"]).set_params(random_state=0).fit(X, Y)
    loaded = through(model)
    assert_array_equal(loaded.teacher_.predict(X), model.teacher_.predict(X))
    assert loaded.refine.get_params() == model.refine.get_params()
    assert loaded.fit_seconds_ == model.fit_seconds_
    assert_array_equal(clone(loaded).fit(X, Y).predict(X), model.predict(X))


@FORMATS
def test_what_teacher_and_transfer_set_are_is_in_the_file(through):
    model = regression("transfer set")
    loaded = through(model)
    assert_array_equal(loaded.teacher_.predict(X), model.teacher_.predict(X))
    assert (
        str(loaded.transfer)
        == "TransferSet(sampler=MungeSampler(), size=2, weight=0.5)"
    )
    model = regression("teacher input")
    loaded = through(model)
    seen = model.teacher_input_.transform(X)
    assert_array_equal(loaded.teacher_input_.transform(X), seen)
    assert_array_equal(loaded.teacher_.predict(seen), model.teacher_.predict(seen))


@FORMATS
def test_a_model_of_stored_predictions_is_loaded_without_a_teacher(through):
    model = DistilledRegressor(student=Ridge())
    model.fit(X, Y, teacher_predictions=Y)
    loaded = through(model)
    assert_array_equal(loaded.predict(X), model.predict(X))
    with pytest.raises(AttributeError, match="distilled from stored predictions"):
        _ = loaded.teacher_


@FORMATS
def test_a_teacher_that_lies_in_the_cache_is_in_the_file(through, tmp_path):
    model = DistilledRegressor(Ridge(), Ridge(), memory=str(tmp_path / "memory"))
    for _ in range(2):  # The second fit reads the teacher from the cache.
        model.fit(X, Y)
    loaded = through(model)
    shutil.rmtree(tmp_path / "memory")
    assert loaded.teacher_.predict(X).shape == Y.shape


@pytest.mark.parametrize("sampler", SAMPLERS, ids=name_of)
@FORMATS
def test_samplers(through, sampler):
    sampler = clone(sampler).set_params(categorical_features=[1], random_state=0)
    loaded = through(sampler.fit(HOLES))
    assert_array_equal(loaded.sample(50), sampler.sample(50))


@pytest.mark.parametrize("sampler", SAMPLERS, ids=name_of)
@pytest.mark.parametrize("through", [through_pickle, through_joblib])
def test_samplers_of_frames(through, sampler):
    sampler = clone(sampler).set_params(random_state=0).fit(mixed_table())
    assert_frame_equal(through(sampler).sample(50), sampler.sample(50))


TRUSTS = (
    AttentiveTrust(),
    ConfidenceTrust(),
    CorrectedTrust(),
    MatchingTrust(),
    OutlierTrust(),
    SpreadTrust(),
)
SEVERAL = {
    "values": (
        DistilledRegressor(
            [("ridge", Ridge()), ("tree", DecisionTreeRegressor(max_depth=3))],
            DecisionTreeRegressor(max_depth=3),
            combine="row",
            trust=AttentiveTrust(),
            random_state=0,
        ),
        (X, Y),
    ),
    "classes": (
        DistilledClassifier(
            [("bayes", GaussianNB()), ("tree", DecisionTreeClassifier(max_depth=5))],
            DecisionTreeClassifier(max_depth=5),
            combine=Combination("stack"),
            random_state=0,
        ),
        (PIXELS, DIGITS),
    ),
}


@pytest.mark.parametrize("name", SEVERAL)
@FORMATS
def test_several_teachers_are_in_the_file(through, name):
    model, (samples, labels) = SEVERAL[name]
    model = clone(model).fit(samples, labels)
    loaded = through(model)
    expected = model.teacher_.predict(samples)
    assert_array_equal(loaded.teacher_.predict(samples), expected)
    assert_array_equal(through(model.teacher_).predict(samples), expected)
    assert_array_equal(
        clone(loaded).fit(samples, labels).predict(samples), model.predict(samples)
    )


def grouped_search():
    with config_context(enable_metadata_routing=True):
        search = DistilledRegressorCV(Ridge(), Ridge(2.0), cv=GroupKFold(2))
        return search.fit(X, Y, groups=np.arange(len(X)) % 5)


@FORMATS
def test_folds_of_groups_are_in_the_file(through):
    search = grouped_search()
    assert_array_equal(through(search).predict(X), search.predict(X))


def test_trusted_types_are_those_that_skops_asks_for():
    skops = pytest.importorskip("skops.io")
    several = [clone(model).fit(*data) for model, data in SEVERAL.values()]
    samplers = [clone(one).set_params(categorical_features=[1]) for one in SAMPLERS]
    models = [
        *map(regression, ["refined tree", "transfer set", "in context"]),
        *map(
            regression,
            ["teacher stage", "search", "distribution", "cascade", "bayesian"],
        ),
        *(fitted("perceptron stage") for fitted in (regression, classification)),
        *map(classification, ["regressor", "neighbours", "in context"]),
        *map(classification, ["teacher stage", "search", "cascade"]),
        *map(regression, PROCEDURES),
        *map(classification, PROCEDURES),
        *several,
        *(model.teacher_ for model in several),
        *TRUSTS,
        TeacherBound(),
        grouped_search(),
        BayesianDistilledClassifier(),
        *(sampler.fit(HOLES) for sampler in samplers),
        EmptyColumnFiller().fit(HOLES),
        StandardTarget(Ridge()).fit([[0.0], [1.0]], [0.0, 1.0]),
        TableEncoder().fit(every_kind()),
    ]
    found = {
        name
        for model in models
        for name in skops.get_untrusted_types(data=skops.dumps(model))
        if name.startswith("skdistill.")
    }
    assert sorted(found) == sorted(TRUSTED_TYPES) == [*TRUSTED_TYPES]


def assert_predicts_as_when_saved(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InconsistentVersionWarning)
        saved = pickle.loads(path.read_bytes())
    assert saved
    for model, samples, expected in saved.values():
        assert_allclose(predictions_of(model, samples), expected, rtol=1e-6)


@pytest.mark.skipif(not RELEASED, reason="no release has been made yet")
@pytest.mark.parametrize("path", RELEASED, ids=lambda path: path.stem)
def test_models_of_earlier_releases_load(path):
    assert_predicts_as_when_saved(path)


def test_models_of_this_version_are_saved_for_the_next(tmp_path):
    assert_predicts_as_when_saved(save(tmp_path))
