"""Asking the user before something risky: a refusal unless they say yes."""

from __future__ import annotations

import asyncio
import contextlib

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from lsp_agent.agent.types import ApprovalQuestion, Reply
from lsp_agent.cancel import CancelToken
from lsp_agent.workspace.markdown import harmless_message

ANSWER_SECONDS = 600.0
_MESSAGE = 1000
_TITLES: dict[Reply, str] = {
    "allow": "Allow",
    "run": "Allow in this run",
    "always": "Always allow here",
    "refuse": "Refuse",
}


async def ask_client(
    server: LanguageServer, question: ApprovalQuestion, cancel: CancelToken
) -> Reply:
    """Return what the user answers; no answer in ten minutes is a refusal.

    A client that does not know the request answers with an error, which is a refusal as well, and
    so is anything that was not offered.
    """
    offered = {_TITLES[reply]: reply for reply in question.replies}
    params = types.ShowMessageRequestParams(
        type=types.MessageType.Warning,
        message=_fitted(harmless_message(f"lsp-agent: {question.title}\n{question.detail}")),
        actions=[types.MessageActionItem(title) for title in offered],
    )
    task = asyncio.ensure_future(server.window_show_message_request_async(params))
    loop = asyncio.get_running_loop()

    def stop() -> None:
        loop.call_soon_threadsafe(task.cancel)

    forget = cancel.on_cancel(stop)
    try:
        with contextlib.suppress(TimeoutError, JsonRpcException, asyncio.CancelledError):
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await task
                return offered.get(answer.title, "refuse") if answer else "refuse"
    finally:
        forget()
    return "refuse"


def _fitted(text: str) -> str:
    """Cut a message as editors can show it, and say so."""
    left = len(text) - _MESSAGE
    return text if left <= 0 else f"{text[:_MESSAGE]}\n[… {left} more characters]"
