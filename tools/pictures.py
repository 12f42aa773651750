"""Compare the pictures that notebooks store with those that they draw, pixel by pixel."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
from PIL import Image

PICTURE = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")
BOUND = 4.0
"""Root mean square of the pixels' difference, on a scale of 255. Two runs of one figure give 0. With
three curves of 30 points in a figure, one of them drawn from 0.55^t instead of 0.5^t gives 7.6."""


def pictures(outputs) -> list[bytes]:
    """Return the PNG files in the outputs of a cell, in order."""
    found = []
    for output in outputs:
        data = output.get("data", {})
        if "image/png" in data:
            found.append(data["image/png"])
        found += PICTURE.findall("".join(data.get("text/html", "")))
    return [base64.b64decode(text) for text in found]


def difference(one: bytes, other: bytes) -> float:
    """Return the root mean square difference of two PNG files' pixels, infinite if sizes differ."""
    first, second = (
        np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), dtype=float)
        for data in (one, other)
    )
    if first.shape != second.shape:
        return float("inf")
    return float(np.sqrt(((first - second) ** 2).mean()))
