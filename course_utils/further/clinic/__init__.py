"""The clinic of lesson 18: ten broken programs, tests that judge any mend, and the capstone's rubric."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from course_utils.further.clinic.capstone import Report, rubric
from course_utils.further.clinic.patients import NAMES, Patient, patient

__all__ = ["NAMES", "Patient", "Report", "diagnosis", "patient", "rubric"]


def diagnosis(name: Any) -> Callable[[Any], Any]:
    """Write the name of the fault on the mended function, for the check to read.

    Parameters
    ----------
    name : str
        One of :data:`NAMES`; what it is, the check looks at.

    Examples
    --------
    >>> @diagnosis("target leak")
    ... def make_pairs(ids):
    ...     return ids[:, :-1], ids[:, 1:]
    >>> make_pairs.diagnosis
    'target leak'
    """

    def write(program: Any) -> Any:
        program.diagnosis = name
        return program

    return write
