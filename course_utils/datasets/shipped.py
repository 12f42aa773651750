"""Texts, melodies and figures of ``data/``: read without a network, and only if they are whole."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path
from typing import Self

from course_utils.arguments import choice, instance, string

DATA = Path(__file__).resolve().parents[2] / "data"

VERSES = ("tide", "signal")
REVIEW_SPLITS = ("train", "test", "tricky")
METRES = {"4/4": 16, "3/4": 12, "6/8": 12}
"""Of a melody, and how many sixteenths a bar of each lasts."""
TONICS = ("C", "D♭", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")


@dataclass(frozen=True)
class Poem:
    """One poem.

    Attributes
    ----------
    title : str
    stanzas : tuple of tuple of str
        The lines of each stanza, as they are written.
    """

    title: str
    stanzas: tuple[tuple[str, ...], ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """All lines, in order."""
        return tuple(line for stanza in self.stanzas for line in stanza)


def load_verse(name: str) -> list[Poem]:
    """Poems in one of two styles, written for the course.

    Parameters
    ----------
    name
        ``"tide"``: 40 rhymed ballads of a harbour, 680 lines; ``"signal"``: 45 unrhymed poems of
        a city, 764 lines.

    Returns
    -------
    list of Poem
        In the order of the file. Written for the course, CC BY 4.0; the cards,
        ``data/verse_tide.md`` and ``data/verse_signal.md``, tell more.

    Raises
    ------
    ValueError
        If there is no verse of that name, or the file has changed.
    FileNotFoundError
        If it is not there.

    Examples
    --------
    >>> poem = load_verse("tide")[0]
    >>> poem.title, len(poem.lines)
    ('The Harbour Wakes', 16)
    >>> poem.stanzas[0][:2]
    ('The lamps go out along the quay,', 'The gulls begin to call,')
    """
    name = choice("name", name, VERSES)
    poems = read_shipped(f"verse_{name}.txt").split("\n\n\n")
    return [_poem(poem) for poem in poems]


def _poem(text: str) -> Poem:
    title, lines = text.strip().split("\n", 1)
    stanzas = lines.strip().split("\n\n")
    return Poem(title.removeprefix("# "), tuple(tuple(each.split("\n")) for each in stanzas))


def load_prose() -> str:
    """One long piece of prose, written for the course: a lighthouse keeper's journal.

    Returns
    -------
    str
        64,942 characters; one line a paragraph, an empty line between paragraphs. Written for the
        course, CC BY 4.0; the card, ``data/prose_lighthouse.md``, tells more.

    Raises
    ------
    ValueError
        If the file has changed.
    FileNotFoundError
        If it is not there.

    Examples
    --------
    >>> load_prose().split("\\n")[2][:46]
    'My name is Edwin Tarn, and I have kept the lig'
    """
    return read_shipped("prose_lighthouse.txt")


@dataclass(frozen=True)
class Review:
    """A short review of a film that does not exist.

    Attributes
    ----------
    id : str
        ``"r0001"`` and so on.
    split : str
        ``"train"``, ``"test"`` or ``"tricky"``.
    label : int
        1 positive, 0 negative.
    tags : tuple of str
        One or more of ``"plain"``, ``"negation"``, ``"contrast"``, ``"sarcasm"``.
    text : str
        6 to 54 words.
    """

    id: str
    split: str
    label: int
    tags: tuple[str, ...]
    text: str


def load_reviews(split: str | None = None) -> list[Review]:
    """Film reviews written for the course: 480 to train on, 120 to test, 64 tricky ones.

    Parameters
    ----------
    split
        ``"train"``, ``"test"`` or ``"tricky"``; None gives all, in the order of the file. The
        tricky ones depend on negation, contrast or word order, and are for looking at only.

    Returns
    -------
    list of Review
        Half of each split is positive. Written for the course, CC BY 4.0; the card,
        ``data/reviews.md``, tells more.

    Raises
    ------
    ValueError
        If there is no such split, or the file has changed.
    FileNotFoundError
        If it is not there.

    Examples
    --------
    >>> review = load_reviews("train")[0]
    >>> review.label, review.tags, review.text
    (1, ('negation',), 'I have no complaints whatever, and I complain for a hobby.')
    """
    if split is not None:
        split = choice("split", split, REVIEW_SPLITS)
    rows = csv.DictReader(read_shipped("reviews.csv").splitlines())
    return [
        Review(row["id"], row["split"], int(row["label"]), tuple(row["tags"].split()), row["text"])
        for row in rows
        if split in (None, row["split"])
    ]


@dataclass(frozen=True)
class Melody:
    """One tune for one voice.

    Attributes
    ----------
    title : str
    key : str
        Tonic and mode, such as ``"D dorian"``; empty where nobody has said.
    notes : tuple of (int, int)
        MIDI pitch, 1 to 127 (60 is the C in the middle of the piano, 61 a semitone above it; 0 is
        a rest), and duration in sixteenths, at least 1.
    metre : str
        ``"4/4"``, ``"3/4"`` or ``"6/8"``.

    Raises
    ------
    ValueError
        If there is no note, a pitch or a duration cannot be, or there is no such metre.
    """

    title: str
    key: str
    notes: tuple[tuple[int, int], ...]
    metre: str = "4/4"

    def __post_init__(self) -> None:
        string("title", self.title), string("key", self.key)
        choice("metre", self.metre, tuple(METRES))
        if isinstance(self.notes, str) or not isinstance(self.notes, Iterable):
            raise ValueError(f"notes must be pairs of pitch and duration, got {self.notes!r}")
        notes = tuple(_note(each) for each in self.notes)
        if not notes:
            raise ValueError(f"notes must hold at least one note, got none in {self.title!r}")
        object.__setattr__(self, "notes", notes)

    def tokens(self) -> list[str]:
        """One token a note, ``"pitch:duration"``.

        Examples
        --------
        >>> Melody("Call", "C major", ((67, 4), (64, 8), (0, 4))).tokens()
        ['67:4', '64:8', '0:4']
        """
        return [f"{pitch}:{duration}" for pitch, duration in self.notes]

    @classmethod
    def from_tokens(
        cls, tokens: Iterable[str], title: str = "untitled", key: str = "", metre: str = "4/4"
    ) -> Self:
        """Make a melody of tokens, such as a network has drawn.

        Raises
        ------
        ValueError
            If there is no token, or one is not ``"pitch:duration"``; the message gives its place.

        Examples
        --------
        >>> Melody.from_tokens(["67:4", "64:8"], title="Call").notes
        ((67, 4), (64, 8))
        """
        if isinstance(tokens, str):
            raise ValueError(f"tokens must be a list of tokens such as '60:4', got {tokens!r}")
        instance("tokens", tokens, Iterable, "a list of tokens")
        notes = tuple(_read(i, each) for i, each in enumerate(tokens))
        if not notes:
            raise ValueError("tokens must hold at least one token, got none")
        return cls(title, key, notes, metre)

    def transposed(self, semitones: int) -> Melody:
        """Move every note, and the key, up by so many semitones (down, if negative).

        Raises
        ------
        TypeError
            If ``semitones`` is no whole number.
        ValueError
            If a pitch leaves 1 to 127.

        Examples
        --------
        >>> Melody("Call", "G major", ((67, 4), (0, 4), (62, 8))).transposed(-7)
        Melody(title='Call', key='C major', notes=((60, 4), (0, 4), (55, 8)), metre='4/4')
        """
        if isinstance(semitones, bool) or not isinstance(semitones, Integral):
            raise TypeError(f"semitones must be a whole number, got {semitones!r}")
        notes = tuple((pitch and _moved(pitch, semitones), each) for pitch, each in self.notes)
        tonic, _, mode = self.key.partition(" ")
        key = ""  # of a tonic that has another name there is nothing to say
        if tonic in TONICS:
            key = f"{TONICS[(TONICS.index(tonic) + semitones) % 12]} {mode}".strip()
        return Melody(self.title, key, notes, self.metre)


def _note(pair: tuple[int, int]) -> tuple[int, int]:
    wants = (
        "notes must be pairs of a pitch from 0 (a rest) to 127 and a duration of at least "
        "1 sixteenth"
    )
    try:
        pitch, duration = pair
    except (TypeError, ValueError):
        raise ValueError(f"{wants}, got {pair!r}") from None
    if any(isinstance(each, bool) or not isinstance(each, Integral) for each in (pitch, duration)):
        raise ValueError(f"{wants}, both whole numbers, got {pair!r}")
    if not 0 <= pitch <= 127 or duration < 1:
        raise ValueError(f"{wants}, got {pair!r}")
    return int(pitch), int(duration)


def _moved(pitch: int, semitones: int) -> int:
    if not 1 <= pitch + semitones <= 127:
        raise ValueError(
            f"semitones must leave every pitch between 1 and 127, got {semitones}, which moves "
            f"{pitch} to {pitch + semitones}"
        )
    return pitch + semitones


def _read(place: int, token: str) -> tuple[int, int]:
    found = re.fullmatch(r"([0-9]{1,3}):([0-9]{1,3})", token) if isinstance(token, str) else None
    if found is None:
        raise ValueError(f"tokens[{place}] must be 'pitch:duration', such as '60:4', got {token!r}")
    return int(found[1]), int(found[2])


def load_melodies() -> list[Melody]:
    """Melodies composed for the course: 48, of 8 or 16 bars.

    Returns
    -------
    list of Melody
        In the order of the file. Composed for the course, CC BY 4.0; the card,
        ``data/melodies.md``, tells more.

    Raises
    ------
    ValueError
        If the file has changed.
    FileNotFoundError
        If it is not there.

    Examples
    --------
    >>> melody = load_melodies()[0]
    >>> melody.title, melody.key, melody.metre, len(melody.notes)
    ('Lamps on the Slipway', 'C major', '4/4', 66)
    >>> melody.tokens()[:5]
    ['60:4', '62:2', '64:2', '62:4', '60:4']
    """
    return [_melody(each) for each in read_shipped("melodies.txt").strip().split("\n\n")]


def _melody(text: str) -> Melody:
    title, heading, *phrases = text.split("\n")
    key, metre = heading.split(", ")
    tokens = " ".join(phrases).replace("|", "").split()
    return Melody.from_tokens(tokens, title.removeprefix("# "), key, metre)


def read_shipped(file_name: str) -> str:
    """Return the text of a file of ``data/`` after comparing it with the checksum in its card.

    Raises
    ------
    ValueError
        If the file has changed.
    FileNotFoundError
        If it, or its card, is not there.
    """
    path = DATA / string("file_name", file_name)
    if not DATA.is_dir():
        # data/ is no part of the package, so a wheel comes without it.
        raise FileNotFoundError(
            f"data/{file_name} is missing: course_utils is installed without the course's folder. "
            "In that folder, run `pip install --no-deps --no-build-isolation -e .`"
        )
    if not path.is_file():
        raise FileNotFoundError(
            f"data/{file_name} is missing. It comes with the course: `git checkout -- data` "
            "brings it back"
        )
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    wanted = re.search(r"\b[0-9a-f]{64}\b", path.with_suffix(".md").read_text("utf-8"))
    if wanted is None or found != wanted[0]:
        raise ValueError(
            f"data/{file_name} has changed: its SHA-256 sum is not the one in its card. "
            "`git checkout -- data` brings it back"
        )
    return path.read_text("utf-8")
