"""The engine for remote models passes what every engine must; the server is real, its words not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lsp_agent.config.model import OpenAISettings
from lsp_agent.engine.openai import OpenAIEngine
from tests.engine.conformance import EngineCase, EngineConformance
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint


def script(body: dict[str, Any]) -> Reply:
    """Answer a long request with a word and then silence, a bad grammar as llama-server does."""
    if body.get("grammar", "").endswith("("):
        return Reply("Failed to parse grammar", status=400)
    if body.get("max_tokens", 0) > 100:
        return Reply("never ends", stall_after=3)
    return Reply("hello")


class TestOpenAIConformance(EngineConformance):
    @pytest.fixture
    def case(self) -> Iterator[EngineCase]:
        with ScriptedEndpoint(script) as endpoint:
            settings = OpenAISettings(
                kind="openai", base_url=endpoint.base_url, model="m", grammar=True
            )
            yield EngineCase(make=lambda: OpenAIEngine("remote", settings, {}))
