"""The builder on a tiny course of its own."""

import shutil
import sys

import build_notebooks as builder
import nbformat
import pytest
from imports import ROOT
from sources import Sources

from course_utils.course import Lesson, lessons

LESSON = Lesson(1, "Tiny", 15, "Part", "tiny", {"1.1": "Double"})
TEXT = '''# %% [markdown]
# # 01 · Tiny

# %%
print("one")
print(2)

# %% exercise="1.1"
class Doubler:
    """Doubles."""

    def double(self, x):
        """Return twice x."""
        ### BEGIN SOLUTION
        return 2 * x
        ### END SOLUTION


# %% check="1.1"
"double" in dir(Doubler)

# %% [markdown]
# ## Next

# %% tags=["nbval-ignore-output"] reason="shows the time"
1 + 1

# %%
import warnings

import ipywidgets
from IPython.display import HTML, display

warnings.warn("careful", stacklevel=1)
display(HTML('<i>still</i><script type="application/json">{}</script><script>if (a < b) {}</script>'))
ipywidgets.IntSlider(7)
'''


@pytest.fixture
def course(tmp_path):
    return new_course(tmp_path / "course")


def new_course(folder):
    (folder / "lessons").mkdir(parents=True)
    write(folder, TEXT)
    return folder


def write(course, text):
    (course / "lessons" / "01_tiny.py").write_text(text, "utf-8")


def contents(course):
    files = [*course.glob("*/*.ipynb"), *course.glob("tests/outputs/*.txt")]
    return {path: path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def built_once(tmp_path_factory):
    folder = new_course(tmp_path_factory.mktemp("built") / "course")
    builder.build(folder, [LESSON])
    return folder


@pytest.fixture
def built(built_once, tmp_path):
    return shutil.copytree(built_once, tmp_path / "course")


def notebook(course, variant="notebooks"):
    return nbformat.read(course / variant / "01_tiny.ipynb", 4)


def test_solutions_are_there_and_learners_copies_are_stubs(built):
    solved, to_solve = notebook(built, "solutions"), notebook(built)
    assert "        return 2 * x\n        ### END SOLUTION" in solved.cells[2].source
    assert to_solve.cells[2].source == (
        'class Doubler:\n    """Doubles."""\n\n    def double(self, x):\n'
        '        """Return twice x."""\n        raise NotImplementedError("Exercise 1.1")'
    )
    assert [cell.id for cell in solved.cells] == [cell.id for cell in to_solve.cells]


def ids(course, text):
    write(course, text)
    source = builder.read_lesson(course, LESSON)
    return [cell.id for cell in builder.make_notebook(source, "notebooks").cells]


def test_ids_name_a_cells_section_and_exercise(course):
    expected = [
        "start-01",
        "start-02",
        "exercise-1-1",
        "check-1-1",
        "next-01",
        "next-02",
        "next-03",
    ]
    assert ids(course, TEXT) == expected
    assert ids(course, TEXT.replace("print(2)", "print(3)")) == expected
    longer = TEXT.replace("# ## Next", f"# ### {'é long ' * 20}\n\n# %% [markdown]\n# ## 4. Next")
    (heading,) = set(ids(course, longer)) - set(expected)
    assert len(heading) <= 64
    assert heading.startswith("long-long")


def test_an_inserted_cell_or_section_leaves_the_other_sections_ids(course):
    before = ids(course, TEXT)
    after = ids(
        course, TEXT.replace("# %% [markdown]\n# ## Next", "# %%\n3\n\n# %% [markdown]\n# ## Next")
    )
    assert set(after) - set(before) == {"start-03"}
    after = ids(course, TEXT.replace("# ## Next", "# ## 1. New\n\n# %% [markdown]\n# ## 2. Next"))
    assert set(after) - set(before) == {"new-01"}


def test_an_answer_at_top_level_becomes_an_ellipsis():
    source = "# How many?\n### BEGIN SOLUTION\nn_units = 6 * 7\na, b = 1, 2\n### END SOLUTION\n"
    stub = builder.strip_solution(source, "1.1")
    assert stub == "# How many?\nn_units = ...\na = ...\nb = ..."


def test_an_answer_at_top_level_needs_a_name():
    source = "### BEGIN SOLUTION\n6 * 7\n### END SOLUTION\n"
    with pytest.raises(builder.LessonError, match=r"exercise 1\.1.*a name"):
        builder.strip_solution(source, "1.1")


def test_outputs_are_stored_and_streams_joined(built):
    cell = notebook(built).cells[1]
    assert cell.execution_count == 1
    assert [output.text for output in cell.outputs] == ["one\n2\n"]


def test_what_is_random_is_not_stored(built):
    warned, page, shown = notebook(built).cells[6].outputs
    assert warned.name == "stderr"
    assert warned.text.startswith("ipykernel_0/")
    assert page.data["text/html"] == '<i>still</i><script type="application/json">{}</script>'
    assert list(shown.data) == ["text/plain"]
    assert "widgets" not in notebook(built).metadata


def test_outputs_stand_in_a_text_file_by_their_cells(built):
    text = (built / "tests" / "outputs" / "01_tiny.txt").read_text("utf-8")
    assert text.startswith(
        "## start-02\none\n2\n\n## check-1-1\nTrue\n\n## next-02\n2\n\n## next-03\n"
    )
    assert text.endswith("IntSlider(value=7)\n")


def test_outputs_text_names_pictures_errors_and_kinds_without_text():
    cell = nbformat.v4.new_code_cell(id="a")
    picture = {"text/html": "<img src='data:image/png;base64,AAAA'>", "text/plain": "A curve."}
    cell.outputs = [
        nbformat.v4.new_output("display_data", picture),
        nbformat.v4.new_output("error", ename="ValueError", evalue="no"),
        nbformat.v4.new_output("display_data", {"text/html": "<i>hello</i>"}),
    ]
    text = builder.outputs_text(nbformat.v4.new_notebook(cells=[cell]))
    assert text == "## a\n[picture] A curve.\nValueError: no\n[text/html]\n"


def test_metadata_is_nbgraders_and_the_slides(built):
    cells = notebook(built).cells
    assert cells[2].metadata.nbgrader == {
        "schema_version": 3,
        "grade_id": "exercise-1-1",
        "cell_type": "code",
        "solution": True,
        "grade": False,
        "locked": False,
        "task": False,
    }
    check = cells[3].metadata.nbgrader
    assert (check.grade, check.locked, check.solution, check.points) == (True, True, False, 1)
    types = [cell.metadata.slideshow.slide_type for cell in cells]
    assert types == ["slide", "-", "-", "skip", "slide", "-", "-"]
    assert cells[5].metadata.reason == "shows the time"


def test_a_second_build_is_equal_byte_for_byte(built):
    first = contents(built)
    assert len(first) == 3
    assert builder.build(built, [LESSON]) == []
    make_stale(built)
    assert builder.build(built, [LESSON], force=True) == [LESSON]
    assert builder.build(built, [LESSON]) == []
    assert contents(built) == first


def test_only_what_changed_is_built(built):
    write(built, TEXT.replace("print(2)", "print(3)"))
    assert builder.build(built, [LESSON]) == [LESSON]
    assert notebook(built).cells[1].outputs[0].text == "one\n3\n"
    assert builder.out_of_step(built, LESSON) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("print(2)", "print(3)"), "source differs"),
        (lambda text: text + "\n# %%\n3\n", "has 7 cells, its lesson 8"),
        (lambda text: text.replace("shows the time", "is random"), "metadata differs"),
        (lambda text: text.replace("# ## Next", "# ### Next"), "differs"),
        (lambda text: text.replace("return 2 * x", "return x + x"), "solutions/01_tiny.ipynb"),
        (lambda text: text.replace("return 2 * x", "return x + x"), "is older than its lesson"),
    ],
)
def test_check_tells_what_is_out_of_step(built, change, said):
    write(built, change(TEXT))
    before = contents(built)
    assert any(said in problem for problem in builder.out_of_step(built, LESSON))
    assert contents(built) == before


def test_check_finds_missing_and_stray_files(built):
    outputs = built / "tests" / "outputs"
    (outputs / "01_tiny.txt").rename(outputs / "02_stray.txt")
    said = "tests/outputs/01_tiny.txt does not show the stored outputs"
    assert builder.out_of_step(built, LESSON) == [said]
    (built / "notebooks" / "01_tiny.ipynb").rename(built / "notebooks" / "02_stray.ipynb")
    assert builder.out_of_step(built, LESSON) == ["notebooks/01_tiny.ipynb is missing"]
    assert builder.strays(built, [LESSON]) == [
        "notebooks/02_stray.ipynb has no lesson",
        "tests/outputs/02_stray.txt has no lesson",
    ]


def test_another_cleaning_of_outputs_builds_anew(built, monkeypatch):
    monkeypatch.setattr(builder, "CLEANING", builder.CLEANING + 1)
    first, second = builder.out_of_step(built, LESSON)
    assert (
        first == "notebooks/01_tiny.ipynb is older than its lesson or than the cleaning of outputs"
    )
    assert second.startswith("solutions/01_tiny.ipynb is older")


HOUSE = {
    "lessons/01_one.py": """
from course_utils import datasets
from course_utils.checks import check

datasets.load_rain()
""",
    "lessons/02_two.py": "from course_utils.checks import check\nfrom course_utils.datasets import wave",
    "course_utils/__init__.py": "",
    "course_utils/cells.py": 'def step():\n    """Step."""\n    return 1\n',
    "course_utils/checks/__init__.py": "from course_utils.judge import judge",
    "course_utils/checks/lesson_01.py": "from course_utils.cells import step",
    "course_utils/checks/lesson_02.py": "def answer(): ...",
    "course_utils/datasets/__init__.py": "from .generated import wave\nfrom .shipped import load_rain",
    "course_utils/datasets/generated.py": "def wave(): ...",
    "course_utils/datasets/shipped.py": 'def load_rain(month="may"):\n    f"rain_{month}.csv"',
    "course_utils/judge.py": "def judge(): ...",
    "course_utils/hints/lesson_01.toml": "",
    "course_utils/quizzes/lesson_02.toml": "",
    "data/rain_may.csv": "",
    "data/snow_may.csv": "",
}
ONE, TWO = Lesson(1, "One", 15, "Part", "one"), Lesson(2, "Two", 15, "Part", "two")


@pytest.fixture
def house(tmp_path):
    for name, text in HOUSE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("changed", "stale"),
    [
        ("course_utils/judge.py", [ONE, TWO]),
        ("course_utils/datasets/shipped.py", [ONE]),
        ("course_utils/datasets/generated.py", [TWO]),
        ("course_utils/datasets/__init__.py", []),
        ("course_utils/cells.py", [ONE]),  # through its check
        ("course_utils/checks/lesson_02.py", [TWO]),
        ("course_utils/hints/lesson_01.toml", [ONE]),
        ("course_utils/quizzes/lesson_02.toml", [TWO]),
        ("data/rain_may.csv", [ONE]),
        ("data/snow_may.csv", []),
    ],
)
def test_a_change_makes_stale_what_reaches_it(house, changed, stale):
    before = Sources(house)
    (house / changed).write_text(HOUSE[changed] + "\nadded = 1\n", "utf-8")
    after = Sources(house)
    assert [each for each in (ONE, TWO) if before.digest(each) != after.digest(each)] == stale


def test_comments_docstrings_and_format_make_nothing_stale(house):
    before = Sources(house).digest(ONE)
    (house / "course_utils" / "cells.py").write_text(
        "def step():\n\n    return (1)  # one\n", "utf-8"
    )
    assert Sources(house).digest(ONE) == before


def test_every_text_and_data_file_counts_for_some_lesson():
    sources = Sources(ROOT)
    assert set(sources.texts) <= {path for each in lessons() for path in sources.of(each)}


def test_a_package_that_is_passed_on_counts_as_a_whole(house):
    text = "from course_utils import datasets\ndatasets.wave()\nprint(datasets)"
    (house / "lessons" / "02_two.py").write_text(text, "utf-8")
    assert house / "data" / "rain_may.csv" in Sources(house).of(TWO)


STALE = "01_tiny is stale: code, texts or data that it reaches have changed"


def make_stale(course):
    (course / "course_utils" / "quizzes").mkdir(parents=True)
    (course / "course_utils" / "quizzes" / "lesson_01.toml").write_text("", "utf-8")


def test_a_stale_lesson_is_to_be_built_and_is_no_error(built):
    make_stale(built)
    assert builder.out_of_step(built, LESSON) == []
    assert builder.reasons(built, LESSON, Sources(built)) == [STALE]


def test_a_record_that_a_merge_left_open_is_read_and_closed(built):
    record = built / builder.RECORD
    line = record.read_text("utf-8")
    record.write_text(
        f"<<<<<<< HEAD\n0 01_tiny\n=======\n{line}>>>>>>> other\n0 02_gone\n", "utf-8"
    )
    sources = Sources(built)
    assert builder.reasons(built, LESSON, sources) == []
    builder.accept(built, [], sources, record)
    assert record.read_text("utf-8") == line


def test_kernels_that_start_at_one_moment_share_no_socket():
    if sys.platform == "win32":
        assert builder.kernel_sockets() == {}
    else:
        one, other = builder.kernel_sockets(), builder.kernel_sockets()
        assert one["transport"] == other["transport"] == "ipc"
        assert one["connection_file"] != other["connection_file"]


def strip_outputs(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None


def swap_cells(notebook):
    notebook.cells[0], notebook.cells[4] = notebook.cells[4], notebook.cells[0]


def edit_source(notebook):
    notebook.cells[1].source += "\nprint(4)"


def edit_metadata(notebook):
    notebook.metadata["widgets"] = {}


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (strip_outputs, "was not executed"),
        (swap_cells, "cell 1 ('# 01 · Tiny'): id differs"),
        (edit_source, "source differs"),
        (edit_metadata, "notebook's metadata differ"),
    ],
)
def test_an_edited_notebook_is_found(built, edit, said):
    edited = notebook(built)
    edit(edited)
    nbformat.write(edited, built / "notebooks" / "01_tiny.ipynb")
    assert any(said in problem for problem in builder.out_of_step(built, LESSON))


def test_a_damaged_notebook_is_found_and_mended(built):
    before = contents(built)
    (built / "notebooks" / "01_tiny.ipynb").write_text("<<<<<<< ours\n", "utf-8")
    (problem,) = builder.out_of_step(built, LESSON)
    assert problem == "notebooks/01_tiny.ipynb is not a notebook that can be read"
    assert builder.build(built, [LESSON]) == [LESSON]
    assert contents(built) == before


def test_a_failing_cell_stops_the_build_and_nothing_is_written(built):
    before = contents(built)
    write(built, TEXT.replace("1 + 1", "total = 1 / 0"))
    with pytest.raises(builder.LessonError) as caught:
        builder.build(built, [LESSON])
    for part in ("lessons/01_tiny.py", "code cell 4", "total = 1 / 0", "ZeroDivisionError"):
        assert part in str(caught.value)
    assert contents(built) == before


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("import os; os._exit(1)", "the kernel died"),
        ("import time; time.sleep(60)", "ran for more than 2 seconds"),
    ],
)
def test_a_cell_that_never_answers_is_named(course, monkeypatch, line, reason):
    monkeypatch.setattr(builder, "CELL_TIMEOUT", 2)
    write(course, TEXT.replace("1 + 1", line))
    notebook = builder.make_notebook(builder.read_lesson(course, LESSON), "notebooks")
    with pytest.raises(builder.LessonError) as caught:
        builder.execute(notebook, course, "Tiny")
    assert str(caught.value) == f"Tiny, code cell 4 ({line!r}): {reason}"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace('tags=["nbval-ignore-output"]', 'tags=["skip"]'), "skip"),
        (lambda text: text.replace(' reason="shows the time"', ""), "without a reason"),
        (lambda text: text.replace("# %% check=", "# %% chekc="), "unknown metadata"),
        (lambda text: text.replace(' check="1.1"', ""), "differ"),
        (lambda text: text.replace('"1.1"', '"1.2"'), "course.toml"),
        (lambda text: text.replace("        ### END SOLUTION\n", ""), "not closed"),
        (lambda text: text.replace(' exercise="1.1"', ""), "go together"),
        (lambda text: text.replace(' check="1.1"', ' check="1.1" slide="big"'), "slide='big'"),
    ],
)
def test_bad_lessons_are_refused_with_a_sentence(course, change, said):
    write(course, change(TEXT))
    with pytest.raises(builder.LessonError, match=r"lessons/01_tiny\.py") as caught:
        builder.read_lesson(course, LESSON)
    assert said in str(caught.value)


def test_a_listed_lesson_without_file_is_said(course):
    (course / "lessons" / "01_tiny.py").unlink()
    with pytest.raises(builder.LessonError, match="not there"):
        builder.read_lesson(course, LESSON)


def test_slides_follow_the_structure(built):
    (page,) = builder.build_slides(built, [LESSON], reveal="reveal")
    text = page.read_text("utf-8")
    assert page.name == "01_tiny.slides.html"
    assert "reveal/dist/reveal.js" in text or "reveal/js/reveal.js" in text
    assert text.count("<section>") == 4  # two slides, each a column of one
    assert "dir(Doubler)" not in text.replace("&#39;", "'")


def test_slides_of_a_lesson_that_is_not_built_are_refused(course):
    with pytest.raises(builder.LessonError, match="build the notebooks first"):
        builder.build_slides(course, [LESSON])


@pytest.fixture
def command(built, monkeypatch, capsys):
    """Return a function that runs the command line over the tiny course."""
    monkeypatch.setattr(builder, "ROOT", built)
    monkeypatch.setattr(builder.course, "lessons", lambda: (LESSON,))

    def run(*arguments):
        status = builder.main(list(arguments))
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def test_commands_on_notebooks_in_step(command, built):
    assert command("--check") == (0, "Notebooks and lessons are in step.\n", "")
    assert command("01")[:2] == (0, "0 lessons built\n")
    assert command("--slides", "1")[:2] == (0, "1 slide shows in slides/\n")
    assert (built / "slides" / "01_tiny.slides.html").exists()


def test_commands_on_a_stale_lesson(command, built):
    make_stale(built)
    assert command("--check") == (1, f"{STALE}\n", "")
    assert command("--accept", str(built / builder.RECORD)) == (0, "", "")
    assert command("--check")[0] == 0


def test_a_lesson_that_is_out_of_step_is_not_accepted(command, built):
    record = built / builder.RECORD
    record.unlink()
    write(built, TEXT.replace("print(2)", "print(3)"))
    assert command("--accept", str(record)) == (0, "", "")
    assert record.read_text("utf-8") == ""


def test_commands_on_a_lesson_that_changed(command, built):
    write(built, TEXT + "\n# %%\n1 / 0\n")
    status, said, _ = command("--check")
    assert status == 1
    assert "notebooks/01_tiny.ipynb has 7 cells, its lesson 8" in said
    status, _, complaint = command()
    assert status == 1
    assert "ZeroDivisionError" in complaint
    assert "Traceback" not in complaint


def test_an_unknown_lesson_is_refused(command):
    with pytest.raises(SystemExit, match="2"):
        command("7")
