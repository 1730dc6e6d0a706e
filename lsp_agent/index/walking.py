"""Definitions and uses without an index: the files themselves are read, for a bounded time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from lsp_agent.cancel import CancelToken
from lsp_agent.index.extract import grouped, symbol_row
from lsp_agent.index.types import Place, SymbolRow
from lsp_agent.index.view import FactsCache
from lsp_agent.syntax.languages import language_of
from lsp_agent.workspace.errors import UnreadableFileError
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.text import Text


class WalkedFiles:
    """Answers a few questions of :class:`IndexView` below a path.

    Cost: reading every file, and parsing those that hold the name, until ``seconds`` have passed;
    ``stopped`` says that they have.
    """

    def __init__(
        self, overlay: Overlay, under: str, check: Callable[[], None], seconds: float
    ) -> None:
        self._overlay = overlay
        self._under = under
        self._check = check
        self._deadline = time.monotonic() + seconds
        self._cache = FactsCache()
        self._texts: dict[str, Text] = {}
        self.stopped = False

    def definitions(self, name: str) -> list[SymbolRow]:
        """Return the definitions of a name, or of ``Class.method``."""
        last = name.rpartition(".")[2]
        return [
            row
            for path, _ in self._holding(last)
            for row in self.outline(path)
            if row.name == last and f".{row.qualified_name}".endswith(f".{name}")
        ]

    def uses(self, name: str) -> dict[str, list[Place]]:
        """Return where a name is used, by file."""
        found: dict[str, list[Place]] = {}
        for path, content in self._holding(name):
            places = grouped(self._cache.of(path, content).references).get(name)
            if places:
                found[path] = [Place(*place) for place in places]
        return found

    def python_uses(
        self,
        name: str,
        path: str | None,
        found: Mapping[str, Sequence[Place]],
        cancel: CancelToken,
    ) -> None:
        """Tell nothing: without an index there is no time to look at what names mean."""

    def outline(self, path: str) -> list[SymbolRow]:
        """Return a file's definitions in the order of its text."""
        text = self._overlay.read(path)
        language = language_of(path, text=text) or ""
        return [symbol_row(path, language, symbol) for symbol in self._cache.of(path, text).symbols]

    def line(self, path: str, number: int) -> str:
        """Return a line of a file."""
        if path not in self._texts:
            self._texts = {path: Text(self._overlay.read(path))}
        return self._texts[path].line(number)

    def _holding(self, name: str) -> Iterator[tuple[str, str]]:
        for path in self._overlay.walk(self._under):
            self._check()
            if time.monotonic() > self._deadline:
                self.stopped = True
                return
            try:
                content = self._overlay.read(path)
            except UnreadableFileError:
                continue
            if name in content and language_of(path, text=content) is not None:
                yield path, content
