"""A request as JSON, for a run to be done again after a crash; pure."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any

from lsp_agent.agent.types import DiagnosticNote, FileEdits, Focus, RunRequest
from lsp_agent.errors import LspAgentError
from lsp_agent.workspace.edits import TextEdit
from lsp_agent.workspace.positions import Position, Range


class RequestError(LspAgentError):
    """A recorded request that can't be read."""

    code = "bad-request"


def to_json(request: RunRequest) -> str:
    """Return a request as one line of ASCII JSON; what is not set is left out."""
    plain = RunRequest(task=request.task)
    data = {
        name: value
        for name, value in asdict(request).items()
        if name == "task" or getattr(request, name) != getattr(plain, name)
    }
    return json.dumps(data, default=sorted)


def from_json(text: str) -> RunRequest:
    """Return the request; fields that this version does not know are left out.

    Raises :class:`RequestError` for what is no request.
    """
    try:
        data = json.loads(text)
        known = {field.name for field in fields(RunRequest)}
        given = {name: _value(name, value) for name, value in data.items() if name in known}
        return RunRequest(**given)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RequestError(f"the run's request can't be read ({error}); run it anew") from error


def _value(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name == "focus":
        notes = tuple(_note(note) for note in value["diagnostics"])
        return Focus(value["path"], _range(value["range"]), notes)
    if name == "target":
        return _range(value)
    if name == "scope":
        return frozenset(value)
    if name == "edits":
        return tuple(FileEdits(one["path"], tuple(map(_edit, one["edits"]))) for one in value)
    return tuple(value) if isinstance(value, list) else value


def _note(data: dict[str, Any]) -> DiagnosticNote:
    return DiagnosticNote(**{**data, "range": _range(data["range"])})


def _edit(data: dict[str, Any]) -> TextEdit:
    return TextEdit(_range(data["range"]), data["new_text"])


def _range(data: dict[str, Any] | None) -> Any:
    if data is None:
        return None
    return Range(Position(**data["start"]), Position(**data["end"]))
