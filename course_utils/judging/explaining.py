"""Say in a sentence why a submission is wrong, where no named misconception reproduces it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from course_utils.judging.exercise import OWN_TIME, Case, Exercise
from course_utils.judging.observations import Pairs, observe, parse_output
from course_utils.judging.outcomes import Outcome, close, is_close, run_cases, same_outcome
from course_utils.judging.sandbox import Ended

_GENTLE_RTOL = {"f2": 1e-2, "f4": 1e-3}  # what float16 and float32 keep after a few steps

_KINDS = {
    "b": "True or False",
    "i": "whole numbers",
    "u": "whole numbers",
    "f": "floating-point numbers",
    "c": "complex numbers",
    "O": "Python objects",
}
_ACCEPTED = {"i": "iu", "u": "iu", "c": "cf"}


@dataclass(frozen=True)
class Trial:
    """One case with what the submission and the reference made of it."""

    case: Case
    got: Outcome
    want: Outcome

    @property
    def pairs(self) -> Pairs:
        """(got, wanted) of each output, where the submission returned something usable."""
        return list(zip(self.got.values or (), self.want.values or (), strict=True))


def explain(exercise: Exercise, submission: Any, trials: Sequence[Trial]) -> str:
    """Return the most helpful true sentence on why the submission is wrong."""
    return next(_problems(exercise, submission, trials), "The result differs from the wanted one.")


def malformed(exercise: Exercise, trials: Sequence[Trial]) -> str | None:
    """Return what is wrong before values are compared: failure, shape, dtype, not finite."""
    return next(_malformations(exercise, trials), None)


def _malformations(exercise: Exercise, trials: Sequence[Trial]) -> Iterator[str]:
    yield from _failures(exercise, trials)
    cases = [trial.case for trial in trials]
    for place, output in enumerate(exercise.outputs):
        pairs = [trial.pairs[place] for trial in trials]
        for case, pair in zip(cases, pairs, strict=True):
            yield from _form(exercise, output, case, *pair)
        yield from _not_finite(exercise, output, cases, pairs)


def is_right(exercise: Exercise, trial: Trial) -> bool:
    """Tell whether values, dtypes and untouched arguments are as wanted."""
    return (
        trial.got.values is not None
        and same_outcome(trial.got, trial.want, exercise.rtol, exercise.atol)
        and all(_kind_accepted(*pair) for pair in trial.pairs)
    )


def in_case(exercise: Exercise, label: str) -> str:
    """Return how a sentence on one case begins."""
    return "As it stands," if exercise.value else f"In the case “{label}”,"


def _problems(exercise: Exercise, submission: Any, trials: Sequence[Trial]) -> Iterator[str]:
    """Yield what is wrong, the most telling first."""
    yield from _failures(exercise, trials)
    for place, output in enumerate(exercise.outputs):
        pairs = [trial.pairs[place] for trial in trials]
        cases = [trial.case for trial in trials]
        if not all(is_close(*pair, exercise.rtol, exercise.atol) for pair in pairs):
            yield from _not_finite(exercise, output, cases, pairs)
            yield from _few_digits(exercise, output, pairs)
            yield from filter(None, [observe(output, pairs, exercise.rtol, exercise.atol)])
        for case, pair in zip(cases, pairs, strict=True):
            yield from _form(exercise, output, case, *pair)
    yield from _unused_argument(exercise, submission, trials)
    yield from _first_difference(exercise, trials)


def _failures(exercise: Exercise, trials: Sequence[Trial]) -> Iterator[str]:
    for trial in trials:
        where = in_case(exercise, trial.case.label)
        who = "your answer" if exercise.value else "your function"
        if trial.got.problem:
            yield f"{where} {who} {trial.got.problem}"
        if trial.got.changed:
            name = _argument_name(exercise, trial.got.changed[0])
            yield f"{where} your function changed its argument {name}, which belongs to the caller. Work on a copy."


def _argument_name(exercise: Exercise, place: int) -> str:
    names = list(inspect.signature(exercise.reference).parameters)
    if exercise.call is None and place < len(names):
        return f"`{names[place]}`"
    return f"number {place + 1}"


# The form of the result


def _kind_accepted(got: np.ndarray, want: np.ndarray) -> bool:
    # A single Python number may be an int where a float is wanted, or the other way round:
    # harmless, and its value is compared anyway. In an array the dtype decides what follows.
    if got.ndim == 0 and want.dtype.kind in "iuf":
        return got.dtype.kind in "iuf"
    return got.dtype.kind in _ACCEPTED.get(want.dtype.kind, want.dtype.kind)


def _not_finite(
    exercise: Exercise,
    output: str,
    cases: Sequence[Case],
    pairs: Pairs,
) -> Iterator[str]:
    for case, (got, want) in zip(cases, pairs, strict=True):
        if got.shape != want.shape or got.dtype.kind not in "fc" or want.dtype.kind not in "biufc":
            continue
        strange = ~np.isfinite(got) & np.isfinite(want)
        if np.any(strange):
            index = tuple(np.argwhere(strange)[0])
            yield (
                f"{in_case(exercise, case.label)} {_element(output, index)} is "
                f"{_number(got[index])}, wanted {_number(want[index])}. Look for a division by "
                "zero, a logarithm of zero or an overflow."
            )


def _few_digits(exercise: Exercise, output: str, pairs: Pairs) -> Iterator[str]:
    """Yield a sentence if a short floating-point type is all that is wrong."""
    gentle = max(_GENTLE_RTOL.get(got.dtype.str[1:], 0) for got, _ in pairs)
    if gentle and all(
        want.dtype == np.float64 and is_close(got, want, gentle, gentle) for got, want in pairs
    ):
        name, _ = parse_output(output)
        yield (
            f"`{name}` is right to a few digits only, because its dtype is {pairs[0][0].dtype}. "
            "Compute in float64, NumPy's own choice."
        )


def _form(
    exercise: Exercise, output: str, case: Case, got: np.ndarray, want: np.ndarray
) -> Iterator[str]:
    """Yield what is wrong with shape and dtype."""
    where = in_case(exercise, case.label)
    name, axes = parse_output(output)
    if not _kind_accepted(got, want):
        yield (f"{where} `{name}` holds {_kind(got)}, wanted {_kind(want)}.")
    if got.shape != want.shape:
        meaning = f", that is ({', '.join(axes)})" if len(axes) == want.ndim > 0 else ""
        yield f"{where} `{name}` has shape {_shape(got)}, wanted {_shape(want)}{meaning}."


def _shape(array: np.ndarray) -> str:
    return f"{array.shape}" if array.ndim else "() (a single value)"


def _kind(array: np.ndarray) -> str:
    if array.dtype.kind == "U":
        return "text"
    return f"{_KINDS.get(array.dtype.kind, 'other values')} (dtype {array.dtype})"


# An argument that is not used


def _unused_argument(exercise: Exercise, submission: Any, trials: Sequence[Trial]) -> Iterator[str]:
    """Change one argument at a time and see whether the result notices."""
    places = range(len(trials[0].case.args))
    unused = [place for place in places if _is_unused(exercise, submission, trials, place)]
    if len(unused) == len(places) > 1:
        yield "Your function gives the same result whatever its arguments are."
    elif unused:
        yield (
            f"The result of your function does not change when its argument "
            f"{_argument_name(exercise, unused[0])} changes. It should."
        )


def _is_unused(exercise: Exercise, submission: Any, trials: Sequence[Trial], place: int) -> bool:
    varied = replace(exercise, cases=lambda: _vary(exercise.cases(), place))
    got, ended = run_cases(varied, submission, varied.cases(), exercise.time_limit)
    want, _ = run_cases(varied, exercise.reference, varied.cases(), OWN_TIME)
    if ended is not Ended.FINISHED:
        return False
    matters = False
    for trial, now, should in zip(trials, got, want, strict=True):
        if now.values is None or should.values is None:
            continue
        if not same_outcome(trial.got, now, exercise.rtol, exercise.atol):
            return False
        matters |= not same_outcome(trial.want, should, exercise.rtol, exercise.atol)
    return matters


def _vary(cases: Sequence[Case], place: int) -> list[Case]:
    """Return the cases with other numbers in one argument: reordered, stretched or increased."""
    varied = []
    for case in cases:
        value = case.args[place]
        if isinstance(value, np.ndarray) and value.dtype.kind in "iuf":
            value = np.roll(value, 1) * (1.5 if value.dtype.kind == "f" else 1)
        elif isinstance(value, float):
            value *= 1.5
        elif type(value) is int:
            value += 1
        args = (*case.args[:place], value, *case.args[place + 1 :])
        varied.append(replace(case, args=args))
    return varied


# The first place that differs


def _first_difference(exercise: Exercise, trials: Sequence[Trial]) -> Iterator[str]:
    right = sum(is_right(exercise, trial) for trial in trials)
    tally = f" {right} of {len(trials)} cases are right." if len(trials) > 1 else ""
    for trial in trials:
        for output, (got, want) in zip(exercise.outputs, trial.pairs, strict=True):
            wrong = np.argwhere(~close(got, want, exercise.rtol, exercise.atol))
            if len(wrong):
                index = tuple(wrong[0])
                seen, meant = _two_numbers(got[index], want[index])
                where = in_case(exercise, trial.case.label)
                yield f"{where} {_element(output, index)} is {seen}, wanted {meant}.{tally}"


def _element(output: str, index: tuple[int, ...]) -> str:
    name, _ = parse_output(output)
    return f"`{name}[{', '.join(map(str, index))}]`" if index else f"`{name}`"


def _two_numbers(one: Any, other: Any) -> tuple[str, str]:
    """Write two different numbers with as many digits as it takes to tell them apart."""
    for digits in (4, 7, 10, 17):
        texts = _number(one, digits), _number(other, digits)
        if texts[0] != texts[1]:
            break
    return texts


def _number(value: Any, digits: int = 4) -> str:
    if isinstance(value, np.floating | float):
        text = f"{float(value):.{digits}g}"
        return {"nan": "NaN"}.get(text, text)
    if isinstance(value, np.complexfloating | complex):
        return f"{complex(value):.{digits}g}"
    return f"“{value}”" if isinstance(value, str) else str(value)
