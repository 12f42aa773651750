"""Every quiz is as it must be, and one that is not is refused with a sentence."""

import tomllib

import pytest

from course_utils import course
from course_utils.widgets import Quiz
from course_utils.widgets.quiz import QUIZZES, read_quiz

FILES = sorted(QUIZZES.iterdir(), key=lambda path: path.name) if QUIZZES.is_dir() else []

OPTION = '[[questions.options]]\ntext = "it is `h`"\nwhy = "because"\n'
RIGHT = OPTION + "correct = true\n"
QUESTION = '[[questions]]\ntext = "Why?"\n'
SOUND = (QUESTION + OPTION + RIGHT + OPTION) * 4

MALFORMED = {
    "not TOML": ("questions = [", "is not TOML"),
    "empty": ("", "must have 4 to 6 questions, it has 0"),
    "not a list": ("questions = 3", "must have 4 to 6 questions"),
    "questions are no tables": ("questions = [1, 2, 3, 4]", "question 1: 'text' must be a text"),
    "three questions": ((QUESTION + RIGHT + OPTION * 2) * 3, "4 to 6 questions, it has 3"),
    "seven questions": ((QUESTION + RIGHT + OPTION * 2) * 7, "4 to 6 questions, it has 7"),
    "two options": ((QUESTION + RIGHT + OPTION) * 4, "question 1 must have 3 to 4 options"),
    "five options": ((QUESTION + RIGHT + OPTION * 4) * 4, "question 1 must have 3 to 4 options"),
    "no options": (QUESTION * 4, "question 1 must have 3 to 4 options, it has 0"),
    "none right": ((QUESTION + OPTION * 3) * 4, "exactly one option must be correct, 0 are"),
    "two right": ((QUESTION + RIGHT * 2 + OPTION) * 4, "exactly one option must be correct, 2 are"),
    "right by a word": (SOUND.replace("= true", '= "yes"'), "0 are"),
    "no reason": (SOUND.replace('why = "because"\n', ""), "option 1: 'why' must be a text"),
    "empty reason": (SOUND.replace("because", " "), "option 1: 'why' must be a text"),
    "no question": (SOUND.replace("Why?", ""), "question 1: 'text' must be a text"),
    "number as text": (SOUND.replace('"it is `h`"', "3"), "option 1: 'text' must be a text"),
    "some with a lesson": (
        (QUESTION + "lesson = 3\n" + RIGHT + OPTION * 2) + (QUESTION + RIGHT + OPTION * 2) * 17,
        "question 2: 'lesson' must be the number of a lesson, got None",
    ),
    "no such lesson": (
        (QUESTION + "lesson = 99\n" + RIGHT + OPTION * 2) * 18,
        "question 1: 'lesson' must be the number of a lesson, got 99",
    ),
    "a short final quiz": (
        (QUESTION + "lesson = 3\n" + RIGHT + OPTION * 2) * 6,
        "18 to 24 questions, it has 6",
    ),
    "lone backtick": (SOUND.replace("`h`", "`h"), "a backtick in 'text' has no partner"),
}


@pytest.mark.parametrize("text, sentence", MALFORMED.values(), ids=MALFORMED)
def test_malformed_quiz_is_refused(tmp_path, text, sentence):
    path = tmp_path / "lesson_99.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ValueError) as refused:
        read_quiz(path)
    assert str(refused.value).startswith("lesson_99.toml")
    assert sentence in str(refused.value)


def test_sound_quiz_is_read(tmp_path):
    path = tmp_path / "lesson_99.toml"
    path.write_text(SOUND, "utf-8")
    questions = read_quiz(path)
    assert len(questions) == 4
    assert [option["correct"] for option in questions[0]["options"]] == [False, True, False]


def test_final_quiz_asks_about_every_lesson_before_it():
    questions = read_quiz(QUIZZES.joinpath("lesson_18.toml"))
    asked = [question["lesson"] for question in questions]
    assert asked == sorted(asked)
    assert set(asked) == {lesson.name for lesson in course.lessons() if lesson.number < 18}


def test_only_the_last_quiz_is_a_final_one():
    for path in FILES:
        final = all("lesson" in question for question in read_quiz(path))
        assert final == (path.name == "lesson_18.toml")


@pytest.mark.parametrize("lesson", ["99", "2", "", "../x", None])
def test_unknown_quiz_is_refused(lesson):
    with pytest.raises(ValueError, match="there is no quiz for lesson"):
        Quiz(lesson)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
class TestShippedQuiz:
    def test_it_belongs_to_a_written_lesson(self, path):
        assert path.name in {f"lesson_{lesson.number:02d}.toml" for lesson in course.lessons()}

    def test_it_is_as_it_must_be(self, path):
        read_quiz(path)

    def test_it_has_no_key_that_nobody_reads(self, path):
        for question in tomllib.loads(path.read_text("utf-8"))["questions"]:
            assert question.keys() - {"lesson"} == {"text", "options"}
            for option in question["options"]:
                assert option.keys() <= {"text", "why", "correct"}

    def test_options_and_reasons_differ(self, path):
        for question in read_quiz(path):
            for key in ("text", "why"):
                assert len({option[key] for option in question["options"]}) == len(
                    question["options"]
                )

    def test_place_of_the_right_option_gives_nothing_away(self, path):
        places = [
            [option["correct"] for option in question["options"]].index(True)
            for question in read_quiz(path)
        ]
        assert max(places.count(place) for place in places) <= len(places) / 2

    def test_length_of_the_right_option_gives_nothing_away(self, path):
        longest = [
            max(question["options"], key=lambda option: len(option["text"]))["correct"]
            for question in read_quiz(path)
        ]
        assert sum(longest) <= len(longest) / 2 + 1

    def test_static_view_asks_without_answering(self, path):
        quiz = Quiz(path.name[7:9])
        for question in read_quiz(path):
            assert question["text"] in quiz.as_text()
            for option in question["options"]:
                assert option["text"] in quiz.as_text()
                assert option["why"] not in quiz.as_text() + quiz.as_html()
