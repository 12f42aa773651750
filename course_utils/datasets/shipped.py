"""Texts and figures that lie in ``data/``: read without a network, and only if they are whole."""

from __future__ import annotations

import csv
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from course_utils.arguments import choice

DATA = Path(__file__).resolve().parents[2] / "data"

VERSES = ("tide", "signal")
REVIEW_SPLITS = ("train", "test", "tricky")


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
        In the order of the file. The card beside it, ``data/verse_tide.md``, tells more.

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
        64,942 characters; one line a paragraph, an empty line between paragraphs. The card,
        ``data/prose_lighthouse.md``, tells more.

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
        Half of each split is positive. The card, ``data/reviews.md``, tells more.

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


def read_shipped(file_name: str) -> str:
    """Return the text of a file of ``data/`` after comparing it with the checksum in its card.

    Raises
    ------
    ValueError
        If the file has changed.
    FileNotFoundError
        If it, or its card, is not there.
    """
    path = DATA / file_name
    if not path.exists():
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
