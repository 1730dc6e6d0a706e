"""The language servers of one process: started when first asked, ended when nobody asks.

Thread-safe and synchronous for its callers, who wait for a given time at most. A server that can't
be had, or fails, is a note in an answer; it is tried again a few times, each time after a longer
pause.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import LanguageServersSettings
from lsp_agent.language_servers.find import Absent, Finder, Found
from lsp_agent.language_servers.loop_thread import LoopThread
from lsp_agent.language_servers.types import (
    Diagnostic,
    Findings,
    LanguageServerError,
    Located,
    Location,
    Renamed,
    View,
)
from lsp_agent.syntax.languages import language_id
from lsp_agent.workspace.edits import TextEdit
from lsp_agent.workspace.errors import OutsideRootError
from lsp_agent.workspace.positions import Position
from lsp_agent.workspace.roots import Root

if TYPE_CHECKING:
    from lsp_agent.language_servers.documents import Translator
    from lsp_agent.language_servers.session import Session

_MAX_FAILURES = 3
_BACKOFF_SECONDS = 5.0
_SILENT_SECONDS = 30.0
_WARM_SECONDS = 30.0
_log = logging.getLogger(__name__)

T = TypeVar("T")
Key = tuple[str, Path]


@dataclass(slots=True)
class _Member:
    """A server of the pool; ``starting`` ends with its session or raises why there is none."""

    found: Found
    starting: asyncio.Task[Session] | None = None
    session: Session | None = None
    busy: int = 0
    used: float = 0.0
    failures: int = 0
    retry_at: float = 0.0
    note: str = ""

    @property
    def running(self) -> bool:
        return self.session is not None and self.session.alive

    @property
    def state(self) -> str:
        if self.running:
            return "running"
        if self.starting is not None and not self.starting.done():
            return "starting"
        return "failed" if self.failures else "ended"


class LanguageServers:
    """Implements :class:`~lsp_agent.language_servers.types.Instruments`."""

    def __init__(
        self,
        settings: LanguageServersSettings,
        trusts: Callable[[Path], bool],
        env: Mapping[str, str] = os.environ,
        warn: Callable[[str], None] = _log.warning,
    ) -> None:
        self._settings = settings
        self._env = env
        self._trusts = trusts
        self._warn = warn
        self._finder = Finder(settings, env, trusts)
        self._thread = LoopThread()
        self._members: dict[Key, _Member] = {}
        self._endings: set[asyncio.Task[None]] = set()

    def diagnostics(
        self, view: View, paths: Sequence[str], cancel: CancelToken, seconds: float
    ) -> Findings:
        """Return what the servers say of some files; those that are late are in the notes."""
        asked, absent = self._serving(view.root, paths)
        if not asked:
            return Findings(notes=_notes(absent))
        work = partial(self._all_diagnostics, view, asked, seconds)
        try:
            found = self._thread.call(work, cancel)
        except LanguageServerError as error:
            return Findings(notes=(str(error),))
        return replace(found, notes=(*found.notes, *_notes(absent)))

    def definition(
        self, view: View, path: str, position: Position, cancel: CancelToken, seconds: float
    ) -> Located:
        """Return where what stands at a position is defined."""
        return self._locate("definition", view, path, position, cancel, seconds)

    def references(
        self, view: View, path: str, position: Position, cancel: CancelToken, seconds: float
    ) -> Located:
        """Return where what stands at a position is used, its definition included."""
        return self._locate("references", view, path, position, cancel, seconds)

    def rename(
        self,
        view: View,
        path: str,
        position: Position,
        new_name: str,
        cancel: CancelToken,
        seconds: float,
    ) -> Renamed:
        """Return the edits that give what stands at a position another name."""
        texts = _absolute(view)

        async def ask(session: Session) -> dict[Path, tuple[TextEdit, ...]]:
            return await session.rename(texts, view.root / path, position, new_name)

        edits, server, notes = self._first("renameProvider", ask, view, path, cancel, seconds)
        shown = [_shown(Root(view.root), one) for one in edits or {}]
        if any(outside for _, outside in shown):
            return Renamed({}, "", (*notes, f"{server} would edit files outside the folder"))
        names = (name for name, _ in shown)
        return Renamed(dict(zip(names, (edits or {}).values(), strict=True)), server, notes)

    def advice(self, root: Path, path: str) -> str:
        """Say which server would help with a file that has none; ``""`` where none is known."""
        found, absent = self._finder.serving(root, path)
        if any(one.server.job != "lint" for one in found):
            return ""
        first = next((one for one in absent if one.server.job != "lint"), None)
        return f"{first.server.name}: {first.reason}" if first else ""

    def survey(self, root: Path, paths: Sequence[str]) -> tuple[list[Found], list[Absent]]:
        """Return the servers that serve files of a folder, and those that could; starts none."""
        found: dict[Key, Found] = {}
        absent: dict[str, Absent] = {}
        for path in {language_id(path): path for path in paths}.values():
            here, missing = self._finder.serving(root, path)
            found |= {(one.server.name, one.root): one for one in here}
            absent |= {one.server.name: one for one in missing}
        return list(found.values()), list(absent.values())

    def prepare(self, view: View, path: str) -> None:
        """Start who serves a file and show it to them, without waiting."""
        asked, _ = self._serving(view.root, [path])
        if asked:
            with contextlib.suppress(LanguageServerError):
                self._thread.start(partial(self._all_diagnostics, view, asked, _WARM_SECONDS))

    def status(self) -> list[dict[str, Any]]:
        """Describe the servers that were asked so far; JSON-ready, waits for nothing."""
        return [
            {"name": name, "root": str(root), "state": one.state, "note": one.note}
            for (name, root), one in list(self._members.items())
        ]

    def reconfigure(self, settings: LanguageServersSettings) -> None:
        """Take new settings; what runs is ended, and started anew when asked."""
        if settings == self._settings:
            return
        self._settings = settings
        self._finder = Finder(settings, self._env, self._trusts)
        with contextlib.suppress(LanguageServerError):
            self._thread.start(self._end_all)

    def close(self) -> None:
        """End all servers; takes two seconds at most."""
        self._thread.close(self._end_all)

    def _serving(
        self, root: Path, paths: Sequence[str]
    ) -> tuple[dict[Key, tuple[Found, list[str]]], list[Absent]]:
        asked: dict[Key, tuple[Found, list[str]]] = {}
        absent: dict[str, Absent] = {}
        for path in paths:
            found, missing = self._finder.serving(root, path)
            for one in found:
                asked.setdefault((one.server.name, one.root), (one, []))[1].append(path)
            # What was never installed is no news; doctor and the tools tell it.
            absent |= {one.server.name: one for one in missing if one.installed}
        return asked, list(absent.values())

    async def _all_diagnostics(
        self, view: View, asked: Mapping[Key, tuple[Found, list[str]]], seconds: float
    ) -> Findings:
        texts = _absolute(view)
        every = await asyncio.gather(
            *(
                self._settle(found, partial(_diagnose, found, view, texts, paths), seconds)
                for found, paths in asked.values()
            )
        )
        diagnostics = [one for answer, _ in every for one in answer or ()]
        servers = dict.fromkeys(
            found.server.name
            for (found, _), (answer, _) in zip(asked.values(), every, strict=True)
            if answer is not None
        )
        notes = tuple(note for _, note in every if note)
        return Findings(tuple(diagnostics), tuple(servers), notes)

    def _locate(
        self,
        what: str,
        view: View,
        path: str,
        position: Position,
        cancel: CancelToken,
        seconds: float,
    ) -> Located:
        texts = _absolute(view)

        async def ask(session: Session) -> Any:
            return await session.locate(what, texts, view.root / path, position)

        places, server, notes = self._first(f"{what}Provider", ask, view, path, cancel, seconds)
        root = Root(view.root)
        found = []
        for at, span in places or ():
            name, outside = _shown(root, at)
            found.append(Location(name, span, outside))
        return Located(tuple(found), server, notes)

    def _first(
        self,
        capability: str,
        ask: Callable[[Session], Coroutine[Any, Any, T]],
        view: View,
        path: str,
        cancel: CancelToken,
        seconds: float,
    ) -> tuple[T | None, str, tuple[str, ...]]:
        """Ask the servers of a file one by one, until one answers that can."""
        found, absent = self._finder.serving(view.root, path)

        async def one_by_one() -> tuple[T | None, str, tuple[str, ...]]:
            notes: list[str] = []
            for one in found:
                answer, note = await self._settle(
                    one, lambda session: _if_able(session, capability, ask), seconds
                )
                notes += [note] if note else []
                if answer:
                    return answer[0], one.server.name, tuple(notes)
            installed = [one for one in absent if one.installed]
            return None, "", (*notes, *_notes(installed))

        try:
            return self._thread.call(one_by_one, cancel)
        except LanguageServerError as error:
            return None, "", (str(error),)

    # Below here everything runs on the loop.

    async def _settle(
        self, found: Found, ask: Callable[[Session], Coroutine[Any, Any, T]], seconds: float
    ) -> tuple[T | None, str]:
        """Ask a server; return its answer, or a note that says why there is none."""
        name = found.server.name
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(seconds):
                member = self._member(found)
                member.busy += 1
                try:
                    session = await self._session(member)
                    return await ask(session), ""
                finally:
                    member.busy -= 1
                    member.used = loop.time()
                    loop.call_later(self._idle_seconds + 0.01, self._reap)
        except TimeoutError:
            self._suspect(found)
            return None, f"{name} was not ready within {seconds:g} s"
        except LanguageServerError as error:
            return None, str(error)
        except Exception as error:  # noqa: BLE001 - an answer may be anything; the run goes on
            _log.exception("asking %s failed", name)
            return None, f"{name} could not be asked: {error!r}"

    @property
    def _idle_seconds(self) -> float:
        return self._settings.idle_minutes * 60

    def _member(self, found: Found) -> _Member:
        key = found.server.name, found.root
        member = self._members.get(key)
        if member is None or member.found != found:
            if member is not None:
                self._retire(key)
            member = self._members[key] = _Member(found)
        return member

    async def _session(self, member: _Member) -> Session:
        """Return a running session; starts one, which goes on when the caller stops waiting."""
        if member.session is not None and not member.session.alive:
            self._failed(member, member.session.reason)
            self._later(member.session.close())
            member.session = member.starting = None
        if member.starting is None:
            self._may_start(member)
            member.note = ""
            member.starting = asyncio.create_task(self._start(member))
        return await asyncio.shield(member.starting)

    async def _start(self, member: _Member) -> Session:
        from lsp_agent.language_servers.session import Session

        session = Session(member.found, self._finder.environment(member.found.server))
        try:
            await session.start()
        except BaseException as error:
            session.give_up("was ended")
            await session.close()
            member.starting = None
            if isinstance(error, LanguageServerError):
                self._failed(member, str(error))
            raise
        member.session = session
        return session

    def _may_start(self, member: _Member) -> None:
        now = asyncio.get_running_loop().time()
        if member.failures and (member.failures > _MAX_FAILURES or now < member.retry_at):
            raise LanguageServerError(member.note)
        others = [(key, one) for key, one in self._members.items() if one.starting is not None]
        if len(others) < self._settings.max_running:
            return
        idle = [(one.used, key) for key, one in others if not one.busy and one.running]
        if not idle:
            raise LanguageServerError(
                f"{member.found.server.name} has to wait: {len(others)} language servers are at "
                "work (language_servers.max_running)"
            )
        self._retire(min(idle)[1])

    def _failed(self, member: _Member, reason: str) -> None:
        name = member.found.server.name
        member.failures += 1
        member.retry_at = asyncio.get_running_loop().time() + (
            _BACKOFF_SECONDS * 2 ** (member.failures - 1)
        )
        member.note = reason if reason.startswith(name) else f"{name} {reason}"
        if member.failures > _MAX_FAILURES:
            member.note += f"; not tried again after {member.failures} failures"
        self._warn(f"language server: {member.note}")

    def _suspect(self, found: Found) -> None:
        """End a server that has said nothing at all for long: the next question starts it anew."""
        member = self._members.get((found.server.name, found.root))
        session = member.session if member else None
        if session is not None and session.alive:
            silent = asyncio.get_running_loop().time() - session.heard
            if silent > _SILENT_SECONDS:
                session.give_up(f"has said nothing for {silent:.0f} s")

    def _reap(self) -> None:
        """End who has not been asked for long."""
        now = asyncio.get_running_loop().time()
        for key, member in list(self._members.items()):
            if member.running and not member.busy and now - member.used >= self._idle_seconds:
                self._retire(key)

    def _retire(self, key: Key) -> None:
        self._later(_end(self._members.pop(key)))

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        """End something without waiting for it."""
        ending = asyncio.create_task(work)
        # A task that nobody holds may be collected before its end.
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)

    async def _end_all(self) -> None:
        members, self._members = list(self._members.values()), {}
        await asyncio.gather(*(_end(one) for one in members), *self._endings)


async def _end(member: _Member) -> None:
    if member.session is not None:
        await member.session.close()
    elif member.starting is not None:
        member.starting.cancel()
        await asyncio.gather(member.starting, return_exceptions=True)


async def _diagnose(
    found: Found, view: View, texts: Mapping[Path, str], paths: Sequence[str], session: Session
) -> list[Diagnostic]:
    wanted = {view.root / path: path for path in paths}
    reports, translator = await session.diagnose(texts, list(wanted))
    return list(_read(found, view, wanted, reports, translator))


def _read(
    found: Found,
    view: View,
    wanted: Mapping[Path, str],
    reports: Mapping[Path, Any],
    translator: Translator,
) -> Iterator[Diagnostic]:
    from lsp_agent.language_servers.documents import key_of

    server = found.server
    doubted = () if found.python else server.missing
    names = "|".join(re.escape(_module(path)) for path in (*view.unborn, *view.gone))
    unseen = re.compile(rf"\b(?:{names})\b") if names else None
    for path, shown in wanted.items():
        key = key_of(path)
        items = reports.get(key)
        for one in translator.diagnostics(items, key, shown, server.name, doubted.__contains__):
            # What lies on no disk yet can't be found there.
            unknown = unseen is not None and unseen.search(one.message)
            yield replace(one, doubtful=True) if unknown else one


def _module(path: str) -> str:
    """Return what an import calls a file."""
    folder, _, name = path.rpartition("/")
    stem = name.partition(".")[0]
    return folder.rpartition("/")[2] or stem if stem in ("__init__", "index", "mod") else stem


async def _if_able(
    session: Session, capability: str, ask: Callable[[Session], Coroutine[Any, Any, T]]
) -> tuple[T] | None:
    return (await ask(session),) if session.can(capability) else None


def _absolute(view: View) -> dict[Path, str]:
    return {view.root / path: text for path, text in view.texts.items()}


def _shown(root: Root, path: Path) -> tuple[str, bool]:
    """Return a path as it is told, and whether it lies outside the root."""
    try:
        return root.relative(path), False
    except OutsideRootError:
        return str(path), True


def _notes(absent: Sequence[Absent]) -> tuple[str, ...]:
    return tuple(f"{one.server.name}: {one.reason}" for one in absent)
