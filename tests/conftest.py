"""Fixtures that every room's tests may use."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says nothing on a machine that others use too.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point every piece of state at a fresh folder and hide the user's own configuration.

    Language servers that this machine happens to have are hidden too.
    """
    folder = tmp_path / "lsp-agent-home"
    folder.mkdir()
    monkeypatch.setenv("LSP_AGENT_HOME", str(folder))
    monkeypatch.delenv("LSP_AGENT_CONFIG", raising=False)
    monkeypatch.setenv("LSP_AGENT_LANGUAGE_SERVERS_ENABLED", "false")
    return folder
