"""The progress file: damaged, unwritable, written by two kernels at once."""

from __future__ import annotations

import errno
import json
import subprocess
import sys

import pytest

from course_utils import progress


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("UNROLLED_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_nothing_is_solved_at_first(home):
    assert progress.solved() == frozenset()
    assert progress.notice() == ""
    assert not home.exists()


def test_solved_exercises_are_kept_once(home):
    for exercise in ("2.1", "0.2", "2.1"):
        assert progress.record(exercise)
    assert progress.solved() == {"0.2", "2.1"}
    assert progress.path() == home / "progress.json"
    assert json.loads(progress.path().read_text("utf-8")) == {"solved": ["0.2", "2.1"]}


def test_reset_forgets_everything():
    progress.record("2.1")
    assert progress.reset()
    assert progress.solved() == frozenset()
    assert progress.reset()


def test_without_the_variable_the_data_directory_is_used(monkeypatch):
    monkeypatch.delenv("UNROLLED_HOME")
    assert progress.path().parent.name == "unrolled"


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b'{"solved": ["2.1"',
        b"[]",
        b'{"solved": "2.1"}',
        b'{"solved": [1]}',
        b"\xff\xfe",
        b"{}",
    ],
)
def test_damaged_file_is_set_aside_and_said(home, damage):
    home.mkdir()
    progress.path().write_bytes(damage)
    assert progress.solved() == frozenset()
    assert "cannot be read" in progress.notice()

    assert progress.record("2.1")
    assert progress.solved() == {"2.1"}
    (kept,) = home.glob("progress.json.damaged-*")
    assert kept.read_bytes() == damage
    assert f"was set aside as {kept}" in progress.notice()

    kept.unlink()
    assert progress.notice() == ""


@pytest.mark.parametrize("below_a_file", [True, False])
def test_unwritable_directory_is_a_sentence(tmp_path, monkeypatch, below_a_file):
    (tmp_path / "file").write_text("")
    unusable = tmp_path / "file" / "below" if below_a_file else tmp_path / "file"
    monkeypatch.setenv("UNROLLED_HOME", str(unusable))
    assert not progress.record("2.1")
    assert progress.notice().startswith("Your progress could not be saved in")
    assert "UNROLLED_HOME" in progress.notice()
    assert progress.solved() == frozenset()


def test_problem_is_forgotten_once_saving_works(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with monkeypatch.context() as patch:
        patch.setenv("UNROLLED_HOME", str(tmp_path / "file"))
        assert not progress.record("2.1")
    assert progress.record("2.1")
    assert progress.notice() == ""


def test_file_that_is_a_directory_is_a_sentence(home):
    progress.path().mkdir(parents=True)
    assert not progress.record("2.1")
    assert not progress.reset()
    assert progress.notice()
    assert progress.solved() == frozenset()


def test_the_file_is_replaced_and_not_written_into(home):
    progress.record("2.1")
    before = home / "what a reader has open"
    before.hardlink_to(progress.path())
    progress.record("2.2")
    assert json.loads(before.read_text("utf-8")) == {"solved": ["2.1"]}
    assert progress.solved() == {"2.1", "2.2"}


def test_a_write_that_breaks_off_leaves_the_file_whole(home, monkeypatch):
    progress.record("2.1")
    read_meanwhile = []

    def breaks_off(content, file, **options):
        file.write('{"solved": [')
        file.flush()
        read_meanwhile.append(progress.solved())
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(progress.json, "dump", breaks_off)
        assert not progress.record("2.2")
    assert read_meanwhile == [{"2.1"}]
    assert "No space left on device" in progress.notice()
    assert progress.solved() == {"2.1"}
    assert not list(home.glob("*.tmp"))


def test_two_kernels_at_once_lose_nothing(home):
    program = (
        "import sys; from course_utils import progress\n"
        "for i in range(100): assert progress.record(f'{sys.argv[1]}.{i}'), progress.notice()"
    )
    kernels = [subprocess.Popen([sys.executable, "-c", program, number]) for number in "12"]
    assert [kernel.wait(120) for kernel in kernels] == [0, 0]
    assert progress.solved() == {f"{number}.{i}" for number in "12" for i in range(100)}
    assert not list(home.glob("*.tmp"))
    assert progress.notice() == ""
