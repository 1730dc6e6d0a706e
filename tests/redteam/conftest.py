"""An arena for every attack, around which the process believes to be somebody's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.redteam.arena import Arena


@pytest.fixture
def arena(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Arena]:
    """Return a fresh workspace with canaries around it; its owner's variables are set."""
    with Arena(tmp_path / "arena") as made:
        for name, value in made.environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("LSP_AGENT_CONFIG", raising=False)
        yield made
