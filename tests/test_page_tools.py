"""The tools that check the page's code are pinned, and their locks hold hashes and no address."""

import json
import re
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "tools" / "page"


def test_node_is_pinned_and_locked_with_hashes():
    (wanted,) = (PAGE / "node.txt").read_text("utf-8").splitlines()
    text = (PAGE / "node.lock").read_text("utf-8")
    assert re.findall(r"^\S+==\S+", text, re.MULTILINE) == [wanted]
    assert "--hash=sha256:" in text and "://" not in text


def test_packages_are_pinned_and_locked_with_hashes():
    wanted = json.loads((PAGE / "package.json").read_text("utf-8"))["devDependencies"]
    lock = json.loads((PAGE / "package-lock.json").read_text("utf-8"))["packages"]
    assert lock.pop("")["devDependencies"] == wanted
    assert wanted == {name: lock[f"node_modules/{name}"]["version"] for name in wanted}
    assert all("integrity" in package and "resolved" not in package for package in lock.values())
