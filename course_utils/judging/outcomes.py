"""Apply a submission to the cases of an exercise and keep what came out, in a safe form.

Whatever a learner's function returns is turned into plain NumPy arrays *inside* the sandbox,
because an object may misbehave when it is only looked at. Nothing later touches it again.
"""

from __future__ import annotations

import inspect
import linecache
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from course_utils.judging.exercise import USUAL_RTOL, Case, Exercise
from course_utils.judging.hints import in_plain_words
from course_utils.judging.sandbox import Ended, Running, Stop, is_installed, run_limited

_HELD = {"float32": 1e-3, "float16": 1e-2}  # relative precision
MAX_TEXT = 160  # characters of an error's own text, or of a line of code, in a message


@dataclass(frozen=True)
class Outcome:
    """What a submission did with one case: its values, or the problem that prevented them."""

    values: tuple[np.ndarray, ...] | None = None
    problem: str = ""
    """A sentence without its subject, such as ``"returned None."``."""
    error: str = ""
    """Name of the exception's type, to compare with that of a misconception."""
    changed: tuple[int, ...] = ()
    """Which arguments the submission wrote into."""
    attempted: bool = True
    printed: str = ""


class Unusable(Exception):
    """The returned object is not what the exercise wants; the text says what it is."""


def run_cases(
    exercise: Exercise, submission: Any, cases: Sequence[Case], seconds: float
) -> tuple[list[Outcome], Ended]:
    """Apply ``submission`` to every case within ``seconds`` for all together.

    Returns
    -------
    outcomes : list of Outcome
        Of the cases that were finished in time.
    ended : Ended
    """
    originals = exercise.cases()
    outcomes: list[Outcome] = []

    def work(running: Running) -> None:
        for case, original in zip(cases, originals, strict=True):
            if running.stopped.is_set():
                return
            outcome = _run_case(exercise, submission, case.args, original.args)
            outcomes.append(replace(outcome, printed=running.take_printed()))

    ended = run_limited(work, seconds)
    return list(outcomes), ended


def run_once(exercise: Exercise, submission: Any, args: tuple) -> tuple[np.ndarray, ...]:
    """Return what ``submission`` gives for ``args``, as arrays.

    Raises
    ------
    Unusable
        With a sentence that lacks its subject, whatever went wrong.
    """
    outcome = _run_case(exercise, submission, args, args)
    if outcome.values is None:
        raise Unusable(outcome.problem or "is not written yet.")
    return outcome.values


def _run_case(exercise: Exercise, submission: Any, args: tuple, original: tuple) -> Outcome:
    try:
        returned = apply(exercise, submission, args)
        values = as_arrays(returned, exercise.outputs)
    except Stop:
        raise
    except Unusable as problem:
        return Outcome(problem=str(problem), error="Unusable")
    except BaseException as error:
        if _is_stub(error):
            return Outcome(attempted=False)
        return Outcome(problem=_describe(error), error=type(error).__name__)
    changed = (i for i, pair in enumerate(zip(args, original, strict=True)) if _differ(*pair))
    return Outcome(values, changed=tuple(changed))


def apply(exercise: Exercise, submission: Any, args: tuple) -> Any:
    """Return what ``submission`` gives for ``args``, the way the exercise uses it."""
    if exercise.value:
        return submission() if callable(submission) else submission
    if exercise.call is not None:
        return exercise.call(submission, args)
    return submission(*args)


# What was returned


def as_arrays(returned: Any, outputs: Sequence[str]) -> tuple[np.ndarray, ...]:
    """Turn a returned object into one array for each of ``outputs``.

    Harmless differences are accepted: a list of numbers for an array, a Python number for a
    0-d array, any object that NumPy can convert.

    Raises
    ------
    Unusable
        With a sentence that lacks its subject.
    """
    _refuse_unfinished(returned, outputs[0])
    if len(outputs) == 1:
        return (_as_array(returned, outputs[0]),)
    names = " and ".join(f"`{name}`" for name in outputs)
    wanted = f"wanted {len(outputs)} values: {names}"
    if returned is None:
        raise Unusable(f"returned None, {wanted}. Did you forget `return`?")
    if isinstance(returned, np.ndarray) and _unpacks(returned, outputs):
        returned = list(returned)
    if not isinstance(returned, tuple | list):
        raise Unusable(f"returned one `{type_name(returned)}`, {wanted}.")
    if len(returned) != len(outputs):
        raise Unusable(f"returned {len(returned)} values, {wanted}.")
    return tuple(_as_array(part, name) for part, name in zip(returned, outputs, strict=True))


def _unpacks(array: np.ndarray, outputs: Sequence[str]) -> bool:
    """Tell whether an array along its first axis may stand for several of these axes."""
    n_axes = {len(parse_output(output)[1]) for output in outputs}
    return array.shape[:1] == (len(outputs),) and n_axes == {array.ndim - 1}


def parse_output(output: str) -> tuple[str, tuple[str, ...]]:
    """Split ``"h (N, T, U)"`` into ``"h"`` and ``("N", "T", "U")``."""
    match = re.fullmatch(r"(.+?)\s*\((.*)\)", output)
    if match is None:
        return output, ()
    return match[1], tuple(axis.strip() for axis in match[2].split(",") if axis.strip())


def _refuse_unfinished(value: Any, output: str) -> None:
    if inspect.isgenerator(value) or inspect.iscoroutine(value):
        value.close()
        raise Unusable(
            f"returned a {type_name(value)}, wanted `{output}`. Use `return`, no `yield` or `async`."
        )


def _as_array(value: Any, output: str) -> np.ndarray:
    if value is None:
        raise Unusable(f"returned None for `{output}`. Did you forget `return`?")
    if callable(value):
        raise Unusable(
            f"returned a function or class, wanted `{output}`. Did you forget to call it?"
        )
    if not _array_like(value):
        raise Unusable(f"returned a `{type_name(value)}`, wanted `{output}`.")
    if isinstance(value, np.ndarray):
        # A broadcast view may be far larger than memory; comparing looks at its shape first.
        return value if _is_view_of_little(value) else np.array(value, subok=False)
    try:
        return np.array(value)
    except ValueError as error:
        if not isinstance(value, list | tuple):
            raise
        raise Unusable(
            f"returned a {type_name(value)} whose parts differ in shape, wanted `{output}`."
        ) from error


def _array_like(value: Any) -> bool:
    plain = np.ndarray | np.generic | bool | int | float | complex | str | list | tuple
    return isinstance(value, plain) or hasattr(type(value), "__array__")


def _is_view_of_little(array: np.ndarray) -> bool:
    return 0 in array.strides and array.size > 1_000_000


def type_name(value: Any) -> str:
    """Name of ``value``'s type, without trusting the type."""
    try:
        return str(type.__dict__["__name__"].__get__(type(value)))
    except Exception:
        return "object"


# What was raised


def _is_stub(error: BaseException) -> bool:
    """Tell whether the learner's cell is as the builder, or nbgrader, wrote it."""
    if type(error) is not NotImplementedError:
        return False
    text = _text(error)
    return text.startswith("Exercise") or (not text and "raise" in _learners_line(error)[1])


def _describe(error: BaseException) -> str:
    """Return what was raised and where in the learner's own code, as a sentence's rest."""
    name = type_name(error)
    number, code = _learners_line(error)
    place = f" in line {number}" * bool(number) + f", `{_shortened(code)}`" * bool(code)
    if isinstance(error, RecursionError):
        return f"called itself without end (RecursionError){place}."
    if isinstance(error, MemoryError):
        return f"asked for more memory than there is (MemoryError){place}."
    if isinstance(error, SystemExit):
        return f"called `exit()`{place}. A function ends with `return`."
    text = in_plain_words(_full_text(error), code) or _text(error)
    return (
        f"raised {name}{place}"
        + (f": {text.rstrip('.!')}" if text else "")
        + "." * (not text.endswith("?"))
    )


def _full_text(error: BaseException) -> str:
    try:
        return f"{type_name(error)}: {error}"
    except Exception:
        return ""


def _text(error: BaseException) -> str:
    """First line of the error's text, without memory addresses, which move from run to run."""
    try:
        lines = str(error).strip().splitlines()
    except Exception:
        return ""
    return _shortened(re.sub(r" at 0x[0-9a-fA-F]+", "", lines[0])) if lines else ""


def _learners_line(error: BaseException) -> tuple[int, str]:
    """Return number and code of the learner's line that the error came from; 0 without one."""
    number, code = 0, ""
    step = error.__traceback__
    while step is not None:
        filename = step.tb_frame.f_code.co_filename
        if not is_installed(filename):
            number, code = step.tb_lineno, linecache.getline(filename, step.tb_lineno).strip()
        step = step.tb_next
    return number, code


def _shortened(text: str) -> str:
    """Cut a text that is not ours, and keep its backticks from being taken for markup."""
    text = text.replace("`", "'")
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


# What was changed


def _differ(value: Any, original: Any) -> bool:
    """Tell whether an argument is no longer what it was; looks into lists, tuples and dicts."""
    if isinstance(original, np.ndarray):
        same = value.shape == original.shape and value.dtype == original.dtype
        return not (same and value.tobytes() == original.tobytes())
    if isinstance(original, list | tuple):
        return len(value) != len(original) or any(map(_differ, value, original))
    if isinstance(original, dict):
        return value.keys() != original.keys() or any(
            _differ(value[key], original[key]) for key in original
        )
    return False


# Comparing


def is_close(got: np.ndarray, want: np.ndarray, rtol: float, atol: float) -> bool:
    """Tell whether two arrays have one shape and, within the tolerance, the same values."""
    return got.shape == want.shape and bool(np.all(close(got, want, rtol, atol)))


def close(got: np.ndarray, want: np.ndarray, rtol: float, atol: float) -> np.ndarray:
    """Compare two arrays of one shape element by element; NaN equals NaN, text equals text.

    Numbers in float32 or float16 need be right only to what that type holds after a few steps,
    unless the tolerance is tighter than usual.
    """
    if got.dtype.kind in "biufc" and want.dtype.kind in "biufc":
        held = (
            _HELD.get(got.dtype.name, 0.0)
            if want.dtype == np.float64 and rtol >= USUAL_RTOL
            else 0.0
        )
        if held and want.size:
            largest = np.max(np.abs(want), where=np.isfinite(want), initial=0.0)
            rtol, atol = max(rtol, held), max(atol, 0.01 * held * largest)
        return np.isclose(got, want, rtol=rtol, atol=atol, equal_nan=True)
    if got.dtype.kind == want.dtype.kind == "U":
        return got == want
    return np.zeros(want.shape, dtype=bool)


def same_outcome(a: Outcome, b: Outcome, rtol: float, atol: float) -> bool:
    """Tell whether two submissions did the same with one case."""
    if a.values is None or b.values is None:
        return a.values is b.values and a.error == b.error
    if a.changed != b.changed or len(a.values) != len(b.values):
        return False
    return all(
        is_close(one, other, rtol, atol) for one, other in zip(a.values, b.values, strict=True)
    )
