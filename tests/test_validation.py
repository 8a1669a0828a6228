from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.exceptions import DataConversionWarning
from sklearn.model_selection import (
    KFold,
    RepeatedKFold,
    ShuffleSplit,
    TimeSeriesSplit,
)

from skdistill._validation import (
    align_classes,
    check_binary_or_multiclass,
    check_numeric_target,
    check_partition,
    check_two_classes,
    check_weights,
)


def test_weights_of_none_stay_none():
    assert check_weights(None, 3) is None


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1.0, -2.0, 1.0], "must not be negative.*1 negative.*smallest -2.*Remove"),
        ([0, 0, 0], "at least one weight above zero.*Got 3 weights, all of them zero"),
        ([1.0, 1.0], r"one number for each of the 3 rows.*shape \(2,\)"),
        ([[1.0], [1.0], [1.0]], r"one number for each of the 3 rows.*shape \(3, 1\)"),
        ([1.0, np.nan, 1.0], "sample_weight contains NaN"),
    ],
)
def test_bad_weights_are_refused(weight, message):
    with pytest.raises(ValueError, match=message):
        check_weights(weight, 3)


def test_numeric_target_keeps_several_outputs_and_flattens_one():
    y = np.ones((4, 2))
    assert check_numeric_target(y, multi_output=False).shape == (4, 2)
    assert check_numeric_target(y[:, :1], multi_output=True).shape == (4,)
    with pytest.warns(DataConversionWarning, match="column-vector y"):
        check_numeric_target(y[:, :1], multi_output=False)


@pytest.mark.parametrize("number", [Decimal, Fraction])
def test_targets_in_lists_of_other_numbers_become_floats(number):
    values = [number("1.5"), number("2.25")]
    for y in (values, [[value, value] for value in values]):
        target = check_numeric_target(y, multi_output=True)
        assert target.dtype == float
        assert target.ravel()[0] == 1.5


def test_labels_of_a_continuous_target_are_refused_with_the_remedy():
    with pytest.raises(ValueError, match="Unknown label type.*DistilledRegressor"):
        check_binary_or_multiclass([0.5, 1.5, 2.2])


def test_multilabel_target_is_refused_with_the_remedy():
    y = np.array([[0, 1], [1, 1]])
    with pytest.raises(ValueError, match="multilabel.*one DistilledClassifier"):
        check_binary_or_multiclass(y)


def test_partition_is_accepted_in_any_order():
    check_partition(list(KFold(3, shuffle=True).split(np.zeros(10))), 10)


@pytest.mark.parametrize(
    "splitter", [ShuffleSplit(3, random_state=0), TimeSeriesSplit(3)]
)
def test_folds_that_are_no_partition_are_refused(splitter):
    with pytest.raises(ValueError, match="each row exactly once.*of 10 rows"):
        check_partition(list(splitter.split(np.zeros(10))), 10)


@pytest.mark.parametrize(
    ("splitter", "remedy"),
    [
        (TimeSeriesSplit(3), "rows that come first.*KFold.shuffle=False.*blocks"),
        (ShuffleSplit(3, random_state=0), "hold rows out several.*Use KFold, Strat"),
        (RepeatedKFold(n_repeats=2), "RepeatedKFold hold rows out.*or GroupKFold"),
    ],
)
def test_folds_that_are_no_partition_are_told_what_serves(splitter, remedy):
    with pytest.raises(ValueError, match=f"each row exactly once.*{remedy}"):
        check_partition(list(splitter.split(np.zeros(10))), 10)


def test_blocks_of_time_are_a_partition():
    check_partition(list(KFold(3, shuffle=False).split(np.zeros(10))), 10)


def test_a_fold_that_trains_on_its_held_out_rows_is_refused():
    folds = [(np.arange(4), np.array([0, 1])), (np.array([0]), np.array([2, 3]))]
    with pytest.raises(ValueError, match="apart.*Fold 0 has 2 rows in both.*row 0"):
        check_partition(folds, 4)


def test_unknown_classes_get_probability_zero():
    aligned = align_classes(np.array([[1.0, 2.0]]), ["a", "c"], ["a", "b", "c"])
    assert_array_equal(aligned, [[1.0, -np.inf, 2.0]])


@pytest.mark.parametrize(
    ("weight", "found"), [(np.zeros(4), "Got none"), (np.eye(4)[0], "one class: .*'a'")]
)
def test_classes_without_weight_are_refused_also_where_none_is_left(weight, found):
    with pytest.raises(ValueError, match=found):
        check_two_classes(np.array(["a", "a", "b", "b"]), weight)
