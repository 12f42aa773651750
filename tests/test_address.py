"""The public address stands in one place, and one command puts it everywhere."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from course_utils.course import lessons

ROOT = Path(__file__).resolve().parent.parent
WRITTEN = ["README.md", "CITATION.cff"]


@pytest.fixture
def copy(tmp_path):
    """A copy of what the two commands read and write."""
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    for name in [*WRITTEN, "pyproject.toml"]:
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def run(copy, tool="set_address.py"):
    return subprocess.run(
        [sys.executable, copy / "tools" / tool], capture_output=True, text=True, timeout=60
    )


def set_address(copy, address, ref="main"):
    project = copy / "pyproject.toml"
    lines = project.read_text("utf-8").splitlines(keepends=True)
    settings = {"repository = ": address, "binder_ref = ": ref}
    for index, line in enumerate(lines):
        for key, value in settings.items():
            if line.startswith(key):
                lines[index] = f'{key}"{value}"\n'
    project.write_text("".join(lines), "utf-8")
    return run(copy)


def texts(copy):
    return {name: (copy / name).read_text("utf-8") for name in WRITTEN}


def test_files_are_in_step_with_the_setting_and_the_course_map(copy):
    assert run(copy).returncode == 0
    assert run(copy, "course_map.py").returncode == 0
    assert texts(copy) == texts(ROOT), "run `make address readme`"


def test_without_an_address_no_link_is_invented(copy):
    assert set_address(copy, "").returncode == 0
    readme, citation = texts(copy).values()
    assert "mybinder" not in readme
    assert "git clone" not in readme
    assert "no public address yet" in readme
    assert "repository-code" not in citation


def test_an_address_reaches_badge_clone_command_and_citation(copy):
    assert set_address(copy, "https://github.com/example/unrolled", "edition-1").returncode == 0
    readme, citation = texts(copy).values()
    binder = "https://mybinder.org/v2/gh/example/unrolled/edition-1?urlpath=lab/tree/notebooks/00_start_here.ipynb"
    assert readme.count(f"({binder})") == 2
    assert "git clone https://github.com/example/unrolled.git" in readme
    assert "no public address" not in readme
    assert yaml.safe_load(citation)["repository-code"] == "https://github.com/example/unrolled"


def test_writing_twice_changes_nothing_and_emptying_brings_the_sentences_back(copy):
    empty = texts(copy)
    set_address(copy, "https://github.com/example/unrolled")
    once = texts(copy)
    run(copy)
    assert texts(copy) == once
    set_address(copy, "https://github.com/example/unrolled.git/")
    assert texts(copy) == once
    set_address(copy, "")
    assert texts(copy) == empty


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("https://gitlab.com/group/sub/course", "gl/group%2Fsub%2Fcourse/v%2F1"),
        ("https://git.example.org/course", "git/https%3A%2F%2Fgit.example.org%2Fcourse/v%2F1"),
    ],
)
def test_binder_knows_other_hosts(copy, address, source):
    set_address(copy, address, "v/1")
    assert f"https://mybinder.org/v2/{source}?urlpath=lab" in texts(copy)["README.md"]


@pytest.mark.parametrize(
    "address", ["github.com/example/unrolled", "https://github.com", "ftp://a/b"]
)
def test_what_is_no_address_is_refused_with_a_sentence(copy, address):
    before = texts(copy)
    result = set_address(copy, address)
    assert result.returncode == 1
    assert result.stderr.startswith("pyproject.toml, [tool.unrolled]: repository = ")
    assert texts(copy) == before


def test_course_map_links_every_lesson_once():
    readme = (ROOT / "README.md").read_text("utf-8")
    for lesson in lessons():
        assert f"[**{lesson.name}**](notebooks/{lesson.stem}.ipynb) {lesson.minutes}" in readme
    assert readme.count(".ipynb)") == len(lessons())


def test_citation_is_complete_and_names_nobody_who_does_not_exist():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "type", "authors", "license", "version"} <= set(citation)
    assert citation["authors"] == [{"name": "The Unrolled authors"}]
