"""Ctrl-C while something takes its time: it ends in order."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from lsp_agent.cancel import CancelToken


@contextmanager
def cancel_on_signals(token: CancelToken) -> Iterator[None]:
    """Let the first Ctrl-C or SIGTERM cancel the token; a second Ctrl-C ends the program."""

    def stop(number: int, _frame: object) -> None:
        token.cancel()
        signal.signal(number, signal.default_int_handler)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
