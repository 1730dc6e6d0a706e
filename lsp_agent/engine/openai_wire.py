"""The wire format of OpenAI-compatible servers: requests out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lsp_agent.config.model import OpenAISettings
from lsp_agent.engine.openai_errors import Refusal, answer_room
from lsp_agent.engine.types import Chat, Message, Request

_BYTES_PER_TOKEN = 4
_LEAST_ANSWER = 64
_MOST_STOPS = 4


def request_body(settings: OpenAISettings, request: Request) -> tuple[str, dict[str, Any]]:
    """Return the path below ``base_url`` and the JSON body of a generation.

    Tools in the order of their names and messages as they came, with nothing that changes before
    them: servers keep evaluated prefixes, and find them by their first tokens.
    """
    body: dict[str, Any] = {
        "model": settings.model,
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": request.sampling.temperature,
    }
    if request.sampling.temperature > 0:
        body["top_p"] = request.sampling.top_p
    for name in ("presence_penalty", "frequency_penalty"):
        if value := getattr(request.sampling, name):
            body[name] = value
    if request.sampling.seed is not None:
        body["seed"] = request.sampling.seed
    if request.stop:
        # The API takes four at most; the reader of the answer knows them all.
        body["stop"] = list(request.stop[:_MOST_STOPS])
    if request.grammar is not None and settings.grammar:
        body["grammar"] = request.grammar
    if isinstance(request.prompt, Chat):
        path = "/chat/completions"
        body |= _chat(request.prompt)
    else:
        path = "/completions"
        body |= {"prompt": request.prompt.prefix, "suffix": request.prompt.suffix}
    room = settings.n_ctx - prompt_estimate(body)
    body["max_tokens"] = max(1, min(request.max_tokens, max(room, _LEAST_ANSWER)))
    return path, body


def prompt_estimate(body: Mapping[str, Any]) -> int:
    """Estimate a request's prompt in tokens, where the server does not count it."""
    parts = [body.get(key) for key in ("messages", "tools", "prompt", "suffix")]
    return estimate(json.dumps([part for part in parts if part], ensure_ascii=False))


def estimate(text: str) -> int:
    """Estimate the tokens of a text: the server's tokenizer is not known here."""
    return -(-len(text.encode("utf-8", "replace")) // _BYTES_PER_TOKEN)


def adjusted(body: Mapping[str, Any], refusal: Refusal) -> dict[str, Any] | None:
    """Return the body without what this server can't take; ``None``: nothing can be left out.

    Servers differ in what they accept, and their messages are the only way to know.
    """
    if refusal.status not in (400, 422):
        return None
    changed = dict(body)
    room = answer_room(refusal, int(body.get("max_tokens", 0)))
    if room is not None and 0 < room < body["max_tokens"]:
        changed["max_tokens"] = room
    elif "stream_options" in refusal.text and "stream_options" in body:
        del changed["stream_options"]
    elif "max_completion_tokens" in refusal.text and "max_tokens" in body:
        changed["max_completion_tokens"] = changed.pop("max_tokens")
    else:
        return None
    return changed


def _chat(prompt: Chat) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if prompt.tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": dict(tool.parameters),
                },
            }
            for tool in sorted(prompt.tools, key=lambda tool: tool.name)
        ]
    body["messages"] = [_message(message) for message in prompt.messages]
    return body


def _message(message: Message) -> dict[str, Any]:
    row: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        row["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {
                    "name": call.name,
                    "arguments": json.dumps(dict(call.arguments), ensure_ascii=False),
                },
            }
            for call in message.tool_calls
        ]
    if message.tool_call_id is not None:
        row["tool_call_id"] = message.tool_call_id
    return row
