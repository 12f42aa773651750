"""What every explorer must do; a new explorer is covered without new code."""

import json
import math
import random
import re
import xml.etree.ElementTree as ET

import pytest
from page import in_page, stored

from course_utils import widgets
from course_utils.widgets.base import STYLE, page_script
from course_utils.widgets.controls import Choice, Range, Text

EXPLORERS = widgets.explorers()
RANDOM_SETTINGS = 30
SVG = '<svg xmlns="http://www.w3.org/2000/svg">{}</svg>'


@pytest.fixture(scope="module", params=EXPLORERS, ids=lambda each: each.__name__)
def explorer(request):
    made = request.param()
    yield made
    made.close()


def values_with(explorer, control, setting):
    """Values with one control moved, and the other control that it depends on, if any."""
    used_with = getattr(control, "used_with", None)
    return explorer.checked(
        explorer.values
        | ({used_with[0]: used_with[1]} if used_with else {})
        | {control.name: setting}
    )


def random_setting(control, rng):
    if isinstance(control, Range):
        return min(
            control.max,
            control.min
            + control.step * rng.randint(0, round((control.max - control.min) / control.step)),
        )
    return rng.choice(control.settings)


def extremes(explorer):
    """Every end and option with the others as they start, then again with random others."""
    rng = random.Random(type(explorer).__name__)
    alone = [
        values_with(explorer, control, setting)
        for control in explorer.controls
        for setting in control.settings
    ]
    mixed = [
        {control.name: rng.choice(control.settings) for control in explorer.controls}
        for _ in range(RANDOM_SETTINGS)
    ]
    inside = [
        {control.name: random_setting(control, rng) for control in explorer.controls}
        for _ in range(RANDOM_SETTINGS)
    ]
    return [explorer.checked(values) for values in [*alone, *mixed, *inside]]


@pytest.fixture(scope="module")
def answers(explorer, tmp_path_factory):
    """Pairs of values and what the page makes of them."""
    calls = extremes(explorer)
    folder = tmp_path_factory.mktemp("page")
    return list(zip(calls, in_page(folder, explorer, calls), strict=True))


def assert_same(python, page, where):
    """Equal up to rounding in the last digits, which two mathematical libraries may differ in."""
    if isinstance(python, dict):
        assert isinstance(page, dict) and python.keys() == page.keys(), where
        for key, value in python.items():
            assert_same(value, page[key], f"{where}.{key}")
    elif isinstance(python, list):
        assert isinstance(page, list) and len(python) == len(page), where
        numbers = [each for each in python if isinstance(each, float)]
        scale = max(map(abs, numbers), default=0.0)
        for i, (one, other) in enumerate(zip(python, page, strict=True)):
            if isinstance(one, float):
                assert math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9 * scale), f"{where}[{i}]"
            else:
                assert_same(one, other, f"{where}[{i}]")
    elif isinstance(python, float):
        assert math.isclose(python, page, rel_tol=1e-9, abs_tol=1e-12), f"{where}: {python} {page}"
    else:
        assert python == page, f"{where}: {python!r} in Python, {page!r} in the page"


def test_python_and_page_compute_the_same(explorer, answers):
    for values, page in answers:
        python = json.loads(json.dumps(explorer.state(**values), allow_nan=False))
        assert_same(python, page["result"], f"state({values})")


def test_python_and_page_say_the_same(explorer, answers):
    for values, page in answers:
        assert explorer.describe(**values) == page["sentence"]


def test_description_is_one_sentence_with_a_number(explorer, answers):
    for _, page in answers:
        sentence = page["sentence"]
        assert sentence.endswith(".") and ". " not in sentence
        assert re.search(r"\d", sentence)
        assert not re.search(r"nan|inf\b|undefined|null|None", sentence, re.IGNORECASE)


def test_pictures_hold_only_finite_numbers(answers):
    for values, page in answers:
        for picture in page["pictures"]:
            assert not re.search(r"NaN|Infinity|undefined|null", picture["svg"]), values
            assert 0 < picture["height"] <= 900
            ET.fromstring(SVG.format(picture["svg"]))  # well formed


def test_pictures_stay_inside_their_width(answers):
    for values, page in answers:
        for width, picture in zip((300, 640, 900), page["pictures"], strict=True):
            for node in ET.fromstring(SVG.format(picture["svg"])).iter():
                for key in ("x", "x1", "x2", "cx"):
                    assert -0.5 <= float(node.get(key, 0)) <= width + 0.5, (values, node.attrib)


def test_every_control_changes_the_picture_in_the_page(explorer, tmp_path):
    for control in explorer.controls:
        calls = [values_with(explorer, control, setting) for setting in control.settings]
        pictures = {page["pictures"][0]["svg"] for page in in_page(tmp_path, explorer, calls)}
        assert len(pictures) == len(calls), control.name


def pixels(figure):
    figure.set_dpi(40)  # enough to tell two pictures apart
    figure.canvas.draw()
    return bytes(figure.canvas.buffer_rgba())


def test_every_control_changes_the_picture_in_python(explorer):
    from matplotlib import pyplot as plt

    for control in explorer.controls:
        seen = set()
        for setting in control.settings:
            figure = explorer.figure(**values_with(explorer, control, setting))
            seen.add(pixels(figure))
            plt.close(figure)
        assert len(seen) == len(control.settings), control.name


def test_picture_and_sentence_stay_where_no_kernel_runs(explorer):
    bundle = explorer._repr_mimebundle_()
    alt = re.search(r'<img alt="([^"]+)"', bundle["text/html"])
    assert alt and explorer.title in alt[1]
    assert bundle["text/plain"] == explorer.describe()
    assert "Run its cell" in bundle["text/html"]
    # JupyterLab would take a view first, and could not show it on the next day.
    assert bundle.keys() == {"text/html", "text/plain"}


def test_output_holds_what_the_page_needs_without_a_kernel(explorer):
    assert not explorer.needs_kernel
    state = json.loads(re.search(r'json">([^<]*)</script>', stored(explorer))[1])
    assert state == {"values": explorer.values, "page": json.loads(json.dumps(explorer.page))}


def test_static_view_is_the_same_every_time(explorer):
    assert explorer.as_html() == explorer.as_html()


def test_controls_are_labelled_and_start_within_their_bounds(explorer):
    labels = [control.label for control in explorer.controls]
    assert all(label.strip() for label in labels) and len(set(labels)) == len(labels)
    for control in explorer.controls:
        assert control.checked(control.value) == control.value
        if isinstance(control, Range):
            assert control.min < control.max and control.step > 0


def test_script_needs_nothing_from_elsewhere(explorer):
    script = page_script(explorer.script)
    assert not re.search(r"^\s*import\b|\bimport\s*\(|\brequire\(|\bfetch\(", script, re.M)
    assert set(re.findall(r"https?://[^\"'\s]+", script)) <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"@import|url\(", STYLE)


def bad_settings(control):
    if isinstance(control, Text):
        return [None, [1], {}, 1.5, -1, True, "a" * (control.max_length + 1)]
    bad = ["no such setting", None, [1], {}]
    if isinstance(control, Range):
        return [*bad, True, math.nan, math.inf, control.min - 1, control.max + 1]
    return [*bad, 1.5, -1] + ([True] if isinstance(control, Choice) else [0, 1])


def test_bad_settings_are_refused_by_name(explorer):
    before = explorer.values
    for control in explorer.controls:
        for setting in bad_settings(control):
            for refuse in (explorer.set, explorer.state, type(explorer)):
                with pytest.raises(ValueError, match=f"^{control.name} must be "):
                    refuse(**{control.name: setting})
    assert explorer.values == before


def test_bad_settings_from_the_page_are_refused(explorer):
    before = explorer.values
    control = explorer.controls[0]
    with pytest.raises(ValueError, match=control.name):
        explorer.set_state({"values": before | {control.name: "no such setting"}})
    with pytest.raises(ValueError, match="dict"):
        explorer.set_state({"values": [1, 2]})
    assert explorer.values == before


def test_unknown_controls_are_refused(explorer):
    with pytest.raises(ValueError, match="has no control 'volume'"):
        explorer.set(volume=11)


def test_controls_start_where_they_are_told(explorer):
    for control in explorer.controls:
        for setting in control.settings:
            made = type(explorer)(**{control.name: setting})
            assert made.values[control.name] == setting
            assert made.describe() == explorer.describe(**{control.name: setting})
            made.close()


def test_page_moves_the_kernel_side(explorer):
    moved = type(explorer)()
    control = moved.controls[0]
    moved.set_state({"values": moved.values | {control.name: control.settings[-1]}})
    assert moved.values[control.name] == control.settings[-1]
    moved.close()


def test_explorers_are_found():
    names = [each.__name__ for each in EXPLORERS]
    assert "ScalarRNNExplorer" in names and names == sorted(names)
    assert all(getattr(widgets, name) in EXPLORERS for name in names)
