"""Files from the network: kept once they are whole and right, and a plain reason where they are not.

A file is known by its address and its SHA-256 sum. It is written under another name first and gets
its own name only when the sum is right, so neither a broken connection nor a server that sends
something else can leave a file that is taken for the real one. What is in the cache is summed up
again before each use; a damaged file is fetched anew.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from course_utils.session import progress_bar

TIMEOUT = (10.0, 30.0)
"""Seconds to wait for a connection, and for the next piece of the file."""
CHUNK = 1 << 16  # bytes
LEFT_BEHIND = 24 * 3600.0  # seconds after which a piece of a killed download is cleared away


@dataclass(frozen=True)
class RemoteFile:
    """A file known by its address and its checksum.

    Attributes
    ----------
    name : str
        What it is called in the cache.
    url : str
        Where it comes from.
    sha256 : str
        Checksum, 64 hexadecimal digits.
    """

    name: str
    url: str
    sha256: str


class FetchError(Exception):
    """A file is not to be had; the text is the reason, a clause without a full stop."""


def cache_directory() -> Path:
    """Directory of fetched files: in the user's cache, or below ``UNROLLED_HOME`` if that is set."""
    from platformdirs import user_cache_dir

    home = os.environ.get("UNROLLED_HOME")
    return Path(home or user_cache_dir("unrolled", appauthor=False)) / "fetched"


def fetch(file: RemoteFile, *, progress: bool = True) -> Path:
    """Path of a file with the right checksum, from the cache or else from the network.

    Parameters
    ----------
    file
        What to fetch.
    progress
        Show a progress bar. The environment variable ``UNROLLED_PROGRESS_BAR=0`` hides it always.

    Raises
    ------
    FetchError
        If it is not to be had: the reason, in plain words. The next call tries again.
    """
    import pooch
    import requests

    pooch.get_logger().setLevel("WARNING")  # the progress bar says enough
    folder = cache_directory()
    try:
        _clear(folder)
        # pooch puts the real total in; a bar without one has no truth value, and it asks for that.
        with progress_bar(progress, desc=file.name, total=1, unit="B", unit_scale=True) as bar:
            download = pooch.HTTPDownloader(progressbar=bar, chunk_size=CHUNK, timeout=TIMEOUT)
            found = pooch.retrieve(file.url, file.sha256, file.name, folder, downloader=download)
    except requests.RequestException as error:  # before OSError, which it is
        raise FetchError(_network_reason(error, file)) from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise FetchError(f"it could not be saved in {folder} ({reason})") from error
    except ValueError as error:  # what pooch says of a wrong checksum
        raise FetchError(
            f"what {_host(file)} sent is not the expected file: its checksum is wrong"
        ) from error
    return Path(found)


def _clear(folder: Path) -> None:
    """Delete what downloads left that were killed: pooch's temporary files, a day old."""
    for left in folder.glob("tmp*"):
        if time.time() - left.stat().st_mtime > LEFT_BEHIND:
            left.unlink(missing_ok=True)


def _network_reason(error: Exception, file: RemoteFile) -> str:
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"{_host(file)} answered {error.response.status_code}"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return f"the connection to {_host(file)} broke before the file was whole"
    # A pause in the middle of the file is no Timeout to requests; its text says so.
    if isinstance(error, requests.ReadTimeout) or "Read timed out" in str(error):
        return f"{_host(file)} sent nothing for {TIMEOUT[1]:g} seconds"
    return f"there is no connection to {_host(file)}"


def _host(file: RemoteFile) -> str:
    return urlsplit(file.url).hostname or file.url
