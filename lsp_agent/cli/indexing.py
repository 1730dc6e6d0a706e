"""What the verbs share that ask the code index: they bring it up to date first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from lsp_agent.cli.context import CliContext, UsageError

if TYPE_CHECKING:
    from lsp_agent.cancel import CancelToken
    from lsp_agent.index.build import Built, Report
    from lsp_agent.index.reader import IndexReader
    from lsp_agent.index.view import IndexView
    from lsp_agent.workspace.roots import Root

TURNED_OFF = "the index is turned off; turn it on: --set index.enabled=true"


@dataclass(frozen=True)
class Workspace:
    """A folder as it was named, and its index, which need not be there."""

    context: CliContext
    folder: Path

    @cached_property
    def root(self) -> Root:
        """The folder; raises :class:`UsageError` where there is none."""
        from lsp_agent.workspace.roots import Root

        if not self.folder.is_dir():
            raise UsageError(f"there is no folder {self.folder}")
        return Root(self.folder)

    @cached_property
    def reader(self) -> IndexReader:
        """The index as it is."""
        from lsp_agent.index.reader import IndexReader
        from lsp_agent.index.service import database_path

        return IndexReader(database_path(self.context.home.cache, self.root))

    def build(self, *, rebuild: bool = False) -> Built:
        """Bring the index up to date, with progress on a terminal; Ctrl-C raises ``Cancelled``."""
        from lsp_agent.index.build import BuildOptions, build

        settings = self.context.settings(self.root.path)
        if not settings.index.enabled:
            raise UsageError(TURNED_OFF)
        self.context.home.folder(self.context.home.root)
        options = BuildOptions.of(settings)
        path = self.reader.path
        return with_progress(
            self.context,
            lambda token, report: build(self.root, path, options, token, report, rebuild=rebuild),
        )

    def view(self) -> IndexView:
        """Return the index, brought up to date."""
        from lsp_agent.index.view import FactsCache, IndexView
        from lsp_agent.workspace.overlay import Overlay

        self.build()
        settings = self.context.load(self.root.path).settings
        return IndexView(self.reader, Overlay(self.root, exclude=settings.exclude), FactsCache())

    def shown(self, path: str) -> str:
        """Write a path so that it leads to the file from here, as grep does."""
        return str(self.folder / path)


def with_progress(context: CliContext, build: Callable[[CancelToken, Report], Built]) -> Built:
    """Build with progress on a terminal, and pass on its note; Ctrl-C raises ``Cancelled``."""
    from lsp_agent.cancel import CancelToken
    from lsp_agent.cli.progress import ProgressLine
    from lsp_agent.cli.signals import cancel_on_signals

    token = CancelToken()
    with (
        cancel_on_signals(token),
        ProgressLine(enabled=not context.quiet, color=context.color_stderr) as line,
    ):

        def report(done: int, everything: int) -> None:
            line.show(f"indexing {done:,} of {everything:,} files", done / max(everything, 1))

        built = build(token, report)
    if built.note:
        context.warn(built.note)
    return built
