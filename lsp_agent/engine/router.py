"""Which engine serves which job."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Literal

from lsp_agent.config.model import Settings
from lsp_agent.config.paths import Home
from lsp_agent.engine.factory import make_engine
from lsp_agent.engine.types import Engine, EngineInfo, EngineUnavailableError

Route = Literal["agent", "action", "completion", "review"]


class EngineRouter:
    """The engines of one configuration, each made when first asked for. Thread-safe."""

    def __init__(self, settings: Settings, home: Home, env: Mapping[str, str]) -> None:
        self._settings = settings
        self._home = home
        self._env = env
        self._engines: dict[str, Engine] = {}
        self._lock = threading.Lock()
        self._closed = False

    def name_of(self, route: Route) -> str:
        """Return the name of the engine for a job; ``agent``'s where none is set."""
        routes = self._settings.routes
        chosen: str | None = getattr(routes, route)
        return chosen or routes.agent

    def engine(self, route: Route) -> Engine:
        """Return the engine for a job.

        Raises :class:`EngineUnavailableError` when the configuration names none, or no model, and
        once closed.
        """
        name = self.name_of(route)
        with self._lock:
            if self._closed:
                raise EngineUnavailableError("the engines were closed; ask again")
            if name not in self._engines:
                settings = self._settings.engines.get(name)
                if settings is None:
                    raise EngineUnavailableError(self._unknown(route, name))
                self._engines[name] = make_engine(name, settings, self._home, self._env)
            return self._engines[name]

    def infos(self) -> list[EngineInfo]:
        """Describe the engines that were used so far."""
        with self._lock:
            engines = list(self._engines.values())
        return [engine.info() for engine in engines]

    def close(self) -> None:
        """Close every engine, and make no other; may be called twice."""
        with self._lock:
            self._closed = True
            engines, self._engines = list(self._engines.values()), {}
        for engine in engines:
            engine.close()

    def _unknown(self, route: Route, name: str) -> str:
        """Say which setting names an engine that is not there, and which ones are."""
        key = "agent" if getattr(self._settings.routes, route) is None else route
        known = sorted(self._settings.engines)
        close = get_close_matches(name, known, 1)
        hint = f"did you mean {close[0]!r}" if close else f"there are: {', '.join(known) or 'none'}"
        return f"routes.{key} names the engine {name!r}, which is not configured; {hint}"
