"""A workspace on the disk and a way to call tools in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lsp_agent.cancel import CancelToken
from lsp_agent.tools.call import ToolOutcome, call_tool
from lsp_agent.tools.spec import ToolContext, load_tools
from lsp_agent.workspace.overlay import Buffer, Overlay
from lsp_agent.workspace.roots import Root

Call = Callable[..., ToolOutcome]


class Bench:
    """Tools over one overlay; files are given as ``{path: text}``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        warnings: list[str] = []
        self.tools = load_tools(warnings.append)
        assert not warnings
        self.cancel = CancelToken()
        self.overlay = Overlay(Root(folder))

    def files(self, **texts: str | bytes) -> None:
        """Write files; ``__`` in a name stands for ``/`` and ``_dot_`` for ``.``."""
        for name, text in texts.items():
            path = self.folder / name.replace("__", "/").replace("_dot_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def unsaved(self, path: str, text: str) -> None:
        """Open a document with unsaved text."""
        buffer = Buffer(path, (self.folder / path).as_uri(), text, 3)
        self.overlay = Overlay(Root(self.folder), [buffer])

    def call(self, name: str, /, **arguments: object) -> ToolOutcome:
        """Call a tool."""
        context = ToolContext(self.overlay, self.cancel)
        return call_tool(self.tools, name, arguments, context)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Return tools over an empty folder."""
    return Bench(tmp_path)
