"""One language server at work on one folder: its life cycle, its documents, its answers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsp_agent.language_servers import tsserver
from lsp_agent.language_servers.client import Client
from lsp_agent.language_servers.disk_watch import DiskWatch
from lsp_agent.language_servers.documents import Translator, key_of, path_of
from lsp_agent.language_servers.find import Found
from lsp_agent.language_servers.types import LanguageServerError
from lsp_agent.language_servers.wire import RefusedError, Wire
from lsp_agent.syntax.languages import language_id
from lsp_agent.workspace.edits import TextEdit
from lsp_agent.workspace.positions import Position, PositionEncoding, Range
from lsp_agent.workspace.text import Text

_START_SECONDS = 60.0
_SETTLE_SECONDS = 0.25
# A report without a version may be that of an earlier text.
_UNSURE_SECONDS = 1.0
_AGAIN_SECONDS = 0.1
_MAX_DOCUMENTS = 64
_CANCELLED_BY_SERVER = (-32802, -32801)


@dataclass(frozen=True, slots=True)
class _Document:
    """What a server was shown."""

    uri: str
    version: int
    text: Text


class Session:
    """A running server. Belongs to the event loop's thread; one question at a time.

    Documents are open for the length of a question: between them the server knows the disk.
    """

    def __init__(self, found: Found, env: Mapping[str, str]) -> None:
        self.found = found
        self._env = env
        self._client = Client(found)
        self._wire = Wire(found.server.name, self._answer, self._notice)
        self._lock = asyncio.Lock()
        self._capabilities: Mapping[str, Any] = {}
        self._encoding = PositionEncoding.UTF16
        self._disk = DiskWatch(found.root, found.server.languages)
        self._version = 0
        self._open: dict[Path, _Document] = {}
        self._reports: dict[Path, Any] = {}
        self._versioned = False
        self._working: set[str] = set()
        self._ready = found.server.ready is None
        self._news = asyncio.Event()

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._wire.alive

    @property
    def reason(self) -> str:
        """Why it can't be asked any more."""
        return self._wire.reason

    @property
    def heard(self) -> float:
        """When it last said something, in the loop's time."""
        return self._wire.heard

    def can(self, capability: str) -> bool:
        """Whether the server offers something, by the key of its capabilities."""
        return bool(self._capabilities.get(capability)) or (
            # ``{}`` says yes, with nothing to add.
            isinstance(self._capabilities.get(capability), dict)
        )

    async def start(self) -> None:
        """Start and initialize; raises :class:`LanguageServerError`."""
        try:
            async with asyncio.timeout(_START_SECONDS):
                await self._wire.open(self.found.command, self.found.root, self._env)
                result = await self._wire.request("initialize", self._client.introduction())
        except TimeoutError:
            reason = f"did not start within {_START_SECONDS:.0f} s"
            self._wire.fail(reason)
            raise LanguageServerError(f"{self.found.server.name} {reason}") from None
        except LanguageServerError:
            await self.close()
            raise
        capabilities = result.get("capabilities") if isinstance(result, dict) else None
        self._capabilities = capabilities if isinstance(capabilities, dict) else {}
        with contextlib.suppress(ValueError):
            # A server that says nothing counts as the protocol always did.
            self._encoding = PositionEncoding(self._capabilities.get("positionEncoding", "utf-16"))
        self._wire.notify("initialized", {})
        await asyncio.to_thread(self._disk.changes)
        if settings := self.found.settings:
            self._wire.notify("workspace/didChangeConfiguration", {"settings": settings})

    async def close(self) -> None:
        """End the server and all that it started; takes two seconds at most."""
        await self._wire.close()

    def give_up(self, reason: str) -> None:
        """End it at once."""
        self._wire.fail(reason)

    async def diagnose(
        self, texts: Mapping[Path, str], wanted: Sequence[Path]
    ) -> tuple[dict[Path, Any], Translator]:
        """Return the raw diagnostics of open documents, once the server has come to rest.

        ``texts`` is what is not the disk's; the wanted files are opened in any case.
        """
        async with self._turn():
            with self._opened(texts, wanted) as translator:
                keys = [key_of(path) for path in wanted if key_of(path) in self._open]
                if tsserver.offered(self._capabilities):
                    return await self._checked(keys), translator
                if await self._settled(keys):
                    return {key: self._reports[key] for key in keys}, translator
                return await self._pulled(keys), translator

    async def locate(
        self, what: str, texts: Mapping[Path, str], path: Path, position: Position
    ) -> list[tuple[Path, Range]]:
        """Return definitions or references; ``what`` is the method's last part."""
        async with self._turn():
            with self._opened(texts, [path]) as translator:
                await self._knows(path)
                place = self._place(translator, path, position)
                if what == "references":
                    place["context"] = {"includeDeclaration": True}
                result = await self._ask(f"textDocument/{what}", place)
                return list(dict.fromkeys(translator.locations(result)))

    async def rename(
        self, texts: Mapping[Path, str], path: Path, position: Position, new_name: str
    ) -> dict[Path, tuple[TextEdit, ...]]:
        """Return the edits of a rename; raises :class:`LanguageServerError` where it can't be."""
        async with self._turn():
            with self._opened(texts, [path]) as translator:
                await self._knows(path)
                place = self._place(translator, path, position)
                provider = self._capabilities.get("renameProvider")
                if isinstance(provider, dict) and provider.get("prepareProvider"):
                    prepared = await self._ask("textDocument/prepareRename", place)
                    if prepared is None:
                        raise LanguageServerError("what stands there can't be renamed")
                place["newName"] = new_name
                result = await self._ask("textDocument/rename", place)
                return translator.edits(result or {}, self.found.server.name)

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Let one question in, once the server knows the disk as it is."""
        async with self._lock:
            changes = await asyncio.to_thread(self._disk.changes)
            if changes:
                events = [{"uri": path.as_uri(), "type": kind} for path, kind in changes]
                self._wire.notify("workspace/didChangeWatchedFiles", {"changes": events})
            yield

    @contextlib.contextmanager
    def _opened(self, texts: Mapping[Path, str], wanted: Sequence[Path]) -> Iterator[Translator]:
        """Show documents to the server, and close them again."""
        languages = self.found.server.languages
        shown = {
            key_of(path): (path, text)
            for path, text in texts.items()
            if language_id(path.name) in languages
        }
        for path in wanted:
            key = key_of(path)
            text = None if key in shown else Translator(self._encoding, {}).text(path)
            if text is not None:
                shown[key] = (path, text.content)
        first = [key_of(path) for path in wanted]
        keys = [key for key in dict.fromkeys((*first, *shown)) if key in shown]
        try:
            for key in keys[:_MAX_DOCUMENTS]:
                self._show(key, *shown[key])
            yield Translator(self._encoding, {key: one.text for key, one in self._open.items()})
        finally:
            self._hide()

    def _show(self, key: Path, path: Path, text: str) -> None:
        # Counted on for ever: a late report of an earlier text has an earlier number.
        self._version += 1
        self._open[key] = _Document(path.as_uri(), self._version, Text(text))
        document = {
            "uri": path.as_uri(),
            "languageId": language_id(path.name) or "plaintext",
            "version": self._version,
            "text": text,
        }
        self._wire.notify("textDocument/didOpen", {"textDocument": document})

    def _hide(self) -> None:
        opened, self._open = self._open, {}
        self._reports.clear()
        with contextlib.suppress(LanguageServerError):
            for one in opened.values():
                identifier = {"textDocument": {"uri": one.uri}}
                self._wire.notify("textDocument/didClose", identifier)

    def _place(self, translator: Translator, path: Path, position: Position) -> dict[str, Any]:
        return {
            "textDocument": {"uri": path.as_uri()},
            "position": translator.to_server(key_of(path), position),
        }

    async def _ask(self, method: str, params: Any) -> Any:
        """Ask, and again for as long as the server says that it was disturbed."""
        while True:
            try:
                return await self._wire.request(method, params)
            except RefusedError as error:
                if error.number not in _CANCELLED_BY_SERVER:
                    raise
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _pulled(self, keys: Sequence[Path]) -> dict[Path, Any]:
        await self._loaded()
        found = {}
        for key in keys:
            params = {"textDocument": {"uri": self._open[key].uri}}
            report = await self._ask("textDocument/diagnostic", params)
            found[key] = report.get("items") if isinstance(report, dict) else None
        return found

    async def _checked(self, keys: Sequence[Path]) -> dict[Path, Any]:
        """Ask the compiler's own server, behind a language server that only reports at leisure."""
        await self._loaded()
        found: dict[Path, Any] = {}
        for key in keys:
            path = path_of(self._open[key].uri) or key
            answers = [
                await self._ask("workspace/executeCommand", one) for one in tsserver.checks(path)
            ]
            found[key] = [one for answer in answers for one in tsserver.diagnostics(answer)]
        return found

    async def _settled(self, keys: Sequence[Path]) -> bool:
        """Wait until the wanted reports are there and nothing comes after them.

        Ends early, with False, when the server says that it wants to be asked for them.
        """
        while not self._pulls:
            complete = self._at_rest and all(key in self._reports for key in keys)
            pause = _SETTLE_SECONDS if self._versioned else _UNSURE_SECONDS
            if not await self._hears(pause if complete else None):
                return True
        return False

    @property
    def _pulls(self) -> bool:
        """Whether diagnostics are asked for: said at the start, or registered at any time."""
        return self.can("diagnosticProvider") or self._client.registered("textDocument/diagnostic")

    async def _knows(self, path: Path) -> None:
        """Wait until the server has loaded the project of a document that was just opened.

        The compiler's own server of TypeScript begins to when it is first asked, and answers from
        the document alone meanwhile; its checks come after the project.
        """
        if key_of(path) not in self._open:
            raise LanguageServerError(f"{path.name} can't be opened")
        if tsserver.offered(self._capabilities):
            await self._checked([key_of(path)])
        else:
            await self._loaded()

    async def _loaded(self) -> None:
        """Wait until the server has loaded the project."""
        while not self._at_rest:
            await self._hears(None)

    @property
    def _at_rest(self) -> bool:
        return self._ready and not self._working

    async def _hears(self, seconds: float | None) -> bool:
        """Wait for the next report or progress; whether one came. Raises when the server ends."""
        self._news.clear()
        news = asyncio.ensure_future(self._news.wait())
        end = asyncio.ensure_future(self._wire.ended.wait())
        try:
            done, _ = await asyncio.wait(
                (news, end), timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            news.cancel()
            end.cancel()
        if end in done:
            raise LanguageServerError(f"{self.found.server.name} {self._wire.reason}")
        return news in done

    def _answer(self, method: str, params: Any) -> Any:
        answer = self._client.answer(method, params)
        self._news.set()
        return answer

    def _notice(self, method: str, params: Any) -> None:
        if not isinstance(params, dict):
            return
        if method == "textDocument/publishDiagnostics":
            self._take_report(params)
        elif method == "$/progress":
            self._take_progress(str(params.get("token")), params.get("value"))
        elif (ready := self.found.server.ready) and method == ready[0]:
            self._ready = params.get(ready[1]) == ready[2]
            self._news.set()

    def _take_report(self, params: dict[str, Any]) -> None:
        path = path_of(params.get("uri"))
        known = self._open.get(path) if path else None
        version = params.get("version")
        self._versioned = self._versioned or version is not None
        # Some clear a closed document's diagnostics without a version, when it is open again.
        right = known is not None and version in (
            known.version,
            *(() if self._versioned else (None,)),
        )
        if path is None or not right:
            return
        self._reports[path] = params.get("diagnostics")
        self._news.set()

    def _take_progress(self, token: str, value: Any) -> None:
        kind = value.get("kind") if isinstance(value, dict) else None
        if kind == "begin":
            self._working.add(token)
        elif kind == "end":
            self._working.discard(token)
        self._news.set()
