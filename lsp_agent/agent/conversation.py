"""A run's messages: append-only, so that the prefix cache holds, until they no longer fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lsp_agent.agent.environment import Run
from lsp_agent.agent.query import answer_tokens
from lsp_agent.engine.types import ContextOverflowError, Message, ToolCall

_KEPT_RESULTS = 2
_FRAME_TOKENS = 8


class Conversation:
    """Messages with their sizes; the oldest tool results are shortened when room runs out."""

    def __init__(self, run: Run, *messages: Message) -> None:
        self._run = run
        self._messages = list(messages)
        self._sizes = [self._size(message) for message in messages]
        self._results: list[int] = []

    @property
    def messages(self) -> Sequence[Message]:
        """What the model is shown next."""
        return self._messages

    def answer(self, text: str, calls: tuple[ToolCall, ...] = ()) -> None:
        """Append what the model said; ``calls`` only where it made them natively."""
        self._append(Message("assistant", text, calls))

    def observe(self, text: str) -> None:
        """Append an observation that is no tool result."""
        self._append(Message("user", text))

    def result(self, call: ToolCall, text: str, *, native: bool) -> None:
        """Append the result of a call."""
        self._results.append(len(self._messages))
        if native:
            self._append(Message("tool", text, tool_call_id=call.id))
        else:
            wrapped = f'<tool_result name="{call.name}">\n{text}\n</tool_result>'
            self._append(Message("user", wrapped))

    def fit(self) -> None:
        """Make room for an answer: older tool results first, the newest two kept whole.

        Raises :class:`ContextOverflowError` naming both sizes when that is not enough.
        """
        room = self._run.info.n_ctx - answer_tokens(self._run)
        older = self._results[:-_KEPT_RESULTS]
        while sum(self._sizes) > room and older:
            self._shorten(older.pop(0))
        if sum(self._sizes) > self._run.info.n_ctx - _FRAME_TOKENS * 8:
            raise ContextOverflowError(sum(self._sizes), self._run.info.n_ctx)

    def _shorten(self, index: int) -> None:
        message = self._messages[index]
        if len(message.content) < 200:
            return
        lines = message.content.count("\n")
        first = message.content.partition("\n")[0]
        content = f"{first}\n[{lines} lines were dropped to save room; call the tool again]"
        self._messages[index] = replace(message, content=content)
        self._sizes[index] = self._size(self._messages[index])
        self._results.remove(index)

    def _append(self, message: Message) -> None:
        self._messages.append(message)
        self._sizes.append(self._size(message))

    def _size(self, message: Message) -> int:
        calls = "".join(f"{call.name}{dict(call.arguments)}" for call in message.tool_calls)
        return self._run.env.engine.count_tokens(message.content + calls) + _FRAME_TOKENS
