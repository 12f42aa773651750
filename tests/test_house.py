"""The house: its map is complete, and its imports keep to it."""

import pkgutil

import check
import pytest
from imports import ROOT, graph, modules

import course_utils

PACKAGE = ROOT / "course_utils"
PARTS = [module.name for module in pkgutil.iter_modules(course_utils.__path__)]


IMPORTS = graph(modules())


@pytest.mark.parametrize("part", PARTS)
def test_the_map_shows_every_part(part):
    place = f"``{part}/" if (PACKAGE / part).is_dir() else f"``{part}``"
    assert place in course_utils.__doc__


def test_the_map_shows_nothing_else():
    named = {word.split("/")[0] for word in course_utils.__doc__.split("``")[1::2]}
    assert named - set(PARTS) == {"course.toml", "hints", "quizzes", "static", "data"}


def test_no_two_modules_import_each_other():
    pairs = [
        (one, other)
        for one in IMPORTS
        for other in IMPORTS[one]
        # A package's face and the files behind it are one thing.
        if one in IMPORTS[other]
        and not other.startswith(f"{one}.")
        and not one.startswith(f"{other}.")
    ]
    assert pairs == []


def test_no_lesson_looks_into_the_checks():
    for path in (ROOT / "lessons").glob("*.py"):
        assert "course_utils.checks." not in path.read_text("utf-8"), path.name


def test_only_checks_and_tests_know_the_answers():
    for name, others in IMPORTS.items():
        if not name.startswith("course_utils.checks"):
            assert not [each for each in others if each.startswith("course_utils.checks.")], name


def test_imports_point_down_the_map():
    order = [word.split("/")[0] for word in course_utils.__doc__.split("``")[1::2]]
    place = {part: order.index(part) for part in PARTS}
    back = {
        (name.split(".")[1], other.split(".")[1])
        for name in IMPORTS
        for other in IMPORTS[name]
        if name.count(".") and other.count(".")
        if place[name.split(".")[1]] > place[other.split(".")[1]]
    }
    assert back == set()


@pytest.mark.parametrize(
    ("changed", "test"),
    [
        ("course_utils/losses.py", "tests/test_losses.py"),
        ("course_utils/cells/gru.py", "tests/test_cells.py"),
        ("course_utils/checks/lesson_07.py", "tests/checks/test_lesson_07.py"),
        ("course_utils/quizzes/lesson_03.toml", "tests/widgets/test_quiz.py"),
        ("course_utils/widgets/static/ward.js", "tests/widgets/test_explorers.py"),
        ("tools/build_notebooks.py", "tests/test_builder.py"),
        ("tools/measure/gates.py", "tests/test_gate_runs.py"),
    ],
)
def test_a_change_finds_its_tests(changed, test):
    assert ROOT / test in check.tests_of([ROOT / changed])


def test_a_lesson_finds_its_tests():
    found = {path.relative_to(ROOT).as_posix() for path in check.tests_of_lesson(7)}
    assert {
        "tests/checks/test_lesson_07.py",
        "tests/widgets/test_quiz.py",
        "tests/widgets/test_parity_training_explorer.py",
        "notebooks/07_rnn_in_scan.ipynb",
        "solutions/07_rnn_in_scan.ipynb",
    } <= found
