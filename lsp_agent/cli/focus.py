"""From places on the command line to what a run is told of them."""

from __future__ import annotations

from pathlib import Path

from lsp_agent.agent.types import DiagnosticNote, Focus
from lsp_agent.cli.places import PlaceError, PlaceSpec
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.workspace.errors import OutsideRootError
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.roots import Root
from lsp_agent.workspace.text import Text


def inside(root: Root, path: Path) -> str:
    """Return a file's path relative to the root.

    A relative path means one below the current folder or, where there is no such file, below the
    root. Raises :class:`PlaceError` for a file outside or one that is not there.
    """
    file = path if path.is_absolute() or path.exists() else root.path / path
    try:
        relative = root.relative(file.absolute())
    except OutsideRootError:
        raise PlaceError(
            f"{path} lies outside the workspace {root.path}; name another with --workspace"
        ) from None
    if not file.is_file():
        raise PlaceError(f"there is no file {path}")
    return relative


def focus_of(overlay: Overlay, place: PlaceSpec, root: Root) -> Focus:
    """Return where the user stands; raises :class:`PlaceError` or an error of reading."""
    path = inside(root, place.path)
    return Focus(path, place.range(Text(overlay.read(path))))


def syntax_notes(document: SyntaxDocument, at: Range) -> tuple[DiagnosticNote, ...]:
    """Return the syntax errors on the lines of a place; a cursor on line 1 means the file."""
    issues = document.errors()
    first, last = at.start.line, at.end.line
    whole = at == Range(Position(0, 0), Position(0, 0))
    return tuple(
        DiagnosticNote(issue.range, issue.message, "error", "lsp-agent", "syntax")
        for issue in issues
        if whole or (issue.range.start.line <= last and issue.range.end.line >= first)
    )
