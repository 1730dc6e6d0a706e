"""The language servers of one process: started when first asked, ended when nobody asks.

Thread-safe and synchronous for its callers, who wait for a given time at most. A server that can't
be had, or fails, is a note in an answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import LanguageServersSettings
from lsp_agent.language_servers.find import Absent, Finder, Found
from lsp_agent.language_servers.roster import Key, Roster
from lsp_agent.language_servers.types import (
    Diagnostic,
    Findings,
    LanguageServerError,
    Located,
    Location,
    Renamed,
    View,
)
from lsp_agent.loop_thread import LoopThread
from lsp_agent.syntax.languages import language_id
from lsp_agent.workspace.edits import TextEdit
from lsp_agent.workspace.errors import OutsideRootError
from lsp_agent.workspace.positions import Position
from lsp_agent.workspace.roots import Root

if TYPE_CHECKING:
    from lsp_agent.language_servers.documents import Translator
    from lsp_agent.language_servers.session import Session

_WARM_SECONDS = 30.0

T = TypeVar("T")


class LanguageServers:
    """Implements :class:`~lsp_agent.language_servers.types.Instruments`."""

    def __init__(
        self,
        settings: LanguageServersSettings,
        trusts: Callable[[Path], bool],
        env: Mapping[str, str] = os.environ,
    ) -> None:
        self._settings = settings
        self._env = env
        self._trusts = trusts
        self._finder = Finder(settings, env, trusts)
        self._thread = LoopThread(
            "language-servers", lambda: LanguageServerError("the language servers were ended")
        )
        self._roster = Roster(settings, self._finder)

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
            for (name, root), one in self._roster.members()
        ]

    def reconfigure(self, settings: LanguageServersSettings) -> None:
        """Take new settings; what runs is ended, and started anew when asked."""
        if settings == self._settings:
            return
        former = self._roster
        self._settings = settings
        self._finder = Finder(settings, self._env, self._trusts)
        self._roster = Roster(settings, self._finder)
        with contextlib.suppress(LanguageServerError):
            self._thread.start(former.end_all)

    def close(self) -> None:
        """End all servers; takes two seconds at most."""
        self._thread.close(self._roster.end_all)

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
                self._roster.ask(found, partial(_diagnose, found, view, texts, paths), seconds)
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
                answer, note = await self._roster.ask(
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
