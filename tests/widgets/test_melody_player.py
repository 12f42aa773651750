"""The melody player: what it names and times, and melodies that a network may come up with."""

import numpy as np
import pytest
from page import in_page, run_node
from test_explorers import assert_same

from course_utils.datasets import Melody, load_melodies
from course_utils.widgets import MelodyPlayer
from course_utils.widgets.base import page_script

# What an untrained network may draw: one note, only rests, the ends of the keyboard, one bar too many.
ODD = [
    Melody.from_tokens(["60:4"], "one note"),
    Melody.from_tokens(["0:4", "0:12"], "silence"),
    Melody.from_tokens(["1:1", "127:5", "0:3"], "wide"),
    Melody.from_tokens(["61:999"] * 3, "slow"),
    Melody.from_tokens([f"{50 + i % 30}:{1 + i % 16}" for i in range(500)], "endless"),
    Melody.from_tokens(["60:4", "62:4"], "a title that is far too long for the head of a picture"),
]


@pytest.fixture(scope="module")
def player():
    made = MelodyPlayer([*load_melodies()[:3], *ODD])
    yield made
    made.close()


def test_page_and_python_agree_on_every_melody(player, tmp_path):
    (melody, tempo, note) = player.controls
    calls = [
        player.checked({"melody": title, "tempo": speed, "note": place})
        for title in melody.options
        for speed in (tempo.min, 115, tempo.max)
        for place in (note.min, 7, note.max)
    ]
    for values, page in zip(calls, in_page(tmp_path, player, calls), strict=True):
        assert_same(player.state(**values), page["result"], str(values))
        assert player.describe(**values) == page["sentence"]
        for picture in page["pictures"]:
            assert "NaN" not in picture["svg"] and "undefined" not in picture["svg"]


def test_notes_follow_one_another_without_a_gap():
    melody = load_melodies()[0]
    state = MelodyPlayer(melody).state(tempo=60)
    ends = [start + each for start, each in zip(state["starts"], state["durations"], strict=True)]
    assert state["starts"][0] == 0
    assert ends[:-1] == state["starts"][1:]
    assert ends[-1] == state["seconds"] == 64  # 16 bars of four quarters, one a second


def test_twice_the_tempo_takes_half_the_time():
    player = MelodyPlayer()
    assert player.state(tempo=100)["seconds"] == 2 * player.state(tempo=200)["seconds"]


@pytest.mark.parametrize(
    ("token", "name", "hertz"),
    [
        ("69:4", "A4, a quarter", 440.0),
        ("60:6", "C4, a dotted quarter", 261.6256),
        ("73:2", "C♯5, an eighth", 554.3653),
        ("70:16", "B♭4, a whole note", 466.1638),
        ("1:5", "C♯−1, 5 sixteenths", 8.661957),
        ("0:8", "a rest, a half", 0.0),
    ],
)
def test_a_note_is_named_and_has_its_frequency(token, name, hertz):
    state = MelodyPlayer(Melody.from_tokens([token])).state()
    assert state["name"] == name
    assert state["hertz"] == [pytest.approx(hertz, rel=1e-6)]


@pytest.mark.parametrize(
    ("key", "name"), [("A minor", "G♯4, a quarter"), ("C minor", "A♭4, a quarter")]
)
def test_the_key_decides_between_g_sharp_and_a_flat(key, name):
    assert MelodyPlayer(Melody.from_tokens(["68:4"], key=key)).state()["name"] == name


def test_beyond_the_end_of_a_shorter_melody_its_last_note_is_meant(player):
    assert player.state(melody="one note", note=500)["note"] == 1
    assert player.state(melody="endless", note=500)["note"] == 500


def test_a_rest_has_no_pitch_in_the_sentence(player):
    assert player.describe(melody="silence", tempo=60) == (
        "Note 1 of 2 is a rest, a quarter; at 60 quarters a minute the melody lasts 4 s."
    )


def test_melodies_of_one_title_stay_apart():
    one, other = Melody.from_tokens(["60:4"]), Melody.from_tokens(["62:4", "64:4"])
    player = MelodyPlayer([one, other, one])
    assert player.controls[0].options == ("untitled", "untitled (2)", "untitled (3)")
    assert len(player.state(melody="untitled (2)")["starts"]) == 2


@pytest.mark.parametrize("melodies", [[], "Fog at the Lock", 3, [60, 62], [["60:4"]], {}])
def test_what_is_no_melody_is_refused(melodies):
    with pytest.raises(ValueError, match="melodies must be a Melody or a list of at least one"):
        MelodyPlayer(melodies)


@pytest.mark.parametrize("melody", [load_melodies()[1], *ODD], ids=lambda melody: melody.title)
def test_the_still_picture_has_a_bar_for_each_note_that_sounds(player, melody):
    from matplotlib import pyplot as plt

    starts = np.cumsum([0, *(duration for _, duration in melody.notes)])
    notes = [
        (start, duration, pitch)
        for start, (pitch, duration) in zip(starts[:-1], melody.notes, strict=True)
        if pitch
    ]
    figure = player.figure(melody=melody.title)
    figure.canvas.draw()
    bars = [bar for container in figure.axes[0].containers for bar in container]
    drawn = [(bar.get_x(), bar.get_width(), bar.get_y() + bar.get_height() / 2) for bar in bars]
    assert drawn == [pytest.approx(note) for note in notes]
    assert figure.axes[0].get_xlim() == (0, starts[-1])
    plt.close(figure)


def test_the_still_picture_marks_the_note_pointed_to(player):
    from matplotlib import pyplot as plt

    figure = player.figure(melody=load_melodies()[0].title, note=3)
    colours = [container[0].get_facecolor() for container in figure.axes[0].containers]
    assert [i for i, colour in enumerate(colours, 1) if colours.count(colour) == 1] == [3]
    plt.close(figure)


SOUND = """
import { readFileSync, writeFileSync } from "node:fs";
const log = [];
const param = (name) => new Proxy({}, { get: (_, call) => (...given) => log.push([name, call, ...given]), set: (_, key, value) => (log.push([name, key, value]), true) });
class Context {
  currentTime = 5;
  destination = {};
  createGain() { return { gain: param("gain"), connect: (next) => next }; }
  createOscillator() {
    const tone = { frequency: {}, connect: (next) => next };
    tone.start = (at) => log.push(["start", at, tone.frequency.value]);
    tone.stop = (at) => log.push(["stop", at]);
    return tone;
  }
  resume() { return Promise.resolve(); }
  close() { log.push(["closed"]); }
}
writeFileSync("SOURCE", readFileSync("WIDGET", "utf-8") + "\\nexport { startSound };");
const { compute, startSound } = await import("SOURCE");
const { data, values } = JSON.parse(readFileSync(0, "utf-8"));
const sound = startSound(Context, compute(values, data), values.note - 1);
const now = sound.now();
sound.stop();
setTimeout(() => console.log(JSON.stringify({ log, now })), 150);
"""


def sounded(folder, player, **values):
    """What the page asks of Web Audio, from the press of Play to that of Stop."""
    (folder / "widget.mjs").write_text(page_script(player.script), "utf-8")
    source = SOUND.replace("WIDGET", str(folder / "widget.mjs"))
    source = source.replace("SOURCE", str(folder / "sound.mjs"))
    given = {"data": player.page["data"], "values": player.checked(values)}
    return run_node(folder, source, given)


def test_the_page_schedules_the_notes_that_python_computes(player, tmp_path):
    values = {"melody": load_melodies()[1].title, "tempo": 90}
    state = player.state(**values)
    log = sounded(tmp_path, player, **values)["log"]
    started = [(at - 5.06, hertz) for name, at, hertz in (e for e in log if e[0] == "start")]
    wanted = [
        (start, hertz)
        for start, hertz in zip(state["starts"], state["hertz"], strict=True)
        if hertz
    ]
    assert len(wanted) < len(state["starts"]), "this melody has a rest"
    assert started == [pytest.approx(each) for each in wanted]
    stopped = [each[1] for each in log if each[0] == "stop"]
    assert len(stopped) == len(started)
    assert max(stopped) == pytest.approx(5.06 + state["seconds"])
    assert log[-1] == ["closed"]


def test_playing_starts_at_the_note_pointed_to(player, tmp_path):
    values = {"melody": load_melodies()[0].title, "note": 5}
    state = player.state(**values)
    sound = sounded(tmp_path, player, **values)
    started = [each for each in sound["log"] if each[0] == "start"]
    assert len(started) == len(state["starts"]) - 4
    assert started[0][1:] == [pytest.approx(5.06), pytest.approx(state["hertz"][4])]
    assert sound["now"] == pytest.approx(state["starts"][4])


def test_the_sound_of_a_note_never_runs_backwards(player, tmp_path):
    # Web Audio refuses ramps that end before they begin; the shortest note is the danger.
    log = sounded(tmp_path, player, melody="wide", tempo=240)["log"]
    times = [each[-1] for each in log if each[0] == "gain" and str(each[1]).endswith("AtTime")]
    assert times[:4] == sorted(times[:4]) and times[4:8] == sorted(times[4:8])
    assert len(set(times[:4])) == 4
