"""Small projects as one text: ``#- PATH`` begins a file, ``$0`` is the cursor, ``«…»`` a place.

As rust-analyzer writes its fixtures. A text without ``#-`` is the file ``m.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.workspace.positions import Position

_FILE = re.compile(r"^#- (\S+)\n", re.MULTILINE)
_MARK = re.compile(r"\$0|«|»")
Place = tuple[str, int, int]


@dataclass
class MarkedProject:
    """Files in memory, the cursor and the marked places as (path, line, character)."""

    files: dict[str, str] = field(default_factory=dict)
    cursor: tuple[str, Position] | None = None
    places: set[Place] = field(default_factory=set)

    @classmethod
    def parse(cls, text: str) -> MarkedProject:
        made = cls()
        parts = _FILE.split(text)
        if parts[0].strip():
            parts = ["", "m.py", text]
        for path, content in zip(parts[1::2], parts[2::2], strict=True):
            made._add(path, content)
        return made

    def _add(self, path: str, content: str) -> None:
        lines = []
        for number, line in enumerate(content.split("\n")):
            removed = 0
            for mark in _MARK.finditer(line):
                at = mark.start() - removed
                removed += len(mark[0])
                if mark[0] == "$0":
                    self.cursor = (path, Position(number, at))
                elif mark[0] == "«":
                    self.places.add((path, number, at))
            lines.append(_MARK.sub("", line))
        self.files[path] = "\n".join(lines)

    def paths(self) -> Iterable[str]:
        return list(self.files)

    def read(self, path: str) -> SyntaxDocument | None:
        content = self.files.get(path)
        return None if content is None else SyntaxDocument.parse(content, "python")

    def files_with(self, name: str) -> Iterable[str]:
        return [path for path, content in self.files.items() if name in content]
