"""What a learner does on two days: run, type, press keys, save, close; come back and go on.

Each day has a server and a browser of its own. The second day begins with what the first one left
on the disk: the saved notebooks, the progress, and the server's memory of what it may trust.
"""

import json
from contextlib import contextmanager

import nbformat
import pytest
from browser.real_lab import Notebook, open_notebook, running_lab
from nbconvert import HTMLExporter
from playwright.sync_api import expect

AUTOSAVE = {"@jupyterlab/docmanager-extension/plugin": {"autosaveInterval": 1}}  # seconds
STILL = "This is a still. Run its cell (Shift + Enter) to use it."
BROKEN = "Error displaying widget"
UNDO_HERE = "answer_of_the_learner = 1"
# One of each kind: the page answers alone, or asks the kernel; a bar that has come and gone.
CELLS = [
    """
import numpy as np
from course_utils import training
from course_utils.widgets import CourseMap, Quiz, ScalarRNNExplorer, SentimentExplorer
""",
    "ScalarRNNExplorer()",
    "Quiz('02')",
    "SentimentExplorer({'length': lambda sentences: [len(each) / 200 for each in sentences]})",
    "CourseMap()",
    """
def loss_and_gradients(parameters, batch):
    return float(parameters["w"][0]), {"w": np.ones(1)}

_ = training.fit(loss_and_gradients, {"w": np.ones(1)}, [0] * 50, training.SGD(0.1))
""",
    UNDO_HERE,
]
# Keys that Lab acts on wherever they are pressed, and what they do.
COMMANDS = {
    "Control+s": "docmanager:save",
    "Control+f": "documentsearch:start",
    "Shift+Enter": "notebook:run-cell-and-select-next",
}
LISTEN = """() => {
    window.executed = [];
    window.jupyterapp.commands.commandExecuted.connect((_, { id }) => {
        if (/^(notebook|docmanager|documentsearch:start|editmenu)/.test(id)) window.executed.push(id);
    });
}"""
EXPLORER, QUIZ, SENTIMENT, MAP, TRAINING, TYPED = range(1, 7)
SCRIPTS = {EXPLORER: "scalar_rnn", QUIZ: "quiz", SENTIMENT: "sentiment", MAP: "course_map"}
ALONE = (EXPLORER, QUIZ)


@contextmanager
def a_day(folder, browser):
    """A server on what is in ``folder``, and a function that opens a notebook there."""
    with running_lab(folder) as lab:
        context = browser.new_context(viewport={"width": 1280, "height": 1000})
        try:
            yield lab, lambda path: Notebook(lab, context.new_page(), path)
        finally:
            context.close()


def set_up(folder):
    for name, values in AUTOSAVE.items():
        file = folder / "settings" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(values))


def write_scratch(lab):
    book = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source.strip()) for source in CELLS],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)"}},
    )
    nbformat.write(book, lab.course / "own.ipynb")


def place(notebook, index):
    """The output of one of CELLS, scrolled to: JupyterLab draws what is in sight."""
    notebook.show(index)
    return notebook.cell(index).locator(".jp-OutputArea")


def is_alive(notebook, index):
    place(notebook, index).locator(".unrolled-widget").wait_for()
    expect(place(notebook, index).get_by_text(STILL)).to_be_hidden()


def is_still(notebook, index):
    expect(place(notebook, index).get_by_text(STILL)).to_be_visible()
    expect(place(notebook, index).locator(".unrolled-widget")).to_have_count(0)


def moves(notebook, index=EXPLORER):
    """Whether the first slider moves the picture."""
    widget = place(notebook, index).locator(".unrolled-widget")
    before = widget.locator("svg").inner_html()
    widget.locator("input[type=range]").first.press("End")
    return widget.locator("svg").inner_html() != before


def answers(notebook):
    """Whether the quiz gives a reason."""
    quiz = place(notebook, QUIZ).locator(".unrolled-widget fieldset").first
    quiz.locator("input").first.check()
    return quiz.locator("[aria-live]").inner_text() != ""


def nothing_is_broken(notebook):
    for index in range(len(notebook.cells())):
        notebook.show(index)
        expect(notebook.page.get_by_text(BROKEN)).to_have_count(0)
    assert notebook.problems == []


@pytest.fixture(scope="module")
def first_day(browser, tmp_path_factory):
    """The first day: what was seen on it, and its folder for the second one."""
    folder = tmp_path_factory.mktemp("days")
    set_up(folder)
    seen = {}
    with a_day(folder, browser) as (lab, open_):
        # The server's own start page is lesson 00. It is read, and the solutions are looked at.
        lesson = open_("")
        untouched = (lab.course / "notebooks/00_start_here.ipynb").read_bytes()
        lesson.page.wait_for_timeout(3000)  # three autosaves
        seen["unsaved"] = lesson.is_unsaved()
        seen["rewritten"] = (lab.course / "notebooks/00_start_here.ipynb").read_bytes() != untouched
        text = ["".join(cell["source"]) for cell in lesson.cells()]
        lesson.show(next(i for i, each in enumerate(text) if "(../solutions/" in each))
        lesson.page.locator(".jp-Notebook a", has_text="the one for this lesson").click()
        lesson.page.wait_for_timeout(1000)
        seen["tabs"] = lesson.page.locator(".jp-MainAreaWidget").count()
        seen["dialogs"] = lesson.page.locator(".jp-Dialog").count()
        lesson.page.close()

        # A lesson run to the half only.
        half = open_("notebooks/02_forward_pass.ipynb")
        code = [i for i, cell in enumerate(half.cells()) if cell["cell_type"] == "code"]
        explorer = next(i for i in code if "Explorer(" in "".join(half.cells()[i]["source"]))
        half.run_cell(code[0])
        half.run_cell(explorer)
        is_alive(half, explorer)
        half.save()
        half.page.close()
        seen["half"] = explorer

        # A notebook run from top to bottom, with every key that a learner may press.
        write_scratch(lab)
        own = open_("own.ipynb")
        own.run_all()
        own.wait_for_widgets()
        seen["alive"] = [moves(own), answers(own)]
        seen["keys"] = press_keys(own)
        own.save()
        own.page.reload()  # the kernel goes on
        own.wait_for_kernel()
        for index in SCRIPTS:
            is_alive(own, index)
        nothing_is_broken(own)
        own.save()
        seen["saved"] = (lab.course / "own.ipynb").read_text("utf-8")
        own.restart_kernel()
        for index in SCRIPTS:
            (is_alive if index in ALONE else is_still)(own, index)
        seen["after restart"] = moves(own)
        own.page.close()
    return folder, seen


def press_keys(own):
    """Press each key in each kind of control, as it does in Lab; return what went wrong."""
    wrong = []
    controls = {
        "slider": (EXPLORER, "input[type=range]"),
        "choice": (EXPLORER, "select"),
        "button": (EXPLORER, "button"),
        "answer": (QUIZ, "input[type=radio]"),
        "text": (SENTIMENT, "input[type=text]"),
    }
    own.type_into(TYPED, "more = 2\n")
    typed = "".join(own.cells()[TYPED]["source"])
    own.page.evaluate(LISTEN)
    for name, (index, selector) in controls.items():
        control = place(own, index).locator(selector).first
        for key in ("b", "x", "Shift+M", "Control+z", "Control+Shift+z", "Control+y", *COMMANDS):
            control.focus()
            own.page.keyboard.press(key)
            own.page.wait_for_timeout(100)
            executed = own.page.evaluate("window.executed.splice(0)")
            if COMMANDS.get(key) not in [None, *executed]:
                wrong.append(f"{key} in a {name} is dead: {executed}")
            if key not in COMMANDS and executed:
                wrong.append(f"{key} in a {name} is taken: {executed}")
        own.page.keyboard.press("Escape")  # the search
        own.wait_for_kernel()
        is_alive(own, index)
        if "".join(own.cells()[TYPED]["source"]) != typed:
            wrong.append(f"a {name} changes the cell that was typed in")
    return wrong


@pytest.fixture(scope="module")
def second_day(first_day, browser):
    """A new server on the folder of the first day."""
    folder, _ = first_day
    with a_day(folder, browser) as day:
        yield day


def test_the_start_page_is_a_lesson_that_nobody_has_touched(first_day):
    _, seen = first_day
    assert not seen["unsaved"]
    assert not seen["rewritten"]


def test_the_link_to_the_solutions_opens(first_day):
    _, seen = first_day
    assert (seen["tabs"], seen["dialogs"]) == (2, 0)


def test_keys_do_what_they_do_in_lab(first_day):
    _, seen = first_day
    assert seen["alive"] == [True, True]
    assert seen["keys"] == []


def test_explorers_survive_a_restart_of_the_kernel(first_day):
    _, seen = first_day
    assert seen["after restart"]


def test_a_lesson_that_was_run_is_alive_on_the_next_day(second_day):
    _, open_ = second_day
    own = open_("own.ipynb")
    for index in SCRIPTS:
        (is_alive if index in ALONE else is_still)(own, index)
    assert moves(own)
    assert answers(own)
    nothing_is_broken(own)
    assert not own.is_unsaved()
    own.run_all()  # and it goes on
    for index in SCRIPTS:
        is_alive(own, index)
    own.page.close()


def test_a_lesson_run_to_the_half_shows_stills(second_day, first_day):
    _, open_ = second_day
    _, seen = first_day
    half = open_("notebooks/02_forward_pass.ipynb")
    is_still(half, seen["half"])
    expect(place(half, seen["half"]).locator("img")).to_be_visible()
    nothing_is_broken(half)
    half.page.close()


def test_a_notebook_from_elsewhere_shows_stills(first_day, browser, tmp_path):
    _, seen = first_day
    with running_lab(tmp_path) as lab:
        (lab.course / "own.ipynb").write_text(seen["saved"], "utf-8")
        with open_notebook(lab, browser, "own.ipynb") as own:
            for index in SCRIPTS:
                is_still(own, index)
            nothing_is_broken(own)


def test_an_export_to_html_is_alive_without_a_server(first_day, browser, tmp_path):
    _, seen = first_day
    body, _ = HTMLExporter().from_notebook_node(nbformat.reads(seen["saved"], 4))
    (tmp_path / "own.html").write_text(body, "utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "own.html").as_uri(), wait_until="commit")
    page.locator(".unrolled-widget svg").wait_for()
    assert page.locator(".unrolled-widget").count() == len(ALONE)
    widget = page.locator(".unrolled-widget").first
    before = widget.locator("svg").inner_html()
    widget.locator("input[type=range]").first.press("End")
    assert widget.locator("svg").inner_html() != before
    expect(page.get_by_text(STILL)).to_have_count(len(SCRIPTS))
    expect(page.get_by_text(STILL).locator("visible=true")).to_have_count(len(SCRIPTS) - len(ALONE))
    page.close()
