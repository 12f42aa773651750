"""The quiz at the end of a lesson."""

from __future__ import annotations

import html
import tomllib
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import traitlets

from ..course import lessons
from .base import CourseWidget

QUIZZES = files("course_utils").joinpath("quizzes")
QUESTIONS = range(4, 7)
FINAL_QUESTIONS = range(18, 25)
OPTIONS = range(3, 5)


class Quiz(CourseWidget):
    """Questions with one right option each, and a reason for every option.

    In a final quiz each question names the lesson that it is about; the page then says which
    lessons to read again.

    Parameters
    ----------
    lesson : str
        Two digits, ``"02"``; the questions are in ``course_utils/quizzes/lesson_02.toml``.

    Raises
    ------
    ValueError
        If there is no such quiz or its file is not as it must be.
    """

    script = "quiz"

    questions: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)

    def __init__(self, lesson: str) -> None:
        path = QUIZZES.joinpath(f"lesson_{lesson}.toml")
        if not path.is_file():
            raise ValueError(f"there is no quiz for lesson {lesson!r}; there is {_list()}")
        super().__init__(questions=read_quiz(path))

    def as_text(self) -> str:
        """Return the questions and their options, without the answers."""
        lines = []
        for number, question in enumerate(self.questions, start=1):
            lines.append(f"{number}. {question['text']}")
            lines.extend(f"   - {option['text']}" for option in question["options"])
        return "\n".join(lines)

    def as_html(self) -> str:
        """Return the questions and their options, without the answers."""
        items = []
        for question in self.questions:
            options = "".join(
                f"<li>{_prose(option['text'])}</li>" for option in question["options"]
            )
            items.append(f"<li><p>{_prose(question['text'])}</p><ul>{options}</ul></li>")
        return f"<ol>{''.join(items)}</ol>"


def read_quiz(path: Traversable) -> list[dict]:
    """Read the questions of a quiz file.

    Raises
    ------
    ValueError
        If the file is not TOML, or has too few or too many questions or options, a question
        without exactly one right option, an option without its reason, or some questions with a
        ``lesson`` and some without.
    """
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path.name} is not TOML: {error}") from None
    questions: Any = content.get("questions")
    final = isinstance(questions, list) and any("lesson" in _row(each) for each in questions)
    _expect_length(questions, FINAL_QUESTIONS if final else QUESTIONS, path.name, "questions")
    return [
        _question(question, f"{path.name}, question {number}", final)
        for number, question in enumerate(questions, start=1)
    ]


def _row(question: Any) -> dict:
    return question if isinstance(question, dict) else {}


def _question(question: Any, where: str, final: bool) -> dict:
    text = _text(question, "text", where)
    _expect_length(question.get("options"), OPTIONS, where, "options")
    options: list[dict[str, Any]] = [
        {
            "text": _text(option, "text", f"{where}, option {number}"),
            "why": _text(option, "why", f"{where}, option {number}"),
            "correct": option.get("correct", False) is True,
        }
        for number, option in enumerate(question["options"], start=1)
    ]
    right = sum(option["correct"] for option in options)
    if right != 1:
        raise ValueError(f"{where}: exactly one option must be correct, {right} are")
    about = {"lesson": _lesson(question.get("lesson"), where)} if final else {}
    return {"text": text, "options": options, **about}


def _lesson(number: Any, where: str) -> str:
    """Return the name of a lesson, such as ``"03 Backpropagation through time"``."""
    names = {lesson.number: lesson.name for lesson in lessons()}
    if type(number) is not int or number not in names:
        raise ValueError(f"{where}: 'lesson' must be the number of a lesson, got {number!r}")
    return names[number]


def _expect_length(rows: Any, allowed: range, where: str, what: str) -> None:
    number = len(rows) if isinstance(rows, list) else 0
    if number not in allowed:
        raise ValueError(f"{where} must have {allowed[0]} to {allowed[-1]} {what}, it has {number}")


def _text(row: Any, key: str, where: str) -> str:
    text = row.get(key) if isinstance(row, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"{where}: {key!r} must be a text")
    if text.count("`") % 2:
        raise ValueError(f"{where}: a backtick in {key!r} has no partner")
    return text.strip()


def _prose(text: str) -> str:
    """Set text between backticks as code."""
    parts = html.escape(text).split("`")
    return "".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(parts))


def _list() -> str:
    names = sorted(each.name for each in QUIZZES.iterdir()) if QUIZZES.is_dir() else []
    numbers = [name.removeprefix("lesson_").removesuffix(".toml") for name in names]
    return "one for " + ", ".join(numbers) if numbers else "none"
