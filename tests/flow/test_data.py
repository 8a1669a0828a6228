"""The data of a fit, as the flow sees them."""

import numpy as np

from skdistill.flow import Data


def test_codes_take_half_the_memory_of_labels():
    y = np.array(["b", "a", "c", "a"])
    data = Data(X=np.zeros((4, 1)), y=y, classes=np.unique(y))
    assert data.codes.tolist() == [1, 0, 2, 0]
    assert data.codes.dtype == np.int32
