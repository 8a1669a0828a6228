"""Generated parameters and data: finite numbers, or an error that teaches."""

import re
import sys
import traceback
import warnings
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from sklearn import config_context
from sklearn.model_selection import GroupKFold

import skdistill
from skdistill import DistilledClassifier, DistilledRegressor
from tests.distilled.case_data import data_of
from tests.distilled.cases import FILE, FOLDER, cases, fresh
from tests.generated import examples

PACKAGE = str(Path(skdistill.__file__).parent)
OWN_TESTS = str(Path(__file__).parents[1])
# What a message must name: a parameter, what is given to fit, or a part.
PARAMETERS = {
    *DistilledRegressor().get_params(deep=False),
    *DistilledClassifier().get_params(deep=False),
}
GIVEN = (
    "X|y|sample_weight|X_unlabeled|X_privileged|teacher_predictions|"
    "unlabeled_predictions|groups|metadata|classes|targets?"
)
PARTS = "teachers?|students?|sampler|n_splits|[Ss]amples?|predictions|weights?|fit"
NAMED = re.compile(rf"\b({'|'.join(sorted(PARAMETERS))}|{GIVEN}|{PARTS})\b")
# What says nothing to who calls fit.
BARE = re.compile(
    r"broadcast|out of bounds|did not converge|has no attribute|not aligned|ufunc|"
    r"unsupported operand|not supported between|could not convert|cannot reindex|"
    r"NoneType|is not (iterable|callable|subscriptable)|positional argument|"
    r"unexpected keyword|zero-size|invalid literal|[Oo]verflow|divi(de|sion) by|"
    r"invalid value|[Ss]ingular matrix|[Cc]annot (cast|convert)|used as ind|"
    r"inhomogeneous|unhashable|real number, not|must match the size|^\s*$"
)
# The methods in which a part of the user's does its work.
WORK = re.compile(
    r"(partial_)?fit(_\w+)?|predict\w*|decision_function|sample|transform|score\w*"
)


def frames_of(error):
    """Return the files and the functions that an error passed, the last one last."""
    frames = traceback.extract_tb(error.__traceback__)
    return [(one.filename, one.name) for one in frames]


def is_ours(file):
    return file.startswith(PACKAGE)


def is_of_a_part(error):
    """Return whether an error comes out of an estimator or a function of the user."""
    frames = frames_of(error)
    last = max((i for i, (file, _) in enumerate(frames) if is_ours(file)), default=0)
    beyond = frames[last + 1 :]
    return last > 0 and any(
        file.startswith(OWN_TESTS) or WORK.fullmatch(name) for file, name in beyond
    )


def is_of_predict(error):
    """Return whether a fitted model was to predict, which its student alone does."""
    return any(is_ours(file) and name == "predict" for file, name in frames_of(error))


def fault_of_error(error):
    """Return what an error lacks; nothing if it is clear."""
    notes = " ".join(getattr(error, "__notes__", ()))
    if is_of_a_part(error):
        is_named = re.search("while [a-z ]+ the ", notes) or is_of_predict(error)
        return "" if is_named else "does not name the part"
    if not isinstance(error, ValueError | TypeError):
        return "is of another type"
    if BARE.search(str(error)) and " must " not in str(error):
        return "is bare"
    named = NAMED.search(f"{error} {notes}") or "' parameter of" in str(error)
    return "" if named else "names nothing"


def line_of_ours(frame):
    """Return the line of this package by which a frame was called, or nothing.

    numpy's own frames are passed over; what another library warns of is its own.
    """
    while frame is not None and "/numpy/" in frame.f_code.co_filename:
        frame = frame.f_back
    if frame is None or not is_ours(frame.f_code.co_filename):
        return ""
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


@contextmanager
def noting_own_warnings():
    """Yield a list of the RuntimeWarnings that come from this package's own lines."""
    found = []

    def show(message, category, *_):
        frame = sys._getframe(1)
        while "warnings.py" in frame.f_code.co_filename:
            frame = frame.f_back
        line = line_of_ours(frame)
        if line and issubclass(category, RuntimeWarning):
            found.append(f"{message} at {line}")

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = show
        yield found


def model_of(case, folder):
    """Return the unfitted model of a case."""
    (folder / "file").touch()
    params = {}
    for name, value in case.params.items():
        if isinstance(value, str):
            value = value.replace(FOLDER, str(folder)).replace(
                FILE, str(folder / "file")
            )
        params[name] = fresh(value)
    cls = DistilledRegressor if case.task == "regression" else DistilledClassifier
    return cls(fresh(case.teacher), fresh(case.student), **params)


def fit(case, model, data):
    """Fit a model as a case says, with its metadata."""
    n_samples = case.n_samples
    if case.metadata == "none":
        return model.fit(**data)
    if case.metadata == "unrouted":
        return model.fit(**data, groups=np.arange(n_samples))
    with config_context(enable_metadata_routing=True):
        if case.metadata == "groups":
            model.set_params(cv=GroupKFold(2).set_split_request(groups=True))
            return model.fit(**data, groups=np.arange(n_samples) % 4)
        extra = {"extra": np.ones(n_samples)} if case.metadata == "extra" else {}
        return model.fit(**data, **extra)


def fault_of_numbers(case, model, data):
    """Return what is wrong with the predictions and the fitted attributes."""
    found = {"predict": model.predict(data["X"])}
    shape = np.shape(data["X"])[:1]
    if case.task == "classification":
        if not np.isin(found["predict"], model.classes_).all():
            return f"predicts {found['predict'][:3]}"
        if hasattr(model, "predict_proba"):
            found["predict_proba"] = model.predict_proba(data["X"])
            sums = found["predict_proba"].sum(axis=1)
            if not np.allclose(sums, 1, rtol=0, atol=1e-5):
                return f"probabilities of sum {sums}"
    elif np.ndim(data["y"]) == 2 and np.shape(data["y"])[1] > 1:
        shape = np.shape(data["y"])
    expected = {"predict": shape, "predict_proba": (*shape, n_classes_of(model))}
    for name, values in found.items():
        if values.shape != expected[name]:
            return f"{name} has shape {values.shape}"
    for name, values in [*found.items(), *numbers_of(model)]:
        if np.asarray(values).dtype.kind == "f" and not np.isfinite(values).all():
            return f"{name} is {values}"
    return ""


def is_finite_alone(case, data):
    """Return whether the student predicts finite numbers if the labels alone teach it.

    Some do not, as their squares of features overflow, or are all zero.
    """
    alone = fresh(case.student).fit(data["X"], np.ravel(data["y"]))
    predict = getattr(alone, "predict_proba", alone.predict)
    return np.isfinite(predict(data["X"])).all()


def n_classes_of(model):
    return len(getattr(model, "classes_", ()))


def numbers_of(model):
    """Yield the public fitted attributes, those of its steps too."""
    for name, value in vars(model).items():
        if name in ("calibration_", "combination_"):
            parts = value.values() if isinstance(value, dict) else [value]
            for part in parts:
                yield from numbers_of(part) if part is not None else ()
        elif name.endswith("_") and isinstance(value, float | np.ndarray):
            yield name, value


def fault_of(case, folder):
    """Return what is wrong with what a case leads to; nothing if all is well."""
    data = data_of(case)
    with noting_own_warnings() as found:
        try:
            model = fit(case, model_of(case, folder), data)
            fault = fault_of_numbers(case, model, data)
            if fault and not is_finite_alone(case, data):
                fault = ""
        except Exception as error:
            fault = fault_of_error(error)
            if fault:
                lines = traceback.format_exception(error)
                fault = f"{fault}:\n{''.join(lines)}"
    return fault or "".join(found)


@examples(60)
@given(case=cases)
def test_cases(case, tmp_path_factory):
    assert not fault_of(case, tmp_path_factory.mktemp("case"))


@pytest.mark.slow
@examples(2000)
@given(case=cases)
def test_many_cases(case, tmp_path_factory):
    assert not fault_of(case, tmp_path_factory.mktemp("case"))
