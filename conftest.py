"""What every test process needs, and the comparison of stored pictures that nbval leaves out."""

from __future__ import annotations

import base64
import functools
import io
import os
import re
import tempfile

import numpy as np
from nbval.plugin import IPyNbCell
from PIL import Image

# Learners' progress stays out of the tests, and the tests out of it. Kernels inherit both.
_home = tempfile.TemporaryDirectory(prefix="unrolled-tests-")
os.environ["UNROLLED_HOME"] = _home.name
os.environ["UNROLLED_PROGRESS_BAR"] = "0"

PICTURE = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")
BOUND = 4.0
"""Root mean square of the pixels' difference, on a scale of 255. Two runs of one figure give 0. With
three curves of 30 points in a figure, one of them drawn from 0.55^t instead of 0.5^t gives 7.6."""


def pytest_itemcollected(item) -> None:
    """Let each notebook cell compare its pictures after nbval has compared its texts."""
    if isinstance(item, IPyNbCell):
        item.compare_outputs = functools.partial(_compare_outputs, item, item.compare_outputs)


def _compare_outputs(item, compare_texts, test, ref, skip_compare=None) -> bool:
    if not compare_texts(test, ref, skip_compare):
        return False
    fresh, stored = _pictures(test), _pictures(ref)
    if len(fresh) != len(stored):
        item.comparison_traceback.append(f"{len(stored)} pictures stored, {len(fresh)} drawn")
        return False
    for number, (new, old) in enumerate(zip(fresh, stored, strict=True), start=1):
        difference = picture_difference(old, new)
        if difference > BOUND:
            item.comparison_traceback.append(
                f"picture {number} of the cell differs from the stored one: root mean square "
                f"{difference:.1f} of 255, allowed {BOUND}"
            )
            return False
    return True


def _pictures(outputs) -> list[bytes]:
    """Return the PNG files in the outputs of a cell, in order."""
    found = []
    for output in outputs:
        data = output.get("data", {})
        if "image/png" in data:
            found.append(data["image/png"])
        found += PICTURE.findall("".join(data.get("text/html", "")))
    return [base64.b64decode(text) for text in found]


def picture_difference(one: bytes, other: bytes) -> float:
    """Return the root mean square difference of two PNG files' pixels, infinite if sizes differ."""
    first, second = (
        np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), dtype=float)
        for data in (one, other)
    )
    if first.shape != second.shape:
        return float("inf")
    return float(np.sqrt(((first - second) ** 2).mean()))
