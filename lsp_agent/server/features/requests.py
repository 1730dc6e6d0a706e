"""What travels in an action's ``data`` and in the arguments of commands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from lsprotocol import types
from lsprotocol.converters import get_converter
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from lsp_agent.actions.spec import Place
from lsp_agent.server.context import Context
from lsp_agent.server.convert import from_diagnostics, from_range
from lsp_agent.server.documents import OpenDocument

NO_FOLDER = "it is about more than this file: open the folder that holds it"
_START = types.Range(types.Position(0, 0), types.Position(0, 0))


@dataclass(frozen=True, slots=True)
class ActionData:
    """A chosen action, complete: it can be run with nothing else at hand."""

    action: str
    argument: str
    uri: str
    version: int
    range: types.Range
    diagnostics: tuple[types.Diagnostic, ...] = ()

    def write(self, protocol: Any) -> dict[str, Any]:
        """Return it as JSON."""
        unstructure = protocol._converter.unstructure
        return {
            "action": self.action,
            "argument": self.argument,
            "uri": self.uri,
            "version": self.version,
            "range": unstructure(self.range),
            "diagnostics": [unstructure(one) for one in self.diagnostics],
        }

    @classmethod
    def read(cls, data: Any) -> ActionData:
        """Check what came back from the client; raises ``JsonRpcInvalidParams``."""
        arguments = Arguments(data)
        return arguments.action_data(
            arguments.text("action") or "",
            arguments.text("uri") or "",
            arguments.number("version"),
            arguments.range() or _START,
        )


class Arguments:
    """The one object that a command gets; every field may be absent."""

    def __init__(self, value: Any) -> None:
        if value is None:
            value = {}
        if not isinstance(value, Mapping):
            raise JsonRpcInvalidParams("a command takes one object argument")
        self._value = value

    def __contains__(self, name: str) -> bool:
        return self._value.get(name) is not None

    def text(self, name: str) -> str | None:
        """Return a string; raises ``JsonRpcInvalidParams`` naming the field otherwise."""
        value = self._value.get(name)
        if value is not None and not isinstance(value, str):
            raise JsonRpcInvalidParams(f"{name!r} must be a string, not {value!r:.60}")
        return value

    def number(self, name: str) -> int:
        """Return an integer, 0 when absent."""
        value = self._value.get(name, 0)
        if not isinstance(value, int):
            raise JsonRpcInvalidParams(f"{name!r} must be an integer, not {value!r:.60}")
        return value

    def range(self) -> types.Range | None:
        """Return the field ``range``."""
        value = self._value.get("range")
        if value is None:
            return None
        try:
            start, end = value["start"], value["end"]
            return types.Range(
                types.Position(int(start["line"]), int(start["character"])),
                types.Position(int(end["line"]), int(end["character"])),
            )
        except (TypeError, KeyError, ValueError) as error:
            raise JsonRpcInvalidParams(f"'range' is no range: {value!r:.80}") from error

    def action_data(self, action: str, uri: str, version: int, range_: types.Range) -> ActionData:
        """Complete the data of an action with the fields ``argument`` and ``diagnostics``."""
        rows = self._value.get("diagnostics") or []
        try:
            found = tuple(_converter().structure(row, types.Diagnostic) for row in rows)
        except Exception as error:
            raise JsonRpcInvalidParams("'diagnostics' holds no diagnostics") from error
        return ActionData(action, self.text("argument") or "", uri, version, range_, found)


@cache
def _converter() -> Any:
    """Return the converter of stored diagnostics: one takes 10 ms to make, 30 ms the first time."""
    return get_converter()


def check_version(version: int, document: OpenDocument | None) -> None:
    """Refuse an action that was listed for another text: its place may be elsewhere by now."""
    if document is None or document.version != version:
        raise JsonRpcException(
            "the document changed since the action was listed; ask for it again",
            types.LSPErrorCodes.ContentModified,
        )


def place_for(context: Context, data: ActionData, document: OpenDocument) -> Place:
    """Return the place that an action's data names, in the document as it is now."""
    session = context.session
    notes = from_diagnostics(document.text, data.diagnostics, session.encoding)
    return Place(
        session.locate(document.uri).path,
        document.syntax,
        from_range(document.text, data.range, session.encoding),
        context.reviews.completed(document, data.diagnostics, notes),
    )
