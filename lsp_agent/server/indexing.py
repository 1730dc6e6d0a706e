"""The folders' indexes in a session: begun in the background, told of every change on the disk."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lsp_agent.server.progress import Progress, ProgressBook
from lsp_agent.server.session import Session
from lsp_agent.workspace.roots import Root

if TYPE_CHECKING:
    from lsp_agent.app import App

_BATCH_SECONDS = 0.01
_SILENT_SECONDS = 1.0


class IndexKeeper:
    """Keeps the indexes fresh. Its methods are the event loop's; the work is in other threads."""

    def __init__(self, session: Session, book: ProgressBook) -> None:
        self._session = session
        self._book = book
        self._changed: dict[str, None] = {}
        self._updating: asyncio.Task[None] | None = None
        self._shown: dict[Path, _Shown] = {}
        self._following: asyncio.Task[None] | None = None
        session.on_reload.append(self._follow_soon)

    async def follow(self) -> None:
        """Begin the index of every folder that has none yet, and let go of those that left."""
        app = await self._session.app()
        app.folders.on_index = self._told
        roots = list(self._session.roots)
        await self._session.in_thread(lambda: _follow(app, roots))

    def changed(self, uris: Iterable[str]) -> None:
        """Take note of files or folders that were changed, came or went.

        Those that are told while others are read again are read together afterwards.
        """
        self._changed |= dict.fromkeys(uris)
        if self._changed and self._updating is None:
            self._updating = asyncio.ensure_future(self._update())

    async def _update(self) -> None:
        try:
            while self._changed:
                # A save comes as two events, and a checkout as many.
                await asyncio.sleep(_BATCH_SECONDS)
                uris, self._changed = list(self._changed), {}
                app = await self._session.app()
                await self._session.in_thread(partial(self._read, app, uris))
        finally:
            self._updating = None

    def _read(self, app: App, uris: list[str]) -> None:
        paths: defaultdict[Path, list[str]] = defaultdict(list)
        roots: dict[Path, Root] = {}
        for uri in uris:
            place = self._session.locate(uri)
            if place.root is not None:
                roots[place.root.path] = place.root
                paths[place.root.path].append(place.path)
        for path, root in roots.items():
            if (index := app.folders.index(root)) is not None:
                index.update(paths[path])

    def _follow_soon(self) -> None:
        self._following = asyncio.ensure_future(self.follow())

    def _told(self, root: Root, done: int, everything: int) -> None:
        """Take a builder's word, in its thread."""
        loop = self._session.loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._show, root, done, everything)

    def _show(self, root: Root, done: int, everything: int) -> None:
        shown = self._shown.get(root.path)
        if not everything:
            if shown is not None:
                shown.end()
                del self._shown[root.path]
        elif done < everything:
            if shown is None:
                shown = self._shown[root.path] = _Shown(self._book, root.path.name)
            shown.report(done, everything)


class _Shown:
    """The progress of one build; nothing is shown of one that takes less than a second."""

    def __init__(self, book: ProgressBook, name: str) -> None:
        self._book = book
        self._name = name
        self._since = time.monotonic()
        self._progress: Progress | None = None
        self._beginning: asyncio.Task[None] | None = None
        self._ended = False

    def report(self, done: int, everything: int) -> None:
        if self._progress is not None:
            self._progress.report(f"{self._name}: {done:,} of {everything:,}", done / everything)
        elif self._beginning is None and time.monotonic() - self._since > _SILENT_SECONDS:
            self._beginning = asyncio.ensure_future(self._begin())

    def end(self) -> None:
        self._ended = True
        if self._progress is not None:
            self._progress.end(f"{self._name}: done")

    async def _begin(self) -> None:
        progress = await self._book.begin("Indexing", None)
        if self._ended:
            progress.end(f"{self._name}: done")
        else:
            self._progress = progress


def _follow(app: App, roots: Iterable[Root]) -> None:
    app.folders.close({root.path for root in roots})
    for root in roots:
        index = app.folders.index(root)
        if index is not None:
            index.begin()
