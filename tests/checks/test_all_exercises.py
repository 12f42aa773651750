"""Every exercise of every lesson, without a line of test code of its own.

The reference is accepted, the learner's stub counts as not attempted, every misconception is
recognised by its name, and every generic wrong submission gets a sentence.
"""

from __future__ import annotations

import pytest
from wrong import assert_is_sentence, wrong_submissions

from course_utils import course
from course_utils.checks import check, exercises
from course_utils.judging.hints import hints
from course_utils.judging.judge import judge

EXERCISES = exercises()
NAMED = [(exercise, item) for exercise in EXERCISES for item in exercise.misconceptions]
WRONG = [wrong for exercise in EXERCISES for wrong in wrong_submissions(exercise)]


def stub(exercise):
    """The learner's cell as the builder writes it."""

    def body(*args):
        raise NotImplementedError(f"Exercise {exercise.id}")

    return ... if exercise.value else body


def test_lessons_and_course_map_name_the_same_exercises():
    on_map = {id: title for lesson in course.lessons() for id, title in lesson.exercises.items()}
    assert {exercise.id: exercise.title for exercise in EXERCISES} == on_map


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_reference_is_accepted(exercise):
    submission = exercise.reference() if exercise.value else exercise.reference
    result = check(exercise.id, submission)
    assert result.status == "correct", result
    assert result.diagnosis is None
    assert_is_sentence(result.message)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_stub_is_not_attempted(exercise):
    result = check(exercise.id, stub(exercise))
    assert result.status == "not attempted", result
    assert_is_sentence(result.message)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_enough_is_known_of_each_exercise(exercise):
    assert len(exercise.cases()) >= (1 if exercise.value else 3)
    assert exercise.misconceptions
    assert len(wrong_submissions(exercise)) >= 10


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_every_hint_belongs_to_a_mistake(exercise):
    assert hints(exercise.id).keys() == {item.name for item in exercise.misconceptions}


@pytest.mark.parametrize(
    ("exercise", "misconception"), NAMED, ids=lambda item: getattr(item, "id", None) or item.name
)
def test_misconception_is_named(exercise, misconception):
    mistaken = misconception.function() if exercise.value else misconception.function
    result = check(exercise.id, mistaken)
    assert (result.status, result.diagnosis) == ("wrong", misconception.name), result
    assert_is_sentence(result.message)


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_wrong_submission_gets_a_sentence(wrong):
    result = judge(wrong.exercise, wrong.submission)
    assert result.status == "wrong", result
    assert_is_sentence(result.message)
