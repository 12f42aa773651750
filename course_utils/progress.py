"""Which exercises a learner has solved, kept in one small file.

The file lies in the learner's data directory, or in the one that the environment variable
``UNROLLED_HOME`` names. Nothing here raises because of what is on the disk: :func:`notice` says
what went wrong.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock
from platformdirs import user_data_dir

LOCK_TIMEOUT = 10.0  # seconds; another kernel holds the lock for a few milliseconds

_problems: dict[Path, str] = {}  # why the last attempt to save this file failed


def path() -> Path:
    """File that keeps the progress; it need not exist."""
    home = os.environ.get("UNROLLED_HOME") or user_data_dir("unrolled", appauthor=False)
    return Path(home) / "progress.json"


def record(exercise: str) -> bool:
    """Note that ``exercise`` (such as ``"2.1"``) is solved.

    Returns
    -------
    bool
        False if it could not be saved; :func:`notice` says why.
    """
    return _save(lambda: _write(_read() | {exercise}))


def solved() -> frozenset[str]:
    """Return the numbers of the solved exercises; none where there is no readable file."""
    try:
        return _parse(path().read_text("utf-8"))
    except (OSError, ValueError):
        return frozenset()


def reset() -> bool:
    """Forget all progress; False if that failed."""
    return _save(lambda: path().unlink(missing_ok=True))


def notice() -> str:
    """Return what the learner should know about the file, in sentences; ``""`` if all is well."""
    sentences = [_problems[path()]] if path() in _problems else []
    home = path().parent
    damaged = sorted(home.glob("*.damaged-*")) if home.is_dir() else []
    if damaged:
        sentences.append(
            f"A damaged progress file was set aside as {damaged[-1]}: what it held is not "
            "counted. Run the checks again to count it, or delete that file to be rid of this notice."
        )
    elif path().exists() and not _readable():
        sentences.append(
            f"The progress file {path()} cannot be read: what it holds is not counted."
        )
    return " ".join(sentences)


def _readable() -> bool:
    try:
        _parse(path().read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return True


def _save(change: Callable[[], None]) -> bool:
    try:
        with _locked():
            change()
    except OSError as error:  # a lock that is not free in time is one, too
        reason = error.strerror or type(error).__name__
        _problems[path()] = (
            f"Your progress could not be saved in {path().parent} ({reason}). Set the environment "
            "variable UNROLLED_HOME to a directory that you may write to."
        )
        return False
    _problems.pop(path(), None)
    return True


@contextmanager
def _locked() -> Iterator[None]:
    path().parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path().with_suffix(".lock"), timeout=LOCK_TIMEOUT):
        yield


def _read() -> frozenset[str]:
    try:
        return _parse(path().read_text("utf-8"))
    except FileNotFoundError:
        return frozenset()
    except ValueError:
        _set_aside()
        return frozenset()


def _parse(text: str) -> frozenset[str]:
    content = json.loads(text)
    if not isinstance(content, dict):
        raise ValueError("the progress file holds no JSON object")
    solved = content.get("solved")
    if not isinstance(solved, list) or not all(isinstance(number, str) for number in solved):
        raise ValueError("the progress file has no list of solved exercises")
    return frozenset(solved)


def _set_aside() -> None:
    stamp = f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
    path().replace(path().with_name(f"{path().name}.damaged-{stamp}"))


def _write(solved: frozenset[str]) -> None:
    """Replace the file in one step, so that a reader never sees half of it."""
    handle, name = tempfile.mkstemp(dir=path().parent, prefix="progress-", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({"solved": sorted(solved)}, file, indent=1)
        os.replace(name, path())
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
