"""The course map: parts, lessons, minutes, and which exercises are solved."""

from __future__ import annotations

import html
from itertools import groupby
from typing import Any

import traitlets

from .. import progress
from ..course import Lesson, lessons
from .base import CourseWidget


class CourseMap(CourseWidget):
    """Every lesson with its minutes and its solved exercises; a button reads the progress anew.

    What stays where no kernel runs leaves the progress out, since that is the learner's own.
    """

    script = "course_map"
    needs_kernel = True

    parts: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    notice = traitlets.Unicode().tag(sync=True)

    def __init__(self) -> None:
        super().__init__()
        self.on_msg(lambda widget, content, buffers: self.refresh())
        self.refresh()

    def refresh(self) -> None:
        """Read the learner's progress."""
        solved = progress.solved()
        self.notice = progress.notice()
        self.parts = [
            {"name": name, "lessons": [_row(lesson, solved) for lesson in part]}
            for name, part in _by_part()
        ]

    def as_text(self) -> str:
        """Return parts and lessons, a line each."""
        lines = []
        for name, part in _by_part():
            lines.append(name)
            lines.extend(f"  {lesson.name} · {_facts(lesson)}" for lesson in part)
        return "\n".join(lines)

    def as_html(self) -> str:
        """Return parts and lessons as nested lists."""
        items = []
        for name, part in _by_part():
            rows = (f"<li>{html.escape(row.name)} · {_facts(row)}</li>" for row in part)
            items.append(f"<li>{html.escape(name)}<ul>{''.join(rows)}</ul></li>")
        return f"<ul>{''.join(items)}</ul>"


def _by_part() -> list[tuple[str, list[Lesson]]]:
    return [(name, list(part)) for name, part in groupby(lessons(), lambda each: each.part)]


def _row(lesson: Lesson, solved: frozenset[str]) -> dict[str, Any]:
    return {
        "name": lesson.name,
        "minutes": lesson.minutes,
        "exercises": [
            {"name": f"{number} {title}", "solved": number in solved}
            for number, title in lesson.exercises.items()
        ],
    }


def _facts(lesson: Lesson) -> str:
    number = len(lesson.exercises)
    return f"{lesson.minutes} min, {number} exercise{'' if number == 1 else 's'}"
