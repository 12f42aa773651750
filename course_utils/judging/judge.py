"""Judge a submission: not attempted, correct, or wrong and why."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from functools import cache
from itertools import compress
from typing import Any, cast

import numpy as np

from course_utils import progress
from course_utils.judging.exercise import OWN_TIME, Case, Exercise, Misconception, Result
from course_utils.judging.explaining import (
    Trial,
    explain,
    in_case,
    is_finite,
    is_right,
    malformed,
)
from course_utils.judging.outcomes import (
    Outcome,
    Unusable,
    apply,
    run_cases,
    run_once,
    same_outcome,
    type_name,
)
from course_utils.judging.sandbox import PATIENCE, Ended, Running, run_limited


def judge(exercise: Exercise, submission: Any) -> Result:
    """Try ``submission`` on every case of ``exercise``; record it if it is correct.

    Never raises, whatever the submission does, except for ``KeyboardInterrupt``.
    """
    printed: list[str] = []
    try:
        with np.errstate(all="ignore"):  # infinities may be compared
            status, message, diagnosis = _judge(exercise, submission, printed)
    except Exception as error:
        status, diagnosis = "wrong", None
        message = (
            f"The check could not examine this submission, a `{type_name(submission)}` "
            f"({type_name(error)}). Please report it together with your code."
        )
    changed = _changed_functions() if status == "wrong" else []
    if changed:
        status, diagnosis, message = (
            "not attempted",
            None,
            (
                f"`{changed[0]}` is not the library's own function any more: something in this "
                "notebook has assigned to it, and the check computes with it, too. Remove that line, "
                "restart the kernel (menu Kernel, Restart Kernel) and run your cells again."
            ),
        )
    return Result(status, exercise.id, diagnosis, message, exercise.title, "".join(printed))


def _functions() -> dict[str, Any]:
    return {
        f"{shown}.{name}": value
        for shown, module in (("np", np), ("np.linalg", np.linalg), ("math", math))
        for name, value in vars(module).items()
        if callable(value) and not isinstance(value, type)
    }


_OWN_FUNCTIONS = _functions()


def _changed_functions() -> list[str]:
    """Names of the functions of NumPy that are no longer those that were imported."""
    now = _functions()
    return [name for name, own in _OWN_FUNCTIONS.items() if now.get(name) is not own]


def _judge(exercise: Exercise, submission: Any, printed: list[str]) -> tuple[str, str, str | None]:
    """Return status, message and diagnosis; add what the submission printed."""
    refused = _refuse_value(submission) if exercise.value else _refuse(exercise, submission)
    if refused is not None:
        return *refused, None
    cases = exercise.cases()
    outcomes, ended = run_cases(exercise, submission, cases, exercise.time_limit)
    if not all(outcome.attempted for outcome in outcomes):
        again = "Write your code in the cell above, run that cell, then run this one again."
        return "not attempted", again, None
    printed += [outcome.printed for outcome in outcomes[:1]]
    if ended is not Ended.FINISHED:
        unfinished = cases[min(len(outcomes), len(cases) - 1)]
        return "wrong", _out_of_time(exercise, unfinished, ended), None
    trials = list(map(Trial, cases, outcomes, _own_outcomes(exercise, exercise.reference)))
    failed = [trial for trial in trials if not is_right(exercise, trial)]
    if exercise.examine is None:
        printed[:] = [trial.got.printed for trial in (failed or trials)[:1]]
    if exercise.examine is not None:
        return _judge_by_properties(exercise, exercise.examine, submission, trials)
    if not failed:
        broken = _broken_rule(exercise, submission)
        return ("wrong", *broken) if broken else ("correct", _congratulate(exercise, trials), None)
    known = _recognise(exercise, trials)
    if known is not None:
        return "wrong", known.hint, known.name
    return "wrong", explain(exercise, submission, trials), None


def _judge_by_properties(
    exercise: Exercise, examine: Callable, submission: Any, trials: Sequence[Trial]
) -> tuple[str, str, str | None]:
    problem = malformed(exercise, trials)
    broken = ("", problem) if problem else _broken_property(exercise, examine, submission)
    if broken is None:
        rule = _broken_rule(exercise, submission)
        return ("wrong", *rule) if rule else ("correct", _congratulate(exercise, trials), None)
    name, sentence = broken
    known = _recognise(exercise, trials)
    if known is not None:
        return "wrong", f"{sentence} {known.hint}", known.name
    if name:
        return "wrong", f"{sentence} In a right program it is not so.", f"broken: {name}"
    return "wrong", sentence, None


# Before anything runs


def _refuse_value(submission: Any) -> tuple[str, str] | None:
    if submission is None or submission is Ellipsis:
        again = "Replace the `...` by your answer, run that cell, then run this one again."
        return "not attempted", again
    if callable(submission):
        return "wrong", "This exercise asks for a value, and you passed a function or class."
    return None


def _refuse(exercise: Exercise, submission: Any) -> tuple[str, str] | None:
    name = exercise.reference.__name__
    if issubclass(type(submission), type):  # isinstance would ask the submission itself
        return "wrong", f"You passed a class. This exercise asks for a function, `{name}`."
    if not callable(submission):
        return "wrong", (
            f"You passed a `{type_name(submission)}`, not a function. Pass the function itself, "
            f'without quotes, parentheses or arguments: `check("{exercise.id}", {name})`.'
        )
    parameters = inspect.signature(exercise.reference).parameters.values()
    wanted = [item.name for item in parameters if item.default is item.empty]
    n_wanted = len(exercise.cases()[0].args) if exercise.call is None else len(wanted)
    try:
        inspect.signature(submission).bind(*[None] * n_wanted)
    except TypeError:
        count = "1 argument" if n_wanted == 1 else f"{n_wanted} arguments"
        return "wrong", (
            f"Your function cannot be called with {count}. "
            f"Its first line should be `def {name}({', '.join(wanted)}):`."
        )
    except Exception:
        return None  # no signature to look at, as with some NumPy functions: the cases will tell
    return None


# Running


def _out_of_time(exercise: Exercise, case: Case, ended: Ended) -> str:
    where = in_case(exercise, case.label)
    if ended is Ended.PREPARING:
        return (
            f"{where} a library that your function uses was still imported or compiling after "
            f"{PATIENCE * exercise.time_limit:g} seconds. Use it once in a cell of its own, outside "
            "your function, then run this cell again."
        )
    message = (
        f"{where} your function was still running after {exercise.time_limit:g} seconds. "
        "Look for a loop that never ends."
    )
    if ended is Ended.STUCK:
        message += " It could not be stopped: restart the kernel (menu Kernel, Restart Kernel)."
    return message


@cache
def _own_outcomes(exercise: Exercise, function: Any) -> list[Outcome]:
    """Return what a function of the course does; kept, since compiling a graph takes its time."""
    outcomes, ended = run_cases(exercise, function, exercise.cases(), OWN_TIME)
    if ended is not Ended.FINISHED:
        raise TimeoutError(f"a function of exercise {exercise.id} took more than {OWN_TIME:g} s")
    return outcomes


def _broken_rule(exercise: Exercise, submission: Any) -> tuple[str, str] | None:
    """Return message and diagnosis of the first rule that the submission breaks."""
    found: list[tuple[str, str]] = []

    def look(running: Running) -> None:
        for rule in exercise.rules:
            broken = rule(submission, lambda args: apply(exercise, submission, args))
            if broken is not None:
                name, hint = broken
                found.append((hint, name))

    run_limited(look, exercise.time_limit)
    return found[0] if found else None


def _broken_property(
    exercise: Exercise, examine: Callable, submission: Any
) -> tuple[str, str] | None:
    """Return name and sentence of the first property that the submission breaks."""
    found: list[tuple[str, str] | None] = []

    def look(running: Running) -> None:
        try:
            found.append(examine(lambda *args: run_once(exercise, submission, args)))
        except Unusable as problem:
            found.append(("it runs", f"On other arguments your function {problem}"))
        except Exception:  # of looking at a result whose shape does not fit
            found.append(("shape", "On other arguments the results do not have the right shape."))

    if run_limited(look, exercise.time_limit) is not Ended.FINISHED or not found:
        return "it ends", f"Your function was still running after {exercise.time_limit:g} seconds."
    return found[0]


def _congratulate(exercise: Exercise, trials: Sequence[Trial]) -> str:
    if exercise.value:
        message = "Your answer is right."
    elif exercise.examine is not None:
        message = "All properties hold, in every case tried."
    elif len(trials) == 1:
        message = "Right in the case tried."
    else:
        message = f"Right in all {len(trials)} cases tried."
    return message if progress.record(exercise.id) else f"{message} {progress.notice()}"


def _recognise(exercise: Exercise, trials: Sequence[Trial]) -> Misconception | None:
    """Return the first misconception that does in every case what the submission did."""

    def same(one: Outcome, other: Outcome) -> bool:
        return same_outcome(one, other, exercise.rtol, exercise.atol)

    # An overflow on top of a mistake hides it in the extreme cases; then the others tell.
    finite = [
        trial.got.values is None or all(is_finite(*pair) for pair in trial.pairs)
        for trial in trials
    ]
    for looked_at in ([True] * len(trials), finite) if not all(finite) else (finite,):
        for misconception in cast(Sequence[Misconception], exercise.misconceptions):
            mistaken = _own_outcomes(exercise, misconception.function)
            told = list(compress(zip(trials, mistaken, strict=True), looked_at))
            # An exception alone is no evidence: many mistakes end in the same one.
            telling = any(
                mistake.values is not None and not same(mistake, trial.want)
                for trial, mistake in told
            )
            if telling and all(same(trial.got, mistake) for trial, mistake in told):
                return misconception
    return None
