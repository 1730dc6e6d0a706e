"""An engine that answers from a script. It stands in for a model whose words a test must choose."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from lsp_agent.cancel import CancelToken
from lsp_agent.engine.types import Delta, EngineError, EngineInfo, Request, ToolCall, Usage

Answer = str | tuple[ToolCall, ...] | Exception | Delta
Script = Sequence[Answer] | Callable[[Request], Answer]


class ScriptedEngine:
    """Implements ``Engine``; ``requests`` is what it was asked."""

    name = "scripted"

    def __init__(self, script: Script, **info: object) -> None:
        self._script = script
        self._info = replace(
            EngineInfo("scripted", "openai", "scripted", 8000, native_tools=True), **info
        )
        self.requests: list[Request] = []

    def info(self) -> EngineInfo:
        return self._info

    def load(self, cancel: CancelToken) -> EngineInfo:
        cancel.check()
        return self._info

    def generate(self, request: Request, cancel: CancelToken) -> Iterator[Delta]:
        cancel.check()
        self.requests.append(request)
        if callable(self._script):
            answer = self._script(request)
        else:
            answer = self._script[min(len(self.requests), len(self._script)) - 1]
        usage = Usage(prompt=100, cached=40, completion=10)
        yield Delta(progress=1.0)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Delta):
            yield answer
        elif isinstance(answer, str):
            yield Delta(text=answer[: len(answer) // 2])
            cancel.check()
            yield Delta(text=answer[len(answer) // 2 :])
            yield Delta(finish="stop", usage=usage)
        else:
            yield Delta(tool_calls=answer, finish="tool_calls", usage=usage)

    def count_tokens(self, text: str) -> int:
        return len(text) // 4

    def embed(self, texts: Sequence[str], cancel: CancelToken) -> list[list[float]]:
        raise EngineError("a scripted engine has no embeddings")

    def close(self) -> None:
        """Nothing is held."""
