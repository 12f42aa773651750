"""Numbers and the words for them, in English and in German, as lists of parts."""

from __future__ import annotations

from course_utils.arguments import choice, whole_number

LANGUAGES = ("English", "German")
# fmt: off
_ENGLISH = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
    "eighteen", "nineteen",
]
_ENGLISH_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_GERMAN = [
    "null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun",
    "zehn", "elf", "zwölf", "dreizehn", "vierzehn", "fünfzehn", "sechzehn", "siebzehn",
    "achtzehn", "neunzehn",
]
_GERMAN_TENS = [
    "zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig",
]
# fmt: on


def number_words(number: int, language: str = "English") -> list[str]:
    """Return the words of a whole number from 0 to 999.

    German is written without spaces; here it is cut into the parts that it is made of. The one
    comes before the ten: 342 is ``drei hundert zwei und vierzig``.

    Parameters
    ----------
    number
        0 to 999.
    language
        ``"English"`` or ``"German"``.

    Raises
    ------
    TypeError, ValueError
        If the number is not whole or not in the range, or the language is another.

    Examples
    --------
    >>> " ".join(number_words(342))
    'three hundred and forty two'
    >>> " ".join(number_words(342, "German"))
    'drei hundert zwei und vierzig'
    """
    number = whole_number("number", number, 0, 999)
    language = choice("language", language, LANGUAGES)
    hundreds, rest = divmod(number, 100)
    if language == "English":
        words = [_ENGLISH[hundreds], "hundred"] if hundreds else []
        if not rest:
            return words or ["zero"]
        return words + ["and"] * bool(words) + _english_rest(rest)
    words = ["ein" if hundreds == 1 else _GERMAN[hundreds], "hundert"] if hundreds else []
    if not rest:
        return words or ["null"]
    return words + _german_rest(rest)


def _english_rest(rest: int) -> list[str]:
    if rest < 20:
        return [_ENGLISH[rest]]
    tens, ones = divmod(rest, 10)
    return [_ENGLISH_TENS[tens - 2]] + [_ENGLISH[ones]] * bool(ones)


def _german_rest(rest: int) -> list[str]:
    if rest < 20:
        return [_GERMAN[rest]]
    tens, ones = divmod(rest, 10)
    before = ["ein" if ones == 1 else _GERMAN[ones], "und"] if ones else []
    return [*before, _GERMAN_TENS[tens - 2]]
