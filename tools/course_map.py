"""Write the course map of course_utils/course.toml into README.md."""

import sys
from itertools import groupby
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from marked import fill_file

from course_utils.course import Lesson, lessons


def entry(lesson: Lesson) -> str:
    """One lesson of the map: a link to its notebook, and its minutes."""
    return f"[**{lesson.name}**](notebooks/{lesson.stem}.ipynb) {lesson.minutes}"


def course_map() -> str:
    """The map as a Markdown table, a row for each part, so that it fits on one screen."""
    rows = ["| Part | Lessons, each with its minutes |", "| --- | --- |"]
    for part, group in groupby(lessons(), key=lambda lesson: lesson.part):
        rows.append(f"| {part} | {' · '.join(map(entry, group))} |")
    minutes = sum(lesson.minutes for lesson in lessons())
    rows += ["", f"{len(lessons())} lessons, {minutes} minutes: about {round(minutes / 60)} hours."]
    return "\n".join(rows)


if __name__ == "__main__":
    fill_file("README.md", {"course map": course_map()})
