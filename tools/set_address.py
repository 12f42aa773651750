"""Write the course's public address into README.md and CITATION.cff.

The address stands in pyproject.toml, [tool.unrolled]. While it is empty, plain sentences stand where
links would: nothing points at an address that does not exist.
"""

import sys
import tomllib
from pathlib import Path
from urllib.parse import quote, urlsplit

sys.path.insert(0, str(Path(__file__).parent))
from marked import ROOT, fill_file

START = "notebooks/00_start_here.ipynb"
BINDER = "https://mybinder.org"


def setting() -> tuple[str, str]:
    """Return the repository's address, with no slash or ``.git`` at its end, and Binder's ref."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["unrolled"]
    address = table["repository"].strip().rstrip("/").removesuffix(".git")
    if address and (urlsplit(address).scheme != "https" or not urlsplit(address).path.strip("/")):
        sys.exit(
            f"pyproject.toml, [tool.unrolled]: repository = {address!r} is not an https address"
        )
    return address, table["binder_ref"]


def binder_link(address: str, ref: str) -> str:
    """Return the address at which Binder builds ``ref`` of the repository and opens lesson 00.

    Binder names its sources: ``gh`` for GitHub, ``gl`` for GitLab, ``git`` for any other host.
    """
    parts = urlsplit(address)
    path = parts.path.strip("/")
    sources = {"github.com": f"gh/{path}", "gitlab.com": f"gl/{quote(path, safe='')}"}
    source = sources.get(parts.netloc, f"git/{quote(address, safe='')}")
    return f"{BINDER}/v2/{source}/{quote(ref, safe='')}?urlpath=lab/tree/{START}"


def readme_blocks(address: str, ref: str) -> dict[str, str]:
    """The three places of README.md that speak of the address."""
    if not address:
        return {
            "badge": "",
            "clone": "Get the course's folder (as an archive or a Git clone), open a terminal in it, and run",
            "binder": "The course has no public address yet, so there is no Binder link. `binder/` is ready for one.",
        }
    link = binder_link(address, ref)
    return {
        "badge": f"[![Open in Binder]({BINDER}/badge_logo.svg)]({link})",
        "clone": f"`git clone {address}.git`, open a terminal in the new folder, and run",
        "binder": f"Nothing to install: [open the course on Binder]({link}). It starts in minutes, has about 1 GB of memory, and forgets your work after 10 idle minutes: download what you want to keep.",
    }


def main() -> None:
    address, ref = setting()
    fill_file("README.md", readme_blocks(address, ref))
    fill_file("CITATION.cff", {"address": f'repository-code: "{address}"' if address else ""})


if __name__ == "__main__":
    main()
