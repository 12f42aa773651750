"""Texts and figures that lie in ``data/``: read without a network, and only if they are whole."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from course_utils.arguments import choice

DATA = Path(__file__).resolve().parents[2] / "data"

VERSES = ("tide", "signal")


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
