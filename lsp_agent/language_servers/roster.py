"""Who works: the language servers that run, start, failed, or have been idle for too long.

Everything here belongs to the event loop's thread. A server that fails is tried again a few times,
each time after a longer pause.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lsp_agent.config.model import LanguageServersSettings
from lsp_agent.language_servers.find import Finder, Found
from lsp_agent.language_servers.types import LanguageServerError

if TYPE_CHECKING:
    from lsp_agent.language_servers.session import Session

_MAX_FAILURES = 3
_BACKOFF_SECONDS = 5.0
_SILENT_SECONDS = 30.0
_log = logging.getLogger(__name__)

T = TypeVar("T")
Key = tuple[str, Path]


@dataclass(slots=True)
class Member:
    """A server; ``starting`` ends with its session or raises why there is none.

    ``unanswered`` is when the first of the questions was asked that it has left without an answer.
    """

    found: Found
    starting: asyncio.Task[Session] | None = None
    session: Session | None = None
    busy: int = 0
    used: float = 0.0
    unanswered: float | None = None
    failures: int = 0
    retry_at: float = 0.0
    note: str = ""

    @property
    def running(self) -> bool:
        """Whether it can be asked."""
        return self.session is not None and self.session.alive

    @property
    def state(self) -> str:
        """What it is doing, in one word."""
        if self.running:
            return "running"
        if self.starting is not None and not self.starting.done():
            return "starting"
        return "failed"


class Roster:
    """The servers by name and folder; a change of the settings takes another one."""

    def __init__(self, settings: LanguageServersSettings, finder: Finder) -> None:
        self._settings = settings
        self._finder = finder
        self._idle_seconds = settings.idle_minutes * 60
        self._members: dict[Key, Member] = {}
        self._endings: set[asyncio.Task[None]] = set()

    def members(self) -> list[tuple[Key, Member]]:
        """Return who there is; may be called from any thread."""
        return list(self._members.items())

    async def ask(
        self, found: Found, ask: Callable[[Session], Coroutine[Any, Any, T]], seconds: float
    ) -> tuple[T | None, str]:
        """Ask a server; return its answer, or a note that says why there is none.

        A server that has to be started first goes on starting when the time is over.
        """
        name = found.server.name
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(seconds):
                member = self._member(found)
                member.busy += 1
                if member.unanswered is None:
                    member.unanswered = loop.time()
                try:
                    session = await self._session(member)
                    answer = await ask(session)
                    member.unanswered = None
                    return answer, ""
                finally:
                    member.busy -= 1
                    member.used = loop.time()
                    loop.call_later(self._idle_seconds + 0.01, self._reap)
        except TimeoutError:
            self._suspect(found)
            return None, f"{name} was not ready within {seconds:.2g} s"
        except LanguageServerError as error:
            return None, str(error)
        except Exception as error:  # noqa: BLE001 - an answer may be anything; the run goes on
            _log.exception("asking %s failed", name)
            return None, f"{name} could not be asked: {error!r}"

    def _member(self, found: Found) -> Member:
        key = found.server.name, found.root
        member = self._members.get(key)
        if member is None or member.found != found:
            if member is not None:
                self._retire(key)
            member = self._members[key] = Member(found)
        return member

    async def _session(self, member: Member) -> Session:
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

    async def _start(self, member: Member) -> Session:
        from lsp_agent.language_servers.session import Session

        session = Session(member.found, self._finder.environment(member.found.server))
        try:
            await session.start()
        except BaseException as error:
            session.give_up("was ended")
            await session.close()
            member.starting = None
            if isinstance(error, Exception):
                self._failed(member, str(error))
            raise
        member.session = session
        return session

    def _may_start(self, member: Member) -> None:
        now = asyncio.get_running_loop().time()
        if member.failures and (member.failures > _MAX_FAILURES or now < member.retry_at):
            raise LanguageServerError(member.note)
        others = [(key, one) for key, one in self._members.items() if one.state != "failed"]
        if len(others) < self._settings.max_running:
            return
        idle = [(one.used, key) for key, one in others if not one.busy and one.running]
        if not idle:
            raise LanguageServerError(
                f"{member.found.server.name} has to wait: {len(others)} language servers are at "
                "work (language_servers.max_running)"
            )
        self._retire(min(idle)[1])

    def _failed(self, member: Member, reason: str) -> None:
        name = member.found.server.name
        member.failures += 1
        member.retry_at = asyncio.get_running_loop().time() + (
            _BACKOFF_SECONDS * 2 ** (member.failures - 1)
        )
        member.note = reason if reason.startswith(name) else f"{name} {reason}"
        if member.failures > _MAX_FAILURES:
            member.note += f"; not tried again after {member.failures} failures"
        member.unanswered = None
        _log.info("language server: %s", member.note)

    def _suspect(self, found: Found) -> None:
        """End a server that says nothing at all, for long: the next question starts it anew."""
        member = self._members.get((found.server.name, found.root))
        if member is None or member.session is None or member.unanswered is None:
            return
        since = max(member.unanswered, member.session.heard)
        silent = asyncio.get_running_loop().time() - since
        if silent > _SILENT_SECONDS:
            member.session.give_up(f"has said nothing for {silent:.0f} s")

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

    async def end_all(self) -> None:
        """End every server; takes two seconds at most."""
        members, self._members = list(self._members.values()), {}
        await asyncio.gather(*(_end(one) for one in members), *self._endings)


async def _end(member: Member) -> None:
    if member.session is not None:
        await member.session.close()
    elif member.starting is not None:
        member.starting.cancel()
        await asyncio.gather(member.starting, return_exceptions=True)
