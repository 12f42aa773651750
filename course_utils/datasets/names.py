"""Real names from an installed package: no file, no network.

Babel ships CLDR, the Unicode Consortium's collection of what every language calls the territories
of the world, and the places of the time-zone database.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from course_utils.arguments import instance, number, whole_number

LANGUAGES = ("en", "de", "fr", "es", "it", "pl", "fi", "tr", "hu", "sw")
"""English, German, French, Spanish, Italian, Polish, Finnish, Turkish, Hungarian, Swahili."""
NO_TERRITORIES = ("EU", "EZ", "QO", "UN", "XA", "XB", "ZZ")
"""Codes of CLDR that stand for a union, for outlying seas, for tests, or for nothing known."""


@dataclass(frozen=True, eq=False)
class TerritoryNames:
    """What several languages call the territories of the world.

    Attributes
    ----------
    names : list of str
        In lower case; each occurs once.
    labels : ndarray (n,), int64
        Whose name it is: a place in ``languages``.
    languages : tuple of str
        Codes, such as ``"fi"``.
    territories : list of str
        What is named, as a code of two letters, such as ``"DE"``.
    n_dropped : int
        How many different names were left out, because several of the languages use them.
    """

    names: list[str]
    labels: np.ndarray
    languages: tuple[str, ...]
    territories: list[str]
    n_dropped: int

    def split(self, seed: int = 0, fraction: float = 0.2) -> tuple[TerritoryNames, TerritoryNames]:
        """Divide by territory: what one part names, the other does not name in any language.

        Parameters
        ----------
        seed
            Whole number of at least 0; decides which territories are held out.
        fraction
            Of the territories, rounded, in the second part; between 0 and 1.

        Returns
        -------
        train, test : TerritoryNames

        Raises
        ------
        ValueError
            If ``fraction`` leaves a part without a territory.

        Examples
        --------
        >>> train, test = load_territory_names().split(fraction=0.25)
        >>> len(set(train.territories)), len(set(test.territories))
        (174, 58)
        """
        fraction = number("fraction", fraction, 0, 1)
        known = sorted(set(self.territories))
        n_held_out = round(fraction * len(known))
        if not 0 < n_held_out < len(known):
            raise ValueError(
                f"fraction must leave both parts at least one of {len(known)} territories, "
                f"got {fraction}"
            )
        rng = np.random.default_rng(whole_number("seed", seed, 0))
        held_out = {known[i] for i in rng.permutation(len(known))[:n_held_out]}
        is_test = np.array([territory in held_out for territory in self.territories])
        return self._part(~is_test), self._part(is_test)

    def _part(self, kept: np.ndarray) -> TerritoryNames:
        places = np.flatnonzero(kept)
        return TerritoryNames(
            [self.names[i] for i in places],
            self.labels[kept],
            self.languages,
            [self.territories[i] for i in places],
            self.n_dropped,
        )


def load_territory_names(languages: Sequence[str] = LANGUAGES) -> TerritoryNames:
    """Names of countries and other territories in several languages, for telling these apart.

    A name is put in the composed Unicode form (NFC), so that ``é`` is one character, and in the
    lower case of its language, so that capitals tell nothing: Turkish ``I`` becomes ``ı``. A name
    that occurs in more than one of the languages is left out: "andorra" has no right answer.

    Parameters
    ----------
    languages
        Two or more codes of languages that CLDR knows; ten in Latin script unless given.

    Returns
    -------
    TerritoryNames
        Language after language, each in the order of the territories' codes.

    Raises
    ------
    ValueError
        If there are fewer than two languages, one is there twice, or CLDR does not know one.

    References
    ----------
    Unicode CLDR, https://cldr.unicode.org, under the Unicode License V3; shipped in Babel. The card
    is ``data/territory_names.md``.

    Examples
    --------
    >>> data = load_territory_names(("en", "de", "fi"))
    >>> [name for name, code in zip(data.names, data.territories) if code == "DE"]
    ['germany', 'deutschland', 'saksa']
    >>> data.labels[:3], len(data.names), data.n_dropped
    (array([0, 0, 0]), 383, 149)
    """
    languages = _languages(languages)
    named = [_names(language) for language in languages]
    users: dict[str, set[int]] = {}
    for label, names in enumerate(named):
        for name in names.values():
            users.setdefault(name, set()).add(label)
    # A language may give two territories one name; the first of them keeps it.
    kept = {
        name: (label, territory)
        for label, names in enumerate(named)
        for territory, name in reversed(names.items())
        if len(users[name]) == 1
    }
    rows = sorted((label, territory, name) for name, (label, territory) in kept.items())
    return TerritoryNames(
        [name for _, _, name in rows],
        np.array([label for label, _, _ in rows], dtype=np.int64),
        languages,
        [territory for _, territory, _ in rows],
        len(users) - len(kept),
    )


def _languages(languages: Sequence[str]) -> tuple[str, ...]:
    from babel.localedata import exists

    if isinstance(languages, str):
        raise ValueError(f"languages must be a list of codes such as 'en', got {languages!r}")
    languages = tuple(instance("languages", languages, Iterable, "a list of codes"))
    for code in languages:
        if not isinstance(code, str) or not re.fullmatch(r"[a-z]{2,3}", code) or not exists(code):
            raise ValueError(
                f"languages must be codes of two or three letters that CLDR knows, such as "
                f"{', '.join(map(repr, LANGUAGES))}, got {code!r}"
            )
    if len(languages) < 2 or len(set(languages)) < len(languages):
        raise ValueError(f"languages must be at least two different codes, got {languages}")
    return languages


def _names(language: str) -> dict[str, str]:
    """The language's name of each territory, by the territory's code, in the order of the codes."""
    from babel import Locale

    territories = Locale(language).territories
    return {
        code: _plain(territories[code], language)
        for code in sorted(territories)
        if re.fullmatch("[A-Z]{2}", code) and code not in NO_TERRITORIES
    }


def _plain(name: str, language: str) -> str:
    """``name`` in lower case and in NFC, with single spaces."""
    if language in ("tr", "az"):  # Python's lower() knows no language
        name = name.replace("I", "ı").replace("İ", "i")
    return unicodedata.normalize("NFC", " ".join(name.split()).lower())


@dataclass(frozen=True)
class Place:
    """A place that the time-zone database knows.

    Attributes
    ----------
    name : str
        ``"Buenos Aires"``; in ASCII, as the database writes it.
    continent : str
        Or ocean: ``"Africa"``, ``"America"``, ``"Antarctica"``, ``"Arctic"``, ``"Asia"``,
        ``"Atlantic"``, ``"Australia"``, ``"Europe"``, ``"Indian"`` or ``"Pacific"``.
    territory : str
        Code of two letters: ``"AR"``.
    """

    name: str
    continent: str
    territory: str


def load_place_names() -> list[Place]:
    """Places of the time-zone database, as CLDR lists them: at least one for each time zone.

    Returns
    -------
    list of Place
        In alphabetical order of the names, which are all different. Left out are zones such as
        ``Etc/GMT+1``, which name no place, and a station that no one territory owns.

    References
    ----------
    The time-zone database, https://www.iana.org/time-zones, in the public domain; CLDR gives the
    territories, under the Unicode License V3, and Babel ships both. The card is
    ``data/place_names.md``.

    Examples
    --------
    >>> [place for place in load_place_names() if place.name == "Buenos Aires"]
    [Place(name='Buenos Aires', continent='America', territory='AR')]
    """
    from babel.core import get_global

    places = []
    for zone, territory in get_global("zone_territories").items():
        continent, *_, name = zone.split("/")
        if continent != "Etc" and len(territory) == 2:
            places.append(Place(name.replace("_", " "), continent, territory))
    return sorted(places, key=lambda place: place.name)
