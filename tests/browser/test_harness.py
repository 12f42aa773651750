"""The harness bites: it finds what is wrong with widgets that were made to be wrong."""

import nbformat
import pytest
from browser.real_lab import open_notebook
from widget_driver import Widget, explorers

# JupyterLab takes the arrow keys for itself where the focused element does not say that it wants them.
KEYS = 'data-lm-suppress-shortcuts="true"'
MODULE = """
export default { render({ el }) {
    el.innerHTML = `<div class="unrolled-widget" role="group" aria-label="bar">
        <label>height <input type="range" KEYS min="0" max="10" value="3"></label>
        <label>shape <select><option>flat</option><option>tall</option></select></label>
        <svg role="img" aria-label="a bar"><rect/></svg><p aria-live="polite"></p></div>`;
    const [range, choice] = el.querySelectorAll("input, select");
    const draw = () => {
        el.querySelector("rect").setAttribute("data-height", FORMULA);
        el.querySelector("p").textContent = `height ${range.value}, ${choice.value}`;
    };
    for (const control of [range, choice]) control.addEventListener("input", draw);
    draw();
}};
"""
SOUND = "(choice.value === 'tall' ? 9 : 1) * range.value + 1"
LABEL = "<label>shape <select><option>flat</option><option>tall</option></select></label>"
WIDGETS = {
    "sound": MODULE,
    "range matters only with the other option": MODULE.replace(
        "FORMULA", "choice.value === 'tall' ? range.value : -1"
    ),
    "dead range": MODULE.replace("FORMULA", "choice.value"),
    "dead choice": MODULE.replace("FORMULA", "range.value"),
    "not a number": MODULE.replace("FORMULA", "Math.log(-range.value) + choice.value"),
    "no name": MODULE.replace('aria-label="bar"', ""),
    "no label": MODULE.replace(LABEL, LABEL.replace("label>", "span>").replace("shape", "")),
    "no picture text": MODULE.replace(' role="img"', ""),
    "no sentence": MODULE.replace('"p"', '"label"'),
}
FAULTS = {
    "dead range": "range 'height' does not change the picture",
    "dead choice": "select 'shape' does not change the picture",
    "not a number": "NaN shown at",
    "no name": "the widget has no name",
    "no label": "a select has no label",
    "no picture text": "a picture has no text alternative",
    "no sentence": "no sentence at",
}
KEYS_TAKEN = "keys taken by JupyterLab"


def cell(module, keys=KEYS):
    source = module.replace("FORMULA", SOUND).replace("KEYS", keys)
    return nbformat.v4.new_code_cell(
        f"import anywidget\nclass W(anywidget.AnyWidget):\n    _esm = {source!r}\nW()"
    )


@pytest.fixture(scope="module")
def scratch(lab, browser):
    cells = [cell(module) for module in WIDGETS.values()] + [cell(MODULE, keys="")]
    book = nbformat.v4.new_notebook(
        cells=[*cells, nbformat.v4.new_code_cell("1 / 0")],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    nbformat.write(book, lab.course / "scratch.ipynb")
    with open_notebook(lab, browser, "scratch.ipynb") as notebook:
        notebook.run_all()
        notebook.wait_for_widgets()
        yield notebook


@pytest.mark.parametrize("name", WIDGETS)
def test_faults_of_a_widget_are_found(scratch, name, monkeypatch):
    monkeypatch.setattr(Widget, "patience", 0.1)
    widget = explorers(scratch.page)[list(WIDGETS).index(name)]
    found = widget.faults()
    assert bool(found) == (name in FAULTS), found
    assert name not in FAULTS or any(fault.startswith(FAULTS[name]) for fault in found), found


def test_a_range_that_ignores_the_arrow_keys_is_found(scratch):
    widgets = explorers(scratch.page)
    assert widgets[0].ignores_keys() == []
    assert widgets[-1].ignores_keys() == ["height"]


def test_moves_are_timed(scratch):
    times = explorers(scratch.page)[0].redraw_times(moves=10)
    assert len(times) >= 9
    assert all(0 < milliseconds < 1000 for milliseconds in times)


def test_an_error_in_a_cell_is_seen(scratch):
    assert scratch.cells()[-1]["outputs"][0]["ename"] == "ZeroDivisionError"


def test_an_error_in_the_page_is_seen(scratch):
    assert scratch.problems == []
    scratch.page.evaluate("setTimeout(() => { throw new Error('from a widget'); })")
    scratch.page.wait_for_timeout(100)
    assert "from a widget" in scratch.problems.pop()
