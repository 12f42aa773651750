"""Helpers for padded sequences; their numbers are checked with the exercises of lesson 12."""

import numpy as np
import pytest

from course_utils import padding


def test_mean_of_nothing_is_zero():
    assert (padding.masked_mean(np.ones((2, 3, 4)), np.zeros((2, 3), dtype=bool)) == 0).all()


@pytest.mark.parametrize("shape", [(2, 4), (3, 2), (2, 3, 4)])
def test_mask_of_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match=r"mask must have shape \(2, 3\), got"):
        padding.masked_mean(np.ones((2, 3, 4)), np.ones(shape, dtype=bool))
