"""The server's process: whose turn it is, and how it ends: with its client or a signal, at once."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator

_GRACE_SECONDS = 2.0
_WATCH_SECONDS = 1.0
# A request goes from thread to thread some ten times before it is answered, and at each of them
# waits so long for a run that computes: at Python's own 5 ms it took 40 to 100 ms.
_TURN_SECONDS = 0.0005


def take_short_turns() -> None:
    """Let threads that compute give way to the event loop soon."""
    sys.setswitchinterval(_TURN_SECONDS)


@contextlib.contextmanager
def end_with_signals() -> Iterator[None]:
    """Turn SIGTERM into a normal end, and make sure that the end comes.

    pygls leaves its loop on ``SystemExit``; a thread that holds the process for longer than the
    grace is not waited for.
    """

    def end(_number: int, _frame: object) -> None:
        end_soon()
        raise SystemExit(0)

    previous = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        end_soon()
        signal.signal(signal.SIGTERM, previous)


def end_soon() -> None:
    """End the process after the grace, whatever its threads do."""

    def kill() -> None:
        time.sleep(_GRACE_SECONDS)
        os._exit(1)

    threading.Thread(target=kill, name="end", daemon=True).start()


def watch_parent(process_id: int | None) -> None:
    """End when the editor's process is gone: over TCP nothing else tells."""
    if process_id is None or process_id <= 0 or sys.platform == "win32":
        return
    known = process_id

    def watch() -> None:
        while _alive(known):
            time.sleep(_WATCH_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def _alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
