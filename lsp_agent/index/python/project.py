"""What reference resolution needs of a workspace."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from lsp_agent.syntax.document import SyntaxDocument


class Project(Protocol):
    """A workspace's Python files; paths are relative to its root, with ``/``."""

    def paths(self) -> Iterable[str]:
        """Return all Python files, stubs included."""
        ...

    def read(self, path: str) -> SyntaxDocument | None:
        """Return a file's document; ``None`` if it can't be read."""
        ...

    def files_with(self, name: str) -> Iterable[str]:
        """Return the files that contain a word; more are allowed, fewer are not."""
        ...
