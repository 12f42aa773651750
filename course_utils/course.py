"""The course map of ``course.toml``: lessons, their minutes and their exercises."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Lesson:
    """One row of the course map."""

    number: int
    title: str
    minutes: int
    part: str
    slug: str
    exercises: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Two-digit number and title, as readers see it: ``"02 The forward pass"``."""
        return f"{self.number:02d} {self.title}"

    @property
    def stem(self) -> str:
        """File name without its ending: ``"02_forward_pass"``."""
        return f"{self.number:02d}_{self.slug}"


@cache
def lessons() -> tuple[Lesson, ...]:
    """Every lesson of the course in order."""
    table = tomllib.loads(files(__package__).joinpath("course.toml").read_text("utf-8"))
    return tuple(
        Lesson(part=part["name"], **row) for part in table["parts"] for row in part["lessons"]
    )
