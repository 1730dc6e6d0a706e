"""Secrets stay here: prompts to servers elsewhere hold ``⟨secret:1⟩`` in their place.

A secret has one number for the life of an engine, so that prompts keep their beginnings. What the
model repeats in an answer or in an edit gets its secret back once the answer is read, so that its
quotes and line ends are none of the answer's; in other calls and in what is suggested at a cursor
it does not, since nothing good can come of it there. A text that has such a mark of its own is
treated as if the mark were a secret, and so gets it back as it was; those in what the model said
stay.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import LlamaSettings, OpenAISettings
from lsp_agent.engine.types import (
    Chat,
    Delta,
    Engine,
    EngineInfo,
    Fim,
    Message,
    Request,
    ToolCall,
)
from lsp_agent.workspace.secrets import find_secrets, is_telling

MARK = re.compile(r"⟨secret:(\d+)⟩")
_OPEN = "⟨"
_LONGEST = 20
_EDITS = frozenset({"write_file", "edit_file"})


def is_remote(settings: LlamaSettings | OpenAISettings) -> bool:
    """Whether an engine's prompts leave this machine, by any of its addresses."""
    return isinstance(settings, OpenAISettings) and not all(map(_is_loopback, settings.urls))


class Secrets:
    """The secrets of one engine's prompts, by number. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers: dict[str, int] = {}
        self._values: dict[int, str] = {}

    def values(self) -> tuple[str, ...]:
        """Return all that were found so far."""
        with self._lock:
            return tuple(self._numbers)

    def hide(self, text: str, *, marked: bool = False) -> str:
        """Return a text with marks in the place of its secrets; one that is ``marked`` has some."""
        marks = [match.span() for match in MARK.finditer(text)]
        spans = [(one.start, one.end) for one in find_secrets(text)]
        if marked:
            spans = [one for one in spans if not any(_meet(one, mark) for mark in marks)]
        else:
            spans += marks
        parts: list[str] = []
        at = 0
        for start, end in sorted(spans):
            if start >= at:
                parts += (text[at:start], self._mark(text[start:end]))
                at = end
        hidden = "".join([*parts, text[at:]])
        return self._hide_known(hidden)

    def show(self, text: str) -> str:
        """Return a text with the secrets back; a mark that was never given stays."""
        if _OPEN not in text:
            return text
        with self._lock:
            return MARK.sub(lambda match: self._values.get(int(match[1]), match[0]), text)

    def restored(self, call: ToolCall) -> ToolCall:
        """Return a call with the secrets back where it is an edit."""
        if call.name not in _EDITS:
            return call
        return replace(call, arguments=_mapped(call.arguments, self.show))

    def _hide_known(self, text: str) -> str:
        """Hide what was a secret elsewhere and does not look like one here."""
        with self._lock:
            known = [one for one in self._numbers.items() if _is_known(one[0])]
        for value, number in known:
            if value in text:
                text = text.replace(value, f"⟨secret:{number}⟩")
        return text

    def _mark(self, value: str) -> str:
        with self._lock:
            number = self._numbers.setdefault(value, len(self._numbers) + 1)
            self._values[number] = value
        return f"⟨secret:{number}⟩"


class RedactingEngine:
    """An engine elsewhere that is not told secrets; see :class:`Engine`.

    ``enabled`` is asked before each prompt.
    """

    def __init__(self, engine: Engine, enabled: Callable[[], bool]) -> None:
        self._engine = engine
        self._enabled = enabled
        self.secrets = Secrets()

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
        """Yield an answer to the prompt without secrets; the marks that it repeats stay."""
        if not self._enabled():
            yield from self._engine.generate(request, cancel)
            return
        prompt = request.prompt
        if isinstance(prompt, Chat):
            prompt = replace(prompt, messages=tuple(map(self._hidden, prompt.messages)))
            yield from self._engine.generate(replace(request, prompt=prompt), cancel)
        else:
            deltas = self._engine.generate(replace(request, prompt=self._gap(prompt)), cancel)
            yield from _before_marks(deltas)

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a text as it is."""
        return self._engine.count_tokens(text)

    def embed(self, texts: Sequence[str], cancel: CancelToken) -> list[list[float]]:
        """Return the vectors of the texts without their secrets."""
        if self._enabled():
            texts = [self.secrets.hide(text) for text in texts]
        return self._engine.embed(texts, cancel)

    def close(self) -> None:
        """Close the engine."""
        self._engine.close()

    def _hidden(self, message: Message) -> Message:
        said = message.role == "assistant"
        hide = partial(self.secrets.hide, marked=said)
        calls = tuple(
            replace(call, arguments=_mapped(call.arguments, hide)) for call in message.tool_calls
        )
        return replace(message, content=hide(message.content), tool_calls=calls)

    def _gap(self, fim: Fim) -> Fim:
        hide = self.secrets.hide
        snippets = tuple(map(hide, fim.snippets))
        return replace(fim, prefix=hide(fim.prefix), suffix=hide(fim.suffix), snippets=snippets)


def _before_marks(deltas: Iterator[Delta]) -> Iterator[Delta]:
    """Pass on what stands before the first mark: a secret is no suggestion."""
    waiting, over = "", False
    for delta in deltas:
        text, waiting = _held(waiting + delta.text, whole=delta.finish is not None)
        mark = MARK.search(text)
        shown = "" if over else text[: mark.start()] if mark else text
        over = over or mark is not None
        yield replace(delta, text=shown)


def _held(text: str, *, whole: bool) -> tuple[str, str]:
    at = text.rfind(_OPEN, max(0, len(text) - _LONGEST))
    if whole or at < 0 or "⟩" in text[at:]:
        return text, ""
    return text[:at], text[at:]


def _is_known(value: str) -> bool:
    return is_telling(value) and not MARK.fullmatch(value)


def _meet(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _mapped(one, change) for key, one in value.items()}
    if isinstance(value, list):
        return [_mapped(one, change) for one in value]
    return value


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host.rstrip(".") == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
