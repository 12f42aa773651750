import ast

import numpy as np
import pytest
from page import in_page

from course_utils.widgets import BatchSlicer


@pytest.mark.parametrize("shape", [(1, 1, 1), (6, 12, 6), (2, 3, 1)])
def test_page_slices_a_learners_batch_as_numpy_does(tmp_path, shape):
    x = np.random.default_rng(0).normal(size=shape)
    slicer = BatchSlicer(x, t="0")
    rng = np.random.default_rng(1)
    calls = [
        {control.name: str(rng.choice(control.options)) for control in slicer.controls}
        for _ in range(30)
    ]
    for values, page in zip(calls, in_page(tmp_path, slicer, calls), strict=True):
        index = page["result"]["expression"].removeprefix("x")
        taken = eval(f"x{index}", {"x": x})
        assert np.allclose(taken, page["result"]["slice"])
        assert list(taken.shape) == page["result"]["shape"]
        assert page["sentence"] == slicer.describe(**values)


def test_numbers_name_their_own_place():
    slicer = BatchSlicer()
    for n, t, d in np.ndindex(slicer.x.shape):
        assert slicer.state(n=str(n), t=str(t), d=str(d))["slice"] == 100 * n + 10 * t + d


def test_sentence_has_the_shape_that_numpy_has():
    for n in ("all", "0"):
        for t in ("all", "0"):
            for d in ("all", "0"):
                sentence = BatchSlicer().describe(n=n, t=t, d=d)
                shape = sentence.split("shape ")[1].split(":")[0]
                index = tuple(slice(None) if each == "all" else 0 for each in (n, t, d))
                assert ast.literal_eval(shape) == np.zeros((4, 5, 3))[index].shape


@pytest.mark.parametrize(
    "x, error, sentence",
    [
        (np.zeros((2, 3)), ValueError, r"x must have 3 axes \(N, T, D\), got shape \(2, 3\)"),
        (np.zeros((7, 3, 2)), ValueError, r"to \(6, 12, 6\), got \(7, 3, 2\)"),
        (np.zeros((2, 0, 2)), ValueError, r"from \(1, 1, 1\)"),
        (np.full((2, 2, 2), np.nan), ValueError, "finite"),
        (np.full((2, 2, 2), "a"), TypeError, "real numbers"),
        ([[[1], [1, 2]]], ValueError, "different lengths"),
    ],
)
def test_batch_that_cannot_be_drawn_is_refused(x, error, sentence):
    with pytest.raises(error, match=sentence):
        BatchSlicer(x)
