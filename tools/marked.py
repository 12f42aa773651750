"""Write generated text between two marker lines of a file; the rest is written by hand.

In Markdown the markers are ``<!-- begin NAME -->`` and ``<!-- end NAME -->``; in YAML the same words
after ``#``.
"""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def fill(text: str, name: str, body: str) -> str:
    """Return ``text`` with ``body`` between the markers of ``name``, which stay."""
    pattern = rf"^(?P<begin>.*\bbegin {name}\b.*\n)(?:.*\n)*?(?P<end>.*\bend {name}\b.*)$"
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        raise ValueError(f"no lines 'begin {name}' and 'end {name}' to write between")
    inner = f"{body.rstrip()}\n" if body else ""
    return text[: found.start()] + found["begin"] + inner + found["end"] + text[found.end() :]


def fill_file(path: str, blocks: dict[str, str]) -> None:
    """Fill several blocks of one file of the repository."""
    file = ROOT / path
    text = file.read_text("utf-8")
    for name, body in blocks.items():
        text = fill(text, name, body)
    file.write_text(text, "utf-8")
