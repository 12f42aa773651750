"""A melody as a piano roll that the page plays, without a file and without the kernel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..datasets.shipped import METRES, Melody, load_melodies
from .base import Choice, Explorer, Range, format_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# The names that most keys use; a network does not say which key it plays in.
PITCH_NAMES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "G♯", "A", "B♭", "B")
WITH_A_FLAT = ("C minor", "F minor", "B♭ minor", "E♭ major", "A♭ major", "D♭ major")  # not G♯
BLACK_KEYS = (1, 3, 6, 8, 10)
LENGTH_NAMES = {
    1: "a sixteenth",
    2: "an eighth",
    3: "a dotted eighth",
    4: "a quarter",
    6: "a dotted quarter",
    8: "a half",
    12: "a dotted half",
    16: "a whole note",
}
FEWEST_ROWS = 12  # semitones shown, at least
MOST_NAMED = 24  # rows that can all be named; of more, only C is
MOST_BARS_NAMED = 8


class MelodyPlayer(Explorer):
    """Melodies as piano rolls, with a button that plays them in the page.

    ``note`` points to a note, which the sentence names; playing starts there. The sound is made
    by the browser (Web Audio), only after a press of the button; moving a control stops it.

    The numbers of :meth:`state` are what is played: ``starts`` and ``durations`` of the notes in
    seconds, ``hertz`` (their frequencies, 0 for a rest), ``seconds`` (of the whole melody),
    ``note`` (the place pointed to, from 1; the last one where the melody is shorter) and ``name``
    (its pitch and length).

    Parameters
    ----------
    melodies : Melody or sequence of Melody, optional
        What to choose from; one of those that come with the course unless given.
    **values
        Where the controls start, by name.

    Raises
    ------
    ValueError
        If ``melodies`` holds none, or something else.

    Examples
    --------
    >>> player = MelodyPlayer(Melody.from_tokens(["69:4", "0:2", "60:6"]), tempo=60)
    >>> player.state()["starts"], player.state()["hertz"][0]
    ([0.0, 1.0, 1.5], 440.0)
    >>> player.describe(note=3)
    'Note 3 of 3 is C4, a dotted quarter, 262 Hz; at 60 quarters a minute the melody lasts 3 s.'
    """

    script = "melody_player"
    title = "Melody player"

    def __init__(self, melodies: Melody | Sequence[Melody] | None = None, **values: Any) -> None:
        self._melodies = dict(zip(*_titled(melodies), strict=True))
        titles = tuple(self._melodies)
        longest = max(len(melody.notes) for melody in self._melodies.values())
        self.controls = (
            Choice("melody", "melody", titles, titles[0]),
            Range("tempo", "tempo, quarters/min", 40, 240, 5, 110),
            Range("note", "start from note", 1, max(2, longest), 1, 1),
        )
        self.data = {
            "melodies": {
                title: {
                    "key": melody.key,
                    "metre": melody.metre,
                    "bar": METRES[melody.metre],
                    "notes": [list(note) for note in melody.notes],
                }
                for title, melody in self._melodies.items()
            }
        }
        super().__init__(**values)

    def compute(self, values: dict) -> dict:
        """Return when each note sounds, for how long and how high, and the name of one."""
        melody = self._melodies[values["melody"]]
        notes = melody.notes
        sixteenth = 15 / values["tempo"]
        starts, now = [], 0
        for _, duration in notes:
            starts.append(now * sixteenth)
            now += duration
        place = min(values["note"], len(notes))
        return {
            "starts": starts,
            "durations": [duration * sixteenth for _, duration in notes],
            "hertz": [440 * 2 ** ((pitch - 69) / 12) if pitch else 0.0 for pitch, _ in notes],
            "seconds": now * sixteenth,
            "note": place,
            "name": _note_name(notes[place - 1], melody.key),
        }

    def sentence(self, values: dict, result: dict) -> str:
        """Name the note pointed to, and say how long the melody lasts."""
        hertz = result["hertz"][result["note"] - 1]
        height = f", {format_number(hertz)} Hz" if hertz else ""
        return (
            f"Note {result['note']} of {len(result['starts'])} is {result['name']}{height}; at "
            f"{values['tempo']} quarters a minute the melody lasts "
            f"{format_number(result['seconds'])} s."
        )

    def plot(self, values: dict, result: dict) -> Figure:
        """Draw the piano roll: time to the right, pitch upwards, the note pointed to in red."""
        from matplotlib import pyplot as plt

        from ..plotting import PALETTE

        melody = self._melodies[values["melody"]]
        figure, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
        now = 0
        for place, (pitch, duration) in enumerate(melody.notes, start=1):
            colour = PALETTE["vermillion" if place == result["note"] else "blue"]
            if pitch:
                ax.barh(pitch, duration, left=now, height=0.8, color=colour, edgecolor="white")
            elif place == result["note"]:
                ax.axvspan(now, now + duration, facecolor="none", edgecolor=colour, hatch="//")
            now += duration
        _draw_axes(ax, melody, now)
        about = ", ".join(each for each in (values["melody"], melody.key, melody.metre) if each)
        seconds = format_number(result["seconds"])
        ax.set_title(f"{about}; {seconds} s at {values['tempo']} quarters a minute", fontsize=10)
        return figure


def _titled(melodies: Melody | Sequence[Melody] | None) -> tuple[list[str], list[Melody]]:
    """Titles, which are made different, and the melodies."""
    if melodies is None:
        melodies = load_melodies()[0]
    given = [melodies] if isinstance(melodies, Melody) else melodies
    wants = "melodies must be a Melody or a list of at least one"
    if isinstance(given, str) or not isinstance(given, Sequence) or not given:
        raise ValueError(f"{wants}, got {melodies!r}")
    titles: list[str] = []
    for melody in given:
        if not isinstance(melody, Melody):
            raise ValueError(f"{wants}, got {melody!r} in it")
        title, number = str(melody.title), 1
        while title in titles:
            number += 1
            title = f"{melody.title} ({number})"
        titles.append(title)
    return titles, list(given)


def _pitch_name(pitch: int, key: str) -> str:
    """``"C4"`` for 60."""
    name = "A♭" if pitch % 12 == 8 and key in WITH_A_FLAT else PITCH_NAMES[pitch % 12]
    return f"{name}{pitch // 12 - 1}".replace("-", "−")


def _note_name(note: tuple[int, int], key: str) -> str:
    pitch, duration = note
    length = LENGTH_NAMES.get(duration, f"{duration} sixteenths")
    return f"{_pitch_name(pitch, key) if pitch else 'a rest'}, {length}"


def _rows(melody: Melody) -> tuple[int, int]:
    """Lowest and highest pitch shown: those that sound, and some more if they are few."""
    sounding = [pitch for pitch, _ in melody.notes if pitch] or [60]
    low, high = min(sounding) - 1, max(sounding) + 1
    missing = max(0, FEWEST_ROWS - (high - low + 1))
    return low - missing // 2, high + missing - missing // 2


def _draw_axes(ax: Axes, melody: Melody, length: int) -> None:
    """Rows of black keys, bar lines, and the names of pitches and bars."""
    (low, high), bar = _rows(melody), METRES[melody.metre]
    for pitch in range(low, high + 1):
        if pitch % 12 in BLACK_KEYS:
            ax.axhspan(pitch - 0.5, pitch + 0.5, color="0.94", zorder=0)
    sounding = {pitch for pitch, _ in melody.notes if pitch}
    named = [
        pitch
        for pitch in range(low, high + 1)
        if (pitch in sounding if high - low < MOST_NAMED else pitch % 12 == 0)
    ]
    ax.set_yticks(named, [_pitch_name(pitch, melody.key) for pitch in named], fontsize=8)
    ax.set_ylim(low - 0.5, high + 0.5)
    n_bars = -(-length // bar)
    step = -(-n_bars // MOST_BARS_NAMED)
    ax.set_xticks(
        [i * bar for i in range(0, n_bars, step)], [str(i + 1) for i in range(0, n_bars, step)]
    )
    ax.set_xlim(0, length)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("bar")
    ax.set_ylabel("pitch")
