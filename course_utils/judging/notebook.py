"""What a notebook's kernel knows of its cells, and the checks should."""

from __future__ import annotations

import json
import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from IPython import get_ipython
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell

_DEFINED = re.compile(r"^(?:def|class)[ ]+(\w+)|^(\w+)[ ]*(?::[^=\n]+)?=(?!=)", re.MULTILINE)
_CHECKED = re.compile(r"\bcheck\(\s*[\"'][\d.]+[\"']\s*,\s*(\w+)\s*\)")
_broken: dict[str, str] = {}  # what a cell that did not compile defines, and its error


def watch() -> None:
    """Look after the cells of the kernel that this runs in; nothing happens elsewhere."""
    shell = get_ipython()
    if shell is not None:
        shell.events.register("post_run_cell", _note)
        shell.set_custom_exc((NameError,), _explain_missing_name)


def outdated(exercise: str) -> str:
    """Say that the cell of what is checked did not compile, so that an older version is at hand.

    Returns
    -------
    str
        Sentences, or ``""`` if all is well.
    """
    shell = get_ipython()
    if shell is None or not _broken:
        return ""
    for name in _CHECKED.findall(shell.user_ns["In"][-1]):
        if name in _broken:
            return (
                f"The cell that should define `{name}` did not run ({_broken[name]}), so this is "
                "an older version. Mend that cell, run it, then run this one again."
            )
    return ""


def _names(source: str) -> set[str]:
    """Names that a cell gives a value, outside functions."""
    return {one or other for one, other in _DEFINED.findall(source)}


def _note(result: ExecutionResult) -> None:
    error = result.error_before_exec
    for name in _names(result.info.raw_cell if result.info else ""):
        if error is None:
            _broken.pop(name, None)
        else:
            _broken[name] = type(error).__name__


def _explain_missing_name(
    shell: InteractiveShell,
    kind: type[BaseException],
    error: NameError,
    traceback: TracebackType,
    tb_offset: int | None = None,
) -> None:
    """Show the error as always; add a sentence if a cell further up defines the name."""
    shell.showtraceback((kind, error, traceback), tb_offset=tb_offset)
    with suppress(Exception):  # a word of help must not be a second error
        if error.name in _defined_above(shell):
            print(
                f"`{error.name}` is defined in a cell further up that has not been run since the "
                "kernel started. Select this cell and choose Run All Above Selected Cell in the "
                "menu Run.",
                file=sys.stderr,
            )


def _defined_above(shell: InteractiveShell) -> set[str]:
    """Names that the saved notebook defines above the cell that runs, imports included."""
    notebook = json.loads(Path(os.environ["JPY_SESSION_NAME"]).read_text("utf-8"))
    current = shell.parent_header["metadata"]["cellId"]  # type: ignore[attr-defined]  # ipykernel's
    found: set[str] = set()
    for cell in notebook["cells"]:
        if cell.get("id") == current:
            return found
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            found |= _names(source)
            for names in re.findall(r"^(?:from .+ )?import (.+)$", source, re.MULTILINE):
                found |= {part.split()[-1].strip("()") for part in names.split(",") if part.split()}
    return set()
