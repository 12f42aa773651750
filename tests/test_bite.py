"""Proof that the comparison bites: each kind of rot, put into a good notebook, fails the run."""

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import build_notebooks as builder
import matplotlib.pyplot as plt
import nbformat
import pytest
import test_structure

from course_utils import plotting
from course_utils.course import Lesson

ROOT = Path(__file__).resolve().parent.parent
LESSON = Lesson(1, "Tiny", 15, "Part", "tiny")
TEXT = """# %%
import ipywidgets
import matplotlib.pyplot as plt
from IPython.display import HTML

from course_utils import plotting, session

session.start(seed=1)

def show(base):
    fig, ax = plt.subplots()
    ax.plot([base**t for t in range(30)])
    plotting.show(fig, alt="A curve that fades over 30 steps.")

# %%
print("loss", round(2 / 3, 3))

# %%
show(0.5)

# %%
show(0.55)

# %%
show(0.6)

# %%
ipywidgets.IntSlider(7)

# %%
HTML("<i>still</i><script>let a = 'x < y'; a += 1</script>")

# %%
print("no mistake yet")
"""


def curve(base, **options):
    """Return what the lesson's ``show`` displays."""
    plotting.set_style()
    figure, ax = plt.subplots(**options)
    ax.plot([base**t for t in range(30)])
    html = plotting.figure_html(figure, "A curve that fades over 30 steps.")
    plt.close(figure)
    return html


def spoil(cells):
    """Put another kind of rot into each cell but the first."""
    _, number, picture, small, dropped, widget, page, broken = cells
    number.outputs[0].text = "loss 0.668\n"
    picture.outputs[0].data["text/html"] = curve(0.6)
    smaller = curve(0.55, figsize=(6, 3)).replace('width="660"', 'width="770"')
    small.outputs[0].data["text/html"] = smaller
    del dropped.outputs[0].data["text/html"]
    widget.outputs[0].data["text/plain"] = "IntSlider(value=8)"
    assert (
        page.outputs[0].data["text/html"] == "<i>still</i>"
    )  # the good one passes without its code
    page.outputs[0].data["text/html"] = "<i>stale</i>"
    broken.source = "print(undefined_name)"


def strip(cells):
    for cell in cells:
        cell.outputs, cell.execution_count = [], None


SIGNS = {
    "a changed number": (1, "0.668"),
    "a changed picture": (2, "picture 1 of the cell differs"),
    "a picture of another size": (3, "worst tile inf"),
    "a missing picture": (4, "text/html"),
    "a widget's changed text": (5, "IntSlider(value=8)"),
    "a widget's changed still": (6, "stale"),
    "a broken lesson": (7, "NameError"),
}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Build the tiny lesson's notebook in a folder of its own."""
    folder = tmp_path_factory.mktemp("course")
    (folder / "lessons").mkdir()
    (folder / "lessons" / "01_tiny.py").write_text(TEXT, "utf-8")
    notebook = builder.make_notebook(builder.read_lesson(folder, LESSON), "notebooks")
    builder.execute(notebook, folder, "Tiny")
    nbformat.write(notebook, folder / "good.ipynb")
    return folder


@pytest.fixture(scope="module")
def failures(course):
    """Run nbval as `make test` does, over the good notebook and a spoilt one.

    Returns, by notebook, what failed: the number of the code cell and the message.
    """
    notebook = nbformat.read(course / "good.ipynb", 4)
    spoil(notebook.cells)
    nbformat.write(notebook, course / "spoilt.ipynb")
    report = course / "report.xml"
    subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "conftest"),
            *("--nbval", "--nbval-current-env"),
            *("--nbval-sanitize-with", ROOT / "tests" / "nbval_sanitize.cfg"),
            *("-c", os.devnull, "--rootdir", course, "--junitxml", report, course),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tools")])},
        stdout=subprocess.DEVNULL,
        timeout=300,
    )
    found = {"good.ipynb": {}, "spoilt.ipynb": {}}
    cases = list(ElementTree.parse(report).iter("testcase"))
    assert len(cases) == 2 * len(notebook.cells)
    for case in cases:
        for problem in case.iter("failure"):
            found[case.get("classname")][int(case.get("name").split()[-1])] = problem.text
    return found


def test_the_good_notebook_passes(failures):
    assert failures["good.ipynb"] == {}


@pytest.mark.parametrize(("cell", "sign"), SIGNS.values(), ids=SIGNS)
def test_each_kind_of_rot_fails(failures, cell, sign):
    assert sign in failures["spoilt.ipynb"][cell]


def test_nothing_else_fails(failures):
    assert len(failures["spoilt.ipynb"]) == len(SIGNS)


def test_a_stripped_notebook_fails_the_structure_test(course):
    """nbval compares nothing where nothing is stored; the counts 1..N are what is missing."""
    notebook = nbformat.read(course / "good.ipynb", 4)
    test_structure.test_every_code_cell_was_executed_in_order(notebook)
    strip(notebook.cells)
    with pytest.raises(AssertionError):
        test_structure.test_every_code_cell_was_executed_in_order(notebook)
