"""What a refactoring gives: a title now, its edits when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.layout import is_first, line_end, line_start, next_line
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.tree import SyntaxNode, covering
from lsp_agent.workspace.edits import TextEdit
from lsp_agent.workspace.positions import Range

LISTS = frozenset(
    {"module", "block", "program", "statement_block", "switch_case", "switch_default"}
)
"""What holds statements."""


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


def refusal(title: str, reason: str, argument: str = "") -> Change:
    """Return a change of which the place alone shows that it is refused."""

    def edits() -> Sequence[TextEdit]:
        raise RefusedError(reason)

    return Change(title, edits, argument, reason)


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

    def remove(self, statement: SyntaxNode) -> None:
        """Take a statement out, with its line where nothing else but a comment stands on it."""
        document, data = self._document, self._document.data
        end = statement.end
        behind = data[end : line_end(document, end)]
        if is_first(document, statement.start) and not behind.strip(b" \t;"):
            self.replace(line_start(document, statement.start), next_line(document, end), "")
        elif behind.lstrip(b" \t").startswith((b"#", b"//")):
            self.replace(statement.start, end + len(behind) - len(behind.lstrip()), "")
        elif behind.lstrip(b" \t").startswith(b";"):
            mark = data.index(b";", end) + 1
            rest = data[mark : line_end(document, end)]
            self.replace(statement.start, mark + len(rest) - len(rest.lstrip()), "")
        else:
            spaces = len(behind) - len(behind.lstrip())
            self.replace(statement.start, end + spaces, "")

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
