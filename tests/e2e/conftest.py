"""A real server process over stdio, with a scripted editor in front of it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as T

from tests.support.editor import SERVER, Editor, capabilities, client_factory

Start = Callable[..., Any]


@pytest.fixture
async def start_editor(home: Path, tmp_path: Path) -> AsyncIterator[Start]:
    """Return a function that starts a server and an editor on a fresh folder."""
    editors: list[Editor] = []

    async def start(
        client: str = "vscode",
        options: Mapping[str, Any] | None = None,
        caps: T.ClientCapabilities | None = None,
        arguments: tuple[str, ...] = (),
        folder: Path | None = None,
    ) -> Editor:
        folder = folder or tmp_path / f"wörk spaß {len(editors)}"
        folder.mkdir(exist_ok=True)
        editor = Editor(client_factory(), folder)
        await editor.client.start_io(*SERVER, *arguments)
        editors.append(editor)
        await editor.start(caps or capabilities(client), options)
        return editor

    yield start
    for editor in editors:
        with contextlib.suppress(Exception):
            await editor.client.shutdown_session()
        with contextlib.suppress(Exception):
            await editor.client.stop()


def remote(url: str, **agent: Any) -> dict[str, Any]:
    """Return the options that route everything to a scripted endpoint."""
    engine = {"kind": "openai", "baseUrl": url, "model": "scripted", "maxRetries": 0}
    return {
        "lspAgent": {"engines": {"remote": engine}, "routes": {"agent": "remote"}, "agent": agent}
    }
