"""Settings from the client, folders that come and go."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.uris import to_fs_path

from lsp_agent.server.context import Context
from lsp_agent.workspace.roots import Root

SECTION = "lspAgent"
_PULL_SECONDS = 5.0


def register(context: Context) -> None:
    """Follow changes of settings and folders."""
    server, session = context.server, context.session

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def did_change_configuration(params: types.DidChangeConfigurationParams) -> None:
        pushed = section_of(params.settings)
        if pushed:
            session.client_settings = pushed
        elif session.features.configuration:
            await pull_settings(context)
        await session.reload()

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    async def did_change_folders(params: types.DidChangeWorkspaceFoldersParams) -> None:
        gone = {root.path for folder in params.event.removed if (root := root_of(folder.uri))}
        session.roots = [root for root in session.roots if root.path not in gone]
        session.roots += [root for folder in params.event.added if (root := root_of(folder.uri))]
        await session.reload()


async def pull_settings(context: Context) -> None:
    """Ask the client for our section; one that does not answer keeps what it sent before."""
    params = types.ConfigurationParams([types.ConfigurationItem(section=SECTION)])
    with contextlib.suppress(TimeoutError, JsonRpcException):
        async with asyncio.timeout(_PULL_SECONDS):
            answer = await context.server.workspace_configuration_async(params)
            if answer and isinstance(answer[0], Mapping):
                context.session.client_settings = answer[0]


def section_of(settings: Any) -> Mapping[str, Any]:
    """Return our part of what a client sends: under our name, or bare."""
    if not isinstance(settings, Mapping):
        return {}
    inner = settings.get(SECTION)
    if isinstance(inner, Mapping):
        return inner
    # Other servers' sections may stand there; bare settings hold keys of ours.
    return settings if {"engines", "routes", "agent", "safety", "verify"} & set(settings) else {}


def root_of(uri: str) -> Root | None:
    """Return the folder behind a URI; ``None`` for other schemes."""
    path = to_fs_path(uri) if uri.startswith("file:") else None
    return Root(Path(path)) if path else None
