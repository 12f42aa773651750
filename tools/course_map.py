"""Write the course map of course_utils/course.toml into README.md."""

import sys
from itertools import groupby
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from marked import fill_file

from course_utils.course import Lesson, lessons


def entry(lesson: Lesson) -> str:
    """One lesson of the map: a link where the notebook can be opened, else its name in italics."""
    if lesson.slug is None:
        return f"*{lesson.name}* {lesson.minutes}"
    return f"[**{lesson.name}**](notebooks/{lesson.stem}.ipynb) {lesson.minutes}"


def course_map() -> str:
    """The map as a Markdown table, a row for each part, so that it fits on one screen."""
    rows = ["| Part | Lessons, each with its minutes |", "| --- | --- |"]
    for part, group in groupby(lessons(), key=lambda lesson: lesson.part):
        rows.append(f"| {part} | {' · '.join(map(entry, group))} |")
    hours = round(sum(lesson.minutes for lesson in lessons()) / 60)
    ready = [lesson for lesson in lessons() if lesson.slug is not None]
    rows += [
        "",
        f"{len(lessons())} lessons, about {hours} hours. {len(ready)} can be opened today "
        f"({sum(lesson.minutes for lesson in ready)} minutes); those in italics are planned.",
    ]
    return "\n".join(rows)


if __name__ == "__main__":
    fill_file("README.md", {"course map": course_map()})
