"""The rules of a lesson, held over every written lesson and both of its notebooks."""

import io
import json
import re
from pathlib import Path

import build_notebooks as builder
import nbformat
import pytest
from pictures import pictures
from PIL import Image

from course_utils.course import lessons

ROOT = Path(__file__).resolve().parent.parent
LESSONS = lessons()
BOTH = [(lesson, variant) for lesson in LESSONS for variant in builder.VARIANTS]
SECTIONS = ["You will be able to", "Quiz", "Summary", "What next", "References"]
SHORTEST = {0: 15}  # lesson 00 takes 15 minutes
FEWEST, MOST = 25, 60  # cells, for 30 to 60 minutes
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:root|home|work|tmp|Users|mnt)/\w|[A-Z]:\\\\Users")


def named(value):
    return value if isinstance(value, str) else value.stem


def read(lesson, variant):
    return nbformat.read(ROOT / variant / f"{lesson.stem}.ipynb", 4)


@pytest.fixture(scope="module")
def notebook(request):
    return read(*request.param)


def each_notebook(function):
    ids = [f"{lesson.stem}-{variant}" for lesson, variant in BOTH]
    return pytest.mark.parametrize("notebook", BOTH, ids=ids, indirect=True)(function)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose(notebook):
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def headings(notebook, level):
    text = re.sub(r"^```.*?^```", "", "\n".join(prose(notebook)), flags=re.MULTILINE | re.DOTALL)
    return re.findall(rf"^{'#' * level} (.+)$", text, re.MULTILINE)


def html_of(notebook):
    """Every HTML output, as text."""
    return [
        "".join(output.data["text/html"])
        for cell in code(notebook)
        for output in cell.outputs
        if "text/html" in output.get("data", {})
    ]


@pytest.mark.parametrize("lesson", LESSONS, ids=named)
def test_notebooks_and_lesson_are_in_step(lesson):
    assert builder.out_of_step(ROOT, lesson) == []


def test_no_notebook_is_without_a_lesson():
    assert builder.strays(ROOT, LESSONS) == []


def test_course_map_numbers_are_unique_and_minutes_sane():
    numbers = [lesson.number for lesson in LESSONS]
    assert numbers == list(range(len(numbers)))
    assert all(10 <= lesson.minutes <= 90 for lesson in LESSONS)


@each_notebook
def test_is_valid_and_has_unique_ids_and_no_widget_state(notebook):
    nbformat.validate(notebook)
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    assert "widgets" not in notebook.metadata
    assert builder.WIDGET_VIEW not in json.dumps(notebook)


@each_notebook
def test_every_code_cell_was_executed_in_order(notebook):
    counts = [cell.execution_count for cell in code(notebook)]
    assert counts == list(range(1, len(counts) + 1))


@each_notebook
def test_enough_outputs_are_compared(notebook):
    cells = code(notebook)
    ignored = [cell for cell in cells if "nbval-ignore-output" in cell.metadata.get("tags", [])]
    compared = [cell for cell in cells if cell.outputs and cell not in ignored]
    assert len(compared) >= 0.6 * len(cells), f"{len(compared)} of {len(cells)} are compared"
    assert len(ignored) <= 0.05 * len(cells), f"{len(ignored)} of {len(cells)} are ignored"


@each_notebook
def test_tags_are_agreed_and_have_reasons(notebook):
    for cell in notebook.cells:
        tags = set(cell.metadata.get("tags", []))
        assert tags <= builder.TAGS
        assert not tags or cell.metadata["reason"]
        # nbval would obey a comment too, past the count above.
        assert not re.search(r"^\s*#\s*(NBVAL|PYTEST_VALIDATE)", cell.source, re.MULTILINE)


@each_notebook
def test_has_one_title_and_the_agreed_sections(notebook):
    assert len(headings(notebook, 1)) == 1
    sections = headings(notebook, 2)
    assert [section for section in sections if section in SECTIONS] == SECTIONS
    objectives = next(text for text in prose(notebook) if SECTIONS[0] in text)
    assert objectives.count("\n- ") >= 3
    assert any("**Predict" in text for text in prose(notebook))


@pytest.mark.parametrize("lesson", LESSONS, ids=named)
def test_has_the_length_of_its_minutes(lesson):
    cells = read(lesson, "notebooks").cells
    assert SHORTEST.get(lesson.number, FEWEST) <= len(cells) <= MOST, f"{len(cells)} cells"
    assert f"{lesson.minutes} minutes" in cells[0].source
    assert cells[0].source.startswith(f"# {lesson.number:02d} · {lesson.title}\n")


@each_notebook
def test_starts_with_imports_and_the_session(notebook):
    first = code(notebook)[0].source
    assert re.search(r"^session\.start\(", first, re.MULTILINE)
    assert "pip install" not in "".join(cell.source for cell in code(notebook))


@pytest.mark.parametrize(("lesson", "variant"), BOTH, ids=named)
def test_links_lead_somewhere(lesson, variant):
    for text in prose(read(lesson, variant)):
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if not target.startswith(("http://", "https://", "#", "attachment:")):
                assert (ROOT / variant / target.split("#")[0]).exists(), target


@pytest.mark.parametrize(("lesson", "variant"), BOTH, ids=named)
def test_names_no_path_of_a_machine(lesson, variant):
    text = (ROOT / variant / f"{lesson.stem}.ipynb").read_text("utf-8")
    found = MACHINE_PATH.search(re.sub(r"base64,[A-Za-z0-9+/=]+", "", text))
    assert found is None, text[found.start() - 60 : found.end() + 60]


@each_notebook
def test_every_picture_has_a_text_alternative_and_can_be_decoded(notebook):
    pages = html_of(notebook)
    images = [tag for page in pages for tag in re.findall(r"<img [^>]*>", page)]
    assert images, "a lesson without a picture"
    for tag in images:
        alt = re.search(r'alt="([^"]*)"', tag)
        assert alt and len(alt[1]) > 20, tag[:120]
    drawn = [data for cell in code(notebook) for data in pictures(cell.outputs)]
    assert len(drawn) == len(images), "a picture that is not an <img> has no alternative"
    for data in drawn:
        with Image.open(io.BytesIO(data)) as image:
            image.verify()


@pytest.mark.parametrize("lesson", LESSONS, ids=named)
def test_exercises_are_to_be_solved_here_and_solved_there(lesson):
    for variant, verdict in {"notebooks": "not attempted", "solutions": "correct"}.items():
        cells = code(read(lesson, variant))
        for exercise in lesson.exercises:
            (cell,) = [c for c in cells if c.source.startswith(f'check("{exercise}"')]
            assert verdict in cell.outputs[0].data["text/plain"], exercise
            assert cell.metadata.nbgrader.grade_id == f"check-{exercise.replace('.', '-')}"
    learner = (ROOT / "notebooks" / f"{lesson.stem}.ipynb").read_text("utf-8")
    assert "SOLUTION" not in learner
    prompts = "\n".join(prose(read(lesson, "notebooks")))
    for exercise, title in lesson.exercises.items():
        section = prompts.split(f"### Exercise {exercise} · {title}")
        assert len(section) == 2, f"exercise {exercise} has no heading with its title"
        assert "<details><summary>Hint" in section[1].split("### Exercise")[0]


@each_notebook
def test_has_a_widget_and_a_quiz(notebook):
    sources = "\n".join(cell.source for cell in code(notebook))
    assert re.search(r"Explorer\(|BatchSlicer\(", sources)
    assert "Quiz(" in sources


def test_slides_are_made_from_every_lesson(tmp_path):
    folder = tmp_path / "solutions"
    folder.mkdir()
    for lesson in LESSONS:
        (folder / f"{lesson.stem}.ipynb").write_bytes(
            (ROOT / "solutions" / f"{lesson.stem}.ipynb").read_bytes()
        )
    for path, lesson in zip(builder.build_slides(tmp_path, LESSONS), LESSONS, strict=True):
        page = path.read_text("utf-8")
        assert page.count("<section>") >= 10, path.name
        assert lesson.title in page
