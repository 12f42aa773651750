"""Wrong submissions derived from any exercise's reference: what learners hand in by accident."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from course_utils.checks import check
from course_utils.judging.exercise import Exercise
from course_utils.judging.outcomes import as_arrays

SHORT = 0.2  # seconds; enough for a loop that never ends to be noticed


def assert_is_sentence(message: str) -> None:
    assert re.search(r"[.?!]$", message), message
    assert len(message) < 500, message
    for word in ("Traceback", "course_utils", "could not examine"):
        assert word not in message, message
    assert message.count("`") % 2 == 0, message


def assert_rejected(exercise: str, submission: Any, word: str) -> None:
    """The check says "wrong", in a sentence; ``word`` stands in what the learner sees."""
    result = check(exercise, submission)
    assert result.status == "wrong", result
    assert word.lower() in repr(result).lower(), result
    assert_is_sentence(result.message)


@dataclass(frozen=True)
class Wrong:
    """A submission that must be rejected, and the exercise to reject it (its limit may be short)."""

    name: str
    submission: Any
    exercise: Exercise

    def __str__(self) -> str:
        return f"{self.exercise.id} {self.name}"


def wrong_submissions(exercise: Exercise) -> list[Wrong]:
    """Every generic wrong submission that makes sense for ``exercise``."""
    if exercise.value:
        submissions = {**_not_values(), **dict(_wrong_values(exercise.reference()))}
        return [Wrong(name, item, exercise) for name, item in submissions.items()]
    submissions = {**_not_functions(exercise), **_misbehaving(exercise), **dict(_wrong(exercise))}
    loops = replace(exercise, time_limit=SHORT)
    return [
        *(Wrong(name, item, exercise) for name, item in submissions.items()),
        Wrong("endless loop", _accepts_any(_loop), loops),
        Wrong("endless loop that swallows errors", _accepts_any(_stubborn_loop), loops),
    ]


# Not a function at all


def _not_functions(exercise: Exercise) -> dict[str, Any]:
    class Network:
        pass

    return {
        "None": None,
        "name in quotes": exercise.reference.__name__,
        "result of a call": np.zeros((2, 3)),
        "class": Network,
        "no parameters": lambda: None,
        "too many parameters": lambda a, b, c, d, e, f, g, h, i, j, k: None,
    }


def _not_values() -> dict[str, Any]:
    return {"function": lambda: 1, "class": int, "dictionary": {"answer": 1}, "set": {1, 2}}


# A function that does something it should not


def _accepts_any(action: Callable[[], Any]) -> Callable:
    return lambda *args: action()


def _misbehaving(exercise: Exercise) -> dict[str, Callable]:
    def raises() -> None:
        raise ValueError("operands could not be broadcast together")

    def recurses() -> None:
        recurses()

    def generates(*args: Any) -> Iterator[int]:
        yield 1

    async def waits(*args: Any) -> int:
        return 1

    def allocates() -> np.ndarray:
        return np.zeros((10**8, 10**8))

    class Hostile:
        def __array__(self, *args: Any, **kwargs: Any) -> np.ndarray:
            raise RuntimeError("no array")

        def __eq__(self, other: object) -> bool:
            raise RuntimeError("no comparison")

        __hash__ = None

        def __repr__(self) -> str:
            raise RuntimeError("no text")

    actions = {
        "returns None": lambda: None,
        "returns text": lambda: "0.5",
        "returns a dictionary": lambda: {"h": 1},
        "returns a function": lambda: np.tanh,
        "returns an object that cannot be looked at": Hostile,
        "returns a ragged list": lambda: [[1.0], [1.0, 2.0]],
        "returns an empty list": list,
        "returns a shape no exercise wants": lambda: np.zeros((1, 2, 3, 4, 5)),
        "returns an enormous view": lambda: np.broadcast_to(0.0, (10**6, 10**6)),
        "raises": raises,
        "exits": sys.exit,
        "recurses without end": recurses,
        "allocates too much": allocates,
    }
    functions = {name: _accepts_any(action) for name, action in actions.items()}
    functions |= {"generator": generates, "coroutine": waits}
    if _has_array(exercise):
        functions["mutates its input"] = _mutating(exercise.reference)
    return functions


def _has_array(exercise: Exercise) -> bool:
    if exercise.call is not None:
        return False
    return all(
        any(isinstance(arg, np.ndarray) and arg.size for arg in case.args)
        for case in exercise.cases()
    )


def _mutating(reference: Callable) -> Callable:
    def mutates(*args: Any) -> Any:
        result = reference(*(np.copy(arg) if isinstance(arg, np.ndarray) else arg for arg in args))
        for arg in args:
            if isinstance(arg, np.ndarray):
                arg[...] = arg + np.ones_like(arg)
        return result

    return mutates


def _loop() -> None:
    while True:
        pass


def _stubborn_loop() -> None:
    for _ in range(3):
        with suppress(BaseException):  # what a learner's bare `except:` does
            _loop()


# The right numbers, spoiled


def _spoilers() -> dict[str, Callable[[Any], Any]]:
    return {
        "not a number": lambda v: v * float("nan"),
        "constant": lambda v: v * 0 + 7,
        "shifted values": lambda v: v + 1,
        "complex": lambda v: v + 1j,
        "as text": lambda v: np.asarray(v).astype(str),
        "as objects": lambda v: np.asarray(v).astype(object),
        "wrapped once more": lambda v: np.asarray(v)[None],
        "rolled along the last axis": lambda v: np.roll(np.asarray(v), 1, axis=-1),
        "rolled along the first axis": lambda v: np.roll(np.asarray(v), 1, axis=0),
        "one place short": lambda v: np.asarray(v)[..., :-1],
        "flattened": lambda v: np.asarray(v).ravel(),
    }


def _wrong(exercise: Exercise) -> Iterator[tuple[str, Callable]]:
    for name, spoil in _spoilers().items():
        spoiled = _spoiled(exercise, spoil)
        # Where the result is used through `call` (a Theano graph, say) it cannot be looked at here.
        if exercise.call is not None or _changes_something(exercise, spoiled):
            yield name, spoiled


def _spoiled(exercise: Exercise, spoil: Callable[[Any], Any]) -> Callable:
    def spoiled(*args: Any) -> Any:
        result = exercise.reference(*args)
        if len(exercise.outputs) == 1:
            return spoil(result)
        return tuple(spoil(part) for part in result)

    return spoiled


def _changes_something(exercise: Exercise, spoiled: Callable) -> bool:
    """Whether a spoiler makes a difference that a check has to see.

    Rolling an axis of length one changes nothing, and a 0-d result has no axis to roll.
    """
    for case, again in zip(exercise.cases(), exercise.cases(), strict=True):
        try:
            got = as_arrays(spoiled(*case.args), exercise.outputs)
        except Exception:
            return True
        want = as_arrays(exercise.reference(*again.args), exercise.outputs)
        if any(not _equal(one, other) for one, other in zip(got, want, strict=True)):
            return True
    return False


def _equal(one: np.ndarray, other: np.ndarray) -> bool:
    return one.dtype == other.dtype and one.shape == other.shape and bool(np.all(one == other))


def _wrong_values(answer: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(answer, str):
        yield from {"other text": answer + " not", "number": 1, "list": [answer]}.items()
        return
    for name, spoil in _spoilers().items():
        try:
            spoiled = spoil(answer)
            same = _equal(np.asarray(spoiled), np.asarray(answer))
        except (TypeError, IndexError, ValueError):
            continue
        if not same:
            yield name, spoiled
    yield "text", "forty-two"
    yield "not finite", float("inf")
