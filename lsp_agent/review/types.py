"""What is reviewed and what comes of it, as plain data."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from lsp_agent.workspace.positions import Range

Category = Literal[
    "bug", "security", "performance", "concurrency", "resources", "errors", "undefined", "unused",
    "unreachable", "syntax", "type", "style", "other",
]  # fmt: skip
CATEGORIES: Mapping[Category, str] = {
    "bug": "wrong results or crashes",
    "security": "what an attacker could use",
    "performance": "needless work that grows with the input",
    "concurrency": "races and deadlocks",
    "resources": "what is opened and never closed",
    "errors": "failures that are hidden or not handled",
    "undefined": "a name that is defined nowhere",
    "unused": "what is defined and never used",
    "unreachable": "code that never runs",
    "syntax": "what does not parse",
    "type": "a value of a type that does not fit",
    "style": "matters of taste, which are left out",
    "other": "anything else",
}
"""What a finding is about. A model may choose ``style``, so that its nits are known as such."""

Severity = Literal["error", "warning", "information", "hint"]
LEVELS: tuple[Severity, ...] = ("hint", "information", "warning", "error")
"""The severities, the least first."""


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file as it was (``None``: it was not there) and as it is."""

    path: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a hunk: ``+`` new, ``-`` removed, or a space; without its line end."""

    sign: Literal[" ", "+", "-"]
    text: str


@dataclass(frozen=True, slots=True)
class Hunk:
    """A stretch of changed lines with a few around them.

    ``first`` is the 0-based line of the new text that the first row which is still there has.
    """

    path: str
    first: int
    rows: tuple[Row, ...]

    @property
    def end(self) -> int:
        """The line of the new text behind the last row."""
        return self.first + sum(row.sign != "-" for row in self.rows)

    @property
    def changed(self) -> tuple[int, int]:
        """The new lines from the first that changed to behind the last; the hunk's without any."""
        at, found = self.first, []
        for row in self.rows:
            if row.sign == "+":
                found.append(at)
            at += row.sign != "-"
        return (found[0], found[-1] + 1) if found else (self.first, at)

    def __str__(self) -> str:
        """Write it as a diff does, without a header."""
        return "\n".join(f"{row.sign}{row.text}" for row in self.rows)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a model says of a hunk, as it says it; ``fix`` is what should stand for ``quote``."""

    quote: str
    severity: Severity
    category: Category
    message: str
    confidence: float
    fix: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A claim that holds: its quoted text stands at ``range``, as ``quote`` has it.

    ``fix`` is what the range is to be replaced by, tried on the whole file; ``by`` names the tool
    that confirms the claim, ``""`` where none does.
    """

    path: str
    range: Range
    quote: str
    severity: Severity
    category: Category
    message: str
    confidence: float
    fix: str | None = None
    by: str = ""

    @property
    def id(self) -> str:
        """What it is dismissed by: the same for the same text of a file with the same category."""
        parts = (self.path, self.category, "".join(self.quote.split()))
        return "f" + hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:15]


@dataclass(frozen=True, slots=True)
class Dropped:
    """A claim that is not shown, and why."""

    claim: Claim
    why: str


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What a review came to.

    ``asked`` and ``known`` count the hunks that a model was asked about and those whose answer was
    kept; ``left`` are hunks beyond the limit, ``dismissed`` findings that the user does not want.
    """

    findings: tuple[Finding, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    asked: int = 0
    known: int = 0
    left: int = 0
    dismissed: int = 0
