"""The engine in a process of its own passes what every engine must."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_agent.config.model import LlamaSettings
from lsp_agent.engine.factory import hosted_here
from lsp_agent.engine.host.process import Setup, WorkerProcess
from lsp_agent.engine.host.remote import Connector, RemoteEngine
from lsp_agent.engine.host.shared import SharedHost
from lsp_agent.engine.types import Request
from tests.engine.conformance import EngineCase, EngineConformance, question


class TestHostConformance(EngineConformance):
    @pytest.fixture(params=["process", "shared"])
    def case(self, request: pytest.FixtureRequest, plain_model: Path, tmp_path: Path) -> EngineCase:
        settings = LlamaSettings(n_ctx=32768, n_threads=1)
        setup = Setup("local", settings, plain_model)
        shared = request.param == "shared"
        connector: Connector = (
            SharedHost(setup, tmp_path / "hosts", 0.0) if shared else WorkerProcess(setup)
        )
        describe = hosted_here("local", settings, plain_model).info
        endless = 'root ::= "a"+'
        return EngineCase(
            make=lambda: RemoteEngine("local", connector, describe),
            long=Request(question("word " * 2000), max_tokens=30_000, grammar=endless),
        )
