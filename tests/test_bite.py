"""Proof that the comparison bites: each kind of rot, put into a good notebook, fails the run."""

import os
import subprocess
import sys
from pathlib import Path

import build_notebooks as builder
import nbformat
import pytest

from course_utils.course import Lesson

ROOT = Path(__file__).resolve().parent.parent
LESSON = Lesson(1, "Tiny", 15, "Part", "tiny")
TEXT = """# %%
import matplotlib.pyplot as plt
from course_utils import plotting, session
session.start(seed=1)

# %%
print("loss", round(2 / 3, 3))

# %%
fig, ax = plt.subplots()
ax.plot([0.5**t for t in range(30)])
plotting.show(fig, alt="A curve that halves at each of 30 steps.")

# %%
1 + 1
"""


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course")
    (folder / "lessons").mkdir()
    (folder / "lessons" / "01_tiny.py").write_text(TEXT, "utf-8")
    builder.build(folder, [LESSON])
    return folder / "notebooks" / "01_tiny.ipynb"


def run_nbval(notebook):
    """Run nbval as `make test` does, over one notebook outside the repository."""
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-p", "conftest"]
    command += ["--nbval-sanitize-with", str(ROOT / "tests" / "nbval_sanitize.cfg")]
    return subprocess.run(
        [*command, "-q", "-c", os.devnull, "--rootdir", str(notebook.parent), str(notebook)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tools")])},
        timeout=120,
    )


@pytest.fixture
def changed(good, tmp_path):
    """Return a function that stores a changed copy of the good notebook."""

    def change(edit):
        notebook = nbformat.read(good, 4)
        edit(notebook.cells)
        path = tmp_path / good.name
        nbformat.write(notebook, path)
        return path

    return change


def test_the_untouched_notebook_passes(good):
    result = run_nbval(good)
    assert result.returncode == 0, result.stdout
    assert "4 passed" in result.stdout


def test_a_changed_number_fails(changed):
    def edit(cells):
        cells[1].outputs[0].text = cells[1].outputs[0].text.replace("0.667", "0.668")

    result = run_nbval(changed(edit))
    assert result.returncode == 1
    assert "0.668" in result.stdout


def test_a_changed_picture_fails(changed, tmp_path):
    redrawn = Lesson(1, "Tiny", 15, "Part", "other")
    (tmp_path / "lessons").mkdir()
    other = TEXT.replace("0.5**t", "0.6**t")
    (tmp_path / "lessons" / "01_other.py").write_text(other, "utf-8")
    builder.build(tmp_path, [redrawn])
    drawn = nbformat.read(tmp_path / "notebooks" / "01_other.ipynb", 4).cells[2].outputs

    def edit(cells):
        cells[2].outputs = drawn

    result = run_nbval(changed(edit))
    assert result.returncode == 1
    assert "picture 1 of the cell differs" in result.stdout


def test_a_missing_picture_fails(changed):
    def edit(cells):
        cells[2].outputs[0].data.pop("text/html")

    assert run_nbval(changed(edit)).returncode == 1


def test_a_broken_lesson_fails(changed):
    def edit(cells):
        cells[1].source = "print(undefined_name)"

    result = run_nbval(changed(edit))
    assert result.returncode == 1
    assert "NameError" in result.stdout


def test_a_stripped_notebook_passes_nbval_and_fails_the_structure_test(changed):
    """nbval compares nothing where nothing is stored; the counts 1..N are what is missing."""

    def edit(cells):
        for cell in cells:
            cell.outputs, cell.execution_count = [], None

    path = changed(edit)
    assert run_nbval(path).returncode == 0
    from test_structure import test_every_code_cell_was_executed_in_order as executed

    with pytest.raises(AssertionError):
        executed(nbformat.read(path, 4))
