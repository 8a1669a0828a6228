import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor, StackingRegressor, VotingRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from skdistill._fitting import (
    clone_with_seed,
    naming_failures,
    spawn_seeds,
    supports_weight,
    weight_param,
)


def test_weights_reach_the_last_step_of_nested_pipelines():
    inner = make_pipeline(StandardScaler(), Ridge())
    params = weight_param(make_pipeline(inner), np.ones(2), part="teacher")
    assert list(params) == ["pipeline__ridge__sample_weight"]


def test_an_estimator_that_passes_on_its_fit_parameters_supports_weights():
    assert supports_weight(StackingRegressor([("ridge", Ridge())]))


def test_no_weights_need_no_support():
    assert weight_param(KNeighborsRegressor(), None, part="teacher") == {}


def test_weights_for_a_part_without_them_are_refused():
    with pytest.raises(ValueError, match="The teacher must accept.*KNeighborsRegr"):
        weight_param(KNeighborsRegressor(), np.ones(2), part="teacher")


def test_wrappers_take_weights_if_what_they_wrap_does():
    assert supports_weight(GridSearchCV(Ridge(), {}))
    assert not supports_weight(GridSearchCV(KNeighborsRegressor(), {}))
    assert not supports_weight(
        VotingRegressor([("near", KNeighborsRegressor()), ("ridge", Ridge())])
    )


def test_seeds_fill_only_what_is_open():
    stack = StackingRegressor(
        [("free", DecisionTreeRegressor()), ("set", RandomForestRegressor())],
    ).set_params(set__random_state=7)
    seeded = clone_with_seed(stack, 3)
    assert seeded.get_params()["set__random_state"] == 7
    assert isinstance(seeded.get_params()["free__random_state"], int)
    assert stack.get_params()["free__random_state"] is None


def test_seeds_repeat_and_differ_from_each_other():
    first, second = spawn_seeds(0, 2)
    assert spawn_seeds(0, 2) == [first, second]
    assert first != second
    assert spawn_seeds(None, 2) == [None, None]


def test_failures_keep_type_and_say_the_part():
    with pytest.raises(KeyError) as caught, naming_failures("teacher on fold 2"):
        raise KeyError("own")
    assert caught.value.__notes__ == [
        "This was raised while fitting the teacher on fold 2."
    ]
