"""An engine in front of another one: what it does otherwise is all that has to be written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lsp_agent.cancel import CancelToken
from lsp_agent.engine.types import Delta, Engine, EngineInfo, Request


class PassingEngine:
    """Passes everything on; see :class:`Engine`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def name(self) -> str:
        """The engine's name."""
        return self._engine.name

    def info(self) -> EngineInfo:
        """Describe the engine."""
        return self._engine.info()

    def load(self, cancel: CancelToken) -> EngineInfo:
        """Make it ready."""
        return self._engine.load(cancel)

    def generate(self, request: Request, cancel: CancelToken) -> Iterator[Delta]:
        """Yield the engine's answer."""
        return self._engine.generate(request, cancel)

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a text as it is."""
        return self._engine.count_tokens(text)

    def embed(self, texts: Sequence[str], cancel: CancelToken) -> list[list[float]]:
        """Return the vectors of texts."""
        return self._engine.embed(texts, cancel)

    def close(self) -> None:
        """Close the engine."""
        self._engine.close()
