"""The wire format of OpenAI-compatible servers: chunks of an answer in, deltas out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from lsp_agent.engine import strict_json
from lsp_agent.engine.llama.stream import TextStream, ThinkingSplitter
from lsp_agent.engine.types import Delta, EngineError, FinishReason, Request, ToolCall, Usage

_FINISH: dict[str, FinishReason] = {
    "length": "length",
    "max_tokens": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
}
_BROKEN_OFF = {
    "content_filter": "the server's content filter broke the answer off",
    "abort": "the server broke the answer off",
    "error": "the server broke the answer off after an error of its own",
}
# What a token can hardly exceed: beyond it a server ignores the limit it was given.
_CHARACTERS_PER_TOKEN = 64
_CHARACTERS = 100_000


@dataclass(slots=True)
class _CallParts:
    id: str = ""
    name: str = ""
    arguments: str = ""


class AnswerReader:
    """Collects the chunks of one answer, streamed or whole, into deltas.

    ``finish`` is set once the answer is complete, ``started`` once anything of it came,
    ``stopped`` when a stop string ended it. ``prompt_tokens`` is an estimate for servers that
    report no usage.
    """

    def __init__(self, url: str, request: Request, prompt_tokens: int) -> None:
        self.url = url
        self._most = request.max_tokens * _CHARACTERS_PER_TOKEN + _CHARACTERS
        self._text = TextStream(request.stop)
        self._thoughts = ThinkingSplitter()
        self._pairs = _SurrogateJoiner()
        self._calls = _CallCollector()
        self._prompt_tokens = prompt_tokens
        self._usage: Usage | None = None
        self.finish: FinishReason | None = None
        self.started = False
        self._is_answer = False
        self._characters = 0

    @property
    def stopped(self) -> bool:
        """Whether a stop string came: what follows is not wanted."""
        return self._text.stopped

    def read(self, chunk: Mapping[str, Any]) -> Delta | None:
        """Take one JSON object; return what it adds.

        Raises :class:`EngineError` for an answer that the server broke off.
        """
        self._take_usage(chunk.get("usage"))
        choices = chunk.get("choices")
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
            return None
        self._is_answer, choice = True, choices[0]
        parts = (choice.get("delta"), choice.get("message"), choice)
        part = next((one for one in parts if isinstance(one, Mapping) and one), choice)
        self._characters += self._calls.add(part.get("tool_calls"))
        delta = self._words(part)
        self.started = self.started or delta is not None or bool(self._calls)
        reason = str(choice.get("finish_reason") or "")
        if reason in _BROKEN_OFF:
            raise EngineError(f"{self.url}: {_BROKEN_OFF[reason]}; what came is incomplete")
        if self._characters > self._most:
            raise EngineError(f"{self.url} sends far more than it was asked for")
        if reason:
            self.finish = _FINISH.get(reason, "stop")
        elif self.stopped:
            self.finish = "stop"
        return delta

    def complete(self) -> None:
        """Take the server's word that the answer is whole, though it named no reason.

        Raises :class:`EngineError` when nothing that came was an answer.
        """
        if not self._is_answer:
            raise EngineError(f"{self.url} answers without choices; check base_url and the model")
        self.finish = self.finish or "stop"

    def end(self) -> Delta:
        """Return the last delta, with what was held back, the tool calls and the usage."""
        thinking, text = self._thoughts.feed(self._text.finish() + self._pairs.finish(), last=True)
        cut_off = self.finish == "length"
        calls = self._calls.whole(cut_off=cut_off)
        finish: FinishReason = "length" if cut_off else "stop"
        usage = self._usage or Usage(self._prompt_tokens, 0, -(-self._characters // 4))
        return Delta(text, thinking, calls, None, "tool_calls" if calls else finish, usage)

    def _words(self, part: Mapping[str, Any]) -> Delta | None:
        thought, content = _content(part)
        self._characters += len(thought) + len(content)
        shown = self._text.feed(self._pairs.feed(content).encode())
        inner, text = self._thoughts.feed(shown)
        thinking = _clean(thought) + inner
        return Delta(text=text, thinking=thinking) if text or thinking else None

    def _take_usage(self, usage: Any) -> None:
        if not isinstance(usage, Mapping):
            return
        details = usage.get("prompt_tokens_details")
        cached = _count(details.get("cached_tokens")) if isinstance(details, Mapping) else 0
        prompt = _count(usage.get("prompt_tokens"))
        self._usage = Usage(prompt, min(cached, prompt), _count(usage.get("completion_tokens")))


class _CallCollector:
    """Puts tool calls together from their fragments.

    Servers number fragments by ``index``, but some give every call the index 0 and some none.
    """

    def __init__(self) -> None:
        self._calls: list[_CallParts] = []
        self._by_index: dict[int, _CallParts] = {}

    def __bool__(self) -> bool:
        return bool(self._calls)

    def add(self, fragments: Any) -> int:
        """Take a chunk's fragments; return how many characters they bring."""
        rows = fragments if isinstance(fragments, list) else []
        return sum(self._add(row) for row in rows if isinstance(row, Mapping))

    def whole(self, *, cut_off: bool) -> tuple[ToolCall, ...]:
        """Return the calls; one that the token limit cut off has unreadable arguments."""
        last = len(self._calls) - 1
        return tuple(
            _tool_call(parts, cut_off=cut_off and at == last)
            for at, parts in enumerate(self._calls)
        )

    def _add(self, fragment: Mapping[str, Any]) -> int:
        function = fragment.get("function")
        function = function if isinstance(function, Mapping) else {}
        identity, name = str(fragment.get("id") or ""), str(function.get("name") or "")
        parts = self._find(fragment.get("index"), identity, name)
        parts.id = parts.id or identity
        # Some servers repeat the name in every fragment.
        parts.name = parts.name if name in ("", parts.name) else parts.name + name
        arguments = function.get("arguments")
        if not isinstance(arguments, str):
            arguments = "" if arguments is None else json.dumps(arguments)
        parts.arguments += arguments
        return len(name) + len(arguments)

    def _find(self, index: Any, identity: str, name: str) -> _CallParts:
        if isinstance(index, int):
            known = self._by_index.get(index)
        else:
            known = self._calls[-1] if self._calls else None
        begins = bool(name) and (
            (bool(identity) and known is not None and known.id not in ("", identity))
            or (not isinstance(index, int) and not identity)
        )
        if known is None or begins:
            known = _CallParts()
            self._calls.append(known)
        if isinstance(index, int):
            self._by_index[index] = known
        return known


class _SurrogateJoiner:
    """Joins characters that a server cut into two JSON escapes; a half alone is replaced."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        text, self._held = self._held + text, ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._held = text[:-1], text[-1]
        return _clean(text)

    def finish(self) -> str:
        held, self._held = self._held, ""
        return _clean(held)


def _clean(text: str) -> str:
    if strict_json.encodable(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _content(part: Mapping[str, Any]) -> tuple[str, str]:
    """Return a part's thinking and text; the content may be a list of typed pieces."""
    thinking = part.get("reasoning_content") or part.get("reasoning") or ""
    content = part.get("content") or part.get("text") or ""
    thoughts = [thinking] if isinstance(thinking, str) else []
    texts = [content] if isinstance(content, str) else []
    for piece in content if isinstance(content, list) else []:
        if not isinstance(piece, Mapping):
            continue
        if isinstance(piece.get("text"), str):
            texts.append(piece["text"])
        elif isinstance(piece.get("thinking"), list):
            thoughts += [str(one.get("text", "")) for one in piece["thinking"] if one]
    return "".join(thoughts), "".join(texts)


def _tool_call(parts: _CallParts, *, cut_off: bool) -> ToolCall:
    """Make a call; text that is no JSON object travels as ``{"": text}``, to be refused."""
    try:
        arguments = strict_json.loads(parts.arguments.strip() or ("" if cut_off else "{}"))
        # Some models write the object as a JSON string.
        if isinstance(arguments, str):
            arguments = strict_json.loads(arguments)
    except ValueError:
        arguments = None
    if not isinstance(arguments, dict):
        arguments = {"": _clean(parts.arguments)}
    # Nine letters and digits: what the strictest templates take.
    return ToolCall(parts.id or uuid4().hex[:9], parts.name, arguments)


def _count(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 0
