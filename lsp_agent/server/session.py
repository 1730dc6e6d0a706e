"""The state of one client's session: folders, documents, settings, and the app behind them."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from pygls.uris import to_fs_path

from lsp_agent.cancel import CancelToken
from lsp_agent.config.paths import WORKSPACE_FILES, Home, workspace_files
from lsp_agent.errors import LspAgentError
from lsp_agent.server.capabilities import ClientFeatures
from lsp_agent.server.documents import Documents, OpenDocument
from lsp_agent.workspace.overlay import Buffer, Overlay
from lsp_agent.workspace.positions import PositionEncoding
from lsp_agent.workspace.roots import Root

if TYPE_CHECKING:
    from lsp_agent.app import App
    from lsp_agent.config.load import Loaded
    from lsp_agent.config.model import Settings
    from lsp_agent.context.surroundings import Surroundings
    from lsp_agent.engine.router import PreparedEngine
    from lsp_agent.server.hunks import HunkReviews
    from lsp_agent.server.judge import Judge
    from lsp_agent.server.keep import Keeper

AppFactory = Callable[["Settings", Home], "App"]
_WORKERS = 8
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Location:
    """Where a document lies: a folder and a path in it, or alone (``root`` is ``None``)."""

    root: Root | None
    path: str


class Session:
    """Everything that a request may need; handlers get it, change it in the event loop only."""

    def __init__(
        self,
        home: Home,
        *,
        cli: Mapping[str, str],
        env: Mapping[str, str] = os.environ,
        app_factory: AppFactory | None = None,
    ) -> None:
        self.home = home
        self.documents = Documents()
        self.features = ClientFeatures()
        self.encoding = PositionEncoding.UTF16
        self.roots: list[Root] = []
        self.client_settings: Mapping[str, Any] = {}
        self.editor_trusts = False
        self.on_reload: list[Callable[[], None]] = []
        self.on_problem: Callable[[str], None] = _log.warning
        self.workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="lsp-agent")
        self.loop: asyncio.AbstractEventLoop | None = None
        self._cli = cli
        self._env = env
        self._app_factory = app_factory
        self._app: App | None = None
        self._loading = asyncio.Lock()
        self._stamps: dict[Path, float] = {}
        self._shown: set[str] = set()
        self._early: Settings | None = None

    async def app(self) -> App:
        """Return the app, made when first needed and remade when a settings file changed."""
        async with self._loading:
            if self._app is None:
                loaded = await self.in_thread(self._load)
                self._app = await self.in_thread(lambda: self._make(loaded))
            elif await self.in_thread(self._stale):
                await self._reload()
            return self._app

    async def reload(self) -> App:
        """Read all settings again; what is wrong keeps its last good value."""
        async with self._loading:
            if self._app is not None:
                await self._reload()
                return self._app
        return await self.app()

    @cached_property
    def keeper(self) -> Keeper:
        """What remembers the edits that were given to the editor."""
        from lsp_agent.server.keep import Keeper

        return Keeper(self)

    @cached_property
    def judge(self) -> Judge:
        """What sees what becomes of edits, where the settings want it."""
        from lsp_agent.server.judge import Judge

        return Judge(self)

    @cached_property
    def hunks(self) -> HunkReviews:
        """The edits that are looked at hunk by hunk."""
        from lsp_agent.server.hunks import HunkReviews

        return HunkReviews(self.in_thread)

    @cached_property
    def surroundings(self) -> Surroundings:
        """What is remembered of the workspace to complete code in it."""
        from lsp_agent.context.surroundings import Surroundings

        return Surroundings()

    async def in_thread(self, work: Callable[[], Any]) -> Any:
        """Run something that may take a while outside the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self.workers, work)

    async def switch_model(self, model: str) -> None:
        """Give the agent's engine another model, as the command line would.

        The model is loaded first, while everything goes on with the old one. Raises
        ``LspAgentError`` for one that can't be had; nothing has changed then.
        """
        app = await self.app()
        name = app.settings.routes.agent
        change = {f"engines.{name}.model": model}
        wanted = await self.in_thread(lambda: self._load({**self._cli, **change}))
        cancel = CancelToken()
        try:
            engine = await self.in_thread(lambda: app.prepare(wanted.settings, name, cancel))
        except asyncio.CancelledError:
            cancel.cancel()
            raise
        async with self._loading:
            self._cli = {**self._cli, **change}
            await self._reload({name: engine})

    def locate(self, uri: str) -> Location:
        """Return where a document lies; links and other schemes make it lie alone."""
        name = PurePosixPath(unquote(urlsplit(uri).path)).name or "untitled"
        file = to_fs_path(uri) if uri.startswith("file:") else None
        if file is None:
            return Location(None, name)
        path = Path(file)
        for root in sorted(self.roots, key=lambda one: -len(one.path.parts)):
            try:
                return Location(root, root.relative(path))
            except LspAgentError:
                continue
        return Location(None, name)

    def overlay(self, uri: str | None, *, scoped: bool = False) -> tuple[Overlay, str | None]:
        """Return a run's view of the workspace around a document, and the document's path in it.

        Unsaved text of every open document below the same folder is part of the view. ``scoped``
        lets the run change that document only.
        """
        place = self.locate(uri) if uri else Location(self.roots[0] if self.roots else None, "")
        buffers = [
            Buffer(other.path, document.uri, document.text.content, document.version)
            for document in self.documents
            if self._beside(document, other := self.locate(document.uri), place, uri)
        ]
        scope = frozenset({place.path}) if scoped or place.root is None else None
        exclude = self.settings.exclude if self.settings else ()
        return Overlay(place.root, buffers, scope=scope, exclude=exclude), (
            place.path if uri else None
        )

    def overlay_of(self, root: Root) -> Overlay:
        """Return a folder's files under the open documents in it."""
        buffers = [
            Buffer(place.path, document.uri, document.text.content, document.version)
            for document in self.documents
            if (place := self.locate(document.uri)).root is root
        ]
        return Overlay(root, buffers, exclude=self.settings.exclude if self.settings else ())

    def is_settings_file(self, uri: str) -> bool:
        """Whether a file's name is one that settings may stand under."""
        name = PurePosixPath(unquote(urlsplit(uri).path)).name
        return name in (*WORKSPACE_FILES, self.home.config_file.name)

    @property
    def settings(self) -> Settings | None:
        """The current settings, once they were loaded."""
        return self._app.settings if self._app else None

    def early_settings(self, section: str) -> Settings | None:
        """Return the settings before ``initialize`` is answered.

        ``None`` where no source of theirs speaks of a section: reading takes 0.1 s, and the client
        is waiting.
        """
        own = (name for name in self._env if name.startswith("LSP_AGENT_"))
        names = (*self._cli, *self.client_settings, *own)
        spoken = any(section in name.lower() for name in names) or any(
            section.encode() in _content(path) for path in self._settings_files()
        )
        if spoken and self._early is None:
            self._early = self._load().settings
        return self._early if spoken else None

    def status(self) -> dict[str, Any]:
        """Describe what is there without loading anything."""
        return self._app.status() if self._app else {}

    def close(self) -> None:
        """End the app and the worker threads."""
        if self._app is not None:
            self._app.close()
        self.workers.shutdown(wait=False, cancel_futures=True)

    @staticmethod
    def _beside(document: OpenDocument, other: Location, place: Location, uri: str | None) -> bool:
        if place.root is None:
            return document.uri == uri
        return other.root is not None and other.root.path == place.root.path

    async def _reload(self, prepared: Mapping[str, PreparedEngine] | None = None) -> None:
        loaded = await self.in_thread(self._load)
        if self._app is not None:
            self._app.reconfigure(loaded.settings, prepared)
            await self.in_thread(self._app.warm)
            for tell in self.on_reload:
                tell()

    def _make(self, loaded: Loaded) -> App:
        if self._app_factory is not None:
            return self._app_factory(loaded.settings, self.home)
        from lsp_agent.app import App

        app = App(
            loaded.settings,
            self.home,
            env=self._env,
            warn=self.on_problem,
            trusts=self._trusts,
        )
        self._recover(app)
        app.warm()
        return app

    def _recover(self, app: App) -> None:
        try:
            app.recover()
        except LspAgentError as error:
            self.on_problem(f"lsp-agent: {error}")
        cut_off = app.notice_interrupted()
        if cut_off:
            _log.warning("%s", cut_off)

    def _load(self, cli: Mapping[str, str] | None = None) -> Loaded:
        from lsp_agent.config.load import Sources, load_settings
        from lsp_agent.config.trust import TrustStore

        folder = self.roots[0].path if self.roots else None
        watched = [self.home.config_file, self.home.trust_file]
        watched += [folder / name for name in WORKSPACE_FILES] if folder else []
        self._stamps = {path: _stamp(path) for path in watched}
        seal = TrustStore(self.home).seal(folder) if folder is not None else None
        loaded = load_settings(
            Sources(
                cli=self._cli if cli is None else cli,
                env=self._env,
                client=self.client_settings,
                workspace=folder,
                user_file=self.home.config_file,
                trusted=self.editor_trusts,
                seal=seal,
            )
        )
        fresh = [str(one) for one in loaded.problems if str(one) not in self._shown]
        self._shown = {str(one) for one in loaded.problems}
        if fresh:
            self.on_problem("lsp-agent: " + "\n".join(fresh))
        return loaded

    def _trusts(self, folder: Path) -> bool:
        from lsp_agent.config.trust import TrustStore

        return self.editor_trusts or TrustStore(self.home).is_trusted(folder)

    def _settings_files(self) -> list[Path]:
        folder = self.roots[0].path if self.roots else None
        return [self.home.config_file, *(workspace_files(folder) if folder else [])]

    def _stale(self) -> bool:
        return any(_stamp(path) != stamp for path, stamp in self._stamps.items())


def _stamp(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
