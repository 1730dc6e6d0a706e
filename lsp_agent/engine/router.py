"""Which engine serves which job, and when one that was replaced may go."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import AnyEngineSettings, Settings
from lsp_agent.config.paths import Home
from lsp_agent.engine.factory import make_engine
from lsp_agent.engine.types import Engine, EngineInfo, EngineUnavailableError
from lsp_agent.plugins import Plugins

Route = Literal["agent", "action", "completion", "review", "embedding"]


@dataclass(eq=False, slots=True)
class PreparedEngine:
    """An engine with the settings it was made from, and how many are using it.

    ``about`` is what it said of itself when it was asked first: what it can do does not change.
    """

    settings: AnyEngineSettings
    engine: Engine
    users: int = 0
    about: EngineInfo | None = None


class EngineRouter:
    """The engines of one configuration, each made when first asked for. Thread-safe.

    An engine that new settings replace serves those who hold a lease on it until the last of them
    is done.
    """

    def __init__(
        self,
        settings: Settings,
        home: Home,
        env: Mapping[str, str],
        wrap: Callable[[Engine, AnyEngineSettings], Engine] = lambda engine, _: engine,
        plugins: Plugins | None = None,
    ) -> None:
        """Take settings; ``wrap`` gets every engine that is made, and gives what is used."""
        self._wrap = wrap
        self._plugins = plugins
        self._settings = settings
        self._home = home
        self._env = env
        self._held: dict[str, PreparedEngine] = {}
        self._retired: set[PreparedEngine] = set()
        self._lock = threading.Lock()
        self._closed = False

    def name_of(self, route: Route) -> str:
        """Return the name of the engine for a job; ``agent``'s where none is set."""
        routes = self._settings.routes
        chosen: str | None = getattr(routes, route)
        return chosen or routes.agent

    def engine(self, route: Route) -> Engine:
        """Return the engine for a job; new settings may close it at any time: see :meth:`lease`.

        Raises :class:`EngineUnavailableError` when the configuration names none, or no model, and
        once closed.
        """
        with self._lock:
            return self._find(route).engine

    def about(self, route: Route) -> EngineInfo:
        """Describe what the engine for a job can do, from what it said first. Raises as above.

        For the event loop, which must not wait for an engine in another process: the first call
        reads a file's header, later ones read nothing.
        """
        with self._lock:
            held = self._find(route)
        if held.about is None:
            held.about = held.engine.info()
        return held.about

    @contextmanager
    def lease(self, route: Route) -> Iterator[Engine]:
        """Give the engine for a job; it stays open until the block ends. Raises as above."""
        with self._lock:
            held = self._find(route)
            held.users += 1
        try:
            yield held.engine
        finally:
            with self._lock:
                held.users -= 1
                done = held in self._retired and not held.users
                if done:
                    self._retired.discard(held)
            if done:
                _close_later(held.engine)

    def prepare(self, settings: Settings, name: str, cancel: CancelToken) -> PreparedEngine:
        """Make and load the engine that other settings describe, beside those in use.

        It is for :meth:`reconfigure`. Raises :class:`EngineUnavailableError` or
        :class:`~lsp_agent.cancel.Cancelled`, and nothing has changed then.
        """
        wanted = settings.engines.get(name)
        if wanted is None:
            raise EngineUnavailableError(f"there is no engine {name!r} in the settings")
        with self._lock:
            held = self._held.get(name)
        if held is None or held.settings != wanted:
            held = PreparedEngine(wanted, self._made(name, wanted))
        try:
            held.engine.load(cancel)
            cancel.check()
        except BaseException:
            if self._held.get(name) is not held:
                held.engine.close()
            raise
        return held

    def reconfigure(
        self, settings: Settings, prepared: Mapping[str, PreparedEngine] | None = None
    ) -> None:
        """Take new settings: engines they leave as they are stay, others go when nobody uses them.

        ``prepared`` are engines that :meth:`prepare` loaded; one that the settings do not describe
        after all is closed.
        """
        routed = {one for one in settings.routes.model_dump().values() if one}
        offered = prepared or {}
        with self._lock:
            self._settings = settings
            before = {*self._held.values(), *offered.values()}
            self._held = {
                name: one
                for name, one in [*self._held.items(), *offered.items()]
                if name in routed
                and settings.engines.get(name) == one.settings
                and not self._closed
            }
            replaced = before - {*self._held.values()}
            idle = {one for one in replaced if not one.users}
            self._retired |= replaced - idle
        for one in idle:
            _close_later(one.engine)

    def infos(self) -> list[EngineInfo]:
        """Describe the engines that were used so far."""
        with self._lock:
            engines = [one.engine for one in self._held.values()]
        return [engine.info() for engine in engines]

    def close(self) -> None:
        """Close every engine, used or not, and make no other; may be called twice."""
        with self._lock:
            self._closed = True
            held = {*self._held.values(), *self._retired}
            self._held, self._retired = {}, set()
        for one in held:
            one.engine.close()

    def _find(self, route: Route) -> PreparedEngine:
        name = self.name_of(route)
        if self._closed:
            raise EngineUnavailableError("the engines were closed; ask again")
        if name not in self._held:
            settings = self._settings.engines.get(name)
            if settings is None:
                raise EngineUnavailableError(self._unknown(route, name))
            self._held[name] = PreparedEngine(settings, self._made(name, settings))
        return self._held[name]

    def _made(self, name: str, settings: AnyEngineSettings) -> Engine:
        return self._wrap(
            make_engine(name, settings, self._home, self._env, self._plugins), settings
        )

    def _unknown(self, route: Route, name: str) -> str:
        """Say which setting names an engine that is not there, and which ones are."""
        key = "agent" if getattr(self._settings.routes, route) is None else route
        known = sorted(self._settings.engines)
        close = get_close_matches(name, known, 1)
        hint = f"did you mean {close[0]!r}" if close else f"there are: {', '.join(known) or 'none'}"
        return f"routes.{key} names the engine {name!r}, which is not configured; {hint}"


def _close_later(engine: Engine) -> None:
    """Close in a thread: it waits for the engine's own, which may be in mid-decode."""
    threading.Thread(target=engine.close, name=f"close-{engine.name}", daemon=True).start()
