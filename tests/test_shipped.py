"""The texts that come with the course: whole, or refused."""

import shutil

import pytest

from course_utils import datasets
from course_utils.datasets import shipped


@pytest.mark.parametrize(("name", "n_poems", "n_lines"), [("tide", 40, 680), ("signal", 45, 764)])
def test_verse_comes_poem_by_poem(name, n_poems, n_lines):
    poems = datasets.load_verse(name)
    assert len(poems) == n_poems
    lines = [line for poem in poems for line in poem.lines]
    assert len(lines) == n_lines
    assert all(line and line == line.strip() and not line.startswith("#") for line in lines)


def test_verse_of_another_name_is_refused():
    with pytest.raises(ValueError, match="name must be one of 'tide', 'signal', got 'sea'"):
        datasets.load_verse("sea")


def test_reviews_come_by_split():
    sizes = {"train": 480, "test": 120, "tricky": 64}
    for split, size in sizes.items():
        reviews = datasets.load_reviews(split)
        assert {review.split for review in reviews} == {split}
        assert len(reviews) == size
    assert len(datasets.load_reviews()) == sum(sizes.values())


def test_reviews_of_another_split_are_refused():
    with pytest.raises(ValueError, match="split must be one of 'train', 'test', 'tricky'"):
        datasets.load_reviews("validation")


def test_a_changed_or_missing_file_is_refused(tmp_path, monkeypatch):
    for file in ("prose_lighthouse.txt", "prose_lighthouse.md"):
        shutil.copy(shipped.DATA / file, tmp_path / file)
    monkeypatch.setattr(shipped, "DATA", tmp_path)
    assert datasets.load_prose().startswith("JANUARY")
    with open(tmp_path / "prose_lighthouse.txt", "a", encoding="utf-8") as file:
        file.write("more\n")
    with pytest.raises(ValueError, match=r"data/prose_lighthouse\.txt has changed"):
        datasets.load_prose()
    with pytest.raises(FileNotFoundError, match=r"data/verse_tide\.txt is missing"):
        datasets.load_verse("tide")
