"""Run a learner's code: what it prints is kept, its time is limited, the stop button is alive."""

from __future__ import annotations

import builtins
import ctypes
import io
import os
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from enum import Enum
from pathlib import Path

MAX_PRINTED = 2000  # characters that are kept of what a submission prints in one case
PATIENCE = 4  # how many times its limit a submission may take, waiting and libraries included
# Where libraries prepare what they run later. That is not the time of the learner's code.
PREPARING = (
    "<frozen importlib",
    *map(
        os.path.normpath,
        ("/theano/compile/", "/theano/graph/", "/jax/_src/compiler.py", "/jax/_src/interpreters/"),
    ),
)
_INSTALLED = tuple(
    os.path.realpath(folder) + os.sep
    for folder in (
        *(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")),
        str(Path(__file__).parents[1]),
    )
)
POLL = 0.05  # seconds; short, because on Windows a waiting main thread cannot be interrupted
GRACE = 1.0  # seconds that running code gets to react to being stopped


class Ended(Enum):
    """How a run ended."""

    FINISHED = "finished"
    STOPPED = "stopped at the time limit"
    PREPARING = "stopped while a library was still imported or compiling"
    STUCK = "past the time limit, and still running"


class Stop(SystemExit):
    """Raised inside the worker thread to end it.

    A ``SystemExit``: should it arrive when the work is just done, ``threading`` ends the thread
    on one without printing a traceback.
    """


class Running:
    """What code in the sandbox is told about its run."""

    def __init__(self, printed: Printed) -> None:
        self._printed = printed
        self._clock_id: int | None = None
        self.stopped = threading.Event()
        """Set when the time is over: begin nothing more."""

    def begin(self) -> None:
        """Note the clock of the thread that this is called in."""
        if hasattr(time, "pthread_getcpuclockid"):  # not on Windows, nor on macOS
            self._clock_id = time.pthread_getcpuclockid(threading.get_ident())

    def computed(self) -> float:
        """Seconds that the thread has computed, or any seconds where nobody counts them."""
        if not hasattr(time, "pthread_getcpuclockid"):
            return time.monotonic()
        with suppress(OSError):  # the thread has just ended
            return time.clock_gettime(self._clock_id) if self._clock_id is not None else 0.0
        return 0.0

    def take_printed(self) -> str:
        """Return what was printed since the last call."""
        return self._printed.take()


def run_limited(work: Callable[[Running], None], seconds: float) -> Ended:
    """Run ``work(running)`` in a thread of its own for at most ``seconds`` of its own time.

    Its own time is the thread's computing time, without what libraries take to be imported and
    to compile: neither a busy machine nor a first call is the learner's fault. All of it
    together may take ``PATIENCE`` times as long. ``KeyboardInterrupt`` (the stop button) ends
    the work and is raised again here.

    Parameters
    ----------
    work : callable
        Must not raise, except for letting :class:`Stop` pass. Code that swallows it may come to
        an end all the same.
    seconds : float
        Time limit.

    Returns
    -------
    Ended
    """

    def until_stopped() -> None:
        with suppress(Stop):
            running.begin()
            work(running)

    with _captured() as printed:
        running = Running(printed)
        worker = threading.Thread(target=until_stopped, name="unrolled-check", daemon=True)
        worker.start()
        try:
            preparing = _wait(worker, running, seconds)
        except BaseException:
            _stop(worker, running.stopped)
            raise
        if not worker.is_alive():
            return Ended.FINISHED
        if not _stop(worker, running.stopped):
            return Ended.STUCK
        return Ended.PREPARING if preparing > seconds else Ended.STOPPED


def _wait(worker: threading.Thread, running: Running, seconds: float) -> float:
    """Wait until ``worker`` ends or its time is over; return the seconds of preparations."""
    start = then = time.monotonic()
    computed, own, preparing = running.computed(), 0.0, 0.0
    while worker.is_alive() and own < seconds and then - start < PATIENCE * seconds:
        worker.join(POLL)
        now, until_now = time.monotonic(), running.computed()
        if _prepares(worker):
            preparing += now - then
        else:
            # This thread may have had to wait, and seen nothing of what went on in between.
            own += min(until_now - computed, 2 * POLL)
        then, computed = now, until_now
    return preparing


def _prepares(worker: threading.Thread) -> bool:
    """Tell whether a library, called by the learner's code, imports or compiles just now."""
    frame = sys._current_frames().get(worker.ident or 0)
    while frame is not None:
        name = frame.f_code.co_filename
        if any(place in name for place in PREPARING):
            return True
        if not is_installed(name):
            return False
        frame = frame.f_back
    return False


def is_installed(filename: str) -> bool:
    """Tell whether code of this file belongs to Python, a library or the course."""
    return filename.startswith("<frozen") or os.path.realpath(filename).startswith(_INSTALLED)


def _stop(worker: threading.Thread, stopped: threading.Event) -> bool:
    """Raise :class:`Stop` inside ``worker`` until it ends; False if it does not end.

    More than once, since ``except:`` in the learner's code may catch the first.
    """
    stopped.set()
    for _ in range(round(GRACE / POLL)):
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(worker.ident or 0), ctypes.py_object(Stop)
        )
        worker.join(POLL)
        if not worker.is_alive():
            return True
    return False


class Printed(io.TextIOWrapper):
    """A standard output that keeps the beginning of what is printed."""

    def __init__(self) -> None:
        nowhere = open(os.devnull, "wb")  # noqa: SIM115 (closed with this)
        super().__init__(nowhere, encoding="utf-8", errors="replace")
        self._kept = ""

    def write(self, text: str, /) -> int:
        """Keep the text while there is room."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._kept += text[: MAX_PRINTED + 1 - len(self._kept)]
        return len(text)

    def take(self) -> str:
        """Return what was kept, and forget it."""
        kept, self._kept = self._kept, ""
        return kept if len(kept) <= MAX_PRINTED else kept[:MAX_PRINTED] + "…"


@contextmanager
def _captured() -> Iterator[Printed]:
    """Keep what is printed, and let ``input()`` fail instead of waiting for an answer."""
    original_input = builtins.input
    with (
        Printed() as printed,
        Printed() as nowhere,
        redirect_stdout(printed),
        redirect_stderr(nowhere),
    ):
        builtins.input = _no_input
        try:
            yield printed
        finally:
            builtins.input = original_input


def _no_input(prompt: object = "", /) -> str:
    raise RuntimeError("a check cannot answer input()")
