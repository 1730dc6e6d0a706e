"""What a person sees on stderr while a run goes on: one line that changes, on a terminal only."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.status import Status


class ProgressLine:
    """A spinner with the step in words; nothing at all when stderr is no terminal.

    Used as a context manager; :meth:`show` may be called from the run's thread.
    """

    def __init__(self, *, enabled: bool, color: bool) -> None:
        self._status: Status | None = None
        self._lock = threading.Lock()
        if enabled and sys.stderr.isatty():
            from rich.console import Console

            console = Console(stderr=True, no_color=not color, highlight=False)
            self._status = console.status("starting", spinner_style="cyan")

    def __enter__(self) -> ProgressLine:
        self.resume()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.pause()

    def show(self, step: str, share: float | None) -> None:
        """Say what is going on; ``share`` (0 to 1) of it is done, where that is known."""
        if self._status is None:
            return
        from rich.markup import escape

        from lsp_agent.cli.output import one_line

        done = "" if share is None else f" {share:.0%}"
        with self._lock:
            self._status.update(f"{escape(one_line(step))}{done}")

    def pause(self) -> None:
        """Take the line away, for a question or for good."""
        if self._status is not None:
            self._status.stop()

    def resume(self) -> None:
        """Show the line (again)."""
        if self._status is not None:
            self._status.start()
