"""What is asked of language servers and what they answer, as plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from lsp_agent.cancel import CancelToken
from lsp_agent.errors import LspAgentError
from lsp_agent.workspace.edits import TextEdit
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.positions import Position, Range

Severity = Literal["error", "warning", "information", "hint"]


class LanguageServerError(LspAgentError):
    """A language server that can't be had, or did not do what was asked."""

    code = "language-server"


@dataclass(frozen=True, slots=True)
class View:
    """A workspace as a run sees it: the folder, and the texts that are not the disk's.

    Paths are relative to ``root``, with ``/``. A deleted file can't be shown: servers see the
    disk's. ``unborn`` are the files that the disk lacks, ``gone`` those that a run took away.
    """

    root: Path
    texts: Mapping[str, str]
    unborn: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    @classmethod
    def of(cls, overlay: Overlay) -> View | None:
        """Return what a run sees; ``None`` for documents that lie in no folder."""
        if overlay.root is None:
            return None
        changes = overlay.changes()
        unborn = tuple(one.new_path or one.path for one in changes if one.kind in _MAKING)
        gone = tuple(one.path for one in changes if one.kind in _TAKING)
        return cls(overlay.root.path, _texts(overlay), unborn, gone)

    @classmethod
    def before(cls, overlay: Overlay) -> View | None:
        """Return what the run saw before it changed anything."""
        if overlay.root is None:
            return None
        texts = _texts(overlay)
        for change in overlay.changes():
            texts.pop(change.new_path or change.path, None)
            if change.before is not None:
                texts[change.path] = change.before
        return cls(overlay.root.path, texts)


def _texts(overlay: Overlay) -> dict[str, str]:
    return {path: text for path, text in overlay.unsaved().items() if text is not None}


_MAKING = ("create", "rename")
_TAKING = ("delete", "rename")


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A server's remark. ``source`` names who says it, ``server`` the server it came through.

    ``doubtful`` is one that rests on what the server can't know here: which packages are installed
    for the project.
    """

    path: str
    range: Range
    severity: Severity
    message: str
    source: str
    code: str
    server: str
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Findings:
    """Diagnostics of the servers that answered in time; ``notes`` says what the others lacked."""

    diagnostics: tuple[Diagnostic, ...] = ()
    servers: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Location:
    """A stretch of a file: below the root a relative path, else ``outside`` and an absolute one."""

    path: str
    range: Range
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Located:
    """Where something is; ``server`` is empty when none answered, for the reasons in ``notes``."""

    locations: tuple[Location, ...] = ()
    server: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Renamed:
    """The edits that a rename takes, by path; ``server`` is empty when none answered."""

    edits: Mapping[str, tuple[TextEdit, ...]]
    server: str = ""
    notes: tuple[str, ...] = ()


class Instruments(Protocol):
    """What tools and checks ask of language servers.

    Every call blocks for at most ``seconds``, raises :class:`~lsp_agent.cancel.Cancelled` and
    nothing else. Thread-safe.
    """

    def diagnostics(
        self, view: View, paths: Sequence[str], cancel: CancelToken, seconds: float
    ) -> Findings:
        """Return what the servers say of some files."""
        ...

    def definition(
        self, view: View, path: str, position: Position, cancel: CancelToken, seconds: float
    ) -> Located:
        """Return where what stands at a position is defined."""
        ...

    def references(
        self, view: View, path: str, position: Position, cancel: CancelToken, seconds: float
    ) -> Located:
        """Return where what stands at a position is used, its definition included."""
        ...

    def rename(
        self,
        view: View,
        path: str,
        position: Position,
        new_name: str,
        cancel: CancelToken,
        seconds: float,
    ) -> Renamed:
        """Return the edits that give what stands at a position another name."""
        ...

    def advice(self, root: Path, path: str) -> str:
        """Say which server would help with a file that has none; ``""`` where none is known."""
        ...


def regressions(
    before: Iterable[Diagnostic], after: Iterable[Diagnostic], moved: Mapping[str, str]
) -> list[Diagnostic]:
    """Return the errors that were not there before, wherever in their file they stood.

    ``moved`` gives a renamed file's old path by its new one. Equal are errors of one server with
    the same code and message; what is doubtful is no error.
    """
    known = Counter(_identity(one, one.path) for one in before)
    fresh = []
    for one in after:
        if one.severity != "error" or one.doubtful:
            continue
        identity = _identity(one, moved.get(one.path, one.path))
        if known[identity]:
            known[identity] -= 1
        else:
            fresh.append(one)
    return fresh


def _identity(one: Diagnostic, path: str) -> tuple[str, str, str, str]:
    return path, one.server, one.code, one.message
