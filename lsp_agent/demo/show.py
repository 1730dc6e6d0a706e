"""What the demo prints: numbered steps, progress as it arrives, a coloured diff."""

from __future__ import annotations

import sys
import time
from contextlib import suppress

import click

from lsp_agent.cli.output import colored_diff, printable

_BOLD, _DIM, _GREEN, _RED, _CYAN, _OFF = (f"\033[{n}m" for n in ("1", "2", "32", "31", "36", "0"))


class Show:
    """Writes to stdout, with colours or without; progress replaces itself on a terminal."""

    def __init__(self, *, color: bool) -> None:
        self._color = color
        # A console that lacks a character gets a question mark, not an error.
        with suppress(AttributeError):
            sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
        self._live = sys.stdout.isatty()
        self._steps = 0
        self._started = time.monotonic()
        self._open = False
        self._said = ""

    def title(self, text: str) -> None:
        """Print the headline."""
        self._line(self._paint(text, _BOLD))

    def step(self, text: str) -> None:
        """Begin the next step."""
        self._steps += 1
        self._line("")
        self._line(self._paint(f"{self._steps}. {text}", _BOLD))

    def line(self, text: str, *, kind: str = "") -> None:
        """Print a line below a step; ``kind`` is ``good``, ``bad``, ``dim`` or nothing."""
        code = {"good": _GREEN, "bad": _RED, "dim": _DIM}.get(kind, "")
        for row in printable(text).split("\n"):
            self._line(f"   {self._paint(row, code)}")

    def progress(self, text: str, percent: int | None) -> None:
        """Show a step of the server's work with the time since the start."""
        words = printable(text)
        if percent is not None and self._live:
            words += f" {percent} %"
        stamp = f"{time.monotonic() - self._started:7.2f} s"
        row = f"   {self._paint(stamp, _DIM)}  {self._paint(words, _CYAN)}"
        if self._live:
            # The percentage counts up in place; another step gets a line of its own.
            lead = "\n" if self._open and text != self._said else ""
            click.echo(f"{lead}\r\033[K{row}", nl=False, color=True)
            self._open = True
        elif text != self._said:
            click.echo(row, color=True)
        self._said = text

    def diff(self, diff: str) -> None:
        """Print a unified diff, without git's own first line."""
        rows = [row for row in printable(diff).split("\n") if not row.startswith("diff --git")]
        text = "\n".join(f"   {row}" if row else "" for row in rows).rstrip()
        if self._color:
            text = "\n".join(
                f"   {colored_diff(row[3:])}" if row else "" for row in text.split("\n")
            )
        self._line(text)

    def _line(self, text: str) -> None:
        lead = "\n" if self._open else ""
        self._open = False
        click.echo(f"{lead}{text}", color=True)

    def _paint(self, text: str, code: str) -> str:
        return f"{code}{text}{_OFF}" if self._color and code else text
