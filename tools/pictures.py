"""The pictures in a notebook's outputs: stored in 256 colours, compared tile by tile."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterable

import numpy as np
from nbformat import NotebookNode
from PIL import Image

PICTURE = re.compile(r"(?<=data:image/png;base64,)[A-Za-z0-9+/=]+")
TILE = 16  # pixels; about the height of a line of text
BOUND = 10.0
"""The largest difference of two pictures that count as equal, on a scale of 255. Measured on the
course's 104 pictures: storing them in 256 colours gives up to 2.7, and with `make test-cpus`, where
a trained curve moves by up to a pixel, 6.4. Of the faults that tests/test_pictures.py plants, the
mildest gives 18.9: the colours of a few letters turned grey."""


def pictures(outputs: Iterable[NotebookNode]) -> list[bytes]:
    """List the PNG files in the outputs of a cell, in order."""
    found = []
    for output in outputs:
        data = output.get("data", {})
        if "image/png" in data:
            found.append(data["image/png"])
        found += PICTURE.findall("".join(data.get("text/html", "")))
    return [base64.b64decode(text) for text in found]


def reduce_pictures(data: NotebookNode) -> None:
    """Store the pictures of one output's ``data`` in 256 colours, a third of the size."""
    if "image/png" in data:
        data["image/png"] = _reduced(data["image/png"])
    if "text/html" in data:
        data["text/html"] = PICTURE.sub(lambda found: _reduced(found[0]), data["text/html"])


def _reduced(picture: str) -> str:
    """Reduce a PNG file in base64, unless parts of it are transparent."""
    image = Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGBA")
    if image.getchannel("A").getextrema() != (255, 255):
        return picture
    # Every colour has a near one in the palette, and k-means moves the palette to large areas.
    image = image.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=1)
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode("ascii")


def difference(one: bytes, other: bytes) -> float:
    """Compare two PNG files; infinite if their sizes differ, see :func:`worst_tile`."""
    first, second = pixels(one), pixels(other)
    return worst_tile(first, second) if first.shape == second.shape else float("inf")


def pixels(picture: bytes) -> np.ndarray:
    """Decode a PNG file into an array (height, width, 3) of 0 to 255."""
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))


def worst_tile(first: np.ndarray, second: np.ndarray) -> float:
    """Compute the root mean square difference of each tile's pixels and take the largest.

    Over the whole picture, white paper would hide that a label or a curve is missing. A pixel does
    not differ if it is between the darkest and the lightest of the other picture's nine pixels
    around its place: a marker or a line may round to the next pixel.
    """
    return max(_worst_tile(first, second), _worst_tile(second, first))


def _worst_tile(image: np.ndarray, other: np.ndarray) -> float:
    height, width, channels = image.shape
    nearest = np.clip(image, _around(other, np.minimum), _around(other, np.maximum))
    gaps = image.astype(np.float32) - nearest
    gaps = np.pad(gaps, ((0, -height % TILE), (0, -width % TILE), (0, 0)))
    tiles = gaps.reshape(-1, TILE, gaps.shape[1] // TILE, TILE * channels)
    squares = np.einsum("ryct,ryct->rc", tiles, tiles)
    return float(np.sqrt(squares.max() / (TILE * TILE * channels)))


def _around(image: np.ndarray, choose: np.ufunc) -> np.ndarray:
    """Choose among each pixel and its eight neighbours, across the white margins at the ends."""
    for axis in (0, 1):
        image = choose(image, choose(np.roll(image, 1, axis), np.roll(image, -1, axis)))
    return image
