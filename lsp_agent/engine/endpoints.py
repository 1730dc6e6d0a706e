"""Which of several servers is asked next, and when. Pure: nothing is contacted, time is given."""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from lsp_agent.engine.types import Chat, Request

_MINUTE = 60.0
_FIRST_REST = 1.0
_LONGEST_REST = 60.0


@dataclass(slots=True)
class Endpoint:
    """One server. ``rests_until`` is a time of the clock; ``failures`` are those in a row."""

    url: str
    running: int = 0
    failures: int = 0
    rests_until: float = 0.0
    checking: bool = False


class Endpoints:
    """The servers of one engine, in the order of the configuration.

    One that failed rests, twice as long each time; it is asked again once it was found well, or
    where there is no other.
    """

    def __init__(self, urls: Sequence[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._all = {url: Endpoint(url) for url in urls}
        self._clock = clock

    def states(self) -> list[Endpoint]:
        """Return all of them."""
        return list(self._all.values())

    def choose(self, conversation: str, tried: Collection[str] = ()) -> str | None:
        """Return the URL to ask; ``None`` when the rest of them is not worth asking now.

        The one with the fewest requests under way; among equals always the same for one
        conversation, so that it finds its prefix in that server's cache. ``tried`` have just
        failed.
        """
        left = [one for one in self._all.values() if one.url not in tried]
        well = [one for one in left if not one.failures]
        if well:
            return min(well, key=lambda one: (one.running, _distance(conversation, one.url))).url
        if not left or (tried and min(one.rests_until for one in left) > self._clock()):
            return None
        return min(left, key=lambda one: one.rests_until).url

    def begin(self, url: str) -> None:
        """Note that a request is under way."""
        self._all[url].running += 1

    def end(self, url: str) -> None:
        """Note that a request has ended, however it did."""
        self._all[url].running -= 1

    def failed(self, url: str, after: float | None = None) -> None:
        """Let a server rest, for ``after`` seconds where it asks for that."""
        one = self._all[url]
        rest = min(_FIRST_REST * 2**one.failures, _LONGEST_REST)
        one.failures, one.checking = min(one.failures + 1, 16), False
        one.rests_until = self._clock() + max(rest, after or 0.0)

    def worked(self, url: str) -> None:
        """Note that a server answers."""
        one = self._all[url]
        one.failures, one.rests_until, one.checking = 0, 0.0, False

    def due(self) -> list[str]:
        """Return the servers whose rest is over: ask for their health, and tell what it is."""
        now = self._clock()
        due = [
            one
            for one in self._all.values()
            if one.failures and one.rests_until <= now and not one.checking
        ]
        for one in due:
            one.checking = True
        return [one.url for one in due]


class RateLimit:
    """At most ``per_minute`` requests within any minute; ``None``: no limit."""

    def __init__(self, per_minute: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._starts: deque[float] = deque(maxlen=per_minute or 1)
        self._limited = per_minute is not None
        self._clock = clock

    def reserve(self) -> float:
        """Take the next free place; return the seconds to wait for it."""
        if not self._limited:
            return 0.0
        now = self._clock()
        full = len(self._starts) == self._starts.maxlen
        start = max(now, self._starts[0] + _MINUTE) if full else now
        self._starts.append(start)
        return start - now


def conversation_of(request: Request) -> str:
    """Return what the turns of one conversation have in common, and others have not."""
    prompt = request.prompt
    if not isinstance(prompt, Chat):
        return prompt.path
    head: list[str] = []
    for message in prompt.messages:
        head.append(message.content)
        if message.role == "user":
            break
    return "\0".join(head)


def _distance(conversation: str, url: str) -> bytes:
    """Rank a server for a conversation: the ranks of the others stay when one is gone."""
    text = f"{url}\0{conversation}".encode("utf-8", "replace")
    return hashlib.blake2b(text, digest_size=8).digest()
