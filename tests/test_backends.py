"""The second backend of Keras agrees with the course's lock, and is no part of it."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def versions(name):
    text = (ROOT / name).read_text("utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)==([^\s;\\]+)", text, re.MULTILINE))


def test_the_backend_is_pinned_and_locked_with_hashes():
    wanted = versions("tools/backends.txt")
    locked = versions("tools/backends.lock")
    assert wanted and wanted.items() <= locked.items()
    text = (ROOT / "tools" / "backends.lock").read_text("utf-8")
    assert "://" not in text
    entries = text.replace("\\\n", " ").splitlines()
    assert all("--hash=sha256:" in entry for entry in entries if entry and entry[0] != "#")


def test_both_locks_name_the_same_versions():
    course, backends = versions("requirements.lock"), versions("tools/backends.lock")
    both = course.keys() & backends.keys()
    assert {"keras", "numpy"} <= both
    assert {name: course[name] for name in both} == {name: backends[name] for name in both}
    assert not versions("tools/backends.txt").keys() & course.keys()
