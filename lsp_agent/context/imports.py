"""Signatures of what a file imports from its workspace, in the order of its imports."""

from __future__ import annotations

import posixpath
import threading
from collections.abc import Iterable, Iterator

from lsp_agent.context.sources import Source, Sources
from lsp_agent.errors import LspAgentError
from lsp_agent.index.modules import python_bases
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.imports import Import
from lsp_agent.syntax.languages import language_of
from lsp_agent.syntax.symbols import Symbol
from lsp_agent.workspace.overlay import Overlay

_MAX_IMPORTS, _MAX_MEMBERS, _MAX_CHARACTERS = 16, 8, 2400
_KEPT = 200
_ES_ENDINGS = ("", ".ts", ".tsx", ".js", ".jsx", ".mjs", "/index.ts", "/index.js")
_Taken = tuple[str, tuple[str, ...]]


class ImportedSignatures:
    """Finds and keeps them: a file is looked for and parsed once until its imports or it change."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._lock = threading.Lock()
        self._resolved: dict[str, tuple[list[Import], tuple[_Taken, ...]]] = {}
        self._symbols: dict[str, tuple[str, list[Symbol]]] = {}

    def of(self, overlay: Overlay, path: str, document: SyntaxDocument) -> list[Source]:
        """Return a piece for each imported file, at most 2,400 characters together."""
        found: list[Source] = []
        room = _MAX_CHARACTERS
        for other, names in self._files(overlay, path, document):
            try:
                text = self._sources.read(overlay, other)
            except LspAgentError:
                continue
            piece = "\n".join(_signatures(self._outline(other, text), names))
            if piece and len(piece) < room:
                room -= len(piece)
                found.append(Source(other, piece + "\n"))
        return found

    def _files(self, overlay: Overlay, path: str, document: SyntaxDocument) -> tuple[_Taken, ...]:
        wanted = document.imports[: 2 * _MAX_IMPORTS]
        key = f"{overlay.root}:{path}"
        with self._lock:
            known = self._resolved.get(key)
        if known is not None and known[0] == wanted:
            return known[1]
        files: dict[str, tuple[str, ...]] = {}
        for one in wanted:
            for other, names in _resolve(overlay, path, one):
                files[other] = (*files.get(other, ()), *names)
        found = tuple(list(files.items())[:_MAX_IMPORTS])
        with self._lock:
            if len(self._resolved) >= _KEPT:
                self._resolved.clear()
            self._resolved[key] = (wanted, found)
        return found

    def _outline(self, path: str, text: str) -> list[Symbol]:
        with self._lock:
            known = self._symbols.get(path)
        if known is not None and known[0] is text:
            return known[1]
        symbols = SyntaxDocument.parse(text, language_of(path, text=text)).symbols()
        with self._lock:
            if len(self._symbols) >= _KEPT:
                self._symbols.clear()
            self._symbols[path] = (text, symbols)
        return symbols


def _signatures(symbols: list[Symbol], names: tuple[str, ...]) -> Iterator[str]:
    """Yield the signatures of the names, and of the first members of what holds some."""
    top = [symbol for symbol in symbols if symbol.parent is None]
    if names:
        top = [symbol for symbol in top if symbol.name in names]
    else:
        shown = [one for one in top if not one.name.startswith("_") and not one.is_value]
        top = shown[:_MAX_MEMBERS]
    for symbol in top:
        yield symbol.signature
        members = [
            one
            for one in symbols
            if one.parent == symbol.name and _is_public(one.name) and not one.is_value
        ]
        for member in members[:_MAX_MEMBERS]:
            yield f"    {member.signature}"


def _is_public(name: str) -> bool:
    return not name.startswith("_") or name == "__init__"


def _resolve(overlay: Overlay, path: str, one: Import) -> list[_Taken]:
    """Return the files behind an import with the names that it takes from each."""
    folder, language = posixpath.dirname(path), language_of(path)
    if language == "python":
        tries = (_python_files(overlay, base, one) for base in python_bases(path, one.module))
        return next(filter(None, tries), [])
    if language in ("c", "cpp"):
        paths = [posixpath.join(top, one.module) for top in (folder, "", "include")]
    elif one.module.startswith("."):
        base = posixpath.join(folder, one.module)
        # TypeScript writes the ending of what it will be compiled to.
        stems = (base, base.removesuffix(".js"))
        paths = [f"{stem}{ending}" for stem in stems for ending in _ES_ENDINGS]
    else:
        return []
    file = _first(overlay, map(posixpath.normpath, paths))
    return [(file, one.names)] if file is not None else []


def _python_files(overlay: Overlay, base: str, one: Import) -> list[_Taken]:
    """Return the module at a path, and those of its names that are modules in it."""
    inner = {name: posixpath.join(base, f"{name}.py") for name in one.names}
    modules = {name: file for name, file in inner.items() if _exists(overlay, file)}
    found: list[_Taken] = [(file, ()) for file in modules.values()]
    file = _first(overlay, (f"{base}.py", f"{base}/__init__.py") if base else ())
    names = tuple(name for name in one.names if name not in modules)
    if file is not None and (names or not one.names):
        found.insert(0, (file, names))
    return found


def _first(overlay: Overlay, paths: Iterable[str]) -> str | None:
    return next((path for path in paths if _exists(overlay, path)), None)


def _exists(overlay: Overlay, path: str) -> bool:
    try:
        return overlay.exists(path)
    except LspAgentError:
        return False
