"""Secrets stay here: prompts to servers hold ``⟨secret:1⟩`` in their place.

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
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

from lsp_agent.cancel import CancelToken
from lsp_agent.engine.passing import PassingEngine
from lsp_agent.engine.types import (
    Chat,
    Delta,
    Engine,
    Fim,
    Message,
    Request,
    ToolCall,
)
from lsp_agent.workspace.disk import DiskTree
from lsp_agent.workspace.errors import OutsideRootError, UnreadableFileError
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.secrets import (
    find_secrets,
    is_ordinary,
    is_secret_file,
    is_telling,
    stated_in,
    without_values,
)

MARK = re.compile(r"⟨secret:(\d+)⟩")
_OPEN = "⟨"
_LONGEST = 20
_MAX_STATED = 5000
_EDITS = frozenset({"write_file", "edit_file"})


class Secrets:
    """The secrets of one engine's prompts, by number. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers: dict[str, int] = {}
        self._values: dict[int, str] = {}
        # What files of secrets say: a value, and the name that it is hidden behind, or "".
        self._stated: frozenset[tuple[str, str]] = frozenset()
        self._ordinary: frozenset[str] = frozenset()

    def values(self) -> tuple[str, ...]:
        """Return all that were found so far."""
        with self._lock:
            return tuple(value for value in self._numbers if value not in self._ordinary)

    def learn(self, texts: Iterable[str]) -> None:
        """Hide what files of secrets say, wherever it stands.

        What might be a word of the code is hidden only behind its name. Each costs a search of each
        prompt, so there is a most of them.
        """
        found: set[tuple[str, str]] = set()
        ordinary: set[str] = set()
        said = (one for text in texts for one in stated_in(text))
        for name, value in islice(said, _MAX_STATED):
            if not is_ordinary(value) or (is_telling(value) and find_secrets(name + value)):
                found.add(("", value))
            elif name:
                found.add((name, value))
                ordinary.add(value)
        with self._lock:
            self._stated |= found
            self._ordinary |= ordinary

    def hide(self, text: str, *, marked: bool = False) -> str:
        """Return a text with marks in the place of its secrets; one that is ``marked`` has some."""
        marks = [match.span() for match in MARK.finditer(text)]
        spans = [(one.start, one.end) for one in find_secrets(text)] + self._stated_in(text)
        if marked:
            spans = [one for one in spans if not any(_meet(one, mark) for mark in marks)]
        else:
            spans += marks
        parts: list[str] = []
        at = 0
        for start, end in _joined(spans):
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
            numbers = [one for one in self._numbers.items() if one[0] not in self._ordinary]
        known = [one for one in numbers if _is_known(one[0])]
        for value, number in known:
            if value in text:
                text = text.replace(value, f"⟨secret:{number}⟩")
        return text

    def _stated_in(self, text: str) -> list[tuple[int, int]]:
        with self._lock:
            stated = self._stated
        spans = []
        for name, value in stated:
            whole = name + value
            at = text.find(whole)
            while at >= 0:
                end = at + len(whole)
                if not name or not text[end : end + 1].isalnum():
                    spans.append((at + len(name), end))
                at = text.find(whole, end)
        return spans

    def _mark(self, value: str) -> str:
        with self._lock:
            number = self._numbers.setdefault(value, len(self._numbers) + 1)
            self._values[number] = value
        return f"⟨secret:{number}⟩"


class RedactingEngine(PassingEngine):
    """An engine elsewhere that is not told secrets.

    ``enabled`` is asked before each prompt.
    """

    def __init__(self, engine: Engine, enabled: Callable[[], bool]) -> None:
        super().__init__(engine)
        self._enabled = enabled
        self.secrets = Secrets()

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

    def learn(self, overlay: Overlay) -> None:
        """Learn what the files of secrets of a workspace say, open ones and those on the disk."""
        if self._enabled():
            self.secrets.learn(_secret_texts(overlay))

    def embed(self, texts: Sequence[str], cancel: CancelToken) -> list[list[float]]:
        """Return the vectors of the texts without their secrets."""
        if self._enabled():
            texts = [self.secrets.hide(text) for text in texts]
        return self._engine.embed(texts, cancel)

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
        prefix, suffix = fim.prefix, fim.suffix
        if is_secret_file(fim.path):
            prefix, suffix = without_values(prefix), without_values(suffix)
        return replace(fim, prefix=hide(prefix), suffix=hide(suffix), snippets=snippets)


def _secret_texts(overlay: Overlay) -> Iterator[str]:
    for path, text in overlay.unsaved().items():
        if text is not None and is_secret_file(path):
            yield text
    tree = DiskTree(overlay.root) if overlay.root else None
    for path in tree.secret_files() if tree else ():
        with suppress(UnreadableFileError, OutsideRootError):
            yield tree.read(path).content if tree else ""


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


def _joined(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield spans in order, those that meet as one."""
    last: tuple[int, int] | None = None
    for one in sorted(spans):
        if last is not None and one[0] < last[1]:
            last = (last[0], max(last[1], one[1]))
            continue
        if last is not None:
            yield last
        last = one
    if last is not None:
        yield last


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
