"""A large document in pieces that are parsed by themselves.

Tree-sitter repairs an error by looking at all that follows: an open bracket near the top of 10,000
lines of Python costs a quarter of a second at every key, and the definitions behind it are gone
until it is closed. So what is being edited is cut between definitions at the top level, into pieces
of some dozens of lines, and a key costs the piece that it falls in: a fraction of a millisecond.

What spans several pieces is not seen as one, so the whole text has the last word: see
:meth:`lsp_agent.syntax.document.SyntaxDocument.settled`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from lsp_agent.syntax.imports import Import
from lsp_agent.syntax.issues import SyntaxIssue
from lsp_agent.syntax.symbols import Symbol, first_bindings
from lsp_agent.workspace.positions import Position, Range

if TYPE_CHECKING:
    from tree_sitter import Node

    from lsp_agent.syntax.document import Comment, SyntaxDocument

MIN_DOCUMENT_LINES = 400
_MIN_LINES = 40
# Their files are one construct, or need what stands at their beginning.
_WHOLE = frozenset({"html", "css", "json", "yaml", "toml", "markdown", "php", "sql", "csharp"})
_BELONGS_TO_NEXT = ("comment", "attribute", "decorator", "annotation")


@dataclass(frozen=True, slots=True)
class Pieces:
    """Documents that joined are one; all but the last end with a line end."""

    documents: tuple[SyntaxDocument, ...]

    def edited(self, start: int, end: int, new_text: str) -> Pieces:
        """Return the pieces after the characters from ``start`` to ``end`` were replaced.

        Pieces that the edit joins become one.
        """
        starts = self._starts()
        first = next(i for i in reversed(range(len(starts))) if starts[i] <= start)
        last = next(i for i in reversed(range(len(starts))) if starts[i] <= end or i == first)
        changed = _edit(
            self.documents[first : last + 1], start - starts[first], end - starts[first], new_text
        )
        before, after = self.documents[:first], self.documents[last + 1 :]
        # A line end that went away joins it with the next one.
        while after and not changed.text.content.endswith("\n"):
            changed = _join([changed, after[0]])
            after = after[1:]
        return Pieces((*before, changed, *after))

    def errors(self, limit: int) -> list[SyntaxIssue]:
        """Return the syntax errors of all pieces, in source order."""
        found: list[SyntaxIssue] = []
        for line, document in self._placed():
            here = document.errors(limit - len(found))
            found += [replace(issue, range=_moved(issue.range, line)) for issue in here]
            if len(found) >= limit:
                break
        return found

    def symbols(self) -> list[Symbol]:
        """Return the definitions of all pieces, in source order."""
        return list(
            first_bindings(
                _moved_symbol(symbol, line)
                for line, document in self._placed()
                for symbol in document.symbols()
            )
        )

    def enclosing(self, position: Position) -> Symbol | None:
        """Return the innermost definition around a position."""
        line, document = self.at(position.line)
        found = document.enclosing(Position(position.line - line, position.character))
        return _moved_symbol(found, line) if found else None

    def comment_at(self, position: Position) -> Comment | None:
        """Return the comment on a position's line."""
        line, document = self.at(position.line)
        found = document.comment_at(Position(position.line - line, position.character))
        return replace(found, range=_moved(found.range, line)) if found else None

    def statement(self, range_: Range) -> Range | None:
        """Return the statement around a range; ``None`` for a range over several pieces."""
        line, document = self.at(range_.start.line)
        if self.at(range_.end.line)[0] != line:
            return None
        return _moved(document.statement(_moved(range_, -line)), line)

    def _starts(self) -> list[int]:
        sizes = (len(document.text.content) for document in self.documents[:-1])
        return [0, *accumulate(sizes)]

    def _placed(self) -> Iterator[tuple[int, SyntaxDocument]]:
        line = 0
        for document in self.documents:
            yield line, document
            line += document.text.line_count - 1

    def imports(self) -> list[Import]:
        """Return the imports of all pieces, in source order."""
        return [
            replace(one, line=one.line + line)
            for line, document in self._placed()
            for one in document.imports
        ]

    def at(self, line: int) -> tuple[int, SyntaxDocument]:
        """Return the piece that holds a line, and its first line."""
        found = (0, self.documents[0])
        for first, document in self._placed():
            if first > line:
                break
            found = (first, document)
        return found


def cut(document: SyntaxDocument, children: Sequence[Node]) -> Pieces | None:
    """Cut a document between the children of its root; ``None`` where that is of no use.

    Never between a comment or an attribute and what it belongs to, nor at an error.
    """
    text = document.text
    if document.language in _WHOLE or text.line_count < MIN_DOCUMENT_LINES or "\r" in text.content:
        return None
    lines = [0, *_boundaries(children)]
    if len(lines) < 2:
        return None
    offsets = [*(text.offset(Position(line, 0)) for line in lines), len(text.content)]
    make = type(document).parse
    return Pieces(
        tuple(make(text.content[start:end], document.language) for start, end in pairwise(offsets))
    )


def _boundaries(children: Iterable[Node]) -> Iterator[int]:
    last, sound, ended = 0, True, -1
    for node in children:
        row, column = node.start_point
        if (
            sound
            and column == 0
            and row > ended
            and row - last >= _MIN_LINES
            and not node.has_error
        ):
            last = row
            yield row
        sound = not node.has_error and not node.type.startswith(_BELONGS_TO_NEXT)
        sound = sound and not node.type.endswith(_BELONGS_TO_NEXT)
        end = node.end_point
        ended = end.row if end.column else end.row - 1


def _edit(
    documents: Sequence[SyntaxDocument], start: int, end: int, new_text: str
) -> SyntaxDocument:
    document = documents[0] if len(documents) == 1 else _join(documents)
    position = document.text.position
    return document.edited(Range(position(start), position(end)), new_text)


def _join(documents: Sequence[SyntaxDocument]) -> SyntaxDocument:
    content = "".join(document.text.content for document in documents)
    return type(documents[0]).parse(content, documents[0].language)


def _moved(range_: Range, lines: int) -> Range:
    start, end = range_.start, range_.end
    return Range(
        Position(start.line + lines, start.character), Position(end.line + lines, end.character)
    )


def _moved_symbol(symbol: Symbol, lines: int) -> Symbol:
    if not lines:
        return symbol
    body, documentation = symbol.body_range, symbol.docstring_range
    return replace(
        symbol,
        range=_moved(symbol.range, lines),
        name_range=_moved(symbol.name_range, lines),
        signature_range=_moved(symbol.signature_range, lines),
        body_range=_moved(body, lines) if body else None,
        docstring_range=_moved(documentation, lines) if documentation else None,
    )
