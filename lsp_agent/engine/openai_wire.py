"""The wire format of OpenAI-compatible chat servers: requests out, deltas and errors in."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from lsp_agent.config.model import OpenAISettings
from lsp_agent.engine.types import (
    Chat,
    ContextOverflowError,
    Delta,
    EngineError,
    EngineUnavailableError,
    FinishReason,
    Message,
    Request,
    ToolCall,
    Usage,
)

_NUMBERS = re.compile(r"\d[\d,]{2,}")
_FINISH: dict[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
}


def request_body(settings: OpenAISettings, request: Request) -> tuple[str, dict[str, Any]]:
    """Return the path below ``base_url`` and the JSON body of a generation."""
    body: dict[str, Any] = {
        "model": settings.model,
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": request.max_tokens,
        "temperature": request.sampling.temperature,
    }
    if request.sampling.temperature > 0:
        body["top_p"] = request.sampling.top_p
    if request.sampling.seed is not None:
        body["seed"] = request.sampling.seed
    if request.stop:
        # The API takes four at most.
        body["stop"] = list(request.stop[:4])
    if request.grammar is not None and settings.grammar:
        body["grammar"] = request.grammar
    if not isinstance(request.prompt, Chat):
        return "/completions", {
            **body,
            "prompt": request.prompt.prefix,
            "suffix": request.prompt.suffix,
        }
    body["messages"] = [_message(message) for message in request.prompt.messages]
    if request.prompt.tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": dict(tool.parameters),
                },
            }
            for tool in request.prompt.tools
        ]
    return "/chat/completions", body


def _message(message: Message) -> dict[str, Any]:
    row: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        row["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": json.dumps(dict(call.arguments))},
            }
            for call in message.tool_calls
        ]
    if message.tool_call_id is not None:
        row["tool_call_id"] = message.tool_call_id
    return row


class AnswerReader:
    """Collects the chunks of one answer, streamed or whole, into deltas."""

    def __init__(self) -> None:
        self._calls: dict[int, dict[str, str]] = {}
        self._usage = Usage()
        self.finish: FinishReason | None = None
        self.started = False

    def read(self, chunk: Mapping[str, Any]) -> Delta | None:
        """Take one JSON object; return what it adds. Raises :class:`EngineError` for an error."""
        if chunk.get("error"):
            raise EngineError(f"the server reports: {_error_text(chunk)}")
        usage = chunk.get("usage")
        if isinstance(usage, Mapping):
            details = usage.get("prompt_tokens_details")
            cached = details.get("cached_tokens") if isinstance(details, Mapping) else 0
            self._usage = Usage(
                int(usage.get("prompt_tokens") or 0),
                int(cached or 0),
                int(usage.get("completion_tokens") or 0),
            )
        choices = chunk.get("choices")
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
            return None
        choice = choices[0]
        reason = choice.get("finish_reason")
        if reason:
            self.finish = _FINISH.get(str(reason), "stop")
        part = choice.get("delta") or choice.get("message") or choice
        text = str(part.get("content") or part.get("text") or "")
        thinking = str(part.get("reasoning_content") or part.get("reasoning") or "")
        self._add_calls(part.get("tool_calls"))
        self.started = self.started or bool(text or thinking or self._calls)
        return Delta(text=text, thinking=thinking) if text or thinking else None

    def end(self) -> Delta:
        """Return the last delta, with the tool calls.

        Raises :class:`EngineError` when a call's arguments are not a JSON object: the agent is to
        hear of it, not to guess.
        """
        calls = tuple(_call(index, self._calls[index]) for index in sorted(self._calls))
        finish: FinishReason = "tool_calls" if calls else self.finish or "stop"
        return Delta(tool_calls=calls, finish=finish, usage=self._usage)

    def _add_calls(self, fragments: Any) -> None:
        for position, fragment in enumerate(fragments if isinstance(fragments, list) else []):
            if not isinstance(fragment, Mapping):
                continue
            index = fragment.get("index")
            call = self._calls.setdefault(
                index if isinstance(index, int) else position,
                {"id": "", "name": "", "arguments": ""},
            )
            function = fragment.get("function")
            function = function if isinstance(function, Mapping) else {}
            call["id"] = str(fragment.get("id") or call["id"])
            call["name"] += str(function.get("name") or "")
            arguments = function.get("arguments") or ""
            call["arguments"] += arguments if isinstance(arguments, str) else json.dumps(arguments)


def _call(index: int, call: Mapping[str, str]) -> ToolCall:
    """Make a call; text that is no JSON object travels as ``{"": text}``, to be refused."""
    try:
        arguments = json.loads(call["arguments"] or "{}", strict=False)
    except ValueError:
        arguments = None
    if not isinstance(arguments, dict):
        arguments = {"": call["arguments"]}
    return ToolCall(call["id"] or f"call_{index}", call["name"], arguments)


def error_for(status: int, body: str, url: str, key_variable: str | None) -> EngineError:
    """Turn a refusal into one clear message; ``url`` holds no key."""
    text = _error_text(_json(body)) or _plain(body)
    if status == 400 and re.search(r"context|too long|maximum.*tokens", text, re.IGNORECASE):
        numbers = sorted(
            {int(number.replace(",", "")) for number in _NUMBERS.findall(text)}, reverse=True
        )
        if len(numbers) >= 2:
            return ContextOverflowError(numbers[0], numbers[1])
    if status in (401, 403):
        mend = (
            f"check the key in ${key_variable}"
            if key_variable
            else "name the variable that holds the key as api_key_env"
        )
        return EngineUnavailableError(
            f"{url} refuses the key ({status}): {text or 'no reason'}; {mend}"
        )
    if status == 404:
        return EngineUnavailableError(
            f"{url} is not there (404): {text or 'no reason'}; check base_url (it usually ends in "
            "/v1) and the model's name"
        )
    if status == 429:
        return EngineUnavailableError(
            f"{url} has too many requests (429): {text or 'no reason'}; try later"
        )
    return EngineUnavailableError(f"{url} answered {status}: {text or 'nothing'}")


def _json(body: str) -> Mapping[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, Mapping) else {}


def _error_text(value: Mapping[str, Any]) -> str:
    error = value.get("error") or value.get("message") or value.get("detail") or ""
    if isinstance(error, Mapping):
        error = error.get("message") or json.dumps(dict(error))
    return str(error)[:300]


def _plain(body: str) -> str:
    """Shorten a body that is no JSON; a web page is named as such."""
    if body.lstrip()[:1] == "<":
        return "a web page, not an API answer"
    return " ".join(body.split())[:200]
