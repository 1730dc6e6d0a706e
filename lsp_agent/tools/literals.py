"""What a line must hold to match a regular expression, so that an index can leave files out."""

from __future__ import annotations

import re
from typing import Any

from lsp_agent.index.text_search import narrowing

_LINE_END = re.compile(r"[\r\n]")


def required_literals(pattern: str, *, ignore_case: bool) -> list[str]:
    """Return texts of at least three characters that are in every match of a valid pattern.

    None where that can't be told: for alternatives, and where a flag inside changes the meaning.
    """
    flags = re.IGNORECASE if ignore_case else re.NOFLAG
    if re.compile(pattern, flags).flags & re.VERBOSE:
        return []
    # The parser behind re: private, but the one thing that reads a pattern as re does.
    from re import _parser  # type: ignore[attr-defined]

    tree = _parser.parse(pattern, flags)
    ignored = bool(tree.state.flags & re.IGNORECASE)
    runs = _Runs(ignored)
    runs.walk(tree)
    runs.end()
    texts = [text for run in runs.found for text in _LINE_END.split(run)]
    return list(
        dict.fromkeys(part for text in texts for part in narrowing(text, ignore_case=ignored))
    )


class _Runs:
    """Collects the characters that stand side by side in every match."""

    def __init__(self, ignore_case: bool) -> None:
        self.found: list[str] = []
        self._run = ""
        self._ignore_case = ignore_case

    def walk(self, tree: Any) -> None:
        for operation, value in tree:
            name = str(operation)
            if name == "LITERAL":
                self._run += chr(value)
            elif name == "SUBPATTERN":
                self._group(*value)
            elif name == "ATOMIC_GROUP":
                self.walk(value)
            elif name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
                self._repeat(*value)
            elif name != "AT":
                # A choice, a set, a look around, a group's text again: it is there or not.
                self.end()

    def end(self) -> None:
        """End a run: what follows need not stand right behind it."""
        if self._run:
            self.found.append(self._run)
        self._run = ""

    def _group(self, _number: Any, added: int, removed: int, tree: Any) -> None:
        if (added | removed) & (re.IGNORECASE | re.VERBOSE):
            self.end()
        else:
            self.walk(tree)

    def _repeat(self, least: int, most: Any, tree: Any) -> None:
        if least == most == 1:
            self.walk(tree)
            return
        self.end()
        if least:
            self.walk(tree)
            self.end()
