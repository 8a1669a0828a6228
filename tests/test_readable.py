"""What numpy would misread: masked cells, and samples in the memory of a device."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LogisticRegression, QuantileRegressor, Ridge

import skdistill
from skdistill import DistilledRegressor, transfer
from skdistill.blocks import Block, BlockDistilledClassifier, BlockDistilledRegressor
from skdistill.dask import DaskDistilledClassifier, DaskDistilledRegressor
from skdistill.tables import TableEncoder
from skdistill.teachers import DistributionRegressor, in_context
from tests.doubles import CountingTeacher

X, VALUES = load_diabetes(return_X_y=True)
CLASSES = (VALUES > 140).astype(int)
KINDS = [
    *(
        getattr(skdistill, name)
        for name in skdistill.__all__
        if hasattr(getattr(skdistill, name), "fit")
    ),
    BlockDistilledClassifier,
    BlockDistilledRegressor,
    DaskDistilledClassifier,
    DaskDistilledRegressor,
]
PARTS = [
    *(
        getattr(transfer, name)()
        for name in transfer.__all__
        if name.endswith("Sampler")
    ),
    TableEncoder(),
    DistributionRegressor(QuantileRegressor()),
    in_context(Ridge()),
]


class ArrayOnDevice:
    """Stands in for an array of CuPy: numpy must not copy it unasked."""

    def __init__(self, values):
        self.values = np.asarray(values)
        self.shape, self.ndim = self.values.shape, self.values.ndim
        self.dtype = self.values.dtype

    @property
    def __cuda_array_interface__(self):
        return {"shape": self.shape, "typestr": self.dtype.str, "version": 3}

    def __len__(self):
        return len(self.values)

    def __getitem__(self, rows):
        return type(self)(self.values[rows])

    def __array__(self, *args, **kwargs):
        raise TypeError("Implicit conversion to a NumPy array is not allowed.")


class FrameOnDevice(ArrayOnDevice):
    """Stands in for a DataFrame of cuDF, which names no memory of its own."""

    __cuda_array_interface__ = property()

    def to_cupy(self):
        return ArrayOnDevice(self.values)


class CopiedArray(ArrayOnDevice):
    """Stands in for what numpy may copy from a device."""

    def __array__(self, *args, **kwargs):
        return np.array(self.values, *args, **kwargs)


class RecordingRegressor(DummyRegressor):
    """Remembers the type of the samples that it predicts for."""

    def predict(self, X):
        self.seen_ = type(X)
        return super().predict(np.zeros((len(X), 1)))


def masked(values):
    mask = np.zeros(np.shape(values), dtype=bool)
    mask[:3] = True
    return np.ma.array(values, mask=mask)


def build(kind):
    """Return an estimator of a kind, unfitted, and labels for it."""
    name = kind.__name__
    if name.startswith("Cascade"):
        part, y = build(getattr(skdistill, name.replace("Cascade", "Distilled")))
        return kind(part), y
    of_classes = name.removesuffix("CV").endswith("Classifier")
    part, y = (LogisticRegression, CLASSES) if of_classes else (Ridge, VALUES)
    parts = {"teacher", "student"} & {*kind().get_params(deep=False)}
    return kind(**{name: part() for name in parts}), y


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["X", "y", "sample_weight"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (ArrayOnDevice, "{0} must be in the memory of the machine.*{0}.get.. of CuPy"),
        (FrameOnDevice, "{0} must be in the memory of the machine.*{0}.to_pandas"),
        (masked, "{0} must have no masked cells"),
    ],
    ids=["CuPy", "cuDF", "masked"],
)
def test_every_estimator_refuses_what_it_would_misread(kind, name, change, message):
    model, y = build(kind)
    given = {"X": X, "y": y, "sample_weight": np.ones(len(X))}
    given[name] = change(given[name])
    with pytest.raises((TypeError, ValueError), match=message.format(name)):
        model.fit(**given)


@pytest.mark.parametrize("change", [ArrayOnDevice, masked])
@pytest.mark.parametrize("part", PARTS, ids=lambda part: type(part).__name__)
def test_a_part_that_is_fitted_alone_refuses_it_too(part, change):
    with pytest.raises((TypeError, ValueError), match="X must .*(machine|masked)"):
        clone(part).fit(change(X), VALUES)


@pytest.mark.parametrize("place", range(3))
def test_a_partition_is_refused_as_samples_in_memory_are(place):
    given = [X, VALUES, np.ones(len(X))]
    given[place] = masked(given[place])
    with pytest.raises(ValueError, match="must have no masked cells. Got 3"):
        Block.of(*given, of_classes=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sample_weight", np.ones(len(X))),
        ("X_unlabeled", X),
        ("X_privileged", X),
        ("teacher_predictions", VALUES),
    ],
)
def test_what_is_given_beside_samples_is_checked_before_work(name, value, tmp_path):
    model = DistilledRegressor(CountingTeacher(tmp_path), Ridge())
    given = {name: ArrayOnDevice(value)}
    with pytest.raises(TypeError, match=f"{name} must be in the memory.*ArrayOnDevice"):
        model.fit(X, VALUES, **given)
    assert not [*tmp_path.iterdir()]


def test_labels_that_numpy_copies_are_labels():
    model = DistilledRegressor(Ridge(), Ridge(10.0), random_state=0)
    expected = model.fit(X, VALUES).predict(X)
    assert_array_equal(model.fit(X, CopiedArray(VALUES)).predict(X), expected)


def test_predicted_samples_come_to_the_student_where_they_are():
    student = RecordingRegressor()
    model = DistilledRegressor(Ridge(), student, refine=None, random_state=0)
    model.fit(X, VALUES).predict(ArrayOnDevice(X))
    assert model.student_.seen_ is ArrayOnDevice
