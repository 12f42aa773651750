import pytest
from page import stored

from course_utils import course, progress
from course_utils.widgets import CourseMap


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("UNROLLED_HOME", str(tmp_path))
    return tmp_path


def solved_on(course_map):
    return {
        exercise["name"]
        for part in course_map.parts
        for lesson in part["lessons"]
        for exercise in lesson["exercises"]
        if exercise["solved"]
    }


def test_map_has_every_lesson_once():
    rows = [lesson["name"] for part in CourseMap().parts for lesson in part["lessons"]]
    assert rows == [lesson.name for lesson in course.lessons()]


def test_refresh_shows_what_was_solved_since():
    course_map = CourseMap()
    assert solved_on(course_map) == set()
    progress.record("2.1")
    assert solved_on(course_map) == set()
    course_map._handle_custom_msg({"type": "refresh"}, [])
    assert solved_on(course_map) == {"2.1 One step"}


def test_damaged_progress_is_told(home):
    (home / "progress.json").write_text("{", "utf-8")
    assert "cannot be read" in CourseMap().notice


def test_static_view_leaves_progress_out():
    before = CourseMap()
    progress.record("2.1")
    after = CourseMap()
    assert before.as_text() == after.as_text()
    assert stored(before) == stored(after)
    for still in (after.as_text(), stored(after)):
        assert "02 The forward pass · 50 min, 4 exercises" in still
