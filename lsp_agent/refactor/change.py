"""What a refactoring gives: a title now, its edits when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lsp_agent.errors import LspAgentError
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.tree import SyntaxNode, covering
from lsp_agent.workspace.edits import TextEdit
from lsp_agent.workspace.positions import Range

LISTS = frozenset(
    {"module", "block", "program", "statement_block", "switch_case", "switch_default"}
)
"""What holds statements."""


class RefusedError(LspAgentError):
    """A refactoring that would change what the program does, or might; the message says why."""

    code = "refactor-refused"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that can be done at a place.

    ``edits`` looks at as much of the file as it needs and may raise :class:`RefusedError`;
    ``refused`` is the reason where the place alone shows it. ``argument`` tells two changes of one
    refactoring apart.
    """

    title: str
    edits: Callable[[], Sequence[TextEdit]]
    argument: str = ""
    refused: str = ""


Finder = Callable[[SyntaxDocument, Range], list[Change]]
"""Looks around a place only, so that listing stays fast."""


def refuse(reason: str) -> Callable[[], Sequence[TextEdit]]:
    """Return the edits of a change that is refused."""

    def edits() -> Sequence[TextEdit]:
        raise RefusedError(reason)

    return edits


class Editor:
    """Collects edits of a document, by byte offsets; the line ends are the document's own."""

    def __init__(self, document: SyntaxDocument) -> None:
        self._document = document
        self._edits: list[TextEdit] = []
        self._eol = document.text.eol

    def replace(self, start: int, end: int, text: str) -> None:
        """Put a text in the place of some bytes."""
        at = self._document.position_at
        if start < end and self._document.data[end - 1 : end + 1] == b"\r\n":
            # The grammar takes the first half of a line end for a comment's.
            end, text = end - 1, text.removesuffix("\r")
        place = covering(self._document, start, end)
        if place is not None and is_shown(place):
            raise RefusedError(_SHOWN)
        new = text.replace("\r\n", "\n").replace("\n", self._eol)
        self._edits.append(TextEdit(Range(at(start), at(end)), new))

    def put(self, node: SyntaxNode, text: str) -> None:
        """Put a text in a node's place."""
        self.replace(node.start, node.end, text)

    def insert(self, at: int, text: str) -> None:
        """Put a text before a byte."""
        self.replace(at, at, text)

    def done(self) -> list[TextEdit]:
        """Return the edits in the order in which they were made."""
        return self._edits


_SHOWN = "a string shows this code as it is written: {…=}"


def is_shown(node: SyntaxNode) -> bool:
    """Whether a node stands in the braces of an f-string that show its source: ``{node=}``."""
    braces = (one for one in node.around() if one.type == "interpolation")
    return any(mark.type == "=" for one in braces for mark in one.children)


def selected(document: SyntaxDocument, range_: Range) -> tuple[int, int]:
    """Return a range's bytes, without the white space at its ends."""
    start, end = sorted((document.byte_at(range_.start), document.byte_at(range_.end)))
    text = document.data[start:end]
    blank = len(text) - len(text.lstrip())
    if blank == len(text):
        return start, start
    return start + blank, end - (len(text) - len(text.rstrip()))


def node_in(document: SyntaxDocument, range_: Range) -> SyntaxNode | None:
    """Return the smallest node that holds what is selected, or that the cursor touches."""
    start, end = selected(document, range_)
    return covering(document, start, end)


def exactly(document: SyntaxDocument, range_: Range) -> SyntaxNode | None:
    """Return the outermost node whose text is what is selected, no list of statements.

    ``None`` for a mere cursor, and where the borders are not those of a node.
    """
    start, end = selected(document, range_)
    node = covering(document, start, end) if start < end else None
    if node is None or _extent(node) != (start, end):
        return None
    above = node.parent
    while above is not None and above.type not in LISTS and _extent(above) == (start, end):
        node, above = above, above.parent
    return node


def alike(document: SyntaxDocument, node: SyntaxNode, within: SyntaxNode) -> list[SyntaxNode]:
    """Return the nodes of a node's type and text, itself among them, that another node holds.

    Cost: a search for the text, and a descent for each place where it stands.
    """
    text = document.data[node.start : node.end]
    found = []
    at = document.data.find(text, within.start, within.end)
    while at >= 0:
        one = covering(document, at, at + len(text))
        while one is not None and _extent(one) == (at, at + len(text)):
            if one.type == node.type:
                found.append(one)
                break
            one = one.parent
        at = document.data.find(text, at + 1, within.end)
    return found


def _extent(node: SyntaxNode) -> tuple[int, int]:
    return node.start, node.end


def line_start(document: SyntaxDocument, offset: int) -> int:
    """Return the first byte of the line that holds a byte."""
    data = document.data
    return max(data.rfind(b"\n", 0, offset), data.rfind(b"\r", 0, offset)) + 1


def line_end(document: SyntaxDocument, offset: int) -> int:
    """Return the byte behind the line's last character, before its line end."""
    data = document.data
    ends = [at for at in (data.find(b"\n", offset), data.find(b"\r", offset)) if at >= 0]
    return min(ends, default=len(data))


def next_line(document: SyntaxDocument, offset: int) -> int:
    """Return the first byte of the line behind the one that holds a byte."""
    end = line_end(document, offset)
    return end + (
        2 if document.data[end : end + 2] == b"\r\n" else 1 if end < len(document.data) else 0
    )


def indent_of(document: SyntaxDocument, offset: int) -> str:
    """Return the white space that the line of a byte begins with."""
    start = line_start(document, offset)
    line = document.data[start : line_end(document, start)].decode("utf-8", "replace")
    return line[: len(line) - len(line.lstrip())]


def is_first(document: SyntaxDocument, offset: int) -> bool:
    """Whether only white space stands before a byte on its line."""
    return not document.data[line_start(document, offset) : offset].strip()
