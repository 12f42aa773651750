"""What a learner can set: a number in a range, one of several options, a text, on or off."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from numbers import Real
from typing import Any


@dataclass(frozen=True)
class Control:
    """A named setting of an explorer.

    Parameters
    ----------
    name : str
        Key of the value, as Python and the page use it.
    label : str
        What the learner reads; ``w_h`` is set as a letter with a subscript.
    """

    name: str
    label: str

    @property
    def settings(self) -> tuple:
        """The settings that a test must try: both ends, or every option."""
        raise NotImplementedError

    def checked(self, value: Any) -> Any:
        """``value`` in its plain form.

        Raises
        ------
        ValueError
            If the control cannot take it; the message names the control.
        """
        raise NotImplementedError

    def spec(self) -> dict:
        """Describe the control to the page."""
        return {"kind": type(self).__name__.lower(), **asdict(self)}

    def _reject(self, wants: str, value: Any) -> ValueError:
        return ValueError(f"{self.name} must be {wants}, got {value!r}")


@dataclass(frozen=True)
class Range(Control):
    """A number from ``min`` to ``max``; whole where ``min``, ``max`` and ``step`` are whole.

    ``used_with`` names the one setting of another control for which this one matters,
    ``("signal", "sine")``; with others the page dims it.
    """

    min: float
    max: float
    step: float
    value: float
    used_with: tuple[str, Any] | None = None

    @property
    def settings(self) -> tuple:
        """Both ends."""
        return (self.min, self.max)

    def checked(self, value: Any) -> float:
        """``value`` as a float, or as an int if the range is one of whole numbers."""
        whole = all(isinstance(number, int) for number in (self.min, self.max, self.step))
        wants = f"a {'whole ' if whole else ''}number from {self.min:g} to {self.max:g}"
        if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
            raise self._reject(wants, value)
        number = float(value)
        if not self.min <= number <= self.max or (whole and number != int(number)):
            raise self._reject(wants, value)
        return int(number) if whole else number


@dataclass(frozen=True)
class Choice(Control):
    """One of several options, which are their own labels."""

    options: Sequence[str]
    value: str

    @property
    def settings(self) -> tuple:
        """Every option."""
        return tuple(self.options)

    def checked(self, value: Any) -> str:
        """``value``, if it is one of the options."""
        if not isinstance(value, str) or value not in self.options:
            raise self._reject(f"one of {', '.join(map(repr, self.options))}", value)
        return value


@dataclass(frozen=True)
class Text(Control):
    """A line that the learner types; ``used_with`` as of a :class:`Range`."""

    value: str
    max_length: int = 200  # characters
    used_with: tuple[str, Any] | None = None

    @property
    def settings(self) -> tuple:
        """Nothing typed, and a letter."""
        return ("", "a")

    def checked(self, value: Any) -> str:
        """``value``, if it is not too long."""
        if not isinstance(value, str) or len(value) > self.max_length:
            raise self._reject(f"a text of at most {self.max_length} characters", value)
        return value


@dataclass(frozen=True)
class Toggle(Control):
    """On or off."""

    value: bool

    @property
    def settings(self) -> tuple:
        """Off and on."""
        return (False, True)

    def checked(self, value: Any) -> bool:
        """``value``, if it is True or False."""
        if not isinstance(value, bool):
            raise self._reject("True or False", value)
        return value


AnyControl = Range | Choice | Text | Toggle
"""What an explorer's ``controls`` may be: each has a ``value``, where it starts."""
