"""What the checks say, read from ``hints/``: of mistakes, and of the errors of libraries."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

HINTS = files("course_utils").joinpath("hints")


def hints(exercise: str) -> dict[str, Any]:
    """Read the hints of an exercise, by the names of its mistakes, from ``hints/lesson_NN.toml``.

    Where a mistake is made in several ways, its hint is one text for all, or a list of one each.
    """
    lesson = int(exercise.partition(".")[0])
    return _read(f"lesson_{lesson:02d}.toml").get(exercise, {})


def in_plain_words(error: str, line: str) -> str:
    """Say what an error of a library means, and its mend.

    Parameters
    ----------
    error : str
        The exception's type and text.
    line : str
        The learner's line that it came from.

    Returns
    -------
    str
        What ``hints/errors.toml`` says of the first pattern that fits, or ``""``.
    """
    for known in _read("errors.toml")["errors"]:
        found = re.search(known["text"], error)
        if found and re.search(known.get("line", ""), line):
            return found.expand(known["says"])
    return ""


@cache
def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(HINTS.joinpath(name).read_text("utf-8"))
