"""Our documents against a naive model: opens, incremental changes, closes, three encodings."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from lsprotocol import types as T

from lsp_agent.server.documents import Documents
from lsp_agent.workspace.positions import PositionEncoding

URI = "file:///a.py"
UNITS = ["a", "é", "😀", "\u0301", "\n", "\r", "\r\n", "\f", "\u2028", "\x85", " ", "("]
TEXTS = st.lists(st.sampled_from(UNITS), max_size=20).map("".join)
CODEC = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}


def lines_of(text: str) -> list[str]:
    """Split at the protocol's line ends only, in the plainest way."""
    lines, line, at = [], "", 0
    while at < len(text):
        if text.startswith("\r\n", at):
            lines, line, at = [*lines, line + "\r\n"], "", at + 2
        elif text[at] in "\r\n":
            lines, line, at = [*lines, line + text[at]], "", at + 1
        else:
            line, at = line + text[at], at + 1
    return [*lines, line]


class Machine(RuleBasedStateMachine):
    """The reference keeps a string and counts units by encoding it."""

    @initialize(encoding=st.sampled_from(list(PositionEncoding)), text=TEXTS)
    def begin(self, encoding: PositionEncoding, text: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.encoding = encoding
        self.version = 1
        self.text = text
        self.documents = self._in_loop(Documents)
        self._in_loop(lambda: self.documents.open(T.TextDocumentItem(URI, "python", 1, text)))

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            self.loop.close()

    @rule(start=st.floats(0, 1), end=st.floats(0, 1), new=TEXTS)
    def change(self, start: float, end: float, new: str) -> None:
        first, last = sorted((int(start * len(self.text)), int(end * len(self.text))))
        first, last = self._outside_crlf(first), self._outside_crlf(last)
        event = T.TextDocumentContentChangePartial(
            T.Range(self._position(first), self._position(last)), new
        )
        self.version += 1
        self._in_loop(lambda: self.documents.change(URI, self.version, [event], self.encoding))
        self.text = self.text[:first] + new + self.text[last:]

    @rule(text=TEXTS)
    def replace(self, text: str) -> None:
        event = T.TextDocumentContentChangeWholeDocument(text)
        self.version += 1
        self._in_loop(lambda: self.documents.change(URI, self.version, [event], self.encoding))
        self.text = text

    @rule(text=TEXTS)
    def reopen(self, text: str) -> None:
        self.documents.close(URI)
        assert self.documents.get(URI) is None
        ignored = T.TextDocumentContentChangeWholeDocument("ignored")
        assert (
            self._in_loop(lambda: self.documents.change(URI, 9, [ignored], self.encoding)) is None
        )
        self.version = 1
        self.text = text
        self._in_loop(lambda: self.documents.open(T.TextDocumentItem(URI, "python", 1, text)))

    @invariant()
    def equal(self) -> None:
        if hasattr(self, "documents"):
            document = self.documents.get(URI)
            assert document is not None
            assert document.text.content == self.text
            assert document.version == self.version

    def _outside_crlf(self, offset: int) -> int:
        inside = 0 < offset < len(self.text) and self.text[offset - 1 : offset + 1] == "\r\n"
        return offset - 1 if inside else offset

    def _position(self, offset: int) -> T.Position:
        codec, width = CODEC[self.encoding.value]
        seen = 0
        for number, line in enumerate(lines_of(self.text)):
            if offset < seen + len(line) or (
                offset == seen + len(line) and not line.endswith(("\r", "\n"))
            ):
                return T.Position(number, len(line[: offset - seen].encode(codec)) // width)
            seen += len(line)
        raise AssertionError(offset)

    def _in_loop(self, work: Any) -> Any:
        async def call() -> Any:
            return work()

        return self.loop.run_until_complete(call())


Machine.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestDocuments = Machine.TestCase


def test_what_lies_outside_is_clamped() -> None:
    async def scenario() -> None:
        documents = Documents()
        documents.open(T.TextDocumentItem(URI, "python", 1, "é😀\nb"))
        far = T.Range(T.Position(0, 999), T.Position(999, 999))
        event = T.TextDocumentContentChangePartial(far, "!")
        changed = documents.change(URI, 2, [event], PositionEncoding.UTF16)
        assert changed is not None
        assert changed.text.content == "é😀!"

    asyncio.run(scenario())
