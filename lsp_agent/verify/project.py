"""What a project's own files say of the formatters and linters that it uses."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lsp_agent.config.toml import parse_toml
from lsp_agent.errors import LspAgentError
from lsp_agent.workspace.overlay import Overlay


class Project:
    """The configuration around files of a workspace, read once; broken files say nothing."""

    def __init__(self, overlay: Overlay) -> None:
        self._overlay = overlay
        self._known: dict[str, Mapping[str, Any]] = {}

    def file(self, path: str, names: Sequence[str]) -> str:
        """Return the nearest file above a path that has one of some names; ``""`` without."""
        for folder in _above(path):
            for name in names:
                if self._overlay.exists(folder + name):
                    return folder + name
        return ""

    def table(self, path: str, name: str, *keys: str) -> Mapping[str, Any] | None:
        """Return a table of the nearest file of a name (TOML or JSON) that has it."""
        for folder in _above(path):
            found: Any = self.read(folder + name)
            for key in keys:
                found = found.get(key) if isinstance(found, Mapping) else None
            if found is not None:
                return found if isinstance(found, Mapping) else {}
        return None

    def read(self, path: str) -> Mapping[str, Any]:
        """Return what a file of TOML or JSON holds; nothing where it is none."""
        if path not in self._known:
            self._known[path] = self._parsed(path)
        return self._known[path]

    def _parsed(self, path: str) -> Mapping[str, Any]:
        try:
            if not self._overlay.exists(path):
                return {}
            text = self._overlay.read(path)
            found = parse_toml(text) if path.endswith(".toml") else json.loads(text)
        except (LspAgentError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, Mapping) else {}


def _above(path: str) -> Iterator[str]:
    """Yield the folders above a file, the nearest first, each with its slash."""
    parts = path.split("/")[:-1]
    for count in range(len(parts), -1, -1):
        yield "".join(f"{part}/" for part in parts[:count])
