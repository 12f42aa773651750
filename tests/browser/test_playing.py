"""The melody player in a real JupyterLab: it sounds when it is told to, and stops."""

import nbformat
import pytest
from browser.real_lab import open_notebook
from widget_driver import explorers

SOURCE = """
from course_utils.datasets import Melody, load_melodies
from course_utils.widgets import MelodyPlayer
display(MelodyPlayer([*load_melodies()[:3], Melody.from_tokens(["60:2", "0:2", "64:2"], "short")]))
display(MelodyPlayer())
"""
# Keeps every AudioContext that the page makes.
LISTEN = """() => {
    window.contexts = [];
    window.AudioContext = class extends window.AudioContext {
        constructor() { super(); window.contexts.push(this); }
    };
}"""
SOUNDS = "() => window.contexts.filter(each => each.state === 'running').length"
PLACE = "widget => Number(widget.querySelector('.unrolled-cursor').getAttribute('x1'))"
SEEN = "widget => widget.querySelector('.unrolled-cursor').getAttribute('visibility')"


@pytest.fixture(scope="module")
def opened(lab, browser):
    book = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(SOURCE.strip())],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    nbformat.write(book, lab.course / "melodies.ipynb")
    with open_notebook(lab, browser, "melodies.ipynb") as notebook:
        notebook.run_all()
        notebook.wait_for_widgets()
        notebook.page.evaluate(LISTEN)
        yield notebook


@pytest.fixture
def page(opened):
    """The page, silent, with no sound made so far."""
    for stop in opened.page.get_by_role("button", name="Stop").all():
        stop.click()
    for reset in opened.page.get_by_role("button", name="Reset").all():
        reset.click()
    opened.page.wait_for_function(f"({SOUNDS})() === 0")
    opened.page.evaluate("window.contexts.length = 0")
    return opened.page


def widget(page, place=0):
    return page.locator(".unrolled-widget").nth(place)


def sounding(page, wanted):
    page.wait_for_function(f"wanted => ({SOUNDS})() === wanted", arg=wanted)


def test_every_control_works(opened):
    for each in explorers(opened.page):
        assert each.faults() == []
        assert each.ignores_keys() == []


def test_nothing_sounds_before_a_press(page):
    slider = widget(page).get_by_label("tempo")
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("window.contexts.length") == 0


def test_a_press_plays_and_the_next_one_stops(page):
    player = widget(page)
    player.get_by_role("button", name="Play").click()
    sounding(page, 1)
    page.wait_for_function("window.contexts[0].currentTime > 0.5")
    assert player.evaluate(SEEN) == "visible"
    early = player.evaluate(PLACE)
    page.wait_for_timeout(500)
    assert player.evaluate(PLACE) > early + 1

    player.get_by_role("button", name="Stop").click()
    page.wait_for_function("window.contexts[0].state === 'closed'")
    assert player.evaluate(SEEN) == "hidden"
    assert player.get_by_role("button", name="Play").count() == 1


def test_the_keyboard_is_enough(page):
    player = widget(page)
    player.get_by_role("combobox").focus()
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    sounding(page, 1)
    page.keyboard.press("Enter")
    sounding(page, 0)


def test_sound_comes_out(page):
    # An analyser in front of the speakers: the loudest sample of half a second.
    loudest = """async () => {
        const context = window.contexts[0], analyser = context.createAnalyser();
        window.outputs[0].connect(analyser);
        const wave = new Float32Array(analyser.fftSize);
        let most = 0;
        for (let i = 0; i < 30; i++) {
            await new Promise(requestAnimationFrame);
            analyser.getFloatTimeDomainData(wave);
            most = Math.max(most, ...wave.map(Math.abs));
        }
        return most;
    }"""
    page.evaluate("""() => {
        window.outputs = [];
        const connect = GainNode.prototype.connect;
        GainNode.prototype.connect = function (next, ...more) {
            if (next === this.context.destination) window.outputs.push(this);
            return connect.call(this, next, ...more);
        };
    }""")
    widget(page).get_by_role("button", name="Play").click()
    sounding(page, 1)
    assert 0.05 < page.evaluate(loudest) <= 0.5


def test_a_melody_ends_by_itself(page):
    player = widget(page)
    player.get_by_role("combobox").select_option("short")
    player.get_by_role("button", name="Play").click()
    player.get_by_role("button", name="Stop").wait_for()
    player.get_by_role("button", name="Play").wait_for()
    page.wait_for_function("window.contexts[0].state === 'closed'")
    # Two eighths and a rest of one at 110 quarters a minute: 0.82 s.
    assert 0.8 < page.evaluate("window.contexts[0].currentTime") < 1.6


def test_a_moved_control_stops_the_sound(page):
    player = widget(page)
    player.get_by_role("button", name="Play").click()
    sounding(page, 1)
    player.get_by_label("tempo").focus()
    page.keyboard.press("ArrowRight")
    sounding(page, 0)
    assert player.get_by_role("button", name="Play").count() == 1


def test_one_player_silences_the_other(page):
    widget(page, 0).get_by_role("button", name="Play").click()
    sounding(page, 1)
    widget(page, 1).get_by_role("button", name="Play").click()
    page.wait_for_function("window.contexts.length === 2 && window.contexts[0].state === 'closed'")
    sounding(page, 1)
    assert widget(page, 0).get_by_role("button", name="Play").count() == 1


def test_a_press_on_the_picture_points_to_a_note(page):
    player = widget(page)
    box = player.locator("svg").bounding_box()
    player.locator("svg").click(position={"x": box["width"] - 12, "y": 100})
    assert "Note 66 of 66 is " in player.inner_text()
    player.locator("svg").click(position={"x": 44, "y": 100})
    assert "Note 1 of 66 is C4, a quarter" in player.inner_text()


def test_an_output_that_is_cleared_falls_silent(opened, page):
    widget(page).get_by_role("button", name="Play").click()
    sounding(page, 1)
    opened.run_all()
    sounding(page, 0)
    opened.wait_for_widgets()


def test_without_web_audio_it_says_so(page):
    page.evaluate("() => { window.kept = AudioContext; window.AudioContext = undefined; }")
    player = widget(page)
    player.get_by_role("button", name="Play").click()
    assert "no Web Audio" in player.get_by_role("status").inner_text()
    assert player.get_by_role("button", name="Play").count() == 1
    page.evaluate("() => { window.AudioContext = window.kept; }")


def test_nothing_failed_in_the_page(opened):
    assert opened.problems == []
