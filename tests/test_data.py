"""Every shipped file has a card that tells its origin and licence, and its checksum is right."""

import csv
import hashlib
import re
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parent.parent / "data"
FILES = sorted(path for path in DATA.iterdir() if path.suffix != ".md")
VERSE = sorted(DATA.glob("verse_*.txt"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_card_tells_origin_licence_and_checksum(path):
    card = path.with_suffix(".md").read_text("utf-8")
    assert path.name in card
    for word in ("Origin", "Licence", "CC BY 4.0"):
        assert word in card
    assert hashlib.sha256(path.read_bytes()).hexdigest() in card
    assert path.name in (DATA / "README.md").read_text("utf-8")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_text_files_are_plain(path):
    data = path.read_bytes()
    assert b"\r" not in data, "line ends must be LF on every system"
    assert data.endswith(b"\n")
    data.decode("utf-8")


@pytest.mark.parametrize("path", VERSE, ids=lambda path: path.name)
def test_verse_is_long_enough_and_not_made_from_templates(path):
    text = path.read_text("utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert len(lines) >= 600
    assert len(set(lines)) >= 0.98 * len(lines)
    assert max(map(len, lines)) < 60
    titles = re.findall(r"^# (.+)$", text, re.MULTILINE)
    assert len(set(titles)) == len(titles) >= 30


def test_reviews_are_many_balanced_and_all_different():
    with open(DATA / "reviews.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["id"] for row in rows}) == len({row["text"] for row in rows}) == len(rows)
    splits = {
        split: [row for row in rows if row["split"] == split]
        for split in ["train", "test", "tricky"]
    }
    assert sum(map(len, splits.values())) == len(rows)
    assert len(splits["train"]) + len(splits["test"]) >= 600
    assert len(splits["tricky"]) >= 60
    for part in splits.values():
        assert {row["label"] for row in part} == {"0", "1"}
        assert sum(row["label"] == "1" for row in part) == len(part) / 2
    known = {"plain", "negation", "contrast", "sarcasm"}
    assert all(row["tags"] and set(row["tags"].split()) <= known for row in rows)
    assert not any("plain" in row["tags"].split() for row in splits["tricky"])
