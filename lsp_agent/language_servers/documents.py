"""URIs, ranges and diagnostics of a language server, translated to plain data of ours."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from lsp_agent.language_servers.types import Diagnostic, LanguageServerError, Severity
from lsp_agent.workspace.edits import TextEdit
from lsp_agent.workspace.errors import WorkspaceError
from lsp_agent.workspace.files import read_text
from lsp_agent.workspace.positions import Position, PositionEncoding, Range
from lsp_agent.workspace.text import Text

_SEVERITIES: dict[object, Severity] = {1: "error", 2: "warning", 3: "information", 4: "hint"}
_MAX_DIAGNOSTICS = 1000
_MAX_MESSAGE = 2000


def path_of(uri: object) -> Path | None:
    """Return the path of a file's URI, however it is spelt; ``None`` for any other."""
    if not isinstance(uri, str):
        return None
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    if parts.scheme != "file":
        return None
    path = unquote(parts.path)
    if os.name == "nt":
        path = path.lstrip("/")
    return Path(os.path.normcase(path)) if path and "\0" not in path else None


def key_of(path: Path) -> Path:
    """Return the one spelling under which a document is known."""
    return Path(os.path.normcase(path))


class Translator:
    """Positions between a server's units and ours; reads a file once."""

    def __init__(self, encoding: PositionEncoding, texts: Mapping[Path, Text]) -> None:
        self._encoding = encoding
        self._texts = dict(texts)

    def text(self, path: Path) -> Text | None:
        """Return a file's text as the server knows it; ``None`` for one that can't be read."""
        if path not in self._texts:
            try:
                self._texts[path] = Text(read_text(path).content)
            except WorkspaceError:
                return None
        return self._texts[path]

    def to_server(self, path: Path, position: Position) -> dict[str, int]:
        """Return a position as the server counts."""
        text = self.text(path)
        if text is None:
            return {"line": position.line, "character": position.character}
        line, character = text.encode(position, self._encoding)
        return {"line": line, "character": character}

    def range(self, path: Path, value: Any) -> Range:
        """Return a server's range; raises ``KeyError``, ``TypeError`` or ``ValueError``."""
        start, end = self._position(path, value["start"]), self._position(path, value["end"])
        return Range(min(start, end), max(start, end))

    def _position(self, path: Path, value: Any) -> Position:
        line, character = int(value["line"]), int(value["character"])
        text = self.text(path)
        if text is None:
            return Position(max(line, 0), max(character, 0))
        return text.decode(line, character, self._encoding)

    def locations(self, result: Any) -> Iterator[tuple[Path, Range]]:
        """Yield what a server located: a location, a list of them, or links."""
        for one in result if isinstance(result, list) else [result]:
            if not isinstance(one, dict):
                continue
            path = path_of(one.get("uri", one.get("targetUri")))
            span = one.get("range", one.get("targetSelectionRange"))
            if path is None:
                continue
            try:
                yield path, self.range(path, span)
            except (KeyError, TypeError, ValueError):
                continue

    def edits(self, result: Any, name: str) -> dict[Path, tuple[TextEdit, ...]]:
        """Return a workspace edit by file.

        Raises :class:`LanguageServerError` for one that makes, moves or deletes files or can't be
        read: half of a rename is worse than none.
        """
        found: dict[Path, list[TextEdit]] = {}
        try:
            for uri, edits in _by_uri(result):
                path = path_of(uri)
                if path is None:
                    raise ValueError(uri)
                found.setdefault(path, []).extend(
                    TextEdit(self.range(path, one["range"]), str(one["newText"])) for one in edits
                )
        except (KeyError, TypeError, ValueError, AttributeError):
            raise LanguageServerError(f"{name} answered with an edit that can't be taken") from None
        return {path: tuple(edits) for path, edits in found.items()}

    def diagnostics(
        self, items: Any, path: Path, shown: str, server: str, doubtful: Callable[[str], bool]
    ) -> list[Diagnostic]:
        """Return a file's diagnostics; what can't be read is left out."""
        found = []
        for one in items[:_MAX_DIAGNOSTICS] if isinstance(items, list) else ():
            try:
                code = one.get("code")
                code = "" if code is None else str(code)
                found.append(
                    Diagnostic(
                        shown,
                        self.range(path, one["range"]),
                        _SEVERITIES.get(one.get("severity"), "error"),
                        str(one["message"])[:_MAX_MESSAGE],
                        str(one.get("source") or server),
                        code,
                        server,
                        doubtful(code),
                    )
                )
            except (KeyError, TypeError, ValueError, AttributeError):
                continue
        return found


def _by_uri(result: Any) -> Iterator[tuple[str, Any]]:
    changes = result.get("documentChanges")
    if changes is None:
        yield from (result.get("changes") or {}).items()
        return
    for one in changes:
        yield one["textDocument"]["uri"], one["edits"]
