"""Every data set has a card that names its source and its terms, and every file has a licence."""

import ast
import hashlib
import inspect
import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import sklearn.datasets
import yaml
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
AUTHORS = "The Unrolled authors"
REUSE = tomllib.loads((ROOT / "REUSE.toml").read_text("utf-8"))["annotations"]
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


def patterns(table):
    return [table["path"]] if isinstance(table["path"], str) else table["path"]


def licensing(name):
    """Licence and holders of a file, as REUSE 3.3 reads them: the last table that matches counts."""
    found = None
    for table in REUSE:
        for pattern in patterns(table):
            parts = re.split(r"(\*\*|\*)", pattern)
            wild = {"**": ".*", "*": "[^/]*"}
            if re.fullmatch("".join(wild.get(part, re.escape(part)) for part in parts), name):
                found = table["SPDX-License-Identifier"], table["SPDX-FileCopyrightText"]
    return found


@pytest.mark.parametrize(
    "name, licence",
    [
        ("course_utils/cells/gru.py", "BSD-3-Clause"),
        ("tests/test_data.py", "BSD-3-Clause"),
        ("Makefile", "BSD-3-Clause"),
        ("lessons/00_start_here.py", "BSD-3-Clause AND CC-BY-4.0"),
        ("solutions/00_start_here.ipynb", "BSD-3-Clause AND CC-BY-4.0"),
        ("course_utils/quizzes/lesson_00.toml", "CC-BY-4.0"),
        ("course_utils/hints/lesson_00.toml", "CC-BY-4.0"),
        ("README.md", "CC-BY-4.0"),
        ("images/explorer.png", "CC-BY-4.0"),
    ],
)
def test_reuse_gives_code_and_prose_their_licences(name, licence):
    assert (ROOT / name).exists()
    assert licensing(name) == (licence, f"2026 {AUTHORS}")


def test_reuse_names_no_file_that_is_not_there():
    every = [pattern for table in REUSE for pattern in patterns(table)]
    assert [each for each in every if not any(ROOT.glob(each.replace("**", "*")))] == []


@pytest.mark.parametrize("path", sorted(DATA.iterdir()), ids=lambda path: path.name)
def test_reuse_says_of_data_what_their_cards_say(path):
    licence, holders = licensing(f"data/{path.name}")
    if path.suffix != ".md" and entry(path.stem, "Licence").startswith("Public domain"):
        assert licence == "LicenseRef-public-domain AND CC-BY-4.0"
        assert holders[0].split(",")[0] in CARDS[path.stem] and holders[1] == f"2026 {AUTHORS}"
    else:
        assert (licence, holders) == ("CC-BY-4.0", f"2026 {AUTHORS}")


def test_licenses_has_the_text_of_each_licence_and_of_no_other():
    named = {name for table in REUSE for name in table["SPDX-License-Identifier"].split(" AND ")}
    assert {path.name for path in (ROOT / "LICENSES").iterdir()} == {
        f"{name}.txt" for name in named
    }
    # REUSE wants the text there, and whoever looks for LICENSE wants it here.
    assert (ROOT / "LICENSES" / "BSD-3-Clause.txt").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_the_same_authors_are_named_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert project["authors"] == citation["authors"] == [{"name": AUTHORS}]
    for name in ("LICENSE", "LICENSE-text"):
        assert f"Copyright 2026 {AUTHORS}\n" in (ROOT / name).read_text("utf-8")
    line = " ".join((ROOT / "LICENSE-text").read_text("utf-8").split())
    assert f'From "{citation["title"]}" by {AUTHORS}, licensed under CC BY 4.0, https://' in line


def test_license_text_speaks_of_what_is_there():
    text = re.sub(r"https://\S+", "", (ROOT / "LICENSE-text").read_text("utf-8"))
    names = re.findall(r"\b(?:\w+/)+|\b[A-Z]+\.(?:md|toml)\b", text)
    assert len(names) > 10
    assert [name for name in names if not (ROOT / name).exists()] == []
