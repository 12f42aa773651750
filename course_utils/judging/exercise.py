"""What an exercise is, and what the verdict on a submission looks like.

A lesson's module declares its exercises with :class:`Exercise` or :func:`value_exercise`;
:func:`course_utils.judging.judge.judge` turns a submission into a :class:`Result`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from course_utils.judging.hints import hints

USUAL_RTOL = 1e-6
OWN_TIME = 60.0  # seconds for the course's own functions; a guard, never reached


@dataclass(frozen=True)
class Case:
    """Arguments to try a submission with; the label is shown to the learner."""

    label: str
    args: tuple


@dataclass(frozen=True)
class Misconception:
    """A mistake that learners make: a function that makes it, and a hint that does not solve."""

    name: str
    function: Callable
    hint: str


Mistakes = Mapping[str, Callable | Sequence[Callable]]
"""The name of each mistake, and the function that makes it, or several that do."""


def with_hints(exercise: str, mistakes: Mistakes) -> list[Misconception]:
    """Join a table of mistakes with its hints.

    Raises
    ------
    ValueError
        If a mistake has no hint, or another number of hints than of functions.
    """
    known = hints(exercise)
    found: list[Misconception] = []
    for name, made in mistakes.items():
        functions = [made] if callable(made) else list(made)
        texts = known.get(name, [])
        if isinstance(texts, str):
            texts = [texts] * len(functions)
        if not functions or len(texts) != len(functions):
            raise ValueError(
                f"mistake {name!r} of exercise {exercise} is made in {len(functions)} ways, "
                f"its hints are {len(texts)}"
            )
        found += map(Misconception, [name] * len(functions), functions, texts)
    return found


@dataclass(frozen=True, eq=False)
class Exercise:
    """An exercise: what is right, what to try, and which mistakes to know by name.

    Attributes
    ----------
    id, title : str
        ``"2.1"`` and ``"One step"``.
    reference : callable
        The solution; its name and parameters are those that the learner was asked for.
    cases : callable
        Returns fresh cases on every call, edge shapes included.
    misconceptions : mapping or sequence of Misconception
        A table of mistakes, whose hints :func:`with_hints` finds; or a list, made already. Tried
        in order; the first that reproduces the submission in every case is named.
    outputs : tuple of str
        Names, with axes, of what is returned: ``("h (N, T, U)", "h_last (N, U)")``.
    rtol, atol : float
        Tolerance of the comparison. With the usual one, what is right to the precision of its own
        dtype is right; a tighter ``rtol`` asks for float64.
    time_limit : float
        Seconds for all cases together.
    call : callable, optional
        ``call(submission, args)`` applies a submission to a case where ``submission(*args)`` is
        not how it is used, for instance to compile a graph and then run it.
    rules : sequence of callable
        ``rule(submission, run)`` looks at a submission whose values are right and returns
        ``(name, hint)`` or None; ``run(args)`` applies the submission.
    value : bool
        The submission is a value, not a function; see :func:`value_exercise`.
    examine : callable, optional
        For an exercise with more than one right answer. ``examine(run)`` returns the name of the
        first property that a submission breaks and a sentence on the case, or None;
        ``run(*args)`` applies the submission and returns a tuple of arrays. It judges in place of
        equality with the reference, which then gives the form of the results, and what to
        compare misconceptions with.
    """

    id: str
    title: str
    reference: Callable
    cases: Callable[[], Sequence[Case]]
    misconceptions: Sequence[Misconception] | Mistakes
    outputs: tuple[str, ...]
    rtol: float = USUAL_RTOL
    atol: float = 1e-8
    time_limit: float = 5.0
    call: Callable[[Callable, tuple], Any] | None = None
    rules: Sequence[Callable] = ()
    value: bool = False
    examine: Callable[[Callable], tuple[str, str] | None] | None = None

    def __post_init__(self) -> None:
        """Give a table of mistakes its hints."""
        if isinstance(self.misconceptions, Mapping):
            made = with_hints(self.id, self.misconceptions)
            object.__setattr__(self, "misconceptions", made)


def value_exercise(
    id: str,
    title: str,
    answer: Any,
    *,
    misconceptions: Sequence[Misconception] | Mistakes = (),
    outputs: tuple[str, ...] = ("answer",),
    **settings: Any,
) -> Exercise:
    """Return an exercise whose submission is a value: a number, a text, an array or a tuple.

    The functions of ``misconceptions`` take no argument and return the wrong value. A submission
    of ``...`` or None counts as not attempted.
    """
    return Exercise(
        id,
        title,
        reference=lambda: answer,
        cases=lambda: (Case("your answer", ()),),
        misconceptions=misconceptions,
        outputs=outputs,
        value=True,
        **settings,
    )


@dataclass(frozen=True)
class Result:
    """The verdict on a submission.

    Attributes
    ----------
    status : {"not attempted", "correct", "wrong"}
    exercise : str
        ``"2.1"``.
    diagnosis : str or None
        Name of the misconception that was recognised.
    message : str
        One to three sentences; code in backticks.
    title : str
        ``"One step"``.
    printed : str
        What the submission printed in the first case that fails, or else in the first of all.
    """

    status: str
    exercise: str
    diagnosis: str | None
    message: str
    title: str = ""
    printed: str = ""

    def __repr__(self) -> str:
        """Return the verdict as text."""
        printed = f"\nIt printed:\n{self.printed.rstrip()}" if self.printed.strip() else ""
        return f"{_SIGNS[self.status][0]} {self._heading()}\n{self.message}{printed}"

    def _repr_html_(self) -> str:
        """Return the verdict as HTML: the same words, framed. Nothing in it moves."""
        sign, colour = _SIGNS[self.status]
        message = re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(self.message, quote=False))
        printed = html.escape(self.printed.rstrip(), quote=False)
        shown = f"<br>It printed:<pre>{printed}</pre>" if printed.strip() else ""
        return (
            f'<div class="unrolled-check" style="border-left: 4px solid {colour}; '
            'padding: 0.4em 0.8em; max-width: 45em">'
            f"<strong>{sign} {html.escape(self._heading(), quote=False)}</strong><br>{message}{shown}</div>"
        )

    def _heading(self) -> str:
        title = f" · {self.title}" if self.title else ""
        diagnosis = f" ({self.diagnosis})" if self.diagnosis else ""
        return f"Exercise {self.exercise}{title}: {_WORDS[self.status]}{diagnosis}"


_SIGNS = {"not attempted": ("○", "#56B4E9"), "correct": ("✓", "#009E73"), "wrong": ("✗", "#D55E00")}
_WORDS = {"not attempted": "not attempted yet", "correct": "correct", "wrong": "not right yet"}
