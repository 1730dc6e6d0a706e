"""Engines of plugins: a name for the settings, a model of the options, and what makes one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from lsp_agent.config.model import PluginEngineSettings
from lsp_agent.engine.types import Engine, EngineUnavailableError
from lsp_agent.errors import LspAgentError
from lsp_agent.plugins import Guard, Plugins

_METHODS = ("info", "load", "generate", "count_tokens", "close")


@dataclass(frozen=True, slots=True)
class EngineKind:
    """A kind of engine. ``settings`` is what its ``options`` are read as.

    ``make`` gets the engine's name, the model's name, the options and the environment, and returns
    an engine that is not loaded yet.
    """

    name: str
    settings: type[BaseModel]
    make: Callable[[str, str, Any, Mapping[str, str]], Engine]


def engine_kinds(plugins: Plugins) -> dict[str, EngineKind]:
    """Return the kinds of engines that plugins have, by name."""
    return plugins.load("lsp_agent.engines", _unfit, _guarded)


def plugged_engine(
    name: str, settings: PluginEngineSettings, plugins: Plugins | None, env: Mapping[str, str]
) -> Engine:
    """Return an engine of a plugin; raises :class:`EngineUnavailableError`."""
    kinds = engine_kinds(plugins) if plugins is not None else {}
    kind = kinds.get(settings.plugin)
    if kind is None:
        close = get_close_matches(settings.plugin, kinds, 1)
        there = (
            f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(kinds) or 'none'}"
        )
        raise EngineUnavailableError(
            f"engines.{name}: no plugin here has an engine {settings.plugin!r}; {there}"
        )
    try:
        options = kind.settings.model_validate(settings.options)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, ("options", *first["loc"])))
        raise EngineUnavailableError(f"engines.{name}.{where}: {first['msg']}") from error
    return kind.make(name, settings.model, options, env)


def _unfit(value: object) -> str:
    if not isinstance(value, EngineKind):
        return f"{value!r:.80} is no EngineKind"
    settings: object = value.settings
    if isinstance(settings, type) and issubclass(settings, BaseModel):
        return ""
    return f"the settings of {value.name} are no pydantic model"


def _guarded(kind: EngineKind, guard: Guard) -> EngineKind:
    def make(name: str, model: str, options: Any, env: Mapping[str, str]) -> Engine:
        try:
            engine = kind.make(name, model, options, env)
            lacking = [one for one in _METHODS if not callable(getattr(engine, one, None))]
            if lacking:
                raise TypeError(f"an engine without {', '.join(lacking)}")
        except LspAgentError:
            raise
        except (Exception, SystemExit) as error:
            raise EngineUnavailableError(guard.failed(kind.name, error)) from error
        return engine

    return replace(kind, make=make)
