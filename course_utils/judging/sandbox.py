"""Run a learner's code: silenced, with a time limit, and with the stop button alive."""

from __future__ import annotations

import builtins
import ctypes
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from enum import Enum

POLL = 0.05  # seconds; short, because on Windows a waiting main thread cannot be interrupted
GRACE = 1.0  # seconds that running code gets to react to being stopped


class Ended(Enum):
    """How a run ended."""

    FINISHED = "finished"
    STOPPED = "stopped at the time limit"
    STUCK = "past the time limit, and still running"


class Stop(SystemExit):
    """Raised inside the worker thread to end it.

    A ``SystemExit``: should it arrive when the work is just done, ``threading`` ends the thread
    on one without printing a traceback.
    """


def run_limited(work: Callable[[threading.Event], None], seconds: float) -> Ended:
    """Run ``work(stopped)`` in a thread of its own for at most ``seconds``.

    What it prints is swallowed. ``KeyboardInterrupt`` (the stop button) ends the work and is
    raised again here.

    Parameters
    ----------
    work : callable
        Must not raise, except for letting :class:`Stop` pass. Code that swallows it may come to
        an end all the same; the event ``stopped`` then says to begin nothing more.
    seconds : float
        Time limit.

    Returns
    -------
    Ended
    """

    def until_stopped() -> None:
        with suppress(Stop):
            work(stopped)

    stopped = threading.Event()
    worker = threading.Thread(target=until_stopped, name="unrolled-check", daemon=True)
    deadline = time.monotonic() + seconds
    with _silence():
        worker.start()
        try:
            while worker.is_alive() and time.monotonic() < deadline:
                worker.join(POLL)
        except BaseException:
            _stop(worker, stopped)
            raise
        if not worker.is_alive():
            return Ended.FINISHED
        return Ended.STOPPED if _stop(worker, stopped) else Ended.STUCK


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


@contextmanager
def _silence() -> Iterator[None]:
    """Swallow what is printed, and let ``input()`` fail instead of waiting for an answer."""
    original_input = builtins.input
    with (
        open(os.devnull, "w", encoding="utf-8", errors="replace") as nowhere,
        redirect_stdout(nowhere),
        redirect_stderr(nowhere),
    ):
        builtins.input = _no_input
        try:
            yield
        finally:
            builtins.input = original_input


def _no_input(prompt: object = "", /) -> str:
    raise RuntimeError("a check cannot answer input()")
