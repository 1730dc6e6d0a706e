"""The index as a run sees it: unsaved and proposed text instead of the files it stands for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from lsp_agent.cancel import CancelToken
from lsp_agent.index.extract import digest_of, grouped, symbol_row
from lsp_agent.index.reader import IndexReader
from lsp_agent.index.symbol_search import SymbolQuery, grade, rank
from lsp_agent.index.text_search import FileFinder, lines_of, narrowing
from lsp_agent.index.types import FileStamp, ImportRow, Place, SymbolRow, TextHit
from lsp_agent.syntax.facts import FileFacts, file_facts
from lsp_agent.syntax.languages import language_of
from lsp_agent.workspace.errors import OutsideRootError, UnreadableFileError
from lsp_agent.workspace.ignore import Glob
from lsp_agent.workspace.names import lies_in
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.text import Text

_KEPT_CHARACTERS = 2_000_000


class FactsCache:
    """What texts that are not the disk's define and use. Thread-safe.

    Kept are the latest two million characters, but always the last text; their facts take some
    twenty times as much memory.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._facts: OrderedDict[tuple[str | None, str], FileFacts] = OrderedDict()
        self._characters = 0

    def of(self, path: str, text: str) -> FileFacts:
        """Return the facts of a text."""
        key = (language_of(path, text=text), text)
        with self._lock:
            if key in self._facts:
                self._facts.move_to_end(key)
                return self._facts[key]
        facts = file_facts(text, key[0])
        with self._lock:
            self._characters += 0 if key in self._facts else len(text)
            self._facts[key] = facts
            while self._characters > _KEPT_CHARACTERS and len(self._facts) > 1:
                (_, gone), _facts = self._facts.popitem(last=False)
                self._characters -= len(gone)
        return facts


class IndexView:
    """Answers like :class:`IndexReader`, from the index and an overlay together.

    Cost: the index's own, and for texts that are not the disk's one parse each, remembered.
    """

    def __init__(self, reader: IndexReader, overlay: Overlay, cache: FactsCache) -> None:
        self.reader = reader
        self.overlay = overlay
        self._cache = cache
        self._texts = overlay.unsaved()
        self._lock = threading.Lock()
        self._lines = ("", Text(""))

    def paths(self, language: str | None = None) -> list[str]:
        """Return all files, or those in a language."""
        there = [path for path in self.reader.paths(language) if path not in self._texts]
        own = [path for path, text in self._texts.items() if text is not None]
        if language is not None:
            own = [
                path for path in own if language_of(path, text=self._texts[path] or "") == language
            ]
        return sorted([*there, *own])

    def symbols(
        self,
        query: str,
        limit: int = 50,
        kinds: Iterable[str] = (),
        languages: Iterable[str] = (),
    ) -> list[SymbolRow]:
        """Return definitions by a part of their name, the likeliest first."""
        wanted = SymbolQuery.read(query, kinds, languages)
        if not wanted.name:
            return []
        own = [
            row
            for row in self._own_symbols()
            if grade(row.name, wanted.name) is not None and wanted.allows(row)
        ]
        # As many of the saved ones may be out of date.
        more = limit + 2 * len(own) + len(self._texts)
        found = own + self._fresh(self.reader.symbols(query, more, kinds, languages))
        found.sort(key=lambda row: rank(row, wanted))
        return found[:limit]

    def definitions(self, name: str) -> list[SymbolRow]:
        """Return the definitions of a name; ``Class.method`` wants the name in what is named."""
        last = name.rpartition(".")[2]
        rows = self._fresh(self.reader.definitions(last))
        rows += [row for row in self._own_symbols() if row.name == last]
        return [row for row in rows if f".{row.qualified_name}".endswith(f".{name}")]

    def outline(self, path: str) -> list[SymbolRow]:
        """Return a file's definitions in the order of its text."""
        if path in self._texts:
            return list(self._rows_of(path))
        return self.reader.outline(path)

    def outlines(self, paths: Iterable[str]) -> dict[str, list[SymbolRow]]:
        """Return the definitions of several files."""
        wanted = list(dict.fromkeys(paths))
        found = self.reader.outlines(path for path in wanted if path not in self._texts)
        return {
            path: list(self._rows_of(path)) if path in self._texts else found[path]
            for path in wanted
        }

    def files_with(self, name: str) -> list[str]:
        """Return the files that use or define a name."""
        found = [path for path in self.reader.files_with(name) if path not in self._texts]
        own = [path for path, text in self._texts.items() if text and name in text]
        return sorted([*found, *own])

    def text(self, path: str) -> str | None:
        """Return a file's text; ``None`` where there is none that can be read."""
        return self._texts[path] if path in self._texts else self._read(path)

    def files_holding(self, needle: str) -> list[str]:
        """Return the files whose text may hold another anywhere, in strings and comments too."""
        return sorted({path for path, _ in self._candidates(needle, ignore_case=False)})

    def uses(self, name: str) -> dict[str, list[Place]]:
        """Return where a name is used, by file; a file that changed meanwhile is read again."""
        found: dict[str, list[Place]] = {}
        stamps: dict[str, FileStamp] = {}
        for path, places in self.reader.uses(name).items():
            if path in self._texts:
                continue
            stamps = stamps or self.reader.stamps()
            known, now = stamps.get(path), self.overlay.stamp(path)
            if now is not None and known is not None and _same(known, now):
                found[path] = places
            elif (text := self._read(path)) is not None:
                found[path] = self._places(path, text, name)
        for path, text in self._texts.items():
            if text and name in text:
                found[path] = self._places(path, text, name)
        return {path: places for path, places in sorted(found.items()) if places}

    def python_uses(
        self,
        name: str,
        path: str | None,
        found: Mapping[str, Sequence[Place]],
        cancel: CancelToken,
    ) -> dict[str, list[Place]] | None:
        """Return the uses in Python that mean a definition, see ``python.indexed``."""
        from lsp_agent.index.python.indexed import python_uses

        return python_uses(self, name, path, found, cancel)

    def changed(self) -> dict[str, str | None]:
        """Return the texts that differ from what was indexed; ``None`` for a deleted file."""
        digests = self.reader.digests(self._texts)
        return {
            path: text
            for path, text in sorted(self._texts.items())
            if text is None or digests.get(path) != digest_of(text)
        }

    def use_counts(self, path: str) -> dict[str, int]:
        """Return how often an unsaved text uses each name; nothing for a text that is saved."""
        text = self._texts.get(path)
        if not text:
            return {}
        return {
            name: len(places)
            for name, places in grouped(self._cache.of(path, text).references).items()
        }

    def imports(self, path: str) -> list[ImportRow]:
        """Return a file's imports."""
        if path not in self._texts:
            return self.reader.imports(path)
        text = self._texts[path] or ""
        known = {(row.module, row.names): row.target for row in self.reader.imports(path)}
        return [
            ImportRow(path, one.module, one.names, known.get((one.module, one.names)))
            for one in self._cache.of(path, text).imports
        ]

    def importers(self, path: str) -> list[ImportRow]:
        """Return the imports in other files that mean a file; new ones once they are saved."""
        rows = self.reader.importers(path)
        own = {row.path: self.imports(row.path) for row in rows if row.path in self._texts}
        return [row for row in rows if row.path not in own or row in own[row.path]]

    def all_imports(self) -> list[ImportRow]:
        """Return the imports of all files."""
        rows = [row for row in self.reader.all_imports() if row.path not in self._texts]
        return rows + [row for path in self._texts for row in self.imports(path)]

    def line(self, path: str, number: int) -> str:
        """Return a line of a file, without its end; ``""`` where there is none."""
        with self._lock:
            if self._lines[0] != path:
                self._lines = (path, Text(self._read(path) or ""))
            return self._lines[1].line(number)

    def search(
        self,
        needle: str,
        *,
        ignore_case: bool = False,
        under: str = "",
        glob: Glob | None = None,
        check: Callable[[], None] = lambda: None,
    ) -> Iterator[TextHit]:
        """Yield the lines that hold a text, file by file; unsaved ones first."""
        root = self.overlay.root
        finder = FileFinder(root, needle, ignore_case=ignore_case) if root else None
        for path, text in self._candidates(needle, ignore_case):
            check()
            if not lies_in(path, under) or not (glob is None or glob.match_file(path)):
                continue
            if text is not None:
                yield from lines_of(path, text, needle, ignore_case=ignore_case)
            elif finder is not None:
                yield from finder.hits(path)

    def edges(self) -> list[tuple[str, str, float]]:
        """Return the graph of files; that of unsaved text is the saved one's."""
        return self.reader.edges()

    def without(self, needles: Iterable[str]) -> Callable[[str], bool]:
        """Return a test that tells of a file, without reading it, that it lacks one of some texts.

        Case is folded. A file that is not in the index, was left out of it or changed since may
        hold anything. Cost: a question to the index, then a system call for each file that it
        knows and that lacks a text.
        """
        known = self.reader.stamps()
        for path in (
            *self.reader.candidates(*needles),
            *(one.path for one in self.reader.skipped()),
        ):
            known.pop(path, None)

        def lacks(path: str) -> bool:
            if (stamp := known.get(path)) is None:
                return False
            now = self.overlay.stamp(path)
            return now is not None and _same(stamp, now)

        return lacks

    def _candidates(self, needle: str, ignore_case: bool) -> Iterator[tuple[str, str | None]]:
        for path, text in self._texts.items():
            if text is not None:
                yield path, text
        for path in self.reader.candidates(*narrowing(needle, ignore_case=ignore_case)):
            if path not in self._texts:
                yield path, None

    def _fresh(self, rows: list[SymbolRow]) -> list[SymbolRow]:
        return [row for row in rows if row.path not in self._texts]

    def _own_symbols(self) -> Iterator[SymbolRow]:
        for path in self._texts:
            yield from self._rows_of(path)

    def _rows_of(self, path: str) -> Iterator[SymbolRow]:
        text = self._texts[path]
        if text:
            for symbol in self._cache.of(path, text).symbols:
                yield symbol_row(path, language_of(path, text=text) or "", symbol)

    def _places(self, path: str, text: str, name: str) -> list[Place]:
        found = grouped(self._cache.of(path, text).references).get(name, [])
        return [Place(*place) for place in found]

    def _read(self, path: str) -> str | None:
        try:
            return self.overlay.read(path)
        except (UnreadableFileError, OutsideRootError):
            return None


def _same(known: FileStamp, now: tuple[int, int]) -> bool:
    return (known.mtime_ns, known.size) == now
