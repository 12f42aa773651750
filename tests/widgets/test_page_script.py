"""The files of the page's side fit together: they share one module, and so one set of names."""

import re

import pytest

from course_utils.widgets.base import STATIC

SOURCES = {path.name: path.read_text("utf-8") for path in STATIC.iterdir() if path.suffix == ".js"}
PARTS = ("common.js", "frame.js", "mount.js")
NAME = re.compile(r"^(?:export )?(?:async )?(?:const|let|function|class) (\w+)", re.MULTILINE)
SHARED = {name for part in PARTS for name in NAME.findall(SOURCES[part])}


@pytest.mark.parametrize("file", sorted(SOURCES.keys() - set(PARTS)))
def test_no_widget_gives_a_shared_name_to_something_of_its_own(file):
    assert not SHARED & set(NAME.findall(SOURCES[file]))


def test_every_shared_name_is_used():
    words = re.findall(r"\w+", "\n".join(SOURCES.values()))
    assert [name for name in SHARED - {"mount"} if words.count(name) < 2] == []
