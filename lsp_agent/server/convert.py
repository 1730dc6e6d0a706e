"""Protocol types to ours and back; positions are converted here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lsprotocol import types

from lsp_agent.agent.types import DiagnosticNote
from lsp_agent.workspace.edits import TextEdit
from lsp_agent.workspace.positions import Position, PositionEncoding, Range
from lsp_agent.workspace.text import Text

_SEVERITIES: Mapping[types.DiagnosticSeverity | None, Any] = {
    None: "error",
    types.DiagnosticSeverity.Error: "error",
    types.DiagnosticSeverity.Warning: "warning",
    types.DiagnosticSeverity.Information: "information",
    types.DiagnosticSeverity.Hint: "hint",
}


def from_range(text: Text, range_: types.Range, encoding: PositionEncoding) -> Range:
    """Read a client's range; what lies outside the text is clamped to it."""
    start = text.decode(range_.start.line, range_.start.character, encoding)
    end = text.decode(range_.end.line, range_.end.character, encoding)
    return Range(min(start, end), max(start, end))


def to_position(text: Text, position: Position, encoding: PositionEncoding) -> types.Position:
    """Write a position as the client counts."""
    line, character = text.encode(position, encoding)
    return types.Position(line, character)


def to_range(text: Text, range_: Range, encoding: PositionEncoding) -> types.Range:
    """Write a range as the client counts."""
    return types.Range(
        to_position(text, range_.start, encoding), to_position(text, range_.end, encoding)
    )


def to_edits(
    text: Text, edits: Iterable[TextEdit], encoding: PositionEncoding
) -> list[types.TextEdit]:
    """Write edits of a text as the client counts."""
    return [types.TextEdit(to_range(text, edit.range, encoding), edit.new_text) for edit in edits]


def from_diagnostics(
    text: Text, diagnostics: Iterable[types.Diagnostic], encoding: PositionEncoding
) -> tuple[DiagnosticNote, ...]:
    """Read the diagnostics that a client sends along."""
    return tuple(
        DiagnosticNote(
            from_range(text, one.range, encoding),
            one.message,
            _SEVERITIES.get(one.severity, "error"),
            one.source or "",
            "" if one.code is None else str(one.code),
        )
        for one in diagnostics
    )
