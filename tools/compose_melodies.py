"""Compose the melodies of lesson 17 and write data/melodies.txt.

``python tools/compose_melodies.py`` takes a second and always writes the same file. The bars below
were written by hand; the program joins them into phrases of two or four bars, and phrases into the
forms AABA and ABAB. It draws again until a melody keeps the rules of :func:`sings`.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent / "data" / "melodies.txt"

Note = tuple[int | None, int]
"""A degree of the scale (0 the tonic, 7 the tonic above, None a rest) and sixteenths."""
Bar = list[Note]

# Bars, written as degree:sixteenths. Those of MOTIFS count from the bar's first note, whatever it
# is; cadences from the tonic. "r" is a rest.
MOTIFS = {
    "4/4": [
        "0:4 1:4 2:4 1:4",
        "0:4 1:2 2:2 1:4 0:4",
        "0:6 1:2 2:4 1:4",
        "0:2 1:2 2:4 1:2 0:2 -1:4",
        "0:4 2:4 1:4 0:4",
        "0:8 1:4 2:4",
        "0:4 0:4 1:4 2:4",
        "0:6 -1:2 0:4 1:4",
        "0:4 -1:4 -2:4 -1:4",
        "0:4 3:4 2:4 1:4",
        "0:2 -1:2 0:2 1:2 2:8",
        "0:4 -1:2 -2:2 -1:8",
        "0:2 0:2 1:2 2:2 1:4 0:4",
        "0:6 2:2 1:6 0:2",
        "0:4 4:4 3:2 2:2 1:4",
        "0:4 -2:4 -1:4 0:4",
    ],
    "3/4": [
        "0:4 1:4 2:4",
        "0:8 1:4",
        "0:4 2:4 1:4",
        "0:4 1:2 0:2 -1:4",
        "0:6 1:2 2:4",
        "0:2 1:2 2:4 1:4",
        "0:8 -1:4",
        "0:4 -1:4 0:4",
        "0:4 3:4 2:4",
        "0:4 -1:2 -2:2 -1:4",
        "0:4 0:4 1:4",
        "0:2 -1:2 0:2 1:2 2:4",
    ],
    "6/8": [
        "0:4 1:2 2:4 1:2",
        "0:2 1:2 2:2 1:4 0:2",
        "0:6 1:4 2:2",
        "0:4 0:2 1:2 0:2 -1:2",
        "0:4 -1:2 0:2 1:2 2:2",
        "0:2 -1:2 0:2 1:6",
        "0:4 2:2 1:4 0:2",
        "0:4 3:2 2:4 1:2",
        "0:2 1:2 2:2 1:2 0:2 -1:2",
        "0:4 -2:2 -1:4 0:2",
    ],
}
HALF_CADENCES = {
    "4/4": ["2:4 3:4 4:8", "3:4 2:4 1:8", "2:4 1:4 1:4 r:4", "5:4 5:4 4:8", "3:2 2:2 1:4 1:8"],
    "3/4": ["3:4 2:4 1:4", "2:4 1:8", "3:4 4:8", "2:2 1:2 1:8", "5:4 4:4 r:4"],
    "6/8": ["3:4 2:2 1:6", "2:2 3:2 4:2 4:6", "2:4 1:2 1:4 r:2", "5:4 5:2 4:6"],
}
FULL_CADENCES = {
    "4/4": ["2:4 1:4 0:8", "1:4 -1:4 0:8", "2:2 1:2 -1:4 0:8", "-2:4 -1:4 0:4 r:4", "1:6 1:2 0:8"],
    "3/4": ["2:4 1:4 0:4", "1:4 -1:4 0:4", "1:4 0:8", "-1:4 0:8", "2:2 1:2 0:8", "-1:4 0:4 r:4"],
    "6/8": ["2:4 1:2 0:6", "1:4 -1:2 0:6", "2:2 1:2 -1:2 0:6", "-2:2 -1:2 1:2 0:4 r:2"],
}
LAST_BAR = {"4/4": ["1:4 0:12", "-1:4 0:12"], "3/4": ["0:12"], "6/8": ["0:12"]}

SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
}
TONICS = {"C": 60, "D": 62, "E": 64, "F": 65, "G": 55, "A": 57, "B♭": 58}
KEYS = (
    *("C major", "G major", "D minor", "F major", "A minor", "D major", "D dorian", "B♭ major"),
    *("G minor", "G mixolydian", "A major", "E dorian", "C major", "D mixolydian", "A minor"),
    "G major",
)
METRES = ("4/4", "3/4", "4/4", "6/8")
FORMS = ("AABA, 4", "ABAB, 4", "AABA, 4", "AABA, 2", "ABAB, 2")  # and bars in a phrase

TITLES = """
Lamps on the Slipway; Bread Before Six; The Second Ferry; Chalk on the Step; A Borrowed Umbrella;
Nine Blue Bottles; The Long Platform; Salt in the Drawer; Moth at the Window; Copper Kettle;
The Clerk's Bicycle; Low Bridge; Rain on Slate; Hazel and Wire; The Unlit Stair;
Two Doors Down; Paper Boats at Noon; The Surveyor's Waltz; Wool on the Fence; A Key for Agnes;
The Empty Signal Box; Plum Jam; Late for the Mill; Snow on the Tram; The Glazier's Walk;
Four Quiet Geese; Ink and Vinegar; The North Allotment; Dust in the Organ; Harbour Clock;
The Patient Donkey; Barley Field, Evening; A Letter from Tarn; Swing Gate; The Ropewalk;
Candle Ends; Crossing the Weir; The Tin Weathercock; Small Hours; Orchard Ladder;
Green Shutters; The Piano Mover; Fog at the Lock; Ballad of the Spare Oar; Marbles;
The Third Bell; Sand on the Stairs; Homeward by Canal
""".replace("\n", " ")


@dataclass(frozen=True)
class Plan:
    """What is settled before the first note."""

    title: str
    key: str
    metre: str
    form: str
    n_bars: int  # in a phrase


def plans() -> list[Plan]:
    """One for each title; keys, metres and forms go round at different speeds."""
    made = []
    for i, title in enumerate(TITLES.split(";")):
        form, n_bars = FORMS[i % len(FORMS)].split(", ")
        made.append(
            Plan(
                title.strip(),
                KEYS[i % len(KEYS)],
                METRES[(i + i // len(KEYS)) % len(METRES)],
                form,
                int(n_bars),
            )
        )
    return made


def bar(written: str) -> Bar:
    """Read one bar."""
    pairs = (each.split(":") for each in written.split())
    return [(None if degree == "r" else int(degree), int(length)) for degree, length in pairs]


def moved(notes: Bar, by: int) -> Bar:
    """Shift a bar by degrees."""
    return [(None if degree is None else degree + by, length) for degree, length in notes]


def degrees(bars: list[Bar]) -> list[int]:
    """The degrees that sound, without the rests."""
    return [degree for each in bars for degree, _ in each if degree is not None]


def sings(bars: list[Bar]) -> bool:
    """Whether a line is easy to sing.

    It keeps to eleven neighbouring degrees, leaps by six degrees at most, moves by step or stays
    three times out of four, and turns back by one or two degrees after each leap of three or more.
    """
    line = degrees(bars)
    moves = [later - earlier for earlier, later in itertools.pairwise(line)]
    leaps = [i for i, move in enumerate(moves[:-1]) if abs(move) >= 3]
    return (
        max(line) - min(line) <= 10
        and min(line) >= -3
        and max(line) <= 9
        and max(map(abs, moves)) <= 5
        and sum(abs(move) <= 1 for move in moves) >= 0.75 * len(moves)
        and all(0 < -moves[i + 1] * (1 if moves[i] > 0 else -1) <= 2 for i in leaps)
        and not any(moves[i : i + 3] == [0, 0, 0] for i in range(len(moves)))
    )


def phrase(rng: random.Random, motifs: list[Bar], start: int, n_bars: int) -> list[Bar]:
    """All bars of a phrase but its cadence: a motif, the same one moved, then another."""
    order = [motifs[0], motifs[0], motifs[1]][: n_bars - 1]
    made: list[Bar] = []
    for motif in order:
        made.append(moved(motif, start))
        start = degrees(made)[-1] + rng.choice((-2, -1, -1, 1, 1, 2))
    return made


def melody(rng: random.Random, plan: Plan) -> list[Bar]:
    """Draw a melody; what it is like only its plan and its rules say."""
    motifs = [bar(each) for each in rng.sample(MOTIFS[plan.metre], 3)]
    opening = phrase(rng, motifs[:2], rng.choice((0, 2, 4)), plan.n_bars)
    middle = phrase(rng, motifs[1:], rng.choice((3, 4, 5, 7)), plan.n_bars)
    open_end, other_end = (bar(each) for each in rng.sample(HALF_CADENCES[plan.metre], 2))
    close = bar(rng.choice(FULL_CADENCES[plan.metre]))
    last = bar(rng.choice(LAST_BAR[plan.metre]))
    if plan.form == "AABA":
        phrases = [[*opening, open_end], [*opening, close], [*middle, other_end], [*opening, last]]
    else:
        phrases = [[*opening, open_end], [*middle, close], [*opening, open_end], [*middle, last]]
    return [each for part in phrases for each in part]


def composed(plan: Plan, rng: random.Random) -> list[Bar]:
    """The first melody drawn that sings."""
    while True:
        bars = melody(rng, plan)
        if sings(bars):
            return bars


def pitches(bars: list[Bar], key: str) -> list[list[tuple[int, int]]]:
    """Degrees as MIDI pitches. In minor the seventh degree is raised before the tonic above it."""
    tonic, mode = key.split()
    line = degrees(bars)
    place = 0
    made: list[list[tuple[int, int]]] = []
    for each in bars:
        made.append([])
        for degree, length in each:
            if degree is None:
                made[-1].append((0, length))
                continue
            octave, step = divmod(degree, 7)
            raised = mode == "minor" and step == 6 and line[place + 1] == degree + 1
            # The sixth goes along, or the step between the two would be one and a half tones.
            raised |= (
                mode == "minor"
                and step == 5
                and line[place + 1 : place + 3]
                == [
                    degree + 1,
                    degree + 2,
                ]
            )
            pitch = TONICS[tonic] + 12 * octave + SCALES[mode][step] + int(raised)
            made[-1].append((pitch, length))
            place += 1
    return made


def written(plan: Plan, bars: list[Bar]) -> str:
    """A melody as the file has it: title, key and metre, then a line for each phrase."""
    texts = [
        " ".join(f"{pitch}:{length}" for pitch, length in each) for each in pitches(bars, plan.key)
    ]
    lines = [" | ".join(texts[i : i + plan.n_bars]) for i in range(0, len(texts), plan.n_bars)]
    return "\n".join([f"# {plan.title}", f"{plan.key}, {plan.metre}", *lines])


def compose() -> str:
    """The whole file."""
    rng = random.Random(17)
    return "\n\n".join(written(plan, composed(plan, rng)) for plan in plans()) + "\n"


if __name__ == "__main__":
    FILE.write_text(compose(), encoding="utf-8", newline="\n")
    print(f"{FILE.name}: {len(plans())} melodies")
