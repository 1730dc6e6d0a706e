"""What one process has of each folder: its index, and what is kept of it between questions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lsp_agent.config.model import Settings
from lsp_agent.context.knowledge import Knowledge
from lsp_agent.context.semantic import SemanticIndex
from lsp_agent.engine.types import Lease
from lsp_agent.index.build import BuildOptions
from lsp_agent.index.service import CodeIndex, Progress, database_path
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.roots import Root

OnIndex = Callable[[Root, int, int], None]
"""Told of a folder's build: files done, files to do; equal numbers at its end."""


class Folders:
    """Indexes and :class:`Knowledge` by folder, each made when first asked for. Thread-safe.

    ``settings`` are asked each time, ``embedder`` lends the engine that makes vectors. Nothing is
    read before what is returned is asked.
    """

    def __init__(
        self,
        cache: Path,
        settings: Callable[[], Settings],
        embedder: Lease,
    ) -> None:
        self.on_index: OnIndex = lambda _root, _done, _all: None
        self._cache = cache
        self._settings = settings
        self._embedder = embedder
        self._lock = threading.Lock()
        self._indexes: dict[Path, CodeIndex] = {}
        self._knowledge: dict[Path, Knowledge] = {}

    def index(self, root: Root) -> CodeIndex | None:
        """Return the index of a folder; ``None`` where the settings turn it off."""
        settings = self._settings()
        if not settings.index.enabled:
            return None
        with self._lock:
            if root.path not in self._indexes:
                options, path = BuildOptions.of(settings), database_path(self._cache, root)
                self._indexes[root.path] = CodeIndex(root, path, options, self._telling(root))
            return self._indexes[root.path]

    def knowledge(self, root: Root) -> Knowledge | None:
        """Return what is kept of a folder between questions; ``None`` without an index.

        It has vectors where ``routes.embedding`` is set.
        """
        index = self.index(root)
        if index is None:
            return None
        with self._lock:
            if root.path not in self._knowledge:
                self._knowledge[root.path] = Knowledge(root, self._semantic(root, index))
            return self._knowledge[root.path]

    def forget(self) -> None:
        """Let go of what is known of all folders; their indexes stay."""
        with self._lock:
            known, self._knowledge = self._knowledge, {}
        for one in known.values():
            one.close()

    def close(self, kept: Collection[Path] = ()) -> None:
        """Let go of the indexes of folders that are left, and of what is known of those."""
        with self._lock:
            gone = [path for path in self._indexes if path not in kept]
            known = [self._knowledge.pop(path) for path in gone if path in self._knowledge]
            indexes = [self._indexes.pop(path) for path in gone]
        for one in known:
            one.close()
        for index in indexes:
            index.close()

    def status(self) -> dict[str, Any] | None:
        """Describe the first folder's index, the others' in ``others``; JSON-ready."""
        with self._lock:
            indexes = list(self._indexes.values())
        found = [{"root": str(one.root.path), **asdict(one.status())} for one in indexes]
        return {**found[0], "others": found[1:]} if found else None

    def _semantic(self, root: Root, index: CodeIndex) -> SemanticIndex | None:
        settings = self._settings()
        if settings.routes.embedding is None:
            return None
        exclude = settings.exclude
        return SemanticIndex(index, self._embedder, lambda: Overlay(root, exclude=exclude))

    def _telling(self, root: Root) -> Progress:
        return lambda done, everything: self.on_index(root, done, everything)
