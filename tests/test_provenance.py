"""Every data set has a card that names its source and its terms, wherever it is read from."""

import ast
import hashlib
import inspect
import re
from importlib.metadata import version
from pathlib import Path

import pytest
import sklearn.datasets
from babel.core import get_cldr_version

from course_utils import datasets
from course_utils.datasets import dna, fetched, generated, series, speech

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data"
CARDS = {path.stem: path.read_text("utf-8") for path in DATA.glob("*.md") if path.stem != "README"}
READ_FROM_ELSEWHERE = {
    "digits",
    "generated",
    "imdb",
    "place_names",
    "shakespeare",
    "territory_names",
}
LOADERS = [name for name in datasets.__all__ if name.startswith("load_")]
TERMS = ("CC BY 4.0", "public domain", "Unicode License V3", "states no licence")


def entry(card, heading):
    """What a card says under a heading; empty if it has no such heading."""
    found = re.search(rf"^- \*\*{heading}\.\*\* (.+)$", CARDS[card], re.MULTILINE)
    return found[1] if found else ""


def test_a_card_without_a_file_is_of_data_that_are_read_from_elsewhere():
    files = {path.stem for path in DATA.iterdir() if path.suffix != ".md"}
    assert CARDS.keys() - files == READ_FROM_ELSEWHERE


@pytest.mark.parametrize("card", CARDS)
def test_card_says_what_whence_on_which_terms_and_for_which_lesson(card):
    assert len(entry(card, "Origin")) > 40
    assert len(entry(card, "Licence")) > 8
    assert re.search(r"[Ll]esson [0-9]{2}|for lesson \|", CARDS[card])
    if not re.match(r"(Made|Written|Composed) for this course", entry(card, "Origin")):
        assert len(entry(card, "Citation")) > 40, "whom to cite for what others made"
        assert re.search("[0-9]", entry(card, "Size"))


def test_readme_names_every_card():
    readme = (DATA / "README.md").read_text("utf-8")
    missing = [card for card in CARDS if not re.search(rf"`{card}\.(md|csv|txt)`", readme)]
    assert missing == []


@pytest.mark.parametrize("name", LOADERS)
def test_docstring_of_a_loader_names_terms_and_card(name):
    text = " ".join(getattr(datasets, name).__doc__.split())
    cards = re.findall(r"``data/(\w+)\.md``", text)
    assert cards and set(cards) <= CARDS.keys()
    assert any(terms in text for terms in TERMS)


@pytest.mark.parametrize(
    "card, file", [("imdb", fetched.IMDB), ("shakespeare", fetched.SHAKESPEARE)]
)
def test_card_of_a_fetched_file_has_its_address_and_its_sum(card, file):
    assert f"<{file.url}>" in entry(card, "Origin")
    assert entry(card, "SHA-256").startswith(f"`{file.sha256}`")


def test_card_of_the_digits_is_of_the_installed_file():
    content = (Path(sklearn.datasets.__file__).parent / "data" / "digits.csv.gz").read_bytes()
    assert hashlib.sha256(content).hexdigest() in entry("digits", "SHA-256")
    assert f"{len(content):,} bytes" in entry("digits", "Size")
    assert f"scikit-learn {version('scikit-learn')}" in CARDS["digits"]


@pytest.mark.parametrize("card", ["territory_names", "place_names"])
def test_cards_of_names_are_of_the_installed_babel(card):
    assert f"Babel {version('babel')}" in CARDS[card]
    assert f"CLDR {get_cldr_version()}" in entry(card, "Origin")


def test_sizes_on_cards_are_right():
    names = datasets.load_territory_names()
    named = len(set(names.territories))
    size = f"{len(names.names):,} names of {named} territories, after {names.n_dropped} names "
    assert entry("territory_names", "Size").startswith(size)
    assert entry("place_names", "Size") == f"{len(datasets.load_place_names())} places."
    for card, unit, (_, values) in [
        ("co2", "months", datasets.load_co2()),
        ("sunspots", "years", datasets.load_sunspots()),
    ]:
        n_bytes = (DATA / f"{card}.csv").stat().st_size
        assert entry(card, "Size") == f"{len(values)} {unit}, {n_bytes:,} bytes."


def test_every_generator_is_on_the_card_of_generated_data():
    functions = [
        name
        for module in (dna, generated, series, speech)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and "seed" in inspect.signature(function).parameters
        and not name.startswith("_")
    ]
    assert len(functions) > 8
    assert [name for name in functions if f"| `{name}` |" not in CARDS["generated"]] == []


def data_sets_of_packages(source):
    """Names such as ``sklearn.datasets.load_digits`` that a Python file imports or reaches for."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module in (
            "sklearn.datasets",
            "keras.datasets",
        ):
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Attribute):
            dotted = ast.unparse(node)
            if re.fullmatch(r"(sklearn|keras)\.datasets\.\w+", dotted):
                yield dotted


def test_every_data_set_of_a_package_has_a_card():
    used = {
        name
        for folder in ("course_utils", "lessons", "tools")
        for path in (ROOT / folder).rglob("*.py")
        for name in data_sets_of_packages(path.read_text("utf-8"))
    }
    assert "sklearn.datasets.load_digits" in used
    assert [name for name in used if not any(f"`{name}`" in card for card in CARDS.values())] == []
