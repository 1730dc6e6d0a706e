"""Trust is bound to the real folder and to what its settings files say."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from lsp_agent.config.paths import Home
from lsp_agent.config.trust import TrustStore
from lsp_agent.errors import LspAgentError


def test_trust_ends_when_the_file_changes(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "ws"
    folder.mkdir()
    (folder / "lsp-agent.toml").write_text("style = 'a'\n")
    link = tmp_path / "link"
    link.symlink_to(folder)
    state = Home.find({"LSP_AGENT_HOME": str(home)})
    store = TrustStore(state)
    assert not store.is_trusted(folder)
    store.trust(link)
    assert store.is_trusted(folder)
    assert stat.S_IMODE(state.trust_file.stat().st_mode) == 0o600
    (folder / "lsp-agent.toml").write_text("style = 'b'\n")
    assert not store.is_trusted(folder)
    store.trust(folder)
    assert store.untrust(folder)
    assert not store.untrust(folder)


def test_folders_only(home: Path, tmp_path: Path) -> None:
    with pytest.raises(LspAgentError, match="is not a folder"):
        TrustStore(Home.find({"LSP_AGENT_HOME": str(home)})).trust(tmp_path / "missing")


def test_state_moves_as_one(tmp_path: Path) -> None:
    state = Home.find({"LSP_AGENT_HOME": str(tmp_path)})
    places = (state.models, state.journal, state.trust_file, state.logs, state.cache)
    assert all(place.is_relative_to(tmp_path) for place in (*places, state.config_file))
    assert Home.find({"LSP_AGENT_CONFIG": "/x.toml"}).config_file == Path("/x.toml")
    assert Home.find({}).root.name == "lsp-agent"


def test_folder_that_can_not_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    state = Home.find({"LSP_AGENT_HOME": str(tmp_path / "file")})
    with pytest.raises(LspAgentError, match="LSP_AGENT_HOME"):
        state.folder(state.models)
