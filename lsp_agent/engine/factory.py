"""Making the engine that a configuration describes; the concrete ones are imported here alone."""

from __future__ import annotations

from collections.abc import Mapping

from lsp_agent.config.model import LlamaSettings, OpenAISettings
from lsp_agent.config.paths import Home
from lsp_agent.engine.catalogue import Catalogue
from lsp_agent.engine.types import Engine


def make_engine(
    name: str, settings: LlamaSettings | OpenAISettings, home: Home, env: Mapping[str, str]
) -> Engine:
    """Return an engine that is not loaded yet.

    Raises :class:`~lsp_agent.engine.types.EngineUnavailableError` for a model that is not there.
    """
    if isinstance(settings, OpenAISettings):
        from lsp_agent.engine.openai import OpenAIEngine

        return OpenAIEngine(name, settings, env)
    from lsp_agent.engine.llama.engine import LlamaEngine

    path = Catalogue(home).resolve(settings.model)
    return LlamaEngine(name, settings, path, home.cache / "prefixes")
