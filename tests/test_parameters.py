"""Parameters that classes take over from others are declared in one place."""

import inspect

import pytest
from sklearn.base import BaseEstimator, clone

from skdistill import (
    DistilledClassifier,
    DistilledClassifierCV,
    DistilledRegressor,
    DistilledRegressorCV,
)
from skdistill._parameters import assign, inherit_parameters
from skdistill.distilled import BaseDistilled


class Base(BaseEstimator):
    """Declares.

    Parameters
    ----------
    first : int, default=1
        The first.
    second : int, default=2
        The second
        in two lines.
    """

    _parameter_constraints = {"first": [int], "second": [int]}  # noqa: RUF012

    def __init__(self, first=1, *, second=2):
        self.first = first
        self.second = second


@inherit_parameters(Base)
class Derived(Base):
    """Takes over.

    Parameters
    ----------
    third : int, default=3
        The third.
    first : int, default=1
        The first, said otherwise.

    See Also
    --------
    Base
    """

    _parameter_constraints = {"third": [int]}  # noqa: RUF012

    def __init__(self, first=1, *, third=3, **inherited):
        super().__init__(first, **inherited)
        self.third = third


def test_scikit_learn_sees_all_parameters():
    assert Derived(second=5).get_params() == {"first": 1, "second": 5, "third": 3}
    assert clone(Derived(7, third=8)).get_params()["third"] == 8
    assert [*inspect.signature(Derived).parameters] == ["first", "third", "second"]
    assert [*Derived._parameter_constraints] == ["first", "third", "second"]


def test_the_docstring_has_an_entry_for_each_in_order():
    assert Derived.__doc__ == (
        "Takes over.\n\nParameters\n----------\n"
        "first : int, default=1\n    The first, said otherwise.\n"
        "third : int, default=3\n    The third.\n"
        "second : int, default=2\n    The second\n    in two lines.\n"
        "\nSee Also\n--------\nBase"
    )


def test_the_class_that_declares_is_left_as_it_is():
    assert [*inspect.signature(Base).parameters] == ["first", "second"]
    assert [*Base._parameter_constraints] == ["first", "second"]


def test_unknown_parameters_are_refused():
    with pytest.raises(TypeError, match="unexpected keyword argument 'fourth'"):
        Derived(fourth=4)
    with pytest.raises(TypeError, match="unexpected parameters"):
        DistilledRegressorCV(alpha=0.5)
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        DistilledClassifier(rescale=True)


def test_a_class_that_takes_nothing_over_is_refused():
    with pytest.raises(TypeError, match="must end in"):

        @inherit_parameters(Base)
        class Wrong(Base):
            def __init__(self, first=1):
                self.first = first


def test_given_values_and_defaults_are_assigned():
    instance = object.__new__(Derived)
    instance.first = 9
    assign(instance, Base, {"second": 4})
    assert (instance.first, instance.second) == (9, 4)


SHARED = set(inspect.signature(BaseDistilled).parameters)


@pytest.mark.parametrize("cls", [DistilledRegressor, DistilledClassifier])
def test_every_shared_parameter_is_one_of_both_estimators(cls):
    assert set(inspect.signature(cls).parameters) > SHARED


@pytest.mark.parametrize(
    ("search", "cls"),
    [
        (DistilledRegressorCV, DistilledRegressor),
        (DistilledClassifierCV, DistilledClassifier),
    ],
)
def test_a_search_takes_every_parameter_that_it_does_not_set(search, cls):
    own = set(inspect.signature(cls).parameters)
    # Whether the teacher is a poor one shows in the scores.
    set_by_it = {"alpha", "temperature", "transfer", "refine", "teacher_stage"}
    set_by_it |= {"on_poor_teacher"}
    taken = set(inspect.signature(search).parameters)
    assert taken > own - set_by_it
    assert not taken & set_by_it
    assert not own & {"alphas", "temperatures", "transfers", "refinements"}
