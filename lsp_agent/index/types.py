"""What the index holds and answers, as plain data. Lines and characters are 0-based."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from lsp_agent.errors import LspAgentError


class IndexUnavailableError(LspAgentError):
    """There is no usable index; the message says why and what mends it."""

    code = "no-index"


class Place(NamedTuple):
    """Where a name is used; ``call`` says that it is called there."""

    line: int
    character: int
    call: bool


@dataclass(frozen=True, slots=True)
class SymbolRow:
    """A definition in a file. ``documentation`` is its docstring's first line, unquoted."""

    path: str
    language: str
    kind: str
    name: str
    parent: str
    signature: str
    documentation: str
    line: int
    character: int
    start_line: int
    end_line: int

    @property
    def qualified_name(self) -> str:
        """The name with those of the symbols around it, dotted."""
        return f"{self.parent}.{self.name}" if self.parent else self.name


@dataclass(frozen=True, slots=True)
class ImportRow:
    """An import: the module as it is written, the names taken, the file meant where known."""

    path: str
    module: str
    names: tuple[str, ...]
    target: str | None


@dataclass(frozen=True, slots=True)
class TextHit:
    """A line that holds what was searched for."""

    path: str
    line: int
    character: int
    text: str


@dataclass(frozen=True, slots=True)
class FileStamp:
    """What tells whether a file changed: time of change in nanoseconds, size in bytes."""

    mtime_ns: int
    size: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was left out, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class FileContent:
    """What one file adds to the index; made in a worker process.

    ``skipped`` says why nothing of the content is in it; ``uses`` maps each name to its number of
    uses, its number of calls and its packed places; ``words`` are packed by ``words.pack_words``.
    """

    path: str
    stamp: FileStamp
    digest: bytes
    language: str = ""
    skipped: str = ""
    lines: int = 0
    symbols: tuple[SymbolRow, ...] = ()
    uses: dict[str, tuple[int, int, bytes]] = field(default_factory=dict)
    imports: tuple[tuple[str, tuple[str, ...]], ...] = ()
    tests: tuple[str, ...] = ()
    text: str = ""
    words: bytes = b""


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """How much is in the index, and what is going on.

    ``state`` is ``ready``, ``building``, ``missing`` or ``failed``; ``note`` tells what went wrong,
    if anything did.
    """

    state: str
    files: int = 0
    symbols: int = 0
    skipped: int = 0
    bytes: int = 0
    note: str = ""
