"""Making the engine that a configuration describes; the concrete ones are imported here alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from lsp_agent.config.model import (
    AnyEngineSettings,
    LlamaSettings,
    OpenAISettings,
    PluginEngineSettings,
)
from lsp_agent.config.paths import Home
from lsp_agent.engine.catalogue import Catalogue
from lsp_agent.engine.types import Engine
from lsp_agent.plugins import Plugins

if TYPE_CHECKING:
    from lsp_agent.engine.host.remote import Connector


def make_engine(
    name: str,
    settings: AnyEngineSettings,
    home: Home,
    env: Mapping[str, str],
    plugins: Plugins | None = None,
) -> Engine:
    """Return an engine that is not loaded yet; ``plugins`` are those that may have its kind.

    Raises :class:`~lsp_agent.engine.types.EngineUnavailableError` for a model that is not there.
    """
    if isinstance(settings, OpenAISettings):
        from lsp_agent.engine.openai import OpenAIEngine

        return OpenAIEngine(name, settings, env)
    if isinstance(settings, PluginEngineSettings):
        from lsp_agent.engine.plugged import plugged_engine

        return plugged_engine(name, settings, plugins, env)
    path = Catalogue(home).resolve(settings.model)
    if settings.draft_model is not None:
        draft = Catalogue(home).resolve(settings.draft_model).absolute()
        settings = settings.model_copy(update={"draft_model": str(draft)})
    here = hosted_here(name, settings, path, home.cache / "prefixes")
    if settings.isolation == "thread":
        return here
    from lsp_agent.engine.host.remote import RemoteEngine

    # The engine of this process is never loaded then: it only knows what the file says of itself.
    return RemoteEngine(name, _connector(name, settings, path, home), here.info)


def hosted_here(
    name: str, settings: LlamaSettings, path: Path, prefixes: Path | None = None
) -> Engine:
    """Return an engine for a model file, in a thread of this process.

    ``prefixes`` is a folder where the beginnings of prompts are kept for the next start.
    """
    from lsp_agent.engine.llama.engine import LlamaEngine

    return LlamaEngine(name, settings, path, prefixes)


def _connector(name: str, settings: LlamaSettings, path: Path, home: Home) -> Connector:
    from lsp_agent.engine.host.process import Setup, WorkerProcess

    setup = Setup(name, settings, path, home.cache / "prefixes")
    if settings.isolation == "process":
        return WorkerProcess(setup)
    from lsp_agent.engine.host.shared import SharedHost

    return SharedHost(setup, home.hosts)
