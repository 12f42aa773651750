"""Say in a sentence why a submission is wrong, where no named misconception reproduces it."""

from __future__ import annotations

import inspect
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from course_utils.judging.exercise import OWN_TIME, Case, Exercise
from course_utils.judging.observations import Pairs, observe
from course_utils.judging.outcomes import (
    Outcome,
    close,
    is_close,
    parse_output,
    run_cases,
    same_outcome,
)
from course_utils.judging.sandbox import Ended

EXPLAINING_TIME = 1.0  # seconds for trying an undiagnosed submission further
_VARIED_CASES = 2  # of the ordinary ones

_KINDS = {
    "b": "True or False",
    "i": "whole numbers",
    "u": "whole numbers",
    "f": "floating-point numbers",
    "c": "complex numbers",
    "O": "Python objects",
}
_ACCEPTED = {"i": "iuf", "u": "iuf", "f": "iuf", "c": "iufc"}


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
    """Yield what is wrong, the most telling first; of the cases, the ordinary ones come first."""
    first = next((trial for trial in trials if not is_right(exercise, trial)), trials[0])
    yield from _failures(exercise, [first])
    usable = [trial for trial in trials if trial.got.values is not None]
    cases = [trial.case for trial in usable]
    for place, output in enumerate(exercise.outputs):
        pairs = [trial.pairs[place] for trial in usable]
        if not all(is_close(*pair, exercise.rtol, exercise.atol) for pair in pairs):
            yield from _not_finite(exercise, output, [first.case], [first.pairs[place]])
            finite = [
                (*pair, case) for case, pair in zip(cases, pairs, strict=True) if is_finite(*pair)
            ]
            seen = observe(
                output,
                [(got, want) for got, want, _ in finite],
                [_named(exercise, case) for *_, case in finite],
                exercise.rtol,
                exercise.atol,
                complete=len(finite) == len(trials),
            )
            yield from [seen] if seen else []
            yield from _whole_numbers(output, pairs)
            yield from _not_finite(exercise, output, cases, pairs)
        for case, pair in zip(cases, pairs, strict=True):
            yield from _form(exercise, output, case, *pair)
    yield from _failures(exercise, trials)
    yield from _unused_argument(exercise, submission, trials)
    yield from _first_difference(exercise, trials)


def is_finite(got: np.ndarray, want: np.ndarray) -> bool:
    """Tell whether a result has no NaN and no infinity where none is wanted."""
    if got.shape != want.shape or got.dtype.kind not in "fc" or want.dtype.kind not in "biufc":
        return True
    return bool(np.all(np.isfinite(got) | ~np.isfinite(want)))


def _named(exercise: Exercise, case: Case) -> dict[str, Any]:
    """Return the arguments of a case by their names, if they are those of the learner's function."""
    names = list(inspect.signature(exercise.reference).parameters)
    return dict(zip(names, case.args, strict=True)) if len(names) == len(case.args) else {}


def _failures(exercise: Exercise, trials: Sequence[Trial]) -> Iterator[str]:
    for trial in trials:
        where = in_case(exercise, trial.case.label)
        who = "your answer" if exercise.value else "your function"
        if trial.got.problem:
            yield f"{where} {who} {trial.got.problem}"
        if trial.got.changed:
            names = list(_named(exercise, trial.case))
            name = f"its argument `{names[trial.got.changed[0]]}`" if names else "an argument"
            yield (
                f"{where} your function changed {name}, which belongs to the caller. Work on a copy."
            )


# The form of the result


def _kind_accepted(got: np.ndarray, want: np.ndarray) -> bool:
    """Tell whether values of this dtype may stand for those of the other, if they are equal.

    Whole numbers and floating-point numbers may stand for each other. True and False may not:
    as an index they mean something else.
    """
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


def _whole_numbers(output: str, pairs: Pairs) -> Iterator[str]:
    """Yield a sentence if fractions were wanted, and what is returned cannot hold any."""
    if any(want.dtype.kind == "f" and np.any(want % 1) for _, want in pairs) and all(
        got.dtype.kind in "iu" and got.shape == want.shape != () for got, want in pairs
    ):
        name, _ = parse_output(output)
        got, want = pairs[0]
        yield f"`{name}` holds {_kind(got)}, wanted {_kind(want)}."


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
    """Change one argument at a time, strongly, and see whether the result notices."""
    names = list(_named(exercise, trials[0].case))
    deadline = time.monotonic() + EXPLAINING_TIME
    unused = []
    for place, name in enumerate(names):
        seconds = deadline - time.monotonic()
        if seconds <= 0:
            return
        tried = [
            _notices(exercise, submission, number, trial, place, seconds)
            for number, trial in enumerate(trials[:_VARIED_CASES])
            if trial.got.values is not None
        ]
        if (
            tried
            and all(not notices for notices, _ in tried)
            and any(should for _, should in tried)
        ):
            unused.append(name)
    if len(unused) == len(names) > 1:
        yield "Your function gives the same result whatever numbers its arguments hold."
    elif unused:
        yield (
            f"The result of your function does not change when its argument `{unused[0]}` "
            "changes. It should."
        )


def _notices(
    exercise: Exercise, submission: Any, number: int, trial: Trial, place: int, seconds: float
) -> tuple[bool, bool]:
    """Tell whether a changed argument changes the result, and whether it should."""

    def cases() -> list[Case]:
        fresh = (exercise.cases()[number] for _ in others)
        return [
            replace(case, args=(*case.args[:place], other, *case.args[place + 1 :]))
            for case, other in zip(fresh, others, strict=True)
        ]

    others = _variations(trial.case.args[place])
    varied = replace(exercise, cases=cases)
    got, ended = run_cases(varied, submission, cases(), seconds)
    if ended is not Ended.FINISHED:
        return True, True  # nothing has been established
    want, _ = run_cases(varied, exercise.reference, cases(), OWN_TIME)

    def differ(before: Outcome, after: Sequence[Outcome]) -> bool:
        return not all(same_outcome(before, now, exercise.rtol, exercise.atol) for now in after)

    return differ(trial.got, got), differ(trial.want, [o for o in want if o.values is not None])


def _variations(value: Any) -> list[Any]:
    """Return values of the same kind and shape that have little in common with ``value``."""
    rng = np.random.default_rng(0)
    if isinstance(value, np.ndarray) and value.size:
        if value.dtype.kind == "f":
            drawn = (scale * rng.normal(size=value.shape) for scale in (1.0, 1.0, 3.0))
            return [array.astype(value.dtype) for array in drawn]
        if value.dtype.kind in "iu":
            low, high = value.min(), value.max()
            whole = [rng.integers(low, high + 1, value.shape) for _ in range(2)]
            whole += [np.full(value.shape, end) for end in (low, high)]
            return [array.astype(value.dtype) for array in whole]
        if value.dtype.kind == "b":
            return [~value, *(rng.random(value.shape) < share for share in (0.3, 0.7))]
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value + 2, 2 * value + 3, 5 * value + 7]
    if isinstance(value, float):
        return [0.3 * value, 1.5 * value, value + 1.0]
    return []


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
