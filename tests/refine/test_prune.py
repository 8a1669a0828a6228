"""Pruning: every library's models, cut exactly, and what the cuts cost."""

import pickle
from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skdistill.inspect import count_values
from skdistill.refine import pruning_path
from tests.refine.cases import CASES, fitted, predictions, problem

# LightGBM 4.6 says so to every array, and 4.7 renamed eval_set.
pytestmark = [
    pytest.mark.filterwarnings("ignore:X does not have valid feature names"),
    pytest.mark.filterwarnings("ignore:.*eval_set.*"),
]


@cache
def pruned(task, name):
    """Return the sizes asked for, and the path to them: the last as small as can be."""
    X, _, target = problem(task)
    model = fitted(task, name)
    sizes = [count_values(model).leaves // 3, 1]
    return sizes, pruning_path(model, X, target, sizes=sizes)


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_the_pruned_model_predicts_what_the_path_says(case):
    task, name = case
    sizes, path = pruned(task, name)
    X = problem(task)[0]
    said = path.predict(X)
    for index, size in enumerate(sizes):
        model = path.model(index)
        assert type(model) is type(fitted(task, name))
        again = pickle.loads(pickle.dumps(model))
        assert_allclose(predictions(again, X), said[index], rtol=1e-5, atol=1e-5)
        assert count_values(model).leaves == path.n_leaves[index]
        assert path.n_leaves[index] <= max(size, np.sum(path._leaf_model.rounds == 0))
