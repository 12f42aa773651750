"""Proof that the comparison of pictures bites: faults are planted in every picture of the course."""

import base64
import io
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from nbformat import NotebookNode
from pictures import BOUND, difference, pictures, pixels, reduce_pictures, worst_tile
from PIL import Image

from course_utils import plotting

ROOT = Path(__file__).resolve().parent.parent
VISIBLE = 32  # of 255; a fault that changes no pixel by more does not apply to the picture


@pytest.fixture(scope="module")
def stored():
    """Every picture of the learners' notebooks, as pixels."""
    return [
        pixels(picture)
        for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
        for cell in nbformat.read(path, 4).cells
        for picture in pictures(cell.get("outputs", []))
    ]


def below_axis(image):
    """Find the first row below the lowest x axis, a dark line over a fifth of the width."""
    dark = (image[..., 1] < 80).sum(axis=1)
    axes = np.flatnonzero(dark > image.shape[1] / 5)
    return axes[-1] + 7 if len(axes) else len(image)  # 7: past the tick marks


def without_tick_labels(image):
    image[below_axis(image) :][:19] = 255  # one line of text


def without_axis_label(image):
    image[below_axis(image) :][19:] = 255


def with_shorter_curves(image):
    fifth = image[:, -(image.shape[1] // 5) :]
    fifth[np.ptp(fifth, axis=-1) > 60] = 255  # what is coloured


def in_grey(image):
    image[:] = (image @ [0.299, 0.587, 0.114]).round()[..., None]


@pytest.mark.parametrize(
    ("fault", "at_least"),
    [(without_tick_labels, 90), (without_axis_label, 90), (with_shorter_curves, 90), (in_grey, 95)],
)
def test_a_fault_is_caught_in_every_picture(stored, fault, at_least):
    found = []
    for image in stored:
        faulty = image.copy()
        fault(faulty)
        changes = np.maximum(image, faulty) - np.minimum(image, faulty)
        if changes.max() > VISIBLE:
            found.append(worst_tile(image, faulty))
    assert len(found) >= at_least, f"the fault applies to {len(found)} of {len(stored)} pictures"
    assert min(found) > 1.5 * BOUND


def drawn(base=0.5):
    """Draw a curve over a smooth heat map, which has more than 256 colours, as an output's data."""
    plotting.set_style()
    figure, ax = plt.subplots()
    ax.imshow(np.linspace(0, 1, 2000).reshape(20, 100), cmap="viridis", extent=(0, 30, 0, 1))
    ax.plot([base**t for t in range(30)], color="white")
    ax.set_aspect("auto")
    html = plotting.figure_html(figure, "A curve that fades over 30 steps.")
    plt.close(figure)
    return NotebookNode({"text/html": html})


def picture(data):
    (found,) = pictures([{"data": data}])
    return found


def test_a_last_digit_does_not_matter_and_another_curve_does():
    one = picture(drawn())
    assert difference(one, picture(drawn())) == 0
    assert difference(one, picture(drawn(0.5 + 1e-6))) < BOUND / 10
    assert difference(one, picture(drawn(0.52))) > BOUND


def test_a_pixel_to_the_side_does_not_matter_and_three_do():
    image = pixels(picture(drawn()))
    assert worst_tile(image, np.roll(image, (1, -1), (0, 1))) == 0
    assert worst_tile(image, np.roll(image, 3, axis=1)) > 2 * BOUND


def test_stored_pictures_are_small_and_equal_to_the_drawn_ones():
    data = drawn()
    fresh = picture(data)
    assert len(np.unique(pixels(fresh).reshape(-1, 3), axis=0)) > 256
    reduce_pictures(data)
    assert data["text/html"].startswith('<img alt="A curve')
    assert len(picture(data)) < len(fresh) / 2
    assert 0 < difference(fresh, picture(data)) < BOUND / 2
    bare = {"image/png": base64.b64encode(fresh).decode()}
    reduce_pictures(bare)
    assert picture(bare) == picture(data)


def test_a_transparent_picture_stays_as_it_is():
    file = io.BytesIO()
    Image.new("RGBA", (20, 20), (255, 0, 0, 100)).save(file, "PNG")
    data = {"image/png": base64.b64encode(file.getvalue()).decode()}
    reduce_pictures(data)
    assert picture(data) == file.getvalue()
