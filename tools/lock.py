"""Resolve pyproject.toml into requirements.lock: every package, with hashes, no address.

Needs the package index. uv resolves for Python 3.11 on every platform; its own lock file, which
carries addresses, stays in a temporary folder.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = "# Every package of the course, for Python 3.11 on Linux, macOS and Windows.\n# Made by `make lock` from pyproject.toml; do not edit.\n"


def main() -> None:
    uv = shutil.which("uv") or str(Path(sys.executable).parent / "uv")
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(ROOT / "pyproject.toml", folder)
        export = [uv, "export", "--quiet", "--all-groups", "--no-emit-project", "--no-header"]
        text = subprocess.run(
            [*export, "--no-annotate", "--format", "requirements-txt"],
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    (ROOT / "requirements.lock").write_text(HEADER + text)


if __name__ == "__main__":
    main()
