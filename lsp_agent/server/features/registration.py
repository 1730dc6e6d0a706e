"""Capabilities that come and go while a session runs."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from lsp_agent.server.context import Context

_SECONDS = 5.0


async def register_capability(context: Context, id_: str, method: str, options: Any) -> None:
    """Tell the client of a capability; one that does not answer in time is not waited for."""
    params = types.RegistrationParams([types.Registration(id_, method, options)])
    with contextlib.suppress(TimeoutError, JsonRpcException):
        async with asyncio.timeout(_SECONDS):
            await context.server.client_register_capability_async(params)


async def unregister_capability(context: Context, id_: str, method: str) -> None:
    """Withdraw a capability that was registered."""
    params = types.UnregistrationParams([types.Unregistration(id_, method)])
    with contextlib.suppress(TimeoutError, JsonRpcException):
        async with asyncio.timeout(_SECONDS):
            await context.server.client_unregister_capability_async(params)
