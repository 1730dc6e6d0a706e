"""What the journal gives out, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lsp_agent.errors import LspAgentError


class JournalError(LspAgentError):
    """A journal that can't be read, or does not hold what was asked for."""

    code = "journal"


class NoSuchRunError(JournalError):
    """What names a run names none, or more than one."""

    code = "no-such-run"


class PassphraseError(JournalError):
    """The passphrase of an encrypted journal is missing or wrong."""

    code = "bad-passphrase"


def folder_name(folder: str) -> str:
    """Return a folder's name as rows hold it: what in it is no character is written out."""
    return folder.encode("utf-8", "backslashreplace").decode("utf-8")


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as the journal has it; times are ISO 8601, ``finished`` empty while it goes on.

    ``status`` is one of the contract's, ``running``, or ``interrupted`` for a run whose process is
    gone.
    """

    id: str
    title: str
    action: str
    workspace: str
    status: str
    summary: str
    started: str
    finished: str
    tokens: int
    seconds: float


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A decision or a deed; ``hash`` is that of the row and of all before it."""

    id: int
    time: str
    run: str
    kind: str
    data: Mapping[str, Any]
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class BrokenChain:
    """The first audit row that is not what was written, and how it shows."""

    id: int
    why: str


@dataclass(frozen=True, slots=True)
class Purged:
    """How many rows a purge removed.

    ``last`` is the hash of the last audit row that went, ``places`` the forgotten runs' workspaces
    with their ids.
    """

    runs: int = 0
    events: int = 0
    audit: int = 0
    last: str = ""
    places: Mapping[str, Sequence[str]] = field(default_factory=dict)
