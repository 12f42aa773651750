"""Check cells: ``check("2.1", rnn_step)`` tells whether an answer is right, and if not, why.

One module for each lesson, ``lesson_NN.py``, declares its exercises. It is imported when it is
first asked for. What is said of a mistake is in ``hints/lesson_NN.toml``.
"""

from __future__ import annotations

import os
import pkgutil
import re
from functools import cache
from importlib import import_module
from typing import Any

from course_utils.judging import notebook
from course_utils.judging.exercise import Case, Exercise, Misconception, Result, value_exercise
from course_utils.judging.judge import judge

__all__ = ["Case", "Exercise", "Misconception", "Result", "check", "exercises", "value_exercise"]

GRADING = ("NBGRADER_EXECUTION", "UNROLLED_GRADING")  # the first is nbgrader's own

notebook.watch()


def check(exercise: str, submission: Any) -> Result:
    """Say whether ``submission`` solves ``exercise``, and if not, why not.

    Parameters
    ----------
    exercise : str
        Number of the exercise, such as ``"2.1"``.
    submission : object
        What the exercise asks for: the function itself, or a value.

    Returns
    -------
    Result
        Its ``status`` is ``"not attempted"``, ``"correct"`` or ``"wrong"``. Whatever the
        submission does, the answer is a sentence, never an exception.

    Raises
    ------
    NotCorrect
        In grading only, where nbgrader executes the notebook or ``UNROLLED_GRADING`` is set, if
        the answer is not correct.
    """
    result = _result(exercise, submission)
    if result.status != "correct" and any(name in os.environ for name in GRADING):
        raise NotCorrect(repr(result))
    return result


class NotCorrect(AssertionError):
    """An answer that gets no points; the text is what the learner was told."""


def _result(exercise: str, submission: Any) -> Result:
    wanted = str(exercise) if isinstance(exercise, str | float) else ""
    lesson = re.match(r"\d+(?=\.\d+$)", wanted)
    if lesson is None:
        message = 'Name the exercise first, then your function: `check("2.1", rnn_step)`.'
        return Result("not attempted", wanted or "?", None, message)
    known = _of_lesson(int(lesson[0]))
    if wanted not in known:
        message = f"Lesson {int(lesson[0]):02d} has no exercise {wanted}. "
        message += f"It has {', '.join(known)}." if known else "It has no checked exercises."
        return Result("not attempted", wanted, None, message)
    older = notebook.outdated(wanted)
    if older:
        return Result("not attempted", wanted, None, older, known[wanted].title)
    return judge(known[wanted], submission)


def exercises() -> tuple[Exercise, ...]:
    """Every exercise of every lesson, in order."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    numbers = [int(name.removeprefix("lesson_")) for name in names if name.startswith("lesson_")]
    return tuple(exercise for number in numbers for exercise in _of_lesson(number).values())


@cache
def _of_lesson(number: int) -> dict[str, Exercise]:
    name = f"{__name__}.lesson_{number:02d}"
    try:
        module = import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return {}
    return {exercise.id: exercise for exercise in module.EXERCISES}
