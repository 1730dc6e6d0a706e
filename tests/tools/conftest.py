"""A workspace on the disk and a way to call tools in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lsp_agent.cancel import CancelToken
from lsp_agent.index.build import BuildOptions, build
from lsp_agent.index.service import CodeIndex
from lsp_agent.tools.call import ToolOutcome, call_tool
from lsp_agent.tools.spec import ToolContext, load_tools
from lsp_agent.workspace.overlay import Buffer, Overlay
from lsp_agent.workspace.roots import Root
from tests.support.files import by_path, write_files

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
        self.index: CodeIndex | None = None

    def files(self, **texts: str | bytes) -> None:
        """Write files; ``__`` in a name stands for ``/`` and ``_dot_`` for ``.``."""
        write_files(self.folder, by_path(texts))

    def unsaved(self, path: str, text: str) -> None:
        """Open a document with unsaved text."""
        buffer = Buffer(path, (self.folder / path).as_uri(), text, 3)
        self.overlay = Overlay(Root(self.folder), [buffer])

    def indexed(self) -> None:
        """Keep an index from now on, up to date with the disk as it is."""
        if self.index is not None:
            self.index.close()
        database = self.folder.parent / f"{self.folder.name}.index" / "i.sqlite"
        options = BuildOptions(processes=1)
        build(Root(self.folder), database, options, self.cancel)
        self.index = CodeIndex(Root(self.folder), database, options)
        assert self.index.ready(30)
        assert self.index.wait(30)

    def call(self, name: str, /, **arguments: object) -> ToolOutcome:
        """Call a tool."""
        context = ToolContext(self.overlay, self.cancel, self.index)
        return call_tool(self.tools, name, arguments, context)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Return tools over an empty folder."""
    folder = tmp_path / "work"
    folder.mkdir()
    bench = Bench(folder)
    yield bench
    if bench.index is not None:
        bench.index.close()
