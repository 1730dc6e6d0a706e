"""The in-process engine passes what every engine must, with plain and with hybrid memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_agent.config.model import LlamaSettings
from lsp_agent.engine.llama.engine import LlamaEngine
from lsp_agent.engine.types import Request
from tests.engine.conformance import EngineCase, EngineConformance, question


class TestLlamaConformance(EngineConformance):
    @pytest.fixture
    def case(self, any_model: Path) -> EngineCase:
        settings = LlamaSettings(n_ctx=32768, n_threads=1)
        endless = 'root ::= "a"+'
        return EngineCase(
            make=lambda: LlamaEngine("local", settings, any_model),
            long=Request(question("word " * 2000), max_tokens=30_000, grammar=endless),
        )
